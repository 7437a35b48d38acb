"""Local days and clock faces: `punchclock.calendar`, held against the standard library's zones."""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import itertools
import zoneinfo
from collections.abc import Callable
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock.calendar import (
    Day,
    Disambiguation,
    day_of,
    from_seconds_of_day,
    seconds_of_day,
    split_by_day,
    work_date,
)
from strategies import not_instants

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
NAMES = sorted(zoneinfo.available_timezones())
FIRST = pc.instant("0001-01-01T00:00:00Z")
LAST = pc.instant("9999-12-31T23:59:59.999999Z")


@functools.cache
def changes(name: str) -> list[int]:
    """The instants at which a zone's offset changes, from the standard library's own tables."""
    # The tables of the standard library are private in C, but available in its Python version.
    zone: Any = importlib.import_module("zoneinfo._zoneinfo").ZoneInfo(name)
    offsets = [zone._tti_before.utcoff, *(info.utcoff for info in zone._ttinfos)]  # noqa: SLF001
    steps = zip(zone._trans_utc, itertools.pairwise(offsets), strict=True)  # noqa: SLF001
    return [at * SECOND for at, (old, new) in steps if old != new]


def shown(at: int, name: str) -> dt.datetime:
    """What a wall clock shows, by the standard library."""
    return pc.to_datetime(at).astimezone(zoneinfo.ZoneInfo(name))


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, int]:
    """A zone and an instant: half of them within two days of a change of its offset."""
    name = draw(st.sampled_from(NAMES))
    anywhere = st.integers(pc.instant("1840-01-01T00:00:00Z"), pc.instant("2200-01-01T00:00:00Z"))
    if changes(name):
        near = st.builds(int.__add__, st.sampled_from(changes(name)), st.integers(-2 * DAY, 2 * DAY))
        exactly = st.builds(int.__add__, st.sampled_from(changes(name)), st.integers(-1, 1))
        return name, draw(near | exactly | anywhere)
    return name, draw(anywhere)


def days(start: str, end: str, zone: str) -> list[tuple[str, float]]:
    """The pieces as (date, hours)."""
    pieces = split_by_day(pc.instant(start), pc.instant(end), zone)
    return [(piece.date.isoformat(), (piece.end - piece.start) / HOUR) for piece in pieces]


# --- split_by_day -----------------------------------------------------------------------------------


def test_a_shift_over_midnight_is_booked_on_both_days() -> None:
    """Time past midnight belongs to the next local date, wherever UTC's midnight is."""
    start, end = pc.instant("2026-03-02T21:30:00Z"), pc.instant("2026-03-03T02:00:00Z")
    midnight = pc.instant("2026-03-02T23:00:00Z")
    assert split_by_day(start, end, "Europe/Berlin") == [
        (dt.date(2026, 3, 2), start, midnight),
        (dt.date(2026, 3, 3), midnight, end),
    ]


@pytest.mark.parametrize(
    ("zone", "start", "end", "pieces"),
    [
        (
            "Europe/Berlin",
            "2026-03-27T23:00:00Z",
            "2026-03-30T22:00:00Z",
            [("2026-03-28", 24), ("2026-03-29", 23), ("2026-03-30", 24)],
        ),
        (
            "Europe/Berlin",
            "2026-10-23T22:00:00Z",
            "2026-10-26T23:00:00Z",
            [("2026-10-24", 24), ("2026-10-25", 25), ("2026-10-26", 24)],
        ),
        (
            "America/New_York",
            "2026-03-08T05:00:00Z",
            "2026-03-09T04:00:00Z",
            [("2026-03-08", 23)],
        ),
        # Midnight does not exist: the day begins at 01:00 on the clock.
        (
            "America/Sao_Paulo",
            "2018-11-03T03:00:00Z",
            "2018-11-05T02:00:00Z",
            [("2018-11-03", 24), ("2018-11-04", 23)],
        ),
        # The clock goes from midnight back to 23:00: the date goes on.
        (
            "America/Sao_Paulo",
            "2018-02-17T02:00:00Z",
            "2018-02-19T03:00:00Z",
            [("2018-02-17", 25), ("2018-02-18", 24)],
        ),
        (
            "Africa/Cairo",
            "2024-04-24T22:00:00Z",
            "2024-04-26T21:00:00Z",
            [("2024-04-25", 24), ("2024-04-26", 23)],
        ),
        (
            "Asia/Beirut",
            "2024-03-29T22:00:00Z",
            "2024-03-31T21:00:00Z",
            [("2024-03-30", 24), ("2024-03-31", 23)],
        ),
        # Lord Howe Island changes by half an hour.
        ("Australia/Lord_Howe", "2025-04-05T13:00:00Z", "2025-04-06T13:30:00Z", [("2025-04-06", 24.5)]),
        ("Australia/Lord_Howe", "2025-10-04T13:30:00Z", "2025-10-05T13:00:00Z", [("2025-10-05", 23.5)]),
        # Apia and Kwajalein skipped a whole day when they moved over the date line.
        (
            "Pacific/Apia",
            "2011-12-29T10:00:00Z",
            "2011-12-31T10:00:00Z",
            [("2011-12-29", 24), ("2011-12-31", 24)],
        ),
        (
            "Pacific/Kwajalein",
            "1993-08-20T12:00:00Z",
            "1993-08-22T12:00:00Z",
            [("1993-08-20", 24), ("1993-08-22", 24)],
        ),
        # Kwajalein's 1969-09-30 had 47 hours: at its end the clock went back by 23.
        (
            "Pacific/Kwajalein",
            "1969-09-29T13:00:00Z",
            "1969-10-02T12:00:00Z",
            [("1969-09-30", 47), ("1969-10-01", 24)],
        ),
        # Local mean time, with an offset of +00:53:28.
        (
            "Europe/Berlin",
            "1890-12-30T23:06:32Z",
            "1891-01-01T23:06:32Z",
            [("1890-12-31", 24), ("1891-01-01", 24)],
        ),
    ],
)
def test_days_are_as_long_as_they_were(zone: str, start: str, end: str, pieces: list[tuple[str, float]]) -> None:
    """A day has the hours that lie between its bounds: 23, 25, 24.5, 47, or it does not come at all."""
    assert days(start, end, zone) == pieces


def test_a_date_may_come_twice() -> None:
    """Where the clock falls back over midnight, every instant is booked on the date that the wall showed."""
    pieces = days("2006-10-28T02:30:00Z", "2006-10-30T03:30:00Z", "America/St_Johns")
    minute = 1 / 60
    assert pieces == [
        ("2006-10-28", 24),
        ("2006-10-29", minute),
        ("2006-10-28", 1 - minute),
        ("2006-10-29", 24),
    ]


def test_an_empty_interval_has_no_pieces() -> None:
    """An empty span has no pieces, but the zone and the instant are still checked."""
    at = pc.instant("2026-03-02T12:00:00Z")
    assert split_by_day(at, at, "Europe/Berlin") == []
    with pytest.raises(pc.UnknownZone):
        split_by_day(at, at, "Mars/Olympus")
    with pytest.raises(pc.InstantOutOfRange):
        split_by_day(LAST + 1, LAST + 1, "UTC")


def test_an_interval_that_ends_at_midnight_touches_no_next_day() -> None:
    """Intervals are half-open: midnight belongs to the next day only."""
    assert days("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "UTC") == [("2026-03-02", 24)]


def test_an_interval_that_ends_before_it_starts_is_rejected() -> None:
    """The error contains both bounds."""
    with pytest.raises(pc.InvalidSpan, match=r"\[5, 3\) is not a valid span: it ends 2 µs before") as caught:
        split_by_day(5, 3, "UTC")
    assert (caught.value.start, caught.value.end, caught.value.code) == (5, 3, "invalid-span")


@given(moments(), st.integers(0, 12 * DAY), st.data())
def test_pieces_are_the_interval(moment: tuple[str, int], length: int, data: st.DataObject) -> None:
    """Pieces are adjacent and not empty; each has one date by the standard library, and neighbours differ in date."""
    name, start = moment
    pieces = split_by_day(start, start + length, name)
    bounds = [start, *(piece.end for piece in pieces)]
    assert [piece.start for piece in pieces] == bounds[:-1]
    assert bounds[-1] == start + length
    for piece in pieces:
        assert piece.start < piece.end
        inside = data.draw(st.integers(piece.start, piece.end - 1))
        for at in (piece.start, inside, piece.end - 1):
            assert shown(at, name).date() == piece.date == work_date(at, name)
    assert all(one.date != next_.date for one, next_ in itertools.pairwise(pieces))


@given(moments(), st.lists(st.integers(0, 5 * DAY), min_size=2, max_size=2))
def test_splitting_anywhere_first_changes_nothing(moment: tuple[str, int], lengths: list[int]) -> None:
    """The hours of each date are the same whether an interval is split at once or in two parts."""
    name, start = moment
    middle, end = start + lengths[0], start + sum(lengths)

    def by_date(pieces: list[Day]) -> dict[dt.date, int]:
        sums: dict[dt.date, int] = {}
        for piece in pieces:
            sums[piece.date] = sums.get(piece.date, 0) + piece.end - piece.start
        return sums

    parts = split_by_day(start, middle, name) + split_by_day(middle, end, name)
    assert by_date(split_by_day(start, end, name)) == by_date(parts)


def test_no_zone_changes_twice_within_four_days() -> None:
    """What the search for a change rests on holds of every zone of the tz database."""
    gaps = [(b - a, name) for name in NAMES for a, b in itertools.pairwise(changes(name))]
    assert min(gaps) > (95 * HOUR, "")


def test_decades_take_one_look_at_the_zone_a_day() -> None:
    """Only the few days with a change cost a search."""
    looks = 0

    class Counted(zoneinfo.ZoneInfo):
        def fromutc(self, utc: dt.datetime) -> dt.datetime:
            nonlocal looks
            looks += 1
            return super().fromutc(utc)

    start, end = pc.instant("1996-01-01T00:00:00Z"), pc.instant("2026-01-01T00:00:00Z")
    pieces = split_by_day(start, end, Counted("Europe/Berlin"))
    assert pieces == split_by_day(start, end, "Europe/Berlin")
    assert len(pieces) == 10_959
    assert looks < 1.5 * len(pieces)


# --- day_of -----------------------------------------------------------------------------------------


@given(moments())
def test_the_day_of_an_instant_holds_it_and_ends_where_the_date_does(moment: tuple[str, int]) -> None:
    """The bounds are those of the longest segment on the date: just outside them another date is shown."""
    name, at = moment
    day = day_of(at, name)
    assert day.start <= at < day.end
    assert day.date == shown(at, name).date()
    assert shown(day.start - 1, name).date() != day.date != shown(day.end, name).date()
    assert split_by_day(day.start, day.end, name) == [day]


def test_a_date_that_comes_twice_is_two_days() -> None:
    """The day of an instant is the piece that it lies in, and no other piece of the same date."""
    change = pc.instant("2006-10-29T02:31:00Z")
    second = day_of(change, "America/St_Johns")
    assert second == (dt.date(2006, 10, 28), change, change + HOUR - 60 * SECOND)
    assert day_of(change - 1, "America/St_Johns") == (dt.date(2006, 10, 29), change - 60 * SECOND, change)


def test_a_day_with_a_change_in_it_is_one_day() -> None:
    """The whole of Kwajalein's 47 hours is found from the first and from the last instant."""
    start, end = pc.instant("1969-09-29T13:00:00Z"), pc.instant("1969-10-01T12:00:00Z")
    whole = Day(dt.date(1969, 9, 30), start, end)
    assert day_of(start, "Pacific/Kwajalein") == day_of(end - 1, "Pacific/Kwajalein") == whole


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        # The clock goes from 01:00 back to midnight: the day has begun an hour before.
        ("Atlantic/Azores", "2025-10-26T00:00:00Z", "2025-10-27T01:00:00Z"),
        ("America/Havana", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"),
        # The clock goes from midnight to 01:00, or back to 23:00 of the day before.
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        ("America/Sao_Paulo", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        # The day before, or the day after, never came.
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
        ("Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_day_that_begins_or_ends_with_a_change_is_found_from_anywhere_in_it(zone: str, start: str, end: str) -> None:
    """From its first instant and from its last, from just beside the change and from afar, the bounds are the same."""
    first, last = pc.instant(start), pc.instant(end)
    day = Day(shown(first, zone).date(), first, last)
    for at in (first, first + 1, first + HOUR - 1, first + HOUR, first + HOUR + 1, last - HOUR, last - 2, last - 1):
        assert day_of(at, zone) == day


@pytest.mark.parametrize("microseconds", [1, -1, 86_399_999_999, -86_399_999_999])
def test_an_offset_may_be_of_microseconds(microseconds: int) -> None:
    """Nothing of a fixed offset is cut off, on either side of UTC: the day begins just then."""
    zone = dt.timezone(dt.timedelta(microseconds=microseconds))
    midnight = pc.instant("2026-03-02T00:00:00Z") - microseconds
    assert day_of(midnight, zone) == (dt.date(2026, 3, 2), midnight, midnight + DAY)
    assert work_date(midnight - 1, zone) == dt.date(2026, 3, 1)


# --- clock faces, and back --------------------------------------------------------------------------


@given(moments())
def test_the_clock_face_is_the_standard_librarys(moment: tuple[str, int]) -> None:
    """Date and seconds of day are those of an independent implementation, fractions cut off."""
    name, at = moment
    face = shown(at, name)
    assert work_date(at, name) == face.date()
    assert seconds_of_day(at, name) == face.hour * 3600 + face.minute * 60 + face.second


@given(moments())
def test_the_way_back_meets_the_instant(moment: tuple[str, int]) -> None:
    """The clock face of an instant names that second, or one of two where it is shown twice."""
    name, at = moment
    date, seconds = work_date(at, name), seconds_of_day(at, name)
    offset = shown(at, name).utcoffset()
    assert offset is not None
    second = at - (at + offset // dt.timedelta(microseconds=1)) % SECOND
    earlier = from_seconds_of_day(date, seconds, name, disambiguation=Disambiguation.EARLIER)
    later = from_seconds_of_day(date, seconds, name, disambiguation=Disambiguation.LATER)
    assert second in {earlier, later}
    assert earlier <= later
    if earlier == later:
        assert from_seconds_of_day(date, seconds, name, disambiguation=Disambiguation.REJECT) == second
    else:
        with pytest.raises(pc.AmbiguousLocalTime):
            from_seconds_of_day(date, seconds, name, disambiguation=Disambiguation.REJECT)


@given(moments(), st.integers(-DAY // SECOND, DAY // SECOND))
def test_any_clock_face_is_read_as_the_standard_library_reads_its_two_folds(
    moment: tuple[str, int], shift: int
) -> None:
    """Earlier and later are the two readings that PEP 495 calls folds, in gaps too."""
    name, at = moment
    face = shown(at, name).replace(tzinfo=None, microsecond=0, fold=0) + dt.timedelta(seconds=shift)
    folds = [pc.instant(face.replace(tzinfo=zoneinfo.ZoneInfo(name), fold=fold)) for fold in (0, 1)]
    seconds = face.hour * 3600 + face.minute * 60 + face.second
    readings = [
        from_seconds_of_day(face.date(), seconds, name, disambiguation=each)
        for each in (Disambiguation.EARLIER, Disambiguation.LATER)
    ]
    assert readings == sorted(folds)


def test_a_time_shown_twice_is_one_of_two() -> None:
    """In Berlin 02:30 came twice on 2026-10-25."""
    read = functools.partial(from_seconds_of_day, dt.date(2026, 10, 25), 9000, "Europe/Berlin")
    first, second = pc.instant("2026-10-25T00:30:00Z"), pc.instant("2026-10-25T01:30:00Z")
    assert read(disambiguation=Disambiguation.EARLIER) == first
    assert read(disambiguation=Disambiguation.LATER) == second
    with pytest.raises(
        pc.AmbiguousLocalTime, match="9000 s into 2026-10-25 in Europe/Berlin: the clock shows this time twice"
    ) as caught:
        read(disambiguation=Disambiguation.REJECT)
    error = caught.value
    assert (error.earlier, error.later, error.code) == (first, second, "ambiguous-local-time")
    assert (error.date, error.seconds, error.zone) == (dt.date(2026, 10, 25), 9000, "Europe/Berlin")


def test_a_time_never_shown_is_read_from_either_side() -> None:
    """In Berlin 02:30 did not come on 2026-03-29: it is 01:30 or 03:30."""
    read = functools.partial(from_seconds_of_day, dt.date(2026, 3, 29), 9000, "Europe/Berlin")
    before, after = pc.instant("2026-03-29T00:30:00Z"), pc.instant("2026-03-29T01:30:00Z")
    assert read(disambiguation=Disambiguation.EARLIER) == before
    assert read(disambiguation=Disambiguation.LATER) == after
    assert [seconds_of_day(at, "Europe/Berlin") for at in (before, after)] == [5400, 12_600]
    with pytest.raises(pc.MissingLocalTime, match="skips") as caught:
        read(disambiguation=Disambiguation.REJECT)
    assert (caught.value.earlier, caught.value.later) == (before, after)


def test_a_time_on_a_skipped_day_is_read_from_either_side() -> None:
    """Apia's 2011-12-30 never came: its noon is noon of the day before, or of the day after."""
    noon = [
        from_seconds_of_day(dt.date(2011, 12, 30), 43_200, "Pacific/Apia", disambiguation=each)
        for each in (Disambiguation.EARLIER, Disambiguation.LATER)
    ]
    assert noon == [pc.instant("2011-12-29T12:00:00-10:00"), pc.instant("2011-12-31T12:00:00+14:00")]


@pytest.mark.parametrize("seconds", [-1, 86_400, True, 1.5, None, "1"])
def test_an_invalid_time_of_day_is_rejected(seconds: int) -> None:
    """A clock face shows 0 to 86,399 seconds; 24:00 is the next day's 0."""
    with pytest.raises(pc.InvalidLocalTime, match="0 to 86399") as caught:
        from_seconds_of_day(dt.date(2026, 3, 2), seconds, "UTC", disambiguation=Disambiguation.REJECT)
    assert caught.value.seconds == seconds


@given(not_instants, moments())
def test_an_invalid_instant_has_no_day(wrong: object, moment: tuple[str, int]) -> None:
    """Every function that reads an instant rejects another type, in every zone and before it looks at the zone."""
    zone, at = moment
    readings: list[Callable[[Any, str], object]] = [work_date, seconds_of_day, day_of]
    for read in readings:
        for each in (zone, "no zone"):
            with pytest.raises(pc.InvalidInstant) as caught:
                read(wrong, each)
            assert caught.value.value is wrong
    bounds: list[tuple[Any, Any]] = [(wrong, at), (at, wrong), (wrong, wrong)]
    for start, end in bounds:
        with pytest.raises(pc.InvalidInstant) as caught:
            split_by_day(start, end, zone)
        assert caught.value.value is wrong


# --- zones and the ends of time ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        pendulum.timezone("Europe/Berlin"),
        zoneinfo.ZoneInfo("Europe/Berlin"),
        pendulum.timezone(3600),
        dt.timezone(dt.timedelta(hours=1)),
    ],
)
def test_a_zone_is_a_name_or_a_zone(zone: str | dt.tzinfo) -> None:
    """Pendulum's zones, the standard library's and fixed offsets all serve."""
    assert work_date(pc.instant("2026-03-02T23:30:00Z"), zone) == dt.date(2026, 3, 3)


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Olympus",
        "",
        "Europe",
        "../etc/passwd",
        "/etc/localtime",
        "leapseconds",
        "Europe/Berlin\0",
        "\ud800",
        "x" * 5000,
        7,
        None,
        b"UTC",
    ],
)
def test_an_unknown_zone_is_rejected_by_name(zone: str) -> None:
    """A name that the tz database lacks, a path, a directory, or no name at all: one named error."""
    with pytest.raises(pc.UnknownZone) as caught:
        work_date(0, zone)
    assert (caught.value.zone, caught.value.code) == (zone, "unknown-zone")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("at", [FIRST - 1, LAST + 1, -(10**30), 10**30])
def test_instants_that_no_date_can_show_are_rejected(at: int) -> None:
    """Outside the years 1 to 9999 every question is rejected with the same error."""
    for ask in (work_date, seconds_of_day, day_of):
        with pytest.raises(pc.InstantOutOfRange):
            ask(at, "UTC")
    with pytest.raises(pc.InstantOutOfRange):
        split_by_day(min(at, 0), max(at, 0), "UTC")


@pytest.mark.parametrize(("at", "zone"), [(FIRST, "America/New_York"), (LAST, "Asia/Tokyo")])
def test_instants_that_only_the_zone_cannot_show_are_rejected(at: int, zone: str) -> None:
    """The year 0 of a zone is as far out as that of UTC, and the error names the zone."""
    with pytest.raises(pc.InstantOutOfRange, match=zone):
        work_date(at, zone)


def test_the_first_and_the_last_day_are_whole() -> None:
    """At both ends of time the outermost days can be asked for; a bound may lie just outside."""
    assert day_of(FIRST, "UTC") == (dt.date.min, FIRST, FIRST + DAY)
    assert day_of(LAST, "UTC") == (dt.date.max, LAST + 1 - DAY, LAST + 1)
    assert day_of(LAST, "America/New_York").end == LAST + 1 + 5 * HOUR
    assert [piece.date for piece in split_by_day(LAST - DAY, LAST, "UTC")] == [dt.date(9999, 12, 30), dt.date.max]


def test_a_clock_face_at_the_end_of_time_is_rejected_where_its_instant_is() -> None:
    """In New York the last evening of 9999 is in UTC's year 10000."""
    with pytest.raises(pc.InstantOutOfRange):
        from_seconds_of_day(dt.date.max, 86_399, "America/New_York", disambiguation=Disambiguation.REJECT)
    face = from_seconds_of_day(dt.date.max, 86_399, "Asia/Tokyo", disambiguation=Disambiguation.REJECT)
    assert face == LAST + 1 - SECOND - 9 * HOUR


@pytest.mark.parametrize(
    ("at", "date", "seconds", "offset"),
    [
        (FIRST, dt.date.min, 0, 0),
        (FIRST - 1, dt.date.min, 0, 1),
        (LAST, dt.date.max, 86_399, -999_999),
        (LAST + 1, dt.date.max, 86_399, -1_000_000),
    ],
)
def test_the_outermost_clock_faces(at: int, date: dt.date, seconds: int, offset: int) -> None:
    """The first and the last instant of all can be read off a clock, and no other beyond them."""
    zone = dt.timezone(dt.timedelta(microseconds=offset))
    if FIRST <= at <= LAST:
        assert from_seconds_of_day(date, seconds, zone, disambiguation=Disambiguation.REJECT) == at
    else:
        with pytest.raises(pc.InstantOutOfRange) as caught:
            from_seconds_of_day(date, seconds, zone, disambiguation=Disambiguation.REJECT)
        assert caught.value.value == at
