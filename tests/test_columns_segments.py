"""Segments of a whole log equal those of `punchclock.timeline`, split by `punchclock.calendar.split_by_day`."""

from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import example, given

import punchclock as pc
from columns_logs import Row, logs, stepped, table
from punchclock import columns
from punchclock.calendar import split_by_day
from punchclock.units import DAY, HOUR

MONDAY = 1_772_438_400_000_000  # 2026-03-02T08:00:00Z

Piece = tuple[int, str, dt.date, int, int]

zones = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "America/Sao_Paulo"])


def expected(rows: list[Row], zone: str, until: int | None) -> list[Piece]:
    """Return the segments by the scalar functions, timer by timer."""
    rejected = {row for row, _ in stepped(rows)[1]}
    pieces = []
    for name in dict.fromkeys(row[0] for row in rows):
        history = [
            (pc.Event(row[1]), row[2]) for each, row in enumerate(rows) if row[0] == name and each not in rejected
        ]
        for segment in pc.timeline(history, until=until if history else None):
            days = split_by_day(segment.start, segment.end, zone)
            pieces += [(name, str(segment.kind), day.date, day.start, day.end) for day in days]
    return pieces


def pieces(segments: pa.Table) -> list[Piece]:
    """Return a table of segments as rows, with instants as integers, after a check of its durations."""
    starts, ends = (segments[name].cast(pa.int64()).to_pylist() for name in ("start", "end"))
    assert segments["duration"].to_pylist() == [end - start for start, end in zip(starts, ends, strict=True)]
    names, kinds, dates = (segments[name].to_pylist() for name in ("timer", "kind", "date"))
    return list(zip(names, kinds, dates, starts, ends, strict=True))


@given(logs(), zones, st.booleans(), st.sampled_from([1, HOUR, 7 * HOUR, 10 * DAY]))
@example(
    rows=[(2, "start", 0), (1, "start", 0), (2, "pause", 16), (1, "stop", 20), (2, "stop", 20)],
    zone="UTC",
    closed=False,
    unit=HOUR,
)
def test_segments_are_timelines_split_by_day(rows: list[Row], zone: str, closed: bool, unit: int) -> None:
    """The result is that of the scalar functions for any log, with illegal events and clocks that go back."""
    base = rows[0][2] if rows else 0
    rows = [(name, event, base + (at - base) % 1000 * unit) for name, event, at in rows]
    until = max((at for *_, at in rows), default=0) + HOUR if closed else None
    assert pieces(columns.segments(table(rows), zone, until=until)) == expected(rows, zone, until)


def test_work_over_midnight_is_on_two_dates() -> None:
    """Work over midnight in Berlin is split; a pause of no length has no effect."""
    log = table(
        [
            (1, "start", MONDAY),
            (1, "pause", MONDAY + HOUR),
            (1, "resume", MONDAY + HOUR),
            (1, "pause", MONDAY + 16 * HOUR),
        ]
    )
    result = columns.segments(log, "Europe/Berlin", until=MONDAY + 17 * HOUR)
    assert result.column_names == ["timer", "kind", "date", "start", "end", "duration"]
    midnight = MONDAY + 15 * HOUR
    assert pieces(result) == [
        (1, "work", dt.date(2026, 3, 2), MONDAY, midnight),
        (1, "work", dt.date(2026, 3, 3), midnight, MONDAY + 16 * HOUR),
        (1, "break", dt.date(2026, 3, 3), MONDAY + 16 * HOUR, MONDAY + 17 * HOUR),
    ]


def test_a_clock_change_does_not_bend_durations() -> None:
    """The day on which Berlin's clock goes back has 25 hours of work for a timer that runs through it."""
    start = pc.instant("2026-10-24T22:00:00Z")
    log = table([(1, "start", start), (1, "stop", start + 30 * HOUR)])
    result = columns.segments(log, "Europe/Berlin")
    assert result["duration"].to_pylist() == [25 * HOUR, 5 * HOUR]


def test_segments_keep_the_types_of_the_log() -> None:
    """Ids and instants keep their types; kinds are dictionary-encoded, dates have the type date32."""
    kind = pa.timestamp("us", tz="UTC")
    log = table([(1, "start", MONDAY), (1, "stop", MONDAY + HOUR)])
    log = log.set_column(0, "timer", pa.array(["T", "T"]).dictionary_encode())
    log = log.set_column(2, "at", log["at"].cast(kind))
    schema = columns.segments(log, dt.UTC).schema
    assert [str(schema.field(name).type) for name in ("timer", "kind", "date", "start", "end", "duration")] == [
        "dictionary<values=string, indices=int32, ordered=0>",
        "dictionary<values=string, indices=int8, ordered=0>",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "timestamp[us, tz=UTC]",
        "int64",
    ]


def test_zones_in_later_rows_have_no_effect() -> None:
    """At 23:00 UTC it is midnight in Berlin and morning in Tokyo; the zone in a timer's last row is ignored."""
    late = pc.instant("2026-03-02T23:00:00Z")
    log = table(
        [(7, "start", late - HOUR), (2, "start", late - HOUR), (7, "stop", late + HOUR), (2, "stop", late + HOUR)]
    )
    zones = pa.array(["Europe/Berlin", "Asia/Tokyo", "Asia/Tokyo", "UTC"])
    assert pieces(columns.segments(log, zones)) == [
        (7, "work", dt.date(2026, 3, 2), late - HOUR, late),
        (7, "work", dt.date(2026, 3, 3), late, late + HOUR),
        (2, "work", dt.date(2026, 3, 3), late - HOUR, late + HOUR),
    ]


def test_a_log_without_segments_gives_an_empty_table() -> None:
    """Logs without rows, and timers without any time, give a table without rows but with all columns."""
    for rows, zone in (
        ([], pa.array([], pa.string())),
        ([(1, "start", MONDAY), (1, "stop", MONDAY)], pa.array(["UTC", "Asia/Tokyo"])),
        ([(1, "pause", MONDAY), (2, "stop", MONDAY)], "UTC"),
    ):
        split = columns.segments(table(rows), zone)
        assert split.num_rows == 0
        assert split.column_names == ["timer", "kind", "date", "start", "end", "duration"]


@given(logs())
def test_each_timer_is_split_in_the_zone_of_its_first_row(rows: list[Row]) -> None:
    """With a column of zones, each timer has the days of the zone in its first row; the order is the same."""
    rows = [(name, event, at * 7 * HOUR if abs(at) < 1000 else at) for name, event, at in rows]
    names = ["Asia/Tokyo" if row[0] % 2 else "America/New_York" for row in rows]
    split = {zone: pieces(columns.segments(table(rows), zone)) for zone in set(names)}
    both = []
    for name in dict.fromkeys(row[0] for row in rows):
        zone = "Asia/Tokyo" if name % 2 else "America/New_York"
        both += [piece for piece in split[zone] if piece[0] == name]
    column = pa.array(names, pa.string())
    assert pieces(columns.segments(table(rows), column)) == both
    assert pieces(columns.segments(table(rows), pa.chunked_array([column.dictionary_encode()]))) == both


def test_one_wrong_year_costs_nothing() -> None:
    """Days are looked up only around segments, so two timers that are 8,000 years apart cost a few days."""
    far = pc.instant("9990-01-01T00:00:00Z")
    log = table([(1, "start", MONDAY), (1, "stop", MONDAY + HOUR), (2, "start", far), (2, "stop", far + HOUR)])
    assert columns.segments(log, "Europe/Berlin")["date"].to_pylist() == [dt.date(2026, 3, 2), dt.date(9990, 1, 1)]


@pytest.mark.parametrize("interleaved", [False, True])
def test_until_is_not_before_an_accepted_event(*, interleaved: bool) -> None:
    """The error has the row of the first accepted event after ``until``; rejected events do not matter."""
    rows: list[Row] = [(2, "start", 0), (2, "stop", 10), (1, "start", 5), (1, "start", 99), (1, "pause", 7)]
    rows = rows if interleaved else [(3 - name, event, at) for name, event, at in rows]
    assert columns.segments(table(rows), "UTC", until=10).num_rows == 3
    with pytest.raises(pc.ClockWentBackwards) as caught:
        columns.segments(table(rows), "UTC", until=6)
    assert (caught.value.index, caught.value.state, caught.value.since) == (1, "stopped", 10)
    legal = [rows[0], rows[1], rows[2]]
    with pytest.raises(pc.ClockWentBackwards) as caught:
        columns.segments(table(legal), "UTC", until=6)
    assert caught.value.index == 1


def test_invalid_arguments_are_rejected() -> None:
    """Unknown zones, too few zones, null zones, instants without a date and an invalid ``until`` are rejected."""
    log = table([(1, "start", 0), (1, "stop", 5)])
    with pytest.raises(pc.UnknownZone):
        columns.segments(log, "Europe/Nowhere")
    with pytest.raises(pc.UnknownZone):
        columns.segments(log, pa.array(["UTC", "Europe/Nowhere"]))
    with pytest.raises(pc.InvalidColumns, match="column zone: 1 values for 2 rows"):
        columns.segments(log, pa.array(["UTC"]))
    with pytest.raises(pc.InvalidColumns, match="column zone in row 1: null"):
        columns.segments(log, pa.array(["UTC", None]))
    with pytest.raises(pc.InstantOutOfRange):
        columns.segments(table([(1, "start", 0), (1, "stop", 2**60)]), "UTC")
    with pytest.raises(pc.InvalidInstant):
        columns.segments(log, "UTC", until="tomorrow")


def test_whole_days_are_limited() -> None:
    """A timer of 5,400 years is rejected before its days are looked up; a higher limit is a choice of the caller."""
    start, end = pc.instant("0100-01-01T00:00:00Z"), pc.instant("5500-01-01T00:00:00Z")
    with pytest.raises(pc.TooManyPieces) as caught:
        columns.segments(table([(1, "start", start), (1, "stop", end)]), "UTC")
    assert (caught.value.count, caught.value.limit) == (1_972_309, 1_000_000)
    week = table([(1, "start", MONDAY), (1, "stop", MONDAY + 7 * DAY)])
    assert columns.segments(week, "UTC", limit=7).num_rows == 8
    with pytest.raises(pc.TooManyPieces):
        columns.segments(week, "UTC", limit=6)
