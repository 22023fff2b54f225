"""Reads ABC 2.1 as a piece: `read_abc` strictly, `load_abc` as far as the text can be read.

Read: any number of voices, keys and modes with their own signs, changes of key, metre, unit and tempo, repeats with endings,
the order of parts (`P:AAB`), da capo and dal segno, tuplets, broken rhythm, ties, chords, overlays, grace notes, chord symbols,
dynamics, accents, staccato, words, `%%MIDI program`, `channel` and `transpose`. Not read: macros, microtones, the second and
later tunes of a file.

A voice is a track; voices that `%%score` joins with braces are one player's, as are a staff's second voices whose name is the
first one's and a letter (`2` and `2x`). The piece is unfolded: repeats are written out. Where voices disagree on the length of
a bar the longest counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from ripieno.score.errors import BadFile, shorten
from ripieno.score.formats.abc_tune import Tune, read_tune
from ripieno.score.formats.abc_voice import Fault, Voice
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.formats.printed import Bar, Performance, Player
from ripieno.score.formats.reading import Reading
from ripieno.score.piece import Piece

_DRUM_CHANNEL = 10  # as ABC counts
_SHOWN = 12  # faults that an error tells
_ORDER = re.compile(r"([A-Za-z])(\d?)|\(([A-Za-z0-9]+)\)(\d?)")


class BadNotation(BadFile):
    """A text in ABC with faults; `faults` has each with its voice and bar."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        shown = "; ".join(map(str, self.faults[:_SHOWN]))
        more = f"; and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
        super().__init__("Music in ABC has no faults", value=f"{len(self.faults)} of them", cause=shown + more,
                         cure="mend these places and leave the others as they are")  # fmt: skip


def read_abc(text: str, *, limits: Limits = DEFAULT_LIMITS) -> Piece:
    """The piece in a text in ABC, if it is without fault.

    Beside what cannot be read, these are faults: bars that are not as long as the metre says (an upbeat, the last bar and bars
    beside repeat signs and double bars may be shorter), voices with different numbers of bars, ties that lead nowhere, tuplets
    and broken rhythms that a bar line cuts, quotations that are no chord symbols.

    Raises:
        BadNotation: there are faults; it lists all.
        BadFile: it is no ABC, or exceeds the limits.
    """
    tune = _tune(text, limits)
    faults = [*tune.faults, *_lengths(tune)]
    if faults:
        raise BadNotation(sorted(faults, key=lambda f: (f.bar, f.voice)))
    return _performance(tune, limits).piece()


def load_abc(text: str, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """The piece in a text in ABC, with remarks on what could not be read as it stands.

    Raises:
        BadFile: it is no ABC, holds no music, or exceeds the limits.
    """
    tune = _tune(text, limits)
    faults = [*tune.faults, *_lengths(tune)]
    for voice in tune.voices.values():
        voice.bars = list(_split(voice.bars))
    remarks = [str(fault) for fault in sorted(faults, key=lambda f: (f.bar, f.voice))[:_SHOWN]]
    if len(faults) > _SHOWN:
        remarks.append(f"and {len(faults) - _SHOWN} further faults")
    if tune.further:
        remarks.append(f"only the first tune is read; {tune.further} more follow in the file")
    performance = _performance(tune, limits)
    piece = performance.piece()
    remarks += [performance.unfolded] if performance.unfolded else []
    return Reading(piece, tuple(remarks), frozenset({"roles"}))


def _tune(text: str, limits: Limits) -> Tune:
    tune = read_tune(text, limits)
    if tune.key is None or not any(e.heads for v in tune.voices.values() for b in v.bars for e in b.events):
        raise BadFile("Music in ABC has a header that ends with K:, and notes behind it",
                      value=shorten(text, 40) or "nothing",
                      cause="no field K:" if tune.key is None else "no note",
                      cure="begin with X:1, T:, M:, L: and K:")  # fmt: skip
    return tune


# --- lengths ------------------------------------------------------------------------------------------------------------------


def _lengths(tune: Tune) -> Iterator[Fault]:
    """Bars that are too long or too short, voices that end early."""
    voices = list(tune.voices.values())
    count = max(len(v.bars) for v in voices)
    for voice in voices:
        if voice.bars and len(voice.bars) != count:
            yield Fault(voice.name, len(voice.bars), f"the voice has {len(voice.bars)} bars, another has {count}")
        for i, bar in enumerate(voice.bars):
            if bar.metre is None:
                continue
            due = Fraction(bar.metre.numerator, bar.metre.denominator)
            others = {v.bars[i].length for v in voices if i < len(v.bars)}
            upbeat = bar.loose and bar.length < due and len(others) == 1
            if bar.length != due and not upbeat:
                yield Fault(voice.name, i + 1, f"the bar lasts {_quarters(bar.length)} quarters instead of {_quarters(due)}")


def _quarters(whole: Fraction) -> str:
    quarters = whole * 4
    full, rest = divmod(quarters, 1)
    return str(quarters) if not full or not rest else f"{full} {rest}" if rest else str(full)


def _split(bars: Sequence[Bar]) -> Iterator[Bar]:
    """Bars that hold more than their metre because a bar line is missing, cut where a note begins at it."""
    for bar in bars:
        due = Fraction(bar.metre.numerator, bar.metre.denominator) if bar.metre else None
        while due and bar.length > due and any(e.onset == due for e in bar.events) and not any(
            e.onset < due < e.onset + e.length for e in bar.events
        ):  # fmt: skip
            first = replace(bar, length=due, events=[e for e in bar.events if e.onset < due], times=0, back="", fine=False,
                            to_coda=False, chords=[c for c in bar.chords if c[0] < due],
                            tempos=[t for t in bar.tempos if t[0] < due])  # fmt: skip
            bar = replace(bar, length=bar.length - due, opens=False, part="", segno=False, coda=False,
                          events=[replace(e, onset=e.onset - due) for e in bar.events if e.onset >= due],
                          chords=[(at - due, c) for at, c in bar.chords if at >= due],
                          tempos=[(at - due, t) for at, t in bar.tempos if at >= due])  # fmt: skip
            yield first
        yield bar


# --- the piece ----------------------------------------------------------------------------------------------------------------


def _performance(tune: Tune, limits: Limits) -> Performance:
    """The tune with its voices sorted by players."""
    players = [
        Player(
            name=_name(group, tune), lines=[v.bars for v in group],
            program=next((v.program for v in group if v.program is not None), None),
            is_drum=any(v.channel == _DRUM_CHANNEL or v.options.get("clef", "").startswith("perc") for v in group),
        )
        for group in _groups(tune)
    ]  # fmt: skip
    title = shorten(tune.titles[0], 200) if tune.titles else "Untitled"
    return Performance(title, players, limits, tempo=tune.tempo or 120.0, order=_parts(tune))


def _name(group: list[Voice], tune: Tune) -> str:
    said = next((v.options[n] for v in group for n in ("name", "nm") if v.options.get(n)), "")
    return shorten(said, 60) or (f"Voice {group[0].name}" if len(tune.voices) > 1 else "")


def _groups(tune: Tune) -> list[list[Voice]]:
    """The voices of each player, in order of the file."""
    known = {v.name: v for v in tune.voices.values() if v.bars}
    joined: dict[str, str] = {}
    for braces in re.findall(r"\{([^{}]*)\}", tune.score):
        names = [n for n in re.split(r"[\s|()\[\]{}]+", braces) if n in known]
        joined |= dict.fromkeys(names[1:], names[0]) if names else {}
    for brackets in re.findall(r"\(([^()]*)\)", tune.score):
        first, *others = [n for n in brackets.split() if n in known] or [""]
        joined |= {n: joined.get(first, first) for n in others if re.fullmatch(re.escape(first) + "[a-z]", n)}
    groups: dict[str, list[Voice]] = {}
    for name, voice in known.items():
        groups.setdefault(joined.get(name, name), []).append(voice)
    return list(groups.values())


def _parts(tune: Tune) -> list[tuple[int, int]]:
    """(first bar, end) of the parts in the order that the header's `P:` asks for; empty where it asks for none."""
    bars = max((v.bars for v in tune.voices.values()), key=len)
    starts = [(i, b.part) for i, b in enumerate(bars) if b.part]
    if not tune.order or not starts or starts[0][0] != 0:
        return []
    spans = {part: (i, end) for (i, part), (end, _) in zip(starts, [*starts[1:], (len(bars), "")], strict=True)}
    letters = _spelled(tune.order.replace(" ", "").replace(".", ""))
    return [spans[x] for x in letters] if letters and set(letters) <= set(spans) else []


def _spelled(order: str) -> str:
    """The letters that an order of parts such as 'A2(BC)2' stands for."""
    out, place = "", 0
    while place < len(order):
        match = _ORDER.match(order, place)
        if not match:
            return ""
        part, times = (match[1], match[2]) if match[1] else (_spelled(match[3]), match[4])
        out += part * int(times or 1)
        place = match.end()
        if len(out) > 256:
            return ""
    return out
