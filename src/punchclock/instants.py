"""Instants: conversion of text and ``datetime`` to integers of microseconds, and back without loss.

`punchclock.clock` reads the clock; `punchclock.calendar` knows time zones.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from typing import Final

from punchclock.errors import NOT_AN_INSTANT, InstantOutOfRange, InvalidInstant, NaiveDatetime, safe_repr
from punchclock.units import DAY, SECOND

__all__ = ["FIRST", "LAST", "check_instant", "format_instant", "instant", "parse_instant", "to_datetime"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The first and the last instant that a ``datetime`` in UTC can represent (years 1 to 9999).
FIRST: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

# RFC 3339, section 5.6, to the microsecond: a text is valid only if replacing each digit by 0 gives one of these
# shapes. That is twice as fast as a regular expression, and every line of a log has an instant.
_TO_SHAPE: Final = bytes.maketrans(b"123456789tz", b"000000000TZ")
_NAIVE_SHAPES: Final = frozenset(
    b"0000-00-00T00:00:00" + (b"." + b"0" * digits if digits else b"") for digits in range(7)
)
_AWARE_SHAPES: Final = frozenset(naive + offset for naive in _NAIVE_SHAPES for offset in (b"Z", b"+00:00", b"-00:00"))
# The lengths of texts without a fraction: with Z, and with an offset.
_WITHOUT_FRACTION: Final = (20, 25)
_COLON, _LOWERCASE_Z = b":z"
_fromisoformat: Final = datetime.fromisoformat


def instant(value: object) -> int:
    """Return the instant of ``value``, in microseconds since 1970-01-01T00:00:00Z.

    Args:
        value: an aware ``datetime`` (of any library); an RFC 3339 text with ``Z`` or an offset, at most six decimals of
            a second and no leap second; or an integer of microseconds.

    Raises:
        NaiveDatetime: a date and time without a zone or an offset.
        InstantOutOfRange: outside the years 1 to 9999 in UTC, such as an integer of nanoseconds.
        InvalidInstant: any other value.
    """
    if isinstance(value, str):
        return parse_instant(value if type(value) is str else str.__str__(value))
    if isinstance(value, datetime):
        return _from_datetime(value)
    if type(value) is int:
        return _in_range(value, value)
    raise InvalidInstant(value, "use an aware datetime, an RFC 3339 text or an integer of microseconds")


def check_instant(value: int) -> None:
    """Check that the type of an instant is exactly ``int``.

    Raises:
        InvalidInstant: it is another type, such as ``bool``, a float, a ``datetime`` or a NumPy integer.
    """
    if type(value) is not int:
        raise InvalidInstant(value, NOT_AN_INSTANT)


def to_datetime(instant: int) -> datetime:
    """Return the instant as an aware ``datetime`` in UTC.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
        InvalidInstant: not exactly an ``int``.
    """
    check_instant(instant)
    return _EPOCH + timedelta(microseconds=_in_range(instant, instant))


def format_instant(instant: int) -> str:
    """Return the instant as an RFC 3339 text in UTC, such as ``2026-03-02T08:00:00Z``, with decimals if it has any.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
        InvalidInstant: not exactly an ``int``.
    """
    return to_datetime(instant).replace(tzinfo=None).isoformat() + "Z"


def _from_datetime(value: datetime) -> int:
    try:
        naive = value.utcoffset() is None
        # A subclass may override the subtraction.
        since_epoch = None if naive else datetime.__sub__(value, _EPOCH)
    except Exception as error:  # a foreign tzinfo may raise anything
        raise InvalidInstant(value, f"its zone gives no UTC offset: {safe_repr(error)}") from error
    if since_epoch is None:
        raise NaiveDatetime(value)
    return _microseconds(since_epoch, value)


def parse_instant(text: str) -> int:
    """Return the instant of an RFC 3339 text: `instant` without the checks of the type.

    Raises:
        NaiveDatetime: no offset.
        InstantOutOfRange: outside the years 1 to 9999 in UTC.
        InvalidInstant: any other text.
    """
    # Most lines of a log share their hour. Whether the part before the minutes is valid does not depend on the rest, so
    # the two parts are cached separately, which halves the time. Texts with fractions rarely repeat and are not cached.
    if len(text) in _WITHOUT_FRACTION:
        try:
            instant = _hour(text[:14]) + _within_hour(text[14:])
        except InvalidInstant:
            pass  # reported below, for the whole text
        else:
            if FIRST <= instant <= LAST:
                return instant
    return _parsed(text)


@functools.lru_cache(maxsize=4096)
def _hour(text: str) -> int:
    """Return the instant of an hour in UTC, such as ``2026-03-02T08:``."""
    return _parsed(text + "00:00Z")


@functools.lru_cache(maxsize=8192)
def _within_hour(text: str) -> int:
    """Return the microseconds to add for the rest of the text, such as ``15:00Z`` or ``15:00+01:00``."""
    return _parsed("1970-01-01T00:" + text)


def _parsed(text: str) -> int:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # an unpaired surrogate
        raise _not_rfc3339(text) from None
    shape = encoded.translate(_TO_SHAPE)
    if shape not in _AWARE_SHAPES:
        raise NaiveDatetime(text) if shape in _NAIVE_SHAPES else _not_rfc3339(text)
    # ``fromisoformat`` checks the numbers, but it accepts the offset +01:60 and, from Python 3.14 on, the time
    # 24:00:00.
    if encoded[11:13] == b"24" or (encoded[-3] == _COLON and (encoded[-2:] > b"59" or encoded[-5:-3] > b"23")):
        raise _not_rfc3339(text)
    try:
        since_epoch = _fromisoformat(text if encoded[-1] != _LOWERCASE_Z else text.upper()) - _EPOCH
    except ValueError:
        raise InvalidInstant(text, "no such date or time") from None
    return _microseconds(since_epoch, text)


def _microseconds(since_epoch: timedelta, value: object) -> int:
    # ``since_epoch // timedelta(microseconds=1)`` is four times slower.
    return _in_range(since_epoch.days * DAY + since_epoch.seconds * SECOND + since_epoch.microseconds, value)


def _in_range(instant: int, value: object) -> int:
    if not FIRST <= instant <= LAST:
        raise InstantOutOfRange(value)
    return instant


def _not_rfc3339(text: str) -> InvalidInstant:
    return InvalidInstant(
        text, "not RFC 3339 with at most six decimals, as in 2026-03-02T08:00:00Z or 2026-03-02T09:00:00.25+01:00"
    )
