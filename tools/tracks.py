"""Instructions about whole tracks: remove, mute, rename, set the level and the place in the mix."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from ripieno.generators.base import Candidate
from ripieno.score.errors import Retryable
from ripieno.score.piece import Mix, Piece, Track
from ripieno.tools.base import Instruction, Tool, Workbench

MidiValue = Field(default=None, ge=0, le=127)


class RemoveTrack(Instruction):
    """Takes the tracks in scope out of the piece. The last track of a piece cannot be removed."""

    kind: Literal["remove_track"] = "remove_track"
    changes_tracks: ClassVar[bool] = True


class SetMix(Instruction):
    """Sets what is given of a track's place in the mix: volume, pan (0 left, 64 middle, 127 right), sends, muted."""

    kind: Literal["set_mix"] = "set_mix"
    volume: int | None = MidiValue
    pan: int | None = MidiValue
    reverb: int | None = MidiValue
    chorus: int | None = MidiValue
    muted: bool | None = None


class RenameTrack(Instruction):
    """Gives the one track in scope another name; its id stays."""

    kind: Literal["rename_track"] = "rename_track"
    name: str = Field(min_length=1, max_length=80)


def _remove(instruction: RemoveTrack, piece: Piece | None, bench: Workbench) -> Candidate:
    assert piece is not None
    gone = instruction.scope.track_ids(piece)
    if len(gone) == len(piece.tracks):
        raise Retryable("A piece keeps at least one track", value=", ".join(gone), cure="name the tracks to remove")
    left = tuple(t for t in piece.tracks if t.id not in gone)
    return Candidate(replace(piece, tracks=left), "exact", bench.seed)


def _head(change: Callable[[Instruction, Track], Track]) -> Callable[[Instruction, Piece | None, Workbench], Candidate]:
    """A tool from a function that changes a track's head and leaves its music alone."""

    def run(instruction: Instruction, piece: Piece | None, bench: Workbench) -> Candidate:
        assert piece is not None
        for id_ in instruction.scope.track_ids(piece):
            piece = piece.with_track(change(instruction, piece.track(id_)))
        return Candidate(piece, "exact", bench.seed)

    return run


def _set_mix(instruction: Instruction, track: Track) -> Track:
    given = instruction.model_dump(exclude={"kind", "scope"}, exclude_none=True)
    return replace(track, mix=Mix(**{**{f: getattr(track.mix, f) for f in Mix.__slots__}, **given}))


def _rename(instruction: Instruction, track: Track) -> Track:
    assert isinstance(instruction, RenameTrack)
    return replace(track, name=instruction.name)


TOOLS: tuple[Tool[Any], ...] = (
    Tool(RemoveTrack, _remove),
    Tool(SetMix, _head(_set_mix)),
    Tool(RenameTrack, _head(_rename)),
)
