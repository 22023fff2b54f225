"""A clause with everything that was found in it, and what an action makes of it."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ripieno.agents.brains.embedded.edits.amounts import degree
from ripieno.agents.brains.embedded.edits.players import TracksFound, find_tracks, sections_spelled
from ripieno.agents.brains.embedded.edits.times import find_time
from ripieno.agents.understanding import TurnContext
from ripieno.memory.table import AttributeTable, SectionRow, TrackRow

Data = dict[str, Any]  # an instruction as plain data
_PRONOUN = re.compile(
    r"\b(?:something (?:else|different|new)|it|that|this|them|those|these|that one|this one|that part|this part|the same (?:one|part|track))\b"
)
_WHOLE = re.compile(
    r"\b(?:the (?:whole|entire) (?:thing|piece|song|track|tune)|the (?:piece|song|music)|all of it|everything|overall|the whole lot)\b"
)


@dataclass(frozen=True)
class Clause:
    """One wish.

    Attributes:
        text: the cleaned words.
        rest: the words with places taken out, tracks as `<t>`, other instruments as `<i>`.
        found: the tracks and instruments.
        time: fields of a scope.
        degree: how much of the usual amount.
        context: what there is.
        named: whether the clause itself names a track or a place (else they come from what was said before).
    """

    text: str
    rest: str
    found: TracksFound
    time: Data
    degree: float
    context: TurnContext
    carried: tuple[str, ...] = ()
    carried_time: Data = field(default_factory=dict)

    @property
    def table(self) -> AttributeTable:
        """The table of the piece."""
        assert self.context.table is not None
        return self.context.table

    @property
    def tracks(self) -> tuple[str, ...]:
        """Ids of the tracks meant: those named, or those that a pronoun points at."""
        if self.found.tracks or self.found.everything:
            return self.found.tracks
        return self.carried

    def rows(self) -> tuple[TrackRow, ...]:
        """The rows of the tracks meant; all where none is named."""
        return tuple(t for t in self.table.tracks if not self.tracks or t.id in self.tracks)

    def scope(self, *, tracks: tuple[str, ...] | None = None, time: bool = True) -> Data:
        """The scope as data."""
        of_all = tracks == ()  # what concerns every track: 'it' is then the piece, not the place of the turn before
        given: Data = dict(self.time or ({} if of_all else self.carried_time)) if time else {}
        chosen = self.tracks if tracks is None else tracks
        if self.found.but and tracks is None:
            given["but_tracks"] = self.found.but
        elif chosen and set(chosen) != {t.id for t in self.table.tracks}:
            given["tracks"] = chosen
        if self.found.drums and tracks is None and time:
            given["drums"] = self.found.drums
        return given

    def has(self, pattern: str) -> bool:
        """Whether the clause's rest holds a pattern."""
        return re.search(pattern, self.rest) is not None


def read_clause(text: str, context: TurnContext, tracks: tuple[str, ...], time: Data) -> Clause:
    """Finds everything in a clause; `tracks` and `time` are what pronouns and silence point at."""
    assert context.table is not None
    text = sections_spelled(text, context.table)
    placed = find_time(text, context.table)
    found = find_tracks(placed.rest, context.table)
    amount, rest = degree(found.rest)
    there = bool(time) and not placed.scope and re.search(r"\b(?:there|at that (?:point|place|spot)|(?:in|at|for) that (?:section|part|bit))\b", rest)
    clause = Clause(text, rest, found, time if there else placed.scope, amount, context)
    if not found.tracks and not found.everything and _PRONOUN.search(rest) and not _WHOLE.search(text):
        clause = replace(clause, carried=tracks, carried_time=time)
    return clause


def sections_meant(time: Data, table: AttributeTable) -> list[SectionRow]:
    """The sections that a scope names, as `Scope.sections_meant` finds them in the piece; none where it has not so many."""
    names = {n.lower() for n in time.get("sections", ())}
    rows = [s for s in table.sections if {s.name.lower(), s.name.lower().rstrip(" 0123456789"), s.label.lower()} & names]
    nth = time.get("nth")
    return (rows[nth - 1 : nth] if nth > 0 else rows[nth:][:1]) if nth else rows


def section_starts(time: Data, table: AttributeTable) -> list[int]:
    """Where the sections of a scope begin, but for one that opens the piece."""
    return [s.first_bar - 1 for s in sections_meant(time, table) if s.first_bar > 1]


def first_section_bar(time: Data, table: AttributeTable) -> int:
    """Where the first section of a scope begins; 0 where there is none."""
    rows = sections_meant(time, table)
    return rows[0].first_bar - 1 if rows else 0
