"""Reverberation: convolution with the response of a room that is computed, not recorded.

The late part is noise under an exponential decay, with its own decay time in each octave (J. A. Moorer, "About this
reverberation business", 1979), different left and right; before it come a few early reflections. The noise comes from a
seed, so a room is the same every time.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Room:
    """What a room sounds like.

    Attributes:
        seconds: until the middle frequencies have fallen by 60 dB.
        predelay: seconds before the first reflection.
        brightness: decay time at 8 kHz as a share of `seconds`.
        warmth: decay time at 125 Hz as a share of `seconds`.
        early: level of the early reflections, dB.
        seed: which of all rooms of this kind.
    """

    seconds: float = 1.4
    predelay: float = 0.012
    brightness: float = 0.4
    warmth: float = 1.1
    early: float = -6.0
    seed: int = 1


@lru_cache(maxsize=4)
def impulse_response(room: Room, rate: int) -> Floats:
    """(2, n) response of unit energy a side."""
    size = int((room.predelay + 1.15 * room.seconds * max(1.0, room.warmth)) * rate)
    noise = np.random.default_rng(room.seed)
    frequencies = np.fft.rfftfreq(size, 1.0 / rate)
    octave = np.log2(np.maximum(frequencies, 1.0) / 1000.0)
    centres = np.arange(-4, 5)  # 62.5 Hz to 16 kHz
    shares = np.interp(centres, (-4, -3, 0, 3, 4),
                       (room.warmth * 0.9, room.warmth, 1.0, room.brightness, room.brightness * 0.7))  # fmt: skip
    time = np.arange(size) / rate
    out = np.zeros((2, size))
    for side in (0, 1):
        spectrum = np.fft.rfft(noise.standard_normal(size))
        for centre, share in zip(centres, shares, strict=True):
            mask = np.clip(1.0 - np.abs(octave - centre), 0.0, 1.0)
            if centre == 4:
                mask = np.where(octave > 4, 1.0, mask)
            mask = mask * np.clip((octave + 4.0) / 1.5, 0.0, 1.0)  # no rumble below 100 Hz or so
            out[side] += np.fft.irfft(spectrum * mask, size) * 10.0 ** (-3.0 * time / (room.seconds * share))
        out[side] *= np.clip(time / 0.02, 0.0, 1.0) ** 0.5  # density grows
        out[side] /= np.sqrt(np.sum(out[side] ** 2))
        for n in range(6):
            at = int((0.004 + 0.007 * n + 0.005 * noise.random()) * rate)
            if at < size:
                out[side, at] += 10.0 ** ((room.early - 2.5 * n) / 20.0) * noise.choice((-1.0, 1.0)) * 0.5
    late = int(room.predelay * rate)
    out = np.pad(out, ((0, 0), (late, 0)))[:, :size]
    return np.asarray(out / np.sqrt(np.sum(out**2, axis=1, keepdims=True)), np.float32)


class Convolver:
    """Runs a stereo signal through a response, piece by piece, by overlap-add.

    Attributes:
        step: the length of a piece that costs the least a frame.
    """

    def __init__(self, response: Floats) -> None:
        taps = response.shape[1]
        self._size = max(1 << 16, 1 << (4 * taps - 1).bit_length())
        self.step = self._size - taps + 1
        self._spectrum = np.fft.rfft(response, self._size, axis=1)
        self._tail = np.zeros((2, taps - 1), np.float32)

    def __call__(self, signal: Floats) -> Floats:
        """The next piece, (2, n) with n at most `step`: as much as went in."""
        frames, ringing = signal.shape[1], self._tail.shape[1]
        out = np.zeros((2, frames + ringing), np.float32)
        out[:, :ringing] = self._tail
        if np.any(signal):
            for side in (0, 1):
                spectrum = np.fft.rfft(signal[side], self._size)
                spectrum *= self._spectrum[side]
                out[side] += np.fft.irfft(spectrum, self._size)[: out.shape[1]]
        self._tail = out[:, frames:].copy()
        return out[:, :frames]
