"""The parameters of each call and the handlers that decide it.

Source: page "Timer API". Rules from an account's settings are in rules.py, error responses in error_codes.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec.structs import replace

from punchclock.calendar import work_date
from punchclock.machine import Event, State
from punchclock.timer import start
from punchclock.units import SECOND
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Call, HandlerResult, apply_event
from punchclock.vendors.records import UPDATE, Change
from punchclock.vendors.rules import (
    Rule,
    RuleViolation,
    require_at_most,
    require_none_running,
    require_own_or_privileged,
)
from punchclock.vendors.workspace import Job, Person, Workspace
from punchclock.vendors.zoho.dates import ISO, InvalidDate, UnknownDateFormat, check_format, read_date
from punchclock.vendors.zoho.envelope import Success
from punchclock.vendors.zoho.rules import day_of_work, enabled, within_attendance, within_billable, within_estimate
from punchclock.vendors.zoho.wire import (
    FETCHED,
    BillingStatus,
    Comment,
    CommentReference,
    TimeLogReference,
    ZohoTimer,
    comment_element,
    element,
    read_billing_status,
)

# ---- parameters ----------------------------------------------------------------------------------


class StartTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Start timer API."""

    user: str
    job_id: str
    work_date: str
    date_format: str = ""
    project_id: str = "all"
    billing_status: str
    timer: str
    description: str = ""
    work_item: str = ""


class PauseTimer(msgspec.Struct, kw_only=True, rename="camel"):
    """Pause/Resume timer API, with ``timer=stop``."""

    time_log_id: str
    timer: str


class ResumeTimer(msgspec.Struct, kw_only=True, rename="camel"):
    """Pause/Resume timer API, with ``timer=start``."""

    time_log_id: str
    timer: str


class GetRunningTimer(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """Get currently running timer API."""

    date_format: str = ISO


class GetComments(msgspec.Struct, kw_only=True, rename="camel"):
    """Get comments for timer API."""

    time_log_id: str


class AddComment(msgspec.Struct, kw_only=True, rename="camel"):
    """Add comment for timer API."""

    time_log_id: str
    comment: str


class DeleteComment(msgspec.Struct, kw_only=True, rename="camel"):
    """Delete comment for timer API."""

    comment_id: str


# ---- handlers ------------------------------------------------------------------------------------


def start_timer(call: Call[StartTimer]) -> HandlerResult:
    """Create a timelog with a running timer, for the logged-in user only, who has no other running timer."""
    sent, workspace, caller = call.parameters, call.account.workspace, call.caller
    _is_start(sent.timer)
    require_at_most(250, "description", sent.description)
    require_at_most(500, "workItem", sent.work_item)
    billing_status = read_billing_status(sent.billing_status)
    if billing_status is None:
        raise RuleViolation(Rule.VALUE, "billingStatus", f"{sent.billing_status} is not a billing status")
    booked_on = _day_booked_on(sent, workspace)
    job = _job(sent, workspace)

    enabled(workspace.settings)
    _is_caller(sent.user, caller, workspace)
    day_of_work(workspace.settings, caller, booked_on)  # checked early: this rule has a code of its own
    require_none_running(call.account, ZohoTimer, caller, (State.RUNNING,))
    number = call.account.new_id()
    record = ZohoTimer(
        id=str(number),
        timer_id=str(number + 1),
        timer=start(call.now),
        person=caller,
        client=job.project.client if job.project else None,
        project=job.project,
        job=job,
        note=sent.description,
        work_date=booked_on,
        billing_status=billing_status,
        work_item=sent.work_item,
    )
    _within_limits(call, record, SECOND)
    change = Change(Event.START, call.now, record)
    return HandlerResult(Success("Timelog entry added Successfully", [TimeLogReference(record.id)]), (change,))


def pause_timer(call: Call[PauseTimer]) -> HandlerResult:
    """Pause a timer. Of the account's rules only the limits apply: their messages on the page say "in pausing"."""
    record = _timelog(call, call.parameters.time_log_id)
    change = apply_event(record, Event.PAUSE, call.now)
    _within_limits(call, change.record)
    return HandlerResult(Success("Timer Paused successfully"), (change,))


def resume_timer(call: Call[ResumeTimer]) -> HandlerResult:
    """Resume a timer, on the day of its start and under the same rules as a start."""
    _is_start(call.parameters.timer)
    workspace = call.account.workspace
    enabled(workspace.settings)
    record = _timelog(call, call.parameters.time_log_id)
    change = apply_event(record, Event.RESUME, call.now)
    today = work_date(change.at, workspace.zone)
    of_today = work_date(record.timer.started_at, workspace.zone) == today
    day_of_work(workspace.settings, record.person, (of_today and record.work_date) or today)
    require_none_running(call.account, ZohoTimer, record.person, (State.RUNNING,))
    if not of_today:  # the product's own FAQ: a timer can be resumed "for only current day"
        raise RuleViolation(Rule.VALUE, "timeLogId", "the timer was started on another day")
    _within_limits(call, change.record, SECOND)
    return HandlerResult(Success("Timer resumed successfully"), (change,))


def get_running_timer(call: Call[GetRunningTimer]) -> HandlerResult:
    """Return the caller's running timer; no result if there is none."""
    date_format = call.parameters.date_format
    try:
        check_format(date_format)
    except UnknownDateFormat as error:
        raise RuleViolation(Rule.VALUE, "dateFormat", str(error)) from None
    query = Query(of=ZohoTimer, people=(call.caller.id,), states=(State.RUNNING,))
    running = next(iter(call.account.find(query).records), None)
    if running is None:
        return HandlerResult(Success(FETCHED))
    return HandlerResult(Success(FETCHED, element(running, call.now, call.account.workspace.zone, date_format)))


def get_comments(call: Call[GetComments]) -> HandlerResult:
    """Return the comments of a timelog, oldest first, whether or not its timer is running."""
    record = _timelog(call, call.parameters.time_log_id)
    zone = call.account.workspace.zone
    elements = [comment_element(comment, zone) for comment in record.comments]
    return HandlerResult(Success("Timer Comments fetched successfully", elements))


def add_comment(call: Call[AddComment]) -> HandlerResult:
    """Add a comment to a running timer."""
    record = _timelog(call, call.parameters.time_log_id)
    if record.timer.state != State.RUNNING:
        raise RuleViolation(Rule.STATE, "timeLogId")
    comment = Comment(id=str(call.account.new_id()), at=call.now, text=call.parameters.comment)
    change = Change(UPDATE, call.now, replace(record, comments=(*record.comments, comment)))
    return HandlerResult(Success("Timer Comment Added successfully", [CommentReference(comment.id)]), (change,))


def delete_comment(call: Call[DeleteComment]) -> HandlerResult:
    """Delete a comment of one of the caller's timelogs, whether or not its timer is running."""
    wanted = call.parameters.comment_id
    for record in call.account.find(Query(of=ZohoTimer, people=(call.caller.id,))).records:
        comments = tuple(comment for comment in record.comments if comment.id != wanted)
        if len(comments) != len(record.comments):
            change = Change(UPDATE, call.now, replace(record, comments=comments))
            return HandlerResult(Success("Timer Comments deleted successfully"), (change,))
    raise RuleViolation(Rule.NOT_FOUND, "commentId", f"there is no comment {wanted}")


def _is_start(timer: str) -> None:
    if timer != "start":
        raise RuleViolation(Rule.VALUE, "timer", "neither start nor stop")


def _day_booked_on(sent: StartTimer, workspace: Workspace) -> date:
    """Return ``workDate``, read in ``dateFormat`` or, without one, in the company's format or as yyyy-MM-dd."""
    formats = (sent.date_format,) if sent.date_format else (workspace.settings.date_format, ISO)
    for date_format in formats:
        try:
            return read_date(sent.work_date, date_format)
        except UnknownDateFormat as error:
            if sent.date_format:
                raise RuleViolation(Rule.VALUE, "dateFormat", str(error)) from None
        except InvalidDate as error:
            if error.fits:
                raise RuleViolation(Rule.VALUE, "workDate", str(error)) from None
    raise RuleViolation(Rule.TYPE, "workDate", f"not a date as in {' or '.join(formats)}")


def _job(sent: StartTimer, workspace: Workspace) -> Job:
    job = workspace.jobs.get(sent.job_id)
    if job is None:
        raise RuleViolation(Rule.VALUE, "jobId", f"there is no job {sent.job_id}")
    if sent.project_id != "all" and (job.project is None or job.project.id != sent.project_id):
        raise RuleViolation(Rule.VALUE, "projectId", f"the job is not in project {sent.project_id}")
    if job.completed or not job.active:
        raise RuleViolation(Rule.CLOSED, "jobId", "the job is completed or not active")
    return job


def _is_caller(user: str, caller: Person, workspace: Workspace) -> None:
    """Check that the user, given by ERECNO, e-mail address or employee id, is the logged-in one."""
    if not _names(user, caller):
        known = any(_names(user, person) for person in workspace.people.values())
        raise RuleViolation(Rule.FOREIGN if known else Rule.VALUE, "user")


def _names(user: str, person: Person) -> bool:
    return user in (person.id, person.employee_id) or user.lower() == person.email.lower()


def _timelog(call: Call[Any], id: str) -> ZohoTimer:
    """Return the timelog with this id; only its owner has access to it and its comments."""
    record = call.account.get(ZohoTimer, id)
    if record is None:
        raise RuleViolation(Rule.NOT_FOUND, "timeLogId", f"there is no timelog {id}")
    require_own_or_privileged(record.person, call.caller, (), "timeLogId")
    return record


def _within_limits(call: Call[Any], record: ZohoTimer, more: int = 0) -> None:
    """Check the account's limits for the changed timelog, the other timelogs, and ``more`` work."""
    settings, job = call.account.workspace.settings, record.job
    if settings.attendance_hours is not None or settings.max_billable_hours is not None:
        of_day = Query(of=ZohoTimer, people=(record.person.id,), work_date=record.work_date)
        timelogs = _with(record, call.account.find(of_day).records)
        within_attendance(settings, timelogs, call.now, more)
        if record.billing_status is BillingStatus.BILLABLE:
            within_billable(settings, timelogs, call.now, more)
    if job is not None and job.estimate is not None:
        of_job = Query(of=ZohoTimer, jobs=(job.id,))
        within_estimate(job, _with(record, call.account.find(of_job).records), call.now, more)


def _with(record: ZohoTimer, stored: Sequence[ZohoTimer]) -> list[ZohoTimer]:
    return [record, *(other for other in stored if other.id != record.id)]
