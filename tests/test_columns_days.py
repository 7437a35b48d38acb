"""Segments of many timers are split at the local days of each timer's own zone, in order of first appearance."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

import punchclock as pc
from columns_logs import Row, table
from punchclock import columns

MONDAY, TUESDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
HOUR = 3_600_000_000
#: Eleven in the evening in UTC: midnight in Berlin, eight in the morning in Tokyo.
LATE = pc.instant("2026-03-02T23:00:00Z")

#: Two timers side by side; timer 7 appears first.
MIXED: list[Row] = [
    (7, "start", LATE - HOUR),
    (2, "start", LATE - HOUR),
    (7, "pause", LATE + HOUR),
    (2, "stop", LATE + 2 * HOUR),
    (7, "stop", LATE + 2 * HOUR),
]


def pieces(split: pa.Table) -> list[tuple[int, str, dt.date, int]]:
    """Timer, kind, date and duration in hours of each row."""
    hours = [each // HOUR for each in split["duration"].to_pylist()]
    return list(zip(*(split[name].to_pylist() for name in ("timer", "kind", "date")), hours, strict=True))


def test_interleaved_timers_come_in_order_of_first_appearance() -> None:
    """Rows of several timers may be mixed; each timer's segments are together, the first timer's first."""
    assert pieces(columns.segments(table(MIXED), "Europe/Berlin")) == [
        (7, "work", MONDAY, 1),
        (7, "work", TUESDAY, 1),
        (7, "break", TUESDAY, 1),
        (2, "work", MONDAY, 1),
        (2, "work", TUESDAY, 2),
    ]


@pytest.mark.parametrize("chunked", [False, True])
def test_each_timer_is_split_in_the_zone_of_its_first_row(*, chunked: bool) -> None:
    """A column of zones gives each timer its own days; a zone in one of a timer's later rows has no effect."""
    zones = pa.array(["Europe/Berlin", "Asia/Tokyo", "Asia/Tokyo", "UTC", "UTC"])
    split = columns.segments(table(MIXED), pa.chunked_array([zones[:2], zones[2:]]) if chunked else zones)
    assert pieces(split) == [
        (7, "work", MONDAY, 1),
        (7, "work", TUESDAY, 1),
        (7, "break", TUESDAY, 1),
        (2, "work", TUESDAY, 3),
    ]


@pytest.mark.parametrize("zone", ["UTC", pa.array(["UTC", "Asia/Tokyo"])])
def test_a_log_without_any_length_has_no_segments(zone: str | pa.Array) -> None:
    """Timers that stop as they start, or only get rejected events, give an empty table with all its columns."""
    for rows in ([(1, "start", LATE), (1, "stop", LATE)], [(1, "pause", LATE), (2, "stop", LATE)]):
        split = columns.segments(table(rows), zone)
        assert split.num_rows == 0
        assert split.column_names == ["timer", "kind", "date", "start", "end", "duration"]


def test_an_empty_log_has_no_zones() -> None:
    """A log without rows goes with a column of zones without rows."""
    assert columns.segments(table([]), pa.array([], pa.string())).num_rows == 0
