"""Runs a turn through the graph, and takes up one that waits for the person or was cut off."""

from dataclasses import dataclass
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command

from ripieno.agents.graph import TurnGraph, with_checkpointer
from ripieno.agents.state import Ensemble, Preview, TurnRequest, TurnState
from ripieno.agents.understanding import Question
from ripieno.score.errors import RipienoError


@dataclass(frozen=True)
class Waiting:
    """A turn that waits for the person: what it asks, and what it is about. `answered` so far: how often it asked before."""

    request: TurnRequest
    asks: Question | Preview


@dataclass(frozen=True)
class CutOff:
    """A turn that was under way when its process ended."""

    request: TurnRequest


class TurnRunner:
    """The graph with the checkpoints of one project. `thread` names the project in them: it has at most one turn under way."""

    def __init__(self, graph: TurnGraph, saver: BaseCheckpointSaver[str], thread: str) -> None:
        self._saver, self._thread = saver, thread
        self.idle = False  # whether it is known that no turn is under way
        self._graph = with_checkpointer(graph, saver)
        self._config: RunnableConfig = {"configurable": {"thread_id": thread}}

    def under_way(self) -> Waiting | CutOff | None:
        """The turn that is under way, if there is one."""
        if self._saver.get_tuple(self._config) is None:
            return None
        snapshot = self._graph.get_state(self._config)
        request = snapshot.values.get("request")
        if request is None or not snapshot.next:
            return None
        for interrupt in snapshot.interrupts:
            return Waiting(request, cast("Question | Preview", interrupt.value))
        return CutOff(request)

    def begin(self, request: TurnRequest, ensemble: Ensemble) -> TurnState | Waiting:
        """Begins a turn; one that was under way is forgotten."""
        self.forget()
        return self._run({"request": request}, ensemble)

    def answer(self, text: str, ensemble: Ensemble) -> TurnState | Waiting:
        """Goes on with the turn that waits."""
        return self._run(Command(resume=text), ensemble)

    def go_on(self, ensemble: Ensemble) -> TurnState | Waiting:
        """Goes on with a turn that was cut off, from its last step."""
        return self._run(None, ensemble)

    def forget(self) -> None:
        """Drops the turn under way, done or not."""
        self._saver.delete_thread(self._thread)
        self.idle = True

    def _run(self, given: TurnState | Command[None] | None, ensemble: Ensemble) -> TurnState | Waiting:
        self.idle = False
        try:
            state = cast(
                TurnState,
                self._graph.invoke(
                    given,
                    self._config,
                    context=ensemble,
                    durability="sync",  # each step is on the disk before the next begins
                ),
            )
        except (RipienoError, KeyboardInterrupt):
            self.forget()  # refused, or called off by the person: nothing of it is to be taken up again
            raise
        waiting = cast("dict[str, tuple[object, ...]]", state).get("__interrupt__")
        if waiting:
            return Waiting(state["request"], cast("Question | Preview", getattr(waiting[0], "value", None)))
        self.forget()  # the turn is written down; its steps have no more use
        return state
