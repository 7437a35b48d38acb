"""Zoho People's payloads: the running timer, comments, and references to new entries.

Names, order and types of the fields follow the page's samples; their envelope is in envelope.py. The time of a running
timer is in four fields: ``totaltime`` is the work before the running segment, ``fromTime`` and ``date`` are the local
times of the segment's start and of the response, and ``diff`` is the time between the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punchclock.calendar import Disambiguation, find_zone, from_seconds_of_day, seconds_of_day, work_date
from punchclock.errors import InstantOutOfRange, InvalidLocalTime
from punchclock.instants import FIRST
from punchclock.machine import State
from punchclock.timer import Timer, not_before
from punchclock.units import DAY, SECOND
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.wire import Id, decode_payload
from punchclock.vendors.workspace import Job, Person
from punchclock.vendors.zoho.dates import ISO, InvalidDate, read_date, write_date
from punchclock.vendors.zoho.envelope import Success, plain_response, write_response

#: The message whether or not a timer is running; only a running timer has a ``result``.
FETCHED: Final = "Running Timer information fetched successfully"


# ---- the record ----------------------------------------------------------------------------------


class BillingStatus(StrEnum):
    """Whether work is billed, as the page writes it."""

    BILLABLE = "billable"
    NONBILLABLE = "nonbillable"


def read_billing_status(text: str) -> BillingStatus | None:
    """Return the status for any spelling that the page lists, in any case; ``None`` for other texts."""
    return _SPELLINGS.get(text) or _SPELLINGS.get(text.strip().lower())


#: "billable | non billable | non-billable | nonbillable| all | 0 | 1 | -1"; the meaning of "all" and -1 is our choice.
_SPELLINGS: Final[Mapping[str, BillingStatus]] = {
    **dict.fromkeys(("billable", "1", "all", "-1"), BillingStatus.BILLABLE),
    **dict.fromkeys(("nonbillable", "non billable", "non-billable", "0"), BillingStatus.NONBILLABLE),
}


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a timer; ``at`` is the instant of its creation."""

    id: str
    at: int
    text: str


class ZohoTimer(VendorTimer, frozen=True, kw_only=True):
    """A timelog and its timer; ``id`` is the timelog's, ``note`` its description."""

    vendor: ClassVar[str] = "zoho"

    timer_id: str = ""
    billing_status: BillingStatus = BillingStatus.BILLABLE
    work_item: str = ""
    comments: tuple[Comment, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the timelog, its timer and its comments."""
        return (self.id, self.timer_id, *(comment.id for comment in self.comments))


# ---- elements --------------------------------------------------------------------------------------


class TimerElement(msgspec.Struct, rename="camel"):
    """The running timer, in the order of the page's JSON sample."""

    job_name: str
    date: int
    hours: int
    erecno: str
    diff: int
    billing_status: BillingStatus
    timer_id: str | UnsetType
    job_id: str
    work_date: str
    totaltime: int
    is_running: bool
    timelog_id: str | UnsetType
    from_time: int
    task_name: str
    job_is_active: bool
    employeename: str
    is_completed: int


class TimeLogReference(msgspec.Struct, rename="camel"):
    """The result of a start. It writes ``timeLogId`` where the running timer has ``timelogId``."""

    time_log_id: str


class CommentElement(msgspec.Struct, rename="camel"):
    """A comment."""

    comment_id: str
    created_time: str
    comment: str


class CommentReference(msgspec.Struct, rename="camel"):
    """The result of adding a comment."""

    comment_id: str


# ---- writing -------------------------------------------------------------------------------------


def serialize(record: ZohoTimer, now: int, zone: str = "UTC", *, xml: bool = False, date_format: str = ISO) -> bytes:
    """Return the response to "get currently running timer" at ``now``; it has no result if the timer is not running.

    Args:
        record: the timelog.
        now: the instant of the response.
        zone: the account's zone, for ``date`` and ``fromTime``.
        xml: whether to write XML instead of JSON.
        date_format: the format of ``workDate``.

    Raises:
        UnknownDateFormat: the format is invalid.
    """
    running = record.timer.state == State.RUNNING
    content = Success(FETCHED, element(record, now, zone, date_format) if running else UNSET)
    return write_response(content, "/api/timetracker/getcurrentlyrunningtimer", xml=xml)


def element(record: ZohoTimer, now: int, zone: str, date_format: str = ISO) -> TimerElement:
    """Return the element of a running timer at ``now``."""
    timer, job, tz = record.timer, record.job or Job(), find_zone(zone)
    now = not_before(timer, now)
    total = timer.worked // SECOND
    return TimerElement(
        job_name=job.name,
        date=seconds_of_day(now, tz),
        hours=total // 60,
        erecno=record.person.id,
        diff=now // SECOND - timer.since // SECOND,
        billing_status=record.billing_status,
        timer_id=record.timer_id or UNSET,
        job_id=job.id,
        work_date=write_date(record.work_date, date_format) if record.work_date else "",
        totaltime=total,
        is_running=True,
        timelog_id=record.id or UNSET,
        from_time=seconds_of_day(timer.since, tz),
        task_name=record.work_item,
        job_is_active=job.active,
        employeename=record.person.name,
        is_completed=int(job.completed),
    )


def comment_element(comment: Comment, zone: str) -> CommentElement:
    """Return a comment's element; ``createdTime`` is the local time, as ``06-04-2019 , 17:22:28``."""
    minutes, second = divmod(seconds_of_day(comment.at, zone), 60)
    day = write_date(work_date(comment.at, zone), _CREATED_ON)
    return CommentElement(
        comment_id=comment.id,
        created_time=f"{day} , {minutes // 60:02}:{minutes % 60:02}:{second:02}",
        comment=comment.text,
    )


_CREATED_ON: Final = "dd-MM-yyyy"


# ---- reading -------------------------------------------------------------------------------------

_Id = Id | str | None


class _Read(msgspec.Struct, rename="camel"):
    """The running timer as it is read: numbers may be strings; fields that a client can do without may be absent."""

    date: Annotated[int, Meta(ge=0, lt=DAY // SECOND)]
    diff: Annotated[int, Meta(ge=0)]
    totaltime: Annotated[int, Meta(ge=0)]
    is_running: bool = True
    billing_status: str | None = None
    job_name: str | None = None
    erecno: _Id = None
    timer_id: _Id = None
    job_id: _Id = None
    work_date: str | None = None
    timelog_id: _Id = None
    task_name: str | None = None
    job_is_active: bool | None = None
    employeename: str | None = None
    is_completed: int | bool | None = None


class _ReadBody(msgspec.Struct):
    result: _Read | UnsetType = UNSET


class _ReadEnvelope(msgspec.Struct):
    response: _ReadBody | UnsetType = UNSET


_envelope_decoder: Final = msgspec.json.Decoder(_ReadEnvelope, strict=False)
_bare_decoder: Final = msgspec.json.Decoder(_Read, strict=False)


def parse(payload: object, now: int, zone: str = "UTC", *, date_format: str = ISO) -> ZohoTimer:
    """Return the timer in a response to "get currently running timer" or in its result.

    The instant of the response is the one nearest to ``now`` whose local time is ``date``. The running segment began
    ``diff`` before it, so the result does not depend on the client's exact clock. ``started_at = since - totaltime``,
    since the page has no field for breaks.

    Args:
        payload: the response or its result, as JSON, XML or decoded values.
        now: when the response arrived, to within half a day; to within half an hour if the hour of ``date`` occurs
            twice on that day.
        zone: the account's zone.
        date_format: the format of ``workDate``, if the call requested one.

    Raises:
        MalformedPayload: the payload is not such a response, or no timer is running.
        UnknownDateFormat: the format is invalid.
    """
    record = parse_running(payload, now, zone, date_format=date_format)
    if record is None:
        raise MalformedPayload("zoho", "$.response.result", payload, "no timer is running")
    return record


def parse_running(payload: object, now: int, zone: str = "UTC", *, date_format: str = ISO) -> ZohoTimer | None:
    """Return the timer as `parse` does, but ``None`` if no timer is running."""
    read, path = _decoded(payload)
    if read is UNSET:
        return None
    if not read.is_running:
        raise MalformedPayload("zoho", f"{path}.isRunning", payload, "a running timer is expected")
    worked = read.totaltime * SECOND
    try:
        since = _nearest(read.date, now, zone) - read.diff * SECOND
    except InstantOutOfRange as error:
        raise MalformedPayload("zoho", f"{path}.date", read.date, error.reason) from None
    if since - worked < FIRST:
        field = "diff" if since < FIRST else "totaltime"
        reason = "the timer would have started before the year 1"
        raise MalformedPayload("zoho", f"{path}.{field}", getattr(read, field), reason)
    try:
        booked_on = read_date(read.work_date, date_format) if read.work_date else None
    except InvalidDate as error:
        raise MalformedPayload("zoho", f"{path}.workDate", read.work_date, str(error)) from None
    billing_status = read_billing_status(read.billing_status or BillingStatus.BILLABLE)
    if billing_status is None:
        reason = "neither billable nor nonbillable"
        raise MalformedPayload("zoho", f"{path}.billingStatus", read.billing_status, reason)
    return ZohoTimer(
        id=str(read.timelog_id or ""),
        timer=Timer(State.RUNNING, since - worked, since, worked),
        person=Person(id=str(read.erecno or ""), name=read.employeename or ""),
        job=_job(read),
        work_date=booked_on,
        timer_id=str(read.timer_id or ""),
        billing_status=billing_status,
        work_item=read.task_name or "",
    )


def _job(read: _Read) -> Job | None:
    if not read.job_id and not read.job_name:
        return None
    return Job(
        id=str(read.job_id or ""),
        name=read.job_name or "",
        active=read.job_is_active is not False,
        completed=bool(read.is_completed),
    )


def _decoded(payload: object) -> tuple[_Read | UnsetType, str]:
    """Return the running timer in a payload and its path."""
    payload = plain_response(payload)
    body = decode_payload("zoho", payload, _envelope_decoder).response
    if body is UNSET:
        return decode_payload("zoho", payload, _bare_decoder), "$"
    return body.result, "$.response.result"


def _nearest(seconds: int, now: int, zone: str) -> int:
    """Return the whole second nearest to ``now`` with this local time, given in seconds of the day."""
    here = now - now % SECOND
    if seconds_of_day(here, zone) == seconds:
        return here
    # Every local time occurs within a day, unless a change of the offset skips it, and then on the next day. The offset
    # changes at most once within a day before and after: so a candidate has the offset of one of these two sides.
    ahead = [(seconds * SECOND - seconds_of_day(side, zone) * SECOND) % DAY for side in (here - DAY, here + DAY)]
    around = {here + gap - back for gap in ahead for back in (0, DAY)}
    shown = (at for at in around if seconds_of_day(at, zone) == seconds)
    return min(shown, key=lambda at: (abs(at - here), at))


def read_comment(comment_id: str, created_time: str, comment: str, zone: str) -> Comment:
    """Return the comment in an element. Of two instants with its local time, ``at`` is the earlier.

    Raises:
        MalformedPayload: the time is invalid.
    """
    at = _created_at(created_time, zone)
    if at is None:
        reason = "not a date and time as in 06-04-2019 , 17:22:28"
        raise MalformedPayload("zoho", "$.response.result.createdTime", created_time, reason)
    return Comment(id=comment_id, at=at, text=comment)


def _created_at(text: str, zone: str) -> int | None:
    match = _CREATED(text)
    if match is None:
        return None
    hours, minutes, seconds = map(int, match.group("hours", "minutes", "seconds"))
    time = (hours * 60 + minutes) * 60 + seconds
    try:
        day = read_date(match["day"], _CREATED_ON)
        return from_seconds_of_day(day, time, zone, disambiguation=Disambiguation.EARLIER)
    except (InvalidDate, InvalidLocalTime, InstantOutOfRange):
        return None


_CREATED: Final = re.compile(
    "(?P<day>[0-9-]+) , (?P<hours>[0-9]{2}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])"
).fullmatch
