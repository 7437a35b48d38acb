"""A database's URL is shown without credentials, wherever they stand in it."""

from __future__ import annotations

import pytest

from punchclock.sandbox.database import shown_url
from punchclock.sandbox.store import StoreUnavailable


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///timers.sqlite3", "sqlite:///timers.sqlite3"),
        ("sqlite:////var/lib/a b@c.sqlite3?durable=full", "sqlite:////var/lib/a b@c.sqlite3?durable=full"),
        ("postgresql://db.example/punchclock", "postgresql://db.example/punchclock"),
        ("postgresql://user:cret@db.example:5433/punchclock", "postgresql://db.example:5433/punchclock"),
        ("postgresql+psycopg://user:c%40re%2Ft@db.example/x", "postgresql://db.example/x"),
        ("postgresql://db.example/x?user=me&password=cret", "postgresql://db.example/x"),
        ("postgresql://db.example/x?sslpassword=cret&passfile=cret", "postgresql://db.example/x"),
        ("postgresql://cret@[::1]:5432/x", "postgresql://[::1]:5432/x"),
        ("postgresql:///x?host=one:1&host=two:2&password=cret", "postgresql:///x"),
    ],
)
def test_only_the_place_of_a_database_is_shown(url: str, shown: str) -> None:
    """The greeting shows the kind, host, port and name of the database, and nothing else of the URL."""
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:cr@et@host/x",
        "postgresql://user:cr/et@host/x",
        "postgresql://user:1/cret@host/x",
        "postgresql://user:1?cret@host/x",
        "postgresql://host/x?password=cr@et",
        "postgresql://host/password=cret",
        "postgresql://host:cret/x",
    ],
)
def test_a_password_that_is_not_encoded_is_rejected(url: str) -> None:
    """A URL in which a part of a password would count as the host, port or database is not valid, and not shown."""
    with pytest.raises(StoreUnavailable, match="not a database URL") as caught:
        shown_url(url)
    assert "cr" not in str(caught.value)
