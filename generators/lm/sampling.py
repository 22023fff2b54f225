"""How the next token is chosen from its scores: mask, temperature, top-p, min-p."""

from dataclasses import dataclass

import numpy as np

from ripieno.generators.lm.grammar import Mask
from ripieno.generators.lm.weights import Floats
from ripieno.score.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Sampling:
    """How daring to be.

    Attributes:
        temperature: 0 takes the most likely token, 1 the model's own chances; up to 2.
        top_p: only the most likely tokens that together reach this chance; above 0, up to 1.
        min_p: only tokens at least so likely as this share of the likeliest; 0 to 1.
        same_bars: bars of a track that may be alike in a row before a further one becomes unlikely; 0 for no limit.
        dislike: by how much (nats a token) a further like bar becomes less likely.
        chord_pull: by how much (nats) pitches outside the chord asked for become less likely on a beat, and half of that
            between beats.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    min_p: float = 0.02
    same_bars: int = 0
    dislike: float = 2.0
    chord_pull: float = 1.0

    def __post_init__(self) -> None:
        for rule, holds, value in (
            ("Temperature lies between 0 and 2", 0.0 <= self.temperature <= 2.0, self.temperature),
            ("top_p lies above 0, up to 1", 0.0 < self.top_p <= 1.0, self.top_p),
            ("min_p lies between 0 and 1", 0.0 <= self.min_p <= 1.0, self.min_p),
            ("same_bars and dislike are not negative", self.same_bars >= 0 and self.dislike >= 0.0, self.same_bars),
            ("chord_pull is not negative", self.chord_pull >= 0.0, self.chord_pull),
        ):
            if not holds:
                raise BadRequest(rule, value=value, cure="leave it out for the usual value")


def choose(scores: Floats, mask: Mask, sampling: Sampling, rng: np.random.Generator) -> int:
    """One of the tokens that the mask allows; scores (vocabulary,) are in nats.

    One number of `rng` is used, whatever the scores are, so that equal streams stay in step.
    """
    drawn = float(rng.random())
    ids = np.flatnonzero(mask)
    values = scores[ids].astype(np.float64)
    if sampling.temperature < 1e-6:
        return int(ids[int(values.argmax())])
    chances = np.exp((values - values.max()) / sampling.temperature)
    chances /= chances.sum()
    order = np.argsort(-chances, kind="stable")
    sorted_ = chances[order]
    before = np.cumsum(sorted_) - sorted_
    kept = (before < sampling.top_p) & (sorted_ >= sampling.min_p * sorted_[0])
    sorted_ = np.where(kept, sorted_, 0.0)
    return int(ids[order[min(int(np.searchsorted(np.cumsum(sorted_), drawn * sorted_.sum(), side="right")), len(ids) - 1)]])
