"""A timer of an event log, as a vendor would show it. Nothing here knows a vendor or reads a file.

A log has names where a vendor's account has numbers. The names are looked up in a workspace, as for a converted
payload.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from punchclock import eventlog
from punchclock.instants import to_datetime
from punchclock.vendors.conversion import as_record_of, render, resolve_entities
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

__all__ = ["payload_of"]


def payload_of(
    vendor: ModuleType, timer: eventlog.LogTimer[Any], number: int, *, now: int, workspace: Workspace, zone: str
) -> bytes:
    """A vendor's payload of a timer from a log, as of ``now``.

    Args:
        vendor: the vendor's package.
        timer: the timer, as the log's book has it.
        number: its id, unless its name ends in one, as ``1001`` or ``intervals/timer/1001``.
        now: the instant at which the vendor shows it.
        workspace: where user, task, project and client are looked up; a task that is none may be a job.
        zone: the account's zone.

    Raises:
        UnknownEntity: the log names somebody or something that the workspace does not have, or has several times.
        NotRepresentable: the vendor has no form for the timer, such as one of nobody's.
    """
    record = as_record_of(vendor, resolve_entities(_told(timer, number, workspace), workspace), zone)
    return render(vendor, record, now, zone)[0]


def _told(timer: eventlog.LogTimer[Any], number: int, workspace: Workspace) -> VendorTimer:
    """What the log tells of a timer. A blank text tells nothing."""
    last = timer.name.rpartition("/")[2]
    client = Client(name=timer.client) if timer.client else None
    project = Project(name=timer.project, client=client) if timer.project else None
    task = Task(name=timer.task, project=project) if timer.task else None
    job = Job(name=task.name, project=project) if task and _is_job(task.name, workspace) else None
    return VendorTimer(
        id=last if last.isascii() and last.isdecimal() else str(number),
        timer=timer.timer,
        person=Person(name=timer.user or ""),
        client=client,
        project=project,
        task=None if job else task,
        job=job,
        note=timer.note or "",
        updated_on=to_datetime(timer.timer.since).date(),
    )


def _is_job(name: str, workspace: Workspace) -> bool:
    return workspace.task_named(name) is None and any(job.name == name for job in workspace.jobs.values())
