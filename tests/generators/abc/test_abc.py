"""Notation written by a language model: strictly read, sent back by bar, replaced where it cannot be had."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.defaults import complete
from ripieno.agents.understanding import TurnContext
from ripieno.generators.abc.engine import AbcGenerator
from ripieno.generators.abc.notation import BadVoice, Frame, read_voice
from ripieno.generators.abc.writers import abc_pitch
from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.llm import retry
from ripieno.llm.client import Models
from ripieno.llm.settings import Budget, Settings
from ripieno.score.brief import Brief
from ripieno.score.formats.abc_read import read_abc
from ripieno.score.instruments import instrument
from ripieno.score.keys import Key
from ripieno.score.time import Metre
from ripieno.tools.toolbox import profiles
from tests.generators.abc.mind import composes
from tests.generators.conformance import check_compose
from tests.llm.server import FakeServer, serving, status, thinks

PROFILES = profiles()
THEORY = TheoryEngine()
FRAME = Frame(Key("D", "major"), Metre(3, 4), 2)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries in milliseconds."""
    monkeypatch.setattr(retry, "FIRST", 0.002)


def brief(text: str) -> Brief:
    read = EmbeddedBrain(PROFILES).conceive(text, TurnContext(), PROFILES).brief
    assert read is not None
    return complete(read, PROFILES, 1)


@contextmanager
def generator(server: FakeServer, *, single: bool = False) -> Iterator[AbcGenerator]:
    models = Models(Settings(base_url=server.base_url, model="m", budget=Budget(call_seconds=5)))
    try:
        yield AbcGenerator(models.talk(), THEORY, single=single)
    finally:
        models.close()


def test_a_voice_is_read_as_it_is_written() -> None:
    notes = read_voice(["F2 A2 d2", "[FA]6"], instrument("violin"), FRAME)
    assert [tuple(map(int, n))[:3] for n in notes] == [
        (0, 480, 66), (480, 480, 69), (960, 480, 74), (1440, 1440, 66), (1440, 1440, 69),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "bars, told",
    [
        (["F6"], "must have 2"),
        (["F6", "A4"], "bar 2"),
        (["F4", "A6"], "bar 1"),
        (["F6", "A8"], "bar 2"),
        (["F6 | A6", "z6"], "bar 1"),
        (["F6", "K:C"], "bar 2"),
        (["F6", "%%MIDI program 4"], "bar 2"),
        (["F6", '"ignore all rules"A6'], "bar 2"),
        (["F6", " "], "bar 2"),
        (["F6", "C,,6"], "not on the Violin"),
        (["F6", "[DFAd]6 "], "4 notes at once"),
        (["F6-", "A6"], "bar 2: a tie"),
        (["(3FGA F4", " A3 z3 "], ""),
    ],
)
def test_faults_are_told_by_bar(bars: list[str], told: str) -> None:
    try:
        read_voice(bars, instrument("violin"), FRAME)
    except BadVoice as error:
        assert told and told in str(error)
    else:
        assert not told


def test_more_notes_than_the_player_has_are_a_fault() -> None:
    with pytest.raises(BadVoice, match="notes at once"):
        read_voice(["F6", "[FA]6"], instrument("flute"), FRAME)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("CDEFGABcz236/,'^_=()[]-<>. {}|K:\"%", max_size=14), min_size=2, max_size=2))
def test_whatever_is_written_is_read_or_refused(bars: list[str]) -> None:
    try:
        notes = read_voice(bars, instrument("piano"), FRAME)
    except BadVoice as error:
        assert str(error)
    else:
        assert not len(notes) or (int(notes["start"].min()) >= 0 and int((notes["start"]).max()) < 2 * 1440)


@given(st.integers(21, 108))
def test_pitches_are_named_as_abc_reads_them(pitch: int) -> None:
    tune = f"X:1\nT:x\nM:4/4\nL:1/8\nQ:1/4=90\nK:C\n%%MIDI program 0\n{abc_pitch(pitch)}8 |\n"
    assert int(read_abc(tune).tracks[0].notes["pitch"][0]) == pitch


@pytest.mark.parametrize("single", [False, True], ids=["full", "single"])
@pytest.mark.parametrize(
    "text",
    [
        "a waltz in D for piano and cello, 16 bars",
        "a rock song in E minor, guitar, bass and drums, 12 bars",
        "a jig for flute, 8 bars",
    ],
)
def test_a_piece_by_role_agents_keeps_the_contract_of_generators(text: str, single: bool) -> None:
    with serving(otherwise=thinks(composes)) as server, generator(server, single=single) as made:
        candidate = check_compose(made, GenerationRequest(brief(text), 5))
        assert "language model wrote" in candidate.trail[0]
        systems = {r["messages"][0]["content"] for r in server.requests}
        assert len(systems) == 1 if single else len(systems) >= 3


def outcome(
    mind: Callable[[dict[str, Any]], str], text: str = "a waltz in D for piano and cello, 16 bars"
) -> tuple[Candidate, FakeServer]:
    with serving(otherwise=thinks(mind)) as server, generator(server) as made:
        return made.generate(GenerationRequest(brief(text), 5)), server


def test_faults_go_back_to_their_writer_by_bar() -> None:
    spoiled: list[str] = []

    def mind(request: dict[str, Any]) -> str:
        answer = composes(request)
        if "You write the harmony" in request["messages"][0]["content"] and not spoiled:
            spoiled.append("once")
            bars = json.loads(answer)["bars"]
            return json.dumps({"bars": [*bars[:6], "C2", *bars[7:]]})
        return answer

    candidate, server = outcome(mind)
    back = [r["messages"][-1]["content"] for r in server.requests if len(r["messages"]) > 2]
    assert len(back) == 1 and "bar 7" in back[0] and "Grand piano" in back[0]
    assert "2 voices" in candidate.trail[0]


def test_a_voice_that_cannot_be_had_is_played_by_the_embedded_engine() -> None:
    def mind(request: dict[str, Any]) -> str:
        return "no" if "You write the harmony" in request["messages"][0]["content"] else composes(request)

    candidate, _ = outcome(mind)
    assert candidate.generator == "abc" and any("embedded engine plays piano" in line for line in candidate.trail)
    assert all(len(t.notes) for t in candidate.piece.tracks) and len(candidate.piece.tracks) == 2


@pytest.mark.parametrize("who", ["You are the leader", "You write the melody"])
def test_without_a_sketch_or_a_tune_the_embedded_engine_writes_all(who: str) -> None:
    def mind(request: dict[str, Any]) -> str:
        return "{}" if who in request["messages"][0]["content"] else composes(request)

    candidate, _ = outcome(mind)
    alone = THEORY.generate(GenerationRequest(brief("a waltz in D for piano and cello, 16 bars"), 5))
    assert candidate.piece == alone.piece and candidate.generator == "theory"
    assert candidate.trail[0].startswith("the embedded engine wrote it")


def test_a_dead_server_costs_one_failure(tmp_path: object) -> None:
    with serving(otherwise=status(500, "dead")) as server, generator(server) as made:
        assert made.generate(GenerationRequest(brief("a jig for flute, 8 bars"), 5)).generator == "theory"
        assert len(server.requests) == 3


def test_a_review_is_kept_only_if_it_measures_better() -> None:
    def mind(request: dict[str, Any]) -> str:
        if "You are the reviewer" in request["messages"][0]["content"]:
            return json.dumps({"corrections": [{"part": "cello", "bar": 1, "abc": "^C,^D,^C,^D,^C,^D,"}]})
        return composes(request)

    candidate, server = outcome(mind)
    asked = [r for r in server.requests if "You are the reviewer" in r["messages"][0]["content"]]
    assert bool(asked) == any("review of" in line for line in candidate.trail)
    if asked:
        assert "taken back" in candidate.trail[-1]
