"""Notes grouped into strokes: what hands strike together, with its place in the bar. Works on performances too."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ripieno.score.piece import Notes
from ripieno.score.time import PPQ, Metre, Timeline

TOGETHER = PPQ // 12  # ticks within which notes count as struck at once: a strum, a rolled chord
GRID = PPQ // 4


@dataclass(frozen=True, slots=True)
class Struck:
    """Notes `first` up to `end` of an array, struck at `tick`; `weight` 0..1 is the metrical weight of the nearest semiquaver.

    `bar` is the bar of that semiquaver, so an anticipated downbeat belongs to the bar that it opens; `place` its offset there.
    """

    first: int
    end: int
    tick: int
    bar: int
    place: int
    weight: float


def strokes(notes: Notes, timeline: Timeline) -> list[Struck]:
    """The strokes of notes in order of time."""
    found: list[Struck] = []
    starts = notes["start"].tolist()
    i = 0
    while i < len(starts):
        j = i + 1
        while j < len(starts) and starts[j] - starts[i] <= TOGETHER:
            j += 1
        bar, offset = timeline.position(starts[i] + GRID // 2)
        place = offset // GRID * GRID
        found.append(Struck(i, j, starts[i], bar, place, weight_at(timeline.metre_at(bar), place)))
        i = j
    return found


@lru_cache(maxsize=4096)
def weight_at(metre: Metre, place: int) -> float:
    """`Metre.weight` in the house's ticks, remembered."""
    return metre.weight(place, PPQ)


def shares(amount: float, count: int) -> int:
    """How many of `count` an amount 0..1 takes: none at 0, all at 1, at least one in between where there is one."""
    return 0 if amount <= 0 or not count else max(1, round(amount * count))


def room_until(strokes_: Sequence[Struck], end: int) -> list[int]:
    """Ticks from each stroke to the next, the last up to `end`."""
    ticks = [s.tick for s in strokes_] + [max(end, strokes_[-1].tick + 1)] if strokes_ else []
    return [b - a for a, b in pairwise(ticks)]



def ternary(notes: Notes) -> bool:
    """Whether beats are rather divided into three than into two or four: swing, shuffles, triplets."""
    inside = notes["start"] % PPQ
    three = (abs(inside - PPQ // 3) < PPQ // 18) | (abs(inside - 2 * PPQ // 3) < PPQ // 18)
    two = (abs(inside - PPQ // 4) < PPQ // 18) | (abs(inside - PPQ // 2) < PPQ // 18) | (abs(inside - 3 * PPQ // 4) < PPQ // 18)
    return bool(three.sum() > two.sum())
