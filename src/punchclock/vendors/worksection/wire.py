"""Worksection's payloads: the timer rows of ``get_timers`` and ``get_my_timer``.

Names, order and types of the fields follow the two samples on the vendor's page. The samples show different parts of a
task: only ``get_my_timer`` has the ids of people; only ``get_timers`` has estimates, due dates, text and tags. A field
of a task that is not set is omitted, as the vendor's page on tasks describes ("if specified").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.durations import format_duration, parse_duration
from punchclock.errors import InstantOutOfRange, InvalidDuration, InvalidInstant
from punchclock.instants import FIRST, LAST
from punchclock.timer import not_before, start, worked_at
from punchclock.units import SECOND
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.wire import Id, decode_payload, write_json
from punchclock.vendors.worksection.dialect import DIALECT
from punchclock.vendors.worksection.local import read_local, write_local
from punchclock.vendors.workspace import Person, Project, Task


class WorksectionTimer(VendorTimer, frozen=True):
    """A timer at Worksection. A stopped timer is the saved time entry, and ``note`` is its comment."""

    vendor: ClassVar[str] = "worksection"


# ---- writing -------------------------------------------------------------------------------------


class UserElement(msgspec.Struct, kw_only=True, gc=False):
    """A user; inside the task of ``get_timers`` it has no id."""

    id: str | UnsetType = UNSET
    email: str | UnsetType
    name: str


class ProjectElement(msgspec.Struct, gc=False):
    """A project."""

    id: str | UnsetType
    name: str
    page: str | UnsetType


class TaskElement(msgspec.Struct, kw_only=True):
    """A task; in ``get_my_timer`` it has no ``text`` and ends with ``date_added``."""

    id: str | UnsetType
    name: str
    page: str | UnsetType
    status: str
    priority: str | UnsetType
    user_from: UserElement | UnsetType
    user_to: UserElement
    project: ProjectElement | UnsetType
    text: str | UnsetType = UNSET
    date_added: str | UnsetType
    date_start: date | UnsetType = UNSET
    date_end: date | UnsetType = UNSET
    time_end: str | UnsetType = UNSET
    max_time: float | UnsetType = UNSET
    max_money: float | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET


class TimerElement(msgspec.Struct, kw_only=True):
    """A timer; in ``get_my_timer`` it has no id and no user, and ``time`` is a number of seconds."""

    id: str | UnsetType = UNSET
    time: str | int
    date_started: str
    user_from: UserElement | UnsetType = UNSET
    task: TaskElement | UnsetType


# The vendor's saved responses show these users on tasks that are assigned to no one, and to anyone.
_NO_ONE: Final = Person()
_NO_ASSIGNEE: Final = Person(id="1", email="NOONE", name="Executive isn't assigned")
_PLACEHOLDERS: Final = frozenset({"NOONE", "ANY"})


def serialize(record: WorksectionTimer, now: int, zone: str = "UTC", *, mine: bool = False) -> bytes:
    """Return the response that shows a timer at ``now``: that of ``get_timers``, or of ``get_my_timer`` if ``mine``.

    Worksection shows only running timers. A paused or stopped timer is therefore shown as a running timer with the
    same amount of work.
    """
    row = my_element(record, now, zone) if mine else element(record, now, zone)
    return write_json({"status": "ok", "data": [row]})


def element(record: WorksectionTimer, now: int, zone: str) -> TimerElement:
    """Return a timer's row in ``get_timers``."""
    return TimerElement(
        id=record.id or UNSET,
        time=format_duration(_worked(record, now)),
        date_started=write_local(record.timer.started_at, zone),
        user_from=UNSET if record.person == _NO_ONE else _user(record.person),
        task=UNSET if record.task is None else _full_task_element(record.task, zone),
    )


def my_element(record: WorksectionTimer, now: int, zone: str) -> TimerElement:
    """Return a timer's row in ``get_my_timer``."""
    return TimerElement(
        time=_worked(record, now) // SECOND,
        date_started=write_local(record.timer.started_at, zone),
        task=UNSET if record.task is None else _task_element(record.task, zone, _user),
    )


def _worked(record: WorksectionTimer, now: int) -> int:
    return worked_at(record.timer, not_before(record.timer, now))


def _full_task_element(task: Task, zone: str) -> TaskElement:
    shown = _task_element(task, zone, _user_without_id)
    shown.text = task.text or UNSET
    shown.date_start = task.starts_on or UNSET
    shown.date_end = task.ends_on or UNSET
    shown.time_end = task.ends_at or UNSET
    shown.max_time = _number(task.max_time)
    shown.max_money = _number(task.max_money)
    shown.tags = dict(task.tags) or UNSET
    return shown


def _task_element(task: Task, zone: str, user: Callable[[Person], UserElement]) -> TaskElement:
    """Return the fields that a task has in both calls."""
    project = task.project
    page = f"/project/{project.id}/" if project and project.id else UNSET
    return TaskElement(
        id=task.id or UNSET,
        name=task.name,
        page=f"{page}{task.id}/" if page is not UNSET and task.id else UNSET,
        status="done" if task.closed else "active",
        priority=UNSET if task.priority is None else str(task.priority),
        user_from=user(task.author) if task.author else UNSET,
        user_to=user(task.assignee or _NO_ASSIGNEE),
        project=ProjectElement(project.id or UNSET, project.name, page) if project else UNSET,
        date_added=UNSET if task.added_at is None else write_local(task.added_at, zone),
    )


def _user(person: Person) -> UserElement:
    return UserElement(id=person.id or UNSET, email=person.email or UNSET, name=person.name)


def _user_without_id(person: Person) -> UserElement:
    return UserElement(email=person.email or UNSET, name=person.name)


def _number(value: float | None) -> float | UnsetType:
    """Return an estimate as the sample writes it: ``20``, not ``20.0``."""
    if value is None:
        return UNSET
    return int(value) if value == value // 1 else value


# ---- reading -------------------------------------------------------------------------------------


class _User(msgspec.Struct, gc=False):
    id: str | Id = ""
    email: str | None = None
    name: str | None = None


class _Project(msgspec.Struct, gc=False):
    id: str | Id = ""
    name: str | None = None


class _Task(msgspec.Struct):
    id: str | Id = ""
    name: str | None = None
    status: str | None = None
    priority: str | Id | None = None
    user_from: _User | None = None
    user_to: _User | None = None
    project: _Project | None = None
    text: str | None = None
    date_added: str | None = None
    date_start: str | None = None
    date_end: str | None = None
    time_end: str | None = None
    max_time: float | str | None = None
    max_money: float | str | None = None
    tags: dict[str, str] | list[Any] | None = None  # PHP writes an empty object as an empty array


class _Timer(msgspec.Struct):
    """A timer as it is read: numbers may be strings, and fields that a client can do without may be absent."""

    id: str | Id = ""
    time: str | Id | UnsetType = UNSET
    date_started: str | None = None
    user_from: _User | None = None
    task: _Task | None = None


class _Payload(_Timer):
    """A timer, with or without its envelope."""

    status: str = "ok"
    message: str = ""
    data: _Timer | list[_Timer] | UnsetType = UNSET


_decoder: Final = msgspec.json.Decoder(_Payload)


def parse(payload: object, now: int, zone: str = "UTC") -> WorksectionTimer:
    """Return the timer in a row, with or without the envelope of either call, from bytes or decoded values.

    The timer is running, since Worksection shows no others, and ``started_at = now - time``. ``date_started`` has only
    minutes: it is validated but not used.

    Raises:
        MalformedPayload: the payload is not a timer row, or holds no row or several.
    """
    timers = parse_timers(payload, now, zone)
    if len(timers) != 1:
        raise MalformedPayload("worksection", "$.data", payload, f"{len(timers)} timers where one is expected")
    return timers[0]


def parse_timers(payload: object, now: int, zone: str = "UTC") -> list[WorksectionTimer]:
    """Return the timers of all rows in a response of either call, or of a single row without an envelope.

    Raises:
        MalformedPayload: the payload is not such a response.
    """
    whole = decode_payload("worksection", payload, _decoder)
    if whole.status != "ok":
        raise MalformedPayload("worksection", "$.status", whole.status, whole.message or "an error, not a timer")
    if whole.data is UNSET:
        return [_record(whole, "$", now, zone)]
    if isinstance(whole.data, list):
        return [_record(row, f"$.data[{index}]", now, zone) for index, row in enumerate(whole.data)]
    return [_record(whole.data, "$.data", now, zone)]


def _record(read: _Timer, path: str, now: int, zone: str) -> WorksectionTimer:
    if read.time is UNSET:
        raise MalformedPayload("worksection", f"{path}.time", None, "required")
    try:
        worked = _duration(read.time)
    except InvalidDuration as error:
        raise MalformedPayload("worksection", f"{path}.time", read.time, error.reason) from None
    timer = start(DIALECT.floor(now) - worked)
    if not FIRST <= timer.started_at <= LAST:
        raise MalformedPayload("worksection", f"{path}.time", read.time, InstantOutOfRange(timer.started_at).reason)
    _instant(read.date_started, f"{path}.date_started", zone)
    task = _task(read.task, f"{path}.task", zone) if read.task else None
    return WorksectionTimer(
        id=str(read.id),
        timer=timer,
        person=_person(read.user_from) or Person(),
        project=task.project if task else None,
        task=task,
    )


def _task(read: _Task, path: str, zone: str) -> Task:
    return Task(
        id=str(read.id),
        name=read.name or "",
        project=Project(id=str(read.project.id), name=read.project.name or "") if read.project else None,
        closed=read.status == "done",
        priority=_priority(read.priority, f"{path}.priority"),
        author=_person(read.user_from),
        assignee=_person(read.user_to),
        text=read.text or "",
        added_at=_instant(read.date_added, f"{path}.date_added", zone),
        starts_on=_date(read.date_start, f"{path}.date_start"),
        ends_on=_date(read.date_end, f"{path}.date_end"),
        ends_at=_time_of_day(read.time_end, f"{path}.time_end"),
        max_time=_amount(read.max_time, f"{path}.max_time"),
        max_money=_amount(read.max_money, f"{path}.max_money"),
        tags=_tags(read.tags, f"{path}.tags"),
    )


def _person(read: _User | None) -> Person | None:
    if read is None or read.email in _PLACEHOLDERS:
        return None
    return Person(id=str(read.id), name=read.name or "", email=read.email or "")


def _duration(value: str | int) -> int:
    """Return a ``time``, which is ``HH:MM:SS`` with any number of hours, or whole seconds."""
    if isinstance(value, str) and ":" in value:
        return parse_duration(value)
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise InvalidDuration(value, "neither HH:MM:SS nor a number of seconds")
    return int(text) * SECOND


def _instant(text: str | None, path: str, zone: str) -> int | None:
    try:
        return read_local(text, zone) if text else None
    except InvalidInstant as error:
        raise MalformedPayload("worksection", path, text, error.reason) from None


def _date(text: str | None, path: str) -> date | None:
    if not text:
        return None
    if len(text) != 10 or text[4] != "-" or text[7] != "-":  # `date.fromisoformat` accepts other forms as well
        raise MalformedPayload("worksection", path, text, "not a date as in 2021-01-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MalformedPayload("worksection", path, text, "no such date") from None


def _time_of_day(text: str | None, path: str) -> str:
    if text and not _TIME_OF_DAY(text):
        raise MalformedPayload("worksection", path, text, "not a time of day as in 18:00")
    return text or ""


_TIME_OF_DAY: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII).fullmatch


def _priority(value: str | int | None, path: str) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise MalformedPayload("worksection", path, value, "not a number of at most nine digits")
    return int(text)


def _amount(value: float | str | None, path: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        amount = float(value)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e15:
        raise MalformedPayload("worksection", path, value, "not a number from 0 to 1e15")
    return amount


def _tags(value: dict[str, str] | list[Any] | None, path: str) -> dict[str, str]:
    if isinstance(value, list) and value:
        raise MalformedPayload("worksection", path, value, "not an object of tags by id")
    return dict(value or {})
