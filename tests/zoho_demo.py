"""Helpers of the Zoho People tests: the demo account and calls to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

import punchclock as pc
from punchclock import Event
from punchclock.vendors import zoho
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import CallResult, Request, Vendor
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Job, Settings
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace
from vendor_history import VendorHistory

PAGE = tomllib.loads((Path(__file__).parent / "pages" / "zoho.toml").read_text(encoding="utf-8"))["sentence"]

ROOT = "/people/api/timetracker"
ZONE = "Europe/Berlin"

#: Monday, 2026-03-02, 09:00:00 local time.
NINE = pc.instant("2026-03-02T08:00:00Z")


def sentences(heading: str, beginning: str) -> list[str]:
    """Return the sentences under a heading of the page with this beginning."""
    found = [each["text"] for each in PAGE if each["heading"] == heading and each["text"].startswith(beginning)]
    assert found
    return found


def account(*records: VendorTimer, settings: Settings | None = None, jobs: tuple[Job, ...] = ()) -> MemoryAccount:
    """Return the demo account with these timelogs, other settings and additional jobs."""
    workspace = demo_workspace()
    workspace = replace(
        workspace, settings=settings or workspace.settings, jobs={**workspace.jobs, **{job.id: job for job in jobs}}
    )
    return MemoryAccount(workspace, records)


def send(stored: MemoryAccount, request: Request, at: int) -> CallResult:
    """Send a request and store what it changes."""
    result = zoho.handle(request, stored, at)
    stored.apply(result.changes)
    return result


def make_request(call: str, person: int = 3, /, **parameters: object) -> Request:
    """Return a request with its parameters in the query, as on the page."""
    query = urlencode({"authtoken": f"zoho-token-{person}", **parameters})
    return Request(method="GET", path=f"{ROOT}/{call}", query=query)


def get(stored: MemoryAccount, call: str, at: int, person: int = 3, /, **parameters: object) -> CallResult:
    """Send a call."""
    return send(stored, make_request(call, person, **parameters), at)


START = {"user": "3", "jobId": "41", "workDate": "2026-03-02", "timer": "start", "billingStatus": "billable"}


def start(stored: MemoryAccount, at: int = NINE, person: int = 3, **parameters: object) -> str:
    """Start a timer and return the id of its timelog."""
    result = get(stored, "timer", at, person, **{**START, "user": person, **parameters})
    body = body_of(result)
    assert result.response.status == 200, body
    started: str = body["result"][0]["timeLogId"]
    return started


def body_of(result: CallResult) -> dict[str, Any]:
    """Return the content of the envelope of a JSON response."""
    envelope = msgspec.json.decode(result.response.body)
    assert list(envelope) == ["response"]
    body: dict[str, Any] = envelope["response"]
    return body


def rejected(result: CallResult) -> tuple[str, int, str]:
    """Return a rejection's own message, its error code and the code's message."""
    body = body_of(result)
    assert list(body) == ["message", "uri", "errors", "status"]
    assert body["status"] == 1
    assert result.changes == ()
    errors = body["errors"][0] if isinstance(body["errors"], list) else body["errors"]
    assert list(errors) == ["code", "message"]
    return body["message"], errors["code"], errors["message"]


def timelog(stored: MemoryAccount, id: str) -> ZohoTimer:
    """Return the stored timelog with this id."""
    record = stored.get(ZohoTimer, id)
    assert record is not None
    return record


# ---- for the tests of all vendors, which find these names here -----------------------------------------

#: Valid parameters of each call. Ids are those of the first record.
CALLS: dict[str, dict[str, Any]] = {
    "start_timer": {
        "user": "3",
        "jobId": "41",
        "workDate": "2026-03-02",
        "billingStatus": "billable",
        "timer": "start",
    },
    "pause_timer": {"timeLogId": "1001", "timer": "stop"},
    "resume_timer": {"timeLogId": "1001", "timer": "start"},
    "get_running_timer": {},
    "get_comments": {"timeLogId": "1001"},
    "add_comment": {"timeLogId": "1001", "comment": "half way"},
    "delete_comment": {"commentId": "1003"},
}

#: The call that starts a timer, and a call that reads it without changing anything.
START_CALL, READ_CALL = "start_timer", "get_running_timer"

#: A field that the response of every rejection has.
REJECTION_FIELD = "response"


def credentials(person: int) -> dict[str, str]:
    """Return the credentials of a person of the demo workspace, as `request` takes them."""
    return {"token": f"zoho-token-{person}"}


class History(VendorHistory):
    """Without a stop: a pause is the nearest call."""

    vendor: ClassVar[Vendor[Any]] = zoho.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "zoho-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """``timer=start`` starts and resumes; ``timer=stop`` pauses the running timer."""
        if event is Event.START:
            parameters = zoho.StartTimer(
                user="3", job_id="41", work_date="2026-03-02", billing_status="billable", timer="start"
            )
            self.call("start_timer", parameters, now, **self.token)
        elif event is Event.RESUME:
            self.call("resume_timer", zoho.ResumeTimer(time_log_id="1001", timer="start"), now, **self.token)
        elif self.runs():
            self.call("pause_timer", zoho.PauseTimer(time_log_id="1001", timer="stop"), now, **self.token)
