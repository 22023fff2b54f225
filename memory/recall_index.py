"""The embedded index of recall: all vectors in one SQLite file, compared with numpy. Exact, and quick up to ten thousands."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ripieno.memory.database import told
from ripieno.memory.embedding import FORM, SIZE, Vector, music_of, stored
from ripieno.memory.recall import IndexDamaged, Item
from ripieno.score.errors import RipienoError

_FILE = "index.db"
_PATIENCE = 5.0  # seconds to wait for another process that writes
_TABLE = """
CREATE TABLE IF NOT EXISTS items (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL, vector BLOB NOT NULL)
"""


class FileIndex:
    """See `recall.Index`. Built by another form of the vectors, it begins anew."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        try:
            self._file = sqlite3.connect(folder / _FILE, timeout=_PATIENCE)
        except sqlite3.Error as error:
            raise _fault(folder, error) from error
        self._matrix: Vector | None = None
        self._ids: list[str] = []
        self._kinds: list[str] = []
        self._stamp = -1
        try:
            with self._file:
                if self._file.execute("PRAGMA user_version").fetchone()[0] != FORM:
                    self._file.execute("DROP TABLE IF EXISTS items")
                    self._file.execute(f"PRAGMA user_version={FORM:d}")
                self._file.execute(_TABLE)
        except sqlite3.DatabaseError as error:
            self._file.close()
            raise _fault(folder, error) from error

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _fault(self._folder, error) from error

    def add(self, items: Iterable[Item]) -> None:
        """See `Index`."""
        with self._whole(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)", map(_row, items))
        self._matrix = None

    def remove(self, ids: Iterable[str]) -> None:
        """See `Index`."""
        with self._whole(), self._file:
            self._file.executemany("DELETE FROM items WHERE id = ?", [(i,) for i in ids])
        self._matrix = None

    def items(self, kind: str | None = None) -> dict[str, Item]:
        """See `Index`."""
        with self._whole():
            rows = self._file.execute("SELECT * FROM items WHERE ? IS NULL OR kind = ? ORDER BY id", (kind, kind))
            return {row[0]: _item(row) for row in rows}

    def nearest(self, vector: Vector, limit: int, kind: str | None) -> Sequence[tuple[Item, float]]:
        """See `Index`."""
        found: list[tuple[Item, float]] = []
        with self._whole():
            matrix = self._all()
            wanted = np.flatnonzero([kind in (None, k) for k in self._kinds])
            scores = matrix[wanted] @ vector
            for i in np.lexsort((wanted, -scores))[:limit]:
                row = self._file.execute("SELECT * FROM items WHERE id = ?", (self._ids[wanted[i]],)).fetchone()
                if row is not None:  # or another process has just removed it
                    found.append((_item(row), float(scores[i])))
        return found

    def close(self) -> None:
        """See `Index`."""
        self._file.close()

    def _all(self) -> Vector:
        """All vectors, one a row, in the order of `_ids`; read again when another process wrote."""
        stamp = self._file.execute("PRAGMA data_version").fetchone()[0]
        if self._matrix is None or stamp != self._stamp:
            rows = self._file.execute("SELECT id, kind, vector FROM items ORDER BY id").fetchall()
            self._ids, self._kinds = [row[0] for row in rows], [row[1] for row in rows]
            data = b"".join(row[2] for row in rows)
            self._matrix = np.frombuffer(data, "<f4").reshape(-1, SIZE).astype(np.float32)
            self._stamp = stamp
        return self._matrix


def _fault(folder: Path, error: sqlite3.Error) -> RipienoError:
    said = str(error)
    if not any(word in said for word in ("malformed", "not a database", "corrupt")):
        return told(said)
    return IndexDamaged(
        "The index of recall can be read", value=folder / _FILE, cause=said,
        cure="delete its folder: it is made anew from the projects",
    )  # fmt: skip


def _row(item: Item) -> tuple[str, str, str, str, bytes]:
    data = json.dumps(dict(item.data), ensure_ascii=False)
    return item.id, item.kind, item.text, data, stored(item.text, item.music).astype("<f4").tobytes()


def _item(row: tuple[str, str, str, str, bytes]) -> Item:
    id_, kind, text, data, vector = row
    return Item(id_, kind, text, music_of(np.frombuffer(vector, "<f4").astype(np.float32)), json.loads(data))
