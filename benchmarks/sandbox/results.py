"""The results of one run, saved in ``results.json``, and their table for the terminal and the docs."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Final

import msgspec

from benchmarks.report import markdown
from benchmarks.sandbox.load import Load

RESULTS: Final = Path(__file__).with_suffix(".json")
#: The server that the others are compared with.
PEER: Final = "moto"


class Row(msgspec.Struct, frozen=True):
    """One row: a server, its number of timers, a call, and the measurement."""

    server: str
    stored: int
    call: str
    load: Load


class Results(msgspec.Struct, frozen=True):
    """One run and its machine."""

    machine: str
    start_in_process_us: float
    rows: list[Row]


def text(results: Results) -> str:
    """Return a table of the results; each rate is compared with the mean of the peer's rates."""
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
