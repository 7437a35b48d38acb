"""Tables in and out: which columns a log and a table of timers have, of which types, and their NumPy form.

A column of the wrong type is rejected as a whole, here, before anything is computed. A row of a log whose values are
no event (a null, an unknown word, an instant out of range) is marked here and rejected by the replay as any other.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from punchclock.columns.codes import EVENTS, IDLE, NULL, OUT_OF_RANGE, STATES, UNKNOWN, Codes, Flags, Ints
from punchclock.errors import InconsistentTimer, InstantOutOfRange, InvalidColumns, PunchclockError, truncate
from punchclock.instants import instant

__all__ = [
    "MAX_INSTANT",
    "MAX_WORKED",
    "MIN_INSTANT",
    "ArrowTable",
    "Fields",
    "Log",
    "as_table",
    "at_row",
    "enum_array",
    "ids_as",
    "instant_array",
    "no_nulls",
    "one_piece",
    "plain_type",
    "read_events",
    "read_fields",
    "read_ids",
    "read_instant_column",
    "read_instants",
    "read_log",
    "read_states",
    "read_worked",
    "timers_table",
    "whole_column",
    "words_of",
]

#: The instants that columns take, in microseconds: 73,000 years either side of 1970. Between two of them lies less
#: than 2**62, so that no sum of such a difference and of the work before it leaves 64 bits.
MIN_INSTANT: Final = -(2**61)
MAX_INSTANT: Final = 2**61 - 1

#: No work is larger: there is no more time between two instants in range.
MAX_WORKED: Final = 2**62 - 1


class _Streamable(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


#: What is taken where a table is wanted: a table of pyarrow, or whatever hands one over through the Arrow C data
#: interface, as the data frames of Polars and pandas and the relations of DuckDB do.
ArrowTable: TypeAlias = pa.Table | pa.RecordBatch | _Streamable


class Log(NamedTuple):
    """A log's rows as arrays.

    Attributes:
        timers: the ids: integers, strings, or either dictionary-encoded.
        events: codes of `punchclock.columns.codes`; from `NULL` on for a row that is no event.
        at: instants, in microseconds; anything at all where the row is no event.
        id_type: the type of the column ``timer``, which the results have too.
        instant_type: the type of the column ``at``, likewise.
    """

    timers: pa.Array
    events: Codes
    at: Ints
    id_type: pa.DataType
    instant_type: pa.DataType

    def rows(self, start: int, stop: int) -> Log:
        """Some of the rows."""
        timers = self.timers.slice(start, stop - start)  # the shorter where the log ends first
        return self._replace(timers=timers, events=self.events[start:stop], at=self.at[start:stop])


class Fields(NamedTuple):
    """The four fields of many timers, the states by number."""

    state: Codes
    started_at: Ints
    since: Ints
    worked: Ints

    def take(self, rows: Ints) -> Fields:
        """The fields of some of the timers, or of all in another order."""
        return Fields(self.state.take(rows), self.started_at.take(rows), self.since.take(rows), self.worked.take(rows))

    def put(self, rows: Ints, others: Fields) -> None:
        """Set the fields of some of the timers, in place."""
        self.state[rows] = others.state
        self.started_at[rows] = others.started_at
        self.since[rows] = others.since
        self.worked[rows] = others.worked

    def followed_by(self, others: Fields) -> Fields:
        """These timers and others after them, as a copy."""
        return Fields(
            np.concatenate((self.state, others.state)),
            np.concatenate((self.started_at, others.started_at)),
            np.concatenate((self.since, others.since)),
            np.concatenate((self.worked, others.worked)),
        )

    @staticmethod
    def idle(count: int) -> Fields:
        """Timers that have not begun."""
        zeros = (np.zeros(count, dtype=np.int64) for _ in range(3))
        return Fields(np.full(count, IDLE, dtype=np.uint8), *zeros)


def as_table(data: ArrowTable) -> pa.Table:
    """The table that ``data`` is or hands over.

    Raises:
        InvalidColumns: it is no table.
    """
    if isinstance(data, pa.Table):
        return data
    if not isinstance(data, pa.RecordBatch) and not hasattr(data, "__arrow_c_stream__"):
        raise InvalidColumns(None, f"{type(data).__name__} is no Arrow table and hands none over")
    return pa.table(data)


def whole_column(table: pa.Table, name: str) -> pa.Array:
    """A column of the table in one piece.

    Raises:
        InvalidColumns: the table has no such column, or has two.
    """
    found = table.schema.get_all_field_indices(name)
    if len(found) != 1:
        have = truncate(", ".join(table.column_names) or "none")
        raise InvalidColumns(name, f"{'there twice' if found else 'missing'}; the columns are: {have}")
    return one_piece(table.column(found[0]))


def one_piece(column: pa.ChunkedArray) -> pa.Array:
    """A column that may come in pieces as one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    elif pa.types.is_string(column.type):
        column = column.cast(pa.large_string())  # together the pieces may be too long for 32-bit offsets
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def read_log(data: ArrowTable) -> Log:
    """The three columns of a log.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
    """
    table = as_table(data)
    timers, id_type = read_ids(table)
    events = read_events(whole_column(table, "event"))
    column = whole_column(table, "at")
    at = _instants(column, "at")

    outside = _outside(at, MIN_INSTANT, MAX_INSTANT)
    if outside is not None:
        events = np.where(outside & (events < NULL), np.uint8(OUT_OF_RANGE), events)
    for nullable in (timers, column):
        if nullable.null_count:
            events = np.where(_nulls(nullable), np.uint8(NULL), events)
    return Log(timers, events, at, id_type, column.type)


def read_ids(table: pa.Table) -> tuple[pa.Array, pa.DataType]:
    """The ids of a log or of a table of timers, in a form that all of Arrow can work with; and the type that they had.

    Raises:
        InvalidColumns: there is no such column, or it holds neither integers nor strings.
    """
    ids = whole_column(table, "timer")
    id_type = table.schema.field("timer").type
    values = plain_type(id_type)
    if not (pa.types.is_integer(values) or _is_text(values)):
        raise InvalidColumns("timer", f"{id_type} is no type of an id; integers and strings are")
    if pa.types.is_dictionary(id_type):
        words = ids.dictionary
        # Arrow allows a dictionary that says a thing twice. Its indices are no ids.
        if not words.null_count and pc.count_distinct(_workable(words)).as_py() == len(words):
            return ids, id_type
        ids = ids.dictionary_decode()
    return _workable(ids), id_type


def ids_as(ids: pa.Array, id_type: pa.DataType) -> pa.Array:
    """Ids in the type of the column that they came from."""
    if pa.types.is_dictionary(id_type):
        if not pa.types.is_dictionary(ids.type):
            ids = ids.dictionary_encode()
        words = ids.dictionary.cast(id_type.value_type)
        return pa.DictionaryArray.from_arrays(ids.indices.cast(id_type.index_type), words)
    return ids.cast(id_type)


def read_events(column: pa.Array) -> Codes:
    """Events as their codes; `UNKNOWN` for a word that names none, `NULL` for a null.

    Raises:
        InvalidColumns: a column that holds no strings.
    """
    return _codes(column, "event", tuple(EVENTS), unknown=UNKNOWN, null=NULL)


def read_fields(data: ArrowTable) -> Fields:
    """The four fields of a table of timers, checked so far that no sum of them can overflow.

    Raises:
        InvalidColumns: a column is missing, has the wrong type or holds a null.
        InconsistentTimer: a state or an amount of work that no timer can have; ``index`` says in which row.
        InstantOutOfRange: an instant beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` says in which row.
    """
    table = as_table(data)
    return Fields(
        read_states(table),
        read_instant_column(table, "started_at"),
        read_instant_column(table, "since"),
        read_worked(table),
    )


def read_states(table: pa.Table) -> Codes:
    """The states of a table of timers, by number.

    Raises:
        InvalidColumns: there is no such column, it holds no strings, or a null.
        InconsistentTimer: a word that is no state; ``index`` says in which row.
    """
    words = no_nulls(whole_column(table, "state"), "state")
    state = _codes(words, "state", tuple(STATES), unknown=len(STATES), null=len(STATES))
    if state.size and state.max() == len(STATES):
        row = int(state.argmax())
        raise at_row(InconsistentTimer("state", words[row].as_py(), f"no state; there are {', '.join(STATES)}"), row)
    return state


def read_instant_column(table: pa.Table, name: str) -> Ints:
    """A column of instants of a table of timers.

    Raises:
        InvalidColumns: there is no such column, it has the wrong type, or holds a null.
        InstantOutOfRange: beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` says in which row.
    """
    return _in_range(_instants(no_nulls(whole_column(table, name), name), name))


def read_worked(table: pa.Table) -> Ints:
    """The work done of a table of timers, in microseconds.

    Raises:
        InvalidColumns: there is no such column, it has the wrong type, or holds a null.
        InconsistentTimer: more than `MAX_WORKED`; ``index`` says in which row.
    """
    column = no_nulls(whole_column(table, "worked"), "worked")
    if column.type != pa.int64():
        raise InvalidColumns("worked", f"{column.type} is not int64, microseconds")
    worked = _numbers(column)
    outside = _outside(worked, -MAX_WORKED, MAX_WORKED)
    if outside is not None:
        row = int(outside.argmax())
        raise at_row(InconsistentTimer("worked", int(worked[row]), "there is not that much time to work in"), row)
    return worked


def read_instants(now: object) -> Ints:
    """One instant (of dimension 0) or many, from whatever names them.

    Args:
        now: what `punchclock.instant` takes, or a list of it; an array of int64; a column of Arrow, or what hands one
            over, of the types that the column ``at`` of a log may have.

    Raises:
        InvalidColumns: a column or an array of another type, or with a null.
        InvalidInstant: a single value that names no instant.
        InstantOutOfRange: beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` says which.
    """
    if isinstance(now, pa.Array):
        return _in_range(_instants(no_nulls(now, "now"), "now"))
    if hasattr(now, "__arrow_c_stream__"):
        return _in_range(_instants(no_nulls(one_piece(pa.chunked_array(now)), "now"), "now"))
    if isinstance(now, np.ndarray):
        if now.dtype != np.int64:
            raise InvalidColumns("now", f"{now.dtype} is not int64, microseconds")
        return _in_range(now)
    values = [instant(each) for each in now] if isinstance(now, list) else instant(now)
    return _in_range(np.array(values, dtype=object)).astype(np.int64)


def timers_table(ids: pa.Array, fields: Fields, instant_type: pa.DataType) -> pa.Table:
    """A table of timers, as `punchclock.columns.replay` returns it."""
    return pa.table(
        {
            "timer": ids,
            "state": enum_array(fields.state, tuple(STATES)),
            "started_at": instant_array(fields.started_at, instant_type),
            "since": instant_array(fields.since, instant_type),
            "worked": pa.array(fields.worked),
        }
    )


def enum_array(codes: Codes, words: tuple[str, ...]) -> pa.Array:
    """Codes as words, dictionary-encoded."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.view(np.int8)), pa.array([str(word) for word in words]))


def instant_array(instants: Ints, instant_type: pa.DataType) -> pa.Array:
    """Instants in the type that the log's own have."""
    return pa.array(instants).view(instant_type)


def words_of(column: pa.Array, name: str) -> tuple[list[str | None], npt.NDArray[np.integer]]:
    """A column of few words as these words, ``None`` among them if there is a null, and the place of each row's.

    Raises:
        InvalidColumns: a column that holds no strings.
    """
    if not _is_text(plain_type(column.type)):
        raise InvalidColumns(name, f"{column.type} holds no strings, plain or dictionary-encoded")
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    indices = encoded.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(words))
        words.append(None)
    return words, _numbers(indices)


def no_nulls(column: pa.Array, name: str) -> pa.Array:
    """The column, if every row has a value.

    Raises:
        InvalidColumns: one has none; ``index`` says which.
    """
    if column.null_count:
        raise InvalidColumns(name, "null", index=int(_nulls(column).argmax()))
    return column


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, dictionary-encoded or not."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def at_row(error: PunchclockError, row: int) -> PunchclockError:
    """The error, with the row that it arose in."""
    error.index = row
    return error


def _codes(column: pa.Array, name: str, words: tuple[str, ...], *, unknown: int, null: int) -> Codes:
    """A column of words as their numbers; ``unknown`` for another word, ``null`` for none."""
    number = {str(word): code for code, word in enumerate(words)}
    found, indices = words_of(column, name)
    meaning = [null if word is None else number.get(word, unknown) for word in found]
    if meaning != list(range(len(meaning))):
        indices = np.array(meaning, dtype=np.uint8).take(indices)
    return indices.astype(np.uint8, copy=False)


def _workable(ids: pa.Array) -> pa.Array:
    """Strings by view, as Polars has them, as strings by offset: most functions of Arrow know no others."""
    return ids.cast(pa.large_string()) if pa.types.is_string_view(ids.type) else ids


def _instants(column: pa.Array, name: str) -> Ints:
    kind = column.type
    if kind == pa.int64():
        return _numbers(column)
    if pa.types.is_timestamp(kind) and kind.unit == "us" and kind.tz is not None:
        return _numbers(column.view(pa.int64()))
    naive = pa.types.is_timestamp(kind) and kind.tz is None
    hint = "; without a zone it names no instant" if naive else ""
    raise InvalidColumns(name, f"{kind} is neither int64, microseconds, nor timestamp[us, tz=UTC]{hint}")


def _numbers(column: pa.Array) -> Ints:
    """The numbers of a column, not copied; anything at all where it is null."""
    if column.null_count:
        column = column.fill_null(0)
    return cast(Ints, column.to_numpy(zero_copy_only=True))


def _in_range(instants: npt.NDArray[np.int64]) -> Ints:
    outside = _outside(instants, MIN_INSTANT, MAX_INSTANT)
    if outside is not None:
        row = int(outside.argmax())
        raise at_row(InstantOutOfRange(int(instants.flat[row])), row)
    return instants


def _outside(values: Ints, low: int, high: int) -> Flags | None:
    """Which values are out of range; ``None`` where none is, without an array to say so."""
    if not values.size or (values.min() >= low and values.max() <= high):
        return None
    return (values < low) | (values > high)


def _nulls(column: pa.Array) -> Flags:
    return cast(Flags, pc.is_null(column).to_numpy(zero_copy_only=False))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
