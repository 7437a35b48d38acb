"""The kills: a database that loses, doubles or half stores a change after a kill is caught, and the seed is reported.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from pathlib import Path

import pytest

from databases import connected, database_url
from punchclock.sandbox.sql import SqlStore
from punchclock.workspaces import demo_workspace

pytest.importorskip("evidence")

from evidence import kills
from evidence.claims import SHORT, Refuted

pytestmark = pytest.mark.slow

#: What a database does to the last change before the kill, and what is reported.
DAMAGES = {
    "the journal and the record are lost": (
        [
            "DELETE FROM journal WHERE number >= (SELECT max(number) FROM journal WHERE document LIKE '%\"changes\"%')",
            "DELETE FROM records WHERE number = (SELECT max(number) FROM records)",
        ],
        "but nothing is stored|but stored as|replayed|are counted",  # it depends on which change was the last
    ),
    "the record is lost": (["DELETE FROM records"], "the event log replayed"),
    "the record is counted otherwise": (["UPDATE counts SET records = records + 1"], "records of .* are counted"),
    "the journal has a gap": (["DELETE FROM journal WHERE number = 1"], "the journal after entry 0 has the numbers"),
    "a call is stored twice": (
        ["INSERT INTO journal SELECT number + (SELECT max(number) FROM journal), document FROM journal"],
        "stored twice",
    ),
    "the answer is another one": (
        ["UPDATE journal SET document = replace(document, '\"status\":200', '\"status\":202')"],
        "but stored as",
    ),
    "an id is given again": (["UPDATE counter SET last_id = 1000"], "the next id is 1001, which is not above"),
    "comments are lost": (
        ["UPDATE records SET document = replace(document, '\"comments\":[', '\"lost\":[')"],
        "has the comments set\\(\\), the journal",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_caught(damage: str, tmp_path: Path) -> None:
    """What a kill might do to the database is found by the check after it, and reported with the seed."""
    statements, reported = DAMAGES[damage]

    def break_it(database: str) -> None:
        with connected(database) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    with database_url("sqlite", tmp_path) as database, pytest.raises(Refuted) as refuted:
        kills.Kills(database, tmp_path, 1, break_it).run(8)
    assert re.match(r"seed 1, kill \d: ", str(refuted.value))
    assert re.search(reported, str(refuted.value))


def test_a_server_that_does_not_go_on_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the other server answers no more after the kill, as behind a lock that nobody releases, that is a failure."""
    monkeypatch.setattr(kills, "_PATIENCE", 3)
    monkeypatch.setattr(kills, "_BOTH", 0)
    monkeypatch.setattr(kills, "_GOES_ON", 10**6)
    with (
        database_url("sqlite", tmp_path) as database,
        pytest.raises(Refuted, match=r"calls are answered by the other server, after the kill"),
    ):
        kills.Kills(database, tmp_path, 1).run(1)


def test_a_seed_determines_the_calls(tmp_path: Path) -> None:
    """With the same seed, a client makes the same calls."""
    made = []
    for _ in range(2):
        with database_url("sqlite", tmp_path) as database:
            store = SqlStore(database, demo_workspace())
            chance = random.Random(7)  # noqa: S311 reproducible; not cryptographic
            caller = kills.Caller("1", chance, store, [], threading.Event())
            made.append([(client.name, call.operation) for client, call, _ in (caller.choose() for _ in range(20))])
            store.close()
    assert made[0] == made[1]
    assert len(set(made[0])) > 3


def test_the_claim_reports_what_it_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row has the counts, and says whether PostgreSQL was tried."""
    counted = Counter({"kills": 3, "calls": 40, "answered changes": 20, "unanswered": 2})
    monkeypatch.setattr(kills, "run", lambda *_: counted)
    monkeypatch.delenv("PUNCHCLOCK_TEST_POSTGRESQL", raising=False)
    alone = kills.survived(SHORT)
    assert alone.startswith("SQLite: 3 kills of one of two servers or both, 8 clients, 40 calls, 20 answered")
    assert alone.endswith("without PostgreSQL: PUNCHCLOCK_TEST_POSTGRESQL names no server")
    monkeypatch.setenv("PUNCHCLOCK_TEST_POSTGRESQL", "postgresql://")
    assert "; PostgreSQL: 3 kills" in kills.survived(SHORT)
