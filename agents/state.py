"""What travels through the graph in one turn: small frozen values. Music stays in the store; here are its hashes."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from ripieno.agents.brains.base import Brain
from ripieno.agents.habits import Habit
from ripieno.agents.judges.base import Judge, Verdict
from ripieno.agents.plan import Plan
from ripieno.agents.report import Decision, Outcome, Report
from ripieno.agents.understanding import Ask, Question, Understanding
from ripieno.memory.store import Store
from ripieno.memory.user import UserMemory
from ripieno.score.brief import Brief, Frozen
from ripieno.score.checks.delivered import Delivered
from ripieno.score.checks.finding import Finding
from ripieno.score.styles import StyleProfile
from ripieno.tools.ask import Answer
from ripieno.tools.base import Toolbox
from ripieno.tools.registry import AnyInstruction
from ripieno.tools.scope import Scope


class Overrides(Frozen):
    """Attributes given beside the text, on the command line or by a caller; they win over what the text says."""

    title: str | None = None
    style: str | None = None
    key: str | None = None
    tempo: float | None = None
    metre: str | None = None
    bars: int | None = None
    duration: float | None = None
    instruments: tuple[str, ...] = ()


class TurnRequest(Frozen):
    """What a person asks of one turn. `confirm`: a plan that takes something away is shown and agreed to first."""

    turn: str  # id of the turn
    text: str
    seed: int = 0
    candidates: int = 4
    overrides: Overrides = Overrides()
    asks: tuple[Ask, ...] = ()  # instructions given outright, by a command or a program; then the text is only their name
    confirm: bool = False
    may_ask: bool = True  # else the first reading is assumed where two differ, and said


class Move(Frozen):
    """Another version under the hand: by undo or redo of `count` turns, by going to a `version`, by a `branch`."""

    kind: Literal["undo", "redo", "checkout", "switch", "branch"]
    count: int = 1
    version: str | None = None
    branch: str | None = None


class Snapshot(Frozen):
    """What Memory recalls before a turn: the version under the hand, and the pieces made before (hashes, newest last).

    Undo and the like put another version under the hand before anything is changed: `move` is that step, `head` stays the
    version that the turn began on. `relocked`: the turn changes what is kept. `habits`: what of the person's taste acts where
    nobody said anything; `trouble`: why their memory could not be read.
    """

    head: str | None = None
    version: str | None = None
    piece: str | None = None
    past: tuple[str, ...] = ()
    branch: str = "main"
    locks: tuple[Scope, ...] = ()
    relocked: bool = False
    move: Move | None = None
    habits: tuple[Habit, ...] = ()
    trouble: str = ""


class Preview(Frozen):
    """A plan shown before it is carried out: one line for each step, and the question whether to go on."""

    text: str
    steps: tuple[str, ...]


class Consulted(Frozen):
    """A question that was put to the person, and the answer in their words."""

    question: Question
    answer: str


class Repair(Frozen):
    """An instruction that answers a finding, and what became of it: kept only where it left the candidate better."""

    rule: str
    instruction: AnyInstruction
    kept: bool | None = None


class CandidateRecord(Frozen):
    """A candidate on its way through the turn; `piece` is its hash in the store."""

    id: str
    piece: str
    generator: str
    seed: int
    trail: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    repairs: tuple[Repair, ...] = ()
    outcomes: tuple[Outcome, ...] = ()  # one for each step of the plan
    checked: bool = False  # whether findings and delivered speak of `piece` as it is now


class Timing(Frozen):
    """How long one node took, in seconds."""

    node: str
    cpu: float
    wall: float


class Progress(Frozen):
    """A sign of life for whoever watches: which agent does what, and how far it is (None: unknown)."""

    agent: str
    message: str
    done: int | None = None
    total: int | None = None


class TurnState(TypedDict, total=False):
    """The graph's state. Every key is written by one agent, named in the comment."""

    request: TurnRequest  # whoever opens the turn
    snapshot: Snapshot  # Memory
    consulted: Annotated[list[Consulted], operator.add]  # Expert: questions asked and answers given
    understanding: Understanding  # Expert
    brief: Brief  # Expert: complete; of an edit the intent of the piece that is there
    plan: Plan  # Orchestrator
    agreed: bool  # Orchestrator: what the person said to the preview of the plan
    candidates: tuple[CandidateRecord, ...]  # Generator, then Expert adds the findings
    previous: tuple[CandidateRecord, ...]  # Generator: candidates as they were before the repairs under way
    repairs: dict[str, tuple[Repair, ...]]  # Orchestrator: repairs under way, by candidate
    rounds: int  # Orchestrator: rounds of repair so far
    verdict: Verdict  # Voter
    answers: tuple[Answer, ...]  # Expert
    version: str  # Memory
    report: Report  # Memory
    reply: str  # Memory, worded by the brain
    timings: Annotated[list[Timing], operator.add]  # every node adds its own
    decisions: Annotated[list[Decision], operator.add]  # every node adds those that a language model was asked for


def unwatched(progress: Progress) -> None:
    """A watcher that looks away."""


def nothing_decided() -> tuple[Decision, ...]:
    """The account of a turn without a language model."""
    return ()


@dataclass(frozen=True)
class Ensemble:
    """What the agents work with in a turn, put together in `app/session.py`; never part of the state.

    `watch` is told what goes on. It is called in the thread that runs the graph: LangGraph's own stream of custom events
    would move every node into a worker thread, which costs a tenth more time and leaves Ctrl-C waiting for the node.
    `decisions` gives what was decided, and by whom, since it was called last.
    """

    brain: Brain
    toolbox: Toolbox
    store: Store
    judges: tuple[Judge, ...]
    profiles: Mapping[str, StyleProfile]
    max_rounds: int = 2
    watch: Callable[[Progress], None] = unwatched
    user: UserMemory | None = None  # None: nothing is remembered over projects
    decisions: Callable[[], tuple[Decision, ...]] = nothing_decided
