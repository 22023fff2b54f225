"""Instructions about loudness."""

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ripieno.score.errors import Retryable
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Instruction, Tool, exact, exact_notes
from ripieno.tools.scope import Scope, tracks_named

Mask = npt.NDArray[np.bool_]
# Factor on the velocity over the course of a span: (place 0..1, factor) corners, straight lines between.
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "crescendo": ((0.0, 0.62), (1.0, 1.22)),
    "diminuendo": ((0.0, 1.15), (1.0, 0.55)),
    "swell": ((0.0, 0.7), (0.55, 1.2), (1.0, 0.7)),
    "build": ((0.0, 0.6), (0.7, 0.95), (1.0, 1.25)),
    "fade": ((0.0, 1.0), (0.4, 0.85), (1.0, 0.3)),
}
_STRONG = 0.75  # metrical weight from which a place counts as strong


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
    factor: float = Field(ge=0.05, le=10)


class CompressVelocities(Instruction):
    """Brings the velocities in scope nearer to each track's mean there: `amount` 1 makes them equal, 0.5 halves the
    differences, and a negative amount spreads them: -1 doubles the differences.
    """

    kind: Literal["compress_velocities"] = "compress_velocities"
    amount: float = Field(default=0.5, ge=-2, le=1)


class Accent(Instruction):
    """Adds `by` to the velocity of the notes in scope that start within `scope.beats`, or without these on strong places."""

    kind: Literal["accent"] = "accent"
    by: int = Field(default=16, ge=-100, le=100)


class Duck(Instruction):
    """Softens notes in scope that start with or soon after a stroke of the track `by`, as a side-chain compressor would.

    `amount` is how much of the velocity is taken away on the stroke (0..1); it comes back linearly over `beats` quarter notes.
    `drum` picks a piece of the kit of `by`, such as 'kick'.
    """

    kind: Literal["duck"] = "duck"
    by: str = Field(min_length=1, max_length=80)
    drum: str = ""
    amount: float = Field(default=0.5, gt=0, le=1)
    beats: float = Field(default=0.5, gt=0, le=4)


def _scaled(notes: Notes, mask: Mask, factor: npt.NDArray[np.float64] | float) -> Notes:
    return _set(notes, mask, notes["velocity"][mask] * factor)


def _set(notes: Notes, mask: Mask, velocity: npt.NDArray[np.float64]) -> Notes:
    changed = notes.copy()
    changed["velocity"][mask] = np.clip(np.rint(velocity), 1, 127).astype(np.uint8)
    return changed


def _shape(instruction: ShapeDynamics, piece: Piece, track: Track, mask: Mask) -> Notes:
    start = track.notes["start"].astype(np.float64)
    factor = np.ones(len(start))
    if instruction.shape == "terraced":
        for i, section in enumerate(piece.sections):
            a, b = piece.timeline.bar_start(section.first_bar), piece.timeline.bar_start(section.end_bar)
            factor[(start >= a) & (start < b)] = 0.72 if i % 2 else 1.1
        return _scaled(track.notes, mask, factor[mask])
    places, factors = zip(*SHAPES[instruction.shape], strict=True)
    for first, end in instruction.scope.tick_spans(piece):
        length = min(end, piece.ticks) - first
        inside = (start >= first) & (start < end)
        factor[inside] = np.interp((start[inside] - first) / max(1, length), places, factors)
    return _scaled(track.notes, mask, factor[mask])


def _scale(instruction: ScaleVelocities, piece: Piece, track: Track, mask: Mask) -> Notes:
    return _scaled(track.notes, mask, instruction.factor)


def _compress(instruction: CompressVelocities, piece: Piece, track: Track, mask: Mask) -> Notes:
    velocity = track.notes["velocity"][mask].astype(np.float64)
    mean = velocity.mean()
    return _set(track.notes, mask, mean + (velocity - mean) * (1 - instruction.amount))


def _accent(instruction: Accent, piece: Piece, track: Track, mask: Mask) -> Notes:
    chosen = mask
    if not instruction.scope.beats:
        timeline = piece.timeline
        places = [timeline.position(int(t)) for t in track.notes["start"]]
        strong = [timeline.metre_at(bar).weight(offset, timeline.ppq) >= _STRONG for bar, offset in places]
        chosen = mask & np.array(strong, bool)
    return _set(track.notes, chosen, track.notes["velocity"][chosen].astype(np.float64) + instruction.by)


def _duck(instruction: Duck, piece: Piece) -> Piece:
    rulers = tracks_named(instruction.by, piece)
    wanted = Scope(tracks=rulers, drums=(instruction.drum,) if instruction.drum else ())
    strokes = [piece.track(i).notes["start"][wanted.note_mask(piece, piece.track(i))] for i in wanted.track_ids(piece)]
    beats = np.unique(np.concatenate(strokes))
    if not len(beats):
        raise Retryable(
            "Ducking needs strokes to duck under",
            value=instruction.drum or instruction.by,
            cause="that part has none",
            cure="name another part",
        )
    back = instruction.beats * piece.timeline.ppq
    for id_ in instruction.scope.track_ids(piece):
        if id_ in rulers:
            continue
        track = piece.track(id_)
        mask = instruction.scope.note_mask(piece, track)
        start = track.notes["start"][mask].astype(np.float64)
        before = np.searchsorted(beats, start, side="right") - 1
        since = np.where(before >= 0, start - beats[np.maximum(before, 0)], back)
        factor = 1 - instruction.amount * np.clip(1 - since / back, 0, 1)
        piece = piece.with_track(track.with_notes(_scaled(track.notes, mask, factor)))
    return piece


TOOLS: tuple[Tool, ...] = (
    Tool(ShapeDynamics, exact_notes(_shape, drums=True)),
    Tool(ScaleVelocities, exact_notes(_scale, drums=True)),
    Tool(CompressVelocities, exact_notes(_compress, drums=True)),
    Tool(Accent, exact_notes(_accent, drums=True)),
    Tool(Duck, exact(_duck)),
)
