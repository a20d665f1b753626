"""Fixtures that every test folder shares."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL of this process's own (each pytest-xdist worker has one)."""
    with PostgresServer() as server:
        yield server
