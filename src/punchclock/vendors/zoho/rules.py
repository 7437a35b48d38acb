"""Rules that an account's settings define: days of work, hours per day, hours per job. Pure functions.

The page mentions these rules only in its error messages; how they count is our choice (see docs/vendors/zoho.md). Work
counts towards all three limits as soon as it is done. So a pause is rejected if the work exceeds a limit, and a start
or resume is rejected if one more second of work would exceed it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from punchclock.timer import not_before, worked_at
from punchclock.units import HOUR
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Job, Person, Settings
from punchclock.vendors.zoho.wire import BillingStatus, ZohoTimer


def enabled(settings: Settings) -> None:
    """Check that timers are enabled.

    Raises:
        RuleViolation: ``DISABLED``.
    """
    if not settings.timer_enabled:
        raise RuleViolation(Rule.DISABLED)


def day_of_work(settings: Settings, person: Person, day: date) -> None:
    """Check that a day is not a weekend, a holiday or a day of the person's leave.

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
    """Return the work in these timelogs until ``now``, in microseconds, including running timers."""
    return sum(worked_at(each.timer, not_before(each.timer, now)) for each in timelogs)


def within_attendance(settings: Settings, of_day: Iterable[ZohoTimer], now: int, more: int) -> None:
    """Check that a person's timelogs of a day, plus ``more``, are within the attendance hours.

    Raises:
        RuleViolation: ``ATTENDANCE_HOURS``.
    """
    _within(settings.attendance_hours, logged(of_day, now) + more, Rule.ATTENDANCE_HOURS)


def within_billable(settings: Settings, of_day: Iterable[ZohoTimer], now: int, more: int) -> None:
    """Check that a person's billable timelogs of a day, plus ``more``, are within the billable hours.

    Raises:
        RuleViolation: ``BILLABLE_HOURS``.
    """
    billable = (each for each in of_day if each.billing_status is BillingStatus.BILLABLE)
    _within(settings.max_billable_hours, logged(billable, now) + more, Rule.BILLABLE_HOURS)


def within_estimate(job: Job, of_job: Iterable[ZohoTimer], now: int, more: int) -> None:
    """Check that all timelogs of a job, plus ``more``, are within its estimate.

    Raises:
        RuleViolation: ``ESTIMATE``.
    """
    _within(job.estimate, logged(of_job, now) + more, Rule.ESTIMATE)


def _within(hours: float | None, work: int, rule: Rule) -> None:
    if hours is not None and work > hours * HOUR:
        raise RuleViolation(rule)
