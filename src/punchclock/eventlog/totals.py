"""Totals: work and break by user, local day and project.

`totals` adds segments. `DailyAccumulator` stands in for the segments of a timer with many events: its memory depends on
the number of days only. `punchclock.calendar` determines the date of an instant.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Final, Literal

import msgspec

from punchclock.calendar import Day, Disambiguation, day_of, find_zone, from_seconds_of_day
from punchclock.errors import InstantOutOfRange, TooManyPieces
from punchclock.history import Segment
from punchclock.instants import to_datetime
from punchclock.machine import COUNTS_AS, Kind
from punchclock.timer import Timer, not_before, worked_at
from punchclock.units import DAY, HOUR

#: The default limit of `totals`. As many days, nearly 700 years of one user's, take about two seconds and 100 MB.
MAX_PIECES: Final = 250_000


class Period(StrEnum):
    """The length of time that a row of totals covers."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def first(self, date: dt.date) -> dt.date:
        """Return the first date of the period that contains a date."""
        if self is Period.DAY:
            return date
        return date.replace(day=1) if self is Period.MONTH else date.replace(month=1, day=1)


class Total(msgspec.Struct, frozen=True):
    """Work and break of a user for a project on a local day, in microseconds.

    In totals by month or year, ``date`` is the first day of the period.
    """

    user: str | None
    date: dt.date
    project: str | None
    worked: int
    break_: int


def totals(
    timelines: Iterable[tuple[str | None, str | None, Iterable[Segment]]],
    zone: str | dt.tzinfo,
    *,
    period: Period | Literal["day", "month", "year"] = Period.DAY,
    limit: int = MAX_PIECES,
) -> list[Total]:
    """Return work and break by user, project and local day, month or year.

    Segments are split at midnight, also on days of 23 and 25 hours, and nothing is rounded. Time without a user or
    without a project has rows of its own, after the others.

    Time and memory grow with the number of segments and of rows. A timer that was forgotten years ago has a row for
    each day since; ``limit`` bounds these rows.

    Args:
        timelines: ``(user, project, segments)`` of each timer, with the segments of `punchclock.timeline`.
        zone: the zone of the days, as in `punchclock.calendar.find_zone`.
        period: the time that a row covers.
        limit: the maximum number of whole days, months or years within segments; those of one user and project that
            overlap count once.

    Returns:
        A row for each user, period and project with time, sorted by user, date and project.

    Raises:
        UnknownZone: the zone is not known.
        InstantOutOfRange: a segment is outside the years 1 to 9999.
        TooManyPieces: there are more whole periods than ``limit``; use a longer period or a higher limit.
    """
    periods = Days(zone, Period(period))
    sums: dict[tuple[str | None, str | None], _Sum] = {}
    for user, project, segments in timelines:
        held = sums.get((user, project))
        if held is None:
            held = sums[user, project] = _Sum()
        for segment in segments:
            held.add(0 if segment.kind is Kind.WORK else 1, segment.start, segment.end, periods)
    pieces = sum(held.pieces(periods.LENGTHS[periods.period]) for held in sums.values())
    if pieces > limit:
        raise TooManyPieces(pieces, limit)
    rows = [
        Total(user, date, project, worked, break_)
        for (user, project), held in sums.items()
        for date, (worked, break_) in held.rows(periods)
    ]
    rows.sort(key=lambda row: (row.user is None, row.user or "", row.date, row.project is None, row.project or ""))
    return rows


class _Sum:
    """Work and break of one user for one project.

    The first and the last part of a segment are added to their dates. What is between consists of whole periods: only
    its bounds are stored, with how many segments begin or end there, and `rows` multiplies.
    """

    __slots__ = ("_bounds", "_by_date")

    def __init__(self) -> None:
        self._by_date: dict[dt.date, list[int]] = {}
        self._bounds: dict[int, list[int]] = {}

    def add(self, kind: int, start: int, end: int, periods: Days) -> None:
        """Add a segment; ``kind`` is 0 for work and 1 for break."""
        if start >= end:
            return
        date, _, cut = periods.of(start)
        self._add(date, kind, min(cut, end) - start)
        if end <= cut:
            return
        date, last, _ = periods.of(end - 1)
        self._add(date, kind, end - last)
        if cut < last:
            self._bounds.setdefault(cut, [0, 0])[kind] += 1
            self._bounds.setdefault(last, [0, 0])[kind] -= 1

    def pieces(self, length: int) -> int:
        """Return about how many whole periods of a length are between the bounds."""
        return sum((end - start) // length for start, end, _ in self._covered())

    def rows(self, periods: Days) -> Iterator[tuple[dt.date, list[int]]]:
        """Yield the work and break of each date."""
        for start, end, counts in self._covered():
            at = start
            while at < end:
                date, _, cut = periods.of(at)
                for kind, count in enumerate(counts):
                    self._add(date, kind, count * (cut - at))
                at = cut
        yield from self._by_date.items()

    def _covered(self) -> Iterator[tuple[int, int, list[int]]]:
        """Yield the spans between bounds, with how many segments of each kind cover them, if any does."""
        counts = [0, 0]
        for start, end in pairwise(sorted(self._bounds)):
            counts = [count + change for count, change in zip(counts, self._bounds[start], strict=True)]
            if any(counts):
                yield start, end, counts

    def _add(self, date: dt.date, kind: int, duration: int) -> None:
        row = self._by_date.get(date)
        if row is None:
            row = self._by_date[date] = [0, 0]
        row[kind] += duration


class Days:
    """The local days of a zone, with a cache: adjacent events of a log are mostly in the same hours.

    Every instant in the years 1 to 9999 UTC has a day. If the local date is outside these years, the nearest date is
    used.

    With a longer period, each piece has its first date. A period is one piece, except where the clock is changed at its
    begin or end: midnight may be missing or occur twice, so the time around it is a piece of its own.

    Attributes:
        period: the length of time that has one date.
    """

    #: The usual length of a piece.
    LENGTHS: Final = {Period.DAY: DAY, Period.MONTH: 30 * DAY, Period.YEAR: 365 * DAY}

    _MAX_HOURS = 10_000  # more than in a year; a full cache is cleared

    def __init__(self, zone: str | dt.tzinfo, period: Period = Period.DAY) -> None:
        self.period = period
        self._zone = find_zone(zone)
        self._by_hour: dict[int, Day] = {}

    def of(self, at: int) -> Day:
        """Return the local day of an instant.

        Raises:
            InstantOutOfRange: outside the years 1 to 9999 in UTC.
        """
        day = self._by_hour.get(at // HOUR)
        if day is not None and day.start <= at < day.end:
            return day
        day = self._look_up(at)
        if self.period is not Period.DAY:
            day = self._extended(at, day)
        if len(self._by_hour) >= self._MAX_HOURS:
            self._by_hour.clear()
        self._by_hour[at // HOUR] = day
        return day

    def _extended(self, at: int, day: Day) -> Day:
        """Return the piece that contains an instant, given its day, with the first date of its period."""
        first = self.period.first(day.date)
        if self.period is Period.YEAR:
            last = first.replace(month=12, day=31)
        else:
            last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        try:
            start = from_seconds_of_day(first, 0, self._zone, disambiguation=Disambiguation.LATER)
            following = last + dt.timedelta(days=1)
            end = from_seconds_of_day(following, 0, self._zone, disambiguation=Disambiguation.EARLIER)
        except (InstantOutOfRange, OverflowError):  # of the first or the last year
            return day._replace(date=first)
        if at < start:
            return Day(first, day.start, min(day.end, start))
        if at >= end:
            return Day(first, max(day.start, end), day.end)
        return Day(first, start, end)

    def _look_up(self, at: int) -> Day:
        to_datetime(at)  # rejects an instant out of range
        try:
            return day_of(at, self._zone)
        except InstantOutOfRange:
            # Offsets are less than a day, so an instant that is a day nearer to the present has a local date.
            if at < 0:
                date, start, end = day_of(at + DAY, self._zone)
                return Day(date, start - DAY, end)
            date, start, end = day_of(at - DAY, self._zone)
            return Day(date, start, end + DAY)


class DailyAccumulator:
    """The past of a timer, reduced to what totals by day need: a `punchclock.eventlog.TimelineObserver`.

    It stores readings of the work done: between two events, one at the first change of date and one at the last. So the
    time between two readings is on one date or of one kind. Within it, the order of work and break does not affect the
    totals, so `segments` puts the work first. A timer within one day needs no reading.
    """

    __slots__ = ("_days", "_midnight", "_readings")

    def __init__(self, days: Days, started_at: int) -> None:
        self._days = days
        #: The end of the day of the last reading.
        self._midnight = days.of(started_at).end
        self._readings: list[tuple[int, int]] | None = None

    def moved(self, before: Timer, at: int) -> None:
        """Add the time up to an event at ``at``; the timer was ``before`` until then."""
        if at > self._midnight:
            self._cross(before, at)

    def amended(self, timer: Timer) -> None:
        """Replace the past: a break from the start, then the work, up to ``since``."""
        begun = timer.since - timer.worked
        self._readings = [(begun, 0), (timer.since, timer.worked)]
        self._midnight = self._days.of(timer.since).end

    def discarded(self) -> None:
        """Do nothing: the accumulator is removed with its timer."""

    def segments(self, timer: Timer, until: int) -> list[Segment]:
        """Return segments with the timer's totals on each day; within a day, their order may differ from the true one.

        Args:
            timer: the current timer.
            until: the end of the last segment of a running or paused timer.
        """
        readings = [*(self._readings or ()), (timer.since, timer.worked)]
        if timer.state in COUNTS_AS:
            until = not_before(timer, until)
            readings.append((until, worked_at(timer, until)))
        segments = []
        start, worked = timer.started_at, 0
        for end, by_then in readings:
            work_end = start + by_then - worked
            if start < work_end:
                segments.append(Segment(Kind.WORK, start, work_end))
            if work_end < end:
                segments.append(Segment(Kind.BREAK, work_end, end))
            start, worked = end, by_then
        return segments

    def _cross(self, before: Timer, at: int) -> None:
        first = self._midnight
        last = self._days.of(at)
        if self._readings is None:
            self._readings = []
        self._readings.append((first, worked_at(before, first)))
        if first < last.start:
            self._readings.append((last.start, worked_at(before, last.start)))
        self._midnight = last.end
