"""A picture of who worked when: a row of work and break for each person or timer, over the days of a zone.

This module only draws; the caller provides the segments.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from punchclock.calendar import Day
from punchclock.durations import format_duration
from punchclock.errors import MissingExtra, UnknownFormat
from punchclock.eventlog.totals import Days
from punchclock.history import Segment
from punchclock.machine import Kind
from punchclock.units import DAY, HOUR

try:
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
except ModuleNotFoundError as error:
    raise MissingExtra("a plot", "columns") from error

#: The suffixes of the formats that can be drawn.
FORMATS: Final = (".png", ".svg")

_COLOURS: Final = {Kind.WORK: "#00796b", Kind.BREAK: "#ffb74d"}
_THICKNESS: Final = {Kind.WORK: 0.72, Kind.BREAK: 0.26}
_INK, _PALE, _LINE, _WEEKEND, _RUNNING = "#263238", "#78909c", "#cfd8dc", "#f4f6f7", "#d84315"

#: Inches: the width of the picture, the height of a lane, and the height of everything above and below the lanes.
_WIDTH, _LANE, _FRAME = 13.0, 0.36, 1.3

#: The space between two rows, in lanes.
_GAP = 0.5

#: With more days than this, a day is too narrow for its name and for a tick at noon.
_NAMED = 14

#: With more days than this, the lines between days are indistinguishable.
_LINED = 400


class Row(NamedTuple):
    """One row of the picture.

    Attributes:
        label: the person or timer.
        segments: work and break. Segments that overlap, of two timers of one person, are drawn in separate lanes.
        running: the ends of the segments that are still open, which are marked.
    """

    label: str
    segments: list[Segment]
    running: list[int]


def plot(rows: Sequence[Row], zone: dt.tzinfo, target: Path) -> None:
    """Draw rows into a PNG or SVG file, by its suffix; the same rows give the same bytes.

    Raises:
        UnknownFormat: the suffix is neither of these.
        OSError: the file cannot be written.
    """
    if target.suffix.lower() not in FORMATS:
        raise UnknownFormat(target.name, f"use one of the suffixes {', '.join(FORMATS)}")
    lanes = [_lanes(row.segments) for row in rows]
    heights = [len(each) + _GAP for each in lanes]
    with mpl.rc_context({"svg.hashsalt": "punchclock", "font.size": 10}):
        figure = Figure(figsize=(_WIDTH, _FRAME + _LANE * sum(heights)), layout="constrained")
        axes = figure.add_subplot()
        for number, row in enumerate(rows):
            _draw_row(axes, row, lanes[number], sum(heights[:number]))
        _draw_days(axes, rows, zone)
        axes.set_ylim(sum(heights), -_GAP)
        axes.set_yticks([])
        for side in axes.spines.values():
            side.set_visible(False)
        _draw_legend(figure, running=any(row.running for row in rows))
        undated = {"Date": None} if target.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(target, dpi=150, metadata=undated)


def _lanes(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Return segments in as few lanes as possible without overlaps; at least one lane."""
    lanes: list[list[Segment]] = [[]]
    for segment in sorted(
        (each for each in segments if each.start < each.end), key=lambda each: (each.start, each.end)
    ):
        for lane in lanes:
            if not lane or lane[-1].end <= segment.start:
                lane.append(segment)
                break
        else:
            lanes.append([segment])
    return lanes


def _draw_row(axes: Axes, row: Row, lanes: Sequence[Sequence[Segment]], top: float) -> None:
    for number, lane in enumerate(lanes):
        for kind, colour in _COLOURS.items():
            spans = [(each.start, each.end - each.start) for each in lane if each.kind is kind]
            bottom = top + number + (1 - _THICKNESS[kind]) / 2
            axes.broken_barh(spans, (bottom, _THICKNESS[kind]), facecolor=colour, linewidth=0)
        for end in {each.end for each in lane} & set(row.running):
            axes.plot(end, top + number + 0.5, marker=">", markersize=9, color=_RUNNING, clip_on=False)
    worked = sum(each.end - each.start for each in row.segments if each.kind is Kind.WORK)
    for at, text, shift, side, colour in (
        (0, row.label, -10, "right", _INK),
        (1, format_duration(worked), 10, "left", _PALE),
    ):
        axes.annotate(
            text,
            (at, top + len(lanes) / 2),
            xycoords=("axes fraction", "data"),
            xytext=(shift, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            color=colour,
        )


def _draw_days(axes: Axes, rows: Sequence[Row], zone: dt.tzinfo) -> None:
    """Draw the days that contain all segments: a line at each midnight, each day's name, a tick at noon."""
    first = min((each.start for row in rows for each in row.segments), default=0)
    last = max(first, max((each.end for row in rows for each in row.segments), default=HOUR) - 1)
    is_long = last - first > _LINED * DAY
    days = _sampled_days(first, last, zone) if is_long else _all_days(first, last, zone)
    axes.set_xlim(days[0].start, days[-1].end)
    for day in days:
        axes.axvline(day.start, color=_LINE, linewidth=0.8, zorder=0)
        if day.date.weekday() >= 5 and not is_long:
            axes.axvspan(day.start, day.end, color=_WEEKEND, zorder=-1)
    axes.axvline(days[-1].end, color=_LINE, linewidth=0.8, zorder=0)
    named = days[:: len(days) // _NAMED + 1]
    for day in named:
        axes.annotate(
            day.date.isoformat() if is_long else f"{day.date:%a} {day.date.day} {day.date:%b}",
            ((day.start + day.end) / 2, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=_INK,
        )
    noons = [day.start + 12 * HOUR for day in days] if len(days) <= _NAMED and not is_long else []
    axes.set_xticks(noons, ["12:00"] * len(noons), color=_PALE, fontsize=8)
    axes.tick_params(length=3, color=_LINE)


def _all_days(first: int, last: int, zone: dt.tzinfo) -> list[Day]:
    """Return the local days from the one that contains ``first`` to the one that contains ``last``."""
    look_up = Days(zone).of
    days = [look_up(first)]
    while days[-1].end <= last:
        days.append(look_up(days[-1].end))
    return days


def _sampled_days(first: int, last: int, zone: dt.tzinfo) -> list[Day]:
    """Return evenly spaced days, for a time so long that drawing every day would be slow and illegible."""
    look_up = Days(zone).of
    return [look_up(first + (last - first) * number // _NAMED) for number in range(_NAMED + 1)]


def _draw_legend(figure: Figure, *, running: bool) -> None:
    keys: list[Patch | Line2D] = [Patch(color=colour, label=str(kind)) for kind, colour in _COLOURS.items()]
    if running:
        keys.append(Line2D([], [], marker=">", markersize=8, color=_RUNNING, linestyle="", label="not ended"))
    figure.legend(handles=keys, loc="outside lower right", ncols=len(keys), frameon=False, labelcolor=_INK)
