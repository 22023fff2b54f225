"""Stems: the voices of a part added up to stereo, the waveforms made window by window so that memory stays bounded."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK
from ripieno.generators.audio.plan import Gains, Plan
from ripieno.generators.audio.synth import RAMP, Synth

Floats = npt.NDArray[np.float32]
WINDOW_SECONDS = 20.0
_INAUDIBLE = 1e-6


def render_stem(plan: Plan, synth: Synth, out: Floats, report: Callable[[float], None] | None = None) -> None:
    """Adds a part into `out`, (2, frames); frames beyond its end are left out.

    Args:
        report: called with 0..1 after each window.
    """
    frames, size = out.shape[1], int(WINDOW_SECONDS * synth.rate)
    place = _common_place(plan.gains)
    target = out if place is None else np.zeros((1, frames), np.float32)
    for start in range(0, int(plan.onset[-1]) + 1 if plan.onset.size else 0, size):
        first, last = np.searchsorted(plan.onset, (start, start + size))
        numbers, inverse = np.unique(plan.which[first:last], return_inverse=True)
        waves = synth.waveforms([plan.voices[n] for n in numbers])
        for i, w in enumerate(inverse.tolist(), int(first)):
            _add(target, int(plan.onset[i]), waves[w], plan.gains[i])
        if report is not None:
            report(min(1.0, (start + size) / max(frames, 1)))
    if place is not None:
        for side in (0, 1):
            out[side] += target[0] * place[side]


def _common_place(gains: list[Gains]) -> tuple[np.float32, np.float32] | None:
    """(1, right as a share of left) when every voice sits at the same place, so that one sum will do; else None."""
    if not gains or any(g.shape[1] != 1 for g in gains):
        return None
    left, right = np.concatenate(gains, axis=1)
    if left.min() < _INAUDIBLE:
        return None
    share = right / left
    return (np.float32(1.0), np.float32(share[0])) if np.ptp(share) < 1e-4 else None


def _add(out: Floats, at: int, wave: Floats, gains: Gains) -> None:
    """Adds a waveform from frame `at` on, under its gains."""
    wave = wave[: max(0, out.shape[1] - at)]
    for channel, values in zip(out, gains, strict=False):
        if values.size == 1:
            if values[0] > _INAUDIBLE:
                channel[at : at + wave.size] += wave * values[0]
        else:
            used = -(-wave.size // BLOCK)
            ramp = np.diff(values)[:used, None] * RAMP + values[:used, None]
            channel[at : at + wave.size] += ramp.reshape(-1)[: wave.size] * wave
