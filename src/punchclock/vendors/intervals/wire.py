"""Intervals on the wire: the ``timer`` element, field for field, as JSON and as XML.

Names, order and types are those of the page's table of fields; ``isrunning``, ``totaltime`` and the task
information of ``gettimerinfo`` are as real clients read them (see docs/vendors/intervals.md).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punchclock.errors import InstantOutOfRange, InvalidInstant
from punchclock.instants import FIRST
from punchclock.machine import State
from punchclock.timer import Timer, not_before, worked_at
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer, id_number
from punchclock.vendors.wire import (
    Id,
    decode_payload,
    is_xml,
    write_json,
    write_xml,
    xml_element,
    xml_payload,
)
from punchclock.vendors.workspace import Client, Person, Project, Task

__all__ = [
    "IntervalsTimer",
    "Seconds",
    "TimerElement",
    "TimerInfoElement",
    "TimerRead",
    "element",
    "info_element",
    "microseconds",
    "parse",
    "read_payload",
    "read_timestamp",
    "record_of",
    "serialize",
    "write_timestamp",
]

_SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - of a wire that writes no zone, and is in UTC

T = TypeVar("T")


class IntervalsTimer(VendorTimer, frozen=True):
    """A timer at Intervals; its name is the record's ``note``, its ``lastupdate`` is ``updated_on``."""

    vendor: ClassVar[str] = "intervals"


class TimerElement(msgspec.Struct):
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


class TimerInfoElement(TimerElement):
    """The element with the task information that ``gettimerinfo`` adds."""

    task: str | None
    projectid: int | None
    project: str | None
    clientid: int | None
    client: str | None


#: A ``time``: a double of seconds. The years 1 to 9999 have three times as many.
Seconds = Annotated[float, Meta(ge=0, le=1e11)]


class TimerRead(msgspec.Struct, gc=False):
    """The element as it is read: what a client can do without may be absent."""

    id: Id = 0
    taskid: Id | None = None
    personid: Id | None = None
    starttime: datetime | UnsetType | None = UNSET
    time: Seconds | UnsetType | None = UNSET
    name: str | None = None
    lastupdate: date | None = None
    task: str | None = None
    projectid: Id | None = None
    project: str | None = None
    clientid: Id | None = None
    client: str | None = None


class _Payload(TimerRead):
    """The same, bare or in its envelope."""

    timer: TimerRead | list[TimerRead] | UnsetType = UNSET


_decoder: Final = msgspec.json.Decoder(_Payload, strict=False)  # numbers may be texts


def serialize(record: IntervalsTimer, now: int, zone: str = "UTC", *, xml: bool = False) -> bytes:
    """The ``timer`` element of a record at ``now``; times are in UTC whatever the zone.

    ``time`` is the work up to ``starttime``, ``timelapsed`` what came since, both in seconds, so
    ``totaltime = time + timelapsed`` (page: "Timers rely on two fields").

    Raises:
        NotRepresentable: an id is no number.
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
        id=id_number("intervals", record.id or "0"),
        taskid=id_number("intervals", record.task.id) if record.task else None,
        personid=id_number("intervals", record.person.id or "0"),
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
        projectid=id_number("intervals", record.project.id) if record.project else None,
        project=record.project.name if record.project else None,
        clientid=id_number("intervals", record.client.id) if record.client else None,
        client=record.client.name if record.client else None,
    )


def parse(payload: object, now: int, zone: str = "UTC") -> IntervalsTimer:
    """The record that a ``timer`` element tells of, bare, in its envelope or alone in a list, JSON, XML or decoded.

    A running timer's ``since`` is its ``starttime``. A paused one tells no instant at all, so it counts as
    paused at ``now``. In both, ``started_at = since - time``: the page knows no break.

    Raises:
        MalformedPayload: it is no such element, or not exactly one.
    """
    whole = read_payload(payload, _decoder)
    timer = whole.timer
    if timer is UNSET:
        return record_of(whole, now, "$")
    if isinstance(timer, TimerRead):
        return record_of(timer, now, "$.timer")
    if len(timer) != 1:
        raise MalformedPayload("intervals", "$.timer", payload, f"{len(timer)} timers where one is meant")
    return record_of(timer[0], now, "$.timer[0]")


def read_payload(payload: object, decoder: msgspec.json.Decoder[T]) -> T:
    """A payload of Intervals, bytes or decoded already; what is blank in it is null.

    Raises:
        MalformedPayload: it is not what the decoder reads.
    """
    if is_xml(payload):
        payload = xml_payload("intervals", payload)
    return decode_payload("intervals", payload, decoder, blanks=True)


def record_of(read: TimerRead, now: int, path: str) -> IntervalsTimer:
    """The record that an element at ``path`` of a payload tells of.

    Raises:
        MalformedPayload: a field is missing or has a value that none can have.
    """
    starttime, time = read.starttime, read.time
    if starttime is UNSET or time is UNSET:
        missing = "starttime" if starttime is UNSET else "time"
        reason = "a timer has both starttime and time, blank or not"
        raise MalformedPayload("intervals", f"{path}.{missing}", None, reason)
    if not read.personid:
        raise MalformedPayload("intervals", f"{path}.personid", read.personid, "required")
    try:
        since = now if starttime is None else _instant(starttime)
    except InvalidInstant as error:
        raise MalformedPayload("intervals", f"{path}.starttime", starttime, error.reason) from None
    worked = 0 if time is None else microseconds(time)
    started_at = since - worked
    if started_at < FIRST:
        raise MalformedPayload("intervals", f"{path}.time", time, "the timer would have begun before the year 1")

    client = Client(id=str(read.clientid), name=read.client or "") if read.clientid else None
    project = Project(id=str(read.projectid), name=read.project or "", client=client) if read.projectid else None
    return IntervalsTimer(
        id=str(read.id) if read.id else "",
        timer=Timer(State.PAUSED if starttime is None else State.RUNNING, started_at, since, worked),
        person=Person(id=str(read.personid)),
        client=client,
        project=project,
        task=Task(id=str(read.taskid), name=read.task or "", project=project) if read.taskid else None,
        note=read.name or "",
        updated_on=read.lastupdate,
    )


def microseconds(seconds: float) -> int:
    """A ``time`` as a duration."""
    return round(seconds * _SECOND)


def read_timestamp(text: str) -> int:
    """The instant of ``2017-01-18 10:30:03``, in UTC.

    Raises:
        InvalidInstant: the text is not exactly that, or there is no such date or time.
    """
    # Python reads other spellings too: weeks, other separators, and from 3.14 on 24:00:00.
    if len(text) != 19 or text[4::3] != "-- ::" or text[11:13] == "24":
        raise InvalidInstant(text, "not a timestamp as in 2017-01-18 10:30:03")
    try:
        return _instant(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidInstant(text, "no such date or time") from None


def _instant(timestamp: datetime) -> int:
    if timestamp.tzinfo is not None or timestamp.microsecond:
        raise InvalidInstant(timestamp, "not a timestamp as in 2017-01-18 10:30:03")
    since_epoch = timestamp - _EPOCH
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
