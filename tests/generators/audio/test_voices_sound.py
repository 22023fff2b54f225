"""What is heard: pitch, loops, envelopes, filter, and every controller, measured in the sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.audio.filters import BLOCK, coefficients, lowpass, resonance
from ripieno.generators.audio.soundfont import SoundFont
from ripieno.generators.audio.zones import Gen
from tests.generators.audio.fonts import EXCLUSIVE, KEY_RANGE, LOOPED, Layer, Recording, font, sine
from tests.generators.audio.songs import Floats, bend, control, dry, midi, note, program, tempo

RATE = 44_100
SINE = font([sine()], [Layer([LOOPED])], presets=((0, 0), (0, 1), (128, 0)))


def frequency(sound: Floats, rate: int = RATE) -> float:
    """The strongest frequency in Hz, by the phase it gains between two windows (error below 0.01 Hz for a sine)."""
    x = sound[0].astype(np.float64)
    size = min(1 << 14, x.size // 2)
    window = np.hanning(size)
    hop = 16
    a, b = (np.fft.rfft(x[at : at + size] * window) for at in (0, hop))
    k = int(np.argmax(np.abs(a)))
    turn = np.angle(b[k] / a[k]) / (2 * np.pi)
    cycles = round(k / size * hop - turn) + turn
    return float(cycles * rate / hop)


def cents(hz: float, other: float) -> float:
    return float(1200 * np.log2(hz / other))


def level(sound: Floats, start: float, end: float, rate: int = RATE) -> float:
    """dB of the louder side over a stretch of seconds."""
    part = sound[:, int(start * rate) : int(end * rate)]
    return float(10 * np.log10((part.astype(np.float64) ** 2).mean(axis=1).max() + 1e-20))


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("key", [36, 57, 69, 80])
def test_pitch_is_within_three_cents_at_every_rate(key: int, rate: int) -> None:
    sound = dry(midi(note(0, 1.5, key), 1.6), SINE, rate)[:, rate // 10 : int(1.4 * rate)]
    assert abs(cents(frequency(sound, rate), 441 * 2 ** ((key - 69) / 12))) < 0.5


@settings(max_examples=25, deadline=None)
@given(st.integers(-120, 120), st.integers(-99, 99), st.integers(0, 100), st.integers(60, 78), st.integers(-50, 50))
def test_tuning_adds_up(coarse: int, fine: int, scale: int, key: int, correction: int) -> None:
    recording = sine()
    recording.correction = correction
    coarse %= 12
    made = font([recording], [Layer([LOOPED, (Gen.COARSE_TUNE, coarse), (Gen.FINE_TUNE, fine), (Gen.SCALE_TUNING, scale)])])
    sound = dry(midi(note(0, 0.6, key), 0.7), made)[:, 4000:24_000]
    expected = 100 * coarse + fine + scale * (key - 69 + correction / 100)
    assert abs(cents(frequency(sound), 441) - expected) < 0.5


@pytest.mark.parametrize("key", [45, 69, 73, 93])
def test_a_loop_of_a_sine_is_a_sine(key: int) -> None:
    """Seven seconds over dozens of loop turns: everything beside the tone stays 60 dB below it, so no turn clicks."""
    sound = dry(midi(note(0, 7.0, key), 7.0), SINE)[0, RATE : 6 * RATE]
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(sound.size)))
    peak = int(np.argmax(spectrum))
    spectrum[max(0, peak - 400) : peak + 400] = 0  # 80 Hz around the tone
    spectrum[int(15_000 * sound.size / RATE) :] = 0  # images of the four-point interpolation
    assert 20 * np.log10(spectrum.max() / (sound.size * np.abs(sound).max() * 0.21)) < -60


def test_long_notes_have_no_seam_where_their_stretches_meet() -> None:
    sound = dry(midi(note(0, 40.0, 69), 40.0), SINE)[0, RATE : 39 * RATE]
    assert np.abs(np.diff(sound)).max() < 1.02 * 2 * np.pi * 441 / RATE * np.abs(sound).max()


def test_a_recording_without_loop_ends_where_it_ends() -> None:
    sound = dry(midi(note(0, 2.0, 69), 2.0), font([sine(seconds=0.5)], [Layer([])]))
    assert level(sound, 0.05, 0.45) > -40
    assert not sound[:, int(0.51 * RATE) :].any()


def test_mode_3_loops_until_the_release_and_then_plays_on() -> None:
    tail = sine(882, 1.0)
    recording = Recording(np.concatenate((sine(441, 0.5).frames, tail.frames)), (1000, 20_000))
    made = font([recording], [Layer([(Gen.SAMPLE_MODES, 3), (38, 1200)])])
    sound = dry(midi(note(0, 1.7, 69), 4.0), made)
    assert abs(cents(frequency(sound[:, int(1.2 * RATE) : int(1.6 * RATE)]), 441)) < 1
    assert abs(cents(frequency(sound[:, int(2.3 * RATE) : int(2.6 * RATE)]), 882)) < 1


def test_attack_hold_decay_sustain_release() -> None:
    """One second each of attack and hold, a decay of 96 dB in 4 s down to 20 %, a release of 96 dB in 2 s."""
    shape = [LOOPED, (34, 0), (35, 0), (36, 2400), (37, 200), (38, 1200)]
    sound = dry(midi(note(0, 6.0, 69), 9.0), font([sine()], [Layer(shape)]))
    full = level(sound, 1.2, 1.8)
    assert level(sound, 0.49, 0.51) == pytest.approx(full - 6.0, abs=0.3)  # linear in amplitude
    assert level(sound, 2.45, 2.55) == pytest.approx(full - 12.0, abs=0.5)  # half a second into 24 dB a second
    assert level(sound, 4.0, 5.9) == pytest.approx(full - 19.2, abs=0.2)  # 200 of 1,000 of 96 dB
    assert level(sound, 6.45, 6.55) == pytest.approx(full - 19.2 - 24.0, abs=0.6)
    assert not sound[:, 9 * RATE :].any()


def test_velocity_and_volume_and_expression_follow_forty_log() -> None:
    def loud(velocity: int = 100, volume: int = 100, expression: int = 127) -> float:
        events = [control(0, 7, volume), control(0, 11, expression), *note(0.01, 0.5, 69, velocity)]
        return level(dry(midi(events, 0.6), SINE), 0.1, 0.4)

    for a, b in ((100, 50), (127, 64), (30, 90)):
        expected = 40 * np.log10(a / b)
        assert loud(velocity=a) - loud(velocity=b) == pytest.approx(expected, abs=0.05)
        assert loud(volume=a) - loud(volume=b) == pytest.approx(expected, abs=0.05)
        assert loud(expression=a) - loud(expression=b) == pytest.approx(expected, abs=0.05)


def test_controllers_that_move_during_a_note_are_heard_at_their_time() -> None:
    events = [*note(0.0, 2.0, 69), control(0.5, 11, 64), control(1.0, 7, 50), control(1.5, 10, 0)]
    sound = dry(midi(events, 2.0), SINE)
    first, second, third = level(sound, 0.2, 0.45), level(sound, 0.6, 0.95), level(sound, 1.1, 1.45)
    assert second - first == pytest.approx(40 * np.log10(64 / 127), abs=0.15)
    assert third - second == pytest.approx(40 * np.log10(50 / 100), abs=0.15)
    left, right = (sound[side, int(1.6 * RATE) : int(1.9 * RATE)] for side in (0, 1))
    assert np.abs(right).max() < 1e-4 < np.abs(left).max()


@pytest.mark.parametrize("pan", [0, 32, 64, 96, 127])
def test_pan_keeps_the_power(pan: int) -> None:
    def power(value: int) -> float:
        sound = dry(midi([control(0, 10, value), *note(0.01, 0.5, 69)], 0.6), SINE)
        return float((sound.astype(np.float64) ** 2).sum())

    assert 10 * np.log10(power(pan) / power(64)) == pytest.approx(0, abs=0.05)


def test_the_wheel_bends_by_its_range_and_moves_during_a_note() -> None:
    twelve = [control(0, 101, 0), control(0, 100, 0), control(0, 6, 12)]
    for setting, semitones in ((list[tuple[float, bytes]](), 2), (twelve, 12)):
        events = [*setting, *note(0.01, 2.0, 57), bend(1.0, 8191)]
        sound = dry(midi(events, 2.1), SINE)
        before, after = sound[:, 4000:40_000], sound[:, int(1.1 * RATE) : int(1.9 * RATE)]
        assert abs(cents(frequency(before), 220.5)) < 0.5
        assert abs(cents(frequency(after), 220.5) - 100 * semitones) < 0.5


def test_modulation_and_pressure_make_vibrato() -> None:
    def wobble(*events: tuple[float, bytes]) -> float:
        sound = dry(midi([*events, *note(0.01, 2.0, 69)], 2.1), SINE)
        return float(np.ptp([cents(frequency(sound[:, at : at + 2000]), 441) for at in range(20_000, 60_000, 500)]))

    assert wobble() < 2
    assert wobble(control(0, 1, 127)) == pytest.approx(100, abs=12)  # 50 cents either way
    assert wobble((0.0, bytes((0xD0, 127)))) == pytest.approx(100, abs=12)


def test_the_pedal_holds_and_lets_go() -> None:
    events = [control(0, 64, 127), *note(0.1, 0.2, 69), control(1.0, 64, 0)]
    sound = dry(midi(events, 2.0), SINE)
    assert level(sound, 0.8, 0.95) > -40
    assert level(sound, 1.2, 1.5) < -100


def test_sostenuto_holds_only_what_was_down() -> None:
    events = [*note(0.1, 0.5, 69), control(0.3, 66, 127), *note(0.7, 0.1, 57), control(1.5, 66, 0)]
    sound = dry(midi(events, 2.0), SINE)
    assert abs(cents(frequency(sound[:, int(1.0 * RATE) : int(1.4 * RATE)]), 441)) < 1
    assert level(sound, 1.7, 1.9) < -100


def test_all_notes_off_ends_every_note() -> None:
    sound = dry(midi([*note(0.1, 1.5, 69), *note(0.1, 1.5, 57), control(0.5, 123, 0)], 2.0), SINE)
    assert level(sound, 0.7, 1.4) < -100


def test_an_exclusive_class_silences_the_note_before() -> None:
    open_, closed = (Layer([LOOPED, (EXCLUSIVE, 1), (KEY_RANGE, k | k << 8), (38, 4000)]) for k in (46, 42))
    made = font([sine()], [open_, closed], presets=((128, 0),))
    alone = dry(midi(note(0, 3, 46, 100, 9), 3.0), made)
    choked = dry(midi([*note(0, 3, 46, 100, 9), *note(0.5, 0.1, 42, 1, 9)], 3.0), made)
    assert level(alone, 1.2, 1.4) > -40
    assert level(choked, 1.2, 1.4) < level(alone, 1.2, 1.4) - 60


def test_programs_and_banks_change_between_notes() -> None:
    layers = [Layer([LOOPED])]
    made = font([sine()], layers, presets=((0, 0), (0, 1)))
    other = SoundFont.zones  # the second preset plays the same instrument, so the sound must be the same
    assert other(made, 0, 0)[0].sample == other(made, 0, 1)[0].sample
    a = dry(midi(note(0.1, 0.5, 69), 1.0), made)
    b = dry(midi([program(0, 1), *note(0.1, 0.5, 69), control(0.7, 0, 5), program(0.8, 99)], 1.0), made)
    assert np.array_equal(a, b)


def test_tempo_changes_move_the_notes() -> None:
    events = [(0.0, tempo(120)), (1.0, tempo(60)), *note(0, 0.2, 69), *note(2.0, 0.2, 69)]
    sound = dry(midi(events, 3.0), SINE)
    assert level(sound, 2.0, 2.9) < -100  # at 120 it would sound from 2.0; a second of it lasts two now
    assert level(sound, 3.05, 3.3) > -40


def test_the_filter_is_the_plain_recursion() -> None:
    """Our vectorised recursion against one written sample by sample."""
    noise = np.random.default_rng(3)
    waves = [noise.standard_normal(n * BLOCK).astype(np.float32) for n in (1, 5, 40, 333)]
    cutoffs = [7000 + 3000 * noise.random(w.size // BLOCK) for w in waves]
    cutoffs[2] = cutoffs[2] - 3500  # low enough for the careful path
    for wave, cents_, (got, left), cb in zip(
        waves, cutoffs, lowpass(waves, cutoffs, [0.0, 90.0, 0.0, 200.0], RATE), [0.0, 90.0, 0.0, 200.0], strict=True
    ):
        q, gain = resonance(cb)
        b, a1, a2 = coefficients(cents_, np.array(q), np.array(gain), RATE)
        y = np.zeros(wave.size + 2)
        x = np.concatenate(([0, 0], wave.astype(np.float64)))
        for n in range(wave.size):
            k = n // BLOCK
            y[n + 2] = b[k] * (x[n + 2] + 2 * x[n + 1] + x[n]) - a1[k] * y[n + 1] - a2[k] * y[n]
        assert left == 1.0
        assert np.abs(got - y[2:]).max() < 2e-5 * np.abs(y).max()


def test_the_filter_takes_away_what_lies_above_it() -> None:
    def at(fc: int) -> float:
        return level(dry(midi(note(0, 0.5, 69), 0.6), font([sine()], [Layer([LOOPED, (Gen.FILTER_FC, fc)])])), 0.1, 0.4)

    assert at(13_500) - at(6900) == pytest.approx(3.0, abs=0.3)  # 441 Hz is the cutoff itself
    assert at(13_500) - at(5700) == pytest.approx(12.3, abs=0.5)  # an octave above it: twelve dB and a little


def test_the_modulation_envelope_opens_the_filter_and_bends_the_pitch() -> None:
    closed = [LOOPED, (Gen.FILTER_FC, 4500)]
    shape = [*closed, (26, 0), (Gen.MOD_ENV_TO_FC, 7200), (Gen.MOD_ENV_TO_PITCH, 700)]
    shut, opened = (dry(midi(note(0, 2.0, 69), 2.2), font([sine()], [Layer(gens)])) for gens in (closed, shape))
    assert level(opened, 1.2, 1.8) - level(shut, 1.2, 1.8) > 20
    assert abs(cents(frequency(opened[:, int(1.2 * RATE) : int(1.8 * RATE)]), 441) - 700) < 1
