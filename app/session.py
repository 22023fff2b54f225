"""Builds everything once: the brain, the generators, the judges, the graph. Every front door stands on this."""

from collections.abc import Callable

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.graph import build_graph
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.state import Ensemble, Progress, unwatched
from ripieno.app.settings import home, own_styles, remembers
from ripieno.memory.store import Store
from ripieno.memory.user import UserMemory
from ripieno.tools.toolbox import build_toolbox, profiles

Watcher = Callable[[Progress], None]


class Session:
    """The ensemble, ready to take turns on any project. `memory`: whether taste and pieces are remembered over projects; None
    leaves it to the environment."""

    def __init__(self, memory: bool | None = None) -> None:
        self.user = UserMemory(home()) if (remembers() if memory is None else memory) else None
        self._profiles = profiles(own_styles())
        self._toolbox = build_toolbox(own_styles())
        self._brain = EmbeddedBrain(self._profiles)
        self._judges = build_judges()
        self.graph = build_graph()

    def ensemble(self, store: Store, watch: Watcher = unwatched) -> Ensemble:
        """What the agents work with on one project."""
        return Ensemble(self._brain, self._toolbox, store, self._judges, self._profiles, watch=watch, user=self.user)
