"""Worksection's row of `get_timers`, read and written: punchclock, `json` with code by hand, and pydantic.

All three check the same things and make the same record, or the same bytes of it. The payloads differ in start, task
and people, as a list of an account's timers does. What punchclock remembers from turn to turn is when local days begin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

import punchclock as pc
from benchmarks.pairs import Row
from benchmarks.vendors.frame import EXAMPLES, Way, rows_of
from punchclock import State, Timer
from punchclock.vendors.worksection import WorksectionTimer, parse, serialize
from punchclock.vendors.workspace import Person, Project, Task

__all__ = ["rows"]

SECOND = 1_000_000
ZONE = "Europe/Berlin"
BERLIN = ZoneInfo(ZONE)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOW = pc.instant("2026-06-01T18:00:00Z")


def rows() -> list[Row]:
    """`parse` and `serialize` against both rivals."""
    return rows_of(
        "worksection",
        [_example(number) for number in range(EXAMPLES)],
        Way(_parse, _serialize),
        Way(_parse_by_hand, _serialize_by_hand),
        Way(_parse_by_pydantic, _serialize_by_pydantic),
    )


def _parse(payload: bytes) -> object:
    return parse(payload, NOW, ZONE)


def _serialize(record: WorksectionTimer) -> bytes:
    return serialize(record, NOW, ZONE)


def _example(number: int) -> WorksectionTimer:
    started = pc.instant("2026-05-04T06:00:00Z") + number * 7_919 * SECOND
    project = Project(id=str(20 + number), name=f"Project {number:03}_1")
    task = Task(
        id=str(300 + number),
        name="Design",
        project=project,
        priority=number % 10,
        author=Person(name="manager", email=f"manager{number}@demo.test"),
        assignee=Person(name="resource", email=f"resource{number}@demo.test"),
        text="Draw the screens of the second release",
        added_at=pc.instant("2026-01-12T09:30:00Z") + number * 3_600 * SECOND,
        starts_on=date(2026, 1, 12),
        ends_on=date(2026, 12, 18),
        ends_at="18:00",
        max_time=20,
        max_money=500,
        tags={"51": "design", "52": "urgent"},
    )
    return WorksectionTimer(
        id=str(1_000 + number),
        timer=pc.start(started),
        person=Person(id=str(number), name="resource", email=f"resource{number}@demo.test"),
        project=project,
        task=task,
    )


# ---- by hand -------------------------------------------------------------------------------------


def _parse_by_hand(payload: bytes) -> WorksectionTimer:
    sent = json.loads(payload)
    if not isinstance(sent, dict) or sent.get("status") != "ok":
        raise TypeError(sent)
    (row,) = sent["data"]
    task = row["task"]
    if not isinstance(task, dict):
        raise TypeError(task)
    hours, minutes, seconds = map(int, _matched(_TIME, row["time"]))
    _local(row["date_started"])
    return _record(
        _text(row["id"]),
        (hours * 3600 + minutes * 60 + seconds) * SECOND,
        _person_by_hand(row["user_from"]),
        Task(
            id=_text(task["id"]),
            name=_text(task["name"]),
            project=_project_by_hand(task["project"]),
            closed=_text(task["status"]) == "done",
            priority=int(_text(task["priority"])),
            author=_person_by_hand(task["user_from"]),
            assignee=_person_by_hand(task["user_to"]),
            text=_text(task.get("text")),
            added_at=_local(task["date_added"]),
            starts_on=date.fromisoformat(_text(task["date_start"])),
            ends_on=date.fromisoformat(_text(task["date_end"])),
            ends_at=":".join(_matched(_CLOCK, task["time_end"])),
            max_time=_amount(task["max_time"]),
            max_money=_amount(task["max_money"]),
            tags=_tags(task["tags"]),
        ),
    )


_TIME = re.compile(r"(\d{1,15}):([0-5]\d):([0-5]\d)", re.ASCII).fullmatch
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII).fullmatch


def _matched(pattern: Callable[[str], re.Match[str] | None], value: object) -> tuple[str | Any, ...]:
    match = pattern(_text(value))
    if match is None:
        raise ValueError(value)
    return match.groups()


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _amount(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(value)
    return float(value)


def _tags(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise TypeError(value)
    return value


def _person_by_hand(value: object) -> Person:
    if not isinstance(value, dict):
        raise TypeError(value)
    return Person(id=_text(value.get("id")), name=_text(value["name"]), email=_text(value["email"]))


def _project_by_hand(value: object) -> Project:
    if not isinstance(value, dict):
        raise TypeError(value)
    return Project(id=_text(value["id"]), name=_text(value["name"]))


def _local(value: object) -> int:
    local = datetime.strptime(_text(value), "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN)
    return (local - EPOCH) // MICROSECOND


def _record(id: str, time: int, person: Person, task: Task) -> WorksectionTimer:
    at = NOW - NOW % SECOND - time
    return WorksectionTimer(
        id=id,
        timer=pc.restore(state=State.RUNNING, started_at=at, since=at, worked=0),
        person=person,
        project=task.project,
        task=task,
    )


def _serialize_by_hand(record: WorksectionTimer) -> bytes:
    return json.dumps({"status": "ok", "data": [_fields(record)]}, separators=(",", ":")).encode()


def _fields(record: WorksectionTimer) -> dict[str, Any]:
    timer: Timer = record.timer
    person = record.person
    task: Any = record.task
    page = f"/project/{task.project.id}/"
    minutes, seconds = divmod(pc.worked_at(timer, max(NOW, timer.since)) // SECOND, 60)
    return {
        "id": record.id,
        "time": f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}",
        "date_started": _written(timer.started_at),
        "user_from": {"id": person.id, "email": person.email, "name": person.name},
        "task": {
            "id": task.id,
            "name": task.name,
            "page": f"{page}{task.id}/",
            "status": "done" if task.closed else "active",
            "priority": str(task.priority),
            "user_from": {"email": task.author.email, "name": task.author.name},
            "user_to": {"email": task.assignee.email, "name": task.assignee.name},
            "project": {"id": task.project.id, "name": task.project.name, "page": page},
            "text": task.text,
            "date_added": _written(task.added_at),
            "date_start": str(task.starts_on),
            "date_end": str(task.ends_on),
            "time_end": task.ends_at,
            "max_time": _number(task.max_time),
            "max_money": _number(task.max_money),
            "tags": dict(task.tags),
        },
    }


def _written(at: int) -> str:
    return f"{(EPOCH + timedelta(microseconds=at)).astimezone(BERLIN):%Y-%m-%d %H:%M}"


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


# ---- pydantic ------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _User(_Model):
    email: str = ""
    name: str = ""


class _UserWithId(_Model):
    id: str = ""
    email: str = ""
    name: str = ""


class _Project(_Model):
    id: str = ""
    name: str = ""
    page: str = ""


_Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d$")]


class _Task(_Model):
    id: str = ""
    name: str = ""
    page: str = ""
    status: str = ""
    priority: Annotated[str, Field(pattern=r"^\d{1,9}$")]
    user_from: _User
    user_to: _User
    project: _Project
    text: str = ""
    date_added: _Moment
    date_start: date
    date_end: date
    time_end: _Clock
    max_time: Annotated[int | float, Field(ge=0)]
    max_money: Annotated[int | float, Field(ge=0)]
    tags: dict[str, str]


class _Row(_Model):
    id: str = ""
    time: Annotated[str, Field(pattern=r"^\d{1,15}:[0-5]\d:[0-5]\d$")]
    date_started: _Moment
    user_from: _UserWithId
    task: _Task


class _Response(_Model):
    status: Literal["ok"]
    data: list[_Row]


def _parse_by_pydantic(payload: bytes) -> WorksectionTimer:
    (row,) = _Response.model_validate_json(payload).data
    task, user = row.task, row.user_from
    hours, minutes, seconds = map(int, row.time.split(":"))
    _local(row.date_started)
    return _record(
        row.id,
        (hours * 3600 + minutes * 60 + seconds) * SECOND,
        Person(id=user.id, name=user.name, email=user.email),
        Task(
            id=task.id,
            name=task.name,
            project=Project(id=task.project.id, name=task.project.name),
            closed=task.status == "done",
            priority=int(task.priority),
            author=Person(name=task.user_from.name, email=task.user_from.email),
            assignee=Person(name=task.user_to.name, email=task.user_to.email),
            text=task.text,
            added_at=_local(task.date_added),
            starts_on=task.date_start,
            ends_on=task.date_end,
            ends_at=task.time_end,
            max_time=float(task.max_time),
            max_money=float(task.max_money),
            tags=task.tags,
        ),
    )


def _serialize_by_pydantic(record: WorksectionTimer) -> bytes:
    return _Response.model_validate({"status": "ok", "data": [_fields(record)]}).model_dump_json().encode()
