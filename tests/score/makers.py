"""Small pieces written as text, so that a reader of a test sees the music.

`notes("C4:1 D4:.5 r:.5 C4+E4+G4:2")`: pitches (several joined by +, r a rest) and lengths in quarter notes.
"""

from collections.abc import Sequence

from ripieno.score.chords import Chord
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import ChordSpan, KeyChange, Notes, Piece, Section, Track, make_notes
from ripieno.score.pitch import midi_number
from ripieno.score.time import PPQ, Metre, MetreChange, Tempo, Timeline


def notes(text: str, velocity: int = 80, times: int = 1, start: float = 0.0) -> Notes:
    """Notes from text, repeated `times` times, from quarter `start` on."""
    rows, tick = [], round(start * PPQ)
    for token in text.split() * times:
        names, _, length = token.partition(":")
        ticks = round(float(length) * PPQ)
        if names != "r":
            rows += [(tick, ticks, midi_number(name), velocity) for name in names.split("+")]
        tick += ticks
    return make_notes(rows)


def shifted(content: Notes, up: int) -> Notes:
    """The notes `up` semitones higher."""
    moved = content.copy()
    moved["pitch"] = moved["pitch"].astype(int) + up
    return make_notes(moved)


def drums(text: str, velocity: int = 90, times: int = 1) -> Notes:
    """Drum notes from text: k bass drum, s snare, h closed hi-hat, c crash, t tom, r rest; lengths in quarter notes."""
    keys = {"k": 36, "s": 38, "h": 42, "c": 49, "t": 45}
    rows, tick = [], 0
    for token in text.split() * times:
        names, _, length = token.partition(":")
        ticks = round(float(length) * PPQ)
        rows += [(tick, min(ticks, 120), keys[name], velocity) for name in names.split("+") if name != "r"]
        tick += ticks
    return make_notes(rows)


def track(id_: str, role: Role, instrument: str, content: Notes) -> Track:
    """A track named after its id."""
    return Track(id_, id_.capitalize(), role, instrument, content)


def piece(
    *tracks: Track, bars: int, key: str = "C major", metre: str = "4/4", bpm: float = 120.0, chords: str = "",
    sections: Sequence[tuple[str, int, str]] = (),
) -> Piece:  # fmt: skip
    """A piece; `chords` has one symbol a bar, repeated to the end; `sections` are (name, bars, label)."""
    tonic, _, mode = key.partition(" ")
    numerator, denominator = map(int, metre.split("/"))
    timeline = Timeline(PPQ, (Tempo(0, bpm),), (MetreChange(0, Metre(numerator, denominator)),))
    symbols = chords.split()
    spans = tuple(
        ChordSpan(timeline.bar_start(b), timeline.bar_start(b + 1), Chord.parse(symbols[b % len(symbols)]))
        for b in range(bars if symbols else 0)
    )
    placed, first = [], 0
    for name, length, label in sections:
        placed.append(Section(name, first, length, 0.5, label))
        first += length
    return Piece("Test", timeline, bars, (KeyChange(0, Key(tonic, mode)),), tuple(placed), spans, tuple(tracks))
