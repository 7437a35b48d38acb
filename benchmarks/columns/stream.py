"""From a Parquet file to files, end to end: events a second and peak memory of a process that does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from benchmarks.columns.logs import by_time

__all__ = ["Streamed", "streamed"]

# Rows that are made at a time. By time, so many timers run at once that every batch has timers left over from the last.
_PART = 1_000_000

_CHILD = r"""
import json, re, sys, time
from pathlib import Path
from punchclock import columns
begin, used = time.perf_counter(), time.process_time()
counts = columns.replay_file(*sys.argv[1:])
spent = time.perf_counter() - begin
# Not getrusage, whose figure a process inherits from the one that started it.
peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps([spent, time.process_time() - used, peak, *counts]))
"""


class Streamed(msgspec.Struct, frozen=True):
    """What one file cost.

    Attributes:
        events: its rows.
        timers: the timers in it.
        size: its bytes.
        seconds: wall clock of the replay, without the start of the process.
        processor: of that, the processor's time.
        peak: the process's memory at its highest, in bytes.
    """

    events: int
    timers: int
    size: int
    seconds: float
    processor: float
    peak: int


def streamed(events: int, folder: Path) -> Streamed:
    """Make a log by time of so many events, replay it, and say what that cost."""
    source = folder / "log.parquet"
    writer = pq.ParquetWriter(source, by_time(10).schema)
    for part, start in enumerate(range(0, events, _PART)):
        log = by_time(min(_PART, events - start), seed=part, first=start // 10)
        writer.write_table(log)
    writer.close()
    files = (source, folder / "timers.parquet", folder / "rejected.parquet")
    command = [sys.executable, "-c", _CHILD, *map(str, files)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, processor, peak, rows, timers, rejected = json.loads(printed)
    if (rows, timers, rejected) != (events, events // 10, 0):
        raise AssertionError(f"wrong: {printed}")
    return Streamed(rows, timers, source.stat().st_size, seconds, processor, peak)
