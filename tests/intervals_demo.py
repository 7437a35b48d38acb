"""An account at Intervals in the demo workspace, and a harness that sends it calls."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import msgspec

import punchclock as pc
from punchclock import Event, not_before, to_datetime, worked_at
from punchclock.units import SECOND
from punchclock.vendors import intervals
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import CallResult, Request, Vendor
from punchclock.vendors.intervals import IntervalsTimer, handle
from punchclock.workspaces import demo_workspace
from vendor_history import VendorHistory

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")

JSON = {"content-type": "application/json", "accept": "application/json"}
XML = {"content-type": "application/xml", "accept": "application/xml"}


class Harness:
    """An account to which calls are sent; the changes of a successful call are stored."""

    def __init__(self) -> None:
        self.account = MemoryAccount(WORKSPACE)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        person: int = 3,
        now: int = NOW,
        query: str = "",
        headers: dict[str, str] | None = None,
    ) -> CallResult:
        """Send a call by a person; a body other than bytes is encoded as JSON."""
        written = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        request = Request(
            method=method, path=path, query=query, headers=basic(person) | (headers or JSON), body=written
        )
        before = self.timers()
        result = handle(request, self.account, now)
        assert self.timers() == before, "handle reads the account and never writes it"
        if result.rejection is not None:
            assert not result.changes
        self.account.apply(result.changes)
        return result

    def timer(self, method: str, path: str, body: object = None, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - as `send` has them
        """Return the ``timer`` element in the response to a successful call."""
        result = self.send(method, path, body, **how)
        assert result.rejection is None, result.response.body
        element: dict[str, Any] = body_of(result)["timer"]
        return element

    def ids(self, query: str = "", *, person: int = 1) -> list[int]:
        """Return the ids of the timers in a list."""
        return [timer["id"] for timer in body_of(self.send("GET", "/timer/", query=query, person=person))["timer"]]

    def record(self, id: int) -> IntervalsTimer:
        """Return the stored timer with this id."""
        record = self.account.get(IntervalsTimer, str(id))
        assert record is not None
        return record

    def timers(self) -> dict[str, IntervalsTimer]:
        """Return all stored timers."""
        return {str(id): record for id in range(1001, 1040) if (record := self.account.get(IntervalsTimer, str(id)))}


def basic(person: int, anything: str = "X") -> dict[str, str]:
    """Return a person's credentials: the API token as the user name, with any password."""
    token = f"intervals-token-{person}:{anything}"
    return {"authorization": "Basic " + base64.b64encode(token.encode()).decode()}


def body_of(result: CallResult) -> dict[str, Any]:
    """Return the body of a JSON response."""
    decoded: dict[str, Any] = msgspec.json.decode(result.response.body)
    return decoded


def rejected(result: CallResult) -> tuple[int, int, str]:
    """Return HTTP status, error code and parameter of a rejection, after checking its body."""
    rejection = result.rejection
    assert rejection is not None, result.response.body
    assert result.response.status == rejection.status
    if result.response.headers["content-type"] == "application/json":
        body = body_of(result)
        assert body == {
            "status": "Error",
            "code": rejection.status,
            "error": {
                "code": rejection.vendor_code,
                "message": rejection.message,
                "verbose": rejection.detail,
            },
        }
    return rejection.status, rejection.vendor_code, rejection.field


# ---- for the tests of all vendors, which find these names here -----------------------------------------

#: Valid parameters of each call. Ids are those of the first record.
CALLS: dict[str, dict[str, Any]] = {
    "list_timers": {},
    "get_timer": {"id": "1001"},
    "delete_timer": {"id": "1001"},
    "create_timer": {"personid": 3},
    "update_timer": {"id": "1001", "starttime": None, "time": 90},
}

#: The call that starts a timer, and a call that reads it without changing anything.
START_CALL, READ_CALL = "create_timer", "get_timer"

#: A field that the response of every rejection has.
REJECTION_FIELD = "error"


def credentials(person: int) -> dict[str, str]:
    """Return the credentials of a person of the demo workspace, as `request` takes them."""
    return {"token": f"intervals-token-{person}"}


class History(VendorHistory):
    """A pause blanks ``starttime`` and sets the sum, as its clients do; so does a stop, its nearest call."""

    vendor: ClassVar[Vendor[Any]] = intervals.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "intervals-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Create the timer, or set its ``starttime``, which Intervals writes to the second."""
        if event is Event.START:
            self.call("create_timer", intervals.WriteTimer(personid=3, taskid=31, time=0), now, **self.token)
            return
        if event is Event.RESUME:
            starttime = to_datetime(now).replace(tzinfo=None).isoformat(" ", "seconds")
            parameters = intervals.WriteTimer(id="1001", starttime=starttime)
        else:
            shown = self.call("get_timer", intervals.GetTimer(id="1001"), now, **self.token).timer
            total = worked_at(shown, not_before(shown, now)) / SECOND
            parameters = intervals.WriteTimer(id="1001", starttime=None, time=total)
        self.call("update_timer", parameters, now, **self.token)
