"""What each bar of each part holds, as one number, so that bars can be compared in bulk.

Two bars with the same code hold the same notes (up to a collision of 64-bit sums, about one in 10^15 for a long piece).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.score.analysis.reading import Ints, Line, Reading

Codes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class BarCodes:
    """Codes of one line; shape (bars,) each, 0 for an empty bar.

    Attributes:
        exact: onsets and pitches; lengths are left out, for a performance changes them.
        rhythm: onsets only.
        shape: onsets and pitches relative to the bar's first note: equal for a bar and its transposition.
    """

    exact: Codes
    rhythm: Codes
    shape: Codes


def mix(values: Ints) -> Codes:
    """Spreads integers over 64 bits (the finaliser of SplitMix64; Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        z = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def bar_codes(reading: Reading, line: Line) -> BarCodes:
    """The codes of a line's bars."""
    bars = reading.bars
    if not len(line) or not bars:
        empty = np.zeros(bars, dtype=np.uint64)
        return BarCodes(empty, empty, empty)
    offset = line.start - reading.bar_slots[line.bar]
    first = np.zeros(bars, dtype=np.int64)
    begins = np.flatnonzero(np.concatenate(([True], np.diff(line.bar) > 0)))
    first[line.bar[begins]] = line.pitch[begins]
    relative = line.pitch - first[line.bar] + 128
    return BarCodes(
        _sums(line.bar, mix((offset << 24) | line.pitch), bars),
        _sums(line.bar, mix(offset + 1), bars),
        _sums(line.bar, mix((offset << 24) | relative), bars),
    )


def _sums(bar: Ints, codes: Codes, bars: int) -> Codes:
    out = np.zeros(bars, dtype=np.uint64)
    np.add.at(out, bar, codes)
    return out


def runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, end) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def bar_runs(bars: Ints, total: int, gap: int = 0) -> list[tuple[int, int]]:
    """Stretches of consecutive bars among `bars`, joined over up to `gap` bars between."""
    mask = np.zeros(total, dtype=np.bool_)
    mask[bars] = True
    found = runs(mask)
    joined: list[tuple[int, int]] = []
    for first, end in found:
        if joined and first - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined
