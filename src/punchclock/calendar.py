"""Local days: which date an instant falls on in a zone, and where one local date ends and the next begins.

Only this module knows zones; they come from pendulum, with the tz database that it brings along.

Theory of operation
-------------------

A zone is used for one thing only: it says its UTC offset at an instant. The *wall clock* is then the
integer ``instant + offset``; its quotient by 86,400 seconds is the date, the remainder the time of day.
No wall clock is ever added to or subtracted from another, so the length of a day is whatever lies
between two instants: 23 hours, 25, 23½, or 47.

Offsets are looked up at few instants. Between two changes of its offset a zone's midnights lie exactly
24 hours apart, and two changes are far apart: no zone of the tz database has two within 95 hours
(Freetown in 1939 comes closest; a test holds every zone to it). So where the offset is the same at both ends of a
day it never changed in between, and where it differs there is one change, which bisection finds.

What local time does, and what holds here
-----------------------------------------

* Midnight may not exist (São Paulo, Cairo, Beirut): the day then begins at 01:00 on the clock.
* A date may not exist (Apia skipped 2011-12-30): no piece carries it.
* A date may come twice. In St. John's the clock went from 00:01 back to 23:01 from 1987 to 2011: one
  minute of Sunday, an hour of Saturday once more, then the rest of Sunday. Every instant is booked on the date that the
  wall showed, so both dates come in two pieces each. Whoever sums by date adds them up.
"""

from __future__ import annotations

import datetime as dt
import functools
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pendulum
from pendulum.tz.timezone import FixedTimezone

from punchclock.errors import (
    AmbiguousLocalTime,
    InstantOutOfRange,
    InvalidLocalTime,
    InvalidSpan,
    MissingLocalTime,
    UnknownZone,
)
from punchclock.instants import FIRST, LAST, check_instant

__all__ = [
    "Day",
    "Disambiguation",
    "Zone",
    "day_of",
    "find_zone",
    "from_seconds_of_day",
    "seconds_of_day",
    "split_by_day",
    "work_date",
]

#: What `find_zone` returns: pendulum's ``Timezone`` is a ``ZoneInfo``; the others have one fixed offset.
Zone = ZoneInfo | FixedTimezone | dt.timezone


class Day(NamedTuple):
    """A segment of time on one local date, half-open: ``[start, end)``, both instants in microseconds."""

    date: dt.date
    start: int
    end: int


class Disambiguation(StrEnum):
    """Which instant a local time means that the clock shows twice, or never.

    A time that is shown twice (the clock goes back) is one of two instants. A time that is skipped (the
    clock goes forward) is read with the offset of either side: 02:30 in a gap from 02:00 to 03:00 is 01:30 or
    03:30. These are the words, and the meaning, of ``disambiguation`` in ECMAScript's Temporal.
    """

    EARLIER = "earlier"
    LATER = "later"
    REJECT = "reject"


_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock; it gets its zone below
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
# No offset reaches a day, so from here to there every wall clock can be shown as a ``datetime``.
_SAFE_FIRST: Final = FIRST + _DAY
_SAFE_LAST: Final = LAST - _DAY
# The instants that ``datetime.fromtimestamp`` takes on every platform.
_UNTIL_2038: Final = 2**31 * _SECOND


def find_zone(zone: str | dt.tzinfo) -> Zone:
    """The zone of that name in the tz database; a zone that is one already stays what it is.

    Args:
        zone: a name (``"Europe/Berlin"``, ``"UTC"``), a pendulum ``Timezone`` or ``FixedTimezone``, a
            ``zoneinfo.ZoneInfo`` or a ``datetime.timezone``.

    Raises:
        UnknownZone: no such name, or another kind of object.
    """
    if isinstance(zone, str):
        return _named(zone)
    if not isinstance(zone, (ZoneInfo, FixedTimezone, dt.timezone)):
        raise UnknownZone(zone, "a zone is a name or a time zone of pendulum, zoneinfo or datetime")
    return zone


@functools.cache  # pendulum reads the zone's file each time that nobody holds the zone
def _named(name: str) -> Zone:
    try:
        return pendulum.timezone(name)
    except (ValueError, OSError):  # a directory, a file of another kind, a name that no file can have
        raise UnknownZone(name, "the tz database has no zone of this name") from None


def work_date(at: int, zone: str | dt.tzinfo) -> dt.date:
    """The date that a wall calendar in the zone shows at an instant.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: no such zone.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    return _date(_wall(at, _offset(at, found), found) // _DAY)


def seconds_of_day(at: int, zone: str | dt.tzinfo) -> int:
    """The time that a wall clock in the zone shows at an instant, in whole seconds since 00:00:00.

    It counts what is on the clock's face, from 0 to 86,399, and not what has passed since midnight: at
    03:00 it is 10,800, whether the clock was changed in that night or not. Fractions are cut off.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: no such zone.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    if 0 <= at < _UNTIL_2038 and isinstance(found, ZoneInfo):
        face = dt.datetime.fromtimestamp(at // _SECOND, found)  # the same, in a quarter of the time
        return (face.hour * 60 + face.minute) * 60 + face.second
    return _wall(at, _offset(at, found), found) % _DAY // _SECOND


def from_seconds_of_day(date: dt.date, seconds: int, zone: str | dt.tzinfo, *, disambiguation: Disambiguation) -> int:
    """The instant at which a wall clock in the zone shows a date and a time: the way back from `seconds_of_day`.

    Args:
        date: the local date.
        seconds: the time on the clock, in seconds since 00:00:00; 0 to 86,399.
        zone: as in `find_zone`.
        disambiguation: what a time means that the clock shows twice, or never.

    Raises:
        AmbiguousLocalTime: shown twice, under ``Disambiguation.REJECT``.
        MissingLocalTime: never shown, under ``Disambiguation.REJECT``.
        InvalidLocalTime: ``seconds`` is not exactly an ``int``, or not in 0 to 86,399.
        UnknownZone: no such zone.
        InstantOutOfRange: the instant lies outside the years 1 to 9999 in UTC.
    """
    found = find_zone(zone)
    if type(seconds) is not int or not 0 <= seconds < 86_400:
        raise InvalidLocalTime(date, seconds, str(zone), "a time of day is an int of 0 to 86399 seconds")
    wall = (date.toordinal() - _EPOCH_ORDINAL) * _DAY + seconds * _SECOND

    # No offset reaches 24 hours, so the instant lies less than a day from where it would be in UTC, and
    # within these two days the offset changes at most once.
    before, after = _offset(wall - _DAY, found), _offset(wall + _DAY, found)
    meant = {wall - offset for offset in (before, after) if _offset(wall - offset, found) == offset}
    earlier, later = wall - max(before, after), wall - min(before, after)
    if len(meant) == 1:
        at = meant.pop()
    elif disambiguation is Disambiguation.EARLIER:
        at = earlier
    elif disambiguation is Disambiguation.LATER:
        at = later
    else:
        rejection = AmbiguousLocalTime if meant else MissingLocalTime
        raise rejection(date, seconds, str(zone), earlier=earlier, later=later)
    if not FIRST <= at <= LAST:
        raise InstantOutOfRange(at)
    return at


def day_of(at: int, zone: str | dt.tzinfo) -> Day:
    """The local day around an instant: its date and the longest segment of that date that holds the instant.

    The way to book many instants quickly: as long as ``day.start <= at < day.end``, the answer stands.
    On the first and the last day that a date can name, the bounds may lie outside the years 1 to 9999.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: no such zone.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    offset = _offset(at, found)
    day = _wall(at, offset, found) // _DAY
    end, _ = _end(day, at, offset, found)
    return Day(_date(day), _start(day, at, offset, found), end)


def split_by_day(start: int, end: int, zone: str | dt.tzinfo) -> list[Day]:
    """An interval cut at the zone's changes of date, in order.

    The pieces are half-open, none is empty, each begins where the one before it ends, and neighbours differ
    in date; so their lengths sum to ``end - start`` exactly. Every instant in a piece has its date as
    `work_date`. A date may be missing or come twice, as the head of this module says.

    Raises:
        InvalidInstant: a bound is not exactly an ``int``.
        UnknownZone: no such zone.
        InvalidSpan: the end is before the start.
        InstantOutOfRange: a bound outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(start)
    check_instant(end)
    found = find_zone(zone)
    if end < start:
        raise InvalidSpan(start, end)
    offset = _offset(start, found)
    _wall(start, offset, found)
    _wall(end, _offset(end, found), found)

    pieces: list[Day] = []
    while start < end:
        day = (start + offset) // _DAY
        midnight, offset = _end(day, start, offset, found)
        pieces.append(Day(_date(day), start, min(midnight, end)))
        start = midnight
    return pieces


def _end(day: int, at: int, offset: int, zone: Zone) -> tuple[int, int]:
    """The first instant after ``at`` that is not on the date ``day``, and the offset then."""
    midnight = (day + 1) * _DAY - offset
    after = _offset(midnight, zone)
    if after == offset:
        return midnight, offset
    change = _change(at, midnight, zone)
    if (change + after) // _DAY != day:
        return change, after
    return (day + 1) * _DAY - after, after  # the clock was changed within the date, and not once more by its end


def _start(day: int, at: int, offset: int, zone: Zone) -> int:
    """The first instant from which on to ``at`` the date was ``day``: `_end`, looking back."""
    midnight = day * _DAY - offset
    before = _offset(midnight - 1, zone)
    if before == offset:
        return midnight
    change = _change(midnight - 1, at, zone)
    if (change - 1 + before) // _DAY != day:
        return change
    return day * _DAY - before


def _change(low: int, high: int, zone: Zone) -> int:
    """The first instant in ``(low, high]`` with the offset of ``high``; that of ``low`` is another."""
    after = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(at: int, zone: Zone) -> int:
    """The zone's UTC offset at an instant, in microseconds.

    It is total, so that looking for the end of a day may look past it: an instant in the outermost days of
    the years 1 to 9999 or beyond them has the offset of the nearest instant within.
    """
    inside = at if _SAFE_FIRST <= at <= _SAFE_LAST else min(max(at, _SAFE_FIRST), _SAFE_LAST)
    utc = _epoch(zone) + dt.timedelta(0, 0, inside)
    # ``fromutc`` takes a UTC time dressed in the zone. Both times have the same zone, so their difference
    # is that of the two clock faces: the offset. ``utcoffset`` of the result would have to guess it from
    # the clock face and the ``fold``.
    ahead = zone.fromutc(utc) - utc
    return (ahead.days * 86_400 + ahead.seconds) * _SECOND + ahead.microseconds


@functools.lru_cache(maxsize=64)
def _epoch(zone: Zone) -> dt.datetime:
    """1970-01-01T00:00:00 in UTC, dressed in the zone."""
    return _EPOCH.replace(tzinfo=zone)


def _wall(at: int, offset: int, zone: Zone) -> int:
    """What the wall clock shows, as an integer, if both it and the instant can be shown at all."""
    if not FIRST <= at <= LAST:
        raise InstantOutOfRange(at)
    if not FIRST <= at + offset <= LAST:
        raise InstantOutOfRange(at, str(zone))
    return at + offset


def _date(day: int) -> dt.date:
    """The date of a day counted from 1970-01-01."""
    return dt.date.fromordinal(_EPOCH_ORDINAL + day)
