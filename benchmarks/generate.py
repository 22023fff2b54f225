"""Pieces from the embedded engine, for the benchmarks: a style, a seed, and what the house fills in."""

from collections.abc import Sequence
from functools import lru_cache

from ripieno.agents.defaults import complete
from ripieno.generators.base import GenerationRequest
from ripieno.generators.theory.engine import TheoryEngine
from ripieno.score.brief import Attribute, Brief
from ripieno.score.piece import Piece
from ripieno.score.styles import StyleProfile


@lru_cache(maxsize=1)
def _engine() -> TheoryEngine:
    return TheoryEngine()


def profiles() -> dict[str, StyleProfile]:
    """The styles that the engine composes in, by id."""
    return {id_: style.profile for id_, style in _engine().styles.items()}


def brief_for(style: str, seed: int, bars: int | None = None) -> Brief:
    """What a person gets who names only a style (and a length)."""
    length = None if bars is None else Attribute(value=bars)
    return complete(Brief(text=style, style=Attribute(value=style), bars=length), profiles(), seed)


def compose(style: str, seed: int, bars: int | None = None) -> Piece:
    """One piece."""
    return _engine().generate(GenerationRequest(brief_for(style, seed, bars), seed)).piece


def compose_all(styles: Sequence[str], seeds: Sequence[int], bars: int | None = None) -> dict[str, list[Piece]]:
    """Pieces of each style, one for each seed."""
    return {style: [compose(style, seed, bars) for seed in seeds] for style in styles}
