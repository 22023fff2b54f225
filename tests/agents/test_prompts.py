"""Every prompt rendered with real data: its size, and that it names nothing that does not exist."""

import re

import pytest

from ripieno.agents.brains.llm.knowledge import BUDGET, fitting_knowledge
from ripieno.agents.brains.llm.rendering import brief_lines, context_lines, ground, instruction_list, table_lines
from ripieno.agents.understanding import Ask, PastTurn, TurnContext, VersionNote
from ripieno.generators.abc.writers import abc_pitch, kit_keys
from ripieno.memory.table import derive_table
from ripieno.prompts.library import names, render, version
from ripieno.score.brief import Attribute, Brief
from ripieno.score.formats.percussion import drum
from ripieno.score.instruments import instruments
from ripieno.tools.registry import TOOLS, parse_instruction
from ripieno.tools.scope import Scope
from ripieno.tools.toolbox import profiles
from tests.score.pieces import waltz

PROFILES = profiles()
CHARS_A_TOKEN = 3.5
TOKENS = {"ground": 7_500}  # at most, by prompt; others:
USUAL = 900
ENGLISH = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")  # names of ours have underscores
FIELDS = (
    {name for tool in TOOLS.values() for name in tool.model.model_fields} | set(Scope.model_fields) | set(Brief.model_fields)
)
OURS = FIELDS | {"new_piece", "asks", "opening", "tempo_changes"}


def rendered(name: str) -> str:
    """A prompt with what is put into it in a real turn."""
    if name == "ground":
        return ground(PROFILES)
    return render(name, kit=kit_keys()) if name == "abc_rules" else render(name)


@pytest.mark.parametrize("name", names())
def test_a_prompt_is_of_moderate_size_and_names_only_what_exists(name: str) -> None:
    text = rendered(name)
    assert version(name) >= 1 and "{{" not in text
    assert len(text) / CHARS_A_TOKEN < TOKENS.get(name, USUAL)
    known = OURS | set(TOOLS) | set(instruments()) | set(PROFILES)
    assert {word for word in ENGLISH.findall(text) if word not in known} <= set(), name


def test_every_instruction_that_a_prompt_describes_can_be_parsed() -> None:
    for line in instruction_list().splitlines():
        if line.startswith("- "):
            kind = line[2:].partition("(")[0]
            assert kind in TOOLS and len(line) < 900
            fields = re.findall(r"(\w+): ", line.partition("(")[2].partition("): ")[0])
            assert set(fields) <= set(TOOLS[kind].model.model_fields)


def test_the_kit_is_written_as_it_is_read() -> None:
    for entry in kit_keys().split("; "):
        letters, _, name = entry.partition(" is ")
        assert any(abc_pitch(key) == letters and drum(key).name.lower() == name for key in range(27, 88))


def test_the_state_of_a_project_is_small() -> None:
    asks = (Ask(instruction=parse_instruction({"kind": "transpose", "semitones": 2}), words="up a tone"),)
    context = TurnContext(
        table=derive_table(waltz(), Brief(text="a waltz", title=Attribute(value="x"))),
        dialogue=tuple(PastTurn(turn=str(i), text="up a tone", asks=asks) for i in range(2)),
        versions=tuple(VersionNote(id=f"v{i}", number=i, parent=None, text="t", summary="s" * 200) for i in range(20)),
        locks=(Scope(tracks=("Piano",)),),
        preferences=("likes cellos",),
        can_undo=3,
    )
    assert context.table is not None
    text = table_lines(context.table) + context_lines(context)
    assert len(text) < 2_500 and "likes cellos" in text and '"tracks": ["Piano"]' in text
    assert "a waltz" not in brief_lines(Brief(text="a waltz"))


@pytest.mark.parametrize(
    "wish, card",
    [
        ("a slow blues in A for guitar trio", "The blues"),
        ("bossa nova, guitar", "Clave"),
        ("a string quartet", "Writing for strings"),
    ],
)
def test_knowledge_fits_the_wish_within_its_budget(wish: str, card: str) -> None:
    text = fitting_knowledge(wish)
    assert card in text and len(text.split()) <= BUDGET + 20


def test_no_knowledge_is_better_than_any() -> None:
    assert fitting_knowledge("☂") == ""
