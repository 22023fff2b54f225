"""The embedded brain: reads English with lexicons and grammar, plans by rule, words its replies from the report."""

import re
from collections.abc import Mapping

from ripieno.agents.brains.embedded.edit_reply import word_edit_reply
from ripieno.agents.brains.embedded.edits.reader import EditReader
from ripieno.agents.brains.embedded.reader import Reader
from ripieno.agents.brains.embedded.reply import word_reply
from ripieno.agents.plan import Plan, Step
from ripieno.agents.report import Report
from ripieno.agents.understanding import TurnContext, Understanding
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief, TempoChange
from ripieno.score.errors import BadRequest
from ripieno.score.styles import StyleProfile
from ripieno.tools.dynamics import ShapeDynamics
from ripieno.tools.make import Compose
from ripieno.tools.scope import Scope
from ripieno.tools.tempo import ChangeTempo

_TURN = re.compile(r"(?:undo|redo|unmute|unlock|go back|revert)\b", re.IGNORECASE)  # words that need a piece
_RITARDANDO_BARS = 2  # a slowing "at the end" takes the last bars
_ENDING_BARS = 4  # any other change "at the end"


class EmbeddedBrain:
    """The brain that works with nothing: no model, no network."""

    name = "embedded"

    def __init__(self, profiles: Mapping[str, StyleProfile]) -> None:
        self._reader = Reader(tuple(profiles.values()))
        self._edits = EditReader(self._style_of)

    def conceive(self, text: str, context: TurnContext, profiles: Mapping[str, StyleProfile]) -> Understanding:
        """See `Brain.conceive`."""
        if context.table is None:
            if _TURN.match(text.strip()):
                raise BadRequest("There is a piece to change or to go back in", value=text, cause="this project is empty",
                                 cure="say what you would like to hear, or import a file")  # fmt: skip
            return Understanding(intent="compose", brief=self._reader.read(text))
        if context.asked is None and self._edits.is_new_piece(text):
            return Understanding(intent="compose", brief=self._reader.read(text))
        return self._edits.read(text, context)

    def _style_of(self, words: str) -> str | None:
        brief = self._reader.read(f"a piece, style: {words}")
        return brief.style.value if brief.style and brief.style.confidence >= 0.5 else None

    def plan(self, understanding: Understanding, brief: Brief, table: AttributeTable | None) -> Plan:
        """For a new piece compose first, then, as exact instructions over the finished notes, changes of tempo and shapes of
        loudness. For an edit the asks, one after the other.
        """
        if understanding.intent == "edit":
            return _in_order(understanding)
        bare = brief.model_copy(update={"tempo_changes": (), "dynamics_shape": ()})
        steps = [Step(id="compose", instruction=Compose(brief=bare), why=brief.text or "a new piece")]
        for i, change in enumerate(brief.tempo_changes, 1):
            steps.append(
                Step(id=f"tempo{i}", instruction=_tempo_instruction(change), after=("compose",), why="tempo over time")
            )
        for i, shape in enumerate(brief.dynamics_shape, 1):
            scope = Scope(sections=(shape.section,)) if shape.section not in ("", "all", "end") else Scope()
            if shape.section == "end":
                scope = Scope(last_bars=_ENDING_BARS)
            instruction = ShapeDynamics.model_validate({"shape": shape.shape, "scope": scope})
            steps.append(Step(id=f"dynamics{i}", instruction=instruction, after=("compose",), why="loudness over time"))
        return Plan(steps=tuple(steps))

    def reply(self, report: Report) -> str:
        """See `Brain.reply`."""
        return word_reply(report) if report.intent == "compose" else word_edit_reply(report)


def _in_order(understanding: Understanding) -> Plan:
    steps: list[Step] = []
    for i, ask in enumerate(understanding.asks, 1):
        after = (steps[-1].id,) if steps else ()
        steps.append(Step(id=f"{ask.instruction.kind}{i}", instruction=ask.instruction, after=after, why=ask.words))
    return Plan(steps=tuple(steps))


def _tempo_instruction(change: TempoChange) -> ChangeTempo:
    if change.section == "end":
        scope = Scope(last_bars=_RITARDANDO_BARS if change.gradual else _ENDING_BARS)
    elif change.section in ("", "all"):
        scope = Scope()
    else:
        scope = Scope(sections=(change.section,))
    return ChangeTempo(scope=scope, bpm=change.bpm, factor=change.factor, gradual=change.gradual)
