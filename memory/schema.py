"""The tables of a database of projects, as the code uses them today. `migrations/` makes them.

Unique constraints name the id first: a planner without statistics would take an index that begins with the project for one
over numbers, too, and read the whole project.

Hashes and ids are 32 bytes in the database and 64 hexadecimal digits in the program. Numbers (of projects, versions, turns)
count from 1 without gaps; a version or turn is addressed within its project. Times are UTC, ISO 8601.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

NAME = 200  # longest name of a project or branch


class Hash(TypeDecorator[str]):
    """A SHA-256 as hexadecimal digits, kept as bytes."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """To the database."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """From the database. What is no hash comes as digits, too, and equals none."""
        return value.encode().hex() if isinstance(value, str) else None if value is None else bytes(value).hex()


def fits(table: Table, row: Mapping[Any, Any]) -> bool:
    """Whether each value of a row is what its column holds; in a damaged file it may be anything."""
    for column in table.columns:
        value = row[column.name]
        if value is None:
            if not column.nullable:
                return False
        elif isinstance(column.type, Hash):
            if not isinstance(value, str) or len(value) != 64:
                return False
        elif not isinstance(value, column.type.python_type):
            return False
    return True


META = MetaData()
MIGRATIONS = Table(
    "migrations", META,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(80), nullable=False),
    Column("applied", String(32), nullable=False),
)  # fmt: skip
BLOBS = Table(
    "blobs", META,
    Column("hash", Hash, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)  # fmt: skip
PROJECTS = Table(
    "projects", META,
    Column("id", Integer, primary_key=True),
    Column("name", String(NAME), nullable=False, unique=True),
    Column("branch", String(NAME), nullable=False),
    Column("place", Integer, nullable=False),  # where in `history` the head is; 0: nowhere yet
    Column("versions", Integer, nullable=False),  # how many there are: the number of the newest
    Column("turns", Integer, nullable=False),
    Column("holder", Text),  # who holds the project, for the message to others; the lock itself is not here
    Column("created", String(32), nullable=False),
)  # fmt: skip
VERSIONS = Table(
    "versions", META,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Hash, nullable=False),
    Column("parent", Integer),
    Column("turn", Integer, nullable=False),
    Column("piece", Hash, nullable=False),
    Column("table", Hash, nullable=False),
    Column("locks", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("form", Integer, nullable=False),  # how the id is computed: see `versions.version_id`
    UniqueConstraint("id", "project"),
)  # fmt: skip
BRANCHES = Table(
    "branches", META,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("name", String(NAME), primary_key=True),
    Column("version", Integer, nullable=False),
)  # fmt: skip
HISTORY = Table(
    # The places that the head went through, for undo and redo: places after the project's own are what can be redone.
    "history", META,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("branch", String(NAME), nullable=False),
    Column("version", Integer, nullable=False),
    Column("was", Integer),  # where the branch stood before; None: this step made it
    Column("turn", Integer, nullable=False),
)  # fmt: skip
TURNS = Table(
    "turns", META,
    Column("project", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("trace", Hash),
    Column("branch", String(NAME), nullable=False),
    Column("before", Integer),  # number of the head before and after the turn
    Column("after", Integer),
    Column("created", String(32), nullable=False),
    UniqueConstraint("id", "project"),
)  # fmt: skip
PREFERENCES = Table(
    "preferences", META,
    Column("id", Integer, primary_key=True),
    Column("about", String(NAME), nullable=False),
    Column("value", String(NAME), nullable=False),
    Column("statement", Text, nullable=False),
    Column("weight", Float, nullable=False),
    Column("times", Integer, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("first_seen", String(32), nullable=False),
    Column("last_seen", String(32), nullable=False),
    Column("amount", Float),
    Column("projects", Integer, nullable=False),
    UniqueConstraint("about", "value"),
)  # fmt: skip
OBSERVATIONS = Table(
    # What preferences are computed from, in the order in which it was seen.
    "observations", META,
    Column("id", Integer, primary_key=True),
    Column("project", String(64), nullable=False),
    Column("turn", String(64), nullable=False),
    Column("about", String(NAME), nullable=False),
    Column("value", String(NAME), nullable=False),
    Column("how", String(20), nullable=False),
    Column("strength", Float, nullable=False),
    Column("amount", Float),
    Column("statement", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("seen", String(32), nullable=False),
    Column("taken_back", Boolean, nullable=False),
    Index("observations_of_turn", "project", "turn"),
    Index("observations_about", "about"),
)  # fmt: skip
