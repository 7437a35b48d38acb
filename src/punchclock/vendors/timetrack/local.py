"""Local timestamps that end in ``Z``: from an instant to what a clock on the wall shows, and back.

Page "Timer", heading "Read project timer", asks for "the local timestamp … in same timezone like you are
currently" and shows one that ends in ``Z``. Everything else here reads ``Z`` as UTC, which comes to the
same as long as all the timestamps of a timer are written alike: differences agree. Across a change of the
clock they do not. So send UTC where you can; where an account holds local times, these two translate.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from punchclock.calendar import Disambiguation, from_seconds_of_day, seconds_of_day, work_date
from punchclock.vendors.timetrack.wire import read_timestamp

__all__ = ["read_local_timestamp", "write_local_timestamp"]

_SECOND: Final = 1_000_000


def write_local_timestamp(at: int, zone: str) -> str:
    """What a clock in the zone shows at an instant, spelt as the page does: ``2020-10-23T17:00:00.000Z``.

    Raises:
        UnknownZone: no such zone.
        InstantOutOfRange: outside the years 1 to 9999, in UTC or in the zone.
    """
    minutes, seconds = divmod(seconds_of_day(at, zone), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{work_date(at, zone).isoformat()}T{hours:02}:{minutes:02}:{seconds:02}.000Z"


def read_local_timestamp(text: str, zone: str, *, disambiguation: Disambiguation) -> int:
    """The instant at which a clock in the zone shows this, to the second.

    Args:
        text: a timestamp as in `read_timestamp`, whose ``Z`` does not mean UTC.
        zone: the account's zone.
        disambiguation: what a time means that the clock shows twice, or never.

    Raises:
        InvalidInstant: no such timestamp.
        InvalidLocalTime: shown twice or never, under ``Disambiguation.REJECT``.
        UnknownZone: no such zone.
    """
    days, microseconds = divmod(read_timestamp(text), 86_400 * _SECOND)
    shown = date.fromordinal(_EPOCH_ORDINAL + days)
    return from_seconds_of_day(shown, microseconds // _SECOND, zone, disambiguation=disambiguation)


_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
