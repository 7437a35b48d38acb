"""Helpers of the Worksection tests: stored timers, an account, and requests to both APIs."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from punchclock import Event, instant, start
from punchclock.vendors import worksection
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request, Vendor
from punchclock.vendors.worksection import WorksectionTimer
from punchclock.workspaces import demo_workspace
from vendor_history import VendorHistory

NOW = instant("2026-03-02T08:00:00Z")
KEY = "worksection-admin-key"
TOKEN = "worksection-token-3"

FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
JSON = {"content-type": "application/json; charset=utf-8"}
MULTIPART = {"content-type": "multipart/form-data; boundary=------------------------d74496d66958873e"}


def shouted(headers: dict[str, str]) -> dict[str, str]:
    """Return the same content type with its name in capitals."""
    media, _, rest = headers["content-type"].partition(";")
    return {"content-type": f"{media.upper()};{rest}"}


def running(person: str = "3", task: str = "31", id: str = "1001", at: int = NOW) -> WorksectionTimer:
    """Return a timer as `start_my_timer` creates it."""
    workspace = demo_workspace()
    found = workspace.tasks[task]
    assert found.project is not None
    return WorksectionTimer(
        id=id,
        timer=start(at),
        person=workspace.people[person],
        client=found.project.client,
        project=found.project,
        task=found,
    )


def account(*records: WorksectionTimer) -> MemoryAccount:
    """Return an account in the demo workspace with these timers."""
    return MemoryAccount(demo_workspace(), records)


def user_call(query: str, *, headers: dict[str, str] | None = None, body: bytes = b"", method: str = "GET") -> Request:
    """Return a call to the user API by person 3."""
    sent = {"authorization": f"Bearer {TOKEN}"} | (headers or {})
    return Request(method=method, path="/api/oauth2", query=query, headers=sent, body=body)


def admin_call(query: str, *, headers: dict[str, str] | None = None, body: bytes = b"", method: str = "GET") -> Request:
    """Return an unsigned call to the admin API."""
    return Request(method=method, path="/api/admin/v2", query=query, headers=headers or {}, body=body)


def md5(text: str) -> str:
    """Return the hash as PHP writes it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def multipart(parameters: dict[str, str]) -> bytes:
    """Return a form as PHP's curl sends an array."""
    parts = "".join(
        "--------------------------d74496d66958873e\r\n"
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parameters.items()
    )
    return f"{parts}--------------------------d74496d66958873e--\r\n".encode()


# ---- for the tests of all vendors, which find these names here -----------------------------------------

#: Valid parameters of each call. Ids are those of the first record.
CALLS: dict[str, dict[str, Any]] = {
    "get_timers": {},
    "stop_timer": {"timer": "1001"},
    "get_my_timer": {},
    "start_my_timer": {"id_task": "31"},
    "stop_my_timer": {"comment": "done"},
    "delete_my_timer": {},
}

#: The call that starts a timer, and a call that reads it without changing anything.
START_CALL, READ_CALL = "start_my_timer", "get_my_timer"

#: A field that the response of every rejection has.
REJECTION_FIELD = "status_code"


def credentials(person: int) -> dict[str, str]:
    """Return the credentials of a person of the demo workspace, as `request` takes them."""
    return {"token": f"worksection-token-{person}", "key": "worksection-admin-key"}


class History(VendorHistory):
    """Without a pause: each segment of work is a timer of its own, saved when it stops."""

    vendor: ClassVar[Vendor[Any]] = worksection.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "worksection-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Start and resume start a timer; pause and stop save the running one."""
        if event in (Event.START, Event.RESUME):
            self.call("start_my_timer", worksection.StartMyTimer(id_task=31), now, **self.token)
        elif self.runs():
            self.call("stop_my_timer", worksection.StopMyTimer(), now, **self.token)
