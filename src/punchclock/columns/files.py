"""Logs and results as files: Parquet, Arrow IPC, CSV and JSON Lines, read and written in batches.

The suffix says which format a file has. No more than a batch of a log is in memory at a time; what the timers need
besides is said in `punchclock.columns.replay`.

In CSV and JSON Lines an instant is a text, exactly as strict as `punchclock.instant`. A text that is none is read as
null, and so is what a line of JSON says if the line is malformed; the replay rejects such a row.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq
from msgspec import UNSET

from punchclock.columns.arrow import whole_column
from punchclock.columns.codes import EVENTS
from punchclock.columns.replay import stream
from punchclock.errors import InstantOutOfRange, InvalidColumns, InvalidInstant, MalformedLine, UnknownFormat
from punchclock.eventlog import MAX_LINE, Labels, parse_line
from punchclock.instants import FIRST, LAST, format_instant, instant

__all__ = ["LABELS", "FileReplayed", "parse_instants", "read", "read_batches", "replay_file", "write"]

#: Rows of a log in memory at a time, bytes of a text, and bytes that are read from a file of columns.
_BATCH: Final = 1 << 20
_CHUNK: Final = 1 << 25
_BUFFER: Final = 1 << 20

_UTC: Final = pa.timestamp("us", tz="UTC")
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_LOG: Final = pa.schema({"timer": pa.string(), "event": _WORD, "at": _UTC})

#: The columns, besides those of a log, that a line of an event log may say.
LABELS: Final = Labels.__struct_fields__

# What a line that is an event may say. With anything more it is looked at by itself.
_TEXTS: Final = pa.schema(dict.fromkeys((*_LOG.names, *LABELS), pa.string()))
_EVENTS: Final = pa.array([str(event) for event in EVENTS])

# The texts that Arrow's parser reads as `punchclock.instant` does, or fails at.
_PLAIN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"

#: Writes one table after another into a file, all of one schema.
Put: TypeAlias = Callable[[pa.Table], None]


class FileReplayed(NamedTuple):
    """How much a file held.

    Attributes:
        events: its rows.
        timers: the timers in it.
        rejected: the rows that were rejected.
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
        source: the log, a file in one of the formats: ``.parquet``, ``.arrow`` or ``.feather`` (Arrow IPC), ``.arrows``
            (a stream of it), ``.csv``, ``.jsonl`` or ``.ndjson``.
        timers: where the timers go, in a format of the same list. Each is written when it stops; those that have not
            stopped are written at the end.
        rejected: where the rejected rows go, if anywhere.
        advance: is told after each batch how many events are done.

    Raises:
        UnknownFormat: a suffix that names no format.
        InvalidColumns: the log's columns are not those that `replay` takes, or the file is damaged.
        OSError: a file cannot be read or written.
    """
    events = written = rows_rejected = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal events
        for batch in read_batches(source):
            yield batch
            events += batch.num_rows
            if advance is not None:
                advance(events)

    with contextlib.ExitStack() as stack:
        put_timers = stack.enter_context(_writer(timers))
        put_rejected = None if rejected is None else stack.enter_context(_writer(rejected))
        for result in stream(counted()):
            written += result.timers.num_rows
            rows_rejected += result.rejected.num_rows
            put_timers(result.timers)
            if put_rejected is not None:
                put_rejected(result.rejected)
    return FileReplayed(events, written, rows_rejected)


def read(source: Path | str) -> pa.Table:
    """A whole log from a file; otherwise as `read_batches`."""
    return pa.concat_tables(read_batches(source))


def read_batches(source: Path | str, also: Collection[str] = ()) -> Iterator[pa.Table]:
    """The columns ``timer``, ``event`` and ``at`` of a log in a file, a batch at a time; at least one, be it empty.

    Args:
        source: a file in one of the formats of `replay_file`.
        also: further columns to read, where the file has them. A line of JSON has those that an event log knows.

    Raises:
        UnknownFormat: a suffix that names no format.
        InvalidColumns: the file is damaged, or a text has no such columns.
        OSError: the file cannot be read.
    """
    path = Path(source)
    reader = _format(path).read
    try:
        yield from reader(path, also)
    except pa.ArrowException as error:
        raise InvalidColumns(None, f"{path.name}: {error}") from None


def write(table: pa.Table, target: Path | str) -> None:
    """Write a table into a file, in the format that the suffix names.

    Raises:
        UnknownFormat: a suffix that names no format.
        InstantOutOfRange: a text has no way to say an instant outside the years 1 to 9999.
        OSError: the file cannot be written.
    """
    with _writer(target) as put:
        put(table)


class _Format(NamedTuple):
    """How files of one format are read and written."""

    read: Callable[[Path, Collection[str]], Iterator[pa.Table]]
    write: Callable[[Path], contextlib.AbstractContextManager[Put]]


def _format(path: Path) -> _Format:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise UnknownFormat(path.name, f"its suffix is none of {', '.join(_FORMATS)}") from None


def _schema(also: list[str]) -> pa.Schema:
    """A log read from a text."""
    return pa.schema([*_LOG, *(pa.field(name, _WORD) for name in also)])


def _writer(target: Path | str) -> contextlib.AbstractContextManager[Put]:
    path = Path(target)
    return _format(path).write(path)


# Parquet


def _read_parquet(path: Path, also: Collection[str]) -> Iterator[pa.Table]:
    # Not ahead of time, and not a column of a whole row group at once: a file may be one row group.
    with pq.ParquetFile(path, read_dictionary=["event"], pre_buffer=False, buffer_size=_BUFFER) as file:
        yield _columns_of_log(file.schema_arrow.empty_table(), also)
        for batch in file.iter_batches(_BATCH, columns=[*_LOG.names, *also], use_threads=False):
            yield _columns_of_log(pa.table(batch), also)


@contextlib.contextmanager
def _write_parquet(path: Path) -> Iterator[Put]:
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield _to(lambda schema: stack.enter_context(pq.ParquetWriter(file, schema)))


# Arrow IPC


def _read_arrow(path: Path, also: Collection[str]) -> Iterator[pa.Table]:
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        yield _columns_of_log(reader.schema.empty_table(), also)
        for number in range(reader.num_record_batches):
            yield _columns_of_log(pa.table(reader.get_batch(number)), also)


def _read_arrow_stream(path: Path, also: Collection[str]) -> Iterator[pa.Table]:
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
        yield _columns_of_log(reader.schema.empty_table(), also)
        for batch in reader:
            yield _columns_of_log(pa.table(batch), also)


def _columns_of_log(table: pa.Table, also: Collection[str]) -> pa.Table:
    return table.select([name for name in table.column_names if name in _LOG.names or name in also])


@contextlib.contextmanager
def _write_arrow(path: Path) -> Iterator[Put]:
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield _to(lambda schema: stack.enter_context(pa.ipc.new_file(file, schema)))


@contextlib.contextmanager
def _write_arrow_stream(path: Path) -> Iterator[Put]:
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        yield _to(lambda schema: stack.enter_context(pa.ipc.new_stream(file, schema)))


def _to(opened: Callable[[pa.Schema], pq.ParquetWriter | pa.ipc.RecordBatchWriter | pa.csv.CSVWriter]) -> Put:
    """Writes into what is opened with the first table's schema."""
    writer = None

    def put(table: pa.Table) -> None:
        nonlocal writer
        # A file has one dictionary for a column. The ids' grows with the log, so they are written plainly.
        for place, field in enumerate(table.schema):
            if field.name == "timer" and pa.types.is_dictionary(field.type):
                table = table.set_column(place, "timer", table.column(place).cast(field.type.value_type))
        if writer is None:
            writer = opened(table.schema)
        writer.write_table(table.unify_dictionaries())

    return put


# CSV


def _read_csv(path: Path, also: Collection[str]) -> Iterator[pa.Table]:
    header = _head_of_csv(path)
    schema = _schema([name for name in also if name in header])
    head = pa.table([pa.nulls(0)] * len(header), names=header)
    for name in schema.names:
        whole_column(head, name)  # of two, Arrow would take the first
    convert = pa.csv.ConvertOptions(
        include_columns=schema.names,
        column_types={**dict(zip(schema.names, schema.types, strict=True)), "at": pa.string()},
        null_values=[""],
        strings_can_be_null=True,
    )
    options = pa.csv.ReadOptions(block_size=_CHUNK, use_threads=False)
    # A note of several lines may lie across two blocks.
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(path, read_options=options, parse_options=parse, convert_options=convert) as reader:
        yield schema.empty_table()
        for batch in reader:
            # Many a writer of CSV puts a space where RFC 3339 has a T.
            at = pc.replace_substring_regex(batch["at"], r"^(\d{4}-\d\d-\d\d) ", r"\1T")
            yield pa.table(batch).set_column(2, "at", parse_instants(at))


def _head_of_csv(path: Path) -> list[str]:
    """The names of the columns; a byte order mark, which spreadsheets write, is no part of them."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader([file.readline(MAX_LINE)]))
        except csv.Error as error:
            raise InvalidColumns(None, f"{path.name}: {error}") from None


@contextlib.contextmanager
def _write_csv(path: Path) -> Iterator[Put]:
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        put = _to(lambda schema: stack.enter_context(pa.csv.CSVWriter(file, schema)))
        yield lambda table: put(_without_empty_chunks(_with_texts(table)))


def _without_empty_chunks(table: pa.Table) -> pa.Table:
    """Drop chunks without rows: for each, pyarrow 18 to 23 write the head of a CSV file again."""
    return pa.Table.from_batches([batch for batch in table.to_batches() if batch.num_rows], table.schema)


# JSON Lines


def _read_json(path: Path, also: Collection[str]) -> Iterator[pa.Table]:
    schema = _schema([name for name in also if name in LABELS])
    with path.open("rb") as file:
        yield schema.empty_table()
        while lines := file.read(_CHUNK) + file.readline(MAX_LINE + 1):
            rest = lines
            while rest and not rest.endswith(b"\n"):  # of a line that is too long no more than it takes to see that
                rest = file.readline(_CHUNK)
            yield _from_json(lines, schema)


def _from_json(lines: bytes, schema: pa.Schema) -> pa.Table:
    """Whole lines as a table: all at once where that is known to be the same, or else one by one."""
    if not lines.endswith(b"\n"):
        lines += b"\n"
    table = _all_at_once(lines)
    if table is not None:
        return _typed([table[name].chunk(0) for name in schema.names], schema)
    rows = [_from_line(line, schema.names[3:]) for line in lines.split(b"\n")[:-1]]
    return _typed([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema)


def _all_at_once(lines: bytes) -> pa.Table | None:
    """What Arrow makes of the lines, if it is what `parse_line` makes of each; Arrow is less strict.

    So where anything might be read in two ways, there is no answer: a row's fate must not hang on its neighbours.
    """
    count = lines.count(b"\n")
    between = lines.count(b"}\n{") + lines.count(b"}\r\n{")
    half = MAX_LINE // 2  # a line that is too long leaves such a segment without an end of line
    if (
        between != count - 1  # an object a line; two of them, or half of one, leave another sum
        or b"null" in lines  # a label that is null is none that is missing
        or any(lines.find(b"\n", start, start + half) < 0 for start in range(0, len(lines) - half, half))
        or not _is_utf8(lines)
    ):
        return None
    options = pa.json.ReadOptions(use_threads=False, block_size=len(lines))
    parse = pa.json.ParseOptions(explicit_schema=_TEXTS, unexpected_field_behavior="error")
    try:
        table = pa.json.read_json(io.BytesIO(lines), read_options=options, parse_options=parse).combine_chunks()
    except pa.ArrowInvalid:
        return None
    events = pc.all(pc.is_in(table["event"], _EVENTS)).as_py()
    named = pc.all(pc.not_equal(table["timer"], "")).as_py()
    return table if table.num_rows == count and events and named else None


def _is_utf8(lines: bytes) -> bool:
    try:
        return lines.isascii() or bool(lines.decode())
    except UnicodeDecodeError:
        return False


def _typed(texts: list[pa.Array], schema: pa.Schema) -> pa.Table:
    timer, event, at, *labels = texts
    words = [column.dictionary_encode() for column in (event, *labels)]
    return pa.table([timer, words[0], parse_instants(at), *words[1:]], schema=schema)


def _from_line(line: bytes, labels: list[str]) -> list[str | None]:
    try:
        entry = parse_line(line)
    except MalformedLine as error:
        return [error.timer, None, None, *(None for _ in labels)]
    said = (getattr(entry.labels, label) for label in labels)
    words = (None if word is UNSET else word for word in said)
    return [entry.timer, str(entry.event), format_instant(entry.at), *words]


@contextlib.contextmanager
def _write_json(path: Path) -> Iterator[Put]:
    with path.open("wb") as file:

        def put(table: pa.Table) -> None:
            file.write(msgspec.json.Encoder().encode_lines(_with_texts(table).to_pylist()))

        yield put


# Instants as texts


def parse_instants(column: pa.Array) -> pa.Array:
    """Texts as instants; null where one is none."""
    if pc.all(pc.match_substring_regex(column, _PLAIN)).as_py() is not False:
        with contextlib.suppress(pa.ArrowInvalid):  # a day that there is not
            instants = column.cast(_UTC)
            if not pc.any(pc.less(instants.view(pa.int64()), FIRST)).as_py():  # the year 0
                return instants
    return pa.array([_instant(text) for text in column.to_pylist()], _UTC)


def _instant(text: str | None) -> int | None:
    try:
        return None if text is None else instant(text)
    except InvalidInstant:
        return None


def _with_texts(table: pa.Table) -> pa.Table:
    """A table whose instants are texts of RFC 3339."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            column = table.column(place)
            bounds = pc.min_max(column.cast(pa.int64())).as_py()
            for value in (bounds["min"], bounds["max"]):
                if value is not None and not FIRST <= value <= LAST:
                    raise InstantOutOfRange(value)
            texts = pc.strftime(column.cast(_UTC), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(place, field.name, texts)
    return table


_FORMATS: Final = {
    ".parquet": _Format(_read_parquet, _write_parquet),
    ".arrow": _Format(_read_arrow, _write_arrow),
    ".feather": _Format(_read_arrow, _write_arrow),
    ".arrows": _Format(_read_arrow_stream, _write_arrow_stream),
    ".csv": _Format(_read_csv, _write_csv),
    ".jsonl": _Format(_read_json, _write_json),
    ".ndjson": _Format(_read_json, _write_json),
}
