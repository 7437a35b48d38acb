"""Logs in CSV and JSON Lines files, read and written in batches.

Instants are RFC 3339 texts, exactly as strict as `punchclock.instant`. Invalid instants become null. A malformed
line of JSON becomes a row of nulls, except for the timer's name if that is readable. The replay rejects both as
``null-value``.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
from msgspec import UNSET

from punchclock.columns.arrow import table_of, whole_column
from punchclock.columns.binary_formats import WriteTable, table_writer
from punchclock.columns.codes import EVENTS
from punchclock.columns.tables import LOG_COLUMNS
from punchclock.errors import InstantOutOfRange, InvalidColumns, InvalidInstant, MalformedLine
from punchclock.eventlog import MAX_LINE, Labels, parse_line
from punchclock.instants import FIRST, LAST, format_instant, instant

#: The optional columns: the labels that a line of an event log may have.
LABELS: Final = Labels.__struct_fields__

# Bytes of a file that are read at a time.
_CHUNK: Final = 1 << 25

_UTC: Final = pa.timestamp("us", tz="UTC")
_WORD: Final = pa.dictionary(pa.int32(), pa.string())
_TYPES: Final = {"timer": pa.string(), "event": _WORD, "at": _UTC}

# The keys that Arrow may read from a line of JSON. A line with any other key is parsed individually.
_JSON_KEYS: Final = pa.schema(dict.fromkeys((*LOG_COLUMNS, *LABELS), pa.string()))
_EVENTS: Final = pa.array([str(event) for event in EVENTS])

# Texts that Arrow's parser either reads as `punchclock.instant` does, or rejects.
_PLAIN_INSTANT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"


def _schema(labels: list[str]) -> pa.Schema:
    """Return the schema of a log that is read from text, with these labels."""
    return pa.schema(_TYPES | dict.fromkeys(labels, _WORD))


# CSV


def read_csv(path: Path, extra: Collection[str]) -> Iterator[pa.Table]:
    """Yield the columns of a log, and the ``extra`` ones if the file has them; the first table has no rows."""
    header = _csv_header(path)
    schema = _schema([name for name in extra if name in header])
    empty = pa.table([pa.nulls(0)] * len(header), names=header)
    for name in schema.names:
        whole_column(empty, name)  # Arrow would silently read the first of two columns of one name
    convert = pa.csv.ConvertOptions(
        include_columns=schema.names,
        column_types={**dict(zip(schema.names, schema.types, strict=True)), "at": pa.string()},
        null_values=[""],
        strings_can_be_null=True,
    )
    options = pa.csv.ReadOptions(block_size=_CHUNK, use_threads=False)
    # A note of several lines may continue in the next block.
    parse = pa.csv.ParseOptions(newlines_in_values=True)
    with pa.csv.open_csv(path, read_options=options, parse_options=parse, convert_options=convert) as reader:
        yield schema.empty_table()
        for batch in reader:
            # Many programs write a space where RFC 3339 has a T.
            at = pc.replace_substring_regex(batch["at"], r"^(\d{4}-\d\d-\d\d) ", r"\1T")
            yield table_of(batch).set_column(2, "at", parse_instants(at))


def _csv_header(path: Path) -> list[str]:
    """Return the names of the columns, without the byte order mark that spreadsheets write."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader([file.readline(MAX_LINE)]))
        except csv.Error as error:
            raise InvalidColumns(None, f"{path.name}: {error}") from None


@contextlib.contextmanager
def write_csv(path: Path) -> Iterator[WriteTable]:
    """Open a CSV file for writing."""
    with path.open("wb") as file, contextlib.ExitStack() as stack:
        write = table_writer(lambda schema: stack.enter_context(pa.csv.CSVWriter(file, schema)))
        yield lambda table: write(_without_empty_chunks(_with_text_instants(table)))


def _without_empty_chunks(table: pa.Table) -> pa.Table:
    """Drop chunks without rows: for each of them, pyarrow 18 to 23 write the header of a CSV file again."""
    return pa.Table.from_batches([batch for batch in table.to_batches() if batch.num_rows], table.schema)


# JSON Lines


def read_json(path: Path, extra: Collection[str]) -> Iterator[pa.Table]:
    """Yield the columns of a log, and the ``extra`` ones if they are labels; the first table has no rows."""
    schema = _schema([name for name in extra if name in LABELS])
    with path.open("rb") as file:
        yield schema.empty_table()
        while lines := file.read(_CHUNK) + file.readline(MAX_LINE + 1):
            rest = lines
            while rest and not rest.endswith(b"\n"):  # skip the rest of a line that is too long
                rest = file.readline(_CHUNK)
            yield _parse_lines(lines, schema)


def _parse_lines(lines: bytes, schema: pa.Schema) -> pa.Table:
    """Return whole lines as a table: by Arrow if the result is certainly the same, otherwise line by line."""
    if not lines.endswith(b"\n"):
        lines += b"\n"
    table = _parse_by_arrow(lines)
    if table is not None:
        return _typed([table[name].chunk(0) for name in schema.names], schema)
    rows = [_parse_line(line, schema.names[3:]) for line in lines.split(b"\n")[:-1]]
    return _typed([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema)


def _parse_by_arrow(lines: bytes) -> pa.Table | None:
    """Return what Arrow reads from the lines if `parse_line` certainly reads the same from each, otherwise ``None``.

    Arrow is less strict than `parse_line`, and whether a row is valid must not depend on its neighbours.
    """
    count = lines.count(b"\n")
    between = lines.count(b"}\n{") + lines.count(b"}\r\n{")
    half = MAX_LINE // 2  # a line that is too long covers at least one whole range of this length
    if (
        between != count - 1  # not exactly one object on each line
        or b"null" in lines  # Arrow reads a label that is null as a missing label
        or any(lines.find(b"\n", start, start + half) < 0 for start in range(0, len(lines) - half, half))
        or not _is_utf8(lines)
    ):
        return None
    options = pa.json.ReadOptions(use_threads=False, block_size=len(lines))
    parse = pa.json.ParseOptions(explicit_schema=_JSON_KEYS, unexpected_field_behavior="error")
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


def _parse_line(line: bytes, labels: list[str]) -> list[str | None]:
    try:
        entry = parse_line(line)
    except MalformedLine as error:
        return [error.timer, None, None, *(None for _ in labels)]
    words = (getattr(entry.labels, label) for label in labels)
    texts = (None if word is UNSET else word for word in words)
    return [entry.timer, str(entry.event), format_instant(entry.at), *texts]


@contextlib.contextmanager
def write_json(path: Path) -> Iterator[WriteTable]:
    """Open a file of JSON Lines for writing."""
    with path.open("wb") as file:

        def write(table: pa.Table) -> None:
            file.write(msgspec.json.Encoder().encode_lines(_with_text_instants(table).to_pylist()))

        yield write


# Instants as texts


def parse_instants(column: pa.Array) -> pa.Array:
    """Return a column of texts as instants; invalid texts become null."""
    if pc.all(pc.match_substring_regex(column, _PLAIN_INSTANT)).as_py() is not False:
        with contextlib.suppress(pa.ArrowInvalid):  # a date that does not exist
            instants = column.cast(_UTC)
            if not pc.any(pc.less(instants.view(pa.int64()), FIRST)).as_py():  # the year 0
                return instants
    return pa.array([_parse_instant(text) for text in column.to_pylist()], _UTC)


def _parse_instant(text: str | None) -> int | None:
    try:
        return None if text is None else instant(text)
    except InvalidInstant:
        return None


def _with_text_instants(table: pa.Table) -> pa.Table:
    """Return the table with its instants as RFC 3339 texts."""
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            column = table.column(position)
            bounds = pc.min_max(column.cast(pa.int64())).as_py()
            for value in (bounds["min"], bounds["max"]):
                if value is not None and not FIRST <= value <= LAST:
                    raise InstantOutOfRange(value)
            texts = pc.strftime(column.cast(_UTC), "%Y-%m-%dT%H:%M:%SZ")
            table = table.set_column(position, field.name, texts)
    return table
