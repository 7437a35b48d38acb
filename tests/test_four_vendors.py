"""One history of a timer, made through every vendor's own calls: all vendors count the same work."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import TRANSITIONS, Event, State, break_at, instant, replay, worked_at
from punchclock.vendors import names
from vendor_history import VendorHistory

SECOND = 1_000_000
#: A Monday morning, since Zoho People resumes a timer on the day of its start alone, and books on no weekend.
MORNING = instant("2026-03-02T05:00:00Z")

History = list[tuple[Event, int]]


@st.composite
def histories(draw: st.DrawFn, unit: int) -> History:
    """A history of some hours of one day, at whole multiples of ``unit``."""
    at = MORNING + draw(st.integers(0, 3600 * SECOND // unit - 1)) * unit
    history, state = [(Event.START, at)], State.RUNNING
    for _ in range(draw(st.integers(0, 8))):
        legal = [event for event in Event if (state, event) in TRANSITIONS]
        if not legal:
            break
        event = draw(st.sampled_from([*legal, *(each for each in legal if each is not Event.STOP)]))
        at += draw(st.integers(0, 5 * SECOND // unit) | st.integers(0, 3600 * SECOND // unit)) * unit
        history.append((event, at))
        state = TRANSITIONS[state, event]
    return history


#: Each vendor's history, from its ``NAME_demo.py``.
HARNESSES: list[type[VendorHistory]] = [import_module(f"{name}_demo").History for name in names()]


def test_every_vendor_has_its_own_harness() -> None:
    """Each vendor's module makes the history at that vendor."""
    assert [harness.vendor.name for harness in HARNESSES] == [*names()]


@given(histories(SECOND), st.integers(0, 3600))
def test_one_history_is_counted_alike(history: History, more: int) -> None:
    """A history in whole seconds yields the same work everywhere, and the same break if the vendor has one."""
    expected = replay(history)
    now = history[-1][1] + more * SECOND
    for harness in (each() for each in HARNESSES):
        harness.replay(history)
        assert harness.worked(now) == worked_at(expected, now)
        shown = harness.shown(now)
        if shown is not None:
            assert (worked_at(shown, now), break_at(shown, now)) == (worked_at(expected, now), break_at(expected, now))


@given(histories(1), st.integers(0, 3600 * SECOND))
def test_one_history_between_the_seconds(history: History, more: int) -> None:
    """A history in microseconds is counted to within one second per transition, the resolution of the vendors."""
    expected = replay(history)
    now = history[-1][1] + more
    for harness in (each() for each in HARNESSES):
        harness.replay(history)
        assert abs(harness.worked(now) - worked_at(expected, now)) < SECOND * len(history) + SECOND
        if harness.shown(now) is not None:
            (timer,) = harness.timers()
            assert abs(break_at(timer, now) - break_at(expected, now)) < SECOND * len(history) + SECOND


@pytest.mark.parametrize("harness", HARNESSES)
def test_a_stop_after_a_pause(harness: type[VendorHistory]) -> None:
    """A timer that is stopped during a break has worked until the break, at every vendor."""
    made = harness()
    made.replay([(Event.START, MORNING), (Event.PAUSE, MORNING + 60 * SECOND), (Event.STOP, MORNING + 90 * SECOND)])
    assert made.worked(MORNING + 3600 * SECOND) == 60 * SECOND
