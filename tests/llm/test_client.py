"""The client against a server that speaks the real protocol over real sockets, well and badly."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from ripieno.llm import retry
from ripieno.llm.client import Faulty, Models, Question, Talk
from ripieno.llm.errors import (
    Busy,
    Cancelled,
    Invalid,
    ModelError,
    NotAllowed,
    Refused,
    Rejected,
    ServerFault,
    Spent,
    TooLong,
    UnknownModel,
    Unreachable,
)
from ripieno.llm.messages import Message
from ripieno.llm.settings import Budget, Settings
from tests.llm.server import (
    Act,
    FakeServer,
    babble,
    cut,
    endless,
    enormous,
    page,
    refuses,
    says,
    serving,
    silent,
    status,
    stopped,
    thinks,
    without,
)

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz"


class Tune(BaseModel):
    """A small answer."""

    model_config = ConfigDict(extra="forbid")
    name: str
    bars: int = Field(ge=1, le=64)


GOOD = '{"name": "reel", "bars": 16}'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries in milliseconds."""
    monkeypatch.setattr(retry, "FIRST", 0.002)


@contextmanager
def talking(server: FakeServer, **settings: Any) -> Iterator[Talk]:
    """A talk with a server."""
    budget = {"call_seconds": 2.0, **settings.pop("budget", {})}
    models = Models(Settings(base_url=server.base_url, model="m", api_key=KEY, budget=Budget(**budget), **settings))
    try:
        yield models.talk()
    finally:
        models.close()


def question(check: Callable[[Tune], None] = lambda _: None, role: str = "expert") -> Question[Tune]:
    return Question(role, (Message(role="system", content="Be brief."), Message(role="user", content="A reel?")), Tune, check)


@pytest.mark.parametrize("form", ["schema", "tool", "json"])
def test_an_answer_is_a_model_in_every_form(form: str) -> None:
    with serving(says(GOOD)) as server, talking(server, form=form) as talk:
        answered = talk.ask(question())
        assert answered.value == Tune(name="reel", bars=16) and answered.repairs == 0
        (request,) = server.requests
        assert ("response_format" in request) == (form == "schema") and ("tools" in request) == (form == "tool")
        assert ("JSON schema" in request["messages"][0]["content"]) == (form == "json")
        assert talk.spent.calls == 1 and talk.spent.prompt_tokens > 0 and talk.spent.answer_tokens > 0


@pytest.mark.parametrize(
    "bad, told",
    [
        ("", "EOF"),
        ('{"name": "re', "EOF"),
        ('{"name": 5, "bars": 16}', "name"),
        ('{"name": "reel", "bars": 900}', "less than or equal to 64"),
        ('{"name": "reel", "bars": 16, "extra": 1}', "extra"),
        ("[1, 2]", "object"),
        ("I would suggest a reel.", "JSON"),
    ],
)
def test_an_invalid_answer_goes_back_with_its_fault(bad: str, told: str) -> None:
    with serving(says(bad), says(GOOD)) as server, talking(server) as talk:
        assert talk.ask(question()).repairs == 1
        assert told in server.requests[1]["messages"][-1]["content"]
        assert server.requests[1]["messages"][0]["content"].startswith(server.requests[0]["messages"][0]["content"])


def test_the_callers_check_is_told_to_the_model() -> None:
    def check(tune: Tune) -> None:
        if tune.name != "jig":
            raise Faulty("there is no reel here; there are: jig")

    with serving(says(GOOD), says('{"name": "jig", "bars": 8}')) as server, talking(server) as talk:
        assert talk.ask(question(check)).value.name == "jig"
        assert "there are: jig" in server.requests[1]["messages"][-1]["content"]


def test_after_two_repairs_it_is_given_up() -> None:
    with serving(otherwise=says('{"name": 1}')) as server, talking(server) as talk:
        with pytest.raises(Invalid):
            talk.ask(question())
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    "lacks, found", [(("response_format",), "tool"), (("response_format", "tools"), "json"), (("tools",), "schema")]
)
def test_a_form_that_the_server_rejects_is_replaced_and_remembered(lacks: tuple[str, ...], found: str) -> None:
    with serving(otherwise=without(*lacks, mind=lambda _: GOOD)) as server, talking(server) as talk:
        talk.ask(question())
        before = len(server.requests)
        talk.ask(question())
        assert len(server.requests) == before + 1
        assert talk._models.forms == {"m": found}


def test_a_server_that_ignores_the_schema_is_given_it_in_words() -> None:
    with serving(says("Sure! A reel."), says(GOOD), says(GOOD)) as server, talking(server) as talk:
        talk.ask(question())
        talk.ask(question())
        assert all("response_format" not in r for r in server.requests[1:])


def test_parameters_that_a_model_does_not_know_are_left_out() -> None:
    act = without("max_tokens", "stream_options", "temperature", "seed", mind=lambda _: GOOD)
    with serving(otherwise=act) as server, talking(server) as talk:
        assert talk.ask(question()).value.bars == 16
        assert server.requests[-1]["max_completion_tokens"] and "temperature" not in server.requests[-1]


def test_thoughts_and_fences_around_the_answer_are_no_part_of_it() -> None:
    with serving(says(f"<think>hm, {{a}} reel</think>\n```json\n{GOOD}\n```")) as server, talking(server) as talk:
        assert talk.ask(question()).repairs == 0


@pytest.mark.parametrize("act", [status(500, "oops"), status(503, "busy"), status(429, "slow down"), cut, stopped, babble])
def test_what_fails_in_passing_is_tried_again(act: Act) -> None:
    with serving(act, says(GOOD)) as server, talking(server) as talk:
        assert talk.ask(question()).value.bars == 16
        assert talk.spent.calls == 2


def test_retry_after_is_honoured() -> None:
    with serving(status(429, "wait", {"Retry-After": "0.3"}), says(GOOD)) as server, talking(server) as talk:
        begun = time.monotonic()
        talk.ask(question())
        assert time.monotonic() - begun >= 0.3


def test_a_wait_beyond_the_budget_is_not_waited_for() -> None:
    with serving(status(429, "wait", {"Retry-After": "900"})) as server, talking(server, budget={"seconds": 5}) as talk:
        begun = time.monotonic()
        with pytest.raises(Spent):
            talk.ask(question())
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "act, kind",
    [
        (status(401, f"Incorrect API key provided: {KEY}"), NotAllowed),
        (status(404, "no such model"), UnknownModel),
        (status(400, "context length exceeded"), Rejected),
        (status(500, f"failed for Authorization: Bearer {KEY}"), ServerFault),
        (status(429, "never"), Busy),
        (cut, Unreachable),
        (page, ServerFault),
        (enormous, TooLong),
        (refuses, Refused),
        (silent, Unreachable),
        (endless, Unreachable),
    ],
)
def test_every_fault_ends_in_time_in_an_error_that_says_what_to_do(act: Act, kind: type[ModelError]) -> None:
    begun = time.monotonic()
    with serving(otherwise=act) as server, talking(server, budget={"call_seconds": 3.0 if act is enormous else 0.4}) as talk:
        with pytest.raises(ModelError) as caught:
            talk.ask(question())
        if act is not page:
            assert type(caught.value) is kind
        assert time.monotonic() - begun < 15, "a second or two, on a machine that has other things to do, too"
        assert (caught.value.rule and caught.value.cure) or act is page
        shown = f"{caught.value} {caught.value.__cause__} {caught.value.value}"
        assert KEY not in shown and "abcdefghij" not in shown


def test_nobody_there_is_said_at_once_and_only_once() -> None:
    with serving() as server:
        url = server.base_url
    models = Models(Settings(base_url=url, model="m"))
    talk = models.talk()
    with pytest.raises(Unreachable):
        talk.ask(question())
    calls = talk.spent.calls
    with pytest.raises(Unreachable):
        talk.ask(question())
    assert talk.spent.calls == calls, "a server that is down is not asked again in the same turn"
    models.close()


def test_independent_calls_run_at_once() -> None:
    with serving(otherwise=says(GOOD, pause=0.2)) as server, talking(server) as talk:
        begun = time.monotonic()
        found = talk.together([question() for _ in range(6)])
        assert all(not isinstance(f, ModelError) and f.value.bars == 16 for f in found)
        assert server.most_at_once == 6 and time.monotonic() - begun < 1.0


def test_of_calls_at_once_one_may_fail() -> None:
    def mind(request: dict[str, Any]) -> str:
        return GOOD if request["model"] == "m" else "nothing"

    with serving(otherwise=thinks(mind)) as server, talking(server, roles={"bass": "poor"}) as talk:
        good, bad = talk.together([question(), question(role="bass")])
        assert not isinstance(good, ModelError) and isinstance(bad, Invalid)


@pytest.mark.parametrize("bound", [{"calls": 2}, {"tokens": 30}, {"seconds": 0.2}])
def test_budgets_end_a_turn_and_say_so(bound: dict[str, float]) -> None:
    with serving(otherwise=says(GOOD, pause=0.05)) as server, talking(server, budget=bound) as talk:
        with pytest.raises(Spent) as caught:
            for _ in range(20):
                talk.ask(question())
        assert next(iter(bound)) in caught.value.rule


def test_money_is_counted_with_the_prices() -> None:
    prices = {"prompt": 1_000_000, "answer": 2_000_000}
    with serving(otherwise=says(GOOD)) as server, talking(server, prices=prices, budget={"money": 50}) as talk:
        talk.ask(question())
        spent = talk.spent
        assert spent.money == spent.prompt_tokens + 2 * spent.answer_tokens
        with pytest.raises(Spent):
            while True:
                talk.ask(question())


def test_a_turn_can_be_called_off_from_another_thread() -> None:
    with serving(otherwise=endless) as server, talking(server, budget={"call_seconds": 20}) as talk:
        threading.Timer(0.2, talk.cancel).start()
        begun = time.monotonic()
        with pytest.raises(Cancelled):
            talk.together([question(), question()])
        assert time.monotonic() - begun < 2
        with pytest.raises(Cancelled):
            talk.ask(question())


def test_prose_is_heard_as_it_grows_and_in_the_callers_thread() -> None:
    heard: list[str] = []
    threads = set()

    def listen(text: str) -> None:
        heard.append(text)
        threads.add(threading.current_thread())

    words = "The cello rests from bar seventeen on, and the piano has the tune."
    with serving(cut, says(words, counted=False)) as server, talking(server) as talk:
        assert talk.write("reply", question().messages, listen, max_tokens=100) == words
        assert len(heard) > 2 and heard[-1] == words and threads == {threading.current_thread()}
        assert talk.spent.answer_tokens > 0, "estimated where the server does not count"


def test_roles_have_their_models() -> None:
    with serving(otherwise=says(GOOD)) as server, talking(server, roles={"juror": "small"}) as talk:
        talk.ask(question())
        talk.ask(question(role="juror"))
        assert [r["model"] for r in server.requests] == ["m", "small"]


def test_the_key_goes_to_the_server_and_nowhere_else(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    with serving(says(GOOD), status(500, KEY), status(401, KEY)) as server, talking(server) as talk:
        talk.ask(question())
        with pytest.raises(NotAllowed):
            talk.ask(question())
        assert server.headers_seen[0]["authorization"] == f"Bearer {KEY}"
        assert KEY not in repr(talk._models.settings)
    assert KEY not in caplog.text and KEY not in "".join(capfd.readouterr())
    assert KEY not in json.dumps(server.requests)
