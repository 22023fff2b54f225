"""A real PostgreSQL for the tests: a throw-away cluster on a socket of its own. `tests/conftest.py` has the fixture."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

_NAMES = count(1)
_SETTINGS = (
    "listen_addresses=''", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB",
    "max_connections=40", "autovacuum=off",
)  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """A running server; its socket lies in `folder`."""

    folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://ripieno@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The URL of an empty database."""
        import psycopg

        name = f"test{next(_NAMES)}"
        with psycopg.connect(host=str(self.folder), user="ripieno", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


def _user() -> str | None:
    """PostgreSQL refuses to run as root: somebody else has to."""
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster for as long as it is needed; skips the test, with the reason, where there can be none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install -e '.[postgres]'", exc_type=ImportError)
    binaries, user = _binaries(), _user()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb is neither on the PATH nor where Debian keeps it")
    if user is None and not os.geteuid():
        pytest.skip("PostgreSQL does not run as root, and there is no other user to run it as")
    folder = Path(tempfile.mkdtemp(prefix="ripieno-pg-", dir="/tmp"))  # a socket's path must be short
    folder.chmod(0o755)
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"

    def run(program: str, *words: str) -> None:
        more: dict[str, Any] = {"user": user, "extra_groups": []} if user else {}
        command = [str(binaries / program), "-D", str(data), *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=120, **more)

    try:
        run("initdb", "-A", "trust", "-U", "ripieno", "--no-sync", "--no-locale", "-E", "UTF8", "--no-instructions")
        options = " ".join(f"-c {setting}" for setting in (*_SETTINGS, f"unix_socket_directories='{folder}'"))
        run("pg_ctl", "-w", "-l", str(log), "-o", options, "start")
        try:
            yield Cluster(folder)
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
