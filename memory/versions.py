"""Versions: what one is, how its id is computed, and the queries that read and write them and the branches on them.

Every query touches a bounded number of rows by an index, so that none grows slower with the number of versions.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select

from ripieno.memory.ropes import hash_of
from ripieno.memory.schema import BRANCHES, TURNS, VERSIONS
from ripieno.memory.table import AttributeTable
from ripieno.memory.turns import twice
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.piece import Piece

_HEX = set("0123456789abcdef")
FORM = 2  # of ids that are made now
TAKEN_OVER = 0  # the form of ids whose version lost its parent, turn or table and was recovered without


@dataclass(frozen=True)
class NewVersion:
    """What a turn commits.

    Attributes:
        turn: id of the turn, new in the project.
        text: what the person said.
        piece: the music.
        table: its attribute table.
        trace: the trace of the turn, as JSON.
        reply: what the person was told.
        summary: the change in a line, for the log.
        parent: id of the version that `piece` was made from; None for a new piece.
        seen: id of the version that was the head when the turn began, where that is not the parent.
        branch: the branch to commit on; None: the current one. A new name makes a branch.
        locks: scopes that later turns may not change, each as JSON.
        seed: the turn's seed.
        kind: what sort of turn it was, one word for the conversation.
    """

    turn: str
    text: str
    piece: Piece
    table: AttributeTable
    trace: str
    reply: str = ""
    summary: str = ""
    parent: str | None = None
    seen: str | None = None
    branch: str | None = None
    locks: tuple[str, ...] = ()
    seed: int = 0
    kind: str = "edit"


@dataclass(frozen=True)
class Version:
    """A committed state of a project; `id` is a hash over everything in it and over its parent's id."""

    id: str
    number: int
    parent: str | None
    turn: str
    piece: str
    table_hash: str
    locks: tuple[str, ...]
    seed: int
    summary: str
    created: str
    _table: Callable[[], AttributeTable] = field(repr=False, compare=False)

    @cached_property
    def table(self) -> AttributeTable:
        """The attribute table, read when it is asked for.

        Raises:
            BadFile: it is missing or damaged.
        """
        return self._table()


@dataclass(frozen=True)
class LogRow:
    """A version as the log shows it; `branches` are those that stand on it."""

    id: str
    number: int
    parent: str | None
    turn: str
    piece: str
    summary: str
    text: str
    created: str
    branches: tuple[str, ...]


def version_id(parent: str | None, turn: str, piece: str, table: str, locks: tuple[str, ...], seed: int, form: int) -> str:
    """The id of a version: SHA-256 over what it is. Form 1 is that of the first layout."""
    content = [parent, turn, piece] if form == 1 else [parent, turn, piece, table, list(locks), seed]
    return hash_of(json.dumps(content, ensure_ascii=False).encode())


def locks_of(text: str) -> tuple[str, ...]:
    """The locks out of the text that they are stored as.

    Raises:
        BadFile: it is damaged.
    """
    try:
        return tuple(json.loads(text))
    except (ValueError, TypeError) as error:
        raise BadFile(
            "A version's locks are a list", value=text, cause="the database was damaged",
            cure="`ripieno verify` names all damage",
        ) from error  # fmt: skip


Filled = dict[str, Any]
"""A row of `versions` with `parent_id`, and `turn_id` and `text` of its turn."""


def _filled(connection: Connection, project: int, rows: Sequence[RowMapping]) -> list[Filled]:
    """The rows with what other rows say. Plain look-ups by key: a join would leave the way to the planner, and one without
    statistics reads whole tables."""
    ids = ids_of(connection, project, [row["parent"] for row in rows])
    query = select(TURNS.c.number, TURNS.c.id, TURNS.c.text)
    told = connection.execute(query.where(TURNS.c.project == project, TURNS.c.number.in_({row["turn"] for row in rows})))
    turns = {row.number: row for row in told}
    return [
        {**row, "parent_id": ids.get(row["parent"]), "turn_id": turns[row["turn"]].id, "text": turns[row["turn"]].text}
        for row in rows if row["turn"] in turns
    ]  # fmt: skip


def ids_of(connection: Connection, project: int, numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The ids of versions by number."""
    wanted = {number for number in numbers if number is not None}
    if not wanted:
        return {}
    query = select(VERSIONS.c.number, VERSIONS.c.id).where(VERSIONS.c.project == project, VERSIONS.c.number.in_(wanted))
    return {row.number: row.id for row in connection.execute(query)}


def _rows(connection: Connection, project: int, query: Select[Any]) -> list[Filled]:
    return _filled(connection, project, connection.execute(query.where(VERSIONS.c.project == project)).mappings().all())


def by_number(connection: Connection, project: int, number: int) -> Filled:
    """The row of a version that is known to be there.

    Raises:
        BadFile: it is not.
    """
    rows = _rows(connection, project, select(VERSIONS).where(VERSIONS.c.number == number))
    if not rows:
        raise BadFile(
            "A version that others name is there", value=f"version {number}", cause="the database was damaged",
            cure="`ripieno verify` names all damage",
        )  # fmt: skip
    return rows[0]


def find(connection: Connection, project: int, name: str | int) -> Filled:
    """The row of the version that somebody means by a number, an id, or the first digits of an id.

    Raises:
        BadRequest: there is none, or several begin like that.
    """
    word = str(name).strip().lower().removeprefix("v")
    rows: list[Filled] = []
    if word.isdecimal() and len(word) < 10:
        rows = _rows(connection, project, select(VERSIONS).where(VERSIONS.c.number == int(word)))
    if not rows and 4 <= len(word) <= 64 and set(word) <= _HEX:
        whole = VERSIONS.c.id == word
        begins = VERSIONS.c.id.between(word.ljust(64, "0"), word.ljust(64, "f"))
        rows = _rows(connection, project, select(VERSIONS).where(whole if len(word) == 64 else begins).limit(2))
    if len(rows) == 1:
        return rows[0]
    raise BadRequest(
        "A version is named by its number or by the first digits of its id (4 at least)",
        value=name,
        cause="several versions begin like that" if rows else "the project has no such version",
        cure="`ripieno log` lists the versions",
    )


def the_same(connection: Connection, project: int, number: int | None, new: NewVersion, table: str) -> Filled:
    """The row of the version with this number, which a turn made that is committed once more.

    Raises:
        BadRequest: it holds something else.
    """
    row = None if number is None else by_number(connection, project, number)
    id_ = version_id(new.parent, new.turn, new.piece.hash, table, new.locks, new.seed, FORM)
    if row is None or row["id"] != id_:
        raise twice(new.turn)
    return row


def newest(connection: Connection, project: int, limit: int, before: int | None) -> list[Filled]:
    """The last versions, newest first; those before number `before` where it is given."""
    query = select(VERSIONS).order_by(VERSIONS.c.number.desc()).limit(limit)
    return _rows(connection, project, query if before is None else query.where(VERSIONS.c.number < before))


def add(
    connection: Connection, project: int, number: int, new: NewVersion, *, turn: int, parent: int | None, table: str,
    created: str,
) -> str:  # fmt: skip
    """Writes the row of a new version; gives its id."""
    id_ = version_id(new.parent, new.turn, new.piece.hash, table, new.locks, new.seed, FORM)
    connection.execute(
        insert(VERSIONS).values(
            project=project, number=number, id=id_, parent=parent, turn=turn, piece=new.piece.hash, table=table,
            locks=json.dumps(new.locks), seed=new.seed, summary=new.summary, created=created, form=FORM,
        )
    )
    return id_


def branches(connection: Connection, project: int) -> dict[str, int]:
    """The branches and the numbers of the versions that they stand on, by name."""
    rows = connection.execute(select(BRANCHES).where(BRANCHES.c.project == project).order_by(BRANCHES.c.name))
    return {row.name: row.version for row in rows}
