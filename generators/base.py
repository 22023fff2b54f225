"""What every generator is: a request goes in, a candidate comes out. Generators never write memory."""

from dataclasses import dataclass, field
from typing import Protocol

from ripieno.score.brief import Brief
from ripieno.score.piece import Piece


@dataclass(frozen=True)
class GenerationRequest:
    """What to invent.

    Attributes:
        brief: complete (no attribute that the generator needs is None).
        seed: same request, same seed, same generator: same bytes.
        piece: None for a new piece; else the music that the new part must fit.
        tracks: ids of the tracks to write; empty means all (of a new piece), or those of `brief.parts` not yet there.
        bars: bars to write (start inclusive, end exclusive); None means all. Everything outside stays identical.
    """

    brief: Brief
    seed: int
    piece: Piece | None = None
    tracks: tuple[str, ...] = ()
    bars: tuple[int, int] | None = None


@dataclass(frozen=True)
class Candidate:
    """A piece made by one generator, with its seed and its trail: what was decided, in words, for the report."""

    piece: Piece
    generator: str
    seed: int
    trail: tuple[str, ...] = field(default=())


class Generator(Protocol):
    """The contract, tested by `tests/generators/conformance.py` on every implementation.

    `generate` is a pure function of its request: deterministic, no I/O beyond its own data files, and it leaves every
    track and bar outside the request identical. It raises `BadRequest` for what cannot be composed.
    """

    name: str

    def generate(self, request: GenerationRequest) -> Candidate:
        """One candidate for the request."""
        ...
