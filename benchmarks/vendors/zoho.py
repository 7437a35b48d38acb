"""Zoho People's running timer, read and written: punchclock, `json` with code by hand, and pydantic.

All three check the same things and make the same record, or the same bytes of it. The payloads differ in
time, job and status, so that nothing is served from what was remembered of the one before.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

import punchclock as pc
from benchmarks.pairs import Row
from benchmarks.vendors.frame import EXAMPLES, Way, rows_of
from punchclock import State, Timer
from punchclock.vendors.workspace import Job, Person
from punchclock.vendors.zoho import BillingStatus, ZohoTimer, parse, serialize

__all__ = ["rows"]

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAME = "Europe/Berlin"
ZONE = ZoneInfo(NAME)
NOW = pc.instant("2026-06-01T18:00:00Z")
STATUSES = tuple(BillingStatus)


def rows() -> list[Row]:
    """`parse` and `serialize` against both rivals."""
    return rows_of(
        "zoho",
        [_example(number) for number in range(EXAMPLES)],
        Way(_parse, _serialize),
        Way(_parse_by_hand, _serialize_by_hand),
        Way(_parse_by_pydantic, _serialize_by_pydantic),
    )


def _parse(payload: bytes) -> object:
    return parse(payload, NOW, NAME)


def _serialize(record: ZohoTimer) -> bytes:
    return serialize(record, NOW, NAME)


def _example(number: int) -> ZohoTimer:
    since, worked = NOW - (number * 7_919 % 40_000) * SECOND, (number * 613 % 30_000) * SECOND
    return ZohoTimer(
        id=f"4926880000008210{number:02}",
        timer=Timer(State.RUNNING, since - worked, since, worked),
        person=Person(id="492688000000142191", name="Christine Spalding"),
        job=Job(id=f"4926880000007900{number:02}", name="UI designing", completed=number % 7 == 0),
        work_date=date(2026, 6, 1) - timedelta(days=number),
        timer_id=f"4926880000008200{number:02}",
        billing_status=STATUSES[number % 2],
        work_item="the screens of the second release",
    )


# ---- by hand -------------------------------------------------------------------------------------


def _parse_by_hand(payload: bytes) -> ZohoTimer:
    sent = json.loads(payload)
    if not isinstance(sent, dict):
        raise TypeError(sent)
    result = sent["response"]["result"]
    if not isinstance(result, dict):
        raise TypeError(result)
    if not _flag(result["isRunning"]):
        raise ValueError(result)
    return _record(
        _count(result["date"], 86_399),
        _count(result["diff"], 10**12),
        _count(result["totaltime"], 10**12),
        [_text(result.get(name)) for name in ("timelogId", "erecno", "jobId", "timerId")],
        [_text(result.get(name)) for name in ("employeename", "jobName", "taskName", "workDate", "billingStatus")],
        (_flag(result["jobIsActive"]), _flag(result["isCompleted"])),
    )


def _count(value: object, most: int) -> int:
    if isinstance(value, str):
        value = int(value)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(value)
    return value


def _flag(value: object) -> bool:
    if value in (True, 1, "true", "1"):
        return True
    if value in (False, 0, None, "false", "0"):
        return False
    raise ValueError(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _seconds_of_day(at: int) -> int:
    local = (EPOCH + timedelta(microseconds=at)).astimezone(ZONE)
    return (local.hour * 60 + local.minute) * 60 + local.second


def _record(shown: int, diff: int, total: int, ids: list[str], texts: list[str], flags: tuple[bool, bool]) -> ZohoTimer:
    ahead = (shown - _seconds_of_day(NOW) + 43_200) % 86_400 - 43_200
    since = NOW + (ahead - diff) * SECOND
    if ahead and _seconds_of_day(NOW + ahead * SECOND) != shown:
        raise ValueError(shown)  # what a clock change in between would need is left out here
    timelog_id, erecno, job_id, timer_id = ids
    employee, job_name, work_item, work_date, status = texts
    worked = total * SECOND
    return ZohoTimer(
        id=timelog_id,
        timer=pc.restore(state=State.RUNNING, started_at=since - worked, since=since, worked=worked),
        person=Person(id=erecno, name=employee),
        job=Job(id=job_id, name=job_name, active=flags[0], completed=flags[1]) if job_id or job_name else None,
        work_date=date.fromisoformat(work_date) if work_date else None,
        timer_id=timer_id,
        billing_status=BillingStatus(status.lower()),
        work_item=work_item,
    )


def _serialize_by_hand(record: ZohoTimer) -> bytes:
    return json.dumps(_fields(record), separators=(",", ":")).encode()


def _fields(record: ZohoTimer) -> dict[str, Any]:
    timer, job = record.timer, record.job or Job()
    at = max(NOW, timer.since)
    result = {
        "jobName": job.name,
        "date": _seconds_of_day(at),
        "hours": timer.worked // SECOND // 60,
        "erecno": record.person.id,
        "diff": (at - timer.since) // SECOND,
        "billingStatus": record.billing_status.value,
        "timerId": record.timer_id,
        "jobId": job.id,
        "workDate": record.work_date.isoformat() if record.work_date else "",
        "totaltime": timer.worked // SECOND,
        "isRunning": True,
        "timelogId": record.id,
        "fromTime": _seconds_of_day(timer.since),
        "taskName": record.work_item,
        "jobIsActive": job.active,
        "employeename": record.person.name,
        "isCompleted": int(job.completed),
    }
    return {
        "response": {
            "result": result,
            "message": "Running Timer information fetched successfully",
            "uri": "/api/timetracker/getcurrentlyrunningtimer",
            "status": 0,
        }
    }


# ---- pydantic ------------------------------------------------------------------------------------


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class _Result(_Model):
    jobName: str | None = None  # noqa: N815 as the vendor has it
    date: Annotated[int, Field(ge=0, lt=86_400)]
    hours: int = 0
    erecno: str | None = None
    diff: Annotated[int, Field(ge=0, lt=10**12)]
    billingStatus: str = "billable"  # noqa: N815
    timerId: str | None = None  # noqa: N815
    jobId: str | None = None  # noqa: N815
    workDate: str | None = None  # noqa: N815
    totaltime: Annotated[int, Field(ge=0, lt=10**12)]
    isRunning: bool = True  # noqa: N815
    timelogId: str | None = None  # noqa: N815
    fromTime: int = 0  # noqa: N815
    taskName: str | None = None  # noqa: N815
    jobIsActive: bool = True  # noqa: N815
    employeename: str | None = None
    isCompleted: int = 0  # noqa: N815


class _Response(_Model):
    result: _Result
    message: str = ""
    uri: str = ""
    status: int = 0


class _Envelope(_Model):
    response: _Response


def _parse_by_pydantic(payload: bytes) -> ZohoTimer:
    read = _Envelope.model_validate_json(payload).response.result
    if not read.isRunning:
        raise ValueError(read)
    return _record(
        read.date,
        read.diff,
        read.totaltime,
        [each or "" for each in (read.timelogId, read.erecno, read.jobId, read.timerId)],
        [each or "" for each in (read.employeename, read.jobName, read.taskName, read.workDate, read.billingStatus)],
        (read.jobIsActive, bool(read.isCompleted)),
    )


def _serialize_by_pydantic(record: ZohoTimer) -> bytes:
    return _Envelope.model_validate(_fields(record)).model_dump_json().encode()
