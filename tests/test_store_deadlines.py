"""No call waits longer than promised: for other writers, for a silent PostgreSQL, or for a free connection."""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import punchclock as pc
from databases import DATABASES, database_url, locked
from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import OutcomeUnknown, StoreUnavailable
from punchclock.workspaces import demo_workspace
from sandbox_calls import call, send

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with database_url(request.param, tmp_path) as found:
        yield found


def entry() -> JournalEntry:
    """Return a journal entry of a read-only call."""
    return JournalEntry(at=NOW, method="GET", path="/timer", status=200)


def change(store: SqlStore) -> None:
    """Store a journal entry in a transaction."""
    with store.transaction() as transaction:
        transaction.entries.append(entry())


def seconds(work: Callable[[], object]) -> float:
    """Return how long it takes until something is unavailable."""
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable):
        work()
    return time.monotonic() - begun


@pytest.mark.slow
def test_waits_share_one_deadline(url: str) -> None:
    """A change that waits for a thread of its own server, and then for another program, waits no longer in total."""
    store = SqlStore(url, WORKSPACE, timeout=2)
    with locked(url), ThreadPoolExecutor(3) as pool:
        waits = list(pool.map(lambda _: seconds(lambda: change(store)), range(3)))
    assert max(waits) < 3.5
    change(store)
    store.close()


def test_the_database_gets_the_time_that_is_left(url: str) -> None:
    """A change that got its turn late waits for the database's lock only until its own deadline."""
    store = SqlStore(url, WORKSPACE, timeout=2)
    asked: list[int] = []

    def listen(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if found := re.search(r"lock_timeout = (\d+)", statement):
            asked.append(int(found[1]))

    def busy(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
        connection.set_trace_callback(lambda statement: listen(None, None, statement.replace("busy", "lock")))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    sqlite = url.startswith("sqlite")
    if sqlite:
        sa.event.listen(sa.pool.Pool, "checkout", busy)
    try:
        with ThreadPoolExecutor(1) as pool, store.transaction():
            asked.clear()
            late = pool.submit(change, store)
            time.sleep(1)
        late.result()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
        if sqlite:
            sa.event.remove(sa.pool.Pool, "checkout", busy)
    assert 1 <= asked[-1] <= 1100
    store.close()


def test_reading_the_journal_does_not_wait_for_a_writer(url: str) -> None:
    """While another program writes, the journal is read at once; entries in memory delay it by at most a second."""
    store = SqlStore(url, WORKSPACE)
    change(store)
    with locked(url):
        begun = time.monotonic()
        assert len(list(store.journal())) == 1
        assert time.monotonic() - begun < 0.9
        store.note(entry())
        assert len(list(store.journal())) == 1
        assert time.monotonic() - begun < 4
    assert len(list(store.journal())) == 2
    store.close()


def test_a_call_does_not_wait_for_a_connection_for_ever(tmp_path: Path) -> None:
    """If slow views use all connections, the next one is rejected at its deadline, and works when one is free."""
    store = SqlStore(f"sqlite:///{tmp_path / 'x.sqlite3'}", WORKSPACE, timeout=0.2)
    views = [store.reading() for _ in range(32)]
    for view in views:
        view.__enter__()
    with pytest.raises(StoreUnavailable, match=r"every connection for 0\.2 seconds"):
        change(store)
    for view in views:
        view.__exit__(None, None, None)
    change(store)
    store.close()


# ---- PostgreSQL gone silent --------------------------------------------------------------------------


class Relay:
    """Relays connections to a PostgreSQL server; when it is silent, it accepts everything and relays nothing.

    Attributes:
        url: the URL of a database through the relay.
        silent: whether it is silent.
        before: a text of the client after which it becomes silent, before it relays that text.
    """

    def __init__(self, url: str) -> None:
        target = sa.make_url(url)
        self._target = (target.host or "127.0.0.1", target.port or 5432)
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = target.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        self.silent = False
        self.before = b""
        self._sockets: list[socket.socket] = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End every connection."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._target)
                self._sockets += [client, server]
                for one, other, watched in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._relay, args=(one, other, watched), daemon=True).start()

    def _relay(self, one: socket.socket, other: socket.socket, watched: bool) -> None:
        with suppress(OSError):
            while data := one.recv(1 << 16):
                if watched and self.before and self.before in data:
                    self.silent = True
                if not self.silent:
                    other.sendall(data)
            other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    """A relay to a new database on PostgreSQL."""
    with database_url("postgresql", tmp_path) as url:
        relay = Relay(url)
        yield relay
        relay.close()


@pytest.mark.slow
@pytest.mark.parametrize("before", ["BEGIN", "SELECT last_id", "INSERT INTO records", "INSERT INTO journal"])
def test_a_silent_server_is_unavailable_in_time(relay: Relay, before: str) -> None:
    """If PostgreSQL stops answering in a change, the change is rejected in time, and the next ones too."""
    store = SqlStore(relay.url, WORKSPACE, timeout=2)
    sandbox = Sandbox(WORKSPACE, clock=NOW, store=store)
    relay.before = before.encode()
    for _ in range(2):
        begun = time.monotonic()
        assert send(sandbox, call("timetrack", "start_project_timer"))[0] == 503
        assert time.monotonic() - begun < 6
    begun = time.monotonic()
    assert sandbox.handle("GET", "/healthz")[0] == 503
    assert time.monotonic() - begun < 6
    relay.silent, relay.before = False, b""
    assert send(sandbox, call("timetrack", "start_project_timer"))[0] == 200
    assert len(sandbox.timers()) == 1
    sandbox.close()


@pytest.mark.slow
@pytest.mark.parametrize("noted", [0, 1])
def test_no_wait_is_added_to_the_deadline(relay: Relay, noted: int) -> None:
    """A kept connection that does not answer is not replaced late, and a failed write of entries leaves less time."""
    store = SqlStore(relay.url, WORKSPACE, timeout=3)
    change(store)
    for _ in range(noted):
        store.note(entry())
    relay.silent = True
    assert seconds(lambda: change(store)) < 4.5
    assert seconds(lambda: list(store.journal())) < 4.5
    relay.silent = False
    store.close()


@pytest.mark.slow
def test_a_silent_commit_is_unknown_in_time(relay: Relay) -> None:
    """If PostgreSQL never answers a commit and can't be asked, the outcome is unknown after twice the timeout."""
    store = SqlStore(relay.url, WORKSPACE, timeout=2)
    relay.before = b"COMMIT\0"
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        change(store)
    assert time.monotonic() - begun < 9
    relay.silent, relay.before = False, b""
    store.note(entry())
    assert len(list(store.journal())) == 1
    store.close()


@pytest.mark.slow
def test_a_server_that_vanishes_in_a_change_does_not_keep_the_lock(relay: Relay) -> None:
    """PostgreSQL ends the transaction of a server from which nothing comes, so that other servers can write."""
    store = SqlStore(relay.url, WORKSPACE, timeout=1)
    other = SqlStore(relay.url, WORKSPACE, timeout=5)
    change(other)

    def vanish() -> None:
        with store.transaction() as transaction:
            transaction.entries.append(entry())
            relay.silent = True

    with ThreadPoolExecutor(1) as pool:
        vanished = pool.submit(seconds, vanish)
        time.sleep(0.5)
        relay.silent = False  # what was sent before stays lost, and the connection stays open
        change(other)
        assert vanished.result() < 5
    assert len(list(other.journal())) == 2
    other.close()
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize(("option", "expected"), [("", "4000"), ("?tcp_user_timeout=1234", "1234")])
def test_connections_notice_a_lost_network(option: str, expected: str, tmp_path: Path) -> None:
    """TCP itself gives up on a dead network; an option in the URL replaces the store's."""
    seen: list[psycopg.Connection[object]] = []

    def listen(connection: psycopg.Connection[object], *_rest: object) -> None:
        seen.append(connection)

    with database_url("postgresql", tmp_path) as url:
        sa.event.listen(sa.pool.Pool, "checkout", listen)
        try:
            store = SqlStore(f"{url}{option}", WORKSPACE, timeout=4)
        finally:
            sa.event.remove(sa.pool.Pool, "checkout", listen)
        parameters = seen[-1].info.get_parameters()
        assert parameters["tcp_user_timeout"] == expected
        assert (parameters["keepalives_idle"], parameters["keepalives_count"]) == ("2", "3")
        store.close()
