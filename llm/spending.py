"""What a turn has spent on models, and whether it may spend more."""

import threading
import time

from pydantic import BaseModel, ConfigDict

from ripieno.llm.errors import Spent
from ripieno.llm.messages import Reply
from ripieno.llm.settings import Budget, Prices


class Spending(BaseModel):
    """Calls (each try counts), tokens, seconds spent waiting for servers, money in the unit of the prices."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    money: float = 0.0

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(**{name: getattr(self, name) + getattr(other, name) for name in Spending.model_fields})

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt_tokens + self.answer_tokens


class Meter:
    """Counts one turn's spending against its budget. Safe to use from several threads."""

    def __init__(self, budget: Budget, prices: Prices) -> None:
        self._budget, self._prices = budget, prices
        self._lock = threading.Lock()
        self._begun: float | None = None
        self.spent = Spending()

    def open_call(self) -> float:
        """Counts one more try; gives the seconds that it may take.

        Raises:
            Spent: the budget does not allow it.
        """
        with self._lock:
            left = self.left()
            if left <= 0:
                raise self.out_of_time()
            if self.spent.calls >= self._budget.calls:
                raise _spent("calls", self._budget.calls)
            if self.spent.tokens >= self._budget.tokens:
                raise _spent("tokens", self._budget.tokens)
            if self._budget.money is not None and self.spent.money >= self._budget.money:
                raise _spent("money", self._budget.money)
            self.spent += Spending(calls=1)
            return min(left, self._budget.call_seconds)

    def left(self) -> float:
        """The seconds that are left of the turn, counted from the first call."""
        now = time.monotonic()
        self._begun = self._begun or now
        return self._budget.seconds - (now - self._begun)

    def out_of_time(self) -> Spent:
        """The error of a turn whose seconds are used up."""
        return _spent("seconds", self._budget.seconds)

    def close_call(self, reply: Reply | None, seconds: float) -> None:
        """Adds what a call cost; without a reply only its time is known."""
        with self._lock:
            self.spent += Spending(seconds=seconds)
            if reply is not None:
                fresh = reply.prompt_tokens - reply.cached_tokens
                prices = self._prices
                money = fresh * prices.prompt + reply.cached_tokens * prices.cached + reply.answer_tokens * prices.answer
                self.spent += Spending(
                    prompt_tokens=reply.prompt_tokens, cached_tokens=reply.cached_tokens,
                    answer_tokens=reply.answer_tokens, money=money / 1e6,
                )  # fmt: skip


def _spent(what: str, bound: float) -> Spent:
    return Spent(f"A turn spends at most {bound:g} {what} on language models", cause="the budget of the turn is used up",
                 cure=f"raise RIPIENO_LLM_{what.upper()}, or ask for less at once")  # fmt: skip
