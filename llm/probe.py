"""What a server can do, found out by asking it a few small things: for `ripieno doctor`."""

import time
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ripieno.llm.client import FORMS, Models, Question
from ripieno.llm.errors import MissingClient, ModelError, Unreachable
from ripieno.llm.messages import Message
from ripieno.llm.settings import Settings
from ripieno.llm.wire import Wire

State = Literal["yes", "no", "unknown"]
_ASK = (
    Message(role="system", content="You answer questions about music in one word."),
    Message(role="user", content="How many strings has a violin? Give the number and the name of the lowest."),
)
_WORDS = {
    "schema": ("structured outputs (response_format)", "the schema is sent as a tool, or in the prompt"),
    "tool": ("tool calls", "not needed where structured outputs are there"),
    "json": ("JSON by the prompt alone", "answers of this model will mostly fall to the embedded parts"),
}


class Row(BaseModel):
    """One thing that was tried: whether it is there, what was seen, and what is used instead where it is not."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: State
    seen: str = ""
    instead: str = ""


class _Strings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: int
    lowest: str


def probe(settings: Settings, model: str) -> tuple[Row, ...]:
    """All rows for one model, the server first. Costs about eight small calls."""
    rows = [_reach(settings, model)]
    if rows[0].state == "no":
        return tuple(rows)
    alone = settings.model_copy(update={"model": model, "roles": {}, "record": None, "replay": None, "tries": 1})
    for form in FORMS:
        name, instead = _WORDS[form]
        row = _form(alone.model_copy(update={"form": form}), name)
        rows.append(row if row.state == "yes" else row.model_copy(update={"instead": instead}))
    return (*rows, *_prose(alone))


def _reach(settings: Settings, model: str) -> Row:
    name = f"server at {settings.base_url}"
    models = Models(settings.model_copy(update={"record": None, "replay": None}))
    try:
        wire = models.transport
        assert isinstance(wire, Wire)
        wire.prepare()
        offered = models.loop.run(wire.models())
    except (MissingClient, Unreachable) as error:
        return Row(name=name, state="no", seen=error.message, instead="the embedded parts")
    except ModelError as error:
        return Row(name=name, state="unknown", seen=f"it does not list its models: {error.rule}")
    finally:
        models.close()
    if model in offered:
        return Row(name=name, state="yes", seen=f"it has {model}")
    return Row(name=name, state="unknown", seen=f"it does not list {model}; it offers {', '.join(offered[:8]) or 'nothing'}")


def _form(settings: Settings, name: str) -> Row:
    models = Models(settings)
    begun = time.monotonic()
    try:
        answered = models.talk().ask(Question("doctor", _ASK, _Strings, max_tokens=200))
        after = f" after {answered.repairs} repairs" if answered.repairs else ""
        return Row(name=name, state="yes", seen=f"a valid answer in {time.monotonic() - begun:.1f} s{after}")
    except ModelError as error:
        return Row(name=name, state="no", seen=error.message)
    finally:
        models.close()


def _prose(settings: Settings) -> tuple[Row, ...]:
    """Streaming, the seed, whether tokens are counted and prompts kept: from the same prose asked for twice."""
    models = Models(settings.model_copy(update={"temperature": 1.0}))
    first: list[float] = []
    try:
        talk = models.talk()
        begun = time.monotonic()
        texts = [talk.write("doctor", _ASK, lambda _: first.append(time.monotonic() - begun), max_tokens=64) for _ in range(2)]
        spent = talk.spent
    except ModelError as error:
        return (Row(name="streaming", state="no", seen=error.message, instead="the embedded reply"),)
    finally:
        models.close()
    same = texts[0] == texts[1]
    return (
        Row(name="streaming", state="yes" if len(first) > 2 else "unknown", seen=f"first words after {first[0]:.2f} s"),
        Row(
            name="seed",
            state="yes" if same else "no",
            seen="the same answer twice" if same else "another answer to the same question",
            instead="" if same else "cassettes replay a conversation exactly",
        ),
        Row(
            name="cached prompts",
            state="yes" if spent.cached_tokens else "unknown",
            seen=f"{spent.cached_tokens} of {spent.prompt_tokens} tokens of the prompts were cached",
        ),
    )
