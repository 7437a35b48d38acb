"""A whole log folded into timers at once: exactly what stepping through it event by event gives.

Theory of operation
-------------------

1. *Group.* The rows are brought into an order in which each timer's stand together, first to last. A log that is
   sorted by timer stays as it is. Otherwise timer, row and event are packed into one 64-bit number for each row, and
   sorting these numbers is a stable sort.
2. *Fold.* Suppose that every event is accepted. Then the state before an event is the one that the event ahead of it
   leads to, ``since`` is the instant of that event, and all the rest follows from pairs of neighbours: which are
   illegal, where the clock went back, how much of the time between them counts as work.
3. *Reject.* A timer without a row at fault is done. In any other the supposition holds up to the first row at fault,
   which is rejected. From there these timers are stepped, all of them abreast, until an event is accepted; there the
   supposition holds again, up to the next row at fault, which is known already.
4. What these timers accepted is folded once more.

A row that is no event at all is at fault as any other: see ``REASONS`` in `punchclock.columns.codes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from punchclock.columns.arrow import (
    ArrowTable,
    Fields,
    Log,
    as_table,
    enum_array,
    ids_as,
    instant_array,
    one_piece,
    plain_type,
    read_events,
    read_fields,
    read_ids,
    read_instants,
    read_log,
    timers_table,
)
from punchclock.columns.codes import (
    ACCEPTED,
    AFTER,
    BETWEEN,
    CLOCK_WENT_BACKWARDS,
    EVENT_BITS,
    EVENTS,
    IDLE,
    ILLEGAL,
    KIND_OF,
    LEGAL,
    NULL,
    REASONS,
    STARTING,
    STOPPED,
    WORK,
    Codes,
    Flags,
    Ints,
    reason_of,
)
from punchclock.errors import InvalidColumns
from punchclock.machine import Event

__all__ = ["Groups", "Replayed", "fold", "group", "offsets_of", "replay", "stable_order", "stream", "transition"]

# Rows at a time, so that the arrays of one pass stay within the processor's caches.
_BLOCK: Final = 1 << 16

# Rows that are grouped at a time: it bounds the memory that this takes, and lets a row's number fit into 27 bits.
_PIECE: Final = 1 << 27

# Bytes of ids in one array; Arrow's strings have 32-bit offsets.
_PIECE_OF_IDS: Final = 1 << 27

# With fewer timers than this, stepping them one by one is faster than NumPy's calls for all of them.
_ABREAST: Final = 128

# Rows of one timer that become Python's integers at a time.
_STRIDE: Final = 1 << 8

# A row's number, a timer's number and an event's code are packed into 63 bits.
_MOST_BITS: Final = 30


class Replayed(NamedTuple):
    """What a log makes of its timers.

    Attributes:
        timers: one row for each id in the log, in order of first appearance: ``timer``, ``state``, ``started_at``,
            ``since``, ``worked``. A timer whose events were all rejected is idle.
        rejected: the events that changed nothing, in the order of the log: ``row``, counted from 0, and ``reason``.
    """

    timers: pa.Table
    rejected: pa.Table


class Groups(NamedTuple):
    """A log's rows in an order in which each timer's stand together.

    Attributes:
        rows: the number of each row in the log; ``None`` where the order is the log's own.
        events: their codes.
        at: their instants.
        offsets: where each timer's rows begin.
        names: the timers' ids, not dictionary-encoded.
    """

    rows: Ints | None
    events: Codes
    at: Ints
    offsets: Ints
    names: pa.Array

    @property
    def first_rows(self) -> Ints:
        """The row in which each timer appears first."""
        return self.offsets if self.rows is None else self.rows.take(self.offsets)


def replay(table: ArrowTable, timers: ArrowTable | None = None) -> Replayed:
    """Fold a log of many timers, from ``timers`` on.

    The rows are taken in the order of the table, whatever their instants: the rows of a timer are its events, first to
    last. How the rows of several timers are mixed makes no difference to the result, only to the time that it takes.

    Args:
        table: columns ``timer`` (integers, strings, or either dictionary-encoded), ``event`` (strings, plain or
            dictionary-encoded) and ``at`` (int64, microseconds, or a timestamp in microseconds with a zone); any others
            are left alone. A table of pyarrow, or what hands one over: a data frame of Polars or pandas, a relation of
            DuckDB.
        timers: timers that have begun before, as in `Replayed`. They come first in the result, also those of which the
            log says nothing.

    Returns:
        The timers after the log, and the rejected rows. A row is rejected with the code of the error that
        `punchclock.transition` raises for it, ``illegal-transition`` or ``clock-went-backwards``; with ``null-value``
        where one of the three values is null; with ``unknown-event``; or with ``instant-out-of-range`` where the
        instant is beyond 2**61 microseconds from 1970, and sums could overflow. Instants have the type of the column
        ``at``, ids that of ``timer``; durations are int64, in microseconds.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
        InconsistentTimer: a row of ``timers`` is none.
        InstantOutOfRange: an instant of ``timers`` is out of range.
    """
    log = read_log(table)
    ids, fields = _carried(timers, log.timers.type)
    rejected = [_rejected(np.zeros(0, dtype=np.uint8))]
    for start in range(0, len(log.events), _PIECE):
        ids, fields, status = _replay(log.rows(start, start + _PIECE), ids, fields)
        rejected.append(_rejected(status, start))
    return Replayed(timers_table(ids_as(ids, log.id_type), fields, log.instant_type), pa.concat_tables(rejected))


def stream(batches: Iterable[ArrowTable]) -> Iterator[Replayed]:
    """Fold a log that comes in batches, and let go of each timer as it stops.

    Together the results are those of `replay`, row for row; only the order of the timers is another. Memory holds one
    batch, the timers that have not stopped, and no more than the ids of those that have: they are needed to reject what
    the log may still say of them. Each batch is held against all of these ids, so that few large batches are faster.

    Args:
        batches: tables as for `replay`, in order, all of the same types.

    Yields:
        After each batch, the timers that stopped in it and the rows that it rejected, counted from the head of the log;
        at the end, the timers that have not stopped.

    Raises:
        InvalidColumns: a column is missing or has the wrong type, or another type than in the batch ahead.
    """
    ids, fields, closed = pa.array([], pa.null()), Fields.idle(0), list[pa.Array]()
    types: tuple[pa.DataType, pa.DataType] | None = None
    start = 0
    for batch in batches:
        log = read_log(batch)
        if types is None:
            types = log.id_type, log.instant_type
        for name, before, now in zip(("timer", "at"), types, (log.id_type, log.instant_type), strict=True):
            if now != before:
                raise InvalidColumns(name, f"{now} in this batch, but {before} in those ahead")
        ids = ids.cast(plain_type(log.timers.type))
        for first in range(0, len(log.events), _PIECE):
            ids, fields, status = _replay(log.rows(first, first + _PIECE), ids, fields, closed)
            stopped = fields.state == STOPPED
            gone, left = np.flatnonzero(stopped), np.flatnonzero(~stopped)
            names = ids.take(pa.array(gone))
            _remember(closed, names)
            yield Replayed(
                timers_table(ids_as(names, log.id_type), fields.take(gone), log.instant_type),
                _rejected(status, start + first),
            )
            ids, fields = ids.take(pa.array(left)), fields.take(left)
        start += len(log.events)
    if types is not None:
        yield Replayed(timers_table(ids_as(ids, types[0]), fields, types[1]), _rejected(np.zeros(0, dtype=np.uint8)))


def transition(timers: ArrowTable, event: Event | str | pa.Array | pa.ChunkedArray, now: object) -> Replayed:
    """Move many timers at once, each by one event.

    Args:
        timers: a table with the four fields, as `replay` returns it; its other columns stay as they are.
        event: one event for all, or a column with one for each.
        now: one instant for all or one for each, as `worked_at` takes them.

    Returns:
        The timers, in their order, and the rows whose event is rejected, for the reasons that `replay` gives; these
        timers stay as they are.

    Raises:
        InvalidColumns: a column is missing, or has the wrong type or length.
        InconsistentTimer: a row is no timer.
        InvalidInstant: ``now`` is no instant, or one out of range.
    """
    table = as_table(timers)
    before = read_fields(table)
    count = len(before.state)
    if isinstance(event, str):
        events = np.full(count, read_events(pa.array([str(event)]))[0])
    else:
        events = read_events(one_piece(event) if isinstance(event, pa.ChunkedArray) else event)
    at = read_instants(now)
    for name, values in (("event", events), ("now", at)):
        if values.ndim and values.shape != (count,):
            raise InvalidColumns(name, f"{len(values)} values for {count} timers")

    after, status = fold(events, np.broadcast_to(at, count), np.arange(count), before)
    moved = timers_table(pa.nulls(count), after, pa.int64())
    for name in Fields._fields:
        place = table.schema.get_field_index(name)
        values = moved[name]
        if name in {"started_at", "since"}:
            values = instant_array(getattr(after, name), table.schema.field(place).type)
        table = table.set_column(place, name, values)
    return Replayed(table, _rejected(np.zeros(0, dtype=np.uint8) if status is None else status))


def group(log: Log) -> Groups:
    """The rows of a log that have an id, in an order in which each timer's stand together, first to last."""
    rows = None
    if log.timers.null_count:
        named = pc.is_valid(log.timers)
        rows = np.flatnonzero(named.to_numpy(zero_copy_only=False))
        log = log._replace(timers=log.timers.filter(named), events=log.events[rows], at=log.at[rows])
    if not len(log.events):
        nobody = pa.array([], plain_type(log.timers.type))
        return Groups(rows, log.events, log.at, np.zeros(0, dtype=np.int64), nobody)
    offsets, names, keys = _runs(log.timers)
    if keys is None:
        return Groups(rows, log.events, log.at, offsets, names)

    row_bits = (len(keys) - 1).bit_length()
    if row_bits > _MOST_BITS:
        raise InvalidColumns(None, f"more than 2**{_MOST_BITS} rows to sort at once; take them in batches")
    low = int(keys.min())
    if (int(keys.max()) - low).bit_length() + row_bits + EVENT_BITS > 63:
        keys, low = log.timers.dictionary_encode().indices.to_numpy(), 0
    packed = keys.astype(np.int64) if keys.dtype != np.uint64 else keys.copy()
    packed -= low
    packed = packed.view(np.int64)
    packed <<= row_bits
    packed |= np.arange(len(packed))
    packed <<= EVENT_BITS
    packed |= log.events
    packed.sort()

    events = packed.astype(np.uint8)
    events &= np.uint8((1 << EVENT_BITS) - 1)
    packed >>= EVENT_BITS
    order = packed & ((1 << row_bits) - 1)
    packed >>= row_bits
    offsets = offsets_of(packed[1:] != packed[:-1])
    names = log.timers.take(pa.array(order.take(offsets)))
    if pa.types.is_dictionary(names.type):
        names = names.dictionary_decode()
    return Groups(order if rows is None else rows.take(order), events, log.at.take(order), offsets, names)


def stable_order(keys: Ints) -> Ints:
    """The order that sorts numbers from 0 up to 2**31; equal ones stay in order."""
    row_bits = len(keys).bit_length()
    packed = keys << row_bits
    packed |= np.arange(len(keys))
    packed.sort()
    packed &= (1 << row_bits) - 1
    return packed


def fold(events: Codes, at: Ints, offsets: Ints, before: Fields | None) -> tuple[Fields, Codes | None]:
    """Fold grouped rows into timers, and say what became of each row.

    Args:
        events: codes, grouped.
        at: instants, likewise.
        offsets: where the groups begin; none is empty.
        before: the timer that each group goes on from; ``None`` if all are idle.

    Returns:
        The timers; and for each row ``ACCEPTED`` or why not, by number, or ``None`` if all were accepted.
    """
    fields, faults = _fold(events, at, offsets, before)
    if not faults.size:
        return fields, None
    stops = np.append(offsets[1:], len(events))
    faulty = np.searchsorted(offsets, faults, side="right") - 1
    faulty = faulty[offsets_of(faulty[1:] != faulty[:-1])]
    origin = Fields.idle(len(faulty)) if before is None else before.take(faulty)
    status = _reject(events, at, offsets[faulty], stops[faulty], origin, faults)

    lengths = stops[faulty] - offsets[faulty]
    ends = np.cumsum(lengths)
    rows = np.arange(ends[-1]) + np.repeat(offsets[faulty] - (ends - lengths), lengths)
    kept = status[rows] == ACCEPTED
    counts = np.add.reduceat(kept, ends - lengths, dtype=np.int64)
    some = np.flatnonzero(counts)
    fields.put(faulty, origin)
    if some.size:
        rows = rows[kept]
        counts = counts[some]
        again, _ = _fold(events[rows], at[rows], np.cumsum(counts) - counts, origin.take(some))
        fields.put(faulty[some], again)
    return fields, status


def _replay(log: Log, ids: pa.Array, fields: Fields, closed: Sequence[pa.Array] = ()) -> tuple[pa.Array, Fields, Codes]:
    """Fold one piece of a log on from the timers that are known, and say what became of each of its rows.

    ``closed`` has the ids of timers that stopped and were let go: nothing can happen to them any more.
    """
    groups = group(log)
    names = groups.names
    before = None
    new = np.ones(len(names), dtype=np.bool_)
    known = bool(len(ids) or closed)
    if known:
        place = pc.index_in(names, ids)
        new = pc.is_null(place).to_numpy(zero_copy_only=False)
        old, places = np.flatnonzero(~new), place.drop_null().to_numpy()
        before = Fields.idle(len(names))
        before.put(old, fields.take(places))
        if closed:
            ended = pa.chunked_array([each.cast(names.type) for each in closed])
            again = ended.filter(pc.is_in(ended, names))
            over = pc.is_in(names, again.combine_chunks()).to_numpy(zero_copy_only=False)
            before.state[over] = STOPPED
            new &= ~over
    after, status = fold(groups.events, groups.at, groups.offsets, before)

    # Those that were known keep their places; the others follow as they appear in the log.
    newly = after
    if known or groups.rows is not None:
        newcomers = np.flatnonzero(new)
        newcomers = newcomers.take(stable_order(groups.first_rows.take(newcomers)))
        names, newly = names.take(pa.array(newcomers)), after.take(newcomers)
    if known:
        fields = fields.followed_by(newly)
        fields.put(places, after.take(old))
        ids = pa.concat_arrays([ids, names])
    else:
        ids, fields = names, newly

    rows = np.zeros(len(log.events), dtype=np.uint8)
    if log.timers.null_count:
        rows[:] = reason_of(NULL)  # those without an id; the others are set now
        rows[groups.rows] = ACCEPTED if status is None else status
    elif status is not None:
        rows[slice(None) if groups.rows is None else groups.rows] = status
    return ids, fields, rows


def _remember(closed: list[pa.Array], names: pa.Array) -> None:
    """Add ids to those of timers that stopped, in few pieces however many batches they came in."""
    closed.append(names)
    while len(closed) > 1 and closed[-2].type == closed[-1].type:
        before, last = closed[-2].nbytes, closed[-1].nbytes
        if before > 2 * last or before + last > _PIECE_OF_IDS:
            break
        closed[-2:] = [pa.concat_arrays(closed[-2:])]


def _carried(timers: ArrowTable | None, id_type: pa.DataType) -> tuple[pa.Array, Fields]:
    """The ids of timers to go on from, in the type of the log's, and their fields."""
    kind = plain_type(id_type)
    if timers is None:
        return pa.array([], kind), Fields.idle(0)
    table = as_table(timers)
    ids, _ = read_ids(table)
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    if ids.null_count or pc.count_distinct(ids).as_py() != len(ids):
        raise InvalidColumns("timer", "null, or there twice: a timer has one row")
    if pa.types.is_integer(ids.type) != pa.types.is_integer(kind):
        raise InvalidColumns("timer", f"{ids.type} in the timers, but {kind} in the log")
    try:
        ids = ids.cast(kind)
    except pa.ArrowInvalid as error:
        raise InvalidColumns("timer", f"{ids.type} in the timers does not fit {kind} in the log: {error}") from None
    return ids, read_fields(table)


def _runs(ids: pa.Array) -> tuple[Ints, pa.Array, npt.NDArray[np.integer] | None]:
    """Where runs of equal ids begin, and whose they are; unless each timer is one run, also a number for each row.

    The numbers stand for the ids, and are equal where these are.
    """
    if not (pa.types.is_dictionary(ids.type) or pa.types.is_integer(ids.type)):
        offsets = offsets_of(pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))
        names = ids.take(pa.array(offsets))
        numbers = names.dictionary_encode().indices.to_numpy()
        if _ascend(numbers):
            return offsets, names, None
        return offsets, names, np.repeat(numbers, np.diff(offsets, append=len(ids)))

    keys = (ids.indices if pa.types.is_dictionary(ids.type) else ids).to_numpy()
    found, firsts = [np.zeros(1, dtype=np.int64)], [keys[:1]]
    for start in range(1, len(keys), _BLOCK):
        here = keys[start : start + _BLOCK]
        new = np.flatnonzero(here != keys[start - 1 : start - 1 + len(here)])
        firsts.append(here.take(new))
        found.append(new + start)
    numbers = np.concatenate(firsts)
    names = pa.array(numbers)
    if pa.types.is_dictionary(ids.type):
        names = ids.dictionary.take(names)
    return np.concatenate(found), names, None if _ascend(numbers) else keys


def _ascend(numbers: npt.NDArray[np.integer]) -> bool:
    """Whether each number is greater than the one ahead of it, so that none is there twice."""
    return bool((numbers[1:] > numbers[:-1]).all())


def offsets_of(differ: Flags) -> Ints:
    """Where groups begin, from whether each row but the first differs from the one ahead of it."""
    inner = np.flatnonzero(differ)
    offsets = np.empty(len(inner) + 1, dtype=np.int64)
    offsets[0] = 0
    np.add(inner, 1, out=offsets[1:])
    return offsets


def _fold(events: Codes, at: Ints, offsets: Ints, before: Fields | None) -> tuple[Fields, Ints]:
    """Fold grouped rows as if every event were accepted, and say which rows are at fault then.

    A row is judged with the one ahead of it; the first row of a timer has nothing ahead but the timer itself.
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

    faults = [np.zeros(0, dtype=np.int64)]
    bounds = np.searchsorted(offsets, np.arange(0, len(events) + _BLOCK, _BLOCK)).tolist()
    gaps_room, work_room, sums = np.zeros((3, _BLOCK + 1), dtype=np.int64)
    for block, start in enumerate(range(0, len(events), _BLOCK)):
        stop = min(start + _BLOCK, len(events))
        first, last = bounds[block], bounds[block + 1]
        inner = offsets[first:last] - start
        size, inside = stop - start, 0 if start else 1

        # Which event each row and the one ahead of it is, and so which pairs are legal and which gaps are work.
        words = events[start + inside - 1 : stop]
        kinds = [words == event for event in range(len(EVENTS))]
        legal, work = np.zeros((2, size), dtype=np.bool_)
        for leading, answered, is_work in BETWEEN:
            after = reduce(np.logical_or, [kinds[event][:-1] for event in leading])
            legal[inside:] |= after & reduce(np.logical_or, [kinds[event][1:] for event in answered])
            if is_work:
                work[inside:] |= after
        gaps = gaps_room[:size]
        np.subtract(at[start + inside : stop], at[start + inside - 1 : stop - 1], out=gaps[inside:])
        legal[inner] = firsts_legal[first:last]
        work[inner] = False if before is None else firsts_work[first:last]
        gaps[inner] = 0 if before is None else firsts_gap[first:last]
        if not legal.all() or gaps.min() < 0:
            faults.append(np.flatnonzero(~legal | (gaps < 0)) + start)

        # The work of a timer is a difference of running sums; it may have begun in an earlier block.
        np.copyto(work_room[:size], work)
        gaps *= work_room[:size]
        np.cumsum(gaps, out=sums[1 : size + 1])
        marks = np.append(sums.take(inner), sums[size])
        np.subtract(marks[1:], marks[:-1], out=worked[first:last])
        if first:
            worked[first - 1] += marks[0]

        started_at[first:last] = at.take(offsets[first:last])
        ends = offsets[max(first, 1) : last] - 1
        since[max(first, 1) - 1 : max(last, 1) - 1] = at.take(ends)
        final[max(first, 1) - 1 : max(last, 1) - 1] = events.take(ends)

    since[-1:] = at[-1:]
    final[-1:] = events[-1:]
    if before is not None:
        started_at = np.where(begun, before.started_at, started_at)
        worked += np.where(begun, before.worked, 0)
    return Fields(AFTER.take(final), started_at, since, worked), np.concatenate(faults)


def _reject(events: Codes, at: Ints, offsets: Ints, stops: Ints, before: Fields, faults: Ints) -> Codes:
    """What becomes of each row in the timers that have rows at fault; all others are accepted.

    Args:
        events: codes, grouped.
        at: instants, likewise.
        offsets: where these timers' rows begin.
        stops: where they end.
        before: what these timers go on from.
        faults: the rows that are at fault if the row ahead of them is accepted, in order.
    """
    status = np.zeros(len(events), dtype=np.uint8)
    ahead_of_end = np.append(faults, len(events))

    # Each timer begins at its first row at fault; what is ahead of that was accepted.
    row = faults[np.searchsorted(faults, offsets)]
    state = np.where(row == offsets, before.state, AFTER[events[row - 1]])
    since = np.where(row == offsets, before.since, at[row - 1])
    while len(row) >= _ABREAST:
        event = events[row]
        legal = LEGAL[state, event]
        back = (at[row] < since) & (state != IDLE)
        accepted = legal & ~back
        status[row] = np.where(
            accepted,
            ACCEPTED,
            np.where(event >= NULL, reason_of(event), np.where(legal, CLOCK_WENT_BACKWARDS, ILLEGAL)),
        )
        following = row + 1
        jump = ahead_of_end[np.searchsorted(faults, row[accepted], side="right")]
        following[accepted] = jump
        state[accepted] = AFTER[events[jump - 1]]
        since[accepted] = at[jump - 1]
        going = np.flatnonzero(following < stops)
        row, stops, state, since = following[going], stops[going], state[going], since[going]
    for each in zip(row.tolist(), stops.tolist(), state.tolist(), since.tolist(), strict=True):
        _step(events, at, *each, faults, status)
    return status


def _step(events: Codes, at: Ints, row: int, stop: int, state: int, since: int, faults: Ints, status: Codes) -> None:
    """`_reject` for one timer, from a row on."""
    while row < stop:
        end = min(row + _STRIDE, stop)
        rejected = True
        for code, instant in zip(events[row:end].tolist(), at[row:end].tolist(), strict=True):
            rejected = True
            if not _LEGAL[state][code]:
                status[row] = ILLEGAL if code < NULL else reason_of(code)
            elif instant < since and state != IDLE:
                status[row] = CLOCK_WENT_BACKWARDS
            else:
                rejected = False
                state, since = _AFTER[code], instant
            row += 1
        if not rejected:
            # From here on all are accepted up to the next row at fault.
            place = int(np.searchsorted(faults, row))
            row = min(int(faults[place]), stop) if place < len(faults) else stop
            state, since = _AFTER[int(events[row - 1])], int(at[row - 1])


def _rejected(status: Codes, start: int = 0) -> pa.Table:
    """The rows that were not accepted, counted from ``start``."""
    rows = np.flatnonzero(status)
    return pa.table({"row": pa.array(rows + start), "reason": enum_array(status[rows] - np.uint8(1), REASONS)})


# For stepping one timer: Python reads its own tuples faster than it reads an array.
_LEGAL: Final = tuple(map(tuple, LEGAL.tolist()))
_AFTER: Final = tuple(AFTER.tolist())
