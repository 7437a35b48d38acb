"""The timeline of timers as text: an axis of dates or times, a row for each timer, a legend.

The rows are drawn from histograms, at any width, with colours on a terminal and with plain characters elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from punchclock.calendar import Disambiguation, from_seconds_of_day
from punchclock.cli.histogram import Histogram
from punchclock.cli.terminal import local
from punchclock.durations import format_duration
from punchclock.errors import InstantOutOfRange
from punchclock.machine import COUNTS_AS, Kind, State
from punchclock.units import DAY, SECOND


class Row(NamedTuple):
    """A row of the timeline: the label, the past and the state of a timer."""

    label: str
    past: Histogram
    state: State


class _Span(NamedTuple):
    """The time that a row shows, and its number of columns."""

    start: int
    end: int
    columns: int

    def column(self, at: int) -> int:
        return (at - self.start) * self.columns // (self.end - self.start)


class _Glyphs(NamedTuple):
    work: str
    both: str
    rest: str
    working: str
    resting: str
    tick: str
    guide: str
    more: str


_DRAWN: Final = _Glyphs("█", "▒", "░", "▶", "▷", "│", "┊", "…")
_PLAIN: Final = _Glyphs("#", "+", "-", ">", ")", "|", ".", "~")

_WORK: Final = "green"
_BOTH: Final = "cyan"
_REST: Final = "bright_blue"
_OPEN: Final = "bold bright_red"
_AXIS: Final = "bright_black"


def draw(rows: Sequence[Row], zone: dt.tzinfo, *, width: int, plain: bool) -> Iterator[Text]:
    """Yield the lines of a timeline.

    A column shows work or break if that is at least three quarters of its time, otherwise both. The last column of a
    running or paused timer has a special character.

    Args:
        rows: the rows; at least one.
        zone: the zone of the axis.
        width: the maximum number of characters in a line.
        plain: whether to use only ASCII.
    """
    glyphs = _PLAIN if plain else _DRAWN
    start = min(row.past.start for row in rows)
    end = max(start + 1, *(row.past.end for row in rows))
    margin = min(max(cell_len(row.label) for row in rows), max(width // 4, 8))
    count = max(width - margin - 1, 8)
    span = _Span(start, end, count)
    ticks = _ticks(span, zone)

    axis = Text(" " * margin)
    for (column, label), (following, _) in pairwise([*ticks, (count, "")]):
        axis.append(" " * (margin + 1 + column - axis.cell_len))
        axis.append(glyphs.tick, _AXIS)
        axis.append(label if len(label) < following - column else "")
    yield axis

    for row in rows:
        line = Text(_fit(row.label, margin, glyphs.more) + " ")
        for glyph, style in _cells(row, span, glyphs, {column for column, _ in ticks}):
            line.append(glyph, style)
        line.rstrip()
        yield line

    meanings = (
        (glyphs.work, _WORK, "work"),
        (glyphs.rest, _REST, "break"),
        (glyphs.both, _BOTH, "both"),
        (glyphs.working, _OPEN, "still running"),
        (glyphs.resting, _OPEN, "still on a break"),
    )
    legend = Text("  ").join(Text.assemble((glyph, style), f" {meaning}") for glyph, style, meaning in meanings)
    indent = " " * max(min(margin + 1, width - legend.cell_len), 0)
    yield Text(indent) + legend
    yield Text(f"{indent}a column is {format_duration((end - start) // count)}", _AXIS)


def _cells(row: Row, span: _Span, glyphs: _Glyphs, guides: set[int]) -> Iterator[tuple[str, str | None]]:
    """Yield the glyphs of a row, with their styles."""
    columns = row.past.columns(span.start, span.end, span.columns)
    kind = COUNTS_AS.get(row.state)
    last = None if kind is None else min(span.column(row.past.end), span.columns - 1)
    for at, (work, rest) in enumerate(columns):
        if at == last:
            yield (glyphs.working if kind is Kind.WORK else glyphs.resting), _OPEN
        elif work + rest == 0:
            yield (glyphs.guide, _AXIS) if at in guides else (" ", None)
        elif rest * 4 <= work + rest:
            yield glyphs.work, _WORK
        elif work * 4 <= work + rest:
            yield glyphs.rest, _REST
        else:
            yield glyphs.both, _BOTH


def _fit(label: str, width: int, more: str) -> str:
    """Return a label padded or cut to a width; the end of a cut label is ``more``."""
    if cell_len(label) <= width:
        return set_cell_size(label, width)
    return set_cell_size(label, width - 1) + more


# The axis. A scale is a pair: the instants of its ticks, and functions that return their labels, the longest first.

_Label = Callable[[dt.datetime], str]

_BY_SECONDS: Final = (1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200)
_BY_DAYS: Final = (1, 2, 7, 14)
_BY_MONTHS: Final = (1, 2, 3, 6)
_BY_YEARS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def _ticks(span: _Span, zone: dt.tzinfo) -> list[tuple[int, str]]:
    """Return columns and labels of the finest scale whose labels do not overlap."""
    start, end, count = span
    for instants, labels in _scales(start, end, zone, least=(end - start) * 3 // count):
        # A day that begins before the axis has its tick at the left margin.
        ticks = [(max(span.column(at), -1), local(at, zone)) for at in instants if at < end]
        ticks = [each for each in ticks if each[0] < 0][-1:] + [each for each in ticks if each[0] >= 0]
        for label in labels:
            labelled = [(column, label(at)) for column, at in ticks]
            clashes = [one for (one, text), (two, _) in pairwise(labelled) if one + len(text) + (one >= 0) >= two]
            if not clashes or clashes == [-1]:  # the label in the margin may be omitted
                return labelled[len(clashes) :]
    return []


def _scales(start: int, end: int, zone: dt.tzinfo, *, least: int) -> Iterator[tuple[Iterator[int], tuple[_Label, ...]]]:
    """Yield the scales whose ticks are at least ``least`` apart, the finest first."""
    for step in _BY_SECONDS:
        if step * SECOND >= least:
            yield _clock_times(start, end, step, zone), (_clock_time,)
    first, last = local(start, zone).date(), local(end, zone).date()
    for step in _BY_DAYS:
        if step * DAY >= least:
            every = (dt.date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1))
            # The date with the ordinal 1 is a Monday, so the ticks of weeks are Mondays.
            dates = (date for date in every if date.toordinal() % step == 1 % step)
            yield _midnights(dates, zone), (_day, lambda at: f"{at:%a} {at.day}", lambda at: f"{at.day} {at:%b}")
    for step in _BY_MONTHS:
        if step * 28 * DAY >= least:
            dates = (
                dt.date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13, step)
            )
            yield _midnights(dates, zone), (lambda at: f"{at:%b} {at.year}", _month)
    for step in _BY_YEARS:
        if step * 365 * DAY >= least:
            dates = (dt.date(year, 1, 1) for year in range(first.year, last.year + 1) if year % step == 0)
            yield _midnights(dates, zone), (lambda at: str(at.year),)


def _clock_times(start: int, end: int, step: int, zone: dt.tzinfo) -> Iterator[int]:
    """Yield the instants at which the clock shows a multiple of ``step`` seconds or a date without midnight begins."""
    at = start - start % SECOND
    date = local(at, zone).date()
    while at < end:
        shown = local(at, zone)
        past = (shown.hour * 3600 + shown.minute * 60 + shown.second) % step
        if past == 0 or shown.date() != date:
            yield at
        date = shown.date()
        at += (step - past) * SECOND


def _midnights(dates: Iterable[dt.date], zone: dt.tzinfo) -> Iterator[int]:
    """Yield the instants at which dates begin."""
    for date in dates:
        try:
            yield from_seconds_of_day(date, 0, zone, disambiguation=Disambiguation.LATER)
        except InstantOutOfRange:
            continue  # the first or the last date, whose beginning is out of range


def _day(at: dt.datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}"


def _month(at: dt.datetime) -> str:
    return f"{at:%b}" if at.month > 1 else str(at.year)


def _clock_time(at: dt.datetime) -> str:
    if _begins_a_day(at):
        return _day(at)
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _begins_a_day(at: dt.datetime) -> bool:
    try:
        before = at.astimezone(dt.UTC) - dt.timedelta(microseconds=1)
        return before.astimezone(at.tzinfo).date() != at.date()
    except OverflowError:
        return True  # the first instant
