"""Whole logs replayed at once: exactly the result of applying their events one by one.

This module combines a log with the timers known before it. `punchclock.columns.grouping` sorts the rows by timer, and
`punchclock.columns.folding` computes the timers and the rejected rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from punchclock.columns.arrow import (
    ArrowTable,
    as_table,
    enum_array,
    instant_array,
    read_instants,
    value_type,
    whole,
)
from punchclock.columns.codes import ACCEPTED, NULL, REASONS, STOPPED, Codes, status_of
from punchclock.columns.folding import fold
from punchclock.columns.grouping import group, stable_order
from punchclock.columns.tables import Fields, Log, ids_as, read_events, read_fields, read_ids, read_log, timers_table
from punchclock.errors import InvalidColumns
from punchclock.machine import Event

# Rows that are grouped at a time: this bounds the memory needed, and a row's number fits into 27 bits.
_MAX_ROWS: Final = 1 << 27

# Bytes of ids in one array; Arrow's strings have 32-bit offsets.
_MAX_ID_BYTES: Final = 1 << 27


class Replayed(NamedTuple):
    """The result of a replay.

    Attributes:
        timers: one row for each id in the log, in order of first appearance: ``timer``, ``state``, ``started_at``,
            ``since``, ``worked``. A timer is idle if all its events were rejected.
        rejected: the rows that were rejected, in the order of the log: ``row``, counted from 0, and ``reason``.
    """

    timers: pa.Table
    rejected: pa.Table


def replay(table: ArrowTable, timers: ArrowTable | None = None) -> Replayed:
    """Fold a log of events into timers.

    Each timer's rows are its events in sequence, in the order of the table, not of the instants. How the rows of
    different timers are interleaved affects only the speed, not the result.

    Args:
        table: columns ``timer`` (integers, strings, or either dictionary-encoded), ``event`` (strings, plain or
            dictionary-encoded) and ``at`` (int64, microseconds, or a timestamp in microseconds with a zone); other
            columns are ignored. Either a pyarrow table, or an object that exports one: a Polars or pandas data frame,
            a DuckDB relation.
        timers: the timers before the log, as in `Replayed`. All of them are in the result, ahead of new ones.

    Returns:
        The timers after the log, and the rejected rows. The reason is the code of the error that
        `punchclock.transition` raises, ``illegal-transition`` or ``clock-went-backwards``; ``null-value`` if one of
        the three values is null; ``unknown-event``; or ``instant-out-of-range`` if the instant is more than 2**61
        microseconds from 1970, so that sums could overflow. Instants have the type of the column ``at``, ids that of
        ``timer``; durations are int64, in microseconds.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
        InconsistentTimer: a row of ``timers`` is not a valid timer.
        InstantOutOfRange: an instant of ``timers`` is out of range.
    """
    log = read_log(table)
    ids, fields = _known_timers(timers, log.timers.type)
    rejected = [_rejected(np.zeros(0, dtype=np.uint8))]
    for start in range(0, len(log.events), _MAX_ROWS):
        ids, fields, status = _replay(log.rows(start, start + _MAX_ROWS), ids, fields)
        rejected.append(_rejected(status, start))
    return Replayed(timers_table(ids_as(ids, log.id_type), fields, log.instant_type), pa.concat_tables(rejected))


def stream(batches: Iterable[ArrowTable]) -> Iterator[Replayed]:
    """Fold a log that arrives in batches, and return each timer when it stops.

    Taken together, the results equal those of `replay`, except for the order of the timers. Memory holds one batch, the
    timers that have not stopped, and the ids of those that have, which are needed to reject later events of these
    timers. Each batch is compared with all of these ids, so a few large batches are faster than many small ones.

    Args:
        batches: tables as for `replay`, in order, all of the same types.

    Yields:
        After each batch, the timers that stopped in it and the rows that were rejected, counted from the start of the
        log; at the end, the timers that have not stopped.

    Raises:
        InvalidColumns: a column is missing or has the wrong type, or a different type than in earlier batches.
    """
    ids, fields, stopped_ids = pa.array([], pa.null()), Fields.idle(0), list[pa.Array]()
    types: tuple[pa.DataType, pa.DataType] | None = None
    start = 0
    for batch in batches:
        log = read_log(batch)
        if types is None:
            types = log.id_type, log.instant_type
        for name, before, now in zip(("timer", "at"), types, (log.id_type, log.instant_type), strict=True):
            if now != before:
                raise InvalidColumns(name, f"{now} in this batch, but {before} in earlier ones")
        ids = ids.cast(value_type(log.timers.type))
        for first in range(0, len(log.events), _MAX_ROWS):
            ids, fields, status = _replay(log.rows(first, first + _MAX_ROWS), ids, fields, stopped_ids)
            stopped = fields.state == STOPPED
            done, remaining = np.flatnonzero(stopped), np.flatnonzero(~stopped)
            names = ids.take(pa.array(done))
            _add_ids(stopped_ids, names)
            yield Replayed(
                timers_table(ids_as(names, log.id_type), fields.take(done), log.instant_type),
                _rejected(status, start + first),
            )
            ids, fields = ids.take(pa.array(remaining)), fields.take(remaining)
        start += len(log.events)
    if types is not None:
        yield Replayed(timers_table(ids_as(ids, types[0]), fields, types[1]), _rejected(np.zeros(0, dtype=np.uint8)))


def transition(timers: ArrowTable, event: Event | str | pa.Array | pa.ChunkedArray, now: object) -> Replayed:
    """Apply one event to each of many timers.

    Args:
        timers: a table with the four fields, as `replay` returns it; other columns are kept as they are.
        event: one event for all timers, or a column with one for each.
        now: one instant for all timers, or one for each, as for `worked_at`.

    Returns:
        The timers in the same order, and the rows whose event was rejected, with a reason as for `replay`; these timers
        are unchanged.

    Raises:
        InvalidColumns: a column is missing, or has the wrong type or length.
        InconsistentTimer: a row is not a valid timer.
        InvalidInstant: ``now`` is not a valid instant, or out of range.
    """
    table = as_table(timers)
    before = read_fields(table)
    count = len(before.state)
    if isinstance(event, str):
        events = np.full(count, read_events(pa.array([str(event)]))[0])
    else:
        events = read_events(whole(event, "event"))
    at = read_instants(now)
    for name, values in (("event", events), ("now", at)):
        if values.ndim and values.shape != (count,):
            raise InvalidColumns(name, f"{len(values)} values for {count} timers")

    after, status = fold(events, np.broadcast_to(at, count), np.arange(count), before)
    changed = timers_table(pa.nulls(count), after, pa.int64())
    for name in Fields._fields:
        place = table.schema.get_field_index(name)
        values = changed[name]
        if name in {"started_at", "since"}:
            values = instant_array(getattr(after, name), table.schema.field(place).type)
        table = table.set_column(place, name, values)
    return Replayed(table, _rejected(np.zeros(0, dtype=np.uint8) if status is None else status))


def _replay(
    log: Log, ids: pa.Array, fields: Fields, stopped_ids: Sequence[pa.Array] = ()
) -> tuple[pa.Array, Fields, Codes]:
    """Replay part of a log on top of the known timers, and return them, with the new ones, and each row's status.

    ``stopped_ids`` are the ids of stopped timers that are no longer among the known ones.
    """
    groups = group(log)
    names = groups.names
    before = None
    new = np.ones(len(names), dtype=np.bool_)
    known = bool(len(ids) or stopped_ids)
    if known:
        place = pc.index_in(names, ids)
        new = pc.is_null(place).to_numpy(zero_copy_only=False)
        old, places = np.flatnonzero(~new), place.drop_null().to_numpy()
        before = Fields.idle(len(names))
        before.put(old, fields.take(places))
        if stopped_ids:
            ended = pa.chunked_array([each.cast(names.type) for each in stopped_ids])
            again = ended.filter(pc.is_in(ended, names))
            stopped = pc.is_in(names, again.combine_chunks()).to_numpy(zero_copy_only=False)
            before.state[stopped] = STOPPED
            new &= ~stopped
    after, status = fold(groups.events, groups.at, groups.offsets, before)

    # Known timers keep their places; new ones follow in order of first appearance.
    added = after
    if known or groups.rows is not None:
        newcomers = np.flatnonzero(new)
        newcomers = newcomers.take(stable_order(groups.first_rows.take(newcomers)))
        names, added = names.take(pa.array(newcomers)), after.take(newcomers)
    if known:
        fields = fields.followed_by(added)
        fields.put(places, after.take(old))
        ids = pa.concat_arrays([ids, names])
    else:
        ids, fields = names, added

    rows = np.zeros(len(log.events), dtype=np.uint8)
    if log.timers.null_count:
        rows[:] = status_of(NULL)  # the rows without an id; the next line sets all others
        rows[groups.rows] = ACCEPTED if status is None else status
    elif status is not None:
        rows[slice(None) if groups.rows is None else groups.rows] = status
    return ids, fields, rows


def _add_ids(arrays: list[pa.Array], ids: pa.Array) -> None:
    """Append ids, and merge small arrays, so that many small batches leave only a few arrays."""
    arrays.append(ids)
    while len(arrays) > 1 and arrays[-2].type == arrays[-1].type:
        before, last = arrays[-2].nbytes, arrays[-1].nbytes
        if before > 2 * last or before + last > _MAX_ID_BYTES:
            break
        arrays[-2:] = [pa.concat_arrays(arrays[-2:])]


def _known_timers(timers: ArrowTable | None, id_type: pa.DataType) -> tuple[pa.Array, Fields]:
    """Return the ids of the timers before a log, in the type of the log's ids, and their fields."""
    kind = value_type(id_type)
    if timers is None:
        return pa.array([], kind), Fields.idle(0)
    table = as_table(timers)
    ids, _ = read_ids(table)
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    if ids.null_count or pc.count_distinct(ids).as_py() != len(ids):
        raise InvalidColumns("timer", "each timer needs one row; an id is null or occurs twice")
    if pa.types.is_integer(ids.type) != pa.types.is_integer(kind):
        raise InvalidColumns("timer", f"{ids.type} in the timers, but {kind} in the log")
    try:
        ids = ids.cast(kind)
    except pa.ArrowInvalid as error:
        raise InvalidColumns("timer", f"{ids.type} in the timers does not fit {kind} in the log: {error}") from None
    return ids, read_fields(table)


def _rejected(status: Codes, start: int = 0) -> pa.Table:
    """Return the table of rejected rows, counted from ``start``."""
    rows = np.flatnonzero(status)
    return pa.table({"row": pa.array(rows + start), "reason": enum_array(status[rows] - np.uint8(1), REASONS)})
