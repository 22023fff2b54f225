"""Instructions about single notes: 'make the third note of bar 5 an F sharp'.

A note is found by its bar and its number among the notes of that bar in order of time (of a chord from the lowest), or by the
beat on which it starts. Pitches are MIDI numbers, or names such as 'F#4'; a name without an octave means the nearest to the
note that was there.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from ripieno.score.errors import Retryable
from ripieno.score.piece import Notes, Piece, Track
from ripieno.score.pitch import midi_number, pitch_class, pitch_name
from ripieno.tools.base import Instruction, Tool, exact
from ripieno.tools.scope import Scope

_NEAR = 0.125  # quarter notes that a played note may lie beside the beat that names it


class _OneNote(Instruction):
    """Base: the one track in scope, one bar, and which note of it."""

    bar: int = Field(ge=0, description="from 0")
    nth: int | None = Field(default=None, ge=-64, le=64, description="from 1 in order of time; -1 the last")
    beat: float | None = Field(default=None, ge=1, description="quarter notes into the bar, from 1")
    was: str | None = Field(default=None, description="the pitch that the note has, such as 'F4' or 'F'")

    @model_validator(mode="after")
    def _found_somehow(self) -> "_OneNote":
        if self.nth is None and self.beat is None and self.was is None:
            raise ValueError("say which note: nth, beat or was")
        if self.nth == 0:
            raise ValueError("notes count from 1")
        return self

    def place(self, piece: Piece) -> Scope:
        """See `Instruction.place`: the bar alone."""
        return Scope(tracks=self.scope.tracks, bars=(self.bar, self.bar + 1)) if self.bar < piece.bars else self.scope


class SetNote(_OneNote):
    """Gives one note another pitch, length (`beats`, in quarter notes) or velocity; what is not given stays."""

    kind: Literal["set_note"] = "set_note"
    pitch: str | None = None
    beats: float | None = Field(default=None, gt=0, le=64)
    velocity: int | None = Field(default=None, ge=1, le=127)

    @field_validator("pitch")
    @classmethod
    def _a_pitch(cls, text: str | None) -> str | None:
        return None if text is None else _checked_pitch(text)


class InsertNote(Instruction):
    """Inserts a note into the one track in scope: `bar` from 0, `beat` in quarter notes into the bar from 1, `pitch`, `beats`.

    Without a velocity it is as loud as the notes around it.
    """

    kind: Literal["insert_note"] = "insert_note"
    bar: int = Field(ge=0)
    beat: float = Field(ge=1)
    pitch: str
    beats: float = Field(default=1.0, gt=0, le=64)
    velocity: int | None = Field(default=None, ge=1, le=127)

    @field_validator("pitch")
    @classmethod
    def _a_pitch(cls, text: str) -> str:
        return _checked_pitch(text)

    def place(self, piece: Piece) -> Scope:
        """See `Instruction.place`: the bar alone."""
        return Scope(tracks=self.scope.tracks, bars=(self.bar, self.bar + 1)) if self.bar < piece.bars else self.scope


class DeleteNote(_OneNote):
    """Takes one note out of the one track in scope."""

    kind: Literal["delete_note"] = "delete_note"


class ShiftNote(_OneNote):
    """Moves one note in time by `by` quarter notes (negative: earlier), within its bar's own span of the piece."""

    kind: Literal["shift_note"] = "shift_note"
    by: float = Field(ge=-64, le=64)

    def place(self, piece: Piece) -> Scope:
        """See `Instruction.place`: from the bar that the note leaves to the one that it may reach."""
        reach = round(abs(self.by) * piece.timeline.ppq)
        line = piece.timeline.bar_start
        first = piece.timeline.bar_at(max(0, line(self.bar) - (reach if self.by < 0 else 0)))
        last = piece.timeline.bar_at(line(self.bar + 1) - 1 + (reach if self.by > 0 else 0))
        return Scope(tracks=self.scope.tracks, bars=(min(first, piece.bars - 1), min(last + 1, piece.bars)))


def _checked_pitch(text: str) -> str:
    plain = text.strip()
    if plain.isdecimal():
        if int(plain) > 127:
            raise ValueError("a MIDI number is 0 to 127")
        return plain
    midi_number(plain if plain[-1:].isdecimal() else plain + "4")  # raises ValueError where it is no pitch
    return plain


def _pitch(text: str, near: int) -> int:
    if text.isdecimal():
        return int(text)
    if text[-1].isdecimal():
        return midi_number(text)
    wanted = pitch_class(text)
    found = [p for p in range(128) if p % 12 == wanted]
    return min(found, key=lambda p: (abs(p - near), p))


def _one_track(instruction: Instruction, piece: Piece) -> Track:
    ids = instruction.scope.track_ids(piece)
    if len(ids) != 1:
        raise Retryable("A single note lies in one track", value=", ".join(ids), cure="name the track")
    return piece.track(ids[0])


def _bar(bar: int, piece: Piece) -> tuple[int, int]:
    if bar >= piece.bars:
        raise Retryable(f"Bars lie between 1 and {piece.bars}", value=bar + 1, cure="name a bar that the piece has")
    return piece.timeline.bar_start(bar), piece.timeline.bar_start(bar + 1)


def _find(instruction: _OneNote, piece: Piece, track: Track) -> int:
    """Index of the note meant."""
    first, end = _bar(instruction.bar, piece)
    notes, ppq = track.notes, piece.timeline.ppq
    found = np.flatnonzero((notes["start"] >= first) & (notes["start"] < end))
    place = f"bar {instruction.bar + 1} of {track.name}"
    if instruction.was is not None:
        near = int(notes["pitch"][found[0]]) if len(found) else 60
        exact_pitch = instruction.was[-1:].isdecimal()
        wanted = _pitch(instruction.was, near)
        same = notes["pitch"][found] == wanted if exact_pitch else notes["pitch"][found] % 12 == wanted % 12
        found = found[same]
    if instruction.beat is not None:
        tick = first + (instruction.beat - 1) * ppq
        found = found[np.abs(notes["start"][found] - tick) <= _NEAR * ppq]
    if instruction.nth is not None:
        index = instruction.nth - 1 if instruction.nth > 0 else instruction.nth
        if not -len(found) <= index < len(found):
            raise Retryable(
                f"The note is one that the bar has: {len(found)} are there",
                value=f"note {instruction.nth}, {place}",
                cause=_listed(notes, found),
                cure="name another note or bar",
            )
        return int(found[index])
    if len(found) != 1:
        raise Retryable(
            "One note is meant",
            value=f"{len(found)} fit, {place}",
            cause=_listed(notes, found),
            cure="say which: its number, its beat or its pitch",
        )
    return int(found[0])


def _listed(notes: Notes, found: np.ndarray) -> str:
    return "the notes there are " + (", ".join(pitch_name(int(p)) for p in notes["pitch"][found[:12]]) or "none")


def _set(instruction: SetNote, piece: Piece) -> Piece:
    track = _one_track(instruction, piece)
    i = _find(instruction, piece, track)
    notes = track.notes.copy()
    if instruction.pitch is not None:
        notes["pitch"][i] = _pitch(instruction.pitch, int(notes["pitch"][i]))
    if instruction.beats is not None:
        notes["duration"][i] = max(1, round(instruction.beats * piece.timeline.ppq))
    if instruction.velocity is not None:
        notes["velocity"][i] = instruction.velocity
    return piece.with_track(track.with_notes(notes))


def _insert(instruction: InsertNote, piece: Piece) -> Piece:
    track = _one_track(instruction, piece)
    first, end = _bar(instruction.bar, piece)
    ppq = piece.timeline.ppq
    start = first + round((instruction.beat - 1) * ppq)
    if start >= end:
        raise Retryable(
            f"Bar {instruction.bar + 1} has {(end - first) / ppq:g} quarter notes",
            value=f"beat {instruction.beat:g}",
            cure="name a beat within it",
        )
    around = np.argsort(np.abs(track.notes["start"] - start), kind="stable")[:4]
    player = track.instrument
    near = int(np.median(track.notes["pitch"][around])) if len(around) else (player.comfort_low + player.comfort_high) // 2
    loud = round(float(track.notes["velocity"][around].mean())) if len(around) else 80
    row = (start, max(1, round(instruction.beats * ppq)), _pitch(instruction.pitch, near), instruction.velocity or loud)
    if ((track.notes["start"] == start) & (track.notes["pitch"] == row[2])).any():
        raise Retryable(
            "An inserted note is not there yet",
            value=f"{pitch_name(row[2])} in bar {instruction.bar + 1}",
            cure="choose another pitch or beat, or change that note",
        )
    return piece.with_track(track.with_notes(np.concatenate([track.notes, np.array([row], track.notes.dtype)])))


def _delete(instruction: DeleteNote, piece: Piece) -> Piece:
    track = _one_track(instruction, piece)
    return piece.with_track(track.with_notes(np.delete(track.notes, _find(instruction, piece, track))))


def _shift(instruction: ShiftNote, piece: Piece) -> Piece:
    track = _one_track(instruction, piece)
    i = _find(instruction, piece, track)
    notes = track.notes.copy()
    start = int(notes["start"][i]) + round(instruction.by * piece.timeline.ppq)
    if not 0 <= start < piece.ticks:
        raise Retryable("A note stays within the piece", value=f"{instruction.by:+g} quarter notes", cure="move it by less")
    notes["start"][i] = start
    return piece.with_track(replace(track.with_notes(notes)))


TOOLS: tuple[Tool, ...] = (
    Tool(SetNote, exact(_set)),
    Tool(InsertNote, exact(_insert)),
    Tool(DeleteNote, exact(_delete)),
    Tool(ShiftNote, exact(_shift)),
)
