"""One history of a timer, made through every vendor's own calls: all vendors count the same work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import TRANSITIONS, Event, State, Timer, break_at, instant, not_before, replay, to_datetime, worked_at
from punchclock.instants import format_instant
from punchclock.vendors import intervals, names, timetrack, worksection, zoho
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import Vendor
from punchclock.workspaces import demo_workspace

SECOND = 1_000_000
ZONE = "Europe/Berlin"
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


class Harness(ABC):
    """Person 3 working on task 31, or on job 41 of the same project, through a vendor's own calls."""

    vendor: ClassVar[Vendor[Any]]

    def __init__(self) -> None:
        self.account = MemoryAccount(demo_workspace())

    def call(self, operation: str, parameters: msgspec.Struct, now: int, **credentials: str) -> Any:  # noqa: ANN401
        """Make a call, store its changes, and return the response as read."""
        request = self.vendor.request(operation, parameters, **credentials)
        result = self.vendor.handle(request, self.account, now)
        assert result.rejection is None
        self.account.apply(result.changes)
        response = result.response
        return self.vendor.read_response(
            operation, response.status, response.headers, response.body, now=now, zone=ZONE
        )

    def replay(self, history: History) -> None:
        """Make the calls of a history, in order."""
        for event, now in history:
            self.happen(event, now)

    def timers(self) -> list[Timer]:
        """The account's timers."""
        return [record.timer for record in self.account.find(Query(of=self.vendor.timer_types[0])).records]

    def worked(self, now: int) -> int:
        """The total work of the account's timers."""
        return sum(worked_at(timer, now) for timer in self.timers())

    def runs(self) -> bool:
        """Whether a timer runs."""
        return any(timer.state is State.RUNNING for timer in self.timers())

    @abstractmethod
    def happen(self, event: Event, now: int) -> None:
        """Make the call for an event, or for the nearest one that the vendor has."""


class Intervals(Harness):
    """A pause blanks ``starttime`` and sets the sum, as its clients do; so does a stop, its nearest call."""

    vendor: ClassVar[Vendor[Any]] = intervals.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "intervals-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Create the timer, or set its ``starttime``, which Intervals writes to the second."""
        if event is Event.START:
            self.call("create_timer", intervals.WriteTimer(personid=3, taskid=31, time=0), now, **self.token)
            return
        if event is Event.RESUME:
            starttime = to_datetime(now).replace(tzinfo=None).isoformat(" ", "seconds")
            parameters = intervals.WriteTimer(id="1001", starttime=starttime)
        else:
            shown = self.call("get_timer", intervals.GetTimer(id="1001"), now, **self.token).timer
            total = worked_at(shown, not_before(shown, now)) / SECOND
            parameters = intervals.WriteTimer(id="1001", starttime=None, time=total)
        self.call("update_timer", parameters, now, **self.token)


class TimeTrack(Harness):
    """Every event has a call, with a date."""

    vendor: ClassVar[Vendor[Any]] = timetrack.VENDOR
    key: ClassVar[dict[str, str]] = {"key": "timetrack-key", "secret": "timetrack-secret"}

    def happen(self, event: Event, now: int) -> None:
        """Start on a project by name; every other call is on the user's timer."""
        if event is Event.START:
            named = {"client_name": "Client 006", "project_name": "Project 006_1", "username": "resource"}
            parameters = timetrack.StartProjectTimer(date=format_instant(now), **named)
            self.call("start_project_timer", parameters, now, **self.key)
        else:
            self.of_mine(f"{event}_project_timer", now)

    def of_mine(self, operation: str, now: int) -> Any:  # noqa: ANN401 - what the call answers
        """Make a call on the user's timer."""
        parameters = timetrack.ProjectTimerOf(date=format_instant(now), username="resource")
        return self.call(operation, parameters, now, **self.key)


class Worksection(Harness):
    """Without a pause: each segment of work is a timer of its own, saved when it stops."""

    vendor: ClassVar[Vendor[Any]] = worksection.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "worksection-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Start and resume start a timer; pause and stop save the running one."""
        if event in (Event.START, Event.RESUME):
            self.call("start_my_timer", worksection.StartMyTimer(id_task=31), now, **self.token)
        elif self.runs():
            self.call("stop_my_timer", worksection.StopMyTimer(), now, **self.token)


class Zoho(Harness):
    """Without a stop: a pause is the nearest call."""

    vendor: ClassVar[Vendor[Any]] = zoho.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "zoho-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """``timer=start`` starts and resumes; ``timer=stop`` pauses the running timer."""
        if event is Event.START:
            parameters = zoho.StartTimer(
                user="3", job_id="41", work_date="2026-03-02", billing_status="billable", timer="start"
            )
            self.call("start_timer", parameters, now, **self.token)
        elif event is Event.RESUME:
            self.call("resume_timer", zoho.ResumeTimer(time_log_id="1001", timer="start"), now, **self.token)
        elif self.runs():
            self.call("pause_timer", zoho.PauseTimer(time_log_id="1001", timer="stop"), now, **self.token)


HARNESSES: list[type[Harness]] = [Intervals, TimeTrack, Worksection, Zoho]


def test_every_vendor_has_a_harness() -> None:
    """This file covers every vendor."""
    assert sorted(harness.vendor.name for harness in HARNESSES) == list(names())


@given(histories(SECOND), st.integers(0, 3600))
def test_one_history_is_counted_alike(history: History, more: int) -> None:
    """A history in whole seconds yields the same work everywhere, and the same break if the vendor has one."""
    expected = replay(history)
    now = history[-1][1] + more * SECOND
    for harness in (each() for each in HARNESSES):
        harness.replay(history)
        assert harness.worked(now) == worked_at(expected, now)
        if isinstance(harness, TimeTrack):
            shown = harness.of_mine("read_project_timer", now).timer
            assert (worked_at(shown, now), break_at(shown, now)) == (worked_at(expected, now), break_at(expected, now))


@given(histories(1), st.integers(0, 3600 * SECOND))
def test_one_history_between_the_seconds(history: History, more: int) -> None:
    """A history in microseconds is counted to within one second per transition, the resolution of the vendors."""
    expected = replay(history)
    now = history[-1][1] + more
    for harness in (each() for each in HARNESSES):
        harness.replay(history)
        assert abs(harness.worked(now) - worked_at(expected, now)) < SECOND * len(history) + SECOND
        if isinstance(harness, TimeTrack):
            (timer,) = harness.timers()
            assert abs(break_at(timer, now) - break_at(expected, now)) < SECOND * len(history) + SECOND


@pytest.mark.parametrize("harness", HARNESSES)
def test_a_stop_after_a_pause(harness: type[Harness]) -> None:
    """A timer that is stopped during a break has worked until the break, at every vendor."""
    made = harness()
    made.replay([(Event.START, MORNING), (Event.PAUSE, MORNING + 60 * SECOND), (Event.STOP, MORNING + 90 * SECOND)])
    assert made.worked(MORNING + 3600 * SECOND) == 60 * SECOND
