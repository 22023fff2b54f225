"""Builds everything once: the brain, the generators, the judges, the graph. Every front door stands on this."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.brains.llm.account import Account
from ripieno.agents.brains.llm.brain import LanguageModelBrain
from ripieno.agents.brains.llm.knowledge import fitting_knowledge
from ripieno.agents.graph import build_graph
from ripieno.agents.judges.juror import Juror
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.state import Ensemble, Progress, unwatched
from ripieno.app.language import Language
from ripieno.app.settings import home, music_model, own_styles, recall_index, remembers
from ripieno.generators.abc.engine import AbcGenerator
from ripieno.llm.client import Models
from ripieno.memory.store import Store
from ripieno.memory.user import FAULTS, UserMemory
from ripieno.tools.base import Toolbox
from ripieno.tools.toolbox import build_toolbox, profiles

Watcher = Callable[[Progress], None]


class Session:
    """The ensemble, ready to take turns on any project. `memory`: whether taste and pieces are remembered over projects; None
    leaves it to the environment."""

    def __init__(self, memory: bool | None = None, language: Language | None = None) -> None:
        self.user = UserMemory(home(), recall_index()) if (remembers() if memory is None else memory) else None
        self._language = language or Language()
        self._models = Models(self._language.settings) if self._language.settings else None
        self._profiles = profiles(own_styles())
        self._toolbox = build_toolbox(own_styles(), music_model())
        self._brain = EmbeddedBrain(self._profiles)
        self._judges = build_judges()
        self.graph = build_graph()

    def remember(self, folder: Path) -> str:
        """Lets the piece in a project's folder be found again later; gives a sentence where that failed."""
        if self.user is None or folder.name.startswith("."):
            return ""  # a hidden folder is one that is still being made
        try:
            self.user.library.watch(folder.parent)
        except FAULTS as error:
            return f" This piece cannot be recalled later: {getattr(error, 'message', error)}"
        return ""

    def ensemble(self, store: Store, watch: Watcher = unwatched) -> Ensemble:
        """What the agents work with in one turn on one project."""
        ensemble = Ensemble(self._brain, self._toolbox, store, self._judges, self._profiles, watch=watch, user=self.user)
        return self._with_models(ensemble, self._models) if self._models else ensemble

    def close(self) -> None:
        """Lets go of what is connected."""
        if self._models:
            self._models.close()
        if self.user:
            self.user.close()

    def _with_models(self, ensemble: Ensemble, models: Models) -> Ensemble:
        """The ensemble with language models in their places, and a fresh budget for the turn."""
        talk = models.talk()
        account = Account(talk)

        def tell(words: str) -> None:
            ensemble.watch(Progress(agent="Reply", message=words))

        full = self._language.ensemble == "full"
        brain = LanguageModelBrain(talk, account, self._brain, models.settings.model_of("expert"), tell, words=full)
        writer = AbcGenerator(talk, ensemble.toolbox.generators["theory"], single=not full, knowledge=fitting_knowledge)
        toolbox = Toolbox({**ensemble.toolbox.generators, writer.name: writer})
        jurors = (Juror(talk, models.settings.model_of("juror"), account.deciding),) if full else ()
        judges = (*ensemble.judges, *jurors)
        return replace(ensemble, brain=brain, toolbox=toolbox, judges=judges, decisions=account.take)
