"""Chorus: the signal beside itself, late by times that sway slowly (J. Dattorro, "Effect design, part 2", 1997)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_CENTRE, _DEPTH = 0.012, 0.004  # seconds
_HZ = (0.61, 0.83)  # of the two lines of a side
_PHASE = ((0.0, 0.5), (0.25, 0.75))  # of a turn: left, right


class Chorus:
    """Runs a stereo signal through four swaying delay lines, piece by piece."""

    def __init__(self, rate: int) -> None:
        self._rate, self._at = rate, 0
        self._past = np.zeros((2, int((_CENTRE + _DEPTH) * rate) + 3), np.float32)

    def __call__(self, signal: Floats) -> Floats:
        """The next piece, (2, n): the swaying copies alone."""
        frames, before = signal.shape[1], self._past.shape[1]
        whole = np.concatenate((self._past, signal), axis=1)
        time = (self._at + np.arange(frames)) / self._rate
        here = np.arange(before, before + frames, dtype=np.float64)
        out = np.zeros((2, frames), np.float32)
        for side in (0, 1):
            for hz, phase in zip(_HZ, _PHASE[side], strict=True):
                place = here - (_CENTRE + _DEPTH * np.sin(2.0 * np.pi * (hz * time + phase))) * self._rate
                index = place.astype(np.int64)
                share = (place - index).astype(np.float32)
                low = whole[side].take(index)
                out[side] += low + share * (whole[side].take(index + 1) - low)
        self._past = whole[:, frames:]
        self._at += frames
        return out * np.float32(0.7071)
