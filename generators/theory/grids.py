"""Patterns written as a line of characters, one for each cell of time, and their fitting to any metre.

A line such as `"X..x ..x."` is read cell by cell; spaces and bar strokes are for the eye. '.' rests, '-' holds what
sounds, any other character starts a stroke, and means what its reader says (see `rhythm_style`). A pattern that was
written for another metre is fitted beat by beat: see `fit`.
"""

from functools import lru_cache
from typing import NamedTuple

from ripieno.score.time import PPQ, Metre

REST, HOLD = ".", "-"
CELLS: dict[str, tuple[int, int]] = {  # name -> length as a fraction of a whole note
    "1": (1, 1), "2": (1, 2), "4": (1, 4), "4t": (1, 6), "8": (1, 8), "8t": (1, 12),
    "16": (1, 16), "16t": (1, 24), "32": (1, 32),
}  # fmt: skip


class Stroke(NamedTuple):
    """A stroke in a bar: ticks from the bar line, ticks it lasts, its character, whether it lasts up to the next stroke.

    A bar that begins with holds starts with a stroke '-' at 0: the time that the bar before sounds on.
    """

    offset: int
    length: int
    symbol: str
    tied: bool


class Unit(NamedTuple):
    """A beat as the fitting sees it.

    Attributes:
        start, length: ticks from the bar line, ticks.
        nominal: the length that an undisturbed beat of this metre has; `length` differs in uneven metres.
        role: 'down' (first of the bar), 'strong' (first of a later group), 'weak' (last of a group: the backbeat),
            'middle' (the second of three).
        ternary: whether it divides in three.
    """

    start: int
    length: int
    nominal: int
    role: str
    ternary: bool


def cell_ticks(cell: str, ppq: int = PPQ) -> int:
    """Ticks of a cell, such as 120 for '16' at 480 to the quarter."""
    over, under = CELLS[cell]
    return ppq * 4 * over // under


def clean(line: str) -> str:
    """The cells of a line without what is only for the eye."""
    return "".join(line.replace("|", " ").split())


def bars_of(line: str, cell: str, metre: Metre) -> int:
    """Whole bars that a line fills, 0 if it does not fill whole bars."""
    total = len(clean(line)) * cell_ticks(cell)
    return 0 if total % metre.bar_ticks() else total // metre.bar_ticks()


def read(cells: str, cell: str, ppq: int = PPQ) -> tuple[Stroke, ...]:
    """The strokes of one bar's cells, in order of time."""
    step = cell_ticks(cell, ppq)
    starts = [i for i, c in enumerate(cells) if c not in (REST, HOLD)]
    if cells[:1] == HOLD:
        starts.insert(0, 0)
    strokes = []
    for place, i in enumerate(starts):
        end = i + 1
        while end < len(cells) and cells[end] == HOLD:
            end += 1
        following = starts[place + 1] if place + 1 < len(starts) else len(cells)
        strokes.append(Stroke(i * step, (end - i) * step, cells[i], end == following))
    return tuple(strokes)


def _groups(count: int) -> list[int]:
    """How a count of equal beats is felt in twos and threes: 4 as 2+2, 5 as 3+2, 6 as 3+3, 7 as 2+2+3."""
    if count in (1, 2, 3):
        return [count]
    if count == 5:
        return [3, 2]
    if count % 3 == 0 and count % 4:
        return [3] * (count // 3)
    return [2] * (count // 2) if count % 2 == 0 else [2] * (count // 2 - 1) + [3]


@lru_cache(maxsize=256)
def units(metre: Metre, ppq: int = PPQ) -> tuple[Unit, ...]:
    """The beats of a bar with the part that each plays in a groove; they cover the bar without gaps."""
    pulse = metre.pulse_ticks(ppq)
    if metre.denominator <= 4:  # quarters carry the groove, also in alla breve
        beat = min(pulse, ppq)
        share = pulse // beat
        groups = [g * share for g in metre.groups] if metre.groups else _groups(metre.numerator * share)
        return _grouped([beat] * sum(groups), groups, beat, ternary=False)
    lengths = [g * pulse for g in metre.grouping]
    if len(lengths) == 1:  # 3/8: a small 3/4
        return _grouped([pulse] * metre.numerator, _groups(metre.numerator), pulse, ternary=False)
    if len(set(lengths)) == 1:
        return _grouped(lengths, _groups(len(lengths)), lengths[0], ternary=metre.compound)
    return _uneven(lengths, pulse)


def _grouped(lengths: list[int], groups: list[int], nominal: int, *, ternary: bool) -> tuple[Unit, ...]:
    out: list[Unit] = []
    start = 0
    for group in groups:
        for i in range(group):
            role = "weak" if i == group - 1 and group > 1 else "middle" if i else "strong"
            length = lengths[len(out)]
            out.append(Unit(start, length, nominal, "down" if not out else role, ternary))
            start += length
    return tuple(out)


def _uneven(lengths: list[int], pulse: int) -> tuple[Unit, ...]:
    """Beats of two and three pulses: strong and weak by turns; a last long strong beat gives its last pulse to a weak one."""
    out: list[Unit] = []
    start = 0
    for i, length in enumerate(lengths):
        role = "down" if i == 0 else "weak" if i % 2 else "strong"
        if i == len(lengths) - 1 and role == "strong" and length == 3 * pulse:
            out.append(Unit(start, 2 * pulse, 2 * pulse, role, False))
            out.append(Unit(start + 2 * pulse, pulse, 2 * pulse, "weak", False))
        else:
            out.append(Unit(start, length, 2 * pulse, role, False))
        start += length
    return tuple(out)


def same_shape(source: Metre, target: Metre) -> bool:
    """Whether a pattern of one metre can be played in the other as it stands (4/4 in 2/2, 4/8 in 2/4)."""
    if source == target:
        return True
    return (
        source.bar_ticks() == target.bar_ticks()
        and source.compound == target.compound
        and [u.start for u in units(source)] == [u.start for u in units(target)]
    )


@lru_cache(maxsize=8192)
def fit(cells: str, cell: str, source: Metre, target: Metre, *, steady: bool = True, ppq: int = PPQ) -> tuple[Stroke, ...]:
    """One bar of a pattern, in the target metre.

    Where the metres differ, each beat of the target takes the source's beat of the same role, so that downbeats stay
    downbeats and backbeats end their groups: 4/4 becomes, in 7/8 (2+2+3), beat 1, beat 2, beat 3 and the half of beat 4.
    Beats in two parts go to beats in three by shuffling (the off-beat falls on the last third). A middle beat that the
    source has not takes its weak beat in `steady` lines (time keeping, strumming) and stays empty in others.

    Args:
        cells: characters of one source bar, cleaned.
    """
    strokes = read(cells, cell, ppq)
    if same_shape(source, target):
        return strokes
    sources = units(source, ppq)
    placed: dict[int, Stroke] = {}
    for unit in units(target, ppq):
        origin = _counterpart(unit, sources, units(target, ppq))
        if origin is None and steady:
            origin = next((u for u in sources if u.role == "weak"), sources[0])
        if origin is None:
            continue
        for stroke in strokes:
            if not origin.start <= stroke.offset < origin.start + origin.length:
                continue
            moved = _move(stroke, origin, unit)
            if moved is not None:
                placed.setdefault(moved.offset, moved)
        if steady:
            for extra in _filled([s for s in placed.values() if unit.start <= s.offset], origin, unit, strokes):
                placed.setdefault(extra.offset, extra)
    return _retied([placed[o] for o in sorted(placed)], target.bar_ticks(ppq))


def _counterpart(unit: Unit, sources: tuple[Unit, ...], targets: tuple[Unit, ...]) -> Unit | None:
    same = [u for u in sources if u.role == unit.role]
    if unit.role == "weak" and same:
        return same[-1] if unit.start == max(u.start for u in targets if u.role == "weak") else same[0]
    if unit.role == "strong":
        return (same or [sources[0]])[0]
    if unit.role == "weak":  # a source of one beat
        return sources[0]
    return same[0] if same else None


def _move(stroke: Stroke, origin: Unit, unit: Unit) -> Stroke | None:
    """A stroke of one beat set into another; None where the shorter beat has no room for it."""
    inside = stroke.offset - origin.start
    if unit.ternary and not origin.ternary:
        share = inside / origin.length
        third = 0 if share < 0.2 else 1 if share < 0.45 else 2
        offset, scale = third * unit.length // 3, unit.length / origin.length
    elif origin.ternary and not unit.ternary:
        offset = 0 if inside < origin.length // 3 else unit.nominal // 2
        scale = unit.nominal / origin.length
    else:
        scale = unit.nominal / origin.nominal
        offset = round(inside * scale)
    if offset >= unit.length:
        return None
    return Stroke(unit.start + offset, max(1, round(stroke.length * scale)), stroke.symbol, stroke.tied)


def _filled(placed: list[Stroke], origin: Unit, unit: Unit, strokes: tuple[Stroke, ...]) -> list[Stroke]:
    """Strokes that an even stream needs where the target's beat has one more part than the source's."""
    inside = {s.offset - origin.start: s for s in strokes if origin.start <= s.offset < origin.start + origin.length}
    half = inside.get(origin.length // 2)
    if 0 not in inside or half is None:
        return []
    if unit.ternary and not origin.ternary:
        return [Stroke(unit.start + unit.length // 3, unit.length // 3, half.symbol, half.tied)]
    if unit.length > unit.nominal and not unit.ternary:  # the third pulse of a long beat
        return [Stroke(unit.start + unit.nominal, unit.length - unit.nominal, half.symbol, half.tied)]
    return []


def _retied(strokes: list[Stroke], bar: int) -> tuple[Stroke, ...]:
    """Lengths that end before the next stroke; tied strokes reach it."""
    out = []
    for i, stroke in enumerate(strokes):
        room = (strokes[i + 1].offset if i + 1 < len(strokes) else bar) - stroke.offset
        out.append(stroke._replace(length=room if stroke.tied else min(stroke.length, room)))
    return tuple(out)
