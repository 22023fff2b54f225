"""The Voter: lets every judge cast a ballot and applies the written rule of `judges/verdict.py`."""

from langgraph.runtime import Runtime

from ripieno.agents.judges.base import JudgedCandidate
from ripieno.agents.judges.verdict import decide
from ripieno.agents.state import Ensemble, TurnState
from ripieno.agents.trace import say


def vote(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Ballots, then the verdict."""
    ensemble = runtime.context
    candidates = tuple(
        JudgedCandidate(c.id, ensemble.store.piece(c.piece), c.findings, c.delivered, c.seed) for c in state["candidates"]
    )
    past = tuple(ensemble.store.piece(h) for h in state["snapshot"].past)
    ballots = []
    for i, judge in enumerate(ensemble.judges):
        say(runtime, "Voter", f"the {judge.name} judge votes", i, len(ensemble.judges))
        ballots.append(judge.vote(candidates, state["brief"], past))
    return {"verdict": decide(candidates, ballots)}
