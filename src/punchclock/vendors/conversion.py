"""Conversion of one vendor's payload into another's.

Nothing here depends on a particular vendor. A payload is parsed by its vendor and rendered by the target. What the
payload reports is carried as reported, names and ids alike; only with a workspace are people, clients, projects, tasks
and jobs looked up (entities.py). The new payload is parsed again, and every difference is reported (differences.py).
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from punchclock.calendar import work_date
from punchclock.decoding import DECODE_ERRORS
from punchclock.errors import PunchclockError
from punchclock.machine import State
from punchclock.timer import Timer, amend, break_at, not_before, worked_at
from punchclock.vendors import load
from punchclock.vendors.differences import Difference, DifferenceKind, differences, value_of
from punchclock.vendors.entities import counterpart, place, resolve_entities, unknown_entity
from punchclock.vendors.errors import MalformedPayload, MissingFields, NotRepresentable, StateNotShown
from punchclock.vendors.field_values import FieldValues
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.wire import is_xml, write_json, xml_payload
from punchclock.vendors.workspace import Workspace

if TYPE_CHECKING:  # not imported at run time: converting payloads needs no request handling
    from punchclock.vendors.calls import Vendor

__all__ = ["Conversion", "Difference", "DifferenceKind", "convert", "convert_all"]

R = TypeVar("R", bound=VendorTimer)


class Conversion(NamedTuple):
    """The target's payload of one timer, and how it differs from the source's."""

    payload: bytes
    differences: list[Difference]


def convert(
    payload: object,
    *,
    source: str,
    target: str,
    now: int,
    workspace: Workspace | None = None,
    zone: str | None = None,
    values: Mapping[str, object] | None = None,
    allow_state_change: bool = False,
) -> Conversion:
    """Return the payload with which another vendor would show the same timer.

    For the source itself, that is the payload, with every field of it, once it has been parsed without an error.

    Args:
        payload: the source's payload of one timer, as bytes or decoded.
        source: the vendor that the payload comes from.
        target: the vendor that it is converted for.
        now: the instant of the payload, and the instant at which the target shows the timer.
        workspace: where people, clients, projects, tasks and jobs are looked up. What it lacks stays as reported.
            Without a workspace, nothing is looked up.
        zone: the account's time zone; by default the workspace's. Without either, local times are written in UTC, and
            that is reported.
        values: values for fields that the payload does not report, by the names that differences have: ``person.id``.
        allow_state_change: whether the timer may be shown in another state if the target does not show its own: a
            paused or stopped timer as stopped or paused, otherwise as running with the same work.

    Raises:
        UnknownVendor: there is no vendor of this name.
        MalformedPayload: the payload is not a valid payload of the source, or not of exactly one timer.
        InvalidField: a key of ``values`` is not a field, or its value is not valid.
        MissingFields: the target requires fields that neither the payload nor ``values`` has.
        StateNotShown: the target does not show timers in this state, and ``allow_state_change`` is false.
        NotRepresentable: the target cannot show the timer for another reason.
    """
    conversions = convert_all(
        payload,
        source=source,
        target=target,
        now=now,
        workspace=workspace,
        zone=zone,
        values=values,
        allow_state_change=allow_state_change,
    )
    if len(conversions) != 1:
        raise MalformedPayload(source, "$", payload, f"{len(conversions)} timers where one is expected")
    return conversions[0]


def convert_all(
    payload: object,
    *,
    source: str,
    target: str,
    now: int,
    workspace: Workspace | None = None,
    zone: str | None = None,
    values: Mapping[str, object] | None = None,
    allow_state_change: bool = False,
) -> list[Conversion]:
    """Return a conversion for each timer in a payload: the source's list of timers, or an array of its payloads.

    Arguments and errors are those of `convert`; ``values`` apply to every timer. If one timer cannot be converted, none
    is: the error's ``index`` is its position, counted from 0.
    """
    reader, writer = load(source), load(target)
    assigned = FieldValues(values or {}, (*reader.timer_types, writer.timer_types[0]))
    if zone is None and workspace is not None:
        zone = workspace.zone
    timers = _timers(reader, payload, now, zone)
    if source == target and not values:
        return [Conversion(_as_sent(reader, part), []) for part, _ in timers]
    conversions = []
    for index, (_, read) in enumerate(timers):
        try:
            conversions.append(_converted(writer, assigned, read, workspace, now, zone, allow=allow_state_change))
        except PunchclockError as error:
            error.index = index if len(timers) > 1 else None
            raise
    return conversions


def _converted(
    writer: Vendor[R],
    assigned: FieldValues,
    read: VendorTimer,
    workspace: Workspace | None,
    now: int,
    zone: str | None,
    *,
    allow: bool,
) -> Conversion:
    """Return the conversion of a record."""
    reported = assigned.applied(read)
    record, found = reported, list[Difference]()
    if workspace is not None:

        def note(*unknown: Any) -> None:  # noqa: ANN401 - the arguments of `unknown_entity`
            found.append(Difference.of_unknown(unknown_entity(*unknown)))

        record = counterpart(resolve_entities(record, workspace, note), workspace, writer.works_on)
    record, moved = place(record, writer.works_on)
    own_zone = "UTC" if zone is None else zone
    made = assigned.applied(as_record_of(writer, record, own_zone), beside=read)
    payload, round_trip = render(writer, made, now, own_zone, allow_state_change=allow, details=True)
    if zone is None and (writer.local_times or (reported.task and reported.task.added_at is not None)):
        found.append(Difference(DifferenceKind.FILLED, "zone", after="UTC"))
    found += differences(reported, round_trip, now, moved=moved, assigned=assigned.names, workspace=workspace)
    return Conversion(payload, found)


def as_record_of(vendor: Vendor[R], record: VendorTimer, zone: str) -> R:
    """Return the record as another vendor would keep it.

    The fields that both have are copied; the vendor's own keep their defaults. The last instant, the work and the break
    are floored to the vendor's resolution and the start is derived from them, so that rounding never adds to the break.
    If the vendor writes local times, a record without a work date gets the local day of its start.
    """
    of = type(record) if isinstance(record, vendor.timer_types) else vendor.timer_types[0]
    common: dict[str, Any] = {name: getattr(record, name) for name in _common_fields(of, type(record))}
    timer, floor = record.timer, vendor.dialect.floor
    rested = floor(break_at(timer, timer.since))
    since, worked = floor(timer.since), floor(timer.worked)
    if vendor.local_times and not record.work_date:
        common["work_date"] = work_date(timer.started_at, zone)
    common["timer"] = Timer(timer.state, since - worked - rested, since, worked)
    return of(**common)


@cache
def _common_fields(of: type[VendorTimer], other: type[VendorTimer]) -> list[str]:
    return [name for name in of.__struct_fields__ if name in other.__struct_fields__]


def render(
    vendor: Vendor[R], record: R, now: int, zone: str, *, allow_state_change: bool = False, details: bool = False
) -> tuple[bytes, R]:
    """Return the record's payload, and the record that the vendor itself parses from it.

    Args:
        vendor: the vendor.
        record: the record, in the vendor's type.
        now: the instant at which the vendor shows it.
        zone: the account's time zone.
        allow_state_change: whether the timer may be shown in another state.
        details: whether to write the vendor's details, if it has any.

    Raises:
        MissingFields: the record lacks fields without which the vendor shows no timer.
        StateNotShown: the vendor does not show timers in this state, and ``allow_state_change`` is false.
        NotRepresentable: the vendor cannot show the timer.
    """
    missing = tuple(field for field in vendor.required if not value_of(record, field))
    if missing:
        raise MissingFields(vendor.name, missing)
    shown = shown_state(vendor, record.timer.state)
    if shown is not record.timer.state:
        if not allow_state_change:
            raise StateNotShown(vendor.name, record.timer.state, shown, _shown_names(vendor))
        record = replace(record, timer=_in_state(record.timer, shown, vendor.dialect.floor(now)))
    serialize = vendor.serialize_details if details and vendor.serialize_details else vendor.serialize
    try:
        payload = serialize(record, now, zone)
        return payload, vendor.parse(payload, now, zone)
    except UnicodeError:
        raise NotRepresentable(vendor.name, "a text has characters that UTF-8 cannot encode") from None
    except MalformedPayload as error:  # a value that the vendor does not accept
        raise NotRepresentable(vendor.name, str(error)) from error


def shown_state(vendor: Vendor[Any], state: State) -> State:
    """Return the state in which a vendor shows a timer: its own, or else paused, stopped or running."""
    nearest = (state, State.PAUSED, State.STOPPED, State.RUNNING)
    return next(each for each in nearest if each in vendor.shown_states)


def _shown_names(vendor: Vendor[Any]) -> tuple[str, ...]:
    return tuple(state.value for state in State if state in vendor.shown_states)


def _in_state(timer: Timer, state: State, now: int) -> Timer:
    """Return the timer in another state, with the same amount of work."""
    if state != State.RUNNING:
        return replace(timer, state=state)
    worked = worked_at(timer, not_before(timer, now))
    return amend(replace(timer, state=State.RUNNING), worked=worked, since=now)


# ---- the timers of a payload -----------------------------------------------------------------------


def _timers(vendor: Vendor[R], payload: object, now: int, zone: str | None) -> list[tuple[object, R]]:
    """Return each timer in a payload, with the payload of that timer alone.

    Raises:
        MalformedPayload: the payload is not valid; its path is the one in the whole payload.
    """

    def parse(payload: object) -> R:
        return vendor.parse(payload, now) if zone is None else vendor.parse(payload, now, zone)

    try:
        return [(payload, parse(payload))]
    except MalformedPayload:
        parts, key = _parts(vendor, payload)
        if parts is None or len(parts) == 1:
            raise
    found = []
    for index, part in enumerate(parts):
        try:
            found.append((part, parse(part)))
        except MalformedPayload as error:
            within = error.path.removeprefix(f"$.{key}[0]" if key else "$")
            path = f"$.{key}[{index}]{within}" if key else f"$[{index}]{within}"
            located = MalformedPayload(error.vendor, path, error.value, error.reason)
            located.index = index
            raise located from error
    return found


def _parts(vendor: Vendor[Any], payload: object) -> tuple[list[object] | None, str]:
    """Return the payload of each timer in a list, and the list's key; ``None`` if the payload is not a list."""
    plain = payload
    if isinstance(payload, (bytes, str)):
        try:
            plain = xml_payload(vendor.name, payload) if is_xml(payload) else msgspec.json.decode(_encoded(payload))
        except _UNREADABLE:
            return None, ""
    if isinstance(plain, list):
        return plain, ""
    key = vendor.list_key
    rows = plain.get(key) if isinstance(plain, dict) else None
    if not isinstance(plain, dict) or not isinstance(rows, list):
        return None, key
    return [{**plain, key: [row]} for row in rows], key


_UNREADABLE: Final[tuple[type[Exception], ...]] = (MalformedPayload, *DECODE_ERRORS)


def _as_sent(vendor: Vendor[Any], payload: object) -> bytes:
    """Return a payload with every field as it was sent; JSON in one line.

    Raises:
        MalformedPayload: the payload is decoded and has a value that JSON cannot hold.
    """
    if not isinstance(payload, (bytes, str)):
        try:
            return write_json(payload)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise MalformedPayload(vendor.name, "$", payload, f"not JSON: {error}") from None
    sent = _encoded(payload)
    return sent.strip() if is_xml(sent) else msgspec.json.format(sent, indent=-1)


def _encoded(payload: bytes | str) -> bytes:
    """Return a payload as bytes, without a byte order mark."""
    return (payload.encode() if isinstance(payload, str) else payload).removeprefix(BOM_UTF8)
