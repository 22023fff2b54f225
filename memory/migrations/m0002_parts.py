"""The second layout: several projects, branches, a history for undo, conversation, preferences, documents in parts.

What the first layout held becomes the project `default` with one branch, `main`. Damaged documents are carried over as they
are, so that `verify` names them.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)

from ripieno.memory import blobs
from ripieno.memory.blobs import Document
from ripieno.memory.migrations import m0001_versions as first
from ripieno.memory.ropes import hash_of, json_cuts, track_cuts

_META = MetaData()


def _number(name: str, optional: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=optional)


def _text(name: str, length: int | None = None) -> Column[str]:
    return Column(name, String(length) if length else Text, nullable=False)


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _hash(name: str, optional: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary(32), nullable=optional)


_BLOBS = Table(
    "blobs", _META, Column("hash", LargeBinary(32), primary_key=True), Column("data", LargeBinary, nullable=False)
)
_PROJECTS = Table(
    "projects", _META, Column("id", Integer, primary_key=True), Column("name", String(200), nullable=False, unique=True),
    _text("branch", 200), _number("place"), _number("versions"), _number("turns"), Column("holder", Text),
    _text("created", 32),
)  # fmt: skip
_VERSIONS = Table(
    "versions", _META, _key("project"), _key("number"), _hash("id"), _number("parent", optional=True), _number("turn"),
    _hash("piece"), _hash("table"), _text("locks"), Column("seed", BigInteger, nullable=False), _text("summary"),
    _text("created", 32), _number("form"), UniqueConstraint("id", "project"),
)  # fmt: skip
_BRANCHES = Table(
    "branches", _META, _key("project"), Column("name", String(200), primary_key=True), _number("version")
)
_HISTORY = Table(
    "history", _META, _key("project"), _key("place"), _text("branch", 200), _number("version"),
    _number("was", optional=True), _number("turn"),
)  # fmt: skip
_TURNS = Table(
    "turns", _META, _key("project"), _key("number"), _text("id", 64), _text("kind", 40), _text("text"), _text("reply"),
    _hash("trace", optional=True), _text("branch", 200), _number("before", optional=True),
    _number("after", optional=True), _text("created", 32), UniqueConstraint("id", "project"),
)  # fmt: skip
_PREFERENCES = Table(
    "preferences", _META, Column("id", Integer, primary_key=True), _text("about", 200), _text("value", 200),
    _text("statement"), Column("weight", Float, nullable=False), _number("times"), _text("evidence"),
    _text("first_seen", 32), _text("last_seen", 32), UniqueConstraint("about", "value"),
)  # fmt: skip


def up(connection: Connection) -> None:
    """Makes the new tables and fills them from the old, which go."""
    old_blobs = [(r.hash, bytes(r.data)) for r in connection.execute(select(first.BLOBS))]
    old_versions = connection.execute(select(first.VERSIONS).order_by(first.VERSIONS.c.number)).mappings().all()
    old_turns = {r["id"]: r for r in connection.execute(select(first.TURNS)).mappings()}
    first.META.drop_all(connection)
    _META.create_all(connection)
    for hash_, data in old_blobs:
        if hash_of(data) == hash_:
            blobs.put(connection, [Document(data, track_cuts(data) if b"\n" in data else json_cuts(data))])
        else:
            connection.execute(insert(_BLOBS).values(hash=bytes.fromhex(hash_), data=b"r" + data))
    if old_versions:
        _fill(connection, old_versions, old_turns)


def _fill(
    connection: Connection, versions: Sequence[RowMapping], turns: Mapping[str, RowMapping]
) -> None:
    now, last = datetime.now(UTC).isoformat(timespec="seconds"), len(versions)
    made = connection.execute(
        insert(_PROJECTS).values(
            name="default", branch="main", place=last, versions=last, turns=last, holder=None, created=now
        )
    )
    project = made.inserted_primary_key[0]  # type: ignore[index]  # there is one after an insert
    numbers: dict[str, int] = {}
    for number, row in enumerate(versions, 1):
        turn = turns[row["turn"]]
        table, trace = row["table"].encode(), turn["trace"].encode()
        blobs.put(connection, [Document(table, json_cuts(table)), Document(trace, json_cuts(trace))])
        parent = numbers.get(row["parent"] or "")
        numbers[row["id"]] = number
        connection.execute(
            insert(_TURNS).values(
                project=project, number=number, id=row["turn"], kind="compose", text=turn["request"], reply="",
                trace=bytes.fromhex(hash_of(trace)), branch="main", before=parent, after=number, created=now,
            )
        )
        connection.execute(
            insert(_VERSIONS).values(
                project=project, number=number, id=bytes.fromhex(row["id"]), parent=parent, turn=number,
                piece=bytes.fromhex(row["piece"]), table=bytes.fromhex(hash_of(table)), locks="[]", seed=0,
                summary=json.loads(table)["title"], created=now, form=1,
            )
        )
        connection.execute(
            insert(_HISTORY).values(
                project=project, place=number, branch="main", version=number, was=number - 1 or None, turn=number
            )
        )
    connection.execute(insert(_BRANCHES).values(project=project, name="main", version=last))
