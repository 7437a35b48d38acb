"""Readings of many timers at once: work, break and elapsed time at one instant or at many.

The sums are those of `punchclock.timer`, on arrays. They are taken a block at a time, so that what lies between the
columns and the result does not leave the processor's caches.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from punchclock.columns.arrow import (
    ArrowTable,
    as_table,
    at_row,
    read_instant_column,
    read_instants,
    read_states,
    read_worked,
)
from punchclock.columns.codes import COUNTS_BREAK, COUNTS_WORK, IDLE, STATES, Codes, Ints
from punchclock.errors import ClockWentBackwards, InvalidColumns

__all__ = ["break_at", "elapsed_at", "not_before", "worked_at"]

_BLOCK: Final = 1 << 16


def worked_at(timers: ArrowTable, now: object) -> Ints:
    """The work done up to ``now`` by each of many timers, in microseconds.

    Args:
        timers: a table with the columns ``state``, ``since`` and ``worked``, as `replay` returns them.
        now: one instant for all: an integer of microseconds, or what else `punchclock.instant` takes. Or one for each:
            an array of int64, a column of Arrow, a list. Or an array of two dimensions that is broadcast as NumPy does:
            of shape ``(m, 1)``, all timers are read at each of ``m`` instants, and the result has shape ``(m, n)``.

    Raises:
        ClockWentBackwards: an instant before a timer's last one; ``index`` says in which row. With
            ``not_before(timers, now)`` it never is.
        InvalidColumns: a column is missing or has the wrong type, or ``now`` the wrong type or shape.
        InconsistentTimer: a state or an amount of work that no timer can have.
        InvalidInstant: ``now`` is no instant; `InstantOutOfRange`, if sums with it or with ``since`` could overflow.
    """
    table = as_table(timers)
    state, since, worked = read_states(table), read_instant_column(table, "since"), read_worked(table)
    return _read(state, since, worked, COUNTS_WORK, now)


def break_at(timers: ArrowTable, now: object) -> Ints:
    """The break taken up to ``now`` by each of many timers, in microseconds.

    As `worked_at`; ``timers`` needs ``started_at`` too.
    """
    table = as_table(timers)
    state, since, worked = read_states(table), read_instant_column(table, "since"), read_worked(table)
    base = since - read_instant_column(table, "started_at")
    base -= worked
    return _read(state, since, base, COUNTS_BREAK, now)


def elapsed_at(timers: ArrowTable, now: object) -> Ints:
    """The time from the start up to ``now`` of each of many timers, in microseconds: always work and break together.

    As `worked_at`; ``timers`` needs ``started_at`` instead of ``worked``.
    """
    table = as_table(timers)
    state, since = read_states(table), read_instant_column(table, "since")
    return _read(state, since, since - read_instant_column(table, "started_at"), COUNTS_WORK + COUNTS_BREAK, now)


def not_before(timers: ArrowTable, now: object) -> Ints:
    """``now`` for each of many timers, or the timer's last instant where ``now`` is before it.

    As `worked_at`, whose argument it is for whoever would rather clamp than fail.
    """
    table = as_table(timers)
    state, since = read_states(table), read_instant_column(table, "since")
    at = _one_each(read_instants(now), len(state))
    return np.where(state == IDLE, at, np.maximum(at, since))


def _one_each(at: Ints, count: int) -> Ints:
    """The instants in a shape that ends in one for each timer."""
    try:
        shape = np.broadcast_shapes(at.shape, (count,))
    except ValueError:
        shape = at.shape
    if shape[-1] != count:
        raise InvalidColumns("now", f"the shape {at.shape} does not go with {count} timers")
    return np.broadcast_to(at, shape)


def _read(state: Codes, since: Ints, base: Ints, counting: tuple[int, ...], now: object) -> Ints:
    """``base``, and the time since ``since`` where the state is one that counts."""
    at = _one_each(read_instants(now), len(state))
    result = np.empty(at.shape, dtype=np.int64)
    if at.size:
        for instants, out in zip(at.reshape(-1, len(state)), result.reshape(-1, len(state)), strict=True):
            _read_once(state, since, base, counting, instants, out)
    return result


def _read_once(state: Codes, since: Ints, base: Ints, counting: tuple[int, ...], at: Ints, out: Ints) -> None:
    for start in range(0, len(state), _BLOCK):
        rows = slice(start, start + _BLOCK)
        states, gaps = state[rows], out[rows]
        np.subtract(at[rows], since[rows], out=gaps)
        if gaps.min() < 0:
            early = np.flatnonzero((gaps < 0) & (states != IDLE))
            if early.size:
                row = start + int(early[0])
                word, instant, last = STATES[state[row]], int(at[row]), int(since[row])
                raise at_row(ClockWentBackwards(state=word, event=None, at=instant, since=last), row)
        counts = states == counting[0]
        for each in counting[1:]:
            counts |= states == each
        gaps *= counts
        gaps += base[rows]
