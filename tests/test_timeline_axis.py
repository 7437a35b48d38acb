"""The axis of the timeline has the finest scale whose labels have room; where no scale has any, it stays empty."""

from __future__ import annotations

import datetime as dt

import pytest

from punchclock import Kind, State, instant
from punchclock.cli.drawing import Row, draw
from punchclock.cli.histogram import Histogram

FIRST, LAST = instant("0001-01-01T00:00:00Z"), instant("9999-12-31T23:59:59Z")


def drawn(start: int, end: int, width: int) -> list[str]:
    """Draw one timer that worked all the time."""
    strip = Histogram(start)
    strip.add(Kind.WORK, start, end)
    return [line.plain for line in draw([Row("T", strip, State.STOPPED)], dt.UTC, width=width, plain=True)]


@pytest.mark.parametrize(("width", "step"), [(20, 1000), (40, 500), (80, 200), (200, 100)])
def test_two_thousand_years_get_the_finest_scale_with_room(width: int, step: int) -> None:
    """The wider the terminal, the closer the years that are named; the first and the last are within the axis."""
    axis = drawn(instant("2026-01-01T00:00:00Z"), instant("4026-01-01T00:00:00Z"), width)[0]
    named = [int(label) for label in axis.replace("|", " ").split()]
    assert named == [year for year in range(2026, 4000) if year % step == 0]


def test_all_time_in_a_narrow_terminal_has_no_labels() -> None:
    """Where even millennia have no room, the axis is blank, and the row is drawn all the same."""
    axis, row, *_ = drawn(FIRST, LAST, 10)
    assert axis.strip() == ""
    assert row == "T " + "#" * 8
    assert "|1000" in drawn(FIRST, LAST, 100)[0]
