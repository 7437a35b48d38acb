"""Columns are worked on block by block; a timer, an error's row and a continued log do not depend on the cuts."""

from __future__ import annotations

import importlib

import numpy as np
import pyarrow as pa
import pytest

import punchclock as pc
from columns_logs import Row, records, rejections, stepped, table
from punchclock import columns

readings = importlib.import_module("punchclock.columns.readings")
folding = importlib.import_module("punchclock.columns.replay")

#: Three timers, one after another, so that every block of two rows but the first begins inside a timer.
ROWS: list[Row] = [
    (1, "start", 0),
    (1, "pause", 5),
    (1, "resume", 7),
    (1, "stop", 20),
    (2, "start", 3),
    (2, "pause", 4),
    (2, "pause", 5),
    (3, "start", 9),
    (3, "resume", 10),
    (3, "stop", 8),
]


@pytest.mark.parametrize("block", [1, 2, 3, 1 << 16])
def test_a_timer_may_continue_in_the_next_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of a timer whose rows are in several blocks is the sum over all of them."""
    monkeypatch.setattr(folding, "_BLOCK", block)
    timers, rejected = columns.replay(table(ROWS))
    assert (records(timers), rejections(rejected)) == stepped(ROWS)
    assert timers["worked"].to_pylist() == [18, 1, 0]


@pytest.mark.parametrize("cut", range(1, len(ROWS)))
def test_a_log_is_continued_from_its_timers(cut: int) -> None:
    """The timers of the first rows, and then the other rows, give the timers of the whole log."""
    before = columns.replay(table(ROWS[:cut])).timers
    after, rejected = columns.replay(table(ROWS[cut:]), before)
    timers, expected = stepped(ROWS)
    assert records(after) == timers
    assert [(row + cut, reason) for row, reason in rejections(rejected)] == [
        each for each in expected if each[0] >= cut
    ]


def open_timers(count: int) -> pa.Table:
    """Timers that run since the instants 0, 1, 2 and so on."""
    return columns.replay(table([(each, "start", each) for each in range(count)])).timers


@pytest.mark.parametrize("block", [1, 2, 1 << 16])
def test_a_reading_before_a_timer_names_its_row_in_the_table(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of `ClockWentBackwards` counts from the first row of the table, not of the block."""
    monkeypatch.setattr(readings, "_BLOCK", block)
    assert columns.worked_at(open_timers(5), 4).tolist() == [4, 3, 2, 1, 0]
    with pytest.raises(pc.ClockWentBackwards) as caught:
        columns.worked_at(open_timers(5), 2)
    assert (caught.value.index, caught.value.state, caught.value.since) == (3, "running", 3)


def test_an_idle_timer_can_be_read_at_any_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle timer has no last instant: reading it earlier than its zeros is no error, and gives 0."""
    monkeypatch.setattr(readings, "_BLOCK", 2)
    idle = pa.table({"state": ["idle"] * 3, "started_at": [0] * 3, "since": [0] * 3, "worked": [0] * 3})
    for reading in (columns.worked_at, columns.break_at, columns.elapsed_at):
        assert reading(idle, -5).tolist() == [0, 0, 0]


def test_an_instant_is_clamped_to_each_timer_s_last() -> None:
    """`not_before` raises the instant to each timer's `since` where it is earlier, for each of many instants too."""
    assert columns.not_before(open_timers(4), 2).tolist() == [2, 2, 2, 3]
    grid = columns.not_before(open_timers(4), np.array([[0], [9]]))
    assert grid.tolist() == [[0, 1, 2, 3], [9, 9, 9, 9]]
    assert columns.worked_at(open_timers(4), grid).tolist() == [[0, 0, 0, 0], [9, 8, 7, 6]]
