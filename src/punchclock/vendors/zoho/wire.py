"""Zoho People on the wire: the running timer, comments, and references to what is new, field for field.

Names, order and types are those of the page's samples; what stands around them is in envelope.py. A running
timer is told in three numbers: ``totaltime`` is the work done before the running segment, ``fromTime`` and
``date`` are what the clock on the account's wall showed at the segment's start and shows now, and ``diff`` is
what has passed between the two.
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
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.records import VendorTimer, id_number
from punchclock.vendors.wire import Id, decode_payload
from punchclock.vendors.workspace import Job, Person
from punchclock.vendors.zoho.dates import ISO, InvalidDate, read_date, write_date
from punchclock.vendors.zoho.envelope import Success, plain_response, write_response

__all__ = [
    "FETCHED",
    "BillingStatus",
    "Comment",
    "CommentElement",
    "CommentReference",
    "TimeLogReference",
    "TimerElement",
    "ZohoTimer",
    "comment_element",
    "element",
    "parse",
    "parse_running",
    "read_billing_status",
    "read_comment",
    "serialize",
]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400

#: Said whether a timer runs or not: the key ``result`` makes the difference.
FETCHED: Final = "Running Timer information fetched successfully"


# ---- the record ----------------------------------------------------------------------------------


class BillingStatus(StrEnum):
    """Whether work is billed, as the page writes it."""

    BILLABLE = "billable"
    NONBILLABLE = "nonbillable"


def read_billing_status(text: str) -> BillingStatus | None:
    """The status that a text names, in any of the spellings that the page takes, in any case; ``None`` for none."""
    return _SPELLINGS.get(text) or _SPELLINGS.get(text.strip().lower())


#: "billable | non billable | non-billable | nonbillable| all | 0 | 1 | -1"; what "all" and -1 mean is our choice.
_SPELLINGS: Final[Mapping[str, BillingStatus]] = {
    **dict.fromkeys(("billable", "1", "all", "-1"), BillingStatus.BILLABLE),
    **dict.fromkeys(("nonbillable", "non billable", "non-billable", "0"), BillingStatus.NONBILLABLE),
}


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a timer; ``at`` is the instant at which it was made."""

    id: str
    at: int
    text: str


class ZohoTimer(VendorTimer, frozen=True, kw_only=True):
    """A timelog with its timer; ``id`` is the timelog's, ``note`` its description."""

    vendor: ClassVar[str] = "zoho"

    timer_id: str = ""
    billing_status: BillingStatus = BillingStatus.BILLABLE
    work_item: str = ""
    comments: tuple[Comment, ...] = ()

    @property
    def last_number(self) -> int:
        """The highest number that the timelog, its timer or a comment bears.

        Raises:
            NotRepresentable: an id is none.
        """
        more = (self.timer_id, *(comment.id for comment in self.comments))
        return max([self.number, *(id_number(self.vendor, id) for id in more if id)])


# ---- what the calls tell -------------------------------------------------------------------------


class TimerElement(msgspec.Struct, rename="camel"):
    """The running timer, in the order of the page's JSON."""

    job_name: str
    date: int
    hours: int
    erecno: str
    diff: int
    billing_status: BillingStatus
    timer_id: str
    job_id: str
    work_date: str
    totaltime: int
    is_running: bool
    timelog_id: str
    from_time: int
    task_name: str
    job_is_active: bool
    employeename: str
    is_completed: int


class TimeLogReference(msgspec.Struct, rename="camel"):
    """What a start answers; it spells the name in another way than the running timer does."""

    time_log_id: str


class CommentElement(msgspec.Struct, rename="camel"):
    """A comment."""

    comment_id: str
    created_time: str
    comment: str


class CommentReference(msgspec.Struct, rename="camel"):
    """What adding a comment answers."""

    comment_id: str


# ---- writing -------------------------------------------------------------------------------------


def serialize(record: ZohoTimer, now: int, zone: str = "UTC", *, xml: bool = False, date_format: str = ISO) -> bytes:
    """The answer to "get currently running timer" at ``now``, whole; without a result for a timer that does not run.

    Args:
        record: the timelog.
        now: the instant of the answer.
        zone: the account's zone, whose wall clock ``date`` and ``fromTime`` show.
        xml: write XML.
        date_format: the format of ``workDate``.

    Raises:
        UnknownDateFormat: the format is none.
    """
    running = record.timer.state is State.RUNNING
    said = Success(FETCHED, element(record, now, zone, date_format) if running else UNSET)
    return write_response(said, "/api/timetracker/getcurrentlyrunningtimer", xml=xml)


def element(record: ZohoTimer, now: int, zone: str, date_format: str = ISO) -> TimerElement:
    """The running timer at ``now``; a timer that does not run has no such form."""
    timer, job, found = record.timer, record.job or Job(), find_zone(zone)
    now = not_before(timer, now)
    total = timer.worked // _SECOND
    return TimerElement(
        job_name=job.name,
        date=seconds_of_day(now, found),
        hours=total // 60,
        erecno=record.person.id,
        diff=now // _SECOND - timer.since // _SECOND,
        billing_status=record.billing_status,
        timer_id=record.timer_id,
        job_id=job.id,
        work_date=write_date(record.work_date, date_format) if record.work_date else "",
        totaltime=total,
        is_running=True,
        timelog_id=record.id,
        from_time=seconds_of_day(timer.since, found),
        task_name=record.work_item,
        job_is_active=job.active,
        employeename=record.person.name,
        is_completed=int(job.completed),
    )


def comment_element(comment: Comment, zone: str) -> CommentElement:
    """The comment; ``createdTime`` is ``06-04-2019 , 17:22:28``, what the clock on the account's wall showed."""
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
    """The running timer as it is read: numbers may be texts, and what a client can do without may be absent."""

    date: Annotated[int, Meta(ge=0, lt=_DAY)]
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
    """The record that an answer to "get currently running timer" tells of, or its result alone; JSON, XML or decoded.

    The answer was given when the clock on the account's wall showed ``date``: of such instants, the one nearest to
    ``now``. So the segment began at that instant less ``diff``, whatever the client's own clock says to the second.
    ``started_at = since - totaltime``: the page tells of no break.

    Args:
        payload: the answer.
        now: the instant at which it came, to half a day; to half an hour where clocks show the hour of ``date`` twice.
        zone: the account's zone.
        date_format: the format of ``workDate``, where the call asked for one.

    Raises:
        MalformedPayload: it is no such answer, or tells of no timer, as none runs.
        UnknownDateFormat: the format is none.
    """
    record = parse_running(payload, now, zone, date_format=date_format)
    if record is None:
        raise MalformedPayload("zoho", "$.response.result", payload, "no timer is running")
    return record


def parse_running(payload: object, now: int, zone: str = "UTC", *, date_format: str = ISO) -> ZohoTimer | None:
    """The same as `parse`, but ``None`` for an answer that says that no timer is running."""
    read, path = _decoded(payload)
    if read is UNSET:
        return None
    if not read.is_running:
        raise MalformedPayload("zoho", f"{path}.isRunning", payload, "only a timer that runs has this form")
    worked = read.totaltime * _SECOND
    try:
        since = _nearest(read.date, now, zone) - read.diff * _SECOND
    except InstantOutOfRange as error:
        raise MalformedPayload("zoho", f"{path}.date", read.date, error.reason) from None
    if since - worked < FIRST:
        field = "diff" if since < FIRST else "totaltime"
        reason = "the timer would have begun before the year 1"
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
    """The running timer in a payload, and where in it."""
    payload = plain_response(payload)
    body = decode_payload("zoho", payload, _envelope_decoder).response
    if body is UNSET:
        return decode_payload("zoho", payload, _bare_decoder), "$"
    return body.result, "$.response.result"


def _nearest(seconds: int, now: int, zone: str) -> int:
    """The instant nearest to ``now``, to the second, at which the clock in the zone shows these seconds of the day."""
    here = now - now % _SECOND
    if seconds_of_day(here, zone) == seconds:
        return here
    # The clock shows every time within a day, but for one that is skipped, and then the next day. Within a day on
    # either side it is changed at most once: each side has the offset before the change, or the one after it.
    day = _DAY * _SECOND
    ahead = [(seconds - seconds_of_day(side, zone)) % _DAY * _SECOND for side in (here - day, here + day)]
    around = {here + gap - back for gap in ahead for back in (0, day)}
    shown = (at for at in around if seconds_of_day(at, zone) == seconds)
    return min(shown, key=lambda at: (abs(at - here), at))


def read_comment(comment_id: str, created_time: str, comment: str, zone: str) -> Comment:
    """The comment that an element tells of. A time that the clock showed twice counts as the first.

    Raises:
        MalformedPayload: its time is none.
    """
    at = _created_at(created_time, zone)
    if at is None:
        reason = "no date and time as in 06-04-2019 , 17:22:28"
        raise MalformedPayload("zoho", "$.response.result.createdTime", created_time, reason)
    return Comment(id=comment_id, at=at, text=comment)


def _created_at(text: str, zone: str) -> int | None:
    fit = _CREATED(text)
    if fit is None:
        return None
    hours, minutes, seconds = map(int, fit.group("hours", "minutes", "seconds"))
    shown = (hours * 60 + minutes) * 60 + seconds
    try:
        day = read_date(fit["day"], _CREATED_ON)
        return from_seconds_of_day(day, shown, zone, disambiguation=Disambiguation.EARLIER)
    except (InvalidDate, InvalidLocalTime, InstantOutOfRange):
        return None


_CREATED: Final = re.compile(
    "(?P<day>[0-9-]+) , (?P<hours>[0-9]{2}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])"
).fullmatch
