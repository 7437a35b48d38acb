"""Applying a timer at Intervals: from a paused timer to a time entry in decimal hours."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from intervals_demo import NOW, WORKSPACE
from pages import covers
from punchclock import State, Timer
from punchclock.errors import InvalidRounding
from punchclock.rounding import Rounding
from punchclock.units import HOUR, MINUTE, SECOND
from punchclock.vendors.intervals import IntervalsTimer, TimeEntry, apply
from punchclock.vendors.intervals.apply import HUNDREDTH_OF_AN_HOUR
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Person

OPENING = "Intervals API Resource: timer"


def paused(worked: int) -> IntervalsTimer:
    """A timer of person 3 for task 31, paused after so much work."""
    return IntervalsTimer(
        id="1001",
        timer=Timer(State.PAUSED, NOW - worked, NOW, worked),
        person=WORKSPACE.people["3"],
        task=WORKSPACE.tasks["31"],
        note="Draw",
    )


@covers(
    "intervals",
    OPENING,
    "Therefore, applying a timer to a time entry is as simple as reading the value of the time field.",
)
def test_a_paused_timer_becomes_a_time_entry() -> None:
    """It has the person, the day, the task and ``time`` in decimal hours; unset fields are not sent."""
    entry = apply(paused(90 * MINUTE))
    assert entry == TimeEntry(personid=3, date=dt.date(2026, 3, 2), time=1.5, taskid=31, description="Draw")
    assert msgspec.json.encode(entry) == (
        b'{"personid":3,"date":"2026-03-02","time":1.5,"taskid":31,"description":"Draw"}'
    )
    general = msgspec.structs.replace(paused(HOUR), task=None, note="")
    assert msgspec.to_builtins(apply(general)) == {"personid": 3, "date": "2026-03-02", "time": 1.0}


def test_a_time_entry_is_a_value() -> None:
    """Equal entries are one element of a set, and its fields are keyword-only."""
    assert {apply(paused(HOUR)), apply(paused(HOUR))} == {apply(paused(HOUR))}
    with pytest.raises(TypeError, match="positional"):
        TimeEntry(3, dt.date(2026, 3, 2), 1.0, 31)  # type: ignore[call-arg]  # which is what is tested


def test_the_day_is_the_one_on_which_it_was_paused() -> None:
    """The day is in UTC, like all stored times."""
    late = pc.instant("2026-03-02T23:59:59.999999Z")
    record = msgspec.structs.replace(paused(HOUR), timer=Timer(State.PAUSED, late - HOUR, late, HOUR))
    assert apply(record).date == dt.date(2026, 3, 2)


@covers("intervals", OPENING, "To apply a timer: A timer must be paused before it can be applied.")
@pytest.mark.parametrize("state", [State.RUNNING, State.STOPPED])
def test_only_a_paused_timer_is_applied(state: State) -> None:
    """A timer in another state is rejected and does not change."""
    record = msgspec.structs.replace(paused(HOUR), timer=Timer(state, NOW - HOUR, NOW, HOUR))
    with pytest.raises(RuleViolation, match="must be paused") as caught:
        apply(record)
    assert caught.value.rule is Rule.STATE


def test_a_timer_without_owner_is_not_applied() -> None:
    """A time entry requires a person."""
    with pytest.raises(RuleViolation) as caught:
        apply(msgspec.structs.replace(paused(HOUR), person=Person()))
    assert (caught.value.rule, caught.value.field) == (Rule.REQUIRED, "personid")


@pytest.mark.parametrize(
    ("worked", "step", "mode", "hours"),
    [
        (17 * SECOND, HUNDREDTH_OF_AN_HOUR, "nearest", 0.0),
        (18 * SECOND, HUNDREDTH_OF_AN_HOUR, "nearest", 0.01),
        (18 * SECOND, HUNDREDTH_OF_AN_HOUR, "half_even", 0.0),
        (1, HUNDREDTH_OF_AN_HOUR, "up", 0.01),
        (35_999_999, HUNDREDTH_OF_AN_HOUR, Rounding.DOWN, 0.0),
        (HOUR // 3, HUNDREDTH_OF_AN_HOUR, "nearest", 0.33),
        (HOUR // 3, HOUR // 4, "up", 0.5),
        (HOUR, HOUR // 4, "up", 1.0),
        (1234 * HOUR + 34 * MINUTE, HUNDREDTH_OF_AN_HOUR, "nearest", 1234.57),
    ],
)
def test_the_time_is_rounded(worked: int, step: int, mode: Rounding | str, hours: float) -> None:
    """Time is rounded to hundredths of an hour or to a coarser step, in any mode; exact multiples do not change."""
    assert apply(paused(worked), step=step, mode=mode).time == hours


@given(worked=st.integers(0, 10**15), mode=st.sampled_from(Rounding), steps=st.integers(1, 100))
def test_no_time_is_too_precise(worked: int, mode: Rounding, steps: int) -> None:
    """The time has at most two decimals and differs from the work by less than a step."""
    step = steps * HUNDREDTH_OF_AN_HOUR
    written = Decimal(str(apply(paused(worked), step=step, mode=mode).time))
    assert written == round(written, 2)
    assert abs(int(written * HOUR) - worked) < step


@pytest.mark.parametrize("step", [0, -HUNDREDTH_OF_AN_HOUR, 1, SECOND, MINUTE, HUNDREDTH_OF_AN_HOUR + 1])
def test_a_step_that_is_too_precise(step: int) -> None:
    """A minute is 0.01666… hours, which is too precise; a step of zero is rejected too."""
    with pytest.raises(InvalidRounding) as caught:
        apply(paused(HOUR), step=step)
    assert caught.value.parameter == "step"


def test_an_unknown_mode() -> None:
    """An unknown mode raises a named error."""
    with pytest.raises(InvalidRounding) as caught:
        apply(paused(HOUR), mode="sideways")
    assert caught.value.parameter == "mode"
