"""What a brain is: the part of the ensemble that understands language and chooses what to do.

The embedded brain works with lexicons and rules; a language model can take its place behind the same interface.
`tests/agents/brain_conformance.py` holds what both must keep.
"""

from collections.abc import Mapping
from typing import Protocol

from ripieno.agents.plan import Plan
from ripieno.agents.report import Report
from ripieno.agents.understanding import TurnContext, Understanding
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief
from ripieno.score.styles import StyleProfile


class Brain(Protocol):
    """Reads requests, plans instructions, words replies. No method writes anything."""

    name: str

    def conceive(self, text: str, context: TurnContext, profiles: Mapping[str, StyleProfile]) -> Understanding:
        """What the text asks for, read beside the piece and the conversation so far.

        In the brief of a new piece, attributes that the text says nothing about stay None.

        Raises:
            BadRequest: the text is empty or asks for the impossible; the cure says what can be done instead.
        """
        ...

    def plan(self, understanding: Understanding, brief: Brief, table: AttributeTable | None) -> Plan:
        """The atomic instructions that fulfil what was understood.

        `brief` is complete: the new piece's, or that of the piece that `table` describes.
        """
        ...

    def reply(self, report: Report) -> str:
        """A few sentences for the person: what was made, what was assumed, what could not be done."""
        ...
