"""Preferences in SQLite and in PostgreSQL, read without writing, and brought over from the layout before."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ripieno.memory.database import Database, StoreFault
from ripieno.memory.migrations import m0001_versions, m0002_parts
from ripieno.memory.preferences import Preferences
from ripieno.memory.schema import META
from tests.memory.preferences_conformance import LOWER, PreferencesConformance
from tests.postgres import Cluster


class TestSqlite(PreferencesConformance):
    @pytest.fixture
    def where(self, tmp_path: Path) -> Path:
        return tmp_path / "memory.db"


class TestPostgres(PreferencesConformance):
    @pytest.fixture
    def where(self, cluster: Cluster) -> str:
        return cluster.new_database()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreFault):
        Database(tmp_path / "memory.db", reading=True)
    assert list(tmp_path.iterdir()) == []
    with closing(Database(tmp_path / "memory.db")) as database:
        Preferences(database).learn("p", "t", [LOWER])
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    with closing(Database(tmp_path / "memory.db", reading=True)) as database:
        assert len(Preferences(database).all()) == 1
        with pytest.raises(StoreFault):
            Preferences(database).learn("p", "u", [LOWER])
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before


def test_preferences_of_the_layout_before_are_carried_over(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"
    with closing(Database(file)) as database, database.write() as connection:
        for table in META.sorted_tables:
            connection.execute(text(f"drop table {table.name}"))
        m0001_versions.up(connection)
        m0002_parts.up(connection)
        evidence = [{"how": how, "project": "p", "turn": f"t{i}", "words": "drums softer", "seen": f"2026-01-0{i}"}
                    for i, how in enumerate(("edited", "said"), 1)]  # fmt: skip
        connection.execute(
            text("insert into preferences values (1, 'drums.volume', 'lower', 'Drums down.', 0.7, 2, :e, 'a', 'b')"),
            {"e": json.dumps(evidence)},
        )
        connection.execute(text("create table migrations (number integer primary key, name text, applied text)"))
        connection.execute(text("insert into migrations values (1, 'versions', 'x'), (2, 'parts', 'x')"))
    with pytest.raises(StoreFault, match="layout"):
        Database(file, reading=True)
    with closing(Database(file)) as database:
        liked = Preferences(database)
        (old,) = liked.all()
        assert (old.statement, old.weight, old.times) == ("Drums down.", 0.7, 2)
        liked.learn("q", "t", [LOWER])
        (new,) = liked.all()
        assert new.id == old.id and new.weight == pytest.approx(1 - 0.75 * 0.4 * 0.75) and new.projects == 2
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("select count(*) from observations").fetchone() == (3,)
