"""Features: distributions are distributions, and what should not matter does not."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.score.analysis.features import DISTRIBUTIONS, FEATURES, SCALARS, extract, phrases
from ripieno.score.analysis.likeness import fingerprint, likeness
from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.skyline import melody
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from tests.score.makers import notes, piece, shifted, track
from tests.score.pieces import pieces

TUNE = "C4:1 D4:.5 E4:.5 G4:2 A4:1 G4:.5 E4:.5 D4:2 E4:1 F4:.5 G4:.5 A4:1 B4:1 C5:3 r:1"
OTHER = "E4:.5 E4:.5 B4:1 A4:2 F#4:1 D4:1 E4:2 B3:1.5 B3:.5 E4:1 G4:1 F#4:3 r:1"


def song(text: str = TUNE, up: int = 0, bpm: float = 120.0) -> Piece:
    tune = shifted(notes(text, times=2), up)
    chords = shifted(notes("C3+E3+G3:4 F3+A3+C4:4 G3+B3+D4:4 C3+E3+G3:4", times=2, velocity=60), up)
    moved = piece(track("flute", Role.LEAD, "flute", tune), track("piano", Role.CHORDS, "piano", chords), bars=8, bpm=bpm)
    return replace(moved, keys=(replace(moved.keys[0], key=moved.key.transposed(up)),))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_any_piece_has_all_features(any_piece: Piece) -> None:
    found = extract(Reading(any_piece))
    assert set(found.distributions) == set(DISTRIBUTIONS) and set(found.scalars) == set(SCALARS)
    for values in found.distributions.values():
        assert (values >= 0).all() and (values.sum() == pytest.approx(1.0) or values.sum() == 0.0)
    for feature in FEATURES:
        value = found.scalars.get(feature.name, 0.0)
        assert math.isnan(value) or feature.unit != "0..1" or -1e-9 <= value <= 1 + 1e-9


@pytest.mark.parametrize("up", [-5, 3, 7])
def test_transposition_and_tempo_change_nothing(up: int) -> None:
    plain, moved = extract(Reading(song())), extract(Reading(song(up=up, bpm=77.0)))
    for name in DISTRIBUTIONS:
        assert np.allclose(plain.distributions[name], moved.distributions[name]), name
    for name in SCALARS:
        assert plain.scalars[name] == pytest.approx(moved.scalars[name], nan_ok=True), name
    assert plain.distance(moved, "pitch_class") == pytest.approx(0.0)


def test_figures_of_a_known_tune() -> None:
    found = extract(Reading(song("C4:1 D4:1 E4:1 F4:1 G4:1 A4:1 B4:1 C5:1 C4:4 C4:4"))).scalars
    assert found["step_share"] == pytest.approx(14 / 19)
    assert found["leap_share"] == pytest.approx(2 / 19)  # C5 down to C4, twice
    assert found["syncopation"] == 0.0
    late = extract(Reading(song("r:.5 C4:1 D4:1 E4:1 F4:.5 r:.5 G4:1 A4:1 B4:1 C5:.5 C4:8"))).scalars
    assert late["syncopation"] > 0.5


def test_phrases_end_at_rests_and_long_notes() -> None:
    tune = melody(Reading(song()))
    cut = phrases(tune)
    assert cut[0][0] == 0 and cut[-1][1] == len(tune)
    assert all(a[1] == b[0] for a, b in pairwise(cut))
    assert len(cut) == 6  # in each half: after G4:2, after D4:2, after C5:3


@pytest.mark.parametrize("up", [0, 4, -7])
def test_a_tune_is_like_itself_in_every_key_and_tempo(up: int) -> None:
    a, b = fingerprint(Reading(song())), fingerprint(Reading(song(up=up, bpm=90.0)))
    like = likeness(a, b)
    assert like.melody == like.progression == 1.0
    assert like.whole == pytest.approx(1.0)


def test_likeness_is_symmetric_and_low_between_strangers() -> None:
    a, b = fingerprint(Reading(song())), fingerprint(Reading(song(OTHER)))
    assert likeness(a, b) == likeness(b, a)
    assert likeness(a, b).melody < 0.1
    assert likeness(a, b).progression == 1.0  # the same chords
