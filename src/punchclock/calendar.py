"""Local days: the date of an instant in a time zone, and the instants at which local dates begin and end.

Only this module handles time zones. They come from pendulum, which contains a copy of the tz database.

Theory of operation
-------------------

A zone is used only for its UTC offset at an instant. The *wall clock* is the integer ``instant + offset``; divided by
86,400 seconds, its quotient is the date and its remainder the time of day. Wall clocks are never added or subtracted,
so the length of a day is the difference of two instants: 23 hours, 25, 23½ or 47.

Few offsets are looked up. Between two changes of the offset, midnights are exactly 24 hours apart. No zone of the tz
database has two changes within 95 hours (Freetown in 1939 comes closest; a test checks every zone). So if the offset is
the same at both ends of a day, it did not change in between; if it differs, there is one change, which bisection finds.

Irregular days
--------------

* Midnight may not exist (São Paulo, Cairo, Beirut). The day then begins when the clock shows 01:00.
* A date may not exist (Apia skipped 2011-12-30). No piece has that date.
* A date may occur twice. From 1987 to 2011 the clock of St. John's was set back from 00:01 to 23:01: one minute of
  Sunday, an hour of Saturday again, then the rest of Sunday. Every instant belongs to the date that the wall clock
  shows, so each of these dates has two pieces; totals by date add them.
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
from punchclock.units import DAY, SECOND

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

#: The type of a zone. pendulum's ``Timezone`` is a ``ZoneInfo``; the other two have a fixed offset.
Zone = ZoneInfo | FixedTimezone | dt.timezone


class Day(NamedTuple):
    """A span ``[start, end)`` on one local date; both instants are in microseconds."""

    date: dt.date
    start: int
    end: int


class Disambiguation(StrEnum):
    """The choice of an instant for a local time that the clock shows twice or skips, as in ECMAScript's Temporal.

    A time that is shown twice (the clock is set back) is one of two instants. A time that is skipped (the clock is set
    forward) is interpreted with the offset of one side: 02:30 in a gap from 02:00 to 03:00 is 01:30 or 03:30.
    """

    EARLIER = "earlier"
    LATER = "later"
    REJECT = "reject"


_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock; `_epoch` adds the zone
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
# Offsets are less than a day, so every wall clock in this range can be a ``datetime``.
_SAFE_FIRST: Final = FIRST + DAY
_SAFE_LAST: Final = LAST - DAY
# ``datetime.fromtimestamp`` accepts instants up to this one on every platform.
_UNTIL_2038: Final = 2**31 * SECOND


def find_zone(zone: str | dt.tzinfo) -> Zone:
    """Return the zone of a name in the tz database; a zone object is returned unchanged.

    Args:
        zone: a name (``"Europe/Berlin"``, ``"UTC"``), a pendulum ``Timezone`` or ``FixedTimezone``, a
            ``zoneinfo.ZoneInfo`` or a ``datetime.timezone``.

    Raises:
        UnknownZone: the tz database does not have the name, or the object has another type.
    """
    if isinstance(zone, str):
        return _named(zone)
    if not isinstance(zone, (ZoneInfo, FixedTimezone, dt.timezone)):
        raise UnknownZone(zone, "use a name of the tz database, or a time zone of pendulum, zoneinfo or datetime")
    return zone


@functools.cache  # pendulum reads the file again when no reference to the zone is left
def _named(name: str) -> Zone:
    try:
        return pendulum.timezone(name)
    except (ValueError, OSError):  # also a directory, another file, or no valid file name
        raise UnknownZone(name, "the tz database does not have it") from None


def work_date(at: int, zone: str | dt.tzinfo) -> dt.date:
    """Return the local date at an instant.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: as in `find_zone`.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    return _date(_wall(at, _offset(at, found), found) // DAY)


def seconds_of_day(at: int, zone: str | dt.tzinfo) -> int:
    """Return the local time of day at an instant, in whole seconds since 00:00:00 on the clock.

    The result is the displayed time, from 0 to 86,399, not the time since midnight: at 03:00 it is 10,800, also after a
    change of the clock in that night. Fractions are cut off.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: as in `find_zone`.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    if 0 <= at < _UNTIL_2038 and isinstance(found, ZoneInfo):
        shown = dt.datetime.fromtimestamp(at // SECOND, found)  # the same result in a quarter of the time
        return (shown.hour * 60 + shown.minute) * 60 + shown.second
    return _wall(at, _offset(at, found), found) % DAY // SECOND


def from_seconds_of_day(date: dt.date, seconds: int, zone: str | dt.tzinfo, *, disambiguation: Disambiguation) -> int:
    """Return the instant of a local date and time of day: the inverse of `seconds_of_day`.

    Args:
        date: the local date.
        seconds: the time on the clock, in seconds since 00:00:00; 0 to 86,399.
        zone: as in `find_zone`.
        disambiguation: the instant of a time that the clock shows twice or skips.

    Raises:
        AmbiguousLocalTime: the clock shows the time twice, with ``Disambiguation.REJECT``.
        MissingLocalTime: the clock skips the time, with ``Disambiguation.REJECT``.
        InvalidLocalTime: ``seconds`` is not exactly an ``int``, or not in 0 to 86,399.
        UnknownZone: as in `find_zone`.
        InstantOutOfRange: the instant is outside the years 1 to 9999 in UTC.
    """
    found = find_zone(zone)
    if type(seconds) is not int or not 0 <= seconds < DAY // SECOND:
        raise InvalidLocalTime(date, seconds, str(zone), "a time of day is an int from 0 to 86399")
    wall = (date.toordinal() - _EPOCH_ORDINAL) * DAY + seconds * SECOND

    # Offsets are less than 24 hours, so the instant is less than a day from the same wall clock in UTC, and in these
    # two days the offset changes at most once.
    before, after = _offset(wall - DAY, found), _offset(wall + DAY, found)
    candidates = {wall - offset for offset in (before, after) if _offset(wall - offset, found) == offset}
    earlier, later = wall - max(before, after), wall - min(before, after)
    if len(candidates) == 1:
        at = candidates.pop()
    elif disambiguation is Disambiguation.EARLIER:
        at = earlier
    elif disambiguation is Disambiguation.LATER:
        at = later
    else:
        rejection = AmbiguousLocalTime if candidates else MissingLocalTime
        raise rejection(date, seconds, str(zone), earlier=earlier, later=later)
    if not FIRST <= at <= LAST:
        raise InstantOutOfRange(at)
    return at


def day_of(at: int, zone: str | dt.tzinfo) -> Day:
    """Return the local day of an instant: its date, and the longest span around the instant with that date.

    The result is valid for all instants with ``day.start <= at < day.end``, so callers can reuse it. On the first and
    the last date, the bounds may be outside the years 1 to 9999.

    Raises:
        InvalidInstant: ``at`` is not exactly an ``int``.
        UnknownZone: as in `find_zone`.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    check_instant(at)
    found = find_zone(zone)
    offset = _offset(at, found)
    day = _wall(at, offset, found) // DAY
    end, _ = _end(day, at, offset, found)
    return Day(_date(day), _start(day, at, offset, found), end)


def split_by_day(start: int, end: int, zone: str | dt.tzinfo) -> list[Day]:
    """Return the pieces of a span, split at the zone's changes of date, in order.

    The pieces are half-open, not empty and adjacent, so the sum of their lengths is exactly ``end - start``.
    `work_date` of every instant in a piece is its date. A date may be missing or occur twice, as described at the top
    of this module.

    Raises:
        InvalidInstant: a bound is not exactly an ``int``.
        UnknownZone: as in `find_zone`.
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
        day = (start + offset) // DAY
        midnight, offset = _end(day, start, offset, found)
        pieces.append(Day(_date(day), start, min(midnight, end)))
        start = midnight
    return pieces


def _end(day: int, at: int, offset: int, zone: Zone) -> tuple[int, int]:
    """Return the first instant after ``at`` that is not on the date ``day``, and the offset there."""
    midnight = (day + 1) * DAY - offset
    after = _offset(midnight, zone)
    if after == offset:
        return midnight, offset
    change = _change(at, midnight, zone)
    if (change + after) // DAY != day:
        return change, after
    return (day + 1) * DAY - after, after  # the offset changed within the date, and not again before its end


def _start(day: int, at: int, offset: int, zone: Zone) -> int:
    """Return the first instant from which every date up to ``at`` is ``day``: the mirror image of `_end`."""
    midnight = day * DAY - offset
    before = _offset(midnight - 1, zone)
    if before == offset:
        return midnight
    change = _change(midnight - 1, at, zone)
    if (change - 1 + before) // DAY != day:
        return change
    return day * DAY - before


def _change(low: int, high: int, zone: Zone) -> int:
    """Return the first instant in ``(low, high]`` with the offset of ``high``, which differs from that of ``low``."""
    after = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(at: int, zone: Zone) -> int:
    """Return the zone's UTC offset at an instant, in microseconds.

    Every integer has an offset, since the search for the end of a day looks beyond that day: instants outside the
    years 1 to 9999, or on their first or last day, have the offset of the nearest instant on the days between.
    """
    inside = at if _SAFE_FIRST <= at <= _SAFE_LAST else min(max(at, _SAFE_FIRST), _SAFE_LAST)
    utc = _epoch(zone) + dt.timedelta(0, 0, inside)
    # ``fromutc`` takes a UTC time with the zone attached. ``datetime`` subtracts times of the same zone field by field,
    # so the difference is the offset. ``utcoffset`` would compute it once more, from the fields and ``fold``.
    ahead = zone.fromutc(utc) - utc
    return ahead.days * DAY + ahead.seconds * SECOND + ahead.microseconds


@functools.lru_cache(maxsize=64)
def _epoch(zone: Zone) -> dt.datetime:
    """Return 1970-01-01T00:00:00 with the zone attached."""
    return _EPOCH.replace(tzinfo=zone)


def _wall(at: int, offset: int, zone: Zone) -> int:
    """Return the wall clock as an integer; reject an instant or a wall clock outside the years 1 to 9999."""
    if not FIRST <= at <= LAST:
        raise InstantOutOfRange(at)
    if not FIRST <= at + offset <= LAST:
        raise InstantOutOfRange(at, str(zone))
    return at + offset


def _date(day: int) -> dt.date:
    """Return the date of a day counted from 1970-01-01."""
    return dt.date.fromordinal(_EPOCH_ORDINAL + day)
