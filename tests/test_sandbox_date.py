"""The ``Date`` of a vendor's response: the sandbox's instant, floored to the second."""

from __future__ import annotations

import pytest

import punchclock as pc
from punchclock.sandbox import Clock, Effect, Fault, Sandbox
from punchclock.vendors.calls import Request
from sandbox_calls import NOON, call, send

NOON_AT = pc.instant(NOON)


@pytest.mark.parametrize(
    ("at", "date"),
    [
        (NOON_AT, "Mon, 02 Mar 2026 12:00:00 GMT"),
        (NOON_AT + 1, "Mon, 02 Mar 2026 12:00:00 GMT"),
        (NOON_AT + 500_000, "Mon, 02 Mar 2026 12:00:00 GMT"),
        (NOON_AT + 999_999, "Mon, 02 Mar 2026 12:00:00 GMT"),
        (NOON_AT + 1_000_000, "Mon, 02 Mar 2026 12:00:01 GMT"),
        (NOON_AT - 1, "Mon, 02 Mar 2026 11:59:59 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (999_999, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (-999_999, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (-1_000_000, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (-1_000_001, "Wed, 31 Dec 1969 23:59:58 GMT"),
        (pc.instant("0002-01-01T00:00:00Z"), "Tue, 01 Jan 0002 00:00:00 GMT"),
        (pc.instant("9998-12-31T23:59:59Z"), "Thu, 31 Dec 9998 23:59:59 GMT"),
    ],
)
def test_the_date_is_floored(at: int, date: str) -> None:
    """A date is never after the instant, also before 1970 where instants are negative."""
    sandbox = Sandbox(clock=at)
    assert send(sandbox, call("intervals", "list_timers"))[1]["date"] == date


def test_the_date_is_the_instant_of_the_decision() -> None:
    """The date, the journal and the timer have the same instant, that of the decision."""
    instants = iter(range(NOON_AT, NOON_AT + 10_000_000, 1_000_000))
    sandbox = Sandbox(clock=Clock(system=lambda: next(instants)))
    sandbox.faults.add(Fault(effect=Effect.SKEW, seconds=3600))
    status, headers, _ = send(sandbox, call("intervals", "create_timer"))  # the fault reads the clock first
    (entry,) = sandbox.journal()
    assert (status, entry.at) == (201, NOON_AT + 3_601_000_000)
    assert headers["date"] == "Mon, 02 Mar 2026 13:00:01 GMT"


def test_every_response_of_a_vendor_has_a_date() -> None:
    """Success, rejection, an injected one and a request that is too large have a date; an unknown path has none."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.REJECT, status=503, nth=3))
    requests = [
        call("intervals", "list_timers"),
        Request(method="GET", path="/timer"),
        call("intervals", "list_timers"),
        Request(method="GET", path="/timer", query="x" * 100_000),
    ]
    responses = [sandbox.dispatch(request) for request in requests]
    assert [response.status for response in responses] == [200, 401, 503, 400]
    assert {response.headers["date"] for response in responses} == {"Mon, 02 Mar 2026 12:00:00 GMT"}
    assert "date" not in sandbox.dispatch(Request(method="GET", path="/nothing")).headers
