"""What a brain knows when a turn begins, and what it makes of the person's words.

A brain reads words beside a `TurnContext` and gives an `Understanding`: a brief for a new piece, or asks for the piece that
is there, or one good question. Nothing here is carried out yet.
"""

from typing import Literal

from pydantic import Field, model_validator

from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief, Frozen, Notice
from ripieno.tools.registry import AnyInstruction
from ripieno.tools.scope import Scope


class Ask(Frozen):
    """One atomic instruction that the words ask for, with those words."""

    instruction: AnyInstruction
    words: str = ""


class Option(Frozen):
    """One way to understand the words: a short label to choose by, and what would then be done."""

    label: str
    asks: tuple[Ask, ...] = ()


class Question(Frozen):
    """A question back, where two readings would differ much. The first option is what is assumed if nobody answers.

    `about` is the stretch of the request that is in doubt. Without options any answer in words is expected.
    """

    text: str
    options: tuple[Option, ...] = ()
    about: str = ""


class Understanding(Frozen):
    """What the words mean.

    Attributes:
        intent: 'compose' (a new piece, described by `brief`) or 'edit' (everything else: changes, questions about the piece,
            undo and the like: `asks`, in the order in which they are to be done).
        brief: for 'compose' what was stated and inferred; else None.
        question: asked before anything is done; `asks` then holds what is certain already.
        unused: stretches of the words that had no effect.
        notices: assumptions and contradictions that the person should know of.
    """

    intent: Literal["compose", "edit"]
    brief: Brief | None = None
    asks: tuple[Ask, ...] = ()
    question: Question | None = None
    unused: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Understanding":
        if (self.intent == "compose") != (self.brief is not None):
            raise ValueError("a new piece has a brief, an edit has none")
        return self


class PastTurn(Frozen):
    """A turn of the conversation as later turns may refer to it.

    `asks` are what was understood (empty for a composition), `version` what the turn made (None: it changed nothing).
    """

    turn: str
    text: str
    reply: str = ""
    asks: tuple[Ask, ...] = ()
    version: str | None = None


class VersionNote(Frozen):
    """A version as words may point at it: 'the one before the drums'."""

    id: str
    number: int
    parent: str | None
    text: str  # the words of its turn
    summary: str = ""  # what changed against its parent, in words


class TurnContext(Frozen):
    """What there is when the words are read.

    Attributes:
        table: the attribute table of the version under the hand; None in a project without music.
        dialogue: the last turns, oldest first.
        versions: the last versions, oldest first.
        locks: what may not change.
        branch, branches: the branch under the hand, and all of them.
        can_undo, can_redo: how many turns can be taken back, or taken again.
        preferences: what is known of this person's taste, in words.
        asked: the question that `text` answers, with the words that led to it; None for an ordinary turn. A text that does not
            answer it is read as a request of its own.
    """

    table: AttributeTable | None = None
    dialogue: tuple[PastTurn, ...] = ()
    versions: tuple[VersionNote, ...] = ()
    locks: tuple[Scope, ...] = ()
    branch: str = "main"
    branches: tuple[str, ...] = ("main",)
    can_undo: int = Field(default=0, ge=0)
    can_redo: int = Field(default=0, ge=0)
    preferences: tuple[str, ...] = ()
    asked: tuple[str, Question] | None = None
