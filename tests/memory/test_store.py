"""The store: what is committed reads back and verifies; damage is found; a failed commit leaves nothing."""

import sqlite3
from collections.abc import Iterator
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
from tests.score.pieces import pieces, waltz


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "p.db")) as opened:
        yield opened


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces())
def test_encoding_reads_back_identical(piece: Piece) -> None:
    tracks: dict[str, Track] = {t.hash: decode_track(t.encoded) for t in piece.tracks}
    again = decode_piece(piece.encoded, tracks.__getitem__)
    assert again == piece and again.tracks == piece.tracks and again.timeline == piece.timeline
    assert again.chords == piece.chords and again.keys == piece.keys


def test_a_version_reads_back_from_a_new_process_view(tmp_path: Path) -> None:
    piece, brief = waltz(), Brief(text="a waltz")
    with closing(Store(tmp_path / "p.db")) as first:
        made = first.commit("t1", "a waltz", piece, derive_table(piece, brief), '{"a": 1}')
    with closing(Store(tmp_path / "p.db")) as again:
        (version,) = again.versions()
        assert version == made
        assert again.piece(version.piece) == piece
        assert version.table == derive_table(piece, brief)
        assert again.trace("t1") == '{"a": 1}'


def test_the_same_track_is_stored_once(store: Store, tmp_path: Path) -> None:
    piece = waltz()
    other = piece.with_track(piece.tracks[0].with_notes(piece.tracks[0].notes[:-1]))
    store.put(piece, other)
    with closing(sqlite3.connect(tmp_path / "p.db")) as raw:
        (count,) = raw.execute("select count(*) from blobs").fetchone()
    assert count == 2 + len(piece.tracks) + 1  # two frames, the tracks, the one changed track


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    piece = waltz()
    with closing(Store(tmp_path / "p.db")) as first:
        first.put(piece)
    with closing(sqlite3.connect(tmp_path / "p.db")) as raw:
        (data,) = raw.execute("select data from blobs where hash = ?", (piece.tracks[0].hash,)).fetchone()
        damaged = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
        raw.execute("update blobs set data = ? where hash = ?", (damaged, piece.tracks[0].hash))
        raw.commit()
    with closing(Store(tmp_path / "p.db")) as again, pytest.raises(BadFile, match="hash"):
        again.piece(piece.hash)


def test_a_second_commit_of_one_turn_is_refused_whole(store: Store) -> None:
    piece = waltz()
    table = derive_table(piece, Brief(text="x"))
    store.commit("t1", "x", piece, table, "{}")
    with pytest.raises(StoreFault):
        store.commit("t1", "y", piece, table, "{}")
    assert len(store.versions()) == 1


def test_an_unknown_turn_is_a_clear_error(store: Store) -> None:
    with pytest.raises(BadRequest, match="turn"):
        store.trace("nope")


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "p.db").write_bytes(b"not a database, but long enough to be looked at " * 40)
    with pytest.raises(StoreFault, match="database"):
        Store(tmp_path / "p.db")
