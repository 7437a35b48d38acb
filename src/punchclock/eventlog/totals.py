"""Totals: work and break by user, local day and project.

`totals` adds segments. `DailyAccumulator` stands in for the segments of a timer with many events: its memory depends on
the number of days only. `punchclock.calendar` determines the date of an instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from punchclock.calendar import Day, day_of, find_zone
from punchclock.errors import InstantOutOfRange
from punchclock.history import Segment
from punchclock.instants import to_datetime
from punchclock.machine import COUNTS_AS, Kind
from punchclock.timer import Timer, not_before, worked_at
from punchclock.units import DAY, HOUR


class Total(msgspec.Struct, frozen=True):
    """Work and break of a user for a project on a local day, in microseconds."""

    user: str | None
    date: dt.date
    project: str | None
    worked: int
    break_: int


def totals(timelines: Iterable[tuple[str | None, str | None, Iterable[Segment]]], zone: str | dt.tzinfo) -> list[Total]:
    """Return work and break by user, local day and project.

    Segments are split at midnight, also on days of 23 and 25 hours, and nothing is rounded. Time without a user or
    without a project has rows of its own, after the others.

    Args:
        timelines: ``(user, project, segments)`` of each timer, with the segments of `punchclock.timeline`.
        zone: the zone of the days, as in `punchclock.calendar.find_zone`.

    Returns:
        A row for each user, day and project with time, sorted by user, date and project.

    Raises:
        UnknownZone: the zone is not known.
        InstantOutOfRange: a segment is outside the years 1 to 9999.
    """
    days = Days(zone)
    sums: dict[tuple[str | None, dt.date, str | None], list[int]] = {}
    for user, project, segments in timelines:
        for segment in segments:
            column = 0 if segment.kind is Kind.WORK else 1
            start, end = segment.start, segment.end
            while start < end:
                date, _, midnight = days.of(start)
                row = sums.get((user, date, project))
                if row is None:
                    row = sums[user, date, project] = [0, 0]
                cut = midnight if midnight < end else end
                row[column] += cut - start
                start = cut
    rows = [Total(user, date, project, worked, break_) for (user, date, project), (worked, break_) in sums.items()]
    rows.sort(key=lambda row: (row.user is None, row.user or "", row.date, row.project is None, row.project or ""))
    return rows


class Days:
    """The local days of a zone, with a cache: adjacent events of a log are mostly in the same hours.

    Every instant in the years 1 to 9999 UTC has a day. If the local date is outside these years, the nearest date is
    used.
    """

    _MAX_HOURS = 10_000  # more than in a year; a full cache is cleared

    def __init__(self, zone: str | dt.tzinfo) -> None:
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
        if len(self._by_hour) >= self._MAX_HOURS:
            self._by_hour.clear()
        self._by_hour[at // HOUR] = day
        return day

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
