"""Readings of many timers at once equal those of the scalar functions."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given

import punchclock as pc
from punchclock import columns
from punchclock.units import HOUR
from strategies import FIRST, LAST, timers

engine = importlib.import_module("punchclock.columns.readings")

READINGS: list[tuple[Callable[..., Any], Callable[[pc.Timer, int], int]]] = [
    (columns.worked_at, pc.worked_at),
    (columns.break_at, pc.break_at),
    (columns.elapsed_at, pc.elapsed_at),
]


def table(many: list[pc.Timer]) -> pa.Table:
    """Return timers as a table of their four fields."""
    return pa.table(
        {
            "state": pa.array([str(timer.state) for timer in many], pa.string()),
            "started_at": pa.array([timer.started_at for timer in many], pa.int64()),
            "since": pa.array([timer.since for timer in many], pa.int64()),
            "worked": pa.array([timer.worked for timer in many], pa.int64()),
        }
    )


@pytest.mark.parametrize(("many", "one"), READINGS)
@given(st.lists(timers(), max_size=8), st.integers(FIRST, LAST), st.sampled_from([1, 3, 1 << 16]))
@example([pc.start(each) for each in range(5)], 2, 2)
@example([pc.IDLE] * 3, -5, 2)
def test_a_reading_is_that_of_each_timer(
    many: Callable[..., Any], one: Callable[[pc.Timer, int], int], some: list[pc.Timer], now: int, block: int
) -> None:
    """Every timer reads as it does alone; if the instant is too early, the error has the first such row."""
    early = [row for row, timer in enumerate(some) if timer.state is not pc.State.IDLE and now < timer.since]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_BLOCK", block)
        if early:
            with pytest.raises(pc.ClockWentBackwards) as caught:
                many(table(some), now)
            timer = some[early[0]]
            assert (caught.value.index, caught.value.at) == (early[0], now)
            assert (caught.value.state, caught.value.since) == (timer.state, timer.since)
        else:
            result = many(table(some), now)
            assert result.dtype == np.int64
            assert result.tolist() == [one(timer, now) for timer in some]


@pytest.mark.parametrize(("many", "one"), READINGS)
@given(st.lists(timers(), min_size=1, max_size=6), st.lists(st.integers(FIRST, LAST), min_size=1, max_size=3))
def test_many_instants_make_a_grid(
    many: Callable[..., Any], one: Callable[[pc.Timer, int], int], some: list[pc.Timer], instants: list[int]
) -> None:
    """Timers can be read at an instant each, or all at many instants; clamped instants never fail."""
    grid = columns.not_before(table(some), np.array(instants)[:, None])
    expected = [[one(timer, pc.not_before(timer, now)) for timer in some] for now in instants]
    assert grid.shape == (len(instants), len(some))
    assert many(table(some), grid).tolist() == expected
    assert many(table(some), grid[0]).tolist() == expected[0]


@given(st.lists(timers(), max_size=8), st.integers(FIRST, LAST))
def test_work_and_break_are_all_there_is(some: list[pc.Timer], now: int) -> None:
    """Work and break add up to the elapsed time."""
    at = columns.not_before(table(some), now)
    together = columns.worked_at(table(some), at) + columns.break_at(table(some), at)
    assert together.tolist() == columns.elapsed_at(table(some), at).tolist()


def test_instants_are_accepted_in_many_forms() -> None:
    """An instant may be an integer, a datetime, a text, a list, an array, a column, or an object that exports one."""

    class Series:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return pa.chunked_array([stamps[:1], stamps[1:]]).__arrow_c_stream__(requested_schema)

    some = table([pc.start(0), pc.pause(pc.start(0), HOUR)])
    moment = dt.datetime(1970, 1, 1, 2, tzinfo=dt.UTC)
    stamps = pa.array([2 * HOUR, 2 * HOUR]).cast(pa.timestamp("us", tz="UTC"))
    for now in (
        2 * HOUR,
        moment,
        "1970-01-01T02:00:00Z",
        [2 * HOUR, moment],
        np.array([2 * HOUR] * 2),
        pa.array([2 * HOUR] * 2),
        stamps,
        pa.chunked_array([stamps]),
        Series(),
    ):
        assert columns.worked_at(some, now).tolist() == [2 * HOUR, HOUR]


def test_a_table_without_timers_has_empty_readings() -> None:
    """An empty table gives an empty array, at one instant and at many."""
    assert columns.worked_at(table([]), 5).tolist() == []
    assert columns.worked_at(table([]), np.array([[1], [2]])).shape == (2, 0)


@pytest.mark.parametrize(
    ("now", "error"),
    [
        (np.array([1, 2, 3]), pc.InvalidColumns),
        (np.array([[1, 2, 3]]), pc.InvalidColumns),
        (np.array([1.0, 2.0]), pc.InvalidColumns),
        (pa.array([1, None]), pc.InvalidColumns),
        (pa.array([1.0, 2.0]), pc.InvalidColumns),
        (pa.array([0, 1]).cast(pa.timestamp("us")), pc.InvalidColumns),
        (1.5, pc.InvalidInstant),
        (dt.datetime(2026, 3, 2), pc.NaiveDatetime),  # noqa: DTZ001 - the case under test
        (2**61, pc.InstantOutOfRange),
        ([0, -(2**61) - 1], pc.InstantOutOfRange),
        (np.array([0, 2**62]), pc.InstantOutOfRange),
        ([10**30, 0], pc.InstantOutOfRange),
    ],
)
def test_invalid_instants_are_rejected(now: object, error: type[pc.PunchclockError]) -> None:
    """Wrong shapes and types, nulls, naive datetimes, and instants that could make a sum overflow are rejected."""
    some = table([pc.start(0), pc.start(0)])
    for reading in (columns.worked_at, columns.break_at, columns.elapsed_at, columns.not_before):
        with pytest.raises(error):
            reading(some, now)


@pytest.mark.parametrize(
    ("column", "values", "error", "index"),
    [
        ("state", pa.array(["idle", "running", "asleep"]), pc.InconsistentTimer, 2),
        ("state", pa.array(["idle", "running", None]), pc.InvalidColumns, 2),
        ("state", pa.array([1, 2, 3]), pc.InvalidColumns, None),
        ("since", pa.array([0, 2**61, 0]), pc.InstantOutOfRange, 1),
        ("since", pa.array([0, None, 0], pa.int64()), pc.InvalidColumns, 1),
        ("since", pa.array([0.0, 1.0, 2.0]), pc.InvalidColumns, None),
        ("worked", pa.array([0, 2**62, 0]), pc.InconsistentTimer, 1),
        ("worked", pa.array([-(2**62), 2**63 - 1, 0]), pc.InconsistentTimer, 0),
        ("worked", pa.array([0, 0, None], pa.int64()), pc.InvalidColumns, 2),
        ("worked", pa.array([0, 0, 0], pa.int32()), pc.InvalidColumns, None),
    ],
)
def test_invalid_fields_are_rejected(
    column: str, values: pa.Array, error: type[pc.PunchclockError], index: int | None
) -> None:
    """Unknown states, nulls, wrong types, and numbers that could make a sum overflow are rejected with their row."""
    some = table([pc.start(0)] * 3)
    some = some.set_column(some.column_names.index(column), column, values)
    with pytest.raises(error) as caught:
        columns.break_at(some, 1)
    assert caught.value.index == index


def test_extreme_readings_do_not_overflow() -> None:
    """Sums are exact at both ends of the range, and with the most work that a timer may have."""
    low, high, most = -(2**61), 2**61 - 1, 2**62 - 1
    some = table([pc.Timer(pc.State.RUNNING, low, low, most), pc.Timer(pc.State.PAUSED, low, low, -most)])
    now = np.array([high])
    assert columns.worked_at(some, now).tolist() == [2 * most, -most]
    assert columns.break_at(some, now).tolist() == [-most, 2 * most]
    assert columns.elapsed_at(some, now).tolist() == [most, most]


def test_a_reading_needs_only_its_own_columns() -> None:
    """A reading ignores all other columns, and names a column that is missing."""
    some = table([pc.start(0)])
    assert columns.worked_at(some.drop_columns(["started_at"]), 1).tolist() == [1]
    assert columns.elapsed_at(some.drop_columns(["worked"]), 1).tolist() == [1]
    with pytest.raises(pc.InvalidColumns, match="column since: missing"):
        columns.worked_at(some.drop_columns(["since"]), 1)
