"""Reads whatever rows can still be read out of a database, damaged or not."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from ripieno.memory.database import Database
from ripieno.memory.schema import META, Hash, fits

_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter where a message quotes a damaged schema
Rows = dict[str, list[dict[str, Any]]]
_LEAST_ROW = 24  # bytes: no row of ours is smaller, so a file has at most size / 24 of them
_SILENCE = 5_000  # numbers without a row, one after the other, after which none is expected any more


@dataclass
class Salvaged:
    """All readable rows by table, hashes as hexadecimal digits, and the tables that lost some."""

    rows: Rows
    torn: set[str] = field(default_factory=set)


def rows_of(where: Database | Path) -> Salvaged:
    """What can be read."""
    if isinstance(where, Path):
        return _salvaged(where)
    if where.file is not None:
        return _salvaged(where.file)
    with where.read() as connection:
        return Salvaged({t.name: [dict(r) for r in connection.execute(select(t)).mappings()] for t in META.sorted_tables})


def _salvaged(file: Path) -> Salvaged:
    """Row by row out of a copy of the file, around the pages that are damaged or missing."""
    with tempfile.TemporaryDirectory(prefix="ripieno-") as folder:
        copy = Path(folder) / "copy.db"
        for end in ("", "-wal"):
            if (part := file.with_name(file.name + end)).is_file():
                shutil.copyfile(part, copy.with_name(copy.name + end))
        with closing(sqlite3.connect(copy)) as raw:
            raw.text_factory = lambda data: data.decode(errors="replace")
            most, found = copy.stat().st_size // _LEAST_ROW, Salvaged({})
            try:
                raw.execute("PRAGMA writable_schema=ON")  # or SQLite would not even look into a file that is cut off
            except _UNREADABLE:
                return Salvaged({t.name: [] for t in META.sorted_tables}, set(META.tables))
            for table in META.sorted_tables:
                rows = [_row(table, values) for values in _scan(raw, table, most, found.torn)]
                found.rows[table.name] = [row for row in rows if row is not None]
                if len(found.rows[table.name]) < len(rows):
                    found.torn.add(table.name)
            return found


def _scan(raw: sqlite3.Connection, table: Table, most: int, torn: set[str]) -> Iterator[tuple[Any, ...]]:
    columns = ", ".join(f'"{c.name}"' for c in table.columns)
    last = 0
    try:
        for row in raw.execute(f'SELECT rowid, {columns} FROM "{table.name}" NOT INDEXED ORDER BY rowid'):
            last = row[0]
            yield row[1:]
        return
    except _UNREADABLE:
        torn.add(table.name)  # a page is damaged: from here on one row at a time
    silent = 0
    for number in range(last + 1, most):
        try:
            found = raw.execute(f'SELECT {columns} FROM "{table.name}" NOT INDEXED WHERE rowid = ?', (number,)).fetchone()
        except sqlite3.OperationalError:
            return  # there is no such table any more
        except _UNREADABLE:
            continue
        silent = 0 if found else silent + 1
        if found:
            yield found
        elif silent > _SILENCE:
            return


def _row(table: Table, values: tuple[Any, ...]) -> dict[str, Any] | None:
    """A row of the driver's values as a mapping; None where a value cannot be what its column holds."""
    row = dict(zip(table.columns.keys(), values, strict=True))
    for column in table.columns:
        if isinstance(column.type, Hash) and isinstance(row[column.name], bytes):
            row[column.name] = row[column.name].hex()
    return row if fits(table, row) else None
