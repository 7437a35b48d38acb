"""The timer by example: every state met by every event, the three readings, clamping, correcting, restoring.

What holds of all timers is stated as laws in test_laws.py.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import (
    IDLE,
    TRANSITIONS,
    ClockWentBackwards,
    Event,
    IllegalTransition,
    InconsistentTimer,
    InvalidInstant,
    State,
    Timer,
    amend,
    break_at,
    elapsed_at,
    instant,
    not_before,
    pause,
    restore,
    resume,
    start,
    stop,
    transition,
    worked_at,
)
from strategies import active, begun, gaps, instants, timers

Step = Callable[[Timer, int], Timer]
Reading = Callable[[Timer, int], int]

#: The fast function of each event. START takes no timer, so it is legal by construction.
FAST: dict[Event, Step] = {Event.PAUSE: pause, Event.RESUME: resume, Event.STOP: stop}

#: A timer in each state: begun at 100, last touched at 160 after 40 of work and 20 of break.
IN_STATE = {state: Timer(state, 100, 160, 40) if state is not State.IDLE else IDLE for state in State}

READINGS: list[Reading] = [worked_at, break_at, elapsed_at]


def test_a_life() -> None:
    """Work runs until the pause, break until the resume, and the stop ends both."""
    timer = start(1_000)
    assert timer == Timer(State.RUNNING, started_at=1_000, since=1_000, worked=0)
    timer = pause(timer, 1_600)
    assert timer == Timer(State.PAUSED, started_at=1_000, since=1_600, worked=600)
    timer = resume(timer, 1_700)
    assert timer == Timer(State.RUNNING, started_at=1_000, since=1_700, worked=600)
    timer = stop(timer, 2_000)
    assert timer == Timer(State.STOPPED, started_at=1_000, since=2_000, worked=900)
    assert (worked_at(timer, 9_999), break_at(timer, 9_999), elapsed_at(timer, 9_999)) == (900, 100, 1_000)


def test_a_stop_out_of_a_break_counts_the_break() -> None:
    """A stop without a resume ends the break."""
    timer = stop(pause(start(0), 600), 1_000)
    assert (timer.worked, break_at(timer, 1_000)) == (600, 400)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_every_state_meets_every_event(state: State, event: Event) -> None:
    """`transition` and the fast function accept the pairs in the table and reject all others."""
    timer = IN_STATE[state]
    steps: list[Step] = [lambda timer, now: transition(timer, event, now)]
    if event in FAST:
        steps.append(FAST[event])
    if (state, event) in TRANSITIONS:
        for step in steps:
            after = step(timer, 200)
            assert after.state is TRANSITIONS[state, event]
            assert after.since == 200
            assert after.started_at == (200 if event is Event.START else 100)
            assert after.worked == worked_at(timer, 200)
    else:
        for step in steps:
            with pytest.raises(IllegalTransition) as caught:
                step(timer, 200)
            assert (caught.value.state, caught.value.event, caught.value.at) == (state, event, 200)
    assert timer == IN_STATE[state]


def test_start_is_the_transition_out_of_idle() -> None:
    """`start` has no timer argument; it follows the table's row of an idle timer."""
    assert start(7) == transition(IDLE, Event.START, 7)
    assert start(7).state is TRANSITIONS[State.IDLE, Event.START]


@pytest.mark.parametrize(("state", "event"), [key for key in TRANSITIONS if key[0] is not State.IDLE])
def test_a_clock_that_went_back_is_rejected(state: State, event: Event) -> None:
    """One microsecond before the last instant is too early; the last instant itself is not."""
    timer = IN_STATE[state]
    for step in (FAST[event], lambda timer, now: transition(timer, event, now)):
        with pytest.raises(ClockWentBackwards) as caught:
            step(timer, 159)
        error = caught.value
        assert (error.state, error.event, error.at, error.since) == (state, event, 159, 160)
        assert step(timer, 160).since == 160


@pytest.mark.parametrize("event", Event)
def test_an_illegal_event_is_illegal_at_any_time(event: Event) -> None:
    """The state is looked at before the clock: a second stop is a second stop, however early."""
    with pytest.raises(IllegalTransition):
        transition(IN_STATE[State.STOPPED], event, 0)


def test_an_unknown_event_is_illegal() -> None:
    """An unknown word is not in the table."""
    with pytest.raises(IllegalTransition, match="cannot lunch a timer that is running"):
        transition(start(0), "lunch", 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "worked", "rested"),
    [(State.IDLE, 0, 0), (State.RUNNING, 50, 20), (State.PAUSED, 40, 30), (State.STOPPED, 40, 20)],
)
def test_the_readings_ten_microseconds_on(state: State, worked: int, rested: int) -> None:
    """What runs on is work while running, break while paused, and neither before the start and after the stop."""
    timer = IN_STATE[state]
    assert (worked_at(timer, 170), break_at(timer, 170), elapsed_at(timer, 170)) == (worked, rested, worked + rested)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.STOPPED])
def test_the_past_cannot_be_read(state: State, reading: Reading) -> None:
    """A reading before the timer's last instant is rejected."""
    with pytest.raises(
        ClockWentBackwards, match=f"cannot read a {state} timer at 159: that is 1 µs before 160"
    ) as caught:
        reading(IN_STATE[state], 159)
    assert caught.value.event is None


@pytest.mark.parametrize("reading", READINGS)
@given(now=instants)
def test_idle_reads_zero_at_any_time(reading: Reading, now: int) -> None:
    """The timer that has not begun looks at no instant, so it is right before 1970 too."""
    assert reading(IDLE, now) == 0
    assert not_before(IDLE, now) == now


def test_timers_before_1970_are_timers() -> None:
    """The epoch is a zero on a ruler and no beginning of time."""
    timer = stop(resume(pause(start(-1_000), -400), -300), 100)
    assert timer == Timer(State.STOPPED, started_at=-1_000, since=100, worked=1_000)
    assert break_at(timer, 100) == 100


@given(begun, instants)
def test_not_before_is_the_later_of_two(timer: Timer, now: int) -> None:
    """The result is the given instant, or the timer's last one if that is later."""
    assert not_before(timer, now) == max(now, timer.since)


@given(active, instants)
def test_a_clamped_stop_always_ends_a_timer(timer: Timer, now: int) -> None:
    """A timer can be stopped at every reading of the clock."""
    assert stop(timer, not_before(timer, now)).state is State.STOPPED


# Instants of another type


def test_a_naive_datetime_starts_nothing() -> None:
    """A frequent mistake: the error names the function that converts it."""
    with pytest.raises(InvalidInstant, match=r"punchclock\.instant converts an aware datetime") as caught:
        start(datetime.now())  # type: ignore[arg-type]  # noqa: DTZ005 - that is the mistake
    assert "the type must be exactly int" in caught.value.reason


def test_seconds_as_floats_neither_start_nor_stop() -> None:
    """Sums of floats drift, so not one of them gets into a timer."""
    with pytest.raises(InvalidInstant, match=r"0\.1 is not a valid instant"):
        stop(start(0.1), 0.3)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant, match=r"0\.3 is not a valid instant"):
        stop(start(0), 0.3)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_local_datetimes_are_not_subtracted(state: State) -> None:
    """A night of seven hours would read as eight: `elapsed_at` of two local times subtracts the faces of the clocks."""
    berlin = ZoneInfo("Europe/Berlin")
    begin, end = datetime(2026, 3, 28, 22, tzinfo=berlin), datetime(2026, 3, 29, 6, tzinfo=berlin)
    assert end - begin == timedelta(hours=8)
    with pytest.raises(InvalidInstant):
        start(begin)  # type: ignore[arg-type]
    unchecked: Any = Timer(state, begin, begin, timedelta(0))  # type: ignore[arg-type]
    for read in (*READINGS, not_before):
        with pytest.raises(InvalidInstant) as caught:
            read(unchecked, end)  # type: ignore[arg-type]
        assert caught.value.value is end
    assert elapsed_at(start(instant(begin)), instant(end)) == 7 * 3_600_000_000


@pytest.mark.parametrize("event", [*Event, "lunch"])
@pytest.mark.parametrize("state", State)
def test_the_type_of_an_instant_is_checked_before_the_state(state: State, event: Event) -> None:
    """Where the instant is of another type and the event is illegal too, it is the instant that is named."""
    timer = IN_STATE[state]
    for wrong in (True, 0.5, None):
        with pytest.raises(InvalidInstant) as caught:
            transition(timer, event, wrong)  # type: ignore[arg-type]
        assert caught.value.value is wrong
        if event in FAST:
            with pytest.raises(InvalidInstant):
                FAST[event](timer, wrong)  # type: ignore[arg-type]


def test_an_integer_of_numpy_is_not_an_instant() -> None:
    """It has 64 bits and wraps around; ``int()`` makes an instant of it."""
    numpy = pytest.importorskip("numpy")
    now = numpy.int64(1_000)
    with pytest.raises(InvalidInstant):
        start(now)
    assert start(int(now)) == start(1_000)


def test_a_timer_cannot_be_changed() -> None:
    """It is a value: no function can change what its caller holds."""
    with pytest.raises(AttributeError, match="immutable"):
        start(0).worked = 5  # type: ignore[misc]


def test_the_garbage_collector_does_not_follow_timers() -> None:
    """A timer holds nothing that could hold it, so that millions of them do not slow the collector down."""
    assert not gc.is_tracked(start(0))


def test_equal_timers_are_one_key() -> None:
    """It is a value in sets and dictionaries too."""
    assert {start(5): "a", start(5): "b"} == {start(5): "b"}


# Corrections


def test_amend_replaces_both_fields_and_keeps_the_state() -> None:
    """So much had been done then; the timer goes on from there in the state it is in."""
    assert amend(IN_STATE[State.RUNNING], worked=25, since=180) == Timer(State.RUNNING, 100, 180, 25)
    assert amend(IN_STATE[State.STOPPED], worked=10, since=110) == Timer(State.STOPPED, 100, 110, 10)


def test_amend_moves_the_start_back_for_work_that_would_not_fit() -> None:
    """More work than time since the start means that the start was earlier."""
    assert amend(start(100), worked=30, since=120) == Timer(State.RUNNING, 90, 120, 30)
    assert amend(start(100), worked=0, since=80) == Timer(State.RUNNING, 80, 80, 0)


def test_recorded_time_without_a_start_begins_that_long_ago() -> None:
    """A timer that is known by its time alone started at now − time."""
    assert amend(start(5_000), worked=600, since=5_000) == Timer(State.RUNNING, 4_400, 5_000, 600)


@pytest.mark.parametrize(
    ("timer", "worked", "since", "field"),
    [
        (IDLE, 0, 0, "state"),
        (start(0), -1, 10, "worked"),
        (start(0), 1.5, 10, "worked"),
        (start(0), True, 10, "worked"),
        (start(0), "1", 10, "worked"),
        (start(0), datetime(2026, 3, 2, 8, tzinfo=UTC), 10, "worked"),
    ],
    ids=repr,
)
def test_amend_rejects_what_no_timer_can_be(timer: Timer, worked: int, since: int, field: str) -> None:
    """Negative work, fractions of a microsecond, and a correction of what has not begun."""
    with pytest.raises(InconsistentTimer) as caught:
        amend(timer, worked=worked, since=since)
    assert caught.value.field == field


@pytest.mark.parametrize("since", [10.0, "10", True, None, datetime(2026, 3, 2, 8, tzinfo=UTC)], ids=repr)
@pytest.mark.parametrize("timer", [IDLE, start(0)], ids=str)
def test_amend_rejects_what_is_not_an_instant(timer: Timer, since: int) -> None:
    """The type of the instant is checked first: before the state, and before the work."""
    for worked in (1, -1, 1.5):
        with pytest.raises(InvalidInstant) as caught:
            amend(timer, worked=worked, since=since)  # type: ignore[arg-type]
        assert caught.value.value is since


@given(begun, gaps, instants)
def test_amend_moves_the_start_no_further_than_it_must(timer: Timer, worked: int, since: int) -> None:
    """State and both fields are as asked; the start is the earlier of the old one and of where the work just fits."""
    after = amend(timer, worked=worked, since=since)
    assert after == Timer(timer.state, min(timer.started_at, since - worked), since, worked)


# Restoring


@given(timers())
def test_restore_accepts_every_timer(timer: Timer) -> None:
    """What keeps the invariant comes back as it was, its state named by value or by text."""
    fields = msgspec.structs.asdict(timer)
    assert restore(**fields) == timer
    assert restore(**fields | {"state": str(timer.state)}) == timer
    assert restore(**fields | {"state": str(timer.state)}).state is timer.state


small = st.integers(-2, 2)


@given(st.sampled_from(State), small, small, small)
def test_restore_accepts_exactly_the_invariant(state: State, started_at: int, since: int, worked: int) -> None:
    """``0 <= worked <= since - started_at``, and zeros where the timer has not begun; nothing else."""
    holds = 0 <= worked <= since - started_at and (state is not State.IDLE or started_at == since == worked == 0)
    if holds:
        restored = restore(state=state, started_at=started_at, since=since, worked=worked)
        assert restored == Timer(state, started_at, since, worked)
    else:
        with pytest.raises(InconsistentTimer):
            restore(state=state, started_at=started_at, since=since, worked=worked)


HUGE = 10**5_000  # more digits than Python converts to text

GOOD: dict[str, object] = {"state": "running", "started_at": 10, "since": 20, "worked": 5}


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        ({"state": "lunch"}, "state", "the states are idle, running, paused, stopped"),
        ({"state": "RUNNING"}, "state", "not a state"),
        ({"state": ""}, "state", "not a state"),
        ({"state": None}, "state", "not a state"),
        ({"state": ["running"]}, "state", "not a state"),
        ({"state": Event.START}, "state", "not a state"),
        ({"started_at": 10.0}, "started_at", "must be exactly int"),
        ({"since": "20"}, "since", "must be exactly int"),
        ({"since": None}, "since", "must be exactly int"),
        ({"worked": True}, "worked", "must be exactly int"),
        ({"worked": float("nan")}, "worked", "must be exactly int"),
        ({"worked": -1}, "worked", "must not be negative"),
        ({"worked": 11}, "worked", "more than the time since the start, 10"),
        ({"since": 9}, "since", "before the start, 10"),
        ({"started_at": HUGE}, "since", "before the start, an integer of 16610 bits"),
        ({"worked": HUGE}, "worked", "more than the time since"),
        ({"since": -HUGE}, "since", "before the start, 10"),
        ({"state": "idle"}, "started_at", "it must be 0 for an idle timer"),
        ({"state": "idle", "started_at": 0}, "since", "it must be 0 for an idle timer"),
        ({"state": "idle", "started_at": 0, "since": 0}, "worked", "it must be 0 for an idle timer"),
    ],
)
def test_restore_says_what_is_wrong(bad: dict[str, object], field: str, reason: str) -> None:
    """The error names the field, carries its value and gives the rule that it breaks."""
    fields = GOOD | bad
    with pytest.raises(InconsistentTimer) as caught:
        restore(**fields)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert caught.value.value is fields[field]
    assert reason in caught.value.reason
