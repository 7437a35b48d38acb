"""Measure the core, `punchclock replay` and the vendors, and print the tables."""

from __future__ import annotations

import argparse

import msgspec

import punchclock
from benchmarks import importing, life, payloads, reading
from benchmarks.calls import measure_calls
from benchmarks.machine import machine
from benchmarks.replay import measure_replays
from benchmarks.results import RESULTS, Results, text


def main() -> None:
    """Print all tables; a missed target is reported but is not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--save", action="store_true", help="write the results to benchmarks/results.json for the docs")
    save = parser.parse_args().save
    rows = [row for part in (life, reading, importing, payloads) for row in part.rows()]
    results = Results(punchclock.__version__, machine(), rows, measure_replays(), measure_calls())
    print(text(results), end="")
    if save:
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


if __name__ == "__main__":
    main()
