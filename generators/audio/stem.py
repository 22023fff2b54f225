"""Stems: the voices of a part added up to stereo, batch by batch so that memory stays bounded."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK
from ripieno.generators.audio.plan import INAUDIBLE, SAME_PLACE, Gains, Plan
from ripieno.generators.audio.synth import Synth
from ripieno.generators.audio.voices import Voice, loudness_curve

Floats = npt.NDArray[np.float32]
_BATCH = 3_000_000  # frames of new waveforms made at a time: long vectors for the filter, some 80 MB
_SPAN_SECONDS = 60  # and no more of the piece than this
_SILENT = 1e-5  # -100 dBFS, some 70 dB below a loud note: what stays below that until its end is left out
_CHUNK = 512  # blocks added at a time, so that intermediate results stay in the processor's cache
_RAMPS = np.stack((1.0 - np.arange(BLOCK) / BLOCK, np.arange(BLOCK) / BLOCK)).astype(np.float32)


def play(plan: Plan, synth: Synth) -> Iterator[tuple[int, Floats]]:
    """The stem as consecutive pieces: (first frame, (channels, n) samples), one channel where `common_place` is not None."""
    channels = 2 if common_place(plan) is None else 1
    base, held = 0, np.zeros((channels, 0), np.float32)
    sources = [voice.source for voice in plan.voices]
    longest: dict[Voice, int] = {}
    for voice, source in zip(plan.voices, sources, strict=True):
        longest[source] = max(longest.get(source, 0), voice.blocks)
    for first, last in pairwise(_batches(plan, sources, longest, synth.rate)):
        numbers, inverse = np.unique(plan.which[first:last], return_inverse=True)
        ready = synth.waveforms({sources[n]: longest[sources[n]] for n in numbers})
        voices = [plan.voices[n] for n in numbers]
        waves = [ready[sources[n]].frames[: v.blocks * BLOCK] for n, v in zip(numbers, voices, strict=True)]
        levels = [loudness_curve(v)[: wave.size // BLOCK + 1] * ready[sources[n]].gain
                  for n, v, wave in zip(numbers, voices, waves, strict=True)]  # fmt: skip
        heard = [v[1:] * ready[sources[n]].strength[: v.size - 1] for n, v in zip(numbers, levels, strict=True)]
        starts = (plan.onset[first:last] - base).tolist()
        end = max(start + waves[w].size for start, w in zip(starts, inverse, strict=True))
        out = np.zeros((channels, max(end, held.shape[1])), np.float32)
        out[:, : held.shape[1]] = held
        for i, (start, w) in enumerate(zip(starts, inverse.tolist(), strict=True), first):
            gains = plan.gains[i]
            audible = np.flatnonzero(heard[w] > _SILENT / max(float(gains.max()), INAUDIBLE))
            if audible.size:
                used = int(audible[-1]) + 1
                _add(out, start, waves[w][: used * BLOCK], levels[w][: used + 1], gains, float(plan.share[i]))
        done = out.shape[1] if last == plan.onset.size else min(int(plan.onset[last]) - base, out.shape[1])
        yield base, out[:, :done]
        base, held = base + done, out[:, done:]
        if last < plan.onset.size and plan.onset[last] > base:  # silence until the next voice
            base = int(plan.onset[last])


def _batches(plan: Plan, sources: list[Voice], longest: dict[Voice, int], rate: int) -> list[int]:
    """Borders between events such that each stretch has about `_BATCH` frames of new waveforms and spans no long time."""
    if not plan.which.size:
        return []
    frames = np.zeros(plan.which.size, np.int64)
    seen: set[Voice] = set()
    for at, number in zip(*np.unique(plan.which, return_index=True)[::-1], strict=True):
        if sources[number] not in seen:
            seen.add(sources[number])
            frames[at] = longest[sources[number]] * BLOCK
    new = np.diff(np.cumsum(frames) // _BATCH) + np.diff(plan.onset // (_SPAN_SECONDS * rate))
    return [0, *(np.flatnonzero(new) + 1).tolist(), plan.which.size]


def common_place(plan: Plan) -> tuple[float, float] | None:
    """Left and right as shares of left when every voice sits at the same place, so that one signal will do; else None."""
    if not plan.share.size or np.isnan(plan.share).any() or np.ptp(plan.share) >= SAME_PLACE:
        return None
    return 1.0, float(plan.share[0])


def _add(out: Floats, at: int, wave: Floats, level: Floats, gains: Gains, share: float) -> None:
    """Adds a waveform from frame `at` on into (channels, n), under its level and gains.

    Args:
        level: at the borders of the blocks, straight between them.
        gains: (2, 1), or (2, blocks + 1) at the borders, of left and right; one channel takes those of left.
        share: right as a share of left, or NaN.
    """
    if not math.isnan(share):
        _add_shaped(out, at, wave, level * gains[0, : level.size], share)
        return
    for channel, side in zip(out, gains, strict=False):
        if side.max() > INAUDIBLE:
            _add_shaped(channel[None], at, wave, level * side[: level.size], 1.0)


def _add_shaped(out: Floats, at: int, wave: Floats, level: Floats, share: float) -> None:
    """Adds a waveform under its level at the borders of its blocks; into a second channel at a share of the first's."""
    ends = np.stack((level[:-1], level[1:]), axis=1)
    for n in range(0, wave.size // BLOCK, _CHUNK):
        piece = wave[n * BLOCK : (n + _CHUNK) * BLOCK]
        here = np.matmul(ends[n : n + piece.size // BLOCK], _RAMPS)
        flat = here.reshape(-1)
        flat *= piece
        where = slice(at + n * BLOCK, at + n * BLOCK + piece.size)
        out[0, where] += flat
        if len(out) == 2:
            flat *= np.float32(share)
            out[1, where] += flat
