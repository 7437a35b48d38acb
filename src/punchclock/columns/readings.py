"""Readings of many timers at once: work, break and elapsed time at one instant or at many.

The arithmetic is that of `punchclock.timer`, on arrays, and in blocks whose intermediate arrays fit into the
processor's caches.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from punchclock.columns.arrow import ArrowTable, as_table, at_row, read_instants
from punchclock.columns.codes import COUNTS_BREAK, COUNTS_WORK, IDLE, STATES, Codes, Ints
from punchclock.columns.tables import read_instant_column, read_states, read_worked
from punchclock.errors import ClockWentBackwards, InvalidColumns

_BLOCK: Final = 1 << 16


def worked_at(timers: ArrowTable, now: object) -> Ints:
    """Return the work of each of many timers up to ``now``, in microseconds.

    Args:
        timers: a table with the columns ``state``, ``since`` and ``worked``, as `replay` returns them.
        now: one instant for all timers: an integer of microseconds, or anything else that `punchclock.instant` accepts.
            To read each timer at its own instant, pass an array of int64, an Arrow column or a list. An array of two
            dimensions is broadcast: with the shape ``(m, 1)``, the result has the shape ``(m, n)``, one row for each
            instant.

    Raises:
        ClockWentBackwards: an instant is before a timer's last one; ``index`` is the timer's row. Pass
            ``not_before(timers, now)`` to clamp instead.
        InvalidColumns: a column is missing or has the wrong type, or ``now`` the wrong type or shape.
        InconsistentTimer: a state or an amount of work that no timer can have.
        InvalidInstant: ``now`` is not a valid instant.
        InstantOutOfRange: an instant is so large that sums could overflow.
    """
    table = as_table(timers)
    state, since, worked = read_states(table), read_instant_column(table, "since"), read_worked(table)
    return _read(state, since, worked, COUNTS_WORK, now)


def break_at(timers: ArrowTable, now: object) -> Ints:
    """Return the break of each of many timers up to ``now``, in microseconds.

    Arguments and errors as for `worked_at`; ``timers`` also needs the column ``started_at``.
    """
    table = as_table(timers)
    state, since, worked = read_states(table), read_instant_column(table, "since"), read_worked(table)
    base = since - read_instant_column(table, "started_at")
    base -= worked
    return _read(state, since, base, COUNTS_BREAK, now)


def elapsed_at(timers: ArrowTable, now: object) -> Ints:
    """Return the time from each timer's start up to ``now``, in microseconds: its work and break together.

    Arguments and errors as for `worked_at`; ``timers`` needs ``started_at`` instead of ``worked``.
    """
    table = as_table(timers)
    state, since = read_states(table), read_instant_column(table, "since")
    return _read(state, since, since - read_instant_column(table, "started_at"), COUNTS_WORK + COUNTS_BREAK, now)


def not_before(timers: ArrowTable, now: object) -> Ints:
    """Return for each of many timers ``now``, or the timer's last instant if ``now`` is earlier.

    Pass the result to `worked_at` and the other readings to clamp instead of raising. Arguments as for `worked_at`.
    """
    table = as_table(timers)
    state, since = read_states(table), read_instant_column(table, "since")
    at = _one_each(read_instants(now), len(state))
    return np.where(state == IDLE, at, np.maximum(at, since))


def _one_each(at: Ints, count: int) -> Ints:
    """Return instants, broadcast so that the last dimension has one for each timer."""
    try:
        shape = np.broadcast_shapes(at.shape, (count,))
    except ValueError:
        shape = at.shape
    if shape[-1] != count:
        raise InvalidColumns("now", f"the shape {at.shape} does not fit {count} timers")
    return np.broadcast_to(at, shape)


def _read(state: Codes, since: Ints, base: Ints, counting: tuple[int, ...], now: object) -> Ints:
    """Return ``base``, plus the time since ``since`` for timers in one of the states that count."""
    at = _one_each(read_instants(now), len(state))
    result = np.empty(at.shape, dtype=np.int64)
    if at.size:
        for instants, out in zip(at.reshape(-1, len(state)), result.reshape(-1, len(state)), strict=True):
            _read_once(state, since, base, counting, instants, out)
    return result


def _read_once(state: Codes, since: Ints, base: Ints, counting: tuple[int, ...], at: Ints, out: Ints) -> None:
    """Write one reading of each timer into ``out``."""
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
