"""Batches applied to a `TimerLog` give the timers, histories and rejections of stepping through row by row."""

from __future__ import annotations

import itertools
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given
from msgspec import UNSET

import punchclock as pc
from columns_logs import Row, logs
from punchclock.calendar import find_zone
from punchclock.columns.ledger import apply_batch
from punchclock.eventlog import Entry, Labels, LogTimer, TimerLog
from punchclock.eventlog.totals import DailyAccumulator, Days
from punchclock.units import HOUR

BERLIN = find_zone("Europe/Berlin")
USERS = ["anna", "ben", None]


def batches(rows: list[Row], users: list[str | None], cuts: list[int]) -> list[pa.Table]:
    """Return a log with users as a list of tables."""
    timers, events, instants = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table(
        {
            "timer": pa.array([f"T{timer}" for timer in timers], pa.string()),
            "event": pa.array(events, pa.string()),
            "at": pa.array(instants, pa.int64()),
            "user": pa.array(users[: len(rows)], pa.string()),
        }
    )
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    return [table.slice(start, stop - start) for start, stop in itertools.pairwise(bounds)]


def contents(timers: TimerLog[Any], until: int) -> list[tuple[object, ...]]:
    """Return everything that a `TimerLog` knows about its timers, in order."""
    return [
        (record.name, record.timer, record.user, record.observer.segments(record.timer, max(until, record.timer.since)))
        for record in timers.records.values()
    ]


@given(
    logs(),
    st.lists(st.sampled_from(USERS), min_size=40, max_size=40),
    st.lists(st.integers(0, 40), max_size=3),
    st.sampled_from([1, HOUR, 7 * HOUR]),
    st.none() | st.integers(0, 40),
    st.integers(0, 3),
)
def test_batches_give_the_result_of_stepping(
    rows: list[Row], users: list[str | None], cuts: list[int], unit: int, last: int | None, step_new: int
) -> None:
    """Timers, labels, days, rejections and counts depend neither on the batches nor on which timers are folded."""
    base = rows[0][2] if rows else 0
    rows = [(name, event, base + (at - base) % 1000 * unit) for name, event, at in rows]
    until = None if last is None else base + last * unit
    days = Days(BERLIN)

    stepped = TimerLog(new_observer=lambda at: DailyAccumulator(days, at))
    rejected, late = [], 0
    for row, (name, event, at) in enumerate(rows):
        if until is not None and at > until:
            late += 1
            continue
        user = users[row]
        try:
            stepped.apply(Entry(f"T{name}", pc.Event(event), at, Labels(user=UNSET if user is None else user)))
        except pc.PunchclockError as error:
            rejected.append((row, f"T{name}", type(error), str(error)))

    folded = TimerLog(new_observer=lambda at: DailyAccumulator(days, at))
    found, start = [], 0
    ignored: list[int] = []
    for batch in batches(rows, users, cuts):
        for row, timer, reason in apply_batch(
            folded,
            batch,
            until=until,
            ignored=ignored.append,
            zone=BERLIN,
            step=lambda record: record.name == "T1",
            step_new=step_new,
        ):
            found.append((start + row, timer, type(reason), str(reason)))
        start += batch.num_rows

    end = max((at for *_, at in rows), default=0)
    assert contents(folded, end) == contents(stepped, end)
    assert found == rejected
    assert (folded.last, sum(ignored)) == (stepped.last, late)


def test_a_log_without_history_has_timers_and_labels() -> None:
    """Without ``new_observer`` there are no observers; columns that are not labels are ignored."""
    table = pa.table(
        {
            "timer": [7, 7, 8],
            "event": ["start", "stop", "start"],
            "at": [0, 5, 6],
            "note": pa.array(["a", None, None]).dictionary_encode(),
            "room": [1, 2, 3],
        }
    )
    timer_log: TimerLog[Any] = TimerLog()
    assert list(apply_batch(timer_log, table)) == []
    assert [(each.name, each.timer.worked, each.note) for each in timer_log.records.values()] == [
        ("7", 5, "a"),
        ("8", 0, UNSET),
    ]
    assert timer_log.last == 6


def test_a_batch_continues_the_timers_of_the_previous_one() -> None:
    """A known timer keeps its place, and its labels unless the batch has new ones."""
    timer_log: TimerLog[Any] = TimerLog()
    first = {"timer": ["A", "B"], "event": ["start", "start"], "at": [0, 1], "user": ["anna", "ben"]}
    second = {"timer": ["B", "A"], "event": ["stop", "pause"], "at": [5, 4], "user": ["bea", None]}
    for batch in (first, second):
        assert list(apply_batch(timer_log, pa.table(batch))) == []
    assert [(each.name, each.timer, each.user) for each in timer_log.records.values()] == [
        ("A", pc.Timer(pc.State.PAUSED, 0, 4, 4), "anna"),
        ("B", pc.Timer(pc.State.STOPPED, 1, 5, 4), "bea"),
    ]


def test_invalid_rows_are_rejected_with_a_reason() -> None:
    """Nulls, empty names, unknown events and instants without a date are rejected, each with its row and reason."""
    table = pa.table(
        {
            "timer": pa.array([None, "", "A", "A", "A", "A", "A"]),
            "event": pa.array(["start", "start", "begin", "start", None, "start", "start"]),
            "at": pa.array([0, 0, 0, 2**60, 0, None, 4], pa.int64()),
        }
    )
    timer_log: TimerLog[Any] = TimerLog()
    rejections = [(row, timer, str(error)) for row, timer, error in apply_batch(timer_log, table)]
    assert [(row, timer) for row, timer, _ in rejections] == [
        (0, None),
        (1, ""),
        (2, "A"),
        (3, "A"),
        (4, "A"),
        (5, "A"),
    ]
    assert [reason.partition(":")[0] for *_, reason in rejections] == [
        "$.timer",
        "$.timer",
        "$.event",
        "$.at",
        "$.event",
        "$.at",
    ]
    assert "unknown event 'begin'; the events are start, pause, resume, stop" in rejections[2][2]
    assert "outside the years 1 to 9999" in rejections[3][2]
    assert list(timer_log.records) == ["A"]


def test_the_last_hours_of_the_calendar_are_counted() -> None:
    """Where a zone has no date, the observer sees every step, and the sums are right."""
    last = 253_402_300_799_999_999
    table = pa.table({"timer": ["A", "A"], "event": ["start", "stop"], "at": [last - 10 * HOUR, last]})
    tokyo = find_zone("Asia/Tokyo")
    days = Days(tokyo)
    timer_log = TimerLog(new_observer=lambda at: DailyAccumulator(days, at))
    assert list(apply_batch(timer_log, table, zone=tokyo)) == []
    record = timer_log.records["A"]
    assert record.timer.worked == 10 * HOUR
    assert sum(each.end - each.start for each in record.observer.segments(record.timer, last)) == 10 * HOUR


def test_an_empty_batch_changes_nothing() -> None:
    """A table without rows has no effect."""
    days = Days(BERLIN)
    timer_log = TimerLog(new_observer=lambda at: DailyAccumulator(days, at))
    table = pa.table({"timer": ["A"], "event": ["start"], "at": [0], "user": ["anna"]}).slice(1)
    assert list(apply_batch(timer_log, table)) == []
    assert (timer_log.records, timer_log.last) == ({}, None)


def test_labels_must_be_texts() -> None:
    """A column of labels of another type is rejected as a whole."""
    table = pa.table({"timer": ["A"], "event": ["start"], "at": [0], "user": [5]})
    with pytest.raises(pc.InvalidColumns, match="column user: int64 does not hold strings"):
        list(apply_batch(TimerLog(), table))


def test_selected_timers_are_stepped_through() -> None:
    """The observer of a timer selected by ``step`` or ``step_new`` sees every step."""
    seen: list[tuple[str, int]] = []

    def watch(at: int) -> Watch:
        seen.append(("begun", at))
        return Watch()

    class Watch:
        def moved(self, before: pc.Timer, at: int) -> None:
            seen.append((str(before.state), at))

        def amended(self, timer: pc.Timer) -> None: ...

        def discarded(self) -> None: ...

    table = pa.table({"timer": ["A"] * 3, "event": ["start", "pause", "resume"], "at": [0, 1, 2]})
    rest = pa.table({"timer": ["A"], "event": ["stop"], "at": [3]})

    def watched(record: LogTimer[Any]) -> bool:
        return isinstance(record.observer, Watch)

    timer_log = TimerLog(new_observer=watch)
    for batch in (table, rest):
        assert list(apply_batch(timer_log, batch, step=watched, step_new=1)) == []
    assert seen == [("begun", 0), ("running", 1), ("paused", 2), ("running", 3)]
