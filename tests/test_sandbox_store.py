"""Stores keep a call's changes together or not at all, and answer queries alike: memory, SQLite, PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from changes import creating
from databases import DATABASES, connected, database_url, locked
from punchclock.machine import Correction
from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import FLUSH_EVERY, MAX_KEPT, SqlStore
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable
from punchclock.vendors import intervals
from punchclock.vendors.account import Query
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import UPDATE, Change
from punchclock.workspaces import demo_workspace
from strategies import examples

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")
SECOND = 1_000_000

Open = Callable[[], Store]


@pytest.fixture(params=["memory", *DATABASES])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open a store of the kind; a second call opens another one on the same database."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield lambda: MemoryStore(WORKSPACE)
            return
        url = stack.enter_context(database_url(request.param, tmp_path))

        def opened() -> Store:
            store = SqlStore(url, WORKSPACE)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(open_store: Open) -> Store:
    """A new store."""
    return open_store()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    with database_url(request.param, tmp_path) as found:
        yield found


def timer(id: int, person: str = "5", task: str = "", timer: pc.Timer | None = None, day: int = 1) -> IntervalsTimer:
    """Return a record of Intervals."""
    known = WORKSPACE.tasks.get(task)
    project = known.project if known else None
    return IntervalsTimer(
        id=str(id),
        timer=pc.start(NOW) if timer is None else timer,
        person=WORKSPACE.people[person],
        task=known,
        project=project,
        client=project.client if project else None,
        updated_on=date(2026, 3, day),
        note="naïve 🙂 'quoted'",
    )


def changing(store: Store, *changes: Change[IntervalsTimer], entries: Sequence[JournalEntry] = ()) -> None:
    """Store changes and their journal entries in one transaction."""
    with store.transaction() as transaction:
        transaction.changes.extend(changes)
        for each in entries:
            transaction.entries.append(each)


def keep(store: Store, *records: IntervalsTimer) -> None:
    """Store records as new."""
    changing(store, *creating(*records))


def entry(at: int = NOW) -> JournalEntry:
    """Return a journal entry of a read-only call."""
    return JournalEntry(at=at, method="GET", path="/timer", status=200)


def found(store: Store, query: Query[IntervalsTimer] | None = None) -> list[IntervalsTimer]:
    """Return the records that a query finds."""
    with store.reading() as account:
        return list(account.find(query or Query(of=IntervalsTimer)).records)


def test_what_is_stored_is_read_back(store: Store) -> None:
    """A record is read back as it was, with the people and the work of the workspace."""
    record = timer(1001, task="31")
    keep(store, record)
    with store.reading() as account:
        assert account.get(IntervalsTimer, "1001") == record
        assert account.get(IntervalsTimer, "1002") is None
        assert account.workspace is WORKSPACE


def failing(store: Store) -> None:
    """Fail in a transaction that has changes and a journal entry."""
    with store.transaction() as transaction:
        transaction.changes.extend([Change(pc.Event.START, NOW, timer(1001))])
        transaction.entries.append(entry())
        raise ZeroDivisionError


def test_a_failed_transaction_stores_nothing(store: Store) -> None:
    """An exception in a transaction rolls back its changes and its journal entry."""
    with pytest.raises(ZeroDivisionError):
        failing(store)
    assert found(store) == []
    assert list(store.journal()) == []
    with store.reading() as account:
        assert account.new_id() == 1001


def test_of_several_changes_the_last_one_counts(store: Store) -> None:
    """A record that a call changes twice is stored as the second change leaves it; a discarded one isn't."""
    first, second = timer(1001), timer(1001, timer=pc.pause(pc.start(NOW), NOW + SECOND))
    changing(store, Change(pc.Event.START, NOW, first), Change(pc.Event.PAUSE, NOW + SECOND, second))
    assert found(store) == [second]
    third = replace(second, note="discarded")
    changing(store, Change(UPDATE, NOW, third), Change(Correction.DISCARD, NOW, third))
    assert found(store) == []


def test_ids_are_not_reused(store: Store) -> None:
    """The id of a discarded record isn't used again; a reset starts the ids again."""
    keep(store, timer(1001), timer(1007))
    changing(store, Change(Correction.DISCARD, NOW, timer(1007)))
    with store.reading() as account:
        assert account.new_id() == 1008
    store.reset()
    with store.reading() as account:
        assert account.new_id() == 1001


def test_a_record_moves_to_another_person(store: Store) -> None:
    """A record that moves to another person is found with that person only."""
    keep(store, timer(1001, "5"))
    changing(store, Change(UPDATE, NOW, timer(1001, "3")))
    assert found(store, Query(of=IntervalsTimer, people=("5",))) == []
    assert len(found(store, Query(of=IntervalsTimer, people=("3",)))) == 1


def test_the_journal_is_numbered_from_one_in_order(store: Store) -> None:
    """Entries have the numbers 1, 2, 3 … in the order in which they were kept; ``after`` skips."""
    store.note(entry(1))
    changing(store, entries=[entry(2)])
    for at in range(3, 1205):
        store.note(entry(at))
    assert [(each.number, each.at) for each in store.journal()] == [(at, at) for at in range(1, 1205)]
    assert [each.at for each in store.journal(after=1202)] == [1203, 1204]
    assert list(store.journal(after=99_999)) == []
    store.reset()
    assert list(store.journal()) == []


@st.composite
def populations(draw: st.DrawFn) -> list[IntervalsTimer]:
    """Records of several people, tasks, states and days."""
    made = []
    for id in range(1001, 1001 + draw(st.integers(0, 12))):
        started = pc.start(NOW)
        state = draw(st.sampled_from([started, pc.pause(started, NOW + 5), pc.stop(started, NOW + 7)]))
        person, task = draw(st.sampled_from("135")), draw(st.sampled_from(["", "31", "33"]))
        made.append(timer(id, person, task, state, draw(st.integers(1, 3))))
    return made


def _some(*ids: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(ids), max_size=3, unique=True).map(tuple)


QUERIES = st.builds(
    lambda **wanted: Query(of=IntervalsTimer, **wanted),
    people=_some("1", "3", "5", "9"),
    tasks=_some("31", "33", "99"),
    projects=_some("21", "22"),
    clients=_some("11", "12"),
    jobs=st.none() | st.just(("41",)),
    with_task=st.none() | st.booleans(),
    states=st.none() | st.lists(st.sampled_from(pc.State), max_size=2, unique=True).map(tuple),
    work_date=st.none() | st.just(date(2026, 3, 1)),
    by_update=st.booleans(),
    descending=st.booleans(),
    offset=st.integers(0, 14),
    limit=st.none() | st.integers(1, 12),
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=populations(), queries=st.lists(QUERIES, min_size=1, max_size=8))
def test_every_store_finds_the_same(
    store: Store, records: list[IntervalsTimer], queries: list[Query[IntervalsTimer]]
) -> None:
    """Every store answers every query with the records and the total of the account in memory."""
    store.reset()
    expected = MemoryStore(WORKSPACE)
    for kept in (store, expected):
        keep(kept, *records)
    for query in queries:
        with store.reading() as account, expected.reading() as memory:
            assert account.find(query) == memory.find(query)


def test_a_record_that_cannot_be_encoded_stores_nothing(url: str) -> None:
    """A database rejects a text that isn't valid UTF-8, with everything in the same transaction."""
    store = SqlStore(url, WORKSPACE)
    with pytest.raises(UnicodeEncodeError):
        keep(store, timer(1001), replace(timer(1002), note="\ud800"))
    assert found(store) == []
    keep(store, timer(1001))
    assert found(store) == [timer(1001)]
    store.close()


def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    """A database that is opened again has the records, the ids and the whole journal."""
    first = SqlStore(url, WORKSPACE)
    keep(first, timer(1001, task="33"))
    first.note(entry())
    first.close()
    second = SqlStore(url, WORKSPACE)
    assert found(second) == [timer(1001, task="33")]
    assert len(list(second.journal())) == 1
    with second.reading() as account:
        assert account.new_id() == 1002
    second.close()


def test_a_workspace_without_a_recorded_person_opens(url: str) -> None:
    """A record whose person or task is no longer in the workspace keeps their ids."""
    store = SqlStore(url, WORKSPACE)
    keep(store, timer(1001, task="33"))
    store.close()
    people = {id: person for id, person in WORKSPACE.people.items() if id != "5"}
    tasks = {id: task for id, task in WORKSPACE.tasks.items() if id != "33"}
    poorer = SqlStore(url, replace(WORKSPACE, people=people, tasks=tasks))
    with poorer.reading() as account:
        record = account.get(IntervalsTimer, "1001")
    poorer.close()
    assert record is not None
    assert (record.person.id, record.person.name) == ("5", "")
    assert record.task is not None
    assert (record.task.id, record.task.name) == ("33", "")


def test_a_database_of_a_later_version_is_rejected(url: str) -> None:
    """The error names a schema version that this program doesn't know."""
    SqlStore(url, WORKSPACE).close()
    with connected(url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="another version"):
        SqlStore(url, WORKSPACE)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "not a database URL"),
        ("nonsense", "not a database URL"),
        ("postgresql://host:secret/x", "not a database URL"),
        ("mysql://host/x", "mysql is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite:///x?timeout=5", "'timeout' is not an option of SQLite's URL"),
        ("sqlite:///x?durabel=full", "'durabel' is not an option of SQLite's URL"),
        ("postgresql://host/x?plugin=nonsense", "an option of the database URL is not valid"),
        ("sqlite:///x?durable=half", "durable='half' is not valid; use durable=full"),
        ("sqlite:////no/such/folder/x.sqlite3", "unable to open"),
        ("postgresql://user:secret@127.0.0.1:1/x", "127.0.0.1"),
        ("postgresql://user:secret@127.0.0.1:1/x?connect_timeout=3", "127.0.0.1"),
        ("postgresql://user@127.0.0.1:1/x?password=secret", "127.0.0.1"),
        ("postgresql://user:hush@secret@127.0.0.1:1/x", "write @ as %40"),
        ("postgresql://user:12/secret@127.0.0.1:1/x", "write @ as %40"),
        ("postgresql://user:12?secret@127.0.0.1:1/x", "write @ as %40"),
        ("postgresql://127.0.0.1:1/x?user=y&password=s@ecret", "write @ as %40"),
        ("postgresql://127.0.0.1:1/dbname=x password=secret", "write @ as %40"),
        ("postgresql://user:1@127.0.0.1:1/x", "***27.0.0."),
    ],
)
def test_a_database_that_cannot_be_opened_is_an_error(given: str, why: str) -> None:
    """The error says why a URL isn't valid or can't be opened, without the password."""
    with pytest.raises(StoreUnavailable, match=re.escape(why)) as caught:
        SqlStore(given, WORKSPACE)
    assert "cret" not in str(caught.value)


def test_a_file_that_is_not_a_database_is_not_changed(tmp_path: Path) -> None:
    """Another file is rejected and not changed."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database at all")
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqlStore(f"sqlite:///{path}", WORKSPACE)
    assert path.read_bytes() == b"not a database at all"


def test_a_connection_that_cannot_be_set_up_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that rejects the store's settings is closed at once."""
    opened: list[sqlite3.Connection] = []

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 those of sqlite3
        opened.append(sqlite3.Connection(*args, **options))
        return opened[-1]

    monkeypatch.setattr("sqlite3.dbapi2.connect", connect)
    (tmp_path / "notes.txt").write_bytes(b"not a database at all")
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqlStore(f"sqlite:///{tmp_path / 'notes.txt'}", WORKSPACE)
    assert len(opened) == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


#: The common listings, and the index of each.
PLANS = [
    (Query(of=IntervalsTimer, people=("5",), states=(pc.State.RUNNING,), limit=1), "person"),
    (Query(of=IntervalsTimer, states=(pc.State.RUNNING,), limit=10), "state"),
    (Query(of=IntervalsTimer, people=("5",), limit=10), "person_age"),
    (Query(of=IntervalsTimer, people=("5",), by_update=True, descending=True, limit=10), "person_update"),
    (Query(of=IntervalsTimer, people=("5",), tasks=("31",), limit=10), "person_task"),
    (Query(of=IntervalsTimer, people=("5",), with_task=False, limit=10), "person_task"),
    (Query(of=IntervalsTimer, limit=10), "age"),
    (Query(of=IntervalsTimer, by_update=True, descending=True, limit=10), "update"),
    (Query(of=IntervalsTimer, tasks=("31",), limit=10), "task"),
    (Query(of=IntervalsTimer, projects=("21",), limit=10), "project"),
    (Query(of=IntervalsTimer, clients=("11",), limit=10), "client"),
    (Query(of=IntervalsTimer, jobs=("41",), limit=10), "job"),
]


@contextmanager
def plans(path: Path) -> Iterator[list[str]]:
    """SQLite's plan for each query that runs in the block, in order."""
    made: list[str] = []
    statements: list[tuple[str, Any]] = []

    def listen(_c: object, _cursor: object, statement: str, values: object, _context: object, _many: object) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield made
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    with connected(f"sqlite:///{path}") as connection:
        for statement, values in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            made.append(" ".join(row[3] for row in rows))


@pytest.mark.parametrize(("query", "index"), PLANS, ids=str)
def test_a_listing_does_not_scan_the_history(query: Query[IntervalsTimer], index: str, tmp_path: Path) -> None:
    """SQLite answers every common listing from an index in the right order: it scans and sorts nothing."""
    path = tmp_path / "plans.sqlite3"
    store = SqlStore(f"sqlite:///{path}", WORKSPACE)
    with plans(path) as made, store.reading() as account:
        account.find(query)
    store.close()
    assert f"SEARCH records USING INDEX records_by_{index} " in made[0]
    assert "SCAN" not in made[0]
    assert "TEMP B-TREE" not in made[0]


COUNTED = [
    Query(of=IntervalsTimer, limit=1),
    Query(of=IntervalsTimer, people=("5",), limit=1),
    Query(of=IntervalsTimer, people=("3", "5"), with_task=True, by_update=True, limit=1),
    Query(of=IntervalsTimer, people=("5",), tasks=("31", "33"), projects=("21",), clients=("11",), limit=1),
]


@pytest.mark.parametrize("query", COUNTED, ids=str)
def test_a_total_does_not_read_the_history(query: Query[IntervalsTimer], tmp_path: Path) -> None:
    """The total of an Intervals list comes from the counts; no timer is read for it."""
    path = tmp_path / "counts.sqlite3"
    store = SqlStore(f"sqlite:///{path}", WORKSPACE)
    keep(store, *(timer(1001 + n, "5" if n % 2 else "3", "31") for n in range(8)))
    with plans(path) as made, store.reading() as account:
        total = account.find(query).total
    store.close()
    assert total == (8 if query.people is None else 4 * len(query.people))
    assert "SEARCH counts USING " in made[1]
    assert "records" not in made[1].replace("(records)", "")


# ---- one after another -----------------------------------------------------------------------------


def test_of_64_simultaneous_starts_exactly_one_wins(open_store: Open) -> None:
    """Of 64 threads that start a timer for one task, on two servers with one database, one succeeds."""
    sandboxes = [Sandbox(WORKSPACE, clock=NOW, store=open_store())]
    if not isinstance(sandboxes[0].store, MemoryStore):
        sandboxes.append(Sandbox(WORKSPACE, clock=NOW, store=open_store()))
    request = intervals.request("create_timer", intervals.WriteTimer(personid=5, taskid=31), token="intervals-token-5")
    barrier = threading.Barrier(64)
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def call(sandbox: Sandbox) -> None:
        barrier.wait()
        status, _, _ = sandbox.handle(request.method, request.path, "", request.headers, request.body)
        with lock:
            statuses[status] += 1

    threads = [threading.Thread(target=call, args=(sandboxes[n % len(sandboxes)],)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == {201: 1, 400: 63}
    assert len(sandboxes[0].timers()) == 1
    for sandbox in sandboxes:
        sandbox.store.note(entry())
        list(sandbox.journal())
    assert len(list(sandboxes[0].journal())) == 64 + len(sandboxes)


# ---- when the database says no -----------------------------------------------------------------------


def start_at(sandbox: Sandbox) -> tuple[int, bytes]:
    """Start a timer at Intervals."""
    request = intervals.request("create_timer", intervals.WriteTimer(personid=5), token="intervals-token-5")
    status, _, body = sandbox.handle(request.method, request.path, "", request.headers, request.body)
    return status, body


def test_a_locked_database_is_the_vendors_rejection(tmp_path: Path) -> None:
    """While another program holds SQLite's lock, a start gets the vendor's 5xx and changes nothing."""
    path = tmp_path / "locked.sqlite3"
    sandbox = Sandbox(WORKSPACE, clock=NOW, store=SqlStore(f"sqlite:///{path}", WORKSPACE, timeout=0.05))
    other = sa.create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT").connect()
    other.exec_driver_sql("BEGIN IMMEDIATE")
    status, body = start_at(sandbox)
    assert status == 502
    assert b'"code":20' in body
    assert sandbox.handle("GET", "/healthz")[0] == 200
    other.exec_driver_sql("ROLLBACK")
    other.close()
    other.engine.dispose()
    assert sandbox.timers() == []
    assert start_at(sandbox)[0] == 201
    sandbox.close()


@pytest.fixture
def full_commits(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """A block in which every commit fails."""
    execute = sa.Connection.exec_driver_sql

    def failing(connection: sa.Connection, statement: str) -> object:
        if statement == "COMMIT":
            raise sa.exc.OperationalError(statement, None, Exception("disk full"))
        return execute(connection, statement)

    @contextmanager
    def block() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(sa.Connection, "exec_driver_sql", failing)
            yield

    return block


def test_a_full_disk_is_a_rejection_and_loses_nothing(tmp_path: Path) -> None:
    """When the file can't grow, a start gets the vendor's 5xx; what was stored before can still be read."""
    most = 60

    def bounded(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}").close()

    sa.event.listen(sa.pool.Pool, "checkout", bounded)
    try:
        store = SqlStore(f"sqlite:///{tmp_path / 'full.sqlite3'}", WORKSPACE)
        sandbox = Sandbox(WORKSPACE, clock=NOW, store=store)
        answered = 0
        while (answer := start_at(sandbox))[0] == 201:
            answered += 1
            assert answered < 1000
        assert answer[0] == 502
        assert len(sandbox.timers()) == answered
        most = 1000
        assert start_at(sandbox)[0] == 201
        sandbox.close()
    finally:
        sa.event.remove(sa.pool.Pool, "checkout", bounded)


def test_a_lost_connection_stores_nothing(tmp_path: Path) -> None:
    """If PostgreSQL ends the connection in a transaction, nothing is stored, and the next call works."""
    with database_url("postgresql", tmp_path) as url:
        store = SqlStore(url, WORKSPACE)

        def lose() -> None:
            with store.transaction() as transaction:
                transaction.changes.extend([Change(pc.Event.START, NOW, timer(1001))])
                with psycopg.connect(url, autocommit=True) as other:
                    other.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                transaction.get(IntervalsTimer, "1001")

        with pytest.raises(StoreUnavailable):
            lose()
        assert found(store) == []
        keep(store, timer(1001))
        assert found(store) == [timer(1001)]
        store.close()


def test_a_change_does_not_wait_for_ever(url: str) -> None:
    """A change that doesn't get the lock in time is rejected; a read needs no lock."""
    store = SqlStore(url, WORKSPACE, timeout=0.05)
    keep(store, timer(1001))
    with locked(url):
        with pytest.raises(StoreUnavailable, match="lock"):
            keep(store, timer(1002))
        assert found(store) == [timer(1001)]
    keep(store, timer(1002))
    store.close()


def test_a_thread_does_not_wait_for_ever(tmp_path: Path) -> None:
    """A change that waits too long for another thread's transaction is rejected and changes nothing."""
    store = SqlStore(f"sqlite:///{tmp_path / 'line.sqlite3'}", WORKSPACE, timeout=0.05)
    with ThreadPoolExecutor(1) as pool, store.transaction() as transaction:
        transaction.changes.extend([Change(pc.Event.START, NOW, timer(1001))])
        with pytest.raises(StoreUnavailable, match=r"other calls have been writing for 0\.05 seconds"):
            pool.submit(keep, store, timer(1002)).result()
    assert found(store) == [timer(1001)]
    store.close()


def test_a_commit_that_fails_is_a_rejection(url: str, full_commits: Callable[[], AbstractContextManager[None]]) -> None:
    """A change that can't be committed gets the vendor's 5xx and is not stored; the next one is answered as usual."""
    sandbox = Sandbox(WORKSPACE, clock=NOW, store=SqlStore(url, WORKSPACE))
    with full_commits():
        status, body = start_at(sandbox)
    assert status == 502
    assert b'"code":20' in body
    assert sandbox.timers() == []
    assert start_at(sandbox)[0] == 201
    assert len(sandbox.timers()) == 1
    sandbox.close()


def test_notes_that_cannot_be_written_are_not_lost(url: str) -> None:
    """Journal entries that can't be written, because another program holds the lock, are written the next time."""
    store = SqlStore(url, WORKSPACE, timeout=0.05)
    store.note(entry())
    with locked(url):
        assert list(store.journal()) == []
    assert len(list(store.journal())) == 1
    store.close()


@pytest.mark.parametrize("change", [True, False])
def test_notes_survive_a_commit_that_fails(
    url: str, full_commits: Callable[[], AbstractContextManager[None]], change: bool
) -> None:
    """Journal entries of a transaction that fails are written by the next one, in order."""
    store = SqlStore(url, WORKSPACE)
    store.note(entry(1))

    def attempt() -> None:
        if change:
            changing(store, Change(pc.Event.START, NOW, timer(1001)), entries=[entry(9)])
        else:
            list(store.journal())

    with full_commits(), pytest.raises(StoreUnavailable, match="disk full"):
        attempt()
    store.note(entry(2))
    assert found(store) == []
    assert [each.at for each in store.journal()] == [1, 2]
    store.close()


def test_a_rejected_call_costs_no_write(url: str) -> None:
    """A transaction without changes writes nothing; read-only calls' entries wait for one with changes."""
    store, other = SqlStore(url, WORKSPACE), SqlStore(url, WORKSPACE)
    store.note(entry(1))
    with store.transaction() as transaction:
        assert transaction.new_id() == 1001
    assert list(other.journal()) == []
    changing(store, entries=[entry(2)])
    assert [each.at for each in other.journal()] == [1, 2]
    store.close()
    other.close()


def test_notes_are_bounded(tmp_path: Path) -> None:
    """While the database is unavailable, few calls try to write, and the oldest entries are dropped."""
    url = f"sqlite:///{tmp_path / 'notes.sqlite3'}"
    store = SqlStore(url, WORKSPACE, timeout=0.01)
    calls, attempts = MAX_KEPT + FLUSH_EVERY + 3, 0
    with locked(url):
        for at in range(calls):
            try:
                store.note(entry(at))
            except StoreUnavailable:
                attempts += 1
    assert attempts == calls // FLUSH_EVERY
    assert [each.at for each in store.journal()] == list(range(calls - MAX_KEPT, calls))
    store.close()


@pytest.mark.parametrize(("option", "synchronous"), [("", "NORMAL"), ("?durable=full", "FULL")])
def test_durable_full_syncs_every_change(option: str, synchronous: str, tmp_path: Path) -> None:
    """``durable=full`` makes SQLite sync every commit; without it the write-ahead log is synced later."""
    settings: list[str] = []

    def listen(connection: sqlite3.Connection, *_rest: object) -> None:
        level = connection.execute("PRAGMA synchronous").fetchone()[0]
        settings.append(("OFF", "NORMAL", "FULL")[level])

    sa.event.listen(sa.pool.Pool, "checkin", listen)
    try:
        SqlStore(f"sqlite:///{tmp_path / 'durable.sqlite3'}{option}", WORKSPACE).close()
    finally:
        sa.event.remove(sa.pool.Pool, "checkin", listen)
    assert settings  # once for each use of a connection
    assert set(settings) == {synchronous}


def test_a_row_of_another_version_is_an_error(url: str) -> None:
    """A record or a journal entry that this version can't read is an error of the store."""
    store = SqlStore(url, WORKSPACE)
    keep(store, timer(1001))
    store.note(entry())
    assert len(list(store.journal())) == 1
    with connected(url) as connection:
        for table in ("records", "journal"):
            connection.exec_driver_sql(f"UPDATE {table} SET document = '[]'")  # noqa: S608 two names from here
    with pytest.raises(StoreUnavailable, match=r"cannot read: [$]: expected an object"):
        found(store)
    with pytest.raises(StoreUnavailable, match=r"cannot read: [$]: expected an object"):
        list(store.journal())
    store.close()


def test_a_reset_restarts_the_journals_numbers(store: Store) -> None:
    """After a reset the journal's numbers start at 1 again."""
    for _ in range(2):
        store.note(entry())
        assert [each.number for each in store.journal()] == [1]
        store.reset()
