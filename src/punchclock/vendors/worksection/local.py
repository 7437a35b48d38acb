"""Local times in Worksection's payloads: ``YYYY-MM-DD HH:MM`` in the account's zone.

Payloads of one account repeat the same few days, and on most days the zone's UTC offset does not change. So the offset
is looked up once per day and remembered; `punchclock.calendar` handles the days around a change.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from punchclock.calendar import Disambiguation, find_zone, from_seconds_of_day, seconds_of_day, work_date
from punchclock.errors import InstantOutOfRange, InvalidInstant
from punchclock.instants import to_datetime
from punchclock.units import DAY, MICROSECOND, MINUTE, SECOND

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_LOCAL_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d)", re.ASCII).fullmatch


def write_local(at: int, zone: str) -> str:
    """Return ``YYYY-MM-DD HH:MM`` for an instant, in the zone; in UTC if the zone's year is outside 1 to 9999."""
    offset = _constant_offset(at // DAY, zone)
    if offset is not None:
        days, time = divmod(at + offset, DAY)
        minutes, day = time // MINUTE, date.fromordinal(_EPOCH_ORDINAL + days)
    else:
        try:
            minutes, day = seconds_of_day(at, zone) // 60, work_date(at, zone)
        except InstantOutOfRange:
            minutes, day = seconds_of_day(at, "UTC") // 60, work_date(at, "UTC")
    return f"{day} {minutes // 60:02}:{minutes % 60:02}"


def read_local(text: str, zone: str) -> int:
    """Return the instant of ``YYYY-MM-DD HH:MM`` in the zone; of two such instants, the earlier.

    Raises:
        InvalidInstant: the text has another form, or the date does not exist.
    """
    match = _LOCAL_TIME(text)
    if match is None:
        raise InvalidInstant(text, "not a date and time as in 2021-01-01 13:23")
    written, hours, minutes = match.groups()
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise InvalidInstant(text, "no such date") from None
    seconds = (int(hours) * 60 + int(minutes)) * 60
    days = day.toordinal() - _EPOCH_ORDINAL
    offset = _constant_offset(days, zone)
    if offset is not None:  # the day's neighbours have instants, so all of the day has
        return days * DAY + seconds * SECOND - offset
    return from_seconds_of_day(day, seconds, zone, disambiguation=Disambiguation.EARLIER)


@lru_cache(maxsize=4096)  # without it, reading a payload takes more than twice as long
def _constant_offset(day: int, zone: str) -> int | None:
    """Return the zone's UTC offset on a day and its neighbours, counted from 1970-01-01; ``None`` if it changes."""
    found = find_zone(zone)
    try:
        first, last = (to_datetime(at).astimezone(found).utcoffset() for at in ((day - 1) * DAY, (day + 2) * DAY))
    except (InstantOutOfRange, OverflowError):
        return None
    return None if first is None or first != last else first // timedelta(microseconds=MICROSECOND)
