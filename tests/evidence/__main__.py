"""Check the claims and print the table; exit with status 1 if one fails.

Run ``PYTHONPATH=tests python -m evidence [MEANS …] [--long] [--save]``.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Final

import msgspec
from benchmarks.machine import machine

import punchclock
from evidence.claims import LONG, SHORT, Budget, Claim, Row, checked
from evidence.results import RESULTS, Results, text

#: The files that check claims, the firmest means first.
MEANS: Final = ("proof", "exhaustion", "zones", "pitfalls", "model", "simulation", "fuzz", "mutation")


def main(arguments: list[str] | None = None) -> int:
    """Check the claims of some means, or of all."""
    parser = argparse.ArgumentParser(
        prog="PYTHONPATH=tests python -m evidence", description="Check every claim and print the table."
    )
    parser.add_argument("means", nargs="*", metavar="MEANS", help=f"only these of {', '.join(MEANS)}")
    parser.add_argument("--long", action="store_true", help="the long budget, which takes hours")
    parser.add_argument("--save", action="store_true", help="keep the results for the docs; those of other means stay")
    options = parser.parse_args(arguments)
    unknown = set(options.means) - set(MEANS)
    if unknown:
        parser.error(f"no such means: {', '.join(sorted(unknown))}; there are {', '.join(MEANS)}")
    budget = LONG if options.long else SHORT
    results = Results(punchclock.__version__, machine(), [])
    for means in MEANS:
        if means in (options.means or MEANS):
            rows = _shown(means, budget)
            results.rows.extend(rows)
            if options.save:  # after each means: a run of hours may be ended before it is through
                save(msgspec.structs.replace(results, rows=rows))
    print(f"\n{text(results)}", end="")
    return 0 if results.rows and all(row.holds for row in results.rows) else 1


def _shown(means: str, budget: Budget) -> list[Row]:
    """The rows of one means, each printed once it is there."""
    claims: tuple[Claim, ...] = importlib.import_module(f"evidence.{means}").CLAIMS
    rows = []
    for row in checked(means, claims, budget):
        rows.append(row)
        print(f"{'holds' if row.holds else 'FAILS'}  {row.seconds:7.1f} s  {means}: {row.claim}", flush=True)
        print(f"                  {row.size or row.finding}", flush=True)
    return rows


def save(results: Results) -> None:
    """Keep the rows, in the order of the means, beside those of the means that were not run."""
    kept = msgspec.json.decode(RESULTS.read_bytes(), type=Results).rows if RESULTS.exists() else []
    run = {row.means for row in results.rows}
    rows = [*(row for row in kept if row.means not in run), *results.rows]
    rows.sort(key=lambda row: MEANS.index(row.means))
    whole = msgspec.structs.replace(results, rows=rows)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
