"""The instructions that invent, with what carries each out. Those that have one best result are no less exact than others."""

from ripieno.generators.base import Candidate, GenerationRequest
from ripieno.score.piece import Piece
from ripieno.tools import make
from ripieno.tools.base import Tool, Workbench
from ripieno.tools.make_bars import infill, make_busier, regenerate, simplify, vary
from ripieno.tools.make_form import add_section, extend
from ripieno.tools.make_harmony import reharmonise
from ripieno.tools.make_parts import add_fill, add_track, countermelody, harmonise
from ripieno.tools.make_style import restyle


def _compose(instruction: make.Compose, piece: Piece | None, bench: Workbench) -> Candidate:
    return bench.chosen.generate(GenerationRequest(instruction.brief, bench.seed))


TOOLS: tuple[Tool, ...] = (
    Tool(make.Compose, _compose, generative=True, needs_piece=False),
    Tool(make.AddTrack, add_track, generative=True),
    Tool(make.Regenerate, regenerate, generative=True),
    Tool(make.Infill, infill, generative=True),
    Tool(make.Vary, vary, generative=True),
    Tool(make.Extend, extend, generative=True),
    Tool(make.AddSection, add_section, generative=True),
    Tool(make.AddFill, add_fill, generative=True),
    Tool(make.Countermelody, countermelody, generative=True),
    Tool(make.Harmonise, harmonise),
    Tool(make.Reharmonise, reharmonise, generative=True),
    Tool(make.Restyle, restyle, generative=True),
    Tool(make.Simplify, simplify),
    Tool(make.MakeBusier, make_busier, generative=True),
)
