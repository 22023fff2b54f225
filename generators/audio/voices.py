"""One voice as a value: everything that decides the waveform of a note in a zone, short of its loudness and place.

Two notes with equal voices have the same waveform, so a voice is the key under which waveforms are shared. Envelopes and
oscillators follow SoundFont 2.04 (8.1.2) in the form that fluidsynth gave them: evaluated once a block of 64 frames, attack
linear in amplitude, decay and release linear in dB over 96 dB, the modulation envelope's attack convex.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ripieno.generators.audio.filters import BLOCK, hertz
from ripieno.generators.audio.zones import Gen

DECIBELS = 96.0  # the span of an envelope
SILENCE = 10.0 ** (-84.0 / 20.0)  # below this share of its full level a voice has ended
MAX_CENTS = 12_000.0  # ten octaves from the recording's own pitch, either way
_KILL = -200.0  # timecents: the release of a voice that its exclusive class silences, as in fluidsynth

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Envelope:
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


@dataclass(frozen=True, slots=True)
class Oscillator:
    """A triangle that starts at 0, going up, after `delay` blocks; `step` is its progress a block (a cycle is 4)."""

    delay: int
    step: float

    def level(self, t: Values) -> Values:
        """-1..1 after `t` blocks."""
        phase = np.maximum(t - self.delay, 0.0) * self.step
        return np.abs((phase + 3.0) % 4.0 - 2.0) - 1.0


@dataclass(frozen=True, slots=True)
class Voice:
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
        live: (generator, float32 bytes) of what controllers move during the note, a value a block, in place of the rest.
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

    def times(self) -> Values:
        """Blocks since the note began, at the end of each block of the stretch."""
        return np.arange(self.first + 1, self.first + self.blocks + 1, dtype=np.float64)


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


def loudness_curve(voice: Voice, t: Values) -> Values:
    """Amplitude 0..1 at `t` blocks (ascending) after the start: the volume envelope, its release, and the tremolo."""
    env = voice.volume
    level = env.level(t)
    rising = t <= env.delay + env.attack
    amplitude = np.where(rising, level, 10.0 ** (-DECIBELS / 20.0 * (1.0 - level)))
    for start, ceiling, speed in _falls(voice):
        after = int(np.searchsorted(t, start, side="right"))
        falling = ceiling - (t[after:] - start) * speed
        amplitude[after:] = np.where(falling > 0.0, 10.0 ** (-DECIBELS / 20.0 * (1.0 - falling)), 0.0)
    if voice.sway_to_volume:
        amplitude = amplitude * 10.0 ** (voice.sway.level(t) * voice.sway_to_volume / 200.0)
    return amplitude


def _falls(voice: Voice) -> list[tuple[float, float, float]]:
    """(block, level there, fall a block) of the release and of a silencing, in order; the faster fall wins."""
    env = voice.volume
    moments = [(voice.held, 1.0 / env.release)]
    if voice.killed >= 0:
        moments = sorted([*moments, (voice.killed, voice.kill_speed)])
    first, speed = moments[0]
    level = float(env.level(np.array([float(first)]))[0])
    if first <= env.delay + env.attack:  # the rise is linear in amplitude, the fall in dB
        level = 1.0 + 20.0 / DECIBELS * math.log10(max(level, 1e-5))
    falls = [(float(first), min(max(level, 0.0), 1.0), speed)]
    for moment, faster in moments[1:]:
        start, ceiling, slower = falls[-1]
        falls.append((float(moment), max(ceiling - (moment - start) * slower, 0.0), max(slower, faster)))
    return falls


def shape_curve(voice: Voice, t: Values) -> Values:
    """The modulation envelope 0..1 at `t` blocks, with its release."""
    env = voice.shape
    level = env.level(t)
    rising = t <= env.delay + env.attack
    convex = np.clip(1.0 + 40.0 / DECIBELS * np.log10(np.maximum(level, 1e-3)), 0.0, 1.0)
    began = env.level(np.array([float(voice.held)]))[0]
    released = np.maximum(began - (t - voice.held) / env.release, 0.0)
    return np.where(t > voice.held, released, np.where(rising, convex, level))


def length(voice: Voice) -> int:
    """Blocks until the voice has faded below `SILENCE`, wherever the recording ends."""
    env = voice.volume
    quiet = 1.0 + 20.0 / DECIBELS * math.log10(SILENCE)
    ends = [start + max(level - quiet, 0.0) / speed for start, level, speed in _falls(voice)]
    until = min(ends)
    if env.sustain < quiet:
        until = min(until, env.delay + env.attack + env.hold + env.decay * (1.0 - quiet))
    return max(1, math.ceil(until))
