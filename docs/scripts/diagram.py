"""State diagrams as SVG, drawn from a transition table.

The four states have fixed places; the table decides which of them appear, and the arrows and labels. The pictures need
no layout engine, no script and no download, so they work offline, in a pull request and in print. The colours are
mid-tones that are visible on white and on black.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import TypeVar

from punchclock.machine import COUNTS_AS, Kind, State

WIDTH, HEIGHT = 132, 56  # of a state's box
MARGIN = 28
ROW = 150  # from the centre of the upper row to that of the lower
LINE, CHARACTER = 17, 7.4  # height and width of a label, in pixels
ASIDE = 9  # distance from the line between two centres, if there is an arrow back

FILL = {Kind.WORK: "#2f8f5b", Kind.BREAK: "#b7791f", None: "#5f6b7a"}
INK = "#7d8590"

Label = TypeVar("Label", bound=str)
Point = tuple[float, float]


def svg(table: Mapping[tuple[State, Label], State], title: str) -> str:
    """Return the diagram of a table ``(state, label of the event) → next state``.

    Events between the same two states share an arrow.
    """
    arrows: dict[tuple[State, State], list[str]] = {}
    for (source, label), target in table.items():
        arrows.setdefault((source, target), []).append(label)
    shown = [state for state in State if any(state in arrow for arrow in arrows)]
    places = _places(arrows)
    parts = [_arrow(places, *arrow, labels, back=arrow[::-1] in arrows) for arrow, labels in arrows.items()]
    parts += [_box(state, places[state], final=all(source is not state for source, _ in arrows)) for state in shown]
    left, y = places[State.IDLE][0] - WIDTH / 2, places[State.IDLE][1]
    parts.append(f'<circle class="dot" cx="{left - 40}" cy="{y}" r="6"/>')
    parts.append(f'<path class="arrow" d="M{left - 34} {y}H{left - 4}"/>')
    width = max(places[state][0] for state in shown) + WIDTH / 2 + MARGIN
    height = max(places[state][1] for state in shown) + HEIGHT / 2 + MARGIN
    body = "\n".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">
<title>{escape(title)}</title>
<style>
text {{ font: 13px system-ui, sans-serif; text-anchor: middle; fill: {INK} }}
.name {{ font-weight: 600; font-size: 15px; fill: #fff }}
.counts {{ font-size: 11px; fill: #fff }}
.arrow {{ stroke: {INK}; stroke-width: 1.6; fill: none; marker-end: url(#head) }}
.dot, .head {{ fill: {INK} }}
.final {{ fill: none; stroke: {FILL[None]}; stroke-width: 1.6 }}
</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">\
<path class="head" d="M0 0L10 5L0 10z"/></marker></defs>
{body}
</svg>
"""


def _places(arrows: Mapping[tuple[State, State], list[str]]) -> dict[State, Point]:
    """Return the centre of each state's box: three in a row, the final one below; labels decide the distances."""

    def gap(one: State, other: State) -> float:
        labels = arrows.get((one, other), []) + arrows.get((other, one), [])
        return WIDTH + max([110, *(len(label) * CHARACTER + 44 for label in labels)])

    lines = max(len(labels) for labels in arrows.values())
    top = MARGIN + HEIGHT / 2 + max(0, lines - 2) * LINE
    idle = 48 + WIDTH / 2
    running = idle + gap(State.IDLE, State.RUNNING)
    paused = running + gap(State.RUNNING, State.PAUSED)
    return {
        State.IDLE: (idle, top),
        State.RUNNING: (running, top),
        State.PAUSED: (paused, top),
        State.STOPPED: ((running + paused) / 2, top + ROW + max(0, lines - 1) * LINE),
    }


def _box(state: State, at: Point, *, final: bool) -> str:
    """Draw a state's box: its name and what its time counts as; a final state has a second frame."""
    x, y = at
    kind = COUNTS_AS.get(state)
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    frame = (
        f'<rect class="final" x="{left - 4}" y="{top - 4}" width="{WIDTH + 8}" height="{HEIGHT + 8}" rx="16"/>'
        if final
        else ""
    )
    return (
        f'{frame}<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{FILL[kind]}"/>'
        f'<text class="name" x="{x}" y="{y - 2}">{state}</text>'
        f'<text class="counts" x="{x}" y="{y + 15}">{f"counts as {kind}" if kind else "counts nothing"}</text>'
    )


def _arrow(places: Mapping[State, Point], source: State, target: State, labels: list[str], *, back: bool) -> str:
    """Draw an arrow with its labels; if there is an arrow back, it is moved to the left of its direction."""
    (x1, y1), (x2, y2) = places[source], places[target]
    length = math.dist((x1, y1), (x2, y2))
    nx, ny = (y2 - y1) / length, (x1 - x2) / length  # the normal to the left of the direction
    aside = ASIDE if back else 0
    start = _border((x1, y1), (x2, y2), 2)
    end = _border((x2, y2), (x1, y1), 5)
    sx, sy, ex, ey = start[0] + aside * nx, start[1] + aside * ny, end[0] + aside * nx, end[1] + aside * ny
    mx, my = (sx + ex) / 2, (sy + ey) / 2
    stack = (len(labels) - 1) * LINE
    if abs(nx) > 0.3:  # a slope: the labels are beside it, on the side of its source
        outwards = 1 if x1 > x2 else -1
        lx, first, anchor = mx + (12 + stack / 3) * outwards, my + 4 - stack / 2, "start" if outwards > 0 else "end"
    elif ny < 0:
        lx, first, anchor = mx, my - 8 - stack, "middle"
    else:
        lx, first, anchor = mx, my + 18, "middle"
    text = "".join(
        f'<text x="{lx:.1f}" y="{first + line * LINE:.1f}" style="text-anchor: {anchor}">{escape(label)}</text>'
        for line, label in enumerate(labels)
    )
    return f'<path class="arrow" d="M{sx:.1f} {sy:.1f}L{ex:.1f} {ey:.1f}"/>{text}'


def _border(centre: Point, towards: Point, distance: float) -> Point:
    """Return where the line from a box's centre to a point leaves the box, plus ``distance``."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    along = min(
        WIDTH / 2 / abs(dx) if dx else math.inf,
        HEIGHT / 2 / abs(dy) if dy else math.inf,
    ) + distance / math.hypot(dx, dy)
    return centre[0] + along * dx, centre[1] + along * dy
