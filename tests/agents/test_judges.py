"""The judges, each by the conformance suite and by what it is for; and the rule that turns ballots into a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripieno.agents.judges.base import Ballot, Judge, JudgedCandidate, ballot
from ripieno.agents.judges.compliance import ComplianceJudge
from ripieno.agents.judges.craft import CraftJudge
from ripieno.agents.judges.novelty import NoveltyJudge
from ripieno.agents.judges.registry import build_judges
from ripieno.agents.judges.statistics import kind_of, kinds
from ripieno.agents.judges.style_fit import StyleFitJudge, distance_fit, scalar_fit
from ripieno.agents.judges.tunes import known_tunes
from ripieno.agents.judges.verdict import decide, faults, points
from ripieno.score.brief import Attribute, Brief, Origin
from ripieno.score.checks.delivered import Delivered
from ripieno.score.checks.finding import Finding, Severity
from ripieno.score.instruments import Role
from tests.agents.judge_conformance import BRIEF, TUNES, candidates, conforms, made
from tests.score.makers import notes, piece, track


@pytest.mark.parametrize("judge", build_judges(), ids=lambda judge: judge.name)
def test_every_judge_conforms(judge: Judge) -> None:
    conforms(judge)


def test_judges_have_names_of_their_own() -> None:
    names = [judge.name for judge in build_judges()]
    assert len(set(names)) == len(names)


def test_compliance_prefers_what_was_asked_for() -> None:
    vote = ComplianceJudge().vote(candidates(), BRIEF, ())
    assert vote.ranking[-1] == ("d",) and "bars" in vote.reasons["d"]


def test_craft_prefers_the_clean_piece() -> None:
    vote = CraftJudge().vote(candidates(), BRIEF, ())
    assert vote.scores["c"] < vote.scores["a"]
    assert "such as" in vote.reasons["c"]


def test_style_prefers_the_tune_that_moves_like_real_ones() -> None:
    vote = StyleFitJudge().vote(candidates(), BRIEF, ())
    assert min(vote.scores["a"], vote.scores["b"]) > max(vote.scores["c"], vote.scores["d"])
    assert "real pieces" in vote.reasons["a"]


def test_a_style_without_real_music_of_its_kind_is_judged_by_tunes_alone() -> None:
    assert kind_of("bossa_nova") is None
    vote = StyleFitJudge().vote(candidates(), Brief(style=Attribute(value="bossa_nova")), ())
    assert "tunes" in vote.reasons["a"]


def test_novelty_sees_a_copy_of_a_rival_and_of_the_past() -> None:
    first, second = candidates()[:2]
    copy = JudgedCandidate("z", first.piece)
    vote = NoveltyJudge().vote((first, second, copy), BRIEF, ())
    assert vote.scores["b"] > vote.scores["a"] == vote.scores["z"]
    known = NoveltyJudge().vote((first, second), BRIEF, (made(TUNES[0]),))
    assert known.scores["b"] > known.scores["a"] and "made before" in known.reasons["a"]


def test_novelty_knows_tunes_of_the_world() -> None:
    amazing_grace = (
        "r:2 D4:1 G4:2 B4:.5 G4:.5 B4:2 A4:1 G4:2 E4:1 D4:2 D4:1 G4:2 B4:.5 G4:.5 B4:2 A4:1 D5:5 B4:1 D5:1.5 B4:.5 "
        "D5:.5 B4:.5 G4:2 D4:1 E4:1.5 G4:.5 G4:.5 E4:.5 D4:2 D4:1 G4:2 B4:.5 G4:.5 B4:2 A4:1 G4:5 r:1"
    )
    assert known_tunes().tunes > 1000
    known = JudgedCandidate("a", piece(track("flute", Role.LEAD, "flute", notes(amazing_grace)), bars=12))
    vote = NoveltyJudge().vote((known, candidates()[1]), BRIEF, ())
    assert "known tune" in vote.reasons["a"]
    assert vote.scores["a"] < vote.scores["b"] - 0.2


def test_the_statistics_are_whole() -> None:
    assert len(kinds()) >= 6
    for kind in kinds().values():
        assert kind.pieces >= 30
        assert all(list(q) == sorted(q) for q in kind.scalars.values())
        assert all(mean.sum() == pytest.approx(1.0, abs=0.01) for mean in kind.means.values())


@given(st.floats(-10, 10), st.lists(st.floats(-5, 5), min_size=5, max_size=5))
def test_fit_falls_away_from_the_middle(value: float, raw: list[float]) -> None:
    low, a, b, c, high = sorted(raw)
    quantiles = (low, a, b, c, high)
    fit = scalar_fit(value, quantiles)
    assert 0.0 <= fit <= 1.0
    if value > b:
        assert scalar_fit(value + 1.0, quantiles) <= fit
    assert scalar_fit(b, quantiles) == 1.0
    assert distance_fit(0.1, (0.2, 0.3)) == 1.0 and distance_fit(0.3, (0.2, 0.3)) == pytest.approx(0.5)


# The rule.


def entry(id_: str, errors: int = 0, unmet: int = 0, seed: int = 0, warnings: int = 0) -> JudgedCandidate:
    def finding(severity: Severity) -> Finding:
        return Finding("range.outside", severity, (), (0, 1), "a note too low", "raise it")

    rows = tuple(Delivered("bars", "8", "4", Origin.STATED, False) for _ in range(unmet))
    found = (*(finding("error") for _ in range(errors)), *(finding("warning") for _ in range(warnings)))
    return JudgedCandidate(id_, piece(bars=1), found, rows, seed)


def vote(name: str, weight: float, *ranking: str) -> Ballot:
    """Best first; 'ab' means a and b tied."""
    groups = tuple(tuple(group) for group in ranking)
    scores = {id_: 1.0 - i / 10 for i, group in enumerate(groups) for id_ in group}
    return Ballot(judge=name, weight=weight, ranking=groups, scores=scores, reasons={id_: f"{name} on {id_}" for id_ in scores})


def test_errors_come_before_taste() -> None:
    verdict = decide([entry("a", errors=1), entry("b")], [vote("craft", 9.0, "a", "b")])
    assert verdict.ranking == ("b", "a")
    assert "without an error" in verdict.reasons[0] and "a has 1 error" in verdict.reasons[0]
    unmet = decide([entry("a", unmet=1), entry("b", warnings=5)], [vote("craft", 9.0, "a", "b")])
    assert unmet.winner == "b"


def test_among_faulty_ones_the_fewest_faults_win() -> None:
    verdict = decide([entry("a", errors=3), entry("b", errors=1, unmet=1)], [vote("craft", 1.0, "a", "b")])
    assert verdict.winner == "b" and "fewest" in verdict.reasons[0]


def test_errors_of_the_request_are_not_counted_twice() -> None:
    finding = Finding("request.bars", "error", (), (0, 1), "8 bars asked", "write 8")
    row = Delivered("bars", "8", "4", Origin.STATED, False)
    assert faults(JudgedCandidate("a", piece(bars=1), (finding,), (row,))) == 1


def test_points_are_weighted_and_ties_share() -> None:
    ballots = [vote("craft", 2.0, "a", "bc"), vote("style", 1.0, "c", "b", "a")]
    assert points(ballots, ["a", "b", "c"]) == {"a": 4.0, "b": 2.0, "c": 3.0}
    assert points(ballots, ["b", "c"]) == {"b": 1.0, "c": 2.0}
    verdict = decide([entry("a"), entry("b"), entry("c")], ballots)
    assert verdict.ranking == ("a", "c", "b") and "most cleanly written" in verdict.reasons[0]


def test_a_tie_goes_to_the_lower_seed() -> None:
    ballots = [vote("craft", 1.0, "ab")]
    assert decide([entry("a", seed=5), entry("b", seed=3)], ballots).winner == "b"
    assert decide([entry("a", seed=3), entry("b", seed=5)], ballots).winner == "a"


def test_a_verdict_needs_a_candidate_and_is_the_same_whatever_the_order() -> None:
    with pytest.raises(ValueError, match="candidate"):
        decide([], [])
    shown = candidates()
    ballots = [judge.vote(shown, BRIEF, ()) for judge in build_judges()]
    verdict = decide(shown, ballots)
    assert decide(tuple(reversed(shown)), ballots).ranking == verdict.ranking
    assert verdict.ranking[-1] in "cd" and verdict.winner in "ab"
    assert len(verdict.reasons) >= len(ballots) and verdict.rule
    assert decide(shown[:1], []).reasons == ("a is the only candidate",)


@given(st.permutations("abcd"), st.permutations("abcd"))
def test_whoever_is_first_for_all_wins(one: list[str], two: list[str]) -> None:
    two = [one[0], *(i for i in two if i != one[0])]
    shown = [entry(i) for i in "abcd"]
    assert decide(shown, [vote("x", 1.0, *one), vote("y", 0.3, *two)]).winner == one[0]


def test_ballots_tie_what_lies_close() -> None:
    made_ = ballot(CraftJudge(), {"a": 0.5, "b": 0.503, "c": 0.2}, {"a": "x", "b": "y", "c": "z"})
    assert made_.ranking == (("a", "b"), ("c",))
