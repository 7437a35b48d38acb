"""The results of the last run of each means: the table for the terminal and the docs, kept in ``results.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from evidence.claims import Row

__all__ = ["RESULTS", "Results", "command", "text"]

RESULTS: Final = Path(__file__).with_suffix(".json")


class Results(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        version: of punchclock.
        machine: what it ran on.
        rows: a row a claim.
    """

    version: str
    machine: str
    rows: list[Row]


def text(results: Results) -> str:
    """The table, and what it was taken on."""
    heads = ("claim", "command", "tried", "result", "time")
    lines = [
        (
            _cell(row.claim),
            f"`{command(row)}`",
            _cell(row.size),
            "holds" if row.holds else f"**fails**: {_cell(row.finding)}",
            _time(row.seconds),
        )
        for row in results.rows
    ]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, ("---",) * len(heads), *lines))
    total = _time(sum(row.seconds for row in results.rows))
    held = sum(row.holds for row in results.rows)
    return (
        f"{table}\n\n{len(results.rows)} claims, {held} of them hold; {total} in all.\n"
        f"punchclock {results.version} on {results.machine}.\n"
    )


def command(row: Row) -> str:
    """What checks a claim again."""
    return f"PYTHONPATH=tests python -m evidence {row.means}" + (" --long" if row.budget == "long" else "")


def _cell(content: str) -> str:
    return content.replace("|", r"\|").replace("\n", " ")


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
