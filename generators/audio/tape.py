"""Tapes: sound written once and read in windows, in memory or in a file, so that a long piece needs little memory."""

import os
import struct
import tempfile
import weakref
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_FRAME_BYTES = 4
_TRAILER = struct.Struct("<II2fI")  # channels, frames, left, right, CRC-32 of all that is before the trailer
_CHUNK = 1 << 20


class Tape:
    """A recording in stereo; what was not written is silence.

    Args:
        frames: its length.
        place: (left, right) when both sides are one signal at two levels, of which only the signal is kept; else None.
        file: where to keep it (channels one after the other, native float32, then a trailer); None for memory.
    """

    def __init__(self, frames: int, place: tuple[float, float] | None = None, file: BinaryIO | None = None) -> None:
        self.frames, self.place, self._file = frames, place, file
        self.channels = 2 if place is None else 1
        self._memory = np.zeros((self.channels, frames if file is None else 0), np.float32)
        if file is not None:
            weakref.finalize(self, file.close)

    @classmethod
    def open(cls, path: Path) -> "Tape":
        """A finished tape that lies in a file, for reading.

        Raises:
            OSError: the file cannot be opened, is no tape, or is not as it was written.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            trailer = os.pread(file.fileno(), _TRAILER.size, max(0, size - _TRAILER.size))
            checksum = _checksum(file, max(0, size - _TRAILER.size))
        if len(trailer) < _TRAILER.size:
            raise OSError(f"{path} is cut off")
        channels, frames, left, right, written = _TRAILER.unpack(trailer)
        if channels not in (1, 2) or size != channels * frames * _FRAME_BYTES + _TRAILER.size or checksum != written:
            raise OSError(f"{path} is damaged")
        return cls(frames, (left, right) if channels == 1 else None, path.open("rb"))

    @classmethod
    def blank(cls, frames: int, place: tuple[float, float] | None = None, *, in_memory: bool) -> "Tape":
        """A fresh tape, in memory or in a temporary file that vanishes with it."""
        return cls(frames, place, None if in_memory else tempfile.TemporaryFile())

    def write(self, at: int, piece: Floats) -> None:
        """Puts (channels, n) at a frame."""
        piece = piece[:, : max(0, self.frames - at)]
        if self._file is None:
            self._memory[:, at : at + piece.shape[1]] = piece
            return
        for side in range(self.channels):
            self._put(memoryview(piece[side].tobytes()), (side * self.frames + at) * _FRAME_BYTES)

    def finish(self) -> None:
        """Writes the trailer, so that `open` knows the file."""
        assert self._file is not None
        left, right = self.place or (1.0, 1.0)
        size = self.channels * self.frames * _FRAME_BYTES
        os.truncate(self._file.fileno(), size)  # what was not written is zeros
        trailer = _TRAILER.pack(self.channels, self.frames, left, right, _checksum(self._file, size))
        self._put(memoryview(trailer), size)

    def signal(self, first: int, last: int) -> Floats:
        """(channels, n) frames from `first` up to `last`, or to the end; not to be changed."""
        last = min(last, self.frames)
        if self._file is None:
            return self._memory[:, first:last]
        out = np.zeros((self.channels, max(0, last - first)), np.float32)
        for side in range(self.channels):
            view, where = memoryview(out[side]).cast("B"), (side * self.frames + first) * _FRAME_BYTES
            while view.nbytes and (done := os.preadv(self._file.fileno(), [view], where)):
                view, where = view[done:], where + done
        return out

    def read(self, first: int, last: int) -> Floats:
        """(2, n) frames, placed."""
        signal = self.signal(first, last)
        return signal if self.place is None else signal * np.array(self.place, np.float32)[:, None]

    def _put(self, left: memoryview, where: int) -> None:
        assert self._file is not None
        while left.nbytes:  # a write may be cut short at 2 GiB
            done = os.pwrite(self._file.fileno(), left, where)
            left, where = left[done:], where + done


def _checksum(file: BinaryIO, size: int) -> int:
    """CRC-32 of the first bytes of a file."""
    found = 0
    for at in range(0, size, _CHUNK):
        found = zlib.crc32(os.pread(file.fileno(), min(_CHUNK, size - at), at), found)
    return found
