"""Stores keep what was decided, together or not at all, and find it again alike: in memory, SQLite, PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from databases import DATABASES, database_url
from punchclock.machine import Correction
from punchclock.sandbox import Sandbox, tables
from punchclock.sandbox import sql as sql_module
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable, Transaction
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
    """Opens a store of the kind; called again, another on the same database."""
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
    """A record of Intervals."""
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
    """Store changes, and journal entries with them."""

    def decide(transaction: Transaction) -> None:
        transaction.apply(changes)
        for each in entries:
            transaction.append(each)

    store.write(decide)


def keep(store: Store, *records: IntervalsTimer) -> None:
    """Store records as new."""
    changing(store, *(Change(pc.Event.START, NOW, record) for record in records))


def entry(at: int = NOW) -> JournalEntry:
    """A journal entry of a call that changed nothing."""
    return JournalEntry(at=at, method="GET", path="/timer", status=200)


def found(store: Store, query: Query[IntervalsTimer] | None = None) -> list[IntervalsTimer]:
    """What a query finds."""
    with store.reading() as account:
        return list(account.find(query or Query(of=IntervalsTimer)).records)


def test_what_is_stored_is_read_back(store: Store) -> None:
    """A record comes back as it was, with the people and the work that the workspace has."""
    record = timer(1001, task="31")
    keep(store, record)
    with store.reading() as account:
        assert account.get(IntervalsTimer, "1001") == record
        assert account.get(IntervalsTimer, "1002") is None
        assert account.workspace is WORKSPACE


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """An exception in a transaction takes back every change and every journal entry of it."""

    def decide(transaction: Transaction) -> float:
        transaction.apply([Change(pc.Event.START, NOW, timer(1001))])
        transaction.append(entry())
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        store.write(decide)
    assert found(store) == []
    assert list(store.journal()) == []
    with store.reading() as account:
        assert account.new_id() == 1001


def test_of_several_changes_the_last_stands(store: Store) -> None:
    """A call that changes a record twice leaves it as the second change says; one that discards it, leaves none."""
    first, second = timer(1001), timer(1001, timer=pc.pause(pc.start(NOW), NOW + SECOND))
    changing(store, Change(pc.Event.START, NOW, first), Change(pc.Event.PAUSE, NOW + SECOND, second))
    assert found(store) == [second]
    changing(store, Change(UPDATE, NOW, first), Change(Correction.DISCARD, NOW, first))
    assert found(store) == []


def test_ids_are_never_given_twice(store: Store) -> None:
    """The id of a discarded record is not given again; a reset begins anew."""
    keep(store, timer(1001), timer(1007))
    changing(store, Change(Correction.DISCARD, NOW, timer(1007)))
    with store.reading() as account:
        assert account.new_id() == 1008
    store.reset()
    with store.reading() as account:
        assert account.new_id() == 1001


def test_a_record_changes_hands(store: Store) -> None:
    """A record that is given to another person is found with that person, and with no other."""
    keep(store, timer(1001, "5"))
    keep(store, timer(1001, "3"))
    assert found(store, Query(of=IntervalsTimer, people=("5",))) == []
    assert len(found(store, Query(of=IntervalsTimer, people=("3",)))) == 1


def test_the_journal_is_numbered_from_one_in_order(store: Store) -> None:
    """Notes and entries of transactions come in the order in which they were kept, from 1; ``after`` leaves out."""
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
    """Whatever is asked, each store answers with the records and the count that the account in memory answers."""
    store.reset()
    expected = MemoryStore(WORKSPACE)
    for kept in (store, expected):
        keep(kept, *records)
    for query in queries:
        with store.reading() as account, expected.reading() as memory:
            assert account.find(query) == memory.find(query)


def test_what_was_stored_is_there_after_a_restart(url: str) -> None:
    """A database that is opened again has the records, the ids and the journal, notes included."""
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


def test_a_workspace_that_lost_somebody_still_opens(url: str) -> None:
    """A record whose person or task the workspace no longer has keeps their ids."""
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


def test_the_migrations_make_the_tables_that_the_store_means(url: str) -> None:
    """The schema that the versions lead to is the one that the queries are written for, indexes apart."""
    SqlStore(url, WORKSPACE).close()
    engine = sql_module._engine(url)  # noqa: SLF001
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.metadata)
    engine.dispose()
    assert [each for each in differences if each[0] != "remove_index"] == []


def test_a_database_of_a_later_version_is_rejected(url: str) -> None:
    """A schema version that this program does not know is named, and nothing is touched."""
    SqlStore(url, WORKSPACE).close()
    engine = sql_module._engine(url)  # noqa: SLF001
    with engine.connect() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="another version"):
        SqlStore(url, WORKSPACE)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "no database URL"),
        ("nonsense", "no database URL"),
        ("postgresql://host:secret/x", "no database URL"),
        ("mysql://host/x", "mysql is not served"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("sqlite:///x?timeout=soon", "an option of the database URL cannot be read"),
        ("sqlite:////no/such/folder/x.sqlite3", "unable to open"),
        ("postgresql://user:secret@127.0.0.1:1/x", "127.0.0.1"),
        ("postgresql://user:secret@127.0.0.1:1/x?connect_timeout=3", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named(given: str, why: str) -> None:
    """What is no URL, no database that is served or none that can be reached is told with why, and no password."""
    with pytest.raises(StoreUnavailable, match=re.escape(why)) as caught:
        SqlStore(given, WORKSPACE)
    assert "cret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """A file of something else is rejected, and not touched."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"not a database at all")
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqlStore(f"sqlite:///{path}", WORKSPACE)
    assert path.read_bytes() == b"not a database at all"


def test_a_connection_that_cannot_be_set_up_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that rejects the store's settings is closed at once, not when it is next collected."""
    opened: list[sqlite3.Connection] = []

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 as sqlite3's own
        opened.append(sqlite3.Connection(*args, **options))
        return opened[-1]

    monkeypatch.setattr("sqlite3.dbapi2.connect", connect)
    (tmp_path / "notes.txt").write_bytes(b"not a database at all")
    with pytest.raises(StoreUnavailable, match="not a database"):
        SqlStore(f"sqlite:///{tmp_path / 'notes.txt'}", WORKSPACE)
    assert len(opened) == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


#: The common listings, and the index by which each comes: as far as its columns go, nothing else is looked at.
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


def plan_of(store: SqlStore, statement: str, values: object) -> str:
    """How SQLite goes about a statement."""
    with store._engine.connect() as connection:  # noqa: SLF001
        return " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))  # type: ignore[arg-type]


@pytest.mark.parametrize(("query", "index"), PLANS, ids=str)
def test_no_listing_walks_through_history(query: Query[IntervalsTimer], index: str, tmp_path: Path) -> None:
    """SQLite finds every common listing by an index that has its order: nothing is scanned or sorted."""
    store = SqlStore(f"sqlite:///{tmp_path / 'plans.sqlite3'}", WORKSPACE)
    statements: list[tuple[str, object]] = []
    sa.event.listen(
        store._engine,  # noqa: SLF001
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, _context, _many: statements.append((statement, values)),
    )
    with store.reading() as account:
        account.find(query)
    plan = plan_of(store, *statements[1])
    store.close()
    assert f"SEARCH records USING INDEX records_by_{index} " in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


COUNTED = [
    Query(of=IntervalsTimer, limit=1),
    Query(of=IntervalsTimer, people=("5",), limit=1),
    Query(of=IntervalsTimer, people=("3", "5"), with_task=True, by_update=True, limit=1),
    Query(of=IntervalsTimer, people=("5",), tasks=("31", "33"), projects=("21",), clients=("11",), limit=1),
]


@pytest.mark.parametrize("query", COUNTED, ids=str)
def test_to_count_is_not_to_read_history(query: Query[IntervalsTimer], tmp_path: Path) -> None:
    """How many timers match a list of Intervals' is added up from counts; no timer is looked at for it."""
    store = SqlStore(f"sqlite:///{tmp_path / 'counts.sqlite3'}", WORKSPACE)
    keep(store, *(timer(1001 + n, "5" if n % 2 else "3", "31") for n in range(8)))
    statements: list[tuple[str, object]] = []
    sa.event.listen(
        store._engine,  # noqa: SLF001
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, _context, _many: statements.append((statement, values)),
    )
    with store.reading() as account:
        total = account.find(query).total
    plan = plan_of(store, *statements[2])
    store.close()
    assert total == (8 if query.people is None else 4 * len(query.people))
    assert "SEARCH counts USING " in plan
    assert "records" not in plan.replace("(records)", "")


def test_an_older_database_is_counted_when_it_is_opened(url: str) -> None:
    """A database of the first version is brought up to date: what it holds is counted, and counted on from there."""
    engine = sql_module._engine(url)  # noqa: SLF001
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", "punchclock.sandbox:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number in (1001, 1002, 1003):
            connection.execute(sa.insert(tables.records), tables.row(timer(number, "5", "31" if number % 2 else "")))
        connection.execute(sa.update(tables.counter).values(last_id=1003))
    engine.dispose()
    store = SqlStore(url, WORKSPACE)
    changing(store, Change(Correction.DISCARD, NOW, timer(1001)), Change(pc.Event.START, NOW, timer(1004, "3", "31")))
    for expected, query in (
        (3, Query(of=IntervalsTimer, limit=1)),
        (1, Query(of=IntervalsTimer, people=("5",), with_task=True, limit=1)),
        (2, Query(of=IntervalsTimer, tasks=("31",), limit=1)),
        (1, Query(of=IntervalsTimer, people=("5",), with_task=False, limit=1)),
    ):
        with store.reading() as account:
            assert account.find(query).total == expected
    store.close()


# ---- one after another -----------------------------------------------------------------------------


def test_of_64_simultaneous_starts_exactly_one_wins(open_store: Open) -> None:
    """64 threads, behind two servers on one database, start a timer for one task: one has it, 63 are rejected."""
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


# ---- together ----------------------------------------------------------------------------------------


def in_line(store: SqlStore, calls: Sequence[Callable[[Transaction], object]]) -> list[object]:
    """What becomes of calls that all wait while another one is decided: answers, or the errors in their place."""
    return at_once(store, [partial(store.write, each) for each in calls])


def at_once(store: SqlStore, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """The same of calls through whatever door."""
    answers: list[object] = [None] * len(calls)

    def call(place: int) -> None:
        try:
            answers[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 it is the answer
            answers[place] = error

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(calls))]
    with store._alone():  # noqa: SLF001
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(store._line) < waiting:  # noqa: SLF001
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    return answers


def starting(id: int) -> Callable[[Transaction], int]:
    """A call that starts a timer and sees how many there were."""

    def decide(transaction: Transaction) -> int:
        transaction.apply([Change(pc.Event.START, NOW, timer(id))])
        transaction.append(entry(id))
        return len(transaction.find(Query(of=IntervalsTimer)).records)

    return decide


def rejected(transaction: Transaction) -> str:
    """A call that decides to change nothing."""
    return f"{transaction.new_id()} is free"


def failing(transaction: Transaction) -> None:
    """A call that goes wrong after it has given something to be kept."""
    starting(1009)(transaction)
    raise ZeroDivisionError


def unwritable(transaction: Transaction) -> None:
    """A call whose timer cannot be written down."""
    transaction.apply([Change(pc.Event.START, NOW, replace(timer(1008), note="\ud800"))])


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commits that are made."""
    made: list[str] = []
    execute = sa.Connection.exec_driver_sql

    def counted(connection: sa.Connection, statement: str) -> object:
        if statement == "COMMIT":
            made.append(statement)
        return execute(connection, statement)

    monkeypatch.setattr(sa.Connection, "exec_driver_sql", counted)
    return made


def test_who_waits_is_decided_together(url: str, commits: list[str]) -> None:
    """Calls in line are decided in order, each on what those before it changed, and committed once."""
    store = SqlStore(url, WORKSPACE)
    commits.clear()
    answers = in_line(store, [starting(1001), rejected, failing, starting(1002), unwritable, starting(1003)])
    assert len(commits) == 1
    assert answers[:2] == [0, "1002 is free"]
    assert isinstance(answers[2], ZeroDivisionError)
    assert answers[3] == 1
    assert isinstance(answers[4], UnicodeEncodeError)
    assert answers[5] == 2
    assert [record.id for record in found(store)] == ["1001", "1002", "1003"]
    assert [each.at for each in store.journal()] == [1001, 1002, 1003]
    with store.reading() as account:
        assert account.new_id() == 1004
        assert account.find(Query(of=IntervalsTimer, limit=1)).total == 3
    store.close()


def test_within_a_group_a_timer_goes_through_its_life(url: str) -> None:
    """What is started, changed, given to another and discarded within one group is counted as it is in the end."""
    store = SqlStore(url, WORKSPACE)
    keep(store, timer(1001, "5", "31"))

    def putting(*changes: Change[IntervalsTimer]) -> Callable[[Transaction], object]:
        def decide(transaction: Transaction) -> IntervalsTimer | None:
            transaction.apply(changes)
            return transaction.get(IntervalsTimer, "1002")

        return decide

    first, second = timer(1002, "5"), timer(1002, "3", "33")
    calls = [
        putting(Change(pc.Event.START, NOW, first)),
        putting(Change(UPDATE, NOW, second), Change(UPDATE, NOW, timer(1001, "3", "31"))),
        putting(Change(Correction.DISCARD, NOW, second)),
        putting(),
    ]
    assert in_line(store, calls) == [None, first, second, None]
    with store.reading() as account:
        assert account.find(Query(of=IntervalsTimer, limit=1)).total == 1
        assert account.find(Query(of=IntervalsTimer, people=("5",), offset=9, limit=1)).total == 0
        assert account.find(Query(of=IntervalsTimer, people=("3",), offset=9, limit=1)).total == 1
    store.close()


def test_a_group_that_cannot_be_committed_is_rejected_as_a_whole(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the commit fails, nobody of the group is told yes, and nothing of it is kept."""
    store = SqlStore(url, WORKSPACE)
    store.note(entry(1))
    execute = sa.Connection.exec_driver_sql

    def full(connection: sa.Connection, statement: str) -> object:
        if statement == "COMMIT":
            raise sa.exc.OperationalError(statement, None, Exception("disk full"))
        return execute(connection, statement)

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", full)
        answers = in_line(store, [starting(1001), rejected, failing, starting(1002)])
    assert [type(each) for each in answers] == [StoreUnavailable] * 4
    assert all("disk full" in str(each) for each in answers)
    assert found(store) == []
    assert [each.at for each in store.journal()] == [1]
    assert in_line(store, [starting(1001), rejected]) == [0, "1002 is free"]
    store.close()


def test_of_such_a_group_everybody_hears_it_from_the_vendor(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each client of a group that cannot be committed gets its vendor's 5xx; the next group is answered as ever."""
    store = SqlStore(url, WORKSPACE)
    sandbox = Sandbox(WORKSPACE, clock=NOW, store=store)
    stop = intervals.request("delete_timer", intervals.DeleteTimer(id="7"), token="intervals-token-5")

    def discard() -> tuple[int, bytes]:
        status, _, body = sandbox.handle(stop.method, stop.path, "", stop.headers)
        return status, body

    calls: list[Callable[[], tuple[int, bytes]]] = [partial(start_at, sandbox), discard, partial(start_at, sandbox)]
    execute = sa.Connection.exec_driver_sql

    def full(connection: sa.Connection, statement: str) -> object:
        if statement == "COMMIT":
            raise sa.exc.OperationalError(statement, None, Exception("disk full"))
        return execute(connection, statement)

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", full)
        answers = at_once(store, calls)
    assert [status for status, body in answers if b'"code":20' in body] == [502, 502, 502]
    assert sandbox.timers() == []
    assert [status for status, _ in at_once(store, calls)] == [201, 404, 201]
    assert len(sandbox.timers()) == 2
    sandbox.close()


def test_nobody_who_came_later_is_rejected_with_those_before(tmp_path: Path) -> None:
    """A transaction that cannot begin rejects the call that began it; whoever waits behind it tries anew."""
    store = SqlStore(f"sqlite:///{tmp_path / 'begin.sqlite3'}", WORKSPACE)
    began: list[int] = []

    def first_fails(connection: sa.Connection, statement: str) -> object:
        if statement == "BEGIN IMMEDIATE":
            began.append(1)
            if len(began) == 1:
                raise sa.exc.OperationalError(statement, None, Exception("locked"))
        return execute(connection, statement)

    execute = sa.Connection.exec_driver_sql
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", first_fails)
        answers = in_line(store, [rejected, rejected, rejected])
    assert Counter(map(type, answers)) == {StoreUnavailable: 1, str: 2}
    store.close()


def test_a_line_is_taken_in_turns(url: str, commits: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A group has its bound, so that the first in it need not wait for all who come after."""
    monkeypatch.setattr(sql_module, "_TOGETHER", 3)
    store = SqlStore(url, WORKSPACE)
    commits.clear()
    answers = in_line(store, [starting(1001 + n) for n in range(7)])
    assert sorted(map(str, answers)) == [str(n) for n in range(7)]
    assert len(commits) == 3
    store.close()


def test_who_was_taken_along_waits_for_the_outcome(tmp_path: Path) -> None:
    """A call whose timeout ends while others decide for it is not rejected and then kept: it waits until it is."""
    store = SqlStore(f"sqlite:///{tmp_path / 'along.sqlite3'}", WORKSPACE, timeout=0.2)
    decided = threading.Event()

    def slow(transaction: Transaction) -> int:
        decided.wait(10)
        return starting(1001)(transaction)

    with ThreadPoolExecutor(2) as pool:
        with store._alone():  # noqa: SLF001
            first = pool.submit(store.write, slow)
            while len(store._line) < 1:  # noqa: SLF001
                time.sleep(0.001)
            second = pool.submit(store.write, starting(1002))
            while len(store._line) < 2:  # noqa: SLF001
                time.sleep(0.001)
        time.sleep(0.5)
        assert not second.done()
        decided.set()
        assert sorted([first.result(), second.result()]) == [0, 1]
    assert len(found(store)) == 2
    store.close()


def test_who_is_broken_off_answers_for_the_others(url: str) -> None:
    """Where the thread that decides for all is broken off, all are rejected, and nothing is kept."""
    store = SqlStore(url, WORKSPACE)

    def broken_off(transaction: Transaction) -> None:
        starting(1002)(transaction)
        raise KeyboardInterrupt

    answers: list[object] = []
    with store._alone():  # noqa: SLF001
        other = threading.Thread(target=lambda: answers.extend(in_line_alone(store, starting(1001))))
        other.start()
        while not store._line:  # noqa: SLF001
            time.sleep(0.001)
        store._line.insert(0, sql_module._Call(broken_off))  # noqa: SLF001
    other.join()
    assert answers == [KeyboardInterrupt]
    assert found(store) == []
    keep(store, timer(1001))
    store.close()


def in_line_alone(store: SqlStore, decide: Callable[[Transaction], object]) -> list[object]:
    """The type of what a call raises."""
    try:
        store.write(decide)
    except BaseException as error:  # noqa: BLE001 it is the answer
        return [type(error)]
    return []


# ---- when the database says no -----------------------------------------------------------------------


def start_at(sandbox: Sandbox) -> tuple[int, bytes]:
    """Start a timer at Intervals."""
    request = intervals.request("create_timer", intervals.WriteTimer(personid=5), token="intervals-token-5")
    status, _, body = sandbox.handle(request.method, request.path, "", request.headers, request.body)
    return status, body


def test_a_locked_database_is_a_rejection_in_the_vendor_s_words(tmp_path: Path) -> None:
    """While another program holds SQLite's lock, a start is a 5xx of the vendor's shape and changes nothing."""
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


def test_a_full_disk_is_a_rejection_and_loses_nothing(tmp_path: Path) -> None:
    """When SQLite can grow no more, a start is a 5xx of the vendor's shape; what was stored before is still read."""
    store = SqlStore(f"sqlite:///{tmp_path / 'full.sqlite3'}", WORKSPACE)

    def bounded(connection: object, *_rest: object) -> None:
        connection.execute("PRAGMA max_page_count = 60").close()  # type: ignore[attr-defined]

    sa.event.listen(store._engine, "checkout", bounded)  # noqa: SLF001
    sandbox = Sandbox(WORKSPACE, clock=NOW, store=store)
    answered = 0
    while (answer := start_at(sandbox))[0] == 201:
        answered += 1
        assert answered < 1000
    assert answer[0] == 502
    assert len(sandbox.timers()) == answered
    sa.event.remove(store._engine, "checkout", bounded)  # noqa: SLF001
    store._engine.dispose()  # noqa: SLF001
    assert start_at(sandbox)[0] == 201
    sandbox.close()


def test_a_lost_connection_is_a_rejection_and_the_next_call_works(tmp_path: Path) -> None:
    """When PostgreSQL ends the connection in a transaction, nothing is stored; the next call has a new connection."""
    with database_url("postgresql", tmp_path) as url:
        store = SqlStore(url, WORKSPACE)

        def decide(transaction: Transaction) -> None:
            transaction.apply([Change(pc.Event.START, NOW, timer(1001))])
            with psycopg.connect(url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            transaction.get(IntervalsTimer, "1001")

        with pytest.raises(StoreUnavailable):
            store.write(decide)
        assert found(store) == []
        keep(store, timer(1001))
        assert found(store) == [timer(1001)]
        store.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program holds the lock that a change needs."""
    engine = sql_module._engine(url)  # noqa: SLF001
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if url.startswith("sqlite") else "BEGIN")
        if not url.startswith("sqlite"):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({sql_module._LOCK})")  # noqa: SLF001
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


def test_nobody_waits_for_ever(url: str) -> None:
    """A change that cannot have the lock in time is rejected; a read needs none."""
    store = SqlStore(url, WORKSPACE, timeout=0.05)
    keep(store, timer(1001))
    with locked(url):
        with pytest.raises(StoreUnavailable, match="lock"):
            keep(store, timer(1002))
        assert found(store) == [timer(1001)]
    keep(store, timer(1002))
    store.close()


def test_nobody_waits_for_ever_in_line(tmp_path: Path) -> None:
    """A thread behind another one that holds on to its transaction is rejected in time, and changes nothing."""
    store = SqlStore(f"sqlite:///{tmp_path / 'line.sqlite3'}", WORKSPACE, timeout=0.05)
    with ThreadPoolExecutor(1) as pool:

        def decide(transaction: Transaction) -> None:
            transaction.apply([Change(pc.Event.START, NOW, timer(1001))])
            with pytest.raises(StoreUnavailable, match=r"writing for 0\.05 seconds"):
                pool.submit(keep, store, timer(1002)).result()

        store.write(decide)
    assert found(store) == [timer(1001)]
    store.close()


def test_notes_that_cannot_be_written_are_not_lost(url: str) -> None:
    """Journal entries of a flush that fails are kept for the next."""
    store = SqlStore(url, WORKSPACE, timeout=0.05)
    store.note(entry())
    with locked(url), pytest.raises(StoreUnavailable):
        list(store.journal())
    assert len(list(store.journal())) == 1
    store.close()


@pytest.mark.parametrize("change", [True, False])
def test_notes_survive_a_commit_that_fails(url: str, monkeypatch: pytest.MonkeyPatch, change: bool) -> None:
    """Notes that went with a change, or by themselves, and were not kept in the end, come with the next, in order."""
    store = SqlStore(url, WORKSPACE)
    store.note(entry(1))
    execute = sa.Connection.exec_driver_sql

    def failing(connection: sa.Connection, statement: str) -> object:
        if statement == "COMMIT":
            store.note(entry(2))  # meanwhile
            raise sa.exc.OperationalError(statement, None, Exception("disk full"))
        return execute(connection, statement)

    def attempt() -> None:
        if not change:
            list(store.journal())
        changing(store, Change(pc.Event.START, NOW, timer(1001)), entries=[entry(9)])

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "exec_driver_sql", failing)
        with pytest.raises(StoreUnavailable, match="disk full"):
            attempt()
    assert found(store) == []
    assert [each.at for each in store.journal()] == [1, 2]
    store.close()


def test_a_rejected_call_costs_no_write(url: str) -> None:
    """A transaction in which nothing changes writes nothing; the notes wait for one in which something does."""
    store, other = SqlStore(url, WORKSPACE), SqlStore(url, WORKSPACE)
    store.note(entry(1))
    assert store.write(lambda transaction: transaction.new_id()) == 1001
    assert list(other.journal()) == []
    changing(store, entries=[entry(2)])
    assert [each.at for each in other.journal()] == [1, 2]
    store.close()
    other.close()


def test_notes_do_not_grow_without_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database takes none, it is asked now and then only, and of too many notes the oldest give way."""
    monkeypatch.setattr(sql_module, "_GATHERED", 5)
    monkeypatch.setattr(sql_module, "_KEPT", 20)
    store = SqlStore(url, WORKSPACE, timeout=0.01)
    asked = 0
    with locked(url):
        for at in range(33):
            try:
                store.note(entry(at))
            except StoreUnavailable:
                asked += 1
    assert asked == 33 // 5
    assert [each.at for each in store.journal()] == list(range(15, 33))
    store.close()


def test_what_cannot_be_read_is_named(url: str) -> None:
    """A row that another version has written is an error of the store, for a record and for a journal entry."""
    store = SqlStore(url, WORKSPACE)
    keep(store, timer(1001))
    store.note(entry())
    assert len(list(store.journal())) == 1
    engine = sql_module._engine(url)  # noqa: SLF001
    with engine.connect() as connection:
        for table in ("records", "journal"):
            connection.exec_driver_sql(f"UPDATE {table} SET document = '[]'")  # noqa: S608 two names from here
    engine.dispose()
    with pytest.raises(StoreUnavailable, match=r"cannot read: [$]: expected an object"):
        found(store)
    with pytest.raises(StoreUnavailable, match=r"cannot read: [$]: expected an object"):
        list(store.journal())
    store.close()


def test_a_reset_numbers_the_journal_anew(store: Store) -> None:
    """After a reset the journal begins at 1 again, whatever keeps it."""
    for _ in range(2):
        store.note(entry())
        assert [each.number for each in store.journal()] == [1]
        store.reset()
