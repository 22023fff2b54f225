"""Loudness in LUFS and true peak in dBTP, after ITU-R BS.1770-4 and EBU Tech 3341.

The K-weighting is applied to the spectrum of each 100 ms step rather than as a running filter, which costs a third and differs
by less than 0.02 LU (a test compares them). True peak interpolates four times by the recommendation's 48-tap filter.
"""

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.tone import grid, k_weighting

Floats = npt.NDArray[np.float32]
_STEP = 0.1  # seconds; a gating block is four steps, so that blocks overlap by 75 %
_OFFSET = -0.691
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0

# BS.1770-4, annex 2: the phases of the interpolating filter (phase 3 mirrors 0, phase 2 mirrors 1)
_PHASE_0 = (0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625,
            0.97216796875, -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125)  # fmt: skip
_PHASE_1 = (-0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625,
            0.77978515625, -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375)  # fmt: skip
_PHASES = np.array([_PHASE_0, _PHASE_1, _PHASE_1[::-1], _PHASE_0[::-1]], np.float32)


class LoudnessMeter:
    """Integrated loudness of a signal that arrives in pieces of shape (channels, n), n any."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._size = round(_STEP * rate)
        self._weights = (np.abs(k_weighting(grid(self._size, rate), rate)) ** 2).astype(np.float32)
        self._weights[1:-1] *= 2.0  # each bin but the first and last stands for two
        self._pending: Floats = np.zeros((0, 0), np.float32)
        self._powers: list[npt.NDArray[np.float64]] = []

    def add(self, signal: Floats) -> None:
        """The next piece."""
        if self._pending.size:
            signal = np.concatenate((self._pending, signal), axis=1)
        steps = signal.shape[1] // self._size
        used = signal[:, : steps * self._size].reshape(signal.shape[0], steps, self._size)
        for at in range(0, steps, 64):
            spectrum = np.fft.rfft(used[:, at : at + 64], axis=2)
            power = spectrum.real**2
            power += spectrum.imag**2
            self._powers.append((power @ self._weights).sum(axis=0) / float(self._size) ** 2)
        self._pending = signal[:, steps * self._size :].copy()

    def integrated(self, gains: npt.NDArray[np.float64] | None = None, block: int = 1) -> float:
        """LUFS of everything so far; -inf for silence or less than 400 ms.

        With `gains` (power gains, one for each `block` frames), what it would be under them.
        """
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if gains is not None and gains.size:
            sums = np.concatenate(([0.0], np.cumsum(gains)))
            borders = np.minimum(np.arange(steps.size + 1) * (self._size / block), gains.size)
            steps = steps * np.diff(np.interp(borders, np.arange(sums.size), sums)) * (block / self._size)
        if steps.size < 4:
            return float("-inf")
        blocks = np.convolve(steps, np.full(4, 0.25), mode="valid")
        level = _OFFSET + 10.0 * np.log10(np.maximum(blocks, 1e-20))
        loud = blocks[level > _ABSOLUTE_GATE]
        if not loud.size:
            return float("-inf")
        gate = _OFFSET + 10.0 * np.log10(loud.mean()) + _RELATIVE_GATE
        loud = loud[_OFFSET + 10.0 * np.log10(loud) > gate]
        return float(_OFFSET + 10.0 * np.log10(loud.mean()))


def integrated_loudness(signal: Floats, rate: int) -> float:
    """LUFS of a whole signal, (channels, n) float32."""
    meter = LoudnessMeter(rate)
    meter.add(signal)
    return meter.integrated()


def true_peaks(signal: Floats, block: int, floor: float) -> Floats:
    """The greatest interpolated magnitude of all channels in each block of `block` frames, shape (blocks,).

    Blocks whose frames stay below `floor` are reported by their frames alone, since interpolation cannot lift them above
    twice that.
    """
    frames = signal.shape[1]
    count = -(-frames // block)
    padded = np.zeros((signal.shape[0], count * block), np.float32)
    padded[:, :frames] = signal
    peaks = np.abs(padded).reshape(signal.shape[0], count, block).max(axis=(0, 2))
    near = np.flatnonzero(peaks > floor)
    taps = _PHASES.shape[1]
    around = np.pad(padded, ((0, 0), (taps // 2, taps // 2)))
    for at in range(0, near.size, 4096):
        mine = near[at : at + 4096]
        index = mine[:, None] * block + np.arange(block + taps - 1)
        for channel in around:
            pieces = np.lib.stride_tricks.sliding_window_view(channel[index], taps, axis=1)
            peaks[mine] = np.maximum(peaks[mine], np.abs(pieces @ _PHASES.T).max(axis=(1, 2)))
    return np.asarray(peaks, np.float32)


def true_peak(signal: Floats) -> float:
    """dBTP of a signal, (channels, n) float32; -inf for silence."""
    highest = float(np.abs(signal).max(initial=0.0))
    if not highest:
        return float("-inf")
    return float(20.0 * np.log10(true_peaks(signal, 256, 0.45 * highest).max()))
