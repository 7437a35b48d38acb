"""The base of every vendor's `History`: the events of a timer, made through the vendor's own calls.

Each vendor's ``NAME_demo.py`` has one, for the tests that compare all vendors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec

from punchclock import Event, State, Timer, worked_at
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import Vendor
from punchclock.workspaces import demo_workspace

ZONE = "Europe/Berlin"


class VendorHistory(ABC):
    """Person 3 working on task 31, or on job 41 of the same project, through a vendor's own calls."""

    vendor: ClassVar[Vendor[Any]]

    def __init__(self) -> None:
        self.account = MemoryAccount(demo_workspace())

    def call(self, operation: str, parameters: msgspec.Struct, now: int, **credentials: str) -> Any:  # noqa: ANN401
        """Make a call, store its changes, and return the response as read."""
        request = self.vendor.request(operation, parameters, **credentials)
        result = self.vendor.handle(request, self.account, now)
        assert result.rejection is None
        self.account.apply(result.changes)
        response = result.response
        return self.vendor.read_response(
            operation, response.status, response.headers, response.body, now=now, zone=ZONE
        )

    def replay(self, history: list[tuple[Event, int]]) -> None:
        """Make the calls of a history, in order."""
        for event, now in history:
            self.happen(event, now)

    def shown(self, now: int) -> Timer | None:
        """The timer as the vendor shows it, if it shows breaks."""
        return None

    def timers(self) -> list[Timer]:
        """The account's timers."""
        return [record.timer for record in self.account.find(Query(of=self.vendor.timer_types[0])).records]

    def worked(self, now: int) -> int:
        """The total work of the account's timers."""
        return sum(worked_at(timer, now) for timer in self.timers())

    def runs(self) -> bool:
        """Whether a timer runs."""
        return any(timer.state is State.RUNNING for timer in self.timers())

    @abstractmethod
    def happen(self, event: Event, now: int) -> None:
        """Make the call for an event, or for the nearest one that the vendor has."""
