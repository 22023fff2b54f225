"""All atomic instructions: one tagged union for plans, one table of what carries each out."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from ripieno.generators.base import Candidate
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.piece import Piece
from ripieno.tools import dynamics, make, notes, tempo, tracks
from ripieno.tools.base import Instruction, Tool, Workbench
from ripieno.tools.proof import prove

TOOLS: dict[str, Tool[Any]] = {
    tool.kind: tool for family in (make, tempo, dynamics, notes, tracks) for tool in family.TOOLS
}
AnyInstruction = Annotated[
    make.Compose | make.AddTrack | make.Regenerate
    | tempo.ChangeTempo
    | dynamics.ShapeDynamics | dynamics.ScaleVelocities
    | notes.Transpose | notes.RangeFit | notes.LimitVoices | notes.ThinOut
    | tracks.RemoveTrack | tracks.SetMix | tracks.RenameTrack,
    Field(discriminator="kind"),
]  # fmt: skip
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyInstruction)


def parse_instruction(data: object) -> Instruction:
    """An instruction from plain data.

    Raises:
        pydantic.ValidationError: the data is none; the error says what is wrong where.
    """
    instruction = _ADAPTER.validate_python(data)
    assert isinstance(instruction, Instruction)
    return instruction


def execute(instruction: Instruction, piece: Piece | None, bench: Workbench) -> Candidate:
    """Carries out one instruction and proves that nothing outside its scope changed.

    Raises:
        Retryable: the instruction does not fit this piece.
        OutOfScope: the tool overstepped.
    """
    tool = TOOLS.get(instruction.kind)
    if tool is None:
        raise BadRequest(
            "An instruction is one that Ripieno knows",
            value=instruction.kind,
            cure="use one of: " + ", ".join(sorted(TOOLS)),
        )
    if piece is None and tool.needs_piece:
        raise Retryable(f"{instruction.kind!r} changes a piece, and there is none yet", cure="compose one first")
    candidate = tool.run(instruction, piece, bench)
    if piece is not None:
        prove(piece, candidate.piece, instruction)
    return candidate
