"""The results of one run of all cases: kept in ``results.json``, from which the docs' tables are made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from benchmarks.pairs import Row
from benchmarks.replay import Replays, replay_table
from benchmarks.report import ratio_table
from benchmarks.vendors.handling import Handled, handled_table

__all__ = ["RESULTS", "Results", "text"]

RESULTS = Path(__file__).with_suffix(".json")


class Results(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        version: of punchclock.
        machine: what it ran on.
        rows: the ratios.
        replays: the command on a long log.
        handled: every call of every vendor.
    """

    version: str
    machine: str
    rows: list[Row]
    replays: Replays
    handled: list[Handled]


def text(results: Results) -> str:
    """The tables, and what they were taken on."""
    return (
        f"{ratio_table(results.rows)}\n\n{replay_table(results.replays)}\n\n"
        f"{handled_table(results.handled)}\n\n"
        f"punchclock {results.version} on {results.machine}.\n"
    )
