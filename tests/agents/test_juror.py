"""The juror keeps the contract of judges, cancels a liking for what comes first, and abstains where it cannot be asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ripieno.agents.brains.llm.account import Account
from ripieno.agents.judges.juror import Juror
from ripieno.llm import retry
from ripieno.llm.client import Models
from ripieno.llm.settings import Budget, Settings
from tests.agents.judge_conformance import BRIEF, candidates, conforms
from tests.llm.server import FakeServer, says, serving, status, thinks


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries in milliseconds."""
    monkeypatch.setattr(retry, "FIRST", 0.002)


@contextmanager
def juror(server: FakeServer) -> Iterator[tuple[Juror, Account]]:
    models = Models(Settings(base_url=server.base_url, model="m", budget=Budget(call_seconds=5, calls=1000)))
    talk = models.talk()
    account = Account(talk)
    try:
        yield Juror(talk, "m", account.deciding), account
    finally:
        models.close()


def likes_long_tunes(request: dict[str, Any]) -> str:
    """A taste that depends on the music: the tune with more signs in it."""
    first, second = request["messages"][1]["content"].partition("# First")[2].split("# Second")
    sizes = [len(part.partition("Tune:\n")[2].partition("\nMeasured")[0]) for part in (first, second)]
    better = "neither" if sizes[0] == sizes[1] else "first" if sizes[0] > sizes[1] else "second"
    return json.dumps({"better": better, "why": "its tune has more to say"})


def test_it_keeps_the_contract_of_judges() -> None:
    with serving(otherwise=thinks(likes_long_tunes)) as server, juror(server) as (judge, _):
        conforms(judge)


def test_a_model_that_always_likes_the_first_decides_nothing() -> None:
    likes_the_first = says('{"better": "first", "why": "it comes first"}', pause=0.05)
    with serving(otherwise=likes_the_first) as server, juror(server) as (judge, account):
        ballot = judge.vote(candidates(), BRIEF, ())
        assert set(ballot.scores.values()) == {0.5} and len(ballot.ranking) == 1
        (decision,) = account.take()
        assert decision.by == "m" and decision.calls == 6 == len(server.requests) and server.most_at_once > 1


def test_a_model_with_a_taste_is_heard() -> None:
    with serving(otherwise=thinks(likes_long_tunes)) as server, juror(server) as (judge, _):
        ballot = judge.vote(candidates(), BRIEF, ())
        assert max(ballot.scores.values()) == 1.0
        assert ballot.reasons[ballot.ranking[0][0]] == "its tune has more to say"


@pytest.mark.parametrize("act", [status(500, "x"), says("the first, surely"), says("")])
def test_it_abstains_where_it_cannot_be_asked(act: Any) -> None:
    with serving(otherwise=act) as server, juror(server) as (judge, account):
        ballot = judge.vote(candidates(), BRIEF, ())
        assert set(ballot.scores.values()) == {0.5} and "abstains" in ballot.reasons["a"]
        assert account.take()[0].by == "embedded"


def test_one_failed_comparison_is_left_out() -> None:
    calls: list[int] = []

    def mind(request: dict[str, Any]) -> str:
        calls.append(1)
        return "nonsense" if len(calls) == 2 else likes_long_tunes(request)

    with serving(otherwise=thinks(mind)) as server, juror(server) as (judge, _):
        assert max(judge.vote(candidates(), BRIEF, ()).scores.values()) == 1.0
