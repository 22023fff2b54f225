"""Chords in another key: transposed within a mode, the same degrees in the other one, and back again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripieno.generators.theory.chord_moves import moved
from ripieno.score.chords import QUALITIES, Chord
from ripieno.score.keys import Key

TONICS = st.sampled_from(("C", "D", "Eb", "F#", "A", "Bb"))


@pytest.mark.parametrize(("given_", "home", "goal", "wanted"), [
    ("C", "C major", "G major", "G"), ("Am7/C", "C major", "G major", "Em7/G"), ("C", "C major", "C minor", "Cm"),
    ("Am", "C major", "C minor", "Ab"), ("Dm7", "C major", "C minor", "Dm7b5"), ("G7", "C major", "C minor", "G7"),
    ("G", "C minor", "C major", "G"), ("Fm", "C minor", "A major", "D"), ("Ebmaj7", "C minor", "C major", "Em7"),
    ("C/E", "C major", "C minor", "Cm/Eb"), ("D7", "C major", "C minor", "D7"),
])  # fmt: skip
def test_chords_move_with_their_degree(given_: str, home: str, goal: str, wanted: str) -> None:
    keys = [Key(*name.split()) for name in (home, goal)]
    assert moved(Chord.parse(given_), *keys).symbol == wanted


@given(TONICS, TONICS, st.sampled_from(("major", "minor")), st.sampled_from(sorted(QUALITIES)), TONICS)
def test_moving_within_a_mode_and_back_changes_nothing(a: str, b: str, mode: str, quality: str, root: str) -> None:
    chord = Chord(root, QUALITIES[quality])
    there = moved(chord, Key(a, mode), Key(b, mode))
    back = moved(there, Key(b, mode), Key(a, mode))
    assert there.intervals == chord.intervals and back.root_pc == chord.root_pc


@given(TONICS, TONICS, st.sampled_from(("major", "minor")), st.integers(0, 6))
def test_triads_of_the_scale_are_triads_of_the_other(a: str, b: str, mode: str, degree: int) -> None:
    home, goal = Key(a, mode), Key(b, "minor" if mode == "major" else "major")
    tones = [home.scale[(degree + k) % 7] for k in (0, 2, 4)]
    chord = Chord(home.spell(tones[0]), tuple((t - tones[0]) % 12 for t in tones))
    there = moved(chord, home, goal)
    assert there.root_pc == goal.scale[degree]
    outside = [pc for pc in there.pitch_classes if pc not in goal.scale]
    assert not outside or (degree == 4 and outside == [(goal.tonic_pc + 11) % 12]), "only the dominant keeps its leading note"
