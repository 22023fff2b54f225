"""Instructions about whole tracks: remove, mute, solo, rename, instrument, split, merge, duplicate, place in the mix."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from ripieno.score.errors import Retryable
from ripieno.score.instruments import instrument, instruments
from ripieno.score.piece import Mix, Piece, Track, make_controls
from ripieno.score.pitch import midi_number
from ripieno.tools.base import MAX_TRACKS, MUSIC, NOTES, NOTHING, Instruction, Tool, exact
from ripieno.tools.notes import fitted
from ripieno.tools.scope import Scope

MidiValue = Field(default=None, ge=0, le=127)
Relative = Field(default=None, ge=-127, le=127)


class _Head(Instruction):
    """Base of the instructions about whole tracks, most of which change a track's head and none of its music; no time."""

    music: ClassVar[frozenset[str]] = NOTHING

    @model_validator(mode="after")
    def _no_time(self) -> "_Head":
        if not self.scope.whole or self.scope.drums:
            raise ValueError("this holds for whole tracks: name no bars and no pieces of the kit")
        return self


class RemoveTrack(_Head):
    """Takes the tracks in scope out of the piece. The last track of a piece cannot be removed."""

    kind: Literal["remove_track"] = "remove_track"
    removes_tracks: ClassVar[bool] = True


class SetMix(_Head):
    """Sets what is given of a track's place in the mix: volume, pan (0 left, 64 middle, 127 right), sends, muted.

    The `..._by` fields add to what it has, held within 0..127.
    """

    kind: Literal["set_mix"] = "set_mix"
    volume: int | None = MidiValue
    pan: int | None = MidiValue
    reverb: int | None = MidiValue
    chorus: int | None = MidiValue
    volume_by: int | None = Relative
    pan_by: int | None = Relative
    reverb_by: int | None = Relative
    chorus_by: int | None = Relative
    muted: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> "SetMix":
        given = self.model_dump(exclude={"kind", "scope"}, exclude_none=True)
        if not given:
            raise ValueError("give at least one of volume, pan, reverb, chorus, their _by forms, and muted")
        twice = [name for name in ("volume", "pan", "reverb", "chorus") if name in given and f"{name}_by" in given]
        if twice:
            raise ValueError(f"give {twice[0]} or {twice[0]}_by, not both")
        return self

    def heads(self) -> frozenset[str]:
        """See `Instruction.heads`: what is given."""
        return frozenset(f.removesuffix("_by") for f in self.model_dump(exclude={"kind", "scope"}, exclude_none=True))


class Solo(_Head):
    """Lets only the tracks in scope be heard: mutes all others and unmutes these. `on` false unmutes every track."""

    kind: Literal["solo"] = "solo"
    on: bool = True

    def place(self, piece: Piece) -> Scope:
        """See `Instruction.place`: solo is about every track."""
        return Scope()

    def heads(self) -> frozenset[str]:
        """See `Instruction.heads`."""
        return frozenset({"muted"})


class RenameTrack(_Head):
    """Gives the one track in scope another name; its id stays."""

    kind: Literal["rename_track"] = "rename_track"
    name: str = Field(min_length=1, max_length=80)

    def heads(self) -> frozenset[str]:
        """See `Instruction.heads`."""
        return frozenset({"name"})


class ChangeInstrument(_Head):
    """Lets another instrument play the tracks in scope; with `fit` notes beyond its range move by octaves into it.

    A name that was the old instrument's becomes the new one's. Kits stay kits and pitched tracks pitched.
    """

    kind: Literal["change_instrument"] = "change_instrument"
    instrument: str = Field(min_length=1, max_length=80, description="an id of the instrument table")
    fit: bool = True
    music: ClassVar[frozenset[str]] = NOTES

    def heads(self) -> frozenset[str]:
        """See `Instruction.heads`."""
        return frozenset({"instrument_id", "program", "name"})

    @field_validator("instrument")
    @classmethod
    def _known(cls, id_: str) -> str:
        if id_ not in instruments():
            raise ValueError("an instrument is an id of the instrument table, see `ripieno instruments`")
        return id_


class SplitTrack(Instruction):
    """Splits the one track in scope in two: what lies at or above `at` (a pitch such as 'C4'), or the pieces of the kit in
    `scope.drums`, becomes a track of its own called `name`. Merging the two restores the music.
    """

    kind: Literal["split_track"] = "split_track"
    at: str | None = None
    name: str = Field(default="", max_length=80)
    new_tracks: ClassVar[int] = 1

    @field_validator("at")
    @classmethod
    def _a_pitch(cls, text: str | None) -> str | None:
        if text is not None:
            midi_number(text)
        return text

    @model_validator(mode="after")
    def _one(self) -> "SplitTrack":
        if (self.at is None) == (not self.scope.drums):
            raise ValueError("give a pitch, or pieces of the kit in scope.drums")
        return self


class MergeTracks(_Head):
    """Puts the tracks in scope together into the first of them; instrument, name and mix are the first one's."""

    kind: Literal["merge_tracks"] = "merge_tracks"
    removes_tracks: ClassVar[bool] = True
    music: ClassVar[frozenset[str]] = MUSIC


class DuplicateTrack(_Head):
    """Adds a copy of the one track in scope, called `name`, with another instrument if one is given (range fitted)."""

    kind: Literal["duplicate_track"] = "duplicate_track"
    name: str = Field(default="", max_length=80)
    instrument: str | None = None
    new_tracks: ClassVar[int] = 1

    @field_validator("instrument")
    @classmethod
    def _known(cls, id_: str | None) -> str | None:
        if id_ is not None and id_ not in instruments():
            raise ValueError("an instrument is an id of the instrument table, see `ripieno instruments`")
        return id_


def _remove(instruction: RemoveTrack, piece: Piece) -> Piece:
    gone = instruction.scope.track_ids(piece)
    if len(gone) == len(piece.tracks):
        raise Retryable("A piece keeps at least one track", value=", ".join(gone), cure="name the tracks to remove")
    return replace(piece, tracks=tuple(t for t in piece.tracks if t.id not in gone))


def _head(change: Callable[..., Track]) -> Callable[[Instruction, Piece], Piece]:
    """A change of each track in scope."""

    def run(instruction: Instruction, piece: Piece) -> Piece:
        for id_ in instruction.scope.track_ids(piece):
            piece = piece.with_track(change(instruction, piece.track(id_)))
        return piece

    return run


def _set_mix(instruction: SetMix, track: Track) -> Track:
    values = {f: getattr(track.mix, f) for f in Mix.__slots__}
    for name, value in instruction.model_dump(exclude={"kind", "scope"}, exclude_none=True).items():
        base = name.removesuffix("_by")
        values[base] = value if base == name else min(127, max(0, values[base] + value))
    return replace(track, mix=Mix(**values))


def _solo(instruction: Solo, piece: Piece) -> Piece:
    heard = set(instruction.scope.track_ids(piece))
    rows = (replace(t, mix=replace(t.mix, muted=instruction.on and t.id not in heard)) for t in piece.tracks)
    return replace(piece, tracks=tuple(rows))


def _rename(instruction: RenameTrack, piece: Piece) -> Piece:
    track = _one(instruction, piece)
    return piece.with_track(replace(track, name=instruction.name))


def _change_instrument(instruction: ChangeInstrument, track: Track) -> Track:
    new = instrument(instruction.instrument)
    if new.is_drum != track.is_drum:
        raise Retryable(
            "Kits stay kits and pitched tracks pitched",
            value=f"{track.name} as {new.name}",
            cause="the notes of a kit are no pitches",
            cure="add a track instead",
        )
    name = new.name if track.name.lower() in (track.instrument.name.lower(), *track.instrument.names) else track.name
    changed = replace(track, instrument_id=new.id, program=None, name=name)
    return changed.with_notes(fitted(track.notes, new)) if instruction.fit and not new.is_drum else changed


def _split(instruction: SplitTrack, piece: Piece) -> Piece:
    track = _one(instruction, piece)
    if instruction.at is not None:
        if track.is_drum:
            raise Retryable("A kit is split by its pieces", value=track.name, cure="name snare, hi-hat or another piece")
        mask = instruction.scope.note_mask(piece, track) & (track.notes["pitch"] >= midi_number(instruction.at))
    else:
        mask = instruction.scope.note_mask(piece, track)
    if not mask.any() or mask.all():
        raise Retryable(
            "Both parts of a split track hold notes",
            value=instruction.at or ", ".join(instruction.scope.drums),
            cause=f"{track.name} lies on one side of it",
            cure="split elsewhere",
        )
    what = ", ".join(instruction.scope.drums) or "high"
    new = replace(track, id=free_id(f"{track.id}-{what}", piece), name=instruction.name or f"{track.name} {what}")
    return _after(piece.with_track(track.with_notes(track.notes[~mask])), track.id, new.with_notes(track.notes[mask]))


def _merge(instruction: MergeTracks, piece: Piece) -> Piece:
    ids = instruction.scope.track_ids(piece)
    if len(ids) < 2:
        raise Retryable("Two tracks or more are merged", value=", ".join(ids), cure="name the tracks")
    first, *rest = (piece.track(i) for i in ids)
    if any(t.is_drum != first.is_drum for t in rest):
        raise Retryable(
            "Kits are merged with kits, pitched tracks with pitched ones", value=", ".join(ids), cure="name tracks of one sort"
        )
    notes = np.unique(np.concatenate([t.notes for t in (first, *rest)]))
    controls = np.concatenate([t.controls for t in (first, *rest)])
    _, index = np.unique(controls, return_index=True)
    merged = replace(first.with_notes(notes), controls=make_controls(controls[np.sort(index)]))
    kept = tuple(merged if t.id == first.id else t for t in piece.tracks if t.id == first.id or t.id not in ids)
    return replace(piece, tracks=kept)


def _duplicate(instruction: DuplicateTrack, piece: Piece) -> Piece:
    track = _one(instruction, piece)
    copy = track
    if instruction.instrument is not None:
        other = ChangeInstrument(instrument=instruction.instrument)
        copy = _change_instrument(other, track)
    name = instruction.name or (copy.name if copy.name != track.name else f"{track.name} 2")
    copy = replace(copy, id=free_id(instruction.instrument or track.id, piece), name=name)
    return _after(piece, track.id, copy)


def free_id(wish: str, piece: Piece) -> str:
    """An id for a new track, from a wish: lower case, and numbered where it is taken."""
    base = "_".join("".join(c if c.isalnum() else " " for c in wish.lower()).split()) or "track"
    taken = {t.id for t in piece.tracks}
    return next(i for i in (base, *(f"{base}_{n}" for n in range(2, len(taken) + 3))) if i not in taken)


def _after(piece: Piece, id_: str, new: Track) -> Piece:
    """The piece with a track added behind another."""
    if len(piece.tracks) >= MAX_TRACKS:
        raise Retryable(f"A piece has at most {MAX_TRACKS} tracks", value=len(piece.tracks) + 1, cure="remove one first")
    rows: list[Track] = []
    for track in piece.tracks:
        rows += [track, new] if track.id == id_ else [track]
    return replace(piece, tracks=tuple(rows))


def _one(instruction: Instruction, piece: Piece) -> Track:
    ids = instruction.scope.track_ids(piece)
    if len(ids) != 1:
        raise Retryable("This is done to one track", value=", ".join(ids), cure="name the one that you mean")
    return piece.track(ids[0])


TOOLS: tuple[Tool, ...] = (
    Tool(RemoveTrack, exact(_remove)),
    Tool(SetMix, exact(_head(_set_mix))),
    Tool(Solo, exact(_solo)),
    Tool(RenameTrack, exact(_rename)),
    Tool(ChangeInstrument, exact(_head(_change_instrument))),
    Tool(SplitTrack, exact(_split)),
    Tool(MergeTracks, exact(_merge)),
    Tool(DuplicateTrack, exact(_duplicate)),
)
