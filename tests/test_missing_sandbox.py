"""`import punchclock.sandbox` says what to install if its extra is missing, and nothing else hides another error."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("missing", "reported"),
    [
        ("starlette", "MissingExtra: the sandbox needs an extra: pip install 'punchclock[sandbox]'"),
        ("punchclock.sandbox.journal", "ModuleNotFoundError: import of punchclock.sandbox.journal halted"),
    ],
)
def test_a_missing_module_is_reported(missing: str, reported: str) -> None:
    """A missing dependency is a missing extra; a missing module of the package itself is reported as it is."""
    program = f"import sys; sys.modules[{missing!r}] = None; import punchclock.sandbox"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert reported in found.stderr.splitlines()[-1]
