"""Damaged columns and files are rejected by name: they neither end the process nor escape as errors of Arrow."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

import punchclock as pc
from columns_logs import rejections, timer_rows
from punchclock import columns
from punchclock.cli import run
from punchclock.columns.ledger import apply_batch
from punchclock.columns.validation import check_column
from punchclock.eventlog import TimerLog

UTC = pa.timestamp("us", tz="UTC")


def log(count: int = 8) -> pa.Table:
    """Return a log of one timer, with encoded events."""
    events = ["start", *["pause", "resume"] * count]
    return pa.table(
        {
            "timer": ["T1"] * count,
            "event": pa.array(events[:count]).dictionary_encode(),
            "at": pa.array(range(count)).cast(UTC),
        }
    )


def encoded(indices: list[int | None], words: pa.Array) -> pa.Array:
    """Return a dictionary-encoded column without a check of its indices."""
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), words, safe=False)


def texts(offsets: list[int], data: bytes, kind: pa.DataType, width: str = "i") -> pa.Array:
    """Return a column of strings with any offsets."""
    packed = pa.py_buffer(struct.pack(f"{len(offsets)}{width}", *offsets))
    return pa.Array.from_buffers(kind, len(offsets) - 1, [None, packed, pa.py_buffer(data)])


def claims_nulls(kind: pa.DataType, validity: bytes) -> pa.Array:
    """Return two integers of which one is null, they claim."""
    return pa.Array.from_buffers(kind, 2, [pa.py_buffer(validity), pa.py_buffer(bytes(16))], null_count=1)


WORDS = pa.array(["start", "stop"])

DAMAGED: dict[str, tuple[str, Callable[[], pa.Array]]] = {
    "index too large": ("event", lambda: encoded([0, 2], WORDS)),
    "index negative": ("event", lambda: encoded([0, -1], WORDS)),
    "dictionary not UTF-8": ("event", lambda: encoded([0, 0], texts([0, 1], b"\xff", pa.string()))),
    "offsets descend": ("timer", lambda: texts([0, 3, 2], b"T1T2", pa.string())),
    "not UTF-8": ("timer", lambda: texts([0, 1, 2], b"\xff1", pa.string())),
    "half a character": ("timer", lambda: texts([0, 1, 2], "é".encode(), pa.string())),
    "other number of nulls": ("at", lambda: claims_nulls(pa.int64(), b"\xff")),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("form", ["table", "batch", "reader"])
def test_damaged_columns_in_memory_are_rejected(name: str, form: str) -> None:
    """The error names the column and is one line, whether the data is a table, a batch or a reader."""
    column, make = DAMAGED[name]
    arrays = {"timer": pa.array(["T1", "T1"]), "event": pa.array(["start", "stop"]), "at": pa.array([0, 1])}
    batch = pa.RecordBatch.from_arrays([*(arrays | {column: make()}).values()], names=[*arrays])
    forms: dict[str, Callable[[], Any]] = {
        "table": lambda: pa.Table.from_batches([batch]),
        "batch": lambda: batch,
        "reader": lambda: pa.RecordBatchReader.from_batches(batch.schema, [batch]),
    }
    data = forms[form]
    uses: tuple[Callable[[Any], object], ...] = (
        columns.replay,
        lambda table: columns.segments(table, "UTC"),
        lambda table: [*columns.stream([table])],
    )
    for use in uses:
        with pytest.raises(pc.InvalidColumns) as caught:
            use(data())
        assert caught.value.column == column
        assert "\n" not in str(caught.value)


def test_other_columns_are_checked_too() -> None:
    """States, instants, events and zones that are given beside a log are checked as its columns are."""
    bad = encoded([0, 2], WORDS)
    timers = columns.replay(log()).timers
    with pytest.raises(pc.InvalidColumns, match="column event: an index is outside the dictionary of 2 values"):
        columns.transition(pa.concat_tables([timers, timers]), bad, 100)
    with pytest.raises(pc.InvalidColumns, match="column zone"):
        columns.segments(log(2), pa.chunked_array([bad]))
    with pytest.raises(pc.InvalidColumns, match="column now: claims 1 nulls, but has 0"):
        columns.worked_at(pa.concat_tables([timers, timers]), claims_nulls(pa.int64(), b"\xff"))
    with pytest.raises(pc.InvalidColumns, match="column user"):
        list(apply_batch(TimerLog(), log(2).append_column("user", bad)))


def test_names_and_zones_that_are_not_texts_are_rejected() -> None:
    """Names of columns and zones of timestamps may be damaged too; offsets are zones."""
    for old, new, match in (
        (b"event", b"e\xffent", "not a table"),
        (b"UTC", b"\xffTC", "column at"),
        (b"UTC", b"VTC", "at"),
    ):
        stream = io.BytesIO()
        with pa.ipc.new_stream(stream, log().schema) as writer:
            writer.write_table(log())
        table = pa.ipc.open_stream(stream.getvalue().replace(old, new)).read_all()
        with pytest.raises(pc.InvalidColumns, match=match):
            columns.replay(table)
    offset = log().set_column(2, "at", log()["at"].cast(pa.timestamp("us", tz="+01:00")))
    assert columns.replay(offset).timers["since"].type.tz == "+01:00"


@given(st.lists(st.text(max_size=3) | st.none(), max_size=9), st.integers(0, 5), st.sampled_from(["string", "large"]))
def test_a_valid_column_of_texts_is_accepted(values: list[str | None], start: int, size: str) -> None:
    """The check accepts what Arrow accepts: slices, nulls, texts beyond ASCII and empty columns."""
    kind = pa.string() if size == "string" else pa.large_string()
    column = pa.array(values, kind).slice(start)
    check_column(pa.chunked_array([column, column.dictionary_encode().dictionary_decode()]))
    check_column(pa.chunked_array([column.cast(pa.string_view()), column.cast(pa.string_view())]))
    check_column(pa.chunked_array([column.dictionary_encode()]))


@pytest.mark.parametrize("suffix", ["arrow", "arrows", "parquet"])
@pytest.mark.parametrize("byte", [0x00, 0xFF])
def test_a_damaged_file_is_a_log_or_an_error(suffix: str, byte: int, tmp_path: Path) -> None:
    """Each byte of a file in turn is damaged; some of these files ended the process."""
    path = tmp_path / f"log.{suffix}"
    columns.write(log(2), path)
    data = path.read_bytes()
    rejected = 0
    for at in range(0, len(data), 3):
        path.write_bytes(data[:at] + bytes([byte]) + data[at + 1 :])
        try:
            columns.replay(columns.read(path))
        except pc.InvalidColumns:
            rejected += 1
    assert rejected > len(data) // 30


def test_a_damaged_file_at_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message is one line with the file's name, and the status is that of a usage error."""
    path = tmp_path / "log.arrow"
    columns.write(log(2), path)
    data = path.read_bytes()
    for damaged in (data[:512] + b"\xff" + data[513:], data[: len(data) // 2], b"ARROW1\0\0" + data[8:-40]):
        path.write_bytes(damaged)
        status = run(["replay", str(path)])
        error = capsys.readouterr().err
        assert status == 0 or (status, "Error: " in error) == (2, True)
    assert status == 2
    assert "log.arrow: " in error


# ---- dictionaries --------------------------------------------------------------------------------

words = st.sampled_from(["T1", "T2", "", None])


@st.composite
def chunks(draw: st.DrawFn) -> pa.ChunkedArray:
    """Draw a column of ids in chunks with different dictionaries, with doubled, unused and null words."""
    kind = draw(st.sampled_from([pa.string(), pa.large_string(), pa.string_view()]))
    index = draw(st.sampled_from([pa.int8(), pa.uint8(), pa.int32(), pa.int64(), pa.uint64()]))
    arrays = []
    for _ in range(draw(st.integers(0, 3))):
        dictionary = pa.array(draw(st.lists(words, min_size=1, max_size=5)), kind)
        indices = draw(st.lists(st.none() | st.integers(0, len(dictionary) - 1), max_size=6))
        arrays.append(pa.DictionaryArray.from_arrays(pa.array(indices, index), dictionary))
    return pa.chunked_array(arrays, pa.dictionary(index, kind))


@given(chunks())
def test_a_dictionary_is_read_as_its_words(ids: pa.ChunkedArray) -> None:
    """Encoded ids and events give the results of the same ids and events as plain texts."""
    plain = []
    for chunk in ids.chunks:
        dictionary = chunk.dictionary.to_pylist()
        plain += [None if index is None else dictionary[index] for index in chunk.indices.to_pylist()]
    rows = {"event": pa.array(["start"] * len(plain), pa.string()), "at": pa.array(range(len(plain)), pa.int64())}
    expected = columns.replay(pa.table({"timer": pa.array(plain, pa.string())} | rows))
    found = columns.replay(pa.table({"timer": ids} | rows))
    assert timer_rows(found.timers) == timer_rows(expected.timers)
    assert rejections(found.rejected) == rejections(expected.rejected)
    assert found.timers["timer"].type == ids.type
    again = columns.replay(pa.table({"timer": ids} | rows), found.timers)
    assert timer_rows(again.timers) == timer_rows(expected.timers)


def test_categories_of_polars() -> None:
    """Columns of the types ``Categorical`` and ``Enum`` are read as texts."""
    polars = pytest.importorskip("polars")
    for kind in (polars.Categorical, polars.Enum(["T9", "T1", "T2", "start", "stop"])):
        frame = polars.DataFrame(
            {"timer": ["T1", "T2", "T1"], "event": ["start", "start", "stop"], "at": [0, 1, 5]},
            schema_overrides={"timer": kind, "event": kind},
        )
        for data in (frame, polars.concat([frame[:1], frame[1:]], rechunk=False)):
            timers = columns.replay(data).timers
            assert [(each["timer"], each["state"]) for each in timers.to_pylist()] == [
                ("T1", "stopped"),
                ("T2", "running"),
            ]


def test_more_ids_than_the_index_type_counts() -> None:
    """Ids whose number exceeds that of the log's index type get indices of 32 bits."""

    def some(first: int) -> pa.Table:
        ids = pa.array([f"T{each}" for each in range(first, first + 100)]).dictionary_encode()
        ids = ids.cast(pa.dictionary(pa.int8(), pa.string()))
        return pa.table({"timer": ids, "event": ["start"] * 100, "at": range(100)})

    once = columns.replay(some(0)).timers
    assert once["timer"].type.index_type == pa.int8()
    assert columns.replay(some(100), once).timers.num_rows == 200
    both = columns.replay(pa.concat_tables([some(0), some(100)])).timers
    assert both["timer"].to_pylist() == [f"T{each}" for each in range(200)]


def test_a_null_state_in_a_dictionary_is_a_null() -> None:
    """A null in the dictionary of a table of timers is rejected as a null, with its row."""
    states = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["running", None]))
    timers = pa.table({"state": states, "since": [0, 0], "worked": [0, 0]})
    with pytest.raises(pc.InvalidColumns, match="column state in row 1: null"):
        columns.worked_at(timers, 5)


# ---- numbers of lines and empty names ------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "feather", "csv", "jsonl"])
def test_lines_are_numbered_beyond_the_first_batch(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rejections in the second and the third batch have the number of their line, at the command and in columns."""
    monkeypatch.setattr("punchclock.columns.binary_formats._BATCH", 100)
    monkeypatch.setattr("punchclock.columns.text_formats._CHUNK", 1 << 12)
    events = ["start", *["pause", "resume"] * 150]
    for wrong in (10, 150, 299):
        events[wrong] = "start"
    table = pa.table({"timer": ["T1"] * 300, "event": events[:300], "at": pa.array(range(300)).cast(UTC)})
    path = tmp_path / f"log.{suffix}"
    if suffix in {"arrow", "arrows", "feather"}:
        open_writer = pa.ipc.new_stream if suffix == "arrows" else pa.ipc.new_file
        with open_writer(str(path), table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    else:
        columns.write(table, path)
    assert sum(bool(batch.num_rows) for batch in columns.read_batches(path)) >= 3
    expected = [row for row, _ in rejections(columns.replay(table).rejected)]
    assert {10, 150, 299} <= set(expected)
    found = [row for result in columns.stream(columns.read_batches(path)) for row, _ in rejections(result.rejected)]
    assert found == expected
    assert run(["replay", "--json", str(path)]) == 1
    lines = [int(line.split(":")[0].removeprefix("line ")) for line in capsys.readouterr().err.splitlines()]
    assert lines == [row + (2 if suffix == "csv" else 1) for row in expected]


@pytest.mark.parametrize("encode", [False, True])
def test_an_empty_name_is_rejected_at_any_instant(
    encode: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row with an empty name counts as malformed also after ``--at``, as a line does."""
    names, ats = ["A", "", "A", ""], [f"2026-03-02T0{hour}:00:00Z" for hour in range(4)]
    lines = [{"timer": name, "event": "start", "at": at} for name, at in zip(names, ats, strict=True)]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    ids = pa.array(names).dictionary_encode() if encode else pa.array(names)
    instants = pa.array([pc.instant(at) for at in ats]).cast(UTC)
    columns_log = pa.table({"timer": ids, "event": ["start"] * 4, "at": instants})
    columns.write(columns_log, path.with_suffix(".parquet"))
    outputs = []
    for each in (path, path.with_suffix(".parquet")):
        assert run(["replay", "--json", "--at", "2026-03-02T00:30:00Z", str(each)]) == 1
        captured = capsys.readouterr()
        outputs.append((captured.out, [line.split(": ")[0] for line in captured.err.splitlines()]))
    assert outputs[0] == outputs[1]
    assert outputs[0][1] == ["line 2", "line 4", "1 event after 2026-03-02T00:30:00Z ignored"]
