"""The Voter: lets every judge cast a ballot and applies the written rule of `judges/verdict.py`."""

from langgraph.runtime import Runtime

from ripieno.agents.judges.base import JudgedCandidate
from ripieno.agents.judges.taste import taste_judges
from ripieno.agents.judges.verdict import decide
from ripieno.agents.recalling import echoes_elsewhere
from ripieno.agents.state import Ensemble, TurnState
from ripieno.agents.trace import say


def vote(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Ballots, then the verdict. A lone candidate needs no ballots.

    The novelty of a new piece is judged beside the pieces before it, and those of the person's other projects that it nearly
    copies; that of an edit beside the music that it changes.
    """
    ensemble, snapshot = runtime.context, state["snapshot"]
    candidates = tuple(
        JudgedCandidate(c.id, ensemble.store.piece(c.piece), c.findings, c.delivered, c.seed) for c in state["candidates"]
    )
    if len(candidates) == 1 and state["understanding"].intent == "edit":
        return {"verdict": decide(candidates, ())}
    composed = state["understanding"].intent == "compose"
    hashes = snapshot.past if composed else (snapshot.piece,) if snapshot.piece else ()
    past = tuple(ensemble.store.piece(h) for h in hashes)
    if composed and ensemble.user is not None:
        past = (*echoes_elsewhere([c.piece for c in candidates], state["request"], ensemble.store, ensemble.user), *past)
    judges = (*ensemble.judges, *(taste_judges(snapshot.habits, state["brief"]) if composed else ()))
    ballots = []
    for i, judge in enumerate(judges):
        say(runtime, "Voter", f"the {judge.name} judge votes", i, len(judges))
        ballots.append(judge.vote(candidates, state["brief"], past))
    return {"verdict": decide(candidates, ballots)}
