"""The Expert: first conceives what is wanted, later criticises what was made."""

from langgraph.runtime import Runtime

from ripieno.agents.defaults import complete
from ripieno.agents.overrides import apply_overrides
from ripieno.agents.repairs import weight
from ripieno.agents.state import CandidateRecord, Ensemble, TurnState
from ripieno.agents.trace import say
from ripieno.agents.understanding import TurnContext
from ripieno.score.checks.compliance import check_compliance
from ripieno.score.checks.registry import run_checks


def conceive(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Request to brief: what the words say, what the caller overrides, what style and house fill in."""
    say(runtime, "Expert", "reads the request")
    ensemble, request = runtime.context, state["request"]
    understanding = ensemble.brain.conceive(request.text, TurnContext(), ensemble.profiles)
    assert understanding.brief is not None
    brief = apply_overrides(understanding.brief, request.overrides, ensemble.profiles)
    return {"understanding": understanding, "brief": complete(brief, ensemble.profiles, request.seed)}


def criticise(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Checks every candidate that changed; a round of repairs that did not make a candidate better is taken back."""
    store, brief = runtime.context.store, state["brief"]
    before = {c.id: c for c in state.get("previous", ())}
    judged: list[CandidateRecord] = []
    for i, record in enumerate(state["candidates"]):
        say(runtime, "Expert", f"criticises candidate {record.id}", i, len(state["candidates"]))
        if not record.checked:
            piece = store.piece(record.piece)
            record = record.model_copy(
                update={
                    "findings": run_checks(piece, brief),
                    "delivered": check_compliance(piece, brief),
                    "checked": True,
                }
            )
            old = before.get(record.id)
            if old is not None:
                better = weight(record.findings) < weight(old.findings)
                tried = tuple(r.model_copy(update={"kept": better}) if r.kept is None else r for r in record.repairs)
                record = (record if better else old).model_copy(update={"repairs": tried})
        judged.append(record)
    return {"candidates": tuple(judged), "previous": (), "repairs": {}}
