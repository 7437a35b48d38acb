"""Helpers of the TimeTrack tests: the demo account and calls to it."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from punchclock import Event, Timer
from punchclock.instants import format_instant
from punchclock.vendors import timetrack
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import CallResult, Request, Vendor
from punchclock.vendors.records import VendorTimer
from punchclock.workspaces import demo_workspace
from vendor_history import VendorHistory

KEYS = {"x-timetrack-api-key": "timetrack-key", "x-timetrack-api-secret": "timetrack-secret"}
PROJECT = "/api/v2/ext/timers/project_timer"
ATTENDANCE = "/api/v2/ext/attendance_timer"

#: The server's time, which no call uses.
SERVER_TIME = 4_102_444_800_000_000


def demo(*records: VendorTimer) -> MemoryAccount:
    """Return the demo account with these timers."""
    return MemoryAccount(demo_workspace(), records)


def send(account: MemoryAccount, request: Request) -> CallResult:
    """Send a request and store what it changes."""
    result = timetrack.handle(request, account, SERVER_TIME)
    account.apply(result.changes)
    return result


def make_request(operation: str, parameters: msgspec.Struct) -> Request:
    """Return the request that the client's side creates for a call."""
    key, secret = KEYS.values()
    return timetrack.request(operation, parameters, key=key, secret=secret)


def post(account: MemoryAccount, path: str, **parameters: object) -> CallResult:
    """Send a call with its parameters in the body."""
    return send(account, Request(method="POST", path=path, headers=KEYS, body=msgspec.json.encode(parameters)))


def read(account: MemoryAccount, path: str, query: str) -> CallResult:
    """Send a call with its parameters in the query."""
    return send(account, Request(method="GET", path=path, query=query, headers=KEYS))


def start(account: MemoryAccount, date: str, **more: object) -> CallResult:
    """Start the project timer of the page's example."""
    example = {"username": "test", "clientName": "Client 006", "projectName": "Project 006_1"}
    return post(account, f"{PROJECT}/start", date=date, **(example | more))


def body(result: CallResult) -> dict[str, Any]:
    """Return the object in a response."""
    return msgspec.json.decode(result.response.body, type=dict[str, Any])


def error(result: CallResult) -> tuple[int, int, str, str]:
    """Return HTTP status, code, title and detail of a rejection, after checking its shape."""
    assert result.changes == ()
    assert result.rejection is not None
    content = body(result)
    assert list(content) == ["errors"]
    (only,) = content["errors"]
    assert list(only) == ["title", "status", "code", "detail"]
    assert only["status"] == result.response.status
    return only["status"], only["code"], only["title"], only["detail"]


# ---- for the tests of all vendors, which find these names here -----------------------------------------

_USER: dict[str, Any] = {"username": "test"}
_DATE: dict[str, Any] = {"date": "2026-03-02T12:00:00Z"}

#: Valid parameters of each call. Ids are those of the first record.
CALLS: dict[str, dict[str, Any]] = {
    "read_project_timer": _DATE | _USER,
    "start_project_timer": _DATE | _USER | {"clientName": "Client 006", "projectName": "Project 006_1"},
    "pause_project_timer": _DATE | _USER,
    "resume_project_timer": _DATE | _USER,
    "stop_project_timer": _DATE | _USER,
    "get_attendance_timer": _DATE | _USER,
    "start_attendance_timer": _DATE | _USER,
    "stop_attendance_timer": _DATE | _USER,
}

#: The call that starts a timer, and a call that reads it without changing anything.
START_CALL, READ_CALL = "start_project_timer", "read_project_timer"

#: A field that the response of every rejection has.
REJECTION_FIELD = "errors"


def credentials(person: int) -> dict[str, str]:
    """Return the credentials of a person of the demo workspace, as `request` takes them."""
    return {"key": "timetrack-key", "secret": "timetrack-secret"}


class History(VendorHistory):
    """Every event has a call, with a date."""

    vendor: ClassVar[Vendor[Any]] = timetrack.VENDOR
    key: ClassVar[dict[str, str]] = {"key": "timetrack-key", "secret": "timetrack-secret"}

    def happen(self, event: Event, now: int) -> None:
        """Start on a project by name; every other call is on the user's timer."""
        if event is Event.START:
            named = {"client_name": "Client 006", "project_name": "Project 006_1", "username": "resource"}
            parameters = timetrack.StartProjectTimer(date=format_instant(now), **named)
            self.call("start_project_timer", parameters, now, **self.key)
        else:
            self.of_mine(f"{event}_project_timer", now)

    def of_mine(self, operation: str, now: int) -> Any:  # noqa: ANN401 - what the call answers
        """Make a call on the user's timer."""
        parameters = timetrack.ProjectTimerOf(date=format_instant(now), username="resource")
        return self.call(operation, parameters, now, **self.key)

    def shown(self, now: int) -> Timer | None:
        """The user's timer, as read."""
        timer: Timer = self.of_mine("read_project_timer", now).timer
        return timer
