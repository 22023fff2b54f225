"""The musical difference, in words that a musician would use."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.score.diff import compare_pieces
from ripieno.score.instruments import Role
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Piece, Section, Text, make_controls
from ripieno.score.time import Metre, MetreChange, Tempo
from ripieno.tools.base import Toolbox, Workbench
from ripieno.tools.registry import execute, parse_instruction
from tests.score.pieces import pieces, waltz

BENCH = Workbench(Toolbox({}), seed=1)


def lines(**data: object) -> tuple[str, ...]:
    """The difference that one instruction makes to the waltz."""
    return compare_pieces(waltz(), execute(parse_instruction(data), waltz(), BENCH).piece).lines


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"kind": "set_mix", "scope": {"tracks": ["brushes"]}, "muted": True}, ("Brushes muted",)),
        ({"kind": "remove_track", "scope": {"tracks": ["cello"]}}, ("Cello removed",)),
        (
            {"kind": "transpose", "octaves": 1, "scope": {"tracks": ["flute"], "bars": (0, 2)}},
            ("Flute bars 1 to 2: an octave higher",),
        ),
        ({"kind": "transpose", "semitones": -3, "scope": {"tracks": ["flute"]}}, ("Flute: a minor third lower",)),
        ({"kind": "change_tempo", "bpm": 120, "scope": {"bars": (0, 4)}}, ("bars 1 to 4: tempo 120 (it was 138)",)),
        ({"kind": "scale_velocities", "factor": 0.5, "scope": {"tracks": ["cello"]}}, ("Cello: softer by 32",)),
        ({"kind": "articulate", "style": "staccato", "scope": {"tracks": ["cello"]}}, ("Cello: held shorter",)),
        ({"kind": "rename_track", "name": "Solo", "scope": {"tracks": ["cello"]}}, ("Solo: called so instead of Cello",)),
        (
            {"kind": "set_note", "bar": 0, "nth": 1, "pitch": "G", "scope": {"tracks": ["flute"]}},
            ("Flute bar 1: rhythm kept, 1 note a semitone higher",),
        ),
        (
            {"kind": "set_mix", "scope": {"tracks": ["flute", "cello"]}, "volume": 90},
            ("Flute, Cello: volume 90 instead of 100",),
        ),
    ],
)
def test_simple_changes(data: dict[str, object], expected: tuple[str, ...]) -> None:
    assert lines(**data) == expected


def test_bars_that_go_and_come_do_not_make_the_rest_look_new() -> None:
    cut = lines(kind="cut", scope={"bars": (2, 4)})
    assert "bars 3 to 4 cut" in cut and not any("written anew" in line for line in cut)
    twice = lines(kind="repeat_section", scope={"bars": (0, 4)})
    assert any(line.startswith("bars") and "put in (a copy of bars 1 to 4)" in line for line in twice)
    assert not any("written anew" in line for line in twice)


def test_a_mode_change_keeps_the_rhythm() -> None:
    said = lines(kind="change_mode", mode="major")
    assert "key B major instead of B minor" in said
    assert any("rhythm kept" in line for line in said)


def test_moved_and_swapped_bars_are_told_as_such() -> None:
    said = lines(kind="move_section", scope={"bars": (0, 4)}, to=8)
    assert said[0] in ("bars 1 to 4 moved here (bars 5 to 8 before)", "bars 5 to 8 moved here (bars 1 to 4 before)")
    assert not any("written anew" in line or "replaced" in line for line in said)


@pytest.mark.parametrize(("factor", "words"), [(2, "twice as long"), (0.5, "twice as fast")])
def test_notes_drawn_out_or_pressed_together_are_told_as_such(factor: float, words: str) -> None:
    assert any(words in line for line in lines(kind="augment", factor=factor))
    assert any(words in line for line in lines(kind="augment", factor=factor, scope={"bars": (2, 4)}))


def test_a_cut_and_a_track_that_fell_silent_are_told_apart() -> None:
    cut = execute(parse_instruction({"kind": "cut", "scope": {"bars": (2, 4)}}), waltz(), BENCH).piece
    flute = cut.tracks[0]
    said = compare_pieces(waltz(), cut.with_track(flute.with_notes(flute.notes[:0]))).lines
    assert "bars 3 to 4 cut" in said and "Flute silent now" in said
    assert not any("Piano" in line or "Cello" in line for line in said)


def test_a_diatonic_third_is_called_a_third() -> None:
    said = lines(kind="transpose", steps=2, scope={"tracks": ["flute"]})
    assert any("a third higher" in line and "mostly" not in line for line in said), said


W = waltz()
LINE, KIT = W.tracks[0], W.tracks[3]
METRES = W.timeline.metres
SHIFTED = (replace(W.sections[0], bars=3), Section("Answer", 3, 5, 0.6, "B"))


def timed(**parts: object) -> Piece:
    """The waltz with other tempos or metres."""
    return replace(W, timeline=replace(W.timeline, **parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (replace(W, title="Other"), "called “Other”"),
        (replace(W, bars=9), "1 bar longer: 9 instead of 8"),
        (timed(tempos=(Tempo(0, 138.0), Tempo(20 * 480, 112.0))), "bar 7: tempo"),
        (timed(tempos=(Tempo(0, 138.0), Tempo(21 * 480, 112.3))), "bar 8: tempo 112.3 (it was 112)"),
        (timed(tempos=(*W.timeline.tempos, Tempo(23 * 480, 112.0))), "tempo marks"),
        (timed(metres=(*METRES, MetreChange(4, Metre(6, 8)))), "bars 5 to 8: metre 6/8 (it was 3/4)"),
        (timed(metres=(MetreChange(0, Metre(3, 4, (2, 1))),)), "metre 3/4 (2+1)"),
        (timed(metres=(*METRES, MetreChange(4, Metre(3, 4)))), "metre marks"),
        (replace(W, keys=(*W.keys, KeyChange(4, Key("D")))), "bars 5 to 8: key D major instead of B minor"),
        (replace(W, keys=(*W.keys, KeyChange(4, Key("B", "minor")))), "key signatures that change nothing"),
        (replace(W, keys=(KeyChange(0, Key("B", "dorian")),)), "key B dorian"),
        (replace(W, sections=(W.sections[0], replace(W.sections[1], name="End"))), "form Theme, End instead of Theme, Answer"),
        (replace(W, sections=SHIFTED), "Answer begins in bar 4 instead of 5"),
        (replace(W, sections=(replace(W.sections[0], energy=0.9), W.sections[1])), "bars 1 to 4: energy 0.9 instead of 0.4"),
        (replace(W, sections=(replace(W.sections[0], label="X"), W.sections[1])), "bars 1 to 4: material “X” instead of “A”"),
        (replace(W, chords=W.chords[:-1]), "bar 8: chords none instead of Bm"),
        (replace(W, chords=(replace(W.chords[0], end=700), *W.chords[1:])), "bar 1: chords change at other places (Bm)"),
        (replace(W, texts=(Text(0, "lyric", "la", "flute"),)), "words to sing added (1)"),
        (replace(W, tracks=W.tracks[::-1]), "the tracks stand in another order"),
        (replace(W, tracks=W.tracks[:3]), "Brushes removed"),
        (W.with_track(replace(LINE, id="x", name="X")), "X: added: flute, 18 notes, A#4 to G5"),
        (W.with_track(replace(LINE, name="Fife")), "Fife: called so instead of Flute"),
        (W.with_track(replace(LINE, role=Role.PAD)), "Flute: has the part of pad instead of lead"),
        (W.with_track(replace(LINE, instrument_id="oboe")), "Flute: played by oboe instead of flute"),
        (W.with_track(replace(LINE, program=3)), "Flute: sound (program) 4 instead of 74"),
        (W.with_track(replace(LINE, program=73)), "Flute: sound (program) 74 instead of 74"),
        (W.with_track(replace(LINE, mix=replace(LINE.mix, pan=3))), "Flute: pan 3 instead of 64"),
        (W.with_track(replace(LINE, controls=make_controls([(1500, 0, 64, 127)]))), "Flute: sustain pedal added"),
        (W.with_track(replace(LINE, controls=make_controls([(0, 1, 0, 50)]))), "Flute: pitch bend added"),
        (W.with_track(LINE.with_notes(LINE.notes[1:])), "Flute bar 1: 1 note taken out, 1 left"),
    ],
)  # fmt: skip
def test_every_part_of_a_piece_is_compared(after: Piece, expected: str) -> None:
    said = compare_pieces(W, after).lines
    assert any(line.startswith(expected) for line in said), said
    assert compare_pieces(after, W).lines


def test_controllers_are_told_beside_notes() -> None:
    track = replace(LINE.with_notes(LINE.notes[1:]), controls=make_controls([(1500, 0, 11, 90)]))
    said = compare_pieces(W, W.with_track(track)).lines
    assert "Flute: expression added" in said and any("taken out" in line for line in said)


@settings(max_examples=60, deadline=None)
@given(pieces(), pieces())
def test_the_difference_is_empty_only_where_pieces_are_equal(a: Piece, b: Piece) -> None:
    assert compare_pieces(a, a).lines == ()
    assert bool(compare_pieces(a, b).lines) == (a.hash != b.hash)
    mixed = replace(a, keys=b.keys[:1], tracks=b.tracks) if b.bars >= a.bars else replace(a, chords=b.chords, texts=b.texts)
    assert bool(compare_pieces(a, mixed).lines) == (a.hash != mixed.hash)


@settings(max_examples=25, deadline=None)
@given(pieces(max_bars=3), st.data())
def test_a_change_of_one_part_alone_is_never_passed_over(a: Piece, data: st.DataObject) -> None:
    other = data.draw(pieces(max_bars=3))
    for name in ("title", "keys", "sections", "chords", "tracks", "texts"):
        after = replace(a, **{name: getattr(other, name)})
        assert bool(compare_pieces(a, after).lines) == (a.hash != after.hash), name
    for timeline in (replace(a.timeline, tempos=other.timeline.tempos), replace(a.timeline, metres=other.timeline.metres)):
        after = replace(a, timeline=timeline)
        assert bool(compare_pieces(a, after).lines) == (a.hash != after.hash), timeline
    for track, now in zip(a.tracks, other.tracks, strict=False):
        for name in ("name", "role", "instrument_id", "notes", "controls", "mix", "program"):
            after = a.with_track(replace(track, **{name: getattr(now, name)}))
            assert bool(compare_pieces(a, after).lines) == (a.hash != after.hash), name
