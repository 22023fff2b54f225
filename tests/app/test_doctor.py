"""`ripieno doctor` against servers that can much, little and nothing."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ripieno.llm.probe import probe
from ripieno.llm.settings import Budget, Settings
from tests.llm.server import FakeServer, says, serving, status, thinks, without

GOOD = '{"number": 4, "lowest": "G string, an octave and more below"}'


def rows(server: FakeServer) -> dict[str, tuple[str, str]]:
    settings = Settings(base_url=server.base_url, model="m", budget=Budget(call_seconds=3))
    return {r.name.split(" (")[0].split(" at ")[0]: (r.state, r.seen) for r in probe(settings, "m")}


def test_a_server_that_can_everything() -> None:
    with serving(otherwise=says(GOOD)) as server:
        found = rows(server)
    assert all(found[n][0] == "yes" for n in ("server", "structured outputs", "tool calls", "JSON by the prompt alone", "seed"))
    assert found["streaming"][0] == "yes" and "cached prompts" in found


def test_a_server_without_structured_outputs() -> None:
    with serving(otherwise=without("response_format", "tools", mind=lambda _: GOOD)) as server:
        found = rows(server)
    assert [found[n][0] for n in ("structured outputs", "tool calls", "JSON by the prompt alone")] == ["no", "no", "yes"]


def test_a_model_that_is_not_there_is_said() -> None:
    with serving(otherwise=status(404, "no such model"), models=("other",)) as server:
        state, seen = rows(server)["server"]
    assert state == "unknown" and "other" in seen


def test_a_seed_that_is_not_kept() -> None:
    count = iter(range(1000))

    def mind(request: dict[str, Any]) -> str:
        return GOOD if "response_format" in request or "tools" in request else f"answer number {next(count)}, a long one"

    with serving(otherwise=thinks(mind)) as server:
        assert rows(server)["seed"][0] == "no"


@pytest.mark.parametrize("there", [True, False])
def test_on_the_command_line(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(otherwise=says(GOOD)) as server:
        url = server.base_url if there else "http://127.0.0.1:9/v1"
        command = [sys.executable, "-P", "-c", "from ripieno.app.cli import main; main()", "--llm-url", url, "--llm-model", "m"]
        done = subprocess.run([*command, "doctor", "--json"], capture_output=True, text=True, timeout=60, check=False)
    found = json.loads(done.stdout)
    assert found["usable"] is there and done.returncode == (0 if there else 1)
    assert found["models"]["m"][0]["state"] == ("yes" if there else "no")


def test_half_a_setting_is_a_mistake_with_a_cure() -> None:
    command = [sys.executable, "-P", "-c", "from ripieno.app.cli import main; main()", "--llm-model", "m", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "RIPIENO_LLM_BASE_URL" in done.stderr
