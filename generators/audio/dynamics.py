"""Bus compressor and true-peak limiter, as gain curves over blocks.

Both compute a gain a block and run it straight from block to block. The limiter knows the future: the needed gain is held over
a window and smoothed by a kernel no longer than that window, so it reaches every peak in time and never overshoots.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.loudness import true_peaks

Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
BLOCK = 64  # frames a gain value stands for
_STEPS = 1 << 15  # gains that are Python numbers at a time


@dataclass(frozen=True, slots=True)
class Glue:
    """A gentle bus compressor: what exceeds `threshold` (dB below the programme's own level is negative) is divided by `ratio`.

    Attack and release in seconds; `knee` in dB.
    """

    threshold: float = -3.0
    ratio: float = 1.6
    knee: float = 6.0
    attack: float = 0.030
    release: float = 0.200


def levels(signal: Floats) -> Floats:
    """The mean square of all channels in each block of a signal (channels, n)."""
    count = signal.shape[1] // BLOCK
    whole = signal[:, : count * BLOCK].reshape(signal.shape[0], count, BLOCK)
    power = np.einsum("cbn,cbn->b", whole, whole) / np.float32(BLOCK)
    rest = signal[:, count * BLOCK :]
    if rest.size:
        power = np.append(power, np.float32((rest**2).sum() / BLOCK))
    return np.asarray(power, np.float32)


def glue_gains(power: Floats, rate: int, glue: Glue) -> Floats:
    """The compressor's gain a block for the mean squares of a whole programme."""
    if not np.any(power) or glue.ratio <= 1.0:
        return np.ones(power.size, np.float32)
    level = 10.0 * np.log10(np.maximum(power.astype(np.float64), 1e-12))
    audible = level > level.max() - 40.0
    threshold = 10.0 * np.log10(np.mean(power[audible], dtype=np.float64)) + glue.threshold
    over = level - threshold
    half = glue.knee / 2.0
    bent = np.where(over <= -half, 0.0, np.where(over >= half, over, (over + half) ** 2 / (2.0 * max(glue.knee, 1e-6))))
    wanted = bent * (1.0 - 1.0 / glue.ratio)  # dB of reduction
    rise, fall = (float(np.exp(-BLOCK / (rate * t))) for t in (glue.attack, glue.release))
    state = 0.0
    gains = np.empty(wanted.size, np.float32)
    for at in range(0, wanted.size, _STEPS):
        smooth = []
        for value in wanted[at : at + _STEPS].tolist():
            keep = rise if value > state else fall
            state = value + (state - value) * keep
            smooth.append(state)
        gains[at : at + _STEPS] = 10.0 ** (-np.array(smooth) / 20.0)
    return gains


def limit_gains(peaks: Floats, ceiling: float, rate: int, *, window: float = 0.040) -> Floats:
    """The limiter's gain a block for true peaks a block; after it no peak exceeds `ceiling` (linear)."""
    needed = np.minimum(1.0, ceiling / np.maximum(peaks.astype(np.float64), 1e-12))
    half = max(1, round(window * rate / BLOCK / 2))
    # the gain runs straight between block borders, so a border must satisfy the blocks on both of its sides
    held = _lowest(needed, half + 1)
    kernel = np.hanning(2 * half + 3)[1:-1]
    kernel /= kernel.sum()
    smooth = np.convolve(np.pad(held, half, mode="edge"), kernel, mode="valid")
    return np.minimum(smooth, 1.0).astype(np.float32)


def _lowest(values: Values, half: int) -> Values:
    """The least value within `half` places either side, by doubling."""
    padded = np.pad(values, half, constant_values=1.0)
    span, width = 1, 2 * half + 1
    while span * 2 <= width:
        padded = np.minimum(padded[:-span], padded[span:])
        span *= 2
    extra = width - span
    return np.minimum(padded[: values.size], padded[extra : extra + values.size])


def apply_gains(signal: Floats, gains: Floats, first: int = 0) -> None:
    """Multiplies a signal (channels, n) in place; `gains[first]` stands for its first block's beginning."""
    count = -(-signal.shape[1] // BLOCK)
    border = gains[np.minimum(np.arange(first, first + count + 1), gains.size - 1)]
    ramp = np.diff(border)[:, None] * (np.arange(BLOCK, dtype=np.float32) / np.float32(BLOCK))
    ramp += border[:-1, None]
    signal *= ramp.reshape(-1)[: signal.shape[1]]


def limit(signal: Floats, ceiling_db: float, rate: int) -> None:
    """Limits a whole signal in place to a true peak in dBTP."""
    ceiling = 10.0 ** (ceiling_db / 20.0)
    peaks = true_peaks(signal, BLOCK, 0.5 * ceiling)
    if float(peaks.max(initial=0.0)) > ceiling:
        apply_gains(signal, limit_gains(peaks, ceiling * 0.998, rate))
