"""The `Report` of a turn: what was asked and what was delivered, the candidates, the ballots, and the reasons."""

from typing import Literal

from ripieno.agents.judges.base import Verdict
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Frozen, Notice
from ripieno.score.checks.delivered import Delivered
from ripieno.score.checks.finding import Finding
from ripieno.tools.ask import Answer


class CandidateSummary(Frozen):
    """One candidate as the report shows it."""

    id: str
    generator: str
    seed: int
    errors: int
    warnings: int
    advice: int
    repairs_kept: int
    repairs_tried: int
    trail: tuple[str, ...] = ()


class Decision(Frozen):
    """Who took a decision of the turn, where a language model was set.

    Attributes:
        agent, what: such as 'Expert', 'reads the request'.
        by: the model; 'embedded' where the embedded part stood in.
        note: why it stood in.
        calls, prompt_tokens, cached_tokens, answer_tokens, money: what was spent on it, tries and repairs included.
    """

    agent: str
    what: str
    by: str
    note: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    answer_tokens: int = 0
    money: float = 0.0


class Outcome(Frozen):
    """What became of one step of the plan. `note`: why it was not done, or that nothing had to change."""

    step: str
    kind: str
    words: str
    done: bool
    note: str = ""


class Report(Frozen):
    """All that a person needs to judge a turn. `unmet` are the rows of `delivered` that were asked for and not met.

    Attributes:
        intent: 'compose' for a new piece, 'edit' for a change, 'ask' where only questions were answered, 'turn' for undo and
            the like alone, 'declined' where the person did not agree to the plan.
        outcomes: what became of each instruction.
        changes: the musical difference to the version before, in words; empty for a new piece.
        answers: to questions about the piece.
        moved: undo and the like, in words.
        verdict: None where nothing was voted on.
        decisions: who decided what, where a language model was set; else empty.
        findings: what a teacher would still mark; of an edit only what the version before did not have.
    """

    request: str
    intent: Literal["compose", "edit", "ask", "turn", "declined"] = "compose"
    title: str
    seed: int
    style: str
    delivered: tuple[Delivered, ...]
    notices: tuple[Notice, ...]
    unused: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = ()
    changes: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    moved: tuple[str, ...] = ()
    candidates: tuple[CandidateSummary, ...]
    verdict: Verdict | None
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...] = ()
    table: AttributeTable

    @property
    def unmet(self) -> tuple[Delivered, ...]:
        """What was stated and not delivered."""
        return tuple(d for d in self.delivered if d.origin == "stated" and not d.ok)
