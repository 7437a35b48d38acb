"""`punchclock replay`: read an event log, and say who worked and rested how long.

The format and the timers are in `punchclock.eventlog`, the sums in `punchclock.eventlog.totals`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec
from msgspec import UNSET, UnsetType
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from punchclock.cli.drawing import Row, draw
from punchclock.cli.histogram import Histogram
from punchclock.cli.parameters import A_FILE, read_instant, read_picture, read_workspace, read_zone
from punchclock.cli.tables import timers_table, totals_table
from punchclock.cli.terminal import Output, is_plain, moment, printable
from punchclock.errors import ClockWentBackwards, InstantOutOfRange, MalformedLine, PunchclockError, safe_repr
from punchclock.eventlog import MAX_LINE, LogTimer, TimerLog, parse_line, seconds
from punchclock.eventlog.totals import DailyAccumulator, Days, totals
from punchclock.history import Segment
from punchclock.instants import format_instant, to_datetime
from punchclock.machine import COUNTS_AS, Kind
from punchclock.timer import Timer, break_at, elapsed_at, not_before, worked_at
from punchclock.vendors import load, names
from punchclock.vendors.from_log import payload_of
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

if TYPE_CHECKING:
    from punchclock.vendors.calls import Vendor

__all__ = ["replay"]

#: How many timers the table lists, and how many the timeline draws. The rest is said in words.
_LISTED = 50
_DRAWN = 30
#: Days of all timers together, beyond which no table by day is made: it would take longer than the log.
_MOST_DAYS = 2_000_000
#: How many lines pass between two looks at the progress bar, and how many bytes make a log long enough for one.
_STRIDE = 1 << 13
_LONG = 4 << 20

#: The suffixes of logs that are tables.
_TABLES = frozenset({".parquet", ".arrow", ".feather", ".arrows", ".csv"})
#: How many rows a picture has at most.
_PLOTTED = 60

_DAY = 86_400_000_000


@click.command()
@click.argument("log", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="LOG")
@click.option(
    "--at", callback=read_instant, metavar="INSTANT", help="Read the timers as of then; leave out what is later."
)
@click.option(
    "--zone", callback=read_zone, metavar="ZONE", help="Whose days and clock; UTC, or with --as those of the account."
)
@click.option("--json", "as_json", is_flag=True, help="One object a line, a timer each.")
@click.option("--as", "vendor", type=click.Choice(names()), help="That vendor's payloads, JSON as well, one a line.")
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="Where --as looks names up, as TOML or JSON; else the demo workspace.",
)
@click.option("--plot", callback=read_picture, metavar="FILE", help="Also draw who worked when, as .png or .svg.")
def replay(
    log: str,
    at: int | None,
    zone: dt.tzinfo | None,
    vendor: str | None,
    workspace: Workspace | None,
    plot: Path | None,
    *,
    as_json: bool,
) -> int:
    """Say who worked and rested how long, by a LOG of timer events.

    LOG is JSON Lines, - is standard input; .parquet, .arrow and .csv are tables, a row for a line. A line that is
    malformed, or not allowed in its timer's state, is reported and changes nothing; every other line counts. The exit
    status is 1 if there was such a line, or with --as a timer that the vendor cannot show.
    """
    local = dt.UTC if zone is None else zone
    followed = plot is not None or not (as_json or vendor)
    histories = _Histories(Days(local), traced=plot is not None) if followed else None
    book: TimerLog[Any] = TimerLog(until=at) if histories is None else TimerLog(until=at, history=histories)
    if Path(log).suffix.lower() in _TABLES:
        rejected = _read_table(Path(log), book, at, histories, local)
    else:
        with _open(log) as file:
            rejected = _read(file, book)
    if book.left_out and at is not None:
        _say(f"{_count(book.left_out, 'event')} after {format_instant(at)} left out")
    until = book.last if at is None else at
    if until is None or not book.records:
        _say("no timers")
    elif vendor:
        account = demo_workspace() if workspace is None else workspace
        rejected += _print_payloads(load(vendor), book.records.values(), until, account, zone)
    elif as_json:
        _print_json(book.records.values(), until)
    else:
        _print_report(list(book.records.values()), until, local)
    if plot is not None:
        _plot(book.records.values(), until, local, plot)
    return 1 if rejected else 0


# Reading


def _open(log: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if log == "-":
        if sys.stdin is None:  # closed, as with ``<&-``
            raise click.UsageError("there is no standard input")
        return contextlib.nullcontext(sys.stdin.buffer)
    try:
        return Path(log).open("rb")
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> click.UsageError:
    return click.UsageError(f"cannot read the log: {error.strerror}")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long only as much as it takes to see that."""
    most = MAX_LINE + 1
    try:
        while line := file.readline(most):
            yield line
            while len(line) == most and not line.endswith(b"\n"):
                line = file.readline(most)
    except OSError as error:
        raise _unreadable(error) from error


def _read(file: BinaryIO, book: TimerLog[Any]) -> int:
    """Apply every line to the book, complain of those that are rejected, and return their number."""
    rejected = 0
    apply, parse = book.apply, parse_line  # looked up once: this loop is what a long log spends its time in
    with _progress(file) as advance:
        for number, line in enumerate(_lines(file), 1):
            try:
                entry = parse(line)
                apply(entry)
            except MalformedLine as error:
                rejected += 1
                _complain(number, error.timer, error)
            except PunchclockError as error:
                rejected += 1
                _complain(number, entry.timer, error)
            if number % _STRIDE == 0:
                advance(number)
    return rejected


def _read_table(
    path: Path, book: TimerLog[Any], until: int | None, histories: _Histories | None, zone: dt.tzinfo
) -> int:
    """`_read` for a table, a batch at a time. A row is a line, and in CSV so is the head."""
    from punchclock.columns.files import LABELS, read_batches  # noqa: PLC0415 - an extra, and only for tables
    from punchclock.columns.ledger import apply_batch  # noqa: PLC0415

    rejected, done, first = 0, 0, 2 if path.suffix.lower() == ".csv" else 1
    with _table_progress(path) as advance:
        for batch in read_batches(path, LABELS):
            step_new = 0 if histories is None else batch.num_rows if histories.traced else histories.rows
            for row, timer, error in apply_batch(
                book, batch, until=until, history=histories, zone=zone, step=_is_drawn, step_new=step_new
            ):
                rejected += 1
                _complain(first + done + row, timer, error)
            done += batch.num_rows
            advance(done)
    return rejected


def _is_drawn(record: LogTimer[Any]) -> bool:
    return isinstance(record.history, _Drawn)


def _complain(number: int, timer: str | None, error: PunchclockError) -> None:
    reason = str(error)
    if isinstance(error, ClockWentBackwards):
        reason = (
            f"cannot {error.event} a timer that is {error.state} at {format_instant(error.at)}: "
            f"that is before its last instant, {format_instant(error.since)}"
        )
    elif isinstance(error, InstantOutOfRange):  # of an amendment; the instants of the line itself were looked at before
        reason = "cannot amend a timer so that it starts outside the years 1 to 9999 in UTC"
    about = "" if timer is None else f"timer {safe_repr(timer)}: "
    _say(f"line {number}: {about}{reason}")


def _say(text: str) -> None:
    """A line for a person, on standard error."""
    click.echo(printable(text), err=True)


@contextlib.contextmanager
def _progress(file: BinaryIO) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, where that is a terminal and the log is long or of unknown length."""
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
    """`_progress` for a table: how many events are done, and how many it is a second."""
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


# Saying


class _Shown(msgspec.Struct):
    """What ``--json`` says of a timer, in this order; labels that the log does not say are left out."""

    timer: str
    state: str
    started_at: dt.datetime
    since: dt.datetime
    worked_seconds: int | Decimal
    break_seconds: int | Decimal
    user: str | UnsetType
    task: str | UnsetType
    project: str | UnsetType
    client: str | UnsetType
    note: str | UnsetType


def _print_json(records: Iterable[LogTimer[Any]], until: int) -> None:
    encode = msgspec.json.Encoder(decimal_format="number").encode
    out = sys.stdout.buffer
    for record in records:
        timer = record.timer
        at = not_before(timer, until)
        shown = _Shown(
            timer=record.name,
            state=timer.state.value,
            started_at=to_datetime(timer.started_at),
            since=to_datetime(timer.since),
            worked_seconds=seconds(worked_at(timer, at)),
            break_seconds=seconds(break_at(timer, at)),
            user=record.user,
            task=record.task,
            project=record.project,
            client=record.client,
            note=record.note,
        )
        out.write(encode(shown) + b"\n")
    out.flush()


def _print_payloads(
    vendor: Vendor[Any], records: Iterable[LogTimer[Any]], until: int, workspace: Workspace, zone: dt.tzinfo | None
) -> int:
    """Print each timer as the vendor shows it, complain of those that it cannot show, and return their number."""
    name = workspace.zone if zone is None else str(zone)  # by its name, as vendors know it
    out = sys.stdout.buffer
    rejected = 0
    for number, record in enumerate(records, 1):
        try:
            payload = payload_of(vendor, record, number, now=until, workspace=workspace, zone=name)
        except PunchclockError as error:
            rejected += 1
            _say(f"timer {safe_repr(record.name)}: {error}")
        else:
            out.write(payload + b"\n")
    out.flush()
    return rejected


def _print_report(records: Sequence[LogTimer[DailyAccumulator]], until: int, zone: dt.tzinfo) -> None:
    console = Output()
    plain = is_plain(console)
    start = min(record.timer.started_at for record in records)
    end = max(not_before(record.timer, until) for record in records)
    users = {record.user for record in records} - {UNSET}
    who = f"{_count(len(records), 'timer')} of {_count(len(users), 'user')}" if users else _count(len(records), "timer")
    console.print(f"{who}, {moment(start, zone)} to {moment(end, zone)}, {zone}", style="bold")

    console.print()
    console.print(*timers_table(records[:_LISTED], until, zone, width=console.width, plain=plain), sep="\n")
    if len(records) > _LISTED:
        console.print(f"and {len(records) - _LISTED:,} more; --json says them all")

    console.print()
    spanned = sum(elapsed_at(record.timer, not_before(record.timer, until)) // _DAY + 1 for record in records)
    if spanned > _MOST_DAYS:
        console.print(f"no totals by day: these timers span {spanned:,} days together")
    else:
        console.print(*totals_table(totals(_timelines(records, until), zone), plain=plain), sep="\n")

    console.print()
    console.print("Timeline", style="bold")
    drawn = [(record, record.history) for record in records if isinstance(record.history, _Drawn)]
    rows = [_row(record, history, until) for record, history in drawn[:_DRAWN]]
    for line in draw(rows, zone, width=console.width, plain=plain):
        console.print(line)
    if len(records) > len(rows):
        console.print(f"and {len(records) - len(rows):,} more timers")


def _timelines(
    records: Iterable[LogTimer[DailyAccumulator]], until: int
) -> Iterator[tuple[str | None, str | None, list[Segment]]]:
    """What `totals` takes: user, project and segments of each timer."""
    for record in records:
        user = None if record.user is UNSET else record.user
        project = None if record.project is UNSET else record.project
        yield user, project, record.history.segments(record.timer, until)


def _row(record: LogTimer[DailyAccumulator], history: _Drawn, until: int) -> Row:
    """A timer's row, its strip drawn out to ``until`` where it has not ended."""
    timer = record.timer
    kind = COUNTS_AS.get(timer.state)
    if kind is not None:
        history.strip.add(kind, timer.since, not_before(timer, until))
    label = record.name if record.user is UNSET else f"{record.name} {record.user}"
    return Row(printable(label), history.strip, timer.state)


def _plot(records: Iterable[LogTimer[Any]], until: int | None, zone: dt.tzinfo, target: Path) -> None:
    """Draw a row for each user, in order of first appearance, and one for each timer of nobody."""
    from punchclock.columns import plot  # noqa: PLC0415 - an extra

    rows: dict[tuple[bool, str], plot.Row] = {}
    for record in records:
        key = (False, record.name) if record.user is UNSET else (True, record.user)
        row = rows.setdefault(key, plot.Row(printable(key[1]), [], []))
        row.segments.extend(record.history.trace)
        timer = record.timer
        kind = COUNTS_AS.get(timer.state)
        if kind is not None:
            end = timer.since if until is None else not_before(timer, until)
            row.segments.append(Segment(kind, timer.since, end))
            row.running.append(end)
    try:
        plot.plot(list(rows.values())[:_PLOTTED], zone, target)
    except OSError as error:
        raise click.UsageError(f"cannot write the picture: {error.strerror}") from error
    if len(rows) > _PLOTTED:
        _say(f"the picture shows {_PLOTTED} of {len(rows):,} rows")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


# Following the past of timers


class _Drawn(DailyAccumulator):
    """A digest of a timer that the timeline draws."""

    __slots__ = ("_free", "strip")

    def __init__(self, days: Days, started_at: int, free: Callable[[], None]) -> None:
        super().__init__(days, started_at)
        self.strip = Histogram(started_at)
        self._free = free

    def moved(self, before: Timer, at: int) -> None:
        super().moved(before, at)
        self.strip.add(COUNTS_AS[before.state], before.since, at)

    def amended(self, timer: Timer) -> None:
        super().amended(timer)
        self.strip = Histogram(timer.started_at)
        for segment in _past_of(timer):
            self.strip.add(segment.kind, segment.start, segment.end)

    def discarded(self) -> None:
        self._free()


class _Traced(_Drawn):
    """A digest of a timer that goes into a picture: it keeps every segment."""

    __slots__ = ("trace",)

    def __init__(self, days: Days, started_at: int, free: Callable[[], None]) -> None:
        super().__init__(days, started_at, free)
        self.trace: list[Segment] = []

    def moved(self, before: Timer, at: int) -> None:
        super().moved(before, at)
        self.trace.append(Segment(COUNTS_AS[before.state], before.since, at))

    def amended(self, timer: Timer) -> None:
        super().amended(timer)
        self.trace = _past_of(timer)


def _past_of(timer: Timer) -> list[Segment]:
    """Return the past of an amended timer: as in `DailyAccumulator`, break before work."""
    begun = timer.since - timer.worked
    return [Segment(Kind.BREAK, timer.started_at, begun), Segment(Kind.WORK, begun, timer.since)]


class _Histories:
    """Follows new timers: the first ones, as long as there are rows for them, so that they can be drawn.

    Attributes:
        rows: how many more can be drawn.
        traced: whether there will be a picture, which shows every timer.
    """

    def __init__(self, days: Days, *, traced: bool) -> None:
        self.rows = _DRAWN
        self.traced = traced
        self._days = days

    def __call__(self, started_at: int) -> DailyAccumulator:
        if self.traced:
            return _Traced(self._days, started_at, self._free)
        if self.rows == 0:
            return DailyAccumulator(self._days, started_at)
        self.rows -= 1
        return _Drawn(self._days, started_at, self._free)

    def _free(self) -> None:
        self.rows += 1
