"""The picture of growth: the time of an event, by the size of the log."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

#: For each implementation, points of (events, nanoseconds for each event).
Growth = dict[str, list[tuple[int, float]]]

_STYLES = {
    "columns, by timer": ("#00796b", "o", 2.4),
    "columns, by time": ("#4db6ac", "o", 2.4),
    "Polars": ("#5c6bc0", "s", 1.4),
    "DuckDB": ("#c0a000", "s", 1.4),
    "pandas": ("#8d6e63", "s", 1.4),
    "the scalar core": ("#9e9e9e", "D", 1.4),
}


def plot(growth: Growth, target: Path) -> None:
    """Draw the picture as SVG; the same figures give the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "punchclock", "font.family": "sans-serif", "font.size": 10}):
        figure = Figure(figsize=(8, 4.8), layout="constrained")
        axes = figure.add_subplot()
        for name, points in growth.items():
            colour, marker, width = _STYLES[name]
            events, costs = zip(*points, strict=True)
            axes.plot(events, costs, marker=marker, markersize=4.5, color=colour, linewidth=width)
            axes.annotate(
                name, (events[-1], costs[-1]), xytext=(8, 0), textcoords="offset points", va="center", color=colour
            )
        axes.set(xscale="log", yscale="log", xlabel="events in the log", ylabel="nanoseconds an event")
        axes.set_xlim(right=4e9)
        axes.set_xticks([10**power for power in range(3, 9)])
        axes.grid(which="major", color="#e0e0e0", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(target, format="svg", metadata={"Date": None}, transparent=False)
