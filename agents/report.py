"""The `Report` of a turn: what was asked and what was delivered, the candidates, the ballots, and the reasons."""

from ripieno.agents.judges.base import Verdict
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Frozen, Notice
from ripieno.score.checks.delivered import Delivered
from ripieno.score.checks.finding import Finding


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


class Report(Frozen):
    """All that a person needs to judge a turn. `unmet` are the rows of `delivered` that were asked for and not met."""

    request: str
    title: str
    seed: int
    style: str
    delivered: tuple[Delivered, ...]
    notices: tuple[Notice, ...]
    unused: tuple[str, ...]
    candidates: tuple[CandidateSummary, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    table: AttributeTable

    @property
    def unmet(self) -> tuple[Delivered, ...]:
        """What was stated and not delivered."""
        return tuple(d for d in self.delivered if d.origin == "stated" and not d.ok)
