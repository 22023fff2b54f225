"""The instrument table: complete, unambiguous, and true to the instruments."""

from collections import Counter

import pytest

from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instrument, instruments
from ripieno.score.pitch import midi_number

FAMILIES = {
    "strings", "guitar", "bass", "keys", "mallets", "organ", "reeds", "brass", "winds", "choir", "synth lead",
    "synth pad", "plucked", "ethnic", "percussion", "drum kit", "effects",
}  # fmt: skip
TECHNIQUES = {"bowed", "plucked", "blown", "keys", "struck", "sung", "synth"}
CLEFS = {"treble", "bass", "alto", "tenor", "grand", "percussion"}
KITS = {"drums": 0, "room_kit": 8, "power_kit": 16, "electronic_kit": 24, "tr808_kit": 25, "jazz_kit": 32,
        "brush_kit": 40, "orchestra_kit": 48}  # fmt: skip
# Sounding ranges as orchestration books give them; the table may allow a little more or less at the top.
KNOWN_RANGES = {
    "violin": ("G3", "A7"), "viola": ("C3", "E6"), "cello": ("C2", "C6"), "contrabass": ("C1", "C4"),
    "piano": ("A0", "C8"), "flute": ("C4", "D7"), "piccolo": ("D5", "C8"), "oboe": ("Bb3", "A6"),
    "clarinet": ("D3", "Bb6"), "bassoon": ("Bb1", "Eb5"), "trumpet": ("E3", "D6"),
    "french_horn": ("B1", "F5"),
    "trombone": ("E2", "F5"), "tuba": ("D1", "F4"), "alto_sax": ("Db3", "A5"), "tenor_sax": ("Ab2", "E5"),
    "electric_bass": ("E1", "G4"), "nylon_guitar": ("E2", "B5"),
    "ukulele": ("G3", "A5"), "vibraphone": ("F3", "F6"),
    "glockenspiel": ("G5", "C8"), "banjo": ("C3", "D6"), "harp": ("B0", "G7"), "timpani": ("D2", "C4"),
}  # fmt: skip


def test_every_general_midi_program_has_an_exact_instrument() -> None:
    exact = {row.program for row in instruments().values() if not row.is_drum and not row.nearest}
    assert exact == set(range(128))


def test_every_kit_has_its_program() -> None:
    for id_, program in KITS.items():
        assert (instrument(id_).family, instrument(id_).program) == ("drum kit", program)


def test_a_name_belongs_to_one_instrument_and_is_written_plainly() -> None:
    names = [name for row in instruments().values() for name in row.names]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name in names if name != name.strip().lower()] == []
    assert len(names) >= 500


@pytest.mark.parametrize("id_", list(instruments()))
def test_rows_are_sane(id_: str) -> None:
    row = instrument(id_)
    assert row.family in FAMILIES
    assert row.technique in TECHNIQUES
    assert row.clef in CLEFS
    assert row.names and row.roles
    assert len(set(row.roles)) == len(row.roles)
    assert 0 <= row.low <= row.comfort_low <= row.comfort_high <= row.high <= 127
    assert 1 <= row.voices <= 10
    if row.key is not None:
        assert row.low <= row.key <= row.high and row.family == "percussion"
    if row.breath:
        assert row.technique in {"blown", "sung"} and not row.decays
    if row.technique in {"bowed", "blown", "sung"} and row.family not in {"drum kit", "effects"}:
        assert not row.decays


@pytest.mark.parametrize(("id_", "whole"), KNOWN_RANGES.items())
def test_ranges_are_those_of_the_instrument(id_: str, whole: tuple[str, str]) -> None:
    row = instrument(id_)
    assert (row.low, row.high) == (midi_number(whole[0]), midi_number(whole[1]))


def test_character_of_well_known_instruments() -> None:
    assert [instrument(i).voices for i in ("flute", "violin", "nylon_guitar", "piano")] == [1, 2, 6, 10]
    assert instrument("piano").decays and not instrument("church_organ").decays
    assert instrument("oboe").breath and not instrument("accordion").breath
    assert instrument("viola").clef == "alto" and instrument("piano").clef == "grand"
    assert instrument("congas").is_drum and not instrument("taiko").is_drum
    assert Role.BASS in instrument("upright_bass").roles and Role.LEAD in instrument("violin").roles
    satb = [instrument(i) for i in ("soprano", "alto", "tenor", "bass_voice")]
    assert [v.comfort_low for v in satb] == sorted((v.comfort_low for v in satb), reverse=True)


def test_an_unknown_id_is_refused_with_a_cure() -> None:
    with pytest.raises(BadRequest, match="ripieno instruments"):
        instrument("blorp")
