"""Check the claims and print the results; exit with status 1 if one fails.

A claim that is not shown, because too little was tried, counts as failed in the long budget only.
Run ``PYTHONPATH=tests python -m evidence [MEANS …] [--long] [--save]``.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

import punchclock
from evidence.claims import LONG, SHORT, Budget, Row, check

#: The files that check claims, the strongest means first.
MEANS: Final = (
    "proof",
    "exhaustion",
    "zones",
    "pitfalls",
    "model",
    "simulation",
    "fuzz",
    "complexity",
    "damage",
    "faults",
    "resources",
    "kills",
    "mutation",
)
RESULTS: Final = Path(__file__).with_name("results.json")


class Results(msgspec.Struct, frozen=True):
    """The saved rows, the version of punchclock and the machine of the last run."""

    version: str
    machine: str
    rows: list[Row]


def main(arguments: list[str] | None = None) -> int:
    """Check the claims of some means, or of all."""
    parser = argparse.ArgumentParser(prog="PYTHONPATH=tests python -m evidence", description="Check the claims.")
    parser.add_argument("means", nargs="*", metavar="MEANS", help=f"only these of {', '.join(MEANS)}")
    parser.add_argument("--long", action="store_true", help="use the long budget, which takes hours")
    parser.add_argument("--save", action="store_true", help="save the results for the docs; other means keep theirs")
    options = parser.parse_args(arguments)
    if unknown := set(options.means) - set(MEANS):
        parser.error(f"unknown means: {', '.join(sorted(unknown))}; known: {', '.join(MEANS)}")
    rows: list[Row] = []
    for means in MEANS:
        if means in (options.means or MEANS):
            found = _checked(means, LONG if options.long else SHORT)
            rows += found
            if options.save:  # after each means: a run of hours may be interrupted
                save(found)
    count = Counter(row.status for row in rows)
    minutes = sum(row.seconds for row in rows) / 60
    print(f"\n{len(rows)} claims, {count['fails']} failed, {count['not shown']} not shown; {minutes:.1f} minutes")
    return 1 if not rows or count["fails"] or (options.long and count["not shown"]) else 0


def _checked(means: str, budget: Budget) -> list[Row]:
    """Return the rows of one means; print each as soon as it is there."""
    rows = []
    for row in check(means, importlib.import_module(f"evidence.{means}").CLAIMS, budget):
        rows.append(row)
        print(f"{row.status:9}  {row.seconds:7.1f} s  {means}: {row.claim}", flush=True)
        print(f"                      {row.size or row.finding}", flush=True)
    return rows


def save(rows: list[Row]) -> None:
    """Save the rows beside those of means that were not run, in the order of the means."""
    others = msgspec.json.decode(RESULTS.read_bytes(), type=Results).rows if RESULTS.exists() else []
    run = {row.means for row in rows}
    merged = sorted([*(row for row in others if row.means not in run), *rows], key=lambda row: MEANS.index(row.means))
    results = Results(punchclock.__version__, machine(), merged)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def machine() -> str:
    """Describe the machine, without its name."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    sys.exit(main())
