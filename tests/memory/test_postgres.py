"""The store in PostgreSQL: the conformance suite on a real server, and what is particular to servers."""

import sys
from contextlib import closing

import pytest

from ripieno.memory.database import Database, StoreFault
from ripieno.memory.store import Store
from ripieno.score.errors import MissingPart
from tests.memory.samples import turn
from tests.memory.store_conformance import StoreConformance
from tests.postgres import Cluster


class TestPostgres(StoreConformance):
    @pytest.fixture
    def where(self, cluster: Cluster) -> str:
        return cluster.new_database()


def test_the_short_url_finds_the_driver(cluster: Cluster) -> None:
    url = cluster.new_database().replace("postgresql+psycopg", "postgresql")
    with closing(Store(url)) as store:
        assert store.commit(turn("a")).number == 1


def test_a_server_that_is_not_there_is_a_clear_error() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreFault, match="server"):
        Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")


def test_without_the_driver_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPart, match=r'pip install "ripieno\[postgres\]"'):
        Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
