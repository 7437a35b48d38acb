"""What ``import punchclock`` adds to the start of a program, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.pairs import Row, ratio_row

__all__ = ["rows"]

PAIRS = 25


def rows() -> list[Row]:
    """`import punchclock` against `import msgspec`, which it needs and so cannot undercut."""
    _import("punchclock")  # the first one writes the byte code
    samples = [(_import("punchclock"), _import("msgspec")) for _ in range(PAIRS)]
    return [ratio_row("import punchclock", "import msgspec", samples, target=1.5, faster=False)]


def _import(module: str) -> float:
    """Nanoseconds that the import takes in an interpreter that has just started."""
    program = f"import time; a = time.perf_counter_ns(); import {module}; print(time.perf_counter_ns() - a)"
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
