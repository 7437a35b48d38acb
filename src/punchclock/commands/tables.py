"""The tables that `punchclock replay` prints: timers, and totals by user and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from msgspec import UNSET
from rich import box
from rich.cells import cell_len
from rich.table import Table

from punchclock.commands.terminal import PLAIN_BOX, day_name, local, printable
from punchclock.durations import format_duration
from punchclock.log import Record
from punchclock.summary import Total
from punchclock.timer import break_at, not_before, worked_at

__all__ = ["MOST_ROWS", "timers_table", "totals_table"]

#: The labels by which timers are told apart, the most telling first.
_LABELS: Final = ("user", "project", "task", "client", "note")
_GAP: Final = 2  # of which the box itself takes one
#: A table of more rows than this is not read.
MOST_ROWS: Final = 500


def timers_table(records: Sequence[Record[Any]], until: int, zone: dt.tzinfo, *, width: int, plain: bool) -> Table:
    """A row a timer, as it stands at ``until``; labels as far as they have room."""
    rows = []
    for record in records:
        timer = record.timer
        at = not_before(timer, until)
        rows.append(
            (
                record,
                [
                    f"{local(timer.started_at, zone):%Y-%m-%d %H:%M}",
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

    table = _table("Timers", plain=plain)
    for head in ("timer", *labels, "started", "state"):
        table.add_column(head, overflow="fold")
    for head in ("worked", "break"):
        table.add_column(head, justify="right", no_wrap=True)
    for record, cells in rows:
        table.add_row(printable(record.name), *(_label(record, label) for label in labels), *cells)
    return table


def totals_table(totals: Sequence[Total], *, plain: bool) -> Table:
    """A row a user, day and project, with a sum for each user. Too many days become months, and months years."""
    period, sums = _readable(totals)
    heads = {"user": any(each.user for each in sums), period: True, "project": any(each.project for each in sums)}
    title = f"By user and {period}" if heads["user"] else f"By {period}"
    if period != "day":
        title += f" (by day, {len(totals):,} rows)"

    table = _table(title, plain=plain)
    for head, there in heads.items():
        if there:
            table.add_column(head, overflow="fold")
    for head in ("worked", "break"):
        table.add_column(head, justify="right", no_wrap=True)
    for each, is_sum in _with_sums(sums):
        labels = (each.user or "", each.period, each.project or "")
        shown = [printable(text) for text, there in zip(labels, heads.values(), strict=True) if there]
        times = format_duration(each.worked), format_duration(each.break_)
        table.add_row(*shown, *times, style="bold" if is_sum else None, end_section=is_sum)
    return table


class _Sum(NamedTuple):
    user: str | None
    period: str
    project: str | None
    worked: int
    break_: int


_NOTHING: Final = _Sum(None, "", None, 0, 0)


def _readable(totals: Sequence[Total]) -> tuple[str, list[_Sum]]:
    """The finest period by which the sums are not too many to be read, and these."""
    finest = "day", _by(day_name, totals)
    for name, label in (("month", lambda date: f"{date:%b} {date.year}"), ("year", lambda date: str(date.year))):
        if len(finest[1]) <= MOST_ROWS:
            break
        finest = name, _by(label, totals)
    return finest


def _by(label: Callable[[dt.date], str], totals: Iterable[Total]) -> list[_Sum]:
    """Totals whose dates have the same label, summed."""
    sums: dict[tuple[str | None, str, str | None], _Sum] = {}
    for row in totals:
        key = (row.user, label(row.date), row.project)
        before = sums.get(key, _NOTHING)
        sums[key] = _Sum(*key, before.worked + row.worked, before.break_ + row.break_)
    return list(sums.values())


def _with_sums(sums: Sequence[_Sum]) -> Iterator[tuple[_Sum, bool]]:
    """Each sum with its user said once, a sum of sums after each user, and the sum of all at the end."""
    for _, group in groupby(sums[:MOST_ROWS], key=lambda each: each.user):
        mine = list(group)
        yield mine[0], False
        for each in mine[1:]:
            yield each._replace(user=None), False
        if mine[0].user is not None and len(mine) > 1:
            yield _all(mine), True
    if len(sums) > MOST_ROWS:
        yield _all(sums[MOST_ROWS:])._replace(period=f"{len(sums) - MOST_ROWS:,} more"), False
    yield _all(sums), True


def _all(sums: Sequence[_Sum]) -> _Sum:
    return _Sum(None, "all", None, sum(each.worked for each in sums), sum(each.break_ for each in sums))


def _label(record: Record[Any], name: str) -> str:
    text = getattr(record, name)
    return "" if text is UNSET else printable(text)


def _table(title: str, *, plain: bool) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="" if plain else "bright_black",
        box=PLAIN_BOX if plain else box.SIMPLE_HEAD,
        padding=(0, _GAP - 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
