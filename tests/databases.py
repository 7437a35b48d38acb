"""The databases of the store's tests: a SQLite file for each test, and a real PostgreSQL server.

``PUNCHCLOCK_TEST_POSTGRESQL`` is the URL of a server that the tests may change; without it the tests that need one are
skipped. Each test creates its own database there and drops it at the end.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from punchclock.sandbox.postgresql import ADVISORY_LOCK

DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.slow))

_SERVER = os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL", "")


@contextmanager
def database_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'sandbox.sqlite3'}"
        return
    if not _SERVER:
        pytest.skip("PUNCHCLOCK_TEST_POSTGRESQL names no server")
    with new_database(_SERVER) as url:
        yield url


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a new, empty database on a PostgreSQL server, which is dropped at the end."""
    name = f"punchclock_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection of another program to the database."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the lock that a change needs, as another program."""
    with connected(url) as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        yield
        connection.exec_driver_sql("ROLLBACK")
