"""The pytest plugin, as in a project that only installs the package."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from punchclock import pytest_plugin
from punchclock.pytest_plugin import FaultNeverFired, SandboxFactory
from punchclock.sandbox import ConnectionDropped, Effect, Fault, Sandbox
from punchclock.workspaces import demo_workspace
from sandbox_calls import NOON, call, send


def run(folder: Path, test: str, *options: str) -> str:
    """Run pytest on a file in its own folder, and return the output."""
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
    """Tests use the fixtures without any set-up, and each test has its own sandbox."""
    output = run(
        tmp_path,
        "def test_one(punchclock_sandbox):\n"
        "    assert punchclock_sandbox.handle('GET', '/nowhere')[0] == 404\n"
        "    assert len(list(punchclock_sandbox.journal())) == 1\n"
        "def test_other(punchclock_sandbox, punchclock_sandboxes):\n"
        "    assert list(punchclock_sandbox.journal()) == []\n"
        "    assert punchclock_sandboxes(clock='2026-03-02T08:00:00Z').clock.frozen\n",
    )
    assert "2 passed" in output, output


def test_the_sandbox_is_closed_at_the_end(tmp_path: Path) -> None:
    """A sandbox is closed when its test ends, also if the test fails."""
    output = run(
        tmp_path,
        "closed = []\n"
        "def test_one(punchclock_sandbox, monkeypatch):\n"
        "    punchclock_sandbox.store.close = lambda: closed.append(True)\n"
        "    assert False\n"
        "def test_other():\n"
        "    assert closed == [True]\n",
    )
    assert "1 failed, 1 passed" in output, output


UNFIRED = (
    "from punchclock.sandbox import Fault, Effect\n"
    "def test_one(punchclock_sandbox):\n"
    "    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, vendor='zoho', nth=3))\n"
)


def test_a_fault_that_never_fired_is_a_warning(tmp_path: Path) -> None:
    """A fault that hit no call is a warning when the test ends; a project can make it an error."""
    output = run(tmp_path, UNFIRED)
    assert "1 passed, 1 warning" in output, output
    assert 'FaultNeverFired: {"effect":"drop","vendor":"zoho","nth":3} never fired; 0 calls matched it' in output
    output = run(tmp_path, UNFIRED, "-W", "error::punchclock.pytest_plugin.FaultNeverFired")
    assert "1 passed, 1 error" in output, output


def test_other_faults_are_no_warning(tmp_path: Path) -> None:
    """A fault that hit a call, a removed fault and a limit give no warning."""
    output = run(
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
    assert "3 passed" in output, output
    assert "warning" not in output


def warned(sandbox: Sandbox) -> list[str]:
    """Return the warnings at the end of a test, and remove the faults."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pytest_plugin._warn_of_unused_faults(sandbox)  # noqa: SLF001 - no test can check its own teardown
    sandbox.faults.clear()
    assert all(each.category is FaultNeverFired for each in caught)
    return [str(each.message) for each in caught]


def test_each_fault_that_never_fired_is_named(punchclock_sandbox: Sandbox) -> None:
    """Each fault that hit no call has its own warning, with the number of calls that matched it."""
    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, nth=3))
    punchclock_sandbox.faults.add(Fault(effect=Effect.REJECT, nth=2))
    punchclock_sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=5, vendor="zoho"))
    for _ in range(2):
        send(punchclock_sandbox, call("intervals", "list_timers"))
    assert warned(punchclock_sandbox) == [
        '{"effect":"drop","nth":3} never fired; 2 calls matched it',
        '{"effect":"latency","vendor":"zoho","seconds":5.0} never fired; 0 calls matched it',
    ]
    assert warned(punchclock_sandbox) == []


@pytest.mark.parametrize("effect", Effect)
def test_only_limits_may_never_fire(punchclock_sandbox: Sandbox, effect: Effect) -> None:
    """Every effect but a rate limit and a quota gives a warning if it hit no call, and none if it hit one."""
    options = {"calls": 1, "per_seconds": 60} if effect in (Effect.RATE_LIMIT, Effect.QUOTA) else {}
    seconds = 0.001 if effect in (Effect.LATENCY, Effect.SKEW) else 0
    fault = msgspec.convert({"effect": effect, "seconds": seconds, **options}, Fault)
    punchclock_sandbox.faults.add(fault)
    assert len(warned(punchclock_sandbox)) == (0 if options else 1)
    punchclock_sandbox.faults.add(fault)
    for _ in range(2):
        with suppress(ConnectionDropped):
            send(punchclock_sandbox, call("intervals", "list_timers"))
    assert punchclock_sandbox.faults.reports()[0].fired >= 1
    assert warned(punchclock_sandbox) == []


def test_every_sandbox_of_a_test_is_checked(tmp_path: Path) -> None:
    """The warning is for each sandbox that the test has made, at its end, also if the test fails."""
    output = run(
        tmp_path,
        "from punchclock.sandbox import Fault, Effect\n"
        "def test_one(punchclock_sandboxes, punchclock_sandbox):\n"
        "    for vendor in ('zoho', 'intervals'):\n"
        "        punchclock_sandboxes().faults.add(Fault(effect=Effect.DROP, vendor=vendor))\n"
        "    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, vendor='timetrack'))\n"
        "    assert False\n",
    )
    assert "1 failed, 3 warnings" in output, output
    for vendor in ("zoho", "intervals", "timetrack"):
        assert f'FaultNeverFired: {{"effect":"drop","vendor":"{vendor}"}} never fired; 0 calls matched it' in output


def test_the_plugin_alone_imports_no_sandbox() -> None:
    """A run without the fixtures imports neither the sandbox nor its dependencies."""
    program = (
        "import sys, punchclock.pytest_plugin\n"
        "heavy = {'punchclock.sandbox', 'starlette', 'uvicorn', 'httpx', 'sqlalchemy', 'click', 'pendulum'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "httpx"])
def test_without_the_extra_only_the_fixture_fails(tmp_path: Path, missing: str) -> None:
    """Without the extra, other tests run, and a test that uses a fixture says what to install."""
    output = run(
        tmp_path,
        f"import sys; sys.modules[{missing!r}] = None\n"
        "def test_plain(): pass\n"
        "def test_sandbox(punchclock_sandbox): pass\n",
    )
    assert "1 passed, 1 error" in output, output
    assert "pip install 'punchclock[sandbox]'" in output


def test_a_fault_that_fired_is_no_warning(punchclock_sandbox: Sandbox) -> None:
    """A fault that hit a call gives no warning at teardown; a warning would be an error in this test."""
    punchclock_sandbox.faults.add(Fault(effect=Effect.DROP, vendor="intervals"))
    with pytest.raises(ConnectionDropped):
        punchclock_sandbox.handle("GET", "/timer")
    assert [report.fired for report in punchclock_sandbox.faults.reports()] == [1]
