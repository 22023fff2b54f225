"""The embedded renderer against the system's fluidsynth, where it is installed: note by note, and a whole piece."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ripieno.generators.audio.soundfont import default_soundfont, load_soundfont
from tests.generators.audio.songs import Floats, bend, control, dry, midi, note, program

pytestmark = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth is not installed")
# program (drum kits: 128 + program), key, velocity: every family, ends of ranges, soft and loud
NOTES = [(0, 60, 100), (0, 24, 60), (0, 100, 110), (4, 60, 90), (11, 72, 80), (19, 48, 90), (24, 52, 70), (30, 45, 110),
         (32, 31, 100), (40, 76, 80), (44, 60, 90), (48, 67, 90), (50, 48, 100), (56, 65, 100), (60, 58, 90), (65, 60, 100),
         (73, 79, 80), (81, 60, 100), (88, 60, 90), (104, 62, 100), (128, 36, 100), (128, 38, 90), (128, 46, 80),
         (128, 49, 110), (153, 38, 100)]  # fmt: skip


def reference(song: bytes, folder: Path) -> Floats:
    """What fluidsynth makes of a file, (2, n)."""
    (folder / "song.mid").write_bytes(song)
    subprocess.run(
        ["fluidsynth", "-ni", "-q", "-F", str(folder / "out.wav"), "-r", "44100", "-R", "0", "-C", "0", "-O", "float",
         str(default_soundfont()), str(folder / "song.mid")], check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    samples, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


def spectra(sound: Floats, size: int = 2048) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(sound.mean(axis=0), size)[::512] * np.hanning(size)
    return np.abs(np.fft.rfft(frames, axis=1))


def compare(ours: Floats, theirs: Floats) -> tuple[float, float]:
    """(difference in dB, median cosine of the spectra of the frames that sound)."""
    n = min(ours.shape[1], theirs.shape[1])
    a, b = spectra(ours[:, :n]), spectra(theirs[:, :n])
    sounding = a.max(axis=1) > 1e-3 * a.max()
    cosines = (a * b).sum(axis=1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)
    power = [float((x[:, :n].astype(np.float64) ** 2).mean()) for x in (ours, theirs)]
    return float(10 * np.log10(power[0] / power[1])), float(np.median(cosines[sounding]))


def pitch_shift(ours: Floats, theirs: Floats) -> float:
    """Cents by which one spectrum must be stretched to lie on the other: the best of a fine search."""
    n = 1 << 15
    a, b = (np.abs(np.fft.rfft(x[:, 8192 : 8192 + n].mean(axis=0) * np.hanning(n))) for x in (ours, theirs))
    k = np.arange(a.size)
    shifts = np.arange(-20, 20.01, 0.5)
    match = [np.dot(np.interp(k * 2 ** (s / 1200), k, a), b) for s in shifts]
    return float(shifts[int(np.argmax(match))])


@pytest.mark.parametrize(("number", "key", "velocity"), NOTES)
def test_single_notes(number: int, key: int, velocity: int, tmp_path: Path) -> None:
    channel = 9 if number >= 128 else 0
    song = midi([program(0, number % 128, channel), *note(0.1, 1.2, key, velocity, channel)], 3.0)
    theirs = reference(song, tmp_path)
    ours = dry(song, load_soundfont(), frames=theirs.shape[1])
    loudness, cosine = compare(ours, theirs)
    assert abs(loudness) < 0.5
    assert cosine > 0.99
    if channel == 0:
        assert abs(pitch_shift(ours, theirs)) <= 1


def test_a_piece_with_everything(tmp_path: Path) -> None:
    """Three parts and drums, with swells, pedal, vibrato, bends and a tempo of its own."""
    events = [program(0, 40), program(0, 0, 1), program(0, 33, 2)]
    rng = np.random.default_rng(2)
    for beat in range(24):
        at = beat * 0.5
        events += note(at, 0.45, 72 + int(rng.integers(12)), 60 + int(rng.integers(60)))
        events += [e for k in (48, 55, 64) for e in note(at, 0.3, k + beat % 3, 70, 1)]
        events += note(at, 0.4, 36 + beat % 5, 100, 2) + note(at, 0.1, (36, 38)[beat % 2], 100, 9)
        events += note(at, 0.1, 46, 80, 9) + note(at + 0.25, 0.1, 42, 70, 9)
        events += [control(at + 0.1, 11, 60 + 5 * (beat % 12)), control(at, 1, 8 * (beat % 8))]
        events += [bend(at + 0.2, 300 * (beat % 7))]
        events += [control(at, 64, 127 * (beat % 2), 1), control(at, 10, 5 * beat, 2)]
    song = midi(events, 14.0)
    theirs = reference(song, tmp_path)
    loudness, cosine = compare(dry(song, load_soundfont(), frames=theirs.shape[1]), theirs)
    assert abs(loudness) < 0.5
    assert cosine > 0.95
