"""Conversion of one vendor's payload into another's, and what is lost on the way.

Nothing here depends on a particular vendor. The payload is parsed by its vendor and rendered by the target; entities
that one of them identifies by number and the other by name are looked up in a workspace. Losses are found by a round
trip: the new payload is parsed, and what it reports is compared with what the source reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

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

if TYPE_CHECKING:  # not imported at run time: converting payloads needs no request handling
    from punchclock.vendors.calls import Vendor

__all__ = ["Conversion", "Loss", "LossKind", "convert"]

R = TypeVar("R", bound=VendorTimer)


class LossKind(StrEnum):
    """What happened to a field."""

    DROPPED = "dropped"  # the target has no place for it
    FILLED = "filled"  # the target shows it, but the source does not report it


class Loss(msgspec.Struct, frozen=True):
    """A field that the conversion did not preserve.

    Attributes:
        kind: dropped or filled. A field that changed is both, with the old and the new value.
        field: its place in the record, as ``task.name`` or ``timer.break``.
        value: the value that was dropped or filled in; instants in RFC 3339, durations in seconds.
    """

    kind: LossKind
    field: str
    value: object


class Conversion(NamedTuple):
    """The target's payload, and what was lost."""

    payload: bytes
    losses: list[Loss]


def convert(
    payload: object, *, source: str, target: str, now: int, workspace: Workspace, zone: str | None = None
) -> Conversion:
    """Return the payload with which another vendor would show the same timer.

    Args:
        payload: the source's payload, as bytes or decoded.
        source: the vendor that the payload comes from.
        target: the vendor that it is converted for.
        now: the instant of the payload, and the instant at which the target shows the timer.
        workspace: where people, clients, projects, tasks and jobs are looked up.
        zone: the account's time zone; by default the workspace's.

    Raises:
        UnknownVendor: there is no vendor of this name.
        MalformedPayload: the payload is not a valid payload of the source.
        UnknownEntity: an entity in the payload matches nothing in the workspace, or several entities.
        NotRepresentable: the target cannot show the timer.
    """
    zone = workspace.zone if zone is None else zone
    reader, writer = load(source), load(target)
    reported: VendorTimer = reader.parse(payload, now, zone)
    record = as_record_of(writer, resolve_entities(reported, workspace), zone)
    rendered, round_trip = render(writer, record, now, zone)
    return Conversion(rendered, list(_losses(reported, round_trip, workspace, now)))


def as_record_of(vendor: Vendor[R], record: VendorTimer, zone: str) -> R:
    """Return the record as another vendor would keep it.

    The fields that both have are copied; the vendor's own keep their defaults. The last instant, the work and the break
    are floored to the vendor's resolution and the start is derived from them, so that rounding never adds to the break.
    A record without a work date gets the local day of its start.
    """
    of = vendor.timer_types[0]
    common = {name: getattr(record, name) for name in of.__struct_fields__ if name in type(record).__struct_fields__}
    timer, floor = record.timer, vendor.dialect.floor
    rested = floor(break_at(timer, timer.since))
    since, worked = floor(timer.since), floor(timer.worked)
    common["work_date"] = record.work_date or work_date(timer.started_at, zone)
    common["timer"] = Timer(timer.state, since - worked - rested, since, worked)
    return of(**common)


def render(vendor: Vendor[R], record: R, now: int, zone: str) -> tuple[bytes, R]:
    """Return the record's payload, and the record that the vendor itself parses from it.

    A timer in a state that the vendor never shows is rendered in the nearest state that it does show.

    Raises:
        NotRepresentable: the vendor cannot show the timer.
    """
    payload = vendor.serialize(_in_shown_state(vendor, record, now), now, zone)
    try:
        return payload, vendor.parse(payload, now, zone)
    except MalformedPayload as error:  # a field that the vendor requires has no value
        raise NotRepresentable(vendor.name, str(error)) from error


def _in_shown_state(vendor: Vendor[R], record: R, now: int) -> R:
    """Return the record with its timer in a state that the vendor shows.

    That is the timer's own state if possible, otherwise paused, otherwise running with the same amount of work.
    """
    timer = record.timer
    if timer.state in vendor.shown_states:
        return record
    if State.PAUSED in vendor.shown_states:
        return replace(record, timer=replace(timer, state=State.PAUSED))
    now = vendor.dialect.floor(now)
    worked = worked_at(timer, not_before(timer, now))
    return replace(record, timer=amend(replace(timer, state=State.RUNNING), worked=worked, since=now))


# ---- entities ------------------------------------------------------------------------------------

_E = TypeVar("_E", Person, Client, Project, Task, Job)


def resolve_entities(record: R, workspace: Workspace, *, keep_unknown: bool = False) -> R:
    """Return the record with its entities replaced by those of the workspace, and with the entities that they imply.

    A task determines its project, a project its client. If the project has exactly one job, a record without a job
    gets that job. An id alone identifies an entity; without an id, every field that is given must match.

    Args:
        record: the record.
        workspace: where the entities are looked up.
        keep_unknown: keep an entity that does not match exactly one entity of the workspace, instead of raising. A
            payload may contain placeholders for entities that the record lacks.

    Raises:
        UnknownEntity: no entity of the workspace matches, or several do.
    """

    def find(kind: str, given: _E, among: Mapping[str, _E]) -> _E:
        found = [each for each in among.values() if _matches(given, each)]
        if len(found) == 1:
            return found[0]
        if keep_unknown:
            return given
        raise UnknownEntity(kind, given.id or getattr(given, "email", "") or given.name, len(found))

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


# ---- losses --------------------------------------------------------------------------------------


def _losses(source: VendorTimer, round_trip: VendorTimer, workspace: Workspace, now: int) -> Iterator[Loss]:
    """Yield the fields that the target's payload drops, and those that it adds to what the source reports.

    A field that can be looked up in the workspace from what the payload still has is not dropped.
    """
    timer = _timer_fields(round_trip.timer, now)
    before = _timer_fields(source.timer, now) | _set_fields(source)
    after = timer | _set_fields(round_trip)
    recoverable = timer | _set_fields(resolve_entities(round_trip, workspace, keep_unknown=True))
    for field, value in before.items():
        if recoverable.get(field) != value:
            yield Loss(LossKind.DROPPED, field, _shown(field, value))
    for field, value in after.items():
        if before.get(field) != value:
            yield Loss(LossKind.FILLED, field, _shown(field, value))


def _timer_fields(timer: Timer, now: int) -> dict[str, object]:
    """Return a timer's state, start, work and break at ``now``, by field name."""
    at = not_before(timer, now)
    return {
        "timer.state": str(timer.state),
        "timer.started_at": timer.started_at,
        "timer.worked": worked_at(timer, at),
        "timer.break": break_at(timer, at),
    }


#: Not reported within an entity, because the record has them as fields of its own.
_PARENTS: Final = frozenset({"project", "client"})


def _set_fields(struct: msgspec.Struct) -> dict[str, object]:
    """Return the fields, except the timer, that are not at their default; nested ones as ``task.name``."""
    found: dict[str, object] = {}
    for name, default in _defaults(type(struct)):
        value: object = getattr(struct, name)
        if isinstance(value, msgspec.Struct):
            parts = _set_fields(value)
            found |= {f"{name}.{part}": parts[part] for part in parts if part.partition(".")[0] not in _PARENTS}
        elif value != default:
            found[name] = value
    return found


def _shown(field: str, value: object) -> object:
    """Return a value in the form that a `Loss` reports."""
    if type(value) is not int:
        return value
    if field in ("timer.worked", "timer.break"):
        return seconds(value)
    return format_instant(value) if field.endswith("_at") else value


@cache
def _defaults(of: type[msgspec.Struct]) -> list[tuple[str, object]]:
    """Return a type's fields and defaults, except the timer. Cached: msgspec evaluates the annotations on each call."""
    return [
        (field.name, field.default if field.default_factory is NODEFAULT else field.default_factory())
        for field in msgspec.structs.fields(of)
        if field.name != "timer"
    ]
