"""The Orchestrator: turns a brief into a plan, and the critic's findings into repairs, until a stated bound."""

from typing import Literal

from langgraph.runtime import Runtime

from ripieno.agents.repairs import repairs_for
from ripieno.agents.state import Ensemble, Repair, TurnState
from ripieno.agents.trace import say


def plan(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The atomic instructions that fulfil the brief."""
    say(runtime, "Orchestrator", "plans the instructions")
    return {"plan": runtime.context.brain.plan(state["understanding"], state["brief"], None), "rounds": 0}


def revise(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """The repairs of the next round that has any, candidate by candidate."""
    round_, repairs = _next_round(state, runtime.context)
    count = sum(len(r) for r in repairs.values())
    say(runtime, "Orchestrator", f"plans {count} repairs (round {round_})")
    return {"repairs": repairs, "rounds": round_}


def next_after_critic(state: TurnState, runtime: Runtime[Ensemble]) -> Literal["revise", "vote"]:
    """Revise while rounds are left and there is something that an instruction may mend; then vote."""
    return "revise" if _next_round(state, runtime.context)[1] else "vote"


def _next_round(state: TurnState, ensemble: Ensemble) -> tuple[int, dict[str, tuple[Repair, ...]]]:
    """The first round still to come in which something can be repaired, and its repairs; none after the bound."""
    for round_ in range(state["rounds"] + 1, ensemble.max_rounds + 1):
        repairs = _repairs(state, round_, ensemble)
        if repairs:
            return round_, repairs
    return ensemble.max_rounds, {}


def _repairs(state: TurnState, round_: int, ensemble: Ensemble) -> dict[str, tuple[Repair, ...]]:
    found: dict[str, tuple[Repair, ...]] = {}
    for record in state["candidates"]:
        repairs = repairs_for(record, state["brief"], ensemble.store.piece(record.piece), round_)
        if repairs:
            found[record.id] = repairs
    return found
