"""The Memory agent: recalls what there is before a turn, puts another version under the hand where that is asked for, and
commits. Nobody else writes.

A turn that changed music makes one version; undo and the like move the head; a question does neither. In each case the
words, the reply and the trace are kept in the same transaction.
"""

from langgraph.runtime import Runtime

from ripieno.agents.habits import Habit, habits
from ripieno.agents.intent import revised_intent
from ripieno.agents.learning import learn
from ripieno.agents.moves import Hand
from ripieno.agents.reporting import build_report, carried_out, summary_line
from ripieno.agents.state import Ensemble, Move, Snapshot, TurnState
from ripieno.agents.trace import say, trace_json
from ripieno.memory.store import NewVersion, Store, Version
from ripieno.memory.table import derive_table
from ripieno.memory.user import FAULTS, UserMemory
from ripieno.score.brief import Notice
from ripieno.score.errors import BadRequest
from ripieno.tools.proof import prove_plan
from ripieno.tools.registry import family
from ripieno.tools.scope import Scope

_PAST = 20  # pieces that the novelty judge looks back on


def recall(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """What the project holds: the version to build on and the pieces before it."""
    say(runtime, "Memory", "recalls what was made before")
    store, (known, trouble) = runtime.context.store, _habits(runtime.context.user)
    past = tuple(dict.fromkeys(row.piece for row in reversed(store.log(_PAST))))
    head = store.head
    if head is None:
        return {"snapshot": Snapshot(past=past, branch=store.branch, habits=known, trouble=trouble)}
    locks = tuple(Scope.model_validate_json(lock) for lock in head.locks)
    snapshot = Snapshot(
        version=head.id, head=head.id, piece=head.piece, past=past, branch=store.branch, locks=locks, habits=known,
        trouble=trouble,
    )  # fmt: skip
    return {"snapshot": snapshot}


def _habits(user: UserMemory | None) -> tuple[tuple[Habit, ...], str]:
    """What of the person's taste acts, and why it could not be read, if it could not: a turn does without."""
    if user is None:
        return (), ""
    try:
        return habits(user.preferences()), ""
    except FAULTS as error:
        return (), f"What I know of your taste could not be read: {getattr(error, 'message', error)}"


def rewind(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Undo, redo, going to a version or a branch, keeping and releasing: the right version and locks under the hand.

    Nothing is written yet; what follows in the turn builds on that version.
    """
    say(runtime, "Memory", "looks for the version that is meant")
    hand = Hand(runtime.context.store, state["snapshot"])
    for step in state["plan"].ordered():
        if family(step.instruction.kind) == "turn":
            hand = hand.take(step.instruction)
    return {"snapshot": hand.snapshot}


def commit(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Writes the turn down: a version where the music or its locks changed, a move of the head, or the talk alone.

    Raises:
        OutOfScope: the music differs where no instruction was to change it.
    """
    say(runtime, "Memory", "commits the turn")
    ensemble, request, snapshot = runtime.context, state["request"], state["snapshot"]
    store, steps = ensemble.store, carried_out(state)
    winner = next((c for c in state.get("candidates", ()) if c.id == state["verdict"].winner), None)
    hash_ = winner.piece if winner else snapshot.piece
    if hash_ is None:
        raise BadRequest("A turn needs a piece", cause="this project holds no music yet", cure="compose or import one first")
    piece = store.piece(hash_)
    base = store.version(snapshot.version) if snapshot.version else None
    before = store.piece(base.piece) if base else None
    if before is not None and snapshot.piece == before.hash:
        repairs = [r.instruction for r in winner.repairs] if winner else []
        prove_plan(before, piece, [*(s.instruction for s in steps), *repairs])
    changed = base is None or base.piece != hash_
    intent = revised_intent(state["brief"], steps, piece)
    table = derive_table(piece, intent) if changed or base is None else base.table
    report = build_report(state, winner, table, before, piece, base.number if base else None)
    reply = ensemble.brain.reply(report)
    report = report.model_copy(update={"decisions": (*report.decisions, *ensemble.decisions())})
    trace = trace_json({**state, "report": report.model_dump(mode="json", exclude={"table"})})
    if changed or snapshot.relocked:
        new = NewVersion(
            turn=request.turn,
            text=request.text,
            piece=piece,
            table=table,
            trace=trace,
            reply=reply,
            summary=summary_line(report),
            parent=snapshot.version,
            seen=snapshot.head,
            branch=snapshot.branch if snapshot.move and snapshot.move.kind == "branch" else None,
            locks=tuple(lock.model_dump_json() for lock in snapshot.locks),
            seed=request.seed,
            kind=report.intent,
        )
        version: Version | None = store.commit(new)
    elif snapshot.move:
        version = _moved(store, snapshot.move, request.turn, request.text, reply, trace)
    else:
        store.record_turn(request.turn, request.text, reply, kind=report.intent, trace=trace)
        version = base
    if ensemble.user is not None and (trouble := learn(state, ensemble.user, store, before)):
        report = report.model_copy(update={"notices": (*report.notices, Notice(about="memory", message=trouble))})
        reply = f"{reply} {trouble}"
    return {"version": version.id if version else "", "report": report, "reply": reply}


def _moved(store: Store, move: Move, turn: str, text: str, reply: str, trace: str) -> Version:
    match move.kind:
        case "undo":
            return store.undo(turn, text, reply, move.count, trace)
        case "redo":
            return store.redo(turn, text, reply, move.count, trace)
        case _:
            return store.move_head(turn, text, reply, to_version=move.version, branch=move.branch, kind=move.kind, trace=trace)
