"""What every brain must keep. Call `check_brain` with an instance; `test_brains.py` does so for each that is there."""

from ripieno.agents.brains.base import Brain
from ripieno.agents.defaults import complete
from ripieno.agents.understanding import TurnContext
from ripieno.score.brief import Brief, Origin
from ripieno.score.styles import StyleProfile
from ripieno.tools.registry import TOOLS

REQUESTS = (
    "a march in C major for brass, 16 bars",
    "sad slow song, voice and guitar, getting slower at the end",
    "techno, 130 bpm, verse and chorus, the chorus twice as fast",
    "☂",
)


def check_brain(brain: Brain, profiles: dict[str, StyleProfile]) -> None:
    """Reads, plans and keeps to the contract on a handful of requests."""
    assert brain.name
    for text in REQUESTS:
        understanding = brain.conceive(text, TurnContext(), profiles)
        brief = understanding.brief
        assert understanding.intent == "compose"
        assert isinstance(brief, Brief) and brief.text == text
        assert understanding == brain.conceive(text, TurnContext(), profiles), "the same words are understood alike"
        for name in Brief.model_fields:
            attribute = getattr(brief, name)
            if hasattr(attribute, "origin"):
                assert attribute.origin is not Origin.DEFAULT, f"{name}: filling in is not the brain's business"
        whole = complete(brief, profiles, seed=1)
        plan = brain.plan(understanding, whole, None)
        assert plan.steps and plan.ordered()[0].instruction.kind == "compose"
        assert all(s.instruction.kind in TOOLS for s in plan.steps)
        assert type(plan).model_validate_json(plan.model_dump_json()) == plan
