"""A timer from an event log as a vendor's payload. Nothing here depends on a particular vendor or reads a file.

A log identifies people and projects by name, a vendor's account by number. The names are looked up in a workspace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from punchclock import eventlog
from punchclock.instants import to_datetime
from punchclock.vendors import names
from punchclock.vendors.conversion import as_record_of, render
from punchclock.vendors.entities import counterpart, resolve_entities
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

if TYPE_CHECKING:  # not imported at run time: writing payloads needs no request handling
    from punchclock.vendors.calls import Vendor


def payload_of(
    vendor: Vendor[Any],
    timer: eventlog.LogTimer[Any],
    number: int,
    *,
    now: int,
    workspace: Workspace,
    zone: str,
    allow_state_change: bool = False,
) -> bytes:
    """Return a vendor's payload of a timer from a log, as of ``now``.

    Args:
        vendor: the vendor that shows the timer.
        timer: the timer, as the log's `eventlog.TimerLog` has it.
        number: the id to use, unless the timer's name has one: after a vendor and a kind, as in
            ``zoho/timer/413124000000070037``, or as a number at the end, as in ``1001``.
        now: the instant at which the vendor shows it.
        workspace: where user, task, project and client are looked up. A task that is not found is looked up as a job.
        zone: the account's time zone.
        allow_state_change: whether the timer may be shown in another state, with the same work, if the vendor does not
            show its own.

    Raises:
        UnknownEntity: a name in the log matches nothing in the workspace, or several entities.
        MissingFields: the log does not report what the vendor requires, such as a user.
        StateNotShown: the vendor does not show timers in this state, and ``allow_state_change`` is false.
        NotRepresentable: the vendor cannot show the timer for another reason.
    """
    reported = resolve_entities(_reported(timer, number, workspace), workspace)
    record = as_record_of(vendor, counterpart(reported, workspace, vendor.works_on), zone)
    return render(vendor, record, now, zone, allow_state_change=allow_state_change)[0]


def _reported(timer: eventlog.LogTimer[Any], number: int, workspace: Workspace) -> VendorTimer:
    """Return what the log reports about a timer; a blank text counts as absent."""
    vendor, _, rest = timer.name.partition("/")
    id = rest.partition("/")[2] if vendor in names() else ""
    last = timer.name.rpartition("/")[2]
    client = Client(name=timer.client) if timer.client else None
    project = Project(name=timer.project, client=client) if timer.project else None
    task = Task(name=timer.task, project=project) if timer.task else None
    job = Job(name=task.name, project=project) if task and _is_job(task.name, workspace) else None
    return VendorTimer(
        id=id or (last if last.isascii() and last.isdecimal() else str(number)),
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
