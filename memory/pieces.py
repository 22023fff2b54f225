"""Pieces in a database: written as documents that lean on an earlier version's, read back, and kept decoded for a while."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection

from ripieno.memory import blobs
from ripieno.memory.blobs import Document
from ripieno.memory.ropes import json_cuts, track_cuts
from ripieno.score.codec import decode_piece, decode_track
from ripieno.score.errors import BadFile
from ripieno.score.piece import Piece

_RECENT = 64  # pieces kept decoded


class Pieces:
    """The pieces that one store handles. Pieces are immutable: those just seen need no reading back."""

    def __init__(self) -> None:
        self._recent: dict[str, Piece] = {}

    def keep(self, *pieces: Piece) -> None:
        """Remembers pieces."""
        self._recent |= {p.hash: p for p in pieces}
        while len(self._recent) > _RECENT:
            self._recent.pop(next(iter(self._recent)))

    def recent(self, hash_: str) -> Piece | None:
        """A piece that was seen lately."""
        return self._recent.get(hash_)

    def read(self, connection: Connection, hash_: str) -> Piece:
        """A piece out of the database, or out of memory.

        Raises:
            BadFile: it is missing, or its bytes do not have this hash.
        """
        if hash_ not in self._recent:
            frame = blobs.read(connection, [hash_])[hash_]
            found = blobs.read(connection, json.loads(frame)["tracks"])
            self.keep(decode_piece(frame, lambda name: decode_track(found[name])))
        return self._recent[hash_]

    def documents(self, connection: Connection, piece: Piece, like: str | None) -> Iterator[Document]:
        """A piece's tracks and frame, each like its fellow in the stored piece with the hash `like`."""
        older: dict[str, str] = {}
        if like is not None and like != piece.hash:
            try:
                older = {track.id: track.hash for track in self.read(connection, like).tracks}
            except BadFile:
                like = None  # damaged: what is written now stands on its own
        for track in piece.tracks:
            yield Document(track.encoded, track_cuts(track.encoded), older.get(track.id))
        yield Document(piece.encoded, json_cuts(piece.encoded), like)
