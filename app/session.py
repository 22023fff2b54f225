"""Builds everything once, and runs turns through the graph. The face (`Studio`) and every front door stand on this."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import uuid4

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.checkpoints import checkpointer
from ripieno.agents.generator import MAX_CANDIDATES
from ripieno.agents.graph import build_graph, with_checkpointer
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.report import Report
from ripieno.agents.state import Ensemble, Overrides, Progress, TurnRequest, TurnState, unwatched
from ripieno.app.settings import own_styles
from ripieno.memory.store import Store
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece
from ripieno.tools.toolbox import build_toolbox, profiles

Watcher = Callable[[Progress], None]
DATABASE, CHECKPOINTS = "project.db", "turn.db"


@dataclass(frozen=True)
class Turn:
    """What a turn gave: the committed version, its piece, and the report."""

    version: str
    turn: str
    piece: Piece
    report: Report
    reply: str
    state: TurnState


class Session:
    """The ensemble, ready to take turns on any project folder."""

    def __init__(self) -> None:
        self._profiles = profiles(own_styles())
        self._toolbox = build_toolbox(own_styles())
        self._brain = EmbeddedBrain(self._profiles)
        self._judges = build_judges()
        self._graph = build_graph()

    def take_turn(
        self,
        project: Path,
        text: str,
        *,
        seed: int = 0,
        candidates: int = 4,
        overrides: Overrides | None = None,
        watch: Watcher = unwatched,
    ) -> Turn:
        """Runs one turn on the project in the folder `project` and commits one version.

        Raises:
            BadRequest: the request cannot be fulfilled; nothing was committed.
        """
        if not 1 <= candidates <= MAX_CANDIDATES:
            raise BadRequest(
                f"The number of candidates lies between 1 and {MAX_CANDIDATES}", value=candidates, cure="4 is usual"
            )
        turn = uuid4().hex
        request = TurnRequest(
            turn=turn, text=text, seed=seed, candidates=candidates, overrides=overrides or Overrides()
        )
        with closing(Store(project / DATABASE)) as store:
            state = self._run(store, project / CHECKPOINTS, request, watch)
            winner = next(c for c in state["candidates"] if c.id == state["verdict"].winner)
            report = state["report"]
            return Turn(state["version"], turn, store.piece(winner.piece), report, self._brain.reply(report), state)

    def _run(self, store: Store, checkpoints: Path, request: TurnRequest, watch: Watcher) -> TurnState:
        ensemble = Ensemble(self._brain, self._toolbox, store, self._judges, self._profiles, watch=watch)
        with checkpointer(checkpoints) as saver:
            graph = with_checkpointer(self._graph, saver)
            state = cast(
                TurnState,
                graph.invoke(
                    {"request": request},
                    {"configurable": {"thread_id": request.turn}},
                    context=ensemble,
                    durability="sync",  # each step is on the disk before the next begins
                ),
            )
        for leftover in checkpoints.parent.glob(f"{checkpoints.name}*"):
            leftover.unlink()  # the turn is committed; its checkpoints have no more use
        return state
