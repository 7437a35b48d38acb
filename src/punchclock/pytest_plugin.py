"""The pytest plugin, which is installed with the package and provides fixtures.

pytest loads it in every run, so it imports the sandbox only when a test uses a fixture.
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
    """A warning about a fault that a test has injected and that no call has met."""


class SandboxFactory(Protocol):
    """A function that creates sandboxes, which are closed when the test ends."""

    def __call__(self, workspace: Workspace | None = None, **options: Any) -> Sandbox:  # noqa: ANN401 Sandbox's own
        """Return a new sandbox; the arguments are those of `punchclock.sandbox.Sandbox`."""


@pytest.fixture
def punchclock_sandboxes() -> Iterator[SandboxFactory]:
    """A factory, for tests that need several sandboxes or another workspace than the demo workspace."""
    from punchclock.sandbox import Sandbox  # noqa: PLC0415 - see the top of this module

    sandboxes: list[Sandbox] = []
    with ExitStack() as stack:

        def make(workspace: Workspace | None = None, **options: Any) -> Sandbox:  # noqa: ANN401
            sandboxes.append(stack.enter_context(Sandbox(workspace, **options)))
            return sandboxes[-1]

        yield make
        for sandbox in sandboxes:
            _warn_of_unused_faults(sandbox)


@pytest.fixture
def punchclock_sandbox(punchclock_sandboxes: SandboxFactory) -> Sandbox:
    """A new in-memory sandbox with the demo workspace, for one test."""
    return punchclock_sandboxes()


def _warn_of_unused_faults(sandbox: Sandbox) -> None:
    """Warn of faults that never fired, except limits: a test may check that a limit was not exceeded."""
    from punchclock.sandbox.faults import LIMITS  # noqa: PLC0415 - as above

    for report in sandbox.faults.reports():
        if not report.fired and report.fault.effect not in LIMITS:
            written = msgspec.json.encode(report.fault).decode()
            warnings.warn(f"{written} never fired; {report.matched} calls matched it", FaultNeverFired, stacklevel=1)
