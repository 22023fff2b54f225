"""A project under the hand: turns through the graph, one at a time, and everything that can be looked at.

A turn is held step by step in `turn.db` beside the project, or on the project's server. Where it waits for the person, or was
cut off, it is taken up again from there, by the same process or another.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ripieno.agents.checkpoints import checkpointer
from ripieno.agents.generator import MAX_CANDIDATES
from ripieno.agents.report import Report
from ripieno.agents.running import CutOff, TurnRunner, Waiting
from ripieno.agents.state import Ensemble, Overrides, Preview, TurnRequest, TurnState, unwatched
from ripieno.agents.understanding import Ask, Question
from ripieno.app.places import Place
from ripieno.app.session import Session, Watcher
from ripieno.memory.store import LogRow, PastTurn, Store, Version
from ripieno.score.diff import Difference, compare_pieces
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece

WAIT = 10.0  # seconds to wait for another process that holds the project


@dataclass(frozen=True)
class Turn:
    """A turn that is done and written down: its id, the reply in words, what lies under the hand now, and the report."""

    turn: str
    reply: str
    version: Version
    piece: Piece
    report: Report
    state: TurnState


@dataclass(frozen=True)
class Asked:
    """A turn that waits for the person. Nothing has been changed; the next `Project.say` answers it."""

    turn: str
    question: Question | Preview

    @property
    def reply(self) -> str:
        """The question with its options, in words."""
        if isinstance(self.question, Preview):
            return "\n".join([*(f"  - {s}" for s in self.question.steps), self.question.text])
        options = [f"  {i}. {o.label}" for i, o in enumerate(self.question.options, 1)]
        return "\n".join([self.question.text, *options])


class Project:
    """One project, open. Use it as a context manager, or `close` it.

    Every method that changes something is one turn: it commits whole or not at all.
    """

    def __init__(self, session: Session, place: Place) -> None:
        self._session = session
        self.place = place
        self._store = Store(place.database, place.name)

    def __enter__(self) -> "Project":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database."""
        self._store.close()

    # --- turns ------------------------------------------------------------------------------------------------------------

    def say(
        self,
        text: str,
        *,
        seed: int | None = None,
        candidates: int = 4,
        overrides: Overrides | None = None,
        confirm: bool = False,
        may_ask: bool = True,
        watch: Watcher = unwatched,
    ) -> Turn | Asked:
        """One turn in words. If the last turn waits for an answer, the words are read as that answer first.

        Args:
            seed: None: follows from the number of turns so far, so that asking again gives something else, and the same
                conversation the same music.
            confirm: a plan that takes something away is shown before it is carried out.
            may_ask: without it the first of two readings is assumed, and said.

        Raises:
            RipienoError: with rule, value, cause and cure; nothing was changed.
        """
        if not 1 <= candidates <= MAX_CANDIDATES:
            raise BadRequest(
                f"The number of candidates lies between 1 and {MAX_CANDIDATES}", value=candidates, cure="4 is usual"
            )
        with self._held(watch) as (runner, ensemble):
            waiting = runner.under_way()
            if isinstance(waiting, Waiting):
                return self._turn(waiting.request, runner.answer(text, ensemble))
            request = TurnRequest(
                turn=uuid4().hex,
                text=text,
                seed=self._next_seed() if seed is None else seed,
                candidates=candidates,
                overrides=overrides or Overrides(),
                confirm=confirm,
                may_ask=may_ask,
            )
            return self._turn(request, runner.begin(request, ensemble))

    async def asay(self, text: str, *, confirm: bool = False, may_ask: bool = True, watch: Watcher = unwatched) -> Turn | Asked:
        """`say` for asyncio: the turn runs in a thread of its own; `watch` is called from there."""
        return await asyncio.to_thread(self.say, text, confirm=confirm, may_ask=may_ask, watch=watch)

    def do(
        self, *asks: Ask, text: str, seed: int | None = None, confirm: bool = False, watch: Watcher = unwatched
    ) -> Turn | Asked:
        """One turn of instructions given outright; `text` is what the conversation calls it. A turn that waits is dropped."""
        with self._held(watch) as (runner, ensemble):
            seed = self._next_seed() if seed is None else seed
            request = TurnRequest(turn=uuid4().hex, text=text, seed=seed, asks=asks, confirm=confirm)
            return self._turn(request, runner.begin(request, ensemble))

    def keep_aside(self, piece: Piece) -> None:
        """Puts music from elsewhere into the store, so that a turn can adopt it."""
        self._store.put(piece)

    def under_way(self) -> Waiting | CutOff | None:
        """The turn that waits for an answer or was cut off, if there is one."""
        with self._runner() as runner:
            return runner.under_way()

    def go_on(self, watch: Watcher = unwatched) -> Turn | Asked | None:
        """Finishes a turn that was cut off; None if there is none."""
        with self._held(watch) as (runner, ensemble):
            cut = runner.under_way()
            return self._turn(cut.request, runner.go_on(ensemble)) if isinstance(cut, CutOff) else None

    def drop(self) -> None:
        """Forgets the turn under way; nothing of it was written."""
        with self._store.lock(WAIT), self._runner() as runner:
            runner.forget()

    @contextmanager
    def _runner(self) -> Iterator[TurnRunner]:
        with checkpointer(self.place.checkpoints) as saver:
            yield TurnRunner(self._session.graph, saver, self.place.name)

    @contextmanager
    def _held(self, watch: Watcher) -> Iterator[tuple[TurnRunner, Ensemble]]:
        with self._store.lock(WAIT):
            runner: TurnRunner | None = None
            try:
                with self._runner() as runner:
                    yield runner, self._session.ensemble(self._store, watch)
            finally:
                if runner is not None and runner.idle and isinstance(self.place.checkpoints, Path):
                    for leftover in self.place.checkpoints.parent.glob(f"{self.place.checkpoints.name}*"):
                        leftover.unlink()  # nothing is under way: the steps have no more use

    def _turn(self, request: TurnRequest, outcome: TurnState | Waiting) -> Turn | Asked:
        if isinstance(outcome, Waiting):
            return Asked(request.turn, outcome.asks)
        version = self.version()
        piece = self._store.piece(version.piece)
        reply = outcome["reply"] + (self._session.remember(self.place.folder) if self.place.folder else "")
        return Turn(request.turn, reply, version, piece, outcome["report"], outcome)

    def _next_seed(self) -> int:
        turns = self._store.conversation(1)
        return turns[0].number if turns else 0

    # --- looking ----------------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Version | None:
        """The version under the hand; None in an empty project."""
        return self._store.head

    def version(self, name: str | int | None = None) -> Version:
        """A version by number, id or its beginning; the one under the hand without a name.

        Raises:
            BadRequest: there is none.
        """
        if name is not None:
            return self._store.version(name)
        head = self._store.head
        if head is None:
            raise BadRequest(
                "A project has music", value=self.place.words, cause="it is empty", cure="compose or import a piece first"
            )
        return head

    def piece(self, version: Version | None = None) -> Piece:
        """The music of a version, the one under the hand by default."""
        return self._store.piece((version or self.version()).piece)

    def report(self, version: Version | None = None) -> Report:
        """The report of the turn that made a version."""
        version = version or self.version()
        kept = json.loads(self._store.trace(version.turn))["report"]
        return Report.model_validate({**kept, "table": version.table})

    def log(self, limit: int = 20, before: int | None = None) -> tuple[LogRow, ...]:
        """The last versions, newest first."""
        return self._store.log(limit, before)

    def conversation(self, limit: int = 20) -> tuple[PastTurn, ...]:
        """The last turns, oldest first."""
        return self._store.conversation(limit)

    def trace(self, turn: str) -> str:
        """The trace of a turn as JSON."""
        return self._store.trace(turn)

    def branches(self) -> dict[str, str]:
        """The versions that the branches stand on, by name."""
        return self._store.branches()

    @property
    def branch(self) -> str:
        """The branch under the hand."""
        return self._store.branch

    def diff(self, a: str | int, b: str | int | None = None) -> Difference:
        """The musical difference between two versions; the second is the one under the hand by default."""
        return compare_pieces(self.piece(self.version(a)), self.piece(self.version(b)))
