"""A store in a database counts the records of a listing right after every change, without reading them all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

import punchclock as pc
from punchclock.machine import Correction
from punchclock.sandbox import tables
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import Transaction
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

    def decide(transaction: Transaction) -> None:
        transaction.apply(changes)

    store.write(decide)


def count(store: SqlStore, query: Query[IntervalsTimer]) -> int:
    """How many records match a query, of which it lists one."""
    with store.reading() as account:
        return account.find(query).total


def tallied(store: SqlStore) -> int:
    """How many records the counts say there are; it must be as many as there are rows."""
    with store._engine.connect() as connection:  # noqa: SLF001
        total = connection.execute(sa.select(sa.func.sum(tables.counts.c.records))).scalar_one()
        assert total == connection.execute(sa.select(sa.func.count()).select_from(tables.records)).scalar_one()
    return int(total)


def test_a_change_of_state_changes_no_tally(store: SqlStore) -> None:
    """A pause leaves a timer with its person and its task: the counts by those stay, the one by state follows."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002, 1003)))
    paused = record(1002, timer=pc.pause(pc.start(NOW), NOW + HOUR))
    change(store, Change(pc.Event.PAUSE, NOW + HOUR, paused))
    assert tallied(store) == 3
    assert count(store, Query(of=IntervalsTimer, tasks=("31",), limit=1)) == 3
    assert count(store, Query(of=IntervalsTimer, states=(pc.State.RUNNING,), limit=1)) == 2
    assert count(store, Query(of=IntervalsTimer, states=(pc.State.PAUSED,), limit=1)) == 1


def test_another_task_moves_a_tally(store: SqlStore) -> None:
    """A timer that gets another task is counted there, and no longer where it was."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002)))
    change(store, Change(UPDATE, NOW, record(1001, task="32")))
    assert tallied(store) == 2
    assert [count(store, Query(of=IntervalsTimer, tasks=(task,), limit=1)) for task in ("31", "32")] == [1, 1]


def test_a_discarded_timer_is_counted_no_more(store: SqlStore) -> None:
    """Neither where it came and went in one transaction, nor where it was stored before."""
    change(store, Change(pc.Event.START, NOW, record(1001)), Change(pc.Event.START, NOW, record(1002)))
    change(store, Change(pc.Event.START, NOW, record(1003)), Change(Correction.DISCARD, NOW, record(1003)))
    assert tallied(store) == 2
    change(store, Change(Correction.DISCARD, NOW, record(1001)))
    assert tallied(store) == 1
    assert count(store, Query(of=IntervalsTimer, limit=1)) == 1


def test_a_day_is_counted_by_its_index(store: SqlStore) -> None:
    """The timers booked on a day are counted even where the listing is shorter; on another day there are none."""
    change(store, *(Change(pc.Event.START, NOW, record(number)) for number in (1001, 1002, 1003)))
    assert count(store, Query(of=IntervalsTimer, people=("5",), work_date=DAY, limit=1)) == 3
    assert count(store, Query(of=IntervalsTimer, people=("5",), work_date=date(2026, 3, 3), limit=1)) == 0
