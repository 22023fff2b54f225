"""The Generator: carries out the plan once for each candidate, then the repairs that are asked for."""

from langgraph.runtime import Runtime

from ripieno.agents.state import CandidateRecord, Ensemble, TurnState
from ripieno.agents.trace import say
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools.base import Workbench
from ripieno.tools.registry import TOOLS, execute

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_CANDIDATES = len(_LETTERS)


def candidate_seed(seed: int, index: int) -> int:
    """The seed of a turn's candidate number `index`, counted from 0."""
    return seed + 1_000_003 * index


def generate(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """New candidates from the plan, or, when repairs are under way, the repaired ones."""
    if state.get("repairs"):
        return _repair(state, runtime)
    steps = state["plan"].ordered()
    inventive = any(TOOLS[s.instruction.kind].generative for s in steps)
    count = state["request"].candidates if inventive else 1
    made: list[CandidateRecord] = []
    pieces: list[Piece] = []
    for i in range(count):
        say(runtime, "Generator", f"writes candidate {_LETTERS[i]}", i, count)
        record, piece = _carry_out(state, runtime, i)
        made.append(record)
        pieces.append(piece)
    runtime.context.store.put(*pieces)
    return {"candidates": tuple(made)}


def _carry_out(state: TurnState, runtime: Runtime[Ensemble], index: int) -> tuple[CandidateRecord, Piece]:
    """One candidate: all steps of the plan in order. A step that does not fit the piece is left out and said."""
    seed = candidate_seed(state["request"].seed, index)
    base = state["snapshot"].piece if not any(s.instruction.kind == "compose" for s in state["plan"].steps) else None
    piece = runtime.context.store.piece(base) if base else None
    trail: list[str] = []
    failures: list[str] = []
    generator = "exact"
    for step in state["plan"].ordered():
        try:
            candidate = execute(step.instruction, piece, Workbench(runtime.context.toolbox, seed))
        except Retryable as error:
            failures.append(f"{step.why or step.id}: {error.message}")
            continue
        piece = candidate.piece
        trail.extend(candidate.trail)
        if TOOLS[step.instruction.kind].generative:
            generator = candidate.generator
    if piece is None:
        raise Retryable("A plan makes a piece or changes one", value=", ".join(failures) or "an empty plan")
    record = CandidateRecord(
        id=_LETTERS[index],
        piece=piece.hash,
        generator=generator,
        seed=seed,
        trail=tuple(trail),
        failures=tuple(failures),
    )
    return record, piece


def _repair(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """Applies each candidate's repairs; keeps the unrepaired records aside for the critic to compare with."""
    store = runtime.context.store
    records: list[CandidateRecord] = []
    previous: list[CandidateRecord] = []
    pieces: list[Piece] = []
    for record in state["candidates"]:
        repairs = state["repairs"].get(record.id, ())
        if repairs:
            say(
                runtime,
                "Generator",
                f"repairs candidate {record.id}: " + ", ".join(r.instruction.kind for r in repairs),
            )
            piece = store.piece(record.piece)
            for repair in repairs:
                piece = execute(repair.instruction, piece, Workbench(runtime.context.toolbox, record.seed)).piece
            previous.append(record)
            pieces.append(piece)
            record = record.model_copy(update={"piece": piece.hash, "repairs": (*record.repairs, *repairs), "checked": False})
        records.append(record)
    store.put(*pieces)
    return {"candidates": tuple(records), "previous": tuple(previous)}
