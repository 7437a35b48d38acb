"""`punchclock replay` names the line of a rejected row of a table, in whatever batch it is read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from punchclock import columns
from punchclock.cli import run
from punchclock.columns.text_formats import LABELS

#: Rows 2, 4 and 5 are rejected.
LINES = [
    {"timer": "A", "event": "start", "at": "2026-03-02T08:00:00Z"},
    {"timer": "B", "event": "pause", "at": "2026-03-02T08:30:00Z"},
    {"timer": "A", "event": "pause", "at": "2026-03-02T09:00:00Z"},
    {"timer": "A", "event": "pause", "at": "2026-03-02T09:30:00Z"},
    {"timer": "C", "event": "stop", "at": "2026-03-02T10:00:00Z"},
]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_rejected_row_has_the_number_of_its_line(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows are counted on from batch to batch, as the lines of the same log are."""
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    columns.write(pa.concat_tables(columns.read_batches(log, LABELS)), log.with_suffix(".parquet"))
    assert run(["replay", "--json", str(log)]) == 1
    expected = capsys.readouterr()
    monkeypatch.setattr("punchclock.columns.binary_formats._BATCH", size)
    assert run(["replay", "--json", str(log.with_suffix(".parquet"))]) == 1
    found = capsys.readouterr()
    assert found == expected
    numbers = [line.partition(":")[0] for line in found.err.splitlines() if line.startswith("line ")]
    assert numbers == ["line 2", "line 4", "line 5"]
