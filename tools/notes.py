"""Instructions about the notes of tracks: transpose, fit to the instrument's range, limit the voices, thin out."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ripieno.generators.base import Candidate
from ripieno.score.errors import Retryable
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Instruction, Tool, Workbench, edit_tracks


class Transpose(Instruction):
    """Moves the notes in scope by `semitones`. Percussion is left alone.

    Refused where a note would leave MIDI's 0..127.
    """

    kind: Literal["transpose"] = "transpose"
    semitones: int = Field(ge=-48, le=48)


class RangeFit(Instruction):
    """Moves each note in scope that its instrument cannot play by octaves into the instrument's range."""

    kind: Literal["range_fit"] = "range_fit"


class LimitVoices(Instruction):
    """Where more notes start or sound at once than the instrument can play, keeps the outer ones and drops inner ones."""

    kind: Literal["limit_voices"] = "limit_voices"


class ThinOut(Instruction):
    """Drops a share of the notes in scope, the metrically weakest first; the first note of each bar stays."""

    kind: Literal["thin_out"] = "thin_out"
    share: float = Field(default=0.3, gt=0.0, lt=1.0)


def _inside(notes: Notes, spans: tuple[tuple[int, int], ...]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(len(notes), bool)
    for first, end in spans:
        mask |= (notes["start"] >= first) & (notes["start"] < end)
    return mask


def _exact(
    change: Callable[[Instruction, Piece, Track, npt.NDArray[np.bool_]], Notes],
) -> Callable[[Instruction, Piece | None, Workbench], Candidate]:
    """A tool from a function that gives a pitched track's new notes."""

    def run(instruction: Instruction, piece: Piece | None, bench: Workbench) -> Candidate:
        assert piece is not None
        whole = piece

        def edit(track: Track, spans: tuple[tuple[int, int], ...]) -> Track:
            if track.is_drum:
                return track
            return track.with_notes(change(instruction, whole, track, _inside(track.notes, spans)))

        return Candidate(edit_tracks(piece, instruction.scope, edit), "exact", bench.seed)

    return run


def _transpose(instruction: Instruction, piece: Piece, track: Track, inside: npt.NDArray[np.bool_]) -> Notes:
    assert isinstance(instruction, Transpose)
    notes = track.notes.copy()
    pitch = notes["pitch"].astype(np.int16)
    pitch[inside] += instruction.semitones
    if len(pitch) and not 0 <= pitch.min() <= pitch.max() <= 127:
        raise Retryable(
            "Transposed notes stay within MIDI's 0 to 127",
            value=f"{instruction.semitones:+d} semitones",
            cause=f"{track.name} would reach {pitch.min()} to {pitch.max()}",
            cure="transpose by less",
        )
    notes["pitch"] = pitch
    return notes


def _range_fit(instruction: Instruction, piece: Piece, track: Track, inside: npt.NDArray[np.bool_]) -> Notes:
    notes = track.notes.copy()
    low, high = track.instrument.low, track.instrument.high
    pitch = notes["pitch"].astype(np.int16)
    up = np.where(inside & (pitch < low), -(-(low - pitch) // 12) * 12, 0)
    down = np.where(inside & (pitch > high), -(-(pitch - high) // 12) * 12, 0)
    moved = pitch + up - down
    if high - low < 11:  # an instrument of less than an octave: what no octave reaches is held at its border
        moved = np.where(inside, np.clip(moved, low, high), moved)
    notes["pitch"] = moved
    return notes


def _limit_voices(instruction: Instruction, piece: Piece, track: Track, inside: npt.NDArray[np.bool_]) -> Notes:
    notes, limit = track.notes, track.instrument.voices
    kept = np.ones(len(notes), bool)
    ends = notes["start"] + notes["duration"]
    for start in np.unique(notes["start"][inside]):
        sounding = np.flatnonzero(kept & (notes["start"] <= start) & (ends > start))
        excess = len(sounding) - limit
        if excess <= 0:
            continue
        order = sounding[np.argsort(notes["pitch"][sounding], kind="stable")]
        # Outer voices carry the harmony and the line; with a single voice the newest highest note is the line.
        droppable = [i for i in (order[1:-1] if limit > 1 else order[:-1]) if inside[i]]
        droppable.sort(key=lambda i: (notes["velocity"][i], -notes["start"][i]))
        extra = [i for i in order[::-1] if inside[i] and i not in droppable]
        for i in (droppable + extra)[:excess]:
            kept[i] = False
    return notes[kept]


def _thin_out(instruction: Instruction, piece: Piece, track: Track, inside: npt.NDArray[np.bool_]) -> Notes:
    assert isinstance(instruction, ThinOut)
    notes, timeline = track.notes, piece.timeline
    weights = np.ones(len(notes))
    seen: set[int] = set()
    for i in np.flatnonzero(inside):
        bar, offset = timeline.position(int(notes["start"][i]))
        if bar in seen:
            weights[i] = timeline.metre_at(bar).weight(offset, timeline.ppq)
        seen.add(bar)
    candidates = np.flatnonzero(inside & (weights < 1.0))
    order = candidates[np.lexsort((notes["velocity"][candidates], weights[candidates]))]
    kept = np.ones(len(notes), bool)
    kept[order[: round(instruction.share * float(inside.sum()))]] = False
    return notes[kept]


TOOLS: tuple[Tool[Any], ...] = (
    Tool(Transpose, _exact(_transpose)),
    Tool(RangeFit, _exact(_range_fit)),
    Tool(LimitVoices, _exact(_limit_voices)),
    Tool(ThinOut, _exact(_thin_out)),
)
