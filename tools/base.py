"""What every atomic instruction is: one small typed change with a scope in tracks and in time.

The pydantic model of an instruction is its single definition: the planner's schema, the forms of services and the
documentation come from it. Its docstring says what it means, exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field

from ripieno.generators.base import Candidate, Generator
from ripieno.score.brief import Frozen
from ripieno.score.errors import Retryable
from ripieno.score.piece import Piece, Track


class Scope(Frozen):
    """Where an instruction acts: these tracks, in these bars. What lies outside stays identical.

    Attributes:
        tracks: ids of tracks; empty means every track.
        bars: first bar and the bar after the last, from 0.
        sections: names or labels of sections; every section of that name is meant.
        last_bars: only the last n bars of the piece.

    Without `bars`, `sections` and `last_bars` the whole piece is meant; at most one of the three is given.
    """

    tracks: tuple[str, ...] = ()
    bars: tuple[int, int] | None = None
    sections: tuple[str, ...] = ()
    last_bars: int | None = Field(default=None, ge=1)

    def spans(self, piece: Piece) -> tuple[tuple[int, int], ...]:
        """The stretches of bars meant, in order.

        Raises:
            Retryable: a section is unknown, or the bars lie outside the piece.
        """
        if self.last_bars is not None:
            return ((max(0, piece.bars - self.last_bars), piece.bars),)
        if self.bars is not None:
            first, end = self.bars
            if not 0 <= first < end <= piece.bars:
                raise Retryable(
                    f"Bars lie between 1 and {piece.bars}",
                    value=f"{first + 1} to {end}",
                    cure="name bars that the piece has",
                )
            return (self.bars,)
        if self.sections:
            wanted = {s.lower() for s in self.sections}
            found = tuple(
                (s.first_bar, s.end_bar)
                for s in piece.sections
                if wanted & {s.name.lower(), s.label.lower(), s.name.lower().rstrip(" 0123456789")}
            )
            if not found:
                have = ", ".join(dict.fromkeys(s.name for s in piece.sections))
                raise Retryable(
                    "A section is one that the piece has",
                    value=", ".join(self.sections),
                    cause=f"the form of this piece is {have}",
                    cure="name one of these, or give bars",
                )
            return found
        return ((0, piece.bars),)

    def tick_spans(self, piece: Piece) -> tuple[tuple[int, int], ...]:
        """`spans` in ticks. The last bar's span is open-ended: it takes in what starts on or after the final bar line."""
        line = piece.timeline.bar_start
        return tuple((line(a), line(b) if b < piece.bars else 2**31 - 1) for a, b in self.spans(piece))

    def track_ids(self, piece: Piece) -> tuple[str, ...]:
        """Ids of the tracks meant, in the piece's order.

        Raises:
            Retryable: a track is unknown.
        """
        have = [t.id for t in piece.tracks]
        unknown = [t for t in self.tracks if t not in have]
        if unknown:
            raise Retryable(
                "A track is one that the piece has", value=", ".join(unknown), cure="name one of: " + ", ".join(have)
            )
        return tuple(t for t in have if not self.tracks or t in self.tracks)


class Instruction(Frozen):
    """Base of all instructions. `kind` names the type; subclasses fix it to one literal."""

    kind: str
    scope: Scope = Scope()
    changes_timeline: ClassVar[bool] = False  # whether tempo, metre, keys, sections or chords may change
    changes_tracks: ClassVar[bool] = False  # whether tracks may come or go


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

    @property
    def chosen(self) -> Generator:
        """The generator to take."""
        return self.toolbox.generators[self.generator]


I_contra = TypeVar("I_contra", bound=Instruction, contravariant=True)


@dataclass(frozen=True)
class Tool(Generic[I_contra]):
    """An instruction's model with what carries it out.

    `generative` tools invent: run with n seeds they give n candidates. The others have one exact result.
    """

    model: type[Any]
    run: Callable[[I_contra, Piece | None, Workbench], Candidate]
    generative: bool = False
    needs_piece: bool = True
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", str(self.model.model_fields["kind"].default))


def edit_tracks(piece: Piece, scope: Scope, change: Callable[[Track, tuple[tuple[int, int], ...]], Track]) -> Piece:
    """The piece with `change(track, tick spans)` applied to each track in scope."""
    spans = scope.tick_spans(piece)
    for id_ in scope.track_ids(piece):
        piece = piece.with_track(change(piece.track(id_), spans))
    return piece
