"""Measure columns and print the tables."""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import punchclock
from benchmarks.columns import logs
from benchmarks.columns.plot import Growth, plot
from benchmarks.columns.rivals import RIVALS, by_timer_id, scalar
from benchmarks.columns.stream import FileCost, measure_file
from benchmarks.machine import machine
from benchmarks.pairs import Row
from benchmarks.report import markdown, ratio_table
from punchclock import columns

GENERATED = Path(__file__).parents[2] / "docs" / "generated"
PAIRS = 7

#: The largest log for each rival in the picture; a larger one would need too much memory or minutes.
LARGEST = {"Polars": 10**7, "DuckDB": 10**7, "pandas": 10**7, "the scalar core": 10**6}


def main() -> None:
    """Print all tables; a missed target is reported but is not an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.columns", description=__doc__)
    parser.add_argument("--largest", type=int, default=7, help="the power of ten of the largest log (default: 7)")
    parser.add_argument("--save", action="store_true", help="write docs/generated/columns.md and columns.svg")
    options = parser.parse_args()
    rows = measure_ratios(10**7)
    growth = measure_growth(options.largest)
    with tempfile.TemporaryDirectory() as folder:
        file = measure_file(10**options.largest, Path(folder))
    report = text(rows, growth, file)
    print(report, end="")
    if options.save:
        (GENERATED / "columns.md").write_text(report, encoding="utf-8")
        plot(growth, GENERATED / "columns.svg")


def measure_ratios(size: int) -> list[Row]:
    """Compare on logs of ``size`` events and on as many timers; times are in nanoseconds for each of them."""
    timers = logs.timers(size)
    now = int(timers["since"].to_numpy().max()) + 1
    fields = [timers["state"].chunk(0).indices.to_numpy(), timers["since"].to_numpy(), timers["worked"].to_numpy()]
    copy, read = "copying its columns", partial(columns.worked_at, timers, now)
    rows = [
        _against("worked_at, 10 million timers", copy, read, lambda: [each.copy() for each in fields], size, target=4)
    ]

    ordered, timed, few = logs.by_timer(size), logs.by_time(size), logs.by_timer(size // 10)
    core, _ = scalar(few, in_order=True)
    by_timer, by_time = partial(columns.replay, ordered), partial(columns.replay, timed)
    rows += [
        _against("replay by timer", "reading the columns once", by_timer, lambda: _read(ordered), size, target=30),
        _against("replay by timer", "the scalar core", by_timer, core, size, few.num_rows, 50, faster=True, pairs=11),
        _against("replay by time", "sorting by timer, stably", by_time, lambda: _sort(timed), size, target=1.5),
    ]
    for order, log in (("timer", ordered), ("time", timed)):
        found = columns.replay(log).timers
        expected = by_timer_id(found["timer"].to_numpy(), found["worked"].to_numpy())
        for name, prepare in RIVALS.items():
            run, result = prepare(log, in_order=order == "timer")
            if not np.array_equal(by_timer_id(*result(run())), expected):
                raise AssertionError(f"{name} computes a different result")
            rows.append(_against(f"replay by {order}", name, partial(columns.replay, log), run, size, faster=True))
    for share in (0.01, 1.0):
        log = logs.with_illegal_events(size, share)
        rejected = columns.replay(log).rejected.num_rows / log.num_rows
        case, rival = f"replay by timer, {rejected:.0%} rejected", "the scalar core, none rejected"
        rows.append(_against(case, rival, partial(columns.replay, log), core, size, few.num_rows, faster=True))
    return rows


def measure_growth(largest: int) -> Growth:
    """Measure the nanoseconds of an event in logs of a thousand to 10**``largest`` events."""
    growth: Growth = {}
    for power in range(3, largest + 1):
        size = 10**power
        repeats = max(3, min(20, 10**7 // size)) if size <= 10**7 else 1
        for order, make in (("timer", logs.by_timer), ("time", logs.by_time)):
            log = make(size)
            ways: dict[str, Callable[[], object]] = {f"columns, by {order}": partial(columns.replay, log)}
            if order == "timer":
                rivals = {**RIVALS, "the scalar core": scalar}
                ways |= {
                    name: prepare(log, in_order=True)[0] for name, prepare in rivals.items() if size <= LARGEST[name]
                }
            for name, run in ways.items():
                run()
                best = min(_seconds(run) for _ in range(repeats))
                growth.setdefault(name, []).append((size, best / size * 1e9))
    return growth


def text(rows: list[Row], growth: Growth, file: FileCost) -> str:
    """Return the tables and the machine."""
    names = [name for name in ("columns, by timer", "columns, by time", *LARGEST) if name in growth]
    sizes = [size for size, _ in growth["columns, by timer"]]
    costs = [[f"{cost:.3g}" for _, cost in growth[name]] for name in names]
    table = markdown(
        ["ns an event", *(f"{size:,}" for size in sizes)],
        [(name, *cost, *[""] * (len(sizes) - len(cost))) for name, cost in zip(names, costs, strict=True)],
    )
    libraries = ", ".join(f"{library.__name__} {library.__version__}" for library in (np, pa, pl, duckdb, pd))
    return (
        f"{ratio_table(rows)}\n\n{table}\n\n"
        f"A Parquet file of {file.events:,} events by time ({file.size / 1e9:.2f} GB, {file.timers:,} timers), into "
        f"files of timers and rejected rows: {file.events / file.seconds / 1e6:.1f} million events a second "
        f"({file.events / file.processor / 1e6:.1f} million per processor second), peak {file.peak / 1e9:.2f} GB.\n\n"
        f"punchclock {punchclock.__version__} on {machine()}; {libraries}.\n"
    )


def _against(
    case: str,
    rival: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    size: int,
    their_size: int | None = None,
    target: float = 1,
    *,
    faster: bool = False,
    pairs: int = PAIRS,
) -> Row:
    """Compare the best samples: these runs are so long that other programs disturb most of them."""
    ours(), theirs()
    samples = [(_seconds(ours) / size * 1e9, _seconds(theirs) / (their_size or size) * 1e9) for _ in range(pairs)]
    our_best, their_best = (min(column) for column in zip(*samples, strict=True))
    ratio = their_best / our_best if faster else our_best / their_best
    return Row(case, rival, our_best, their_best, ratio, target, faster)


def _seconds(run: Callable[[], object]) -> float:
    gc.collect()
    begin = time.perf_counter()
    result = run()
    spent = time.perf_counter() - begin
    del result
    return spent


def _read(log: pa.Table) -> list[object]:
    return [array.max() for array in logs.arrays(log)]


def _sort(log: pa.Table) -> list[np.ndarray]:
    """Return the columns sorted by timer, each timer's rows in sequence: NumPy's stable sort and a take of each."""
    arrays = logs.arrays(log)
    order = np.argsort(arrays[0], kind="stable")
    return [array.take(order) for array in arrays]


if __name__ == "__main__":
    main()
