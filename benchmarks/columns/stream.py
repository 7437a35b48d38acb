"""A Parquet file replayed into files, end to end: events a second and peak memory of a new process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from benchmarks.columns.logs import by_time

# Rows written at a time. So many timers run at once that every batch continues timers of the previous one.
_PART = 1_000_000

_CHILD = r"""
import json, re, sys, time
from pathlib import Path
from punchclock import columns
begin, used = time.perf_counter(), time.process_time()
counts = columns.replay_file(*sys.argv[1:])
spent = time.perf_counter() - begin
# Not getrusage: its peak includes that of the parent process.
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps([spent, time.process_time() - used, peak, *counts]))
"""


class FileCost(NamedTuple):
    """The cost of one file: its rows, timers and bytes, wall-clock and processor seconds, and peak memory in bytes."""

    events: int
    timers: int
    size: int
    seconds: float
    processor: float
    peak: int


def measure_file(events: int, folder: Path) -> FileCost:
    """Write a log by time to a file and replay it."""
    source = folder / "log.parquet"
    with pq.ParquetWriter(source, by_time(10).schema) as writer:
        for part, start in enumerate(range(0, events, _PART)):
            writer.write_table(by_time(min(_PART, events - start), seed=part, first=start // 10))
    command = [
        sys.executable,
        "-c",
        _CHILD,
        str(source),
        str(folder / "timers.parquet"),
        str(folder / "rejected.parquet"),
    ]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, processor, peak, rows, timers, rejected = json.loads(printed)
    if (rows, timers, rejected) != (events, events // 10, 0):
        raise AssertionError(f"wrong counts: {printed}")
    return FileCost(rows, timers, source.stat().st_size, seconds, processor, peak)
