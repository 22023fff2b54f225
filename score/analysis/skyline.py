"""Single lines out of many notes: the tune of a track, and the tune of a whole piece.

The skyline (A. Uitdenbogerd and J. Zobel, "Manipulation of music for melody matching", 1998) keeps the highest note at
each onset. Deviation: a note that begins while a higher one of the same line still sounds on is left out, so that an
accompaniment in the same staff does not enter the tune; and in a part of several voices so is a note far below those around.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ripieno.score.analysis.reading import Bools, Floats, Ints, Line, Reading


@dataclass(frozen=True, eq=False)
class Tune:
    """A line of single notes on the grid; all arrays have shape (notes,) and ascend in start."""

    start: Ints
    end: Ints
    pitch: Ints
    velocity: Ints
    bar: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.start)

    @property
    def intervals(self) -> Ints:
        """Semitones from each note to the next; shape (notes - 1,)."""
        return np.diff(self.pitch)

    @property
    def gaps(self) -> Ints:
        """Slots of silence between each note and the next, 0 where they touch; shape (notes - 1,)."""
        return np.asarray(np.maximum(self.start[1:] - self.end[:-1], 0), dtype=np.int64)


APART = 15  # semitones: from a tune to the accompaniment that the same hands play below it
AROUND = 6  # notes
EMPTY = Tune(*(np.zeros(0, dtype=np.int64),) * 5, np.zeros(0))


@lru_cache(maxsize=512)
def skyline(line: Line, lowest: bool = False) -> Tune:
    """The upper edge of a line (or, with `lowest`, its lower edge)."""
    if not len(line):
        return EMPTY
    pick = line.onsets if lowest else line.onsets + line.chord_sizes - 1
    start, end, pitch = line.start[pick], line.end[pick].copy(), line.pitch[pick]
    keep = np.ones(len(pick), dtype=np.bool_)
    sign = -1 if lowest else 1
    # An onset is hidden where a note further out began before it and sounds on beyond it by at least half its length.
    for back in range(1, 5):
        if back >= len(pick):
            break
        outer = sign * (pitch[:-back] - pitch[back:]) > 0
        overlap = end[:-back] - start[back:]
        hidden = outer & (2 * overlap > (end[back:] - start[back:]))
        keep[back:] &= ~hidden
    pick = pick[keep]
    if not line.monophonic:
        pick = pick[_near_the_edge(sign * line.pitch[pick])]
    start, end = line.start[pick], line.end[pick].copy()
    end[:-1] = np.minimum(end[:-1], start[1:])
    return Tune(start, end, line.pitch[pick], line.velocity[pick], line.bar[pick], line.weight[pick])


def _near_the_edge(height: Ints) -> Bools:
    """Which notes lie within `APART` semitones of the outermost of the notes around: the others fill the tune's rests."""
    padded = np.concatenate((np.full(AROUND, -999), height, np.full(AROUND, -999)))
    outermost = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1).max(axis=1)
    return np.asarray(height >= outermost - APART, dtype=np.bool_)


def melody(reading: Reading) -> Tune:
    """The tune of a piece: the skyline of its lead."""
    lead = reading.lead
    return EMPTY if lead is None else skyline(lead)
