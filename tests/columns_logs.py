"""Shared by the tests of columns: logs as rows and as tables, and the expected result from the scalar core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
from hypothesis import strategies as st

import punchclock as pc

#: A row of a log: timer, event, instant.
Row = tuple[int, str, int]

#: A row of a table of timers: the id and the four fields.
TimerRow = tuple[object, str, int, int, int]


@st.composite
def logs(draw: st.DrawFn, max_size: int = 40) -> list[Row]:
    """Draw a log of a few timers, interleaved or not, with illegal events and clocks that go back."""
    names = draw(st.sampled_from([1, 2, 5]))
    words = draw(
        st.sampled_from([["start", "pause", "resume", "stop"], ["start", "pause"], ["pause", "resume", "start"]])
    )
    steps = draw(st.sampled_from([[0, 1, 5], [0, 0, 1, -3, 1_000_000]]))
    at = draw(st.sampled_from([0, -4, 1_772_438_400_000_000]))
    rows = []
    for _ in range(draw(st.integers(0, max_size))):
        at += draw(st.sampled_from(steps))
        rows.append((draw(st.integers(-1, names - 2)), draw(st.sampled_from(words)), at))
    return sorted(rows, key=lambda row: row[0]) if draw(st.booleans()) else rows


def table(rows: Sequence[Row]) -> pa.Table:
    """Return the rows as a table with the simplest types."""
    timers, events, instants = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "timer": pa.array(timers, pa.int64()),
            "event": pa.array(events, pa.string()),
            "at": pa.array(instants, pa.int64()),
        }
    )


def stepped(
    rows: Iterable[Row], timers: dict[int, pc.Timer] | None = None
) -> tuple[list[TimerRow], list[tuple[int, str]]]:
    """Return the timers and the rejected rows, by applying the events one by one with the scalar core."""
    found = dict(timers or {})
    rejected = []
    for row, (timer, event, at) in enumerate(rows):
        before = found.setdefault(timer, pc.IDLE)
        try:
            found[timer] = pc.transition(before, pc.Event(event), at)
        except pc.PunchclockError as error:
            rejected.append((row, error.code))
    return [(name, str(t.state), t.started_at, t.since, t.worked) for name, t in found.items()], rejected


def timer_rows(timers: pa.Table) -> list[TimerRow]:
    """Return a table of timers as rows, with instants as integers."""
    instants = [timers[name].cast(pa.int64()).to_pylist() for name in ("started_at", "since")]
    return list(
        zip(
            timers["timer"].to_pylist(),
            timers["state"].to_pylist(),
            *instants,
            timers["worked"].to_pylist(),
            strict=True,
        )
    )


def rejections(rejected: pa.Table) -> list[tuple[int, str]]:
    """Return a table of rejected rows as rows."""
    return list(zip(rejected["row"].to_pylist(), rejected["reason"].to_pylist(), strict=True))
