"""A piece as the model sees it: on a grid, in the home key, in small integers. Between pieces and tokens, in both directions.

`sheet_of` makes it and says by how much notes moved; `ticks_of` goes back. What the grid cannot hold (lengths between
`DURATIONS`, loudness finer than `VELOCITY_STEP`, how long a drum rings, two notes of one pitch at once) is settled there, so
that a sheet and its tokens hold exactly the same.
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ripieno.generators.lm.vocabulary import (
    DRUM_HIGH,
    DRUM_LOW,
    DURATIONS,
    ENERGY,
    METRES,
    PHRASE,
    QUALITIES,
    ROLES,
    SECTION,
    SLOTS,
    STYLES,
    VELOCITY_STEP,
    duration_index,
    group_of,
)
from ripieno.score.chords import QUALITIES as ALL_QUALITIES
from ripieno.score.chords import Chord
from ripieno.score.keys import Key
from ripieno.score.piece import Notes, Piece, Track, make_notes
from ripieno.score.time import Timeline

# place and duration in slots, pitch as sounding in the piece's own key (percussion: the key), level = velocity // step
ROW_DTYPE = np.dtype([("bar", "<i2"), ("place", "<i2"), ("pitch", "<i2"), ("duration", "<i2"), ("level", "<i2")])
Rows = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]
UNKNOWN_METRE = -1
DRUM_LENGTH = 6  # slots that a stroke of percussion is given on the way back


@dataclass(frozen=True, eq=False)
class Part:
    """One track on the grid. `rows` are sorted by (bar, place, pitch), without two alike."""

    id: str
    group: int
    role: int
    drum: bool
    rows: Rows


@dataclass(frozen=True, eq=False)
class Sheet:
    """A piece on the grid; arrays have one entry for a bar.

    Attributes:
        style: index in `STYLES`.
        minor: 1 where the home key is A minor instead of C major.
        shift: semitones that the key in force lies above the home key, -6..5.
        tempo: quarter notes a minute.
        metre: index in `METRES`, or `UNKNOWN_METRE`.
        slots: length of the bar.
        section, phrase, energy: values of the ranges of that name.
        chords: shape (bars, 2): values of CHORD, as sounding (root 0 is C), for each half of the bar.
        parts: the tracks.
    """

    style: int
    minor: Ints
    shift: Ints
    tempo: float
    metre: Ints
    slots: Ints
    section: Ints
    phrase: Ints
    energy: Ints
    chords: Ints
    parts: tuple[Part, ...]

    @property
    def bars(self) -> int:
        """Number of bars."""
        return len(self.metre)

    @property
    def starts(self) -> Ints:
        """First slot of each bar and the slot after the last; shape (bars + 1,)."""
        return np.concatenate(([0], np.cumsum(self.slots)))


@dataclass(frozen=True, slots=True)
class Loss:
    """What a sheet lost of a piece's notes, counted: `moved` farther than 1/96 note, `dropped`, `length` changed by a tenth."""

    notes: int
    moved: int
    dropped: int
    length: int


def sheet_of(piece: Piece, style: str = "any") -> tuple[Sheet, Loss]:
    """A piece on the grid, and what that lost. Tempo, key and metre are the piece's own; chords and sections too."""
    line = piece.timeline
    metres = [line.metre_at(b) for b in range(piece.bars)]
    metre = np.array([METRES.index((m.numerator, m.denominator)) if (m.numerator, m.denominator) in METRES
                      else UNKNOWN_METRE for m in metres], dtype=np.int64)  # fmt: skip
    slots = np.array([m.numerator * SLOTS * 4 // m.denominator for m in metres], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(slots)))
    keys = [home_shift(piece.key_at(b)) for b in range(piece.bars)]
    shift, minor = np.array(keys, dtype=np.int64).reshape(-1, 2).T
    section, phrase, energy = _form(piece)
    parts, losses = [], []
    for track in piece.tracks:
        rows, loss = _rows(track, starts, line.ppq)
        losses.append(loss)
        group = group_of(track.instrument, track.midi_program)
        parts.append(Part(track.id, group, ROLES.index(track.role), track.is_drum, rows))
    sheet = Sheet(STYLES.index(style), minor, shift, line.tempos[0].bpm, metre, slots, section, phrase, energy,
                  _chords(piece, starts), tuple(parts))  # fmt: skip
    return sheet, Loss(*(sum(getattr(x, f.name) for x in losses) for f in fields(Loss)))


def home_shift(key: Key) -> tuple[int, bool]:
    """(semitones above the home key -6..5, whether it is minor)."""
    home = 9 if key.is_minor else 0
    return (key.tonic_pc - home + 6) % 12 - 6, key.is_minor


def _form(piece: Piece) -> tuple[Ints, Ints, Ints]:
    section = np.zeros(piece.bars, dtype=np.int64)
    phrase, energy = np.arange(piece.bars, dtype=np.int64) % PHRASE.size, section.copy()
    letters = list(dict.fromkeys(s.label or s.name for s in piece.sections))
    for s in piece.sections:
        span = slice(s.first_bar, min(s.end_bar, piece.bars))
        section[span] = 1 + letters.index(s.label or s.name) % (SECTION.size - 1)
        phrase[span] = np.arange(span.stop - span.start) % PHRASE.size
        energy[span] = 1 + min(int(s.energy * (ENERGY.size - 1)), ENERGY.size - 2)
    return section, phrase, energy


def _rows(track: Track, starts: Ints, ppq: int) -> tuple[Rows, Loss]:
    notes = track.notes
    count = len(notes)
    if not count:
        return np.zeros(0, dtype=ROW_DTYPE), Loss(0, 0, 0, 0)
    exact = notes["start"].astype(np.float64) * SLOTS / ppq
    start = np.rint(exact).astype(np.int64)
    bar = np.searchsorted(starts, start, side="right") - 1
    wanted = np.maximum(1, np.rint(notes["duration"].astype(np.float64) * SLOTS / ppq)).astype(np.int64)
    keep = (start >= 0) & (start < starts[-1])
    pitch = notes["pitch"].astype(np.int64)
    if track.is_drum:
        keep &= (pitch >= DRUM_LOW) & (pitch <= DRUM_HIGH)
    order = np.lexsort((-wanted, pitch, start))
    order = order[keep[order]]
    twin = np.zeros(len(order), dtype=np.bool_)
    twin[1:] = (start[order][1:] == start[order][:-1]) & (pitch[order][1:] == pitch[order][:-1])
    order = order[~twin]
    rows = np.zeros(len(order), dtype=ROW_DTYPE)
    rows["bar"], rows["place"] = bar[order], start[order] - starts[bar[order]]
    rows["pitch"], rows["level"] = pitch[order], notes["velocity"][order] // VELOCITY_STEP
    lengths = _until_again(start[order], pitch[order], wanted[order])
    rows["duration"] = DRUM_LENGTH if track.is_drum else [DURATIONS[duration_index(d)] for d in lengths.tolist()]
    if not track.is_drum:
        rows["duration"] = _shortened(start[order], pitch[order], rows["duration"].astype(np.int64))
    true = notes["duration"][order].astype(np.float64) * SLOTS / ppq
    changed = 0 if track.is_drum else int((np.abs(rows["duration"] - true) > 0.1 * true + 1e-9).sum())
    moved = int((np.abs(exact - start)[order] > 0.25 + 1e-9).sum())
    return rows, Loss(count, moved, count - len(order), changed)


def _until_again(start: Ints, pitch: Ints, length: Ints) -> Ints:
    """Lengths cut where the same pitch begins again."""
    order = np.lexsort((start, pitch))
    out = length.copy()
    a, b = order[:-1], order[1:]
    same = pitch[a] == pitch[b]
    out[a[same]] = np.minimum(length[a[same]], start[b[same]] - start[a[same]])
    return out


def _shortened(start: Ints, pitch: Ints, length: Ints) -> Ints:
    """Lengths that rounding to `DURATIONS` pushed into the next note of their pitch, as the longest that fits."""
    fits = _until_again(start, pitch, length)
    table = np.array(DURATIONS)
    return np.where(fits < length, table[np.searchsorted(table, fits, side="right") - 1], length)


def chord_value(chord: Chord) -> int:
    """The value of CHORD for a chord as sounding: the known quality that shares most with it."""
    own = {i % 12 for i in chord.intervals}
    best = max(range(len(QUALITIES)), key=lambda q: (len(own & set(ALL_QUALITIES[QUALITIES[q]]))
               - 0.6 * len(set(ALL_QUALITIES[QUALITIES[q]]) - own), -q))  # fmt: skip
    return 1 + chord.root_pc * len(QUALITIES) + best


def _chords(piece: Piece, starts: Ints) -> Ints:
    """The chord that lasts longest in each half of each bar."""
    out = np.zeros((piece.bars, 2), dtype=np.int64)
    edges = np.sort(np.concatenate((starts[:-1], (starts[:-1] + starts[1:]) // 2, starts[-1:])))
    longest = np.zeros(len(edges) - 1)
    for span in piece.chords:
        a, b = (t * SLOTS / piece.timeline.ppq for t in (span.start, span.end))
        value = chord_value(span.chord)
        first = max(int(np.searchsorted(edges, a, side="right")) - 1, 0)
        for half in range(first, len(longest)):
            if edges[half] >= b:
                break
            shared = min(b, float(edges[half + 1])) - max(a, float(edges[half]))
            if shared > longest[half]:
                longest[half] = shared
                out[half // 2, half % 2] = value
    return out


def moved_chord(value: int, semitones: int) -> int:
    """A value of CHORD with its root moved."""
    if not value:
        return 0
    root, quality = divmod(value - 1, len(QUALITIES))
    return 1 + (root + semitones) % 12 * len(QUALITIES) + quality


def ticks_of(rows: Rows, timeline: Timeline, drum: bool, end: int) -> Notes:
    """Rows as notes in ticks, up to tick `end`, each at most up to the next of its pitch.

    A level stands for the middle of its velocities.
    """
    bars = sorted(set(rows["bar"].tolist()))
    lines = {b: timeline.bar_start(b) for b in bars}
    step = timeline.ppq / SLOTS
    out = []
    for bar, place, pitch, duration, level in rows.tolist():
        start = lines[bar] + round(place * step)
        length = max(1, round(place * step + (DRUM_LENGTH if drum else duration) * step) - round(place * step))
        if start < end:
            velocity = min(127, max(1, level * VELOCITY_STEP + VELOCITY_STEP // 2))
            out.append((start, min(length, end - start), pitch, velocity))
    notes = make_notes(out).copy()
    notes["duration"] = _until_again(notes["start"].astype(np.int64), notes["pitch"].astype(np.int64), notes["duration"])
    return make_notes(notes)
