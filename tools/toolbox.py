"""Builds the toolbox of a session, and tells what its generators can do. The agents reach generators only through here."""

from ripieno.generators.theory.engine import TheoryEngine, style_profiles
from ripieno.score.styles import StyleProfile
from ripieno.tools.base import Toolbox


def build_toolbox() -> Toolbox:
    """The embedded generators, ready to use."""
    engine = TheoryEngine()
    return Toolbox({engine.name: engine})


def profiles() -> dict[str, StyleProfile]:
    """Every style that can be composed, by id."""
    return {p.id: p for p in style_profiles()}
