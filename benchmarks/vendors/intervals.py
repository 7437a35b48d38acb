"""Intervals' ``timer`` element, read and written: punchclock, `json` with code by hand, and pydantic."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

import punchclock as pc
from benchmarks.pairs import Row
from benchmarks.vendors.frame import EXAMPLES, Way, rows_of
from punchclock import State, Timer
from punchclock.vendors.intervals import IntervalsTimer, parse, serialize
from punchclock.vendors.workspace import Person, Task

__all__ = ["rows"]

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of a wire that writes no zone, and is in UTC
NOW = pc.instant("2026-06-01T18:00:00Z")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII).fullmatch


def rows() -> list[Row]:
    """`parse` and `serialize` against both rivals."""
    return rows_of(
        "intervals",
        [_example(number) for number in range(EXAMPLES)],
        Way(lambda payload: parse(payload, NOW), lambda record: serialize(record, NOW)),
        Way(_parse_by_hand, _serialize_by_hand),
        Way(_parse_by_pydantic, _serialize_by_pydantic),
    )


def _example(number: int) -> IntervalsTimer:
    worked = (number * 613 % 7_200) * SECOND
    since = NOW if number % 3 == 2 else NOW - (number * 7_919 % 40_000) * SECOND
    return IntervalsTimer(
        id=str(1000 + number),
        timer=Timer(State.PAUSED if number % 3 == 2 else State.RUNNING, since - worked, since, worked),
        person=Person(id=str(number % 7 + 1)),
        task=Task(id=str(300 + number)) if number % 2 else None,
        note="the screens of the second release",
        updated_on=date(2026, 6, 1) - timedelta(days=number),
    )


# ---- by hand -------------------------------------------------------------------------------------


def _parse_by_hand(payload: bytes) -> IntervalsTimer:
    sent = json.loads(payload)
    if not isinstance(sent, dict):
        raise TypeError(sent)
    sent = sent.get("timer", sent)
    updated = _text(sent.get("lastupdate"))
    return _record(
        (_id(sent.get("id")), _id(sent["personid"]), _id(sent.get("taskid"))),
        _instant(_text(sent["starttime"])),
        _seconds(sent["time"]),
        _text(sent.get("name")),
        date.fromisoformat(updated) if updated else None,
    )


def _id(value: object) -> int:
    if isinstance(value, str):
        value = int(value or 0)
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value < 10**16:
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _instant(text: str) -> int | None:
    if not text:
        return None
    if not TIMESTAMP(text):
        raise ValueError(text)
    since_epoch = datetime.fromisoformat(text) - EPOCH
    return (since_epoch.days * 86_400 + since_epoch.seconds) * SECOND


def _seconds(value: object) -> int:
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(value)
    seconds = float(value)
    if not 0 <= seconds <= 1e11:
        raise ValueError(value)
    return round(seconds * SECOND)


def _record(
    ids: tuple[int, int, int], starttime: int | None, worked: int, name: str, updated_on: date | None
) -> IntervalsTimer:
    id, person, task = ids
    if not person:
        raise ValueError(person)
    since = NOW if starttime is None else starttime
    state = State.PAUSED if starttime is None else State.RUNNING
    return IntervalsTimer(
        id=str(id or ""),
        timer=pc.restore(state=state, started_at=since - worked, since=since, worked=worked),
        person=Person(id=str(person)),
        task=Task(id=str(task)) if task else None,
        note=name,
        updated_on=updated_on,
    )


def _serialize_by_hand(record: IntervalsTimer) -> bytes:
    fields = _fields(record)
    if fields["lastupdate"] is not None:
        fields["lastupdate"] = fields["lastupdate"].isoformat()
    return json.dumps(fields, separators=(",", ":")).encode()


def _fields(record: IntervalsTimer) -> dict[str, Any]:
    timer = record.timer
    running = timer.state is State.RUNNING
    total = pc.worked_at(timer, max(NOW, timer.since))
    started = EPOCH + timedelta(microseconds=timer.since)
    return {
        "id": int(record.id or 0),
        "taskid": int(record.task.id) if record.task else None,
        "personid": int(record.person.id),
        "starttime": started.isoformat(" ", "seconds") if running else None,
        "time": timer.worked / SECOND,
        "timelapsed": (total - timer.worked) / SECOND,
        "name": record.note,
        "lastupdate": record.updated_on,
        "isrunning": "t" if running else "f",
        "totaltime": total / SECOND,
    }


# ---- pydantic ------------------------------------------------------------------------------------

_PydanticId = Annotated[int, Field(ge=0, lt=10**16)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: _PydanticId = 0
    taskid: _PydanticId | None = None
    personid: Annotated[int, Field(gt=0, lt=10**16)]
    starttime: datetime | None
    time: Annotated[float, Field(ge=0, le=1e11)] | None
    name: str | None = None
    lastupdate: date | None = None

    @field_validator("id", "taskid", "starttime", "time", "lastupdate", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return None if value == "" else value


class _Written(BaseModel):
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


def _parse_by_pydantic(payload: bytes) -> IntervalsTimer:
    read = _Model.model_validate_json(payload)
    starttime = None
    if read.starttime is not None:
        since_epoch = read.starttime - EPOCH
        starttime = (since_epoch.days * 86_400 + since_epoch.seconds) * SECOND
    return _record(
        (read.id, read.personid, read.taskid or 0),
        starttime,
        round((read.time or 0) * SECOND),
        read.name or "",
        read.lastupdate,
    )


def _serialize_by_pydantic(record: IntervalsTimer) -> bytes:
    return _Written.model_validate(_fields(record)).model_dump_json().encode()
