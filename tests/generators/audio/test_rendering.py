"""Whole renderings: what stays the same from run to run, what an edit costs, what the files hold."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.generators.audio import renderer
from ripieno.generators.audio.chorus import Chorus
from ripieno.generators.audio.files import FORMATS, suffix, write_audio
from ripieno.generators.audio.loudness import integrated_loudness, true_peak
from ripieno.generators.audio.mixer import Measure, balance, masking
from ripieno.generators.audio.performance import PAN, perform_midi, perform_piece
from ripieno.generators.audio.plan import plan_part
from ripieno.generators.audio.presets import mix_preset, mix_presets
from ripieno.generators.audio.renderer import RenderSettings, render_midi, render_piece
from ripieno.generators.audio.room import Convolver, Room, impulse_response
from ripieno.generators.audio.stems import StemCache
from ripieno.generators.audio.tape import Tape
from ripieno.generators.theory.style import builtin_styles
from ripieno.score.errors import BadFile, BadRequest, RipienoError
from ripieno.score.formats.midi import write_midi
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Mix, Piece, Track, make_controls, make_notes
from ripieno.score.time import Tempo, Timeline
from tests.generators.audio.songs import control, midi, note, program

RATE = 44_100


def track(id_: str, role: Role, instrument: str, rows: list[tuple[int, int, int, int]], **more: object) -> Track:
    return Track(id_, id_.title(), role, instrument, make_notes(rows), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def piece() -> Piece:
    """Four bars for violin, piano, bass and drums."""
    tune = [(i * 480, 440, 72 + (0, 4, 7, 2)[i % 4], 90) for i in range(16)]
    chords = [(b * 1920, 1800, p, 70) for b in range(4) for p in (52, 55, 60)]
    bass = [(b * 960, 900, 36 + 5 * (b % 2), 85) for b in range(8)]
    drums = [(b * 480, 100, (36, 38)[b % 2], 100) for b in range(16)] + [(b * 240, 60, 42, 70) for b in range(32)]
    tracks = (track("lead", Role.LEAD, "violin", tune), track("piano", Role.CHORDS, "piano", chords),
              track("bass", Role.BASS, "upright_bass", bass), track("drums", Role.DRUMS, "jazz_kit", drums))  # fmt: skip
    return Piece("test", Timeline(tempos=(Tempo(0, 120.0),)), 4, (KeyChange(0, Key("C")),), tracks=tracks)


SETTINGS = RenderSettings(rate=22_050, preset="swing")


def test_the_same_piece_gives_the_same_bytes_loud_enough_and_not_too_loud(piece: Piece) -> None:
    a, b = render_piece(piece, SETTINGS), render_piece(piece, SETTINGS)
    assert np.array_equal(a.mix, b.mix)
    assert a.mix.dtype == np.float32
    assert a.loudness == pytest.approx(-16.0, abs=0.1)
    assert integrated_loudness(np.ascontiguousarray(a.mix.T), 22_050) == pytest.approx(-16.0, abs=0.1)
    assert a.true_peak <= -1.0
    assert true_peak(np.ascontiguousarray(a.mix.T)) <= -1.0


def test_the_end_rings_out(piece: Piece) -> None:
    mix = render_piece(piece, SETTINGS).mix
    assert len(mix) > (piece.seconds + 0.3) * 22_050
    assert np.abs(mix[-50:]).max() < 2e-3


def test_an_edit_renders_only_what_it_changed(piece: Piece, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[str] = []

    def spy(part, font, rate):  # type: ignore[no-untyped-def]
        played.append(part.id)
        return plan_part(part, font, rate)

    monkeypatch.setattr(renderer, "plan_part", spy)
    cache = StemCache(tmp_path / "stems")
    first = render_piece(piece, SETTINGS, cache=cache)
    assert played == ["lead", "piano", "bass", "drums"]
    again = render_piece(piece, SETTINGS, cache=cache)
    assert played == ["lead", "piano", "bass", "drums"]
    assert np.array_equal(first.mix, again.mix)
    assert np.array_equal(first.mix, render_piece(piece, SETTINGS).mix)  # a kept stem is the very same sound
    played.clear()
    bass = piece.track("bass")
    edited = piece.with_track(bass.with_notes([*bass.notes.tolist(), (0, 100, 50, 90)]))
    render_piece(edited, SETTINGS, cache=cache)
    assert played == ["bass"]
    played.clear()
    for id_ in ("piano", "drums"):
        render_piece(piece.with_track(replace(piece.track(id_), mix=Mix(muted=True))), SETTINGS, cache=cache)
        render_piece(piece.with_track(replace(piece.track(id_), mix=Mix(volume=60))), SETTINGS, cache=cache)
    assert played == []


def test_the_cache_stays_within_its_limit_and_survives_damage(piece: Piece, tmp_path: Path) -> None:
    cache = StemCache(tmp_path, limit=3_000_000)
    before = render_piece(piece, SETTINGS, cache=cache)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 3_000_000
    for path in tmp_path.iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 64
        path.write_bytes(data)  # a flipped bit is noticed, and the stem is played anew
    assert np.array_equal(before.mix, render_piece(piece, SETTINGS, cache=cache).mix)
    for path in tmp_path.iterdir():
        path.unlink()
    blocked = StemCache(tmp_path / "file" / "below")
    (tmp_path / "file").write_text("not a folder")
    assert np.array_equal(before.mix, render_piece(piece, SETTINGS, cache=blocked).mix)


def test_two_processes_share_a_folder_of_stems(piece: Piece, tmp_path: Path) -> None:
    """Both render at once into a cache that has no room for all; each hears what it would hear alone."""
    alone = hashlib.sha256(render_piece(piece, SETTINGS).mix.tobytes()).hexdigest()
    (tmp_path / "piece.mid").write_bytes(write_midi(piece))
    code = """
import hashlib, sys
from pathlib import Path
from ripieno.generators.audio.renderer import RenderSettings, render_midi
from ripieno.generators.audio.stems import StemCache
cache = StemCache(Path(sys.argv[2]), limit=2_000_000)
for _ in range(2):
    mix = render_midi(Path(sys.argv[1]), RenderSettings(rate=22_050), cache=cache).mix
    print(hashlib.sha256(mix.tobytes()).hexdigest())
"""
    argv = [sys.executable, "-P", "-c", code, str(tmp_path / "piece.mid"), str(tmp_path / "stems")]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    heard = {line for process in both for line in process.communicate()[0].split()}
    assert [p.returncode for p in both] == [0, 0] and len(heard) == 1
    assert not list((tmp_path / "stems").glob("*.part"))
    assert alone == hashlib.sha256(render_piece(piece, SETTINGS, cache=StemCache(tmp_path / "stems")).mix.tobytes()).hexdigest()


def test_stems_are_what_the_mix_is_made_of(piece: Piece) -> None:
    plain = replace(SETTINGS, reverb=False, glue=False, loudness=None)
    done = render_piece(piece, plain, stems=True)
    assert done.stems is not None
    assert list(done.stems) == ["lead", "piano", "bass", "drums"]
    total = np.zeros_like(done.mix)
    for stem in done.stems.values():
        n = min(len(stem), len(total))
        total[:n] += stem[:n]
    if done.master.limiting < 1e-6:
        assert np.abs(total - done.mix).max() < 1e-5


def test_a_fader_moves_its_track_by_forty_log(piece: Piece) -> None:
    plain = replace(SETTINGS, loudness=None)
    loud = render_piece(piece, plain, stems=True).stems
    soft = render_piece(piece.with_track(replace(piece.track("piano"), mix=Mix(volume=50))), plain, stems=True).stems
    assert loud is not None
    assert soft is not None
    ratio = np.sqrt((loud["piano"] ** 2).sum() / (soft["piano"] ** 2).sum())
    assert 20 * np.log10(ratio) == pytest.approx(40 * np.log10(2), abs=0.01)
    assert np.array_equal(loud["lead"], soft["lead"])


def test_presets_place_tracks_unless_the_user_did(piece: Piece) -> None:
    def centre(mix: Mix, preset: str) -> float:
        changed = piece.with_track(replace(piece.track("piano"), mix=mix))
        stems = render_piece(changed, replace(SETTINGS, preset=preset), stems=True).stems
        assert stems is not None
        left, right = (stems["piano"] ** 2).sum(axis=0)
        return float(10 * np.log10(right / left))

    assert centre(Mix(), "swing") < -1  # the club seats the piano to the left
    assert abs(centre(Mix(), "waltz")) < 0.3
    assert centre(Mix(pan=100), "swing") > 3


def test_mono_and_rates(piece: Piece) -> None:
    mono = render_piece(piece, replace(SETTINGS, channels=1))
    assert mono.mix.shape[1] == 1
    for rate in (32_000, 48_000, 96_000):
        done = render_piece(piece, replace(SETTINGS, rate=rate))
        assert done.seconds == pytest.approx(render_piece(piece, SETTINGS).seconds, abs=0.3)


def test_progress_rises_to_one(piece: Piece) -> None:
    seen: list[float] = []
    render_piece(piece, SETTINGS, progress=lambda share, what: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize(
    "wrong", [{"rate": 8000}, {"rate": 192_000}, {"channels": 6}, {"loudness": 3.0}, {"true_peak": 4.0}]
)
def test_impossible_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadRequest):
        RenderSettings(**wrong)  # type: ignore[arg-type]


def test_a_piece_of_nothing_is_silence() -> None:
    empty = Piece("none", Timeline(), 2, (KeyChange(0, Key("C")),))
    done = render_piece(empty, SETTINGS)
    assert done.seconds == pytest.approx(4.0, abs=0.01)
    assert not done.mix.any()


def test_controls_of_a_track_reach_its_part(piece: Piece) -> None:
    swell = make_controls([(0, 0, 11, 40), (960, 0, 11, 120), (960, 1, 0, 4000)])
    part = perform_piece(piece.with_track(replace(piece.track("lead"), controls=swell))).parts[0]
    assert part.curve(11).at([0.1, 1.5]).tolist() == [40.0, 120.0]
    assert part.curve(PAN).initial == 64.0


def test_midi_files_keep_their_own_balance(tmp_path: Path) -> None:
    events = [program(0, 40), control(0, 7, 127), *note(0, 1, 69), control(0, 7, 60, 1), *note(0, 1, 57, 100, 1)]
    song = midi(events, 1.2)
    path = tmp_path / "song.mid"
    path.write_bytes(song)
    done = render_midi(path, RenderSettings(rate=22_050, reverb=False), stems=True)
    assert done.stems is not None
    assert list(done.stems) == ["channel-1", "channel-2"]
    assert done.loudness == pytest.approx(-16, abs=0.1)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_damaged_midi_files_give_an_error_or_a_performance(seed: int, hits: int) -> None:
    rng = np.random.default_rng(seed)
    events = [program(0, 3), control(0, 64, 100), *note(0, 0.5, 60), *note(0.2, 0.5, 60), *note(0.5, 0.1, 38, 90, 9)]
    events += [control(0.6, 101, 0), control(0.6, 100, 0), control(0.6, 6, 12), control(0.7, 121, 0)]
    whole = midi(events, 1.0)
    data = bytearray(whole)
    for at in rng.integers(0, len(data), hits):
        data[at] = rng.integers(256)
    try:
        performed = perform_midi(bytes(data[: rng.integers(10, len(data) + 1)]))
    except RipienoError:
        return
    for part in performed.parts:
        assert np.all(part.end > part.start)
        assert np.all(np.diff(part.start) >= 0)


def test_a_file_that_is_no_midi_is_refused() -> None:
    with pytest.raises(BadFile):
        render_midi(b"RIFF....WAVE")


def test_every_style_asks_for_one_preset() -> None:
    named = [style for preset in mix_presets().values() for style in preset.styles]
    assert len(named) == len(set(named))
    assert set(builtin_styles()) <= set(named)
    assert mix_preset("waltz").id == "chamber"
    assert mix_preset("a_style_of_tomorrow").id == "default"
    with pytest.raises(BadRequest):
        mix_preset("no such thing!")


def test_balance_brings_stems_to_their_places_and_clears_the_lead() -> None:
    bands = np.zeros((50, 8), np.float32)
    lead, below, beside = bands.copy(), bands.copy(), bands.copy()
    lead[:, 4], below[:, 1], beside[:, 4] = 1.0, 1.0, 1.0
    measures = [Measure(-20.0, lead), Measure(-20.0, below), Measure(-20.0, beside)]
    is_lead = [True, False, False]
    gains = balance(measures, [0.0, -3.0, 0.0], is_lead)
    assert 20 * np.log10(gains[1] / gains[0]) == pytest.approx(-3.0, abs=0.01)
    assert masking(measures, gains, is_lead)[2] == pytest.approx(-1.0, abs=0.01)  # it lived where the lead lives
    assert masking(measures, gains, is_lead)[0] == float("-inf")


def test_the_room_is_linear_in_pieces_and_decays_as_it_says() -> None:
    room = Room(seconds=1.0)
    response = impulse_response(room, RATE)
    assert np.array_equal(response, impulse_response(Room(seconds=1.0), RATE))
    assert (response**2).sum(axis=1) == pytest.approx([1, 1], rel=1e-3)
    left = response[0].astype(np.float64) ** 2
    fall = 10 * np.log10(np.cumsum(left[::-1])[::-1])
    slope = np.polyfit(np.arange(int(0.15 * RATE), int(0.5 * RATE)), fall[int(0.15 * RATE) : int(0.5 * RATE)], 1)[0]
    assert slope * RATE == pytest.approx(-60, abs=12)
    signal = np.random.default_rng(0).standard_normal((2, 50_000)).astype(np.float32)
    whole = Convolver(response)(signal)
    pieces = Convolver(response)
    parts = np.concatenate([pieces(signal[:, at : at + 7001]) for at in range(0, 50_000, 7001)], axis=1)
    assert np.abs(whole - parts).max() < 1e-4
    exact = np.convolve(signal[0, :3000].astype(np.float64), response[0].astype(np.float64))[:3000]
    assert np.abs(whole[0, :3000] - exact).max() < 1e-4


def test_chorus_widens_without_getting_louder_or_off_pitch() -> None:
    rate = 22_050
    tone = np.tile(np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate).astype(np.float32), (2, 1))
    whole = Chorus(rate)(tone)
    in_pieces = Chorus(rate)
    parts = np.concatenate([in_pieces(tone[:, at : at + 5000]) for at in range(0, 4 * rate, 5000)], axis=1)
    assert np.abs(whole - parts).max() < 1e-4
    assert np.abs(whole).max() <= 2 * 0.7072
    assert not np.allclose(whole[0], whole[1], atol=0.1)
    spectrum = np.abs(np.fft.rfft(whole[0] * np.hanning(4 * rate)))
    assert abs(int(np.argmax(spectrum)) / 4 - 440) < 12  # 0.83 Hz over 4 ms: some 36 cents either way


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=6), st.booleans())
def test_a_tape_in_a_file_is_a_tape_in_memory(writes: list[tuple[int, int]], in_memory: bool) -> None:
    tape, expected = Tape.blank(100, in_memory=in_memory), np.zeros((2, 100), np.float32)
    for n, (at, length) in enumerate(writes):
        piece = np.full((2, length), n + 1, np.float32) * [[1], [-1]]
        tape.write(at, piece.astype(np.float32))
        expected[:, at : at + length] = piece[:, : 100 - at]
    assert np.array_equal(tape.read(0, 1000), expected)
    assert np.array_equal(tape.read(30, 50), expected[:, 30:50])


def test_a_tape_of_one_signal_sits_at_its_place_and_can_be_opened_again(tmp_path: Path) -> None:
    with (tmp_path / "t").open("w+b") as file:
        tape = Tape(100, (1.0, 0.5), file)
        tape.write(10, np.ones((1, 20), np.float32))
        tape.finish()
    again = Tape.open(tmp_path / "t")
    assert again.read(0, 100).sum(axis=1).tolist() == [20.0, 10.0]
    (tmp_path / "t").write_bytes((tmp_path / "t").read_bytes()[:-30])
    with pytest.raises(OSError, match="damaged"):
        Tape.open(tmp_path / "t")


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_every_format_can_be_read_back(kind: str, tmp_path: Path) -> None:
    rate = 48_000
    wave = 0.4 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    samples = np.stack((wave, -wave), axis=1).astype(np.float32)
    path = tmp_path / f"x.{suffix(kind)}"
    write_audio(path, samples, rate, kind)
    back, rate_back = soundfile.read(path, dtype="float32")
    assert rate_back == rate
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    spectrum = np.abs(np.fft.rfft(back[:rate, 0]))
    assert int(np.argmax(spectrum)) == 440
    if FORMATS[kind].bits or kind == "wav32f":
        assert np.abs(back - samples).max() <= {16: 3 / 32768, 24: 2**-23, 0: 0}[FORMATS[kind].bits]


def test_sixteen_bits_are_dithered(tmp_path: Path) -> None:
    """A tone of a third of a step would vanish by rounding; under dither it is still there."""
    quiet = (np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE) / 3 / 32768).astype(np.float32)[:, None]
    write_audio(tmp_path / "q.wav", quiet, RATE)
    back = soundfile.read(tmp_path / "q.wav")[0]
    spectrum = np.abs(np.fft.rfft(back))
    assert spectrum[1000] > 8 * np.median(spectrum)


def test_a_rate_that_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="opus"):
        write_audio(tmp_path / "x.opus", np.zeros((10, 2), np.float32), 44_100)
    with pytest.raises(BadRequest, match="format"):
        write_audio(tmp_path / "x.xyz", np.zeros((10, 2), np.float32), 44_100)
    assert not list(tmp_path.iterdir())
