"""The reader on sentences of our own, attribute by attribute; the sentences lie in tests/agents/data/reader/."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ripieno.agents.brains.embedded.reader import Reader
from ripieno.generators.theory.style import builtin_styles
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.errors import BadRequest

DATA = Path(__file__).parent / "data" / "reader"


@lru_cache(maxsize=1)
def reader() -> Reader:
    return Reader(tuple(style.profile for style in builtin_styles().values()))


def cases(*names: str) -> list[Any]:
    rows = []
    for name in names:
        for row in tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))["case"]:
            rows.append(pytest.param(row, id=f"{name}: {row['text'][:60]}"))
    return rows


def plain(name: str, brief: Brief) -> Any:
    """An attribute of the brief in the form that the cases are written in."""
    if name == "quadrant":
        assert brief.valence is not None and brief.arousal is not None, "no mood was read"
        return {(True, True): "Q1", (False, True): "Q2", (False, False): "Q3", (True, False): "Q4"}[
            brief.valence.value >= 0, brief.arousal.value >= 0
        ]
    if name == "form":
        return brief.form.value.name if brief.form else None
    if name == "sections":
        return [s.name + (f":{s.bars}" if s.bars else "") for s in brief.form.value.sections] if brief.form else None
    if name == "holds":
        held = brief.form.value.holds if brief.form else ()
        return [s.name + (f":{s.bars}" if s.bars else f":{s.size}" if s.size else "") for s in held]
    if name == "progressions":
        asked = brief.progressions.value if brief.progressions else ()
        return [(f"{p.section}: " if p.section else "") + " ".join(_unvoiced(p.chords)) for p in asked]
    if name == "tempo_changes":
        return [
            f"{c.section} {f'x{c.factor:g}' if c.factor else f'to {c.bpm:g}'}{' gradual' if c.gradual else ''}"
            for c in brief.tempo_changes
        ]
    if name == "dynamics_shape":
        return [f"{s.shape} {s.section}".strip() for s in brief.dynamics_shape]
    value = getattr(brief, name)
    value = value.value if isinstance(value, Attribute) else value
    return list(value) if isinstance(value, tuple) else value


def _unvoiced(chords: tuple[str, ...]) -> tuple[str, ...]:
    """'ii-V-I' is read as written where the numerals are, and as ii7 V7 Imaj7 by name: both are right."""
    return ("ii", "V", "I") if chords == ("ii7", "V7", "Imaj7") else chords


@pytest.mark.parametrize(
    "case", cases("key", "tempo", "metre", "length", "form", "progression", "mood", "style", "playing", "whole")
)
def test_what_is_said_is_read(case: dict[str, Any]) -> None:
    brief = reader().read(case["text"])
    for name, wanted in case.items():
        if name == "none":
            assert [n for n in wanted if getattr(brief, n) is not None] == []
        elif name == "inferred":
            assert [n for n in wanted if getattr(brief, n).origin is not Origin.INFERRED] == []
        elif name == "notices":
            assert set(wanted) <= {n.about for n in brief.notices}
        elif name == "references":
            assert list(brief.references) == wanted
        elif name != "text":
            assert plain(name, brief) == wanted, name


@pytest.mark.parametrize("case", cases("refused"))
def test_what_cannot_be_is_refused_with_a_reason(case: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as refusal:
        reader().read(case["text"])
    assert case["value"] in str(refusal.value.value)
    assert refusal.value.cure
