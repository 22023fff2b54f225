"""The judge of novelty: how little a candidate is like the others, like the pieces made before, and like known tunes."""

from collections.abc import Sequence

from ripieno.agents.judges.base import Ballot, JudgedCandidate, ballot
from ripieno.agents.judges.tunes import known_tunes
from ripieno.score.analysis.copies import longest_copy
from ripieno.score.analysis.likeness import Likeness, fingerprint, likeness
from ripieno.score.analysis.reading import read
from ripieno.score.analysis.skyline import melody
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece

OPENING = 15  # notes: as much of a known tune as an opening may recall; beyond it is a quotation
ECHO = 0.3  # likeness from which a piece is an echo of another; pieces of one style and other seeds lie below 0.2
PAST_LIMIT = 50  # so many of the latest pieces are remembered
ASPECTS = {"melody": "tune", "progression": "harmony", "groove": "rhythm", "form": "form"}
# A like tune is what listeners notice; rhythm and form belong to the style and may be alike.
WEIGHTS = {"melody": 0.65, "progression": 0.25, "groove": 0.05, "form": 0.05}


class NoveltyJudge:
    """Scores 1 for a piece like no other, 0 for a copy.

    Counted are the mean likeness to the rivals, the likest of the past, and how far a quotation of a known tune goes on.
    """

    name = "novelty"
    weight = 0.6

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """See `Judge`."""
        prints = {c.id: fingerprint(read(c.piece)) for c in candidates}
        before = [(piece.title, fingerprint(read(piece))) for piece in past[-PAST_LIMIT:]]
        scores: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for candidate in candidates:
            own = prints[candidate.id]
            rivals = [(id_, likeness(own, other)) for id_, other in prints.items() if id_ != candidate.id]
            older = [(title, likeness(own, other)) for title, other in before]
            near = sum(_whole(like) for _, like in rivals) / len(rivals) if rivals else 0.0
            most = max((_whole(like) for _, like in older), default=0.0)
            quoted, _ = longest_copy(melody(read(candidate.piece)), known_tunes())
            excess = min(1.0, max(0, quoted - OPENING) / OPENING)
            scores[candidate.id] = max(0.0, 1.0 - 0.5 * near - 0.5 * most - 0.5 * excess)
            reasons[candidate.id] = f"{quoted} notes on end come from a known tune" if excess else _words(rivals, older)
        return ballot(self, scores, reasons)


def echoes(candidates: Sequence[Piece], others: Sequence[Piece]) -> tuple[Piece, ...]:
    """Those of the other pieces that a candidate is nearly a copy of (`ECHO`)."""
    prints = [fingerprint(read(piece)) for piece in candidates]
    return tuple(o for o in others if any(_whole(likeness(own, fingerprint(read(o)))) >= ECHO for own in prints))


def _whole(like: Likeness) -> float:
    return sum(weight * float(getattr(like, aspect)) for aspect, weight in WEIGHTS.items())


def _words(rivals: list[tuple[str, Likeness]], older: list[tuple[str, Likeness]]) -> str:
    if older:
        title, like = max(older, key=lambda row: (_whole(row[1]), row[0]))
        if like.melody > 0.25:
            return f"its tune shares {like.melody:.0%} of its turns with “{title}”, made before"
    if not rivals:
        return "like nothing made before" if older else "the first of its kind"
    name, like = max(rivals, key=lambda row: (_whole(row[1]), row[0]))
    if like.melody < 0.1 and like.progression < 0.5:
        return "a tune and a harmony of its own"
    strongest = max(("melody", "progression"), key=lambda a: float(getattr(like, a)))
    return f"nearest to {name}: its {ASPECTS[strongest]} is {float(getattr(like, strongest)):.0%} alike"
