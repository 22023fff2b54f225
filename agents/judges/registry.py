"""The list of judges. Adding one is a line here."""

from ripieno.agents.judges.base import Judge
from ripieno.agents.judges.compliance import ComplianceJudge
from ripieno.agents.judges.craft import CraftJudge
from ripieno.agents.judges.novelty import NoveltyJudge
from ripieno.agents.judges.style_fit import StyleFitJudge


def build_judges() -> tuple[Judge, ...]:
    """The judges of a session, in the order in which they vote."""
    return (ComplianceJudge(), CraftJudge(), StyleFitJudge(), NoveltyJudge())
