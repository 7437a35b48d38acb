"""Rate limits and quotas at their edges: the exact microsecond, the last allowed call, and midnight UTC."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import punchclock as pc
from punchclock.sandbox import Clock, Effect, Fault, Sandbox
from punchclock.sandbox.faults import InvalidFault
from punchclock.workspaces import demo_workspace
from sandbox_calls import NOON, call, send, stored_timers

SECOND = 1_000_000
DAY = 86_400 * SECOND
MIDNIGHT = pc.instant("2026-03-03T00:00:00Z")


class Caller:
    """Sends a call at an instant, and records whether a limit allows it."""

    def __init__(self, fault: Fault) -> None:
        self.sandbox = Sandbox(clock=NOON)
        self.sandbox.faults.add(fault)

    def allowed(self, at: int, calls: int = 1) -> list[bool]:
        """Return whether each of several calls at ``at`` is allowed."""
        self.sandbox.clock.freeze(at)
        return [send(self.sandbox, call("intervals", "list_timers"))[0] == 200 for _ in range(calls)]


def quota(calls: int, per_seconds: float) -> Caller:
    """A caller with a quota."""
    return Caller(Fault(effect=Effect.QUOTA, calls=calls, per_seconds=per_seconds))


def rate_limit(calls: int, per_seconds: float, lock_seconds: float = 0) -> Caller:
    """A caller with a rate limit."""
    fault = Fault(effect=Effect.RATE_LIMIT, calls=calls, per_seconds=per_seconds, lock_seconds=lock_seconds)
    return Caller(fault)


@pytest.mark.parametrize("limit", [quota, rate_limit])
@pytest.mark.parametrize("calls", [1, 2, 3])
def test_the_last_allowed_call(limit: Callable[[int, float], Caller], calls: int) -> None:
    """At one instant exactly the allowed number of calls succeeds, and no other."""
    assert limit(calls, 60).allowed(MIDNIGHT, calls + 2) == [True] * calls + [False, False]


def test_a_quota_day_ends_at_midnight_utc() -> None:
    """The last microsecond of a UTC day belongs to it; the first of the next day begins a new quota."""
    caller = quota(2, 86_400)
    assert caller.allowed(MIDNIGHT - DAY, 1) == [True]  # the first microsecond of the day
    assert caller.allowed(MIDNIGHT - 1, 2) == [True, False]  # the last one
    assert caller.allowed(MIDNIGHT, 3) == [True, True, False]
    assert caller.allowed(MIDNIGHT + 1) == [False]
    assert caller.allowed(MIDNIGHT + DAY - 1) == [False]
    assert caller.allowed(MIDNIGHT + DAY) == [True]


def test_a_quota_day_is_not_the_accounts_day() -> None:
    """At midnight in the zone of the account, which is not UTC, no new quota begins."""
    assert demo_workspace().zone == "Europe/Berlin"
    local_midnight = pc.instant("2026-03-03T00:00:00+01:00")
    caller = quota(1, 86_400)
    assert caller.allowed(local_midnight - 1) == [True]
    assert caller.allowed(local_midnight) == [False]
    assert caller.allowed(MIDNIGHT - 1) == [False]
    assert caller.allowed(MIDNIGHT) == [True]


def test_the_periods_of_a_quota_are_multiples_of_its_seconds() -> None:
    """A quota of an hour begins at full hours; the calls of the period before do not count."""
    caller = quota(1, 3600)
    assert caller.allowed(MIDNIGHT + 3600 * SECOND - 1, 2) == [True, False]
    assert caller.allowed(MIDNIGHT + 3600 * SECOND, 2) == [True, False]
    assert caller.allowed(MIDNIGHT + 7200 * SECOND - 1) == [False]


def test_a_quota_before_1970() -> None:
    """Before 1970, where instants are negative, a day ends at midnight too."""
    caller = quota(1, 86_400)
    assert caller.allowed(-DAY, 2) == [True, False]
    assert caller.allowed(-1) == [False]
    assert caller.allowed(0, 2) == [True, False]
    assert caller.allowed(DAY - 1) == [False]


def test_a_rate_limits_window_ends_exactly() -> None:
    """A call counts for exactly the window: one microsecond before its end it counts, at its end it does not."""
    caller = rate_limit(2, 60)
    begin = MIDNIGHT - 30 * SECOND  # the window crosses midnight
    assert caller.allowed(begin) == [True]
    assert caller.allowed(begin + 1, 2) == [True, False]
    assert caller.allowed(begin + 60 * SECOND - 1) == [False]
    assert caller.allowed(begin + 60 * SECOND, 2) == [True, False]
    assert caller.allowed(begin + 60 * SECOND + 1, 2) == [True, False]


def test_a_rejected_call_does_not_count() -> None:
    """A call that a limit rejects does not make the window longer."""
    caller = rate_limit(1, 60)
    assert caller.allowed(MIDNIGHT) == [True]
    assert caller.allowed(MIDNIGHT + 59 * SECOND, 3) == [False] * 3
    assert caller.allowed(MIDNIGHT + 60 * SECOND) == [True]


def test_a_lock_ends_exactly() -> None:
    """The first call too many locks for exactly its seconds; calls during the lock do not make it longer."""
    caller = rate_limit(1, 10, lock_seconds=300)
    assert caller.allowed(MIDNIGHT, 1) == [True]
    assert caller.allowed(MIDNIGHT + 5 * SECOND) == [False]  # this one locks
    end = MIDNIGHT + 305 * SECOND
    assert caller.allowed(MIDNIGHT + 200 * SECOND, 3) == [False] * 3
    assert caller.allowed(end - 1) == [False]
    assert caller.allowed(end, 2) == [True, False]
    assert caller.allowed(end + 300 * SECOND) == [True]


def test_a_lock_that_ends_at_instant_zero() -> None:
    """A lock that ends at the instant 0 locks until then."""
    caller = rate_limit(1, 1, lock_seconds=10)
    assert caller.allowed(-10 * SECOND, 2) == [True, False]
    assert caller.allowed(-5 * SECOND) == [False]
    assert caller.allowed(-1) == [False]
    assert caller.allowed(0) == [True]


def test_a_lock_may_end_within_the_window() -> None:
    """After a lock that is shorter than the window, the calls in the window still count."""
    caller = rate_limit(1, 60, lock_seconds=1)
    assert caller.allowed(MIDNIGHT, 2) == [True, False]
    assert caller.allowed(MIDNIGHT + SECOND) == [False]  # the lock has ended, the window has not; it locks again
    assert caller.allowed(MIDNIGHT + 60 * SECOND) == [True]


def test_a_limit_in_parts_of_a_second() -> None:
    """A window is exact to the microsecond, also a fractional one."""
    caller = rate_limit(1, 0.000_002)
    assert caller.allowed(MIDNIGHT) == [True]
    assert caller.allowed(MIDNIGHT + 1) == [False]
    assert caller.allowed(MIDNIGHT + 2) == [True]


@pytest.mark.parametrize(("microseconds", "window"), [(2.4, 2), (2.9, 3), (3.1, 3)])
def test_seconds_are_rounded_to_microseconds(microseconds: float, window: int) -> None:
    """A window is the nearest number of whole microseconds."""
    caller = rate_limit(1, microseconds / 1e6)
    assert caller.allowed(MIDNIGHT) == [True]
    assert caller.allowed(MIDNIGHT + window - 1) == [False]
    assert caller.allowed(MIDNIGHT + window) == [True]


def test_a_limit_counts_at_the_instant_of_the_call() -> None:
    """In real time a limit reads the clock once for each call, also if several faults match."""
    instants = iter(range(MIDNIGHT, MIDNIGHT + 100))
    sandbox = Sandbox(clock=Clock(system=lambda: next(instants)))
    sandbox.faults.add(Fault(effect=Effect.RATE_LIMIT, calls=1, per_seconds=0.000_002))
    sandbox.faults.add(Fault(effect=Effect.RATE_LIMIT, calls=1, per_seconds=0.000_002))
    assert send(sandbox, call("intervals", "list_timers"))[0] == 200  # reads instants 0 and 1
    assert send(sandbox, call("intervals", "list_timers"))[0] == 200  # reads instants 2 and 3
    assert [(report.matched, report.fired) for report in sandbox.faults.reports()] == [(2, 0), (2, 0)]


# ---- the edges of a fault's own options -------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "seconds", "valid"),
    [
        (Effect.LATENCY, 0, False),
        (Effect.LATENCY, 0.000_999, False),
        (Effect.LATENCY, 0.001, True),
        (Effect.LATENCY, 60, True),
        (Effect.LATENCY, 60.001, False),
        (Effect.LATENCY, -0.001, False),
        (Effect.TIMEOUT, 0, True),
        (Effect.TIMEOUT, 60, True),
        (Effect.TIMEOUT, 60.001, False),
        (Effect.TIMEOUT, -0.001, False),
        (Effect.SKEW, 0, False),
        (Effect.SKEW, 0.000_000_4, False),  # less than half a microsecond
        (Effect.SKEW, 0.000_001, True),
        (Effect.SKEW, -0.000_001, True),
        (Effect.SKEW, 1e9, True),
        (Effect.SKEW, -1e9, True),
        (Effect.SKEW, 1.1e9, False),
    ],
)
def test_the_bounds_of_the_seconds(effect: Effect, seconds: float, valid: bool) -> None:
    """Each effect accepts exactly the seconds within its bounds."""
    sandbox = Sandbox(clock=NOON)
    if valid:
        assert sandbox.faults.add(Fault(effect=effect, seconds=seconds)).seconds == seconds
        return
    with pytest.raises(InvalidFault) as caught:
        sandbox.faults.add(Fault(effect=effect, seconds=seconds))
    assert caught.value.field == "seconds"


def test_a_timeout_of_no_seconds_does_not_wait() -> None:
    """A timeout without a delay closes the connection at once, without a step that waits."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.TIMEOUT))
    with pytest.raises(pc.PunchclockError, match="after the change was stored"):
        next(sandbox.dispatch_in_steps(call("intervals", "create_timer")))


def test_the_shortest_latency_waits() -> None:
    """A latency of a millisecond is one wait of a millisecond, before the decision."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=0.001))
    steps = sandbox.dispatch_in_steps(call("intervals", "create_timer"))
    assert list(steps) == [0.001]
    assert len(sandbox.timers()) == 1


@pytest.mark.parametrize("at", [0, -1, 1])
def test_limits_and_skew_at_instant_zero(at: int) -> None:
    """The instant 0 is an instant like any other: limits, locks and skew work there."""
    caller = rate_limit(1, 1, lock_seconds=1)
    assert caller.allowed(at, 2) == [True, False]
    assert caller.allowed(at + SECOND - 1) == [False]
    assert caller.allowed(at + SECOND) == [True]
    sandbox = Sandbox(clock=at)
    sandbox.faults.add(Fault(effect=Effect.SKEW, seconds=-at / SECOND or 5))
    send(sandbox, call("worksection", "start_my_timer"))
    (timer,) = stored_timers(sandbox).values()
    assert timer.started_at == (0 if at else 5 * SECOND)
