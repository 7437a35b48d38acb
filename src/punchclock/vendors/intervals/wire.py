"""Intervals' payload: the ``timer`` element, as JSON and as XML.

Names, order and types of the fields follow the page's table of fields. ``isrunning``, ``totaltime`` and the task
information of ``gettimerinfo`` follow what real clients read (see docs/vendors/intervals.md).
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
from punchclock.units import DAY, SECOND
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer, id_number
from punchclock.vendors.wire import Id, decode_payload, is_xml, write_json, write_xml, xml_element, xml_payload
from punchclock.vendors.workspace import Client, Person, Project, Task

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - payloads have UTC times without a zone

T = TypeVar("T")


class IntervalsTimer(VendorTimer, frozen=True):
    """A timer at Intervals; ``note`` is its name, ``updated_on`` its ``lastupdate``."""

    vendor: ClassVar[str] = "intervals"


class TimerElement(msgspec.Struct):
    """The ``timer`` element."""

    id: int | UnsetType
    taskid: int | None
    personid: int | UnsetType
    starttime: str | None
    time: float
    timelapsed: float
    name: str
    lastupdate: date | None
    isrunning: str
    totaltime: float


class TimerInfoElement(TimerElement):
    """The ``timer`` element with the task information that ``gettimerinfo`` adds."""

    task: str | None
    projectid: int | None
    project: str | None
    clientid: int | None
    client: str | None


#: A ``time``, a double of seconds; the maximum is about a third of the years 1 to 9999.
Seconds = Annotated[float, Meta(ge=0, le=1e11)]


class TimerRead(msgspec.Struct, gc=False):
    """The element as it is read: fields that a client can do without may be absent."""

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
    """The element, with or without its envelope."""

    timer: TimerRead | list[TimerRead] | UnsetType = UNSET


_decoder: Final = msgspec.json.Decoder(_Payload, strict=False)  # numbers may be strings


def serialize(record: IntervalsTimer, now: int, zone: str = "UTC", *, xml: bool = False) -> bytes:
    """Return a timer's ``timer`` element at ``now``, with times in UTC for every zone.

    ``time`` is the work until ``starttime`` and ``timelapsed`` the work since then, both in seconds, so
    ``totaltime = time + timelapsed`` (page: "Timers rely on two fields").

    Raises:
        NotRepresentable: an id is not a number.
    """
    if xml:
        return write_xml(xml_element("timer", element(record, now)))
    return write_json(element(record, now))


def serialize_details(record: IntervalsTimer, now: int, zone: str = "UTC") -> bytes:
    """Return what `serialize` does, with the task information of ``gettimerinfo`` if the record has any.

    Raises:
        NotRepresentable: an id is not a number.
    """
    informed = record.task or record.project or record.client
    return write_json(info_element(record, now) if informed else element(record, now))


def element(record: IntervalsTimer, now: int) -> TimerElement:
    """Return a timer's element at ``now``."""
    timer = record.timer
    running = timer.state == State.RUNNING
    starttime = write_timestamp(timer.since) if running else None
    total = worked_at(timer, not_before(timer, now))
    return TimerElement(
        id=id_number("intervals", record.id) if record.id else UNSET,
        taskid=_id_of(record.task),
        personid=id_number("intervals", record.person.id) if record.person.id else UNSET,
        starttime=starttime,
        time=timer.worked / SECOND,
        timelapsed=(total - timer.worked) / SECOND,
        name=record.note,
        lastupdate=record.updated_on,
        isrunning="t" if running else "f",
        totaltime=total / SECOND,
    )


def info_element(record: IntervalsTimer, now: int) -> TimerInfoElement:
    """Return a timer's element at ``now``, with its task, project and client."""
    return TimerInfoElement(
        **msgspec.structs.asdict(element(record, now)),
        task=record.task.name or None if record.task else None,
        projectid=_id_of(record.project),
        project=record.project.name or None if record.project else None,
        clientid=_id_of(record.client),
        client=record.client.name or None if record.client else None,
    )


def _id_of(entity: Task | Project | Client | None) -> int | None:
    return id_number("intervals", entity.id) if entity and entity.id else None


def parse(payload: object, now: int, zone: str = "UTC") -> IntervalsTimer:
    """Return the timer in an element, in its envelope or a list of one, from JSON, XML or decoded values.

    A running timer's ``since`` is its ``starttime``. A paused timer has no timestamp, so it counts as paused at
    ``now``. In both states ``started_at = since - time``, since Intervals does not record breaks.

    Raises:
        MalformedPayload: the payload is not such an element, or holds none or several.
    """
    whole = read_payload(payload, _decoder)
    timer = whole.timer
    if timer is UNSET:
        return record_of(whole, now, "$")
    if isinstance(timer, TimerRead):
        return record_of(timer, now, "$.timer")
    if len(timer) != 1:
        raise MalformedPayload("intervals", "$.timer", payload, f"{len(timer)} timers where one is expected")
    return record_of(timer[0], now, "$.timer[0]")


def read_payload(payload: object, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a payload of Intervals, from JSON, XML or decoded values, with blanks as nulls.

    Raises:
        MalformedPayload: the payload does not fit the decoder's type.
    """
    if is_xml(payload):
        payload = xml_payload("intervals", payload)
    return decode_payload("intervals", payload, decoder, blanks=True)


def record_of(read: TimerRead, now: int, path: str) -> IntervalsTimer:
    """Return the timer in an element that was found at ``path`` of a payload.

    Raises:
        MalformedPayload: a field is missing or invalid.
    """
    starttime, time = read.starttime, read.time
    if starttime is UNSET or time is UNSET:
        missing = "starttime" if starttime is UNSET else "time"
        reason = "required, though it may be blank"
        raise MalformedPayload("intervals", f"{path}.{missing}", None, reason)
    if not _id(read.personid):
        raise MalformedPayload("intervals", f"{path}.personid", read.personid, "required")
    try:
        since = now if starttime is None else _instant(starttime)
    except InvalidInstant as error:
        raise MalformedPayload("intervals", f"{path}.starttime", starttime, error.reason) from None
    worked = 0 if time is None else microseconds(time)
    started_at = since - worked
    if started_at < FIRST:
        raise MalformedPayload("intervals", f"{path}.time", time, "the timer would have started before the year 1")

    client_id, project_id, task_id = _id(read.clientid), _id(read.projectid), _id(read.taskid)
    client = Client(id=client_id, name=read.client or "") if client_id or read.client else None
    project = None
    if project_id or read.project:
        project = Project(id=project_id, name=read.project or "", client=client)
    task = Task(id=task_id, name=read.task or "", project=project) if task_id or read.task else None
    return IntervalsTimer(
        id=_id(read.id),
        timer=Timer(State.PAUSED if starttime is None else State.RUNNING, started_at, since, worked),
        person=Person(id=_id(read.personid)),
        client=client,
        project=project,
        task=task,
        note=read.name or "",
        updated_on=read.lastupdate,
    )


def _id(value: str | int | None) -> str:
    """Return an id as a text; 0 stands for a missing one, as in the element of a record without an id."""
    return "" if value in (None, 0, "0") else str(value)


def microseconds(seconds: float) -> int:
    """Return a ``time`` in seconds as a duration."""
    return round(seconds * SECOND)


def read_timestamp(text: str) -> int:
    """Return the instant of ``2017-01-18 10:30:03``, in UTC.

    Raises:
        InvalidInstant: the text has another form, or the date or time does not exist.
    """
    # `datetime.fromisoformat` also accepts weeks, other separators and, from Python 3.14, 24:00:00.
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
    return since_epoch.days * DAY + since_epoch.seconds * SECOND


def write_timestamp(at: int) -> str:
    """Return ``2017-01-18 10:30:03``: an instant in UTC, floored to the second.

    Raises:
        InstantOutOfRange: the year is outside 1 to 9999.
    """
    try:
        return str(_EPOCH + timedelta(0, at // SECOND))
    except OverflowError:
        raise InstantOutOfRange(at) from None
