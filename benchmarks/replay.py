"""`punchclock replay` on a log of 2,000,000 events of 100,000 timers: events a second from end to end, and peak memory.

The log is made anew in a temporary folder. Each run is a process of its own, started as a user starts it; the rival in
the same run is the least that any reader of the file has to do: decode each line with msgspec and keep nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.report import markdown
from punchclock.eventlog import Entry, Labels, format_line
from punchclock.instants import instant
from punchclock.machine import TRANSITIONS, Event, State

_SECOND = 1_000_000
_START = instant("2026-01-05T06:00:00Z")

RIVAL = "decode each line, keep nothing"

_DECODE = """
import sys, msgspec
decode = msgspec.json.Decoder(dict).decode
with open(sys.argv[1], "rb") as file:
    for line in file:
        decode(line)
"""


class Run(NamedTuple):
    """What one process cost: wall clock in seconds, peak memory in bytes."""

    seconds: float
    peak: int


class Figure(msgspec.Struct, frozen=True):
    """What one command cost: the median of its runs, the most memory of any.

    Attributes:
        what: the command.
        seconds: wall clock.
        rate: events a second.
        peak: the process's memory at its highest, in bytes.
        times: the seconds as a multiple of the rival's.
    """

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


def main() -> None:
    """Make the log, replay it, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--timers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    print(replay_table(replays(chosen.events, chosen.timers, chosen.runs)))


def replays(events: int = 2_000_000, timers: int = 100_000, runs: int = 3) -> Replays:
    """Make the log, and replay it in each way, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        with log.open("wb") as file:
            for entry in entries(events, timers, random.Random(1)):  # noqa: S311 - the same log each time
                file.write(format_line(entry))
        command = [sys.executable, "-m", "punchclock", "replay", str(log)]
        cases = {
            RIVAL: [sys.executable, "-c", _DECODE, str(log)],
            "punchclock replay": command,
            "punchclock replay --zone Europe/Berlin": [*command, "--zone", "Europe/Berlin"],
            "punchclock replay --json": [*command, "--json"],
        }
        taken: dict[str, list[Run]] = {name: [] for name in cases}
        for _ in range(runs):
            for name, arguments in cases.items():
                taken[name].append(measure(arguments))
        size = log.stat().st_size
    least = statistics.median(run.seconds for run in taken[RIVAL])
    figures = []
    for name, each in taken.items():
        seconds = statistics.median(run.seconds for run in each)
        figures.append(Figure(name, seconds, events / seconds, max(run.peak for run in each), seconds / least))
    return Replays(events, timers, size, figures)


def replay_table(measured: Replays) -> str:
    """The figures as Markdown."""
    first = f"{measured.events:,} events of {measured.timers:,} timers, {measured.size / 1e6:.0f} MB"
    heads = (first, "seconds", "events/s", "peak memory", "× decoding")
    lines = [
        (
            figure.what,
            f"{figure.seconds:.2f}",
            f"{figure.rate:,.0f}",
            f"{figure.peak / 1e6:.0f} MB",
            f"{figure.times:.1f}",
        )
        for figure in measured.figures
    ]
    return markdown(heads, lines)


def entries(events: int, timers: int, chance: random.Random) -> Iterator[Entry]:
    """A log in the order of its instants, which are whole seconds: 40 timers at a time, and a few never stop."""
    each = max(events // timers, 2)
    alive: list[tuple[str, Labels, State, int]] = []
    begun = said = 0
    at = _START
    while said < events:
        at += chance.randrange(15) * _SECOND
        if begun < timers and (len(alive) < 40 or not alive):
            name = f"T{begun}"
            labels = Labels(user=f"user {begun % 300}", project=f"Project {begun % 40:03}", task=f"task {begun % 7}")
            begun += 1
            alive.append((name, labels, State.RUNNING, 1))
            yield Entry(name, Event.START, at, labels)
        else:
            index = chance.randrange(len(alive))
            name, labels, state, done = alive[index]
            follow = Event.STOP if done == each - 1 else Event.PAUSE if state is State.RUNNING else Event.RESUME
            yield Entry(name, follow, at, Labels())
            if follow is Event.STOP:
                alive[index] = alive[-1]
                alive.pop()
            else:
                alive[index] = (name, labels, TRANSITIONS[state, follow], done + 1)
        said += 1


def measure(arguments: list[str]) -> Run:
    """Run a command to its end, its output to nowhere."""
    before = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return Run(took, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


if __name__ == "__main__":
    main()
