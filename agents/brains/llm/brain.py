"""The brain that asks a language model, and has the embedded one beside it.

The same interface, the same values. Each decision for which the model gives no valid answer is taken by the embedded brain, and
the account of the turn says so. Turns that the rules read without doubt (undo, a number that answers a question) cost no call.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from ripieno.agents.brains.base import Brain
from ripieno.agents.brains.llm.account import Account
from ripieno.agents.brains.llm.answers import Conception, Reading
from ripieno.agents.brains.llm.checking import check_conception, check_reading, quoted
from ripieno.agents.brains.llm.facts import certain_facts, facts
from ripieno.agents.brains.llm.rendering import brief_lines, context_lines, data, ground, table_lines
from ripieno.agents.choices import revised
from ripieno.agents.plan import Plan, Step
from ripieno.agents.report import Report
from ripieno.agents.understanding import TurnContext, Understanding
from ripieno.agents.wording import instruction_words
from ripieno.llm.client import Question, Talk
from ripieno.llm.errors import ModelError
from ripieno.llm.messages import Message
from ripieno.memory.table import AttributeTable
from ripieno.prompts.library import render
from ripieno.score.brief import Brief, Frozen, Notice
from ripieno.score.errors import BadRequest
from ripieno.score.styles import StyleProfile
from ripieno.tools.registry import family

Tell = Callable[[str], None]
T = TypeVar("T", bound=Frozen)
_REQUEST = 4_000  # characters of a request that are sent
_REPLY_TOKENS, _REPLY_CHARS = 400, 1_600
_SENTENCE = re.compile(r".*[.!?](?=\s|$)", re.DOTALL)


class LanguageModelBrain:
    """A `Brain` for one turn. `tell` is given the first words to the person as soon as the plan is known, then the reply as it
    grows; `words` False leaves the reply to the embedded brain."""

    def __init__(self, talk: Talk, account: Account, embedded: Brain, model: str, tell: Tell, *, words: bool = True) -> None:
        self.name = f"language model {model}"
        self._talk, self._account, self._embedded, self._model = talk, account, embedded, model
        self._tell, self._words = tell, words

    def conceive(self, text: str, context: TurnContext, profiles: Mapping[str, StyleProfile]) -> Understanding:
        """See `Brain.conceive`."""
        first = self._first(text, context, profiles)
        if isinstance(first, Understanding) and (len(text) > _REQUEST or _certain(first, context)):
            return first
        try:
            with self._account.deciding("Expert", "reads the request", self._model):
                if context.table is None:
                    return self._conception(text, first, profiles)
                return self._reading(text, first, context, profiles)
        except ModelError as error:
            if isinstance(first, BadRequest):
                raise first from None
            notice = Notice(about="language model", message=f"the embedded reader read the request instead. {error.rule}")
            if first.brief is None:
                return first.model_copy(update={"notices": (*first.notices, notice)})
            return first.model_copy(update={"brief": revised(first.brief, {"notices": (*first.brief.notices, notice)})})

    def _first(self, text: str, context: TurnContext, profiles: Mapping[str, StyleProfile]) -> Understanding | BadRequest:
        """The embedded reading. What it cannot make out of a turn the model may; what it refuses of a new piece is refused
        before anything is spent."""
        try:
            return self._embedded.conceive(text, context, profiles)
        except BadRequest as error:
            if context.table is None or not text.strip() or len(text) > _REQUEST:
                raise
            return error

    def plan(self, understanding: Understanding, brief: Brief, table: AttributeTable | None) -> Plan:
        """The embedded brain's plan of what was understood; of a new piece, also what was asked to be done to it."""
        plan = self._embedded.plan(understanding, brief, table)
        if understanding.intent == "edit":
            return plan
        steps = list(plan.steps)
        for i, ask in enumerate(understanding.asks, 1):
            step = Step(id=f"then{i}", instruction=ask.instruction, after=tuple(s.id for s in steps), why=ask.words)
            steps.append(step)
        return Plan(steps=tuple(steps))

    def reply(self, report: Report) -> str:
        """See `Brain.reply`. What was not done or not delivered is always added in the program's own words."""
        if not self._words or report.intent == "declined":
            return self._embedded.reply(report)
        messages = (
            Message(role="system", content=render("reply")),
            Message(role="user", content=facts(report)),
        )
        told = ""

        def listen(so_far: str) -> None:
            nonlocal told
            whole = _SENTENCE.match(so_far)
            if whole and whole.group(0) != told:
                told = whole.group(0)
                self._tell(told)

        try:
            with self._account.deciding("Memory", "words the reply", self._model):
                said = self._talk.write("reply", messages, listen, max_tokens=_REPLY_TOKENS)
        except ModelError:
            return self._embedded.reply(report)
        flat = " ".join(said.replace("⟦", "").replace("⟧", "").split())
        if len(flat) > _REPLY_CHARS:
            flat = flat[: _REPLY_CHARS - 1] + "…"
        return " ".join([flat, *certain_facts(report)])

    # --- reading ------------------------------------------------------------------------------------------------------------

    def _conception(self, text: str, first: Understanding | BadRequest, profiles: Mapping[str, StyleProfile]) -> Understanding:
        user = (
            f"A first reading by rules, often right, sometimes blind: {_shown(first)}\n\nThe request:\n{data(text, _REQUEST)}"
        )
        question = Question(
            "expert", self._messages("conceive", user, profiles), Conception, lambda a: check_conception(a, text, profiles)
        )
        answer = self._talk.ask(question).value
        self._tell(answer.opening) if answer.opening else None
        return Understanding(intent="compose", brief=_own(answer.brief, text), asks=answer.asks)

    def _reading(
        self, text: str, first: Understanding | BadRequest, context: TurnContext, profiles: Mapping[str, StyleProfile]
    ) -> Understanding:
        assert context.table is not None
        lines = [table_lines(context.table), context_lines(context)]
        if context.asked is not None:
            options = "; ".join(f"{i}. {data(o.label)}" for i, o in enumerate(context.asked[1].options, 1))
            lines.append(
                f"You asked {data(context.asked[1].text, 300)} about {data(context.asked[0], 300)}. Options: {options}."
            )
        lines += [
            f"A first reading by rules, often right, sometimes blind: {_shown(first)}",
            "",
            "The request:",
            data(text, _REQUEST),
        ]
        question = Question(
            "expert",
            self._messages("read_turn", "\n".join(lines), profiles),
            Reading,
            lambda a: check_reading(a, text, context, profiles),
        )
        answer = self._talk.ask(question).value
        if answer.opening and answer.question is None:
            self._tell(answer.opening)
        if answer.new_piece is not None:
            return Understanding(intent="compose", brief=_own(answer.new_piece, text))
        unused = tuple(words for words in answer.unused if quoted(words, (text,)))
        return Understanding(intent="edit", asks=answer.asks, question=answer.question, unused=unused)

    def _messages(self, task: str, user: str, profiles: Mapping[str, StyleProfile]) -> tuple[Message, ...]:
        """What never changes first, so that servers can keep it."""
        return (
            Message(role="system", content=f"{ground(profiles)}\n\n{render(task)}"),
            Message(role="user", content=user),
        )


def _certain(first: Understanding, context: TurnContext) -> bool:
    """Whether the rules left no doubt: nothing but undo and the like, read without rest."""
    if context.table is None or first.intent != "edit" or first.question or first.unused or not first.asks:
        return False
    answered = context.asked is not None and any(o.asks == first.asks for o in context.asked[1].options)
    return answered or all(family(a.instruction.kind) == "turn" for a in first.asks)


def _own(brief: Brief, text: str) -> Brief:
    """The model's brief with the words of the request."""
    unused = tuple(words for words in brief.unused if quoted(words, (text,)))
    return revised(brief, {"text": text, "unused": unused, "notices": ()})


def _shown(first: Understanding | BadRequest) -> str:
    if isinstance(first, BadRequest):
        return f"none, for they say: {data(first.message, 500)}"
    if first.brief is not None:
        return brief_lines(first.brief)
    asks = "; ".join(instruction_words(a.instruction) for a in first.asks) or "nothing"
    unused = f"; not understood: {', '.join(first.unused)}" if first.unused else ""
    question = f"; in doubt: {first.question.text}" if first.question else ""
    return data(asks + unused + question, 600)
