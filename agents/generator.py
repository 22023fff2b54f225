"""The Generator: carries out the plan once for each candidate, then the repairs that are asked for."""

from dataclasses import replace

from langgraph.runtime import Runtime

from ripieno.agents.plan import Plan, Step
from ripieno.agents.report import Outcome
from ripieno.agents.state import CandidateRecord, Ensemble, TurnState
from ripieno.agents.trace import say
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools.base import Workbench
from ripieno.tools.registry import TOOLS, execute, family

NOTATION = "abc"  # the generator in which a language model writes; it writes one of several candidates of a new piece
MUSIC_MODEL = "lm"  # our own music model; where a session has it, it writes every other candidate
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_CANDIDATES = len(_LETTERS)


def candidate_seed(seed: int, index: int) -> int:
    """The seed of a turn's candidate number `index`, counted from 0."""
    return seed + 1_000_003 * index


def generate(state: TurnState, runtime: Runtime[Ensemble]) -> TurnState:
    """New candidates from the plan, or, when repairs are under way, the repaired ones."""
    if state.get("repairs"):
        return _repair(state, runtime)
    steps = music_steps(state["plan"])
    inventive = any(TOOLS[s.instruction.kind].generative for s in steps)
    count = state["request"].candidates if inventive else 1
    made: list[CandidateRecord] = []
    pieces: list[Piece] = []
    for i in range(count):
        if inventive:
            say(runtime, "Generator", f"writes candidate {_LETTERS[i]}", i, count)
        else:
            say(runtime, "Generator", "carries out the instructions")
        record, piece = _carry_out(state, runtime, steps, i)
        made.append(record)
        pieces.append(piece)
    runtime.context.store.put(*pieces)
    return {"candidates": tuple(made)}


def music_steps(plan: Plan) -> tuple[Step, ...]:
    """The steps that make or change music, in order."""
    return tuple(s for s in plan.ordered() if family(s.instruction.kind) not in ("turn", "ask"))


def workbench(state: TurnState, ensemble: Ensemble, seed: int, generator: str = "theory") -> Workbench:
    """What tools may use in this turn."""
    return Workbench(ensemble.toolbox, seed, generator, brief=state["brief"], locks=state["snapshot"].locks)


def _carry_out(
    state: TurnState, runtime: Runtime[Ensemble], steps: tuple[Step, ...], index: int
) -> tuple[CandidateRecord, Piece]:
    """One candidate: all steps in order. A step that does not fit the piece is left out and said.

    Raises:
        Retryable: no step could be done; that of the first.
    """
    seed = candidate_seed(state["request"].seed, index)
    base = state["snapshot"].piece if state["understanding"].intent == "edit" else None
    piece = runtime.context.store.piece(base) if base else None
    modelled = index % 2 == 1 and MUSIC_MODEL in runtime.context.toolbox.generators
    bench = workbench(state, runtime.context, seed, MUSIC_MODEL if modelled else "theory")
    last = 1 < state["request"].candidates == index + 1
    composing = replace(bench, generator=NOTATION) if last and NOTATION in bench.toolbox.generators else bench
    trail: list[str] = []
    outcomes: list[Outcome] = []
    refusal: Retryable | None = None
    generator = "exact"
    for step in steps:
        kind = step.instruction.kind
        try:
            candidate = execute(step.instruction, piece, composing if kind == "compose" else bench)
        except Retryable as error:
            refusal = refusal or error
            outcomes.append(Outcome(step=step.id, kind=kind, words=step.why, done=False, note=error.message))
            continue
        note = "nothing there had to change" if piece is not None and candidate.piece.hash == piece.hash else ""
        outcomes.append(Outcome(step=step.id, kind=kind, words=step.why, done=True, note=note))
        piece = candidate.piece
        trail.extend(candidate.trail)
        if TOOLS[kind].generative:
            generator = candidate.generator
    if refusal is not None and not any(o.done for o in outcomes):
        raise refusal
    if piece is None:
        raise Retryable("A plan makes a piece or changes one", value="an empty plan", cure="say what you would like")
    record = CandidateRecord(
        id=_LETTERS[index], piece=piece.hash, generator=generator, seed=seed, trail=tuple(trail), outcomes=tuple(outcomes)
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
                piece = execute(repair.instruction, piece, workbench(state, runtime.context, record.seed)).piece
            previous.append(record)
            pieces.append(piece)
            record = record.model_copy(update={"piece": piece.hash, "repairs": (*record.repairs, *repairs), "checked": False})
        records.append(record)
    store.put(*pieces)
    return {"candidates": tuple(records), "previous": tuple(previous)}
