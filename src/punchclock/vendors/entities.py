"""People, clients, projects, tasks and jobs of a record: looked up in a workspace, or put in the target's place.

Vendors identify entities by number or by name; a workspace has both. What a timer works on is a job at some vendors and
a task at the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar

from msgspec.structs import replace

from punchclock.vendors.errors import UnknownEntity
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

R = TypeVar("R", bound=VendorTimer)
_E = TypeVar("_E", Person, Client, Project, Task, Job)

#: A function that decides about an entity that a workspace does not have.
OnUnknown = Callable[[str, Person | Client | Project | Task | Job, int], None]

#: What a vendor's timer works on, which is a field of its record.
WorksOn = Literal["task", "job"]


def reject_unknown(kind: str, given: Person | Client | Project | Task | Job, count: int) -> None:
    """Reject an entity that does not match exactly one entity of the workspace.

    Raises:
        UnknownEntity: always.
    """
    raise unknown_entity(kind, given, count)


def unknown_entity(kind: str, given: Person | Client | Project | Task | Job, count: int) -> UnknownEntity:
    """Return the error for an entity that matches ``count`` entities of the workspace."""
    for field in ("id", "email"):
        value = getattr(given, field, "")
        if value:
            return UnknownEntity(kind, value, count, field)
    return UnknownEntity(kind, given.name, count)


def resolve_entities(record: R, workspace: Workspace, on_unknown: OnUnknown = reject_unknown) -> R:
    """Return the record with its entities replaced by those of the workspace, and with the entities that they imply.

    A task determines its project, a job too, and a project its client. An id alone identifies an entity; without an
    id, every field that is given must match.

    Args:
        record: the record.
        workspace: where the entities are looked up.
        on_unknown: called with the kind of an entity that does not match exactly one entity of the workspace, the
            entity and the number of matches. If it returns, the entity is kept.

    Raises:
        UnknownEntity: no entity of the workspace matches, or several do.
    """

    def find(kind: str, given: _E, among: Mapping[str, _E]) -> _E:
        if given.id:
            same = among.get(given.id)
            found = [] if same is None else [same]
        else:
            found = [each for each in among.values() if _matches(given, each)]
        if len(found) == 1:
            return found[0]
        on_unknown(kind, given, len(found))
        return given

    person = find("person", record.person, workspace.people) if record.person != Person() else record.person
    task = find("task", record.task, workspace.tasks) if record.task else None
    job = find("job", record.job, workspace.jobs) if record.job else None
    project = find("project", record.project, workspace.projects) if record.project else None
    client = find("client", record.client, workspace.clients) if record.client else None
    project = (task and task.project) or (job and job.project) or project
    client = (project and project.client) or client
    return replace(record, person=person, task=task, job=job, project=project, client=client)


def _matches(given: Any, entity: Any) -> bool:  # noqa: ANN401 - two entities of the same type
    """Return whether an entity has the given id or, if none is given, the given e-mail, name, project and client."""
    if given.id:
        return bool(given.id == entity.id)
    for name in ("email", "name"):
        value = getattr(given, name, "")
        if value and value != getattr(entity, name):
            return False
    for name in ("project", "client"):
        parent = getattr(given, name, None)
        if parent is not None and (getattr(entity, name) is None or not _matches(parent, getattr(entity, name))):
            return False
    return True


def counterpart(record: R, workspace: Workspace, works_on: WorksOn) -> R:
    """Return the record with the task that the workspace has for its job, or the job that it has for its task.

    That is the one of the same name in the same project. If there is none, a record without a job gets the job of its
    project, if the project has exactly one. A record that has such an entity already is returned unchanged.
    """
    if getattr(record, works_on) is not None:
        return record
    project = record.project
    if works_on == "task":
        job = record.job
        tasks = [each for each in workspace.tasks.values() if job and (each.name, each.project) == (job.name, project)]
        return replace(record, task=tasks[0]) if len(tasks) == 1 else record
    jobs = [each for each in workspace.jobs.values() if each.project == project is not None]
    named = [each for each in jobs if record.task is not None and each.name == record.task.name]
    found = named if len(named) == 1 else jobs
    return replace(record, job=found[0]) if len(found) == 1 else record


#: What a vendor works on → the field of other vendors with its kind, its type, and the fields of the two that match.
_COUNTERPARTS: Final[Mapping[WorksOn, tuple[WorksOn, type[Task | Job], tuple[tuple[str, str], ...]]]] = {
    "task": ("job", Task, (("id", "id"), ("name", "name"), ("completed", "closed"))),
    "job": ("task", Job, (("id", "id"), ("name", "name"), ("closed", "completed"))),
}


def place(record: R, works_on: WorksOn) -> tuple[R, dict[str, str]]:
    """Return the record with a job in the place of a task or the reverse, and which field moved where.

    A field that the place has already is not replaced.
    """
    other, of, pairs = _COUNTERPARTS[works_on]
    given = getattr(record, other)
    if given is None:
        return record, {}
    here = getattr(record, works_on) or of(project=given.project)
    taken = {ours: getattr(given, theirs) for theirs, ours in pairs if not getattr(here, ours)}
    moved = {f"{other}.{theirs}": f"{works_on}.{ours}" for theirs, ours in pairs if taken.get(ours)}
    return replace(record, **{works_on: replace(here, **taken), other: None}), moved
