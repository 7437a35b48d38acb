"""Logs as files: every format reads what it writes, and a file replays like its table."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given

import punchclock as pc
from columns_logs import rejections, table, timer_rows
from punchclock import columns
from punchclock.eventlog import MAX_LINE, parse_line

binary_formats = importlib.import_module("punchclock.columns.binary_formats")
text_formats = importlib.import_module("punchclock.columns.text_formats")

UTC = pa.timestamp("us", tz="UTC")
T0 = 1_772_438_400_000_000
SUFFIXES = ["parquet", "arrow", "feather", "arrows", "csv", "jsonl", "ndjson"]


def log() -> pa.Table:
    """Return a small log whose last row is illegal; 30 of its 40 timers stop."""
    rows = [(each, "start", T0 + each) for each in range(40)]
    rows += [(each, "pause", T0 + 1000 + each) for each in range(40)]
    rows += [(each, "stop", T0 + 2_000_000 + each) for each in range(30)]
    plain = table([*rows, (3, "start", T0 + 3_000_000)])
    return plain.set_column(0, "timer", plain["timer"].cast(pa.string())).set_column(2, "at", plain["at"].cast(UTC))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_log_is_read_as_it_was_written(suffix: str, tmp_path: Path) -> None:
    """A log that is written and read has the same rows and replays to the same timers."""
    columns.write(log(), tmp_path / f"log.{suffix}")
    again = columns.read(tmp_path / f"log.{suffix}")
    assert again.to_pylist() == log().to_pylist()
    assert again.schema.field("at").type == UTC
    assert columns.replay(again).timers.equals(columns.replay(log()).timers)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_replayed_into_files(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In batches, from and to every format, the timers and the rejected rows are those of the whole log."""
    monkeypatch.setattr(binary_formats, "_BATCH", 16)
    monkeypatch.setattr(text_formats, "_CHUNK", 1 << 10)
    source, timers, rejected = (tmp_path / f"{name}.{suffix}" for name in ("log", "timers", "rejected"))
    columns.write(log(), source)
    done: list[int] = []
    counts = columns.replay_file(source, timers, rejected, advance=done.append)
    assert counts == (111, 40, 1)
    assert done[-1] == 111
    assert done == sorted(done)

    whole = columns.replay(log())
    if suffix in {"csv", "jsonl", "ndjson"}:
        written = [json.loads(line) for line in timers.read_text().splitlines()] if suffix != "csv" else None
        if written is not None:
            named = {each["timer"]: each for each in written}
            assert named["3"]["worked"] == 1000
            assert named["39"]["since"] == "2026-03-02T08:00:00.001039Z"
        text = rejected.read_text()
        assert "110" in text
        assert "illegal-transition" in text
        assert timers.read_text().count("stopped") == 30
    else:
        read = {"parquet": pq.read_table, "arrows": lambda path: pa.ipc.open_stream(path).read_all()}
        opened = read.get(suffix, lambda path: pa.ipc.open_file(path).read_all())
        assert sorted(timer_rows(opened(timers))) == sorted(timer_rows(whole.timers))
        assert rejections(opened(rejected)) == rejections(whole.rejected)


def test_rejected_rows_and_progress_are_optional(tmp_path: Path) -> None:
    """Only the file for the timers is required."""
    columns.write(log(), tmp_path / "log.parquet")
    assert columns.replay_file(str(tmp_path / "log.parquet"), str(tmp_path / "timers.csv")).rejected == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_log_has_no_timers(suffix: str, tmp_path: Path) -> None:
    """A file without rows is read as a log without timers."""
    path = tmp_path / f"log.{suffix}"
    columns.write(log().slice(0, 0), path)
    assert columns.replay(columns.read(path)).timers.num_rows == 0
    assert columns.replay_file(path, tmp_path / f"timers.{suffix}") == (0, 0, 0)


@pytest.mark.parametrize("suffix", ["arrow", "arrows", "parquet"])
def test_ids_in_a_file_may_be_dictionary_encoded(suffix: str, tmp_path: Path) -> None:
    """Dictionary-encoded ids are read as they are and written plainly; other columns of a file are ignored."""
    encoded = log().set_column(0, "timer", log()["timer"].combine_chunks().dictionary_encode())
    encoded = encoded.append_column("user", pa.array(["anna"] * encoded.num_rows))
    columns.write(encoded, tmp_path / f"log.{suffix}")
    source = columns.read(tmp_path / f"log.{suffix}")
    assert source.column_names == ["timer", "event", "at"]
    assert columns.replay_file(tmp_path / f"log.{suffix}", tmp_path / f"timers.{suffix}").timers == 40


CSV = """timer,user,event,at
T1,anna,start,2026-03-02T08:00:00Z
T1,anna,pause,2026-03-02 09:30:00+01:00
T1,anna,resume,yesterday
T1,,resume,2026-02-30T08:00:00Z
,anna,start,2026-03-02T08:00:00Z
T1,anna,stop,2026-03-02T09:00:00.25Z
"""

JSON = """{"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z", "user": "anna", "meta": {"a": [1]}}
{"timer": "T1", "event": "pause", "at": "2026-03-02T09:30:00+01:00"}
{"timer": "T1", "event": "resume", "at": "yesterday"}
{"timer": "T1", "event": "resume", "at": 5}
not JSON at all
{"timer": "T1", "event": "stop", "at": "2026-03-02T09:00:00.25Z"}"""


@pytest.mark.parametrize(("text", "suffix"), [(CSV, "csv"), (JSON, "jsonl")])
def test_invalid_instants_in_texts_are_rejected(text: str, suffix: str, tmp_path: Path) -> None:
    """Instants may have any offset; rows with an invalid instant are rejected as ``null-value``."""
    path = tmp_path / f"log.{suffix}"
    path.write_text(text)
    timers, rejected = columns.replay(columns.read(path))
    assert [(each["timer"], each["state"], each["worked"]) for each in timers.to_pylist()] == [
        ("T1", "stopped", 1_800_000_000)
    ]
    assert timers["since"].cast(pa.int64()).to_pylist() == [pc.instant("2026-03-02T09:00:00.25Z")]
    assert rejections(rejected) == [(2, "null-value"), (3, "null-value"), (4, "null-value")]


def test_every_line_of_json_is_a_row(tmp_path: Path) -> None:
    """An empty line is a rejected row, and so is a correction, which columns do not support."""
    path = tmp_path / "log.jsonl"
    line = '{"timer": "T1", "event": "%s", "at": "2026-03-02T08:00:00Z"%s}\n'
    path.write_text(line % ("start", "") + "\n" + line % ("discard", "") + line % ("stop", ""))
    timers, rejected = columns.replay(columns.read(path))
    assert timers["state"].to_pylist() == ["stopped"]
    assert rejections(rejected) == [(1, "null-value"), (2, "unknown-event")]


#: A line of another timer, with a placeholder for more keys.
_LINE = b'{"timer": "T2", "event": "start", "at": "2026-03-02T08:00:00Z"%s}'


@pytest.mark.parametrize("beside", [b"", b"not JSON at all\n"])
@pytest.mark.parametrize(
    "line",
    [
        _LINE % b', "zone": "UTC"',
        _LINE % b', "user": null',
        _LINE % b', "user": 5',
        _LINE % b', "meta": 5',
        _LINE % b', "since": "2026-03-02T08:00:00Z"',
        _LINE % b', "user": "\xff"',
        _LINE % b', "note": "' + b"x" * MAX_LINE + b'"}',
        _LINE.replace(b"T2", b"") % b"",
        _LINE.replace(b"T2", b"T\xff") % b"",
        _LINE.replace(b"start", b"Start") % b"",
        _LINE % b"" + _LINE % b"" + b"\n",
        (_LINE % b"").replace(b", ", b",\n", 1) + _LINE % b"",
    ],
)
def test_a_line_of_json_is_parsed_independently_of_its_neighbours(line: bytes, beside: bytes, tmp_path: Path) -> None:
    """A line that is malformed in an event log is rejected in columns too, whatever the lines around it are."""
    good = b'{"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z"}\n'
    for each in line.split(b"\n"):
        with pytest.raises(pc.MalformedLine):
            parse_line(each)
    path = tmp_path / "log.jsonl"
    path.write_bytes(good + line + b"\n" + beside + good.replace(b"T1", b"T3"))
    timers, rejected = columns.replay(columns.read(path))
    begun = [each["timer"] for each in timers.to_pylist() if each["state"] != "idle"]
    assert begun == ["T1", "T3"]
    lines = 1 + line.count(b"\n") + beside.count(b"\n")
    assert rejections(rejected) == [(row, "null-value") for row in range(1, 1 + lines)]


def test_simple_lines_of_json_are_read_by_arrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without ambiguity, with labels and with either end of line, are not parsed one by one."""
    monkeypatch.setattr(text_formats, "parse_line", None)
    line = _LINE % ', "user": "Zoë"'.encode()
    path = tmp_path / "log.jsonl"
    path.write_bytes(line + b"\n" + line + b"\r\n" + line)
    (_, read) = columns.read_batches(path, ["user"])
    assert read["timer"].to_pylist() == ["T2"] * 3
    assert read["user"].to_pylist() == ["Zoë"] * 3


def test_a_line_that_is_too_long_is_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long is never in memory as a whole, and the next line is read normally."""
    monkeypatch.setattr(text_formats, "_CHUNK", 1 << 10)
    lengths: list[int] = []
    parse_lines = vars(text_formats)["_parse_lines"]

    def watched(lines: bytes, schema: pa.Schema) -> pa.Table:
        lengths.append(len(lines))
        table: pa.Table = parse_lines(lines, schema)
        return table

    monkeypatch.setattr(text_formats, "_parse_lines", watched)
    path = tmp_path / "log.jsonl"
    for end in (b"\n" + _LINE % b"", b""):
        path.write_bytes(b"x" * 3 * MAX_LINE + end)
        assert columns.read(path)["timer"].to_pylist() == [None, "T2"][: 1 + bool(end)]
    assert max(lengths) == (1 << 10) + MAX_LINE + 1


def test_a_byte_order_mark_is_not_part_of_a_name(tmp_path: Path) -> None:
    """The first column of a CSV file is found also after a byte order mark, which spreadsheets write."""
    path = tmp_path / "log.csv"
    path.write_text("\ufeffuser,timer,event,at\nanna,T1,start,2026-03-02T08:00:00Z\n")
    (_, batch) = columns.read_batches(path, ["user"])
    assert batch["user"].to_pylist() == ["anna"]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("timer,timer,event,at", "column timer: occurs twice"),
        ("x" * 200_000, "not a table: log.csv: field larger than"),
    ],
)
def test_an_invalid_csv_header_is_rejected(header: str, reason: str, tmp_path: Path) -> None:
    """A column that occurs twice and a header that is too long are rejected."""
    path = tmp_path / "log.csv"
    path.write_text(f"{header}\nT1,T2,start,2026-03-02T08:00:00Z\n")
    with pytest.raises(pc.InvalidColumns, match=reason):
        columns.read(path)


def test_a_csv_value_may_have_several_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note with a line feed may extend over two blocks of a file."""
    monkeypatch.setattr(text_formats, "_CHUNK", 1 << 10)
    rows = "".join(f'T{each},start,2026-03-02T08:00:00Z,"a\nb{"x" * (each % 17)}"\n' for each in range(200))
    path = tmp_path / "log.csv"
    path.write_text(f"timer,event,at,note\n{rows}")
    assert columns.read(path)["timer"].to_pylist() == [f"T{each}" for each in range(200)]


@given(
    st.lists(
        st.sampled_from(
            [
                "2026-03-02T08:00:00Z",
                "2026-03-02T08:00:00.5Z",
                "2026-03-02T08:00:00.123456Z",
                "2026-03-02T08:00:00.1234567Z",
                "2026-03-02T08:00:00",
                "2026-03-02t08:00:00z",
                "0001-01-01T00:00:00Z",
                "0000-12-31T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "9999-12-31T23:59:59-01:00",
                "2026-02-29T00:00:00Z",
                "2026-03-02T24:00:00Z",
                "2026-03-02T23:59:60Z",
                "٢٠٢٦-03-02T08:00:00Z",
                " 2026-03-02T08:00:00Z",
                "",
            ]
        )
        | st.datetimes().map(lambda when: when.isoformat() + "Z")
        | st.none(),
        max_size=5,
    )
)
@example(["0000-12-31T23:59:59Z"])
@example(["2026-03-02T08:00:00Z", "2026-02-29T00:00:00Z", None])
@example(["0001-01-01T00:00:00Z", "2026-03-02T08:00:00.000001+01:00"])
def test_texts_become_instants_exactly_as_by_instant(texts: list[str | None]) -> None:
    """Arrow's parser is used only where it gives the same result as `punchclock.instant`."""

    def scalar(text: str | None) -> int | None:
        try:
            return None if text is None else pc.instant(text)
        except pc.InvalidInstant:
            return None

    parsed = text_formats.parse_instants(pa.array(texts, pa.string()))
    assert parsed.cast(pa.int64()).to_pylist() == [scalar(text) for text in texts]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_text_formats_reject_instants_without_a_date(suffix: str, tmp_path: Path) -> None:
    """An instant outside the years 1 to 9999 cannot be written as text."""
    for at in (-(2**60), 2**60):
        wide = pa.table({"at": pa.array([None, at]).cast(UTC)})
        with pytest.raises(pc.InstantOutOfRange):
            columns.write(wide, tmp_path / f"wide.{suffix}")


def test_an_unknown_suffix_is_rejected(tmp_path: Path) -> None:
    """The error for an unknown suffix, when reading or writing, lists the valid ones."""
    with pytest.raises(
        pc.UnknownFormat, match=r"cannot tell the format of 'log.xlsx': use one of the suffixes .parquet"
    ):
        columns.read(tmp_path / "log.xlsx")
    with pytest.raises(pc.UnknownFormat):
        columns.write(log(), tmp_path / "log")


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "csv"])
def test_a_damaged_file_is_rejected(suffix: str, tmp_path: Path) -> None:
    """A file that does not have the format of its suffix is rejected by name; a missing one is an `OSError`."""
    path = tmp_path / f"log.{suffix}"
    path.write_bytes(b"timer,event,at\nT1,start,5,6\n" * 3)
    with pytest.raises(pc.InvalidColumns, match=f"not a table: log.{suffix}: "):
        columns.read(path)
    with pytest.raises(FileNotFoundError):
        columns.read(tmp_path / f"none.{suffix}")


def test_a_file_without_the_columns_is_rejected(tmp_path: Path) -> None:
    """The error for a file without a log's columns names the missing column."""
    other = pa.table({"event": pa.array([1]), "when": pa.array([2])})
    for suffix in ("parquet", "arrow", "arrows", "csv"):
        columns.write(other, tmp_path / f"other.{suffix}")
        with pytest.raises(pc.InvalidColumns, match="column timer: missing; the columns are: event"):
            columns.replay_file(tmp_path / f"other.{suffix}", tmp_path / "timers.parquet")
