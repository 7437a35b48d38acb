"""The parameters of each call of the ``timer`` resource and the handlers that decide it.

Source: page "Intervals API Resource: timer". A PUT contains fields, not events. One rule covers every case: a change of
state is an event of the machine; if the fields then still differ from the timer, an amendment makes up the difference.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from punchclock.errors import InvalidInstant
from punchclock.instants import to_datetime
from punchclock.machine import Correction, Event, State
from punchclock.timer import amend, start
from punchclock.units import SECOND
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Call, HandlerResult, apply_event
from punchclock.vendors.intervals.html import without_active_elements
from punchclock.vendors.intervals.wire import (
    IntervalsTimer,
    Seconds,
    TimerInfoElement,
    element,
    info_element,
    microseconds,
    read_timestamp,
)
from punchclock.vendors.records import UPDATE, Change
from punchclock.vendors.rules import (
    Rule,
    RuleViolation,
    require_at_most,
    require_not_blank,
    require_one_per_task,
    require_own_or_privileged,
)
from punchclock.vendors.wire import Id, read_boolean
from punchclock.vendors.workspace import Role

_OTHERS: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER})  # roles with access to other people's timers; our choice


# ---- parameters ----------------------------------------------------------------------------------


class ListTimers(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``GET /timer/`` (heading "Allowed Filters"). The four ids accept several values as CSV (footnote 1)."""

    generaltimers: str | bool | None = None
    gettimerinfo: str | bool | None = None
    taskid: str | int | None = None
    personid: str | int | None = None
    projectid: str | int | None = None
    clientid: str | int | None = None
    sortfield: Literal["lastupdate"] | None = None
    sortdir: Literal["ASC", "DESC"] | None = None
    offset: Annotated[int, Meta(ge=0, lt=2**53)] | None = None
    limit: Annotated[int, Meta(ge=1, lt=2**53)] | None = None


class GetTimer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``GET /timer/{id}/``."""

    id: str


class DeleteTimer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``DELETE /timer/{id}/``."""

    id: str


class WriteTimer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """PUT and POST (heading "Settable Fields"); with an ``id`` the call updates a timer, without one it creates one.

    ``None`` is a blank field. The read-only fields of the element are ignored, so that a client can send back the whole
    element that it received.
    """

    ignored: ClassVar[frozenset[str]] = frozenset(TimerInfoElement.__struct_fields__)

    id: str | int | None = None
    taskid: Id | UnsetType | None = UNSET
    personid: Id | UnsetType | None = UNSET
    starttime: str | UnsetType | None = UNSET
    time: Seconds | UnsetType | None = UNSET
    name: str | UnsetType | None = UNSET
    lastupdate: date | UnsetType | None = UNSET


# ---- handlers ------------------------------------------------------------------------------------


def list_timers(call: Call[ListTimers]) -> HandlerResult:
    """Return a page of the matching timers; a resource sees only its own. ``listcount`` counts all matching timers."""
    sent, caller = call.parameters, call.caller
    workspace = call.account.workspace
    people = _ids("personid", sent.personid, workspace.people)
    if caller.role not in _OTHERS:
        if people and set(people) != {caller.id}:
            raise RuleViolation(Rule.FOREIGN, "personid")
        people = (caller.id,)
    both = sent.gettimerinfo is not None and read_boolean("gettimerinfo", sent.gettimerinfo)
    general = sent.generaltimers is not None and read_boolean("generaltimers", sent.generaltimers)
    found = call.account.find(
        Query(
            of=IntervalsTimer,
            people=people,
            tasks=_ids("taskid", sent.taskid, workspace.tasks),
            projects=_ids("projectid", sent.projectid, workspace.projects),
            clients=_ids("clientid", sent.clientid, workspace.clients),
            with_task=None if both else not general,
            by_update=sent.sortfield == "lastupdate",
            descending=sent.sortdir == "DESC",
            offset=sent.offset or 0,
            limit=10 if sent.limit is None else sent.limit,
        )
    )
    write = info_element if both else element
    return HandlerResult({"listcount": found.total, "timer": [write(record, call.now) for record in found.records]})


def get_timer(call: Call[GetTimer]) -> HandlerResult:
    """Return one timer."""
    return HandlerResult({"timer": element(_record(call, call.parameters.id), call.now)})


def delete_timer(call: Call[DeleteTimer]) -> HandlerResult:
    """Delete a timer in any state."""
    record = _record(call, call.parameters.id)
    return HandlerResult({}, (Change(Correction.DISCARD, call.now, record),))


def create_timer(call: Call[WriteTimer]) -> HandlerResult:
    """Create a timer: running, since now if ``starttime`` is missing; paused if ``starttime`` is blank."""
    sent = call.parameters
    require_not_blank("personid", None if sent.personid is UNSET else sent.personid)
    worked = None if sent.time is UNSET or sent.time is None else microseconds(sent.time)
    if sent.starttime is None and worked is None:
        raise _time_required()
    at = _timestamp(sent.starttime) if isinstance(sent.starttime, str) else call.now

    record = _described(call, IntervalsTimer(id=str(call.account.new_id()), timer=start(at)))
    changes = [Change(Event.START, at, record)]
    if worked:
        changes.append(_amended(record, worked, at, call.now))
    if sent.starttime is None:
        changes.append(apply_event(changes[-1].record, Event.PAUSE, at))
    return _written(call, record, changes, 201)


def update_timer(call: Call[WriteTimer]) -> HandlerResult:
    """Update the fields of a timer that were sent."""
    sent = call.parameters
    require_not_blank("id", sent.id)
    before = _record(call, str(sent.id))
    record = _described(call, before)
    timer = record.timer
    worked = timer.worked if sent.time is UNSET else microseconds(sent.time or 0)
    since = timer.since
    event = None

    if sent.starttime is None:  # blank: pause the timer; ``time`` is the total that the client calculated
        if sent.time is None or (sent.time is UNSET and not timer.worked):
            raise _time_required()
        if timer.state is State.RUNNING:
            event = apply_event(record, Event.PAUSE, call.now)
            since = event.at
    elif sent.starttime is UNSET:
        if sent.time is None and timer.state is State.PAUSED:
            raise _time_required()
    else:
        since = _timestamp(sent.starttime)
        if timer.state is State.PAUSED:
            event = apply_event(record, Event.RESUME, since)
        elif since == timer.since - timer.since % SECOND:
            since = timer.since  # the client sent back the timestamp that it received, which has whole seconds

    changes = [event] if event else []
    after = event.record if event else record
    if (after.timer.worked, after.timer.since) != (worked, since):
        changes.append(_amended(after, worked, since, call.now))
    if not changes and record != before:
        changes.append(Change(UPDATE, call.now, record))
    return _written(call, before, changes, 202)


def _time_required() -> RuleViolation:
    return RuleViolation(Rule.REQUIRED, "time", "required if starttime is blank")


def _amended(record: IntervalsTimer, worked: int, since: int, now: int) -> Change[IntervalsTimer]:
    timer = amend(record.timer, worked=worked, since=since)
    try:
        to_datetime(timer.started_at)
    except InvalidInstant:
        raise RuleViolation(Rule.VALUE, "time", "the timer would have started before the year 1") from None
    return Change(Correction.AMEND, now, replace(record, timer=timer))


def _written(
    call: Call[WriteTimer], before: IntervalsTimer, changes: list[Change[IntervalsTimer]], status: int
) -> HandlerResult:
    """Return the updated element; ``lastupdate`` is "the date on which the timer was last started or stopped"."""
    if call.parameters.lastupdate is UNSET and any(isinstance(change.action, Event) for change in changes):
        today = to_datetime(call.now).date()
        changes = [replace(change, record=replace(change.record, updated_on=today)) for change in changes]
    record = changes[-1].record if changes else before
    return HandlerResult({"timer": element(record, call.now)}, tuple(changes), status)


def _described(call: Call[WriteTimer], record: IntervalsTimer) -> IntervalsTimer:
    """Return the timer with the person, task, name and date that were sent, after checking them."""
    sent, workspace = call.parameters, call.account.workspace
    if sent.personid is not UNSET:
        require_not_blank("personid", sent.personid)
        if (person := workspace.people.get(str(sent.personid))) is None:
            raise RuleViolation(Rule.VALUE, "personid", f"there is no person {sent.personid}")
        require_own_or_privileged(person, call.caller, _OTHERS)
        record = replace(record, person=person)
    if sent.taskid is None:
        record = replace(record, task=None, project=None, client=None)
    elif sent.taskid is not UNSET:
        if (task := workspace.tasks.get(str(sent.taskid))) is None:
            raise RuleViolation(Rule.VALUE, "taskid", f"there is no task {sent.taskid}")
        project = task.project
        record = replace(record, task=task, project=project, client=project.client if project else None)
    require_one_per_task(call.account, record)
    if sent.name is not UNSET:
        require_at_most(255, "name", sent.name or "")
        record = replace(record, note=without_active_elements(sent.name or ""))
    if sent.lastupdate is not UNSET:
        record = replace(record, updated_on=sent.lastupdate)
    return record


def _record(call: Call[Any], id: str) -> IntervalsTimer:
    """Return the timer with this id, if the caller has access to it."""
    record = call.account.get(IntervalsTimer, id)
    if record is None:
        raise RuleViolation(Rule.NOT_FOUND, "id", f"there is no timer {id}")
    require_own_or_privileged(record.person, call.caller, _OTHERS)
    return record


def _ids(field: str, value: str | int | None, known: Container[str]) -> tuple[str, ...] | None:
    """Return one or several ids from CSV (footnote 1: "in CSV format (e.g. "3,5,11,19")"): numbers, or known ids."""
    if value is None:
        return None
    ids = [part.strip() for part in str(value).split(",")]
    if not all(part in known or (part.isascii() and part.isdecimal() and len(part) <= 200) for part in ids):
        raise RuleViolation(Rule.TYPE, field, "neither an id nor several ids separated by commas")
    return tuple(part if part in known else part.lstrip("0") or "0" for part in ids)


def _timestamp(text: str) -> int:
    try:
        return read_timestamp(text)
    except InvalidInstant as error:
        raise RuleViolation(Rule.TYPE, "starttime", error.reason) from None
