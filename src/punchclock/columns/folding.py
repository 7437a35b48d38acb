"""Grouped rows folded into timers: exactly the result of applying the events one by one.

Theory of operation
-------------------

1. *Fold.* Assume that every event is accepted. Then the state before an event is the one that the preceding event
   leads to, ``since`` is the instant of that event, and everything else follows from pairs of neighbours: which
   events are illegal, where the clock went back, how much of the time between two events is work. A row that is
   illegal or earlier than its predecessor is a *conflict*.
2. *Reject.* A timer without conflicts is finished. In any other timer the assumption holds up to its first conflict,
   and that row is rejected. From there the events are applied one by one, to all such timers in parallel, until one
   is accepted; from that event on the assumption holds again, up to the timer's next conflict, which is known already.
3. The events that these timers accepted are folded once more.

A row without a valid event is always a conflict: see ``REASONS`` in `punchclock.columns.codes`.
"""

from __future__ import annotations

from functools import reduce
from typing import Final

import numpy as np

from punchclock.columns.codes import (
    ACCEPTED,
    AFTER,
    BETWEEN,
    CLOCK_WENT_BACKWARDS,
    EVENTS,
    IDLE,
    ILLEGAL,
    KIND_OF,
    LEGAL,
    NULL,
    STARTING,
    WORK,
    Codes,
    Ints,
    status_of,
)
from punchclock.columns.grouping import offsets_of
from punchclock.columns.tables import Fields

# Rows folded at a time, so that the arrays of one pass fit into the processor's caches.
_BLOCK: Final = 1 << 16

# With fewer timers than this, a loop in Python is faster than NumPy's calls for all of them.
_MIN_PARALLEL: Final = 128

# Rows of one timer that are converted to Python integers at a time.
_STRIDE: Final = 1 << 8

# For the loop in Python, which reads tuples faster than arrays.
_LEGAL: Final = tuple(map(tuple, LEGAL.tolist()))
_AFTER: Final = tuple(AFTER.tolist())


def fold(events: Codes, at: Ints, offsets: Ints, before: Fields | None) -> tuple[Fields, Codes | None]:
    """Fold grouped rows into timers.

    Args:
        events: the codes, grouped by timer.
        at: the instants, in the same order.
        offsets: the position of each group's first row; no group is empty.
        before: the timer that each group continues; ``None`` if all are idle.

    Returns:
        The timers, and the status of each row, or ``None`` if all rows were accepted.
    """
    fields, conflicts = _fold_as_accepted(events, at, offsets, before)
    if not conflicts.size:
        return fields, None
    stops = np.append(offsets[1:], len(events))
    affected = np.searchsorted(offsets, conflicts, side="right") - 1
    affected = affected[offsets_of(affected[1:] != affected[:-1])]
    origin = Fields.idle(len(affected)) if before is None else before.take(affected)
    status = _reject(events, at, offsets[affected], stops[affected], origin, conflicts)

    lengths = stops[affected] - offsets[affected]
    ends = np.cumsum(lengths)
    rows = np.arange(ends[-1]) + np.repeat(offsets[affected] - (ends - lengths), lengths)
    kept = status[rows] == ACCEPTED
    counts = np.add.reduceat(kept, ends - lengths, dtype=np.int64)
    remaining = np.flatnonzero(counts)
    fields.put(affected, origin)
    if remaining.size:
        rows = rows[kept]
        counts = counts[remaining]
        again, _ = _fold_as_accepted(events[rows], at[rows], np.cumsum(counts) - counts, origin.take(remaining))
        fields.put(affected[remaining], again)
    return fields, status


def _fold_as_accepted(events: Codes, at: Ints, offsets: Ints, before: Fields | None) -> tuple[Fields, Ints]:
    """Fold grouped rows as if every event were accepted; return the timers and the rows that are conflicts.

    Each row is compared with the preceding one, and a timer's first row with the timer in ``before``.
    """
    started_at, since, worked = np.zeros((3, len(offsets)), dtype=np.int64)
    final = np.zeros(len(offsets), dtype=np.uint8)
    firsts = events.take(offsets)
    if before is None:
        firsts_legal = reduce(np.logical_or, [firsts == event for event in STARTING])
    else:
        begun = before.state != IDLE
        firsts_legal = LEGAL[before.state, firsts]
        firsts_work = KIND_OF.take(before.state) == WORK
        firsts_gap = np.where(begun, at.take(offsets) - before.since, 0)

    conflicts = [np.zeros(0, dtype=np.int64)]
    bounds = np.searchsorted(offsets, np.arange(0, len(events) + _BLOCK, _BLOCK)).tolist()
    gaps_buffer, work_buffer, sums = np.zeros((3, _BLOCK + 1), dtype=np.int64)
    for block, start in enumerate(range(0, len(events), _BLOCK)):
        stop = min(start + _BLOCK, len(events))
        first, last = bounds[block], bounds[block + 1]
        inner = offsets[first:last] - start
        size = stop - start
        inside = 0 if start else 1  # the log's first row has no predecessor

        # The events of each row and of the preceding one decide which pairs are legal and which gaps are work.
        codes = events[start + inside - 1 : stop]
        are = [codes == event for event in range(len(EVENTS))]
        legal, work = np.zeros((2, size), dtype=np.bool_)
        for leading, allowed, is_work in BETWEEN:
            after = reduce(np.logical_or, [are[event][:-1] for event in leading])
            legal[inside:] |= after & reduce(np.logical_or, [are[event][1:] for event in allowed])
            if is_work:
                work[inside:] |= after
        gaps = gaps_buffer[:size]
        np.subtract(at[start + inside : stop], at[start + inside - 1 : stop - 1], out=gaps[inside:])
        legal[inner] = firsts_legal[first:last]
        work[inner] = False if before is None else firsts_work[first:last]
        gaps[inner] = 0 if before is None else firsts_gap[first:last]
        if not legal.all() or gaps.min() < 0:
            conflicts.append(np.flatnonzero(~legal | (gaps < 0)) + start)

        # A timer's work is a difference of running sums. The block's first rows may belong to an earlier block's timer.
        np.copyto(work_buffer[:size], work)
        gaps *= work_buffer[:size]
        np.cumsum(gaps, out=sums[1 : size + 1])
        marks = np.append(sums.take(inner), sums[size])
        np.subtract(marks[1:], marks[:-1], out=worked[first:last])
        if first:
            worked[first - 1] += marks[0]

        started_at[first:last] = at.take(offsets[first:last])
        # The row before a timer's first row is the last row of the timer before.
        ends = offsets[max(first, 1) : last] - 1
        since[max(first, 1) - 1 : max(last, 1) - 1] = at.take(ends)
        final[max(first, 1) - 1 : max(last, 1) - 1] = events.take(ends)

    since[-1:] = at[-1:]
    final[-1:] = events[-1:]
    if before is not None:
        started_at = np.where(begun, before.started_at, started_at)
        worked += np.where(begun, before.worked, 0)
    return Fields(AFTER.take(final), started_at, since, worked), np.concatenate(conflicts)


def _reject(events: Codes, at: Ints, offsets: Ints, stops: Ints, before: Fields, conflicts: Ints) -> Codes:
    """Return the status of each row, given the timers that have conflicts; the rows of all others are accepted.

    Args:
        events: the codes, grouped by timer.
        at: the instants, in the same order.
        offsets: the position of each such timer's first row.
        stops: the position after its last row.
        before: the timer that it continues.
        conflicts: the rows that are rejected if the preceding row is accepted, in order.
    """
    status = np.zeros(len(events), dtype=np.uint8)
    conflicts_and_end = np.append(conflicts, len(events))

    # Each timer starts at its first conflict; the rows before that are accepted.
    row = conflicts[np.searchsorted(conflicts, offsets)]
    state = np.where(row == offsets, before.state, AFTER[events[row - 1]])
    since = np.where(row == offsets, before.since, at[row - 1])
    while len(row) >= _MIN_PARALLEL:
        event = events[row]
        legal = LEGAL[state, event]
        back = (at[row] < since) & (state != IDLE)
        accepted = legal & ~back
        status[row] = np.where(
            accepted,
            ACCEPTED,
            np.where(event >= NULL, status_of(event), np.where(legal, CLOCK_WENT_BACKWARDS, ILLEGAL)),
        )
        next_row = row + 1
        jump = conflicts_and_end[np.searchsorted(conflicts, row[accepted], side="right")]
        next_row[accepted] = jump
        state[accepted] = AFTER[events[jump - 1]]
        since[accepted] = at[jump - 1]
        unfinished = np.flatnonzero(next_row < stops)
        row, stops, state, since = next_row[unfinished], stops[unfinished], state[unfinished], since[unfinished]
    for each in zip(row.tolist(), stops.tolist(), state.tolist(), since.tolist(), strict=True):
        _reject_one(events, at, *each, conflicts, status)
    return status


def _reject_one(
    events: Codes, at: Ints, row: int, stop: int, state: int, since: int, conflicts: Ints, status: Codes
) -> None:
    """Do the same as `_reject` for one timer, from ``row`` on."""
    while row < stop:
        end = min(row + _STRIDE, stop)
        for code, instant in zip(events[row:end].tolist(), at[row:end].tolist(), strict=True):
            rejected = True
            if not _LEGAL[state][code]:
                status[row] = ILLEGAL if code < NULL else status_of(code)
            elif instant < since and state != IDLE:
                status[row] = CLOCK_WENT_BACKWARDS
            else:
                rejected = False
                state, since = _AFTER[code], instant
            row += 1
        if not rejected:
            # All rows from here on are accepted, up to the next conflict.
            place = int(np.searchsorted(conflicts, row))
            row = min(int(conflicts[place]), stop) if place < len(conflicts) else stop
            state, since = _AFTER[int(events[row - 1])], int(at[row - 1])
