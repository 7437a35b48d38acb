"""An account at Intervals, in the demo workspace, and how the tests call on it."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

import punchclock as pc
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import CallResult, Request
from punchclock.vendors.intervals import IntervalsTimer, handle
from punchclock.workspaces import demo_workspace

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")

JSON = {"content-type": "application/json", "accept": "application/json"}
XML = {"content-type": "application/xml", "accept": "application/xml"}


class Harness:
    """An account and what is sent to it; a call that succeeds is stored, as the account's keeper would."""

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
        """A call by a person; a body that is no bytes is written as JSON."""
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
        """The ``timer`` element of the answer to a call that succeeds."""
        result = self.send(method, path, body, **how)
        assert result.rejection is None, result.response.body
        element: dict[str, Any] = body_of(result)["timer"]
        return element

    def ids(self, query: str = "", *, person: int = 1) -> list[int]:
        """The ids of the timers that a list holds."""
        return [timer["id"] for timer in body_of(self.send("GET", "/timer/", query=query, person=person))["timer"]]

    def record(self, id: int) -> IntervalsTimer:
        """What the account keeps."""
        record = self.account.get(IntervalsTimer, str(id))
        assert record is not None
        return record

    def timers(self) -> dict[str, IntervalsTimer]:
        """Everything that the account keeps."""
        return {str(id): record for id in range(1001, 1040) if (record := self.account.get(IntervalsTimer, str(id)))}


def basic(person: int, anything: str = "X") -> dict[str, str]:
    """A person's credentials: the API token as the user name, and any password."""
    token = f"intervals-token-{person}:{anything}"
    return {"authorization": "Basic " + base64.b64encode(token.encode()).decode()}


def body_of(result: CallResult) -> dict[str, Any]:
    """The body of an answer in JSON."""
    decoded: dict[str, Any] = msgspec.json.decode(result.response.body)
    return decoded


def rejected(result: CallResult) -> tuple[int, int, str]:
    """HTTP status, error code and parameter of a rejection, whose body is held to be what it says."""
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
