"""Exact instructions: what they do inside their scope, and that everything outside it is identical."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.generators.base import Candidate
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece, Section
from ripieno.tools import registry
from ripieno.tools.base import Instruction, Tool, Toolbox, Workbench
from ripieno.tools.dynamics import ScaleVelocities, ShapeDynamics
from ripieno.tools.notes import LimitVoices, RangeFit, ThinOut, Transpose
from ripieno.tools.proof import OutOfScope, prove
from ripieno.tools.registry import execute
from ripieno.tools.scope import Scope
from ripieno.tools.tempo import ChangeTempo
from ripieno.tools.tracks import RemoveTrack, RenameTrack, SetMix
from tests.score.pieces import pieces, waltz
from tests.tools.parts_of import outside

BENCH = Workbench(Toolbox({}), seed=0)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Piece, Scope]:
    """A piece with tracks, and a scope in it."""
    piece = draw(pieces().filter(lambda p: len(p.tracks) > 1))
    ids = draw(st.sets(st.sampled_from([t.id for t in piece.tracks]), max_size=2))
    first = draw(st.integers(0, piece.bars - 1))
    end = draw(st.integers(first + 1, piece.bars))
    return piece, Scope(tracks=tuple(sorted(ids)), bars=draw(st.sampled_from([None, (first, end)])))


NOTE_INSTRUCTIONS: list[Instruction] = [
    RangeFit(), LimitVoices(), ThinOut(share=0.5), ScaleVelocities(factor=0.5),
    ShapeDynamics(shape="crescendo"), ShapeDynamics(shape="terraced"), ShapeDynamics(shape="fade"),
]  # fmt: skip


@quick
@given(cases(), st.sampled_from(NOTE_INSTRUCTIONS))
def test_outside_the_scope_everything_is_identical(case: tuple[Piece, Scope], bare: Instruction) -> None:
    piece, scope = case
    instruction = bare.model_copy(update={"scope": scope})
    after = execute(instruction, piece, BENCH).piece
    inside = set(scope.track_ids(piece))
    spans = scope.tick_spans(piece)
    assert after.timeline == piece.timeline and after.sections == piece.sections and after.chords == piece.chords
    for old, new in zip(piece.tracks, after.tracks, strict=True):
        if old.id not in inside:
            assert new.hash == old.hash
        assert outside(new, spans).hash == outside(old, spans).hash


@quick
@given(cases())
def test_range_fit_brings_every_note_into_range_and_keeps_pitch_classes(case: tuple[Piece, Scope]) -> None:
    piece, scope = case
    after = execute(RangeFit(scope=Scope(tracks=scope.tracks)), piece, BENCH).piece
    for id_ in scope.track_ids(piece):
        old, new = piece.track(id_), after.track(id_)
        row = new.instrument
        if row.is_drum or not len(new.notes) or row.high - row.low < 11:
            continue
        assert new.notes["pitch"].min() >= row.low and new.notes["pitch"].max() <= row.high
        assert sorted(old.notes["pitch"] % 12) == sorted(new.notes["pitch"] % 12)


@quick
@given(cases())
def test_limit_voices_leaves_no_more_than_can_be_played(case: tuple[Piece, Scope]) -> None:
    piece, scope = case
    after = execute(LimitVoices(scope=Scope(tracks=scope.tracks)), piece, BENCH).piece
    for id_ in scope.track_ids(piece):
        track = after.track(id_)
        if track.is_drum:
            continue
        ends = track.notes["start"] + track.notes["duration"]
        for start in np.unique(track.notes["start"]):
            assert ((track.notes["start"] <= start) & (ends > start)).sum() <= track.instrument.voices


def test_transpose_there_and_back_is_identity() -> None:
    piece = waltz()
    up = execute(Transpose(semitones=5), piece, BENCH).piece
    assert up != piece
    assert execute(Transpose(semitones=-5), up, BENCH).piece == piece


def test_transpose_out_of_midi_is_refused_with_all_four_parts() -> None:
    with pytest.raises(Retryable) as refused:
        execute(Transpose(semitones=48), execute(Transpose(semitones=24), waltz(), BENCH).piece, BENCH)
    assert refused.value.value and refused.value.cause and refused.value.cure


def test_tempo_changes_inside_and_returns_after() -> None:
    piece = replace(waltz(), sections=(Section("verse", 0, 4), Section("chorus", 4, 2), Section("outro", 6, 2)))
    before = piece.timeline.tempo_at(0)
    after = execute(ChangeTempo(scope=Scope(sections=("chorus",)), factor=2.0), piece, BENCH).piece.timeline
    assert after.tempo_at(after.bar_start(3)) == before
    assert after.tempo_at(after.bar_start(4)) == 2 * before
    assert after.tempo_at(after.bar_start(6)) == before


def test_a_ritardando_falls_to_its_goal_beat_by_beat() -> None:
    piece = waltz()
    after = execute(ChangeTempo(scope=Scope(last_bars=2), factor=0.5, gradual=True), piece, BENCH).piece.timeline
    bpm = [t.bpm for t in after.tempos]
    assert bpm == sorted(bpm, reverse=True) and len(bpm) > 4
    assert bpm[-1] == pytest.approx(0.5 * bpm[0], rel=1e-3)


def test_head_instructions_leave_the_music_alone() -> None:
    piece = waltz()
    id_ = piece.tracks[0].id
    for instruction in (
        SetMix(scope=Scope(tracks=(id_,)), muted=True, volume=70),
        RenameTrack(scope=Scope(tracks=(id_,)), name="Solo"),
    ):
        after = execute(instruction, piece, BENCH).piece
        assert after.track(id_) != piece.track(id_)
        assert (after.track(id_).notes == piece.track(id_).notes).all()
        assert after.tracks[1:] == piece.tracks[1:]


def test_the_last_track_stays() -> None:
    with pytest.raises(Retryable, match="at least one track"):
        execute(RemoveTrack(), waltz(), BENCH)


def test_unknown_track_and_section_say_what_there_is() -> None:
    piece = waltz()
    with pytest.raises(Retryable, match=piece.tracks[0].name):
        execute(ThinOut(scope=Scope(tracks=("kazoo",))), piece, BENCH)
    with pytest.raises(Retryable, match="section"):
        execute(ThinOut(scope=Scope(sections=("bridge of sighs",))), piece, BENCH)


def test_a_tool_that_oversteps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof catches a tool that touches another track than it was told."""

    def overstep(instruction: Instruction, piece: Piece | None, bench: Workbench) -> Candidate:
        assert piece is not None
        other = piece.tracks[-1]
        return Candidate(piece.with_track(other.with_notes(other.notes[1:])), "exact", 0)

    monkeypatch.setitem(registry.TOOLS, "thin_out", Tool(ThinOut, overstep))
    piece = waltz()
    with pytest.raises(OutOfScope, match=piece.tracks[-1].name):
        execute(ThinOut(scope=Scope(tracks=(piece.tracks[0].id,))), piece, BENCH)


def test_the_proof_sees_a_moved_bar_line() -> None:
    piece = waltz()
    with pytest.raises(OutOfScope, match="bars"):
        prove(piece, replace(piece, bars=piece.bars + 1), ThinOut())
