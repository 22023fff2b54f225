"""The store in SQLite: the conformance suite, what is particular to files, and today's code on yesterday's database."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from ripieno.memory.store import Store, StoreFault
from ripieno.memory.table import derive_table
from ripieno.score.brief import Brief
from ripieno.score.codec import decode_piece, decode_track
from ripieno.score.errors import BadFile, BadRequest
from ripieno.score.piece import Piece, Track
from tests.memory.samples import louder, turn
from tests.memory.store_conformance import StoreConformance
from tests.score.pieces import pieces, waltz


class TestSqlite(StoreConformance):
    @pytest.fixture
    def where(self, tmp_path: Path) -> Path:
        return tmp_path / "p.db"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_encoding_reads_back_identical(piece: Piece) -> None:
    tracks: dict[str, Track] = {t.hash: decode_track(t.encoded) for t in piece.tracks}
    again = decode_piece(piece.encoded, tracks.__getitem__)
    assert again == piece and again.tracks == piece.tracks and again.timeline == piece.timeline
    assert again.chords == piece.chords and again.keys == piece.keys


def blobs(file: Path) -> dict[bytes, bytes]:
    with closing(sqlite3.connect(file)) as raw:
        return dict(raw.execute("select hash, data from blobs"))


def test_a_small_change_costs_little(tmp_path: Path) -> None:
    file = tmp_path / "p.db"
    with closing(Store(file)) as store:
        first = store.commit(turn("a"))
        whole = blobs(file)
        store.commit(turn("b", louder(waltz(), 1), first.id))
    new = {h: d for h, d in blobs(file).items() if h not in whole}
    assert sum(map(len, new.values())) < 1000 and len(new) <= 5, {h.hex()[:6]: len(d) for h, d in new.items()}


def test_a_flipped_byte_is_found_wherever_it_is(tmp_path: Path) -> None:
    piece, file = waltz(), tmp_path / "p.db"
    with closing(Store(file)) as first:
        first.put(piece)
    for hash_, data in blobs(file).items():
        for at in (0, len(data) // 2, len(data) - 1):
            with closing(sqlite3.connect(file)) as raw:
                damaged = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                raw.execute("update blobs set data = ? where hash = ?", (damaged, hash_))
                raw.commit()
            with closing(Store(file)) as again, pytest.raises(BadFile, match="hash"):
                again.piece(piece.hash)
        with closing(sqlite3.connect(file)) as raw:
            raw.execute("update blobs set data = ? where hash = ?", (data, hash_))
            raw.commit()
    with closing(Store(file)) as again:
        assert again.piece(piece.hash) == piece


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "p.db").write_bytes(b"not a database, but long enough to be looked at " * 40)
    with pytest.raises(StoreFault, match="database"):
        Store(tmp_path / "p.db")


@pytest.mark.parametrize("url", ["sqlite://", "nonsense", "mysql://x/y", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_is_a_clear_error(url: str) -> None:
    with pytest.raises(BadRequest, match=r"database|Projects"):
        Store(url)


OLD_LAYOUT = """
CREATE TABLE blobs (hash VARCHAR(64) NOT NULL, data BLOB NOT NULL, PRIMARY KEY (hash));
CREATE TABLE versions (number INTEGER NOT NULL, id VARCHAR(64) NOT NULL, parent VARCHAR(64), turn VARCHAR(64) NOT NULL,
  piece VARCHAR(64) NOT NULL, "table" TEXT NOT NULL, PRIMARY KEY (number), UNIQUE (id), UNIQUE (turn));
CREATE TABLE turns (id VARCHAR(64) NOT NULL, request TEXT NOT NULL, trace TEXT NOT NULL, PRIMARY KEY (id));
"""


def old_database(file: Path, *made: Piece) -> list[str]:
    """A database as the first layout wrote it, one version a piece, each on the one before; gives the ids."""
    ids: list[str] = []
    with closing(sqlite3.connect(file)) as raw:
        raw.executescript(OLD_LAYOUT)
        for i, piece in enumerate(made):
            rows = [(piece.hash, piece.encoded), *((t.hash, t.encoded) for t in piece.tracks)]
            raw.executemany("insert or ignore into blobs values (?, ?)", rows)
            parent = ids[-1] if ids else None
            ids.append(hashlib.sha256(json.dumps([parent, f"t{i}", piece.hash]).encode()).hexdigest())
            table = derive_table(piece, Brief(text="x")).model_dump_json()
            raw.execute("insert into versions values (?, ?, ?, ?, ?, ?)", (i + 1, ids[-1], parent, f"t{i}", piece.hash, table))
            raw.execute("insert into turns values (?, ?, ?)", (f"t{i}", f"request {i}", f'{{"i": {i}}}'))
        raw.commit()
    return ids


def test_a_database_of_the_first_layout_opens_and_goes_on(tmp_path: Path) -> None:
    file, one, two = tmp_path / "p.db", waltz(), louder(waltz(), 3)
    ids = old_database(file, one, two)
    for _ in range(2):  # the second time there is nothing to migrate
        with closing(Store(file)) as store:
            assert [r.id for r in store.log()] == ids[::-1] and [r.text for r in store.log()] == ["request 1", "request 0"]
            assert store.piece(one.hash) == one and store.piece(two.hash) == two
            assert store.version(2).table == derive_table(two, Brief(text="x")) and store.trace("t0") == '{"i": 0}'
            assert store.branches() == {"main": ids[1]} and store.undo_target().id == ids[0]
    with closing(Store(file)) as store:
        store.undo("u", "", "")
        assert store.commit(turn("n", louder(waltz(), 5), ids[0])).number == 3


def test_an_empty_database_of_the_first_layout_opens(tmp_path: Path) -> None:
    old_database(tmp_path / "p.db")
    with closing(Store(tmp_path / "p.db")) as store:
        assert store.head is None and store.commit(turn("a")).number == 1


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "p.db")) as store:
        store.commit(turn("a"))
    with closing(sqlite3.connect(tmp_path / "p.db")) as raw:
        raw.execute("insert into migrations values (99, 'later', 'now')")
        raw.commit()
    with pytest.raises(BadFile, match="later"):
        Store(tmp_path / "p.db")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_the_table_counts_bars_as_the_timeline_does(piece: Piece) -> None:
    for row, track in zip(derive_table(piece, Brief(text="x")).tracks, piece.tracks, strict=True):
        assert row.bars_playing == len({piece.timeline.bar_at(int(tick)) for tick in track.notes["start"]})
