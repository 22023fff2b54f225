"""What every brain must keep. `check_brain` and `check_edits` take an instance; the tests of each brain call them."""

from ripieno.agents.brains.base import Brain
from ripieno.agents.defaults import complete
from ripieno.agents.understanding import TurnContext
from ripieno.memory.table import AttributeTable
from ripieno.score.brief import Brief, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece
from ripieno.score.styles import StyleProfile
from ripieno.tools.registry import TOOLS, family

REQUESTS = (
    "a march in C major for brass, 16 bars",
    "sad slow song, voice and guitar, getting slower at the end",
    "techno, 130 bpm, verse and chorus, the chorus twice as fast",
    "☂",
)


EDITS = ("mute the piano", "transpose everything up a tone", "how long is it?", "undo", "more reverb on the piano", "☂ ☂ ☂")


def check_edits(brain: Brain, profiles: dict[str, StyleProfile], piece: Piece, table: AttributeTable) -> None:
    """Reads turns about `piece`, which has a piano: asks are instructions that fit it, or there is a question, or a refusal."""
    context = TurnContext(table=table, can_undo=1)
    for text in EDITS:
        try:
            understanding = brain.conceive(text, context, profiles)
        except BadRequest as error:
            assert error.cure
            continue
        assert understanding == brain.conceive(text, context, profiles), "the same words are understood alike"
        assert understanding.intent == "edit" and (understanding.asks or understanding.question or understanding.unused)
        plan = brain.plan(understanding, table.intent, table)
        assert [s.instruction for s in plan.ordered()] == [a.instruction for a in understanding.asks]
        for ask in understanding.asks:
            assert ask.instruction.kind in TOOLS
            if family(ask.instruction.kind) != "turn":
                assert ask.instruction.place(piece).track_ids(piece) and ask.instruction.place(piece).spans(piece)


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
