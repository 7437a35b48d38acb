"""Whole vendor calls: from the bytes of a request to those of the response, on an account in memory.

Each vendor has a sequence of calls that includes every call of its table. A call is timed against the account as the
calls before it left it; `handle` stores nothing, so every repetition gives the same response.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import msgspec

import punchclock as pc
from benchmarks.report import markdown
from punchclock.units import MINUTE
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import MemoryAccount
from punchclock.workspaces import demo_workspace

NOON = pc.instant("2026-03-02T12:00:00Z")
SAMPLES, REPEATS = 51, 100

CREDENTIALS = {
    "intervals": {"token": "intervals-token-3"},
    "timetrack": {"key": "timetrack-key", "secret": "timetrack-secret"},
    "worksection": {"token": "worksection-token-3", "key": "worksection-admin-key"},
    "zoho": {"token": "zoho-token-3"},
}

_USER = {"username": "resource"}
_PROJECT = {"client_name": "Client 006", "project_name": "Project 006_1"}
_JOB = {"user": "3", "job_id": "41", "work_date": "2026-03-02", "billing_status": "billable"}

#: For each vendor, calls a minute apart from noon on, with their parameters.
SEQUENCES: dict[str, list[tuple[str, dict[str, object]]]] = {
    "intervals": [
        ("create_timer", {"personid": 3, "taskid": 31, "name": "the screens"}),
        ("list_timers", {"gettimerinfo": True, "projectid": "21,22", "sortfield": "lastupdate"}),
        ("update_timer", {"id": "1001", "starttime": None, "time": 120}),
        ("get_timer", {"id": "1001"}),
        ("delete_timer", {"id": "1001"}),
    ],
    "timetrack": [
        ("start_project_timer", {"date": "2026-03-02T12:00:00Z", **_PROJECT, **_USER}),
        ("read_project_timer", {"date": "2026-03-02T12:01:00Z", **_USER}),
        ("pause_project_timer", {"date": "2026-03-02T12:02:00Z", **_USER}),
        ("resume_project_timer", {"date": "2026-03-02T12:03:00Z", **_USER}),
        ("stop_project_timer", {"date": "2026-03-02T12:04:00Z", **_USER}),
        ("start_attendance_timer", {"date": "2026-03-02T12:05:00Z", **_USER}),
        ("get_attendance_timer", {"date": "2026-03-02T12:06:00Z", **_USER}),
        ("stop_attendance_timer", {"date": "2026-03-02T12:07:00Z", **_USER}),
    ],
    "worksection": [
        ("start_my_timer", {"id_task": 31}),
        ("get_my_timer", {}),
        ("get_timers", {}),
        ("stop_my_timer", {"comment": "done"}),
        ("start_my_timer", {"id_task": 31}),
        ("stop_timer", {"timer": "1002"}),
        ("start_my_timer", {"id_task": 31}),
        ("delete_my_timer", {}),
    ],
    "zoho": [
        ("start_timer", {**_JOB, "timer": "start"}),
        ("get_running_timer", {}),
        ("add_comment", {"time_log_id": "1001", "comment": "half way"}),
        ("get_comments", {"time_log_id": "1001"}),
        ("delete_comment", {"comment_id": "1003"}),
        ("pause_timer", {"time_log_id": "1001", "timer": "stop"}),
        ("resume_timer", {"time_log_id": "1001", "timer": "start"}),
    ],
}


class CallTime(msgspec.Struct, frozen=True):
    """The time of one call, the median of the samples, and the bytes of the response's body."""

    vendor: str
    operation: str
    nanoseconds: float
    response: int


def measure_calls() -> list[CallTime]:
    """Measure every call of every vendor's table.

    Raises:
        AssertionError: a call was rejected, or a sequence lacks a call of the table.
    """
    found = []
    for vendor in (intervals, timetrack, worksection, zoho):
        name = vendor.__name__.rpartition(".")[2]
        types = {row.name: row.request for row in vendor.operations}
        account = MemoryAccount(demo_workspace())
        times: dict[str, CallTime] = {}
        for minute, (operation, parameters) in enumerate(SEQUENCES[name]):
            request = vendor.request(operation, types[operation](**parameters), **CREDENTIALS[name])
            call = partial(vendor.handle, request, account, NOON + minute * MINUTE)
            result = call()
            if result.rejection is not None or result.operation != operation:
                raise AssertionError(f"{name}, {operation}: {result.response.body!r}")
            if operation not in times:
                times[operation] = CallTime(name, operation, _nanoseconds(call), len(result.response.body))
            account.apply(result.changes)
        found += [times[operation] for operation in types]
    return found


def _nanoseconds(call: Callable[[], object]) -> float:
    return median(timeit.repeat(call, timer=time.thread_time, repeat=SAMPLES, number=REPEATS)) / REPEATS * 1e9


def calls_table(calls: Sequence[CallTime]) -> str:
    """Return the times as Markdown."""
    lines = [
        (each.vendor, f"`{each.operation}`", f"{each.nanoseconds / 1000:.1f} µs", f"{each.response:,}")
        for each in calls
    ]
    return markdown(("vendor", "call", "time", "bytes of the response"), lines)
