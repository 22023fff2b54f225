"""Versions and the music in them: a content-addressed store in one SQL database.

Tracks are stored once by hash; a piece names its tracks by hash; a version names its piece, its parent and the turn that
made it. A commit is one transaction: one version, or none. Candidates are put in as blobs while a turn is under way and
are unreachable rubbish if it never commits. SQLite by default; any SQLAlchemy URL works.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, String, Table, Text, create_engine, event
from sqlalchemy import insert as sql_insert
from sqlalchemy import select as sql_select
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import DatabaseError

from ripieno.memory.table import AttributeTable
from ripieno.score.codec import decode_piece, decode_track
from ripieno.score.errors import BadFile, BadRequest, RipienoError
from ripieno.score.piece import Piece, Track

_RECENT = 64
_META = MetaData()
_BLOBS = Table(
    "blobs", _META,
    Column("hash", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)  # fmt: skip
_VERSIONS = Table(
    "versions", _META,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("parent", String(64)),
    Column("turn", String(64), nullable=False, unique=True),
    Column("piece", String(64), nullable=False),
    Column("table", Text, nullable=False),
)  # fmt: skip
_TURNS = Table(
    "turns", _META,
    Column("id", String(64), primary_key=True),
    Column("request", Text, nullable=False),
    Column("trace", Text, nullable=False),
)  # fmt: skip


class StoreFault(RipienoError):
    """The database cannot be opened, read or written."""


@dataclass(frozen=True)
class Version:
    """A committed state of a project. `id` is a hash over parent, turn and piece."""

    id: str
    parent: str | None
    turn: str
    piece: str
    table: AttributeTable


class Store:
    """One project's database.

    Args:
        where: a file for SQLite, or a SQLAlchemy URL.
    """

    def __init__(self, where: Path | str) -> None:
        self._recent: dict[str, Piece] = {}  # pieces are immutable: those just put need no reading back
        url = make_url(where) if isinstance(where, str) else URL.create("sqlite", database=str(where))
        self._engine = create_engine(url)
        if url.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _durable)
        with self._transaction() as connection:
            _META.create_all(connection)

    @property
    def engine(self) -> Engine:
        """The database connection pool, for the graph's checkpoints beside the versions."""
        return self._engine

    def close(self) -> None:
        """Lets go of the database file."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise StoreFault(
                "The project's database can be read and written",
                value=str(error.orig),
                cause="a full disk, a missing permission, or a damaged file",
                cure="free some space or choose another folder with --out; nothing was committed",
            ) from error

    def put(self, *pieces: Piece) -> None:
        """Stores pieces and their tracks under their hashes, in one transaction. What is there already costs nothing."""
        blobs: dict[str, Piece | Track] = {}
        for piece in pieces:
            blobs.update({t.hash: t for t in piece.tracks})
            blobs[piece.hash] = piece
            self._recent[piece.hash] = piece
        while len(self._recent) > _RECENT:
            self._recent.pop(next(iter(self._recent)))
        with self._transaction() as connection:
            have = set(connection.scalars(sql_select(_BLOBS.c.hash).where(_BLOBS.c.hash.in_(blobs))))
            rows = [{"hash": h, "data": b.encoded} for h, b in blobs.items() if h not in have]
            if rows:
                connection.execute(sql_insert(_BLOBS), rows)

    def piece(self, hash_: str) -> Piece:
        """The piece with this hash.

        Raises:
            BadFile: it is missing, or its bytes do not have this hash.
        """
        if hash_ in self._recent:
            return self._recent[hash_]
        with self._transaction() as connection:
            frame = _verified(connection, hash_)

            def track(h: str) -> Track:
                return decode_track(_verified(connection, h))

            return decode_piece(frame, track)

    def commit(
        self, turn: str, request: str, piece: Piece, table: AttributeTable, trace: str, parent: str | None = None
    ) -> Version:
        """Makes one version, with the request and the trace of its turn, in one transaction."""
        self.put(piece)
        id_ = hashlib.sha256(json.dumps([parent, turn, piece.hash]).encode()).hexdigest()
        with self._transaction() as connection:
            connection.execute(sql_insert(_TURNS).values(id=turn, request=request, trace=trace))
            connection.execute(
                sql_insert(_VERSIONS).values(
                    id=id_, parent=parent, turn=turn, piece=piece.hash, table=table.model_dump_json()
                )
            )
        return Version(id_, parent, turn, piece.hash, table)

    def versions(self) -> tuple[Version, ...]:
        """All versions in order of their making."""
        with self._transaction() as connection:
            rows = connection.execute(sql_select(_VERSIONS).order_by(_VERSIONS.c.number)).all()
        return tuple(
            Version(r.id, r.parent, r.turn, r.piece, AttributeTable.model_validate_json(r.table)) for r in rows
        )

    def trace(self, turn: str) -> str:
        """The trace of a turn, as JSON.

        Raises:
            BadRequest: there is no such turn.
        """
        with self._transaction() as connection:
            row = connection.execute(sql_select(_TURNS.c.trace).where(_TURNS.c.id == turn)).first()
        if row is None:
            raise BadRequest("A turn is one that this project has", value=turn, cure="see the project's versions")
        return str(row.trace)


def _durable(connection: object, _: object) -> None:
    """SQLite settings for every connection: readers beside one writer, and every commit on the disk."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _verified(connection: Connection, hash_: str) -> bytes:
    row = connection.execute(sql_select(_BLOBS.c.data).where(_BLOBS.c.hash == hash_)).first()
    if row is None or hashlib.sha256(row.data).hexdigest() != hash_:
        raise BadFile(
            "Stored music has the hash that it is filed under",
            value=hash_,
            cause="the database was damaged or edited by hand",
            cure="restore it from a copy",
        )
    return bytes(row.data)
