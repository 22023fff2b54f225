"""What preferences keep, whatever database is under them. A subclass says where the database is by the fixture `where`."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.memory.database import Database
from ripieno.memory.preferences import STRENGTH, Observation, Preferences
from ripieno.score.errors import BadRequest

Where = Path | str
_FEW = settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)  # fmt: skip
LOWER = Observation("drums.volume", "lower", "You usually turn the drums down.", "edited", "drums softer", -14)
HIGHER = Observation("drums.volume", "higher", "You usually turn the drums up.", "edited", "drums louder", 14)


class PreferencesConformance:
    """The suite."""

    @pytest.fixture
    def liked(self, where: Where) -> Iterator[Preferences]:
        with closing(Database(where)) as database:
            yield Preferences(database)

    def test_a_preference_grows_with_evidence_and_fades_when_contradicted(self, where: Where, liked: Preferences) -> None:
        first = liked.observe("drums.volume", "lower", "You usually turn the drums down.", "edited", words="drums softer")
        again = liked.observe("drums.volume", "lower", "You usually turn the drums down.", "said", project="p", turn="t")
        assert first is not None and again is not None
        assert 0 < first.weight < again.weight < 1 and again.times == 2 and again.id == first.id
        assert [e.how for e in again.evidence] == ["edited", "said"] and again.evidence[1].turn == "t"
        assert first.first_seen == again.first_seen <= again.last_seen
        liked.observe("drums.volume", "higher", "You usually turn the drums up.", "kept")
        with closing(Database(where)) as database:
            other = Preferences(database)
            lower, higher = other.all()
            assert lower.value == "lower" and 0 < higher.weight < lower.weight < again.weight
            assert other.get("drums.volume") == lower and other.get("strings.volume") is None
            assert other.all(least=0.5) == (lower,)

    @_FEW
    @given(seen=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(sorted(STRENGTH))), min_size=1, max_size=20))
    def test_weights_stay_weights_and_the_last_word_counts(self, where: Where, seen: list[tuple[str, str]]) -> None:
        about = uuid4().hex
        with closing(Database(where)) as database:
            liked = Preferences(database)
            for value, how in seen:
                before = {p.value: p.weight for p in liked.all() if p.about == about}
                now = liked.observe(about, value, "x", how)
                after = {p.value: p.weight for p in liked.all() if p.about == about}
                assert all(0 <= w <= 1 for w in after.values())
                if how == "undone":
                    assert all(after[v] < before[v] if v == value else after[v] == before[v] for v in before)
                    continue
                assert now is not None and now.weight > before.get(value, 0)
                assert all(after[v] < before[v] for v in before if v != value)
                assert len(now.evidence) == min(12, now.times)
            assert liked.forget() >= len({value for value, how in seen if how != "undone"})

    @_FEW
    @given(turns=st.lists(st.sampled_from([LOWER, HIGHER]), min_size=1, max_size=6), repeats=st.integers(1, 3))
    def test_a_turn_counts_once_and_is_taken_back_exactly(
        self, where: Where, turns: list[Observation], repeats: int
    ) -> None:  # fmt: skip
        with closing(Database(where)) as database:
            liked = Preferences(database)
            liked.forget()
            for i, one in enumerate(turns):
                for _ in range(repeats):
                    liked.learn("song", f"t{i}", [one], stayed=True)
            before = liked.all()
            assert sum(p.times for p in before) <= 2 * len(turns) and {p.projects for p in before} == {1}
            liked.learn("song", "last", [LOWER])
            assert liked.all() != before
            liked.take_back("song", ["last"], disliked=False)
            assert liked.all() == before
            liked.bring_back("song", ["last"])
            assert sum(p.times for p in liked.all()) == sum(p.times for p in before) + 1

    def test_what_stays_and_what_is_locked_counts_once_more(self, liked: Preferences) -> None:
        liked.learn("one", "t1", [LOWER])
        (edited,) = liked.all()
        for _ in range(2):
            liked.learn("one", "t2", [], stayed=True)
        (kept,) = liked.all()
        assert [e.how for e in kept.evidence] == ["edited", "kept"] and kept.weight > edited.weight
        for _ in range(2):
            liked.learn("one", "t3", [], stayed=True, locked={"drums", "bass"})
        (locked,) = liked.all()
        assert [e.how for e in locked.evidence] == ["edited", "kept", "locked"] and locked.amount == -14
        liked.learn("two", "t1", [], stayed=True, locked={"drums"})
        assert liked.all() == (locked,), "another project changed nothing of the drums"

    def test_what_was_undone_fades_elsewhere_too(self, liked: Preferences) -> None:
        liked.learn("one", "t1", [HIGHER])
        (there,) = liked.all()
        liked.learn("two", "t1", [HIGHER])
        liked.take_back("two", ["t1", "nobody"])
        (faded,) = liked.all()
        assert faded.weight < there.weight and faded.projects == 1
        liked.bring_back("two", ["t1"])
        assert liked.all()[0].projects == 2 and liked.all()[0].weight > there.weight
        liked.take_back("three", ["t1"])
        assert liked.all()[0].projects == 2

    def test_preferences_are_edited_and_forgotten(self, liked: Preferences) -> None:
        one = liked.observe("tempo", "slow", "You like it slow.", "said")
        two = liked.observe("key", "minor", "You like minor keys.", "kept")
        assert one is not None and two is not None
        liked.put(one.id, statement="Slow, mostly.", weight=0.2)
        found = liked.get("tempo")
        assert found is not None and (found.statement, found.weight, found.value) == ("Slow, mostly.", 0.2, "slow")
        liked.put(one.id, value="slower")
        again = liked.observe("tempo", "slower", "another sentence", "edited")
        assert again is not None and again.statement == "Slow, mostly." and again.weight == pytest.approx(1 - 0.8 * 0.75)
        for wrong in (lambda: liked.put(999, weight=0.1), lambda: liked.put(one.id, weight=7), lambda: liked.forget(999),
                      lambda: liked.forget("metre"), lambda: liked.observe("a", "b", "c", "dreamt"),
                      lambda: liked.observe(" ", "b", "c", "said")):  # fmt: skip
            with pytest.raises(BadRequest):
                wrong()
        assert liked.forget(two.id) == 1 and len(liked.all()) == 1
        assert liked.forget() == 1 and liked.all() == () and liked.forget() == 0
