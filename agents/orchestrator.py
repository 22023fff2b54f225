"""The Orchestrator: turns what was understood into a plan, has it confirmed where that is wanted, and turns the critic's
findings into repairs, until a stated bound."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from ripieno.agents.habits import plan_by_habit
from ripieno.agents.plan import Plan
from ripieno.agents.repairs import repairs_for, written_anew
from ripieno.agents.state import Ensemble, Preview, Repair, TurnState
from ripieno.agents.trace import say
from ripieno.agents.wording import step_words
from ripieno.tools.registry import family

Stage = Literal["rewind", "generate", "answer", "commit"]
_STAGES: tuple[Stage, ...] = ("rewind", "generate", "answer", "commit")
# What takes something away that only undo brings back.
DESTRUCTIVE = frozenset(
    {
        "compose",
        "remove_track",
        "cut",
        "regenerate",
        "infill",
        "vary",
        "restyle",
        "reharmonise",
        "change_metre",
        "merge_tracks",
        "simplify",
        "thin_out",
        "delete_note",
        "loop_to",
        "fit_duration",
        "limit_voices",
        "go_to_version",
    }
)
_YES = frozenset({"y", "yes", "yep", "yeah", "ok", "okay", "sure", "go", "go on", "go ahead", "do it", "please do", "fine"})


def plan(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The atomic instructions that fulfil the brief or the asks."""
    say(runtime, "Orchestrator", "plans the instructions")
    ensemble, snapshot = runtime.context, state["snapshot"]
    table = ensemble.store.version(snapshot.version).table if snapshot.version else None
    made = ensemble.brain.plan(state["understanding"], state["brief"], table)
    if state["understanding"].intent == "compose":
        made = plan_by_habit(state["brief"], snapshot.habits, made)
    return {"plan": made, "rounds": 0}


def confirm(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Shows the plan to the person and waits for their word. Nothing has been changed so far."""
    say(runtime, "Orchestrator", "shows the plan and waits")
    lines = tuple(step_words(step) for step in state["plan"].ordered())
    said = interrupt(Preview(text="This takes something away. Shall I go on?", steps=lines))
    return {"agreed": str(said).strip().lower().rstrip(".!") in _YES}


def next_after_plan(
    state: TurnState, runtime: Runtime[Ensemble]
) -> Literal["confirm", "rewind", "generate", "answer", "commit"]:
    """To the person where they asked to see such plans first, else on."""
    request, there = state["request"], state["snapshot"].version is not None
    if request.confirm and there and any(s.instruction.kind in DESTRUCTIVE for s in state["plan"].steps):
        return "confirm"
    return _next_stage(state["plan"])


def next_after_confirm(state: TurnState, runtime: Runtime[Ensemble]) -> Stage:
    """On with the plan, or straight to the end where the person said no."""
    return _next_stage(state["plan"]) if state["agreed"] else "commit"


def next_after_rewind(state: TurnState, runtime: Runtime[Ensemble]) -> Stage:
    """What of the plan is left once the right version lies under the hand."""
    return _next_stage(state["plan"], after="rewind")


def next_after_vote(state: TurnState, runtime: Runtime[Ensemble]) -> Stage:
    """Answers are given on the music as it has become."""
    return _next_stage(state["plan"], after="generate")


def revise(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The repairs of the next round that has any, candidate by candidate."""
    round_, repairs = _next_round(state, runtime.context)
    count = sum(len(r) for r in repairs.values())
    say(runtime, "Orchestrator", f"plans {count} repairs (round {round_})")
    return {"repairs": repairs, "rounds": round_}


def next_after_critic(state: TurnState, runtime: Runtime[Ensemble]) -> Literal["revise", "vote"]:
    """Revise while rounds are left and there is something that an instruction may mend; then vote."""
    return "revise" if _next_round(state, runtime.context)[1] else "vote"


def _next_stage(plan_: Plan, after: Stage | None = None) -> Stage:
    families = {family(s.instruction.kind) for s in plan_.steps}
    wanted: dict[Stage, bool] = {
        "rewind": "turn" in families,
        "generate": bool(families - {"turn", "ask"}),
        "answer": "ask" in families,
        "commit": True,
    }
    left = _STAGES[_STAGES.index(after) + 1 :] if after else _STAGES
    return next(stage for stage in left if wanted[stage])


def _next_round(state: TurnState, ensemble: Ensemble) -> tuple[int, dict[str, tuple[Repair, ...]]]:
    """The first round still to come in which something can be repaired, and its repairs; none after the bound."""
    for round_ in range(state["rounds"] + 1, ensemble.max_rounds + 1):
        repairs = _repairs(state, round_, ensemble)
        if repairs:
            return round_, repairs
    return ensemble.max_rounds, {}


def _repairs(state: TurnState, round_: int, ensemble: Ensemble) -> dict[str, tuple[Repair, ...]]:
    """What may be mended: anything of a new piece; of an edit only what its inventive steps wrote."""
    found: dict[str, tuple[Repair, ...]] = {}
    base = state["snapshot"].piece
    before = ensemble.store.piece(base) if base else None
    for record in state["candidates"]:
        piece = ensemble.store.piece(record.piece)
        field = written_anew(state["plan"], before, piece)
        repairs = repairs_for(record, state["brief"], piece, round_, field)
        if repairs:
            found[record.id] = repairs
    return found
