"""Finds the pitches of a line: the best path through all pitches of a register under costs that a teacher would name.

Dynamic programming over (pitch, how the line arrived there). Chord tones belong on strong and long notes; others pass by
step; leaps are rare, within an octave, and turned back by step; the line keeps near its planned contour.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.float64]
STEP = 7 / 12  # scale steps in a semitone, about
KINDS = 5  # ways in which a line arrives at a note
FLOW = 0.35  # price of turning round after a step: tunes run on more often than they turn


@dataclass(frozen=True, slots=True)
class Wish:
    """What the plan wants of one note.

    Attributes:
        level: wished height in scale steps above MIDI 0 (7/12 a semitone).
        strength: 0 weak and short .. 1 strong and long: how much it wants to be a chord tone.
        chord: cost of each pitch class for standing here: 0 chord tone, about 1 scale tone, large otherwise.
        stable: pitch classes that need no resolution here.
        fresh: whether the line starts anew here (after a rest): no interval from before counts.
        hold: weight of `level` against the interval.
        bass: pitch class that sounds lowest, -1 where there is none: two perfect intervals with it in a row are parallels.
        leading: pitch class that wants to rise by a semitone, -1 where there is none.
    """

    level: float
    strength: float
    chord: Costs
    stable: npt.NDArray[np.bool_]
    fresh: bool = False
    hold: float = 0.3
    bass: int = -1
    leading: int = -1


def best_line(
    wishes: Sequence[Wish], low: int, high: int, leap: float, repeat: float, noise: Costs, strict: float = 0.0
) -> list[int]:
    """MIDI pitches of the cheapest line within low..high inclusive.

    `noise` has shape (len(wishes), high - low + 1): small random costs that tell seeds apart. `strict` is the price of
    parallels with the bass and of leading notes that leap away, 0 where the style does not mind.
    """
    if not wishes:
        return []
    pitches = np.arange(low, high + 1)
    n = len(pitches)
    pcs = pitches % 12
    delta = pitches[None, :] - pitches[:, None]  # [from, to]
    size = np.abs(delta)
    move = _moves(delta, size, leap)
    # 0 a repeated note or a start, 1 leap up, 2 leap down, 3 step up, 4 step down
    arrived = np.where(delta >= 3, 1, np.where(delta <= -3, 2, np.where(delta > 0, 3, np.where(delta < 0, 4, 0))))
    turn = _turns(delta, size)
    total = np.full((KINDS, n), np.inf)
    first = wishes[0]
    total[0] = first.chord[pcs] + first.hold * np.abs(pitches * STEP - first.level) + noise[0]
    back: list[npt.NDArray[np.int64]] = []
    masks = np.stack([arrived == c for c in range(KINDS)])
    every = np.arange(n)
    before = first
    for k, wish in enumerate(wishes[1:], 1):
        here = wish.chord[pcs] + wish.hold * np.abs(pitches * STEP - wish.level) + noise[k]
        if wish.fresh:
            flat = total.reshape(-1)
            step = flat[None, :] * np.ones((n, 1)) + 0.12 * np.tile(np.maximum(0, size.T - 7), (1, KINDS))
            choice = step.argmin(axis=1)
            best = step[np.arange(n), choice]
            pointer = np.zeros((KINDS, n), dtype=np.int64)
            pointer[0] = choice
            total = np.full((KINDS, n), np.inf)
            total[0] = best + here
        else:
            loose = ~before.stable[pcs]
            wished = wish.level - before.level
            pair = move + 0.75 * np.abs(delta * STEP - wished)
            pair = pair + np.where(delta == 0, max(0.0, 0.7 - 1.4 * repeat) + (1.5 - 1.3 * repeat) * (abs(wished) > 0.4), 0.0)
            pair = pair + np.where(loose[:, None] & (size > 2), 3.0, 0.0) + np.where(loose[:, None] & (size == 0), 0.8, 0.0)
            pair = pair + np.where((~wish.stable[pcs])[None, :] & (size > 2), 0.8 + wish.strength, 0.0)
            if strict:
                pair = pair + strict * _faults(before, wish, pcs, delta)
            cube = total[:, :, None] + turn
            via = cube.argmin(axis=0)  # how the line best arrived at each pitch that it goes on from
            price = np.take_along_axis(cube, via[None], axis=0)[0] + pair
            masked = np.where(masks, price, np.inf)
            source = masked.argmin(axis=1)
            pointer = via[source, every] * n + source
            total = np.take_along_axis(masked, source[:, None, :], axis=1)[:, 0, :] + here
        back.append(pointer)
        before = wish
    state = int(np.argmin(total))
    line = [state % n]
    for pointer in reversed(back):
        state = int(pointer[state // n, state % n])
        line.append(state % n)
    return [int(pitches[i]) for i in reversed(line)]


def _faults(before: Wish, wish: Wish, pcs: npt.NDArray[np.int64], delta: npt.NDArray[np.int64]) -> Costs:
    """What a strict teacher marks between two notes [from, to]: parallels with a moving bass, a leading note that leaps."""
    cost = np.zeros(delta.shape)
    if before.bass >= 0 and wish.bass >= 0 and before.bass != wish.bass:
        was, now = (pcs - before.bass) % 12, (pcs - wish.bass) % 12
        perfect = np.isin(was, (0, 7))[:, None] & (was[:, None] == now[None, :])
        cost += perfect & (delta != 0)
    if before.leading >= 0:
        cost += 1.2 * ((pcs == before.leading)[:, None] & (np.abs(delta) > 2))
    return cost


def _moves(delta: npt.NDArray[np.int64], size: npt.NDArray[np.int64], leap: float) -> Costs:
    """Cost of an interval in itself."""
    cost = np.maximum(0, size - 2) * (0.16 * (1.35 - leap))
    cost = cost + np.where(size > 9, 1.0, 0.0) + np.where(size > 12, 6.0, 0.0)
    cost = cost + np.where((size == 6) | (size == 10), 1.3, 0.0) + np.where(size == 11, 4.0, 0.0)
    return np.asarray(cost + np.where((size > 7) & (delta < 0), 0.5, 0.0), dtype=np.float64)


def _turns(delta: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> Costs:
    """Cost [how it arrived, from, to] of going on: a leap is turned back by step, steps run on in their direction."""
    n = len(delta)
    turn = np.zeros((KINDS, n, n))
    for c, sign in ((3, 1), (4, -1)):
        turn[c] = np.where(sign * delta < 0, FLOW, 0.0)
    for c, sign in ((1, 1), (2, -1)):
        same = sign * delta > 0
        turn[c] = np.where(same & (size > 2), 1.5, np.where(same & (size > 0), 0.55, 0.0))
        turn[c] += np.where(~same & (size > 4), 0.7, 0.0) + np.where(size == 0, 0.25, 0.0)
    return turn
