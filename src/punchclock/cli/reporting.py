"""Output of `punchclock replay`: a report, JSON, payloads of a vendor, a picture."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec import UNSET, UnsetType
from rich.console import RenderableType
from rich.text import Text

from punchclock.cli.drawing import Row, draw
from punchclock.cli.tables import timers_table, totals_table
from punchclock.cli.terminal import Output, advice, count, is_plain, moment, printable, report
from punchclock.cli.timelines import MAX_DRAWN, DrawnTimeline, PlottedTimeline
from punchclock.errors import PunchclockError, TooManyPieces, safe_repr
from punchclock.eventlog import AnyLogTimer, LogTimer, seconds
from punchclock.eventlog.totals import DailyAccumulator, Period, totals
from punchclock.history import Segment
from punchclock.instants import to_datetime
from punchclock.machine import COUNTS_AS
from punchclock.timer import break_at, not_before, worked_at
from punchclock.vendors import load
from punchclock.vendors.conversion import shown_state
from punchclock.vendors.from_log import payload_of
from punchclock.vendors.workspace import Workspace

#: The maximum number of timers in the table.
_MAX_LISTED: Final = 50
#: The maximum number of whole days, months or years in the totals: more would be slower than reading the log.
_MAX_PIECES: Final = 50_000
#: The maximum number of rows in a picture.
_MAX_PLOTTED: Final = 60


class _TimerObject(msgspec.Struct):
    """The keys of a timer in the output of ``--json``, in order; labels without a value are omitted."""

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


def print_json(records: Iterable[AnyLogTimer], until: int) -> None:
    """Print each timer as a line of JSON."""
    encode = msgspec.json.Encoder(decimal_format="number").encode
    out = sys.stdout.buffer
    for record in records:
        timer = record.timer
        at = not_before(timer, until)
        shown = _TimerObject(
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


def print_payloads(
    vendor: str,
    records: Iterable[AnyLogTimer],
    until: int,
    workspace: Workspace,
    zone: dt.tzinfo | None,
    *,
    allow_state_change: bool,
) -> int:
    """Print each timer as a payload of a vendor; report those that it cannot show, and return their count.

    A timer that is shown in another state is reported too.
    """
    name = workspace.zone if zone is None else str(zone)  # vendors identify a zone by its name
    target = load(vendor)
    out = sys.stdout.buffer
    rejected = 0
    for number, record in enumerate(records, 1):
        try:
            payload = payload_of(
                target,
                record,
                number,
                now=until,
                workspace=workspace,
                zone=name,
                allow_state_change=allow_state_change,
            )
        except PunchclockError as error:
            rejected += 1
            report(f"timer {safe_repr(record.name)}: {error}{advice(error)}")
        else:
            out.write(payload + b"\n")
            state = record.timer.state
            shown = shown_state(target, state)
            if shown is not state:
                report(f"timer {safe_repr(record.name)}: timer.state: {state} → {shown}")
    out.flush()
    return rejected


def print_report(records: Sequence[LogTimer[DailyAccumulator | None]], until: int, zone: dt.tzinfo) -> None:
    """Print the tables of timers and totals, and the timeline."""
    console = Output()
    plain = is_plain(console)
    start = min(record.timer.started_at for record in records)
    end = max(not_before(record.timer, until) for record in records)
    users = {record.user for record in records} - {UNSET}
    who = f"{count(len(records), 'timer')} of {count(len(users), 'user')}" if users else count(len(records), "timer")
    console.print(f"{who}, {moment(start, zone)} to {moment(end, zone)}, {zone}", style="bold")

    console.print()
    console.print(*timers_table(records[:_MAX_LISTED], until, zone, width=console.width, plain=plain), sep="\n")
    if len(records) > _MAX_LISTED:
        console.print(f"and {len(records) - _MAX_LISTED:,} more; --json lists all")

    console.print()
    console.print(*_totals(records, until, zone, plain=plain), sep="\n")

    console.print()
    console.print("Timeline", style="bold")
    drawn = [(record, record.observer) for record in records if isinstance(record.observer, DrawnTimeline)]
    rows = [_row(record, history, until) for record, history in drawn[:MAX_DRAWN]]
    for line in draw(rows, zone, width=console.width, plain=plain):
        console.print(line)
    if len(records) > len(rows):
        console.print(f"and {len(records) - len(rows):,} more timers")


def _totals(
    records: Sequence[LogTimer[DailyAccumulator | None]], until: int, zone: dt.tzinfo, *, plain: bool
) -> Iterable[RenderableType]:
    """Return the table of totals, by the shortest period that does not take longer than reading the log."""
    count = 0
    for period in Period:
        try:
            found = totals(_segments(records, until), zone, period=period, limit=_MAX_PIECES)
        except TooManyPieces as error:
            count = count or error.count
        else:
            return totals_table(found, period, days=count, plain=plain)
    return [Text(f"no totals: the timers span {count:,} days")]


def _segments(
    records: Iterable[LogTimer[DailyAccumulator | None]], until: int
) -> Iterator[tuple[str | None, str | None, list[Segment]]]:
    """Yield the arguments of `totals`: user, project and segments of each timer."""
    for record in records:
        user = None if record.user is UNSET else record.user
        project = None if record.project is UNSET else record.project
        if record.observer is not None:
            yield user, project, record.observer.segments(record.timer, until)


def _row(record: AnyLogTimer, history: DrawnTimeline, until: int) -> Row:
    """Return the row of a timer; its histogram is extended to ``until`` if the timer has not ended."""
    timer = record.timer
    kind = COUNTS_AS.get(timer.state)
    if kind is not None:
        history.histogram.add(kind, timer.since, not_before(timer, until))
    label = record.name if record.user is UNSET else f"{record.name} {record.user}"
    return Row(printable(label), history.histogram, timer.state)


def plot_users(records: Iterable[AnyLogTimer], until: int | None, zone: dt.tzinfo, target: Path) -> None:
    """Write a picture with a row for each user, in order of first appearance, and for each timer without a user."""
    from punchclock.columns import plot  # noqa: PLC0415 - an extra

    rows: dict[tuple[bool, str], plot.Row] = {}
    for record in records:
        key = (False, record.name) if record.user is UNSET else (True, record.user)
        row = rows.setdefault(key, plot.Row(printable(key[1]), [], []))
        if isinstance(record.observer, PlottedTimeline):
            row.segments.extend(record.observer.past)
        timer = record.timer
        kind = COUNTS_AS.get(timer.state)
        if kind is not None:
            end = timer.since if until is None else not_before(timer, until)
            row.segments.append(Segment(kind, timer.since, end))
            row.running.append(end)
    try:
        plot.plot(list(rows.values())[:_MAX_PLOTTED], zone, target)
    except OSError as error:
        raise click.UsageError(f"cannot write the picture: {error.strerror}") from error
    if len(rows) > _MAX_PLOTTED:
        report(f"the picture shows {_MAX_PLOTTED} of {len(rows):,} rows")
