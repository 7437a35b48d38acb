"""Faults: which calls they hit, what they do to them, and what is said of one that never fired."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable

import msgspec
import pytest

import punchclock as pc
from punchclock import vendors
from punchclock.sandbox import ConnectionDropped, Effect, Fault, Sandbox
from punchclock.sandbox.faults import InvalidFault, published
from sandbox_calls import NOON, body_of, call, send, stored_timers

SECOND = 1_000_000
SHAPES = {"intervals": "error", "timetrack": "errors", "worksection": "status_code", "zoho": "response"}
READS = {
    "intervals": "list_timers",
    "timetrack": "read_project_timer",
    "worksection": "get_my_timer",
    "zoho": "get_running_timer",
}


def sandbox_with(*faults: Fault, seed: int = 0, sleep: Callable[[float], None] = time.sleep) -> Sandbox:
    """A sandbox with faults."""
    sandbox = Sandbox(clock=NOON, seed=seed, sleep=sleep)
    for fault in faults:
        sandbox.faults.add(fault)
    return sandbox


def statuses(sandbox: Sandbox, count: int, vendor: str = "intervals", operation: str = "list_timers") -> list[int]:
    """The statuses of so many calls; 0 for one that was dropped."""
    found = []
    for _ in range(count):
        try:
            found.append(send(sandbox, call(vendor, operation))[0])
        except ConnectionDropped:
            found.append(0)
    return found


# ---- which calls ---------------------------------------------------------------------------------


def test_a_fault_hits_every_call() -> None:
    """Without anything else it hits all calls, until it is taken away."""
    sandbox = sandbox_with(Fault(effect=Effect.REJECT, status=503))
    assert statuses(sandbox, 3) == [503] * 3
    assert statuses(sandbox, 1, "zoho", "get_running_timer") == [503]
    (report,) = sandbox.faults.clear()
    assert (report.matched, report.fired) == (4, 4)
    assert statuses(sandbox, 1) == [200]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(effect=Effect.DROP, nth=2), [200, 0, 200, 200]),
        (Fault(effect=Effect.DROP, times=2), [0, 0, 200, 200]),
        (Fault(effect=Effect.DROP, vendor="zoho"), [200] * 4),
        (Fault(effect=Effect.DROP, vendor="intervals", operation="list_timers", nth=1), [0, 200, 200, 200]),
        (Fault(effect=Effect.DROP, operation="get_timer"), [200] * 4),
        (Fault(effect=Effect.DROP, probability=0), [200] * 4),
        (Fault(effect=Effect.DROP, probability=1, times=3), [0, 0, 0, 200]),
    ],
)
def test_a_fault_hits_what_it_says(fault: Fault, expected: list[int]) -> None:
    """By vendor, call, place and number: what does not match is left alone."""
    assert statuses(sandbox_with(fault), 4) == expected


def test_chance_can_be_had_again() -> None:
    """A fault by probability hits the same calls whenever the seed is the same, after a reset too."""
    fault = Fault(effect=Effect.DROP, probability=0.5)
    sandbox = sandbox_with(fault, seed=7)
    first = statuses(sandbox, 40)
    assert first == statuses(sandbox_with(fault, seed=7), 40)
    assert first != statuses(sandbox_with(fault, seed=8), 40)
    assert 10 < first.count(0) < 30
    sandbox.reset()
    sandbox.faults.add(fault)
    assert statuses(sandbox, 40) == first


def test_calls_are_told_apart_as_the_vendor_does() -> None:
    """Calls on one path are told apart by their parameters; what is no call at all matches no name."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP, vendor="worksection", operation="stop_my_timer"))
    assert body_of(sandbox, "worksection", "start_my_timer") == {"status": "ok"}
    assert (
        sandbox.handle("POST", "/api/oauth2", "action=%zz%ff", {"authorization": "Bearer worksection-token-3"})[0]
        == 200
    )
    with pytest.raises(ConnectionDropped):
        send(sandbox, call("worksection", "stop_my_timer"))


def test_a_fault_that_never_fired_is_told() -> None:
    """Each fault is told with how many calls matched and how many it hit."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP, nth=5), Fault(effect=Effect.REJECT))
    statuses(sandbox, 2)
    never, fired = sandbox.faults.reports()
    assert (never.fault.effect, never.matched, never.fired) == (Effect.DROP, 2, 0)
    assert (fired.fault.effect, fired.matched, fired.fired) == (Effect.REJECT, 2, 2)


# ---- what they do --------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_rejection_is_the_vendors(vendor: str) -> None:
    """Any status, code and message stands in the vendor's own shape, which its own client side reads back."""
    fault = Fault(effect=Effect.REJECT, status=418, vendor_code=4242, message="no tea")
    module = vendors.load(vendor)
    status, headers, body = send(sandbox_with(fault), call(vendor, READS[vendor]))
    assert (status, SHAPES[vendor] in json.loads(body)) == (418, True)
    with pytest.raises(vendors.Rejection) as caught:
        module.read_response(READS[vendor], status, headers, body, now=pc.instant(NOON))
    assert (caught.value.vendor_code, caught.value.message) == (4242, "no tea")


def test_a_rejection_changes_nothing() -> None:
    """What is rejected by a fault has not been decided."""
    sandbox = sandbox_with(Fault(effect=Effect.REJECT))
    assert statuses(sandbox, 1, operation="create_timer") == [500]
    assert stored_timers(sandbox) == {}


def test_latency_is_waited_for() -> None:
    """A response comes late by what all latencies say together, and is what it would have been."""
    slept: list[float] = []
    sandbox = sandbox_with(
        Fault(effect=Effect.LATENCY, seconds=0.5), Fault(effect=Effect.LATENCY, seconds=1), sleep=slept.append
    )
    assert statuses(sandbox, 1) == [200]
    assert slept == [1.5]


def test_a_dropped_call_changes_nothing() -> None:
    """A connection that is dropped is dropped before anything is decided."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP))
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox, call("intervals", "create_timer"))
    assert (caught.value.effect, caught.value.stored) == (Effect.DROP, False)
    assert stored_timers(sandbox) == {}


def test_a_timeout_comes_after_the_change_is_stored() -> None:
    """The client hears nothing, and the timer runs: what a retry has to cope with."""
    slept: list[float] = []
    sandbox = sandbox_with(Fault(effect=Effect.TIMEOUT, nth=1, seconds=3), sleep=slept.append)
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox, call("worksection", "start_my_timer"))
    assert (caught.value.effect, caught.value.stored, slept) == (Effect.TIMEOUT, True, [3])
    assert [timer.state for timer in stored_timers(sandbox).values()] == [pc.State.RUNNING]
    assert body_of(sandbox, "worksection", "start_my_timer")["status_code"] == 6


def test_a_timeout_of_a_read_has_stored_nothing() -> None:
    """A read that times out says that nothing was stored."""
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox_with(Fault(effect=Effect.TIMEOUT)), call("intervals", "list_timers"))
    assert (caught.value.effect, caught.value.stored) == (Effect.TIMEOUT, False)


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_malformed_body_breaks_off(vendor: str) -> None:
    """The body breaks off in the middle, and the vendor's client side names it as malformed."""
    sandbox = sandbox_with(Fault(effect=Effect.MALFORMED))
    status, headers, body = send(sandbox, call(vendor, READS[vendor]))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(body)
    with pytest.raises((vendors.MalformedPayload, vendors.Rejection)):
        vendors.load(vendor).read_response(READS[vendor], status, headers, body, now=pc.instant(NOON))


def test_a_skewed_clock_is_off_for_this_call() -> None:
    """A server whose clock is behind or ahead stamps timer and response so, and is right again for the next call."""
    sandbox = sandbox_with(Fault(effect=Effect.SKEW, seconds=-90, nth=1), Fault(effect=Effect.SKEW, seconds=30, nth=1))
    assert send(sandbox, call("intervals", "create_timer"))[1]["date"] == "Mon, 02 Mar 2026 11:59:00 GMT"
    assert send(sandbox, call("worksection", "start_my_timer"))[1]["date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert [timer.started_at - pc.instant(NOON) for timer in stored_timers(sandbox).values()] == [-60 * SECOND, 0]


def test_a_skewed_clock_never_traps_a_timer() -> None:
    """A stop on a clock that is behind the start still ends the timer, at no work."""
    sandbox = sandbox_with(Fault(effect=Effect.SKEW, seconds=-90, operation="stop_my_timer"))
    send(sandbox, call("worksection", "start_my_timer"))
    assert body_of(sandbox, "worksection", "stop_my_timer") == {"status": "ok"}
    (timer,) = stored_timers(sandbox).values()
    assert (timer.state, timer.worked) == (pc.State.STOPPED, 0)


# ---- limits --------------------------------------------------------------------------------------


def intervals_error(sandbox: Sandbox) -> tuple[int, int]:
    """Status and code of a rejected call."""
    status, _, body = send(sandbox, call("intervals", "list_timers"))
    return status, json.loads(body).get("error", {}).get("code", 0)


def test_without_a_fault_there_is_no_limit() -> None:
    """Rate limits are off unless they are asked for."""
    assert set(statuses(Sandbox(clock=NOON), 200)) == {200}


def test_zohos_limit_is_twenty_a_minute_then_five_minutes_of_nothing() -> None:
    """With Zoho's published numbers the 21st call in a minute is rejected, and so is every one for five minutes."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="zoho"))
    assert statuses(sandbox, 21, "zoho", "get_running_timer") == [200] * 20 + [429]
    assert statuses(sandbox, 1) == [200]
    sandbox.clock.advance(299 * SECOND)
    assert statuses(sandbox, 1, "zoho", "get_running_timer") == [429]
    sandbox.clock.advance(SECOND)
    assert statuses(sandbox, 20, "zoho", "get_running_timer") == [200] * 20


def test_worksections_limit_is_one_a_second() -> None:
    """With Worksection's published numbers a second call within a second is rejected in its shape."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="worksection"))
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "ok"
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "error"
    sandbox.clock.advance(SECOND)
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "ok"


def test_intervals_limit_and_quota_have_their_own_codes() -> None:
    """With Intervals' published numbers: 100 a minute and then code 12, 6000 a day by UTC and then code 11."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="intervals"))
    assert statuses(sandbox, 100) == [200] * 100
    assert intervals_error(sandbox) == (400, 12)
    sandbox.clock.advance(60 * SECOND)
    assert intervals_error(sandbox) == (200, 0)

    sandbox = sandbox_with(Fault(effect=Effect.QUOTA, vendor="intervals"))
    assert set(statuses(sandbox, 6000)) == {200}
    assert intervals_error(sandbox) == (400, 11)
    sandbox.clock.freeze("2026-03-02T23:59:59Z")
    assert intervals_error(sandbox) == (400, 11)
    sandbox.clock.advance(SECOND)
    assert intervals_error(sandbox) == (200, 0)


def test_a_rate_looks_back_from_now() -> None:
    """A rate counts the last seconds, so calls at the turn of a minute are not let through twice."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="timetrack", calls=2, per_seconds=10))
    begin = sandbox.clock.now()
    found = []
    for second in (0, 9, 10, 11, 19, 20):
        sandbox.clock.freeze(begin + second * SECOND)
        found += statuses(sandbox, 1, "timetrack", "read_project_timer")
    assert found == [404, 404, 404, 429, 404, 404]


def test_a_limit_can_be_of_one_call_only() -> None:
    """A limit counts what it matches: other calls are neither counted nor rejected."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, operation="create_timer", calls=1, per_seconds=60))
    assert statuses(sandbox, 3) == [200] * 3
    assert statuses(sandbox, 2, operation="create_timer") == [201, 400]


# ---- faults that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("vendor", Fault(effect=Effect.DROP, vendor="toggl")),
        ("operation", Fault(effect=Effect.DROP, operation="begin")),
        ("operation", Fault(effect=Effect.DROP, vendor="zoho", operation="list_timers")),
        ("calls", Fault(effect=Effect.RATE_LIMIT)),
        ("calls", Fault(effect=Effect.RATE_LIMIT, vendor="timetrack")),
        ("calls", Fault(effect=Effect.RATE_LIMIT, vendor="zoho", calls=3)),
        ("calls", Fault(effect=Effect.QUOTA, vendor="zoho")),
        ("calls", Fault(effect=Effect.DROP, calls=3, per_seconds=1)),
        ("calls", Fault(effect=Effect.DROP, per_seconds=1)),
        ("per_seconds", Fault(effect=Effect.QUOTA, calls=3, per_seconds=1e-7)),
        ("seconds", Fault(effect=Effect.LATENCY)),
        ("seconds", Fault(effect=Effect.LATENCY, seconds=61)),
        ("seconds", Fault(effect=Effect.TIMEOUT, seconds=-1)),
        ("seconds", Fault(effect=Effect.SKEW)),
        ("seconds", Fault(effect=Effect.SKEW, seconds=math.nan)),
        ("nth", Fault(effect=Effect.DROP, nth=0)),
        ("times", Fault(effect=Effect.DROP, times=-1)),
        ("status", Fault(effect=Effect.REJECT, status=99)),
        ("probability", Fault(effect=Effect.DROP, probability=1.5)),
        ("effect", Fault(effect="explode")),  # type: ignore[arg-type]  # that is what is under test
        ("nth", Fault(effect=Effect.DROP, nth="x")),  # type: ignore[arg-type]
    ],
)
def test_a_fault_that_can_never_fire_is_rejected(field: str, fault: Fault) -> None:
    """What is misspelt, out of bounds or without what its effect needs is rejected by name, and nothing is injected."""
    sandbox = Sandbox(clock=NOON)
    with pytest.raises(InvalidFault) as caught:
        sandbox.faults.add(fault)
    assert (caught.value.field, caught.value.code) == (field, "invalid-fault")
    assert sandbox.faults.reports() == []


def test_published_limits_are_of_vendors_that_there_are() -> None:
    """Each published limit can be injected by vendor and effect alone."""
    found = [(name, effect, limit) for name in vendors.names() for effect, limit in published(name).items()]
    assert len(found) == 4
    for name, effect, limit in found:
        added = Sandbox().faults.add(Fault(effect=effect, vendor=name))
        assert (added.calls, added.per_seconds, added.lock_seconds) == (
            limit.calls,
            limit.per_seconds,
            limit.lock_seconds,
        )
