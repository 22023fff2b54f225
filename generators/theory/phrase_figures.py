"""Which figure the rhythm section plays in which bar of a section: players change it with the phrase.

A phrase that brings another idea may bring another figure, a long phrase may turn to it half-way, and the bars that end a
phrase have figures of their own: the bass walks into the close, the chords leave room or answer the tune. Phrases with
one idea are accompanied alike, so that what returns is heard to return.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ripieno.generators.theory.types import Phrase, SectionPlan

LONG = 8  # bars of a phrase that may turn to another figure half-way
CLOSE, APPROACH = "close", "approach"
# How much of a style's readiness to change a new phrase takes: another idea, the same idea varied, the second half of one.
OTHER, VARIED, HALF_WAY = 1.0, 0.45, 0.5
OPEN_ENDED = frozenset({"open"})


class BarFigure(NamedTuple):
    """`figure`: 0 the section's usual one, 1 the other one. `place`: 'close' ends a phrase, 'approach' is the bar before."""

    figure: int
    place: str


def bar_figures(
    plan: SectionPlan, change: float, closes: float, rng_of: Callable[[str], np.random.Generator]
) -> tuple[BarFigure, ...]:
    """A figure for each bar of a section.

    Args:
        change: how readily players take another figure with another phrase, 0..1.
        closes: how readily they play a closing figure where a phrase ends, 0..1.
        rng_of: a random stream for an idea, the same wherever the idea is.
    """
    out: list[BarFigure] = []
    for phrase in plan.phrases:
        draws = rng_of(phrase.idea).random(3)
        first = int(draws[0] < change * _readiness(phrase))
        second = int(phrase.bars >= LONG and draws[1] < change * HALF_WAY) ^ first
        closing = phrase.bars >= 3 and phrase.cadence not in OPEN_ENDED and draws[2] < closes
        for i in range(phrase.bars):
            left = phrase.bars - 1 - i
            place = {0: CLOSE, 1: APPROACH}.get(left, "") if closing else ""
            out.append(BarFigure(first if 2 * i < phrase.bars else second, place))
    return tuple(out)


def _readiness(phrase: Phrase) -> float:
    """How much a phrase asks for another figure: the section's first idea does not."""
    idea = phrase.idea.rpartition(".")[2]
    if not idea.startswith("a"):
        return OTHER
    return VARIED if idea.endswith("'") and not idea.endswith("''") else 0.0
