"""Logs and results as files, read and written in batches; the suffix of a file's name determines its format.

Only one batch of a log is in memory at a time; `punchclock.columns.replay.stream` describes the other memory that a
replay needs. The formats are in `punchclock.columns.binary_formats` and `punchclock.columns.text_formats`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from punchclock.columns.arrow import DAMAGED, one_line
from punchclock.columns.binary_formats import (
    WriteTable,
    read_arrow,
    read_arrow_stream,
    read_parquet,
    write_arrow,
    write_arrow_stream,
    write_parquet,
)
from punchclock.columns.replay import stream
from punchclock.columns.text_formats import read_csv, read_json, write_csv, write_json
from punchclock.columns.validation import check_column
from punchclock.errors import InvalidColumns, UnknownFormat


class FileReplayed(NamedTuple):
    """The counts of one replayed file.

    Attributes:
        events: the number of rows.
        timers: the number of timers.
        rejected: the number of rejected rows.
    """

    events: int
    timers: int
    rejected: int


def replay_file(
    source: Path | str,
    timers: Path | str,
    rejected: Path | str | None = None,
    *,
    advance: Callable[[int], None] | None = None,
) -> FileReplayed:
    """Replay a log of any size from a file into files.

    Args:
        source: the log: ``.parquet``, ``.arrow`` or ``.feather`` (Arrow IPC), ``.arrows`` (a stream of Arrow IPC),
            ``.csv``, ``.jsonl`` or ``.ndjson``.
        timers: the file for the timers, in any of these formats. Each timer is written when it stops; those that have
            not stopped are written at the end.
        rejected: the file for the rejected rows, if they are wanted.
        advance: called after each batch with the number of events so far.

    Raises:
        UnknownFormat: a file has another suffix.
        InvalidColumns: the log's columns are not those of a log for `replay`, or the file is damaged.
        OSError: a file cannot be read or written.
    """
    events = timer_count = rejected_count = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal events
        for batch in read_batches(source):
            yield batch
            events += batch.num_rows
            if advance is not None:
                advance(events)

    with contextlib.ExitStack() as stack:
        write_timers = stack.enter_context(_open_for_writing(timers))
        write_rejected = None if rejected is None else stack.enter_context(_open_for_writing(rejected))
        for result in stream(counted()):
            timer_count += result.timers.num_rows
            rejected_count += result.rejected.num_rows
            write_timers(result.timers)
            if write_rejected is not None:
                write_rejected(result.rejected)
    return FileReplayed(events, timer_count, rejected_count)


def read(source: Path | str) -> pa.Table:
    """Return a whole log from a file; arguments and errors as for `read_batches`."""
    with _named(Path(source)):
        return pa.concat_tables(read_batches(source))


def read_batches(source: Path | str, also: Collection[str] = ()) -> Iterator[pa.Table]:
    """Yield the columns ``timer``, ``event`` and ``at`` of a log in batches; the first batch may have no rows.

    In CSV and JSON Lines, invalid instants become null, and a malformed line of JSON becomes a row of nulls; a replay
    rejects these rows as ``null-value``.

    Args:
        source: a file in one of the formats of `replay_file`.
        also: further columns to read if the file has them; from JSON Lines, only the labels of an event log.

    Raises:
        UnknownFormat: the suffix is not one of these formats.
        InvalidColumns: the file is damaged, or a CSV file lacks one of the three columns.
        OSError: the file cannot be read.
    """
    path = Path(source)
    read_format = _format(path).read
    with _named(path):
        for batch in read_format(path, also):
            for name, column in zip(batch.column_names, batch.columns, strict=True):
                _check(column, name)
            yield batch


def _check(column: pa.ChunkedArray, name: str) -> None:
    try:
        check_column(column)
    except DAMAGED as error:
        raise InvalidColumns(name, one_line(error)) from None


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Raise an error of Arrow's readers as `InvalidColumns`, with the name of the file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:  # not from Arrow, which raises this class for damaged files too
            raise
        raise InvalidColumns(None, f"{path.name}: {one_line(error)}") from None
    except DAMAGED as error:
        raise InvalidColumns(None, f"{path.name}: {one_line(error)}") from None


def write(table: pa.Table, target: Path | str) -> None:
    """Write a table into a file, in the format that the suffix names.

    Raises:
        UnknownFormat: the suffix is not one of the formats of `replay_file`.
        InstantOutOfRange: a text format cannot represent an instant outside the years 1 to 9999.
        OSError: the file cannot be written.
    """
    with _open_for_writing(target) as write_table:
        write_table(table)


def _open_for_writing(target: Path | str) -> contextlib.AbstractContextManager[WriteTable]:
    path = Path(target)
    return _format(path).write(path)


class _Format(NamedTuple):
    """The functions that read and write files of one format."""

    read: Callable[[Path, Collection[str]], Iterator[pa.Table]]
    write: Callable[[Path], contextlib.AbstractContextManager[WriteTable]]


def _format(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownFormat(path.name, f"use one of the suffixes {', '.join(_FORMATS)}") from None


_FORMATS: Final = {
    ".parquet": _Format(read_parquet, write_parquet),
    ".arrow": _Format(read_arrow, write_arrow),
    ".feather": _Format(read_arrow, write_arrow),
    ".arrows": _Format(read_arrow_stream, write_arrow_stream),
    ".csv": _Format(read_csv, write_csv),
    ".jsonl": _Format(read_json, write_json),
    ".ndjson": _Format(read_json, write_json),
}
