"""The sandbox's clock: real time, frozen, advanced; it never goes back unnoticed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

import punchclock as pc
from punchclock.errors import InvalidDuration, InvalidInstant, NaiveDatetime
from punchclock.sandbox import Clock
from punchclock.sandbox.clock import ClockIsRunning

NOON = pc.instant("2026-03-02T12:00:00Z")
SECOND = 1_000_000


class System:
    """A system's clock that a test sets."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        """Its time."""
        return self.now


def test_it_runs_by_the_systems_clock() -> None:
    """By default the clock is the system clock."""
    system = System(NOON)
    clock = Clock(system=system)
    assert (clock.now(), clock.frozen) == (NOON, False)
    system.now += 5
    assert clock.now() == NOON + 5
    assert abs(Clock().now() - pc.now()) < 10 * SECOND


def test_in_real_time_it_never_goes_back() -> None:
    """If the system clock is set back, the clock pauses until it catches up."""
    system = System(NOON)
    clock = Clock(system=system)
    clock.now()
    system.now -= 90 * SECOND
    assert clock.now() == NOON
    system.now = NOON + 1
    assert clock.now() == NOON + 1


@pytest.mark.parametrize(
    "at",
    [NOON, "2026-03-02T12:00:00Z", datetime(2026, 3, 2, 13, tzinfo=timezone(timedelta(hours=1)))],
    ids=["microseconds", "text", "datetime"],
)
def test_it_is_frozen(at: int | str | datetime) -> None:
    """A frozen clock keeps its instant, in whatever form that was given."""
    clock = Clock(at)
    assert (clock.now(), clock.now(), clock.frozen) == (NOON, NOON, True)
    other = Clock()
    other.freeze(at)
    assert other.now() == NOON


@pytest.mark.parametrize("by", [90 * SECOND, timedelta(seconds=90)], ids=["microseconds", "timedelta"])
def test_a_frozen_clock_is_advanced(by: int | timedelta) -> None:
    """A duration advances the clock, which returns its new instant."""
    clock = Clock(NOON)
    assert clock.advance(by) == NOON + 90 * SECOND
    assert clock.now() == NOON + 90 * SECOND
    assert clock.advance(0) == clock.now()


def test_it_reports_that_it_was_set_back() -> None:
    """``freeze`` returns whether it set the clock back."""
    clock = Clock(NOON)
    assert not clock.freeze(NOON)
    assert not clock.freeze(NOON + 1)
    assert clock.freeze(NOON)
    assert clock.now() == NOON
    assert clock.freeze(clock.advance(SECOND) - 1)


def test_real_time_can_set_it_back() -> None:
    """From a frozen future, ``run`` sets the clock back and returns that."""
    system = System(NOON)
    clock = Clock(NOON + 5, system)
    assert clock.run()
    assert (clock.now(), clock.frozen) == (NOON, False)
    clock.freeze(NOON - 5)
    assert not clock.run()


def test_a_running_clock_is_not_advanced() -> None:
    """A clock in real time must be frozen before it is advanced."""
    clock = Clock()
    with pytest.raises(ClockIsRunning) as caught:
        clock.advance(1)
    assert caught.value.code == "clock-is-running"


def test_it_is_not_advanced_backwards() -> None:
    """A negative duration is rejected, and the clock doesn't change."""
    clock = Clock(NOON)
    with pytest.raises(InvalidDuration):
        clock.advance(timedelta(microseconds=-1))
    assert clock.now() == NOON


@pytest.mark.parametrize("at", ["9999-01-01T00:00:00Z", "0001-12-31T23:59:59Z", 10**18, "noon", True])
def test_an_instant_out_of_range_is_rejected(at: int | str) -> None:
    """Instants near the ends of the calendar are rejected, because they have no day in some zones."""
    with pytest.raises(InvalidInstant):
        Clock(at)
    clock = Clock(NOON)
    with pytest.raises(InvalidInstant):
        clock.freeze(at)
    assert clock.now() == NOON


def test_a_naive_datetime_is_rejected() -> None:
    """A datetime without an offset is rejected."""
    with pytest.raises(NaiveDatetime):
        Clock(datetime(2026, 3, 2, tzinfo=UTC).replace(tzinfo=None))


def test_it_is_not_advanced_out_of_range() -> None:
    """The clock isn't advanced past its last year, and a skew stops at its bounds."""
    last = pc.instant("9998-12-31T23:59:59Z")
    clock = Clock(last)
    with pytest.raises(InvalidInstant):
        clock.advance(1)
    assert clock.now() == clock.now(skew=SECOND) == last
    assert clock.now(skew=-SECOND) == last - SECOND
    assert Clock("0002-01-01T00:00:00Z").now(skew=-1) == pc.instant("0002-01-01T00:00:00Z")


def test_many_threads_advance_it() -> None:
    """No advance is lost when several threads advance the clock."""
    clock = Clock(NOON)
    threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == NOON + 4000
