"""TimeTrack on the wire: the project timer object and the attendance timer object, field for field, as JSON.

Names, order and types are those of the page's two tables; the second ``latitudeEnd`` of the second one is
``longitudeEnd``, as its description says.

Counting
--------

The page has two formulas: while a timer plays, ``worked = (now - started) - break``; while it is paused,
``break = (now - started) - worked``. So at any time one side stands, and the other is the rest of what has
passed. `serialize` counts just so, in seconds for the one object and in minutes for the other: the side that stands is
floored, never both. Timers in whole seconds (`punchclock.vendors.timetrack.dialect`) so count without a jump
through all their states.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from punchclock.errors import InvalidInstant
from punchclock.instants import LAST, parse_instant, to_datetime
from punchclock.machine import State
from punchclock.timer import Timer, break_at, elapsed_at, not_before, worked_at
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer, id_number
from punchclock.vendors.wire import Id, decode_payload, write_json
from punchclock.vendors.workspace import Client, Person, Project, Task

__all__ = [
    "AttendanceTimer",
    "AttendanceTimerObject",
    "Latitude",
    "Longitude",
    "ProjectTimer",
    "ProjectTimerObject",
    "element",
    "parse",
    "read_timestamp",
    "serialize",
    "write_timestamp",
]

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class ProjectTimer(VendorTimer, frozen=True):
    """A project timer. On the wire it has no id, and its names stand for what they name."""

    vendor: ClassVar[str] = "timetrack"
    kind: ClassVar[str] = "project_timer"


class AttendanceTimer(VendorTimer, frozen=True, kw_only=True):
    """An attendance timer, which is an attendance entry without an end as yet; its notes are the record's ``note``.

    It is never paused, so its break is what it was made with: a break of whole minutes, or none.

    Attributes:
        latitude_start: where it was started, in degrees; ``None`` is unknown, as for the other three.
        longitude_start: likewise.
        latitude_end: where it was stopped, in degrees.
        longitude_end: likewise.
        manual: made by hand in the web app, not by the timer.
    """

    vendor: ClassVar[str] = "timetrack"
    kind: ClassVar[str] = "attendance_timer"

    latitude_start: float | None = None
    longitude_start: float | None = None
    latitude_end: float | None = None
    longitude_end: float | None = None
    manual: bool = False


# ---- writing -------------------------------------------------------------------------------------


class ProjectTimerObject(msgspec.Struct, rename="camel"):
    """The project timer object as TimeTrack writes it (heading "Project timer")."""

    username: str
    started_at: str
    worked_seconds: int
    break_seconds: int
    playing: bool
    stopped: bool
    paused: bool
    client_name: str | None
    project_name: str | None
    task_name: str | None
    note: str


class AttendanceTimerObject(msgspec.Struct, rename="camel"):
    """The attendance timer object as TimeTrack writes it (heading "Attendance timer")."""

    id: int
    user: str
    latitude_start: float | None
    longitude_start: float | None
    latitude_end: float | None
    longitude_end: float | None
    from_: str = msgspec.field(name="from")
    to: str | None
    worked_minutes: int
    break_minutes: int
    manual: bool
    notes: str


def serialize(record: ProjectTimer | AttendanceTimer, now: int, zone: str = "UTC") -> bytes:
    """The object of a record at ``now``; timestamps are written in UTC whatever the zone.

    At an instant before the timer's last one, the object is that of the timer's last instant.

    Raises:
        NotRepresentable: an attendance timer's id is no number.
    """
    return write_json(element(record, now))


def element(record: ProjectTimer | AttendanceTimer, now: int) -> ProjectTimerObject | AttendanceTimerObject:
    """The object of a record at ``now``."""
    return _attendance(record, now) if isinstance(record, AttendanceTimer) else _project(record, now)


def _project(record: ProjectTimer, now: int) -> ProjectTimerObject:
    timer = record.timer
    worked, rested = _counted(timer, now, _SECOND)
    playing, paused = timer.state is State.RUNNING, timer.state is State.PAUSED
    return ProjectTimerObject(
        username=record.person.name,
        started_at=write_timestamp(timer.started_at),
        worked_seconds=worked,
        break_seconds=rested,
        playing=playing,
        stopped=not playing and not paused,
        paused=paused,
        client_name=record.client.name if record.client else None,
        project_name=record.project.name if record.project else None,
        task_name=record.task.name if record.task else None,
        note=record.note,
    )


def _attendance(record: AttendanceTimer, now: int) -> AttendanceTimerObject:
    timer = record.timer
    worked, rested = _counted(timer, now, _MINUTE)
    return AttendanceTimerObject(
        id=id_number("timetrack", record.id or "0"),
        user=record.person.name,
        latitude_start=record.latitude_start,
        longitude_start=record.longitude_start,
        latitude_end=record.latitude_end,
        longitude_end=record.longitude_end,
        from_=write_timestamp(timer.started_at),
        to=write_timestamp(timer.since) if timer.state is State.STOPPED else None,
        worked_minutes=worked,
        break_minutes=rested,
        manual=record.manual,
        notes=record.note,
    )


def _counted(timer: Timer, now: int, unit: int) -> tuple[int, int]:
    """Work and break at ``now``, in whole units: what stands is floored, the other is the rest (see the head)."""
    at = not_before(timer, now)
    begin = timer.started_at
    # From second to second, as the timestamps are written, so that a client's subtraction agrees.
    elapsed = ((begin + elapsed_at(timer, at)) // _SECOND - begin // _SECOND) * _SECOND // unit
    if timer.state is State.PAUSED:
        worked = worked_at(timer, at) // unit
        return worked, elapsed - worked
    rested = break_at(timer, at) // unit
    return elapsed - rested, rested


def write_timestamp(at: int) -> str:
    """``2020-10-23T15:00:00.000Z``: the second of an instant, in UTC, spelt as the page does.

    Raises:
        InstantOutOfRange: outside the years 1 to 9999.
    """
    return f"{_write_datetime(to_datetime(at))[1:20].decode()}.000Z"


_write_datetime: Final = msgspec.json.Encoder().encode  # several times as fast as isoformat


# ---- reading -------------------------------------------------------------------------------------

_Count = Annotated[int, Meta(ge=0)]


class _Read(msgspec.Struct, rename="camel"):
    """Either object as it is read: what a client can do without may be absent or null."""

    username: str | None = None
    started_at: str | None = None
    worked_seconds: _Count | None = None
    break_seconds: _Count | None = None
    playing: bool | None = None
    stopped: bool | None = None
    paused: bool | None = None
    client_name: str | None = None
    project_name: str | None = None
    task_name: str | None = None
    note: str | None = None

    id: Id | None = None
    user: str | None = None
    latitude_start: Latitude | None = None
    longitude_start: Longitude | None = None
    latitude_end: Latitude | None = None
    longitude_end: Longitude | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    break_minutes: _Count | None = None
    manual: bool | None = None
    notes: str | None = None


_decoder: Final = msgspec.json.Decoder(_Read, strict=False)


def parse(payload: object, now: int, zone: str = "UTC") -> ProjectTimer | AttendanceTimer:
    """The record that a project timer or an attendance timer object tells of, as bytes or decoded already.

    Nothing here needs ``now``: the object itself says up to when it counts, and from there on the record
    counts by itself (`punchclock.worked_at`), which is the page's "you need to calculate yourself". A
    project timer's ``since`` is ``startedAt + worked + break``. An attendance timer's work is what its
    timestamps and its break leave; they are finer than ``workedMinutes``, which is therefore not looked at.

    Raises:
        MalformedPayload: it is no such object.
    """
    read = decode_payload("timetrack", payload, _decoder, blanks=True)
    if read.started_at and not read.from_:
        return _read_project(read, read.started_at)
    if read.from_ and not read.started_at:
        return _read_attendance(read, read.from_)
    raise MalformedPayload("timetrack", "$", payload, "a project timer has startedAt, an attendance timer has from")


#: What the flags playing, paused and stopped say; no other three do.
_STATES: Final = {
    (True, False, False): State.RUNNING,
    (False, True, False): State.PAUSED,
    (False, False, True): State.STOPPED,
}


def _read_project(read: _Read, started: str) -> ProjectTimer:
    flags = (read.playing or False, read.paused or False, read.stopped or False)
    state = _STATES.get(flags)
    if state is None:
        raise MalformedPayload("timetrack", "$", flags, "not exactly one of playing, paused and stopped is true")
    started_at = _instant("$.startedAt", started)
    worked_until = _later(started_at, read.worked_seconds, _SECOND, "$.workedSeconds")
    since = _later(worked_until, read.break_seconds, _SECOND, "$.breakSeconds")
    client = Client(name=read.client_name) if read.client_name else None
    project = Project(name=read.project_name, client=client) if read.project_name else None
    return ProjectTimer(
        timer=Timer(state, started_at, since, worked_until - started_at),
        person=Person(name=read.username or ""),
        client=client,
        project=project,
        task=Task(name=read.task_name, project=project) if read.task_name else None,
        note=read.note or "",
    )


def _read_attendance(read: _Read, started: str) -> AttendanceTimer:
    started_at = _instant("$.from", started)
    worked_from = _later(started_at, read.break_minutes or 0, _MINUTE, "$.breakMinutes")
    timer = Timer(State.RUNNING, started_at, worked_from, 0)
    if read.to:
        since = _instant("$.to", read.to)
        if since < started_at:
            raise MalformedPayload("timetrack", "$.to", read.to, "before from")
        if since < worked_from:
            raise MalformedPayload("timetrack", "$.breakMinutes", read.break_minutes, "longer than from until to")
        timer = Timer(State.STOPPED, started_at, since, since - worked_from)
    return AttendanceTimer(
        id="" if read.id is None else str(read.id),
        timer=timer,
        person=Person(name=read.user or ""),
        latitude_start=read.latitude_start,
        longitude_start=read.longitude_start,
        latitude_end=read.latitude_end,
        longitude_end=read.longitude_end,
        manual=read.manual or False,
        note=read.notes or "",
    )


def _later(at: int, count: int | None, unit: int, path: str) -> int:
    if count is None:
        raise MalformedPayload("timetrack", path, None, "required")
    later = at + count * unit
    if later > LAST:
        raise MalformedPayload("timetrack", path, count, "it leads beyond the year 9999")
    return later


def _instant(path: str, text: str) -> int:
    try:
        return read_timestamp(text)
    except InvalidInstant as error:
        raise MalformedPayload("timetrack", path, text, error.reason) from None


def read_timestamp(text: str) -> int:
    """The instant of ``2020-10-23T15:00:00.000Z``, with or without the fraction; ``Z`` is taken as UTC.

    Raises:
        InvalidInstant: the text is not exactly that, or there is no such date or time.
    """
    if text[-1:] != "Z":
        raise InvalidInstant(text, "not a timestamp as in 2020-10-23T15:00:00.000Z")
    usual = text[19:] == ".000Z"  # which `parse_instant` reads twice as fast without its zeros
    try:
        return parse_instant(f"{text[:19]}Z" if usual else text)
    except InvalidInstant as error:
        raise InvalidInstant(text, error.reason) from None
