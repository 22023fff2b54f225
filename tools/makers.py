"""What carries out the instructions that invent."""

from dataclasses import replace

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.score.brief import Brief
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece
from ripieno.tools import make
from ripieno.tools.base import Tool, Workbench


def brief_for(given: Brief | None, bench: Workbench) -> Brief:
    """The brief of an instruction, else the piece's own."""
    brief = given or bench.brief
    if brief is None:
        raise Retryable("Inventing needs a brief: style, mood, key", cure="give one with the instruction")
    return brief


def _compose(instruction: make.Compose, piece: Piece | None, bench: Workbench) -> Candidate:
    return bench.chosen.generate(GenerationRequest(instruction.brief, bench.seed))


def _add_track(instruction: make.AddTrack, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None  # the registry checks needs_piece
    brief = brief_for(instruction.brief, bench)
    brief = brief.model_copy(update={"parts": (*brief.parts, instruction.part)})
    return bench.chosen.generate(GenerationRequest(brief, bench.seed, piece))


def _regenerate(instruction: make.Regenerate, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None
    spans = instruction.scope.spans(piece)
    if len(spans) != 1:
        raise Retryable("One regeneration covers one stretch of bars", value=spans, cure="plan one for each stretch")
    request = GenerationRequest(
        brief_for(instruction.brief, bench),
        bench.seed + 7919 * (instruction.attempt + 1),
        piece,
        instruction.scope.track_ids(piece),
        spans[0],
    )
    made = bench.chosen.generate(request)
    return replace(made, seed=bench.seed)


TOOLS: tuple[Tool, ...] = (
    Tool(make.Compose, _compose, generative=True, needs_piece=False),
    Tool(make.AddTrack, _add_track, generative=True),
    Tool(make.Regenerate, _regenerate, generative=True),
)
