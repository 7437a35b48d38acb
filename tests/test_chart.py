"""`punchclock.chart.TimerMachine`: the transition table as a python-statemachine machine."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
import statemachine
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock.chart import TimerMachine
from punchclock.machine import Event, State

T0 = pc.instant("2026-03-02T08:00:00Z")
HOUR = 3600 * 1_000_000

#: A timer in each state, none of them later than T0 + 3 hours.
TIMERS = {
    State.IDLE: pc.IDLE,
    State.RUNNING: pc.start(T0),
    State.PAUSED: pc.pause(pc.start(T0), T0 + HOUR),
    State.STOPPED: pc.stop(pc.pause(pc.start(T0), T0 + HOUR), T0 + 2 * HOUR),
}


class Journal:
    """A listener that records its calls."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, pc.Timer, pc.Timer, int]] = []

    def after_transition(self, event: str, before: pc.Timer, after: pc.Timer, now: int) -> None:
        """Called by the machine when a step is done."""
        self.steps.append((str(event), before, after, now))


@pytest.mark.parametrize("event", list(Event))
@pytest.mark.parametrize("state", list(State))
def test_every_state_answers_every_event_as_the_pure_function(state: State, event: Event) -> None:
    """A legal event leads to the same timer; an illegal one raises, changes nothing and calls no listener."""
    timer, now, journal = TIMERS[state], T0 + 3 * HOUR, Journal()
    machine = TimerMachine(timer, listeners=[journal])
    if (state, event) in pc.TRANSITIONS:
        machine.send(event, now=now)
        assert machine.timer == pc.transition(timer, event, now)
        assert list(machine.configuration) == [machine.states_map[machine.timer.state]]
        assert journal.steps == [(event, timer, machine.timer, now)]
    else:
        with pytest.raises(pc.IllegalTransition) as caught:
            machine.send(event, now=now)
        assert (caught.value.state, caught.value.event, caught.value.at) == (state, event, now)
        assert machine.timer is timer
        assert list(machine.configuration) == [machine.states_map[state]]
        assert journal.steps == []


@given(st.lists(st.tuples(st.sampled_from(Event), st.integers(-5, 20)), max_size=30))
def test_the_machine_and_the_pure_functions_go_the_same_way(events: list[tuple[Event, int]]) -> None:
    """Whatever comes, legal or not, forwards or backwards: the same timers and the same rejections."""
    machine, now = TimerMachine(), T0
    for event, step in events:
        now += step
        timer = machine.timer
        try:
            expected: object = pc.transition(timer, event, now)
        except pc.PunchclockError as error:
            expected = (type(error), vars(error))
        try:
            machine.send(event, now=now)
            got: object = machine.timer
        except pc.PunchclockError as error:
            assert machine.timer is timer
            got = (type(error), vars(error))
        assert got == expected


def test_events_are_methods() -> None:
    """A whole life through the methods that python-statemachine makes of the events."""
    machine = TimerMachine()
    machine.start(now=T0)
    machine.pause(now=T0 + HOUR)
    machine.resume(now=T0 + 2 * HOUR)
    machine.stop(now=T0 + 4 * HOUR)
    assert machine.timer == pc.Timer(State.STOPPED, T0, T0 + 4 * HOUR, 3 * HOUR)


def test_the_chart_is_the_table() -> None:
    """States, events and steps of the class are those of the transition table, and all of them."""
    steps = {
        (transition.source.value, Event(str(event))): transition.target.value
        for state in TimerMachine.states
        for transition in state.transitions
        for event in transition.events
        if transition.target is not None
    }
    assert steps == dict(pc.TRANSITIONS)
    assert [state.value for state in TimerMachine.states] == list(State)
    assert TimerMachine.initial_state is not None
    assert TimerMachine.initial_state.value is State.IDLE
    assert [state.value for state in TimerMachine.final_states] == [State.STOPPED]
    assert issubclass(TimerMachine, statemachine.StateMachine)


def test_a_clock_that_goes_backwards_changes_nothing() -> None:
    """State and timer stay, and the next valid event is accepted."""
    machine = TimerMachine(TIMERS[State.PAUSED])
    with pytest.raises(pc.ClockWentBackwards) as caught:
        machine.resume(now=T0)
    assert (caught.value.at, caught.value.since) == (T0, T0 + HOUR)
    assert machine.timer is TIMERS[State.PAUSED]
    machine.resume(now=pc.not_before(machine.timer, T0))
    assert machine.timer.state is State.RUNNING


@pytest.mark.parametrize(
    "now",
    [
        {},
        {"now": None},
        {"now": "08:00"},
        {"now": "2026-03-02T12:00:00Z"},
        {"now": pc.to_datetime(T0 + 9 * HOUR)},
        {"now": True},
        {"now": float(T0 + 9 * HOUR)},
    ],
)
def test_an_event_without_an_instant_is_rejected(now: dict[str, Any]) -> None:
    """The machine reads no clock and converts nothing: it takes the instants that the pure functions take."""
    for timer in TIMERS.values():
        journal = Journal()
        machine = TimerMachine(timer, listeners=[journal])
        for event in [*Event, "explode"]:
            with pytest.raises(pc.InvalidInstant) as caught:
                machine.send(event, **now)
            assert caught.value.value is now.get("now")
        assert machine.timer is timer
        assert journal.steps == []


@pytest.mark.parametrize("name", ["explode", "", "running", "timer", "model", "send", "START"])
def test_an_unknown_event_is_illegal(name: str) -> None:
    """An unknown name is rejected, also if the machine has an attribute of that name."""
    machine = TimerMachine(TIMERS[State.RUNNING])
    with pytest.raises(pc.IllegalTransition) as caught:
        machine.send(name, now=T0)
    assert (caught.value.state, caught.value.event, caught.value.at) == (State.RUNNING, name, T0)


# --- listeners --------------------------------------------------------------------------------------


def test_beginning_tells_no_listener() -> None:
    """A timer from a database goes on where it was: nothing is entered a second time."""
    told: list[str] = []

    class Nosy:
        def on_enter_state(self, state: statemachine.State) -> None:
            told.append(state.id)

    for timer in TIMERS.values():
        TimerMachine(timer, listeners=[Nosy()])
    assert told == []


def test_a_listener_sees_the_timers_before_and_after() -> None:
    """In every phase of a step it is handed both timers and the instant, whichever it names."""
    seen: list[tuple[str, State, State, int, State]] = []

    class Witness:
        def before_pause(self, before: pc.Timer, after: pc.Timer, now: int, machine: TimerMachine) -> None:
            seen.append(("before", before.state, after.state, now, machine.timer.state))

        def on_exit_running(self, before: pc.Timer, after: pc.Timer, now: int, machine: TimerMachine) -> None:
            seen.append(("exit", before.state, after.state, now, machine.timer.state))

        def on_pause(self, before: pc.Timer, after: pc.Timer, now: int, machine: TimerMachine) -> None:
            seen.append(("on", before.state, after.state, now, machine.timer.state))

        def on_enter_paused(self, before: pc.Timer, after: pc.Timer, now: int, machine: TimerMachine) -> None:
            seen.append(("enter", before.state, after.state, now, machine.timer.state))

        def after_pause(self, before: pc.Timer, after: pc.Timer, now: int, machine: TimerMachine) -> None:
            seen.append(("after", before.state, after.state, now, machine.timer.state))

    machine = TimerMachine(TIMERS[State.RUNNING])
    machine.add_listener(Witness())  # type: ignore[no-untyped-call]
    machine.pause(now=T0 + 1)
    running, paused = State.RUNNING, State.PAUSED
    assert seen == [
        ("before", running, paused, T0 + 1, running),
        ("exit", running, paused, T0 + 1, running),
        ("on", running, paused, T0 + 1, running),
        ("enter", running, paused, T0 + 1, paused),
        ("after", running, paused, T0 + 1, paused),
    ]


@pytest.mark.parametrize("phase", ["before_pause", "on_exit_running", "on_pause", "on_enter_paused"])
def test_a_listener_that_raises_undoes_the_step(phase: str) -> None:
    """State and timer go back together, and the machine can be used on."""
    faults = [RuntimeError(phase)]

    def reject() -> None:
        if faults:
            raise faults.pop()

    faulty = type("Faulty", (), {phase: staticmethod(reject)})()
    machine = TimerMachine(TIMERS[State.RUNNING], listeners=[faulty])
    with pytest.raises(RuntimeError, match=phase):
        machine.pause(now=T0 + 1)
    assert machine.timer is TIMERS[State.RUNNING]
    assert list(machine.configuration) == [machine.states_map[State.RUNNING]]
    machine.stop(now=T0 + 2)
    assert machine.timer.worked == 2


def test_a_listener_that_raises_after_the_step_leaves_it_done() -> None:
    """What is done is done: the error reaches the caller, the step stays."""

    class Faulty:
        def after_pause(self) -> None:
            raise RuntimeError

    machine = TimerMachine(TIMERS[State.RUNNING], listeners=[Faulty()])
    with pytest.raises(RuntimeError):
        machine.pause(now=T0 + 1)
    assert machine.timer == pc.pause(TIMERS[State.RUNNING], T0 + 1)


def test_an_event_that_a_listener_sends_is_taken_next() -> None:
    """Steps never nest: the second begins when the first is done."""

    class Impatient:
        def before_start(self, machine: TimerMachine, now: int) -> None:
            machine.pause(now=now + 5)
            assert machine.timer is pc.IDLE

    machine = TimerMachine(listeners=[Impatient()])
    machine.start(now=T0)
    assert machine.timer == pc.pause(pc.start(T0), T0 + 5)


@pytest.mark.parametrize("last", ["start", "stop"])
def test_a_listeners_illegal_event_reaches_the_caller_and_leaves_nothing_behind(last: str) -> None:
    """The first step stays, the illegal event raises, and what was sent after it is forgotten."""

    class Confused:
        def on_stop(self, machine: TimerMachine, now: int) -> None:
            machine.send(last, now=now)
            machine.stop(now=now)

    machine = TimerMachine(TIMERS[State.RUNNING], listeners=[Confused()])
    with pytest.raises(pc.IllegalTransition, match=f"cannot {last} a timer that is stopped"):
        machine.stop(now=T0 + 1)
    assert machine.timer == pc.stop(TIMERS[State.RUNNING], T0 + 1)
    with pytest.raises(pc.IllegalTransition, match="cannot pause"):
        machine.pause(now=T0 + 2)


def test_internal_events_are_not_ignored_either() -> None:
    """An event on the library's internal queue is rejected like any other."""

    class Insider:
        def on_enter_paused(self, machine: TimerMachine, now: int) -> None:
            machine.raise_("pause", now=now)

    machine = TimerMachine(TIMERS[State.RUNNING], listeners=[Insider()])
    with pytest.raises(pc.IllegalTransition):
        machine.pause(now=T0 + 1)
    assert machine.timer.state is State.PAUSED


def test_asynchronous_listeners_are_awaited() -> None:
    """With a coroutine among the listeners the events are awaited, and rejected alike."""
    journal: list[int] = []

    class Slow:
        async def after_transition(self, now: int) -> None:
            await asyncio.sleep(0)
            journal.append(now)

    async def life() -> pc.Timer:
        machine = TimerMachine(listeners=[Slow()])
        await machine.start(now=T0)
        with pytest.raises(pc.IllegalTransition):
            await machine.start(now=T0 + 1)
        with pytest.raises(pc.ClockWentBackwards):
            await machine.pause(now=T0 - 1)
        await machine.send("stop", now=T0 + 2)
        with pytest.raises(pc.IllegalTransition):
            await machine.stop(now=T0 + 3)
        return machine.timer

    assert asyncio.run(life()) == pc.stop(pc.start(T0), T0 + 2)
    assert journal == [T0, T0 + 2]


# --- guards -----------------------------------------------------------------------------------------


class OfficeHours:
    """A guard: nothing starts before eight."""

    def guard(self, event: str, now: int) -> bool:
        """Called by the machine for every event that the table allows."""
        return event != "start" or now >= T0


def test_a_guard_rejects_with_a_named_error() -> None:
    """The event is legal and the guard rejects it: nothing changes, and the error names the event."""
    journal = Journal()
    machine = TimerMachine(listeners=[OfficeHours(), journal])
    with pytest.raises(pc.GuardRejected, match="a guard rejected the event start of a timer that is idle") as caught:
        machine.start(now=T0 - 1)
    error = caught.value
    assert (error.state, error.event, error.at, error.code) == (State.IDLE, Event.START, T0 - 1, "guard-rejected")
    assert machine.timer is pc.IDLE
    assert journal.steps == []
    machine.start(now=T0)
    machine.stop(now=T0)
    assert machine.timer.state is State.STOPPED


def test_every_guard_must_agree() -> None:
    """Guards of the class, of construction and of later are all asked."""

    class Fussy(TimerMachine):
        def guard(self, event: str = "", after: pc.Timer = pc.IDLE) -> bool:
            return event != "stop" or after.worked >= HOUR

    class Tired:
        def guard(self, event: str) -> bool:
            return event != "resume"

    machine = Fussy(listeners=[OfficeHours()])
    machine.add_listener(Tired())  # type: ignore[no-untyped-call]
    with pytest.raises(pc.GuardRejected):
        machine.start(now=T0 - 1)
    machine.start(now=T0)
    with pytest.raises(pc.GuardRejected):
        machine.stop(now=T0 + 1)
    machine.pause(now=T0 + HOUR)
    with pytest.raises(pc.GuardRejected):
        machine.resume(now=T0 + HOUR)
    machine.stop(now=T0 + HOUR)
    assert machine.timer.worked == HOUR


def test_the_table_speaks_before_the_guard() -> None:
    """The errors of the table and of the clock precede guards."""

    class Never:
        def guard(self) -> bool:
            return False

    machine = TimerMachine(TIMERS[State.PAUSED], listeners=[Never()])
    with pytest.raises(pc.IllegalTransition):
        machine.pause(now=T0 + 2 * HOUR)
    with pytest.raises(pc.ClockWentBackwards):
        machine.resume(now=T0)
    with pytest.raises(pc.GuardRejected):
        machine.resume(now=T0 + HOUR)


def test_enabled_events_ask_the_guards() -> None:
    """The library's query considers both the table and the guards."""
    machine = TimerMachine(listeners=[OfficeHours()])
    assert [str(event) for event in machine.allowed_events] == ["start"]
    assert machine.enabled_events(now=T0 - 1) == []
    assert [str(event) for event in machine.enabled_events(now=T0)] == ["start"]


# --- the machine as an object -----------------------------------------------------------------------


@pytest.mark.parametrize("state", list(State))
def test_a_machine_is_terminated_where_its_timer_is_stopped(state: State) -> None:
    """Also one that began there."""
    assert TimerMachine(TIMERS[state]).is_terminated is (state is State.STOPPED)


def test_a_subclass_listens_to_itself() -> None:
    """The library's methods by name work on a subclass of the machine."""

    class Counting(TimerMachine):
        starts = 0

        def on_start(self) -> None:
            self.starts += 1

    machine = Counting()
    machine.start(now=T0)
    assert machine.starts == 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda machine: pickle.loads(pickle.dumps(machine))])  # noqa: S301
def test_a_copy_goes_its_own_way(copied: Any) -> None:  # noqa: ANN401
    """A copied or pickled machine has the timer, and what happens to one does not touch the other."""
    machine = TimerMachine()
    machine.start(now=T0)
    twin = copied(machine)
    twin.pause(now=T0 + 1)
    assert machine.timer == pc.start(T0)
    assert twin.timer == pc.pause(pc.start(T0), T0 + 1)


def test_the_timer_cannot_be_set() -> None:
    """Corrections are no events: a corrected timer begins a new machine."""
    machine = TimerMachine(TIMERS[State.RUNNING])
    with pytest.raises(AttributeError):
        machine.timer = pc.IDLE  # type: ignore[misc]
