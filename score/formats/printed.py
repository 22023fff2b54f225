"""Printed music on its way to a piece: bars as they stand on paper, in any format, and one step that makes them sound.

Lengths are exact fractions of a whole note, counted from the bar line; pitches are MIDI numbers as sounding. Repeats are
written out (`repeats`), bars of another length than their metre get a metre of their own, ties are joined, grace notes sound
just before their note, staccato halves a note. Where parts disagree on the length of a bar the longest counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from ripieno.score.chords import Chord
from ripieno.score.formats.limits import Limits
from ripieno.score.formats.metres import metre_of
from ripieno.score.formats.parts import guess_role, instrument_for, instrument_named, unique_id
from ripieno.score.formats.repeats import Pass, Signs, unfold
from ripieno.score.keys import Key
from ripieno.score.piece import (
    ChordSpan,
    KeyChange,
    Mix,
    Piece,
    Section,
    Text,
    Track,
    make_notes,
    make_texts,
)
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline

WHOLE = 4 * PPQ
GRACE = PPQ // 8  # a grace note sounds this long, just before its note
DEFAULT_VELOCITY = 80  # where nothing is said
_LONGEST_BAR = 32  # quarters
Row = tuple[int, int, int, int]


@dataclass(slots=True)
class Head:
    """A note of an event: pitch, length, whether a tie leaves it."""

    pitch: int
    length: Fraction
    tied: bool = False


@dataclass(slots=True)
class Event:
    """A note, a chord or a rest (no heads) at `onset` of bar `bar` (from 0); `words` has a syllable for each verse."""

    onset: Fraction
    length: Fraction
    heads: list[Head] = field(default_factory=list)
    graces: list[int] = field(default_factory=list)
    velocity: int = DEFAULT_VELOCITY
    staccato: bool = False
    words: list[str] = field(default_factory=list)
    bar: int = 0


@dataclass(slots=True)
class Bar:
    """A bar as printed.

    Attributes:
        metre, key: in force; None where the metre is free, and where nothing is said of the key.
        length: what its fullest voice holds.
        chords: (place, symbol); None where no chord is to sound.
        part: the name of the section that begins here.
        loose: whether it may be incomplete: beside repeats, double bars and ends.
    """

    metre: Metre | None = None
    key: Key | None = None
    events: list[Event] = field(default_factory=list)
    length: Fraction = Fraction(0)
    chords: list[tuple[Fraction, Chord | None]] = field(default_factory=list)
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)
    part: str = ""
    loose: bool = False
    opens: bool = False
    times: int = 0
    endings: frozenset[int] = frozenset()
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    fine: bool = False
    back: str = ""

    @property
    def signs(self) -> Signs:
        """The bar's signs of repetition."""
        return Signs(self.opens, self.times, self.endings, self.segno, self.coda, self.to_coda, self.fine, self.back)


@dataclass
class Player:
    """One part: its name, its sound as far as it is known, and the lines that it plays together."""

    name: str
    lines: list[list[Bar]]
    program: int | None = None
    is_drum: bool = False
    mix: Mix = field(default_factory=Mix)


class Performance:
    """Printed parts made to sound.

    Args:
        title: of the piece.
        players: all parts; every line begins with bar 1.
        tempo: at the start, in quarter notes a minute, where no bar says otherwise.
        order: (first bar, end) of stretches to be played one after the other; empty: from the first bar to the last.
    """

    def __init__(
        self, title: str, players: Sequence[Player], limits: Limits, *,
        tempo: float = 120.0, order: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        self.title, self.players, self.limits, self.tempo = title, players, limits, tempo
        self.lines = [line for player in players for line in player.lines if line]
        self.leading = max(self.lines, key=len)
        self.count = len(self.leading)
        limits.check("bars", self.count)
        self.order = self._order(order or [(0, self.count)])
        self.metres, self.starts = self._metres()

    @property
    def unfolded(self) -> str:
        """A remark on repeats that were written out; '' where there were none."""
        if len(self.order) == self.count:
            return ""
        return f"repeats are written out: {self.count} bars became {len(self.order)}"

    def piece(self) -> Piece:
        """The piece.

        Raises:
            BadFile: it exceeds the limits.
        """
        tempos = dict(self._tempos())
        timeline = Timeline(PPQ, tuple(Tempo(tick, bpm) for tick, bpm in sorted(tempos.items())), self.metres)
        self.limits.check("seconds", timeline.seconds(self.starts[-1]))
        texts: list[Text] = []
        tracks = tuple(self._tracks(texts))
        return Piece(
            title=self.title, timeline=timeline, bars=len(self.order), keys=tuple(self._keys()), sections=self._sections(),
            chords=tuple(self._chords()), tracks=tracks, texts=make_texts(texts),
        )  # fmt: skip

    def _order(self, stretches: Sequence[tuple[int, int]]) -> list[Pass]:
        rows = [[line[i].signs for line in self.lines if i < len(line)] for i in range(self.count)]
        signs = [
            Signs(any(s.opens for s in row), max(s.times for s in row), frozenset().union(*(s.endings for s in row)),
                  any(s.segno for s in row), any(s.coda for s in row), any(s.to_coda for s in row),
                  any(s.fine for s in row), max(s.back for s in row))
            for row in rows
        ]  # fmt: skip
        most, order = self.limits.bars + 1, list[Pass]()
        for first, end in stretches:
            order += [Pass(first + p.bar, p.number) for p in unfold(signs[first:end], most - len(order))]
        self.limits.check("bars", len(order))
        return order

    def _metres(self) -> tuple[tuple[MetreChange, ...], list[int]]:
        """The metre map and the tick of each sounding bar line, the last one included."""
        changes: list[MetreChange] = []
        starts = [0]
        for number, sounding in enumerate(self.order):
            nominal = self.leading[sounding.bar].metre
            filled = max(line[sounding.bar].length for line in self.lines if sounding.bar < len(line))
            ticks = round(filled * WHOLE)
            metre = nominal
            if nominal is None or ticks not in (0, nominal.bar_ticks(PPQ)):
                metre = metre_of(ticks) or nominal or Metre(min(_LONGEST_BAR, max(1, -(-ticks // PPQ))), 4)
            assert metre is not None  # one of the two is there
            if not changes or changes[-1].metre != metre:
                changes.append(MetreChange(number, metre))
            starts.append(starts[-1] + metre.bar_ticks(PPQ))
        return tuple(changes), starts

    def _bars(self, line: Sequence[Bar]) -> Iterator[tuple[int, Pass, Bar]]:
        """(sounding bar, pass, printed bar) of a line in order of sound."""
        for number, sounding in enumerate(self.order):
            if sounding.bar < len(line):
                yield number, sounding, line[sounding.bar]

    def _tick(self, number: int, at: Fraction) -> int:
        """The tick of a place in a sounding bar, never behind the bar's end."""
        return min(self.starts[number] + round(at * WHOLE), self.starts[number + 1] - 1)

    def _tempos(self) -> Iterator[tuple[int, float]]:
        yield 0, self.tempo
        for line in self.lines:
            for number, _, bar in self._bars(line):
                yield from ((self._tick(number, at), bpm) for at, bpm in bar.tempos)

    def _keys(self) -> Iterator[KeyChange]:
        before: Key | None = None
        for number, _, bar in self._bars(self.leading):
            key = bar.key or before or Key("C")
            if key != before:
                yield KeyChange(number, key)
            before = key

    def _sections(self) -> tuple[Section, ...]:
        found = {number: bar.part for number, _, bar in self._bars(self.leading) if bar.part}
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
        """The symbols of the first line that has any, each up to the next; 'no chord' ends one."""
        for line in self.lines:
            found = {self._tick(number, at): chord for number, _, bar in self._bars(line) for at, chord in bar.chords}
            if found:
                ticks = sorted(found)
                for a, b in zip(ticks, [*ticks[1:], self.starts[-1]], strict=True):
                    chord = found[a]
                    if chord is not None:
                        yield ChordSpan(a, b, chord)
                return

    def _tracks(self, texts: list[Text]) -> Iterator[Track]:
        taken: set[str] = set()
        count = 0
        for player in self.players:
            row = (instrument_named(player.name) if player.program is None else None) or instrument_for(
                player.program or 0, is_drum=player.is_drum
            )
            if row.is_drum != player.is_drum:
                row = instrument_for(player.program or 0, is_drum=player.is_drum)
            id_ = unique_id(row.id, taken)
            rows: list[Row] = []
            for line in player.lines:
                rows += self._rows(line, id_, texts)
            count += len(rows)
            self.limits.check("notes", count)
            notes = make_notes(rows)
            own = None if player.program is None or row.program == player.program else player.program
            name = player.name or row.name
            yield Track(id_, name, guess_role(row, notes, name), row.id, notes, mix=player.mix, program=own)

    def _rows(self, line: Sequence[Bar], id_: str, texts: list[Text]) -> list[Row]:
        """A line's notes in sounding order; its words go to `texts`."""
        rows: list[Row] = []
        held: dict[int, int] = {}  # pitch -> index of the row that a tie may continue
        for number, sounding, bar in self._bars(line):
            for event in bar.events:
                if event.heads:
                    self._sound(event, number, rows, held)
                    if event.words:
                        word = event.words[min(sounding.number, len(event.words)) - 1]
                        texts += [Text(self._tick(number, event.onset), "lyric", word, id_)] if word else []
            self.limits.check("notes", len(rows))
        return rows

    def _sound(self, event: Event, number: int, rows: list[Row], held: dict[int, int]) -> None:
        base = self.starts[number]
        start = base + round(event.onset * WHOLE)
        graces = len(event.graces)
        rows += [
            (max(0, start - (graces - k) * GRACE), GRACE, pitch, max(1, event.velocity)) for k, pitch in enumerate(event.graces)
        ]
        for head in event.heads:
            end = base + round((event.onset + head.length) * WHOLE)
            index = held.get(head.pitch)
            if index is not None and sum(rows[index][:2]) == start:
                del held[head.pitch]
                rows[index] = (rows[index][0], end - rows[index][0], head.pitch, rows[index][3])
            else:
                length = max(1, end - start)
                if event.staccato and not head.tied:
                    length = max(1, length // 2)
                rows.append((start, length, head.pitch, max(1, event.velocity)))
                index = len(rows) - 1
            if head.tied:
                held[head.pitch] = index
