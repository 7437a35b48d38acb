"""Terminal output that the commands share: consoles, messages, and the display of texts and instants."""

from __future__ import annotations

import datetime as dt
import io
import sys
from typing import Final, NoReturn

import click
from rich import box
from rich.console import Console

from punchclock.errors import PunchclockError
from punchclock.instants import to_datetime
from punchclock.vendors.errors import MissingFields, StateNotShown

#: A table in ASCII, with a line below its header.
PLAIN_BOX: Final = box.Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)
#: The minimum width of the output, which a table needs; lines wrap on narrower terminals.
_MIN_WIDTH: Final = 40


class Output(Console):
    """Standard output. The caller handles a closed pipe."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Characters that the encoding of an old terminal lacks become escapes, as on standard error.
            sys.stdout.reconfigure(errors="backslashreplace")
        super().__init__(file=sys.stdout, highlight=False, emoji=False, markup=False)
        self.width = max(self.width, _MIN_WIDTH)

    def on_broken_pipe(self) -> NoReturn:
        """Raise an error; rich would exit."""
        raise BrokenPipeError


def is_plain(console: Console) -> bool:
    """Return whether to write plain characters only: to a file, a pipe or a terminal without a Unicode encoding."""
    return not console.is_terminal or not console.encoding.startswith("utf")


def printable(text: str) -> str:
    """Return a text with its control characters as escapes, so that it cannot control a terminal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def local(at: int, zone: dt.tzinfo) -> dt.datetime:
    """Return the local date and time at an instant; in UTC, if the local year is not one of 1 to 9999."""
    utc = to_datetime(at)
    try:
        return utc.astimezone(zone)
    except OverflowError:
        return utc


def day_name(date: dt.date) -> str:
    """Return a date with its day of the week, such as ``Mon 2026-03-02``."""
    return f"{date:%a} {date.isoformat()}"


def moment(at: int, zone: dt.tzinfo) -> str:
    """Return an instant to the minute, such as ``Mon 2026-03-02 09:00``."""
    shown = local(at, zone)
    return f"{day_name(shown.date())} {shown:%H:%M}"


def count(number: int, noun: str) -> str:
    """Return a number with a noun in the singular or the plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def advice(error: PunchclockError, *, can_set: bool = False) -> str:
    """Return the options with which a vendor can show a timer that it rejects, to follow the error's text.

    Args:
        error: the rejection.
        can_set: whether the command has the option ``--set``.
    """
    if isinstance(error, StateNotShown):
        return f"; add --allow-state-change to write it as {error.nearest}, with the same work"
    if isinstance(error, MissingFields) and can_set:
        return "; add " + " ".join(f"--set {name}={'N' if name.endswith('id') else 'TEXT'}" for name in error.fields)
    return ""


def report(text: str) -> None:
    """Print a line on standard error."""
    click.echo(printable(text), err=True)
