"""The sandbox under load, in one run: the table for the terminal and the docs, kept in ``results.json``."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Final

import msgspec

from benchmarks.report import markdown
from benchmarks.sandbox.load import Load

__all__ = ["PEER", "RESULTS", "Results", "Row", "text"]

RESULTS: Final = Path(__file__).with_suffix(".json")
#: The server that the others are measured against.
PEER: Final = "moto"


class Row(msgspec.Struct, frozen=True):
    """One line: a server, how many timers it has, a call, and its load."""

    server: str
    stored: int
    call: str
    load: Load


class Results(msgspec.Struct, frozen=True):
    """One run, and what it ran on."""

    machine: str
    start_in_process_us: float
    rows: list[Row]


def text(results: Results) -> str:
    """The figures as a table; each rate against the mean of the peer's, which is measured several times in the run."""
    peer = mean(row.load.rate for row in results.rows if row.server == PEER)
    heads = ("server", "timers stored", "call", "a second", "median", "99 %", f"against {PEER}")
    lines = [
        (
            row.server,
            f"{row.stored:,}" if row.stored else "",
            row.call,
            f"{row.load.rate:,.0f}",
            f"{row.load.median_ms:.2f} ms",
            f"{row.load.p99_ms:.2f} ms",
            f"{row.load.rate / peer:.1f} ×",
        )
        for row in results.rows
    ]
    return (
        f"{markdown(heads, lines)}\n\nA start in process, without HTTP: {results.start_in_process_us:.0f} µs.\n\n"
        f"{results.machine}.\n"
    )
