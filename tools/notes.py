"""Instructions about pitches and voices: transpose, invert, double, fit to the range, limit the voices, thin out."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator, model_validator

from ripieno.score.degrees import Degree, degree_of, pitch_of, stepped
from ripieno.score.errors import Retryable
from ripieno.score.instruments import Instrument
from ripieno.score.keys import Key
from ripieno.score.piece import Notes, Piece, Track
from ripieno.tools.base import Instruction, Tool, exact_notes


class Transpose(Instruction):
    """Moves the notes in scope by `semitones`, by `octaves`, or by diatonic `steps` of the key that holds at each note.

    Exactly one of the three is given; negative is down. Percussion is left alone. Refused where a note would leave MIDI's
    0..127.
    """

    kind: Literal["transpose"] = "transpose"
    semitones: int | None = Field(default=None, ge=-48, le=48)
    steps: int | None = Field(default=None, ge=-28, le=28)
    octaves: int | None = Field(default=None, ge=-4, le=4)

    @model_validator(mode="after")
    def _one_amount(self) -> "Transpose":
        if sum(x is not None for x in (self.semitones, self.steps, self.octaves)) != 1:
            raise ValueError("give one of semitones, steps and octaves")
        return self


class Invert(Instruction):
    """Turns the notes in scope upside down around `axis` (a MIDI number), or around each track's first note there.

    `diatonic` counts scale steps of the key that holds at each note; else semitones. Twice in semitones restores the original.
    """

    kind: Literal["invert"] = "invert"
    axis: int | None = Field(default=None, ge=0, le=127)
    diatonic: bool = True


class DoubleOctave(Instruction):
    """Adds to every note in scope the same note `octaves` away (negative: below), a little softer, where it can be played."""

    kind: Literal["double_octave"] = "double_octave"
    octaves: int = Field(default=1, ge=-3, le=3)

    @field_validator("octaves")
    @classmethod
    def _some(cls, octaves: int) -> int:
        if octaves == 0:
            raise ValueError("an octave up is 1, down is -1")
        return octaves


class Silence(Instruction):
    """Takes the notes in scope out; the tracks stay. 'No drums in the intro'."""

    kind: Literal["silence"] = "silence"


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


_SOFTER = 0.8  # velocity of an added octave against its note


def _transpose(instruction: Transpose, piece: Piece, track: Track, mask: npt.NDArray[np.bool_]) -> Notes:
    notes = track.notes.copy()
    pitch = notes["pitch"].astype(np.int16)
    if instruction.steps is not None:
        pitch[mask] = by_key(piece, notes[mask], lambda p, key: stepped(p, instruction.steps or 0, key))
    else:
        pitch[mask] += instruction.semitones if instruction.semitones is not None else 12 * (instruction.octaves or 0)
    if len(pitch) and not 0 <= pitch.min() <= pitch.max() <= 127:
        raise Retryable(
            "Transposed notes stay within MIDI's 0 to 127",
            value=instruction.model_dump(exclude={"kind", "scope"}, exclude_none=True),
            cause=f"{track.name} would reach {pitch.min()} to {pitch.max()}",
            cure="transpose by less",
        )
    notes["pitch"] = pitch
    return notes


def by_key(piece: Piece, notes: Notes, change: Callable[[int, Key], int]) -> list[int]:
    """New pitches of notes by a function of pitch and of the key that holds where the note starts."""
    keys = [piece.key_at(piece.timeline.bar_at(int(t))) for t in notes["start"]]
    return [change(p, key) for p, key in zip(notes["pitch"].tolist(), keys, strict=True)]


def _invert(instruction: Invert, piece: Piece, track: Track, mask: npt.NDArray[np.bool_]) -> Notes:
    notes = track.notes.copy()
    axis = int(track.notes["pitch"][mask][0]) if instruction.axis is None else instruction.axis

    def mirrored(pitch: int, key: Key) -> int:
        centre, degree = degree_of(axis, key), degree_of(pitch, key)
        return pitch_of(Degree(2 * centre.step - degree.step, centre.alter - degree.alter), key)

    pitch = notes["pitch"].astype(np.int16)
    pitch[mask] = by_key(piece, notes[mask], mirrored) if instruction.diatonic else 2 * axis - pitch[mask]
    if not 0 <= pitch.min() <= pitch.max() <= 127:
        raise Retryable(
            "Inverted notes stay within MIDI's 0 to 127",
            value=f"around {axis}",
            cause=f"{track.name} would reach {pitch.min()} to {pitch.max()}",
            cure="choose an axis in the middle of the notes",
        )
    notes["pitch"] = pitch
    return notes


def _double_octave(instruction: DoubleOctave, piece: Piece, track: Track, mask: npt.NDArray[np.bool_]) -> Notes:
    added = track.notes[mask].copy()
    pitch = added["pitch"].astype(np.int16) + 12 * instruction.octaves
    fits = (pitch >= track.instrument.low) & (pitch <= track.instrument.high)
    added = added[fits]
    added["pitch"] = pitch[fits]
    added["velocity"] = np.maximum(1, added["velocity"] * _SOFTER)
    there = {(int(n["start"]), int(n["pitch"])) for n in track.notes}
    fresh = [n for n in added if (int(n["start"]), int(n["pitch"])) not in there]
    if not fresh:
        raise Retryable(
            "An added octave can be played and is not there yet",
            value=track.name,
            cause="all of it lies outside the instrument, or is doubled already",
            cure="try the other direction",
        )
    return np.concatenate([track.notes, np.array(fresh, track.notes.dtype)])


def _silence(instruction: Silence, piece: Piece, track: Track, mask: npt.NDArray[np.bool_]) -> Notes:
    return track.notes[~mask]


def _range_fit(instruction: RangeFit, piece: Piece, track: Track, mask: npt.NDArray[np.bool_]) -> Notes:
    notes = track.notes.copy()
    notes[mask] = fitted(notes[mask], track.instrument)
    return notes


def fitted(notes: Notes, player: Instrument) -> Notes:
    """The notes, those that an instrument cannot play moved by octaves into its range."""
    low, high = player.low, player.high
    pitch = notes["pitch"].astype(np.int16)
    up = np.where(pitch < low, -(-(low - pitch) // 12) * 12, 0)
    down = np.where(pitch > high, -(-(pitch - high) // 12) * 12, 0)
    moved = pitch + up - down
    if high - low < 11:  # an instrument of less than an octave: what no octave reaches is held at its border
        moved = np.clip(moved, low, high)
    result = notes.copy()
    result["pitch"] = moved
    return result


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


def _thin_out(instruction: ThinOut, piece: Piece, track: Track, inside: npt.NDArray[np.bool_]) -> Notes:
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


TOOLS: tuple[Tool, ...] = (
    Tool(Transpose, exact_notes(_transpose)),
    Tool(Invert, exact_notes(_invert)),
    Tool(DoubleOctave, exact_notes(_double_octave)),
    Tool(Silence, exact_notes(_silence, drums=True)),
    Tool(RangeFit, exact_notes(_range_fit)),
    Tool(LimitVoices, exact_notes(_limit_voices)),
    Tool(ThinOut, exact_notes(_thin_out)),
)
