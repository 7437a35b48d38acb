"""TimeTrack's payloads: the project timer object and the attendance timer object, as JSON.

Names, order and types of the fields follow the page's two tables. The second table lists ``latitudeEnd`` twice; the
second one is ``longitudeEnd``, as its description says.

Counting
--------

The page has two formulas: ``worked = (now - started) - break`` while a timer runs, and
``break = (now - started) - worked`` while it is paused. In either state one of the two is constant and the other is the
rest of the elapsed time. `serialize` counts the same way, in seconds for project timers and in minutes for attendance
timers: it floors the constant one only. With timers in whole seconds (`punchclock.vendors.timetrack.dialect`) no count
ever jumps.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from punchclock.errors import InvalidInstant
from punchclock.instants import LAST, parse_instant, to_datetime
from punchclock.machine import State
from punchclock.timer import Timer, break_at, elapsed_at, not_before, worked_at
from punchclock.units import MINUTE, SECOND
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer, id_number
from punchclock.vendors.wire import Id, decode_payload, write_json
from punchclock.vendors.workspace import Client, Person, Project, Task

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class ProjectTimer(VendorTimer, frozen=True):
    """A project timer. Its payload has no id and refers to people, clients, projects and tasks by name."""

    vendor: ClassVar[str] = "timetrack"
    kind: ClassVar[str] = "project_timer"


class AttendanceTimer(VendorTimer, frozen=True, kw_only=True):
    """An attendance timer: an attendance entry that has no end yet. ``note`` is its ``notes``.

    It cannot be paused, so its break is constant: the whole minutes that it was created with.

    Attributes:
        latitude_start: latitude of the start in degrees, ``None`` if unknown.
        longitude_start: longitude of the start in degrees, ``None`` if unknown.
        latitude_end: latitude of the stop in degrees, ``None`` if unknown.
        longitude_end: longitude of the stop in degrees, ``None`` if unknown.
        manual: whether it was entered by hand in the web app.
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
    """The project timer object (heading "Project timer")."""

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
    """The attendance timer object (heading "Attendance timer")."""

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
    """Return a timer's object at ``now``, with timestamps in UTC for every zone.

    If ``now`` is before the timer's last event, the object is the one at that event.

    Raises:
        NotRepresentable: an attendance timer's id is not a number.
    """
    return write_json(element(record, now))


def element(record: ProjectTimer | AttendanceTimer, now: int) -> ProjectTimerObject | AttendanceTimerObject:
    """Return a timer's object at ``now``."""
    return _attendance(record, now) if isinstance(record, AttendanceTimer) else _project(record, now)


def _project(record: ProjectTimer, now: int) -> ProjectTimerObject:
    timer = record.timer
    worked, rested = _counted(timer, now, SECOND)
    playing, paused = timer.state == State.RUNNING, timer.state == State.PAUSED
    return ProjectTimerObject(
        username=record.person.name,
        started_at=write_timestamp(timer.started_at),
        worked_seconds=worked,
        break_seconds=rested,
        playing=playing,
        stopped=not playing and not paused,
        paused=paused,
        client_name=record.client.name or None if record.client else None,
        project_name=record.project.name or None if record.project else None,
        task_name=record.task.name or None if record.task else None,
        note=record.note,
    )


def _attendance(record: AttendanceTimer, now: int) -> AttendanceTimerObject:
    timer = record.timer
    worked, rested = _counted(timer, now, MINUTE)
    return AttendanceTimerObject(
        id=id_number("timetrack", record.id or "0"),
        user=record.person.name,
        latitude_start=record.latitude_start,
        longitude_start=record.longitude_start,
        latitude_end=record.latitude_end,
        longitude_end=record.longitude_end,
        from_=write_timestamp(timer.started_at),
        to=write_timestamp(timer.since) if timer.state == State.STOPPED else None,
        worked_minutes=worked,
        break_minutes=rested,
        manual=record.manual,
        notes=record.note,
    )


def _counted(timer: Timer, now: int, unit: int) -> tuple[int, int]:
    """Return work and break at ``now``, in whole units: the constant one floored, the other as the rest."""
    at = not_before(timer, now)
    begin = timer.started_at
    # Timestamps are written in whole seconds, so elapsed time is their difference, as a client would calculate it.
    elapsed = ((begin + elapsed_at(timer, at)) // SECOND - begin // SECOND) * SECOND // unit
    if timer.state == State.PAUSED:
        worked = worked_at(timer, at) // unit
        return worked, elapsed - worked
    rested = break_at(timer, at) // unit
    return elapsed - rested, rested


def write_timestamp(at: int) -> str:
    """Return ``2020-10-23T15:00:00.000Z``, the page's form: an instant in UTC, floored to the second.

    Raises:
        InstantOutOfRange: the year is outside 1 to 9999.
    """
    return f"{_write_datetime(to_datetime(at))[1:20].decode()}.000Z"


_write_datetime: Final = msgspec.json.Encoder().encode  # several times faster than isoformat


# ---- reading -------------------------------------------------------------------------------------

_Count = Annotated[int, Meta(ge=0)]


class _Read(msgspec.Struct, rename="camel"):
    """Either object as it is read: fields that a client can do without may be absent or null."""

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
    """Return the timer in a project timer or attendance timer object, from bytes or decoded values.

    ``now`` is not used: the object itself says until when it counts. Later readings come from the timer
    (`punchclock.worked_at`); the page says "you need to calculate yourself". A project timer's ``since`` is
    ``startedAt + worked + break``. An attendance timer's work is the time between its timestamps, less its break;
    ``workedMinutes`` is coarser and is ignored.

    Raises:
        MalformedPayload: the payload is neither object.
    """
    read = decode_payload("timetrack", payload, _decoder, blanks=True)
    if read.started_at and not read.from_:
        return _read_project(read, read.started_at)
    if read.from_ and not read.started_at:
        return _read_attendance(read, read.from_)
    raise MalformedPayload("timetrack", "$", payload, "a project timer has startedAt, an attendance timer has from")


#: (playing, paused, stopped) → state. Other combinations are invalid.
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
    worked_until = _later(started_at, read.worked_seconds, SECOND, "$.workedSeconds")
    since = _later(worked_until, read.break_seconds, SECOND, "$.breakSeconds")
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
    worked_from = _later(started_at, read.break_minutes or 0, MINUTE, "$.breakMinutes")
    timer = Timer(State.RUNNING, started_at, worked_from, 0)
    if read.to:
        since = _instant("$.to", read.to)
        if since < started_at:
            raise MalformedPayload("timetrack", "$.to", read.to, "before from")
        if since < worked_from:
            raise MalformedPayload(
                "timetrack", "$.breakMinutes", read.break_minutes, "longer than the time between from and to"
            )
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
        raise MalformedPayload("timetrack", path, count, "the timer would end after the year 9999")
    return later


def _instant(path: str, text: str) -> int:
    try:
        return read_timestamp(text)
    except InvalidInstant as error:
        raise MalformedPayload("timetrack", path, text, error.reason) from None


def read_timestamp(text: str) -> int:
    """Return the instant of ``2020-10-23T15:00:00.000Z``, with or without the fraction; ``Z`` means UTC.

    Raises:
        InvalidInstant: the text has another form, or the date or time does not exist.
    """
    if text[-1:] != "Z":
        raise InvalidInstant(text, "not a timestamp as in 2020-10-23T15:00:00.000Z")
    usual = text[19:] == ".000Z"  # `parse_instant` reads this twice as fast without the zeros
    try:
        return parse_instant(f"{text[:19]}Z" if usual else text)
    except InvalidInstant as error:
        raise InvalidInstant(text, error.reason) from None
