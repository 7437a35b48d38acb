"""Dates in a company's format, such as ``yyyy-MM-dd``, ``dd-MMM-yyyy`` or ``MM/dd/yyyy``.

A format contains ``yyyy``, ``dd`` and one of ``MM``, ``MMM`` (``Apr``) and ``MMMM`` (``April``), each once, in any
order, separated by up to two of ``-``, ``/``, ``.``, ``,`` and space. Reading accepts exactly what writing produces,
except that it ignores the case of a month's name. Two-digit years are not supported: their century would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

from punchclock.errors import PunchclockError, safe_repr

#: The format that the vendor's page uses by default.
ISO: Final = "yyyy-MM-dd"

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: Part of a format → regular expression and template. Template arguments: year, month, day, ``Apr``, ``April``.
_PARTS: Final = {
    "yyyy": (r"(?P<year>[0-9]{4})", "{0:04}"),
    "MM": (r"(?P<month>[0-9]{2})", "{1:02}"),
    "MMM": (f"(?P<month>{'|'.join(month[:3] for month in _MONTHS)})", "{3}"),
    "MMMM": (f"(?P<month>{'|'.join(_MONTHS)})", "{4}"),
    "dd": (r"(?P<day>[0-9]{2})", "{2:02}"),
}
_MONTH_NUMBERS: Final = {name.lower(): number for number, month in enumerate(_MONTHS, 1) for name in (month[:3], month)}
_FORMAT: Final = re.compile(r"(yyyy|M{2,4}|dd)([-/., ]{0,2})(yyyy|M{2,4}|dd)([-/., ]{0,2})(yyyy|M{2,4}|dd)").fullmatch


class UnknownDateFormat(PunchclockError):
    """A text is not a date format.

    Attributes:
        date_format: the text.
    """

    code = "unknown-date-format"

    def __init__(self, date_format: str) -> None:
        super().__init__(f"{safe_repr(date_format)} is not a date format such as yyyy-MM-dd or dd-MMM-yyyy")
        self.date_format = date_format


class InvalidDate(PunchclockError):
    """A text is not a date in a given format.

    Attributes:
        text: the text.
        date_format: the format.
        fits: whether the text matches the format; if so, the day does not exist.
    """

    code = "invalid-date"

    def __init__(self, text: str, date_format: str, *, fits: bool) -> None:
        super().__init__(f"{safe_repr(text)}: {'no such day' if fits else f'not a date as in {date_format}'}")
        self.text = text
        self.date_format = date_format
        self.fits = fits


def check_format(date_format: str) -> None:
    """Check that a text is a date format.

    Raises:
        UnknownDateFormat: it is not.
    """
    _compiled(date_format)


def read_date(text: str, date_format: str) -> date:
    """Return the date in a text.

    Raises:
        UnknownDateFormat: the format is invalid.
        InvalidDate: the text has another form, or the day does not exist.
    """
    if date_format == ISO and text[4:8:3] == "--":  # every response has such a date; this is much faster
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # the code below finds out why
    match = _compiled(date_format)[0](text)
    if match is None:
        raise InvalidDate(text, date_format, fits=False)
    year, month, day = match.group("year", "month", "day")
    try:
        return date(int(year), _MONTH_NUMBERS.get(month.lower()) or int(month), int(day))
    except ValueError:
        raise InvalidDate(text, date_format, fits=True) from None


def write_date(day: date, date_format: str) -> str:
    """Return a date as a text.

    Raises:
        UnknownDateFormat: the format is invalid.
    """
    if date_format == ISO:
        return day.isoformat()
    name = _MONTHS[day.month - 1]
    return _compiled(date_format)[1].format(day.year, day.month, day.day, name[:3], name)


@lru_cache(maxsize=32)  # bounded, since requests choose the format
def _compiled(date_format: str) -> tuple[Callable[[str], re.Match[str] | None], str]:
    """Return the match function and the template of a format."""
    match = _FORMAT(date_format)
    if match is None or {*"".join(match.group(1, 3, 5))} != {"y", "M", "d"}:
        raise UnknownDateFormat(date_format)
    first, between, second, after, third = match.groups()
    (read_1, write_1), (read_2, write_2), (read_3, write_3) = _PARTS[first], _PARTS[second], _PARTS[third]
    pattern = f"{read_1}{re.escape(between)}{read_2}{re.escape(after)}{read_3}"
    template = f"{write_1}{between}{write_2}{after}{write_3}"
    return re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch, template
