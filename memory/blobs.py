"""Documents by hash in the database: stored once, against what is like them, and read back verified."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from ripieno.memory.ropes import DEEPEST, BrokenRope, Cut, Row, hash_of, inflated, joined, parsed, text_of, written
from ripieno.memory.schema import BLOBS
from ripieno.score.errors import BadFile

_AT_ONCE = 400  # hashes in one query: below every database's limit of parameters
_REMEMBERED = 300  # texts of rows kept for the next commit
_TRIED = 4  # bases tried for one document


@dataclass(frozen=True)
class Document:
    """Bytes to store; `like` is the hash of a stored document that they probably resemble."""

    data: bytes
    cuts: tuple[Cut, ...] = ()
    like: str | None = None
    notes: bool = False
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hash_of(self.data))


class Texts:
    """Rows with their texts that were lately read or written. Rows never change, so what is here is right as long as the
    row is in the database; `put` asks the database for that before it builds upon one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Row, bytes]] = {}

    def get(self, connection: Connection, hash_: str, deep: int = 0) -> tuple[Row, bytes] | None:
        """The row and its text; None where it is missing or damaged."""
        if hash_ not in self._known and deep <= DEEPEST:
            found = fetch(connection, [hash_])
            try:
                row = parsed(found[hash_])
                below = None if row.base is None else self.get(connection, row.base, deep + 1)
                self.keep(hash_, row, inflated(row, below[1] if below else None))
            except (KeyError, BrokenRope):
                return None
        return self._known.get(hash_)

    def keep(self, hash_: str, row: Row, text: bytes) -> None:
        """Remembers a row."""
        self._known[hash_] = (row, text)
        while len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))

    def bases(self, connection: Connection, like: str | None) -> dict[str, tuple[int, bytes]]:
        """What a document that is like another may be written against: that other, and bases below it; likest first."""
        chain: dict[str, tuple[int, bytes]] = {}
        while like is not None and like not in chain and (found := self.get(connection, like)) is not None:
            chain[like] = (found[0].depth, found[1])
            like = found[0].base
        names = list(chain)
        return {name: chain[name] for name in (*names[: _TRIED - 1], *names[-1:])}


def put(connection: Connection, documents: Iterable[Document], texts: Texts | None = None) -> None:
    """Stores documents. What is there already costs a look."""
    texts = texts or Texts()
    parts: dict[str, Document] = {}
    for document in documents:
        for part in _parts(connection, document, texts):
            parts.setdefault(part.hash, part)
    have = present(connection, parts)
    missing = {hash_: part for hash_, part in parts.items() if hash_ not in have}
    bases = {hash_: texts.bases(connection, part.like) for hash_, part in missing.items()}
    have = present(connection, {base for row in bases.values() for base in row})
    rows = []
    for hash_, part in missing.items():
        names, text = text_of(part.data, part.cuts, part.notes)
        against = [(name, depth, below) for name, (depth, below) in bases[hash_].items() if name in have]
        row = written(part.data, names, text, part.notes, against)
        texts.keep(hash_, parsed(row), text)
        rows.append({"hash": hash_, "data": row})
    if rows:
        insert_new(connection, rows)


def _parts(connection: Connection, document: Document, texts: Texts) -> Iterator[Document]:
    """The document and all its parts, each with what it is like: the part at its place in what the document is like."""
    yield document
    found = texts.get(connection, document.like) if document.like and document.cuts else None
    names = found[0].names if found and len(found[0].names) == len(document.cuts) else (None,) * len(document.cuts)
    for cut, like in zip(document.cuts, names, strict=True):
        inner = tuple(_moved(c, -cut.start) for c in cut.inner)
        yield from _parts(connection, Document(document.data[cut.start : cut.end], inner, like, cut.notes), texts)


def _moved(cut: Cut, by: int) -> Cut:
    return Cut(cut.start + by, cut.end + by, tuple(_moved(c, by) for c in cut.inner), cut.notes)


def present(connection: Connection, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes that are stored."""
    found: set[str] = set()
    for some in _slices(sorted(hashes)):
        found.update(connection.scalars(select(BLOBS.c.hash).where(BLOBS.c.hash.in_(some))))
    return found


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
    rows = with_links(connection, fetch(connection, wanted))
    return {h: _verified(h, rows) for h in wanted}


def fetch(connection: Connection, hashes: Sequence[str]) -> dict[str, bytes]:
    """The rows as they are written, of those that there are."""
    found: dict[str, bytes] = {}
    for some in _slices(hashes):
        query = select(BLOBS.c.hash, BLOBS.c.data).where(BLOBS.c.hash.in_(some))
        found.update((row.hash, bytes(row.data)) for row in connection.execute(query))
    return found


def with_links(
    connection: Connection, some: Mapping[str, bytes], known: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:  # fmt: skip
    """The rows, and those already known, with all rows that are needed to read them, as far as they are there."""
    rows, level = {**(known or {}), **some}, some
    while level:
        names: set[str] = set()
        for row in level.values():
            try:
                names.update(parsed(row).links)
            except BrokenRope:
                continue
        level = fetch(connection, sorted(names - rows.keys()))
        rows |= level
    return rows


class Assembly:
    """Documents put together out of written rows, unverified; texts and documents made on the way are kept."""

    def __init__(self, rows: Mapping[str, bytes]) -> None:
        self._rows = rows
        self._texts: dict[str, bytes] = {}

    def text(self, hash_: str, deep: int = 0) -> bytes:
        """The text of a row.

        Raises:
            BrokenRope: a row is damaged or missing.
        """
        if hash_ not in self._texts:
            if hash_ not in self._rows:
                raise BrokenRope(f"{hash_[:12]} is missing")
            if deep > DEEPEST:
                raise BrokenRope("bases of bases without end")
            row = parsed(self._rows[hash_])
            self._texts[hash_] = inflated(row, None if row.base is None else self.text(row.base, deep + 1))
        return self._texts[hash_]

    def document(self, hash_: str, deep: int = 0) -> bytes:
        """The bytes of a document.

        Raises:
            BrokenRope: a row is damaged or missing.
        """
        if deep > DEEPEST:
            raise BrokenRope("parts within parts without end")
        if not deep and len(self._texts) > _REMEMBERED:
            self._texts.clear()
        text = self.text(hash_)
        row = parsed(self._rows[hash_])
        return joined(row, text, {name: self.document(name, deep + 1) for name in row.names})


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
        data = Assembly(rows).document(hash_)
    except BrokenRope as error:
        raise damaged(hash_, error) from error
    if hash_of(data) != hash_:
        raise damaged(hash_)
    return data


def _slices(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    for i in range(0, len(hashes), _AT_ONCE):
        yield hashes[i : i + _AT_ONCE]
