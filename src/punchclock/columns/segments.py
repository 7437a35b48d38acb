"""The work and break of a whole log as segments, split where the local date changes.

The segments are those of `punchclock.history`, and the days those of `punchclock.calendar`, for all timers at once: a
zone's days are looked up once for all the time that the log covers.
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
    instant_array,
    read_instants,
    whole,
    without_nulls,
    words_of,
)
from punchclock.columns.codes import ACCEPTED, AFTER, KIND_OF, KINDS, STATES, Flags, Ints
from punchclock.columns.folding import fold
from punchclock.columns.grouping import Groups, group, offsets_of, stable_order
from punchclock.columns.tables import ids_as, read_log
from punchclock.errors import ClockWentBackwards, InstantOutOfRange, InvalidColumns, TooManyPieces
from punchclock.instants import FIRST, LAST, instant
from punchclock.units import DAY

#: The default limit of `segments`: one year of 2,700 timers. They take about 3 seconds and 200 MB.
MAX_PIECES: Final = 1_000_000

_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


class _Segments(NamedTuple):
    """Segments of many timers: the timer's number in the log's groups, the kind's code, start and end."""

    timer: Ints
    kind: npt.NDArray[np.int8]
    start: Ints
    end: Ints


def segments(
    table: ArrowTable,
    zone: str | dt.tzinfo | pa.Array | pa.ChunkedArray,
    *,
    until: object = None,
    limit: int = MAX_PIECES,
) -> pa.Table:
    """Return the segments of work and break of a log's timers, split by local day.

    Before the split they are those of `punchclock.timeline`: none is empty, and adjacent segments of one kind are
    joined. Rejected events have no effect; `replay` reports them.

    Args:
        table: a log, as for `replay`.
        zone: time zone for day boundaries, by name or as an object. Or a column of names, one for each row of the log,
            for timers in different zones: the zone in a timer's first row applies to all its segments.
        until: the end of segments that are still open, of running or paused timers: anything that
            `punchclock.instant` accepts. Without it, open segments are omitted.
        limit: the maximum number of whole days within segments, each of which is a row: a timer that was forgotten
            years ago has one for each day since. The result needs about 150 bytes for each row.

    Returns:
        One row for each segment on each date: ``timer``, ``kind`` (``work`` or ``break``), ``date``, ``start``, ``end``
        (exclusive; instants in the type of the column ``at``) and ``duration`` (int64, microseconds). Timers are in
        order of first appearance, and each timer's segments in order of time.

    Raises:
        InvalidColumns: a column is missing, or has the wrong type or length.
        ClockWentBackwards: ``until`` is before an accepted event; ``index`` is its row.
        UnknownZone: a zone does not exist.
        InstantOutOfRange: a segment is outside the years 1 to 9999, in UTC or in the zone.
        TooManyPieces: there are more whole days than ``limit``; end the timers, or raise the limit.
    """
    log = read_log(table)
    groups = group(log)
    end_of_open = None if until is None else int(read_instants(instant(until)))
    found = _joined(groups, end_of_open)
    for at in (int(found.start.min(initial=0)), int(found.end.max(initial=0))):
        if not FIRST <= at <= LAST:
            raise InstantOutOfRange(at)
    whole_days = int(((found.end - found.start) // DAY).sum())
    if whole_days > limit:
        raise TooManyPieces(whole_days, limit)
    first_rows = groups.first_rows
    if groups.rows is not None:
        # The groups are in the order of their ids; the result is in the order of their first rows.
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
    """Return the segments of each group, with adjacent segments of one kind joined."""
    _, status = fold(groups.events, groups.at, groups.offsets, None)
    events, at = groups.events, groups.at
    timer = np.repeat(np.arange(len(groups.offsets)), np.diff(groups.offsets, append=len(events)))
    kept = None
    if status is not None:
        kept = np.flatnonzero(status == ACCEPTED)
        events, at, timer = events[kept], at[kept], timer[kept]
    if until is not None:
        _check_until(groups, kept, at, until)

    # A segment extends from an event to the timer's next event; the last one ends at `until`, or has no length.
    kind = KIND_OF[AFTER[events]]
    end = np.empty_like(at)
    end[:-1] = at[1:]
    last = np.flatnonzero(np.append(timer[1:] != timer[:-1], True)) if len(timer) else timer
    end[last] = at[last] if until is None else until
    counting = np.flatnonzero((kind >= 0) & (end > at))
    timer, kind, start, end = timer[counting], kind[counting], at[counting], end[counting]
    if not len(timer):
        return _Segments(timer, kind, start, end)

    differ = (timer[1:] != timer[:-1]) | (kind[1:] != kind[:-1]) | (start[1:] != end[:-1])
    offsets = offsets_of(differ)
    tails = np.append(offsets[1:], len(timer)) - 1
    return _Segments(timer[offsets], kind[offsets], start[offsets], end[tails])


def _check_until(groups: Groups, kept: Ints | None, at: Ints, until: int) -> None:
    """Raise `ClockWentBackwards` if an accepted event is after ``until``."""
    late = np.flatnonzero(at > until)
    if late.size:
        late = late if kept is None else kept[late]
        rows = late if groups.rows is None else groups.rows[late]
        position = late[rows.argmin()]
        state, since = STATES[AFTER[groups.events[position]]], int(groups.at[position])
        raise at_row(ClockWentBackwards(state=state, event=None, at=until, since=since), int(rows.min()))


def _by_zone(zones: pa.Array | pa.ChunkedArray, count: int, first_rows: Ints) -> Iterator[tuple[str, Flags]]:
    """Yield each zone, and for each timer whether it is in the zone."""
    column = whole(zones, "zone")
    if len(column) != count:
        raise InvalidColumns("zone", f"{len(column)} values for {count} rows")
    without_nulls(column, "zone")
    names, of_row = words_of(column, "zone")
    of_timer = of_row[first_rows]
    for number, name in enumerate(names):
        yield str(name), of_timer == number


def _split(found: _Segments, which: Ints, zone: str | dt.tzinfo) -> tuple[Ints, Ints, Ints, Ints]:
    """Split some of the segments by local day: return the segment's number, date (days since 1970), start and end."""
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
    """Return the local days that these segments touch, in order: date (days since 1970), start and end.

    Gaps of more than two days between segments are skipped, so that a row with a wrong year does not add centuries.
    """
    zone = find_zone(zone)
    days: list[Day] = []
    if len(start):
        order = np.argsort(start, kind="stable")
        start, reached = start[order], np.maximum.accumulate(end[order])
        offsets = offsets_of(start[1:] > reached[:-1] + 2 * DAY)
        tails = np.append(offsets[1:], len(start)) - 1
        for low, high in zip(start[offsets].tolist(), reached[tails].tolist(), strict=True):
            days += split_by_day(low, high, zone)
    columns = np.array([(day.date.toordinal() - _EPOCH, day.start, day.end) for day in days], dtype=np.int64)
    date, first, last = columns.reshape(-1, 3).T
    return date, first, last
