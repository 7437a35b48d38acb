"""What an account's settings allow: the day, the hours a day, the hours of a job. Pure functions.

The page names these rules by their messages only; how they count is our choice (see docs/vendors/zoho.md). All
three limits count one way: time is logged when it has been worked, so a pause is rejected that would log more than
the limit, and a start or a resume that could not log one second more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from punchclock.timer import not_before, worked_at
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Job, Person, Settings
from punchclock.vendors.zoho.wire import BillingStatus, ZohoTimer

__all__ = ["day_of_work", "enabled", "logged", "within_attendance", "within_billable", "within_estimate"]

_HOUR = 3_600_000_000


def enabled(settings: Settings) -> None:
    """Timers are switched on.

    Raises:
        RuleViolation: ``DISABLED``.
    """
    if not settings.timer_enabled:
        raise RuleViolation(Rule.DISABLED)


def day_of_work(settings: Settings, person: Person, day: date) -> None:
    """The day is no weekend, no holiday, and no leave of the person's.

    Raises:
        RuleViolation: ``DAY_OFF``.
    """
    if (
        day.isoweekday() not in settings.work_days
        or any(holiday.date == day for holiday in settings.holidays)
        or any(leave.person == person.id and leave.first <= day <= leave.last for leave in settings.leaves)
    ):
        raise RuleViolation(Rule.DAY_OFF)


def logged(timelogs: Iterable[ZohoTimer], now: int) -> int:
    """The work in these timelogs up to ``now``, in microseconds, those that run included."""
    return sum(worked_at(each.timer, not_before(each.timer, now)) for each in timelogs)


def within_attendance(settings: Settings, of_day: Iterable[ZohoTimer], now: int, more: int) -> None:
    """A person's timelogs of a day, and as much more, are within the hours that a person attends.

    Raises:
        RuleViolation: ``ATTENDANCE_HOURS``.
    """
    _within(settings.attendance_hours, logged(of_day, now) + more, Rule.ATTENDANCE_HOURS)


def within_billable(settings: Settings, of_day: Iterable[ZohoTimer], now: int, more: int) -> None:
    """A person's billable timelogs of a day, and as much more, are within the billable hours of a day.

    Raises:
        RuleViolation: ``BILLABLE_HOURS``.
    """
    billable = (each for each in of_day if each.billing_status is BillingStatus.BILLABLE)
    _within(settings.max_billable_hours, logged(billable, now) + more, Rule.BILLABLE_HOURS)


def within_estimate(job: Job, of_job: Iterable[ZohoTimer], now: int, more: int) -> None:
    """Everybody's timelogs of a job, and as much more, are within the hours that it was planned to take.

    Raises:
        RuleViolation: ``ESTIMATE``.
    """
    _within(job.estimate, logged(of_job, now) + more, Rule.ESTIMATE)


def _within(hours: float | None, work: int, rule: Rule) -> None:
    if hours is not None and work > hours * _HOUR:
        raise RuleViolation(rule)
