"""Minds for the test server: what stands in for a language model's weights. They see only what a model would see."""

import json
import re
from collections.abc import Callable
from typing import Any

from ripieno.agents.brains.embedded.brain import EmbeddedBrain
from ripieno.agents.understanding import Ask, TurnContext
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.styles import StyleProfile

_REQUEST = re.compile(r"The request:\n⟦(.*?)⟧", re.DOTALL)


def request_of(request: dict[str, Any]) -> str:
    """The person's words in a call to the Expert."""
    found = _REQUEST.search(next(m["content"] for m in request["messages"] if m["role"] == "user"))
    assert found is not None
    return found.group(1)


def reads_a_new_piece(request: dict[str, Any]) -> bool:
    """Whether a call asks for the brief of a new piece."""
    return "# Your task: the brief of a new piece" in request["messages"][0]["content"]


class RuleMind:
    """Reads as the embedded brain does, and answers as a model must: through JSON, with exact quotations. `context` is what it
    knows of the project, for edits; `brain` tells it how to reply in words."""

    def __init__(self, profiles: dict[str, StyleProfile], context: Callable[[], TurnContext] = TurnContext) -> None:
        self._profiles, self._context, self._brain = profiles, context, EmbeddedBrain(profiles)

    def __call__(self, request: dict[str, Any]) -> str:
        """The answer to a call."""
        if "# Your task" not in request["messages"][0]["content"]:
            return "It is done. The facts say the rest."
        text = request_of(request)
        if reads_a_new_piece(request):
            brief = self._brain.conceive(text, TurnContext(), self._profiles).brief
            assert brief is not None
            return json.dumps({"brief": plain(brief, text), "opening": "I set out to write it."})
        try:
            understood = self._brain.conceive(text, self._context(), self._profiles)
        except BadRequest:
            return json.dumps({"question": {"text": "What do you mean?"}})
        question = understood.question
        dumped: dict[str, Any] = {"asks": [asked(a, text) for a in understood.asks], "unused": understood.unused}
        if question is not None:
            options = [{"label": o.label, "asks": [asked(a, text) for a in o.asks]} for o in question.options]
            dumped["question"] = {"text": question.text, "options": options}
        if not dumped.get("asks") and not dumped.get("question"):
            dumped["question"] = {"text": "What do you mean?"}
        return json.dumps(dumped)


def asked(ask: Ask, text: str) -> dict[str, Any]:
    """An ask as a model would write it."""
    fields = ask.instruction.model_dump(mode="json", exclude_defaults=True)
    return {"instruction": {"kind": ask.instruction.kind, **fields}, "words": text}


def plain(brief: Brief, text: str) -> dict[str, Any]:
    """A brief as a model would write it: stated attributes quote the request."""
    out = brief.model_dump(mode="json", exclude_defaults=True, exclude={"text", "notices"})
    for name, row in out.items():
        value = getattr(brief, name)
        if isinstance(value, Attribute):
            row["value"] = row.get("value", value.model_dump(mode="json")["value"])
            if value.origin is Origin.STATED and value.words.lower() not in text.lower():
                row["words"] = text
    return out
