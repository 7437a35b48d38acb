"""Totals: work and break by user, local day and project.

`totals` sums segments. `DailyAccumulator` is for callers that cannot keep all segments: it holds only what a timer's
days need, however many events there were. Which date an instant falls on is decided in
`punchclock.calendar`.
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

__all__ = ["DailyAccumulator", "Days", "Total", "totals"]

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR


class Total(msgspec.Struct, frozen=True):
    """What one user did for one project on one local day; both sums are durations in microseconds."""

    user: str | None
    date: dt.date
    project: str | None
    worked: int
    break_: int


def totals(timelines: Iterable[tuple[str | None, str | None, Iterable[Segment]]], zone: str | dt.tzinfo) -> list[Total]:
    """Work and break by user, local day and project.

    A segment over midnight is split there, on days of 23, 24 and 25 hours alike, and nothing is rounded. Nobody's
    time, and time for no project, have rows of their own, after the others.

    Args:
        timelines: ``(user, project, segments)`` for each timer, the segments as `punchclock.timeline` gives them.
        zone: the zone whose days these are, by name or as an object.

    Returns:
        A row for each user, day and project with any time, sorted by user, date and project.

    Raises:
        UnknownZone: no such zone.
        InstantOutOfRange: a segment outside the years 1 to 9999.
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
    """The local days of a zone, looked up quickly where neighbours in a log are neighbours in time.

    It knows a day for every instant of the years 1 to 9999. Where a zone's clock would show a date beyond them, which
    nothing can name, the instant is booked on the nearest day that has a name.
    """

    _MOST = 10_000  # more hours than a year has; a longer log begins again from nothing

    def __init__(self, zone: str | dt.tzinfo) -> None:
        self._zone = find_zone(zone)
        self._by_hour: dict[int, Day] = {}

    def of(self, at: int) -> Day:
        """The local day around an instant.

        Raises:
            InstantOutOfRange: outside the years 1 to 9999 in UTC.
        """
        day = self._by_hour.get(at // _HOUR)
        if day is not None and day.start <= at < day.end:
            return day
        day = self._look_up(at)
        if len(self._by_hour) >= self._MOST:
            self._by_hour.clear()
        self._by_hour[at // _HOUR] = day
        return day

    def _look_up(self, at: int) -> Day:
        to_datetime(at)  # rejects what lies outside
        try:
            return day_of(at, self._zone)
        except InstantOutOfRange:
            # No offset reaches a day: a day further in, every instant has a local date.
            if at < 0:
                date, start, end = day_of(at + _DAY, self._zone)
                return Day(date, start - _DAY, end)
            date, start, end = day_of(at - _DAY, self._zone)
            return Day(date, start, end + _DAY)


class DailyAccumulator:
    """A timer's past, condensed to what its days need: a `punchclock.eventlog.TimelineObserver`.

    It keeps readings of the work done: one at the first change of date after an event and one at the last before the
    next. So what lies between two readings is of one date or of one kind, and its order does not matter to any day:
    it may be told as work first, break after. A timer that stays within a day costs no reading at all.
    """

    __slots__ = ("_days", "_midnight", "_readings")

    def __init__(self, days: Days, started_at: int) -> None:
        self._days = days
        #: The date is the same from the last reading up to here.
        self._midnight = days.of(started_at).end
        self._readings: list[tuple[int, int]] | None = None

    def moved(self, before: Timer, at: int) -> None:
        """Follow a timer that was ``before`` until ``at``."""
        if at > self._midnight:
            self._cross(before, at)

    def amended(self, timer: Timer) -> None:
        """Begin again from what the record says: break from the start, then the work, up to ``since``."""
        begun = timer.since - timer.worked
        self._readings = [(begun, 0), (timer.since, timer.worked)]
        self._midnight = self._days.of(timer.since).end

    def discarded(self) -> None:
        """Nothing to do: the digest goes with its timer."""

    def segments(self, timer: Timer, until: int) -> list[Segment]:
        """Segments that sum to the timer's own on every day, though within a day they may differ in order.

        Args:
            timer: where the timer stands now.
            until: the end of the segment of a timer that is still running or paused; not before its last instant.
        """
        readings = [*(self._readings or ()), (timer.since, timer.worked)]
        if timer.state in COUNTS_AS:
            until = not_before(timer, until)
            readings.append((until, worked_at(timer, until)))
        segments = []
        start, worked = timer.started_at, 0
        for end, by_then in readings:
            turn = start + by_then - worked
            if start < turn:
                segments.append(Segment(Kind.WORK, start, turn))
            if turn < end:
                segments.append(Segment(Kind.BREAK, turn, end))
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
