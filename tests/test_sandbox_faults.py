"""Faults: which calls they hit, their effects, and the report of one that never fired."""

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
from sandbox_calls import DEMOS, NOON, READS, body_of, call, send, stored_timers

SECOND = 1_000_000


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
    """Without options a fault hits every call until it is cleared."""
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
def test_a_fault_hits_matching_calls(fault: Fault, expected: list[int]) -> None:
    """A fault hits the calls that match its vendor, operation, position and number."""
    assert statuses(sandbox_with(fault), 4) == expected


def test_probability_is_reproducible() -> None:
    """With the same seed a fault with a probability hits the same calls, also after a reset."""
    fault = Fault(effect=Effect.DROP, probability=0.5)
    sandbox = sandbox_with(fault, seed=7)
    first = statuses(sandbox, 40)
    assert first == statuses(sandbox_with(fault, seed=7), 40)
    assert first != statuses(sandbox_with(fault, seed=8), 40)
    assert 10 < first.count(0) < 30
    sandbox.reset()
    sandbox.faults.add(fault)
    assert statuses(sandbox, 40) == first


def test_an_operation_is_found_by_its_parameters() -> None:
    """Parameters distinguish calls on one path; a request that is not a call matches no operation."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP, vendor="worksection", operation="stop_my_timer"))
    assert body_of(sandbox, "worksection", "start_my_timer") == {"status": "ok"}
    assert (
        sandbox.handle("POST", "/api/oauth2", "action=%zz%ff", {"authorization": "Bearer worksection-token-3"})[0]
        == 200
    )
    with pytest.raises(ConnectionDropped):
        send(sandbox, call("worksection", "stop_my_timer"))


def test_a_fault_that_never_fired_is_reported() -> None:
    """Each report has the number of calls that matched and that the fault hit."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP, nth=5), Fault(effect=Effect.REJECT))
    statuses(sandbox, 2)
    never, fired = sandbox.faults.reports()
    assert (never.fault.effect, never.matched, never.fired) == (Effect.DROP, 2, 0)
    assert (fired.fault.effect, fired.matched, fired.fired) == (Effect.REJECT, 2, 2)


# ---- what they do --------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_rejection_has_the_vendors_shape(vendor: str) -> None:
    """Any status, code and message is in the vendor's own shape, and its client side reads it."""
    fault = Fault(effect=Effect.REJECT, status=418, vendor_code=4242, message="no tea")
    module = vendors.load(vendor)
    status, headers, body = send(sandbox_with(fault), call(vendor, READS[vendor]))
    assert (status, DEMOS[vendor].REJECTION_FIELD in json.loads(body)) == (418, True)
    with pytest.raises(vendors.Rejection) as caught:
        module.read_response(READS[vendor], status, headers, body, now=pc.instant(NOON))
    assert (caught.value.vendor_code, caught.value.message) == (4242, "no tea")


def test_a_rejection_changes_nothing() -> None:
    """A call that a fault rejects is not decided."""
    sandbox = sandbox_with(Fault(effect=Effect.REJECT))
    assert statuses(sandbox, 1, operation="create_timer") == [500]
    assert stored_timers(sandbox) == {}


def test_latency_delays_the_response() -> None:
    """The delay is the sum of all latencies; the response is the usual one."""
    slept: list[float] = []
    sandbox = sandbox_with(
        Fault(effect=Effect.LATENCY, seconds=0.5), Fault(effect=Effect.LATENCY, seconds=1), sleep=slept.append
    )
    assert statuses(sandbox, 1) == [200]
    assert slept == [1.5]


def test_a_dropped_call_changes_nothing() -> None:
    """A connection is dropped before the call is decided."""
    sandbox = sandbox_with(Fault(effect=Effect.DROP))
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox, call("intervals", "create_timer"))
    assert (caught.value.effect, caught.value.stored) == (Effect.DROP, False)
    assert stored_timers(sandbox) == {}


def test_a_timeout_comes_after_the_change_is_stored() -> None:
    """The client gets no response, but the timer runs."""
    slept: list[float] = []
    sandbox = sandbox_with(Fault(effect=Effect.TIMEOUT, nth=1, seconds=3), sleep=slept.append)
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox, call("worksection", "start_my_timer"))
    assert (caught.value.effect, caught.value.stored, slept) == (Effect.TIMEOUT, True, [3])
    assert [timer.state for timer in stored_timers(sandbox).values()] == [pc.State.RUNNING]
    assert body_of(sandbox, "worksection", "start_my_timer")["status_code"] == 6


def test_a_timeout_of_a_read_has_stored_nothing() -> None:
    """The error of a read-only call reports that nothing was stored."""
    with pytest.raises(ConnectionDropped) as caught:
        send(sandbox_with(Fault(effect=Effect.TIMEOUT)), call("intervals", "list_timers"))
    assert (caught.value.effect, caught.value.stored) == (Effect.TIMEOUT, False)


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_malformed_body_is_truncated(vendor: str) -> None:
    """The body is truncated, and the vendor's client side rejects it as malformed."""
    sandbox = sandbox_with(Fault(effect=Effect.MALFORMED))
    status, headers, body = send(sandbox, call(vendor, READS[vendor]))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(body)
    with pytest.raises((vendors.MalformedPayload, vendors.Rejection)):
        vendors.load(vendor).read_response(READS[vendor], status, headers, body, now=pc.instant(NOON))


def test_skew_lasts_for_one_call() -> None:
    """A slow or fast clock sets the instant of the timer and of the response, in this call only."""
    sandbox = sandbox_with(Fault(effect=Effect.SKEW, seconds=-90, nth=1), Fault(effect=Effect.SKEW, seconds=30, nth=1))
    assert send(sandbox, call("intervals", "create_timer"))[1]["date"] == "Mon, 02 Mar 2026 11:59:00 GMT"
    assert send(sandbox, call("worksection", "start_my_timer"))[1]["date"] == "Mon, 02 Mar 2026 12:00:00 GMT"
    assert [timer.started_at - pc.instant(NOON) for timer in stored_timers(sandbox).values()] == [-60 * SECOND, 0]


def test_a_skewed_clock_never_traps_a_timer() -> None:
    """A stop on a clock that is behind the start ends the timer, with no work."""
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
    """Rate limits are off by default."""
    assert set(statuses(Sandbox(clock=NOON), 200)) == {200}


def test_zohos_limit_locks_for_five_minutes() -> None:
    """With Zoho's published limit the 21st call in a minute is rejected, and every call for five minutes."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="zoho"))
    assert statuses(sandbox, 21, "zoho", "get_running_timer") == [200] * 20 + [429]
    assert statuses(sandbox, 1) == [200]
    sandbox.clock.advance(299 * SECOND)
    assert statuses(sandbox, 1, "zoho", "get_running_timer") == [429]
    sandbox.clock.advance(SECOND)
    assert statuses(sandbox, 20, "zoho", "get_running_timer") == [200] * 20


def test_worksections_limit_is_one_a_second() -> None:
    """With Worksection's published limit a second call within a second is rejected in its shape."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="worksection"))
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "ok"
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "error"
    sandbox.clock.advance(SECOND)
    assert body_of(sandbox, "worksection", "get_my_timer")["status"] == "ok"


def test_intervals_limit_and_quota_have_their_own_codes() -> None:
    """Intervals allows 100 calls a minute, then code 12, and 6000 a UTC day, then code 11."""
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


def test_a_rate_limit_counts_the_last_seconds() -> None:
    """A rate limit counts the last seconds, so the turn of a minute allows no extra calls."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, vendor="timetrack", calls=2, per_seconds=10))
    begin = sandbox.clock.now()
    found = []
    for second in (0, 9, 10, 11, 19, 20):
        sandbox.clock.freeze(begin + second * SECOND)
        found += statuses(sandbox, 1, "timetrack", "read_project_timer")
    assert found == [404, 404, 404, 429, 404, 404]


def test_a_limit_counts_matching_calls_only() -> None:
    """Calls that don't match a limit are neither counted nor rejected."""
    sandbox = sandbox_with(Fault(effect=Effect.RATE_LIMIT, operation="create_timer", calls=1, per_seconds=60))
    assert statuses(sandbox, 3) == [200] * 3
    assert statuses(sandbox, 2, operation="create_timer") == [201, 400]


# ---- faults that are none ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("vendor", Fault(effect=Effect.DROP, vendor="nonsense")),
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
    """A misspelt, out-of-bounds or incomplete fault is rejected by name, and not injected."""
    sandbox = Sandbox(clock=NOON)
    with pytest.raises(InvalidFault) as caught:
        sandbox.faults.add(fault)
    assert (caught.value.field, caught.value.code) == (field, "invalid-fault")
    assert sandbox.faults.reports() == []


def test_published_limits_can_be_injected() -> None:
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
