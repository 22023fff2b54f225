"""Tone shaping as frequency responses: shelves, bells and a low cut, after R. Bristow-Johnson's cookbook.

A response is evaluated on the grid of a Fourier transform and applied there; the phase is that of the analogue-like filter, so
nothing rings before it sounds.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Response = npt.NDArray[np.complex128]
Kind = Literal["low_cut", "low_shelf", "high_shelf", "bell"]


@dataclass(frozen=True, slots=True)
class Band:
    """One filter: its kind, its frequency in Hz, its gain in dB (none for a low cut), and its Q."""

    kind: Kind
    hz: float
    db: float = 0.0
    q: float = 0.7071


def grid(size: int, rate: float) -> Values:
    """The frequencies in Hz of a transform of `size` frames."""
    return np.asarray(np.fft.rfftfreq(size, 1.0 / rate), np.float64)


def response(bands: tuple[Band, ...], frequencies: Values, rate: float) -> Response:
    """The product of all bands' responses at frequencies in Hz."""
    out = np.ones(frequencies.shape, np.complex128)
    for band in bands:
        out *= _biquad(*_design(band, rate), frequencies, rate)
    return out


def shape_wave(wave: npt.NDArray[np.float32], bands: tuple[Band, ...], rate: int) -> npt.NDArray[np.float32]:
    """A mono wave through all bands."""
    size = 1 << (wave.size + rate // 20).bit_length()  # room for the ring of a low cut
    spectrum = np.fft.rfft(wave, size)
    spectrum *= response(bands, grid(size, rate), rate).astype(np.complex64)
    return np.asarray(np.fft.irfft(spectrum, size)[: wave.size], np.float32)


def k_weighting(frequencies: Values, rate: float) -> Response:
    """The weighting of ITU-R BS.1770-4: a shelf for the head and a high-pass, re-derived for any rate.

    The analogue values behind the recommendation's 48 kHz coefficients are those that B. De Man (2018) found.
    """
    high, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = np.tan(np.pi * high / rate)
    vh = 10.0 ** (gain / 20.0)
    vb = vh**0.4996667741545416
    shelf = ([vh + vb * k / q + k * k, 2.0 * (k * k - vh), vh - vb * k / q + k * k],
             [1.0 + k / q + k * k, 2.0 * (k * k - 1.0), 1.0 - k / q + k * k])  # fmt: skip
    low, q = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * low / rate)
    cut = ([1.0, -2.0, 1.0], [1.0, 2.0 * (k * k - 1.0) / (1.0 + k / q + k * k),
                              (1.0 - k / q + k * k) / (1.0 + k / q + k * k)])  # fmt: skip
    return _biquad(*shelf, frequencies, rate) * _biquad(*cut, frequencies, rate)


def _biquad(b: list[float], a: list[float], frequencies: Values, rate: float) -> Response:
    z = np.exp(-2j * np.pi * frequencies / rate)
    return np.asarray((b[0] + z * (b[1] + z * b[2])) / (a[0] + z * (a[1] + z * a[2])))


def _design(band: Band, rate: float) -> tuple[list[float], list[float]]:
    omega = 2.0 * np.pi * min(band.hz, 0.49 * rate) / rate
    cos, alpha = float(np.cos(omega)), float(np.sin(omega) / (2.0 * band.q))
    if band.kind == "low_cut":
        return ([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2], [1 + alpha, -2 * cos, 1 - alpha])
    a = 10.0 ** (band.db / 40.0)
    if band.kind == "bell":
        return ([1 + alpha * a, -2 * cos, 1 - alpha * a], [1 + alpha / a, -2 * cos, 1 - alpha / a])
    sign = 1.0 if band.kind == "low_shelf" else -1.0
    root = 2.0 * a**0.5 * alpha
    return (
        [a * ((a + 1) - sign * (a - 1) * cos + root), sign * 2 * a * ((a - 1) - sign * (a + 1) * cos),
         a * ((a + 1) - sign * (a - 1) * cos - root)],
        [(a + 1) + sign * (a - 1) * cos + root, -sign * 2 * ((a - 1) + sign * (a + 1) * cos),
         (a + 1) + sign * (a - 1) * cos - root],
    )  # fmt: skip
