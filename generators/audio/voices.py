"""One voice as a value: everything that decides the waveform of a note in a zone, short of its loudness and place.

Two notes with equal voices have the same waveform, so a voice is the key under which waveforms are shared. Envelopes and
oscillators follow SoundFont 2.04 (8.1.2) in the form that fluidsynth gave them: evaluated once a block of 64 frames, attack
linear in amplitude, decay and release linear in dB over 96 dB, the modulation envelope's attack convex.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK, hertz
from ripieno.generators.audio.zones import Gen

DECIBELS = 96.0  # the span of an envelope
SILENCE = 10.0 ** (-76.0 / 20.0)  # below this share of its full level a voice has ended: -90 dBFS, were it of full scale
FOR_EVER = 1 << 30  # blocks
_SLIGHT_CENTS = 600.0  # a movement of the cutoff that nobody notices in a sound that has
_FADED_DB = 12.0  # fallen by so much
MAX_CENTS = 12_000.0  # ten octaves from the recording's own pitch, either way
_KILL = -200.0  # timecents: the release of a voice that its exclusive class silences, as in fluidsynth

Values = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


class Envelope(NamedTuple):
    """Stages in blocks; `sustain` is the level 0..1 that the decay stops at."""

    delay: int
    attack: int
    hold: int
    decay: int
    sustain: float
    release: int

    def level(self, t: Values) -> Values:
        """The level 0..1 after `t` blocks, held."""
        peak = self.delay + self.attack
        rise = (t - self.delay) / self.attack
        fall = 1.0 - (t - peak - self.hold) / self.decay if self.decay else np.full_like(t, self.sustain)
        return np.where(t <= peak, np.clip(rise, 0.0, 1.0), np.clip(fall, self.sustain, 1.0))

    def level_at(self, t: int) -> float:
        """The level after so many blocks, held."""
        if t <= self.delay + self.attack:
            return min(max((t - self.delay) / self.attack, 0.0), 1.0)
        fallen = (t - self.delay - self.attack - self.hold) / self.decay if self.decay else 1.0
        return min(max(1.0 - fallen, self.sustain), 1.0)


class Oscillator(NamedTuple):
    """A triangle that starts at 0, going up, after `delay` blocks; `step` is its progress a block (a cycle is 4)."""

    delay: int
    step: float

    def level(self, t: Values) -> Values:
        """-1..1 after `t` blocks."""
        phase = np.maximum(t - self.delay, 0.0) * self.step
        return np.abs((phase + 3.0) % 4.0 - 2.0) - 1.0


class Voice(NamedTuple):
    """What a waveform depends on.

    Attributes:
        sample: number of the recording; start, end, loop_start, loop_end: frames within it.
        mode: 0 no loop, 1 loop, 3 loop until release.
        cents: from the recording's own pitch to the voice's, before any movement.
        fc, q: the filter's rest, absolute cents and cB.
        volume, shape: the two envelopes; shape_to_pitch, shape_to_fc: cents.
        sway, vibrato: the two oscillators; sway_to_pitch, sway_to_fc: cents; sway_to_volume: cB; vibrato_to_pitch: cents.
        held: blocks until the release.
        killed: blocks until an exclusive class silences it, or -1; kill_speed: level a block by which it then falls.
        live: (generator, float32 bytes) of what controllers add during the note, a value for each block from its first.
        first, blocks: the stretch of the voice that the waveform covers.
    """

    sample: int
    start: int
    end: int
    loop_start: int
    loop_end: int
    mode: int
    cents: float
    fc: float
    q: float
    volume: Envelope
    shape: Envelope
    shape_to_pitch: float
    shape_to_fc: float
    sway: Oscillator
    sway_to_pitch: float
    sway_to_fc: float
    sway_to_volume: float
    vibrato: Oscillator
    vibrato_to_pitch: float
    held: int
    killed: int
    kill_speed: float
    live: tuple[tuple[int, bytes], ...] = ()
    first: int = 0
    blocks: int = 0

    @property
    def steady(self) -> bool:
        """Whether its pitch never moves."""
        return not (self.shape_to_pitch or self.sway_to_pitch or self.vibrato_to_pitch
                    or any(g in (Gen.PITCH, Gen.VIB_LFO_TO_PITCH, Gen.MOD_LFO_TO_PITCH) for g, _ in self.live))  # fmt: skip

    @property
    def calm(self) -> bool:
        """Whether its release moves neither pitch nor filter by anything that could be heard before it has faded."""
        if self.mode == 3 or self.live:
            return False
        fading = self.volume.release * _FADED_DB / DECIBELS
        moved = self.shape.level_at(self.held) * min(1.0, fading / self.shape.release)
        return abs(self.shape_to_pitch) * moved < 1.0 and abs(self.shape_to_fc) * moved < _SLIGHT_CENTS

    @property
    def source(self) -> "Voice":
        """What voices that differ only in length and loudness have in common; its length is settled later.

        A stretch before the release knows nothing of it.
        """
        if self.live or not (self.calm or (self.mode != 3 and self.first + self.blocks <= self.held)):
            return self
        plain = Envelope(self.volume.delay, 1, 0, 0, 1.0, 1)
        return self._replace(volume=plain, held=FOR_EVER, killed=-1, sway_to_volume=0.0, blocks=0)


def seconds(timecents: float) -> float:
    """Timecents as seconds; -32768 means none."""
    return 0.0 if timecents <= -32768 else float(2.0 ** (timecents / 1200.0))


def envelope(values: npt.NDArray[np.float64], first: int, key: int, rate: int, *, shortest_release: float) -> Envelope:
    """The envelope whose six generators start at number `first`; the two that follow make hold and decay depend on the key."""
    per_second = rate / BLOCK
    delay, attack, hold, decay, sustain, release, key_hold, key_decay = values[first : first + 8].tolist()
    hold = 0.0 if hold <= -32768 else seconds(min(max(hold + key_hold * (60 - key), -12000.0), 5000.0))
    decay = seconds(min(max(decay + key_decay * (60 - key), -12000.0), 8000.0))
    return Envelope(
        int(per_second * seconds(delay)), 1 + int(per_second * seconds(attack)), int(per_second * hold + 0.5),
        int(per_second * decay + 0.5), min(max(1.0 - 0.001 * sustain, 0.0), 1.0),
        1 + int(per_second * seconds(max(release, shortest_release))),
    )  # fmt: skip


def oscillator(delay: float, freq: float, rate: int) -> Oscillator:
    """An oscillator from its two generators."""
    return Oscillator(int(rate * seconds(delay)) // BLOCK, float(4.0 * BLOCK * hertz(freq) / rate))


def kill_speed(rate: int) -> float:
    """Level a block by which a silenced voice falls."""
    return 1.0 / (1 + int(rate / BLOCK * seconds(_KILL)))


def loudness_curve(voice: Voice) -> Floats:
    """Amplitude 0..1 at the borders of the stretch's blocks, (blocks + 1,): the volume envelope, its release, the tremolo."""
    last = voice.first + voice.blocks + 1
    falls = _falls(voice)
    begins = [*(min(int(start) + 1, last) for start, _, _ in falls), last]
    curve = np.empty(last, np.float32)
    curve[: begins[0]] = _rise_and_decay(voice.volume, 1 << (begins[0] - 1).bit_length())[: begins[0]]
    for (start, ceiling, speed), begin, end in zip(falls, begins[:-1], begins[1:], strict=True):
        if end > begin:
            fall = _fall(speed, 1 << (end - begin).bit_length())[1 : end - begin + 1]
            curve[begin:end] = fall * np.float32(10.0 ** (-DECIBELS / 20.0 * (1.0 - ceiling)))
            curve[min(end, int(start + ceiling / speed) + 1) : end] = 0.0
    curve = curve[voice.first :]
    if voice.sway_to_volume:
        t = np.arange(voice.first, last, dtype=np.float64)
        curve *= (10.0 ** (voice.sway.level(t) * voice.sway_to_volume / 200.0)).astype(np.float32)
    return curve


@lru_cache(maxsize=256)
def _rise_and_decay(env: Envelope, blocks: int) -> Floats:
    """The amplitude of a volume envelope whose key stays down."""
    t = np.arange(blocks, dtype=np.float64)
    level = env.level(t)
    return np.where(t <= env.delay + env.attack, level, 10.0 ** (-DECIBELS / 20.0 * (1.0 - level))).astype(np.float32)


@lru_cache(maxsize=256)
def _fall(speed: float, blocks: int) -> Floats:
    """The amplitude that falls from 1 by `speed` levels a block."""
    return (10.0 ** (-DECIBELS / 20.0 * speed * np.arange(blocks))).astype(np.float32)


def _falls(voice: Voice) -> list[tuple[float, float, float]]:
    """(block, level there, fall a block) of the release and of a silencing, in order; the faster fall wins."""
    env = voice.volume
    moments = [(voice.held, 1.0 / env.release)]
    if voice.killed >= 0:
        moments = sorted([*moments, (voice.killed, voice.kill_speed)])
    first, speed = moments[0]
    level = env.level_at(first)
    if first <= env.delay + env.attack:  # the rise is linear in amplitude, the fall in dB
        level = 1.0 + 20.0 / DECIBELS * math.log10(max(level, 1e-5))
    falls = [(float(first), min(max(level, 0.0), 1.0), speed)]
    for moment, faster in moments[1:]:
        start, ceiling, slower = falls[-1]
        falls.append((float(moment), max(ceiling - (moment - start) * slower, 0.0), max(slower, faster)))
    return falls


def shape_curve(voice: Voice, first: int, last: int) -> Values:
    """The modulation envelope 0..1 after blocks `first` to `last - 1`, with its release."""
    env, held = voice.shape, voice.held
    released = max(held + 1, first)
    if released >= last:
        return _convex_rise(env, 1 << last.bit_length())[first:last]
    out = np.empty(last - first)
    out[: released - first] = _convex_rise(env, 1 << released.bit_length())[first:released]
    fallen = np.arange(released - held, last - held) / env.release
    np.maximum(env.level_at(held) - fallen, 0.0, out=out[released - first :])
    return out


@lru_cache(maxsize=256)
def _convex_rise(env: Envelope, blocks: int) -> Values:
    """The modulation envelope while the key stays down: its attack is convex."""
    t = np.arange(blocks, dtype=np.float64)
    level = env.level(t)
    convex = np.clip(1.0 + 40.0 / DECIBELS * np.log10(np.maximum(level, 1e-3)), 0.0, 1.0)
    return np.where(t <= env.delay + env.attack, convex, level)


def length(voice: Voice) -> int:
    """Blocks until the voice has faded below `SILENCE`, wherever the recording ends."""
    env = voice.volume
    quiet = 1.0 + 20.0 / DECIBELS * math.log10(SILENCE)
    ends = [start + max(level - quiet, 0.0) / speed for start, level, speed in _falls(voice)]
    until = min(ends)
    if env.sustain < quiet:
        until = min(until, env.delay + env.attack + env.hold + env.decay * (1.0 - quiet))
    return max(1, math.ceil(until))
