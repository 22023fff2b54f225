"""Checks everything in a database of projects and names what is damaged. Mends nothing; a database of an older layout is
brought to today's before it is looked at, as by everybody who opens it.

From the ground up: the file itself (SQLite's own check, and its length), every document against the hash that it is filed
under, then each project: ids of versions recomputed, parents, pieces, tables against the notes, traces, branches, history.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, select

from ripieno.memory import blobs
from ripieno.memory.blobs import Assembly
from ripieno.memory.database import Database, StoreFault
from ripieno.memory.ropes import BrokenRope, hash_of
from ripieno.memory.schema import BLOBS, BRANCHES, HISTORY, PROJECTS, TURNS, VERSIONS, fits
from ripieno.memory.table import AttributeTable, derive_table
from ripieno.memory.versions import TAKEN_OVER, locks_of, version_id
from ripieno.score.codec import decode_piece, decode_track
from ripieno.score.errors import BadFile, RipienoError
from ripieno.score.piece import Piece, Track

_BATCH = 200
_KEPT = 500  # rows kept while versions are checked one after the other
_HEADER = 100  # bytes of the heading of an SQLite file


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was written: `what` it is (a file, a document, a version of a project), and the problem."""

    what: str
    problem: str

    def __str__(self) -> str:
        return f"{self.what}: {self.problem}"


def verify(where: Path | str | Database) -> tuple[Damage, ...]:
    """All damage in a database; () where everything is whole. A database that cannot be opened is damage, too.

    Raises:
        BadRequest, MissingPart: `where` names no database that can be looked at.
    """
    if isinstance(where, Database):
        return tuple(_all(where))
    if isinstance(where, Path) and (short := _truncated(where)):
        return (short,)
    try:
        database = Database(where)
    except (StoreFault, BadFile) as error:
        return (Damage("database", error.message),)
    try:
        return tuple(_all(database))
    finally:
        database.close()


def _truncated(file: Path) -> Damage | None:
    """Whether the file is shorter than its own heading says, where nothing else can hold the rest."""
    if not file.is_file():
        return Damage("database", f"there is no file {file}")
    with file.open("rb") as handle:
        head = handle.read(_HEADER)
    if len(head) < _HEADER:
        return Damage("database", f"the file has {len(head)} bytes: less than the heading of a database")
    size, pages = int.from_bytes(head[16:18]), int.from_bytes(head[28:32])
    wanted, there = (65536 if size == 1 else size) * pages, file.stat().st_size
    log = file.with_name(file.name + "-wal")
    if there < wanted and not (log.is_file() and log.stat().st_size):
        return Damage("database", f"the file is cut off: {there} of {wanted} bytes are there")
    return None


def _all(database: Database) -> Iterator[Damage]:
    try:
        with database.read() as connection:
            if database.file is not None:
                yield from _file(connection)
            there, broken = yield from _documents(connection)
            for project in connection.execute(select(PROJECTS).order_by(PROJECTS.c.id)).mappings().all():
                if fits(PROJECTS, project):
                    yield from _Project(connection, project, there, broken).check()
                else:
                    yield Damage(f"project {project['name']}", "its row holds what cannot be")
    except StoreFault as error:
        yield Damage("database", error.message)


def _file(connection: Connection) -> Iterator[Damage]:
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if line != "ok":
            yield Damage("database", f"SQLite's own check says: {line}")


def rows_of_blobs(connection: Connection) -> Iterator[dict[str, bytes]]:
    """All rows of documents and parts, some at a time."""
    last = None
    while True:
        query = select(BLOBS.c.hash, BLOBS.c.data).order_by(BLOBS.c.hash).limit(_BATCH)
        if last is not None:
            query = query.where(BLOBS.c.hash > last)
        some = {row.hash: bytes(row.data) for row in connection.execute(query)}
        if not some:
            return
        yield some
        last = list(some)[-1]


def _documents(connection: Connection) -> Generator[Damage, None, tuple[set[str], set[str]]]:
    """Damage in documents and parts; returns the hashes of all that there are, and of those that cannot be relied on."""
    there: set[str] = set()
    broken: set[str] = set()
    for some in rows_of_blobs(connection):
        there.update(some)
        assembly = Assembly(blobs.with_links(connection, some))
        for hash_ in some:
            problem = problem_of(hash_, assembly)
            if problem:
                broken.add(hash_)
                yield Damage(f"document {hash_[:12]}", problem)
    return there, broken


def problem_of(hash_: str, assembly: Assembly) -> str | None:
    """What is wrong with a document, or None."""
    try:
        data = assembly.document(hash_)
    except BrokenRope as error:
        return f"cannot be read back ({error})"
    return None if hash_of(data) == hash_ else "its bytes have changed: they do not have the hash that they are filed under"


def table_problem(stored: bytes, piece: Piece) -> str | None:
    """How a table contradicts the notes, or None. Rows that a later version of Ripieno would add are no contradiction."""
    try:
        table = AttributeTable.model_validate_json(stored)
    except ValidationError as error:
        return f"its table cannot be read ({error.error_count()} faults)"
    derived = derive_table(piece, table.intent).model_dump_json().encode()
    place = None if derived == stored else _difference(json.loads(stored), json.loads(derived), "table")
    return None if place is None else f"its table does not match its notes: {place}"


def _difference(stored: Any, derived: Any, place: str) -> str | None:
    if isinstance(stored, dict) and isinstance(derived, dict):
        inner = ((v, derived.get(k), f"{place}.{k}") for k, v in stored.items())
    elif isinstance(stored, list) and isinstance(derived, list) and len(stored) == len(derived):
        inner = ((a, b, f"{place}[{i}]") for i, (a, b) in enumerate(zip(stored, derived, strict=True)))
    else:
        return None if stored == derived else f"{place} is {str(stored)[:60]}, the notes say {str(derived)[:60]}"
    return next((found for found in (_difference(*pair) for pair in inner) if found), None)


def id_is_right(row: Mapping[Any, Any], parent: str | None, turn: Mapping[Any, Any]) -> bool:
    """Whether a version's id is the hash of what its row, its parent's id and its turn's row say."""
    try:
        locks = locks_of(row["locks"])
    except BadFile:
        return False
    return bool(row["id"] == version_id(parent, turn["id"], row["piece"], row["table"], locks, row["seed"], row["form"]))


class _Project:
    """The checks of one project."""

    def __init__(self, connection: Connection, row: RowMapping, there: set[str], broken: set[str]) -> None:
        self._connection, self._row, self._there, self._broken = connection, row, there, broken
        self._rows: dict[str, bytes] = {}  # neighbouring versions share most of theirs
        self._tracks: dict[str, Track] = {}
        self._name, self._id = row["name"], row["id"]
        self._misfits: list[str] = []

    def check(self) -> Iterator[Damage]:
        """All damage in the project."""
        turns = {r["number"]: r for r in self._all(TURNS)}
        ids: dict[int, str] = {}
        for row in self._all(VERSIONS):
            what = f"project {self._name}, version {row['number']} ({row['id'][:12]})"
            for problem in self._version(row, ids, turns):
                yield Damage(what, problem)
            ids[row["number"]] = row["id"]
        if self._row["versions"] and self._row["versions"] not in ids:
            yield Damage(f"project {self._name}", f"its last version, number {self._row['versions']}, is missing")
        for number in range(1, self._row["turns"] + 1):
            what = f"project {self._name}, turn {number}"
            if number not in turns:
                yield Damage(what, "it is missing")
                continue
            row = turns[number]
            if row["trace"] is not None and (no_trace := self._document(row["trace"])):
                yield Damage(what, f"its trace {no_trace}")
            for end in ("before", "after"):
                if row[end] is not None and row[end] not in ids:
                    yield Damage(what, f"version {row[end]}, the head {end} it, is missing")
        yield from self._places(ids)
        for table in self._misfits:
            yield Damage(f"project {self._name}", f"rows of its {table} hold what cannot be")

    def _all(self, table: Any) -> list[RowMapping]:
        query = select(table).where(table.c.project == self._id).order_by(*table.primary_key)
        rows = list(self._connection.execute(query).mappings())
        good = [row for row in rows if fits(table, row)]
        if len(good) < len(rows):
            self._misfits.append(table.name)
        return good

    def _document(self, hash_: str) -> str | None:
        if hash_ in self._broken:
            return f"is damaged (document {hash_[:12]})"
        return None if hash_ in self._there else f"is missing (document {hash_[:12]})"

    def _version(self, row: RowMapping, ids: dict[int, str], turns: dict[int, RowMapping]) -> Iterator[str]:
        parent = None if row["parent"] is None else ids.get(row["parent"])
        if row["parent"] is not None and parent is None:
            yield f"its parent, version {row['parent']}, is missing"
        turn = turns.get(row["turn"])
        if turn is None:
            yield f"its turn, number {row['turn']}, is missing"
        elif row["form"] != TAKEN_OVER and (parent is not None or row["parent"] is None) and not id_is_right(row, parent, turn):
            yield "its id is not the hash of what it holds: parent, turn, piece, table, locks or seed were changed"
        no_table, no_music = self._document(row["table"]), self._document(row["piece"])
        if no_table:
            yield f"its table {no_table}"
        if no_music:
            yield f"its piece {no_music}"
        if not no_table and not no_music:
            yield from self._music(row["piece"], row["table"])

    def _music(self, piece: str, table: str) -> Iterator[str]:
        try:
            whole = self._assembly(piece, table)
            frame = whole.document(piece)
            names = json.loads(frame)["tracks"]
            for name in names:
                if problem := self._document(name):
                    yield f"a track of it {problem}"
                    return
            new = [name for name in names if name not in self._tracks]
            if new:
                tracks = self._assembly(*new)
                self._tracks = {n: t for n, t in self._tracks.items() if n in names}
                self._tracks |= {name: decode_track(tracks.document(name)) for name in new}
            contradiction = table_problem(whole.document(table), decode_piece(frame, self._tracks.__getitem__))
            if contradiction:
                yield contradiction
        except (RipienoError, ValueError, KeyError, TypeError) as error:
            yield f"its music cannot be read back ({error})"

    def _assembly(self, *hashes: str) -> Assembly:
        """What puts these documents together; their hashes have been checked."""
        if len(self._rows) > _KEPT:
            self._rows = {}
        new = blobs.fetch(self._connection, [h for h in hashes if h not in self._rows])
        self._rows = blobs.with_links(self._connection, new, self._rows)
        return Assembly(self._rows)

    def _places(self, ids: dict[int, str]) -> Iterator[Damage]:
        what = f"project {self._name}"
        branches = self._all(BRANCHES)
        for row in branches:
            if row["version"] not in ids:
                yield Damage(f"{what}, branch {row['name']}", f"version {row['version']}, where it stands, is missing")
        steps = self._all(HISTORY)
        if [row["place"] for row in steps] != list(range(1, len(steps) + 1)):
            yield Damage(what, "its history for undo and redo has gaps")
        for row in steps:
            if row["version"] not in ids:
                yield Damage(what, f"version {row['version']} in its history is missing")
        place = self._row["place"]
        if place > len(steps):
            yield Damage(what, "its head is beyond its history")
        elif place:
            head = steps[place - 1]
            standing = {row["name"]: row["version"] for row in branches}
            if head["branch"] != self._row["branch"] or standing.get(head["branch"]) != head["version"]:
                yield Damage(what, "its head and its current branch stand on different versions")
