"""`punchclock replay` on tables: the same output as from the lines, and the picture."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from punchclock import columns
from punchclock.cli import run
from punchclock.columns.text_formats import LABELS

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
    """Give the terminal a fixed width."""
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of lines; the same folder holds it as tables."""
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    table = pa.concat_tables(columns.read_batches(path, LABELS))
    for suffix in ("parquet", "arrow", "arrows", "feather", "csv"):
        columns.write(table, path.with_suffix(f".{suffix}"))
    return path


@pytest.mark.parametrize("options", [[], ["--json"], ["--at", "2026-03-02T22:00:00Z"], ["--zone", "Asia/Tokyo"]])
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "feather"])
def test_a_table_gives_the_output_of_its_lines(
    suffix: str, options: list[str], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With any options, a table gives the same output, the same messages and the same exit status as the lines."""
    status = run(["replay", str(log), *options])
    expected = capsys.readouterr()
    assert run(["replay", str(log.with_suffix(f".{suffix}")), *options]) == status == 1
    assert capsys.readouterr() == expected
    assert "line 1: timer 'B': cannot pause a timer that is idle" in expected.err


def test_messages_about_csv_have_the_line_of_the_file(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In CSV the header is counted as a line, as in an editor; the output is the same."""
    run(["replay", str(log)])
    expected = capsys.readouterr()
    run(["replay", str(log.with_suffix(".csv"))])
    found = capsys.readouterr()
    assert found.out == expected.out
    assert found.err.startswith("line 2: timer 'B': cannot pause a timer that is idle")


def test_a_long_table_shows_its_progress(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, a long table has a progress line with the events done and their rate."""
    monkeypatch.setattr("punchclock.cli.reading._LONG", 0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    run(["replay", "--json", str(log.with_suffix(".parquet"))])
    assert "8 events, " in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_picture_is_drawn_besides_the_output(
    suffix: str, options: list[str], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The picture has a row for each user and for each timer without a user, and marks timers that still run."""
    run(["replay", str(log), *options])
    expected = capsys.readouterr()
    target = log.with_name("week.svg")
    run(["replay", str(log.with_suffix(f".{suffix}")), "--plot", str(target), *options])
    assert capsys.readouterr() == expected
    text = target.read_text(encoding="utf-8")
    words = ["anne", "ben", "C", "02:00:00", "05:00:00", "00:00:00", "not ended"]
    assert [word for word in words if f"<!-- {word} -->" not in text] == []


def test_the_picture_shows_corrections(tmp_path: Path) -> None:
    """An amended timer is drawn as amended: break from its start, then its work."""
    log = tmp_path / "log.jsonl"
    amend = {"event": "amend", "at": "2026-03-02T12:00:00Z", "worked_seconds": 3600, "since": "2026-03-02T10:00:00Z"}
    log.write_text("".join(json.dumps({"timer": "A"} | line) + "\n" for line in (LINES[1], amend)))
    assert run(["replay", str(log), "--plot", str(tmp_path / "day.svg")]) == 0
    assert "<!-- 03:00:00 -->" in (tmp_path / "day.svg").read_text(encoding="utf-8")


def test_a_picture_has_at_most_sixty_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A message counts the rows beyond sixty; the timeline on the terminal has its own limit."""
    log = tmp_path / "log.jsonl"
    log.write_text(
        "".join(json.dumps(LINES[1] | {"timer": f"T{each}", "user": f"u{each}"}) + "\n" for each in range(61))
    )
    assert run(["replay", str(log), "--plot", str(tmp_path / "many.svg")]) == 0
    found = capsys.readouterr()
    assert "the picture shows 60 of 61 rows" in found.err
    assert "and 31 more timers" in found.out


def test_a_picture_that_cannot_be_written_is_a_usage_error(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown suffix and a missing folder give a message of one line and the status of a usage error."""
    assert run(["replay", str(log), "--plot", "week.jpg"]) == 2
    assert "a picture is one of .png, .svg" in capsys.readouterr().err
    assert run(["replay", str(log), "--plot", str(log.parent / "none" / "week.svg")]) == 2
    assert "cannot write the picture: No such file or directory" in capsys.readouterr().err


def test_a_log_without_timers_gives_an_empty_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A log without timers is drawn as a picture without rows."""
    log = tmp_path / "log.jsonl"
    log.write_text("")
    assert run(["replay", str(log), "--plot", str(tmp_path / "none.png")]) == 0
    assert "no timers" in capsys.readouterr().err
    assert (tmp_path / "none.png").stat().st_size > 0


def test_a_damaged_table_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not have the format of its suffix gives a message of one line."""
    log = tmp_path / "log.parquet"
    log.write_text("no table")
    assert run(["replay", str(log)]) == 2
    assert "not a table: log.parquet" in capsys.readouterr().err
