"""Intervals on the wire: the ``timer`` element, field for field, as JSON and as XML.

Names, order and types are those of the page's table of fields; ``isrunning``, ``totaltime`` and the task
information of ``gettimerinfo`` are as real clients read them (see docs/vendors/intervals.md).
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.errors import InstantOutOfRange, InvalidDuration, InvalidInstant
from punchclock.instants import instant
from punchclock.machine import State
from punchclock.timer import Timer, not_before, worked_at
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import Record
from punchclock.vendors.wire import decode_payload, is_xml, write_json, write_xml, xml_element, xml_payload
from punchclock.vendors.world import Client, Person, Project, Task

__all__ = [
    "IntervalsTimer",
    "TimerElement",
    "TimerInfoElement",
    "TimerRead",
    "element",
    "info_element",
    "parse",
    "read_seconds",
    "read_timestamp",
    "record_of",
    "serialize",
    "write_timestamp",
]

_SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of a wire that writes no zone, and is in UTC


class IntervalsTimer(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A timer at Intervals; its name is the record's ``note``, its ``lastupdate`` is ``updated_on``."""

    vendor: ClassVar[str] = "intervals"


class TimerElement(msgspec.Struct, kw_only=True):
    """The ``timer`` element as Intervals writes it."""

    id: int
    taskid: int | None
    personid: int
    starttime: str | None
    time: float
    timelapsed: float
    name: str
    lastupdate: date | None
    isrunning: str
    totaltime: float


class TimerInfoElement(TimerElement, kw_only=True):
    """The element with the task information that ``gettimerinfo`` adds."""

    task: str | None
    projectid: int | None
    project: str | None
    clientid: int | None
    client: str | None


class TimerRead(msgspec.Struct, kw_only=True):
    """The element as it is read: numbers may be texts, and what a client can do without may be absent."""

    id: int | str | None = None
    taskid: int | str | None = None
    personid: int | str | None = None
    starttime: str | UnsetType | None = UNSET
    time: float | str | UnsetType | None = UNSET
    name: str | None = None
    lastupdate: str | None = None
    task: str | None = None
    projectid: int | str | None = None
    project: str | None = None
    clientid: int | str | None = None
    client: str | None = None


class _Payload(TimerRead, kw_only=True):
    """The same, bare or in its envelope."""

    timer: TimerRead | UnsetType = UNSET


_decoder: Final = msgspec.json.Decoder(_Payload)


def serialize(record: IntervalsTimer, now: int, zone: str = "UTC", *, xml: bool = False) -> bytes:
    """The ``timer`` element of a record at ``now``; times are in UTC whatever the zone.

    ``time`` is the work up to ``starttime``, ``timelapsed`` what came since, both in seconds, so
    ``totaltime = time + timelapsed`` (page: "Timers rely on two fields").
    """
    if xml:
        return write_xml(xml_element("timer", element(record, now)))
    return write_json(element(record, now))


def element(record: IntervalsTimer, now: int) -> TimerElement:
    """The element of a record at ``now``."""
    timer = record.timer
    total = worked_at(timer, not_before(timer, now))
    running = timer.state is State.RUNNING
    return TimerElement(
        id=int(record.id or 0),
        taskid=int(record.task.id) if record.task else None,
        personid=int(record.person.id or 0),
        starttime=write_timestamp(timer.since) if running else None,
        time=timer.worked / _SECOND,
        timelapsed=(total - timer.worked) / _SECOND,
        name=record.note,
        lastupdate=record.updated_on,
        isrunning="t" if running else "f",
        totaltime=total / _SECOND,
    )


def info_element(record: IntervalsTimer, now: int) -> TimerInfoElement:
    """The element of a record at ``now``, with its task, project and client."""
    return TimerInfoElement(
        **msgspec.structs.asdict(element(record, now)),
        task=record.task.name if record.task else None,
        projectid=int(record.project.id) if record.project else None,
        project=record.project.name if record.project else None,
        clientid=int(record.client.id) if record.client else None,
        client=record.client.name if record.client else None,
    )


def parse(payload: object, now: int, zone: str = "UTC") -> IntervalsTimer:
    """The record that a ``timer`` element tells of, bare or in its envelope, JSON, XML or decoded already.

    A running timer's ``since`` is its ``starttime``. A paused one tells no instant at all, so it counts as
    paused at ``now``. In both, ``started_at = since - time``: the page knows no break.

    Raises:
        MalformedPayload: it is no such element.
    """
    whole = decode_payload("intervals", xml_payload("intervals", payload) if is_xml(payload) else payload, _decoder)
    if whole.timer is UNSET:
        return record_of(whole, now, "$")
    return record_of(whole.timer, now, "$.timer")


def record_of(read: TimerRead, now: int, path: str) -> IntervalsTimer:
    """The record that an element at ``path`` of a payload tells of.

    Raises:
        MalformedPayload: a field is missing or has a value that none can have.
    """
    starttime, time = read.starttime, read.time
    if starttime is UNSET or time is UNSET:
        raise MalformedPayload("intervals", path, read, "a timer has both starttime and time, blank or not")
    person = _id(read.personid, path, "personid")
    if not person:
        raise MalformedPayload("intervals", f"{path}.personid", read.personid, "required")
    try:
        worked = read_seconds(time or 0)
        since = read_timestamp(starttime) if starttime else now
        started_at = instant(since - worked)
    except InvalidDuration as error:
        raise MalformedPayload("intervals", f"{path}.time", time, error.reason) from None
    except InvalidInstant as error:
        raise MalformedPayload("intervals", f"{path}.starttime", starttime, error.reason) from None

    client = Client(id=_id(read.clientid, path, "clientid"), name=read.client or "") if read.clientid else None
    project = (
        Project(id=_id(read.projectid, path, "projectid"), name=read.project or "", client=client)
        if read.projectid
        else None
    )
    task = _id(read.taskid, path, "taskid")
    return IntervalsTimer(
        id=_id(read.id, path, "id"),
        timer=Timer(State.RUNNING if starttime else State.PAUSED, started_at, since, worked),
        person=Person(id=person),
        client=client,
        project=project,
        task=Task(id=task, name=read.task or "", project=project) if task else None,
        note=read.name or "",
        updated_on=_date(read.lastupdate, path) if read.lastupdate else None,
    )


def _id(value: int | str | None, path: str, field: str) -> str:
    """An id as a text, ``""`` for none, which 0 says too."""
    if not value:
        return ""
    if type(value) is int and 0 < value < _IDS:
        return str(value)
    text = str(value)
    if len(text) > 16 or not (text.isascii() and text.isdecimal()):
        raise MalformedPayload("intervals", f"{path}.{field}", value, "not an id: a number from 0 on")
    return text.lstrip("0")


_IDS: Final = 10**16


def _date(text: str, path: str) -> date:
    """A date, which may have a time of day behind it."""
    try:
        if len(text) != 10:
            read_timestamp(text)
        if text[4:8:3] == "--":  # Python reads other spellings too
            return date.fromisoformat(text[:10])
    except (ValueError, InvalidInstant):
        pass
    raise MalformedPayload("intervals", f"{path}.lastupdate", text, "not a date as in 2017-01-18")


def read_seconds(value: float | str) -> int:
    """A ``time`` in seconds, number or text, as microseconds.

    Raises:
        InvalidDuration: it is negative, infinite, no number, or longer than any timer.
    """
    try:
        seconds = value if type(value) is float else float(value)
    except ValueError:
        seconds = math.nan
    if 0 <= seconds <= _LONGEST:  # no comparison holds of a NaN
        return round(seconds * _SECOND)
    raise InvalidDuration(value, "not a number of seconds from 0 on")


_LONGEST: Final = 1e11  # seconds; the years 1 to 9999 have three times as many


def read_timestamp(text: str) -> int:
    """The instant of ``2017-01-18 10:30:03``, in UTC.

    Raises:
        InvalidInstant: the text is not exactly that, or there is no such date or time.
    """
    # Python reads other spellings too: weeks, other separators, and from 3.14 on 24:00:00.
    if len(text) != 19 or text[4::3] != "-- ::" or text[11:13] == "24":
        raise InvalidInstant(text, "not a timestamp as in 2017-01-18 10:30:03")
    try:
        since_epoch = datetime.fromisoformat(text) - _EPOCH
    except ValueError as error:
        raise InvalidInstant(text, f"no such date or time: {error}") from None
    return (since_epoch.days * 86_400 + since_epoch.seconds) * _SECOND


def write_timestamp(at: int) -> str:
    """``2017-01-18 10:30:03``: the second of an instant, in UTC.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
    """
    try:
        return str(_EPOCH + timedelta(0, at // _SECOND))
    except OverflowError:
        raise InstantOutOfRange(at) from None
