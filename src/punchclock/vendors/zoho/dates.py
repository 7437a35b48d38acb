"""Dates in the formats that a company sets up: ``yyyy-MM-dd``, ``dd-MMM-yyyy``, ``MM/dd/yyyy`` and their like.

A format is made of ``yyyy``, one of ``MM``, ``MMM`` (``Apr``) and ``MMMM`` (``April``), and ``dd``, each once, in
any order, with ``-``, ``/``, ``.``, ``,`` or blanks between them. Reading takes exactly what writing makes, but for the
case of a month's name. Two-digit years are no part of it: their century would be guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

from punchclock.errors import PunchclockError, safe_repr

__all__ = ["ISO", "InvalidDate", "UnknownDateFormat", "check_format", "read_date", "write_date"]

#: The format that the vendor's page takes and writes where no other is asked for.
ISO: Final = "yyyy-MM-dd"

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: Part of a format → what reads it, and what writes it out of a year, a month, a day and the month's two names.
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
    """A text that is no date format.

    Attributes:
        date_format: the text.
    """

    code = "unknown-date-format"

    def __init__(self, date_format: str) -> None:
        super().__init__(f"{safe_repr(date_format)} is no date format, as yyyy-MM-dd or dd-MMM-yyyy are")
        self.date_format = date_format


class InvalidDate(PunchclockError):
    """A text that is no date in its format.

    Attributes:
        text: the text.
        date_format: the format that it was read in.
        fits: whether it has the form at least, so that there is only no such day.
    """

    code = "invalid-date"

    def __init__(self, text: str, date_format: str, *, fits: bool) -> None:
        super().__init__(f"{safe_repr(text)}: {'there is no such day' if fits else f'not a date as in {date_format}'}")
        self.text = text
        self.date_format = date_format
        self.fits = fits


def check_format(date_format: str) -> None:
    """The text is a date format.

    Raises:
        UnknownDateFormat: it is none.
    """
    _compiled(date_format)


def read_date(text: str, date_format: str) -> date:
    """The date that a text names.

    Raises:
        UnknownDateFormat: the format is none.
        InvalidDate: the text does not have its form, or there is no such day.
    """
    if date_format == ISO and text[4:8:3] == "--":  # in every response, and a fifth of the time that reading one takes
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # the slow way, below, finds out why
    fit = _compiled(date_format)[0](text)
    if fit is None:
        raise InvalidDate(text, date_format, fits=False)
    year, month, day = fit.group("year", "month", "day")
    try:
        return date(int(year), _MONTH_NUMBERS.get(month.lower()) or int(month), int(day))
    except ValueError:
        raise InvalidDate(text, date_format, fits=True) from None


def write_date(day: date, date_format: str) -> str:
    """The date as a text.

    Raises:
        UnknownDateFormat: the format is none.
    """
    if date_format == ISO:
        return day.isoformat()
    name = _MONTHS[day.month - 1]
    return _compiled(date_format)[1].format(day.year, day.month, day.day, name[:3], name)


@lru_cache(maxsize=32)  # bounded: requests name their formats
def _compiled(date_format: str) -> tuple[Callable[[str], re.Match[str] | None], str]:
    """What reads a date in the format, and the template that writes one."""
    fit = _FORMAT(date_format)
    if fit is None or {*"".join(fit.group(1, 3, 5))} != {"y", "M", "d"}:
        raise UnknownDateFormat(date_format)
    first, between, second, after, third = fit.groups()
    (read_1, write_1), (read_2, write_2), (read_3, write_3) = _PARTS[first], _PARTS[second], _PARTS[third]
    pattern = f"{read_1}{re.escape(between)}{read_2}{re.escape(after)}{read_3}"
    template = f"{write_1}{between}{write_2}{after}{write_3}"
    return re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch, template
