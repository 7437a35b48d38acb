"""Instants: from text and ``datetime`` to integers of microseconds, and back without loss.

Nothing here reads a clock (`punchclock.clock` does) or knows a zone (`punchclock.calendar` does).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from punchclock.errors import InstantOutOfRange, InvalidInstant, NaiveDatetime, shown

__all__ = ["format_instant", "instant", "to_datetime"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

# RFC 3339, section 5.6, to the microsecond. The offset is left open, to tell "none" from "wrong"; the hour is
# not, as Python from 3.14 on takes 24:00:00.
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d|(?P<naive>))",
    re.ASCII,
).fullmatch


def instant(value: object) -> int:
    """The instant that ``value`` names, in microseconds since 1970-01-01T00:00:00Z.

    Args:
        value: an aware ``datetime`` (of any library); a text of RFC 3339 with ``Z`` or an offset and at
            most six decimals of a second (no leap second: UTC as computers count it has none); or an
            integer, which is an instant already.

    Raises:
        NaiveDatetime: a date and time without zone or offset.
        InstantOutOfRange: outside the years 1 to 9999 in UTC (an integer of nanoseconds is).
        InvalidInstant: anything else that is not exactly one of these.
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, datetime):
        return _from_datetime(value)
    if type(value) is int:
        return _in_range(value, value)
    raise InvalidInstant(value, "an instant is an aware datetime, an RFC 3339 text or an integer of microseconds")


def to_datetime(instant: int) -> datetime:
    """The instant as an aware ``datetime`` in UTC.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
        InvalidInstant: no integer; a float would be rounded.
    """
    if type(instant) is not int:
        raise InvalidInstant(instant, "not an integer of microseconds")
    return _EPOCH + timedelta(microseconds=_in_range(instant, instant))


def format_instant(instant: int) -> str:
    """The instant as a text of RFC 3339 in UTC, ``2026-03-02T08:00:00Z``; with decimals where it has any.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
        InvalidInstant: no integer.
    """
    return to_datetime(instant).replace(tzinfo=None).isoformat() + "Z"


def _from_datetime(value: datetime) -> int:
    try:
        naive = value.utcoffset() is None
        # The base class's subtraction, whatever the value's own class makes of it.
        since_epoch = None if naive else datetime.__sub__(value, _EPOCH)
    except Exception as error:  # a zone is a stranger's code, which may fail in any way
        raise InvalidInstant(value, f"its zone gives no UTC offset: {shown(error)}") from error
    if since_epoch is None:
        raise NaiveDatetime(value)
    return _microseconds(since_epoch, value)


def _from_text(text: str) -> int:
    match = _RFC3339(text)
    if match is None:
        raise InvalidInstant(text, "not RFC 3339, as in 2026-03-02T08:00:00Z or 2026-03-02T09:00:00.25+01:00")
    if match["naive"] is not None:
        raise NaiveDatetime(text)
    try:
        parsed = datetime.fromisoformat(str.upper(text))  # str's own, as the pattern saw the characters themselves
    except ValueError as error:
        raise InvalidInstant(text, f"no such date or time: {error}") from None
    return _microseconds(parsed - _EPOCH, text)


def _microseconds(since_epoch: timedelta, value: object) -> int:
    # Not ``since_epoch // timedelta(microseconds=1)``, which is four times slower.
    return _in_range((since_epoch.days * 86_400 + since_epoch.seconds) * 1_000_000 + since_epoch.microseconds, value)


def _in_range(instant: int, value: object) -> int:
    if not _FIRST <= instant <= _LAST:
        raise InstantOutOfRange(value)
    return instant
