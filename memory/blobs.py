"""Documents by hash in the database: stored once, read back verified."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from ripieno.memory.ropes import BrokenRope, Cut, hash_of, joined, named, parts_of, written
from ripieno.memory.schema import BLOBS
from ripieno.score.errors import BadFile

_AT_ONCE = 400  # hashes in one query: below every database's limit of parameters
_DEEPEST = 100  # parts within parts: no document is nested like that


def put(connection: Connection, documents: Mapping[bytes, tuple[Cut, ...]]) -> None:
    """Stores documents with their cuts. What is there already costs a look."""
    parts: dict[str, tuple[bytes, tuple[Cut, ...], bool]] = {}
    for data, cuts in documents.items():
        parts |= parts_of(data, cuts)
    have: set[str] = set()
    for some in _slices(list(parts)):
        have.update(connection.scalars(select(BLOBS.c.hash).where(BLOBS.c.hash.in_(some))))
    rows = [{"hash": h, "data": written(*part)} for h, part in parts.items() if h not in have]
    if rows:
        insert_new(connection, rows)


def insert_new(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Inserts rows of `blobs` and leaves those that somebody else put there in the meantime."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(BLOBS).on_conflict_do_nothing(), list(rows))


def read(connection: Connection, hashes: Iterable[str]) -> dict[str, bytes]:
    """The documents with these hashes.

    Raises:
        BadFile: one is missing, or its bytes do not have its hash.
    """
    wanted = list(dict.fromkeys(hashes))
    rows: dict[str, bytes] = {}
    level = wanted
    while level:
        got = fetch(connection, level)
        rows |= got
        try:
            level = list(dict.fromkeys(n for row in got.values() for n in named(row) if n not in rows))
        except BrokenRope as error:
            raise damaged(wanted[0], error) from error
    return {h: _verified(h, rows) for h in wanted}


def fetch(connection: Connection, hashes: Sequence[str]) -> dict[str, bytes]:
    """The rows as they are written, of those that there are."""
    found: dict[str, bytes] = {}
    for some in _slices(hashes):
        query = select(BLOBS.c.hash, BLOBS.c.data).where(BLOBS.c.hash.in_(some))
        found.update((row.hash, bytes(row.data)) for row in connection.execute(query))
    return found


def assemble(hash_: str, rows: Mapping[str, bytes], deep: int = 0) -> bytes:
    """The bytes of a document out of written rows, unverified.

    Raises:
        BrokenRope: a row is damaged or missing.
    """
    if hash_ not in rows:
        raise BrokenRope(f"{hash_} is missing")
    if deep > _DEEPEST:
        raise BrokenRope("parts within parts without end")
    row = rows[hash_]
    return joined(row, {name: assemble(name, rows, deep + 1) for name in named(row)})


def damaged(hash_: str, error: BrokenRope | None = None) -> BadFile:
    """The error for a document that does not read back."""
    return BadFile(
        "Stored music has the hash that it is filed under",
        value=hash_,
        cause=f"the database was damaged or edited by hand{f' ({error})' if error else ''}",
        cure="`ripieno verify` names all damage; restore the project from a copy, or recover what is whole",
    )


def _verified(hash_: str, rows: Mapping[str, bytes]) -> bytes:
    try:
        data = assemble(hash_, rows)
    except BrokenRope as error:
        raise damaged(hash_, error) from error
    if hash_of(data) != hash_:
        raise damaged(hash_)
    return data


def _slices(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    for i in range(0, len(hashes), _AT_ONCE):
        yield hashes[i : i + _AT_ONCE]
