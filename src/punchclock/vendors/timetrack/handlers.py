"""The parameters of each call and the handlers that decide it.

Source: page "Timer". Every call carries its own time, the ``date``; the server's clock is not used. If a ``date`` is
before the timer's last event, the time of that event is used instead, so that a wrong clock never traps a timer.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from punchclock.errors import InvalidInstant, safe_repr
from punchclock.machine import COUNTS_AS, Event
from punchclock.timer import start
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Call, HandlerResult, apply_event
from punchclock.vendors.records import Change
from punchclock.vendors.rules import Rule, RuleViolation, require_none_running
from punchclock.vendors.timetrack.dialect import DIALECT
from punchclock.vendors.timetrack.wire import (
    AttendanceTimer,
    Latitude,
    Longitude,
    ProjectTimer,
    element,
    read_timestamp,
)
from punchclock.vendors.workspace import Client, Person, Project, Task, Workspace

R = TypeVar("R", ProjectTimer, AttendanceTimer)

_ACTIVE: Final = tuple(COUNTS_AS)  # a running or paused timer blocks a start


# ---- parameters ----------------------------------------------------------------------------------


class ProjectTimerOf(msgspec.Struct, kw_only=True, rename="camel"):
    """Read, pause, resume or stop a project timer: "Required params …: date, username"."""

    date: str
    username: str


class StartProjectTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Heading "Start project timer": "Required params …: date, clientName, projectName, username"."""

    date: str
    client_name: str
    project_name: str
    username: str
    task_name: str | None = None
    note: str | None = None


class GetAttendanceTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Heading "Get attendance timer": "Required params: date." Without a user, the account's current timer."""

    date: str
    username: str | None = None


class StartAttendanceTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Heading "Start attendance timer": "Required params: date, username".

    The coordinates have the names that they have in the object, or the names without ``Start``.
    """

    date: str
    username: str
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    latitude_start: Latitude | None = None
    longitude_start: Longitude | None = None


class StopAttendanceTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Heading "Stop attendance timer": "Required params: date, username"; coordinates as for a start."""

    date: str
    username: str
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    latitude_end: Latitude | None = None
    longitude_end: Longitude | None = None


# ---- the project timer ---------------------------------------------------------------------------


def read_project_timer(call: Call[ProjectTimerOf]) -> HandlerResult:
    """Return the current timer as of ``date``. A stopped timer is shown until the next start."""
    now = _now(call.parameters.date)
    return HandlerResult(element(_current(call, ProjectTimer, call.parameters.username), now))


def start_project_timer(call: Call[StartProjectTimer]) -> HandlerResult:
    """Start a timer for a user who has no running or paused one."""
    sent, workspace = call.parameters, call.account.workspace
    now = _now(sent.date)
    person = _person(workspace, sent.username)
    client = _client(workspace, sent.client_name)
    project = _project(workspace, sent.project_name, client)
    task = _task(workspace, sent.task_name, project) if sent.task_name else None
    require_none_running(call.account, ProjectTimer, person, _ACTIVE)
    record = ProjectTimer(
        id=str(call.account.new_id()),
        timer=start(now),
        person=person,
        client=client,
        project=project,
        task=task,
        note=sent.note or "",
    )
    return _changed(Change(Event.START, now, record), now)


def pause_project_timer(call: Call[ProjectTimerOf]) -> HandlerResult:
    """Pause the current timer."""
    return _apply_event(call, Event.PAUSE)


def resume_project_timer(call: Call[ProjectTimerOf]) -> HandlerResult:
    """Resume the current timer."""
    return _apply_event(call, Event.RESUME)


def stop_project_timer(call: Call[ProjectTimerOf]) -> HandlerResult:
    """Stop the current timer. A second stop is rejected, so the first one counts."""
    return _apply_event(call, Event.STOP)


def _apply_event(call: Call[ProjectTimerOf], event: Event) -> HandlerResult:
    now = _now(call.parameters.date)
    return _changed(apply_event(_current(call, ProjectTimer, call.parameters.username), event, now), now)


# ---- the attendance timer ------------------------------------------------------------------------


def get_attendance_timer(call: Call[GetAttendanceTimer]) -> HandlerResult:
    """Return the current entry as of ``date``; without a user, the account's, since keys do not belong to people."""
    now = _now(call.parameters.date)
    return HandlerResult(element(_current(call, AttendanceTimer, call.parameters.username), now))


def start_attendance_timer(call: Call[StartAttendanceTimer]) -> HandlerResult:
    """Start an entry for a user who has no open one, whether from a timer or entered by hand."""
    sent = call.parameters
    now = _now(sent.date)
    person = _person(call.account.workspace, sent.username)
    latitude = _one_of("latitude", sent.latitude, sent.latitude_start)
    longitude = _one_of("longitude", sent.longitude, sent.longitude_start)
    _both_or_neither(latitude, longitude)
    require_none_running(call.account, AttendanceTimer, person, _ACTIVE)
    record = AttendanceTimer(
        id=str(call.account.new_id()),
        timer=start(now),
        person=person,
        latitude_start=latitude,
        longitude_start=longitude,
    )
    return _changed(Change(Event.START, now, record), now)


def stop_attendance_timer(call: Call[StopAttendanceTimer]) -> HandlerResult:
    """End the open entry, whether from a timer or entered by hand."""
    sent = call.parameters
    now = _now(sent.date)
    latitude = _one_of("latitude", sent.latitude, sent.latitude_end)
    longitude = _one_of("longitude", sent.longitude, sent.longitude_end)
    _both_or_neither(latitude, longitude)
    change = apply_event(_current(call, AttendanceTimer, sent.username), Event.STOP, now)
    record = replace(change.record, latitude_end=latitude, longitude_end=longitude)
    return _changed(replace(change, record=record), now)


def _one_of(field: str, short: float | None, long: float | None) -> float | None:
    if short is not None and long is not None:
        raise RuleViolation(Rule.DUPLICATE, field)
    return long if short is None else short


def _both_or_neither(latitude: float | None, longitude: float | None) -> None:
    if (latitude is None) != (longitude is None):
        missing, given = ("latitude", "longitude") if latitude is None else ("longitude", "latitude")
        raise RuleViolation(Rule.REQUIRED, missing, f"{given} was given without it")


# ---- shared helpers ------------------------------------------------------------------------------


def _now(date: str) -> int:
    """Return the time of the call, in whole seconds."""
    try:
        return DIALECT.floor(read_timestamp(date))
    except InvalidInstant as error:
        raise RuleViolation(Rule.TYPE, "date", error.reason) from None


def _changed(change: Change[R], now: int) -> HandlerResult:
    """Return the change and the timer after it, as a read would show it."""
    return HandlerResult(element(change.record, now), (change,))


def _current(call: Call[Any], of: type[R], username: str | None) -> R:
    """Return the current timer of a kind, of one user or of the account: the active one, or else the latest."""
    people = (_person(call.account.workspace, username).id,) if username else None
    for states in (_ACTIVE, None):
        query = Query(of=of, people=people, states=states, descending=True, limit=1)
        for record in call.account.find(query).records:
            return record
    raise RuleViolation(Rule.NOT_FOUND, detail=f"there is no {of.kind.replace('_', ' ')}")


def _person(workspace: Workspace, name: str) -> Person:
    if (person := workspace.person_named(name)) is None:
        raise RuleViolation(Rule.NOT_FOUND, "username", f"there is no user {safe_repr(name)}")
    return person


def _client(workspace: Workspace, name: str) -> Client:
    if (client := workspace.client_named(name)) is None:
        raise RuleViolation(Rule.NOT_FOUND, "clientName", f"there is no client {safe_repr(name)}")
    return client


def _project(workspace: Workspace, name: str, client: Client) -> Project:
    if (project := workspace.project_named(name, client)) is None:
        raise RuleViolation(Rule.NOT_FOUND, "projectName", f"{client.name} has no project {safe_repr(name)}")
    return project


def _task(workspace: Workspace, name: str, project: Project) -> Task:
    if (task := workspace.task_named(name, project)) is None:
        raise RuleViolation(Rule.NOT_FOUND, "taskName", f"{project.name} has no task {safe_repr(name)}")
    if task.closed:
        raise RuleViolation(Rule.CLOSED, "taskName", f"{task.name} is closed")
    return task
