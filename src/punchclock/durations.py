"""Durations as text, such as ``123:04:05``. Rounding is in `punchclock.rounding`."""

from __future__ import annotations

import re
from typing import Final

from punchclock.errors import InvalidDuration
from punchclock.units import HOUR, MINUTE, SECOND

__all__ = ["format_duration", "parse_duration"]

_HOURS_MINUTES_SECONDS: Final = re.compile(r"(\d{1,15}):([0-5]\d):([0-5]\d)", re.ASCII).fullmatch
_TOO_LONG: Final = 10**15 * HOUR  # the shortest duration with sixteen digits of hours


def format_duration(duration: int) -> str:
    """Return a duration in microseconds as ``HH:MM:SS``, with as many digits of hours as necessary.

    Fractions of a second are truncated, so the text never shows more than the duration.

    Raises:
        InvalidDuration: negative, or more than fifteen digits of hours, or not exactly an ``int``.
    """
    if type(duration) is not int:
        raise InvalidDuration(duration, "the type must be exactly int, in microseconds")
    if duration < 0:
        raise InvalidDuration(duration, "it is negative")
    if duration >= _TOO_LONG:
        raise InvalidDuration(duration, "it has more than fifteen digits of hours")
    minutes, seconds = divmod(duration // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def parse_duration(text: str) -> int:
    """Return the duration of the text ``HH:MM:SS``, in microseconds; hours have one to fifteen digits.

    Raises:
        InvalidDuration: the text has another form.
    """
    if not isinstance(text, str):
        raise InvalidDuration(text, "the type must be str")
    match = _HOURS_MINUTES_SECONDS(text)
    if match is None:
        raise InvalidDuration(text, "the form is HH:MM:SS, such as 08:30:00 or 123:04:05")
    hours, minutes, seconds = match.groups()
    return int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
