"""The Orchestrator: turns a brief into a plan, and the critic's findings into repairs, until a stated bound."""

from typing import Literal

from langgraph.runtime import Runtime

from ripieno.agents.repairs import repairs_for
from ripieno.agents.state import Ensemble, Repair, TurnState
from ripieno.agents.trace import say


def plan(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The atomic instructions that fulfil the brief."""
    say(runtime, "Orchestrator", "plans the instructions")
    return {"plan": runtime.context.brain.plan(state["brief"], None), "rounds": 0}


def revise(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The repairs of the next round, candidate by candidate."""
    rounds = state["rounds"] + 1
    repairs = _repairs(state, rounds, runtime.context)
    count = sum(len(r) for r in repairs.values())
    say(runtime, "Orchestrator", f"plans {count} repairs (round {rounds})")
    return {"repairs": repairs, "rounds": rounds}


def next_after_critic(state: TurnState, runtime: Runtime[Ensemble]) -> Literal["revise", "vote"]:
    """Revise while rounds are left and there is something that an instruction may mend; then vote."""
    following = state["rounds"] + 1
    if following <= runtime.context.max_rounds and _repairs(state, following, runtime.context):
        return "revise"
    return "vote"


def _repairs(state: TurnState, round_: int, ensemble: Ensemble) -> dict[str, tuple[Repair, ...]]:
    found: dict[str, tuple[Repair, ...]] = {}
    for record in state["candidates"]:
        repairs = repairs_for(record, state["brief"], ensemble.store.piece(record.piece), round_)
        if repairs:
            found[record.id] = repairs
    return found
