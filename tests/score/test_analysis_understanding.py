"""What an imported piece is, as far as its file does not say: metre and upbeat, key and mode, roles, chords, sections."""

from dataclasses import replace

import numpy as np
import pytest

from ripieno.score.analysis.metre_finding import find_metre
from ripieno.score.analysis.roles import assign_roles
from ripieno.score.analysis.understanding import understand, with_metre
from ripieno.score.formats.midi import load_midi
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Section, Track, make_notes
from ripieno.score.time import PPQ, Metre, MetreChange
from tests.score.makers import notes, piece, track
from tests.score.pieces import waltz
from tests.score.test_formats_midi import SCALE, chunk, midi

JIG = notes("D5:.5 E5:.5 F#5:.5 A5:1 F#5:.5 G5:1 E5:.5 F#5:.5 E5:.5 D5:.5", times=8)
JIG_BASS = notes("D3:1.5 A2:1.5 G2:1.5 D3:1.5", times=8)


def bare(made: Piece) -> Piece:
    """The piece as a file without a word beside its notes gives it."""
    timeline = replace(made.timeline, metres=(MetreChange(0, Metre()),))
    return replace(made, timeline=timeline, keys=(KeyChange(0, Key("C")),), sections=(), chords=())


@pytest.mark.parametrize(
    ("made", "metre"),
    [
        (waltz(), Metre(3, 4)),
        (piece(track("fiddle", Role.LEAD, "violin", JIG), track("bass", Role.BASS, "cello", JIG_BASS), bars=16, metre="6/8"),
         Metre(6, 8)),
        (piece(track("a", Role.LEAD, "flute", notes("C5:1 D5:.5 E5:.5 G5:1 E5:1", times=8)),
               track("b", Role.BASS, "cello", notes("C3:2 G2:2", times=8)), bars=8), Metre(4, 4)),
        (piece(track("a", Role.LEAD, "flute", notes("C5:4")), bars=1), Metre(4, 4)),
    ],
)  # fmt: skip
def test_the_metre_is_heard(made: Piece, metre: Metre) -> None:
    assert find_metre(bare(made)) == (metre, 0)


def test_an_upbeat_is_heard_and_the_bars_follow() -> None:
    moved = []
    for t in waltz().tracks:
        rows = t.notes.copy()
        rows["start"] += 480
        moved.append(t.with_notes(rows))
    upbeat = make_notes([(0, 480, 78, 80)])
    moved[0] = moved[0].with_notes(np.concatenate([upbeat, moved[0].notes]))
    made = bare(replace(waltz(), tracks=tuple(moved)))
    assert find_metre(made) == (Metre(3, 4), 480)
    known = understand(made, frozenset({"metre", "key"})).piece
    assert known.timeline.metres == (MetreChange(0, Metre(1, 4)), MetreChange(1, Metre(3, 4)))
    assert known.bars == 9 and known.key == Key("B", "minor")


def test_new_bars_keep_keys_and_sections_where_they_were() -> None:
    made = replace(bare(waltz()), bars=6, keys=(KeyChange(0, Key("C")), KeyChange(3, Key("D"))),
                   sections=(Section("One", 0, 3), Section("Two", 3, 3)))  # fmt: skip
    again = with_metre(made, Metre(3, 4), 0)
    assert again.bars == 8 and [k.bar for k in again.keys] == [0, 4]
    assert [(s.name, s.first_bar, s.bars) for s in again.sections] == [("One", 0, 4), ("Two", 4, 4)]


def test_a_signature_without_a_mode_may_mean_the_minor_key_and_a_stated_one_stays() -> None:
    made = replace(bare(waltz()), keys=(KeyChange(0, Key("D")),))
    assert understand(made, frozenset({"mode"})).piece.key == Key("B", "minor")
    assert understand(made, frozenset()).piece.key == Key("D")
    assert understand(made, frozenset({"key"})).piece.key == Key("B", "minor")


def test_files_say_what_they_do_not_say() -> None:
    signed = chunk(b"\x00\xff\x58\x04\x03\x02\x18\x08", b"\x00\xff\x59\x02\x02\x00")
    minor = chunk(b"\x00\xff\x59\x02\x02\x01")
    assert load_midi(midi(SCALE)).unsaid == {"key", "metre", "roles"}
    assert load_midi(midi(signed, SCALE)).unsaid == {"mode", "roles"}
    assert load_midi(midi(minor, SCALE)).unsaid == {"metre", "roles"}


def test_one_part_leads_and_names_win() -> None:
    tune = notes("E5:1 G5:.5 A5:.5 B5:1 A5:1 | D5:1 E5:1 G5:2".replace("| ", ""), velocity=100)
    loop = notes("C5:.5 E5:.5", times=8)
    tracks = (
        Track("a", "", Role.LEAD, "violin", loop), Track("b", "", Role.LEAD, "synth_lead", tune),
        Track("c", "", Role.LEAD, "piano", notes("C4+E4+G4:2", times=4)),
        Track("d", "", Role.LEAD, "cello", notes("C2:2", times=4)),
        Track("e", "String pad", Role.LEAD, "violin", notes("C5:1", times=8)),
    )  # fmt: skip
    assert [t.role for t in assign_roles(tracks, PPQ)] == [Role.RIFF, Role.LEAD, Role.CHORDS, Role.BASS, Role.PAD]
