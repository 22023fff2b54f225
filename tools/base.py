"""What every atomic instruction is: one small typed change with a scope in tracks and in time.

The pydantic model of an instruction is its single definition: the planner's schema, the forms of services and the
documentation come from it. Its docstring says what it means, exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ripieno.generators.base import Candidate, Generator
from ripieno.score.brief import Brief, Frozen
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.scope import Scope, Span

FRAME = frozenset({"bars", "tempos", "metres", "keys", "sections", "names", "chords"})  # names: of the sections
MAX_TRACKS = 24
NOTHING: frozenset[str] = frozenset()
NOTES = frozenset({"notes"})
MUSIC = frozenset({"notes", "controls"})


@dataclass(frozen=True, slots=True)
class Kept:
    """Bars of the piece before (from `first`, before `end`) that stand unchanged in the piece after, from bar `at` on."""

    first: int
    end: int
    at: int


class Instruction(Frozen):
    """Base of all instructions. `kind` names the type; subclasses fix it to one literal.

    Class attributes, which the proof holds every tool to:
        frame: what of the piece's frame may change in the bars in scope (names in `FRAME`, or 'title'); the rest stays
            identical.
        music: what of a track in scope may change, of `MUSIC`. What of its head may change, `heads` says.
        new_tracks: how many tracks may come.
        removes_tracks: whether tracks in scope may go.
        moves_bars: whether bars come, go or change places; `kept` then says which stand where afterwards.
        fills_bars: with `moves_bars`, whether the bars that are not kept hold music, or are empty.
        anew: whether it writes a piece of its own, of which nothing need stay.
    """

    kind: str
    scope: Scope = Scope()
    frame: ClassVar[frozenset[str]] = NOTHING
    music: ClassVar[frozenset[str]] = NOTES
    new_tracks: ClassVar[int] = 0
    removes_tracks: ClassVar[bool] = False
    moves_bars: ClassVar[bool] = False
    fills_bars: ClassVar[bool] = False
    anew: ClassVar[bool] = False

    def place(self, piece: Piece) -> Scope:
        """Where in `piece` it acts, as exactly as can be told beforehand: its scope, or less."""
        return self.scope

    def heads(self) -> frozenset[str]:
        """What of the heads of the tracks in scope may change: fields of `Track` and of `Mix`."""
        return NOTHING

    def reach(self, piece: Piece) -> tuple[Span, ...]:
        """The stretches of bars in which the frame may change."""
        return self.place(piece).spans(piece)

    def bars_after(self, piece: Piece) -> int:
        """How many bars the piece has afterwards.

        Raises:
            Retryable: the instruction does not fit the piece.
        """
        return piece.bars

    def kept(self, piece: Piece) -> tuple[Kept, ...]:
        """For an instruction that moves bars: the stretches of `piece` that stand unchanged afterwards, and where.

        Raises:
            Retryable: the instruction does not fit the piece.
        """
        return (Kept(0, piece.bars, 0),)


@dataclass(frozen=True)
class Toolbox:
    """The generation tools that a session has, by name."""

    generators: Mapping[str, Generator]


@dataclass(frozen=True)
class Workbench:
    """What a tool may use: the toolbox, the seed of this candidate, which generator to take."""

    toolbox: Toolbox
    seed: int
    generator: str = "theory"
    brief: Brief | None = None  # the wishes that the piece was made for; inventive tools need them
    locks: tuple[Scope, ...] = ()  # what no instruction may change

    @property
    def chosen(self) -> Generator:
        """The generator to take."""
        return self.toolbox.generators[self.generator]


Run = Callable[[Any, Piece | None, Workbench], Candidate]


@dataclass(frozen=True)
class Tool:
    """An instruction's model with what carries it out.

    `generative` tools invent: run with n seeds they give n candidates. The others have one exact result. Without `run` it
    belongs to Memory (undo and the like), which carries it out itself.
    """

    model: type[Any]
    run: Run | None
    generative: bool = False
    needs_piece: bool = True
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", str(self.model.model_fields["kind"].default))


def exact(change: Callable[[Any, Piece], Piece]) -> Run:
    """A tool from a function of instruction and piece that gives the one exact result."""

    def run(instruction: Any, piece: Piece | None, bench: Workbench) -> Candidate:
        assert piece is not None  # the registry checks needs_piece
        return Candidate(change(instruction, piece), "exact", bench.seed)

    return run


def exact_notes(change: Callable[[Any, Piece, Track, npt.NDArray[np.bool_]], Notes], *, drums: bool = False) -> Run:
    """A tool from a function that gives a track's new notes; the mask says which of the old ones are in scope.

    `drums`: whether kits and percussion take part.
    """

    def edit(instruction: Any, piece: Piece) -> Piece:
        for id_ in instruction.scope.track_ids(piece):
            track = piece.track(id_)
            if drums or not track.is_drum:
                mask = instruction.scope.note_mask(piece, track)
                if mask.any():
                    piece = piece.with_track(track.with_notes(change(instruction, piece, track, mask)))
        return piece

    return exact(edit)
