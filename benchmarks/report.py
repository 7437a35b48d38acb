"""The table of ratios, as Markdown: on the terminal and in the docs alike."""

from __future__ import annotations

import msgspec

from benchmarks.pairs import Row

__all__ = ["Report", "table"]


class Report(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        version: of punchclock.
        machine: what it ran on.
        rows: what was measured.
    """

    version: str
    machine: str
    rows: list[Row]


def table(report: Report) -> str:
    """The table, with the machine below it."""
    heads = ("what", "against", "ours", "theirs", "ratio", "target", "met")
    lines = [
        (
            row.case,
            row.rival,
            _time(row.ours),
            _time(row.theirs),
            _ratio(row.ratio, faster=row.faster),
            f"{'≥' if row.faster else '≤'} {row.target:g}",
            "yes" if row.met else "no",
        )
        for row in report.rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(heads), rule, *map(line, lines), "", f"punchclock {report.version} on {report.machine}."])


def _time(nanoseconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def _ratio(ratio: float, *, faster: bool) -> str:
    """``2.4 ×`` the time, or ``64 × faster``."""
    return f"{ratio:.0f} × faster" if faster else f"{ratio:.2f} ×"
