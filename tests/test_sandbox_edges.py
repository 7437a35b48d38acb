"""The exact microsecond at which a quota, a rate limit, a lock or a `Date` header changes."""

from __future__ import annotations

import pytest

import punchclock as pc
from punchclock.sandbox import Effect, Fault, Sandbox
from sandbox_calls import NOON, call, send

SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
MIDNIGHT = pc.instant("2026-03-03T00:00:00Z")


def allowed(fault: Fault, *instants: int) -> list[bool]:
    """Whether a call at each of these instants is allowed under a limit."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(fault)
    found = []
    for at in instants:
        sandbox.clock.freeze(at)
        found.append(send(sandbox, call("intervals", "list_timers"))[0] == 200)
    return found


def test_a_quota_starts_again_at_midnight() -> None:
    """A call at midnight counts for the new day, one a microsecond before it for the old day."""
    quota = Fault(effect=Effect.QUOTA, vendor="intervals", calls=1, per_seconds=DAY / SECOND)
    assert allowed(quota, MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY - 1, MIDNIGHT + DAY) == [True, False, False, True]
    assert allowed(quota, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1) == [True, True, False]


def test_a_rate_limit_ends_after_its_seconds() -> None:
    """A call is counted for exactly the seconds of the limit."""
    limit = Fault(effect=Effect.RATE_LIMIT, vendor="intervals", calls=1, per_seconds=10)
    assert allowed(limit, MIDNIGHT, MIDNIGHT + 10 * SECOND - 1, MIDNIGHT + 10 * SECOND) == [True, False, True]


def test_a_lock_ends_after_its_seconds() -> None:
    """The lock lasts for exactly its seconds from the call that was too many; later ones don't prolong it."""
    lock = Fault(effect=Effect.RATE_LIMIT, vendor="intervals", calls=1, per_seconds=1, lock_seconds=60)
    begin = MIDNIGHT + 1
    assert allowed(lock, MIDNIGHT, begin, begin + 60 * SECOND - 1, begin + 60 * SECOND) == [True, False, False, True]


def test_a_limit_is_measured_in_microseconds() -> None:
    """The shortest limit lasts for one microsecond."""
    shortest = Fault(effect=Effect.RATE_LIMIT, vendor="intervals", calls=1, per_seconds=1e-6)
    assert allowed(shortest, MIDNIGHT, MIDNIGHT, MIDNIGHT + 1) == [True, False, True]


@pytest.mark.parametrize(
    "at", ["2026-03-02T12:00:00.000000Z", "2026-03-02T12:00:00.500000Z", "2026-03-02T12:00:00.999999Z"]
)
def test_the_date_is_the_second_that_has_begun(at: str) -> None:
    """The ``Date`` header is the instant of the decision, rounded down to a second."""
    sandbox = Sandbox(clock=at)
    assert send(sandbox, call("intervals", "list_timers"))[1]["date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
