"""Instructions that invent: compose, add a track, regenerate. A generation tool does the inventing."""

from dataclasses import replace
from typing import ClassVar, Literal

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.score.brief import Brief, PartRequest
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools.base import FRAME, Instruction, Tool, Workbench


class Compose(Instruction):
    """Composes a new piece from a complete brief: form, harmony, and every part."""

    kind: Literal["compose"] = "compose"
    brief: Brief
    frame: ClassVar[frozenset[str]] = FRAME
    changes_tracks: ClassVar[bool] = True


class AddTrack(Instruction):
    """Adds one part that fits the piece as it stands: its chords, form and the parts already there.

    `part` says the instrument and what it does; `brief` is the piece's own brief, for style and mood.
    """

    kind: Literal["add_track"] = "add_track"
    part: PartRequest
    brief: Brief
    changes_tracks: ClassVar[bool] = True


class Regenerate(Instruction):
    """Writes the tracks in scope anew in the bars in scope, over the same chords and form; `attempt` varies the outcome."""

    kind: Literal["regenerate"] = "regenerate"
    brief: Brief
    attempt: int = 0


def _compose(instruction: Compose, piece: Piece | None, bench: Workbench) -> Candidate:
    return bench.chosen.generate(GenerationRequest(instruction.brief, bench.seed))


def _add_track(instruction: AddTrack, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None  # the registry checks needs_piece
    brief = instruction.brief.model_copy(update={"parts": (*instruction.brief.parts, instruction.part)})
    return bench.chosen.generate(GenerationRequest(brief, bench.seed, piece))


def _regenerate(instruction: Regenerate, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None
    spans = instruction.scope.spans(piece)
    if len(spans) != 1:
        raise Retryable("One regeneration covers one stretch of bars", value=spans, cure="plan one for each stretch")
    request = GenerationRequest(
        instruction.brief,
        bench.seed + 7919 * (instruction.attempt + 1),
        piece,
        instruction.scope.track_ids(piece),
        spans[0],
    )
    made = bench.chosen.generate(request)
    return replace(made, seed=bench.seed)


TOOLS: tuple[Tool, ...] = (
    Tool(Compose, _compose, generative=True, needs_piece=False),
    Tool(AddTrack, _add_track, generative=True),
    Tool(Regenerate, _regenerate, generative=True),
)
