"""The music model beside the theory engine: only where it is asked for, then in the same vote."""

from pathlib import Path

import pytest

from ripieno import Studio
from ripieno.app.settings import music_model
from ripieno.score.errors import BadFile
from ripieno.tools.toolbox import build_toolbox

from .models import FOLDER


def test_it_is_there_only_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIPIENO_MUSIC_MODEL", raising=False)
    assert music_model() == "" and tuple(build_toolbox().generators) == ("theory",)
    for word, means in (("off", ""), ("ON", "on"), ("/weights", "/weights")):
        monkeypatch.setenv("RIPIENO_MUSIC_MODEL", word)
        assert music_model() == means
    assert tuple(build_toolbox(model=str(FOLDER)).generators) == ("theory", "lm")
    with pytest.raises(BadFile, match=r"config\.json"):
        build_toolbox(model=str(tmp_path))


def test_its_candidates_compete_in_the_vote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIPIENO_MUSIC_MODEL", str(FOLDER))
    monkeypatch.setenv("RIPIENO_MEMORY", "off")
    made = Studio().compose("a slow waltz in D minor for violin and piano, 8 bars", out=tmp_path, seed=2, candidates=2)
    assert [c.generator for c in made.report.candidates] == ["theory", "lm"]
