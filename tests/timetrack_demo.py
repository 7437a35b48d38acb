"""The demo account as a TimeTrack client reaches it; shared by the tests of that vendor."""

from __future__ import annotations

from typing import Any

import msgspec

from punchclock.vendors import timetrack
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Outcome, Request
from punchclock.vendors.records import Record
from punchclock.worlds import demo_world

KEYS = {"x-timetrack-api-key": "timetrack-key", "x-timetrack-api-secret": "timetrack-secret"}
PROJECT = "/api/v2/ext/timers/project_timer"
ATTENDANCE = "/api/v2/ext/attendance_timer"

#: The server's clock, which no call may look at.
SERVER_TIME = 4_102_444_800_000_000


def demo(*records: Record) -> MemoryAccount:
    """The demo account, with these records in it."""
    return MemoryAccount(demo_world(), records)


def send(account: MemoryAccount, request: Request) -> Outcome:
    """Send a request and store what it changes."""
    outcome = timetrack.handle(request, account, SERVER_TIME)
    account.apply(outcome.changes)
    return outcome


def asked(operation: str, parameters: msgspec.Struct) -> Request:
    """The request that the client's side makes of a call."""
    key, secret = KEYS.values()
    return timetrack.request(operation, parameters, key=key, secret=secret)


def post(account: MemoryAccount, path: str, **parameters: object) -> Outcome:
    """Send a call with its parameters in the body."""
    return send(account, Request(method="POST", path=path, headers=KEYS, body=msgspec.json.encode(parameters)))


def read(account: MemoryAccount, path: str, query: str) -> Outcome:
    """Send a call with its parameters in the query."""
    return send(account, Request(method="GET", path=path, query=query, headers=KEYS))


def start(account: MemoryAccount, date: str, **more: object) -> Outcome:
    """Start the project timer of the page's example."""
    example = {"username": "test", "clientName": "Client 006", "projectName": "Project 006_1"}
    return post(account, f"{PROJECT}/start", date=date, **(example | more))


def body(outcome: Outcome) -> dict[str, Any]:
    """The object in a reply."""
    return msgspec.json.decode(outcome.reply.body, type=dict[str, Any])


def error(outcome: Outcome) -> tuple[int, int, str, str]:
    """HTTP status, code, title and detail of a refusal, which has no effect and only the documented shape."""
    assert outcome.changes == ()
    assert outcome.rejection is not None
    content = body(outcome)
    assert list(content) == ["errors"]
    (only,) = content["errors"]
    assert list(only) == ["title", "status", "code", "detail"]
    assert only["status"] == outcome.reply.status
    return only["status"], only["code"], only["title"], only["detail"]
