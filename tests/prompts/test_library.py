"""The loader of prompts is strict."""

from pathlib import Path

import pytest

from ripieno.prompts.library import _VARIABLE, names, render, version
from ripieno.prompts.reading import BadText, cut


def test_every_prompt_is_sound_and_refuses_missing_and_unknown_variables() -> None:
    for name in names():
        assert version(name) >= 1
        with pytest.raises(BadText):
            render(name, no_such_variable="x")


def test_an_unknown_prompt_is_an_error() -> None:
    with pytest.raises(BadText):
        render("no-such-prompt")


def test_what_is_put_in_is_not_rendered_again() -> None:
    assert _VARIABLE.sub(lambda m: {"a": "{{b}}"}[m.group(1)], "x {{a}}") == "x {{b}}"


@pytest.mark.parametrize("text", ["", "title: x\n\n", "title: x\ntopics: y\ntext", "topics: y\ntitle: x\n\ntext"])
def test_files_of_another_form_are_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.md"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadText):
        cut(file, ("title", "topics"))
