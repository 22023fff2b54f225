"""The rule that turns ballots into a verdict.

1. Errors first. A candidate's faults are its errors (what must be mended: notes that cannot be played, a chord that is not
   played, a silent track) and the stated wishes that it does not meet. Fewer faults rank before more, whatever anybody
   likes better.
2. Taste second. Among candidates with equally many faults each ballot gives points by place: of n candidates the first
   gets n - 1, the last 0, tied ones share (J.-C. de Borda, 1781). Points count by the judge's weight and are added up.
3. Equal sums: the one with the higher weighted mean score, then the lower seed, then the id.
"""

from collections.abc import Sequence

from ripieno.agents.judges.base import Ballot, JudgedCandidate, Verdict
from ripieno.score.brief import Origin
from ripieno.score.checks.finding import list_words

RULE = (
    "Candidates with fewer errors and unmet wishes come first. Among equals every judge gives points by place, counted by "
    "the judge's weight; the highest sum wins; a tie goes to the higher scores, then to the lower seed."
)

# What a musician says of the candidate that a judge puts first, of one or several that it puts before it, and of what it
# looks at.
_WORDS = {
    "compliance": ("keeps closest to what was asked", "keeps closer to what was asked", "keep closer to what was asked",
                   "meeting the request"),
    "craft": ("is the most cleanly written", "is more cleanly written", "are more cleanly written", "cleanness of writing"),
    "style": ("sounds most like its style", "sounds more like its style", "sound more like their style", "style"),
    "taste": ("is most to your taste", "is more to your taste", "are more to your taste", "your taste"),
    "novelty": ("is most its own", "is more its own", "are more their own", "novelty"),
}  # fmt: skip


def faults(candidate: JudgedCandidate) -> int:
    """Errors besides those of the request, and stated wishes not met."""
    errors = sum(f.severity == "error" and not f.rule.startswith("request.") for f in candidate.findings)
    return errors + sum(row.origin is Origin.STATED and not row.ok for row in candidate.delivered)


def points(ballots: Sequence[Ballot], ids: Sequence[str]) -> dict[str, float]:
    """Weighted Borda points of `ids`, counted among these only."""
    total = dict.fromkeys(ids, 0.0)
    for ballot in ballots:
        place = 0
        for group in ballot.ranking:
            here = [id_ for id_ in group if id_ in total]
            if here:
                share = sum(len(total) - 1 - (place + k) for k in range(len(here))) / len(here)
                for id_ in here:
                    total[id_] += ballot.weight * share
                place += len(here)
    return total


def decide(candidates: Sequence[JudgedCandidate], ballots: Sequence[Ballot]) -> Verdict:
    """The verdict by the rule above.

    Raises:
        ValueError: there are no candidates.
    """
    if not candidates:
        raise ValueError("a verdict needs a candidate")
    by_id = {c.id: c for c in candidates}
    tiers: dict[int, list[str]] = {}
    for candidate in candidates:
        tiers.setdefault(faults(candidate), []).append(candidate.id)
    ranking: list[str] = []
    sums: dict[str, float] = {}
    for count in sorted(tiers):
        tier = points(ballots, tiers[count])
        sums |= tier
        ranking += sorted(tier, key=lambda i: (-round(tier[i], 9), -round(_mean(ballots, i), 9), by_id[i].seed, i))
    return Verdict(
        winner=ranking[0], ranking=tuple(ranking), reasons=tuple(_reasons(ranking, by_id, sums, ballots)),
        ballots=tuple(ballots), rule=RULE,
    )  # fmt: skip


def _mean(ballots: Sequence[Ballot], id_: str) -> float:
    weight = sum(b.weight for b in ballots)
    return sum(b.weight * b.scores.get(id_, 0.0) for b in ballots) / weight if weight else 0.0


def _reasons(
    ranking: Sequence[str], by_id: dict[str, JudgedCandidate], sums: dict[str, float], ballots: Sequence[Ballot]
) -> list[str]:
    winner, rest = ranking[0], ranking[1:]
    fewest = faults(by_id[winner])
    behind = [id_ for id_ in rest if faults(by_id[id_]) > fewest]
    equals = [id_ for id_ in rest if faults(by_id[id_]) == fewest]
    lines = []
    if fewest:
        lines.append(f"{winner} wins with {_count(fewest)}, the fewest of all")
    elif behind:
        lines.append(f"{winner} wins without an error; " + ", ".join(f"{i} has {_count(faults(by_id[i]))}" for i in behind))
    if equals:
        lines.append(_liked(winner, equals, ballots))
        lines.append(f"points: {sums[winner]:.1f} for {winner}, " + ", ".join(f"{sums[i]:.1f} for {i}" for i in equals))
    lines += [f"{b.judge}: {b.reasons[winner]}" for b in ballots if b.reasons.get(winner)]
    return lines or [f"{winner} is the only candidate"]


def _liked(winner: str, equals: Sequence[str], ballots: Sequence[Ballot]) -> str:
    """Why the winner came before those with as few faults: what it does best, what it shares, who beats it in what."""
    best, even, beaten = [], [], []
    for ballot in ballots:
        judge = ballot.judge
        gain, one, several, matter = _WORDS.get(
            judge, (f"is first for {judge}", f"comes before it for {judge}", f"come before it for {judge}", judge)
        )
        place = {id_: k for k, group in enumerate(ballot.ranking) for id_ in group}
        here = [i for i in equals if i in place]
        if winner not in place or not here:
            continue
        before = [i for i in here if place[i] < place[winner]]
        beside = [i for i in here if place[i] == place[winner]]
        if before:
            beaten.append(f"{list_words(before)} {several if before[1:] else one}")
        elif len(beside) == len(here):
            even.append(matter)
        else:
            best.append(gain + (f" (with {list_words(beside)})" if beside else ""))
    said = [f"{winner} {list_words(best)}"] if best else []
    if even:
        said.append(f"all are equal in {list_words(even)}")
    if beaten:
        said.append(("" if best else f"{winner} is the best on the whole, though ") + list_words(beaten))
    if not best and not beaten:
        return f"the candidates are equally good; {winner} comes first by its scores, then by its seed"
    return "; ".join(said)


def _count(number: int) -> str:
    return f"{number} error{'s' if number != 1 else ''} or unmet wish{'es' if number != 1 else ''}"
