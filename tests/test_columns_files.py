"""Logs as files: what goes in comes out, in every format, and a replay of a file is a replay of its table."""

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
from columns_logs import records, rejections, table
from punchclock import columns
from punchclock.eventlog import MAX_LINE, parse_line

engine = importlib.import_module("punchclock.columns.files")

UTC = pa.timestamp("us", tz="UTC")
T0 = 1_772_438_400_000_000
SUFFIXES = ["parquet", "arrow", "feather", "arrows", "csv", "jsonl", "ndjson"]
TEXTS = ["csv", "jsonl"]


def log() -> pa.Table:
    """A small log of texts and timestamps; its last row is illegal, and 30 of its 40 timers stop."""
    rows = [(each, "start", T0 + each) for each in range(40)]
    rows += [(each, "pause", T0 + 1000 + each) for each in range(40)]
    rows += [(each, "stop", T0 + 2_000_000 + each) for each in range(30)]
    plain = table([*rows, (3, "start", T0 + 3_000_000)])
    return plain.set_column(0, "timer", plain["timer"].cast(pa.string())).set_column(2, "at", plain["at"].cast(UTC))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_log_comes_back(suffix: str, tmp_path: Path) -> None:
    """Written and read again, a log has the same rows and replays to the same timers."""
    columns.write(log(), tmp_path / f"log.{suffix}")
    again = columns.read(tmp_path / f"log.{suffix}")
    assert again.to_pylist() == log().to_pylist()
    assert again.schema.field("at").type == UTC
    assert columns.replay(again).timers.equals(columns.replay(log()).timers)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_replayed_into_files(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, with every format in and out, the timers and the rejected rows are those of the whole."""
    monkeypatch.setattr(engine, "_BATCH", 16)
    monkeypatch.setattr(engine, "_CHUNK", 1 << 10)
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
        assert sorted(records(opened(timers))) == sorted(records(whole.timers))
        assert rejections(opened(rejected)) == rejections(whole.rejected)


def test_rejected_rows_need_not_be_written(tmp_path: Path) -> None:
    """Only the timers need a place to go, and nobody need be told of progress."""
    columns.write(log(), tmp_path / "log.parquet")
    assert columns.replay_file(str(tmp_path / "log.parquet"), str(tmp_path / "timers.csv")).rejected == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_log_has_its_columns(suffix: str, tmp_path: Path) -> None:
    """A file without rows is a log without timers."""
    path = tmp_path / f"log.{suffix}"
    columns.write(log().slice(0, 0), path)
    assert columns.replay(columns.read(path)).timers.num_rows == 0
    assert columns.replay_file(path, tmp_path / f"timers.{suffix}") == (0, 0, 0)


@pytest.mark.parametrize("suffix", ["arrow", "arrows", "parquet"])
def test_ids_may_be_encoded_in_a_file(suffix: str, tmp_path: Path) -> None:
    """Dictionary-encoded ids are read as they are, and written plainly; columns that are no log's are left alone."""
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
def test_texts_are_read_as_strictly_as_ever(text: str, suffix: str, tmp_path: Path) -> None:
    """Instants with any offset are read; what is none is null and rejected; every other row counts."""
    path = tmp_path / f"log.{suffix}"
    path.write_text(text)
    timers, rejected = columns.replay(columns.read(path))
    assert [(each["timer"], each["state"], each["worked"]) for each in timers.to_pylist()] == [
        ("T1", "stopped", 1_800_000_000)
    ]
    assert timers["since"].cast(pa.int64()).to_pylist() == [pc.instant("2026-03-02T09:00:00.25Z")]
    assert rejections(rejected) == [(2, "null-value"), (3, "null-value"), (4, "null-value")]


def test_lines_of_json_are_counted_one_by_one(tmp_path: Path) -> None:
    """An empty line is a row, as it is in an event log; a correction is no event that columns know."""
    path = tmp_path / "log.jsonl"
    line = '{"timer": "T1", "event": "%s", "at": "2026-03-02T08:00:00Z"%s}\n'
    path.write_text(line % ("start", "") + "\n" + line % ("discard", "") + line % ("stop", ""))
    timers, rejected = columns.replay(columns.read(path))
    assert timers["state"].to_pylist() == ["stopped"]
    assert rejections(rejected) == [(1, "null-value"), (2, "unknown-event")]


#: A line of another timer, with a place for more.
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
def test_a_line_of_json_is_judged_by_itself(line: bytes, beside: bytes, tmp_path: Path) -> None:
    """What an event log rejects is rejected in columns too, whatever stands in the lines around it."""
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


def test_plain_lines_of_json_are_read_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that can be read in one way only, with labels and with either end of line, cost no parser of Python's."""
    monkeypatch.setattr(engine, "parse_line", None)
    line = _LINE % ', "user": "Zoë"'.encode()
    path = tmp_path / "log.jsonl"
    path.write_bytes(line + b"\n" + line + b"\r\n" + line)
    (_, read) = engine.read_batches(path, ["user"])
    assert read["timer"].to_pylist() == ["T2"] * 3
    assert read["user"].to_pylist() == ["Zoë"] * 3


def test_a_line_that_never_ends_is_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a line that is too long no more is held than shows it, and the next line is read as ever."""
    monkeypatch.setattr(engine, "_CHUNK", 1 << 10)
    held: list[int] = []
    from_json = vars(engine)["_from_json"]

    def watched(lines: bytes, schema: pa.Schema) -> pa.Table:
        held.append(len(lines))
        table: pa.Table = from_json(lines, schema)
        return table

    monkeypatch.setattr(engine, "_from_json", watched)
    path = tmp_path / "log.jsonl"
    for end in (b"\n" + _LINE % b"", b""):
        path.write_bytes(b"x" * 3 * MAX_LINE + end)
        assert columns.read(path)["timer"].to_pylist() == [None, "T2"][: 1 + bool(end)]
    assert max(held) == (1 << 10) + MAX_LINE + 1


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    """What a spreadsheet writes ahead of the first column does not hide that column, be it a label."""
    path = tmp_path / "log.csv"
    path.write_text("\ufeffuser,timer,event,at\nanna,T1,start,2026-03-02T08:00:00Z\n")
    (_, batch) = engine.read_batches(path, ["user"])
    assert batch["user"].to_pylist() == ["anna"]


@pytest.mark.parametrize(
    ("head", "reason"),
    [("timer,timer,event,at", "column timer: there twice"), ("x" * 200_000, "not a table: log.csv: field larger than")],
)
def test_a_head_that_names_no_columns_is_rejected(head: str, reason: str, tmp_path: Path) -> None:
    """A column that is there twice is rejected and not guessed; so is a head that is none."""
    path = tmp_path / "log.csv"
    path.write_text(f"{head}\nT1,T2,start,2026-03-02T08:00:00Z\n")
    with pytest.raises(pc.InvalidColumns, match=reason):
        columns.read(path)


def test_a_text_of_several_lines_may_lie_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note with a line feed in it is read in a large CSV file as in a small one."""
    monkeypatch.setattr(engine, "_CHUNK", 1 << 10)
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
@example(["0000-12-31T00:00:00Z"])
@example(["2026-02-29T00:00:00Z"])
def test_a_text_is_an_instant_if_instant_says_so(texts: list[str | None]) -> None:
    """Arrow's parser is only a faster way to the same answer."""

    def scalar(text: str | None) -> int | None:
        try:
            return None if text is None else pc.instant(text)
        except pc.InvalidInstant:
            return None

    parsed = engine.parse_instants(pa.array(texts, pa.string()))
    assert parsed.cast(pa.int64()).to_pylist() == [scalar(text) for text in texts]


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_text_cannot_say_every_instant(suffix: str, tmp_path: Path) -> None:
    """An instant outside the years 1 to 9999 has no text; writing it is rejected."""
    for at in (-(2**60), 2**60):
        wide = pa.table({"at": pa.array([None, at]).cast(UTC)})
        with pytest.raises(pc.InstantOutOfRange):
            columns.write(wide, tmp_path / f"wide.{suffix}")


def test_a_suffix_says_the_format(tmp_path: Path) -> None:
    """An unknown suffix is rejected by name, in reading and in writing."""
    with pytest.raises(pc.UnknownFormat, match=r"cannot tell the format of 'log.xlsx': its suffix is none of .parquet"):
        columns.read(tmp_path / "log.xlsx")
    with pytest.raises(pc.UnknownFormat):
        columns.write(log(), tmp_path / "log")


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "csv"])
def test_a_damaged_file_is_rejected(suffix: str, tmp_path: Path) -> None:
    """A file that is not what its suffix says is rejected by name; a missing one is the system's error."""
    path = tmp_path / f"log.{suffix}"
    path.write_bytes(b"timer,event,at\nT1,start,5,6\n" * 3)
    with pytest.raises(pc.InvalidColumns, match=f"not a table: log.{suffix}: "):
        columns.read(path)
    with pytest.raises(FileNotFoundError):
        columns.read(tmp_path / f"none.{suffix}")


def test_a_file_without_the_columns_is_rejected(tmp_path: Path) -> None:
    """A table of something else says which column is missing."""
    other = pa.table({"event": pa.array([1]), "when": pa.array([2])})
    for suffix in ("parquet", "arrow", "arrows", "csv"):
        columns.write(other, tmp_path / f"other.{suffix}")
        with pytest.raises(pc.InvalidColumns, match="column timer: missing; the columns are: event"):
            columns.replay_file(tmp_path / f"other.{suffix}", tmp_path / "timers.parquet")
