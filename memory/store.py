"""One project's versions and the music in them.

Documents are stored once by hash (`blobs`); a version names its piece, its table, its parent and the turn that made it
(`versions`); the head is a place in the history of places that it went through (`head`), which is what undo and redo walk
along. A commit is one transaction: one version, or none. Candidates are put in while a turn is under way and are unreachable
rubbish if it never commits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select

from ripieno.memory import blobs, head, turns, versions
from ripieno.memory.blobs import Document, Texts
from ripieno.memory.database import Database, StoreBusy, StoreFault
from ripieno.memory.head import Move, StoreConflict
from ripieno.memory.locks import hold
from ripieno.memory.pieces import Pieces
from ripieno.memory.recover import recover
from ripieno.memory.ropes import hash_of, json_cuts
from ripieno.memory.schema import PROJECTS
from ripieno.memory.table import AttributeTable
from ripieno.memory.turns import PastTurn
from ripieno.memory.verify import Damage, verify
from ripieno.memory.versions import LogRow, NewVersion, Version
from ripieno.score.errors import BadRequest
from ripieno.score.piece import Piece

__all__ = [
    "Damage", "Database", "LogRow", "NewVersion", "PastTurn", "Store", "StoreBusy", "StoreConflict", "StoreFault",
    "Version", "projects",
]  # fmt: skip


class Store:
    """One project in a database.

    Args:
        where: a file for SQLite, a SQLAlchemy URL, or an open database.
        project: the project's name. It is made by the first turn that is recorded in it.
    """

    def __init__(self, where: Path | str | Database, project: str = "default") -> None:
        head.check_name("project", project)
        self._pieces = Pieces()
        self._texts = Texts()
        self._own = not isinstance(where, Database)
        self.database = where if isinstance(where, Database) else Database(where)
        self.project = project

    def close(self) -> None:
        """Lets go of the database, if the store opened it."""
        if self._own:
            self.database.close()

    # --- music ------------------------------------------------------------------------------------------------------------

    def put(self, *pieces: Piece) -> None:
        """Stores pieces and their tracks under their hashes, in one transaction. What is there already costs a look."""
        self._pieces.keep(*pieces)
        with self.database.write() as connection:
            row = head.project(connection, self.project)
            number = None if row is None else head.at(connection, row)
            like = None if row is None or number is None else versions.by_number(connection, row.id, number)["piece"]
            documents = [d for piece in pieces for d in self._pieces.documents(connection, piece, like)]
            blobs.put(connection, documents, self._texts)

    def piece(self, hash_: str) -> Piece:
        """The piece with this hash.

        Raises:
            BadFile: it is missing, or its bytes do not have this hash.
        """
        found = self._pieces.recent(hash_)
        if found is None:
            with self.database.read() as connection:
                found = self._pieces.read(connection, hash_)
        return found

    # --- where the project stands -----------------------------------------------------------------------------------------

    @property
    def head(self) -> Version | None:
        """The version that the next turn builds on; None before the first."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            number = None if project is None else head.at(connection, project)
            if project is None or number is None:
                return None
            return self._version(versions.by_number(connection, project.id, number))

    @property
    def branch(self) -> str:
        """The current branch."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            return head.MAIN if project is None else project.branch

    def branches(self) -> dict[str, str]:
        """The ids of the versions that the branches stand on, by name."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            if project is None:
                return {}
            standing = versions.branches(connection, project.id)
            ids = versions.ids_of(connection, project.id, standing.values())
            return {name: ids[number] for name, number in standing.items()}

    def version(self, name: str | int) -> Version:
        """The version with this number, id, or unique beginning of an id (4 digits at least).

        Raises:
            BadRequest: there is none, or several begin like that.
        """
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            return self._version(versions.find(connection, -1 if project is None else project.id, name))

    def log(self, limit: int = 20, before: int | None = None) -> tuple[LogRow, ...]:
        """The last versions, newest first; `before` is a number to go on from. No table is read."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            if project is None:
                return ()
            labels: dict[int, list[str]] = {}
            for name, number in versions.branches(connection, project.id).items():
                labels.setdefault(number, []).append(name)
            return tuple(
                LogRow(
                    row["id"], row["number"], row["parent_id"], row["turn_id"], row["piece"], row["summary"], row["text"],
                    row["created"], tuple(labels.get(row["number"], ())),
                )
                for row in versions.newest(connection, project.id, limit, before)
            )  # fmt: skip

    def _version(self, row: versions.Filled) -> Version:
        return Version(
            row["id"], row["number"], row["parent_id"], row["turn_id"], row["piece"], row["table"],
            versions.locks_of(row["locks"]), row["seed"], row["summary"], row["created"],
            partial(self._read_table, row["table"]),
        )  # fmt: skip

    def _read_table(self, hash_: str) -> AttributeTable:
        with self.database.read() as connection:
            return AttributeTable.model_validate_json(blobs.read(connection, [hash_])[hash_])

    # --- turns ------------------------------------------------------------------------------------------------------------

    def commit(self, new: NewVersion) -> Version:
        """Makes one version and records its turn, in one transaction.

        Committing the very same again, as a turn does that was cut off just after it had committed, gives the version that
        is there.

        Raises:
            StoreConflict: the head is no longer the version that the turn began on.
            BadRequest: another turn was committed under this id, or a name is impossible.
        """
        table, trace = new.table.model_dump_json().encode(), new.trace.encode()
        self._pieces.keep(new.piece)
        with self.database.write() as connection:
            move = head.begin(connection, self.project)
            if (done := turns.recorded(connection, move.project, new.turn)) is not None:
                return self._version(versions.the_same(connection, move.project, done["after"], new, hash_of(table)))
            move.check(new.seen if new.seen is not None else new.parent)
            parent = None if new.parent is None else versions.find(connection, move.project, new.parent)
            documents = [
                *self._pieces.documents(connection, new.piece, parent["piece"] if parent else None),
                Document(table, json_cuts(table), parent["table"] if parent else None),
                Document(trace, json_cuts(trace), turns.last_trace(connection, move.project, move.turns)),
            ]
            blobs.put(connection, documents, self._texts)
            number, created = move.versions + 1, _now()
            branch = move.branch_for(connection, new.branch)
            turns.add(
                connection, move.project, move.turns + 1, new.turn, kind=new.kind, text=new.text, reply=new.reply,
                trace=hash_of(trace), branch=branch, before=move.number, after=number, created=created,
            )  # fmt: skip
            id_ = versions.add(
                connection, move.project, number, new, turn=move.turns + 1, parent=parent["number"] if parent else None,
                table=hash_of(table), created=created,
            )  # fmt: skip
            move.forward(connection, branch, number, versions=number)
        return Version(
            id_, number, new.parent, new.turn, new.piece.hash, hash_of(table), new.locks, new.seed, new.summary, created,
            lambda: new.table,
        )  # fmt: skip

    def move_head(
        self, turn: str, text: str, reply: str, *, to_version: str | int | None = None, branch: str | None = None,
        kind: str = "checkout", trace: str | None = None,
    ) -> Version:  # fmt: skip
        """Sets the head onto a version (of the current branch), onto a branch, or makes a new branch at a version.

        With `to_version` alone the current branch stands there from now on. With `branch` alone the head goes to that
        branch; a name that is new makes it where the head is. With both, the branch is made, or set, there. Recorded as a
        turn that undo can take back.

        Raises:
            BadRequest: there is no such version, there is nothing to branch from, or the turn is not new.
        """
        with self.database.write() as connection:
            move = head.begin(connection, self.project)
            if (done := self._done(connection, move, turn, kind)) is not None:
                return done
            if to_version is not None:
                target: int | None = versions.find(connection, move.project, to_version)["number"]
            else:
                target = versions.branches(connection, move.project).get(branch or move.branch, move.number)
            if target is None:
                raise BadRequest(
                    "A branch begins at a version", value=branch, cause="the project is empty", cure="compose a piece first"
                )
            name = move.branch if branch is None else head.check_name("branch", branch)
            self._record(connection, move, turn, kind, text, reply, trace, name, target)
            move.forward(connection, name, target)
            return self._version(versions.by_number(connection, move.project, target))

    def undo(self, turn: str, text: str, reply: str, count: int = 1, trace: str | None = None) -> Version:
        """Takes back the last `count` turns that changed where the project stands. Recorded as a turn.

        Raises:
            BadRequest: there are not so many.
        """
        return self._walk(turn, text, reply, -count, "undo", trace)

    def redo(self, turn: str, text: str, reply: str, count: int = 1, trace: str | None = None) -> Version:
        """Does `count` turns again that were taken back, as long as nothing was committed since. Recorded as a turn.

        Raises:
            BadRequest: there are not so many.
        """
        return self._walk(turn, text, reply, count, "redo", trace)

    def undo_target(self, count: int = 1) -> Version:
        """The version that `undo` would go to.

        Raises:
            BadRequest: there is none.
        """
        return self._target(-count)

    def redo_target(self, count: int = 1) -> Version:
        """The version that `redo` would go to.

        Raises:
            BadRequest: there is none.
        """
        return self._target(count)

    def reach(self) -> tuple[int, int]:
        """How many turns `undo` can take back, and how many `redo` can do again."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            return (0, 0) if project is None else head.reach(connection, project)

    def _target(self, steps: int) -> Version:
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            here, place = (-1, 0) if project is None else (project.id, project.place)
            return self._version(versions.by_number(connection, here, head.target(connection, here, place, steps).version))

    def _walk(self, turn: str, text: str, reply: str, steps: int, kind: str, trace: str | None) -> Version:
        with self.database.write() as connection:
            move = head.begin(connection, self.project)
            if (done := self._done(connection, move, turn, kind)) is not None:
                return done
            end = head.target(connection, move.project, move.place, steps)
            self._record(connection, move, turn, kind, text, reply, trace, end.branch, end.version)
            move.walk(connection, steps)
            return self._version(versions.by_number(connection, move.project, end.version))

    def record_turn(self, turn: str, text: str, reply: str, kind: str = "ask", trace: str | None = None) -> None:
        """Records a turn that changed nothing: a question and its answer. One that is recorded already stays as it is.

        Raises:
            BadRequest: a turn of another kind has this id.
        """
        with self.database.write() as connection:
            move = head.begin(connection, self.project)
            row = turns.recorded(connection, move.project, turn)
            if row is None:
                self._record(connection, move, turn, kind, text, reply, trace, move.branch, move.number)
                move.stay(connection)
            elif row["kind"] != kind:
                raise turns.twice(turn)

    def _done(self, connection: Connection, move: Move, turn: str, kind: str) -> Version | None:
        """Where a turn that is recorded already has moved the head; None where it is new."""
        row = turns.recorded(connection, move.project, turn)
        if row is None:
            return None
        if row["kind"] != kind or row["after"] is None:
            raise turns.twice(turn)
        return self._version(versions.by_number(connection, move.project, row["after"]))

    def _record(
        self, connection: Connection, move: Move, turn: str, kind: str, text: str, reply: str, trace: str | None,
        branch: str, after: int | None,
    ) -> None:  # fmt: skip
        data = None if trace is None else trace.encode()
        if data is not None:
            like = turns.last_trace(connection, move.project, move.turns)
            blobs.put(connection, [Document(data, json_cuts(data), like)], self._texts)
        turns.add(
            connection, move.project, move.turns + 1, turn, kind=kind, text=text, reply=reply,
            trace=None if data is None else hash_of(data), branch=branch, before=move.number, after=after, created=_now(),
        )  # fmt: skip

    def conversation(self, limit: int = 20) -> tuple[PastTurn, ...]:
        """The last turns, in the order in which they happened."""
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            return () if project is None else turns.latest(connection, project.id, limit)

    def trace(self, turn: str) -> str:
        """The trace of a turn, as JSON.

        Raises:
            BadRequest: there is no such turn, or it left none.
            BadFile: it is damaged.
        """
        with self.database.read() as connection:
            project = head.project(connection, self.project)
            hash_ = turns.trace_hash(connection, -1 if project is None else project.id, turn)
            return blobs.read(connection, [hash_])[hash_].decode()

    def verify(self) -> tuple[Damage, ...]:
        """All damage in the database; () where everything is whole."""
        return verify(self.database)

    def recover(self, into: "Store") -> tuple[Damage, ...]:
        """Copies what is whole, all projects of the database, into an empty database; gives what had to be left behind.

        Raises:
            BadRequest: the other database is not empty.
        """
        return recover(self.database, into.database)

    # --- one at a time ----------------------------------------------------------------------------------------------------

    @contextmanager
    def lock(self, wait: float = 0.0) -> Iterator[None]:
        """Holds the project for a turn: nobody else gets it meanwhile. It is let go when the process ends, however it ends.

        Args:
            wait: seconds to wait for whoever holds it.

        Raises:
            StoreBusy: somebody else holds it; the message says who.
        """
        with hold(self.database, self.project, wait):
            yield


def projects(database: Database) -> tuple[str, ...]:
    """The names of the projects in a database."""
    with database.read() as connection:
        return tuple(connection.scalars(select(PROJECTS.c.name).order_by(PROJECTS.c.name)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
