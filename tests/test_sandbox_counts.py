"""The counts of a database store are right after every kind of change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import punchclock as pc
from punchclock.machine import Correction
from punchclock.sandbox.sql import SqlStore
from punchclock.vendors.account import Query
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import UPDATE, Change
from punchclock.workspaces import demo_workspace

ACCOUNT = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")
DAY = date(2026, 3, 2)
HOUR = 3_600_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """A new database."""
    opened = SqlStore(f"sqlite:///{tmp_path / 'counts.sqlite3'}", ACCOUNT)
    yield opened
    opened.close()


def record(number: int, task: str = "31", timer: pc.Timer | None = None) -> IntervalsTimer:
    """A timer of one person, for a task."""
    return IntervalsTimer(
        id=str(number),
        timer=pc.start(NOW) if timer is None else timer,
        person=ACCOUNT.people["5"],
        task=ACCOUNT.tasks[task],
        work_date=DAY,
        updated_on=DAY,
    )


def change(store: SqlStore, *changes: Change[IntervalsTimer]) -> None:
    """Store changes in one transaction."""
    with store.transaction() as transaction:
        transaction.changes.extend(changes)


def count(store: SqlStore, query: Query[IntervalsTimer]) -> int:
    """How many records match a query, of which it lists one."""
    with store.reading() as account:
        return account.find(query).total


def counted(store: SqlStore) -> int:
    """How many records there are, by the counts; the list must be as long."""
    total = count(store, Query(of=IntervalsTimer, limit=1))
    with store.reading() as account:
        assert len(account.find(Query(of=IntervalsTimer)).records) == total
    return total


def test_a_change_of_state_changes_no_count(store: SqlStore) -> None:
    """A pause changes the number of timers in a state, but not the number by person or task."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002, 1003)))
    paused = record(1002, timer=pc.pause(pc.start(NOW), NOW + HOUR))
    change(store, Change(pc.Event.PAUSE, NOW + HOUR, paused))
    assert counted(store) == 3
    assert count(store, Query(of=IntervalsTimer, tasks=("31",), limit=1)) == 3
    assert count(store, Query(of=IntervalsTimer, states=(pc.State.RUNNING,), limit=1)) == 2
    assert count(store, Query(of=IntervalsTimer, states=(pc.State.PAUSED,), limit=1)) == 1


def test_another_task_moves_the_count(store: SqlStore) -> None:
    """A timer that gets another task is counted with that task only."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002)))
    change(store, Change(UPDATE, NOW, record(1001, task="32")))
    assert counted(store) == 2
    assert [count(store, Query(of=IntervalsTimer, tasks=(task,), limit=1)) for task in ("31", "32")] == [1, 1]


def test_a_discarded_timer_is_not_counted(store: SqlStore) -> None:
    """A discard lowers the count, also in the transaction that created the timer."""
    change(store, Change(pc.Event.START, NOW, record(1001)), Change(pc.Event.START, NOW, record(1002)))
    change(store, Change(pc.Event.START, NOW, record(1003)), Change(Correction.DISCARD, NOW, record(1003)))
    assert counted(store) == 2
    change(store, Change(Correction.DISCARD, NOW, record(1001)))
    assert counted(store) == 1
    assert count(store, Query(of=IntervalsTimer, limit=1)) == 1


def test_a_day_is_counted(store: SqlStore) -> None:
    """The total of a work date includes the timers beyond the listing's limit."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002, 1003)))
    assert count(store, Query(of=IntervalsTimer, people=("5",), work_date=DAY, limit=1)) == 3
    assert count(store, Query(of=IntervalsTimer, people=("5",), work_date=date(2026, 3, 3), limit=1)) == 0
