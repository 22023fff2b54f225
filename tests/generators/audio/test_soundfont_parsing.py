"""Fonts: what the standard says of zones, what becomes of damaged ones."""

import random
import struct

import numpy as np
import pytest

from ripieno.generators.audio.soundfont import SoundFont, default_soundfont, load_soundfont
from ripieno.generators.audio.zones import MAX_ZONES, Gen
from ripieno.score.errors import BadFile, RipienoError
from tests.generators.audio.fonts import (
    EXCLUSIVE,
    KEY_RANGE,
    LOOPED,
    ONE_SINE,
    ROOT_KEY,
    VELOCITY_RANGE,
    Layer,
    Recording,
    font,
    font_bytes,
    sine,
)  # fmt: skip
from tests.generators.audio.songs import control, dry, midi, note


def parse(data: bytes) -> SoundFont:
    return SoundFont(np.frombuffer(data, np.uint8), "test")


def test_the_default_font_is_found_in_pretty_midi_and_has_all_of_general_midi() -> None:
    loaded = load_soundfont()
    assert default_soundfont().name == "TimGM6mb.sf2"
    for program in range(128):
        assert loaded.zones(0, program), program
    assert loaded.preset_name(0, 73).startswith("Flute")
    assert loaded.zones(128, 0)


def test_loading_twice_gives_the_same_font() -> None:
    assert load_soundfont() is load_soundfont()


def test_instrument_global_zone_gives_defaults_and_the_preset_adds() -> None:
    layers = [Layer([(Gen.PAN, -100), (Gen.FILTER_Q, 30)], recording=None), Layer([(Gen.PAN, 50)]), Layer([])]
    zones = font([sine()], layers, preset_generators=((Gen.PAN, 7), (Gen.SAMPLE_MODES, 1))).zones(0, 0)
    assert [z.values[Gen.PAN] for z in zones] == [57, -93]
    assert [z.values[Gen.FILTER_Q] for z in zones] == [30, 30]
    assert zones[0].values[Gen.SAMPLE_MODES] == 0  # a preset may not carry it


def test_sums_are_clipped_to_the_range_of_their_generator() -> None:
    zones = font([sine()], [Layer([(Gen.PAN, 400)])], preset_generators=((Gen.PAN, 400),)).zones(0, 0)
    assert zones[0].values[Gen.PAN] == 500


def test_key_and_velocity_ranges_intersect() -> None:
    layers = [Layer([(KEY_RANGE, 60 | 72 << 8), (VELOCITY_RANGE, 0 | 64 << 8)])]
    zones = font([sine()], layers, preset_generators=((KEY_RANGE, 70 | 100 << 8),)).zones(0, 0)
    assert zones[0].keys == (70, 72)
    assert zones[0].velocities == (0, 64)
    assert font([sine()], layers, preset_generators=((KEY_RANGE, 0 | 10 << 8),)).zones(0, 0) == ()


@pytest.mark.parametrize(("asked", "found"), [
    ((0, 5), (0, 5)), ((8, 5), (8, 5)), ((9, 5), (0, 5)), ((0, 9), (0, 0)), ((128, 3), (128, 0)),
])  # fmt: skip
def test_a_missing_preset_falls_back(asked: tuple[int, int], found: tuple[int, int]) -> None:
    made = font([sine()], [Layer([])], presets=((0, 0), (0, 5), (8, 5), (128, 0)))
    assert made.find(*asked) == found


def test_a_modulator_of_the_font_replaces_the_default_one() -> None:
    quiet = font([sine()], [Layer([LOOPED], [(0x0502, Gen.ATTENUATION, 0, 0, 0)])])
    soft, loud = (dry(midi(note(0, 0.3, 69, v), 0.3), quiet) for v in (20, 120))
    assert np.array_equal(soft, loud)  # velocity no longer matters


def test_sf3_sounds_like_sf2() -> None:
    plain, packed = sine(), sine()
    packed.vorbis = True
    song = midi(note(0.05, 1.0, 66), 1.5)
    a = dry(song, font([plain], [Layer([LOOPED])]))
    b = dry(song, font([packed], [Layer([LOOPED])]))
    spectra = [np.abs(np.fft.rfft(x[0, : 44100])) for x in (a, b)]
    assert np.dot(*spectra) / np.prod([np.linalg.norm(s) for s in spectra]) > 0.999


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"MThd" + bytes(40), ONE_SINE[:200]])
def test_what_is_no_font_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(BadFile) as caught:
        parse(data)
    assert caught.value.cure


def test_a_missing_file_is_refused_with_its_name(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadFile, match=r"no\.sf2"):
        load_soundfont(tmp_path / "no.sf2")


@pytest.mark.parametrize("loop", [(0, 0), (500, 400), (5, 6), (0, 10**9), (4_000_000_000, 5), (22_050, 22_050)])
def test_odd_loops_play_what_can_be_played(loop: tuple[int, int]) -> None:
    recording = sine()
    data = font_bytes([recording], [Layer([LOOPED])])
    header = data.index(b"sample0") + 20
    broken = data[: header + 8] + struct.pack("<2I", *loop) + data[header + 16 :]
    sound = dry(midi(note(0, 0.4, 69), 0.5), parse(broken))
    assert np.all(np.isfinite(sound))
    assert np.abs(sound).max() > 0.001


def test_zero_length_and_unreadable_samples_are_silent() -> None:
    empty = Recording(np.zeros(0, np.int16))
    broken = sine()
    broken.vorbis = True
    data = bytearray(font_bytes([empty, broken], [Layer([], recording=0), Layer([], recording=1)]))
    at = bytes(data).index(b"OggS")
    data[at : at + 400] = bytes(400)
    assert not dry(midi(note(0, 0.2, 69), 0.3), parse(bytes(data))).any()


def test_links_to_what_is_not_there_are_left_out() -> None:
    made = font([sine()], [Layer([], recording=999), Layer([LOOPED])])
    assert [z.sample for z in made.zones(0, 0)] == [0]


def test_a_font_of_very_many_zones_is_cut_at_the_limit() -> None:
    made = font([sine(seconds=0.02)], [Layer([(EXCLUSIVE, 1)])] * 9000)
    assert len(made.zones(0, 0)) == MAX_ZONES
    assert np.all(np.isfinite(dry(midi(note(0, 0.05, 69), 0.1), made)))


def test_thousands_of_damaged_fonts_give_an_error_or_a_sound() -> None:
    """Bytes changed, cut out, doubled and cut off, wherever the tables are; nothing but our own errors may come out."""
    tiny = sine(seconds=0.01)
    whole = font_bytes(
        [tiny, sine(880, 0.01)],
        [Layer([LOOPED, (ROOT_KEY, 60), (Gen.FILTER_FC, 9000), (Gen.MOD_ENV_TO_FC, 2000)]),
         Layer([(Gen.VIB_LFO_TO_PITCH, 30), (EXCLUSIVE, 2)], [(0x0081, 6, 50, 0, 0)], recording=1)],
        presets=((0, 0), (128, 0)),
    )  # fmt: skip
    tables = whole.index(b"pdta")
    song = midi([*note(0, 0.03, 60), control(0.01, 1, 90), *note(0.02, 0.03, 69, 80, 9)], 0.05)
    rng = random.Random(4)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(rng.choice((1, 1, 2, 8, 40))):
            at = rng.randrange(tables, len(data)) if rng.random() < 0.8 else rng.randrange(len(data))
            kind = rng.random()
            if kind < 0.7:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            elif kind < 0.8:
                del data[at : at + rng.randrange(1, 40)]
            elif kind < 0.9:
                data[at:at] = data[at : at + rng.randrange(1, 40)]
            else:
                del data[at:]
            if len(data) <= tables:
                break
        try:
            sound = dry(song, parse(bytes(data)), rate=22_050, frames=2205)
        except RipienoError:
            refused += 1
            continue
        assert np.all(np.isfinite(sound))
    assert 0 < refused < 2000
