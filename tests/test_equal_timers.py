"""Equal timers give equal answers: a state may also be its text, as a database returns it, in every public function."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import punchclock as pc
from punchclock import Event, State, Timer
from punchclock.chart import TimerMachine
from punchclock.eventlog import Entry, Labels, TimerLog
from punchclock.eventlog.totals import DailyAccumulator, Days
from punchclock.machine import Correction
from punchclock.vendors import load, names
from punchclock.vendors.calls import Vendor
from punchclock.vendors.conversion import as_record_of, render
from punchclock.vendors.intervals.apply import apply
from punchclock.vendors.intervals.wire import IntervalsTimer
from punchclock.vendors.operations import apply_event
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Job, Person
from strategies import examples, instants, timers

DAY: Final = dt.date(2026, 3, 2)

Function = Callable[[Timer, int], object]


def _answer(call: Callable[[], object]) -> object:
    """Return a function's value, or its error with all that it says."""
    try:
        return call()
    except pc.PunchclockError as error:
        return type(error), str(error), vars(error)


def _transitions(timer: Timer, now: int) -> object:
    return [_answer(partial(pc.transition, timer, event, now)) for event in Event]


def _replays(timer: Timer, now: int) -> object:
    return [_answer(partial(pc.replay, [(event, now)], timer)) for event in Event]


def _record(vendor: Vendor[Any], timer: Timer) -> VendorTimer:
    of = vendor.timer_types[0]
    person, job = Person(id="3", name="ben"), Job(id="41", name="UI")
    record: VendorTimer = of(id="7", timer=timer, person=person, job=job, work_date=DAY)
    return record


def _payloads(timer: Timer, now: int) -> object:
    return [each.serialize(_record(each, timer), now) for each in map(load, names())]


def _conversions(timer: Timer, now: int) -> object:
    records = [(each, as_record_of(each, _record(each, timer), "UTC")) for each in map(load, names())]
    return [_answer(partial(render, vendor, record, now, "UTC")) for vendor, record in records]


def _applied(timer: Timer, now: int) -> object:
    record = _record(load("intervals"), timer)
    assert isinstance(record, IntervalsTimer)
    events = [_answer(partial(apply_event, record, event, now)) for event in Event]
    return events, apply(record)


def _machines(timer: Timer, now: int) -> object:
    answers: list[object] = []
    for event in Event:
        machine = TimerMachine(timer)
        answers.append((machine.model.state, machine.is_terminated))
        answers.append((_answer(partial(machine.send, event, now=now)), machine.timer, machine.is_terminated))
    return answers


def _logs(timer: Timer, now: int) -> object:
    answers = []
    for event in (*Event, Correction.AMEND):
        log = TimerLog()
        log.add("T", timer)
        answers.append((_answer(partial(log.apply, Entry("T", event, now, Labels(), 5, now))), log.records["T"].timer))
    return answers


def _days(timer: Timer, now: int) -> object:
    days = DailyAccumulator(Days(dt.UTC), timer.started_at)
    days.moved(timer, now)
    return days.segments(timer, now)


#: Each public function of the package's namespace that takes a timer.
FUNCTIONS: Final[dict[str, Function]] = {
    "pause": pc.pause,
    "resume": pc.resume,
    "stop": pc.stop,
    "transition": _transitions,
    "worked_at": pc.worked_at,
    "break_at": pc.break_at,
    "elapsed_at": pc.elapsed_at,
    "not_before": pc.not_before,
    "amend": lambda timer, now: pc.amend(timer, worked=7, since=now),
    "dumps": lambda timer, _: pc.dumps(timer),
    "replay": _replays,
    "timeline": lambda timer, now: pc.timeline([], until=now, timer=timer),
}

#: What else takes a timer: the machine, the log with its totals, and the vendors' functions of a record.
OTHERS: Final[dict[str, Function]] = {
    "TimerMachine": _machines,
    "TimerLog": _logs,
    "the days of a log": _days,
    "serialize": _payloads,
    "convert": _conversions,
    "apply": _applied,
}


def _pair(timer: Timer) -> tuple[Timer, Timer]:
    """Return a timer and an equal one, whose state is the plain text."""
    texts = Timer(timer.state.value, timer.started_at, timer.since, timer.worked)  # type: ignore[arg-type]  # on purpose
    assert texts == timer
    assert type(texts.state) is str
    return timer, texts


@pytest.mark.parametrize("name", FUNCTIONS | OTHERS)
@settings(max_examples=examples(25))
@given(timers(), instants | st.integers(0, 100))
def test_a_state_may_be_its_text(name: str, timer: Timer, now: int) -> None:
    """Two equal timers, one with a text as its state, give equal values and equal errors."""
    function = (FUNCTIONS | OTHERS)[name]
    one, other = _pair(timer)
    for at in (now, timer.since, timer.since + 90_000_000):
        assert _answer(partial(function, one, at)) == _answer(partial(function, other, at))


def test_no_public_function_of_a_timer_is_left_out() -> None:
    """The table has each function of the package's namespace that has a parameter of the type ``Timer``."""
    functions = {name: getattr(pc, name) for name in pc.__all__ if inspect.isfunction(getattr(pc, name))}
    annotations = {
        name: [each.annotation for each in inspect.signature(function).parameters.values()]
        for name, function in functions.items()
    }
    assert {name for name, types in annotations.items() if "Timer" in types} == set(FUNCTIONS)


def test_the_work_of_a_running_timer_is_not_lost() -> None:
    """The example of the report: the state is the text ``running``, and the work counts."""
    timer = Timer("running", 0, 0, 0)  # type: ignore[arg-type]  # on purpose
    assert pc.worked_at(timer, 10) == 10
    assert pc.stop(timer, 10) == Timer(State.STOPPED, 0, 10, 10)


def test_a_text_that_is_not_a_state() -> None:
    """A step and the saved form name it as an error; its clock stands, as nothing says that it counts."""
    timer = Timer("asleep", 0, 5, 2)  # type: ignore[arg-type]  # on purpose
    for step in (pc.pause, pc.resume, pc.stop):
        with pytest.raises(pc.IllegalTransition, match="a timer that is asleep"):
            step(timer, 10)
    with pytest.raises(pc.InconsistentTimer, match="not a state"):
        pc.dumps(timer)
    assert (pc.worked_at(timer, 10), pc.break_at(timer, 10), pc.elapsed_at(timer, 10)) == (2, 3, 5)
