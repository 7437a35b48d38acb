"""`punchclock replay` shows its progress on a terminal where a log is long, and batches do not show in its report."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from punchclock import columns
from punchclock.cli import run
from punchclock.columns.text_formats import LABELS

WEEK = Path(__file__).parents[1] / "docs" / "examples" / "week.jsonl"
EVENTS = len(WEEK.read_bytes().splitlines())


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error is a terminal of a fixed width, as rich sees it, and progress is shown at every line."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("punchclock.cli.reading._STRIDE", 1)


@pytest.fixture
def piped_week(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard input is a pipe with the example week in it."""
    read, write = os.pipe()
    os.write(write, WEEK.read_bytes())
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as log:
        monkeypatch.setattr(sys, "stdin", log)
        yield


@pytest.mark.usefixtures("_terminal")
def test_a_long_file_shows_how_much_of_it_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file has a size, so the bar shows the part read, and the number of events."""
    monkeypatch.setattr("punchclock.cli.reading._LONG", 0)
    assert run(["replay", "--json", str(WEEK)]) == 0
    shown = capsys.readouterr()
    assert f"{EVENTS:,} events" in shown.err
    assert len(shown.out.splitlines()) == 12


@pytest.mark.usefixtures("_terminal")
def test_a_short_file_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A short log is read before a bar could be seen."""
    assert run(["replay", "--json", str(WEEK)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("_terminal", "piped_week")
def test_a_pipe_shows_how_many_events_have_come(capsys: pytest.CaptureFixture[str]) -> None:
    """The length of a pipe is unknown, so events are counted."""
    assert run(["replay", "--json", "-"]) == 0
    assert f"{EVENTS:,} events" in capsys.readouterr().err


@pytest.mark.usefixtures("piped_week")
def test_without_a_terminal_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """In a script, standard error has complaints only."""
    assert run(["replay", "--json", "-"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_table_is_reported_alike_in_batches_of_any_size(
    size: int, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Timers go on from batch to batch, with the timeline that is drawn of them."""
    lines = [json.loads(line) for line in WEEK.read_bytes().splitlines()]
    lines = [line for line in lines if line["event"] not in {"amend", "discard"}]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    columns.write(pa.concat_tables(columns.read_batches(log, LABELS)), log.with_suffix(".parquet"))
    status = run(["replay", str(log), *options])
    expected = capsys.readouterr()
    monkeypatch.setattr("punchclock.columns.binary_formats._BATCH", size)
    assert run(["replay", str(log.with_suffix(".parquet")), *options]) == status
    assert capsys.readouterr() == expected
    assert options or "Timeline" in expected.out
