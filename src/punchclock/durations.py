"""Durations as people write them: ``123:04:05``. Rounding is in `punchclock.rounding`."""

from __future__ import annotations

import re
from typing import Final

from punchclock.errors import InvalidDuration

__all__ = ["format_duration", "parse_duration"]

_HOURS_MINUTES_SECONDS: Final = re.compile(r"(\d{1,15}):([0-5]\d):([0-5]\d)", re.ASCII).fullmatch
_TOO_LONG: Final = 10**15 * 3_600_000_000  # the first duration that `parse_duration` would not read back


def format_duration(duration: int) -> str:
    """``HH:MM:SS`` of a duration in microseconds, with as many digits of hours as it takes.

    What is less than a second is cut off, so that a clock on a screen never shows a second that has
    not passed yet.

    Raises:
        InvalidDuration: a negative duration, more than fifteen digits of hours, or no integer at all.
    """
    if type(duration) is not int:
        raise InvalidDuration(duration, "not an integer of microseconds")
    if duration < 0:
        raise InvalidDuration(duration, "it is negative")
    if duration >= _TOO_LONG:
        raise InvalidDuration(duration, "it has more than fifteen digits of hours")
    minutes, seconds = divmod(duration // 1_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def parse_duration(text: str) -> int:
    """The duration that ``HH:MM:SS`` names, in microseconds; one to fifteen digits of hours.

    Raises:
        InvalidDuration: the text is not exactly that.
    """
    if not isinstance(text, str):
        raise InvalidDuration(text, "not a text")
    match = _HOURS_MINUTES_SECONDS(text)
    if match is None:
        raise InvalidDuration(text, "not HH:MM:SS, as in 08:30:00 or 123:04:05")
    hours, minutes, seconds = match.groups()
    return (int(hours) * 3600 + int(minutes) * 60 + int(seconds)) * 1_000_000
