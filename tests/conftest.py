"""What tests of several rooms share."""

from collections.abc import Iterator

import pytest

from tests.postgres import Cluster, running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real PostgreSQL server, one for each run of pytest; without its programs the tests that ask for it are skipped."""
    with running() as server:
        yield server
