"""How alike two pieces are: melody, progression, groove, form; whatever their keys and tempi.

A `Fingerprint` holds what the comparison needs and is small enough to keep for every piece ever made. Melodies and
progressions are compared as sets of short runs (n-grams of intervals and time ratios; after S. Downie, "Evaluating a
simple approach to music information retrieval", 1999) by the share of runs in common (Jaccard), so that neither
transposition, tempo nor the place in the piece matters.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.bars import Codes, mix
from ripieno.score.analysis.chord_finding import chord_grid
from ripieno.score.analysis.reading import Floats, Ints, Reading
from ripieno.score.analysis.skyline import Tune, melody

RUN = 3  # moves in a run of the melody: five notes with their rhythm
CHORD_RUN = 3  # moves in a run of the progression
PLACES = 16  # parts of a bar in a groove
FORM_POINTS = 48
# General MIDI drum keys by what they do in a groove: deep, backbeat, cymbals, the rest.
_DEEP, _BACKBEAT, _CYMBALS = (35, 36, 41, 43), (37, 38, 39, 40), (42, 44, 46, 49, 51, 52, 53, 55, 57, 59)
# What the four counts for in the whole: the tune is what people recognise.
WEIGHTS = {"melody": 0.5, "progression": 0.2, "groove": 0.15, "form": 0.15}


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A piece's melody runs and chord runs (ascending codes), its groove (5 x 16 attacks a bar, unit length), its form."""

    melody: Codes
    progression: Codes
    groove: Floats
    form: Ints
    bars: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two pieces are, 0 (nothing in common) to 1 (the same), by aspect and as a whole."""

    melody: float
    progression: float
    groove: float
    form: float

    @property
    def whole(self) -> float:
        """The aspects weighted by `WEIGHTS`."""
        return sum(weight * float(getattr(self, name)) for name, weight in WEIGHTS.items())


def windows(values: Ints, width: int) -> Ints:
    """All stretches of `width` neighbours; shape (len - width + 1, width)."""
    if len(values) < width:
        return np.zeros((0, width), dtype=np.int64)
    return np.lib.stride_tricks.sliding_window_view(values, width)


def tune_symbols(tune: Tune) -> Ints:
    """Each move of a tune as one integer: interval (-24..24, clipped) and the ratio of neighbouring durations in 5 classes."""
    if len(tune) < 3:
        return np.zeros(0, dtype=np.int64)
    between = np.maximum(np.diff(tune.start), 1).astype(np.float64)
    ratio = np.log2(between[1:] / between[:-1])
    classes = np.digitize(ratio, [-1.25, -0.3, 0.3, 1.25])
    return np.asarray((np.clip(tune.intervals[1:], -24, 24) + 24) * 5 + classes, dtype=np.int64)


def run_codes(symbols: Ints, width: int) -> Codes:
    """A code for each run of `width` symbols, in order of time."""
    rows = windows(symbols, width)
    code = np.zeros(len(rows), dtype=np.int64)
    for k in range(width):
        code = code * 251 + rows[:, k] + 1
    return mix(code)


@lru_cache(maxsize=256)
def fingerprint(reading: Reading) -> Fingerprint:
    """The fingerprint of a piece."""
    return Fingerprint(
        np.unique(run_codes(tune_symbols(melody(reading)), RUN)),
        _progression(reading),
        _groove(reading),
        _form(reading),
        reading.bars,
    )


def _progression(reading: Reading) -> Codes:
    members, roots = chord_grid(reading)
    place = reading.beats
    root, found = roots[place], roots[place] >= 0
    third = members[place, (root + 3) % 12] & ~members[place, (root + 4) % 12]
    symbol = (root * 2 + third)[found]
    if len(symbol) < 2:
        return np.zeros(0, dtype=np.uint64)
    symbol = symbol[np.concatenate(([True], np.diff(symbol) != 0))]
    move = (np.diff(symbol // 2) % 12) * 4 + (symbol[:-1] % 2) * 2 + symbol[1:] % 2
    return np.unique(run_codes(move, CHORD_RUN))


def _groove(reading: Reading) -> Floats:
    rows = np.zeros((5, PLACES))
    if not reading.bars:
        return rows
    for line in reading.all_lines:
        start = line.start[line.start < reading.slots]
        bar = reading.bar_of(start)
        place = (start - reading.bar_slots[bar]) * PLACES // np.maximum(np.diff(reading.bar_slots)[bar], 1)
        kind = np.full(len(start), 4)
        if line.track.is_drum:
            pitch = line.pitch[: len(start)]
            kind = np.select([np.isin(pitch, _DEEP), np.isin(pitch, _BACKBEAT), np.isin(pitch, _CYMBALS)], [0, 1, 2], 3)
        np.add.at(rows, (kind, np.minimum(place, PLACES - 1)), 1.0)
    for row in rows:
        size = float(np.sqrt((row**2).sum()))
        if size:
            row /= size
    return rows


def _form(reading: Reading) -> Ints:
    """The label in force at equally spaced places, as the order in which labels first come."""
    sections = reading.piece.sections
    if not sections:
        return np.zeros(FORM_POINTS, dtype=np.int64)
    order: dict[str, int] = {}
    labels = np.array([order.setdefault(s.label or s.name, len(order)) for s in sections], dtype=np.int64)
    places = (np.arange(FORM_POINTS) + 0.5) * reading.bars / FORM_POINTS
    firsts = np.array([s.first_bar for s in sections])
    return labels[np.clip(np.searchsorted(firsts, places, side="right") - 1, 0, None)]


def likeness(a: Fingerprint, b: Fingerprint) -> Likeness:
    """How alike two pieces are; symmetric, 1 for a piece and itself."""
    used = (a.groove.any(axis=1)) | (b.groove.any(axis=1))
    groove = float((a.groove * b.groove).sum(axis=1)[used].mean()) if used.any() else 1.0
    length = min(a.bars, b.bars) / max(1, a.bars, b.bars)
    return Likeness(
        shared(a.melody, b.melody), shared(a.progression, b.progression), groove,
        float(np.mean(a.form == b.form)) * length,
    )  # fmt: skip


def shared(a: Codes, b: Codes) -> float:
    """Share of the codes of both that both have (Jaccard); 0 where one has none, 1 where neither has."""
    if not len(a) and not len(b):
        return 1.0
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / (len(a) + len(b) - both)
