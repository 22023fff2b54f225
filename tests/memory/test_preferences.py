"""Preferences in SQLite and in PostgreSQL, read without writing, and brought over from the layout before."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ripieno.memory.database import Database, StoreFault
from ripieno.memory.migrations import m0001_versions, m0002_parts
from ripieno.memory.preferences import Preferences
from ripieno.memory.schema import META
from ripieno.memory.user import UserMemory
from tests.memory.killing import death_at, forked, said
from tests.memory.preferences_conformance import HIGHER, LOWER, PreferencesConformance
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


def test_killed_at_any_statement_of_learning_a_turn_counts_once_or_not_at_all(tmp_path: Path) -> None:
    """The turn is told again after each death, as a turn that is resumed does: it never counts twice."""
    finished, step = False, 0
    while not finished:
        step += 1

        def work(write: int, step: int = step) -> None:
            point = death_at(step)
            with closing(UserMemory(tmp_path)) as user:
                user.learn("song", f"t{step - 1}", [LOWER], stayed=True)  # the turn that was cut off goes on
                user.edited()._database.watch(point)
                user.learn("song", f"t{step}", [LOWER], stayed=True)
                user.take_back("song", [f"t{step}"], disliked=True)
                user.bring_back("song", [f"t{step}"])
            os.write(write, b"finished\n")

        finished = bool(said(*forked(work)))
        with closing(UserMemory(tmp_path)) as user:
            for row in user.preferences():
                own = [e.turn for e in row.evidence if e.how == "edited"]
                assert len(own) == len(set(own)) and len(row.evidence) == min(12, row.times) and 0 < row.weight <= 1
        with closing(sqlite3.connect(tmp_path / "taste.db")) as raw:
            counts = raw.execute("select turn, count(*) from observations where how = 'edited' group by turn").fetchall()
        assert [n for _, n in counts] == [1] * len(counts) and len(counts) in (step, step + 1)
    assert step > 14


def test_two_processes_learn_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    def work(write: int, name: str) -> None:
        with closing(UserMemory(tmp_path)) as user:
            for i in range(5):
                user.learn(name, f"t{i}", [LOWER if i % 2 else HIGHER])
        os.write(write, b"done\n")

    children = [forked(lambda write, name=name: work(write, name)) for name in ("one", "two", "three")]  # type: ignore[misc]
    assert [said(*child) for child in children] == [[["done"]]] * 3
    with closing(UserMemory(tmp_path)) as user:
        rows = {row.value: row for row in user.preferences()}
        assert (rows["lower"].times, rows["higher"].times, rows["lower"].projects) == (6, 9, 3)
