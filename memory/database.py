"""A database of projects: where it is, its transactions, and what its failures are called.

SQLite in a file by default; PostgreSQL by a SQLAlchemy URL (`postgresql+psycopg://user@host/name`). A transaction is either
a reader or a writer; a writer is alone from its first statement on, so that nothing it read can change under it.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ripieno.memory.migrations.runner import migrate, up_to_date
from ripieno.score.errors import BadRequest, MissingPart, RipienoError

_PATIENCE = 30.0  # seconds that one writer waits for another's transaction
_WRITER = "ripieno_writer"


class StoreFault(RipienoError):
    """The database cannot be opened, read or written."""


class StoreBusy(RipienoError):
    """Somebody else holds the project or the database."""


class Database:
    """One database, opened and brought to today's layout.

    Args:
        where: a file for SQLite, or a SQLAlchemy URL.
        reading: only to read: nothing is made and nothing brought to another layout.
        patience: seconds to wait for somebody else's transaction.

    Raises:
        StoreFault: it cannot be opened, or is no database of Ripieno's; for reading also where its layout is an older one.
        MissingPart: the driver for the URL is not installed.
        BadRequest: the URL is none, or names a database that is not supported.
    """

    def __init__(self, where: Path | str, *, reading: bool = False, patience: float = _PATIENCE) -> None:
        self.url = _url(where)
        self._engine = _engine(self.url, reading, patience)
        try:
            with self.read() as connection:
                ready = up_to_date(connection)
            if not ready and reading:
                raise StoreFault(
                    "A database that is only read has today's layout", value=self.url.database,
                    cause="it was written by an earlier version of Ripieno", cure="open it once to change something",
                )  # fmt: skip
            if not ready:
                with self.write() as connection:
                    migrate(connection)
        except BaseException:
            self.close()
            raise

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None on a server."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file, not a server."""
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with explained(), _legible(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: whole at the end, or not at all."""
        writer = {_WRITER: True}
        with explained(), _legible(), self._engine.connect().execution_options(**writer) as connection, connection.begin():
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of one's own without a transaction, for locks that belong to it."""
        with explained(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    def watch(self, told: Callable[[str], None]) -> None:
        """Calls `told` with each statement just before it is carried out; fault injection and profilers use it."""

        def before(_c: object, _cursor: object, statement: str, *_: object) -> None:
            told(statement)

        event.listen(self._engine, "before_cursor_execute", before)
        event.listen(self._engine, "commit", lambda _connection: told("COMMIT"))


def _url(where: Path | str) -> URL:
    if isinstance(where, Path):
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except ArgumentError as error:
        raise BadRequest(
            "A database is a file or a SQLAlchemy URL", value=where.rsplit("@", 1)[-1], cause="the URL cannot be read",
            cure="write sqlite:///project.db or postgresql+psycopg://user@host/name",
        ) from error  # fmt: skip
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql") or (backend == "sqlite" and url.database in (None, "", ":memory:")):
        raise BadRequest(
            "Projects lie in an SQLite file or in PostgreSQL", value=url.render_as_string(),
            cure="write sqlite:///project.db or postgresql+psycopg://user@host/name",
        )  # fmt: skip
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _engine(url: URL, reading: bool, patience: float) -> Engine:
    sqlite, more = url.get_backend_name() == "sqlite", dict[str, Any]()
    if sqlite and reading:
        # Without "c" in its mode SQLite makes no file, and with query_only it changes none.
        address = f"file:{quote(str(url.database))}?mode=rw"
        more["creator"] = lambda: sqlite3.connect(address, uri=True, timeout=patience, check_same_thread=False)
    try:
        engine = create_engine(url, **more)
    except (ImportError, NoSuchModuleError) as error:
        raise MissingPart(
            "Projects in PostgreSQL need its driver", value=url.drivername, cause="psycopg is not installed",
            cure='pip install "ripieno[postgres]"',
        ) from error  # fmt: skip
    if sqlite:
        event.listen(engine, "connect", partial(_prepare_sqlite, reading=reading, patience=patience))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object, *, reading: bool, patience: float) -> None:
    """Settings for every connection: readers beside one writer, and every commit on the disk."""
    connection.isolation_level = None  # the driver begins no transaction by itself
    try:
        connection.execute(f"PRAGMA busy_timeout={round(patience * 1000)}")
        if reading:
            connection.execute("PRAGMA query_only=ON")
            return
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()  # the pool does not know of it yet
        raise


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that had read first could not, if another wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITER) else "BEGIN")


@contextmanager
def explained() -> Iterator[None]:
    """Says in our words what a database driver raises, its own errors or SQLAlchemy's.

    Raises:
        StoreBusy, StoreFault: instead of them.
    """
    driver = getattr(sys.modules.get("psycopg"), "Error", sqlite3.Error)  # loaded only where a server is used
    try:
        yield
    except DBAPIError as error:
        raise told(str(error.orig)) from error
    except (sqlite3.Error, driver) as error:
        raise told(str(error)) from error


@contextmanager
def _legible() -> Iterator[None]:
    """Where SQLite's message quotes a damaged schema, the driver cannot even read the message."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise told(f"malformed: {error}") from error


def told(said: str) -> StoreBusy | StoreFault:
    """What a driver said, in our words."""
    if "locked" in said:
        return StoreBusy(
            "A transaction waits a while for another, and not for ever", value=said,
            cause="another program writes into the same database", cure="close it, or try again; nothing was committed",
        )  # fmt: skip
    if any(word in said for word in ("malformed", "not a database", "corrupt")):
        cause, cure = (
            "a damaged file",
            "`ripieno verify` names the damage and recovers what is whole; or restore the file from a copy",
        )
    elif "full" in said or "I/O" in said:
        cause, cure = "a full disk", "free some space; nothing was committed"
    else:
        cause = "a missing permission, a file that is no longer there, or a server that does not answer"
        cure = "choose another folder or start the server; nothing was committed"
    return StoreFault("The project's database can be read and written", value=said, cause=cause, cure=cure)
