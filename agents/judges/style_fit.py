"""The judge of style: how near a candidate's features lie to those of real music of its kind."""

import math
from collections.abc import Sequence

import numpy as np

from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.agents.judges.statistics import Kind, kind_of, kinds
from ripieno.score.analysis.features import Features, extract
from ripieno.score.analysis.reading import read
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece

# What each feature says in words, when it lies far off: (too little, too much) for scalars, one phrase for distributions.
SCALAR_WORDS = {
    "step_share": ("too few steps in the tune", "hardly anything but steps in the tune"),
    "leap_share": ("too few leaps in the tune", "too many leaps in the tune"),
    "repeat_share": ("too few repeated notes in the tune", "too many repeated notes in the tune"),
    "tune_range": ("a narrow tune", "a very wide tune"),
    "turns": ("a tune that runs on in one direction", "a tune that turns back all the time"),
    "arch": ("phrases that sag", "phrases all of one arch"),
    "tune_density": ("a sparse tune", "a crowded tune"),
    "density": ("a thin texture", "a restless texture"),
    "syncopation": ("a square rhythm", "a rhythm that hardly ever meets the beat"),
    "rhythm_entropy": ("a monotonous rhythm", "a rhythm without a pattern"),
    "chord_tone_share": ("too many foreign notes on strong beats", "a tune of chord notes only"),
    "harmonic_rhythm": ("harmony that hardly moves", "harmony that changes too often"),
    "voice_leading": ("chords that hardly differ", "chords that jump"),
    "groove_consistency": ("a rhythm that changes in every bar", "the same rhythm in every bar"),
    "self_similarity": ("a tune that never takes up its motifs", "a tune of one motif"),
    "exact_repeats": ("no bar that returns", "too many bars repeated note for note"),
    "phrase_length": ("short-breathed phrases", "phrases without end"),
    "rest_share": ("a tune that never rests", "a tune that rests too much"),
    "polyphony": ("a thin sound", "a thick sound"),
    "roughness": ("harmony without any edge", "many semitones rubbing"),
    "in_scale": ("many notes outside the key", "no note outside the key"),
    "dynamics_spread": ("flat dynamics", "uneven dynamics"),
}
DISTRIBUTION_WORDS = {
    "pitch_class": "its choice of notes in the key",
    "melodic_interval": "the moves of its tune",
    "duration": "the note values of its tune",
    "onset_place": "where in the bar it plays",
    "tune_onset_place": "where in the bar its tune moves",
    "chord_move": "how its chords follow each other",
    "chord_degree": "which chords it uses",
}
EDGE = 0.85  # fit at the quartiles
# Without real music of the style's own kind only what all music shares is judged: the tune, and how notes sound together.
SHARED = ("step_share", "leap_share", "tune_range", "turns", "self_similarity", "phrase_length", "rhythm_entropy",
          "chord_tone_share", "roughness")  # fmt: skip


class StyleFitJudge:
    """Scores the mean fit of a candidate's features: high inside the middle half of real pieces, falling outside."""

    name = "style"
    weight = 0.8

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        kind = kind_of(brief.style.value) if brief.style is not None else None
        scores: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for candidate in candidates:
            features = extract(read(candidate.piece))
            scores[candidate.id], reasons[candidate.id] = fit(features, kind) if kind else general_fit(features)
        return ballot(self, scores, reasons)


def fit(features: Features, kind: Kind) -> tuple[float, str]:
    """(score 0..1, reason) of features against a kind."""
    fits: dict[str, float] = {}
    away: dict[str, str] = {}
    for name, quantiles in kind.scalars.items():
        value = features.scalars.get(name, math.nan)
        if name in SCALAR_WORDS and not math.isnan(value):
            fits[name] = scalar_fit(value, quantiles)
            away[name] = SCALAR_WORDS[name][value > quantiles[2]]
    for name, mean in kind.means.items():
        own = features.distributions.get(name)
        if own is not None and own.sum() > 0:
            distance = 0.5 * float(np.abs(own - mean).sum())
            fits[name] = distance_fit(distance, kind.distances[name])
            away[name] = f"{DISTRIBUTION_WORDS[name]} is unusual"
    return _summary(fits, away, f"{kind.pieces} real pieces ({kind.name})")


def general_fit(features: Features) -> tuple[float, str]:
    """(score 0..1, reason) where no real music of the style's kind is known: a tune like a tune of any kind."""
    fits: dict[str, float] = {}
    away: dict[str, str] = {}
    for name in SHARED:
        value = features.scalars.get(name, math.nan)
        if math.isnan(value):
            continue
        rows = [(scalar_fit(value, kind.scalars[name]), kind) for kind in kinds().values() if name in kind.scalars]
        best, kind = max(rows, key=lambda row: row[0])
        fits[name] = best
        away[name] = SCALAR_WORDS[name][value > kind.scalars[name][2]]
    return _summary(fits, away, "real tunes of any kind")


def _summary(fits: dict[str, float], away: dict[str, str], what: str) -> tuple[float, str]:
    if not fits:
        return 0.5, "too little music to compare"
    score = sum(fits.values()) / len(fits)
    far = sorted((name for name in fits if fits[name] < 0.35), key=lambda name: fits[name])[:2]
    if far:
        return score, f"{score:.0%} like {what}; far off: " + ", ".join(away[name] for name in far)
    return score, f"{score:.0%} like {what}"


def scalar_fit(value: float, quantiles: tuple[float, float, float, float, float]) -> float:
    """1 at the median, `EDGE` at the quartiles, half of that at the 5 and 95 % quantiles, and so on by halves beyond."""
    least, low, middle, high, most = quantiles
    if low <= value <= high:
        side = low if value < middle else high
        return 1.0 if side == middle else 1.0 - (1.0 - EDGE) * (value - middle) / (side - middle)
    step = max(low - least, 1e-3) if value < low else max(most - high, 1e-3)
    beyond = (low - value if value < low else value - high) / step
    return float(EDGE * 0.5**beyond)


def distance_fit(distance: float, quantiles: tuple[float, float]) -> float:
    """1 up to the median distance of real pieces, 1/2 at their 90 % quantile, falling by half for every such step beyond."""
    middle, far = quantiles
    return 1.0 if distance <= middle else float(0.5 ** ((distance - middle) / max(far - middle, 1e-3)))
