"""The forms of the model's answers: the project's own values, so that nothing has to be translated: a `Brief`, and asks that
hold the same atomic instructions as everybody's; only what is not the model's business is taken out of their schema.
"""

from typing import Any

from pydantic import Field

from ripieno.agents.brains.llm.vocabulary import narrow
from ripieno.agents.understanding import Ask, Question
from ripieno.score.brief import Brief, Frozen
from ripieno.tools.registry import TOOLS

# Given by the program, never by a model: what composes from a whole brief, and what takes in files.
CLOSED = frozenset({"compose", "adopt"})
OPEN = tuple(kind for kind in TOOLS if kind not in CLOSED)
_NOT_ASKED = frozenset({"text", "notices"})  # of a brief: the program fills these in
MOST_ASKS = 24


class _Answer(Frozen):
    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The schema, without the closed instructions, and without the briefs that instructions may carry."""
        schema = super().model_json_schema(*args, **kwargs)
        definitions = schema["$defs"]
        for kind, tool in TOOLS.items():
            name = tool.model.__name__
            if kind in CLOSED:
                definitions.pop(name, None)
            elif name in definitions:
                definitions[name]["properties"].pop("brief", None)
                definitions[name]["required"] = ["kind"] + [r for r in definitions[name].get("required", ()) if r != "kind"]
        instruction = definitions["Ask"]["properties"]["instruction"]
        closed = {f"#/$defs/{TOOLS[kind].model.__name__}" for kind in CLOSED}
        instruction["oneOf"] = [option for option in instruction["oneOf"] if option["$ref"] not in closed]
        for field in _NOT_ASKED:
            definitions["Brief"]["properties"].pop(field)
        definitions.pop("Notice", None)
        narrow(definitions["Brief"], definitions)
        return schema


class Conception(_Answer):
    """A new piece: what is wanted of it, and what is to be done to it once it is composed.

    `opening` is one sentence to the person on what comes now.
    """

    brief: Brief
    asks: tuple[Ask, ...] = Field(default=(), max_length=MOST_ASKS)
    opening: str = Field(default="", max_length=300)


class Reading(_Answer):
    """A turn about a piece that is there: asks, a question back, or, where another piece is wanted, its brief."""

    asks: tuple[Ask, ...] = Field(default=(), max_length=MOST_ASKS)
    question: Question | None = None
    new_piece: Brief | None = None
    unused: tuple[str, ...] = Field(default=(), max_length=12)
    opening: str = Field(default="", max_length=300)
