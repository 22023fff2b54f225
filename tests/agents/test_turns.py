"""Whole turns through the real graph: brains, plans, repairs, votes, what is kept, what is said."""

import json
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from pydantic import ValidationError

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.checkpoints import checkpointer, serializer
from ripieno.agents.defaults import complete
from ripieno.agents.graph import build_graph, with_checkpointer
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.plan import Plan, Step
from ripieno.agents.repairs import MAX_REPAIRS, repairs_for, weight
from ripieno.agents.state import CandidateRecord, Ensemble, Progress, TurnRequest, TurnState
from ripieno.agents.understanding import TurnContext
from ripieno.memory.store import Store
from ripieno.memory.table import derive_table
from ripieno.score.brief import Brief, Origin, PartRequest
from ripieno.score.checks.finding import Finding
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role
from ripieno.tools.notes import RangeFit, ThinOut
from ripieno.tools.toolbox import build_toolbox, profiles
from tests.agents.brain_conformance import check_brain, check_edits
from tests.score.pieces import waltz

PROFILES = profiles()


def run(folder: Path, text: str, *, seed: int = 0, candidates: int = 2, rounds: int = 2) -> tuple[TurnState, list[Progress]]:
    """One turn, its final state and its signs of life."""
    events: list[Progress] = []
    with closing(Store(folder / "p.db")) as store, checkpointer(folder / "turn.db") as saver:
        toolbox, brain = build_toolbox(), EmbeddedBrain(PROFILES)
        ensemble = Ensemble(brain, toolbox, store, build_judges(), PROFILES, rounds, events.append)
        request = TurnRequest(turn=f"t{seed}", text=text, seed=seed, candidates=candidates)
        graph = with_checkpointer(build_graph(), saver)
        state = cast(TurnState, graph.invoke({"request": request}, {"configurable": {"thread_id": "t"}}, context=ensemble))
    return state, events


def test_the_embedded_brain_keeps_the_contract() -> None:
    check_brain(EmbeddedBrain(PROFILES), PROFILES)
    check_edits(EmbeddedBrain(PROFILES), PROFILES, waltz(), derive_table(waltz(), Brief(text="a waltz")))


def test_every_agent_speaks_in_order_and_every_node_is_timed(tmp_path: Path) -> None:
    state, events = run(tmp_path, "a polka for accordion and tuba, 16 bars")
    spoken = list(dict.fromkeys(e.agent for e in events))
    assert spoken == ["Memory", "Expert", "Orchestrator", "Generator", "Voter"]
    nodes = [t.node for t in state["timings"]]
    assert nodes[:5] == ["recall", "conceive", "plan", "generate", "criticise"] and nodes[-2:] == ["vote", "commit"]
    assert all(t.cpu >= 0 and t.wall > 0 for t in state["timings"])


def test_the_trace_holds_the_turn(tmp_path: Path) -> None:
    state, _ = run(tmp_path, "a nocturne for piano, 16 bars", candidates=3)
    with closing(Store(tmp_path / "p.db")) as store:
        (version,) = store.log()
        trace = json.loads(store.trace(version.turn))
        assert [c["id"] for c in trace["candidates"]] == ["A", "B", "C"]
        for record in trace["candidates"]:
            assert store.piece(record["piece"]).hash == record["piece"], "every candidate can be looked at again"
    assert version.id == state["version"]


@pytest.mark.parametrize(
    "text", ["a rock song for three guitars, bass and drums, 24 bars", "a busy bebop tune for tuba, 16 bars"]
)
def test_repairs_are_bounded_and_never_make_a_candidate_worse(text: str, tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    repaired, _ = run(tmp_path / "with", text, candidates=4)
    plain, _ = run(tmp_path / "without", text, candidates=4, rounds=0)
    assert repaired["rounds"] <= 2 and plain["rounds"] == 0
    for new, old in zip(repaired["candidates"], plain["candidates"], strict=True):
        assert weight(new.findings) <= weight(old.findings)
        assert len(new.repairs) <= 2 * MAX_REPAIRS and all(r.kept is not None for r in new.repairs)
        if any(r.kept for r in new.repairs):
            assert weight(new.findings) < weight(old.findings) and new.piece != old.piece
        else:
            assert new.piece == old.piece


def finding(rule: str, tracks: tuple[str, ...], bars: tuple[int, int]) -> Finding:
    return Finding(rule, "warning", tracks, bars, "something", "mend it")


def test_repairs_fit_the_finding_and_are_not_tried_twice() -> None:
    piece, brief = waltz(), Brief(text="x")
    id_ = piece.tracks[0].id
    record = CandidateRecord(
        id="A", piece=piece.hash, generator="theory", seed=0, findings=(finding("range.outside", (id_,), (2, 4)),)
    )
    (repair,) = repairs_for(record, brief, piece, 1)
    assert isinstance(repair.instruction, RangeFit)
    assert repair.instruction.scope.tracks == (id_,) and repair.instruction.scope.bars == (2, 4)
    assert not repairs_for(record.model_copy(update={"repairs": (repair,)}), brief, piece, 1)
    assert not repairs_for(record, brief, piece, 2)


def test_between_parts_the_tune_stays_and_the_other_yields() -> None:
    piece = waltz()
    lead = next(t.id for t in piece.tracks if t.role is Role.LEAD)
    other = next(t.id for t in piece.tracks if t.role is not Role.LEAD)
    record = CandidateRecord(
        id="A", piece=piece.hash, generator="theory", seed=0, findings=(finding("voice.crossing", (lead, other), (0, 1)),)
    )
    (repair,) = repairs_for(record, Brief(text="x"), piece, 2)
    assert repair.instruction.scope.tracks == (other,)


def test_a_step_that_does_not_fit_is_said_and_the_rest_is_done(tmp_path: Path) -> None:
    """The tempo shall double in a bridge that the form does not have: the piece is made, the failure is named."""
    state, _ = run(tmp_path, "a reel in D, AABB, 32 bars; the tempo doubles at the prechorus", candidates=1)
    notices = [n for n in state["report"].notices if n.about == "plan"]
    assert notices or any(s.name.lower().startswith("pre") for s in state["report"].table.sections)


def test_a_plan_refuses_circles_and_strangers() -> None:
    with pytest.raises(ValidationError, match="circle"):
        Plan(steps=(Step(id="a", instruction=ThinOut(), after=("b",)), Step(id="b", instruction=ThinOut(), after=("a",))))
    with pytest.raises(ValidationError, match="not in the plan"):
        Plan(steps=(Step(id="a", instruction=ThinOut(), after=("z",)),))


def test_checkpoints_read_back_known_types_and_nothing_else(tmp_path: Path) -> None:
    state, _ = run(tmp_path, "a march, 8 bars", candidates=1)
    kept = serializer()
    for key in ("brief", "plan", "candidates", "verdict", "report"):
        value = cast(dict[str, object], state)[key]
        again = kept.loads_typed(kept.dumps_typed(value))
        assert (tuple(again) if isinstance(value, tuple) else again) == value  # msgpack has no tuples
    stranger = kept.loads_typed(kept.dumps_typed(Path("/etc")))
    assert not isinstance(stranger, CandidateRecord)


# --- what fills an incomplete brief --------------------------------------------------------------------------------------


def completed(text: str, seed: int = 0) -> Brief:
    brief = EmbeddedBrain(PROFILES).conceive(text, TurnContext(), PROFILES).brief
    assert brief is not None
    return complete(brief, PROFILES, seed)


def test_what_was_stated_is_never_replaced() -> None:
    brief = completed("a march in Eb minor at 63 bpm in 5/4, 11 bars, for tuba and harp")
    assert brief.tonic and brief.mode and brief.tempo and brief.metre and brief.bars
    assert (brief.tonic.value, brief.mode.value, brief.tempo.value) == ("Eb", "minor", 63)
    assert (brief.metre.value, brief.bars.value) == ("5/4", 11)
    assert {p.instrument for p in brief.parts} == {"tuba", "harp"}


def test_a_duration_becomes_bars_or_the_contradiction_is_said() -> None:
    brief = completed("a piece in 4/4 at 120 bpm, 32 seconds long")
    assert brief.bars and brief.bars.value == 16
    both = completed("a piece in 4/4 at 120 bpm, 32 bars, 20 seconds long")
    assert both.bars and both.bars.value == 32 and any(n.about == "duration" for n in both.notices)
    free = completed("a piece in 4/4, 16 bars, 30 seconds long")
    assert free.tempo and free.tempo.value == pytest.approx(128, rel=0.1)


def test_a_soloist_in_a_jazz_style_gets_a_rhythm_section_unless_alone() -> None:
    with_band = completed("a swing tune for tenor sax")
    roles = {p.role for p in with_band.parts}
    assert Role.LEAD in roles and (Role.BASS in roles or len(with_band.parts) == 1)
    alone = completed("solo tenor sax, a swing tune, no other instruments")
    assert len(alone.parts) == 1


def test_nobody_excluded_plays() -> None:
    brief = completed("rock without drums and without guitar")
    assert not {p.instrument for p in brief.parts} & {"drums", "electric_guitar", "distortion_guitar", "overdriven_guitar"}
    assert all(p.origin is Origin.DEFAULT for p in brief.parts)


def test_everybody_has_a_role_and_somebody_leads() -> None:
    for text in (
        "flute, cello and harpsichord trio in A minor",
        "four french horns",
        "piano",
        "strings, choir, brass, timpani",
    ):
        brief = completed(text)
        assert all(p.role is not None for p in brief.parts)
        assert sum(p.role is Role.LEAD for p in brief.parts) >= 1


def test_too_many_parts_are_refused() -> None:
    from ripieno.agents.ensemble_defaults import complete_parts

    brief = Brief(text="x", parts=tuple(PartRequest(instrument="banjo") for _ in range(25)))
    with pytest.raises(BadRequest, match="24"):
        complete_parts(brief, PROFILES["pop"])


def test_the_same_seed_gives_the_same_brief_and_seeds_differ() -> None:
    assert completed("a tune", 1) == completed("a tune", 1)
    assert len({completed("a tune", s).tonic.value for s in range(12)}) > 2  # type: ignore[union-attr]
