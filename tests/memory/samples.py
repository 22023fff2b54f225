"""Turns for tests of the store: small pieces that differ in one thing, and the versions that commit them."""

from dataclasses import replace
from typing import Any

from ripieno.memory.store import NewVersion
from ripieno.memory.table import derive_table
from ripieno.score.brief import Brief
from ripieno.score.piece import Piece
from tests.score.pieces import waltz


def louder(piece: Piece, by: int) -> Piece:
    """The piece with its first track's volume set to `by`."""
    track = piece.tracks[0]
    return piece.with_track(replace(track, mix=replace(track.mix, volume=by)))


def turn(name: str, piece: Piece | None = None, parent: str | None = None, **more: Any) -> NewVersion:
    """A version to commit: the waltz unless there is a piece."""
    piece = waltz() if piece is None else piece
    text = f"do {name}"
    return NewVersion(
        turn=name, text=text, piece=piece, table=derive_table(piece, Brief(text=text)), trace=f'{{"turn": "{name}"}}',
        reply=f"did {name}", summary=f"{name} done", parent=parent, **more,
    )  # fmt: skip
