"""Damage is found and named, and what is whole is recovered: single faults by hand, then random ones."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ripieno.memory.database import Database
from ripieno.memory.recover import FOUND, recover
from ripieno.memory.store import Store, projects
from ripieno.memory.verify import verify
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.piece import Piece
from tests.memory.samples import louder, turn
from tests.score.pieces import waltz

COUNT = 6
ALL = set(range(1, COUNT + 1))
PIECES: dict[int, Piece] = {n: louder(waltz(), n) for n in range(1, COUNT + 1)}


def build(file: Path) -> None:
    """Six versions on two branches, an undo, a question; all in the one file."""
    with closing(Store(file)) as store:
        head = store.commit(turn("t1", PIECES[1]))
        for n in range(2, 5):
            head = store.commit(turn(f"t{n}", PIECES[n], head.id))
        back = store.undo("u", "undo", "Undone.")
        head = store.commit(turn("t5", PIECES[5], back.id, branch="dark"))
        store.record_turn("q", "why?", "Because.", trace='{"why": 1}')
        store.commit(turn("t6", PIECES[6], head.id))
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("pragma journal_mode=delete")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undamaged database; work on copies."""
    file = tmp_path_factory.mktemp("whole") / "p.db"
    build(file)
    assert verify(file) == ()
    return file


def change(file: Path, *statements: str) -> None:
    """Edits a database by hand."""
    with closing(sqlite3.connect(file)) as raw:
        for statement in statements:
            assert raw.execute(statement).rowcount
        raw.commit()


def kept(file: Path) -> set[int]:
    """Recovers into a new database that must then be whole; gives the numbers of the versions in it."""
    into = file.with_name("recovered.db")
    into.unlink(missing_ok=True)
    with closing(Database(into)) as database:
        lost = recover(file, database)
        assert verify(database) == (), lost
        numbers = set()
        for name in projects(database):
            store = Store(database, name)
            for row in store.log(100):
                assert store.version(row.number).table.piece == row.piece
                if row.turn.startswith(FOUND):
                    assert lost and row.piece in {piece.hash for piece in PIECES.values()}
                else:
                    numbers.add(row.number)
                    assert store.piece(row.piece) == PIECES[row.number]
            if store.head is not None:
                assert store.commit(turn("more", louder(waltz(), 99), store.head.id)).number > store.head.number - 1
        assert verify(database) == ()
        assert lost or numbers == ALL
    return numbers


def test_an_undamaged_database_is_copied_whole(tmp_path: Path, whole: Path) -> None:
    file = tmp_path / "p.db"
    file.write_bytes(whole.read_bytes())
    with closing(Store(file)) as store, closing(Store(tmp_path / "other.db")) as other:
        assert store.recover(other) == () and other.verify() == ()
        assert other.log(100) == store.log(100) and other.conversation(100) == store.conversation(100)
        assert other.branches() == store.branches() and other.branch == store.branch and other.head == store.head
        assert other.undo_target(2) == store.undo_target(2) and other.trace("q") == store.trace("q")
        with pytest.raises(BadRequest, match="empty"):
            store.recover(other)


FAULTS: list[tuple[str, tuple[str, ...], set[int]]] = [
    ("missing", ("delete from blobs where hash = (select piece from versions where number = 3)",), {1, 2, 4, 5, 6}),
    ("cannot be read back", ("update blobs set data = x'7a00' where hash = (select piece from versions where number = 2)",),
     {1, 3, 4, 5, 6}),
    ("does not match its notes", ('update versions set "table" = (select "table" from versions where number = 1) '
                                  "where number = 2",), ALL),
    ("parent, version 2, is missing", ("delete from versions where number = 2",), {1, 3, 4, 5, 6}),
    ("id is not the hash", ("update versions set parent = 1 where number = 4",), ALL),
    ("id is not the hash", ("update versions set locks = '[\"x\"]' where number = 4",), ALL),
    ("turn 4: it is missing", ("delete from turns where number = 4",), ALL),
    ("trace", ("delete from blobs where hash = (select trace from turns where id = 'q')",), ALL),
    ("number 6, is missing", ("delete from versions where number = 6",), {1, 2, 3, 4, 5}),
    ("branch dark", ("update branches set version = 77 where name = 'dark'",), ALL),
    ("beyond its history", ("update projects set place = 50",), ALL),
    ("gaps", ("delete from history where place = 2",), ALL),
]  # fmt: skip


@pytest.mark.parametrize(("named", "statements", "left"), FAULTS)
def test_each_fault_is_named_and_the_rest_recovered(
    tmp_path: Path, whole: Path, named: str, statements: tuple[str, ...], left: set[int]
) -> None:
    file = tmp_path / "p.db"
    file.write_bytes(whole.read_bytes())
    change(file, *statements)
    found = verify(file)
    assert any(named in str(damage) for damage in found), found
    assert kept(file) == left


def test_a_flipped_byte_in_any_document_is_named(tmp_path: Path, whole: Path) -> None:
    file = tmp_path / "p.db"
    file.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute("select hash, data from blobs").fetchall()
    for hash_, data in rows:
        damaged = data[:-2] + bytes([data[-2] ^ 4, data[-1]])
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("update blobs set data = ? where hash = ?", (damaged, hash_))
            raw.commit()
        assert any(hash_.hex()[:12] in str(damage) for damage in verify(file))
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("update blobs set data = ? where hash = ?", (data, hash_))
            raw.commit()
    assert verify(file) == ()


def test_a_truncated_file_is_named_and_what_is_left_recovered(tmp_path: Path) -> None:
    file, made = tmp_path / "p.db", 60
    with closing(Store(file)) as store:
        parent = None
        for n in range(1, made + 1):
            parent = store.commit(turn(f"t{n}", PIECES.setdefault(n, louder(waltz(), n)), parent)).id
    data, counts = file.read_bytes(), []
    for share in (0.65, 0.8, 0.97):
        file.write_bytes(data[: int(len(data) * share)])
        assert "cut off" in str(verify(file)[0])
        numbers = kept(file)
        with closing(Database(file.with_name("recovered.db"))) as database:
            found = {row.turn for name in projects(database) for row in Store(database, name).log(100)}
            assert Store(database).head is not None
        counts.append(len(numbers) + sum(name.startswith(FOUND) for name in found))
    assert counts == sorted(counts) and counts[0] >= 1 and counts[-1] >= made * 0.8, counts
    file.write_bytes(data[:50])
    assert "heading" in str(verify(file)[0])
    with pytest.raises(BadFile, match="heading"):
        kept(file)


def test_a_damaged_schema_is_named_though_its_message_is_no_text(tmp_path: Path, whole: Path) -> None:
    data = whole.read_bytes()
    for i, at in enumerate(range(data.index(b"CREATE TABLE"), 4000, 300)):
        file = tmp_path / f"{i}.db"
        file.write_bytes(data[:at] + b"\xce" + data[at + 1 :])
        found, numbers = verify(file), set[int]()
        with suppress(BadFile):
            numbers = kept(file)
        assert found or numbers == ALL, at  # some letters of it change nothing


def test_no_file_is_named(tmp_path: Path) -> None:
    assert "no file" in str(verify(tmp_path / "none.db")[0])


def flipped(data: bytes, at: int, _: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def zeroed(data: bytes, at: int, length: int) -> bytes:
    return data[:at] + bytes(min(length, len(data) - at)) + data[at + length :]


def cut(data: bytes, at: int, _: int) -> bytes:
    return data[:at]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    share=st.floats(0, 0.999), how=st.sampled_from([flipped, zeroed, cut]), length=st.sampled_from([1, 64, 4096, 20_000])
)  # fmt: skip
def test_whatever_happens_to_the_file_nothing_false_is_recovered(
    tmp_path: Path, whole: Path, share: float, how: Callable[[bytes, int, int], bytes], length: int
) -> None:
    file = tmp_path / f"{uuid4().hex}.db"  # a name of its own: SQLite would find the log of the one before
    data = whole.read_bytes()
    file.write_bytes(how(data, int(len(data) * share), length))
    found = verify(file)
    try:
        numbers = kept(file)
    except BadFile:
        assert found, "a database that cannot be read was called whole"
        return
    assert found or numbers == ALL, "what was called whole is whole"


def test_a_damaged_version_does_not_stand_in_the_way_of_the_next(tmp_path: Path, whole: Path) -> None:
    file = tmp_path / "p.db"
    file.write_bytes(whole.read_bytes())
    change(file, "update blobs set data = x'7a00' where hash = (select piece from versions where number = 6)")
    with closing(Store(file)) as store:
        assert store.head is not None
        with pytest.raises(BadFile, match="verify"):
            store.piece(store.head.piece)
        made = store.commit(turn("on", louder(waltz(), 50), store.head.id))
    with closing(Store(file)) as again:
        assert again.piece(made.piece) == louder(waltz(), 50)
