"""The one step between a piece and everything written: what a copyist decides, as values.

`notate` turns each track into staves of measures of voices of events: spelled pitches with note values, ties, triplets
and beams, on a display grid (`grid`), in hands (`hands`) and voices (`lines`), cut as the metre asks (`values`), spelled by key
and chord (`spelling`). MusicXML, ABC and the engraving are written from it, so that they agree. Pitches are as
sounding throughout (a score in C); octave clefs put guitars, basses and the like where their players read.

Unit of time: 1/24 of a quarter note, counted from the bar line.
"""

import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ripieno.score.chords import Chord as ChordSymbol
from ripieno.score.formats.beams import add_beams
from ripieno.score.formats.grid import UNITS, Bar, cells_of, lay_out, snap, to_units
from ripieno.score.formats.hands import split_hands
from ripieno.score.formats.lines import Chord, needs_grand_staff, write_drums, write_lines
from ripieno.score.formats.paper import Event, Head, Measure, Notated, Part, Staff, TempoMark, Voice
from ripieno.score.formats.percussion import drum
from ripieno.score.formats.spelling import spell
from ripieno.score.formats.values import Value, write_span
from ripieno.score.formats.words import syllables, with_words
from ripieno.score.instruments import Instrument
from ripieno.score.keys import Key
from ripieno.score.piece import Piece, Track
from ripieno.score.pitch import name_at_fifths

_OCTAVE_CLEFS = {"piccolo": 1, "recorder": 1, "celesta": 1, "glockenspiel": 2, "music_box": 1, "xylophone": 1,
                 "contrabass": -1, "upright_bass": -1, "contrabassoon": -1}  # fmt: skip
_DYNAMICS = ((36, "pp"), (52, "p"), (66, "mp"), (82, "mf"), (104, "f"), (128, "ff"))  # below this velocity
_TENOR = 62  # a bass-clef instrument whose music lies above this on average is written in treble clef
_LOW_TREBLE = 60  # music that an octave clef would write below this on average needs none
_BARITONE = 52  # a treble-clef instrument whose music lies below this on average is written in bass clef


def notate(piece: Piece) -> Notated:
    """The piece as it is written, drums below all others.

    Notes behind the last bar line are cut off; empty tracks become bars of rests.
    """
    bars = lay_out(piece.timeline, piece.bars)
    measures = _measures(piece, bars)
    return Notated(piece.title, measures, tuple(_part(piece, t, bars) for t in sorted(piece.tracks, key=lambda t: t.is_drum)))


def octave_clef(row: Instrument, centre: float) -> int:
    """Octaves between where an instrument is written and where it sounds: guitars and basses -1, piccolo 1.

    `centre` is the mean pitch of its music; what lies low on a high instrument stands where it sounds.
    """
    if row.is_drum:
        return 0
    if row.family in ("guitar", "bass"):
        return -1
    octaves = _OCTAVE_CLEFS.get(row.id, 0)
    return octaves if octaves < 0 or centre - 12 * octaves >= _LOW_TREBLE else 0


def _measures(piece: Piece, bars: tuple[Bar, ...]) -> tuple[Measure, ...]:
    metres = {change.bar: change.metre for change in piece.timeline.metres}
    keys = {change.bar: change.key for change in piece.keys}
    sections = {section.first_bar: section.name for section in piece.sections}
    tempos: dict[int, list[TempoMark]] = defaultdict(list)
    for bar, mark in _tempo_marks(piece):
        tempos[bar].append(mark)
    symbols: dict[int, list[tuple[int, ChordSymbol | None]]] = defaultdict(list)
    for bar, unit, chord in _chord_marks(piece, bars):
        symbols[bar].append((unit, chord))
    return tuple(
        Measure(i + 1, bar, metres.get(i), keys.get(i), sections.get(i, ""), tuple(tempos[i]), tuple(symbols[i]))
        for i, bar in enumerate(bars)
    )


def _tempo_marks(piece: Piece) -> Iterable[tuple[int, TempoMark]]:
    """Marks for the tempo map: a number where a tempo lasts, 'rit.' or 'accel.' where it goes on changing."""
    timeline = piece.timeline
    tempos = [t for t in timeline.tempos if t.tick < piece.ticks]
    ramp = 0
    for i, tempo in enumerate(tempos):
        bar, ticks = timeline.position(tempo.tick)
        until = tempos[i + 1].tick if i + 1 < len(tempos) else piece.ticks
        lasts = until - tempo.tick >= timeline.bar_ticks(bar) or i + 1 == len(tempos)
        before = tempos[i - 1].bpm if i else 0.0
        direction = (tempo.bpm > before) - (tempo.bpm < before) if i else 0
        words = ""
        if not lasts and i and direction and direction != ramp:
            words = "accel." if direction > 0 else "rit."
        ramp = direction if not lasts else 0
        unit = round(ticks * UNITS / timeline.ppq)
        yield bar, TempoMark(unit, tempo.bpm, shown=i == 0 or (lasts and round(tempo.bpm) != round(before)), words=words)


def _chord_marks(piece: Piece, bars: tuple[Bar, ...]) -> Iterable[tuple[int, int, ChordSymbol | None]]:
    """(bar, unit, chord) where a new chord symbol stands; None where the harmony stops for a beat or more."""
    starts = [bar.start for bar in bars]
    spans = piece.chords
    if not spans:
        return
    edges = to_units(np.array([x for s in spans for x in (s.start, s.end)], dtype=np.int64), piece.timeline, bars)
    places = np.rint(edges / 6).astype(int) * 6
    shown: ChordSymbol | None = None
    for i, span in enumerate(spans):
        start, end = int(places[2 * i]), int(places[2 * i + 1])
        if start >= bars[-1].end or end <= start:
            continue
        if span.chord != shown:
            bar = bisect_right(starts, start) - 1
            yield bar, start - starts[bar], span.chord
            shown = span.chord
        after = int(places[2 * i + 2]) if i + 1 < len(spans) else bars[-1].end
        if after - end >= UNITS:
            bar = bisect_right(starts, end) - 1
            yield bar, end - starts[bar], None
            shown = None


def _part(piece: Piece, track: Track, bars: tuple[Bar, ...]) -> Part:
    row = track.instrument
    cells = cells_of(bars)
    notes = snap(track.notes, piece.timeline, bars, cells, graces=not row.is_drum)
    everything = np.ones(len(notes.start), dtype=bool)
    centre = float(notes.pitch.mean()) if len(notes.pitch) else (row.comfort_low + row.comfort_high) / 2
    if row.is_drum:
        lines = [write_drums(notes, cells)]
        clefs = ["percussion"]
    elif needs_grand_staff(row, notes):
        left = split_hands(notes)
        lines = [write_lines(notes, ~left, row, cells), write_lines(notes, left, row, cells)]
        clefs = ["treble", "bass"]
    else:
        lines = [write_lines(notes, everything, row, cells)]
        clefs = [_clef(row, centre)]
    harmony = _Harmony(piece, bars)
    octaves = octave_clef(row, centre)
    staves = tuple(
        Staff(clef, octaves if clef != "percussion" else 0, _bars(line, bars, notes.triplets, harmony, row.is_drum))
        for clef, line in zip(clefs, lines, strict=True)
    )
    staves = (with_words(staves[0], bars, syllables(piece, track, bars)), *staves[1:])
    return Part(track, track.name or row.name, staves, _dynamics(piece, bars, lines[0] + lines[-1]))


def _clef(row: Instrument, centre: float) -> str:
    """The instrument's clef, another where its music lies far outside it; `centre` is its mean pitch."""
    written = centre - 12 * octave_clef(row, centre)
    if row.clef == "grand":
        return "treble" if centre >= 60 else "bass"
    if row.clef in ("bass", "tenor") and written > _TENOR + 4:
        return "treble"
    if row.clef == "treble" and written < _BARITONE:
        return "bass"
    return row.clef


class _Harmony:
    """Which key and which chord hold at a unit."""

    def __init__(self, piece: Piece, bars: tuple[Bar, ...]) -> None:
        inside = [change for change in piece.keys if change.bar < len(bars)]
        self._key_units = [bars[change.bar].start for change in inside]
        self._keys = [change.key for change in inside]
        ticks = np.array([x for s in piece.chords for x in (s.start, s.end)], dtype=np.int64)
        edges = np.rint(to_units(ticks, piece.timeline, bars)).astype(int).tolist()
        self._starts, self._ends = edges[0::2], edges[1::2]
        self._chords = [span.chord for span in piece.chords]

    def key(self, unit: int) -> Key:
        return self._keys[max(0, bisect_right(self._key_units, unit) - 1)]

    def chord(self, unit: int) -> ChordSymbol | None:
        i = bisect_right(self._starts, unit) - 1
        return self._chords[i] if i >= 0 and unit < self._ends[i] else None


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A chord with its noteheads and those of its grace notes."""

    chord: Chord
    heads: tuple[Head, ...]
    graces: tuple[Head, ...] = ()


def _spelled(chord: Chord, following: Chord | None, harmony: _Harmony, percussion: bool) -> _Spelled:
    if percussion:
        return _Spelled(chord, tuple(Head(p, drum(p).step) for p in chord.pitches))
    key, symbol = harmony.key(chord.start), harmony.chord(chord.start)
    target = None
    if following is not None and len(chord.pitches) == len(following.pitches) == 1:
        target = following.pitches[0]
    heads = tuple(Head(p, spell(p, key, symbol, target)) for p in chord.pitches)
    return _Spelled(chord, heads, tuple(Head(p, spell(p, key, symbol, chord.pitches[-1])) for p in chord.graces))


def _as_before(spelled: _Spelled, names: dict[int, str]) -> _Spelled:
    """Notes that are tied over keep the `names` that they had."""
    over = spelled.chord.from_before
    return replace(spelled, heads=tuple(replace(h, name=names[h.pitch]) if h.pitch in over else h for h in spelled.heads))


def _bars(
    line: list[Chord], bars: tuple[Bar, ...], triplets: frozenset[int], harmony: _Harmony, percussion: bool
) -> tuple[tuple[Voice, ...], ...]:
    """The voices of each bar, filled with rests, beamed."""
    starts = [bar.start for bar in bars]
    found: dict[tuple[int, int], list[_Spelled]] = defaultdict(list)
    for voice in (1, 2):
        chords = [c for c in line if c.voice == voice]
        names: dict[int, str] = {}
        for i, chord in enumerate(chords):
            spelled = _spelled(chord, chords[i + 1] if i + 1 < len(chords) else None, harmony, percussion)
            if chord.from_before:
                spelled = _as_before(spelled, names)
            names = {head.pitch: head.name for head in spelled.heads}
            for index in range(bisect_right(starts, chord.start) - 1, bisect_right(starts, chord.end - 1)):
                found[index, voice].append(spelled)
    out = []
    for i, bar in enumerate(bars):
        first = _voice(found[i, 1], bar, triplets, second=False)
        voices = [first]
        if found[i, 2]:
            voices.append(_voice(found[i, 2], bar, triplets, second=True))
        if not percussion:
            voices = _signs(voices, harmony.key(bar.start))
        out.append(tuple(add_beams(voice, bar) for voice in voices))
    return tuple(out)


def _signs(voices: list[list[Event]], key: Key) -> list[list[Event]]:
    """Accidentals by the usual rule: valid on their line to the end of the bar, none on a note that is tied over."""
    in_force: dict[tuple[str, int], int] = {}
    signature = {name[0]: name.count("#") - name.count("b") for name in _signature_names(key.signature)}
    out = [list(voice) for voice in voices]
    places = [(e.start, v, i) for v, voice in enumerate(voices) for i, e in enumerate(voice) if e.heads]
    for _, v, i in sorted(places):
        event = out[v][i]
        heads = []
        for head in event.graces + event.heads:
            place = (head.name[0], head.octave)
            if not head.tie_in and in_force.get(place, signature[head.name[0]]) != head.alter:
                in_force[place] = head.alter
                head = replace(head, sign="#" * head.alter or "b" * -head.alter or "=")
            heads.append(head)
        behind = len(event.graces)
        out[v][i] = replace(event, graces=tuple(heads[:behind]), heads=tuple(heads[behind:]))
    return out


def _signature_names(signature: int) -> list[str]:
    """The seven letters as a key signature alters them."""
    return [name_at_fifths(place) for place in range(signature - 1, signature + 6)]


def _voice(
    chords: list[_Spelled], bar: Bar, triplets: frozenset[int], *, second: bool
) -> list[Event]:
    if not chords:
        return [Event(0, bar.length, "measure")]
    active = _active_triplets(chords, bar, triplets)
    out: list[Event] = []
    place = bar.start
    for spelled in chords:
        start, end = max(spelled.chord.start, bar.start), min(spelled.chord.end, bar.end)
        if start > place:
            out += _events(write_span(place, start, bar, active, rest=True), bar, hidden=second)
        out += _notes(write_span(start, end, bar, active, rest=False), bar, spelled)
        place = end
    if place < bar.end:
        out += _events(write_span(place, bar.end, bar, active, rest=True), bar, hidden=second)
    return _brackets(out)


def _active_triplets(
    chords: list[_Spelled], bar: Bar, triplets: frozenset[int]
) -> frozenset[int]:
    """Cells of a triplet grid in which this voice really starts or ends a note off the straight grid."""
    active = set()
    for spelled in chords:
        for edge in (spelled.chord.start, spelled.chord.end):
            inside = (edge - bar.start) % UNITS
            if bar.start <= edge < bar.end and inside % 3 and edge - inside in triplets:
                active.add(edge - inside)
    return frozenset(active)


def _events(values: list[Value], bar: Bar, *, hidden: bool) -> list[Event]:
    return [Event(v.start - bar.start, v.length, v.name, (), v.dots, v.triplet, hidden=hidden) for v in values]


def _notes(values: list[Value], bar: Bar, spelled: _Spelled) -> list[Event]:
    chord, last = spelled.chord, len(values) - 1
    out = []
    for i, v in enumerate(values):
        before, after = v.start > chord.start, i < last or chord.end > bar.end
        heads = tuple(
            replace(h, tie_in=before or h.pitch in chord.from_before, tie_out=after or h.pitch in chord.to_next)
            for h in spelled.heads
        )
        out.append(Event(
            v.start - bar.start, v.length, v.name, heads, v.dots, v.triplet,
            staccato=chord.staccato and last == 0 and chord.end <= bar.end, velocity=chord.velocity,
            graces=() if before else spelled.graces,
        ))  # fmt: skip
    return out


def _brackets(events: list[Event]) -> list[Event]:
    """Triplet brackets, one for each beat."""
    out = list(events)
    for i, event in enumerate(events):
        if not event.triplet:
            continue
        beat = event.start // UNITS
        opens = i == 0 or not events[i - 1].triplet or events[i - 1].start // UNITS != beat
        closes = i + 1 == len(events) or not events[i + 1].triplet or events[i + 1].start // UNITS != beat
        bracket = "both" if opens and closes else "start" if opens else "stop" if closes else ""
        out[i] = replace(event, bracket=bracket)
    return out


def _dynamics(piece: Piece, bars: tuple[Bar, ...], line: list[Chord]) -> tuple[tuple[int, int, str], ...]:
    """A mark at the first note of each section whose loudness has another name than before."""
    cuts = sorted({0, *(s.first_bar for s in piece.sections)} & set(range(len(bars))))
    edges = [bars[i].start for i in cuts] + [bars[-1].end]
    line = sorted(line, key=lambda c: c.start)
    starts = [c.start for c in line]
    bar_starts = [bar.start for bar in bars]
    marks = []
    shown = ""
    for a, b in itertools.pairwise(edges):
        inside = line[bisect_right(starts, a - 1) : bisect_right(starts, b - 1)]
        if not inside:
            continue
        mean = sum(c.velocity for c in inside) / len(inside)
        mark = next(name for below, name in _DYNAMICS if mean < below)
        if mark != shown:
            bar = bisect_right(bar_starts, inside[0].start) - 1
            marks.append((bar, inside[0].start - bar_starts[bar], mark))
            shown = mark
    return tuple(marks)

