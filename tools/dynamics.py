"""Instructions about loudness."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ripieno.generators.base import Candidate
from ripieno.score.piece import Piece, Track
from ripieno.tools.base import Instruction, Tool, Workbench, edit_tracks

# Factor on the velocity over the course of a span: (place 0..1, factor) corners, straight lines between.
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "crescendo": ((0.0, 0.62), (1.0, 1.22)),
    "diminuendo": ((0.0, 1.15), (1.0, 0.55)),
    "swell": ((0.0, 0.7), (0.55, 1.2), (1.0, 0.7)),
    "build": ((0.0, 0.6), (0.7, 0.95), (1.0, 1.25)),
    "fade": ((0.0, 1.0), (0.4, 0.85), (1.0, 0.3)),
}


class ShapeDynamics(Instruction):
    """Shapes the velocities of the tracks and bars in scope over their course.

    'crescendo', 'diminuendo', 'swell' (up and down), 'build' (late rise) and 'fade' scale each note's velocity by a curve;
    'terraced' sets each section to its own level, alternating soft and loud.
    """

    kind: Literal["shape_dynamics"] = "shape_dynamics"
    shape: Literal["crescendo", "diminuendo", "swell", "build", "fade", "terraced"]


class ScaleVelocities(Instruction):
    """Multiplies the velocities in scope by `factor` (result held within 1..127)."""

    kind: Literal["scale_velocities"] = "scale_velocities"
    factor: float


def _scaled(track: Track, inside: npt.NDArray[np.bool_], factor: npt.NDArray[np.float64] | float) -> Track:
    notes = track.notes.copy()
    velocity = notes["velocity"][inside] * factor
    notes["velocity"][inside] = np.clip(np.rint(velocity), 1, 127).astype(np.uint8)
    return track.with_notes(notes)


def _shape(instruction: ShapeDynamics, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None
    if instruction.shape == "terraced":
        spans = [
            (piece.timeline.bar_start(s.first_bar), piece.timeline.bar_start(s.end_bar), 0.72 if i % 2 else 1.1)
            for i, s in enumerate(piece.sections)
        ]
    else:
        spans = []
    scope_spans = instruction.scope.tick_spans(piece)
    places, factors = zip(*SHAPES.get(instruction.shape, ((0.0, 1.0),)), strict=True)

    def change(track: Track, _: tuple[tuple[int, int], ...]) -> Track:
        for first, end in scope_spans:
            start = track.notes["start"].astype(np.float64)
            inside = (start >= first) & (start < end)
            length = min(end, piece.ticks) - first
            if instruction.shape == "terraced":
                level = np.ones(len(start))
                for a, b, factor in spans:
                    level[(start >= a) & (start < b)] = factor
                track = _scaled(track, inside, level[inside])
            else:
                track = _scaled(track, inside, np.interp((start[inside] - first) / max(1, length), places, factors))
        return track

    return Candidate(edit_tracks(piece, instruction.scope, change), "exact", bench.seed)


def _scale(instruction: ScaleVelocities, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None

    def change(track: Track, spans: tuple[tuple[int, int], ...]) -> Track:
        start = track.notes["start"]
        inside = np.zeros(len(start), bool)
        for first, end in spans:
            inside |= (start >= first) & (start < end)
        return _scaled(track, inside, instruction.factor)

    return Candidate(edit_tracks(piece, instruction.scope, change), "exact", bench.seed)


TOOLS: tuple[Tool[Any], ...] = (Tool(ShapeDynamics, _shape), Tool(ScaleVelocities, _scale))
