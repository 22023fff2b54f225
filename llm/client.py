"""Models and talks with them: one `Models` for a session, one `Talk` for each turn.

A talk asks for answers that are pydantic models. The form in which a server takes the schema is found out by trying:
`response_format`, else a tool call, else the schema in the prompt. What does not fit, or does not pass the caller's check, is
sent back with the error, at most twice.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from ripieno.llm import retry
from ripieno.llm.cassette import Player, Recorder
from ripieno.llm.errors import Cancelled, Invalid, ModelError, Rejected
from ripieno.llm.loop import Loop
from ripieno.llm.messages import Call, Message, OnText, Reply, Transport
from ripieno.llm.schema import schema_of
from ripieno.llm.settings import Form, Settings
from ripieno.llm.spending import Meter, Spending
from ripieno.llm.wire import Wire

T = TypeVar("T", bound=BaseModel)
FORMS: tuple[Form, ...] = ("schema", "tool", "json")
REPAIRS = 2  # how often an invalid answer is sent back
_SHOWN = 6_000  # characters of an invalid answer that go back with it
_FAULTS = 8  # faults that are told at once
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class Faulty(ValueError):
    """What a caller's check finds in an answer of the right form: told to the model, which may answer anew."""


def _accept(answer: BaseModel) -> None:
    """A check that finds nothing."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """What a role is asked.

    Attributes:
        role: decides the model.
        messages: what is the same in every call comes first, so that servers can keep it.
        answer: the form of the answer.
        check: raises `Faulty` (or any ValueError) where an answer of that form is still wrong.
        max_tokens, temperature: None: as in the settings.
    """

    role: str
    messages: tuple[Message, ...]
    answer: type[T]
    check: Callable[[T], None] = _accept
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class Answered(Generic[T]):
    """An answer, and how often it was sent back before it was right."""

    value: T
    repairs: int = 0


@dataclass
class Models:
    """The models of a session: connections, and what was learnt of the servers. Nothing is connected before the first call."""

    settings: Settings
    loop: Loop = field(default_factory=Loop)
    forms: dict[str, Form] = field(default_factory=dict)  # by model: what worked
    transport: Transport = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        wire: Transport = Player(settings.replay) if settings.replay else Wire(settings)
        self.transport = Recorder(wire, settings.record, settings) if settings.record else wire

    def talk(self) -> "Talk":
        """A talk with a fresh budget."""
        return Talk(self)

    def close(self) -> None:
        """Lets go of connections and of the thread."""
        self.loop.run(self.transport.close())
        self.loop.close()


class Talk:
    """The calls of one turn. May be used from several threads."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._meter = Meter(models.settings.budget, models.settings.prices)
        self._down: dict[str, ModelError] = {}  # a model that failed for good is not tried again in this turn
        self._off = False

    @property
    def spent(self) -> Spending:
        """What was spent so far."""
        return self._meter.spent

    def ask(self, question: Question[T]) -> Answered[T]:
        """The answer.

        Raises:
            Invalid: it stayed wrong.
            ModelError: there is none.
        """
        return self._models.loop.run(self._ask(question))

    def together(self, questions: Sequence[Question[T]]) -> list[Answered[T] | ModelError]:
        """Answers to questions that don't depend on each other, asked at once; in place of a missing one its error."""

        async def all_of_them() -> list[Answered[T] | BaseException]:
            return await asyncio.gather(*(self._ask(q) for q in questions), return_exceptions=True)

        found: list[Answered[T] | ModelError] = []
        for one in self._models.loop.run(all_of_them()):
            if isinstance(one, BaseException) and not isinstance(one, ModelError):
                raise one
            found.append(one)
        return found

    def write(self, role: str, messages: tuple[Message, ...], on_text: OnText, *, max_tokens: int) -> str:
        """Prose. `on_text` is given the whole text so far, in the caller's thread, as it grows.

        Raises:
            ModelError: there is none.
        """
        news: SimpleQueue[str | None] = SimpleQueue()

        async def work() -> Reply:
            call = self._call(role, messages, max_tokens=max_tokens)
            told: list[str] = []

            def heard(piece: str) -> None:
                told.append(piece)
                news.put("".join(told))

            try:
                return await self._send(call, heard, told.clear)
            finally:
                news.put(None)

        def listen() -> None:
            while (text := news.get()) is not None:
                on_text(text)

        text = _THOUGHT.sub("", self._models.loop.run(work(), listen).text).strip()
        if not text:
            raise Invalid("An answer has words", value="an empty answer")
        return text

    def cancel(self) -> None:
        """Calls the talk off, from any thread: what runs ends at once, and nothing new begins."""
        self._off = True
        self._models.loop.cancel()

    # --- one call -----------------------------------------------------------------------------------------------------------

    async def _ask(self, question: Question[T]) -> Answered[T]:
        messages, fault = question.messages, ""
        for n in range(REPAIRS + 1):
            form, reply = await self._in_some_form(question, messages)
            try:
                value = question.answer.model_validate_json(_json_part(reply.text), strict=False)
                question.check(value)
                return Answered(value, n)
            except ValidationError as error:
                fault = _faults(error)
                if form == "schema" and not _is_json(reply.text) and not reply.cut:
                    self._models.forms[self._model(question)] = "json"  # the server took the schema and did not mind it
            except ValueError as error:
                fault = str(error)
            if reply.cut:
                fault = "The answer was cut off at its limit of tokens: be shorter. " + fault
            again = f"That answer is not valid:\n{fault}\nGive the whole answer again, corrected. Change nothing else."
            bad = Message(role="assistant", content=reply.text[:_SHOWN] or "(nothing)")
            messages = (*question.messages, bad, Message(role="user", content=again))
        raise Invalid(f"An answer is valid after it was sent back {REPAIRS} times", value=fault,
                      cause="the model does not keep to the form",
                      cure="use a larger model, or a server with structured outputs")  # fmt: skip

    async def _in_some_form(self, question: Question[T], messages: tuple[Message, ...]) -> tuple[Form, Reply]:
        """The reply in the form that the server takes; which one is remembered once it worked."""
        model, known = self._model(question), self._models.settings.form
        first = known or self._models.forms.get(model, FORMS[0])
        forms = (first,) if known else FORMS[FORMS.index(first) :]
        for form in forms:
            call = self._call(question.role, messages, form=form, question=question)
            try:
                reply = await self._send(call)
            except Rejected as error:
                if form == forms[-1]:
                    self._down[model] = error
                    raise
                continue
            if form == "tool" and not reply.text and form != forms[-1]:
                continue  # the server does not know tools and answered without
            self._models.forms[model] = form
            return form, reply
        raise AssertionError("the last form answers or raises")

    def _call(
        self,
        role: str,
        messages: tuple[Message, ...],
        *,
        form: Form | None = None,
        question: Question[T] | None = None,
        max_tokens: int | None = None,
    ) -> Call:
        settings = self._models.settings
        schema = schema_of(question.answer) if question else ""
        if form == "json":
            words = f"\n\nAnswer with one JSON object and nothing else. It fits this JSON schema:\n{schema}"
            messages = (messages[0].model_copy(update={"content": messages[0].content + words}), *messages[1:])
        temperature = question.temperature if question and question.temperature is not None else settings.temperature
        return Call(
            model=settings.model_of(role), messages=messages, form=form or "text",
            schema_text=schema if form in ("schema", "tool") else "", temperature=temperature, seed=settings.seed,
            name=question.answer.__name__ if question else "answer",
            max_tokens=max_tokens or (question.max_tokens if question else None) or settings.answer_tokens,
        )  # fmt: skip

    async def _send(self, call: Call, on_text: OnText = lambda _: None, begin: Callable[[], None] = lambda: None) -> Reply:
        if self._off:
            raise Cancelled("A turn goes on until it is called off", cause="somebody called it off")
        if call.model in self._down:
            raise self._down[call.model]
        try:
            return await retry.send(self._models.transport, call, on_text, self._meter, self._models.settings.tries, begin)
        except ModelError as error:
            if error.lasting:
                self._down[call.model] = error
            raise

    def _model(self, question: Question[T]) -> str:
        return self._models.settings.model_of(question.role)


def _json_part(text: str) -> str:
    """The answer without a model's thoughts before it and a fence around it."""
    text = _THOUGHT.sub("", text)
    fenced = _FENCE.match(text)
    return fenced.group(1) if fenced else text.strip()


def _is_json(text: str) -> bool:
    try:
        json.loads(_json_part(text))
    except (ValueError, RecursionError):
        return False
    return True


def _faults(error: ValidationError) -> str:
    """What is wrong where, one line each."""
    rows = error.errors(include_url=False, include_context=False)
    lines = []
    for row in rows[:_FAULTS]:
        where = ".".join(str(part) for part in row["loc"]) or "the answer"
        given = json.dumps(row["input"], default=str, ensure_ascii=False)[:120] if row["type"] != "missing" else ""
        lines.append(f"- {where}: {row['msg']}" + (f" (given: {given})" if given else ""))
    if len(rows) > _FAULTS:
        lines.append(f"- and {len(rows) - _FAULTS} more")
    return "\n".join(lines)
