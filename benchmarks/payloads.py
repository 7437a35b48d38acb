"""Zoho People's running timer, read and written by punchclock and by pydantic.

Both check the same things and give the same record, or the same bytes. The payloads differ in times, job and status,
so that a cache of the previous payload does not help.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

import punchclock as pc
from benchmarks.pairs import Case, Row, against
from punchclock import State, Timer
from punchclock.units import DAY, SECOND
from punchclock.vendors.workspace import Job, Person
from punchclock.vendors.zoho import BillingStatus, ZohoTimer, parse, serialize

#: How many different payloads one run reads or writes.
EXAMPLES = 60

NAME = "Europe/Berlin"
ZONE = ZoneInfo(NAME)
NOW = pc.instant("2026-06-01T18:00:00Z")
STATUSES = tuple(BillingStatus)
MESSAGE = "Running Timer information fetched successfully"

T = TypeVar("T")


def rows() -> list[Row]:
    """Compare `parse` and `serialize` with pydantic."""
    records = [_example(number) for number in range(EXAMPLES)]
    payloads = [serialize(record, NOW, NAME) for record in records]
    return [
        _row("zoho parse", payloads, lambda payload: parse(payload, NOW, NAME), _parse),
        _row("zoho serialize", records, lambda record: serialize(record, NOW, NAME), _serialize),
    ]


def _row(case: str, examples: list[T], ours: Callable[[T], object], theirs: Callable[[T], object]) -> Row:
    def over(function: Callable[[T], object]) -> Case:
        def run(repeat: int) -> list[object]:
            made: list[object] = []
            for _ in range(repeat):
                made = [function(example) for example in examples]
            return made

        return run

    return against(case, "pydantic", over(ours), over(theirs), target=2, faster=True, calls=len(examples))


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


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, alias_generator=to_camel)


class _Result(_Model):
    job_name: str | None = None
    date: Annotated[int, Field(ge=0, lt=DAY // SECOND)]
    hours: int = 0
    erecno: str | None = None
    diff: Annotated[int, Field(ge=0, lt=10**12)]
    billing_status: str = "billable"
    timer_id: str | None = None
    job_id: str | None = None
    work_date: str | None = None
    totaltime: Annotated[int, Field(ge=0, lt=10**12)]
    is_running: bool = True
    timelog_id: str | None = None
    from_time: int = 0
    task_name: str | None = None
    job_is_active: bool = True
    employeename: str | None = None
    is_completed: int = 0


class _Body(_Model):
    result: _Result
    message: str = ""
    uri: str = ""
    status: int = 0


class _Envelope(_Model):
    response: _Body


def _parse(payload: bytes) -> ZohoTimer:
    read = _Envelope.model_validate_json(payload).response.result
    if not read.is_running:
        raise ValueError(read)
    day = DAY // SECOND
    ahead = (read.date - _second_of_day(NOW) + day // 2) % day - day // 2
    if ahead and _second_of_day(NOW + ahead * SECOND) != read.date:
        raise ValueError(read.date)  # only after a clock change; these payloads have none
    since, worked = NOW + (ahead - read.diff) * SECOND, read.totaltime * SECOND
    job = Job(
        id=read.job_id or "", name=read.job_name or "", active=read.job_is_active, completed=bool(read.is_completed)
    )
    return ZohoTimer(
        id=read.timelog_id or "",
        timer=pc.restore(state=State.RUNNING, started_at=since - worked, since=since, worked=worked),
        person=Person(id=read.erecno or "", name=read.employeename or ""),
        job=job if read.job_id or read.job_name else None,
        work_date=date.fromisoformat(read.work_date) if read.work_date else None,
        timer_id=read.timer_id or "",
        billing_status=BillingStatus(read.billing_status.lower()),
        work_item=read.task_name or "",
    )


def _serialize(record: ZohoTimer) -> bytes:
    timer, job = record.timer, record.job or Job()
    result: dict[str, Any] = {
        "jobName": job.name,
        "date": _second_of_day(NOW),
        "hours": timer.worked // SECOND // 60,
        "erecno": record.person.id,
        "diff": (NOW - timer.since) // SECOND,
        "billingStatus": record.billing_status.value,
        "timerId": record.timer_id,
        "jobId": job.id,
        "workDate": record.work_date.isoformat() if record.work_date else "",
        "totaltime": timer.worked // SECOND,
        "isRunning": True,
        "timelogId": record.id,
        "fromTime": _second_of_day(timer.since),
        "taskName": record.work_item,
        "jobIsActive": job.active,
        "employeename": record.person.name,
        "isCompleted": int(job.completed),
    }
    body = {"result": result, "message": MESSAGE, "uri": "/api/timetracker/getcurrentlyrunningtimer", "status": 0}
    return _Envelope.model_validate({"response": body}).model_dump_json(by_alias=True).encode()


def _second_of_day(at: int) -> int:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZONE)
    return (local.hour * 60 + local.minute) * 60 + local.second
