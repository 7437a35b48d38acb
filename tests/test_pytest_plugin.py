"""The pytest plugin, as a project has it that only installs the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from punchclock.pytest_plugin import FaultNeverFired, SandboxFactory
from punchclock.sandbox import ConnectionDropped, Effect, Fault, Sandbox
from punchclock.workspaces import demo_workspace
from sandbox_calls import NOON, call, send


def run(folder: Path, test: str, *options: str) -> str:
    """What pytest says of a file of tests, in a folder of its own."""
    (folder / "test_mine.py").write_text(test, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))},
    )
    return ran.stdout + ran.stderr


def test_the_fixture_is_a_sandbox_of_the_demo_workspace(punchclock_sandbox: Sandbox) -> None:
    """The fixture is an empty sandbox of the demo workspace, in memory."""
    assert punchclock_sandbox.workspace == demo_workspace()
    assert punchclock_sandbox.timers() == []


def test_the_factory_makes_several(punchclock_sandboxes: SandboxFactory) -> None:
    """The factory's sandboxes are isolated, each with a workspace and a clock of its own."""
    one, other = punchclock_sandboxes(clock=NOON), punchclock_sandboxes(demo_workspace(), clock="2026-03-03T08:00:00Z")
    send(one, call("intervals", "create_timer"))
    assert (len(one.timers()), len(other.timers())) == (1, 0)
    assert one.clock.now() < other.clock.now()


def test_it_is_installed_with_the_package(tmp_path: Path) -> None:
    """A project's test asks for the fixtures without any set-up, and each test's sandbox is its own."""
    said = run(
        tmp_path,
        "def test_one(punchclock_sandbox):\n"
        "    assert punchclock_sandbox.handle('GET', '/nowhere')[0] == 404\n"
        "    assert len(list(punchclock_sandbox.journal())) == 1\n"
        "def test_other(punchclock_sandbox, punchclock_sandboxes):\n"
        "    assert list(punchclock_sandbox.journal()) == []\n"
        "    assert punchclock_sandboxes(clock='2026-03-02T08:00:00Z').clock.frozen\n",
    )
    assert "2 passed" in said, said


def test_the_sandbox_is_closed_at_the_end(tmp_path: Path) -> None:
    """What a sandbox holds is let go of when its test ends, however that ends."""
    said = run(
        tmp_path,
        "closed = []\n"
        "def test_one(punchclock_sandbox, monkeypatch):\n"
        "    punchclock_sandbox.store.close = lambda: closed.append(True)\n"
        "    assert False\n"
        "def test_other():\n"
        "    assert closed == [True]\n",
    )
    assert "1 failed, 1 passed" in said, said


UNFIRED = (
    "from punchclock.sandbox import Fault, Effect\n"
    "def test_one(punchclock_sandbox):\n"
    "    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, vendor='zoho', nth=3))\n"
)


def test_a_fault_that_never_fired_is_a_warning(tmp_path: Path) -> None:
    """A fault that hit no call is told when the test has ended; a project can make that an error."""
    said = run(tmp_path, UNFIRED)
    assert "1 passed, 1 warning" in said, said
    assert 'FaultNeverFired: {"effect":"drop","vendor":"zoho","nth":3} never fired; 0 calls matched it' in said
    said = run(tmp_path, UNFIRED, "-W", "error::punchclock.pytest_plugin.FaultNeverFired")
    assert "1 passed, 1 error" in said, said


def test_no_other_fault_is(tmp_path: Path) -> None:
    """A fault that fired, one that was taken away, and a limit that was kept to are as they should be."""
    said = run(
        tmp_path,
        "import pytest\n"
        "from punchclock.sandbox import ConnectionDropped, Effect, Fault\n"
        "def test_fired(punchclock_sandbox):\n"
        "    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP))\n"
        "    with pytest.raises(ConnectionDropped):\n"
        "        punchclock_sandbox.handle('GET', '/timer')\n"
        "def test_cleared(punchclock_sandbox):\n"
        "    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP))\n"
        "    assert punchclock_sandbox.faults.clear()[0].fired == 0\n"
        "def test_limit(punchclock_sandbox):\n"
        "    punchclock_sandbox.faults.add(Fault(effect=Effect.RATE_LIMIT, vendor='zoho'))\n",
        "-W",
        "error",
    )
    assert "3 passed" in said, said
    assert "warning" not in said


def test_the_warning_is_raised_here_too(punchclock_sandboxes: SandboxFactory) -> None:
    """The same, told of the fixture's own teardown: the warning names the fault."""
    from punchclock import pytest_plugin

    sandbox = punchclock_sandboxes()
    sandbox.faults.add(Fault(effect=Effect.DROP))
    with pytest.warns(FaultNeverFired, match="drop"):
        pytest_plugin._warn_of_unused_faults(sandbox)  # noqa: SLF001 - at teardown no test could look any more
    sandbox.faults.clear()


def test_it_loads_nothing_of_the_sandbox() -> None:
    """A run that does not use the fixtures loads neither the sandbox nor what the sandbox stands on."""
    program = (
        "import sys, punchclock.pytest_plugin\n"
        "heavy = {'punchclock.sandbox', 'starlette', 'uvicorn', 'httpx', 'sqlalchemy', 'click', 'pendulum'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "httpx"])
def test_without_the_extra_only_the_fixture_fails(tmp_path: Path, missing: str) -> None:
    """Where the sandbox's extra is not installed, a run goes as ever, and who asks for a sandbox is told what to do."""
    said = run(
        tmp_path,
        f"import sys; sys.modules[{missing!r}] = None\n"
        "def test_plain(): pass\n"
        "def test_sandbox(punchclock_sandbox): pass\n",
    )
    assert "1 passed, 1 error" in said, said
    assert "pip install 'punchclock[sandbox]'" in said


def test_a_fault_that_fired_is_no_warning_here_either(punchclock_sandbox: Sandbox) -> None:
    """At teardown nothing is reported of a fault that hit a call; any warning would be an error of this test."""
    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, vendor="intervals"))
    with pytest.raises(ConnectionDropped):
        punchclock_sandbox.handle("GET", "/timer")
    assert [report.fired for report in punchclock_sandbox.faults.reports()] == [1]
