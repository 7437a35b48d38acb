"""Reading of a log for `punchclock replay`: lines or table rows to timers, with errors and progress on standard error.

The line format is in `punchclock.eventlog`, tables are in `punchclock.columns`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from punchclock.cli.terminal import report
from punchclock.cli.timelines import DrawnTimeline, Timelines
from punchclock.errors import ClockWentBackwards, InstantOutOfRange, MalformedLine, PunchclockError, safe_repr
from punchclock.eventlog import MAX_LINE, AnyLogTimer, TimerLog, parse_line
from punchclock.eventlog.totals import DailyAccumulator
from punchclock.instants import LAST, format_instant

#: The number of lines between two updates of the progress bar.
_STRIDE: Final = 1 << 13
#: The minimum size in bytes of a log that has a progress bar.
_LONG: Final = 4 << 20
#: The suffixes of tables.
_TABLES: Final = frozenset({".parquet", ".arrow", ".feather", ".arrows", ".csv"})


class ReadLog(NamedTuple):
    """The result of reading a log.

    Attributes:
        timers: its timers.
        rejected: the number of rejected lines.
        ignored: the number of events after the end of the requested period.
    """

    timers: TimerLog[DailyAccumulator | None]
    rejected: int
    ignored: int


def read_log(log: str, until: int | None, timelines: Timelines | None, zone: dt.tzinfo) -> ReadLog:
    """Read a log, and report each rejected line.

    Args:
        log: a file, or ``-`` for standard input.
        until: the instant after which events are ignored; ``None`` for no limit.
        timelines: creates the observers of timers; without it, they have none.
        zone: the zone of the observers.
    """
    timers: TimerLog[DailyAccumulator | None] = TimerLog() if timelines is None else TimerLog(new_observer=timelines)
    if Path(log).suffix.lower() in _TABLES:
        return _read_table(Path(log), timers, until, timelines, zone)
    with _open(log) as file:
        return _read_lines(file, timers, LAST if until is None else until)


def _open(log: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if log == "-":
        if sys.stdin is None:  # closed, as by ``<&-``
            raise click.UsageError("there is no standard input")
        return contextlib.nullcontext(sys.stdin.buffer)
    try:
        return Path(log).open("rb")
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> click.UsageError:
    return click.UsageError(f"cannot read the log: {error.strerror}")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; of a line that is too long, only the start."""
    limit = MAX_LINE + 1
    try:
        while line := file.readline(limit):
            yield line
            while len(line) == limit and not line.endswith(b"\n"):
                line = file.readline(limit)
    except OSError as error:
        raise _unreadable(error) from error


def _read_lines(file: BinaryIO, timers: TimerLog[DailyAccumulator | None], until: int) -> ReadLog:
    rejected = ignored = 0
    apply, parse = timers.apply, parse_line  # local names: this loop takes most of the time of a long log
    with _progress(file) as advance:
        for number, line in enumerate(_lines(file), 1):
            try:
                entry = parse(line)
                if entry.at > until:
                    ignored += 1
                else:
                    apply(entry)
            except MalformedLine as error:
                rejected += 1
                _report_rejection(number, error.timer, error)
            except PunchclockError as error:
                rejected += 1
                _report_rejection(number, entry.timer, error)
            if number % _STRIDE == 0:
                advance(number)
    return ReadLog(timers, rejected, ignored)


def _read_table(
    path: Path,
    timers: TimerLog[DailyAccumulator | None],
    until: int | None,
    timelines: Timelines | None,
    zone: dt.tzinfo,
) -> ReadLog:
    """Read a table in batches. Rows are numbered as lines, also the header of a CSV file."""
    from punchclock.columns.files import read_batches  # noqa: PLC0415 - an extra, and only for tables
    from punchclock.columns.ledger import apply_batch  # noqa: PLC0415
    from punchclock.columns.text_formats import LABELS  # noqa: PLC0415

    rejected, done, first = 0, 0, 2 if path.suffix.lower() == ".csv" else 1
    ignored: list[int] = []
    with _table_progress(path) as advance:
        for batch in read_batches(path, LABELS):
            step_new = 0 if timelines is None else batch.num_rows if timelines.plotted else timelines.free_rows
            for row, timer, error in apply_batch(
                timers, batch, until=until, ignored=ignored.append, zone=zone, step=_is_drawn, step_new=step_new
            ):
                rejected += 1
                _report_rejection(first + done + row, timer, error)
            done += batch.num_rows
            advance(done)
    return ReadLog(timers, rejected, sum(ignored))


def _is_drawn(record: AnyLogTimer) -> bool:
    return isinstance(record.observer, DrawnTimeline)


def _report_rejection(number: int, timer: str | None, error: PunchclockError) -> None:
    reason = str(error)
    if isinstance(error, ClockWentBackwards):
        reason = (
            f"cannot {error.event} a timer that is {error.state} at {format_instant(error.at)}: "
            f"that is before its last instant, {format_instant(error.since)}"
        )
    elif isinstance(error, InstantOutOfRange):  # only from an amendment: `parse_line` checks the line's instants
        reason = "cannot amend a timer so that it starts outside the years 1 to 9999 in UTC"
    about = "" if timer is None else f"timer {safe_repr(timer)}: "
    report(f"line {number}: {about}{reason}")


@contextlib.contextmanager
def _progress(file: BinaryIO) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, if the log is long or of unknown length."""
    console = Console(stderr=True)
    if not console.is_terminal or file.isatty():
        yield lambda _: None
        return
    size = os.fstat(file.fileno()).st_size if file.seekable() else None
    if size is not None and size < _LONG:
        yield lambda _: None
        return
    columns = (BarColumn(), DownloadColumn(), TextColumn("{task.fields[events]:,} events"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=size, events=0)

        def advance(number: int) -> None:
            progress.update(task, completed=None if size is None else file.tell(), events=number)

        yield advance


@contextlib.contextmanager
def _table_progress(path: Path) -> Iterator[Callable[[int], None]]:
    """Show the number of events and their rate on a terminal, if the table is large."""
    console = Console(stderr=True)
    if not console.is_terminal or path.stat().st_size < _LONG:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} events, {task.fields[rate]:,.0f} a second"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, rate=0.0)
        begun = progress.get_time()

        def advance(number: int) -> None:
            rate = number / max(progress.get_time() - begun, 0.001)
            progress.update(task, completed=number, rate=rate)

        yield advance
