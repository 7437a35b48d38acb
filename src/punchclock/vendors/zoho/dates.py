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

from punchclock.errors import PunchclockError, shown

__all__ = ["ISO", "InvalidDate", "UnknownDateFormat", "check_format", "read_date", "write_date"]

#: The format that the vendor's page takes and writes where no other is asked for.
ISO: Final = "yyyy-MM-dd"

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PARTS: Final = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "MMM": f"(?P<name>{'|'.join(month[:3] for month in _MONTHS)})",
    "MMMM": f"(?P<name>{'|'.join(_MONTHS)})",
    "dd": r"(?P<day>[0-9]{2})",
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
        super().__init__(f"{shown(date_format)} is no date format, as yyyy-MM-dd or dd-MMM-yyyy are")
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
        super().__init__(f"{shown(text)}: {'there is no such day' if fits else f'not a date as in {date_format}'}")
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
    fit = _compiled(date_format)[0](text)
    if fit is None:
        raise InvalidDate(text, date_format, fits=False)
    found = fit.groupdict()
    month = int(found["month"]) if "month" in found else _MONTH_NUMBERS[found["name"].lower()]
    try:
        return date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        raise InvalidDate(text, date_format, fits=True) from None


def write_date(day: date, date_format: str) -> str:
    """The date as a text.

    Raises:
        UnknownDateFormat: the format is none.
    """
    month = _MONTHS[day.month - 1]
    _, template = _compiled(date_format)
    return template.format(yyyy=f"{day.year:04}", MM=f"{day.month:02}", MMM=month[:3], MMMM=month, dd=f"{day.day:02}")


@lru_cache(maxsize=32)  # bounded: requests name their formats
def _compiled(date_format: str) -> tuple[Callable[[str], re.Match[str] | None], str]:
    """What reads a date in the format, and the template that writes one."""
    fit = _FORMAT(date_format)
    if fit is None or {part[0] for part in fit.group(1, 3, 5)} != {"y", "M", "d"}:
        raise UnknownDateFormat(date_format)
    first, between, second, after, third = fit.groups()
    pattern = "".join((_PARTS[first], re.escape(between), _PARTS[second], re.escape(after), _PARTS[third]))
    template = f"{{{first}}}{between}{{{second}}}{after}{{{third}}}"
    return re.compile(pattern, re.IGNORECASE | re.ASCII).fullmatch, template
