"""Tables as Markdown, for the terminal and the docs."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.pairs import Row


def ratio_table(rows: Sequence[Row]) -> str:
    """Return the ratios with their targets."""
    heads = ("what", "against", "ours", "theirs", "ratio", "target", "met")
    lines = [
        (
            row.case,
            row.rival,
            _time(row.ours),
            _time(row.theirs),
            _unbroken(f"{row.ratio:.{0 if row.ratio >= 10 else 1}f} × faster" if row.faster else f"{row.ratio:.2f} ×"),
            _unbroken(f"{'≥' if row.faster else '≤'} {row.target:g}"),
            "yes" if row.met else "no",
        )
        for row in rows
    ]
    return markdown(heads, lines)


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(heads), rule, *map(line, lines)])


def _time(nanoseconds: float) -> str:
    """Return a time in a suitable unit."""
    for unit, size in (("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return _unbroken(f"{nanoseconds / size:.3g} {unit}")
    return _unbroken(f"{nanoseconds:.3g} ns")


def _unbroken(text: str) -> str:
    """Replace spaces by no-break spaces."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
