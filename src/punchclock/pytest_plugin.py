"""The pytest plugin. It is installed with the package, so that tests can use its fixtures without any set-up.

pytest loads it in every run, so it doesn't import the sandbox before a test uses a fixture.
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
    """A warning: a test injected a fault that hit no call, so the test didn't test what it was written for."""


class SandboxFactory(Protocol):
    """A factory of sandboxes that are closed when the test ends."""

    def __call__(self, workspace: Workspace | None = None, **options: Any) -> Sandbox:  # noqa: ANN401 those of Sandbox
        """Return a new sandbox; the arguments are those of `punchclock.sandbox.Sandbox`."""


@pytest.fixture
def punchclock_sandboxes() -> Iterator[SandboxFactory]:
    """A factory for tests that need several sandboxes, or another workspace than the demo workspace."""
    from punchclock.sandbox import Sandbox  # noqa: PLC0415 - only when a test needs it

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
    """A sandbox of the demo workspace, in memory, isolated from those of other tests."""
    return punchclock_sandboxes()


def _warn_of_unused_faults(sandbox: Sandbox) -> None:
    """Warn of faults that hit no call. Limits are exempt: a test may check that a client stays within one."""
    from punchclock.sandbox.faults import LIMITS  # noqa: PLC0415 - only when a test needs it

    for report in sandbox.faults.reports():
        if not report.fired and report.fault.effect not in LIMITS:
            written = msgspec.json.encode(report.fault).decode()
            warnings.warn(f"{written} never fired; {report.matched} calls matched it", FaultNeverFired, stacklevel=1)
