"""The proof refuses every way of overstepping that we could think of, each tried on a result that is otherwise right."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.keys import Key
from ripieno.score.piece import KeyChange, Notes, Piece, Section, Track, make_controls, make_notes
from ripieno.score.time import Tempo
from ripieno.tools.base import Instruction, Toolbox, Workbench
from ripieno.tools.proof import OutOfScope, prove
from ripieno.tools.registry import execute, parse_instruction
from ripieno.tools.splice import standing
from ripieno.tools.toolbox import build_toolbox
from tests.score.pieces import pieces, waltz
from tests.tools.examples import instructions

TOOLBOX = build_toolbox()
BENCH = Workbench(Toolbox({}), seed=1)
Change = Callable[[Piece], Piece]


def told(kind: str, **data: object) -> Instruction:
    """An instruction from its fields."""
    return parse_instruction({"kind": kind, **data})


def flute(change: Callable[[Track], Track]) -> Change:
    """A change of the waltz's flute."""
    return lambda p: p.with_track(change(p.track("flute")))


def notes(change: Callable[[Notes], Notes]) -> Change:
    """A change of the flute's notes."""
    return flute(lambda t: t.with_notes(change(t.notes.copy())))


def silent(rows: Notes) -> Notes:
    """No notes."""
    return rows[:0]


def muted(track: Track) -> Track:
    """The track muted."""
    return replace(track, mix=replace(track.mix, muted=True))


def hats_softer(piece: Piece) -> Piece:
    """All of the kit but the snare softer."""
    kit = piece.track("drums")
    rows = kit.notes.copy()
    rows["velocity"][~np.isin(rows["pitch"], [38, 40])] = 1
    return piece.with_track(kit.with_notes(rows))


def tempos(*rows: tuple[int, float]) -> Change:
    """Another tempo map, by bars."""

    def change(piece: Piece) -> Piece:
        line = piece.timeline.bar_start
        return replace(piece, timeline=replace(piece.timeline, tempos=tuple(Tempo(line(bar), bpm) for bar, bpm in rows)))

    return change


def with_control(piece: Piece) -> Piece:
    """A volume pedal pressed in the middle of bar 2."""
    track = piece.track("flute")
    row = make_controls([(piece.timeline.bar_start(1) + 7, 0, 7, 1)])
    return piece.with_track(replace(track, controls=make_controls(np.concatenate([track.controls, row]))))


def note_in(bar: int) -> Change:
    """One more note of the flute in a bar."""
    return lambda p: notes(lambda rows: np.concatenate([rows, make_notes([(p.timeline.bar_start(bar), 100, 60, 90)])]))(p)


FLUTE = {"tracks": ["flute"]}
THEME = {"sections": ["Theme"]}
FIRST = {"bars": (0, 2)}
FAULTS: dict[str, tuple[Instruction, Change]] = {
    "another piece of the kit": (told("scale_velocities", factor=0.5, scope={"drums": ["snare"]}), hats_softer),
    "another beat": (told("silence", scope={**FLUTE, "beats": [3]}), notes(silent)),
    "a track muted by the way": (told("transpose", semitones=1, scope=FLUTE), flute(muted)),
    "another instrument by the way": (
        told("transpose", semitones=1, scope={**FLUTE, **FIRST}),
        flute(lambda t: replace(t, instrument_id="violin")),
    ),
    "another role by the way": (told("vary", scope=FLUTE), flute(lambda t: replace(t, role=waltz().track("cello").role))),
    "notes lost in the mixer": (told("set_mix", volume=3, scope=FLUTE), notes(silent)),
    "muted when only the volume was named": (told("set_mix", volume=3, scope=FLUTE), flute(muted)),
    "notes lost on renaming": (told("rename_track", name="Solo", scope=FLUTE), notes(silent)),
    "controls lost on transposing": (told("transpose", semitones=1, scope=FLUTE), with_control),
    "the title": (told("transpose", semitones=1), lambda p: replace(p, title="Other")),
    "a tempo outside the bars": (told("change_tempo", bpm=90, scope=FIRST), tempos((0, 90.0), (2, 138.0), (5, 50.0))),
    "a tempo where none was named": (told("transpose", semitones=1), tempos((0, 90.0))),
    "chords outside the bars": (told("change_key", key="Eb", scope=FIRST), lambda p: replace(p, chords=p.chords[:-1])),
    "notes on a change of tempo": (told("change_tempo", bpm=90, scope=FIRST), notes(lambda rows: rows[1:])),
    "sections merged on renaming": (
        told("rename_section", name="X", scope=THEME),
        lambda p: replace(p, sections=(Section("X", 0, p.bars),)),
    ),
    "another section renamed": (
        told("rename_section", name="X", scope=THEME),
        lambda p: replace(p, sections=tuple(replace(s, name="X") for s in p.sections)),
    ),
    "another section split": (
        told("split_section", at=2),
        lambda p: replace(p, sections=(p.sections[0], Section("Answer", 4, 2), Section("Answer", 6, 2))),
    ),
    "chords lost on cutting": (told("cut", scope=FIRST), lambda p: replace(p, chords=())),
    "another tempo on cutting": (told("cut", scope=FIRST), tempos((0, 33.0))),
    "another key on cutting": (told("cut", scope=FIRST), lambda p: replace(p, keys=(KeyChange(0, Key("Eb")),))),
    "another energy on cutting": (
        told("cut", scope=FIRST),
        lambda p: replace(p, sections=tuple(replace(s, energy=0.99) for s in p.sections)),
    ),
    "muted on cutting": (told("cut", scope=FIRST), flute(muted)),
    "bars more on cutting": (told("cut", scope=FIRST), lambda p: replace(p, bars=p.bars + 3)),
    "a control on cutting": (told("cut", scope=FIRST), with_control),
    "a note in inserted bars": (told("insert_bars", at=1, bars=2), note_in(2)),
    "a note in kept bars": (told("insert_bars", at=1, bars=2), note_in(5)),
    "a stray track": (
        told("remove_track", scope=FLUTE),
        lambda p: replace(p, tracks=(*p.tracks, replace(p.tracks[0], id="stray"))),
    ),
    "another order of tracks": (told("remove_track", scope=FLUTE), lambda p: replace(p, tracks=p.tracks[::-1])),
    "another track gone": (told("remove_track", scope=FLUTE), lambda p: replace(p, tracks=p.tracks[1:])),
    "a track gone on merging others": (
        told("merge_tracks", scope={"tracks": ["flute", "cello"]}),
        lambda p: replace(p, tracks=tuple(t for t in p.tracks if t.id != "drums")),
    ),
    "two copies for one": (
        told("duplicate_track", scope=FLUTE),
        lambda p: replace(p, tracks=(*p.tracks, replace(p.tracks[0], id="third"))),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_result_with_one_fault_is_refused(name: str) -> None:
    instruction, fault = FAULTS[name]
    before = waltz()
    after = before if instruction.kind == "vary" else execute(instruction, before, BENCH).piece
    prove(before, after, instruction)  # right as it is
    spoilt = fault(after)
    assert spoilt.hash != after.hash
    with pytest.raises(OutOfScope):
        prove(before, spoilt, instruction)


def test_what_a_new_track_plays_outside_the_bars_is_seen() -> None:
    before = waltz()
    new = replace(before.track("cello"), id="cello_2")
    instruction = told("add_track", part={"instrument": "cello"}, scope={"bars": (4, 8)})
    with pytest.raises(OutOfScope, match="bars out of scope"):
        prove(before, replace(before, tracks=(*before.tracks, new)), instruction)
    with pytest.raises(OutOfScope, match="not asked for"):
        prove(before, replace(before, tracks=(*before.tracks, new)), told("silence"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_a_note_changed_anywhere_out_of_scope_is_seen(data: st.DataObject) -> None:
    """Any instruction, its right result, and one note of a track that it did not name spoilt."""
    piece = data.draw(pieces().filter(lambda p: len(p.tracks) > 2))
    instruction = data.draw(instructions(piece))
    if instruction.kind == "duck" or not instruction.scope.tracks:
        return
    try:
        after = execute(instruction, piece, BENCH).piece
    except Retryable:
        return
    if instruction.kind == "solo":
        return
    meant = set(instruction.place(piece).track_ids(piece))
    others = [t for t in after.tracks if t.id not in meant and len(t.notes) and any(t.id == o.id for o in piece.tracks)]
    if not others:
        return
    track = data.draw(st.sampled_from(others))
    rows = track.notes.copy()
    i = data.draw(st.integers(0, len(rows) - 1))
    rows["velocity"][i] = rows["velocity"][i] % 127 + 1
    with pytest.raises(OutOfScope, match="track"):
        prove(piece, after.with_track(track.with_notes(rows)), instruction)


INVENTIVE: list[dict[str, object]] = [
    {"kind": "regenerate"},
    {"kind": "infill"},
    {"kind": "vary", "strength": 0.3},
    {"kind": "vary", "strength": 0.8},
    {"kind": "add_fill"},
    {"kind": "countermelody"},
    {"kind": "harmonise", "interval": "thirds"},
    {"kind": "harmonise", "interval": "chorale"},
    {"kind": "reharmonise"},
    {"kind": "reharmonise", "chords": ["C", "F", "G7"]},
    {"kind": "simplify"},
    {"kind": "make_busier"},
    {"kind": "add_track", "part": {"instrument": "flute"}},
]
GROWING: list[dict[str, object]] = [
    {"kind": "extend", "bars": 4},
    {"kind": "add_section", "section": "bridge", "at": "end"},
    {"kind": "add_section", "section": "intro", "at": "start"},
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_inventive_instructions_pass_on_any_piece(data: st.DataObject) -> None:
    """Gaps between chords, other resolutions, controllers left standing: the tools themselves keep to the laws."""
    piece = data.draw(pieces().filter(lambda p: bool(p.tracks)))
    if data.draw(st.integers(0, 4)) == 0:
        fields = dict(data.draw(st.sampled_from(GROWING)))
    else:
        first = data.draw(st.integers(0, piece.bars - 1))
        bars = data.draw(st.sampled_from([None, (first, data.draw(st.integers(first + 1, piece.bars)))]))
        ids = sorted(data.draw(st.sets(st.sampled_from([t.id for t in piece.tracks]), max_size=2)))
        narrowed: dict[str, object] = data.draw(st.sampled_from([{}, {}, {"beats": [1]}]))
        fields = {**data.draw(st.sampled_from(INVENTIVE)), "scope": {"bars": bars, "tracks": ids, **narrowed}}
    try:
        execute(parse_instruction(fields), piece, Workbench(TOOLBOX, seed=5))
    except (Retryable, BadRequest):
        return


def test_reharmonising_some_bars_leaves_the_chords_of_the_others_and_their_gaps() -> None:
    before = replace(waltz(), chords=waltz().chords[1:])
    after = execute(told("reharmonise", chords=["D"], scope={"bars": (4, 6)}), before, Workbench(TOOLBOX, seed=1)).piece
    line = before.timeline.bar_start(4)
    assert [c for c in after.chords if c.end <= line] == [c for c in before.chords if c.end <= line]


def test_controllers_stand_after_rewritten_bars_as_they_stood() -> None:
    before = waltz()
    piano = before.track("piano")
    line = before.timeline.bar_start
    pressed = make_controls([(line(1), 0, 64, 127), (line(2) + 5, 0, 1, 90), (line(6), 0, 64, 0)])
    before = before.with_track(replace(piano, controls=pressed))
    instruction = told("regenerate", scope={"tracks": ["piano"], "bars": (2, 4)})
    after = execute(instruction, before, Workbench(TOOLBOX, seed=1)).piece.track("piano")
    assert after.notes.tobytes() != piano.notes.tobytes()
    assert standing(after.controls, line(4) - 1) == standing(pressed, line(4) - 1) == {(0, 64): 127, (0, 1): 90}
