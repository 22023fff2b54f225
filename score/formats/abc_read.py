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
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ripieno.score.errors import BadFile, shorten
from ripieno.score.formats.abc_fields import KeyField
from ripieno.score.formats.abc_tune import Tune, read_tune
from ripieno.score.formats.abc_voice import Bar, Event, Fault, Voice
from ripieno.score.formats.limits import DEFAULT_LIMITS, Limits
from ripieno.score.formats.metres import metre_of
from ripieno.score.formats.parts import guess_role, instrument_for, instrument_named, unique_id
from ripieno.score.formats.reading import Reading
from ripieno.score.formats.repeats import Pass, Signs, unfold
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, KeyChange, Notes, Piece, Section, Track, make_notes
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline

_WHOLE = 4 * PPQ
_GRACE = PPQ // 8  # a grace note sounds this long, just before its note
_DRUM_CHANNEL = 10  # as ABC counts
_SHOWN = 12  # faults that an error tells
_ORDER = re.compile(r"([A-Za-z])(\d?)|\(([A-Za-z0-9]+)\)(\d?)")
Row = tuple[int, int, int, int]


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
    return _Assembly(tune, limits).piece()


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
    assembly = _Assembly(tune, limits)
    piece = assembly.piece()
    if len(assembly.order) > assembly.count:
        remarks.append(f"repeats are written out: {assembly.count} bars became {len(assembly.order)}")
    return Reading(piece, tuple(remarks))


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


@dataclass
class _Player:
    """What the voices of one player hold together."""

    voice: Voice
    rows: list[Row] = field(default_factory=list)


class _Assembly:
    """One tune on its way to a piece."""

    def __init__(self, tune: Tune, limits: Limits) -> None:
        self.tune, self.limits = tune, limits
        self.voices = [v for v in tune.voices.values() if v.bars]
        self.leading = max(self.voices, key=lambda v: len(v.bars))
        self.count = len(self.leading.bars)
        self.order = self._order()
        self.metres, self.starts = self._metres()

    def piece(self) -> Piece:
        """The piece.

        Raises:
            BadFile: it exceeds the limits.
        """
        tempos = dict(self._tempos())
        timeline = Timeline(PPQ, tuple(Tempo(tick, bpm) for tick, bpm in sorted(tempos.items())), self.metres)
        self.limits.check("seconds", timeline.seconds(self.starts[-1]))
        title = shorten(self.tune.titles[0], 200) if self.tune.titles else "Untitled"
        return Piece(
            title=title, timeline=timeline, bars=len(self.order),
            keys=tuple(self._keys()), sections=self._sections(), chords=tuple(self._chords()), tracks=tuple(self._tracks()),
        )  # fmt: skip

    def _order(self) -> list[Pass]:
        """Repeats and the order of parts, written out."""
        rows = [[v.bars[i].signs for v in self.voices if i < len(v.bars)] for i in range(self.count)]
        signs = [
            Signs(any(s.opens for s in row), max(s.times for s in row), frozenset().union(*(s.endings for s in row)),
                  any(s.segno for s in row), any(s.coda for s in row), any(s.to_coda for s in row),
                  any(s.fine for s in row), max(s.back for s in row))
            for row in rows
        ]  # fmt: skip
        most = self.limits.bars + 1
        parts = self._parts()
        if not parts:
            order = unfold(signs, most)
        else:
            order = []
            for first, end in parts:
                order += [Pass(first + p.bar, p.number) for p in unfold(signs[first:end], most - len(order))]
        self.limits.check("bars", len(order))
        return order

    def _parts(self) -> list[tuple[int, int]]:
        """(first bar, end) of the parts in the order that the header's `P:` asks for; empty where it asks for none."""
        starts = [(i, b.part) for i, b in enumerate(self.leading.bars) if b.part]
        if not self.tune.order or not starts or starts[0][0] != 0:
            return []
        spans = {part: (i, end) for (i, part), (end, _) in zip(starts, [*starts[1:], (self.count, "")], strict=True)}
        letters = _spelled(self.tune.order.replace(" ", "").replace(".", ""))
        return [spans[x] for x in letters] if letters and set(letters) <= set(spans) else []

    def _metres(self) -> tuple[tuple[MetreChange, ...], list[int]]:
        """The metre map and the tick of each sounding bar line, the last one included."""
        changes: list[MetreChange] = []
        starts = [0]
        for number, sounding in enumerate(self.order):
            nominal = self.leading.bars[sounding.bar].metre
            filled = max(v.bars[sounding.bar].length for v in self.voices if sounding.bar < len(v.bars))
            ticks = round(filled * _WHOLE)
            metre = nominal
            if nominal is None or ticks not in (0, nominal.bar_ticks(PPQ)):
                metre = metre_of(ticks) or nominal or Metre(max(1, -(-ticks // PPQ)) if ticks <= 32 * PPQ else 32, 4)
            assert metre is not None  # one of the two is there
            if not changes or changes[-1].metre != metre:
                changes.append(MetreChange(number, metre))
            starts.append(starts[-1] + metre.bar_ticks(PPQ))
        return tuple(changes), starts

    def _tempos(self) -> Iterator[tuple[int, float]]:
        yield 0, self.tune.tempo or 120.0
        for number, sounding in enumerate(self.order):
            for voice in self.voices:
                for at, bpm in voice.bars[sounding.bar].tempos if sounding.bar < len(voice.bars) else ():
                    yield self._tick(number, at), bpm

    def _tick(self, number: int, at: Fraction) -> int:
        """The tick of a place in a sounding bar, never behind the bar's end."""
        return min(self.starts[number] + round(at * _WHOLE), self.starts[number + 1] - 1)

    def _keys(self) -> Iterator[KeyChange]:
        before: Key | None = None
        for number, sounding in enumerate(self.order):
            key: KeyField = self.leading.bars[sounding.bar].key
            if key.key != before:
                yield KeyChange(number, key.key)
            before = key.key

    def _sections(self) -> tuple[Section, ...]:
        found = {n: self.leading.bars[p.bar].part for n, p in enumerate(self.order) if self.leading.bars[p.bar].part}
        if not found:
            return ()
        found.setdefault(0, "Start")
        bars = sorted(found)
        letters = all(len(name) == 1 for name in found.values())
        return tuple(
            Section(found[bar], bar, end - bar, label=found[bar] if letters else "")
            for bar, end in zip(bars, [*bars[1:], len(self.order)], strict=True)
        )

    def _chords(self) -> Iterator[ChordSpan]:
        """The symbols of the first voice that has any, each up to the next."""
        for voice in self.voices:
            found = {
                self._tick(number, at): chord
                for number, sounding in enumerate(self.order) if sounding.bar < len(voice.bars)
                for at, chord in voice.bars[sounding.bar].chords
            }  # fmt: skip
            if found:
                ticks = sorted(found)
                yield from (ChordSpan(a, b, found[a]) for a, b in zip(ticks, [*ticks[1:], self.starts[-1]], strict=True))
                return

    def _tracks(self) -> Iterator[Track]:
        taken: set[str] = set()
        count = 0
        for group in self._players():
            voice = group[0]
            rows = [row for v in group for row in self._rows(v)]
            count += len(rows)
            self.limits.check("notes", count)
            name = shorten(next((v.options[n] for v in group for n in ("name", "nm") if v.options.get(n)), ""), 60)
            program = next((v.program for v in group if v.program is not None), None)
            is_drum = any(v.channel == _DRUM_CHANNEL for v in group) or voice.options.get("clef", "").startswith("perc")
            row = (instrument_named(name) if program is None else None) or instrument_for(program or 0, is_drum=is_drum)
            notes: Notes = make_notes(rows)
            own = None if program is None or row.program == program else program
            name = name or (f"Voice {voice.name}" if len(self.voices) > 1 else row.name)
            yield Track(unique_id(row.id, taken), name, guess_role(row, notes, name), row.id, notes, program=own)

    def _players(self) -> list[list[Voice]]:
        """The voices of each player, in order of the file."""
        known = {v.name: v for v in self.voices}
        joined: dict[str, str] = {}
        for braces in re.findall(r"\{([^{}]*)\}", self.tune.score):
            names = [n for n in re.split(r"[\s|()\[\]{}]+", braces) if n in known]
            joined |= dict.fromkeys(names[1:], names[0])
        for brackets in re.findall(r"\(([^()]*)\)", self.tune.score):
            first, *others = [n for n in brackets.split() if n in known] or [""]
            joined |= {n: joined.get(first, first) for n in others if re.fullmatch(re.escape(first) + "[a-z]", n)}
        groups: dict[str, list[Voice]] = {}
        for name, voice in known.items():
            groups.setdefault(joined.get(name, name), []).append(voice)
        return list(groups.values())

    def _rows(self, voice: Voice) -> list[Row]:
        """The voice's notes in sounding order, ties joined, grace notes before their note."""
        rows: list[Row] = []
        held: dict[int, int] = {}  # pitch -> index of the row that a tie may continue
        for number, sounding in enumerate(self.order):
            if sounding.bar >= len(voice.bars):
                continue
            for event in voice.bars[sounding.bar].events:
                if event.heads:
                    held = self._sound(event, number, rows, held)
        return rows

    def _sound(self, event: Event, number: int, rows: list[Row], held: dict[int, int]) -> dict[int, int]:
        base = self.starts[number]
        start = base + round(event.onset * _WHOLE)
        graces = len(event.graces)
        rows += [
            (max(0, start - (graces - k) * _GRACE), _GRACE, pitch, event.velocity) for k, pitch in enumerate(event.graces)
        ]
        going: dict[int, int] = {}
        for head in event.heads:
            end = base + round((event.onset + head.length) * _WHOLE)
            index = held.get(head.pitch)
            if index is not None and sum(rows[index][:2]) == start:
                rows[index] = (rows[index][0], end - rows[index][0], head.pitch, rows[index][3])
            else:
                length = max(1, end - start)
                if event.staccato and not head.tied:
                    length = max(1, length // 2)
                rows.append((start, length, head.pitch, max(1, event.velocity)))
                index = len(rows) - 1
            if head.tied:
                going[head.pitch] = index
        return going


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
