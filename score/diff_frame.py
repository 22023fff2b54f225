"""What changed in the frame of a piece: title, length, tempo, metre, keys, form, chords, words. Bar by bar, in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ripieno.score.diff_bars import Matching
from ripieno.score.piece import Piece

_FEW = 4  # bars whose chords are told
_RATIOS = {
    Fraction(2): "twice as long", Fraction(3): "three times as long", Fraction(4): "four times as long",
    Fraction(1, 2): "twice as fast", Fraction(1, 3): "three times as fast", Fraction(1, 4): "four times as fast",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed: the track's name ('' for the piece), bars as counted in the new piece (None: all), in words."""

    track: str
    bars: tuple[int, int] | None
    words: str


def frame_changes(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    """All changes of the frame."""
    if before.title != after.title:
        yield Change("", None, f"called “{after.title}” instead of “{before.title}”")
    if before.timeline.ppq != after.timeline.ppq:
        yield Change("", None, f"counted in {after.timeline.ppq} ticks a quarter note instead of {before.timeline.ppq}")
    if before.bars != after.bars:
        apart = after.bars - before.bars
        yield Change("", None, f"{abs(apart)} {'bar' if abs(apart) == 1 else 'bars'} {'longer' if apart > 0 else 'shorter'}: "
                               f"{after.bars} instead of {before.bars}")  # fmt: skip
    yield from _bars(matching)
    yield from _tempo(before, after, matching)
    yield from _metre(before, after, matching)
    yield from _keys(before, after, matching)
    yield from _form(before, after, matching)
    yield from _chords(before, after, matching)
    yield from _texts(before, after)


def span_of(first: int, end: int) -> str:
    """Bars as people count them."""
    return f"bar {end}" if end == first + 1 else f"bars {first + 1} to {end}"


def runs(bars: Iterable[int], gap: int = 1) -> list[tuple[int, int]]:
    """Stretches of bars, those apart by no more than `gap` joined."""
    found: list[tuple[int, int]] = []
    for bar in bars:
        if found and bar - found[-1][1] <= gap:
            found[-1] = (found[-1][0], bar + 1)
        else:
            found.append((bar, bar + 1))
    return found


def _bars(matching: Matching) -> Iterable[Change]:
    for first, end in matching.cut:
        yield Change("", None, f"{span_of(first, end)} cut")
    for old, new in matching.moved:
        yield Change("", new, f"moved here ({span_of(*old)} before)")
    for old, new, ratio in matching.stretched:
        yield Change("", new, f"the notes of {span_of(*old)}, {_RATIOS[ratio]}")
    for new, source in matching.put_in:
        yield Change("", new, f"put in ({f'a copy of {span_of(*source)}' if source else 'new'})")


def _different(matching: Matching, old: Callable[[int], object], new: Callable[[int], object]) -> list[tuple[int, int]]:
    """Runs of new bars of which something differs from what it is in the old bar."""
    return runs(b for a, b in matching.pairs if old(a) != new(b))


def _old_of(matching: Matching, bar: int) -> int:
    return next(a for a, b in matching.pairs if b == bar)


def _tempo(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    old, new = before.timeline.tempos, after.timeline.tempos
    if len(old) == len(new) == 1:
        if old != new:
            yield Change("", None, f"tempo {new[0].bpm:g} instead of {old[0].bpm:g}")
        return
    found = _different(matching, lambda bar: _bar_tempos(before, bar), lambda bar: _bar_tempos(after, bar))
    for first, end in found:
        a, b = _bar_tempos(after, first)[0][1], _bar_tempos(after, end - 1)[-1][1]
        goal = _bpm(a) if abs(a - b) < 0.005 else f"from {_bpm(a)} to {_bpm(b)}"
        was = _bar_tempos(before, _old_of(matching, first))
        there = f"{_bpm(was[0][1])}" if abs(was[0][1] - was[-1][1]) < 0.005 else f"from {_bpm(was[0][1])} to {_bpm(was[-1][1])}"
        if goal == there and goal == _bpm(a):
            yield Change("", (first, end), f"tempo marks set anew around {goal}")
        elif goal == there:
            yield Change("", (first, end), f"tempo {goal}, shaped anew")
        else:
            yield Change("", (first, end), f"tempo {goal} (it was {there})")
    if not found and matching.plain and _marks(before) != _marks(after):
        yield Change("", None, "tempo marks that change nothing came or went")


def _marks(piece: Piece) -> list[tuple[int, int, float]]:
    """(bar, ticks into it, tempo) of every tempo mark."""
    return [(*piece.timeline.position(t.tick), t.bpm) for t in piece.timeline.tempos]


def _bpm(bpm: float) -> str:
    return f"{bpm:.0f}" if abs(bpm - round(bpm)) < 0.05 else f"{bpm:.2f}".rstrip("0").rstrip(".")


def _bar_tempos(piece: Piece, bar: int) -> list[tuple[int, float]]:
    """(ticks into the bar, tempo) of each tempo that holds in a bar, repeated ones left out."""
    timeline = piece.timeline
    start, end = timeline.bar_start(bar), timeline.bar_start(bar + 1)
    found = [(0, timeline.tempo_at(start))]
    for t in timeline.tempos:
        if start < t.tick < end and t.bpm != found[-1][1]:
            found.append((t.tick - start, t.bpm))
    return found


def _metre(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    old, new = before.timeline, after.timeline
    if len(old.metres) == len(new.metres) == 1:
        if old.metres != new.metres:
            yield Change("", None, f"metre {_metre_name(after, 0)} instead of {_metre_name(before, 0)}")
        return
    found = _different(matching, old.metre_at, new.metre_at)
    for first, end in found:
        was = _metre_name(before, _old_of(matching, first))
        yield Change("", (first, end), f"metre {_metre_name(after, first)} (it was {was})")
    if not found and matching.plain and old.metres != new.metres:
        yield Change("", None, "metre marks that change nothing came or went")


def _metre_name(piece: Piece, bar: int) -> str:
    metre = piece.timeline.metre_at(bar)
    return f"{metre} ({'+'.join(map(str, metre.groups))})" if metre.groups else str(metre)


def _keys(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    if len(before.keys) == len(after.keys) == 1:
        if before.keys != after.keys:
            yield Change("", None, f"key {after.key} instead of {before.key}")
        return
    found = _different(matching, before.key_at, after.key_at)
    for first, end in found:
        now = ", ".join(dict.fromkeys(str(after.key_at(bar)) for bar in range(first, end)))
        was = ", ".join(dict.fromkeys(str(before.key_at(_old_of(matching, b))) for _, b in matching.pairs if first <= b < end))
        yield Change("", None if (first, end) == (0, after.bars) else (first, end), f"key {now} instead of {was}")
    if not found and matching.plain and before.keys != after.keys:
        yield Change("", None, "key signatures that change nothing came or went")


def _form(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    names = [s.name for s in before.sections], [s.name for s in after.sections]
    if names[0] != names[1]:
        yield Change("", None, f"form {', '.join(names[1]) or 'open'} instead of {', '.join(names[0]) or 'open'}")
        return
    place = dict(matching.pairs)
    for old, new in zip(before.sections, after.sections, strict=True):
        if matching.plain:
            goal: int | None = old.first_bar
        else:
            goal = place.get(old.first_bar)
        if goal is not None and goal != new.first_bar:
            yield Change("", None, f"{new.name} begins in bar {new.first_bar + 1} instead of {goal + 1}")
        if matching.plain and old.end_bar != new.end_bar and new is after.sections[-1]:
            yield Change("", None, f"{new.name} ends with bar {new.end_bar} instead of {old.end_bar}")
        if old.energy != new.energy:
            yield Change("", (new.first_bar, new.end_bar), f"energy {new.energy:.2g} instead of {old.energy:.2g}")
        if old.label != new.label:
            yield Change("", (new.first_bar, new.end_bar), f"material “{new.label}” instead of “{old.label}”")


def _chords(before: Piece, after: Piece, matching: Matching) -> Iterable[Change]:
    old, new = _chord_rows(before), _chord_rows(after)
    place = {b: a for a, b in matching.pairs}
    for first, end in runs((b for a, b in matching.pairs if old[a] != new[b] and not _carried(before, after, a, b)), gap=1):
        bars = [b for b in range(first, end) if b in place][:_FEW]
        now, was = (" |".join(_symbols(row) for row in rows).strip() for rows in
                    ([new[b] for b in bars], [old[place[b]] for b in bars]))  # fmt: skip
        more = " ..." if end - first > _FEW else ""
        if now == was:
            yield Change("", (first, end), f"chords change at other places ({now or 'none'}{more})")
        else:
            yield Change("", (first, end), f"chords {now or 'none'}{more} instead of {was or 'none'}{more}")


def _chord_rows(piece: Piece) -> list[list[tuple[int, int, str]]]:
    """For each bar (ticks into it, length, symbol) of the chords that begin in it; what lies behind goes with the last."""
    rows: list[list[tuple[int, int, str]]] = [[] for _ in range(piece.bars)]
    for span in piece.chords:
        bar = min(piece.bars - 1, piece.timeline.bar_at(span.start))
        rows[bar].append((span.start - piece.timeline.bar_start(bar), span.end - span.start, span.chord.symbol))
    return rows


def _symbols(row: list[tuple[int, int, str]]) -> str:
    return "".join(f" {symbol}" for _, _, symbol in row)


def _carried(before: Piece, after: Piece, a: int, b: int) -> bool:
    """Whether the chords of a bar changed only with its key or its metre."""
    here, there = before.key_at(a), after.key_at(b)
    if here == there and before.timeline.metre_at(a) == after.timeline.metre_at(b):
        return False
    by = (there.tonic_pc - here.tonic_pc) % 12
    old = [c for c in before.chords if before.timeline.bar_at(c.start) == a]
    new = [c for c in after.chords if after.timeline.bar_at(c.start) == b]
    return len(old) == len(new) and all((x.chord.root_pc + by) % 12 == y.chord.root_pc for x, y in zip(old, new, strict=True))


def _texts(before: Piece, after: Piece) -> Iterable[Change]:
    kinds = {"lyric": "words to sing", "marker": "markers", "cue": "cues", "text": "texts", "copyright": "copyright",
             "sysex": "messages to devices"}  # fmt: skip
    for kind, name in kinds.items():
        old, new = ([(t.tick, t.data, t.track) for t in p.texts if t.kind == kind] for p in (before, after))
        if old == new:
            continue
        if not old or not new:
            yield Change("", None, f"{name} {'added' if new else 'gone'} ({len(new or old)})")
        elif sorted(t[1:] for t in old) == sorted(t[1:] for t in new):
            yield Change("", None, f"{name} moved")
        else:
            yield Change("", None, f"{name} changed ({len(new)}, before {len(old)})")
