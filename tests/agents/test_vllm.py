"""Whole turns against a real vLLM with a tiny random model: what it says fits the schema, and nothing of it may break anything.

Skipped unless `RIPIENO_TEST_VLLM` names the Python of an environment that has vLLM (docs/language-models.md tells how to make
one). The server takes about a minute to start.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ripieno.agents.brains.llm.rendering import ground
from ripieno.agents.report import Decision
from ripieno.app.language import Language
from ripieno.app.project import Asked, Project, Turn
from ripieno.app.studio import Studio
from ripieno.llm.client import Models
from ripieno.llm.errors import ModelError
from ripieno.llm.probe import probe
from ripieno.llm.settings import Budget, Settings
from ripieno.score.errors import RipienoError
from ripieno.tools.toolbox import profiles

PYTHON = os.environ.get("RIPIENO_TEST_VLLM", "")
ADDRESS = os.environ.get("RIPIENO_TEST_VLLM_URL", "")  # a server that runs already, with a model called tiny
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not (PYTHON or ADDRESS), reason="needs vLLM: set RIPIENO_TEST_VLLM to the Python of an environment that has it"
    ),
]
SECONDS = 240
TURNS = (
    "a waltz in D for piano and cello, 8 bars",
    "a bit louder",
    "thin out the piano in the second half",
    "why these chords?",
    "up a tone",
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    if ADDRESS:
        yield ADDRESS
        return
    folder = tmp_path_factory.mktemp("vllm")
    (folder / "text.txt").write_text(ground(profiles()), encoding="utf-8")
    maker = Path(__file__).parents[1] / "llm" / "tiny_model.py"
    subprocess.run([PYTHON, str(maker), str(folder / "model"), str(folder / "text.txt")], check=True, timeout=120)
    with socket.socket() as probe_:
        probe_.bind(("127.0.0.1", 0))
        port = probe_.getsockname()[1]
    command = [
        PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder / "model"), "--served-model-name", "tiny",
        "--load-format", "dummy", "--enforce-eager", "--host", "127.0.0.1", "--port", str(port), "--max-model-len", "24576",
        "--max-num-batched-tokens", "24576",  # cut prompts and a seed end vLLM 0.32 on a CPU
        "--max-num-seqs", "8", "--kv-cache-memory-bytes", "268435456", "--enable-auto-tool-choice",
        "--tool-call-parser", "hermes",
    ]  # fmt: skip
    offline = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **offline}, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1", server, folder / "log")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until the server lists its models."""
    end = time.monotonic() + SECONDS
    models = Models(Settings(base_url=address, model="tiny"))
    try:
        while time.monotonic() < end:
            assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-3_000:]
            try:
                models.loop.run(models.transport.models())  # type: ignore[attr-defined]
                return
            except ModelError:
                time.sleep(1)
        raise AssertionError(f"vLLM did not start in {SECONDS} s")
    finally:
        models.close()


def settings(url: str, *, tokens: int = 220) -> Settings:
    return Settings(
        base_url=url, model="tiny", temperature=1.0, answer_tokens=tokens, budget=Budget(seconds=300, call_seconds=60, calls=80)
    )


def test_the_doctor_finds_what_vllm_has(url: str) -> None:
    rows = {row.name.split(" (")[0]: row.state for row in probe(settings(url), "tiny")}
    assert rows["structured outputs"] == "yes" and rows["streaming"] == "yes", rows


@pytest.mark.parametrize("ensemble", ["full", "single"])
def test_random_but_valid_answers_break_nothing(ensemble: str, url: str, tmp_path: Path) -> None:
    language = Language(settings(url), "full" if ensemble == "full" else "single")
    with Studio(False, language) as studio, studio.open(tmp_path / "p", new=True) as project:
        decisions: list[Decision] = []
        for text in TURNS:
            turn = say(project, text)
            if isinstance(turn, Turn):
                decisions += turn.report.decisions
                assert turn.report.table.piece == turn.piece.hash == project.version().piece
                assert turn.reply and all(d.calls <= 30 for d in turn.report.decisions)
        assert project.head is not None
        assert sum(d.answer_tokens for d in decisions) > 100, "the server answered"
        assert not any("no connection" in d.note for d in decisions), "the server lives"
        if ensemble == "full":
            assert any(d.by == "tiny" for d in decisions), "some answers were good enough"
        for row in project.log(50):
            assert project.piece(project.version(row.id)).hash == row.piece


def say(project: Project, text: str) -> Turn | Asked | None:
    """A turn; a random model may ask for what cannot be done, and is then refused in the usual way."""
    try:
        return project.say(text, candidates=2, may_ask=False)
    except RipienoError as error:
        assert error.rule
        return None
