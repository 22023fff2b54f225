"""All atomic instructions: one tagged union for plans, one table of what carries each out."""

from functools import reduce
from operator import or_
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field, TypeAdapter

from ripieno.generators.base import Candidate
from ripieno.score.errors import BadRequest, Retryable
from ripieno.score.piece import Piece
from ripieno.tools import (
    ask,
    dynamics,
    keys,
    makers,
    metre,
    notes,
    rhythm,
    single_notes,
    structure,
    tempo,
    tracks,
    turns,
)
from ripieno.tools.base import Instruction, Tool, Workbench
from ripieno.tools.locking import prove_locks
from ripieno.tools.proof import prove

# The families, as people think of them; each module holds the models of its family and a table of tools.
FAMILIES: dict[str, tuple[ModuleType, ...]] = {
    "make": (makers,),
    "structure": (structure, metre),
    "notes": (notes, single_notes, keys, rhythm),
    "tempo": (tempo, dynamics),
    "tracks": (tracks,),
    "ask": (ask,),
    "turn": (turns,),
}
TOOLS: dict[str, Tool] = {tool.kind: tool for modules in FAMILIES.values() for module in modules for tool in module.TOOLS}
_FAMILY = {tool.kind: name for name, modules in FAMILIES.items() for module in modules for tool in module.TOOLS}
if TYPE_CHECKING:
    AnyInstruction: TypeAlias = Instruction
else:
    AnyInstruction = Annotated[reduce(or_, (tool.model for tool in TOOLS.values())), Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Any] = TypeAdapter(AnyInstruction)


def family(kind: str) -> str:
    """The family of an instruction: make, structure, notes, tempo, tracks, ask or turn."""
    return _FAMILY[kind]


def parse_instruction(data: object) -> Instruction:
    """An instruction from plain data.

    Raises:
        pydantic.ValidationError: the data is none; the error says what is wrong where.
    """
    instruction = _ADAPTER.validate_python(data)
    assert isinstance(instruction, Instruction)
    return instruction


def execute(instruction: Instruction, piece: Piece | None, bench: Workbench) -> Candidate:
    """Carries out one instruction and proves that nothing outside its scope, and nothing locked, changed.

    Raises:
        Retryable: the instruction does not fit this piece, or would change what is kept.
        OutOfScope: the tool overstepped.
    """
    tool = TOOLS.get(instruction.kind)
    if tool is None or tool.run is None:
        raise BadRequest(
            "An instruction is one that a tool carries out",
            value=instruction.kind,
            cure="use one of: " + ", ".join(sorted(k for k, t in TOOLS.items() if t.run)),
        )
    if piece is None and tool.needs_piece:
        raise Retryable(f"{instruction.kind!r} changes a piece, and there is none yet", cure="compose one first")
    candidate = tool.run(instruction, piece, bench)
    if piece is not None:
        prove(piece, candidate.piece, instruction)
        prove_locks(piece, candidate.piece, instruction, bench.locks)
    return candidate
