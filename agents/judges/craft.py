"""The judge of craft: what the checks found, weighed by how bad it is and by the length of the piece."""

import math
from collections import Counter
from collections.abc import Sequence

from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece

COSTS = {"error": 6.0, "warning": 2.0, "advice": 0.5}
HALF = 12.0  # so much cost in 32 bars halves the score
RULE_LIMIT = 5  # findings of one rule beyond this count no more: a habit is one fault, not twenty


class CraftJudge:
    """Scores 1 for a piece without findings, falling with their cost."""

    name = "craft"
    weight = 1.5

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        scores: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for candidate in candidates:
            craft = [f for f in candidate.findings if not f.rule.startswith("request.")]
            seen: Counter[str] = Counter()
            cost = 0.0
            for finding in craft:
                seen[finding.rule] += 1
                if seen[finding.rule] <= RULE_LIMIT:
                    cost += COSTS[finding.severity]
            length = max(16, candidate.piece.bars) / 32
            scores[candidate.id] = math.exp2(-cost / (HALF * length))
            if craft:
                worst = min(craft, key=lambda f: (-COSTS[f.severity], f.bars, f.rule))
                reasons[candidate.id] = f"{len(craft)} thing{'s' if len(craft) > 1 else ''} to mark, such as: {worst.message}"
            else:
                reasons[candidate.id] = "nothing to mark"
        return ballot(self, scores, reasons)
