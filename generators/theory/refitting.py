"""A bar of one metre fitted to another: where each beat goes, so that a tune keeps its beats and gains the other lilt."""

from dataclasses import dataclass

import numpy as np

from ripieno.score.time import PPQ, Metre


@dataclass(frozen=True, slots=True)
class BarMap:
    """`bars` new bars for each old one; offsets of the old bar (`old`, ticks) go to places in them (`new`), lines between."""

    bars: int
    old: tuple[int, ...]
    new: tuple[int, ...]

    def place(self, offset: float) -> float:
        """Where an offset goes, in ticks from the start of the new bars."""
        return float(np.interp(offset, self.old, self.new))


def bar_map(was: Metre, now: Metre) -> BarMap:
    """How bars of one metre become bars of another.

    Two beats of common time become a bar of three (long, short), so a bar gives two; a bar of three becomes common time by a
    longer first beat; simple beats become dotted ones whose halves fall on the first and the third quaver, and back. Other
    metres are scaled evenly.
    """
    length, room = was.bar_ticks(PPQ), now.bar_ticks(PPQ)
    q = PPQ
    if (was.numerator, was.denominator) == (now.numerator, now.denominator):
        return BarMap(1, (0, length), (0, room))
    if length == 4 * q and not was.compound and (now.numerator, now.denominator) == (3, 4):
        return BarMap(2, (0, q, 2 * q, 3 * q, 4 * q), (0, 2 * q, 3 * q, 5 * q, 6 * q))
    if (was.numerator, was.denominator) == (3, 4) and room == 4 * q and not now.compound:
        return BarMap(1, (0, q, 2 * q, 3 * q), (0, 2 * q, 3 * q, 4 * q))
    if now.compound and not was.compound and was.denominator == 4:
        beats, dotted = was.numerator, len(now.grouping)
        if beats % dotted == 0:
            old = [k * q // 2 for k in range(2 * beats + 1)]
            new = [k // 2 * 3 * q // 2 + (q if k % 2 else 0) for k in range(2 * beats + 1)]
            return BarMap(beats // dotted, tuple(old), tuple(new))
    if was.compound and not now.compound and room == len(was.grouping) * 2 * q:
        old = [k * q // 2 for k in range(3 * len(was.grouping) + 1)]
        new = [k // 3 * 2 * q + (0, q, 3 * q // 2)[k % 3] for k in range(3 * len(was.grouping) + 1)]
        return BarMap(1, tuple(old), tuple(new))
    return BarMap(1, (0, length), (0, room))
