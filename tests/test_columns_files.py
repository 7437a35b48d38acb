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
from columns_logs import records, refusals, table
from punchclock import columns

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
        refused = rejected.read_text()
        assert "110" in refused
        assert "illegal-transition" in refused
        assert timers.read_text().count("stopped") == 30
    else:
        read = {"parquet": pq.read_table, "arrows": lambda path: pa.ipc.open_stream(path).read_all()}
        opened = read.get(suffix, lambda path: pa.ipc.open_file(path).read_all())
        assert sorted(records(opened(timers))) == sorted(records(whole.timers))
        assert refusals(opened(rejected)) == refusals(whole.rejected)


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
    assert refusals(rejected) == [(2, "null-value"), (3, "null-value"), (4, "null-value")]


def test_lines_of_json_are_counted_one_by_one(tmp_path: Path) -> None:
    """An empty line is a row, as it is in an event log; a correction is no event that columns know."""
    path = tmp_path / "log.jsonl"
    line = '{"timer": "T1", "event": "%s", "at": "2026-03-02T08:00:00Z"%s}\n'
    path.write_text(line % ("start", "") + "\n" + line % ("discard", "") + line % ("stop", ""))
    timers, rejected = columns.replay(columns.read(path))
    assert timers["state"].to_pylist() == ["stopped"]
    assert refusals(rejected) == [(1, "null-value"), (2, "unknown-event")]


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
    """An instant outside the years 1 to 9999 has no text; writing it is refused."""
    for at in (-(2**60), 2**60):
        wide = pa.table({"at": pa.array([None, at]).cast(UTC)})
        with pytest.raises(pc.InstantOutOfRange):
            columns.write(wide, tmp_path / f"wide.{suffix}")


def test_a_suffix_says_the_format(tmp_path: Path) -> None:
    """An unknown suffix is refused by name, in reading and in writing."""
    with pytest.raises(pc.UnknownFormat, match=r"cannot tell the format of 'log.xlsx': its suffix is none of .parquet"):
        columns.read(tmp_path / "log.xlsx")
    with pytest.raises(pc.UnknownFormat):
        columns.write(log(), tmp_path / "log")


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "csv"])
def test_a_damaged_file_is_refused(suffix: str, tmp_path: Path) -> None:
    """A file that is not what its suffix says is refused by name; a missing one is the system's error."""
    path = tmp_path / f"log.{suffix}"
    path.write_bytes(b"timer,event\nT1,start,5,6\n" * 3)
    with pytest.raises(pc.MalformedTable, match=f"not a table: log.{suffix}: "):
        columns.read(path)
    with pytest.raises(FileNotFoundError):
        columns.read(tmp_path / f"none.{suffix}")


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    """A table of something else says which column is missing."""
    other = pa.table({"event": pa.array([1]), "when": pa.array([2])})
    for suffix in ("parquet", "arrow", "arrows"):
        columns.write(other, tmp_path / f"other.{suffix}")
        with pytest.raises(pc.MalformedTable, match="column timer: missing; the columns are: event"):
            columns.replay_file(tmp_path / f"other.{suffix}", tmp_path / "timers.parquet")
