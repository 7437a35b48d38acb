"""Pitfalls: reported mistakes of other trackers, each as a test that punchclock passes and the mistake fails.

The tests are in ``tests/test_pitfalls.py``. Each runs its check on punchclock and on a copy of the mistake, and fails
if the check does not catch the mistake. Here they are run as a process of their own, and counted.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from evidence.claims import Budget, Claim, Refuted

_ROOT: Final = Path(__file__).parents[2]


def reported_mistakes(budget: Budget, tests: Path = _ROOT / "tests" / "test_pitfalls.py") -> str:
    """Run every test of the file.

    Raises:
        Refuted: a test failed or there are none, or a test does not run its check on a mistake.
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
                raise Refuted(f"{node.name} does not check a mistake")
    return f"{passed[1]} reports, each with its mistake, which the same check catches"


CLAIMS: Final = (Claim("punchclock does not repeat the reported mistakes of other trackers", reported_mistakes),)
