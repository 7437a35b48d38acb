"""Arrow columns as NumPy arrays, and back.

This module checks whole columns: a column of the wrong type raises `InvalidColumns` before anything is computed.
`punchclock.columns.tables` defines which columns a log and a table of timers have.
"""

from __future__ import annotations

import re
from typing import Final, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from punchclock.calendar import find_zone
from punchclock.columns.codes import Codes, Flags, Ints
from punchclock.columns.validation import check_column
from punchclock.errors import InstantOutOfRange, InvalidColumns, PunchclockError, UnknownZone, truncate
from punchclock.instants import instant

#: The range of instants in columns, in microseconds: 73,000 years before and after 1970. Two of them are less than
#: 2**62 apart, so that such a difference plus a timer's earlier work fits into 64 bits.
MIN_INSTANT: Final = -(2**61)
MAX_INSTANT: Final = 2**61 - 1


# The other form of a timestamp's zone, beside a name of the tz database.
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d\Z", re.ASCII)


class _Streamable(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


#: What is accepted as a table: a pyarrow table, or any object that exports one through the Arrow C data interface,
#: such as a Polars or pandas data frame or a DuckDB relation.
ArrowTable: TypeAlias = pa.Table | pa.RecordBatch | _Streamable

#: What Arrow raises for damaged data: the second for a text that is not UTF-8, the last for a name that is not found.
DAMAGED: Final = (pa.ArrowException, UnicodeDecodeError, MemoryError, LookupError)


def one_line(error: Exception) -> str:
    """Return the text of an error, in one line that is not too long."""
    return truncate(" ".join(str(error).split()) or type(error).__name__)


def as_table(data: ArrowTable) -> pa.Table:
    """Return ``data`` as a pyarrow table.

    Raises:
        InvalidColumns: ``data`` is not a table and does not export one, or is damaged.
    """
    if not isinstance(data, (pa.Table, pa.RecordBatch)) and not hasattr(data, "__arrow_c_stream__"):
        raise InvalidColumns(None, f"{type(data).__name__} is not an Arrow table and does not export one")
    try:
        table = table_of(data) if isinstance(data, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)) else pa.table(data)
        _ = table.column_names  # decodes them
    except DAMAGED as error:
        raise InvalidColumns(None, one_line(error)) from None
    return table


def table_of(data: pa.Table | pa.RecordBatch | pa.RecordBatchReader) -> pa.Table:
    """Return a table with the data of another of pyarrow's types.

    Unlike ``pa.table``, which exports and imports the data, this reads none of it, so the data may be damaged.
    """
    if isinstance(data, pa.RecordBatchReader):
        return data.read_all()
    return pa.Table.from_batches([data]) if isinstance(data, pa.RecordBatch) else data


def whole_column(table: pa.Table, name: str) -> pa.Array:
    """Return a column of the table as `whole` does.

    Raises:
        InvalidColumns: the table has no column of this name, or more than one, or it is damaged.
    """
    found = table.schema.get_all_field_indices(name)
    if len(found) != 1:
        have = truncate(" ".join(", ".join(table.column_names).split()) or "none")
        raise InvalidColumns(name, f"{'occurs twice' if found else 'missing'}; the columns are: {have}")
    return whole(table.column(found[0]), name)


def whole(column: pa.Array | pa.ChunkedArray, name: str) -> pa.Array:
    """Return a column as one array, after a check of all its values.

    String views become large strings, since most of Arrow's functions do not accept views. Equal values of a
    dictionary-encoded column have equal indices, and its dictionary has no null.

    Raises:
        InvalidColumns: the column is damaged, or of a type that Arrow cannot read as a whole.
    """
    try:
        chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
        check_column(chunked)
        return _one_array(chunked)
    except DAMAGED as error:
        raise InvalidColumns(name, one_line(error)) from None


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    chunks, kind = column.chunks, column.type
    if pa.types.is_dictionary(kind):
        chunks = [_normalized(chunk) for chunk in chunks]
        if len(chunks) > 1:
            # Together the dictionaries may have more values than a narrow index can count.
            index = kind.index_type if kind.index_type.bit_width >= 32 else pa.int32()
            wide = pa.dictionary(index, chunks[0].type.value_type)
            chunks = pa.chunked_array([chunk.cast(wide) for chunk in chunks]).unify_dictionaries().chunks
    elif pa.types.is_string_view(kind) or (pa.types.is_string(kind) and len(chunks) > 1):
        chunks = [chunk.cast(pa.large_string()) for chunk in chunks]  # the chunks may be too long for 32-bit offsets
    if len(chunks) == 1:
        return chunks[0]
    return pa.concat_arrays(chunks) if chunks else pa.nulls(0, without_views(kind))


def _normalized(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return the column with a dictionary of distinct values, without a null and without string views.

    Arrow allows a dictionary to repeat a value and to contain null; then equal values have different indices.
    """
    words = column.dictionary.cast(without_views(column.dictionary.type))
    if not words.null_count and pc.count_distinct(words).as_py() == len(words):
        return column if words.type == column.type.value_type else column.cast(without_views(column.type))
    distinct = words.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices.take(column.indices), distinct.dictionary)


def without_views(kind: pa.DataType) -> pa.DataType:
    """Return the type in which `whole` returns a column of this type, with the same indices if it has a dictionary."""
    if pa.types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, without_views(kind.value_type))
    return pa.large_string() if pa.types.is_string_view(kind) else kind


def without_nulls(column: pa.Array, name: str) -> pa.Array:
    """Return the column unchanged.

    Raises:
        InvalidColumns: a value is null; ``index`` is its row.
    """
    if column.null_count:
        raise InvalidColumns(name, "null", index=int(null_flags(column).argmax()))
    return column


def value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column's values, whether dictionary-encoded or not."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_text(kind: pa.DataType) -> bool:
    """Return whether this is one of Arrow's string types."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def null_flags(column: pa.Array) -> Flags:
    """Return which values are null."""
    return cast(Flags, pc.is_null(column).to_numpy(zero_copy_only=False))


def integers(column: pa.Array) -> Ints:
    """Return a column of integers as an array, without a copy; nulls become arbitrary values."""
    if column.null_count:
        column = column.fill_null(0)
    return cast(Ints, column.to_numpy(zero_copy_only=True))


def instants(column: pa.Array, name: str) -> Ints:
    """Return a column of instants in microseconds; nulls become arbitrary values.

    Raises:
        InvalidColumns: the type is neither int64 nor a timestamp in microseconds with a zone.
    """
    kind = column.type
    if kind == pa.int64():
        return integers(column)
    zone = _zone_of(kind, name) if pa.types.is_timestamp(kind) else None
    if zone is not None and kind.unit == "us":
        return integers(column.view(pa.int64()))
    naive = pa.types.is_timestamp(kind) and zone is None
    hint = "; a timestamp without a zone is not an instant" if naive else ""
    raise InvalidColumns(name, f"{kind} is neither int64 (microseconds) nor timestamp[us, tz=UTC]{hint}")


def _zone_of(kind: pa.TimestampType, name: str) -> str | None:
    """Return the zone of a type, checked so that results of this type can be shown."""
    try:
        zone: str | None = kind.tz
        if zone is not None and not _OFFSET.match(zone):
            find_zone(zone)
    except (UnicodeDecodeError, UnknownZone) as error:
        raise InvalidColumns(name, f"a timestamp with an unknown zone: {one_line(error)}") from None
    return zone


def check_range(values: npt.NDArray[np.int64]) -> Ints:
    """Return the instants unchanged.

    Raises:
        InstantOutOfRange: one is beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` is its row.
    """
    outside = outside_range(values, MIN_INSTANT, MAX_INSTANT)
    if outside is not None:
        row = int(outside.argmax())
        raise at_row(InstantOutOfRange(int(values.flat[row])), row)
    return values


def outside_range(values: Ints, low: int, high: int) -> Flags | None:
    """Return which values are out of range, or ``None`` in the usual case that none is, which needs no array."""
    if not values.size or (values.min() >= low and values.max() <= high):
        return None
    return (values < low) | (values > high)


def words_of(column: pa.Array, name: str) -> tuple[list[str | None], npt.NDArray[np.integer]]:
    """Return the distinct words of a column, and for each row the index of its word; a null is the word ``None``.

    Raises:
        InvalidColumns: the column does not hold strings.
    """
    if not is_text(value_type(column.type)):
        raise InvalidColumns(name, f"{column.type} does not hold strings, plain or dictionary-encoded")
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    indices = encoded.indices
    if indices.null_count:
        indices = indices.cast(pa.int64()).fill_null(len(words))
        words.append(None)
    return words, integers(indices)


def word_codes(column: pa.Array, name: str, words: tuple[str, ...], *, unknown: int, null: int) -> Codes:
    """Return for each row the index of its word in ``words``; ``unknown`` for any other word, ``null`` for a null.

    Raises:
        InvalidColumns: the column does not hold strings.
    """
    code = {str(word): number for number, word in enumerate(words)}
    found, indices = words_of(column, name)
    codes = [null if word is None else code.get(word, unknown) for word in found]
    if codes != list(range(len(codes))):
        indices = np.array(codes, dtype=np.uint8).take(indices)
    return indices.astype(np.uint8, copy=False)


def enum_array(codes: Codes, words: tuple[str, ...]) -> pa.Array:
    """Return codes as words, dictionary-encoded."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.view(np.int8)), pa.array([str(word) for word in words]))


def instant_array(values: Ints, instant_type: pa.DataType) -> pa.Array:
    """Return instants as a column of the given type."""
    return pa.array(values).view(instant_type)


def read_instants(now: object) -> Ints:
    """Return one instant (an array of dimension 0) or many.

    Args:
        now: anything that `punchclock.instant` accepts, or a list of such values; an array of int64; or an Arrow
            column, or an object that exports one, of a type that the column ``at`` of a log may have.

    Raises:
        InvalidColumns: a column or an array has another type, or a null.
        InvalidInstant: a single value is not a valid instant.
        InstantOutOfRange: an instant is beyond `MIN_INSTANT` or `MAX_INSTANT`; ``index`` is its position.
    """
    if isinstance(now, (pa.Array, pa.ChunkedArray)):
        return check_range(instants(without_nulls(whole(now, "now"), "now"), "now"))
    if hasattr(now, "__arrow_c_stream__"):
        return check_range(instants(without_nulls(whole(pa.chunked_array(now), "now"), "now"), "now"))
    if isinstance(now, np.ndarray):
        if now.dtype != np.int64:
            raise InvalidColumns("now", f"{now.dtype} is not int64 (microseconds)")
        return check_range(now)
    values = [instant(each) for each in now] if isinstance(now, list) else instant(now)
    return check_range(np.array(values, dtype=object)).astype(np.int64)


def at_row(error: PunchclockError, row: int) -> PunchclockError:
    """Return the error, with ``index`` set to the row that caused it."""
    error.index = row
    return error
