"""Local timestamps that end in ``Z``: conversion from instants and back.

Page "Timer", heading "Read project timer", asks for "the local timestamp … in same timezone like you are currently" and
shows one that ends in ``Z``. The rest of this package reads ``Z`` as UTC. Both readings give the same durations unless
the zone's UTC offset changes during a timer. So send UTC if you can; if an account stores local times, use these two
functions.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from punchclock.calendar import Disambiguation, from_seconds_of_day, seconds_of_day, work_date
from punchclock.units import DAY, SECOND
from punchclock.vendors.timetrack.wire import read_timestamp


def write_local_timestamp(at: int, zone: str) -> str:
    """Return the local time of an instant in the page's form: ``2020-10-23T17:00:00.000Z``.

    Raises:
        UnknownZone: the zone is unknown.
        InstantOutOfRange: the year is outside 1 to 9999, in UTC or in the zone.
    """
    minutes, seconds = divmod(seconds_of_day(at, zone), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{work_date(at, zone).isoformat()}T{hours:02}:{minutes:02}:{seconds:02}.000Z"


def read_local_timestamp(text: str, zone: str, *, disambiguation: Disambiguation) -> int:
    """Return the instant at which clocks in the zone show this time, to the second.

    Args:
        text: a timestamp as in `read_timestamp`, whose ``Z`` does not mean UTC.
        zone: the account's zone.
        disambiguation: which instant to return for a time that clocks show twice or never.

    Raises:
        InvalidInstant: the text is not a timestamp.
        InvalidLocalTime: clocks show the time twice or never, and ``disambiguation`` is ``Disambiguation.REJECT``.
        UnknownZone: the zone is unknown.
    """
    days, microseconds = divmod(read_timestamp(text), DAY)
    day = date.fromordinal(_EPOCH_ORDINAL + days)
    return from_seconds_of_day(day, microseconds // SECOND, zone, disambiguation=disambiguation)


_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
