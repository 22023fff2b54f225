"""The judge of compliance: how much of what was asked for is there."""

from collections.abc import Sequence

from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.score.brief import Brief, Origin
from ripieno.score.piece import Piece

# A wish that was stated weighs most; a default that came out differently hardly matters.
WEIGHTS = {Origin.STATED: 1.0, Origin.INFERRED: 0.5, Origin.DEFAULT: 0.1}


class ComplianceJudge:
    """Scores the weighted share of requested attributes that were met."""

    name = "compliance"
    weight = 1.0

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        scores: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for candidate in candidates:
            rows = candidate.delivered
            total = sum(WEIGHTS[row.origin] for row in rows)
            met = sum(WEIGHTS[row.origin] for row in rows if row.ok)
            scores[candidate.id] = met / total if total else 1.0
            missed = [row for row in rows if not row.ok and row.origin is not Origin.DEFAULT]
            asked = sum(row.origin is not Origin.DEFAULT for row in rows)
            if missed:
                what = "; ".join(
                    f"{row.attribute.replace('_', ' ')}: {row.requested} asked, {row.delivered}" for row in missed[:3]
                )
                reasons[candidate.id] = f"misses {len(missed)} of {asked} wishes ({what})"
            else:
                reasons[candidate.id] = f"meets all {asked} wishes" if asked else "nothing was asked for that it could miss"
        return ballot(self, scores, reasons)
