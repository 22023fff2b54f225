"""Brings a database to today's layout: numbered steps, each carried out once, all in the caller's transaction.

A step is a module `mNNNN_what.py` with a function `up(connection)`; it describes the tables that it needs in its own words,
because `schema.py` moves on. A step that was published is never changed.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, inspect, select, text

from ripieno.memory.migrations import m0001_versions, m0002_parts, m0003_observations
from ripieno.memory.schema import MIGRATIONS
from ripieno.score.errors import BadFile

STEPS: tuple[tuple[str, Callable[[Connection], None]], ...] = (
    ("versions", m0001_versions.up),
    ("parts", m0002_parts.up),
    ("observations", m0003_observations.up),
)
_ONE_AT_A_TIME = 0x52495049  # key of the advisory lock under which PostgreSQL is migrated


def up_to_date(connection: Connection) -> bool:
    """Whether nothing is to do; only reads."""
    return _done(connection) == len(STEPS)


def migrate(connection: Connection) -> None:
    """Carries out the steps that are still to do.

    Raises:
        BadFile: the database was written by a later version of Ripieno.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    done = _done(connection)
    if done > len(STEPS):
        raise BadFile(
            f"A database has at most layout {len(STEPS)}", value=done,
            cause="it was written by a later version of Ripieno", cure="update Ripieno",
        )  # fmt: skip
    MIGRATIONS.create(connection, checkfirst=True)
    for number, (name, up) in enumerate(STEPS, 1):
        if number > done:
            up(connection)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute(insert(MIGRATIONS).values(number=number, name=name, applied=now))


def _done(connection: Connection) -> int:
    """The number of the last step carried out."""
    inspector = inspect(connection)
    if inspector.has_table("migrations"):
        return connection.scalar(select(func.max(MIGRATIONS.c.number))) or 0
    return 1 if inspector.has_table("versions") else 0  # the first layout had no list of its steps
