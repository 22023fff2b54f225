"""Pieces for tests: hypothesis strategies for any valid piece, and hand-made ones that a reader can check.

Use as `from tests.score.pieces import pieces, waltz`.
"""

from itertools import pairwise

from hypothesis import strategies as st

from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.instruments import Role, instruments
from ripieno.score.keys import MODES, Key, simplest_tonic
from ripieno.score.piece import (
    ChordSpan,
    KeyChange,
    Mix,
    Notes,
    Piece,
    Section,
    Text,
    Track,
    make_controls,
    make_notes,
    make_texts,
)
from ripieno.score.pitch import midi_number
from ripieno.score.time import Metre, MetreChange, Tempo, Timeline

METRES = (
    Metre(4, 4), Metre(3, 4), Metre(2, 2), Metre(6, 8), Metre(5, 4), Metre(7, 8, (3, 2, 2)), Metre(7, 8),
    Metre(12, 8), Metre(5, 8, (2, 3)), Metre(3, 8), Metre(9, 16),
)  # fmt: skip
_NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=12)


def apart(rows: list[tuple[int, int, int, int]]) -> Notes:
    """Notes of which none starts while another of its pitch sounds: later ones cut the earlier short."""
    ends: dict[int, int] = {}
    kept = []
    for start, duration, pitch, velocity in sorted(rows, reverse=True):
        until = ends.get(pitch)
        if until == start:
            continue
        kept.append((start, duration if until is None else min(duration, until - start), pitch, velocity))
        ends[pitch] = start
    return make_notes(kept)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    """A key with a sensible tonic in any mode."""
    mode = draw(st.sampled_from(sorted(MODES)))
    return Key(simplest_tonic(draw(st.integers(0, 11)), mode), mode)


@st.composite
def chords(draw: st.DrawFn) -> Chord:
    """A chord of any known quality, now and then over another bass."""
    root = draw(st.sampled_from(["C", "F#", "Bb", "Eb", "A"]))
    bass = draw(st.sampled_from([None, None, "E", "G"]))
    return Chord.parse(root + draw(st.sampled_from(sorted(QUALITIES))) + (f"/{bass}" if bass else ""))


@st.composite
def timelines(draw: st.DrawFn, bars: int, ppq: int = 480) -> Timeline:
    """One to three metres and one to four tempos within `bars`."""
    at = sorted(draw(st.sets(st.integers(1, max(1, bars - 1)), max_size=2)))
    metres = tuple(MetreChange(bar, draw(st.sampled_from(METRES))) for bar in (0, *at))
    end = Timeline(ppq, metres=metres).bar_start(bars)
    ticks = sorted(draw(st.sets(st.integers(1, end - 1), max_size=3)))
    bpm = st.one_of(st.integers(10, 400).map(float), st.floats(10, 400))
    return Timeline(ppq, tuple(Tempo(t, draw(bpm)) for t in (0, *ticks)), metres)


@st.composite
def tracks(draw: st.DrawFn, id_: str, end: int, *, grid: int = 1) -> Track:
    """A track of any instrument with up to 24 notes that start before `end` on multiples of `grid`."""
    row = instruments()[draw(st.sampled_from(sorted(instruments())))]
    low, high = (35, 81) if row.is_drum else (row.low, row.high)
    note = st.tuples(
        st.integers(0, (end - 1) // grid).map(lambda x: x * grid),
        st.integers(1, max(1, 3000 // grid)).map(lambda x: x * grid),
        st.integers(low, high), st.integers(1, 127),
    )  # fmt: skip
    level = st.integers(0, 127)
    control = st.one_of(
        st.tuples(st.integers(0, end), st.just(0), st.sampled_from([0, 1, 7, 10, 11, 32, 64]), level),
        st.tuples(st.integers(0, end), st.just(1), st.just(0), st.integers(-8192, 8191)),
        st.tuples(st.integers(0, end), st.just(2), st.just(0), level),
        st.tuples(st.integers(0, end), st.just(3), st.integers(0, 127), level),
    )
    return Track(
        id_, draw(_NAMES), draw(st.sampled_from(list(Role))), row.id,
        apart(draw(st.lists(note, max_size=24))), make_controls(draw(st.lists(control, max_size=4))),
        Mix(draw(level), draw(level), draw(level), draw(level), draw(st.booleans())),
        None if row.is_drum else draw(st.none() | st.integers(0, 127)),
    )  # fmt: skip


@st.composite
def texts(draw: st.DrawFn, end: int, track_ids: list[str]) -> tuple[Text, ...]:
    """Words to sing, remarks and messages to devices, of tracks and of the piece."""
    kinds = st.sampled_from(["lyric", "text", "cue", "copyright", "sysex"])
    found = []
    for kind in draw(st.lists(kinds, max_size=4)):
        data = draw(st.binary(min_size=1, max_size=6)).hex() if kind == "sysex" else draw(_NAMES.filter(bool))
        found.append(Text(draw(st.integers(0, end)), kind, data, draw(st.sampled_from(["", *track_ids]))))
    return make_texts(found)


@st.composite
def pieces(draw: st.DrawFn, *, max_bars: int = 8, max_tracks: int = 5, grid: int = 1) -> Piece:
    """Any valid piece: changing metre, tempo and key, sections, chords with gaps, empty tracks, texts."""
    bars = draw(st.integers(1, max_bars))
    timeline = draw(timelines(bars))
    end = timeline.bar_start(bars)
    inner_bars = st.sets(st.integers(1, max(1, bars - 1)), max_size=3)
    key_bars = (0, *sorted(draw(inner_bars) & set(range(bars))))
    cuts = (0, *sorted(draw(inner_bars) & set(range(bars))), bars)
    sections = tuple(
        Section(draw(_NAMES.filter(bool)), a, b - a, draw(st.floats(0, 1)), draw(st.sampled_from(["", "A"])))
        for a, b in pairwise(cuts)
    )
    edges = sorted(draw(st.sets(st.integers(0, end), max_size=8)))
    spans = tuple(
        ChordSpan(a, b, draw(chords()))
        for a, b in pairwise(edges) if draw(st.integers(0, 3))
    )  # fmt: skip
    count = draw(st.integers(0, max_tracks))
    return Piece(
        draw(_NAMES), timeline, bars, tuple(KeyChange(bar, draw(keys())) for bar in key_bars),
        draw(st.sampled_from([(), sections])), spans,
        tuple(draw(tracks(f"t{i}", end, grid=grid)) for i in range(count)),
        draw(texts(end, [f"t{i}" for i in range(count)])),
    )  # fmt: skip


def waltz() -> Piece:
    """Eight bars in B minor, 3/4, for flute, piano, cello and brushes: a triplet, ties, a slower end."""
    q = 480
    tune = [
        (0, 2 * q, "F#5"), (2 * q, q, "D5"), (3 * q, q, "C#5"), (4 * q, q // 2, "D5"),
        (4 * q + q // 2, q // 2, "E5"), (5 * q, q, "C#5"), (6 * q, 4 * q, "B4"), (10 * q, q // 2, "A#4"),
        (10 * q + q // 2, q + q // 2, "B4"),
        (12 * q, 160, "C#5"), (12 * q + 160, 160, "D5"), (12 * q + 320, 160, "E5"), (13 * q, 2 * q, "F#5"),
        (15 * q, 3 * q // 2, "G5"), (15 * q + 3 * q // 2, 3 * q // 2, "E5"), (18 * q, 2 * q, "C#5"),
        (20 * q, q, "A#4"), (21 * q, 3 * q, "B4"),
    ]  # fmt: skip
    symbols = ["Bm", "F#7/A#", "Bm", "F#7", "Bm", "Em", "F#7", "Bm"]
    basses = ["B2", "A#2", "B2", "F#2", "B2", "E2", "F#2", "B2"]
    tonic, dominant = "B3 D4 F#4", "A#3 C#4 E4"
    upper = [tonic, "C#4 E4 F#4", tonic, dominant, tonic, "B3 E4 G4", dominant, tonic]
    piano, cello, kit = [], [], []
    for bar in range(8):
        start = bar * 3 * q
        piano.append((start, q, midi_number(basses[bar]), 72))
        for beat in (1, 2):
            piano += [(start + beat * q, q - 60, midi_number(p), 58) for p in upper[bar].split()]
        cello.append((start, 3 * q, midi_number(basses[bar]), 64))
        kit += [(start, 60, 36, 80), (start + q, 60, 42, 50)]
        kit += [(start + 2 * q, 60, 42, 46), (start + 2 * q, 60, 38, 40)]
    line = [(s, d, midi_number(p), 88) for s, d, p in tune]
    return Piece(
        "A short waltz",
        Timeline(q, (Tempo(0, 138.0), Tempo(21 * q, 112.0)), (MetreChange(0, Metre(3, 4)),)), 8,
        (KeyChange(0, Key("B", "minor")),),
        (Section("Theme", 0, 4, 0.4, "A"), Section("Answer", 4, 4, 0.6, "B")),
        tuple(ChordSpan(i * 3 * q, (i + 1) * 3 * q, Chord.parse(s)) for i, s in enumerate(symbols)),
        (
            Track("flute", "Flute", Role.LEAD, "flute", make_notes(line)),
            Track("piano", "Piano", Role.CHORDS, "piano", make_notes(piano)),
            Track("cello", "Cello", Role.BASS, "cello", make_notes(cello)),
            Track("drums", "Brushes", Role.DRUMS, "brush_kit", make_notes(kit)),
        ),
    )  # fmt: skip
