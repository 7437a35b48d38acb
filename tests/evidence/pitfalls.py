"""Pitfalls: where other trackers' timers went wrong, each report a test that this library passes and the mistake fails.

The tests are ``tests/test_pitfalls.py``, and each of them keeps the mistake beside it: it is run on both. Here they are
run as a whole, and counted; a test that would not catch its mistake fails itself.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from evidence.claims import Budget, Claim, Refuted

__all__ = ["CLAIMS", "reported_mistakes"]

_ROOT: Final = Path(__file__).parents[2]


def reported_mistakes(budget: Budget, tests: Path = _ROOT / "tests" / "test_pitfalls.py") -> str:
    """Every test of the file, and nothing but.

    Raises:
        Refuted: one failed, or there was none, or one does not run its check on a mistake.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    ran = subprocess.run(command, cwd=_ROOT, capture_output=True, encoding="utf-8", check=False)
    passed = re.search(r"^(\d+) passed", ran.stdout, flags=re.MULTILINE)
    if ran.returncode or passed is None:
        raise Refuted(ran.stdout[-1000:] + ran.stderr[-1000:])
    for node in ast.parse(tests.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            called = {
                call.func.id for call in ast.walk(node) if isinstance(call, ast.Call) and hasattr(call.func, "id")
            }
            if "holds_here_and_not_there" not in called:
                raise Refuted(f"{node.name} has no mistake beside it")
    return f"{passed[1]} reports, each with the mistake beside it, which the same check catches"


CLAIMS: Final = (Claim("what went wrong in other trackers is right here", reported_mistakes),)
