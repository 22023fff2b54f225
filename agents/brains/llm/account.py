"""Who decided what in a turn, and what it cost: the language model, or the embedded part that stood in for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ripieno.agents.report import Decision
from ripieno.llm.client import Talk
from ripieno.llm.errors import Cancelled, ModelError
from ripieno.llm.spending import Spending

EMBEDDED = "embedded"


class Account:
    """Keeps the decisions of a turn until the node that took them hands them on."""

    def __init__(self, talk: Talk) -> None:
        self._talk, self._lock = talk, threading.Lock()
        self._counted = Spending()
        self._decisions: list[Decision] = []

    @contextmanager
    def deciding(self, agent: str, what: str, model: str) -> Iterator[None]:
        """Writes down what the body spends. A `ModelError` is written down as the reason for standing in, and passed on.

        A turn that was called off is no reason to stand in: it ends.
        """
        by, note = model, ""
        try:
            yield
        except Cancelled:
            raise KeyboardInterrupt from None
        except ModelError as error:
            by, note = EMBEDDED, error.message
            raise
        finally:
            with self._lock:
                self._decisions.append(self._decision(agent, what, by, note))

    def take(self) -> tuple[Decision, ...]:
        """The decisions since the last time; what was spent beside them (by writers of music) comes as one of its own."""
        with self._lock:
            if self._talk.spent.calls > self._counted.calls:
                self._decisions.append(self._decision("Generator", "writes notation", "language model", ""))
            taken, self._decisions = tuple(self._decisions), []
        return taken

    def _decision(self, agent: str, what: str, by: str, note: str) -> Decision:
        before, now = self._counted, self._talk.spent
        self._counted = now
        return Decision(
            agent=agent, what=what, by=by, note=note, calls=now.calls - before.calls,
            prompt_tokens=now.prompt_tokens - before.prompt_tokens, cached_tokens=now.cached_tokens - before.cached_tokens,
            answer_tokens=now.answer_tokens - before.answer_tokens, money=round(now.money - before.money, 9),
        )  # fmt: skip
