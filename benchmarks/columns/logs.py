"""Logs to measure with: legal ones of many timers, in order of the timers or of time, and one full of faults."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["EVENTS", "EVENTS_PER_TIMER", "by_time", "by_timer", "faulty", "timers"]

EVENTS = ["start", "pause", "resume", "stop"]

#: A day's work with four breaks.
EVENTS_PER_TIMER = 10

_HOUR = 3_600_000_000
_START = 1_767_592_800_000_000  # 2026-01-05T06:00:00Z

# How many timers run at a time in a log by time: as many as a large company has people at work.
_AT_ONCE = 10_000


def by_timer(events: int, seed: int = 1, first: int = 0) -> pa.Table:
    """A legal log whose timers come one after another; ids are integers, events dictionary-encoded."""
    count = max(events // EVENTS_PER_TIMER, 1)
    rng = np.random.default_rng(seed)
    kinds = np.array([0, *[1, 2] * ((EVENTS_PER_TIMER - 2) // 2), 3], dtype=np.int8)
    at = rng.integers(1, _HOUR, (count, EVENTS_PER_TIMER))
    np.cumsum(at, axis=1, out=at)
    at += _START + (np.arange(first, first + count) // _AT_ONCE * (24 * _HOUR))[:, None]
    return _table(np.repeat(np.arange(first, first + count), EVENTS_PER_TIMER), np.tile(kinds, count), at.ravel())


def by_time(events: int, seed: int = 1, first: int = 0) -> pa.Table:
    """The same log in the order in which its events happen, its timers mixed."""
    log = by_timer(events, seed, first)
    order = np.argsort(log["at"].to_numpy(), kind="stable")
    columns = (log["timer"].to_numpy(), log["event"].chunk(0).indices.to_numpy(), log["at"].to_numpy())
    return _table(*(column[order] for column in columns))


def faulty(events: int, share: float) -> pa.Table:
    """The log by timer, in which a share of the events, chosen at random, says anything."""
    log = by_timer(events)
    rng = np.random.default_rng(2)
    codes = log["event"].chunk(0).indices.to_numpy().copy()
    wrong = rng.random(len(codes)) < share
    codes[wrong] = rng.integers(0, 4, np.count_nonzero(wrong))
    return _table(log["timer"].to_numpy(), codes, log["at"].to_numpy())


def timers(count: int) -> pa.Table:
    """Timers in every state, for readings."""
    rng = np.random.default_rng(3)
    states = pa.array(rng.integers(0, 4, count).astype(np.int8))
    since = rng.integers(_START, _START + 24 * _HOUR, count)
    return pa.table(
        {
            "state": pa.DictionaryArray.from_arrays(states, ["idle", "running", "paused", "stopped"]),
            "started_at": since - 8 * _HOUR,
            "since": since,
            "worked": rng.integers(0, 8 * _HOUR, count),
        }
    )


def _table(ids: np.ndarray, codes: np.ndarray, at: np.ndarray) -> pa.Table:
    events = pa.DictionaryArray.from_arrays(pa.array(codes), EVENTS)
    return pa.table({"timer": pa.array(ids), "event": events, "at": pa.array(at)})
