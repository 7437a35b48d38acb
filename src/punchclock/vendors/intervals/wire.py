"""Intervals on the wire: the ``timer`` element, field for field, as JSON and as XML.

Names, order and types are those of the page's table of fields; ``isrunning``, ``totaltime`` and the task
information of ``gettimerinfo`` are as real clients read them (see docs/vendors/intervals.md).
"""

from __future__ import annotations

import math
from datetime import date
from typing import ClassVar, Final

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.errors import InvalidInstant
from punchclock.instants import instant, to_datetime
from punchclock.machine import State
from punchclock.timer import Timer, not_before, worked_at
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import Record
from punchclock.vendors.wire import decode_payload, write_json, write_xml, xml_element, xml_payload
from punchclock.vendors.world import Client, Person, Project, Task

__all__ = [
    "IntervalsTimer",
    "TimerElement",
    "TimerInfoElement",
    "element",
    "info_element",
    "parse",
    "read_seconds",
    "read_timestamp",
    "serialize",
    "write_timestamp",
]

_SECOND: Final = 1_000_000


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


class _Read(msgspec.Struct, kw_only=True):
    """The element as it is read: numbers may be texts, and what a client can do without may be absent."""

    id: int | str = ""
    taskid: int | str | None = None
    personid: int | str | None = None
    starttime: str | None | UnsetType = UNSET
    time: float | str | None | UnsetType = UNSET
    name: str | None = None
    lastupdate: str | None = None
    task: str | None = None
    projectid: int | str | None = None
    project: str | None = None
    clientid: int | str | None = None
    client: str | None = None


class _Payload(_Read, kw_only=True):
    """The same, bare or in its envelope."""

    timer: _Read | UnsetType = UNSET


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
    if isinstance(payload, (bytes, bytearray)) and payload.lstrip().startswith(b"<"):
        payload = xml_payload("intervals", bytes(payload))
    whole = decode_payload("intervals", payload, _decoder)
    read, path = (whole, "$") if whole.timer is UNSET else (whole.timer, "$.timer")
    if read.personid is None:
        raise MalformedPayload("intervals", f"{path}.personid", None, "required")
    if read.starttime is UNSET or read.time is UNSET:
        raise MalformedPayload("intervals", path, payload, "a timer has both starttime and time, blank or not")

    try:
        worked = read_seconds(read.time or 0)
    except ValueError as error:
        raise MalformedPayload("intervals", f"{path}.time", read.time, str(error)) from None
    try:
        since = read_timestamp(read.starttime) if read.starttime else now
    except InvalidInstant as error:
        raise MalformedPayload("intervals", f"{path}.starttime", read.starttime, error.reason) from None
    try:
        updated_on = date.fromisoformat(read.lastupdate) if read.lastupdate else None
    except ValueError as error:
        raise MalformedPayload("intervals", f"{path}.lastupdate", read.lastupdate, str(error)) from None

    client = Client(id=_id(read.clientid), name=read.client or "") if read.clientid else None
    project = Project(id=_id(read.projectid), name=read.project or "", client=client) if read.projectid else None
    return IntervalsTimer(
        id=_id(read.id),
        timer=Timer(State.RUNNING if read.starttime else State.PAUSED, since - worked, since, worked),
        person=Person(id=_id(read.personid)),
        client=client,
        project=project,
        task=Task(id=_id(read.taskid), name=read.task or "", project=project) if read.taskid else None,
        note=read.name or "",
        updated_on=updated_on,
    )


def _id(value: int | str | None) -> str:
    return "" if value is None else str(value)


def read_seconds(value: float | str) -> int:
    """A ``time`` in seconds, number or text, as microseconds.

    Raises:
        ValueError: it is negative, infinite, no number, or longer than any timer.
    """
    seconds = float(value)
    if not math.isfinite(seconds) or not 0 <= seconds <= 1e11:
        raise ValueError("not a number of seconds from 0 on")
    return round(seconds * _SECOND)


def read_timestamp(text: str) -> int:
    """The instant of ``2017-01-18 10:30:03``, in UTC.

    Raises:
        InvalidInstant: the text is not exactly that, or there is no such date or time.
    """
    if len(text) != 19 or text[10] != " ":
        raise InvalidInstant(text, "not a timestamp as in 2017-01-18 10:30:03")
    return instant(f"{text[:10]}T{text[11:]}Z")


def write_timestamp(at: int) -> str:
    """``2017-01-18 10:30:03``: the second of an instant, in UTC."""
    return to_datetime(at).replace(tzinfo=None).isoformat(" ", "seconds")
