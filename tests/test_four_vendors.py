"""One life of a timer, told to every vendor through that vendor's own calls: they all count the same."""

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
def lives(draw: st.DrawFn, unit: int) -> History:
    """A life that begins and goes on for some hours of one day, at whole multiples of ``unit``."""
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


class Teller(ABC):
    """Person 3 with a vendor's own calls; task 31, or job 41 of the same project, is what is worked on."""

    vendor: ClassVar[Vendor[Any]]

    def __init__(self) -> None:
        self.account = MemoryAccount(demo_workspace())

    def call(self, operation: str, parameters: msgspec.Struct, now: int, **credentials: str) -> Any:  # noqa: ANN401
        """Make a call, store what it changed, and return what it answered."""
        asked = self.vendor.request(operation, parameters, **credentials)
        outcome = self.vendor.handle(asked, self.account, now)
        assert outcome.rejection is None
        self.account.apply(outcome.changes)
        response = outcome.response
        return self.vendor.read_response(
            operation, response.status, response.headers, response.body, now=now, zone=ZONE
        )

    def tell(self, history: History) -> None:
        """Make the calls of a life, in order."""
        for event, now in history:
            self.happen(event, now)

    def timers(self) -> list[Timer]:
        """The timers that the account has now."""
        return [record.timer for record in self.account.find(Query(of=self.vendor.timer_types[0])).records]

    def worked(self, now: int) -> int:
        """The work that they have done."""
        return sum(worked_at(timer, now) for timer in self.timers())

    def runs(self) -> bool:
        """Whether one of them runs."""
        return any(timer.state is State.RUNNING for timer in self.timers())

    @abstractmethod
    def happen(self, event: Event, now: int) -> None:
        """Tell the vendor what happens, or the nearest to it."""


class Intervals(Teller):
    """Pausing blanks ``starttime`` and states the sum, as its clients do; it is the nearest to a stop, too."""

    vendor: ClassVar[Vendor[Any]] = intervals.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "intervals-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Create the timer, or state its ``starttime``, which Intervals writes to the second."""
        if event is Event.START:
            self.call("create_timer", intervals.WriteTimer(personid=3, taskid=31, time=0), now, **self.token)
            return
        if event is Event.RESUME:
            starttime = to_datetime(now).replace(tzinfo=None).isoformat(" ", "seconds")
            asked = intervals.WriteTimer(id="1001", starttime=starttime)
        else:
            shown = self.call("get_timer", intervals.GetTimer(id="1001"), now, **self.token).timer
            total = worked_at(shown, not_before(shown, now)) / SECOND
            asked = intervals.WriteTimer(id="1001", starttime=None, time=total)
        self.call("update_timer", asked, now, **self.token)


class TimeTrack(Teller):
    """Every event has its call, which names its own date."""

    vendor: ClassVar[Vendor[Any]] = timetrack.VENDOR
    key: ClassVar[dict[str, str]] = {"key": "timetrack-key", "secret": "timetrack-secret"}

    def happen(self, event: Event, now: int) -> None:
        """Start on a project by name; all else is about the user's timer."""
        if event is Event.START:
            named = {"client_name": "Client 006", "project_name": "Project 006_1", "username": "resource"}
            asked = timetrack.StartProjectTimer(date=format_instant(now), **named)
            self.call("start_project_timer", asked, now, **self.key)
        else:
            self.of_mine(f"{event}_project_timer", now)

    def of_mine(self, operation: str, now: int) -> Any:  # noqa: ANN401 - what the call answers
        """A call about the user's timer."""
        asked = timetrack.ProjectTimerOf(date=format_instant(now), username="resource")
        return self.call(operation, asked, now, **self.key)


class Worksection(Teller):
    """No pause: each segment of work is a timer of its own, saved when it stops."""

    vendor: ClassVar[Vendor[Any]] = worksection.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "worksection-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """Start and resume start a timer, pause and stop save the one that runs."""
        if event in (Event.START, Event.RESUME):
            self.call("start_my_timer", worksection.StartMyTimer(id_task=31), now, **self.token)
        elif self.runs():
            self.call("stop_my_timer", worksection.StopMyTimer(), now, **self.token)


class Zoho(Teller):
    """No stop: a pause is the nearest to one."""

    vendor: ClassVar[Vendor[Any]] = zoho.VENDOR
    token: ClassVar[dict[str, str]] = {"token": "zoho-token-3"}

    def happen(self, event: Event, now: int) -> None:
        """``timer=start`` starts and resumes, ``timer=stop`` pauses the timer that runs."""
        if event is Event.START:
            asked = zoho.StartTimer(
                user="3", job_id="41", work_date="2026-03-02", billing_status="billable", timer="start"
            )
            self.call("start_timer", asked, now, **self.token)
        elif event is Event.RESUME:
            self.call("resume_timer", zoho.ResumeTimer(time_log_id="1001", timer="start"), now, **self.token)
        elif self.runs():
            self.call("pause_timer", zoho.PauseTimer(time_log_id="1001", timer="stop"), now, **self.token)


TELLERS: list[type[Teller]] = [Intervals, TimeTrack, Worksection, Zoho]


def test_every_vendor_is_told() -> None:
    """No vendor is left out of what this file says."""
    assert sorted(teller.vendor.name for teller in TELLERS) == list(names())


@given(lives(SECOND), st.integers(0, 3600))
def test_one_life_is_counted_alike(history: History, more: int) -> None:
    """A life in whole seconds yields the same work everywhere, and the same break where the vendor has one."""
    expected = replay(history)
    now = history[-1][1] + more * SECOND
    for teller in (each() for each in TELLERS):
        teller.tell(history)
        assert teller.worked(now) == worked_at(expected, now)
        if isinstance(teller, TimeTrack):
            shown = teller.of_mine("read_project_timer", now).timer
            assert (worked_at(shown, now), break_at(shown, now)) == (worked_at(expected, now), break_at(expected, now))


@given(lives(1), st.integers(0, 3600 * SECOND))
def test_one_life_between_the_seconds(history: History, more: int) -> None:
    """A life in microseconds is counted to within a second a transition, which is what the vendors write."""
    expected = replay(history)
    now = history[-1][1] + more
    for teller in (each() for each in TELLERS):
        teller.tell(history)
        assert abs(teller.worked(now) - worked_at(expected, now)) < SECOND * len(history) + SECOND
        if isinstance(teller, TimeTrack):
            (timer,) = teller.timers()
            assert abs(break_at(timer, now) - break_at(expected, now)) < SECOND * len(history) + SECOND


@pytest.mark.parametrize("teller", TELLERS)
def test_a_stop_on_top_of_a_pause(teller: type[Teller]) -> None:
    """A timer that is stopped out of a break has worked until the break, at every vendor."""
    told = teller()
    told.tell([(Event.START, MORNING), (Event.PAUSE, MORNING + 60 * SECOND), (Event.STOP, MORNING + 90 * SECOND)])
    assert told.worked(MORNING + 3600 * SECOND) == 60 * SECOND
