"""Faults at every call of a database: a store that mistakes an outcome, or an entry of the journal, is caught.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from evidence_copies import breaks
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import StoreUnavailable

pytest.importorskip("evidence")

from evidence import faults
from evidence.claims import SHORT, NotShown, Refuted

pytestmark = pytest.mark.slow

needs_postgresql = pytest.mark.skipif(
    not os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL"), reason="PUNCHCLOCK_TEST_POSTGRESQL names no server"
)

CALLS = (("timetrack", "start_project_timer", ""), ("timetrack", "stop_project_timer", ""))


def tries(monkeypatch: pytest.MonkeyPatch, *ways: str) -> None:
    """Try only some ways, and only the calls of one vendor."""
    for name in ("WAYS_OF_FILES", "WAYS_OF_NETWORKS"):
        found = tuple(way for way in getattr(faults, name) if way.name in ways)
        monkeypatch.setattr(faults, name, found)
    monkeypatch.setattr(faults, "_CALLS", CALLS)


def test_every_statement_of_a_file_fails_once() -> None:
    """The claim about SQLite holds, and reports what it tried."""
    size = faults.files(SHORT)
    assert int(size.split()[0]) > 150
    assert "5 ways" in size
    assert "0 with an unknown outcome" not in size


@needs_postgresql
def test_every_message_of_a_connection_fails_once() -> None:
    """The claim about PostgreSQL holds, and reports what it tried."""
    size = faults.networks(SHORT)
    assert int(size.split()[0]) > 60
    assert "exchanges in 10 ways" in size


@needs_postgresql
def test_the_long_budget_counts_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the long budget, each message of PostgreSQL's protocol fails, of which one exchange has several."""
    tries(monkeypatch, "cut after server's message")
    size = faults.networks(msgspec.structs.replace(SHORT, every_message=True))
    assert int(size.split()[0]) > 25
    assert "messages in 1 ways" in size


def test_without_a_server_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PostgreSQL its claim is not shown, and does not fail."""
    monkeypatch.delenv("PUNCHCLOCK_TEST_POSTGRESQL", raising=False)
    with pytest.raises(NotShown, match="names no server"):
        faults.networks(SHORT)


#: Mistakes in the store, and what is said about each.
MISTAKES: dict[str, tuple[type, str, str, str, str]] = {
    "a lost commit counts as failed": (
        SqlStore, "_settle", "read_attempt(connection, self._server) == attempt", "False", "but stored",
    ),
    "a lost commit counts as stored": (
        SqlStore, "_settle", "read_attempt(connection, self._server) == attempt", "True", "nothing is stored|journal",
    ),
    "the attempt isn't stored": (
        SqlStore, "_sign", "write_attempt(connection, self._server, self._attempt)", "pass", "but stored",
    ),
    "notes are queued again after a lost commit": (
        SqlStore, "_write", "(self._attempt, self._claimed), []", "(self._attempt, []), self._claimed", "journalled; {",
    ),
    "notes are dropped after a lost commit": (
        SqlStore, "_settle", "self._return_notes(entries)", "pass", "journalled",
    ),
    "a failed transaction is stored": (SqlStore, "_begin", '"ROLLBACK"', '"COMMIT"', "but|stored|journalled"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refuted(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with a mistake about outcomes breaks an invariant within one vendor's calls."""
    owner, name, old, new, said = MISTAKES[mistake]
    breaks(monkeypatch, owner, name, old, new)
    monkeypatch.setattr(faults, "_CALLS", (*CALLS, ("zoho", "start_timer", ""), ("zoho", "pause_timer", "")))
    with pytest.raises(Refuted, match=said):
        faults.files(SHORT)


@pytest.mark.parametrize(
    "claim", [faults.files, pytest.param(faults.networks, marks=needs_postgresql)], ids=["SQLite", "PostgreSQL"]
)
def test_a_blind_retry_is_refuted(claim: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that repeats a call whose outcome is unknown answers something else than what is stored."""
    tries(monkeypatch, "file goes after statement", "cut for good after client's message")
    decide = Backend._decide  # noqa: SLF001 the function to break

    def again(backend: Backend, *arguments: Any) -> Any:  # noqa: ANN401 as the original
        try:
            return decide(backend, *arguments)
        except StoreUnavailable:
            return decide(backend, *arguments)

    monkeypatch.setattr(Backend, "_decide", again)
    with pytest.raises(Refuted, match="but stored"):
        claim(SHORT)


@needs_postgresql
@pytest.mark.parametrize(
    ("old", "new"), [("read_attempt(connection, self._server) == attempt", "False")], ids=["counts as failed"]
)
def test_a_mistake_about_a_cut_is_refuted(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is cut after a commit refutes a store that doesn't look the outcome up."""
    tries(monkeypatch, "cut after client's message")
    breaks(monkeypatch, SqlStore, "_settle", old, new)
    with pytest.raises(Refuted, match="but stored"):
        faults.networks(SHORT)
