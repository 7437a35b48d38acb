"""Tables as Markdown, which reads well on the terminal and in the docs alike."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.pairs import Row

__all__ = ["markdown", "ratio_table"]


def ratio_table(rows: Sequence[Row]) -> str:
    """The ratios, each with its target."""
    heads = ("what", "against", "ours", "theirs", "ratio", "target", "met")
    lines = [
        (
            row.case,
            row.rival,
            _time(row.ours),
            _time(row.theirs),
            _together(f"{row.ratio:.{0 if row.ratio >= 10 else 1}f} × faster" if row.faster else f"{row.ratio:.2f} ×"),
            _together(f"{'≥' if row.faster else '≤'} {row.target:g}"),
            "yes" if row.met else "no",
        )
        for row in rows
    ]
    return markdown(heads, lines)


def markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table with its columns aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines, strict=True)]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(heads), rule, *map(line, lines)])


def _time(nanoseconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return _together(f"{nanoseconds / size:.3g} {unit}")
    return _together(f"{nanoseconds:.3g} ns")


def _together(text: str) -> str:
    """With spaces at which no line breaks."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
