"""The two kinds of tables: logs of events and tables of timers, read from Arrow and written to it.

A row of a log without a valid event (a null, an unknown word, an instant out of range) gets a code of its own here;
the replay rejects it like any other row.
"""

from __future__ import annotations

import contextlib
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from punchclock.columns.arrow import (
    MAX_INSTANT,
    MIN_INSTANT,
    ArrowTable,
    as_table,
    at_row,
    check_range,
    enum_array,
    instant_array,
    instants,
    integers,
    is_text,
    null_flags,
    outside_range,
    value_type,
    whole_column,
    without_nulls,
    word_codes,
)
from punchclock.columns.codes import EVENTS, IDLE, NULL, OUT_OF_RANGE, STATES, UNKNOWN, Codes, Ints
from punchclock.errors import InconsistentTimer, InvalidColumns

#: The columns of a log.
LOG_COLUMNS: Final = ("timer", "event", "at")

#: The maximum work of a timer, in microseconds: the largest difference of two instants in range.
MAX_WORKED: Final = 2**62 - 1


class Log(NamedTuple):
    """A log's rows as arrays.

    Attributes:
        timers: the ids: integers, strings, or either dictionary-encoded.
        events: codes of `punchclock.columns.codes`; from `NULL` on for a row without a valid event.
        at: instants in microseconds; arbitrary in a row without a valid event.
        id_type: the type of the column ``timer``, which results keep.
        instant_type: the type of the column ``at``, which results keep.
    """

    timers: pa.Array
    events: Codes
    at: Ints
    id_type: pa.DataType
    instant_type: pa.DataType

    def rows(self, start: int, stop: int) -> Log:
        """Return the rows from ``start`` to ``stop``, or to the log's end if that comes first."""
        timers = self.timers.slice(start, stop - start)
        return self._replace(timers=timers, events=self.events[start:stop], at=self.at[start:stop])


class Fields(NamedTuple):
    """The four fields of many timers, with states as codes."""

    state: Codes
    started_at: Ints
    since: Ints
    worked: Ints

    def take(self, rows: Ints) -> Fields:
        """Return the fields of the timers in these rows, in their order."""
        return Fields(self.state.take(rows), self.started_at.take(rows), self.since.take(rows), self.worked.take(rows))

    def put(self, rows: Ints, others: Fields) -> None:
        """Overwrite the timers in these rows, in place."""
        self.state[rows] = others.state
        self.started_at[rows] = others.started_at
        self.since[rows] = others.since
        self.worked[rows] = others.worked

    def followed_by(self, others: Fields) -> Fields:
        """Return these timers and then the others, as a copy."""
        return Fields(
            np.concatenate((self.state, others.state)),
            np.concatenate((self.started_at, others.started_at)),
            np.concatenate((self.since, others.since)),
            np.concatenate((self.worked, others.worked)),
        )

    @staticmethod
    def idle(count: int) -> Fields:
        """Return ``count`` idle timers."""
        zeros = (np.zeros(count, dtype=np.int64) for _ in range(3))
        return Fields(np.full(count, IDLE, dtype=np.uint8), *zeros)


# Logs


def read_log(data: ArrowTable) -> Log:
    """Return the three columns of a log.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
    """
    table = as_table(data)
    timers, id_type = read_ids(table)
    events = read_events(whole_column(table, "event"))
    column = whole_column(table, "at")
    at = instants(column, "at")

    outside = outside_range(at, MIN_INSTANT, MAX_INSTANT)
    if outside is not None:
        events = np.where(outside & (events < NULL), np.uint8(OUT_OF_RANGE), events)
    for nullable in (timers, column):
        if nullable.null_count:
            events = np.where(null_flags(nullable), np.uint8(NULL), events)
    return Log(timers, events, at, id_type, column.type)


def read_ids(table: pa.Table) -> tuple[pa.Array, pa.DataType]:
    """Return the column ``timer`` of a table in a form that all of Arrow's functions accept, and its original type.

    Raises:
        InvalidColumns: the column is missing, or holds neither integers nor strings.
    """
    ids = whole_column(table, "timer")
    id_type = table.schema.field("timer").type
    values = value_type(id_type)
    if not (pa.types.is_integer(values) or is_text(values)):
        raise InvalidColumns("timer", f"{id_type} cannot be an id; use integers or strings")
    return ids, id_type


def ids_as(ids: pa.Array, id_type: pa.DataType) -> pa.Array:
    """Return ids in the type of the column that they came from; with more ids than its indices can count, in int32."""
    if pa.types.is_dictionary(id_type):
        if not pa.types.is_dictionary(ids.type):
            ids = ids.dictionary_encode()
        indices, words = ids.indices, ids.dictionary.cast(id_type.value_type)
        with contextlib.suppress(pa.ArrowInvalid):
            indices = indices.cast(id_type.index_type)
        return pa.DictionaryArray.from_arrays(indices, words)
    return ids.cast(id_type)


def read_events(column: pa.Array) -> Codes:
    """Return events as codes; `UNKNOWN` for a word that is not an event, `NULL` for a null.

    Raises:
        InvalidColumns: the column does not hold strings.
    """
    return word_codes(column, "event", tuple(EVENTS), unknown=UNKNOWN, null=NULL)


# Tables of timers


def read_fields(data: ArrowTable) -> Fields:
    """Return the four fields of a table of timers, checked so that no sum of them can overflow.

    Raises:
        InvalidColumns: a column is missing, has the wrong type or holds a null.
        InconsistentTimer: a state or an amount of work that no timer can have; ``index`` is its row.
        InstantOutOfRange: an instant is beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` is its row.
    """
    table = as_table(data)
    return Fields(
        read_states(table),
        read_instant_column(table, "started_at"),
        read_instant_column(table, "since"),
        read_worked(table),
    )


def read_states(table: pa.Table) -> Codes:
    """Return the states of a table of timers as codes.

    Raises:
        InvalidColumns: the column is missing, does not hold strings, or holds a null.
        InconsistentTimer: a word is not a state; ``index`` is its row.
    """
    words = without_nulls(whole_column(table, "state"), "state")
    state = word_codes(words, "state", tuple(STATES), unknown=len(STATES), null=len(STATES))
    if state.size and state.max() == len(STATES):
        row = int(state.argmax())
        reason = f"not a state; use {', '.join(STATES)}"
        raise at_row(InconsistentTimer("state", words[row].as_py(), reason), row)
    return state


def read_instant_column(table: pa.Table, name: str) -> Ints:
    """Return a column of instants of a table of timers.

    Raises:
        InvalidColumns: the column is missing, has the wrong type or holds a null.
        InstantOutOfRange: an instant is beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` is its row.
    """
    return check_range(instants(without_nulls(whole_column(table, name), name), name))


def read_worked(table: pa.Table) -> Ints:
    """Return the work of a table of timers, in microseconds.

    Raises:
        InvalidColumns: the column is missing, has the wrong type or holds a null.
        InconsistentTimer: an amount is beyond `MAX_WORKED`; ``index`` is its row.
    """
    column = without_nulls(whole_column(table, "worked"), "worked")
    if column.type != pa.int64():
        raise InvalidColumns("worked", f"{column.type} is not int64 (microseconds)")
    worked = integers(column)
    outside = outside_range(worked, -MAX_WORKED, MAX_WORKED)
    if outside is not None:
        row = int(outside.argmax())
        raise at_row(InconsistentTimer("worked", int(worked[row]), "not within ±(2**62 - 1) microseconds"), row)
    return worked


def timers_table(ids: pa.Array, fields: Fields, instant_type: pa.DataType) -> pa.Table:
    """Return a table of timers, as `punchclock.columns.replay` returns it."""
    return pa.table(
        {
            "timer": ids,
            "state": enum_array(fields.state, tuple(STATES)),
            "started_at": instant_array(fields.started_at, instant_type),
            "since": instant_array(fields.since, instant_type),
            "worked": pa.array(fields.worked),
        }
    )
