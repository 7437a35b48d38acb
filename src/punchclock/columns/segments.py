"""The work and break of a whole log as segments of time, cut where the local date changes: what payroll loads.

Which segments there are is said in `punchclock.history`, which date an instant has in `punchclock.calendar`. Here both
are done for all timers at once: a zone's days are looked up once for the time that the log covers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from punchclock.calendar import Day, find_zone, split_by_day
from punchclock.columns.arrow import (
    ArrowTable,
    at_row,
    enum_array,
    ids_as,
    instant_array,
    no_nulls,
    one_piece,
    read_instants,
    read_log,
    words_of,
)
from punchclock.columns.codes import ACCEPTED, AFTER, KIND_OF, KINDS, STATES, Flags, Ints
from punchclock.columns.replay import Groups, fold, group, offsets_of, stable_order
from punchclock.errors import ClockWentBackwards, InvalidColumns
from punchclock.instants import instant

__all__ = ["days_of", "segments"]

_TWO_DAYS: Final = 2 * 86_400_000_000
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


class _Segments(NamedTuple):
    """Segments of many timers: which timer (a number), of which kind, and from when to when."""

    timer: Ints
    kind: npt.NDArray[np.int8]
    start: Ints
    end: Ints


def segments(
    table: ArrowTable, zone: str | dt.tzinfo | pa.Array | pa.ChunkedArray, *, until: object = None
) -> pa.Table:
    """The segments of work and break of a log's timers, split by local day.

    Before they are split they are those of `punchclock.timeline`: as long as they can be, none empty, neighbours of one
    kind joined. Rejected events are left out as if they were not there; `replay` names them.

    Args:
        table: a log, as for `replay`.
        zone: the zone whose days these are, by name or as an object; or a column of names, one for each row of the log,
            where timers are in several zones: the one in a timer's first row holds for it.
        until: closes the segments of timers that are still running or paused, an instant as for `punchclock.instant`;
            without it, such a segment ends at the timer's last event and so is left out.

    Returns:
        One row for each segment on each date: ``timer``, ``kind`` (``work`` or ``break``), ``date``, ``start``, ``end``
        (half-open, instants in the type of the column ``at``) and ``duration`` (int64, microseconds); timers in order
        of first appearance, each in order of time.

    Raises:
        InvalidColumns: a column is missing, or has the wrong type or length.
        ClockWentBackwards: ``until`` is before an event that was accepted; ``index`` says which row.
        UnknownZone: no such zone.
        InstantOutOfRange: a segment outside the years 1 to 9999, in UTC or in the zone.
    """
    log = read_log(table)
    groups = group(log)
    open_until = None if until is None else int(read_instants(instant(until)))
    found = _joined(groups, open_until)
    first_rows = groups.first_rows
    if groups.rows is not None:
        # Groups that came by sorting are in the order of their ids, not of their first rows.
        order = stable_order(first_rows)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        first_rows = first_rows[order]
        ranks = rank[found.timer]
        order = stable_order(ranks)
        found = _Segments(ranks[order], found.kind[order], found.start[order], found.end[order])

    if isinstance(zone, (pa.Array, pa.ChunkedArray)):
        split = [
            _split(found, np.flatnonzero(of_timer[found.timer]), name)
            for name, of_timer in _by_zone(zone, len(log.events), first_rows)
        ]
        merged = [np.concatenate(column) for column in zip(*split, strict=True)] or [np.zeros(0, dtype=np.int64)] * 4
        order = stable_order(merged[0])
        segment, date, start, end = (column[order] for column in merged)
    else:
        segment, date, start, end = _split(found, np.arange(len(found.timer)), zone)
    ids = log.timers.take(pa.array(first_rows[found.timer[segment]]))
    return pa.table(
        {
            "timer": ids_as(ids, log.id_type),
            "kind": enum_array(found.kind[segment].view(np.uint8), tuple(KINDS)),
            "date": pa.array(date.astype(np.int32)).view(pa.date32()),
            "start": instant_array(start, log.instant_type),
            "end": instant_array(end, log.instant_type),
            "duration": pa.array(end - start),
        }
    )


def _joined(groups: Groups, until: int | None) -> _Segments:
    """The segments of each group, as long as they can be."""
    _, status = fold(groups.events, groups.at, groups.offsets, None)
    events, at = groups.events, groups.at
    timer = np.repeat(np.arange(len(groups.offsets)), np.diff(groups.offsets, append=len(events)))
    kept = None
    if status is not None:
        kept = np.flatnonzero(status == ACCEPTED)
        events, at, timer = events[kept], at[kept], timer[kept]
    if until is not None:
        _check_until(groups, kept, at, until)

    # From each event to the next of its timer, or to the end of what is known.
    kind = KIND_OF[AFTER[events]]
    end = np.empty_like(at)
    end[:-1] = at[1:]
    last = np.flatnonzero(np.append(timer[1:] != timer[:-1], True)) if len(timer) else timer
    end[last] = at[last] if until is None else until
    some = np.flatnonzero((kind >= 0) & (end > at))
    timer, kind, start, end = timer[some], kind[some], at[some], end[some]
    if not len(timer):
        return _Segments(timer, kind, start, end)

    differ = (timer[1:] != timer[:-1]) | (kind[1:] != kind[:-1]) | (start[1:] != end[:-1])
    offsets = offsets_of(differ)
    tails = np.append(offsets[1:], len(timer)) - 1
    return _Segments(timer[offsets], kind[offsets], start[offsets], end[tails])


def _check_until(groups: Groups, kept: Ints | None, at: Ints, until: int) -> None:
    late = np.flatnonzero(at > until)
    if late.size:
        late = late if kept is None else kept[late]
        rows = late if groups.rows is None else groups.rows[late]
        position = late[rows.argmin()]
        state, since = STATES[AFTER[groups.events[position]]], int(groups.at[position])
        raise at_row(ClockWentBackwards(state=state, event=None, at=until, since=since), int(rows.min()))


def _by_zone(zones: pa.Array | pa.ChunkedArray, count: int, first_rows: Ints) -> Iterator[tuple[str, Flags]]:
    """The zones that there are, each with which timers are in it."""
    column = one_piece(zones) if isinstance(zones, pa.ChunkedArray) else zones
    if len(column) != count:
        raise InvalidColumns("zone", f"{len(column)} values for {count} rows")
    no_nulls(column, "zone")
    names, of_row = words_of(column, "zone")
    of_timer = of_row[first_rows]
    for number, name in enumerate(names):
        yield str(name), of_timer == number


def _split(found: _Segments, which: Ints, zone: str | dt.tzinfo) -> tuple[Ints, Ints, Ints, Ints]:
    """Some of the segments cut by local day: the number of the segment, its date (days since 1970), start and end."""
    start, end = found.start[which], found.end[which]
    day_date, day_start, day_end = days_of(start, end, zone)
    first = np.searchsorted(day_start, start, side="right") - 1
    counts = np.searchsorted(day_start, end, side="left") - first
    begun = np.cumsum(counts) - counts
    piece = np.repeat(np.arange(len(which)), counts)
    day = np.arange(len(piece)) + np.repeat(first - begun, counts)
    return (
        which[piece],
        day_date[day],
        np.maximum(start[piece], day_start[day]),
        np.minimum(end[piece], day_end[day]),
    )


def days_of(start: Ints, end: Ints, zone: str | dt.tzinfo) -> tuple[Ints, Ints, Ints]:
    """The local days that these segments touch: date, start and end, in order.

    They are looked up from one long gap in the log to the next, so that one wrong year costs nothing.
    """
    zone = find_zone(zone)
    days: list[Day] = []
    if len(start):
        order = np.argsort(start, kind="stable")
        start, reached = start[order], np.maximum.accumulate(end[order])
        offsets = offsets_of(start[1:] > reached[:-1] + _TWO_DAYS)
        tails = np.append(offsets[1:], len(start)) - 1
        for low, high in zip(start[offsets].tolist(), reached[tails].tolist(), strict=True):
            days += split_by_day(low, high, zone)
    columns = np.array([(day.date.toordinal() - _EPOCH, day.start, day.end) for day in days], dtype=np.int64)
    date, first, last = columns.reshape(-1, 3).T
    return date, first, last
