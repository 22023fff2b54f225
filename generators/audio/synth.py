"""Waveforms of voices: the recording read at the voice's pitch, filtered, and shaped by its envelope.

Interpolation is the four-point cubic of Catmull and Rom, fluidsynth's default. What voices have in common is made once: a
recording at one steady pitch, and, where the release changes nothing but the loudness, the filtered sound up to any length.
"""

from collections import OrderedDict
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK, lowpass
from ripieno.generators.audio.soundfont import SoundFont
from ripieno.generators.audio.tone import Band, shape_wave
from ripieno.generators.audio.voices import DECIBELS, MAX_CENTS, Envelope, Values, Voice, loudness_curve, shape_curve
from ripieno.generators.audio.zones import Gen

Floats = npt.NDArray[np.float32]
_WARM_UP = 32  # blocks that the filter runs ahead of a stretch in the middle of a voice
_FOR_EVER = 1 << 30  # blocks
_SLIGHT_CENTS = 150.0  # a movement of the filter's cutoff that nobody hears in a sound that has
_FADED_DB = 24.0  # fallen by so much
_CHUNK = 16384  # frames interpolated at a time, so that intermediate results stay in the processor's cache


class Synth:
    """Renders voices of one font at one rate, sharing what voices have in common.

    Args:
        tone: filters over every recording, before its envelope.
        cache_bytes: how much of the shared waveforms to keep.
    """

    def __init__(
        self, font: SoundFont, rate: int, *, tone: tuple[Band, ...] = (), cache_bytes: int = 160 << 20
    ) -> None:
        self.font, self.rate, self.tone = font, rate, tone
        self._read = _Store(cache_bytes // 4)
        self._filtered = _Store(cache_bytes // 4)
        self._done = _Store(cache_bytes // 2)

    def waveforms(self, voices: list[Voice]) -> list[Floats]:
        """The mono waveform of each voice, short of its gain; one may be shorter than its blocks where the recording ends."""
        out: dict[Voice, Floats] = {}
        todo: list[Voice] = []
        for voice in voices:
            known = self._done.get(voice)
            if known is not None:
                out[voice] = known
            else:
                todo.append(voice)
        for voice, wave in zip(todo, self._render(todo), strict=True):
            self._done.put(voice, wave)
            out[voice] = wave
        return [out[v] for v in voices]

    def _render(self, voices: list[Voice]) -> list[Floats]:
        sources = [_held_for_ever(v) if _calm(v) else v for v in voices]
        longest: dict[Voice, int] = {}
        for voice, source in zip(voices, sources, strict=True):
            longest[source] = max(longest.get(source, 0), voice.blocks)
        ready: dict[Voice, Floats] = {}
        todo: list[Voice] = []
        for source, blocks in longest.items():
            known = self._filtered.get(source)
            if known is not None and (known.size >= blocks * BLOCK or self._filtered.complete(source)):
                ready[source] = known
            else:
                todo.append(source)
        for source, wave in zip(todo, self._filter([replace(s, blocks=longest[s]) for s in todo]), strict=True):
            ready[source] = wave
            if source.held == _FOR_EVER:
                self._filtered.put(source, wave, complete=wave.size < longest[source] * BLOCK)
        return [_shaped(v, ready[s][: v.blocks * BLOCK]) for v, s in zip(voices, sources, strict=True)]

    def _filter(self, voices: list[Voice]) -> list[Floats]:
        ahead = [min(_WARM_UP, v.first) for v in voices]
        raw = [self._pitched(v, n) for v, n in zip(voices, ahead, strict=True)]
        cutoffs = [_cutoff(v, n) for v, n in zip(voices, ahead, strict=True)]
        filtered = lowpass(raw, cutoffs, [v.q for v in voices], self.rate)
        return [wave[n * BLOCK :] for n, wave in zip(ahead, filtered, strict=True)]

    def _pitched(self, voice: Voice, ahead: int) -> Floats:
        """The recording at the voice's pitch from `ahead` blocks before its stretch; whole blocks."""
        sample = self.font.sample(voice.sample)
        ratio = sample.rate / self.rate
        blocks = voice.blocks + ahead
        first = voice.first - ahead
        delay = voice.volume.delay  # the recording itself starts after the delay
        if voice.steady:
            step = ratio * 2.0 ** (voice.cents / 1200.0)
            begin = (first - delay) * BLOCK
            loops = self._loops_at_release(voice, (voice.held - delay) * BLOCK * step)
            key = (voice.sample, voice.start, voice.end, voice.loop_start, voice.loop_end, voice.mode, loops, step, begin)
            known = self._read.get(key)
            if known is None or (known.size < blocks * BLOCK and not self._read.complete(key)):
                position = np.arange(begin, begin + blocks * BLOCK, dtype=np.float64)
                position *= step
                known = self._interpolated(voice, np.maximum(position, 0.0) if begin < 0 else position, loops)
                self._read.put(key, known, complete=known.size < blocks * BLOCK)
            return known[: blocks * BLOCK]
        t = np.arange(1, voice.first + voice.blocks + 1, dtype=np.float64)
        steps = ratio * 2.0 ** (np.clip(_pitch(voice, t), -MAX_CENTS, MAX_CENTS) / 1200.0)
        steps[:delay] = 0.0
        starts = np.concatenate(([0.0], np.cumsum(steps * BLOCK)))
        position = starts[first:-1, None] + steps[first:, None] * np.arange(BLOCK)
        at_release = starts[min(voice.held, starts.size - 1)]
        return self._interpolated(voice, position.reshape(-1), self._loops_at_release(voice, float(at_release)))

    @staticmethod
    def _loops_at_release(voice: Voice, released: float) -> int:
        """How often a voice that loops until its release has gone around by then; -1 for ever."""
        if voice.mode != 3:
            return -1
        past = voice.start + released - voice.loop_end
        return 0 if past < 0 else 1 + int(past // (voice.loop_end - voice.loop_start))

    def _interpolated(self, voice: Voice, position: Values, loops: int) -> Floats:
        """The recording read at fractional frames `position` after the voice's start, looping as the voice does."""
        frames = self.font.sample(voice.sample).frames
        head = frames[voice.start : voice.loop_end if voice.mode else voice.end]
        if not voice.mode or not position.size:
            source = head
        else:
            loop, rest = frames[voice.loop_start : voice.loop_end], frames[voice.loop_end : voice.end]
            into = voice.loop_start - voice.start
            passed = max(0, int((position[0] - into) // loop.size) - 1)
            if loops >= 0:
                passed = min(passed, loops)
            position = position - passed * loop.size
            turns = loops - passed if loops >= 0 else max(0, int(position[-1] + 4 - head.size) // loop.size + 1)
            if turns * loop.size <= 4 * position.size + _CHUNK:
                source = np.concatenate((head, np.tile(loop, turns), rest if loops >= 0 else loop[:0]))
            else:  # so far above the recording's pitch that unrolling its loop would take more room than the sound
                position = position - np.clip((position - into) // loop.size, 0, turns) * loop.size
                source = np.concatenate((head, rest if loops >= 0 else loop[:4]))
        source = np.concatenate((source[:1], source, np.zeros(3, np.float32)))
        last = source.size - 4
        if position.size and position[-1] > last:
            position = position[: int(np.searchsorted(position, last, side="right")) // BLOCK * BLOCK + BLOCK]
            position = np.minimum(position, last)
        out = np.empty(position.size, np.float32)
        for at in range(0, position.size, _CHUNK):
            _cubic(source, position[at : at + _CHUNK], out[at : at + _CHUNK])
        return shape_wave(out, self.tone, self.rate) if self.tone else out


def _calm(voice: Voice) -> bool:
    """Whether the release moves neither pitch nor filter by anything that could be heard before it has faded."""
    if voice.mode == 3 or voice.live:
        return False
    fading = voice.volume.release * _FADED_DB / DECIBELS
    moved = float(voice.shape.level(np.array([float(voice.held)]))[0]) * min(1.0, fading / voice.shape.release)
    return abs(voice.shape_to_pitch) * moved < 1.0 and abs(voice.shape_to_fc) * moved < _SLIGHT_CENTS


def _held_for_ever(voice: Voice) -> Voice:
    """What calm voices that differ only in length and loudness have in common; its length is settled later."""
    plain = Envelope(voice.volume.delay, 1, 0, 0, 1.0, 1)
    return replace(voice, volume=plain, held=_FOR_EVER, killed=-1, sway_to_volume=0.0, blocks=0)


def _cubic(source: Floats, position: Values, out: Floats) -> None:
    """Catmull-Rom between source[i + 1] and source[i + 2] at position i + f."""
    index = position.astype(np.int64)
    f = (position - index).astype(np.float32)
    a, b, c, d = (source[n:].take(index, mode="clip") for n in range(4))
    np.subtract(c, a, out=out)  # ((d - a + 3 (b - c)) f + 2a - 5b + 4c - d) f + c - a) f / 2 + b
    third = b - c
    third *= 3
    third += d
    third -= a
    a *= 2
    c *= 4
    a += c
    a -= d
    a -= 5 * b
    third *= f
    third += a
    third *= f
    out += third
    out *= f
    out *= np.float32(0.5)
    out += b


def _live(voice: Voice, destination: int, t: Values) -> Values | float:
    """What controllers add to a generator over its rest, at the blocks `t` (the last of the stretch's values holds on)."""
    for generator, data in voice.live:
        if generator == destination:
            change = np.frombuffer(data, np.float32).astype(np.float64)
            return np.asarray(change[np.clip(t.astype(np.int64) - 1 - voice.first, 0, change.size - 1)])
    return 0.0


def _pitch(voice: Voice, t: Values) -> Values:
    """Cents over the recording's pitch at the blocks `t`."""
    cents = np.full(t.size, voice.cents)
    cents += _live(voice, Gen.PITCH, t)
    depth = voice.vibrato_to_pitch + _live(voice, Gen.VIB_LFO_TO_PITCH, t)
    if np.any(depth):
        cents += depth * voice.vibrato.level(t)
    depth = voice.sway_to_pitch + _live(voice, Gen.MOD_LFO_TO_PITCH, t)
    if np.any(depth):
        cents += depth * voice.sway.level(t)
    if voice.shape_to_pitch:
        cents += voice.shape_to_pitch * shape_curve(voice, t)
    return cents


def _cutoff(voice: Voice, ahead: int) -> Values:
    """Absolute cents at each block, or a single value where it never moves."""
    live = any(g == Gen.FILTER_FC for g, _ in voice.live)
    if not (voice.shape_to_fc or voice.sway_to_fc or live):
        return np.array([voice.fc])
    t = np.arange(voice.first - ahead + 1, voice.first + voice.blocks + 1, dtype=np.float64)
    cents = np.full(t.size, voice.fc)
    cents += _live(voice, Gen.FILTER_FC, t)
    if voice.shape_to_fc:
        cents += voice.shape_to_fc * shape_curve(voice, t)
    if voice.sway_to_fc:
        cents += voice.sway_to_fc * voice.sway.level(t)
    return np.asarray(np.clip(cents, 0.0, 13500.0))


RAMP = np.arange(BLOCK, dtype=np.float32) / np.float32(BLOCK)


def _shaped(voice: Voice, wave: Floats) -> Floats:
    """The wave under its envelope, which runs straight from one block's end to the next."""
    t = np.arange(voice.first, voice.first + voice.blocks + 1, dtype=np.float64)
    level = loudness_curve(voice, t).astype(np.float32)
    if not voice.first:
        level[0] = 0.0
    used = -(-wave.size // BLOCK)
    rise = np.diff(level)[:used, None] * RAMP
    rise += level[:used, None]
    flat = rise.reshape(-1)[: wave.size]
    flat *= wave
    return flat


class _Store:
    """Waveforms by key, the least recently used dropped above a size."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._waves: OrderedDict[object, tuple[Floats, bool]] = OrderedDict()

    def get(self, key: object) -> Floats | None:
        """The waveform, or None."""
        found = self._waves.get(key)
        if found is None:
            return None
        self._waves.move_to_end(key)
        return found[0]

    def complete(self, key: object) -> bool:
        """Whether the waveform kept is all there is (its recording ended)."""
        return self._waves[key][1]

    def put(self, key: object, wave: Floats, *, complete: bool = False) -> None:
        """Keeps a waveform."""
        old = self._waves.pop(key, None)
        if old is not None:
            self._size -= old[0].nbytes
        self._waves[key] = (wave, complete)
        self._size += wave.nbytes
        while self._size > self._limit and len(self._waves) > 1:
            _, (gone, _) = self._waves.popitem(last=False)
            self._size -= gone.nbytes
