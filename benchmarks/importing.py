"""The time of ``import punchclock`` in a new interpreter."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.pairs import Row, ratio_row

PAIRS = 25


def rows() -> list[Row]:
    """Compare `import punchclock` with `import msgspec`, which is part of it."""
    _import("punchclock")  # the first import writes the byte code
    samples = [(_import("punchclock"), _import("msgspec")) for _ in range(PAIRS)]
    return [ratio_row("import punchclock", "import msgspec", samples, target=1.5, faster=False)]


def _import(module: str) -> float:
    """Return the nanoseconds of an import in a new interpreter."""
    program = f"import time; a = time.perf_counter_ns(); import {module}; print(time.perf_counter_ns() - a)"
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)
