"""Who holds a project: one turn at a time, whoever runs it, and nothing left behind by a process that dies.

In SQLite the lock is a write transaction, never finished, on an empty database file beside the project's; on a server it is
an advisory lock of the session. Both are let go by the system when the process ends. A note in the project's row says who
holds it, so that others can be told; the note alone locks nothing.
"""

import os
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from sqlalchemy import select, text, update

from ripieno.memory import head
from ripieno.memory.database import Database, StoreBusy, explained
from ripieno.memory.ropes import hash_of
from ripieno.memory.schema import PROJECTS

_LOOK = 0.05  # seconds between two looks at a lock on a server


@contextmanager
def hold(database: Database, project: str, wait: float) -> Iterator[None]:
    """Holds a project; see `Store.lock`."""
    with database.write() as connection:
        number = head.begin(connection, project).project
    holding = _file if database.file is not None else _server
    with holding(database, number, wait, lambda: _busy(database, number)):
        _note(database, number, f"process {os.getpid()} on {socket.gethostname()}, since {_now()}")
        try:
            yield
        finally:
            _note(database, number, None)


@contextmanager
def _file(database: Database, project: int, wait: float, busy: Callable[[], StoreBusy]) -> Iterator[None]:
    assert database.file is not None
    path = database.file.with_name(f".{database.file.name}.{project}.lock")
    with explained(), closing(sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise busy() from error
            raise
        yield


@contextmanager
def _server(database: Database, project: int, wait: float, busy: Callable[[], StoreBusy]) -> Iterator[None]:
    until = time.monotonic() + wait
    key = {"key": project, "space": int(hash_of(b"ripieno project")[:7], 16)}
    with database.session() as connection:
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:space, :key)"), key):
            if time.monotonic() >= until:
                raise busy()
            time.sleep(_LOOK)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:space, :key)"), key)


def _note(database: Database, project: int, holder: str | None) -> None:
    with database.write() as connection:
        connection.execute(update(PROJECTS).where(PROJECTS.c.id == project).values(holder=holder))


def _busy(database: Database, project: int) -> StoreBusy:
    with database.read() as connection:
        row = connection.execute(select(PROJECTS.c.name, PROJECTS.c.holder).where(PROJECTS.c.id == project)).one()
    return StoreBusy(
        "One turn at a time works on a project",
        value=row.name,
        cause=f"it is held by {row.holder or 'another program that has just begun'}",
        cure="wait until that turn is done, or stop it; nothing was changed",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
