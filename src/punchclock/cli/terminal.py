"""What the commands share about terminals: consoles, and how names, instants and zones look to a person."""

from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Final, NoReturn

from rich import box
from rich.console import Console

from punchclock.instants import to_datetime

__all__ = ["PLAIN_BOX", "Output", "day_name", "is_plain", "local", "moment", "printable"]

#: A table with one rule under its head, and nothing but ASCII.
PLAIN_BOX: Final = box.Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)


#: So wide is the output at least, whatever a terminal or ``COLUMNS`` says: in less there is no room for a table.
_LEAST: Final = 40


class Output(Console):
    """Standard output. A closed pipe is the caller's to handle, as it is for any other way of writing."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A name that the encoding of an old terminal does not have is written as escapes, as in errors.
            sys.stdout.reconfigure(errors="backslashreplace")
        super().__init__(file=sys.stdout, highlight=False, emoji=False, markup=False)
        self.width = max(self.width, _LEAST)

    def on_broken_pipe(self) -> NoReturn:
        """Pass on what rich would turn into an exit."""
        raise BrokenPipeError


def is_plain(console: Console) -> bool:
    """Whether a console takes plain characters only: it is no terminal, or one of an old encoding."""
    return not console.is_terminal or not console.encoding.startswith("utf")


def printable(text: str) -> str:
    """A text from elsewhere with what would steer a terminal written out as escapes."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def local(at: int, zone: dt.tzinfo) -> dt.datetime:
    """What calendar and clock in a zone show at an instant; those of UTC where the zone's have no such year."""
    utc = to_datetime(at)
    try:
        return utc.astimezone(zone)
    except OverflowError:
        return utc


def day_name(date: dt.date) -> str:
    """A date with its day of the week, as ``Mon 2026-03-02``."""
    return f"{date:%a} {date.isoformat()}"


def moment(at: int, zone: dt.tzinfo) -> str:
    """An instant to the minute, as ``Mon 2026-03-02 09:00``."""
    shown = local(at, zone)
    return f"{day_name(shown.date())} {shown:%H:%M}"
