"""Logs in Parquet and Arrow IPC files, read and written in batches.

These files contain the types of their columns, so the readers only select columns; the replay checks the types.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from punchclock.columns.arrow import table_of
from punchclock.columns.tables import LOG_COLUMNS

# Rows of a log in memory at a time, and bytes read from a Parquet file at a time.
_BATCH: Final = 1 << 20
_BUFFER: Final = 1 << 20

#: Appends a table to an open file; all tables of a file have one schema.
WriteTable: TypeAlias = Callable[[pa.Table], None]


def read_parquet(path: Path, extra: Collection[str]) -> Iterator[pa.Table]:
    """Yield the columns of a log and the ``extra`` ones; the first table has no rows."""
    # Read neither ahead nor whole row groups: a file may consist of one large row group.
    with pq.ParquetFile(path, read_dictionary=["event"], pre_buffer=False, buffer_size=_BUFFER) as file:
        yield _select(file.schema_arrow.empty_table(), extra)
        for batch in file.iter_batches(_BATCH, columns=[*LOG_COLUMNS, *extra], use_threads=False):
            yield _select(table_of(batch), extra)


def read_arrow(path: Path, extra: Collection[str]) -> Iterator[pa.Table]:
    """Yield the same as `read_parquet`, from an Arrow IPC file."""
    # Not mapped into memory: a file that becomes shorter while it is read would end the process.
    with pa.OSFile(str(path)) as file:
        schema = pa.ipc.open_file(file).schema
        yield _select(schema.empty_table(), extra)
        reader = pa.ipc.open_file(file, options=_only(schema, extra))
        for number in range(reader.num_record_batches):
            yield _select(table_of(reader.get_batch(number)), extra)


def read_arrow_stream(path: Path, extra: Collection[str]) -> Iterator[pa.Table]:
    """Yield the same as `read_parquet`, from an Arrow IPC stream."""
    with pa.OSFile(str(path)) as file:
        with pa.ipc.open_stream(file) as reader:
            schema = reader.schema
        yield _select(schema.empty_table(), extra)
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file, options=_only(schema, extra)) as reader:
        for batch in reader:
            yield _select(table_of(batch), extra)


def _only(schema: pa.Schema, extra: Collection[str]) -> pa.ipc.IpcReadOptions:
    """Return options to read the columns of a log and the ``extra`` ones only."""
    wanted = {*LOG_COLUMNS, *extra}
    return pa.ipc.IpcReadOptions(included_fields=[place for place, name in enumerate(schema.names) if name in wanted])


def _select(table: pa.Table, extra: Collection[str]) -> pa.Table:
    return table.select([name for name in table.column_names if name in LOG_COLUMNS or name in extra])


@contextlib.contextmanager
def write_parquet(path: Path) -> Iterator[WriteTable]:
    """Open a Parquet file for writing."""
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield table_writer(lambda schema: stack.enter_context(pq.ParquetWriter(file, schema)))


@contextlib.contextmanager
def write_arrow(path: Path) -> Iterator[WriteTable]:
    """Open a file of Arrow IPC for writing."""
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield table_writer(lambda schema: stack.enter_context(pa.ipc.new_file(file, schema)))


@contextlib.contextmanager
def write_arrow_stream(path: Path) -> Iterator[WriteTable]:
    """Open a stream of Arrow IPC for writing."""
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield table_writer(lambda schema: stack.enter_context(pa.ipc.new_stream(file, schema)))


def table_writer(
    open_writer: Callable[[pa.Schema], pq.ParquetWriter | pa.ipc.RecordBatchWriter | pa.csv.CSVWriter],
) -> WriteTable:
    """Return a function that writes tables with one of Arrow's writers, opened with the first table's schema."""
    writer = None

    def write(table: pa.Table) -> None:
        nonlocal writer
        # A file has one dictionary for each column. One of ids would grow with the log, so ids are written without.
        for position, field in enumerate(table.schema):
            if field.name == "timer" and pa.types.is_dictionary(field.type):
                table = table.set_column(position, "timer", table.column(position).cast(field.type.value_type))
        if writer is None:
            writer = open_writer(table.schema)
        writer.write_table(table.unify_dictionaries())

    return write
