"""Run the cases of columns and print the table; ``--save`` also keeps it, with the picture, for the docs."""

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
from benchmarks.columns.rivals import RIVALS, answer, scalar
from benchmarks.columns.stream import Streamed, streamed
from benchmarks.machine import machine
from benchmarks.pairs import Row
from benchmarks.report import markdown, ratio_table
from punchclock import columns

GENERATED = Path(__file__).parents[2] / "docs" / "generated"

_PAIRS = 7
_MILLION = 1_000_000
_GIGA = 10**9

#: The largest log that a rival is given for the picture; more would take its memory, or minutes.
_LARGEST = {"Polars": 10**7, "DuckDB": 10**7, "pandas": 10**7, "the scalar core": 10**6}


def main() -> None:
    """Report; a missed target is said, and fails nothing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.columns", description=__doc__)
    parser.add_argument("--largest", type=int, default=7, help="the power of ten of the largest log (default: 7)")
    parser.add_argument("--save", action="store_true", help="write docs/generated/columns.md and columns.svg")
    options = parser.parse_args()
    rows = measured(10**7)
    growth = grown(options.largest)
    with tempfile.TemporaryDirectory() as folder:
        file = streamed(10**options.largest, Path(folder))
    report = text(rows, growth, file)
    print(report, end="")
    if options.save:
        (GENERATED / "columns.md").write_text(report, encoding="utf-8")
        plot(growth, GENERATED / "columns.svg")


def measured(size: int) -> list[Row]:
    """The ratios, on logs of so many events and on as many timers; all are in nanoseconds for each."""
    rows = [_reading(size)]
    ordered, timed = logs.by_timer(size), logs.by_time(size)
    few = logs.by_timer(size // 10)
    rows.append(_against("replay by timer", "reading the columns once", ordered, lambda: _read(ordered), target=30))
    run, _ = scalar(few, in_order=True)
    rows.append(
        _against(
            "replay by timer", "the scalar core", ordered, run, size=few.num_rows, target=50, faster=True, pairs=11
        )
    )
    rows.append(_against("replay by time", "sorting by timer, stably", timed, lambda: _sort(timed), target=1.5))
    for log, in_order in ((ordered, True), (timed, False)):
        found = columns.replay(log).timers
        expected = answer(found["timer"].to_numpy(), found["worked"].to_numpy())
        for name, prepare in RIVALS.items():
            run, told = prepare(log, in_order=in_order)
            if not np.array_equal(answer(*told(run())), expected):
                raise AssertionError(f"{name} computes something else")
            case = f"replay by {'timer' if in_order else 'time'}"
            rows.append(_against(case, name, log, run, target=1, faster=True))
    for share in (0.01, 1.0):
        log = logs.faulty(size, share)
        rejected = columns.replay(log).rejected.num_rows / log.num_rows
        run, _ = scalar(few, in_order=True)
        case = f"replay by timer, {rejected:.0%} rejected"
        rows.append(_against(case, "the scalar core, none rejected", log, run, size=few.num_rows, faster=True))
    return rows


def grown(largest: int) -> Growth:
    """What an event costs in logs of every size."""
    growth: Growth = {}
    for power in range(3, largest + 1):
        size = 10**power
        repeats = max(3, min(20, 10**7 // size)) if size <= 10**7 else 1
        for order, make in (("timer", logs.by_timer), ("time", logs.by_time)):
            log = make(size)
            ways: dict[str, Callable[[], object]] = {f"columns, by {order}": partial(columns.replay, log)}
            if order == "timer":
                prepared = {**RIVALS, "the scalar core": scalar}
                ways |= {
                    name: prepare(log, in_order=True)[0] for name, prepare in prepared.items() if size <= _LARGEST[name]
                }
            for name, run in ways.items():
                run()
                best = min(_seconds(run) for _ in range(repeats))
                growth.setdefault(name, []).append((size, best / size * _GIGA))
    return growth


def text(rows: list[Row], growth: Growth, file: Streamed) -> str:
    """The tables, and what they were taken on."""
    names = [name for name in ("columns, by timer", "columns, by time", *_LARGEST) if name in growth]
    sizes = [size for size, _ in growth["columns, by timer"]]
    costs = [[f"{cost:.3g}" for _, cost in growth[name]] for name in names]
    table = markdown(
        ["ns an event", *(f"{size:,}" for size in sizes)],
        [(name, *cost, *[""] * (len(sizes) - len(cost))) for name, cost in zip(names, costs, strict=True)],
    )
    libraries = f"NumPy {np.__version__}, pyarrow {pa.__version__}, Polars {pl.__version__}, "
    libraries += f"DuckDB {duckdb.__version__}, pandas {pd.__version__}"
    rate = file.events / file.seconds / _MILLION
    return (
        f"{ratio_table(rows)}\n\n{table}\n\n"
        f"From a Parquet file of {file.events:,} events by time ({file.size / _GIGA:.2f} GB, {file.timers:,} timers) "
        f"to files of its timers and of its rejected rows: {rate:.1f} million events a "
        f"second ({file.events / file.processor / _MILLION:.1f} million a second of processor time), "
        f"{file.peak / _GIGA:.2f} GB of memory at most.\n\n"
        f"punchclock {punchclock.__version__} on {machine()}; {libraries}.\n"
    )


def _reading(size: int) -> Row:
    timers = logs.timers(size)
    now = int(timers["since"].to_numpy().max()) + 1
    arrays = [timers["state"].chunk(0).indices.to_numpy(), timers["since"].to_numpy(), timers["worked"].to_numpy()]
    samples = _samples(
        lambda: columns.worked_at(timers, now), lambda: [array.copy() for array in arrays], size, size, _PAIRS
    )
    return _row("worked_at, 10 million timers", "copying its columns", samples, target=4, faster=False)


def _against(
    case: str,
    rival: str,
    log: pa.Table,
    theirs: Callable[[], object],
    *,
    size: int | None = None,
    target: float = 1,
    faster: bool = False,
    pairs: int = _PAIRS,
) -> Row:
    """Replay of a log against something else, each in nanoseconds for an event."""
    samples = _samples(lambda: columns.replay(log), theirs, log.num_rows, size or log.num_rows, pairs)
    return _row(case, rival, samples, target=target, faster=faster)


def _row(case: str, rival: str, samples: list[tuple[float, float]], *, target: float, faster: bool) -> Row:
    """A line of the best of either's samples: these take long enough that another program disturbs most of them."""
    ours, theirs = (min(column) for column in zip(*samples, strict=True))
    return Row(case, rival, ours, theirs, theirs / ours if faster else ours / theirs, target, faster)


def _samples(
    ours: Callable[[], object], theirs: Callable[[], object], our_size: int, their_size: int, pairs: int
) -> list[tuple[float, float]]:
    """One of ours, one of theirs, over and over; the first of each only warms up."""
    ours(), theirs()
    return [(_seconds(ours) / our_size * _GIGA, _seconds(theirs) / their_size * _GIGA) for _ in range(pairs)]


def _seconds(run: Callable[[], object]) -> float:
    gc.collect()
    begin = time.perf_counter()
    result = run()
    spent = time.perf_counter() - begin
    del result
    return spent


def _read(log: pa.Table) -> list[object]:
    """Look at every value of a log once."""
    arrays = (log["timer"].to_numpy(), log["event"].chunk(0).indices.to_numpy(), log["at"].to_numpy())
    return [array.max() for array in arrays]


def _sort(log: pa.Table) -> list[np.ndarray]:
    """The columns in order of the timers, each timer's rows in their own: NumPy's stable sort, and a take of each."""
    arrays = (log["timer"].to_numpy(), log["event"].chunk(0).indices.to_numpy(), log["at"].to_numpy())
    order = np.argsort(arrays[0], kind="stable")
    return [array.take(order) for array in arrays]


if __name__ == "__main__":
    main()
