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
        self._matrix: Vector = np.zeros((0, SIZE), np.float32)  # one row for each of `_items`
        self._items: list[Item] = []
        self._stamp = -1  # of the file as it was read; -1: not yet, or written since
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
        self._stamp = -1

    def remove(self, ids: Iterable[str]) -> None:
        """See `Index`."""
        with self._whole(), self._file:
            self._file.executemany("DELETE FROM items WHERE id = ?", [(i,) for i in ids])
        self._stamp = -1

    def items(self, kind: str | None = None) -> dict[str, Item]:
        """See `Index`."""
        self._load()
        return {item.id: item for item in self._items if kind in (None, item.kind)}

    def nearest(self, vector: Vector, limit: int, kind: str | None) -> Sequence[tuple[Item, float]]:
        """See `Index`."""
        self._load()
        wanted = np.flatnonzero([kind in (None, item.kind) for item in self._items])
        scores = self._matrix[wanted] @ vector
        return [(self._items[wanted[i]], float(scores[i])) for i in np.lexsort((wanted, -scores))[:limit]]

    def close(self) -> None:
        """See `Index`."""
        self._file.close()

    def _load(self) -> None:
        """Everything, by id; read again when this or another process wrote."""
        with self._whole():
            stamp = self._file.execute("PRAGMA data_version").fetchone()[0]
            if stamp == self._stamp:
                return
            rows = self._file.execute("SELECT * FROM items ORDER BY id").fetchall()
        try:
            data = b"".join(row[4] for row in rows)
            self._matrix = np.frombuffer(data, "<f4").reshape(-1, SIZE).astype(np.float32)
            self._items = [_item(row[:4], self._matrix[i]) for i, row in enumerate(rows)]
        except (ValueError, TypeError) as error:
            raise _damaged(self._folder, str(error)) from error
        self._stamp = stamp


def _fault(folder: Path, error: sqlite3.Error) -> RipienoError:
    said = str(error)
    if not any(word in said for word in ("malformed", "not a database", "corrupt")):
        return told(said)
    return _damaged(folder, said)


def _damaged(folder: Path, said: str) -> IndexDamaged:
    return IndexDamaged(
        "The index of recall can be read", value=folder / _FILE, cause=said,
        cure="delete its folder: it is made anew from the projects",
    )  # fmt: skip


def _row(item: Item) -> tuple[str, str, str, str, bytes]:
    data = json.dumps(dict(item.data), ensure_ascii=False)
    return item.id, item.kind, item.text, data, stored(item.text, item.music).astype("<f4").tobytes()


def _item(row: tuple[str, str, str, str], vector: Vector) -> Item:
    id_, kind, text, data = row
    return Item(id_, kind, text, music_of(vector), json.loads(data))
