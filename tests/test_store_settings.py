"""The settings that durability and isolation rest on are in effect, whatever the database's own defaults are."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import punchclock as pc
from databases import DATABASES, connected, database_url
from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import FLUSH_EVERY, MAX_KEPT, SqlStore
from punchclock.sandbox.store import StoreUnavailable
from punchclock.vendors.account import Query
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace
from sandbox_calls import body_of, call, send

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with database_url(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[str]:
    """The URL of a new database on PostgreSQL."""
    with database_url("postgresql", tmp_path) as found:
        yield found


def entry(at: int) -> JournalEntry:
    """Return a journal entry of a read-only call."""
    return JournalEntry(at=at, method="GET", path="/timer", status=200)


def setting(store: SqlStore, name: str) -> str:
    """Return a setting of PostgreSQL, as the store's own connections have it."""
    found: list[str] = []

    def listen(connection: psycopg.Connection[Any], *_rest: object) -> None:
        found.extend(connection.execute("SELECT current_setting(%s)", [name]).fetchone() or ())

    sa.event.listen(sa.pool.Pool, "checkout", listen)
    try:
        with store.reading():
            pass
    finally:
        sa.event.remove(sa.pool.Pool, "checkout", listen)
    return found[0]


# ---- settings ----------------------------------------------------------------------------------------


def test_a_file_without_a_write_ahead_log_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If SQLite can't use its write-ahead log, as on some network disks, the store doesn't open."""

    class Stubborn(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:  # noqa: ANN401 as sqlite3
            return super().execute(sql.replace("journal_mode = WAL", "journal_mode = DELETE"), *rest)

    monkeypatch.setattr("sqlite3.dbapi2.connect", Stubborn)
    with pytest.raises(StoreUnavailable, match="journal_mode = delete and synchronous = 1 for"):
        SqlStore(f"sqlite:///{tmp_path / 'x.sqlite3'}", WORKSPACE)


@pytest.mark.parametrize("option", ["", "?durable=full"])
def test_a_level_of_syncs_that_is_not_taken_is_rejected(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If SQLite keeps another level of syncs, the store doesn't open."""

    class Stubborn(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:  # noqa: ANN401 as sqlite3
            return super().execute("PRAGMA synchronous = 0" if sql.startswith("PRAGMA synchronous = ") else sql, *rest)

    monkeypatch.setattr("sqlite3.dbapi2.connect", Stubborn)
    with pytest.raises(StoreUnavailable, match="journal_mode = wal and synchronous = 0 for"):
        SqlStore(f"sqlite:///{tmp_path / 'x.sqlite3'}{option}", WORKSPACE)


@pytest.mark.slow
@pytest.mark.parametrize(("given", "used"), [("off", "on"), ("local", "local"), ("on", "on")])
def test_commits_wait_for_the_disk(postgresql: str, given: str, used: str) -> None:
    """A database with ``synchronous_commit = off`` is used with ``on``; settings that are as safe stay."""
    with connected(postgresql) as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {connection.engine.url.database} SET synchronous_commit = {given}")
    store = SqlStore(postgresql, WORKSPACE)
    assert setting(store, "synchronous_commit") == used
    store.close()


@pytest.mark.slow
def test_a_session_is_bounded(postgresql: str) -> None:
    """No statement, lock or forgotten transaction lasts longer than the timeout."""
    store = SqlStore(postgresql, WORKSPACE, timeout=3)
    names = ("idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout")
    assert [setting(store, name) for name in names] == ["4s", "3500ms", "3s"]
    store.close()


@pytest.mark.slow
def test_a_server_that_does_not_sync_is_reported(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With ``fsync = off`` or ``full_page_writes = off`` the log warns when the store opens; otherwise it doesn't."""
    SqlStore(postgresql, WORKSPACE).close()
    assert caplog.records == []
    execute = sa.Connection.exec_driver_sql

    def without(connection: sa.Connection, statement: str) -> sa.CursorResult[Any]:
        return execute(connection, "SELECT 'off'" if statement.startswith("SHOW ") else statement)

    monkeypatch.setattr(sa.Connection, "exec_driver_sql", without)
    SqlStore(postgresql, WORKSPACE).close()
    assert [each.levelno for each in caplog.records] == [logging.WARNING] * 2
    assert "fsync = off" in caplog.messages[0]
    assert "full_page_writes = off" in caplog.messages[1]


# ---- isolation ---------------------------------------------------------------------------------------


def test_two_reads_in_one_view_see_the_same(url: str) -> None:
    """A view doesn't change, although a change is committed between two reads; the next view has the change."""
    with Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE)) as sandbox:
        query = Query(of=ZohoTimer, limit=1)  # a page that is full, so that its total is read from the counts
        with sandbox.store.reading() as account:
            before = account.find(query), account.new_id()
            assert send(sandbox, call("zoho", "start_timer"))[0] == 200
            assert (account.find(query), account.new_id()) == before
            assert account.get(ZohoTimer, "1001") is None
        with sandbox.store.reading() as account:
            assert account.find(query).total == 1
            assert account.get(ZohoTimer, "1001") is not None


@pytest.mark.slow
@pytest.mark.parametrize("level", ["serializable", "repeatable read", "read committed"])
def test_a_change_sees_what_was_committed_before_it(postgresql: str, level: str) -> None:
    """Whatever isolation level the database sets, a change that waited for another one sees its result."""
    with connected(postgresql) as connection:
        name = connection.engine.url.database
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    first, second = SqlStore(postgresql, WORKSPACE), SqlStore(postgresql, WORKSPACE)
    with Sandbox(WORKSPACE, clock=NOW, store=first) as one, Sandbox(WORKSPACE, clock=NOW, store=second) as other:
        start = call("timetrack", "start_project_timer")
        for _ in range(5):
            with ThreadPoolExecutor(2) as pool:
                statuses = sorted(pool.map(lambda sandbox: send(sandbox, start)[0], (one, other)))
            assert statuses == [200, 409]
            one.reset()


def test_two_servers_take_turns(url: str) -> None:
    """While one server is in a transaction, the other one's change waits, and then sees its result."""
    first, second = SqlStore(url, WORKSPACE), SqlStore(url, WORKSPACE)
    begun, order = threading.Event(), []

    def change() -> None:
        begun.set()
        with second.transaction() as transaction:
            order.append("second")
            transaction.entries.append(entry(2))

    with ThreadPoolExecutor(1) as pool:
        with first.transaction() as transaction:
            done = pool.submit(change)
            assert begun.wait(10)
            with pytest.raises(TimeoutError):
                done.result(timeout=0.3)
            order.append("first")
            transaction.entries.append(entry(1))
        done.result(timeout=10)
    assert order == ["first", "second"]
    assert [each.at for each in first.journal()] == [1, 2]
    first.close()
    second.close()


def test_the_number_of_a_comment_is_not_reused(url: str) -> None:
    """The id of a new record is above those of all comments, also of deleted ones."""
    with Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE)) as sandbox:
        send(sandbox, call("zoho", "start_timer"))
        send(sandbox, call("zoho", "add_comment"))
        comments = body_of(sandbox, "zoho", "get_comments")
        assert "1003" in str(comments)
        with sandbox.store.reading() as account:
            assert account.new_id() == 1004
        send(sandbox, call("zoho", "delete_comment"))
    with Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE)) as sandbox:
        send(sandbox, call("zoho", "add_comment"))
        assert "1004" in str(body_of(sandbox, "zoho", "get_comments"))


# ---- notes -------------------------------------------------------------------------------------------


def stored(url: str) -> int:
    """Return the number of journal entries in the database."""
    with connected(url) as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM journal").scalar_one())


def test_notes_are_written_at_every_500th(url: str) -> None:
    """Entries of read-only calls are written with the 500th and the 1000th, not before and not after."""
    store = SqlStore(url, WORKSPACE)
    counts = []
    for at in range(1, 2 * FLUSH_EVERY + 2):
        store.note(entry(at))
        if at % FLUSH_EVERY in (0, 1, FLUSH_EVERY - 1):
            counts.append((at, stored(url)))
    assert counts == [(1, 0), (499, 0), (500, 500), (501, 500), (999, 500), (1000, 1000), (1001, 1000)]
    store.close()
    assert stored(url) == 1001


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_latest_notes_are_kept(tmp_path: Path, more: int) -> None:
    """Of more than 10,000 entries that can't be written, the oldest are dropped, one for each one too many."""
    url = f"sqlite:///{tmp_path / 'kept.sqlite3'}"
    store = SqlStore(url, WORKSPACE, timeout=0.01)
    with connected(url) as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for at in range(MAX_KEPT + more):
            try:
                store.note(entry(at))
            except StoreUnavailable:
                assert (at + 1) % FLUSH_EVERY == 0
        connection.exec_driver_sql("ROLLBACK")
    assert [each.at for each in store.journal()] == list(range(max(0, more), MAX_KEPT + more))
    store.close()
