"""What every judge must do; `test_judges.py` runs it on each judge in the registry.

For a judge of your own: `conforms(MyJudge())`.
"""

from collections.abc import Sequence

from ripieno.agents.judges.base import TIE, Ballot, Judge, JudgedCandidate
from ripieno.score.brief import Attribute, Brief
from ripieno.score.checks.compliance import check_compliance
from ripieno.score.checks.registry import run_checks
from ripieno.score.instruments import Role
from ripieno.score.piece import Piece
from tests.score.makers import notes, piece, track

BRIEF = Brief(text="a waltz for flute", style=Attribute(value="waltz"), bars=Attribute(value=8), tonic=Attribute(value="C"))
TUNES = (
    "E5:1 D5:1 C5:2 A4:1 C5:1 F5:2 D5:1 B4:1 G4:2 E5:1 D5:1 C5:2 ",
    "G4:2 E5:1 C5:1 A4:2 F5:1 C5:1 B4:2 G5:1 D5:1 C5:3 r:1 ",
    "C#5:1 F#5:1 C#4:1 A#5:1 " * 4,
    "C5:4 C5:4 C5:4 C5:4 ",
)


def made(tune: str, times: int = 2) -> Piece:
    """A flute over a piano, four bars for each time."""
    return piece(
        track("flute", Role.LEAD, "flute", notes(tune, times=times)),
        track("piano", Role.CHORDS, "piano", notes("C3+G3+E4:4 F3+A3+C4:4 G3+B3+D4:4 C3+G3+C4:4 ", 64, times=times)),
        bars=4 * times, chords="C F G C",
    )  # fmt: skip


def candidates(brief: Brief = BRIEF) -> tuple[JudgedCandidate, ...]:
    """One good, one good but other, one full of wrong notes, one that hardly moves and is too short."""
    pieces = [made(tune) for tune in TUNES[:3]] + [made(TUNES[3], times=1)]
    return tuple(
        JudgedCandidate("abcd"[i], p, run_checks(p, brief), check_compliance(p, brief), seed=10 + i)
        for i, p in enumerate(pieces)
    )


def check_ballot(ballot: Ballot, judge: Judge, shown: Sequence[JudgedCandidate]) -> None:
    """The form of a ballot: everybody ranked once, scores in range and in the order of the ranking, reasons in words."""
    ids = [c.id for c in shown]
    assert ballot.judge == judge.name and ballot.weight == judge.weight > 0
    assert sorted(i for group in ballot.ranking for i in group) == sorted(ids)
    assert set(ballot.scores) == set(ids) == set(ballot.reasons)
    assert all(0.0 <= score <= 1.0 for score in ballot.scores.values())
    best = [max(ballot.scores[i] for i in group) for group in ballot.ranking]
    worst = [min(ballot.scores[i] for i in group) for group in ballot.ranking]
    assert all(worst[k] >= best[k + 1] - 1e-9 for k in range(len(best) - 1))
    assert all(b - w <= TIE for b, w in zip(best, worst, strict=True))
    assert all(reason and reason.strip() == reason and "_" not in reason for reason in ballot.reasons.values())


def conforms(judge: Judge) -> None:
    """The whole suite."""
    shown = candidates()
    past = (made(TUNES[1]),)
    ballot = judge.vote(shown, BRIEF, past)
    check_ballot(ballot, judge, shown)
    assert judge.vote(shown, BRIEF, past) == ballot, "the same question must get the same answer"
    turned = judge.vote(tuple(reversed(shown)), BRIEF, past)
    assert turned.scores == ballot.scores and turned.ranking == ballot.ranking, "the order of candidates must not matter"
    hashes = [c.piece.hash for c in shown]
    assert hashes == [c.piece.hash for c in candidates()], "a judge changes nothing"
    alone = judge.vote(shown[:1], BRIEF, ())
    check_ballot(alone, judge, shown[:1])
    check_ballot(judge.vote(shown, Brief(), ()), judge, shown)
    empty = JudgedCandidate("e", piece(bars=4))
    check_ballot(judge.vote((*shown, empty), BRIEF, ()), judge, (*shown, empty))
    renamed = tuple(JudgedCandidate(f"x{c.id}", c.piece, c.findings, c.delivered, c.seed) for c in shown)
    again = judge.vote(renamed, BRIEF, past)
    assert {i.removeprefix("x"): s for i, s in again.scores.items()} == ballot.scores, "names must not matter"
