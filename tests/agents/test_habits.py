"""Habits: laws over any brief. What is stated or implied always wins, and what a habit does never becomes a wish."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ripieno.agents.choices import revised
from ripieno.agents.defaults import complete
from ripieno.agents.habits import ACTS_FROM, Habit, complete_by_habit, habits, plan_by_habit
from ripieno.agents.intent import revised_intent
from ripieno.agents.judges.taste import TasteJudge, taste_judges
from ripieno.agents.plan import Plan, Step
from ripieno.memory.preferences import Evidence, Preference
from ripieno.score.brief import Attribute, Brief, DynamicsShape, Origin, PartRequest
from ripieno.score.instruments import instrument
from ripieno.tools.make import Compose
from ripieno.tools.tempo import ChangeTempo
from ripieno.tools.toolbox import profiles
from ripieno.tools.tracks import SetMix
from tests.agents.judge_conformance import conforms
from tests.score.pieces import waltz

PROFILES = profiles()


def habit(about: str, value: str, amount: float | None = None, id_: int = 1) -> Habit:
    return Habit(id=id_, about=about, value=value, statement=f"You usually want {about} {value}.", weight=0.9, times=5,
                 projects=4, amount=amount)  # fmt: skip


ALL = tuple(each.model_copy(update={"id": number}) for number, each in enumerate((
    habit("tempo", "slower", 0.5), habit("drums.volume", "lower", -60), habit("piano.volume", "higher", 20),
    habit("drums.presence", "out"), habit("piano.instrument", "electric_piano"), habit("bass.reverb", "more"),
    habit("density", "sparser"), habit("nobody.volume", "lower", -5), habit("piano.instrument", "no such thing"),
)))  # fmt: skip


def said(value: Any, origin: Origin) -> Attribute[Any]:
    return Attribute(value=value, origin=origin, words="said")


origins = st.sampled_from([Origin.STATED, Origin.INFERRED])


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Briefs as read: some attributes, stated or inferred, and some players."""
    choices: dict[str, st.SearchStrategy[Any]] = {
        "tempo": st.floats(60, 180), "tempo_range": st.just((90.0, 100.0)), "tempo_class": st.sampled_from(["slow", "fast"]),
        "duration": st.just(40.0), "arousal": st.floats(-1, 1), "density": st.floats(0, 1),
        "dynamics": st.sampled_from(["pp", "f"]), "metre": st.just("4/4"), "bars": st.integers(4, 40),
        "mode": st.sampled_from(["major", "minor"]),
    }  # fmt: skip
    given_ = draw(st.sets(st.sampled_from(sorted(choices)), max_size=4)) - {"bars"}
    if "duration" not in given_ and draw(st.booleans()):
        given_.add("bars")
    values: dict[str, Any] = {name: said(draw(choices[name]), draw(origins)) for name in sorted(given_)}
    players = draw(st.lists(st.sampled_from(["piano", "drums", "flute", "electric_bass", "vocals"]), unique=True, max_size=3))
    parts = tuple(PartRequest(instrument=p, origin=draw(origins)) for p in players if p != "vocals")
    style = said(draw(st.sampled_from(sorted(PROFILES))), Origin.STATED)
    words = draw(st.sampled_from(["", "loud drums", "a song", "with lots of reverb"]))
    return revised(Brief(text=words, style=style, parts=parts, ensemble_closed=draw(st.booleans()) and bool(parts)), values)


@settings(max_examples=60, deadline=None)
@given(brief=briefs(), known=st.lists(st.sampled_from(ALL), unique_by=lambda h: h.about), seed=st.integers(0, 3))
def test_what_is_stated_or_implied_wins(brief: Brief, known: list[Habit], seed: int) -> None:
    usual, made = complete(brief, PROFILES, seed), complete_by_habit(brief, known, PROFILES, seed)
    for name in Brief.model_fields:
        wish = getattr(brief, name)
        if isinstance(wish, Attribute):
            assert getattr(made, name) == getattr(usual, name) == wish, name
    assert made.tempo is not None and usual.tempo is not None and made.tempo.origin is usual.tempo.origin
    if made.tempo != usual.tempo:
        low, _, high = PROFILES[made.style.value].tempo if made.style else (0, 0, 0)
        assert usual.tempo.origin is Origin.DEFAULT and low <= made.tempo.value <= high
        assert made.tempo.value < usual.tempo.value and abs(made.tempo.value / usual.tempo.value - 1) <= 0.21
    named = [p.instrument for p in brief.parts]
    assert [p.instrument for p in made.parts if p.origin is not Origin.DEFAULT] == named, "who was named plays"
    leads = [sum(p.role == "lead" for p in each.parts) for each in (made, usual)]
    assert len(made.parts) >= min(2, len(usual.parts)) and leads[0] == leads[1], "nobody who leads is left out"
    acted = [n for n in made.notices if n.about == "preferences"]
    differs = made.tempo != usual.tempo or made.parts != usual.parts
    assert bool(acted) == differs, "whatever acts is named, and nothing else"
    plan = plan_by_habit(made, known, Plan(steps=(Step(id="compose", instruction=Compose(brief=made)),)))
    added = [s for s in plan.steps if s.by == "memory"]
    for step in added:
        assert isinstance(step.instruction, SetMix) and step.after == ("compose",) and "seen 5 times" in step.why
        assert all(abs(v or 0) <= 24 for v in (step.instruction.volume_by, step.instruction.reverb_by))
        volume = step.instruction.volume_by is not None
        assert not (volume and ("loud" in brief.text or (brief.dynamics and brief.dynamics.origin is Origin.STATED)))
        assert volume or "reverb" not in brief.text
        assert set(step.instruction.scope.tracks) < {p.instrument for p in made.parts}
    assert revised_intent(made, plan.ordered(), waltz()) == made, "a habit settles no wish"
    density = brief.density is not None
    assert bool(taste_judges(known, made)) == (any(h.about == "density" for h in known) and not density)


def test_a_tempo_that_memory_set_would_not_look_stated() -> None:
    brief = complete(Brief(style=Attribute(value="waltz")), PROFILES, 1)
    step = Step(id="x", instruction=ChangeTempo(factor=0.9), by="memory")
    assert revised_intent(brief, [step], waltz()) == brief
    asked = revised_intent(brief, [step.model_copy(update={"by": "request"})], waltz())
    assert asked.tempo is not None and asked.tempo.origin is Origin.STATED


def test_a_crescendo_that_was_asked_for_keeps_the_levels() -> None:
    brief = complete(Brief(style=Attribute(value="rock"), dynamics_shape=(DynamicsShape(shape="crescendo"),)), PROFILES, 1)
    plan = Plan(steps=(Step(id="compose", instruction=Compose(brief=brief)),))
    assert plan_by_habit(brief, [habit("drums.volume", "lower", -9)], plan) == plan
    assert plan_by_habit(brief, [habit("drums.volume", "lower", -9)], Plan()) == Plan()


@pytest.mark.parametrize("value", ["busier", "sparser"])
def test_the_judge_of_taste_conforms(value: str) -> None:
    conforms(TasteJudge(habit("density", value)))


def test_a_preference_becomes_a_habit_by_projects_or_by_word() -> None:
    def preference(weight: float, projects: int, how: str = "edited") -> Preference:
        evidence = (Evidence(how, "p", "t", "drums softer", "2026-01-01"),)
        return Preference(1, "drums.volume", "lower", "Drums down.", weight, 3, evidence, "a", "b", -14, projects)

    assert habits([preference(ACTS_FROM, 3)]) and habits([preference(0.6, 1, "said")])
    assert not habits([preference(ACTS_FROM - 0.01, 9)]) and not habits([preference(0.9, 2)])
    assert len(habits([preference(0.9, 4), preference(0.6, 3)])) == 1, "one for each matter"
    assert instrument("drums").is_drum
