"""The parameters of each call and the handlers that decide it.

Source: page "Timers"; ``delete_my_timer`` from the vendor's own clients. A user has at most one running timer. Stopping
it saves it: the stopped timer, with its comment, is the saved entry and stays in the account.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from punchclock.machine import Correction, Event, State
from punchclock.timer import start
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Call, HandlerResult, apply_event
from punchclock.vendors.records import Change
from punchclock.vendors.rules import Rule, RuleViolation, require_none_running
from punchclock.vendors.worksection.wire import WorksectionTimer, element, my_element

_RUNNING: Final = (State.RUNNING,)


# ---- parameters ----------------------------------------------------------------------------------


class GetTimers(msgspec.Struct):
    """``?action=get_timers``."""


class StopTimer(msgspec.Struct, kw_only=True):
    """``?action=stop_timer&timer=TIMER_ID``."""

    timer: str | int


class GetMyTimer(msgspec.Struct):
    """``?action=get_my_timer``."""


class StartMyTimer(msgspec.Struct, kw_only=True):
    """``?action=start_my_timer&id_task=TASK_ID``."""

    id_task: str | int


class StopMyTimer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """``?action=stop_my_timer``; ``comment`` is the "timer log comment"."""

    comment: str = ""


class DeleteMyTimer(msgspec.Struct):
    """``?action=delete_my_timer``."""


# ---- handlers ------------------------------------------------------------------------------------


def get_timers(call: Call[GetTimers]) -> HandlerResult:
    """Return the account's running timers, the latest first."""
    found = call.account.find(Query(of=WorksectionTimer, states=_RUNNING, descending=True))
    zone = call.account.workspace.zone
    return HandlerResult({"data": [element(record, call.now, zone) for record in found.records]})


def stop_timer(call: Call[StopTimer]) -> HandlerResult:
    """Stop and save a timer of any user. A timer that is already stopped is not found."""
    record = call.account.get(WorksectionTimer, str(call.parameters.timer))
    if record is None:
        raise RuleViolation(Rule.NOT_FOUND, "timer")
    return HandlerResult({}, (apply_event(record, Event.STOP, call.now),))


def get_my_timer(call: Call[GetMyTimer]) -> HandlerResult:
    """Return a list of the caller's running timer, empty if there is none."""
    zone = call.account.workspace.zone
    return HandlerResult({"data": [my_element(record, call.now, zone) for record in _running(call)]})


def start_my_timer(call: Call[StartMyTimer]) -> HandlerResult:
    """Start the caller's timer on an open task of a project."""
    task = call.account.workspace.tasks.get(str(call.parameters.id_task))
    if task is None:
        raise RuleViolation(Rule.NOT_FOUND, "id_task")
    if task.project is None:
        raise RuleViolation(Rule.NOT_FOUND, "project", "the task does not belong to a project")
    if task.closed:
        raise RuleViolation(Rule.CLOSED, "id_task")
    require_none_running(call.account, WorksectionTimer, call.caller, _RUNNING)
    record = WorksectionTimer(
        id=str(call.account.new_id()),
        timer=start(call.now),
        person=call.caller,
        client=task.project.client,
        project=task.project,
        task=task,
    )
    return HandlerResult({}, (Change(Event.START, call.now, record),))


def stop_my_timer(call: Call[StopMyTimer]) -> HandlerResult:
    """Stop and save the caller's timer, with an optional comment."""
    record = replace(_my_timer(call), note=call.parameters.comment)
    return HandlerResult({}, (apply_event(record, Event.STOP, call.now),))


def delete_my_timer(call: Call[DeleteMyTimer]) -> HandlerResult:
    """Delete the caller's running timer without saving it."""
    return HandlerResult({}, (Change(Correction.DISCARD, call.now, _my_timer(call)),))


def _running(call: Call[Any]) -> tuple[WorksectionTimer, ...]:
    """Return the caller's running timer, or an empty tuple."""
    query = Query(of=WorksectionTimer, people=(call.caller.id,), states=_RUNNING, descending=True, limit=1)
    return call.account.find(query).records


def _my_timer(call: Call[Any]) -> WorksectionTimer:
    for record in _running(call):
        return record
    raise RuleViolation(Rule.STATE, detail="no timer is running")
