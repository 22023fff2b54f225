"""Waveforms of voices, short of their loudness: the recording read at the voice's pitch, and filtered.

What voices have in common is made once: a recording at one steady pitch, and, where the release changes nothing but the
loudness, the filtered sound up to any length.
"""

from collections import OrderedDict
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK, lowpass
from ripieno.generators.audio.resample import (
    Source,
    Span,
    fraction,
    moving_reach,
    read_moving,
    read_steady,
    steady,
    steady_reach,
)
from ripieno.generators.audio.soundfont import SoundFont
from ripieno.generators.audio.tone import Band, shape_wave
from ripieno.generators.audio.voices import MAX_CENTS, Values, Voice, shape_curve
from ripieno.generators.audio.zones import Gen

Floats = npt.NDArray[np.float32]
Kept = TypeVar("Kept")
_WORTHWHILE = 64  # blocks at one pitch, at the end of a voice whose pitch moves, that are read as steady
_WARM_UP = 32  # blocks that the filter runs ahead of a stretch in the middle of a voice


class Waveform(NamedTuple):
    """A mono waveform, whole blocks, the root mean square of each, and the gain that brings it to full level."""

    frames: Floats
    strength: Floats
    gain: np.float32


class Synth:
    """Renders voices of one font at one rate, sharing what voices have in common.

    Args:
        tone: filters over every recording, before its envelope.
        cache_bytes: how much of the shared waveforms to keep.
    """

    def __init__(
        self, font: SoundFont, rate: int, *, tone: tuple[Band, ...] = (), cache_bytes: int = 96 << 20
    ) -> None:
        self.font, self.rate, self.tone = font, rate, tone
        self._sources: _Store[Source] = _Store(cache_bytes // 4)
        self._read: _Store[tuple[Floats, bool]] = _Store(cache_bytes // 4)  # with whether it is all there is
        self._filtered: _Store[Waveform] = _Store(cache_bytes // 2)

    def waveforms(self, sources: dict[Voice, int]) -> dict[Voice, Waveform]:
        """The waveforms of sources (`Voice.source`), each with the blocks that it must have; fewer where the recording ends."""
        ready = {}
        for source in sources:
            known = self._filtered.get(source)
            if known is not None:
                ready[source] = known
        todo = [s for s, blocks in sources.items() if s not in ready or ready[s].strength.size < blocks]
        for source, (wave, gain) in zip(todo, self._filter([s._replace(blocks=sources[s]) for s in todo]), strict=True):
            blocks = wave.reshape(-1, BLOCK)
            strength = np.sqrt(np.einsum("bn,bn->b", blocks, blocks) * np.float32(1.0 / BLOCK))
            ready[source] = Waveform(wave, strength, np.float32(gain))
            self._filtered.put(source, ready[source], wave.nbytes)
        return ready

    def _filter(self, voices: list[Voice]) -> list[tuple[Floats, float]]:
        ahead = [min(_WARM_UP, v.first) for v in voices]
        raw = [self._pitched(v, n) for v, n in zip(voices, ahead, strict=True)]
        cutoffs = [_cutoff(v, n) for v, n in zip(voices, ahead, strict=True)]
        filtered = lowpass(raw, cutoffs, [v.q for v in voices], self.rate)
        return [(wave[n * BLOCK :], gain) for n, (wave, gain) in zip(ahead, filtered, strict=True)]

    def _pitched(self, voice: Voice, ahead: int) -> Floats:
        """The recording at the voice's pitch from `ahead` blocks before its stretch; whole blocks."""
        sample = self.font.sample(voice.sample)
        ratio = sample.rate / self.rate
        blocks = voice.blocks + ahead
        first = voice.first - ahead
        delay = voice.volume.delay  # the recording itself starts after the delay
        if voice.steady:
            step = ratio * 2.0 ** (voice.cents / 1200.0)
            span = self._span(voice, (voice.held - delay) * BLOCK * step)
            key: object = (voice.sample, span, step, first - delay)
        else:
            span = self._span(voice, 0.0)
            key = (voice.sample, span, voice.cents, delay, first, voice.sway, voice.sway_to_pitch, voice.vibrato,
                   voice.vibrato_to_pitch)  # fmt: skip
        same = not (voice.shape_to_pitch or voice.live or (voice.mode == 3 and not voice.steady))  # for notes of any length
        known = self._read.get(key) if same else None
        if known is None or (known[0].size < blocks * BLOCK and not known[1]):
            if voice.steady:
                wave = self._read_evenly(voice.sample, span, step, first - delay, blocks)
            else:
                wave = self._read_swaying(voice, ratio, first)
            if self.tone and wave.size:
                wave = shape_wave(wave, self.tone, self.rate)
            known = wave, wave.size < blocks * BLOCK
            if same:
                self._read.put(key, known, wave.nbytes)
        return known[0][: blocks * BLOCK]

    def _read_swaying(self, voice: Voice, ratio: float, first: int) -> Floats:
        """The recording at a pitch that moves, from block `first` to the end of the voice's stretch."""
        cents = np.clip(_pitch(voice, voice.first + voice.blocks), -MAX_CENTS, MAX_CENTS)
        steps = ratio * 2.0 ** (cents / 1200.0)
        steps[: voice.volume.delay] = 0.0
        changes = np.flatnonzero(np.diff(steps))
        settled = int(changes[-1]) + 1 if changes.size else 0  # from this block on the pitch stays
        final = float(steps[-1])
        if steady(final) and steps.size - settled > _WORTHWHILE:
            up, period = fraction(final)
            steps[settled:] = up / period
        else:
            settled = steps.size
        starts = np.concatenate(([0.0], np.cumsum(steps * BLOCK)))
        span = self._span(voice, float(starts[min(voice.held, starts.size - 1)]))
        pieces = []
        if first < settled:
            source = self._source(voice.sample, span, moving_reach(float(steps[first:settled].max())))
            pieces.append(read_moving(source, starts[first:settled], steps[first:settled]))
        if settled < steps.size and (not pieces or pieces[0].size == (settled - first) * BLOCK):
            at, count = max(first, settled), (steps.size - max(first, settled)) * BLOCK
            source = self._source(voice.sample, span, steady_reach(final, count))
            pieces.append(read_steady(source, final, float(starts[at]), count))
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _read_evenly(self, sample: int, span: Span, step: float, first: int, blocks: int) -> Floats:
        """The recording at one pitch in so many blocks from `first` on, counted from where it begins."""
        if not steady(step):
            starts = (first + np.arange(blocks, dtype=np.float64)) * (BLOCK * step)
            return read_moving(self._source(sample, span, moving_reach(step)), starts, np.full(blocks, step))
        up, period = fraction(step)
        silent = min(max(-first, 0), blocks)
        count = (blocks - silent) * BLOCK
        source = self._source(sample, span, steady_reach(step, count))
        wave = read_steady(source, step, max(first, 0) * BLOCK * up / period, count)
        return np.concatenate((np.zeros(silent * BLOCK, np.float32), wave)) if silent else wave

    def _source(self, sample: int, span: Span, reach: int) -> Source:
        """A span laid out; kept, as other notes are likely to read it too."""
        reach = 1 << reach.bit_length()
        key = (sample, span, reach)
        known = self._sources.get(key)
        if known is None:
            known = Source.lay_out(self.font.sample(sample).frames, span, reach)
            self._sources.put(key, known, known.data.nbytes)
        return known

    @staticmethod
    def _span(voice: Voice, released: float) -> Span:
        """What the voice reads; one that loops until its release, `released` frames after its start, then reads on."""
        turns = -1 if voice.mode else 0
        if voice.mode == 3:
            past = voice.start + released - voice.loop_end
            turns = 0 if past < 0 else 1 + int(past // (voice.loop_end - voice.loop_start))
        return Span(voice.start, voice.end, voice.loop_start, voice.loop_end, turns)


def _live(voice: Voice, destination: int, first: int, last: int) -> Values | float:
    """What controllers add to a generator over its rest, in blocks `first` to `last - 1` (the last value holds on)."""
    for generator, data in voice.live:
        if generator == destination:
            change = np.frombuffer(data, np.float32).astype(np.float64)
            return np.asarray(change[np.minimum(np.arange(first, last), change.size - 1)])
    return 0.0


def _pitch(voice: Voice, last: int) -> Values:
    """Cents over the recording's pitch in blocks 0 to `last - 1` of the note, as they are at each block's end."""
    t = np.arange(1, last + 1, dtype=np.float64)
    cents = np.full(last, voice.cents)
    cents += _live(voice, Gen.PITCH, 0, last)
    depth = voice.vibrato_to_pitch + _live(voice, Gen.VIB_LFO_TO_PITCH, 0, last)
    if np.any(depth):
        cents += depth * voice.vibrato.level(t)
    depth = voice.sway_to_pitch + _live(voice, Gen.MOD_LFO_TO_PITCH, 0, last)
    if np.any(depth):
        cents += depth * voice.sway.level(t)
    if voice.shape_to_pitch:
        cents += voice.shape_to_pitch * shape_curve(voice, 1, last + 1)
    return cents


def _cutoff(voice: Voice, ahead: int) -> Values:
    """Absolute cents in each block of the stretch, from `ahead` blocks before it; a single value where it never moves."""
    live = any(g == Gen.FILTER_FC for g, _ in voice.live)
    if not (voice.shape_to_fc or voice.sway_to_fc or live):
        return np.array([voice.fc])
    first, last = voice.first - ahead, voice.first + voice.blocks
    cents = np.full(last - first, voice.fc)
    if live:
        cents += _live(voice, Gen.FILTER_FC, first, last)
    if voice.shape_to_fc:
        cents += voice.shape_to_fc * shape_curve(voice, first + 1, last + 1)
    if voice.sway_to_fc:
        cents += voice.sway_to_fc * voice.sway.level(np.arange(first + 1, last + 1, dtype=np.float64))
    np.maximum(cents, 0.0, out=cents)
    np.minimum(cents, 13500.0, out=cents)
    return cents


class _Store(Generic[Kept]):
    """Values by key, the least recently used dropped above a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[object, tuple[Kept, int]] = OrderedDict()

    def get(self, key: object) -> Kept | None:
        """The value, or None."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: object, value: Kept, size: int) -> None:
        """Keeps a value of so many bytes."""
        self._size += size - self._kept.pop(key, (value, 0))[1]
        self._kept[key] = value, size
        while self._size > self._limit and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1][1]
