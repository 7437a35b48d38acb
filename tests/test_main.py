"""The entry point of the command: it runs the command line, or reports a missing extra in one line."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from punchclock import __main__ as door


class Without:
    """Finds the commands, and reports a module as missing while they load."""

    def __init__(self, missing: str) -> None:
        self.missing = missing

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: object = None) -> None:
        """What importing asks first."""
        if name == "punchclock.cli":
            raise ModuleNotFoundError(f"No module named {self.missing!r}", name=self.missing)


@pytest.mark.parametrize("missing", ["click", "rich", "rich.console"])
def test_a_missing_extra_is_one_line(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without click or rich, the command reports the extra to install on standard error and exits with 2."""
    monkeypatch.delitem(sys.modules, "punchclock.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Without(missing), *sys.meta_path])
    assert door.main(["replay", "-"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "punchclock: the command line needs an extra: pip install 'punchclock[cli]'\n"


def test_any_other_missing_module_is_a_fault_of_the_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing and belongs to no extra is not passed off as one."""
    monkeypatch.delitem(sys.modules, "punchclock.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Without("msgspec"), *sys.meta_path])
    with pytest.raises(ModuleNotFoundError, match="msgspec"):
        door.main([])


def test_python_m_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m punchclock`` runs the command and ends with its status."""
    monkeypatch.setattr(sys, "argv", ["punchclock", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(door.__file__)), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("punchclock ")
