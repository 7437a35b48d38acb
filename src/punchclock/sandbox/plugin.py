"""The pytest plugin: installed with the package, so that a test only has to ask for its fixture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from punchclock.sandbox import Sandbox
    from punchclock.vendors.world import World

__all__ = ["SandboxFactory", "punchclock_sandbox", "punchclock_sandboxes"]


class SandboxFactory(Protocol):
    """Makes sandboxes that are closed when the test ends."""

    def __call__(self, world: World | None = None, **options: Any) -> Sandbox:  # noqa: ANN401 Sandbox's own
        """A sandbox of its own, with the arguments of `punchclock.sandbox.Sandbox`."""


@pytest.fixture
def punchclock_sandboxes() -> Iterator[SandboxFactory]:
    """A factory, for a test that needs several sandboxes, or other worlds than the demo world."""
    from punchclock.sandbox import Sandbox  # noqa: PLC0415 - a plugin loads in every run, the sandbox only where it is used

    with ExitStack() as stack:

        def make(world: World | None = None, **options: Any) -> Sandbox:  # noqa: ANN401
            return stack.enter_context(Sandbox(world, **options))

        yield make


@pytest.fixture
def punchclock_sandbox(punchclock_sandboxes: SandboxFactory) -> Sandbox:
    """A sandbox of the demo world, in memory, isolated from every other test's."""
    return punchclock_sandboxes()
