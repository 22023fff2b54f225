"""Stems: the voices of a part added up to stereo, batch by batch so that memory stays bounded."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK
from ripieno.generators.audio.plan import Gains, Plan
from ripieno.generators.audio.synth import RAMP, Synth

Floats = npt.NDArray[np.float32]
_BATCH = 3_000_000  # frames of new waveforms made at a time: long vectors for the filter, some 80 MB
_SPAN_SECONDS = 60  # and no more of the piece than this
_INAUDIBLE = 1e-6


def play(plan: Plan, synth: Synth) -> Iterator[tuple[int, Floats]]:
    """The stem as consecutive pieces: (first frame, (channels, n) samples), one channel where `common_place` is not None."""
    channels = 2 if common_place(plan) is None else 1
    base, held = 0, np.zeros((channels, 0), np.float32)
    borders = _batches(plan, synth.rate)
    for first, last in pairwise(borders):
        numbers, inverse = np.unique(plan.which[first:last], return_inverse=True)
        waves = synth.waveforms([plan.voices[n] for n in numbers])
        starts = (plan.onset[first:last] - base).tolist()
        end = max(start + waves[w].size for start, w in zip(starts, inverse, strict=True))
        out = np.zeros((channels, max(end, held.shape[1])), np.float32)
        out[:, : held.shape[1]] = held
        for i, (start, w) in enumerate(zip(starts, inverse.tolist(), strict=True), first):
            _add(out, start, waves[w], plan.gains[i])
        done = out.shape[1] if last == plan.onset.size else min(int(plan.onset[last]) - base, out.shape[1])
        yield base, out[:, :done]
        base, held = base + done, out[:, done:]
        if last < plan.onset.size and plan.onset[last] > base:  # silence until the next voice
            base = int(plan.onset[last])


def _batches(plan: Plan, rate: int) -> list[int]:
    """Borders between events such that each stretch has about `_BATCH` frames of new waveforms and spans no long time."""
    if not plan.which.size:
        return []
    frames = np.zeros(plan.which.size, np.int64)
    voices, first = np.unique(plan.which, return_index=True)
    frames[first] = [plan.voices[n].blocks * BLOCK for n in voices]
    new = np.diff(np.cumsum(frames) // _BATCH) + np.diff(plan.onset // (_SPAN_SECONDS * rate))
    return [0, *(np.flatnonzero(new) + 1).tolist(), plan.which.size]


def common_place(plan: Plan) -> tuple[float, float] | None:
    """Left and right as shares of left when every voice sits at the same place, so that one signal will do; else None."""
    if not plan.gains or any(g.shape[1] != 1 for g in plan.gains):
        return None
    left, right = np.concatenate(plan.gains, axis=1)
    if left.min() < _INAUDIBLE:
        return None
    share = right / left
    return (1.0, float(share[0])) if np.ptp(share) < 1e-4 else None


def _add(out: Floats, at: int, wave: Floats, gains: Gains) -> None:
    """Adds a waveform from frame `at` on, under its gains."""
    for channel, values in zip(out, gains, strict=False):
        if values.size == 1:
            if values[0] > _INAUDIBLE:
                channel[at : at + wave.size] += wave * values[0]
        else:
            used = -(-wave.size // BLOCK)
            ramp = np.diff(values)[:used, None] * RAMP + values[:used, None]
            channel[at : at + wave.size] += ramp.reshape(-1)[: wave.size] * wave
