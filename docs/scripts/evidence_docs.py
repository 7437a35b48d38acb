"""The table of the evidence, from the results that ``python -m evidence --save`` has saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "tests" / "evidence" / "results.json"


def evidence_table() -> str:
    """Return the table of claims, the totals, and the machine of the last run."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = results["rows"]
    lines = [("claim", "command", "tried", "result", "time"), ("---",) * 5, *map(_line, rows)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    held = sum(row["status"] == "holds" for row in rows)
    total = _time(sum(row["seconds"] for row in rows))
    return (
        f"{table}\n{len(rows)} claims, {held} of them hold; {total} in all.\n"
        f"punchclock {results['version']} on {results['machine']}.\n"
    )


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    command = f"PYTHONPATH=tests python -m evidence {row['means']}" + (" --long" if row["budget"] == "long" else "")
    result = "holds" if row["status"] == "holds" else f"**{row['status']}**: {_cell(row['finding'])}"
    return _cell(row["claim"]), f"`{command}`", _cell(row["size"]), result, _time(row["seconds"])


def _cell(content: str) -> str:
    return content.replace("|", r"\|").replace("\n", " ")


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
