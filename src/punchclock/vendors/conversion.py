"""Conversion: one vendor's payload as another vendor would show the same timer, and what is lost on the way.

Nothing here knows a vendor. A payload is parsed in one folder and written in another; what one of them names by
number and the other by name is looked up in a workspace; and what was lost is found by reading the new payload back.
So a further vendor is one more folder, and converts from and to all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import ModuleType
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import replace

from punchclock.calendar import work_date
from punchclock.eventlog import seconds
from punchclock.instants import format_instant
from punchclock.machine import State
from punchclock.timer import Timer, amend, break_at, not_before, worked_at
from punchclock.vendors import load
from punchclock.vendors.errors import MalformedPayload, NotRepresentable, UnknownEntity
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

__all__ = ["Conversion", "Loss", "LossKind", "as_record_of", "convert", "render", "resolve_entities"]


class LossKind(StrEnum):
    """What became of a field."""

    DROPPED = "dropped"  # it had no place to go
    FILLED = "filled"  # it was told by nobody, and the target shows it


class Loss(msgspec.Struct, frozen=True):
    """A field that did not come through.

    Attributes:
        kind: whether it was dropped or filled. A field that changed is both, with either value.
        field: its place in the record, as ``task.name`` or ``timer.break``.
        value: what was dropped, or what was filled in; instants in RFC 3339, durations in seconds.
    """

    kind: LossKind
    field: str
    value: object


class Conversion(NamedTuple):
    """The payload in the target's words, and what was lost."""

    payload: bytes
    losses: list[Loss]


def convert(
    payload: object, *, source: str, target: str, now: int, workspace: Workspace, zone: str | None = None
) -> Conversion:
    """A vendor's payload as another vendor would show the same timer.

    Args:
        payload: what the source answered, as bytes or decoded.
        source: the vendor that it comes from.
        target: the vendor that it is for.
        now: the instant at which it was answered, and at which the target shows it.
        workspace: where people, clients, projects, tasks and jobs are looked up.
        zone: the account's zone; the workspace's where none is given.

    Raises:
        UnknownVendor: there is no folder for one of them.
        MalformedPayload: the payload is not the source's.
        UnknownEntity: it names somebody or something that the workspace does not have.
        NotRepresentable: the target has no form for what the workspace calls it.
    """
    zone = workspace.zone if zone is None else zone
    reader, writer = load(source), load(target)
    told: VendorTimer = reader.parse(payload, now, zone)
    record = as_record_of(writer, resolve_entities(told, workspace), zone)
    written, back = render(writer, record, now, zone)
    return Conversion(written, list(_losses(told, back, _resolve_entities(back, workspace, _found_or_told), now)))


def as_record_of(vendor: ModuleType, record: VendorTimer, zone: str) -> VendorTimer:
    """The record as another vendor would keep it: in its ticks, with what both have; its own fields at their defaults.

    The last instant, the work and the break are floored to ticks, and the start is what they leave: so no break comes
    of fractions. An id that every vendor can hold, a number of up to 18 digits, stays what it is; any other is dropped.
    Where the record is booked on no day, it is the local day of the start.
    """
    of: type[VendorTimer] = vendor.VENDOR.record
    carried = {name: getattr(record, name) for name in of.__struct_fields__ if name in type(record).__struct_fields__}
    timer, floor = record.timer, vendor.DIALECT.floor
    since, worked = floor(timer.since), floor(timer.worked)
    started_at = since - worked - floor(break_at(timer, timer.since))
    carried["id"] = record.id if record.id.isascii() and record.id.isdecimal() and len(record.id) <= 18 else ""
    carried["work_date"] = record.work_date or work_date(timer.started_at, zone)
    carried["timer"] = Timer(timer.state, started_at, since, worked)
    return of(**carried)


def render(vendor: ModuleType, record: VendorTimer, now: int, zone: str) -> tuple[bytes, VendorTimer]:
    """The record's payload, and what it says. Where a vendor shows only what runs, a timer is shown as if it ran.

    Raises:
        NotRepresentable: the vendor has no form for it.
    """
    name = vendor.VENDOR.name
    try:
        payload: bytes = vendor.serialize(record, now, zone)
        try:
            return payload, vendor.parse(payload, now, zone)
        except MalformedPayload:
            running = _as_if_running(record, vendor.DIALECT.floor(now))
            payload = vendor.serialize(running, now, zone)
            return payload, vendor.parse(payload, now, zone)
    except MalformedPayload as error:
        raise NotRepresentable(name, str(error)) from error


def _as_if_running(record: VendorTimer, now: int) -> VendorTimer:
    """The record with the running timer that has done as much work at ``now``."""
    timer = record.timer
    worked = worked_at(timer, not_before(timer, now))
    return replace(record, timer=amend(replace(timer, state=State.RUNNING), worked=worked, since=now))


# ---- completing ----------------------------------------------------------------------------------

_E = TypeVar("_E", Person, Client, Project, Task, Job)


def resolve_entities(record: VendorTimer, workspace: Workspace) -> VendorTimer:
    """The record with everybody and everything it names as the workspace has them, and what follows from them.

    A task has its project, a project its client, and the one job of a project is the job of a timer that has none. An
    id is trusted alone; without one, all else that is told must fit.

    Raises:
        UnknownEntity: the workspace has no such one, or several.
    """
    return _resolve_entities(record, workspace, _found)


class _Find(Protocol):
    def __call__(self, kind: str, told: _E, among: Mapping[str, _E]) -> _E:
        """The entity of which something is told."""


def _resolve_entities(record: VendorTimer, workspace: Workspace, find: _Find) -> VendorTimer:
    person = find("person", record.person, workspace.people) if record.person != Person() else record.person
    task = find("task", record.task, workspace.tasks) if record.task else None
    job = find("job", record.job, workspace.jobs) if record.job else None
    project = find("project", record.project, workspace.projects) if record.project else None
    client = find("client", record.client, workspace.clients) if record.client else None
    project = (task and task.project) or (job and job.project) or project
    client = (project and project.client) or client
    if job is None and project is not None:
        jobs = [each for each in workspace.jobs.values() if each.project == project]
        if len(jobs) == 1:
            [job] = jobs
    return replace(record, person=person, task=task, job=job, project=project, client=client)


def _found(kind: str, told: _E, among: Mapping[str, _E]) -> _E:
    found = [each for each in among.values() if _fits(told, each)]
    if len(found) != 1:
        raise UnknownEntity(kind, told.id or getattr(told, "email", "") or told.name, len(found))
    [entity] = found
    return entity


def _found_or_told(kind: str, told: _E, among: Mapping[str, _E]) -> _E:
    """What a payload of our own names is nobody where it had to name somebody; then it stays what it is."""
    try:
        return _found(kind, told, among)
    except UnknownEntity:
        return told


def _fits(told: Any, each: Any) -> bool:  # noqa: ANN401 - two of one kind, whichever it is
    """Whether what is told of an entity is this one: by its id, or by all else, and so for what it belongs to."""
    if told.id:
        return bool(told.id == each.id)
    for name in ("email", "name"):
        value = getattr(told, name, "")
        if value and value != getattr(each, name):
            return False
    for name in ("project", "client"):
        above = getattr(told, name, None)
        if above is not None and (getattr(each, name) is None or not _fits(above, getattr(each, name))):
            return False
    return True


# ---- what was lost -------------------------------------------------------------------------------


def _losses(told: VendorTimer, back: VendorTimer, whole: VendorTimer, now: int) -> Iterator[Loss]:
    """Yield what the new payload lacks, even with the workspace's help, and what it shows without a source."""
    before, after, at_all = _leaves(told, now), _leaves(back, now), _leaves(whole, now)
    for field, value in before.items():
        if at_all.get(field) != value:
            yield Loss(LossKind.DROPPED, field, value)
    for field, value in after.items():
        if before.get(field) != value:
            yield Loss(LossKind.FILLED, field, value)


#: Entities stand for themselves in a record: what they belong to is not told a second time.
_ABOVE: Final = frozenset({"project", "client"})


def _leaves(record: VendorTimer, now: int) -> dict[str, object]:
    """What a record tells, by field; what is at its default is not told."""
    timer = record.timer
    at = not_before(timer, now)
    found: dict[str, object] = {
        "timer.state": timer.state.value,
        "timer.started_at": format_instant(timer.started_at),
        "timer.worked": seconds(worked_at(timer, at)),
        "timer.break": seconds(break_at(timer, at)),
    }
    for name, value in _told(record):
        if name == "timer":
            continue
        if isinstance(value, msgspec.Struct):
            _add_entity(found, name, value)
        else:
            found[name] = value
    return found


def _add_entity(found: dict[str, object], prefix: str, entity: msgspec.Struct) -> None:
    for name, value in _told(entity):
        if name in _ABOVE:
            continue
        if isinstance(value, msgspec.Struct):
            _add_entity(found, f"{prefix}.{name}", value)
        else:
            found[f"{prefix}.{name}"] = value


def _told(struct: msgspec.Struct) -> Iterator[tuple[str, object]]:
    """The fields that are not at their default."""
    for field in msgspec.structs.fields(struct):
        value: object = getattr(struct, field.name)
        default = field.default if field.default_factory is NODEFAULT else field.default_factory()
        if value != default:
            yield field.name, format_instant(value) if field.name.endswith("_at") and type(value) is int else value
