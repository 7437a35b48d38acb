"""The pytest plugin: installed with the package, so that a test only has to ask for its fixtures.

pytest loads it in every run, so it imports nothing of the sandbox until a test does ask.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import pytest

if TYPE_CHECKING:
    from punchclock.sandbox import Sandbox
    from punchclock.vendors.workspace import Workspace

__all__ = ["FaultNeverFired", "SandboxFactory", "punchclock_sandbox", "punchclock_sandboxes"]


class FaultNeverFired(UserWarning):
    """A test has injected a fault that hit no call, so it did not test what it says."""


class SandboxFactory(Protocol):
    """Makes sandboxes that are closed when the test ends."""

    def __call__(self, workspace: Workspace | None = None, **options: Any) -> Sandbox:  # noqa: ANN401 Sandbox's own
        """A sandbox of its own, with the arguments of `punchclock.sandbox.Sandbox`."""


@pytest.fixture
def punchclock_sandboxes() -> Iterator[SandboxFactory]:
    """A factory, for a test that needs several sandboxes, or other workspaces than the demo workspace."""
    from punchclock.sandbox import Sandbox  # noqa: PLC0415 - a plugin loads in every run, the sandbox where it is used

    sandboxes: list[Sandbox] = []
    with ExitStack() as stack:

        def make(workspace: Workspace | None = None, **options: Any) -> Sandbox:  # noqa: ANN401
            sandboxes.append(stack.enter_context(Sandbox(workspace, **options)))
            return sandboxes[-1]

        yield make
        for sandbox in sandboxes:
            _complain(sandbox)


@pytest.fixture
def punchclock_sandbox(punchclock_sandboxes: SandboxFactory) -> Sandbox:
    """A sandbox of the demo workspace, in memory, isolated from every other test's."""
    return punchclock_sandboxes()


def _complain(sandbox: Sandbox) -> None:
    """Warn of faults that never fired; but a limit that was kept is what a test may be about."""
    from punchclock.sandbox.faults import LIMITS  # noqa: PLC0415 - as above

    for report in sandbox.faults.reports():
        if not report.fired and report.fault.effect not in LIMITS:
            written = msgspec.json.encode(report.fault).decode()
            warnings.warn(f"{written} never fired; {report.matched} calls matched it", FaultNeverFired, stacklevel=1)
