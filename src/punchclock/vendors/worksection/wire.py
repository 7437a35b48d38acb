"""Worksection on the wire: a timer's row in ``get_timers`` and ``get_my_timer``, field for field.

Names, order and types are those of the page's two samples. The task's dataset differs between them: ids of people
stand only in ``get_my_timer``, estimates, due dates, text and tags only in ``get_timers``. What is not specified for
a task is left out, as the vendor's page on tasks has it ("if specified").
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.calendar import Disambiguation, day_of, from_seconds_of_day, seconds_of_day, work_date
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import InstantOutOfRange, InvalidDuration, InvalidInstant
from punchclock.instants import instant
from punchclock.timer import not_before, start, worked_at
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.wire import Id, decode_payload, write_json
from punchclock.vendors.worksection.dialect import DIALECT
from punchclock.vendors.workspace import Person, Project, Task

__all__ = [
    "TimerElement",
    "WorksectionTimer",
    "element",
    "my_element",
    "parse",
    "parse_timers",
    "read_local",
    "serialize",
    "write_local",
]

_SECOND: Final = 1_000_000


class WorksectionTimer(VendorTimer, frozen=True):
    """A timer at Worksection; once it is stopped it is the saved entry, and its comment is the record's ``note``."""

    vendor: ClassVar[str] = "worksection"


# ---- writing -------------------------------------------------------------------------------------


class UserElement(msgspec.Struct, kw_only=True, gc=False):
    """A user as Worksection writes it; in the task of ``get_timers`` without the id."""

    id: str | UnsetType = UNSET
    email: str
    name: str


class ProjectElement(msgspec.Struct, gc=False):
    """A project as Worksection writes it."""

    id: str
    name: str
    page: str


class TaskElement(msgspec.Struct, kw_only=True):
    """A task as Worksection writes it; in ``get_my_timer`` it ends with ``date_added``, and has no ``text``."""

    id: str
    name: str
    page: str
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
    """A timer as Worksection writes it; in ``get_my_timer`` without id and user, and with ``time`` in seconds."""

    id: str | UnsetType = UNSET
    time: str | int
    date_started: str
    user_from: UserElement | UnsetType = UNSET
    task: TaskElement | UnsetType


# A task that nobody is to do, and one that anybody may: what the vendor's saved responses show in the place of a user.
_NO_ONE: Final = Person(id="1", email="NOONE", name="Executive isn't assigned")
_NOBODY: Final = frozenset({"NOONE", "ANY"})


def serialize(record: WorksectionTimer, now: int, zone: str = "UTC", *, mine: bool = False) -> bytes:
    """The answer that shows a record at ``now``: the list of ``get_timers`` with the one row, or ``get_my_timer``.

    ``time`` is the work done. Worksection shows only what runs, so a record that is paused or stopped is shown as the
    running timer that has done as much work.
    """
    row = my_element(record, now, zone) if mine else element(record, now, zone)
    return write_json({"status": "ok", "data": [row]})


def element(record: WorksectionTimer, now: int, zone: str) -> TimerElement:
    """The row of a record in ``get_timers``."""
    task = record.task
    return TimerElement(
        id=record.id,
        time=format_duration(_worked(record, now)),
        date_started=write_local(record.timer.started_at, zone),
        user_from=_user(record.person),
        task=UNSET
        if task is None
        else TaskElement(
            id=task.id,
            name=task.name,
            page=_page(task),
            status=_status(task),
            priority=_priority(task),
            user_from=UNSET if task.author is None else _user_without_id(task.author),
            user_to=_user_without_id(task.assignee or _NO_ONE),
            project=_project(task),
            text=task.text or UNSET,
            date_added=_date_added(task, zone),
            date_start=task.starts_on or UNSET,
            date_end=task.ends_on or UNSET,
            time_end=task.ends_at or UNSET,
            max_time=_number(task.max_time),
            max_money=_number(task.max_money),
            tags=dict(task.tags) or UNSET,
        ),
    )


def my_element(record: WorksectionTimer, now: int, zone: str) -> TimerElement:
    """The row of a record in ``get_my_timer``."""
    task = record.task
    return TimerElement(
        time=_worked(record, now) // _SECOND,
        date_started=write_local(record.timer.started_at, zone),
        task=UNSET
        if task is None
        else TaskElement(
            id=task.id,
            name=task.name,
            page=_page(task),
            status=_status(task),
            priority=_priority(task),
            user_from=UNSET if task.author is None else _user(task.author),
            user_to=_user(task.assignee or _NO_ONE),
            project=_project(task),
            date_added=_date_added(task, zone),
        ),
    )


def _worked(record: WorksectionTimer, now: int) -> int:
    return worked_at(record.timer, not_before(record.timer, now))


def _user(person: Person) -> UserElement:
    return UserElement(id=person.id, email=person.email, name=person.name)


def _user_without_id(person: Person) -> UserElement:
    return UserElement(email=person.email, name=person.name)


def _project(task: Task) -> ProjectElement | UnsetType:
    project = task.project
    return (
        UNSET if project is None else ProjectElement(id=project.id, name=project.name, page=f"/project/{project.id}/")
    )


def _page(task: Task) -> str:
    """``/project/PROJECT_ID/TASK_ID/``."""
    project = task.project
    return f"/project/{task.id}/" if project is None else f"/project/{project.id}/{task.id}/"


def _status(task: Task) -> str:
    return "done" if task.closed else "active"


def _priority(task: Task) -> str | UnsetType:
    return UNSET if task.priority is None else str(task.priority)


def _date_added(task: Task, zone: str) -> str | UnsetType:
    return UNSET if task.added_at is None else write_local(task.added_at, zone)


def _number(value: float | None) -> float | UnsetType:
    """An estimate as the sample has it: ``20``, not ``20.0``."""
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
    """A timer as it is read: numbers may be texts, and what a client can do without may be absent."""

    id: str | Id = ""
    time: str | Id | UnsetType = UNSET
    date_started: str | None = None
    user_from: _User | None = None
    task: _Task | None = None


class _Payload(_Timer):
    """The same, bare or in its envelope."""

    status: str = "ok"
    message: str = ""
    data: _Timer | list[_Timer] | UnsetType = UNSET


_decoder: Final = msgspec.json.Decoder(_Payload)


def parse(payload: object, now: int, zone: str = "UTC") -> WorksectionTimer:
    """The record that a timer's row tells of, bare or in the envelope of either call, bytes or decoded already.

    It runs, as every timer that Worksection shows, and ``started_at = now - time``: ``date_started`` is only to the
    minute, so it is read but not counted with.

    Raises:
        MalformedPayload: it is no such row, or not exactly one.
    """
    timers = parse_timers(payload, now, zone)
    if len(timers) != 1:
        raise MalformedPayload("worksection", "$.data", payload, f"{len(timers)} timers where one is meant")
    return timers[0]


def parse_timers(payload: object, now: int, zone: str = "UTC") -> list[WorksectionTimer]:
    """The records of every row in the list of ``get_timers``, or of the one row there is, or none.

    Raises:
        MalformedPayload: it is no such list.
    """
    whole = decode_payload("worksection", payload, _decoder)
    if whole.status != "ok":
        raise MalformedPayload("worksection", "$.status", whole.status, whole.message or "no timer but an error")
    if whole.data is UNSET:
        return [_record(whole, "$", now, zone)]
    if isinstance(whole.data, list):
        return [_record(row, f"$.data[{index}]", now, zone) for index, row in enumerate(whole.data)]
    return [_record(whole.data, "$.data", now, zone)]


def _record(read: _Timer, path: str, now: int, zone: str) -> WorksectionTimer:
    if read.time is UNSET:
        raise MalformedPayload("worksection", f"{path}.time", None, "required")
    try:
        started_at = instant(DIALECT.floor(now) - _duration(read.time))
    except (InvalidDuration, InvalidInstant) as error:
        raise MalformedPayload("worksection", f"{path}.time", read.time, error.reason) from None
    _moment(read.date_started, f"{path}.date_started", zone)
    task = _task(read.task, f"{path}.task", zone) if read.task else None
    return WorksectionTimer(
        id=str(read.id),
        timer=start(started_at),
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
        priority=_integer(read.priority, f"{path}.priority"),
        author=_person(read.user_from),
        assignee=_person(read.user_to),
        text=read.text or "",
        added_at=_moment(read.date_added, f"{path}.date_added", zone),
        starts_on=_day(read.date_start, f"{path}.date_start"),
        ends_on=_day(read.date_end, f"{path}.date_end"),
        ends_at=_clock(read.time_end, f"{path}.time_end"),
        max_time=_amount(read.max_time, f"{path}.max_time"),
        max_money=_amount(read.max_money, f"{path}.max_money"),
        tags=_tags(read.tags, f"{path}.tags"),
    )


def _person(read: _User | None) -> Person | None:
    if read is None or read.email in _NOBODY:
        return None
    return Person(id=str(read.id), name=read.name or "", email=read.email or "")


def _duration(value: str | int) -> int:
    """A ``time``: ``HH:MM:SS`` with any number of hours, or whole seconds."""
    if isinstance(value, str) and ":" in value:
        return parse_duration(value)
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise InvalidDuration(value, "neither HH:MM:SS nor a number of seconds")
    return int(text) * _SECOND


def _moment(text: str | None, path: str, zone: str) -> int | None:
    try:
        return read_local(text, zone) if text else None
    except InvalidInstant as error:
        raise MalformedPayload("worksection", path, text, error.reason) from None


def _day(text: str | None, path: str) -> date | None:
    if not text:
        return None
    if len(text) != 10 or text[4] != "-" or text[7] != "-":  # of the forms of ISO 8601 only this one
        raise MalformedPayload("worksection", path, text, "not a date as in 2021-01-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MalformedPayload("worksection", path, text, "no such date") from None


def _clock(text: str | None, path: str) -> str:
    if text and not _CLOCK(text):
        raise MalformedPayload("worksection", path, text, "not a time of day as in 18:00")
    return text or ""


def _integer(value: str | int | None, path: str) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise MalformedPayload("worksection", path, value, "not a number")
    return int(text)


def _amount(value: float | str | None, path: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        amount = float(value)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e15:
        raise MalformedPayload("worksection", path, value, "not an amount from 0 on")
    return amount


def _tags(value: dict[str, str] | list[Any] | None, path: str) -> dict[str, str]:
    if isinstance(value, list) and value:
        raise MalformedPayload("worksection", path, value, "not tags by their ids")
    return dict(value or {})


_CLOCK: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII).fullmatch
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d) ([01]\d|2[0-3]):([0-5]\d)", re.ASCII).fullmatch


# ---- local time ----------------------------------------------------------------------------------

_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 3600 * _SECOND
_DAY: Final = 86_400 * _SECOND


def write_local(at: int, zone: str) -> str:
    """``YYYY-MM-DD HH:MM``: the minute that clocks in the zone show; UTC's where the zone's have no such year."""
    day = _day_of_hour(at // _HOUR, zone)
    if day is not None and at < day[1]:
        minutes, date = (at - day[0]) // _MINUTE, day[2]
    else:
        try:
            minutes, date = seconds_of_day(at, zone) // 60, str(work_date(at, zone))
        except InstantOutOfRange:
            minutes, date = seconds_of_day(at, "UTC") // 60, str(work_date(at, "UTC"))
    return f"{date} {minutes // 60:02}:{minutes % 60:02}"


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int, zone: str) -> tuple[int, int, str] | None:
    """Start, end and date of the local day around an hour of UTC; ``None`` where the clock is changed on that day."""
    try:
        day = day_of(hour * _HOUR, zone)
    except InstantOutOfRange:
        return None
    return (day.start, day.end, str(day.date)) if day.end - day.start == _DAY else None


def read_local(text: str, zone: str) -> int:
    """The instant of ``YYYY-MM-DD HH:MM`` in the zone; the earlier one where clocks show it twice.

    Raises:
        InvalidInstant: the text is not exactly that, or there is no such date.
    """
    match = _MOMENT(text)
    if match is None:
        raise InvalidInstant(text, "not a date and time as in 2021-01-01 13:23")
    day, hours, minutes = match.groups()
    seconds = int(hours) * 3600 + int(minutes) * 60
    midnight = _midnight(day, zone)
    if midnight is not None:
        return instant(midnight + seconds * _SECOND)
    return from_seconds_of_day(date.fromisoformat(day), seconds, zone, disambiguation=Disambiguation.EARLIER)


@lru_cache(maxsize=4096)
def _midnight(text: str, zone: str) -> int | None:
    """The instant at which a local date begins; ``None`` where the clock is changed on that day.

    Raises:
        InvalidInstant: there is no such date.
    """
    try:
        wanted = date.fromisoformat(text)
    except ValueError:
        raise InvalidInstant(text, "no such date") from None
    try:
        day = day_of(from_seconds_of_day(wanted, 0, zone, disambiguation=Disambiguation.EARLIER), zone)
    except InstantOutOfRange:
        return None
    return day.start if day.date == wanted and day.end - day.start == _DAY else None
