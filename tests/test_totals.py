"""Totals by user, local day and project, and the accumulator of a long past."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock import Event, InstantOutOfRange, Kind, Segment, Timer, UnknownZone, instant
from punchclock.calendar import Day, day_of, split_by_day, work_date
from punchclock.eventlog import totals as totals_module
from punchclock.eventlog.totals import DailyAccumulator, Days, Period, Total, totals
from punchclock.history import replay, timeline
from punchclock.timer import IDLE, amend, elapsed_at, not_before, transition, worked_at
from strategies import FIRST, LAST, legal_histories

HOUR = 3_600_000_000

#: Zones that change clocks at midnight, twice, by half an hour, by a whole day, and never.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
]

#: Ten years around the changes of all of them.
moments = st.integers(instant("2006-01-01T00:00:00Z"), instant("2016-01-01T00:00:00Z"))


def work(start: str, end: str) -> list[Segment]:
    """One segment of work."""
    return [Segment(Kind.WORK, instant(start), instant(end))]


def test_totals_are_by_user_day_and_project() -> None:
    """Timers of one user, day and project add up; the rows are sorted, with missing users and projects at the end."""
    morning = pc.timeline(
        [
            (Event.START, instant("2026-03-02T08:00:00Z")),
            (Event.PAUSE, instant("2026-03-02T10:00:00Z")),
            (Event.STOP, instant("2026-03-02T10:30:00Z")),
        ]
    )
    evening = work("2026-03-02T18:00:00Z", "2026-03-02T19:00:00Z")
    rows = pc.totals(
        [
            (None, "Zebra", evening),
            ("bob", None, evening),
            ("bob", "Zebra", evening),
            ("anna", "Zebra", morning),
            ("anna", "Ant", evening),
            ("anna", "Zebra", evening),
        ],
        "UTC",
    )
    day = dt.date(2026, 3, 2)
    assert rows == [
        Total("anna", day, "Ant", HOUR, 0),
        Total("anna", day, "Zebra", 3 * HOUR, HOUR // 2),
        Total("bob", day, "Zebra", HOUR, 0),
        Total("bob", day, None, HOUR, 0),
        Total(None, day, "Zebra", HOUR, 0),
    ]


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("UTC", {28: 3, 29: 6}),
        ("Europe/Berlin", {28: 2, 29: 7}),  # the clock goes from 02:00 to 03:00
        ("America/New_York", {28: 7, 29: 2}),
    ],
)
def test_a_night_is_split_at_the_zone_s_midnight(zone: str, hours: dict[int, int]) -> None:
    """Nine hours that passed are nine hours, on whichever days, and whatever the clock showed in that night."""
    rows = totals([("anna", None, work("2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"))], zone)
    assert {row.date.day: row.worked // HOUR for row in rows} == hours


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_whole_day_is_as_long_as_it_was(day: str, hours: int) -> None:
    """A timer that runs through three days works 23, 24 or 25 hours on the middle one."""
    date = dt.date.fromisoformat(day)
    before, after = date - dt.timedelta(days=1), date + dt.timedelta(days=2)
    rows = totals([(None, None, work(f"{before}T12:00:00Z", f"{after}T12:00:00Z"))], "Europe/Berlin")
    assert [row.worked for row in rows if row.date == date] == [hours * HOUR]


def test_a_date_that_comes_twice_is_one_row() -> None:
    """In St. John's the clock once went from 00:01 back to 23:01: both pieces of the Saturday are the Saturday's."""
    segment = work("2010-11-06T12:00:00Z", "2010-11-07T12:00:00Z")
    rows = totals([("anna", None, segment)], "America/St_Johns")
    assert [row.date.day for row in rows] == [6, 7]
    assert sum(row.worked for row in rows) == 24 * HOUR


def test_a_total_does_not_change() -> None:
    """Rows are immutable and hashable."""
    row = Total("anna", dt.date(2026, 3, 2), None, HOUR, 0)
    assert {row, Total("anna", dt.date(2026, 3, 2), None, HOUR, 0)} == {row}
    with pytest.raises(AttributeError):
        row.worked = 0  # type: ignore[misc]


def test_a_timer_without_time_has_no_row() -> None:
    """Such as one that stopped at its start."""
    assert (
        totals([("anna", None, []), ("anna", None, work("2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"))], "UTC") == []
    )


def test_an_unknown_zone_is_rejected() -> None:
    """Before anything is summed."""
    with pytest.raises(UnknownZone):
        totals([], "Europe/Berlin_")


def test_an_instant_beyond_all_dates_is_rejected() -> None:
    """It is on no day."""
    for start in (FIRST - 1, LAST + 1):
        with pytest.raises(InstantOutOfRange):
            totals([(None, None, [Segment(Kind.WORK, start, start + 1)])], "UTC")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_the_outermost_hours_have_a_day(zone: str) -> None:
    """Where a zone would show the year 0 or 10000, the hour is booked on the nearest date that has a name."""
    first, last = Segment(Kind.WORK, FIRST, FIRST + 48 * HOUR), Segment(Kind.WORK, LAST - 48 * HOUR, LAST)
    rows = totals([("first", None, [first]), ("last", None, [last])], zone)
    assert {row.user: row.date for row in rows[::-1]}["first"] == dt.date(1, 1, 1)
    assert {row.user: row.date for row in rows}["last"] == dt.date(9999, 12, 31)
    assert sum(row.worked for row in rows) == 96 * HOUR
    days = Days(zone)
    for at in (FIRST, FIRST + 30 * HOUR, LAST - 30 * HOUR, LAST):
        assert days.of(at).start <= at < days.of(at).end


@pytest.mark.parametrize(
    ("zone", "date", "turn", "nameless"),
    [
        ("Asia/Tokyo", dt.date.max, LAST + 1 - 9 * HOUR, (LAST + 1 - 9 * HOUR, LAST)),
        # By the sun's time: 4 hours, 56 minutes and 2 seconds behind.
        ("America/New_York", dt.date.min, FIRST + 17_762_000_000, (FIRST, FIRST + 17_761_999_999)),
    ],
)
def test_an_outermost_day_is_two_days_long(zone: str, date: dt.date, turn: int, nameless: tuple[int, int]) -> None:
    """Its own 24 hours, and those of the day without a name beyond the turn of the year: all of one date."""
    for at in nameless:
        assert Days(zone).of(at) == (date, turn - 24 * HOUR, turn + 24 * HOUR)


@given(st.lists(moments, max_size=20), st.sampled_from(ZONES))
def test_a_day_is_the_calendar_s(instants: list[int], zone: str) -> None:
    """Looked up in any order: what is remembered is never another day's."""
    days = Days(zone)
    for at in [*instants, *reversed(instants)]:
        day = days.of(at)
        assert day.date == work_date(at, zone)
        assert day.start <= at < day.end


def test_days_are_remembered_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a log of centuries the cache is cleared, with the same results."""
    monkeypatch.setattr(Days, "_MAX_HOURS", 10)
    days = Days("Europe/Berlin")
    for hour in range(500):
        assert days.of(hour * HOUR).date == work_date(hour * HOUR, "Europe/Berlin")
        assert len(days._by_hour) <= 10  # noqa: SLF001 - memory is what this is about


def test_a_day_is_looked_up_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many timers there are, and though they take turns over the whole of a year."""
    looked_up: list[int] = []

    def counted(at: int, zone: str | dt.tzinfo) -> Day:
        looked_up.append(at)
        return day_of(at, zone)

    monkeypatch.setattr(totals_module, "day_of", counted)
    days = Days("UTC")
    hours = [instant("2026-01-01T00:00:00Z") + hour * HOUR for hour in range(365 * 24)]
    for within in (HOUR - 1, HOUR // 2, 0):
        for hour in hours:
            assert days.of(hour + within).start <= hour
    assert looked_up == [hour + HOUR - 1 for hour in hours]


@st.composite
def recorded(draw: st.DrawFn) -> tuple[list[tuple[Event, int]], int]:
    """A history in the ten years of ``moments``, and an instant to read it at."""
    history = draw(legal_histories(min_size=1))
    shift = draw(moments) - history[0][1]
    history = [(event, at + shift) for event, at in history]
    return history, history[-1][1] + draw(st.integers(0, 100 * 24 * HOUR))


def accumulated(history: list[tuple[Event, int]], zone: str) -> tuple[DailyAccumulator, Timer]:
    """Return the accumulator of a history and its timer, as a `TimerLog` would."""
    (event, at), *rest = history
    timer, days = transition(IDLE, event, at), DailyAccumulator(Days(zone), at)
    for event, at in rest:
        days.moved(timer, at)
        timer = transition(timer, event, at)
    return days, timer


@given(recorded(), st.sampled_from(ZONES))
def test_an_accumulator_has_the_totals_of_the_whole_past(
    recorded: tuple[list[tuple[Event, int]], int], zone: str
) -> None:
    """On every day of every zone, for any number of events; and its segments are adjacent."""
    history, until = recorded
    condensed, timer = accumulated(history, zone)
    segments = condensed.segments(timer, until)
    exact = timeline(history, until=until if timer.state in pc.machine.COUNTS_AS else None)
    assert totals([("anna", None, segments)], zone) == totals([("anna", None, exact)], zone)
    assert [one.end for one in segments[:-1]] == [two.start for two in segments[1:]]
    assert sum(each.end - each.start for each in segments) == elapsed_at(timer, not_before(timer, until))


@given(recorded(), st.integers(-999 * HOUR, 999 * HOUR), st.integers(0, 100 * HOUR), st.sampled_from(ZONES))
def test_an_amendment_replaces_the_past(
    recorded: tuple[list[tuple[Event, int]], int], later: int, worked: int, zone: str
) -> None:
    """Break from the start, then the work, up to the instant of the amendment; what follows follows on."""
    history, until = recorded
    condensed, timer = accumulated(history, zone)
    since = until + later
    timer = amend(timer, worked=worked, since=since)
    condensed.amended(timer)
    at = not_before(timer, until)
    wanted = [
        Segment(Kind.BREAK, timer.started_at, since - worked),
        Segment(Kind.WORK, since - worked, since),
    ]
    for event in (Event.PAUSE, Event.RESUME, Event.STOP):
        kind = pc.machine.COUNTS_AS.get(timer.state)
        if kind is None:
            break
        at += 30 * HOUR
        wanted.append(Segment(kind, timer.since, at))
        condensed.moved(timer, at)
        timer = transition(timer, event if (timer.state, event) in pc.TRANSITIONS else Event.STOP, at)
    segments = condensed.segments(timer, at)
    assert totals([("anna", None, segments)], zone) == totals([("anna", None, wanted)], zone)
    assert sum(each.end - each.start for each in segments if each.kind is Kind.WORK) == worked_at(timer, at)


def test_an_accumulator_does_not_grow_with_events() -> None:
    """A thousand pauses in a day leave nothing behind; a midnight leaves a reading."""
    start = instant("2026-03-02T00:00:00Z")
    history = [(Event.START, start)]
    for minute in range(1, 3 * 1440 - 2, 2):
        history += [(Event.PAUSE, start + minute * 60_000_000), (Event.RESUME, start + (minute + 1) * 60_000_000)]
    condensed, timer = accumulated(history, "UTC")
    assert timer == replay(history)
    assert len(condensed.segments(timer, timer.since)) == 6
    condensed.discarded()


def test_a_timer_that_ran_for_centuries_is_two_readings() -> None:
    """Nothing is kept for each of its days."""
    history = [(Event.START, FIRST), (Event.PAUSE, LAST - HOUR)]
    condensed, timer = accumulated(history, "Asia/Tokyo")
    assert condensed.segments(timer, LAST)[-1] == Segment(Kind.BREAK, LAST - HOUR, LAST)
    assert len(condensed.segments(timer, LAST)) == 4


@given(
    st.lists(st.tuples(st.sampled_from([*Kind]), moments, moments), max_size=6),
    st.sampled_from([*ZONES, "Asia/Manila"]),
    st.sampled_from([*Period]),
)
def test_totals_are_the_sums_of_the_pieces_by_day(
    spans: list[tuple[Kind, int, int]], zone: str, period: Period
) -> None:
    """By day, month and year, overlapping segments of any length add up to their pieces, day by day."""
    sums: dict[dt.date, list[int]] = {}
    segments = [Segment(kind, *sorted(span)) for kind, *span in spans]
    for segment in segments:
        for day in split_by_day(segment.start, segment.end, zone):
            row = sums.setdefault(period.first(day.date), [0, 0])
            row[0 if segment.kind is Kind.WORK else 1] += day.end - day.start
    rows = totals([("anna", None, segments)], zone, period=period)
    assert [(row.date, [row.worked, row.break_]) for row in rows] == sorted(sums.items())


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("America/St_Johns", "2009-09-20T00:00:00Z", "2009-12-01T00:00:00Z"),  # 1 November begins twice
        ("Asia/Manila", "1844-11-20T00:00:00Z", "1845-02-20T00:00:00Z"),  # without 31 December
        ("Asia/Tokyo", "0001-01-01T00:00:00Z", "0001-03-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("period", [Period.MONTH, Period.YEAR])
def test_a_month_that_begins_twice(zone: str, start: str, end: str, period: Period) -> None:
    """Where the clock changes at the begin of a month, each instant counts for the date that the clock shows."""
    first, last = instant(start), instant(end)
    expected: dict[dt.date, int] = {}
    for day in split_by_day(first, last, zone):
        date = period.first(day.date)
        expected[date] = expected.get(date, 0) + day.end - day.start
    for at in range(first, last, 17 * HOUR):
        segments = [Segment(Kind.WORK, first, at), Segment(Kind.WORK, at, last)]
        rows = totals([(None, None, segments)], zone, period=period)
        assert {row.date: row.worked for row in rows} == expected


def test_the_years_of_a_calendar_are_summed_quickly() -> None:
    """A timer of 5,400 years has too many days for a table, and is summed by year without a look at each."""
    start, end = instant("0100-01-01T00:00:00Z"), instant("5500-01-01T00:00:00Z")
    segments = [Segment(Kind.BREAK, start, end)] * 3
    with pytest.raises(pc.TooManyPieces) as caught:
        totals([("anna", None, segments)], "Europe/Berlin")
    assert (caught.value.count, caught.value.limit) == (1_972_307, 250_000)
    rows = totals([("anna", None, segments)], "Europe/Berlin", period="year")
    assert sum(row.break_ for row in rows) == 3 * (end - start)
    assert len(rows) == 5401
    assert len(totals([("anna", None, [Segment(Kind.WORK, start, start + 99 * 24 * HOUR)])], "UTC", limit=97)) == 99
