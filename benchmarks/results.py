"""The results of one run: saved in ``results.json``, from which the tables in the docs are generated."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.calls import CallTime, calls_table
from benchmarks.pairs import Row
from benchmarks.replay import Replays, replay_table
from benchmarks.report import ratio_table

RESULTS = Path(__file__).with_suffix(".json")


class Results(msgspec.Struct, frozen=True):
    """The results of one run: the ratios, `punchclock replay` on a long log, and every call of every vendor."""

    version: str
    machine: str
    rows: list[Row]
    replays: Replays
    calls: list[CallTime]


def text(results: Results) -> str:
    """Return the tables and the machine."""
    return (
        f"{ratio_table(results.rows)}\n\n{replay_table(results.replays)}\n\n{calls_table(results.calls)}\n\n"
        f"punchclock {results.version} on {results.machine}.\n"
    )
