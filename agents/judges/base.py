"""What a judge sees, what it says, and what every judge is.

To add a judge: a class with `name`, `weight` and `vote`, and a line in `registry.py`. The conformance suite
(`tests/agents/judge_conformance.py`) then runs on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ripieno.score.brief import Brief, Frozen
from ripieno.score.checks.delivered import Delivered
from ripieno.score.checks.finding import Finding
from ripieno.score.piece import Piece

TIE = 0.005  # scores nearer than this are a tie


@dataclass(frozen=True)
class JudgedCandidate:
    """A candidate as judges see it: the music, what the checks found, what of the request was delivered."""

    id: str
    piece: Piece
    findings: tuple[Finding, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    seed: int = 0


class Ballot(Frozen):
    """One judge's vote.

    Attributes:
        judge: its name.
        weight: how much it counts.
        ranking: ids best first; ids in one group are tied.
        scores: 0..1 by id, higher is better.
        reasons: by id, why, in a musician's words.
    """

    judge: str
    weight: float
    ranking: tuple[tuple[str, ...], ...]
    scores: dict[str, float]
    reasons: dict[str, str]


class Verdict(Frozen):
    """The outcome: the winner, all ids best first, the reasons in words, the ballots, and the rule that was applied."""

    winner: str
    ranking: tuple[str, ...]
    reasons: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    rule: str


class Judge(Protocol):
    """The contract. A judge is deterministic, reads no file but its own data, and changes nothing."""

    @property
    def name(self) -> str:
        """One word, such as 'craft'."""
        ...

    @property
    def weight(self) -> float:
        """How much its ballot counts, above 0."""
        ...

    def vote(self, candidates: Sequence[JudgedCandidate], brief: Brief, past: Sequence[Piece]) -> Ballot:
        """Ranks all candidates.

        Args:
            candidates: one or more, ids unique.
            brief: what was wanted.
            past: pieces made before for the same person, oldest first.
        """
        ...


def ballot(judge: Judge, scores: Mapping[str, float], reasons: Mapping[str, str]) -> Ballot:
    """A ballot from scores: sorted, scores nearer than `TIE` to the best of their group tied, ids in order within a tie."""
    groups: list[list[str]] = []
    best = 0.0
    for id_ in sorted(scores, key=lambda i: (-scores[i], i)):
        if groups and best - scores[id_] < TIE:
            groups[-1].append(id_)
        else:
            groups.append([id_])
            best = scores[id_]
    rounded = {id_: round(scores[id_], 4) for id_ in scores}
    ranking = tuple(tuple(sorted(group)) for group in groups)
    return Ballot(judge=judge.name, weight=judge.weight, ranking=ranking, scores=rounded, reasons=dict(reasons))
