"""A timer of an event log, as a vendor would show it. Nothing here knows a vendor or reads a file.

A log names by text what a vendor's account has by number. So the names are looked up in a world, in the way in which
a converted payload's are.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from punchclock import log
from punchclock.instants import to_datetime
from punchclock.vendors.conversion import as_record_of, completed, written_by
from punchclock.vendors.records import Record
from punchclock.vendors.world import Client, Job, Person, Project, Task, World

__all__ = ["payload_of"]


def payload_of(vendor: ModuleType, timer: log.Record[Any], number: int, *, now: int, world: World, zone: str) -> bytes:
    """A vendor's payload of a timer from a log, as of ``now``.

    Args:
        vendor: the vendor's package.
        timer: the timer, as the log's book has it.
        number: its id, unless its name ends in one, as ``1001`` or ``intervals/timer/1001``.
        now: the instant at which the vendor shows it.
        world: where user, task, project and client are looked up; a task that is none may be a job.
        zone: the account's zone.

    Raises:
        UnknownEntity: the log names somebody or something that the world does not have, or has several times.
        Inexpressible: the vendor has no form for the timer, such as one of nobody's.
    """
    record = as_record_of(vendor, completed(_told(timer, number, world), world), zone)
    return written_by(vendor, record, now, zone)[0]


def _told(timer: log.Record[Any], number: int, world: World) -> Record:
    """What the log tells of a timer. A blank text tells nothing."""
    last = timer.name.rpartition("/")[2]
    client = Client(name=timer.client) if timer.client else None
    project = Project(name=timer.project, client=client) if timer.project else None
    task = Task(name=timer.task, project=project) if timer.task else None
    job = Job(name=task.name, project=project) if task and _is_job(task.name, world) else None
    return Record(
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


def _is_job(name: str, world: World) -> bool:
    return world.task_named(name) is None and any(job.name == name for job in world.jobs.values())
