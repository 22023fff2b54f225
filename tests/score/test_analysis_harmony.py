"""Key and chord finding: right on plain examples, and the same in every transposition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.score.analysis.chord_finding import chord_grid, find_chords
from ripieno.score.analysis.features import chord_distance
from ripieno.score.analysis.key_finding import find_key, mode_profile, rank_keys, scale_share
from ripieno.score.analysis.reading import Reading
from ripieno.score.instruments import Role
from ripieno.score.keys import MODES, Key
from ripieno.score.piece import Piece
from ripieno.score.pitch import midi_number
from tests.score.makers import notes, piece, shifted, track

VOICINGS = {
    "C": "C3+E4+G4+C5", "G7": "G3+F4+G4+B4", "Am": "A3+E4+A4+C5", "F": "F3+F4+A4+C5", "Dm": "D3+F4+A4+D5",
    "E7": "E3+D4+G#4+B4", "Bdim": "B3+D4+F4+B4", "Dm7": "D3+C4+F4+A4", "Cmaj7": "C3+E4+G4+B4",
}  # fmt: skip


def block(*symbols: str, key: str = "C major", up: int = 0) -> Piece:
    """Each chord a bar, transposed."""
    content = shifted(notes(" ".join(f"{VOICINGS[s]}:4" for s in symbols)), up)
    return piece(track("piano", Role.CHORDS, "piano", content), bars=len(symbols), key=key)


@pytest.mark.parametrize(
    "row", [("C", "Am", "F", "G7", "C"), ("Dm7", "G7", "Cmaj7", "Cmaj7"), ("Am", "Dm", "E7", "Am"), ("Bdim", "C")]
)
def test_chords_are_found_as_written(row: tuple[str, ...]) -> None:
    found = find_chords(Reading(block(*row)))
    joined = [s for i, s in enumerate(row) if i == 0 or s != row[i - 1]]
    assert [span.chord.symbol for span in found] == joined
    assert found[0].start == 0 and found[-1].end == block(*row).ticks


def test_passing_notes_do_not_make_chords() -> None:
    tune = track("flute", Role.LEAD, "flute", notes("E5:1 F5:.5 G5:.5 A5:.5 G5:1.5 D5:1 C5:.5 B4:.5 D5:2"))
    base = block("C", "G7")
    found = find_chords(Reading(base.with_track(tune)))
    assert [span.chord.symbol for span in found] == ["C", "G7"]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 11))
def test_key_and_chords_move_with_the_music(up: int) -> None:
    plain, moved = Reading(block("C", "F", "G7", "C")), Reading(block("C", "F", "G7", "C", up=up))
    assert find_key(moved).tonic_pc == (find_key(plain).tonic_pc + up) % 12
    assert find_key(moved).mode == "major"
    roots = [(s.chord.root_pc, s.chord.intervals) for s in find_chords(plain)]
    assert [(s.chord.root_pc, s.chord.intervals) for s in find_chords(moved)] == [((r + up) % 12, i) for r, i in roots]


def test_minor_is_told_from_its_relative_major() -> None:
    assert str(find_key(Reading(block("Am", "Dm", "E7", "Am")))) == "A minor"
    assert str(find_key(Reading(block("C", "F", "G7", "C")))) == "C major"


@pytest.mark.parametrize("mode", ["dorian", "phrygian", "lydian", "mixolydian", "harmonic minor"])
def test_a_scale_over_its_tonic_is_heard_in_its_mode(mode: str) -> None:
    scale = "+".join(("C2", "G3"))
    degrees = {
        "dorian": "C4 D4 Eb4 F4 G4 A4 Bb4",
        "phrygian": "C4 Db4 Eb4 F4 G4 Ab4 Bb4",
        "lydian": "C4 D4 E4 F#4 G4 A4 B4",
        "mixolydian": "C4 D4 E4 F4 G4 A4 Bb4",
        "harmonic minor": "C4 D4 Eb4 F4 G4 Ab4 B4",
    }[mode]
    tune = notes(" ".join(f"{name}:1" for name in degrees.split()) + " C4:1")
    reading = Reading(
        piece(track("a", Role.LEAD, "piano", tune), track("b", Role.DRONE, "church_organ", notes(f"{scale}:8")), bars=2)
    )
    best = rank_keys(reading.profile(np.array([0, reading.slots]))[0], (mode, "major", "minor"))
    assert Key("C", mode) in [g.key for g in best[:3]]
    assert scale_share(reading.pitch_classes.sum(axis=0), Key("C", mode)) == 1.0


def test_every_mode_has_a_profile_that_prefers_its_own_scale() -> None:
    for mode, (intervals, _, _) in MODES.items():
        profile = np.array(mode_profile(mode))
        foreign = [profile[i] for i in range(12) if i not in intervals]
        assert not foreign or min(profile[list(intervals)]) >= np.median(foreign)


def test_silence_has_neither_key_nor_chords() -> None:
    silent = piece(bars=2)
    assert rank_keys(np.zeros(12)) == () and find_key(Reading(silent)) == Key("C")
    assert find_chords(Reading(silent)) == ()
    members, roots = chord_grid(Reading(silent))
    assert not members.any() and (roots == -1).all()


def test_written_chords_win_over_found_ones() -> None:
    written = piece(track("a", Role.LEAD, "flute", notes("E5:4 E5:4")), bars=2, chords="C Am")
    _, roots = chord_grid(Reading(written))
    assert roots[0] == 0 and roots[-1] == midi_number("A4") % 12


def test_voice_leading_distance_between_chords() -> None:
    def mask(*pcs: int) -> int:
        return sum(1 << pc for pc in pcs)

    assert chord_distance(mask(0, 4, 7), mask(0, 4, 7)) == 0
    assert chord_distance(mask(0, 4, 7), mask(0, 4, 9)) == 2  # C to Am: G moves to A
    assert chord_distance(mask(0, 4, 7), mask(0, 3, 7)) == 1
    assert chord_distance(mask(0, 4, 7), mask(2, 7, 11)) == chord_distance(mask(2, 7, 11), mask(0, 4, 7))
