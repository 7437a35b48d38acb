"""Logs to measure with: by timer, by time, and with illegal events."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from punchclock.units import DAY, HOUR

#: A day's work with four breaks.
EVENTS_PER_TIMER = 10

_START = 1_767_592_800_000_000  # 2026-01-05T06:00:00Z

# Timers that run at the same time in a log by time: as many as a large company has employees.
_PARALLEL = 10_000


def by_timer(events: int, seed: int = 1, first: int = 0) -> pa.Table:
    """Return a legal log whose timers follow one another; ids are integers, events dictionary-encoded."""
    count = max(events // EVENTS_PER_TIMER, 1)
    rng = np.random.default_rng(seed)
    kinds = np.array([0, *[1, 2] * ((EVENTS_PER_TIMER - 2) // 2), 3], dtype=np.int8)
    at = rng.integers(1, HOUR, (count, EVENTS_PER_TIMER))
    np.cumsum(at, axis=1, out=at)
    at += _START + (np.arange(first, first + count) // _PARALLEL * DAY)[:, None]
    return _table(np.repeat(np.arange(first, first + count), EVENTS_PER_TIMER), np.tile(kinds, count), at.ravel())


def by_time(events: int, seed: int = 1, first: int = 0) -> pa.Table:
    """Return the same log sorted by instant, with its timers interleaved."""
    ids, codes, at = arrays(by_timer(events, seed, first))
    order = np.argsort(at, kind="stable")
    return _table(ids[order], codes[order], at[order])


def with_illegal_events(events: int, share: float) -> pa.Table:
    """Return the log by timer with a share of its events, chosen at random, replaced by random ones."""
    ids, codes, at = arrays(by_timer(events))
    rng = np.random.default_rng(2)
    wrong = rng.random(len(codes)) < share
    codes = codes.copy()
    codes[wrong] = rng.integers(0, 4, np.count_nonzero(wrong))
    return _table(ids, codes, at)


def timers(count: int) -> pa.Table:
    """Return timers in every state."""
    rng = np.random.default_rng(3)
    states = pa.array(rng.integers(0, 4, count).astype(np.int8))
    since = rng.integers(_START, _START + DAY, count)
    return pa.table(
        {
            "state": pa.DictionaryArray.from_arrays(states, ["idle", "running", "paused", "stopped"]),
            "started_at": since - 8 * HOUR,
            "since": since,
            "worked": rng.integers(0, 8 * HOUR, count),
        }
    )


def arrays(log: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ids, the events' codes and the instants of a log, without copies."""
    return log["timer"].to_numpy(), log["event"].chunk(0).indices.to_numpy(), log["at"].to_numpy()


def _table(ids: np.ndarray, codes: np.ndarray, at: np.ndarray) -> pa.Table:
    events = pa.DictionaryArray.from_arrays(pa.array(codes), ["start", "pause", "resume", "stop"])
    return pa.table({"timer": pa.array(ids), "event": events, "at": pa.array(at)})
