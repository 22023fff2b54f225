"""What a brain is: the part of the ensemble that understands language and chooses what to do.

The embedded brain works with lexicons and rules; a language model can take its place behind the same interface.
`tests/agents/brain_conformance.py` holds what both must keep.
"""

from collections.abc import Mapping
from typing import Protocol

from ripieno.agents.plan import Plan
from ripieno.agents.report import Report
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief
from ripieno.score.styles import StyleProfile


class Brain(Protocol):
    """Reads requests, plans instructions, words replies. No method writes anything."""

    name: str

    def conceive(self, text: str, table: AttributeTable | None, profiles: Mapping[str, StyleProfile]) -> Brief:
        """What the text states and implies; attributes that it says nothing about stay None.

        Raises:
            BadRequest: the text is empty or asks for the impossible.
        """
        ...

    def plan(self, brief: Brief, table: AttributeTable | None) -> Plan:
        """The atomic instructions that fulfil a complete brief, on the piece that `table` describes (None: a new one)."""
        ...

    def reply(self, report: Report) -> str:
        """A few sentences for the person: what was made, what was assumed, what could not be done."""
        ...
