"""Cassettes: what was recorded plays back without a server, byte for byte, and never holds a key."""

from pathlib import Path
from typing import Any

import pytest

from ripieno.llm import retry
from ripieno.llm.client import Models
from ripieno.llm.errors import Busy, Invalid, ModelError, NoRecording, SecretFound
from ripieno.llm.messages import Message
from ripieno.llm.settings import Budget, Settings
from tests.llm.server import says, serving, status, thinks
from tests.llm.test_client import GOOD, KEY, question

URL = "http://127.0.0.1:9/v1"  # nobody listens there


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries in milliseconds."""
    monkeypatch.setattr(retry, "FIRST", 0.002)


def converse(settings: Settings) -> list[object]:
    """A conversation with a repair, a failure that passes, calls at once, prose, and one that stays invalid."""
    models, heard = Models(settings), list[str]()
    try:
        talk = models.talk()
        told: list[object] = [talk.ask(question())]
        told += [
            str(a) if isinstance(a, ModelError) else a for a in talk.together([question(), question(role="bass"), question()])
        ]
        told.append(talk.write("reply", (Message(role="user", content="Well?"),), heard.append, max_tokens=50))
        told += [heard[-1], talk.spent.model_dump(exclude={"seconds"})]
        return told
    finally:
        models.close()


def test_a_conversation_replays_byte_for_byte_without_a_server(tmp_path: Path) -> None:
    def mind(request: dict[str, Any]) -> str:
        return "no tune" if request["model"] == "poor" else GOOD

    common: dict[str, Any] = {"model": "m", "roles": {"bass": "poor"}, "budget": Budget(call_seconds=5)}
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    with serving(says('{"name": 3}'), status(500, "oops"), otherwise=thinks(mind)) as server:
        live = converse(Settings(base_url=server.base_url, record=first, api_key=KEY, **common))
    again = converse(Settings(base_url=URL, replay=first, record=second, **common))
    assert again == live
    assert second.read_bytes() == first.read_bytes()
    assert KEY not in first.read_text(encoding="utf-8")


def test_failures_replay_as_what_they_were(tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    with serving(otherwise=status(429, "slow", {"Retry-After": "0.01"})) as server:
        models = Models(Settings(base_url=server.base_url, model="m", record=tape))
        with pytest.raises(Busy) as live:
            models.talk().ask(question())
        models.close()
    models = Models(Settings(base_url=URL, model="m", replay=tape))
    with pytest.raises(Busy) as replayed:
        models.talk().ask(question())
    assert str(replayed.value) == str(live.value)
    models.close()


@pytest.mark.parametrize("where", ["request", "reply"])
def test_a_cassette_refuses_secrets(where: str, tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    asked = "my key is hf_abcdefghijklmnopqrstuvw" if where == "request" else "a reel?"
    said = f'{{"name": "{KEY}", "bars": 4}}' if where == "reply" else GOOD
    with serving(otherwise=says(said)) as server:
        models = Models(Settings(base_url=server.base_url, model="m", record=tape, api_key=KEY))
        with pytest.raises(SecretFound):
            models.talk().write("reply", (Message(role="user", content=asked),), lambda _: None, max_tokens=9)
        models.close()
    assert not tape.exists() or KEY not in tape.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "{}", '{"cassette": 1}\n{"n": 0}', '{"cassette": 1}\nnot json', '{"cassette": 9}\n'])
def test_a_damaged_cassette_is_said_to_be_so(text: str, tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    tape.write_text(text, encoding="utf-8")
    models = Models(Settings(base_url=URL, model="m", replay=tape))
    with pytest.raises(NoRecording):
        models.talk().ask(question())
    models.close()


def test_a_call_that_was_not_recorded_is_an_error(tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    with serving(otherwise=says(GOOD)) as server:
        models = Models(Settings(base_url=server.base_url, model="m", record=tape))
        models.talk().ask(question())
        models.close()
    models = Models(Settings(base_url=URL, model="m", replay=tape))
    talk = models.talk()
    talk.ask(question())
    with pytest.raises(NoRecording):
        talk.ask(question())
    models.close()


def test_invalid_stays_invalid(tmp_path: Path) -> None:
    tape = tmp_path / "t.jsonl"
    with serving(otherwise=says("no")) as server:
        models = Models(Settings(base_url=server.base_url, model="m", record=tape))
        with pytest.raises(Invalid):
            models.talk().ask(question())
        models.close()
    models = Models(Settings(base_url=URL, model="m", replay=tape))
    with pytest.raises(Invalid):
        models.talk().ask(question())
    models.close()
