"""Stems: the voices of a part mixed to stereo, window by window."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK
from ripieno.generators.audio.plan import Gain, Plan
from ripieno.generators.audio.synth import _RAMP, Synth

Floats = npt.NDArray[np.float32]
WINDOW_SECONDS = 20.0
_INAUDIBLE = np.float32(1e-6)


def windows(plan: Plan, synth: Synth, frames: int) -> Iterator[Floats]:
    """The stem as consecutive (2, n) arrays that add up to `frames`; each voice begins in the window of its onset."""
    size = int(WINDOW_SECONDS * synth.rate)
    carried = np.zeros((2, 0), np.float32)
    for start in range(0, frames, size):
        first, last = np.searchsorted(plan.onset, (start, start + size))
        numbers, inverse = np.unique(plan.which[first:last], return_inverse=True)
        waves = synth.waveforms([plan.voices[n] for n in numbers])
        ends = [int(plan.onset[first + i]) - start + waves[w].size for i, w in enumerate(inverse)]
        out = np.zeros((2, max(size, carried.shape[1], max(ends, default=0))), np.float32)
        out[:, : carried.shape[1]] = carried
        for i, w in enumerate(inverse):
            _add(out, int(plan.onset[first + i]) - start, waves[w], plan.gains[first + i])
        carried = out[:, size:].copy()
        yield out[:, : min(size, frames - start)]


def _add(out: Floats, at: int, wave: Floats, gain: Gain) -> None:
    for side in (0, 1):
        values = gain.values[side]
        if values.size == 1:
            if values[0] > _INAUDIBLE:
                out[side, at : at + wave.size] += wave * values[0]
        else:
            used = -(-wave.size // BLOCK)
            ramp = np.diff(values)[:used, None] * _RAMP + values[:used, None]
            out[side, at : at + wave.size] += ramp.reshape(-1)[: wave.size] * wave


def render_stem(plan: Plan, synth: Synth, frames: int, report: Callable[[float], None] | None = None) -> Floats:
    """The whole stem, (2, frames)."""
    out = np.empty((2, frames), np.float32)
    at = 0
    for part in windows(plan, synth, frames):
        out[:, at : at + part.shape[1]] = part
        at += part.shape[1]
        if report is not None:
            report(at / max(frames, 1))
    return out
