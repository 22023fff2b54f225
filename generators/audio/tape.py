"""Tapes: stereo sound written once and read in windows, in memory or in a file, so that a long piece needs little memory."""

import os
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_FRAME_BYTES = 4


class Tape:
    """A recording of (2, frames) float32; what was not written is silence.

    Args:
        frames: its length.
        file: where to keep it (left and right one after the other, native float32); None for memory.
    """

    def __init__(self, frames: int, file: BinaryIO | None = None) -> None:
        self.frames = frames
        self._file = file
        self._memory = np.zeros((2, frames if file is None else 0), np.float32)
        if file is not None:
            file.truncate(2 * frames * _FRAME_BYTES)
            weakref.finalize(self, file.close)

    @classmethod
    def open(cls, path: Path) -> "Tape":
        """A tape that lies in a file, for reading.

        Raises:
            OSError: the file cannot be opened.
        """
        file = path.open("rb")
        tape = cls(0)
        tape._file, tape.frames = file, os.fstat(file.fileno()).st_size // (2 * _FRAME_BYTES)
        weakref.finalize(tape, file.close)
        return tape

    @classmethod
    def blank(cls, frames: int, *, in_memory: bool) -> "Tape":
        """A fresh tape, in memory or in a temporary file that vanishes with it."""
        return cls(frames, None if in_memory else tempfile.TemporaryFile())

    def write(self, at: int, piece: Floats) -> None:
        """Puts (2, n) at a frame."""
        piece = piece[:, : max(0, self.frames - at)]
        if self._file is None:
            self._memory[:, at : at + piece.shape[1]] = piece
            return
        for side in (0, 1):
            left = memoryview(piece[side].tobytes())
            where = (side * self.frames + at) * _FRAME_BYTES
            while left.nbytes:  # a write may be cut short at 2 GiB
                done = os.pwrite(self._file.fileno(), left, where)
                left, where = left[done:], where + done

    def read(self, first: int, last: int) -> Floats:
        """(2, n) frames from `first` up to `last`, or to the end; not to be changed."""
        last = min(last, self.frames)
        if self._file is None:
            return self._memory[:, first:last]
        out = np.zeros((2, max(0, last - first)), np.float32)
        for side in (0, 1):
            view, where = memoryview(out[side]).cast("B"), (side * self.frames + first) * _FRAME_BYTES
            while view.nbytes and (done := os.preadv(self._file.fileno(), [view], where)):
                view, where = view[done:], where + done
        return out
