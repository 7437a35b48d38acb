"""Run every case and print the tables; ``--save`` also keeps them, with the machine, for the docs."""

from __future__ import annotations

import argparse

import msgspec

import punchclock
from benchmarks import importing, life, reading
from benchmarks.machine import machine
from benchmarks.replay import replays
from benchmarks.results import RESULTS, Results, text
from benchmarks.vendors import payloads
from benchmarks.vendors.handling import handled


def main() -> None:
    """Report; a missed target is said, and fails nothing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep them in results.json")
    save = parser.parse_args().save
    rows = [row for case in (life, reading, importing, payloads) for row in case.rows()]
    results = Results(punchclock.__version__, machine(), rows, replays(), handled())
    print(text(results), end="")
    if save:
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


if __name__ == "__main__":
    main()
