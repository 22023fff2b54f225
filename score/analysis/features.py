"""What a piece is like, in numbers: the features by which music is compared with music.

`extract` measures all of them; `FEATURES` is the one list of their names, kinds and meanings, from which the judges, the
benchmarks and the documentation draw. Distributions sum to 1 (or are all 0 where nothing applies); scalars carry their
unit in the list. Definitions with a source name it. Everything is measured on the notes: where a piece has no chord
symbols, or `own_chords` is False, the chord finder supplies them.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.bars import bar_codes
from ripieno.score.analysis.chord_finding import chord_grid, find_chords, grid_of
from ripieno.score.analysis.reading import GRID, Bools, Floats, Ints, Reading, spread
from ripieno.score.analysis.skyline import Tune, melody


@dataclass(frozen=True, slots=True)
class Feature:
    """Name, kind ('distribution' or 'scalar'), unit or bins, meaning."""

    name: str
    kind: str
    unit: str
    meaning: str


FEATURES: tuple[Feature, ...] = (
    Feature("pitch_class", "distribution", "12 semitones above the tonic", "share of sounding time, all pitched parts"),
    Feature("melodic_interval", "distribution", "25: -12..12 semitones, ends open", "moves of the tune"),
    Feature("duration", "distribution", "8: quarter notes <=1/4, 1/3, 1/2, 2/3, 1, 3/2, 2, more",
            "time from attack to attack in the tune"),
    Feature("onset_place", "distribution", "16 equal parts of the bar", "attacks of all pitched parts"),
    Feature("tune_onset_place", "distribution", "16 equal parts of the bar", "attacks of the tune"),
    Feature("chord_move", "distribution", "12 semitones", "root motion between neighbouring chords, upwards"),
    Feature("chord_degree", "distribution", "12 semitones above the tonic", "roots of the chords, by time"),
    Feature("step_share", "scalar", "0..1", "moves of the tune of 1 or 2 semitones"),
    Feature("leap_share", "scalar", "0..1", "moves of the tune beyond 4 semitones"),
    Feature("repeat_share", "scalar", "0..1", "notes of the tune that repeat the one before"),
    Feature("tune_range", "scalar", "semitones", "5th to 95th percentile of the tune's pitches"),
    Feature("turns", "scalar", "0..1", "moves of the tune that change direction"),
    Feature("arch", "scalar", "-1..1", "mean height of the middle of phrases above their ends, over their range"),
    Feature("tune_density", "scalar", "attacks per quarter note", "in bars where the tune plays"),
    Feature("density", "scalar", "attacks per quarter note", "distinct attacks of all parts together"),
    Feature("syncopation", "scalar", "0..1",
            "attacks of the tune on a weak place that sound on over a stronger one (Longuet-Higgins and Lee 1984, as a share)"),
    Feature("rhythm_entropy", "scalar", "bits", "entropy of the tune's attack-to-attack times"),
    Feature("chord_tone_share", "scalar", "0..1", "notes of the tune on strong beats that belong to the chord"),
    Feature("harmonic_rhythm", "scalar", "changes per bar", "changes of chord"),
    Feature("voice_leading", "scalar", "semitones per chord change",
            "least total motion from each chord's pitch classes to the next (Tymoczko 2006, in pitch-class space)"),
    Feature("groove_consistency", "scalar", "0..1", "likeness of attack patterns of neighbouring bars (cosine)"),
    Feature("self_similarity", "scalar", "0..1", "bars of the tune whose rhythm came before in it"),
    Feature("exact_repeats", "scalar", "0..1", "bars of the whole that came before, note for note"),
    Feature("phrase_length", "scalar", "quarter notes", "median stretch of the tune between rests or long notes"),
    Feature("rest_share", "scalar", "0..1", "time in which the tune rests while something else sounds"),
    Feature("dynamics_mean", "scalar", "velocity", "mean over all notes"),
    Feature("dynamics_spread", "scalar", "velocity", "standard deviation over all notes"),
    Feature("polyphony", "scalar", "notes", "mean number of notes that sound at once"),
    Feature("roughness", "scalar", "0..1", "sounding time in which two pitch classes a semitone apart sound"),
    Feature("in_scale", "scalar", "0..1", "sounding time inside the key's scale"),
)  # fmt: skip
DISTRIBUTIONS = tuple(f.name for f in FEATURES if f.kind == "distribution")
SCALARS = tuple(f.name for f in FEATURES if f.kind == "scalar")
_DURATIONS = np.array([3, 4, 6, 8, 12, 18, 24], dtype=np.int64)  # upper bounds in slots


@dataclass(frozen=True, eq=False)
class Features:
    """Distributions by name (arrays), scalars by name; NaN where a scalar does not apply."""

    distributions: dict[str, Floats]
    scalars: dict[str, float]

    def distance(self, other: "Features", name: str) -> float:
        """Distance of one feature: total variation 0..1 for distributions, absolute difference for scalars."""
        if name in self.distributions:
            return 0.5 * float(np.abs(self.distributions[name] - other.distributions[name]).sum())
        return abs(self.scalars[name] - other.scalars[name])


def extract(reading: Reading, own_chords: bool = True) -> Features:
    """All features of a piece."""
    members, roots = chord_grid(reading) if own_chords else grid_of(reading, find_chords(reading))
    tune = melody(reading)
    tonic = np.zeros(reading.bars, dtype=np.int64)
    for change in reading.piece.keys:
        tonic[change.bar :] = change.key.tonic_pc
    scalars: dict[str, float] = {f: float("nan") for f in SCALARS}
    distributions = {
        "pitch_class": _pitch_classes(reading, tonic),
        "melodic_interval": _intervals(tune),
        "duration": _durations(tune),
        "onset_place": _places(reading, [line.start for line in reading.lines]),
        "tune_onset_place": _places(reading, [tune.start]),
        "chord_move": _moves(roots),
        "chord_degree": _degrees(reading, roots, tonic),
    }
    scalars |= _tune_scalars(reading, tune, members)
    scalars |= _whole_scalars(reading, tonic)
    scalars |= _harmony_scalars(reading, members, roots)
    return Features(distributions, scalars)


def _normal(counts: Floats | Ints) -> Floats:
    total = float(counts.sum())
    return np.asarray(counts / total if total > 0 else counts, dtype=np.float64)


def _pitch_classes(reading: Reading, tonic: Ints) -> Floats:
    table = reading.bar_pitch_classes
    shift = (np.arange(12)[None, :] + tonic[:, None]) % 12
    return _normal(np.take_along_axis(table, shift, axis=1).sum(axis=0))


def _intervals(tune: Tune) -> Floats:
    if len(tune) < 2:
        return np.zeros(25)
    joined = tune.intervals[tune.gaps < 2 * GRID]
    return _normal(np.bincount(np.clip(joined, -12, 12) + 12, minlength=25))


def _durations(tune: Tune) -> Floats:
    if len(tune) < 2:
        return np.zeros(len(_DURATIONS) + 1)
    return _normal(np.bincount(np.searchsorted(_DURATIONS, np.diff(tune.start)), minlength=len(_DURATIONS) + 1))


def _places(reading: Reading, starts: list[Ints]) -> Floats:
    if not starts or not reading.bars:
        return np.zeros(16)
    joined = np.concatenate(starts)
    joined = joined[joined < reading.slots]
    bar = reading.bar_of(joined)
    length = np.diff(reading.bar_slots)[bar]
    return _normal(np.bincount((joined - reading.bar_slots[bar]) * 16 // np.maximum(length, 1), minlength=16)[:16])


def _changes(roots: Ints) -> Ints:
    """The roots in order, without repetition."""
    found = roots[roots >= 0]
    if not len(found):
        return found
    return np.asarray(found[np.concatenate(([True], np.diff(found) != 0))])


def _moves(roots: Ints) -> Floats:
    order = _changes(roots)
    return _normal(np.bincount(np.diff(order) % 12, minlength=12)) if len(order) > 1 else np.zeros(12)


def _degrees(reading: Reading, roots: Ints, tonic: Ints) -> Floats:
    found = np.flatnonzero(roots >= 0)
    if not len(found):
        return np.zeros(12)
    return _normal(np.bincount((roots[found] - tonic[reading.bar_of(found)]) % 12, minlength=12))


def phrases(tune: Tune) -> list[tuple[int, int]]:
    """(first note, note after the last) of each phrase: cut at rests of a quaver and more and after long notes.

    A long note lasts twice the median attack-to-attack time and a quarter note at least (after the boundary rule of
    E. Cambouropoulos, "The local boundary detection model", 2001, reduced to rests and lengths).
    """
    if len(tune) < 2:
        return [(0, len(tune))] if len(tune) else []
    between = np.diff(tune.start)
    typical = float(np.median(between))
    cut = (tune.gaps >= GRID // 2) | (between >= max(2.0 * typical, GRID))
    ends = [*(np.flatnonzero(cut) + 1).tolist(), len(tune)]
    firsts = [0, *ends[:-1]]
    return list(zip(firsts, ends, strict=True))


def _tune_scalars(reading: Reading, tune: Tune, members: Bools) -> dict[str, float]:
    if len(tune) < 4:
        return {}
    steps = tune.intervals
    size = np.abs(steps)
    between = np.diff(tune.start)
    moving = steps[steps != 0]
    counts = np.bincount(np.minimum(between, 96))
    share = counts[counts > 0] / counts.sum()
    parts = phrases(tune)
    lengths = [int(tune.end[end - 1] - tune.start[first]) for first, end in parts if end - first >= 2]
    arches = []
    for first, end in parts:
        pitch = tune.pitch[first:end]
        span = int(pitch.max() - pitch.min())
        if len(pitch) >= 4 and span > 0:
            third = len(pitch) // 3
            sides = (float(pitch[:third].mean()) + float(pitch[-third:].mean())) / 2
            arches.append((float(pitch[third:-third].mean()) - sides) / span)
    inside = tune.start < reading.slots
    strong = inside & (tune.weight >= 0.75)
    place = np.clip(tune.start, 0, max(0, reading.slots - 1))
    codes = bar_codes(reading, reading.lead).rhythm if reading.lead is not None else np.zeros(0, dtype=np.uint64)
    played = codes[codes != 0]
    bars_played = np.unique(tune.bar)
    slots = int(np.diff(reading.bar_slots)[bars_played].sum())
    low, high = np.percentile(tune.pitch, [5, 95])
    return {
        "step_share": float(np.mean((size >= 1) & (size <= 2))),
        "leap_share": float(np.mean(size > 4)),
        "repeat_share": float(np.mean(size == 0)),
        "tune_range": float(high - low),
        "turns": float(np.mean(np.sign(moving[1:]) != np.sign(moving[:-1]))) if len(moving) > 1 else 0.0,
        "arch": float(np.mean(arches)) if arches else float("nan"),
        "tune_density": len(tune) * GRID / max(1, slots),
        "syncopation": syncopation(reading, tune),
        "rhythm_entropy": float(-(share * np.log2(share)).sum()),
        "chord_tone_share": float(np.mean(members[place, tune.pitch % 12][strong])) if strong.any() else float("nan"),
        "self_similarity": 1.0 - len(np.unique(played)) / len(played) if len(played) else float("nan"),
        "phrase_length": float(np.median(lengths)) / GRID if lengths else float("nan"),
        "rest_share": _rest_share(reading, tune),
    }


def syncopation(reading: Reading, tune: Tune) -> float:
    """Share of attacks that lie on a weaker place than one that they sound on over, or rest over until the next attack."""
    if not reading.slots or len(tune) < 2:
        return 0.0
    until = np.minimum(tune.start[1:], reading.slots)
    start = tune.start[:-1]
    keep = start < until
    until = np.minimum(until, start + 4 * GRID)
    index, place = spread(start[keep] + 1, until[keep], reading.slots)
    if not len(index):
        return 0.0
    heaviest = np.zeros(int(keep.sum()))
    np.maximum.at(heaviest, index, reading.slot_weight[place])
    own = reading.slot_weight[np.minimum(start[keep], reading.slots - 1)]
    return float(np.mean((heaviest > own) & (own < 0.5)))


def _rest_share(reading: Reading, tune: Tune) -> float:
    playing = np.zeros(reading.slots + 1, dtype=np.int64)
    playing += np.bincount(np.clip(tune.start, 0, reading.slots), minlength=reading.slots + 1)
    playing -= np.bincount(np.clip(tune.end, 0, reading.slots), minlength=reading.slots + 1)
    sung = playing.cumsum()[:-1] > 0
    heard = reading.bass >= 0
    return float(1.0 - np.mean(sung[heard])) if heard.any() else float("nan")


def _whole_scalars(reading: Reading, tonic: Ints) -> dict[str, float]:
    if not reading.all_lines or not reading.slots:
        return {}
    velocity = np.concatenate([line.velocity for line in reading.all_lines])
    starts = np.unique(np.concatenate([line.start for line in reading.all_lines]))
    starts = starts[starts < reading.slots]
    sounding = reading.pitch_classes.sum(axis=1)
    sounding_classes = reading.pitch_classes > 0
    pattern = np.zeros((reading.bars, 16))
    joined = np.concatenate([line.start for line in reading.all_lines])
    joined = joined[joined < reading.slots]
    bar = reading.bar_of(joined)
    place = (joined - reading.bar_slots[bar]) * 16 // np.maximum(np.diff(reading.bar_slots)[bar], 1)
    np.add.at(pattern, (bar, np.minimum(place, 15)), 1.0)
    norm = np.sqrt((pattern**2).sum(axis=1))
    both = (norm[1:] > 0) & (norm[:-1] > 0)
    cosine = (pattern[1:] * pattern[:-1]).sum(axis=1) / np.maximum(norm[1:] * norm[:-1], 1e-9)
    codes = np.stack([bar_codes(reading, line).exact for line in reading.all_lines])
    filled = (codes != 0).any(axis=0)
    with np.errstate(over="ignore"):
        mixed = (codes * (2 * np.arange(1, len(codes) + 1, dtype=np.uint64)[:, None] + np.uint64(1))).sum(axis=0)[filled]
    scale = np.zeros((reading.bars, 12), dtype=np.bool_)
    for change in reading.piece.keys:
        scale[change.bar :] = False
        scale[change.bar :, list(change.key.scale)] = True
    table = reading.bar_pitch_classes
    total = float(table.sum())
    return {
        "density": len(starts) * GRID / reading.slots,
        "groove_consistency": float(np.mean(cosine[both])) if both.any() else float("nan"),
        "exact_repeats": 1.0 - len(np.unique(mixed)) / len(mixed) if len(mixed) else float("nan"),
        "dynamics_mean": float(velocity.mean()),
        "dynamics_spread": float(velocity.std()),
        "roughness": float(_rough(sounding_classes)[sounding > 0].mean()) if (sounding > 0).any() else float("nan"),
        "polyphony": float(sounding[sounding > 0].mean()) if (sounding > 0).any() else float("nan"),
        "in_scale": float((table * scale).sum()) / total if total else float("nan"),
    }


def _rough(classes: Bools) -> Bools:
    """For each slot, whether two neighbours of the chromatic circle sound."""
    return np.asarray((classes & np.roll(classes, 1, axis=1)).any(axis=1), dtype=np.bool_)


def _harmony_scalars(reading: Reading, members: Bools, roots: Ints) -> dict[str, float]:
    if not reading.bars or not (roots >= 0).any():
        return {}
    packed = members @ (1 << np.arange(12))
    found = packed[packed > 0]
    order = found[np.concatenate(([True], np.diff(found) != 0))]
    pairs = list(zip(order[:-1].tolist(), order[1:].tolist(), strict=True))
    motion = [chord_distance(a, b) for a, b in pairs]
    return {
        "harmonic_rhythm": len(pairs) / reading.bars,
        "voice_leading": float(np.mean(motion)) if motion else float("nan"),
    }


@lru_cache(maxsize=1 << 16)
def chord_distance(a: int, b: int) -> float:
    """Least total motion in semitones between two pitch-class sets, given as 12-bit masks: each tone goes to the nearest.

    Deviation from the source: tones are matched to their nearest neighbour in both directions and the larger total counts,
    so sets of different size need no padding.
    """
    one = np.array([i for i in range(12) if a >> i & 1])
    two = np.array([i for i in range(12) if b >> i & 1])
    gap = np.abs(one[:, None] - two[None, :])
    gap = np.minimum(gap, 12 - gap)
    return float(max(gap.min(axis=1).sum(), gap.min(axis=0).sum()))
