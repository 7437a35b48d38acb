"""`punchclock serve` shows the database that it uses, without the credentials in its URL."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import database_url
from serving import served

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("place", ["authority", "query"])
def test_the_greeting_has_no_password(place: str, tmp_path: Path) -> None:
    """Neither the greeting nor the log has the password, wherever in the URL it is."""
    with database_url("postgresql", tmp_path) as database:
        url = sa.make_url(database)
        secret = "correct-horse"
        url = url.set(password=secret) if place == "authority" else url.update_query_dict({"password": secret})
        with served(tmp_path, "--database", url.render_as_string(hide_password=False)) as server:
            assert str(url.database) in server.greeting
            _, out, err = server.end(signal.SIGTERM)
        assert secret not in server.greeting + out + err
