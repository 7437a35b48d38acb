"""TimeTrack's project timer, read and written: punchclock, `json` with code by hand, and pydantic.

All three check the same things and make the same record, or the same bytes of it. The payloads differ in
time, state and task, so that nothing is served from what was remembered of the one before.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

import punchclock as pc
from benchmarks.pairs import Row
from benchmarks.vendors.frame import EXAMPLES, Way, rows_of
from punchclock import State, Timer
from punchclock.vendors.timetrack import ProjectTimer, parse, serialize
from punchclock.vendors.workspace import Client, Person, Project, Task

__all__ = ["rows"]

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOW = pc.instant("2026-06-01T18:00:00Z")
STATES = (State.RUNNING, State.PAUSED, State.STOPPED)


def rows() -> list[Row]:
    """`parse` and `serialize` against both rivals."""
    return rows_of(
        "timetrack",
        [_example(number) for number in range(EXAMPLES)],
        Way(_parse, _serialize),
        Way(_parse_by_hand, _serialize_by_hand),
        Way(_parse_by_pydantic, _serialize_by_pydantic),
    )


def _parse(payload: bytes) -> object:
    return parse(payload, NOW)


def _serialize(record: ProjectTimer) -> bytes:
    return serialize(record, NOW)


def _example(number: int) -> ProjectTimer:
    started = pc.instant("2026-05-04T06:00:00Z") + number * 7_919 * SECOND
    worked, rested = (number * 613 % 7_200) * SECOND, (number * 331 % 3_600) * SECOND
    client = Client(name=f"Client {number:03}")
    project = Project(name=f"Project {number:03}_1", client=client)
    return ProjectTimer(
        timer=Timer(STATES[number % 3], started, started + worked + rested, worked),
        person=Person(name="test"),
        client=client,
        project=project,
        task=Task(name="Design", project=project) if number % 2 else None,
        note="the screens of the second release",
    )


# ---- by hand -------------------------------------------------------------------------------------


def _parse_by_hand(payload: bytes) -> ProjectTimer:
    sent = json.loads(payload)
    if not isinstance(sent, dict):
        raise TypeError(sent)
    started = sent["startedAt"]
    if not isinstance(started, str) or not started.endswith("Z"):
        raise ValueError(started)
    return _record(
        (datetime.fromisoformat(started) - EPOCH) // MICROSECOND,
        _count(sent["workedSeconds"]),
        _count(sent["breakSeconds"]),
        (_flag(sent.get("playing")), _flag(sent.get("paused")), _flag(sent.get("stopped"))),
        [_text(sent.get(name)) for name in ("username", "clientName", "projectName", "taskName", "note")],
    )


def _count(value: object) -> int:
    if isinstance(value, str):
        value = int(value)
    if type(value) is not int or not 0 <= value <= 10**12:
        raise ValueError(value)
    return value


def _flag(value: object) -> bool:
    if value in (True, "true", "1"):
        return True
    if value in (False, None, "false", "0"):
        return False
    raise ValueError(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _record(
    started_at: int, worked: int, rested: int, flags: tuple[bool, bool, bool], texts: list[str]
) -> ProjectTimer:
    if flags.count(True) != 1:
        raise ValueError(flags)
    username, client_name, project_name, task_name, note = texts
    since = started_at + (worked + rested) * SECOND
    client = Client(name=client_name) if client_name else None
    project = Project(name=project_name, client=client) if project_name else None
    return ProjectTimer(
        timer=pc.restore(state=STATES[flags.index(True)], started_at=started_at, since=since, worked=worked * SECOND),
        person=Person(name=username),
        client=client,
        project=project,
        task=Task(name=task_name, project=project) if task_name else None,
        note=note,
    )


def _serialize_by_hand(record: ProjectTimer) -> bytes:
    return json.dumps(_fields(record), separators=(",", ":")).encode()


def _fields(record: ProjectTimer) -> dict[str, Any]:
    timer = record.timer
    at = max(NOW, timer.since)
    started = EPOCH + timedelta(microseconds=timer.started_at)
    return {
        "username": record.person.name,
        "startedAt": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workedSeconds": pc.worked_at(timer, at) // SECOND,
        "breakSeconds": pc.break_at(timer, at) // SECOND,
        "playing": timer.state is State.RUNNING,
        "stopped": timer.state is State.STOPPED,
        "paused": timer.state is State.PAUSED,
        "clientName": record.client.name if record.client else None,
        "projectName": record.project.name if record.project else None,
        "taskName": record.task.name if record.task else None,
        "note": record.note,
    }


# ---- pydantic ------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore")

    username: str | None = None
    startedAt: datetime  # noqa: N815 as the vendor has it
    workedSeconds: Annotated[int, Field(ge=0, le=10**12)]  # noqa: N815
    breakSeconds: Annotated[int, Field(ge=0, le=10**12)]  # noqa: N815
    playing: bool = False
    stopped: bool = False
    paused: bool = False
    clientName: str | None = None  # noqa: N815
    projectName: str | None = None  # noqa: N815
    taskName: str | None = None  # noqa: N815
    note: str | None = None


class _Written(_Model):
    startedAt: str  # type: ignore[assignment]  # noqa: N815 the vendor's spelling, which a datetime would not get


def _parse_by_pydantic(payload: bytes) -> ProjectTimer:
    read = _Model.model_validate_json(payload)
    return _record(
        (read.startedAt - EPOCH) // MICROSECOND,
        read.workedSeconds,
        read.breakSeconds,
        (read.playing, read.paused, read.stopped),
        [each or "" for each in (read.username, read.clientName, read.projectName, read.taskName, read.note)],
    )


def _serialize_by_pydantic(record: ProjectTimer) -> bytes:
    return _Written.model_validate(_fields(record)).model_dump_json().encode()
