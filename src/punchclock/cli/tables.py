"""The tables of `punchclock replay`: timers, and totals by user and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import UNSET
from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from punchclock.cli.terminal import PLAIN_BOX, day_name, local, printable
from punchclock.durations import format_duration
from punchclock.eventlog import AnyLogTimer
from punchclock.eventlog.totals import Period, Total
from punchclock.timer import break_at, not_before, worked_at

#: The labels, by their priority for space in the table.
_LABELS: Final = ("user", "project", "task", "client", "note")
_GAP: Final = 2  # between columns; the box contributes one
#: The maximum number of rows.
MAX_ROWS: Final = 300


def timers_table(
    records: Sequence[AnyLogTimer], until: int, zone: dt.tzinfo, *, width: int, plain: bool
) -> Iterator[RenderableType]:
    """Yield the table of timers at the instant ``until``, with as many labels as fit."""
    rows = []
    for record in records:
        timer = record.timer
        at = not_before(timer, until)
        rows.append(
            (
                record,
                [
                    local(timer.started_at, zone).replace(tzinfo=None).isoformat(" ", "minutes"),
                    timer.state.value,
                    format_duration(worked_at(timer, at)),
                    format_duration(break_at(timer, at)),
                ],
            )
        )
    heads = ["started", "state", "worked", "break"]
    room = width - sum(_GAP + max(len(head), *(len(row[at]) for _, row in rows)) for at, head in enumerate(heads))
    room -= max(cell_len("timer"), *(cell_len(printable(record.name)) for record in records))
    labels = []
    for label in _LABELS:
        widest = max(cell_len(_label(record, label)) for record in records)
        needed = _GAP + max(widest, len(label))
        if widest and needed <= room:
            labels.append(label)
            room -= needed

    table = _table(plain=plain)
    for head in ("timer", *labels, "started", "state"):
        table.add_column(head, overflow="fold")
    for head in ("worked", "break"):
        table.add_column(head, justify="right", no_wrap=True)
    for record, cells in rows:
        table.add_row(printable(record.name), *(_label(record, label) for label in labels), *cells)
    yield Text("Timers", "bold")
    yield table


def totals_table(totals: Sequence[Total], period: Period, *, days: int = 0, plain: bool) -> Iterator[RenderableType]:
    """Yield the table by user, period and project, with a sum for each user; by month or year if it is too long.

    Args:
        totals: the totals.
        period: the period of the totals.
        days: about how many rows they would have by day, if the period is longer.
        plain: whether to use only ASCII.
    """
    rows, by_day = totals, f"about {days:,}" if days else f"{len(totals):,}"
    for longer in Period:
        if len(rows) > MAX_ROWS and _ORDER.index(longer) > _ORDER.index(period):
            period, rows = longer, _merged(rows, longer.first)
    heads = {"user": any(row.user for row in rows), period.value: True, "project": any(row.project for row in rows)}
    title = f"By user and {period}" if heads["user"] else f"By {period}"
    if period is not Period.DAY:
        title += f" (by day, {by_day} rows)"

    table = _table(plain=plain)
    for head, there in heads.items():
        if there:
            table.add_column(head, overflow="fold")
    for head in ("worked", "break"):
        table.add_column(head, justify="right", no_wrap=True)
    for labels, summed in _with_sums(rows, _PERIODS[period]):
        shown = [printable(text) for text, there in zip(labels, heads.values(), strict=True) if there]
        worked, rest = sum(row.worked for row in summed), sum(row.break_ for row in summed)
        is_sum = labels == _ALL
        style = "bold" if is_sum else None
        table.add_row(*shown, format_duration(worked), format_duration(rest), style=style, end_section=is_sum)
    yield Text(title, "bold")
    yield table


_ORDER: Final = tuple(Period)  # the shortest first
_PERIODS: Final[dict[Period, Callable[[dt.date], str]]] = {
    Period.DAY: day_name,
    Period.MONTH: lambda date: f"{date:%b} {date.year}",
    Period.YEAR: lambda date: str(date.year),
}
_ALL: Final = ("", "all", "")


def _merged(totals: Sequence[Total], first: Callable[[dt.date], dt.date]) -> list[Total]:
    """Return totals by longer periods, each with the first date of its period."""
    sums: dict[tuple[str | None, dt.date, str | None], list[int]] = {}
    for row in totals:
        held = sums.setdefault((row.user, first(row.date), row.project), [0, 0])
        held[0] += row.worked
        held[1] += row.break_
    return [Total(*key, *held) for key, held in sums.items()]


def _with_sums(
    rows: Sequence[Total], label: Callable[[dt.date], str]
) -> Iterator[tuple[tuple[str, str, str], Sequence[Total]]]:
    """Yield the rows of the table: labels and summed totals. The user is named only in their first row."""
    for user, group in groupby(rows[:MAX_ROWS], key=lambda row: row.user):
        mine = list(group)
        for at, row in enumerate(mine):
            yield ("" if at else user or "", label(row.date), row.project or ""), [row]
        if user is not None and len(mine) > 1:
            yield _ALL, mine
    if len(rows) > MAX_ROWS:
        yield ("", f"{len(rows) - MAX_ROWS:,} more", ""), rows[MAX_ROWS:]
    yield _ALL, rows


def _label(record: AnyLogTimer, name: str) -> str:
    text = getattr(record, name)
    return "" if text is UNSET else printable(text)


def _table(*, plain: bool) -> Table:
    return Table(
        header_style="" if plain else "bright_black",
        box=PLAIN_BOX if plain else box.SIMPLE_HEAD,
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
