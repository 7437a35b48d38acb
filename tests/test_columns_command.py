"""`punchclock replay` on tables, by columns, and its picture: the same answers as from the lines."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from punchclock import columns
from punchclock.cli import run
from punchclock.columns.files import LABELS

LINES = [
    {"timer": "B", "event": "pause", "at": "2026-03-02T08:00:00Z"},
    {"timer": "A", "event": "start", "at": "2026-03-02T08:00:00Z", "user": "anna", "project": "Mill"},
    {"timer": "B", "event": "start", "at": "2026-03-02T21:00:00Z", "user": "ben"},
    {"timer": "A", "event": "pause", "at": "2026-03-02T10:00:00Z", "user": "anne"},
    {"timer": "A", "event": "pause", "at": "2026-03-02T11:00:00Z", "user": "nobody"},
    {"timer": "B", "event": "stop", "at": "2026-03-03T02:00:00Z"},
    {"timer": "A", "event": "resume", "at": "2026-03-02T09:00:00Z"},
    {"timer": "C", "event": "start", "at": "2026-03-03T09:00:00.5Z"},
]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a fixed width."""
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log as lines; the tables made of it stand beside it."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    table = pa.concat_tables(columns.read_batches(path, LABELS))
    for suffix in ("parquet", "arrow", "arrows", "feather", "csv"):
        columns.write(table, path.with_suffix(f".{suffix}"))
    return path


@pytest.mark.parametrize("options", [[], ["--json"], ["--at", "2026-03-02T22:00:00Z"], ["--zone", "Asia/Tokyo"]])
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "feather"])
def test_a_table_is_answered_as_its_lines(
    suffix: str, options: list[str], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is asked, a table gives the same output, the same complaints and the same exit status as the lines."""
    status = run(["replay", str(log), *options])
    expected = capsys.readouterr()
    assert run(["replay", str(log.with_suffix(f".{suffix}")), *options]) == status == 1
    assert capsys.readouterr() == expected
    assert "line 1: timer 'B': cannot pause a timer that is idle" in expected.err


def test_the_lines_of_csv_are_those_of_the_file(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In CSV the head is a line too, as an editor counts; the answer is the same."""
    run(["replay", str(log)])
    expected = capsys.readouterr()
    run(["replay", str(log.with_suffix(".csv"))])
    found = capsys.readouterr()
    assert found.out == expected.out
    assert found.err.startswith("line 2: timer 'B': cannot pause a timer that is idle")


def test_a_long_table_shows_how_fast_it_goes(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, a long table has a line with the events done and their rate, which is gone in the end."""
    monkeypatch.setattr("punchclock.cli.reading._LONG", 0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    run(["replay", "--json", str(log.with_suffix(".parquet"))])
    assert "8 events, " in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_picture_is_drawn_too(suffix: str, options: list[str], log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the answer, a picture with a row for each user, and for each timer of nobody, and what still runs."""
    run(["replay", str(log), *options])
    expected = capsys.readouterr()
    target = log.with_name("week.svg")
    run(["replay", str(log.with_suffix(f".{suffix}")), "--plot", str(target), *options])
    assert capsys.readouterr() == expected
    text = target.read_text(encoding="utf-8")
    words = ["anne", "ben", "C", "02:00:00", "05:00:00", "00:00:00", "not ended"]
    assert [word for word in words if f"<!-- {word} -->" not in text] == []


def test_corrections_are_in_the_picture(tmp_path: Path) -> None:
    """An amended timer is drawn as its record says: break from its start, then its work."""
    log = tmp_path / "log.jsonl"
    amend = {"event": "amend", "at": "2026-03-02T12:00:00Z", "worked_seconds": 3600, "since": "2026-03-02T10:00:00Z"}
    log.write_text("".join(json.dumps({"timer": "A"} | line) + "\n" for line in (LINES[1], amend)))
    assert run(["replay", str(log), "--plot", str(tmp_path / "day.svg")]) == 0
    assert "<!-- 03:00:00 -->" in (tmp_path / "day.svg").read_text(encoding="utf-8")


def test_a_picture_has_so_many_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More than sixty rows are not drawn, and that is said; the timeline on the terminal keeps to its own number."""
    log = tmp_path / "log.jsonl"
    log.write_text(
        "".join(json.dumps(LINES[1] | {"timer": f"T{each}", "user": f"u{each}"}) + "\n" for each in range(61))
    )
    assert run(["replay", str(log), "--plot", str(tmp_path / "many.svg")]) == 0
    found = capsys.readouterr()
    assert "the picture shows 60 of 61 rows" in found.err
    assert "and 31 more timers" in found.out


def test_a_picture_that_cannot_be_is_a_usage_error(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another suffix, or a place that is not there: one line that says so, and the status of a usage error."""
    assert run(["replay", str(log), "--plot", "week.jpg"]) == 2
    assert "a picture is one of .png, .svg" in capsys.readouterr().err
    assert run(["replay", str(log), "--plot", str(log.parent / "none" / "week.svg")]) == 2
    assert "cannot write the picture: No such file or directory" in capsys.readouterr().err


def test_no_timers_make_an_empty_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log without timers is still drawn, without rows."""
    log = tmp_path / "log.jsonl"
    log.write_text("")
    assert run(["replay", str(log), "--plot", str(tmp_path / "none.png")]) == 0
    assert "no timers" in capsys.readouterr().err
    assert (tmp_path / "none.png").stat().st_size > 0


def test_a_damaged_table_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not what its suffix says is rejected in one line."""
    log = tmp_path / "log.parquet"
    log.write_text("no table")
    assert run(["replay", str(log)]) == 2
    assert "not a table: log.parquet" in capsys.readouterr().err
