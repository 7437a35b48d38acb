"""Whole calls: `handle` from the bytes of a request to the bytes of the response, on an account in memory.

One life of a timer at each vendor, which needs every call of its table. A call is timed against the account as
the calls before it left it. `handle` stores nothing, so it answers the same each time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import msgspec

import punchclock as pc
from benchmarks.report import markdown
from punchclock import vendors
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import Account, MemoryAccount
from punchclock.vendors.calls import Request, Vendor
from punchclock.workspaces import demo_workspace

__all__ = ["Handled", "handled", "handled_table"]

NOON = pc.instant("2026-03-02T12:00:00Z")
MINUTE = 60_000_000
SAMPLES = 51
CALLS = 100

CREDENTIALS = {
    "intervals": {"token": "intervals-token-3"},
    "timetrack": {"key": "timetrack-key", "secret": "timetrack-secret"},
    "worksection": {"token": "worksection-token-3", "key": "worksection-admin-key"},
    "zoho": {"token": "zoho-token-3"},
}


class Handled(msgspec.Struct, frozen=True):
    """What one call takes.

    Attributes:
        vendor: whose call.
        operation: its name.
        nanoseconds: median over the samples.
        response: the length of the answer, in bytes.
    """

    vendor: str
    operation: str
    nanoseconds: float
    response: int


def handled() -> list[Handled]:
    """Every call of every vendor's table.

    Raises:
        AssertionError: a call was rejected, or one of the table is missing: then nothing is measured.
    """
    found = []
    for name in vendors.names():
        module = vendors.load(name)
        account = MemoryAccount(demo_workspace())
        told: dict[str, Handled] = {}
        for minute, (operation, parameters) in enumerate(_life(name)):
            now = NOON + minute * MINUTE
            request = module.request(operation, parameters, **CREDENTIALS[name])
            outcome = module.handle(request, account, now)
            if outcome.rejection is not None or outcome.operation != operation:
                raise AssertionError(f"{name}, {operation}: {outcome.response.body!r}")
            if operation not in told:
                taken = _nanoseconds(module.VENDOR, request, account, now)
                told[operation] = Handled(name, operation, taken, len(outcome.response.body))
            account.apply(outcome.changes)
        missing = {row.name for row in module.OPERATIONS} - set(told)
        if missing:
            raise AssertionError(f"{name}: {sorted(missing)} not called")
        found += [told[row.name] for row in module.OPERATIONS]
    return found


def _nanoseconds(vendor: Vendor[Any], request: Request, account: Account, now: int) -> float:
    samples = []
    for _ in range(SAMPLES):
        begin = time.thread_time_ns()  # no peer shares what else goes on, so only our own time counts
        for _ in range(CALLS):
            vendor.handle(request, account, now)
        samples.append((time.thread_time_ns() - begin) / CALLS)
    return median(samples)


def _life(vendor: str) -> list[tuple[str, msgspec.Struct]]:
    """Calls that succeed one after the other, a minute apart from noon on, with each of the table."""
    if vendor == "intervals":
        return [
            ("create_timer", intervals.WriteTimer(personid=3, taskid=31, name="the screens")),
            ("list_timers", intervals.ListTimers(gettimerinfo=True, projectid="21,22", sortfield="lastupdate")),
            ("update_timer", intervals.WriteTimer(id="1001", starttime=None, time=120)),
            ("get_timer", intervals.GetTimer(id="1001")),
            ("delete_timer", intervals.DeleteTimer(id="1001")),
        ]
    if vendor == "timetrack":
        who = "resource"
        whose = {"username": who}
        started = timetrack.StartProjectTimer(
            date="2026-03-02T12:00:00Z", client_name="Client 006", project_name="Project 006_1", **whose
        )
        return [
            ("start_project_timer", started),
            ("read_project_timer", timetrack.ProjectTimerOf(date="2026-03-02T12:01:00Z", **whose)),
            ("pause_project_timer", timetrack.ProjectTimerOf(date="2026-03-02T12:02:00Z", **whose)),
            ("resume_project_timer", timetrack.ProjectTimerOf(date="2026-03-02T12:03:00Z", **whose)),
            ("stop_project_timer", timetrack.ProjectTimerOf(date="2026-03-02T12:04:00Z", **whose)),
            (
                "start_attendance_timer",
                timetrack.StartAttendanceTimer(date="2026-03-02T12:05:00Z", username=who),
            ),
            ("get_attendance_timer", timetrack.GetAttendanceTimer(date="2026-03-02T12:06:00Z", **whose)),
            ("stop_attendance_timer", timetrack.StopAttendanceTimer(date="2026-03-02T12:07:00Z", username=who)),
        ]
    if vendor == "worksection":
        return [
            ("start_my_timer", worksection.StartMyTimer(id_task=31)),
            ("get_my_timer", worksection.GetMyTimer()),
            ("get_timers", worksection.GetTimers()),
            ("stop_my_timer", worksection.StopMyTimer(comment="done")),
            ("start_my_timer", worksection.StartMyTimer(id_task=31)),
            ("stop_timer", worksection.StopTimer(timer="1002")),
            ("start_my_timer", worksection.StartMyTimer(id_task=31)),
            ("delete_my_timer", worksection.DeleteMyTimer()),
        ]
    begun = zoho.StartTimer(user="3", job_id="41", work_date="2026-03-02", billing_status="billable", timer="start")
    return [
        ("start_timer", begun),
        ("get_running_timer", zoho.GetRunningTimer()),
        ("add_comment", zoho.AddComment(time_log_id="1001", comment="half way")),
        ("get_comments", zoho.GetComments(time_log_id="1001")),
        ("delete_comment", zoho.DeleteComment(comment_id="1003")),
        ("pause_timer", zoho.PauseTimer(time_log_id="1001", timer="stop")),
        ("resume_timer", zoho.ResumeTimer(time_log_id="1001", timer="start")),
    ]


def handled_table(calls: Sequence[Handled]) -> str:
    """What each call takes, and how many that is in a second."""
    lines = [
        (
            each.vendor,
            f"`{each.operation}`",
            f"{each.nanoseconds / 1000:.1f} µs",
            f"{1e9 / each.nanoseconds:,.0f}",
            f"{each.response:,}",
        )
        for each in calls
    ]
    return markdown(("vendor", "call", "takes", "a second", "bytes of the response"), lines)
