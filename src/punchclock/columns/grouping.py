"""A log grouped by timer: its rows in an order that keeps each timer's rows together and in sequence."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from punchclock.columns.arrow import value_type
from punchclock.columns.codes import EVENT_BITS, Codes, Flags, Ints
from punchclock.columns.tables import Log
from punchclock.errors import InvalidColumns

# Rows compared at a time, so that the arrays of one pass fit into the processor's caches.
_BLOCK: Final = 1 << 16

# A timer's number, a row's number and an event's code are packed into 63 bits; at most this many are for the row.
_MAX_ROW_BITS: Final = 30


class Groups(NamedTuple):
    """A log's rows, grouped by timer.

    Attributes:
        rows: each row's number in the log; ``None`` if the order is the log's own.
        events: the rows' codes.
        at: their instants.
        offsets: the position of each timer's first row.
        names: the timers' ids, not dictionary-encoded.
    """

    rows: Ints | None
    events: Codes
    at: Ints
    offsets: Ints
    names: pa.Array

    @property
    def first_rows(self) -> Ints:
        """The number in the log of each timer's first row."""
        return self.offsets if self.rows is None else self.rows.take(self.offsets)


def group(log: Log) -> Groups:
    """Group the rows that have an id.

    A log that is already grouped, with ascending ids, keeps its order. Otherwise timer, row and event of each row are
    packed into one 64-bit number, and sorting these numbers is a stable sort by timer.

    Raises:
        InvalidColumns: the log has too many rows for one sort.
    """
    rows = None
    if log.timers.null_count:
        named = pc.is_valid(log.timers)
        rows = np.flatnonzero(named.to_numpy(zero_copy_only=False))
        log = log._replace(timers=log.timers.filter(named), events=log.events[rows], at=log.at[rows])
    if not len(log.events):
        no_names = pa.array([], value_type(log.timers.type))
        return Groups(rows, log.events, log.at, np.zeros(0, dtype=np.int64), no_names)
    offsets, names, keys = _runs(log.timers)
    if keys is None:
        return Groups(rows, log.events, log.at, offsets, names)

    row_bits = (len(keys) - 1).bit_length()
    if row_bits > _MAX_ROW_BITS:
        raise InvalidColumns(None, f"more than 2**{_MAX_ROW_BITS} rows to sort at once; split the log into batches")
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


def offsets_of(differ: Flags) -> Ints:
    """Return where groups begin, given for each row but the first whether it differs from the preceding row."""
    inner = np.flatnonzero(differ)
    offsets = np.empty(len(inner) + 1, dtype=np.int64)
    offsets[0] = 0
    np.add(inner, 1, out=offsets[1:])
    return offsets


def stable_order(keys: Ints) -> Ints:
    """Return the indices that sort numbers from 0 to 2**31 - 1, with equal numbers in their order."""
    row_bits = len(keys).bit_length()
    packed = keys << row_bits
    packed |= np.arange(len(keys))
    packed.sort()
    packed &= (1 << row_bits) - 1
    return packed


def _runs(ids: pa.Array) -> tuple[Ints, pa.Array, npt.NDArray[np.integer] | None]:
    """Return the offsets of runs of equal ids, each run's id, and a sort key for each row.

    Rows have equal keys exactly if they have equal ids. There are no keys if the ids of the runs ascend, so that each
    timer is one run.
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
        block = keys[start : start + _BLOCK]
        new = np.flatnonzero(block != keys[start - 1 : start - 1 + len(block)])
        firsts.append(block.take(new))
        found.append(new + start)
    numbers = np.concatenate(firsts)
    names = pa.array(numbers)
    if pa.types.is_dictionary(ids.type):
        names = ids.dictionary.take(names)
    return np.concatenate(found), names, None if _ascend(numbers) else keys


def _ascend(numbers: npt.NDArray[np.integer]) -> bool:
    """Return whether each number is greater than the preceding one, so that all are distinct."""
    return bool((numbers[1:] > numbers[:-1]).all())
