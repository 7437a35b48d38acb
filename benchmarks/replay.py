"""`punchclock replay` on a log of 2,000,000 events of 100,000 timers: events a second, end to end, and peak memory.

Each run is a new process. The rival is the least that any reader of the file must do: decode each line with msgspec.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.report import markdown
from punchclock.eventlog import Entry, Labels, format_line
from punchclock.instants import instant
from punchclock.machine import TRANSITIONS, Event, State
from punchclock.units import SECOND

RIVAL = "decode each line, keep nothing"

_DECODE = """
import sys, msgspec
decode = msgspec.json.Decoder(dict).decode
with open(sys.argv[1], "rb") as file:
    for line in file:
        decode(line)
"""


class Figure(msgspec.Struct, frozen=True):
    """One command: median seconds, events a second, peak memory in bytes, seconds as a multiple of the rival's."""

    what: str
    seconds: float
    rate: float
    peak: int
    times: float


class Replays(msgspec.Struct, frozen=True):
    """The figures of one log."""

    events: int
    timers: int
    size: int
    figures: list[Figure]


def measure_replays(events: int = 2_000_000, timers: int = 100_000, runs: int = 3) -> Replays:
    """Write a log to a temporary file and replay it in each form, interleaved."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        with log.open("wb") as file:
            file.writelines(format_line(entry) for entry in entries(events, timers, random.Random(1)))  # noqa: S311
        command = [sys.executable, "-m", "punchclock", "replay", str(log)]
        commands = {
            RIVAL: [sys.executable, "-c", _DECODE, str(log)],
            "punchclock replay": command,
            "punchclock replay --zone Europe/Berlin": [*command, "--zone", "Europe/Berlin"],
            "punchclock replay --json": [*command, "--json"],
        }
        samples = [{name: _run(arguments) for name, arguments in commands.items()} for _ in range(runs)]
        size = log.stat().st_size
    seconds = {name: statistics.median(sample[name][0] for sample in samples) for name in commands}
    peaks = {name: max(sample[name][1] for sample in samples) for name in commands}
    figures = [
        Figure(name, seconds[name], events / seconds[name], peaks[name], seconds[name] / seconds[RIVAL])
        for name in commands
    ]
    return Replays(events, timers, size, figures)


def replay_table(measured: Replays) -> str:
    """Return the figures as Markdown."""
    first = f"{measured.events:,} events of {measured.timers:,} timers, {measured.size / 1e6:.0f} MB"
    lines = [
        (each.what, f"{each.seconds:.2f}", f"{each.rate:,.0f}", f"{each.peak / 1e6:.0f} MB", f"{each.times:.1f}")
        for each in measured.figures
    ]
    return markdown((first, "seconds", "events/s", "peak memory", "× decoding"), lines)


def entries(events: int, timers: int, chance: random.Random) -> Iterator[Entry]:
    """Yield a log in order of time, at whole seconds: 40 timers run at a time, and a few never stop."""
    each = max(events // timers, 2)
    alive: list[tuple[str, State, int]] = []
    begun = 0
    at = instant("2026-01-05T06:00:00Z")
    for _ in range(events):
        at += chance.randrange(15) * SECOND
        if begun < timers and len(alive) < 40:
            labels = Labels(user=f"user {begun % 300}", project=f"Project {begun % 40:03}", task=f"task {begun % 7}")
            alive.append((f"T{begun}", State.RUNNING, 1))
            yield Entry(f"T{begun}", Event.START, at, labels)
            begun += 1
            continue
        index = chance.randrange(len(alive))
        name, state, done = alive[index]
        event = Event.STOP if done == each - 1 else Event.PAUSE if state is State.RUNNING else Event.RESUME
        yield Entry(name, event, at, Labels())
        if event is Event.STOP:
            alive[index] = alive[-1]
            alive.pop()
        else:
            alive[index] = (name, TRANSITIONS[state, event], done + 1)


def _run(arguments: list[str]) -> tuple[float, int]:
    """Run a command and return its seconds and its peak memory in bytes; its output is discarded."""
    begin = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{arguments} exited with status {process.returncode}")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
