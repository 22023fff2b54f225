"""What tests of several rooms share."""

import os
from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, running


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test, and no program that a test starts, reads or writes what is kept in the developer's home folder, and each begins
    knowing nothing of their taste. Tests of the memory switch it on, in a folder of their own."""
    os.environ |= {"RIPIENO_HOME": str(tmp_path_factory.mktemp("home")), "RIPIENO_MEMORY": "off"}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real PostgreSQL server, one for each run of pytest; without its programs the tests that ask for it are skipped."""
    with running() as server:
        yield server
