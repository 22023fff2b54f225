"""Answers that fit the schema and mean nothing: every turn ends in a version or in a refusal, and every version is whole."""

from pathlib import Path

import pytest

from ripieno.app.language import Language
from ripieno.app.project import Turn
from ripieno.app.studio import Studio
from ripieno.llm import retry
from ripieno.llm.settings import Budget, Settings
from ripieno.score.errors import RipienoError
from ripieno.tools.toolbox import profiles
from tests.agents.random_mind import RandomMind
from tests.llm.server import serving, thinks

PROFILES = profiles()
TURNS = (
    "a waltz in D for piano and cello, 8 bars",
    "do something with the tune",
    "change the piano a bit more",
    "and now the cello",
)


@pytest.mark.parametrize("seed", (1, 2))
def test_answers_by_chance_break_nothing(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST", 0.002)
    kind = "full" if seed % 2 else "single"
    with (
        serving(otherwise=thinks(RandomMind(seed, list(PROFILES)))) as server,
        Studio(
            False,
            Language(
                Settings(base_url=server.base_url, model="m", budget=Budget(calls=400, tokens=10**7)),
                "full" if kind == "full" else "single",
            ),
        ) as studio,
        studio.open(tmp_path / "p", new=True) as project,
    ):
        for text in TURNS:
            try:
                turn = project.say(text, candidates=2, may_ask=False)
            except RipienoError as error:
                assert error.rule
                continue
            assert isinstance(turn, Turn) and turn.reply
            assert turn.report.table.piece == turn.piece.hash == project.version().piece
        for row in project.log(50):
            assert project.piece(project.version(row.id)).hash == row.piece
