"""Recordings read at another pitch: four-point cubic interpolation after Catmull and Rom, fluidsynth's default.

At a steady pitch the step is a fraction P/N, so after N frames the weights repeat: they are a matrix, and reading is a matrix
product over overlapping windows of the recording, by far the fastest thing that numpy does. The fraction lies within a
thousandth of a cent of the wanted step. Where the pitch moves, each frame looks up its four neighbours.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]

_SHORTEST, _LONGEST = 1024, 2048  # frames after which a steady reading may repeat
_SLOWEST, _FASTEST = 0.02, 6.0  # steps, in frames of the recording, that are read as steady
_PART = 32  # frames made by one product
_ROWS = 64  # periods made by one product, at most
_CHUNK = 128  # blocks of a moving reading at a time, so that its tables stay in the processor's cache
_TAPS = 4


class Span(NamedTuple):
    """What is read of a recording: frames `start` to `end`, going around `loop_start` to `loop_end`.

    `turns` is how often the loop is repeated before the reading goes on to the end; 0 for no loop, -1 for one without end.
    """

    start: int
    end: int
    loop_start: int
    loop_end: int
    turns: int


@dataclass(frozen=True)
class Source:
    """A recording laid out for reading: frame `i` of the span lies at `data[i + 1]`.

    Attributes:
        data: the frames up to the loop's end, enough turns of it to read on far enough from anywhere, the rest, silence.
        into: frames before the loop; size: of the loop, or 0.
        skips: how many turns are not laid out, -1 for endless.
        length: frames of the whole reading, or -1.
    """

    data: Floats
    into: int
    size: int
    skips: int
    length: int

    @classmethod
    def lay_out(cls, frames: Floats, span: Span, reach: int) -> "Source":
        """A span of a recording laid out."""
        start, end, low, high, turns = span
        if not turns:
            head = frames[start:end]
            return cls(np.concatenate((head[:1], head, np.zeros(reach, np.float32))), 0, 0, 0, head.size)
        size = high - low
        laid = -(-reach // size) + 1
        head, loop = frames[start:high], frames[low:high]
        if turns < 0:
            return cls(np.concatenate((head[:1], head, np.tile(loop, laid))), low - start, size, -1, -1)
        laid = min(laid, turns)
        rest = frames[high:end]
        data = np.concatenate((head[:1], head, np.tile(loop, laid), rest, np.zeros(reach, np.float32)))
        return cls(data, low - start, size, turns - laid, head.size + turns * size + rest.size)

    def skipped(self, at: int) -> int:
        """Frames to take off a reading that begins at frame `at`."""
        if not self.size or at < self.into:
            return 0
        turns = (at - self.into) // self.size
        return self.size * (turns if self.skips < 0 else min(turns, self.skips))


@lru_cache(maxsize=4096)
def fraction(step: float) -> tuple[int, int]:
    """(P, N) of the fraction nearest to a step with N from 1,024 to 2,048."""
    lengths = np.arange(_SHORTEST, _LONGEST + 1)
    nearest = np.rint(step * lengths)
    best = int(np.argmin(np.abs(nearest / lengths - step)))
    return int(nearest[best]), int(lengths[best])


def steady(step: float) -> bool:
    """Whether `read_steady` can read in steps of so many frames of the recording."""
    return _SLOWEST <= step <= _FASTEST


def steady_reach(step: float, count: int) -> int:
    """How far a source for `read_steady` must be laid out."""
    up, period = fraction(step)
    return min(_ROWS, -(-count // period)) * up + 8


def moving_reach(fastest: float) -> int:
    """How far a source for `read_moving` must be laid out."""
    return int(_CHUNK * BLOCK * fastest) + 8


def read_steady(source: Source, step: float, start: float, count: int) -> Floats:
    """`count` frames from place `start` on, read in steps of `step`; fewer, by whole blocks, where the span ends.

    Args:
        source: laid out by `steady_reach`.
        step: frames of the recording a frame; taken as its `fraction`.
        start: frames of the recording after the span's beginning, not negative.
    """
    up, period = fraction(step)
    rows = min(_ROWS, -(-count // period))
    begin = round(start * period)
    if source.length >= 0:
        count = min(count, _whole_blocks((source.length * period - begin) // up + 1))
    out = np.empty(-(-count // period) * period, np.float32)
    offsets, weights = _weights(up, period, begin % period)
    table = out.reshape(-1, period)
    for n in range(0, len(table), rows):
        at = begin // period + n * up
        at -= source.skipped(at)
        here = table[n : n + rows]
        for k, offset in enumerate(offsets):
            part = here[:, k * _PART : (k + 1) * _PART]
            window = np.ndarray((len(here), weights.shape[1]), np.float32, source.data, (at + offset) * 4, (up * 4, 4))
            np.matmul(window, weights[k, :, : part.shape[1]], out=part)
    return out[:count]


@lru_cache(maxsize=512)
def _weights(up: int, period: int, phase: int) -> tuple[list[int], Floats]:
    """Where each part of a period begins in the recording, and its matrix: (parts, window, frames of a part)."""
    place = phase + np.arange(period) * up
    index, f = place // period, ((place % period) / period).astype(np.float32)
    offsets = index[::_PART]
    number = np.arange(period)
    part, column = number // _PART, number % _PART
    row = index - offsets[part]
    out = np.zeros((offsets.size, int(row.max()) + _TAPS, _PART), np.float32)
    flat, at = out.reshape(-1), (part * out.shape[1] + row) * _PART + column
    flat[at] = ((2 - f) * f - 1) * f / 2
    flat[at + _PART] = ((3 * f - 5) * f * f + 2) / 2
    flat[at + 2 * _PART] = ((4 - 3 * f) * f + 1) * f / 2
    flat[at + 3 * _PART] = (f - 1) * f * f / 2
    return offsets.tolist(), out


_WITHIN = np.arange(BLOCK, dtype=np.float32)


def read_moving(source: Source, starts: Values, steps: Values) -> Floats:
    """Blocks, each from its place `starts` on in its own steps; fewer where the span ends.

    Args:
        source: laid out by `moving_reach`.
        starts: (blocks,) frames after the span's beginning, ascending; below 0 is silence.
        steps: (blocks,) frames of the recording a frame.
    """
    blocks = starts.size
    if source.length >= 0:
        blocks = int(np.searchsorted(starts, source.length, side="right"))
    silent = int(np.searchsorted(starts[:blocks], 0.0, side="left"))
    out = np.zeros((blocks, BLOCK), np.float32)
    for at in range(silent, blocks, _CHUNK):
        here = starts[at : min(at + _CHUNK, blocks)]
        whole = np.floor(here)
        f = _WITHIN * steps[at : at + here.size, None].astype(np.float32)
        f += (here - whole).astype(np.float32)[:, None]
        within = np.floor(f)
        f -= within
        index = within.astype(np.int64)
        index += (whole.astype(np.int64) - source.skipped(int(whole[0])))[:, None]
        a, b, c, d = (source.data[tap:].take(index, mode="clip") for tap in range(_TAPS))
        _cubic(a, b, c, d, f, out[at : at + here.size])
    return out.reshape(-1)


def _cubic(a: Floats, b: Floats, c: Floats, d: Floats, f: Floats, out: Floats) -> None:
    """((((3 (b - c) + d - a) f + 2 a - 5 b + 4 c - d) f + c - a) f / 2 + b, using up its arguments."""
    np.subtract(c, a, out=out)
    third = b - c
    third *= 3
    third += d
    third -= a
    a += a
    c *= 4
    a += c
    a -= d
    third *= f
    third += a
    np.multiply(b, 5, out=a)
    third -= a
    third *= f
    out += third
    f *= 0.5
    out *= f
    out += b


def _whole_blocks(count: int) -> int:
    return max(0, -(-count // BLOCK) * BLOCK)
