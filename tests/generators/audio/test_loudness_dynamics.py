"""Loudness, true peak, compressor and limiter against the recommendations' own test signals, and their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter, resample_poly

from ripieno.generators.audio.dynamics import BLOCK, Glue, apply_gains, glue_gains, levels, limit, limit_gains
from ripieno.generators.audio.loudness import integrated_loudness, true_peak, true_peaks
from ripieno.generators.audio.mixer import master
from ripieno.generators.audio.tone import Band, grid, k_weighting, response, shape_wave

RATE = 48_000


def tone(db: float, seconds: float, hz: float = 1000.0, rate: int = RATE, phase: float = 0.0) -> np.ndarray:
    wave = 10 ** (db / 20) * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate + phase)
    return np.stack((wave, wave)).astype(np.float32)


# EBU Tech 3341, table 1: cases 1 to 5 of the integrated loudness (stereo sines of 1 kHz, dBFS of the peak)
CASES = [
    ([(-23, 20)], -23.0),
    ([(-33, 20)], -33.0),
    ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
]


@pytest.mark.parametrize(("parts", "expected"), CASES)
def test_ebu_3341_integrated_loudness(parts: list[tuple[float, float]], expected: float) -> None:
    signal = np.concatenate([tone(db, seconds) for db, seconds in parts], axis=1)
    assert integrated_loudness(signal, RATE) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_the_spectral_weighting_is_the_running_filter(rate: int) -> None:
    """The recommendation's 48 kHz coefficients as a running filter, against our weighting of spectra, on coloured noise."""
    noise = np.random.default_rng(1).standard_normal((2, 6 * rate)) * 0.1
    noise = np.array([lfilter([1], [1, -0.95], x) for x in noise])
    frequencies = np.array([40.0, 100, 997, 3000, 8000])
    b1, a1 = [1.53512485958697, -2.69169618940638, 1.19839281085285], [1, -1.69065929318241, 0.73248077421585]
    b2, a2 = [1, -2, 1], [1, -1.99004745483398, 0.99007225036621]
    z = np.exp(-2j * np.pi * frequencies / 48_000)
    exact = np.polyval(b1[::-1], z) * np.polyval(b2[::-1], z) / np.polyval(a1[::-1], z) / np.polyval(a2[::-1], z)
    assert 20 * np.log10(np.abs(k_weighting(frequencies, 48_000) / exact)) == pytest.approx(0, abs=0.01)
    if rate == 48_000:
        weighted = lfilter(b2, a2, lfilter(b1, a1, noise))
        plain = -0.691 + 10 * np.log10((weighted**2).mean(axis=1).sum())
        assert integrated_loudness(noise.astype(np.float32), rate) == pytest.approx(plain, abs=0.05)


def test_silence_has_no_loudness_and_no_peak() -> None:
    assert integrated_loudness(np.zeros((2, RATE), np.float32), RATE) == float("-inf")
    assert integrated_loudness(tone(-20, 0.2), RATE) == float("-inf")
    assert true_peak(np.zeros((2, 100), np.float32)) == float("-inf")


@pytest.mark.parametrize("phase", [0.0, np.pi / 4, np.pi / 3])
def test_ebu_3341_true_peak_between_the_samples(phase: float) -> None:
    """A sine of a quarter of the rate whose samples miss its crests by up to 3 dB."""
    assert true_peak(tone(-6.0, 0.5, RATE / 4, phase=phase)) == pytest.approx(-6.0, abs=0.4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 12.0), st.sampled_from([0.3, 3.0, 30.0]))
def test_nothing_passes_the_limiter(seed: int, gain: float, speed: float) -> None:
    noise = np.random.default_rng(seed)
    swell = (0.1 + np.abs(np.sin(np.arange(RATE) * speed / RATE * 6)) * 0.2) * gain
    raw = noise.standard_normal((2, RATE)) * swell
    raw[:, noise.integers(0, RATE, 5)] = 9.0
    soft = np.hanning(5) / np.hanning(5).sum()  # as music, without full energy at half the rate, where any meter errs
    signal = np.array([np.convolve(x, soft, "same") for x in raw]).astype(np.float32)
    limit(signal, -1.0, RATE)
    oversampled = resample_poly(signal, 8, 1, axis=1)
    assert 20 * np.log10(np.abs(oversampled).max()) < -0.6  # eight times oversampled by another filter
    assert true_peak(signal) <= -0.99


def test_the_limiter_leaves_what_fits() -> None:
    signal = tone(-3.0, 0.5)
    before = signal.copy()
    limit(signal, -1.0, RATE)
    assert np.array_equal(signal, before)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 4), min_size=1, max_size=400))
def test_the_gain_of_every_block_is_low_enough_at_both_borders(peaks: list[float]) -> None:
    array = np.array(peaks, np.float32)
    gains = limit_gains(array, 0.9, RATE)
    after = np.append(gains[1:], gains[-1])
    assert np.all(np.maximum(gains, after) * array <= 0.9 * 1.0001)


def test_the_compressor_narrows_the_range_and_moves_slowly() -> None:
    signal = np.concatenate((tone(-30, 2), tone(-12, 2), tone(-30, 2)), axis=1)
    power = levels(signal)
    gains = glue_gains(power, RATE, Glue(threshold=-6.0, ratio=2.0))
    quiet, loud = gains[RATE // BLOCK], gains[int(3.5 * RATE / BLOCK)]
    assert quiet == pytest.approx(1.0, abs=0.02)
    assert -6.0 < 20 * np.log10(loud) < -1.5
    assert np.abs(np.diff(20 * np.log10(gains))).max() < 0.3  # dB a block of 1.3 ms


def test_gains_run_on_between_pieces() -> None:
    gains = np.linspace(1, 0.5, 40, dtype=np.float32)
    whole, parts = np.ones((1, 40 * BLOCK), np.float32), np.ones((1, 40 * BLOCK), np.float32)
    apply_gains(whole, gains)
    for first in range(0, 40, 8):
        apply_gains(parts[:, first * BLOCK : (first + 8) * BLOCK], gains, first)
    assert np.array_equal(whole, parts)
    assert np.abs(np.diff(whole)).max() < 0.001


@pytest.mark.parametrize("target", [-30.0, -16.0, -10.0])
def test_the_master_meets_loudness_and_peak(target: float) -> None:
    noise = np.random.default_rng(5).standard_normal((2, 10 * RATE)).astype(np.float32) * 0.02
    noise[:, ::RATE] += 0.9  # clicks that only the limiter can tame
    done = master(noise, RATE, loudness=target, true_peak=-1.0, glue=Glue())
    assert done.loudness == pytest.approx(target, abs=0.2)
    assert done.true_peak <= -1.0
    assert integrated_loudness(noise, RATE) == pytest.approx(done.loudness, abs=0.01)


def test_tone_bands_do_what_they_say() -> None:
    frequencies = np.array([20.0, 100, 1000, 10_000])
    shelf = 20 * np.log10(np.abs(response((Band("high_shelf", 4000, 6.0),), frequencies, RATE)))
    assert shelf == pytest.approx([0, 0, 0, 6], abs=0.3)
    low = 20 * np.log10(np.abs(response((Band("low_shelf", 400, -6.0),), frequencies, RATE)))
    assert low == pytest.approx([-6, -6, 0, 0], abs=0.3)
    bell = 20 * np.log10(np.abs(response((Band("bell", 1000, 4.0),), frequencies, RATE)))
    assert bell == pytest.approx([0, 0, 4, 0], abs=0.3)
    cut = 20 * np.log10(np.abs(response((Band("low_cut", 100),), frequencies, RATE)))
    assert cut == pytest.approx([-28, -3, 0, 0], abs=0.3)


def test_shaping_a_wave_is_its_response() -> None:
    click = np.zeros(8192, np.float32)
    click[100] = 1.0
    bands = (Band("bell", 2000, 5.0, 1.0), Band("low_cut", 200))
    shaped = shape_wave(click, bands, RATE)
    assert np.abs(shaped[:100]).max() < 1e-5  # nothing rings before it sounds
    got = np.abs(np.fft.rfft(shaped))
    assert got == pytest.approx(np.abs(response(bands, grid(8192, RATE), RATE)), abs=2e-3)


def test_blocks_below_the_floor_keep_their_sample_peak() -> None:
    signal = tone(-20, 0.1)
    assert true_peaks(signal, BLOCK, 1.0).max() == pytest.approx(np.abs(signal).max())
