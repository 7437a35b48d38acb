"""Every call of every vendor, as its client side sends it, for the tests of the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from punchclock import vendors
from punchclock.sandbox import Sandbox
from punchclock.timer import Timer
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Request

__all__ = [
    "BASIC",
    "CALLS",
    "NOON",
    "body_of",
    "call",
    "send",
    "stored_timers",
    "with_credentials",
    "without_credentials",
]

#: Intervals' credentials of person 3.
BASIC: Final = {"authorization": "Basic " + base64.b64encode(b"intervals-token-3:X").decode()}

NOON: Final = "2026-03-02T12:00:00Z"

_USER: Final[dict[str, Any]] = {"username": "test"}
_DATE: Final[dict[str, Any]] = {"date": "2026-03-02T12:00:00Z"}

#: (vendor, operation) → valid parameters of the call. Ids are those of the first record.
CALLS: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("intervals", "list_timers"): {},
    ("intervals", "get_timer"): {"id": "1001"},
    ("intervals", "delete_timer"): {"id": "1001"},
    ("intervals", "create_timer"): {"personid": 3},
    ("intervals", "update_timer"): {"id": "1001", "starttime": None, "time": 90},
    ("timetrack", "read_project_timer"): _DATE | _USER,
    ("timetrack", "start_project_timer"): _DATE | _USER | {"clientName": "Client 006", "projectName": "Project 006_1"},
    ("timetrack", "pause_project_timer"): _DATE | _USER,
    ("timetrack", "resume_project_timer"): _DATE | _USER,
    ("timetrack", "stop_project_timer"): _DATE | _USER,
    ("timetrack", "get_attendance_timer"): _DATE | _USER,
    ("timetrack", "start_attendance_timer"): _DATE | _USER,
    ("timetrack", "stop_attendance_timer"): _DATE | _USER,
    ("worksection", "get_timers"): {},
    ("worksection", "stop_timer"): {"timer": "1001"},
    ("worksection", "get_my_timer"): {},
    ("worksection", "start_my_timer"): {"id_task": "31"},
    ("worksection", "stop_my_timer"): {"comment": "done"},
    ("worksection", "delete_my_timer"): {},
    ("zoho", "start_timer"): {
        "user": "3",
        "jobId": "41",
        "workDate": "2026-03-02",
        "billingStatus": "billable",
        "timer": "start",
    },
    ("zoho", "pause_timer"): {"timeLogId": "1001", "timer": "stop"},
    ("zoho", "resume_timer"): {"timeLogId": "1001", "timer": "start"},
    ("zoho", "get_running_timer"): {},
    ("zoho", "get_comments"): {"timeLogId": "1001"},
    ("zoho", "add_comment"): {"timeLogId": "1001", "comment": "half way"},
    ("zoho", "delete_comment"): {"commentId": "1003"},
}

_SECRETS: Final = ("authorization", "x-timetrack-api-key", "x-timetrack-api-secret")


def call(vendor: str, operation: str, person: int = 3, **parameters: object) -> Request:
    """Return a call by a person of the demo workspace; ``parameters`` replace the table's, and `UNSET` omits one."""
    of = vendors.load(vendor)
    row = of.operation(operation)
    named = {name: value for name, value in {**CALLS[vendor, operation], **parameters}.items() if value is not UNSET}
    sent = msgspec.convert(named, row.request, strict=False)
    credentials: dict[str, dict[str, str]] = {
        "intervals": {"token": f"intervals-token-{person}"},
        "timetrack": {"key": "timetrack-key", "secret": "timetrack-secret"},
        "worksection": {"token": f"worksection-token-{person}", "key": "worksection-admin-key"},
        "zoho": {"token": f"zoho-token-{person}"},
    }
    return of.request(operation, sent, **credentials[vendor])


def without_credentials(request: Request) -> Request:
    """Return the call without its credentials."""
    headers = {name: value for name, value in request.headers.items() if name not in _SECRETS}
    query = urlencode([(name, value) for name, value in parse_qsl(request.query) if name != "hash"])
    return replace(request, headers=headers, query=query)


def with_credentials(request: Request, change: Callable[[str], str]) -> Request:
    """Return the call with each credential changed."""
    headers = {name: change(value) if name in _SECRETS else value for name, value in request.headers.items()}
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = urlencode([(name, change(value) if name == "hash" else value) for name, value in pairs])
    return replace(request, headers=headers, query=query)


def send(sandbox: Sandbox, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Send a call in process."""
    return sandbox.handle(request.method, request.path, request.query, request.headers, request.body)


def body_of(sandbox: Sandbox, vendor: str, operation: str, person: int = 3, **parameters: object) -> Any:  # noqa: ANN401 a body of any shape
    """Send a call, and return the decoded body of its response."""
    return msgspec.json.decode(send(sandbox, call(vendor, operation, person, **parameters))[2])


def stored_timers(sandbox: Sandbox) -> dict[str, Timer]:
    """Return every timer of the sandbox, by its name in the event log."""
    with sandbox.store.reading() as account:
        return {
            f"{record.vendor}/{record.kind}/{record.id}": record.timer
            for module in (intervals, timetrack, worksection, zoho)
            for of in module.VENDOR.timer_types
            for record in account.find(Query(of=of)).records
        }
