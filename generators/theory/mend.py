"""Takes parallel fifths and octaves out of finished lines: the upper voice moves to another note that fits as well.

Lines are found by dynamic programming against the harmony's bass; what the bass player really plays is known only later.
"""

import numpy as np
import numpy.typing as npt

from ripieno.generators.theory.scales import Moments
from ripieno.generators.theory.types import Part
from ripieno.score.piece import Notes, make_notes

Ints = npt.NDArray[np.int64]
ROUNDS = 3


def without_parallels(part: Part, upper: Notes, lower: Notes, moments: Moments) -> Notes:
    """`upper` with the second note of each parallel with `lower` moved, where a note is there that makes none.

    Parallels are two perfect intervals in a row, both voices moving the same way, at attacks that they share and between
    which neither strikes. Final notes of phrases (followed by a rest) stay.
    """
    if len(upper) < 2 or len(lower) < 2:
        return upper
    out = upper.copy()
    for _ in range(ROUNDS):
        faults = _parallels(out, lower)
        if not len(faults):
            break
        for i, below in faults:
            out["pitch"][i] = _better(part, out, int(i), lower, int(below), moments)
    return make_notes(out)


def _parallels(upper: Notes, lower: Notes) -> Ints:
    """(index in upper, index in lower) of the second note of each parallel, shape (faults, 2)."""
    _, at_a, at_b = np.intersect1d(upper["start"], lower["start"], return_indices=True)
    a, b = upper["pitch"][at_a].astype(np.int64), lower["pitch"][at_b].astype(np.int64)
    linked = (np.diff(at_a) == 1) & (np.diff(at_b) == 1)
    gap = np.abs(a - b) % 12
    step_a, step_b = np.diff(a), np.diff(b)
    same = linked & (step_a != 0) & (np.sign(step_a) == np.sign(step_b))
    bad = same & (gap[1:] == gap[:-1]) & np.isin(gap[1:], (0, 7))
    return np.stack([at_a[1:][bad], at_b[1:][bad]], axis=1)


def _better(part: Part, line: Notes, i: int, lower: Notes, below: int, moments: Moments) -> int:
    """The best pitch for note `i` of a line: near, in the chord or passing by step, in no perfect interval with the bass."""
    pitch, start = int(line["pitch"][i]), int(line["start"][i])
    if i + 1 == len(line) or int(line["start"][i + 1]) > start + int(line["duration"][i]) + 120:
        return pitch
    at = moments.at(start)
    before, after = int(line["pitch"][i - 1]), int(line["pitch"][i + 1])
    bass = int(lower["pitch"][below])
    best, price = pitch, 1e9
    for p in range(max(part.low, pitch - 5), min(part.high, pitch + 5) + 1):
        if p == pitch or not at.scale[p % 12] or (p - bass) % 12 in (0, 7):
            continue
        steps = abs(p - before) + abs(after - p)
        passing = 0 < abs(p - before) <= 2 and 0 < abs(after - p) <= 2
        cost = abs(p - pitch) + 0.5 * steps + (0 if at.plain[p % 12] else 1.5 if passing else 6) + (2 if p == before else 0)
        cost += 4 if abs(p - before) == 6 or abs(after - p) == 6 else 0
        if cost < price:
            best, price = p, cost
    return best
