"""The Memory agent: recalls what there is before a turn, commits one version after it. Nobody else commits."""

from langgraph.runtime import Runtime

from ripieno.agents.report import CandidateSummary, Report
from ripieno.agents.state import CandidateRecord, Ensemble, Snapshot, TurnState
from ripieno.agents.trace import say, trace_json
from ripieno.memory.table import derive_table
from ripieno.memory.versions import NewVersion
from ripieno.score.brief import Notice

_PAST = 20  # pieces that the novelty judge looks back on


def recall(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """What the project holds: the version to build on and the pieces before it."""
    say(runtime, "Memory", "recalls what was made before")
    store = runtime.context.store
    past = tuple(dict.fromkeys(row.piece for row in reversed(store.log(_PAST))))
    head = store.head
    return {"snapshot": Snapshot(version=head.id if head else None, piece=head.piece if head else None, past=past)}


def commit(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Makes the winner a version, with the table derived from its notes and the trace of the turn."""
    say(runtime, "Memory", "commits the version")
    store, brief, request = runtime.context.store, state["brief"], state["request"]
    winner = next(c for c in state["candidates"] if c.id == state["verdict"].winner)
    piece = store.piece(winner.piece)
    table = derive_table(piece, brief)
    failures = tuple(Notice(about="plan", message=f) for f in winner.failures)
    report = Report(
        request=request.text,
        title=piece.title,
        seed=request.seed,
        style=table.style or "",
        delivered=winner.delivered,
        notices=(*brief.notices, *failures),
        unused=brief.unused,
        candidates=tuple(_summary(c) for c in state["candidates"]),
        verdict=state["verdict"],
        findings=winner.findings,
        table=table,
    )
    version = store.commit(
        NewVersion(
            turn=request.turn, text=request.text, piece=piece, table=table, trace=trace_json({**state, "report": report}),
            reply=runtime.context.brain.reply(report), summary=piece.title, parent=state["snapshot"].version,
            seed=request.seed, kind="compose",
        )
    )
    return {"version": version.id, "report": report}


def _summary(record: CandidateRecord) -> CandidateSummary:
    count = {s: sum(f.severity == s for f in record.findings) for s in ("error", "warning", "advice")}
    return CandidateSummary(
        id=record.id, generator=record.generator, seed=record.seed, errors=count["error"], warnings=count["warning"],
        advice=count["advice"], repairs_kept=sum(r.kept is True for r in record.repairs),
        repairs_tried=len(record.repairs), trail=record.trail,
    )  # fmt: skip
