"""Instants: from text and ``datetime`` to integers of microseconds, and back without loss.

Nothing here reads a clock (`punchclock.clock` does) or knows a zone (`punchclock.calendar` does).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from punchclock.errors import InstantOutOfRange, InvalidInstant, NaiveDatetime

__all__ = ["instant", "to_datetime"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# RFC 3339, section 5.6, to the microsecond. The offset is left open, to tell "none" from "wrong".
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d|(?P<naive>))",
    re.ASCII,
).fullmatch


def instant(value: object) -> int:
    """The instant that ``value`` names, in microseconds since 1970-01-01T00:00:00Z.

    Args:
        value: an aware ``datetime`` (of any library); a text of RFC 3339 with ``Z`` or an offset and at
            most six decimals of a second; or an integer, which is an instant already.

    Raises:
        NaiveDatetime: a date and time without zone or offset.
        InstantOutOfRange: outside the years 1 to 9999 in UTC.
        InvalidInstant: anything else that is not exactly one of these.
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise NaiveDatetime(value)
        # The base class's subtraction, whatever the value's own class makes of it.
        return _microseconds(datetime.__sub__(value, _EPOCH), value)
    if type(value) is int:
        return value
    raise InvalidInstant(value, "an instant is an aware datetime, an RFC 3339 text or an integer of microseconds")


def to_datetime(instant: int) -> datetime:
    """The instant as an aware ``datetime`` in UTC.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
    """
    try:
        return _EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        raise InstantOutOfRange(instant) from None


def _from_text(text: str) -> int:
    match = _RFC3339(text)
    if match is None:
        raise InvalidInstant(text, "not RFC 3339, as in 2026-03-02T08:00:00Z or 2026-03-02T09:00:00.25+01:00")
    if match["naive"] is not None:
        raise NaiveDatetime(text)
    try:
        parsed = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise InvalidInstant(text, f"no such date or time: {error}") from None
    return _microseconds(parsed - _EPOCH, text)


def _microseconds(since_epoch: timedelta, value: object) -> int:
    days = since_epoch.days
    if not _FIRST_DAY <= days <= _LAST_DAY:
        raise InstantOutOfRange(value)
    return (days * 86_400 + since_epoch.seconds) * 1_000_000 + since_epoch.microseconds


_FIRST_DAY: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH).days
_LAST_DAY: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH).days
