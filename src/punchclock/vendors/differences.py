"""Differences between what a payload reports and what the payload made from it reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

import msgspec
from msgspec import NODEFAULT, UNSET

from punchclock.eventlog import seconds
from punchclock.instants import format_instant
from punchclock.timer import break_at, not_before, worked_at
from punchclock.vendors.entities import counterpart, resolve_entities
from punchclock.vendors.errors import UnknownEntity
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Workspace


class DifferenceKind(StrEnum):
    """What happened to a field."""

    CHANGED = "changed"  # the target shows another value
    DROPPED = "dropped"  # the target has no place for it
    FILLED = "filled"  # the target shows it, but the source does not report it
    MOVED = "moved"  # the target shows it as another field
    UNKNOWN = "unknown"  # kept as reported, because the workspace does not have it
    AMBIGUOUS = "ambiguous"  # kept as reported, because the workspace has several that match


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A field that the conversion did not carry unchanged. Its text is a line of the report.

    Attributes:
        kind: what happened to it.
        field: its place in the record, as ``task.name`` or ``timer.break``; ``zone`` is the account's time zone.
        before: the value that the source reports, unless it was filled; instants in RFC 3339, durations in seconds.
        after: the value that the target shows, if it was changed or filled; the field that it moved to.
    """

    kind: DifferenceKind
    field: str
    before: object = UNSET
    after: object = UNSET

    @classmethod
    def of_unknown(cls, error: UnknownEntity) -> Difference:
        """Return the difference for an entity that a workspace does not have, or has more than once."""
        kind = DifferenceKind.AMBIGUOUS if error.count else DifferenceKind.UNKNOWN
        return cls(kind, f"{error.kind}.{error.field}", before=error.name)

    def __str__(self) -> str:
        match self.kind:
            case DifferenceKind.CHANGED | DifferenceKind.MOVED:
                return f"{self.field}: {_text(self.before)} → {_text(self.after)}"
            case DifferenceKind.FILLED:
                return f"{self.field}: filled ({_text(self.after)})"
            case _:
                return f"{self.field}: {self.kind} ({_text(self.before)})"


def _text(value: object) -> str:
    return value if isinstance(value, str) else _encode(value).strip(b'"').decode()


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def differences(
    source: VendorTimer,
    round_trip: VendorTimer,
    now: int,
    *,
    moved: Mapping[str, str],
    assigned: Collection[str] = (),
    workspace: Workspace | None = None,
) -> Iterator[Difference]:
    """Yield the fields that the target's payload changes, drops or adds to what the source reports.

    Args:
        source: the record that was parsed from the source's payload, with the values that were given for it.
        round_trip: the record that the target parses from its own payload.
        now: the instant at which the two are compared.
        moved: which field moved where.
        assigned: the fields for which values were given, which are therefore not filled.
        workspace: a field that can be looked up there from what the new payload still has is not dropped.
    """
    before = _fields(source, now)
    after = _fields(round_trip, now)
    _add_own_fields(round_trip, source, after)
    shown = {*before, *moved.values(), *assigned}
    resolved: VendorTimer | None = None
    for field, value in before.items():
        target = moved.get(field, field)
        if after.get(target) == value:
            if target != field:
                yield Difference(DifferenceKind.MOVED, field, _shown(field, value), target)
            continue
        if workspace is not None and not field.startswith("timer."):
            resolved = resolved or _resolved(round_trip, workspace, source)
            if value_of(resolved, target) == value:
                continue
        if target in after:
            yield Difference(DifferenceKind.CHANGED, field, _shown(field, value), _shown(target, after[target]))
        else:
            yield Difference(DifferenceKind.DROPPED, field, _shown(field, value))
    for field, value in after.items():
        if field not in shown:
            yield Difference(DifferenceKind.FILLED, field, after=_shown(field, value))


def _resolved(round_trip: VendorTimer, workspace: Workspace, source: VendorTimer) -> VendorTimer:
    """Return the record with what can be looked up in the workspace from what the target's payload has."""
    resolved = resolve_entities(round_trip, workspace, lambda *_: None)
    return counterpart(resolved, workspace, "job") if source.job else resolved


def value_of(record: VendorTimer, field: str) -> object:
    """Return the value of a field such as ``person.id``; ``None`` without the entity."""
    value: object = record
    for name in field.split("."):
        value = getattr(value, name, None)
    return value


def _fields(record: VendorTimer, now: int) -> dict[str, object]:
    """Return a record's fields that are not at their default, and its timer's state, start, work and break at ``now``.

    A field of an entity has a name such as ``task.name``.
    """
    timer = record.timer
    at = not_before(timer, now)
    found: dict[str, object] = {
        "timer.state": str(timer.state),
        "timer.started_at": timer.started_at,
        "timer.worked": worked_at(timer, at),
        "timer.break": break_at(timer, at),
    }
    _add_fields(record, "", found)
    return found


def _add_fields(struct: msgspec.Struct, prefix: str, found: dict[str, object]) -> None:
    for name, key, default in _defaults(type(struct), prefix):
        value: object = getattr(struct, name)
        if value is default:
            continue
        if isinstance(value, msgspec.Struct):
            _add_fields(value, f"{key}.", found)
        elif value != default:
            found[key] = value


#: Not reported within an entity, because the record has them as fields of its own.
_PARENTS: Final = frozenset({"project", "client"})


@cache
def _defaults(of: type[msgspec.Struct], prefix: str) -> list[tuple[str, str, object]]:
    """Return a type's fields, their names in the report, and their defaults, except the timer.

    Cached, because msgspec evaluates the annotations on each call.
    """
    left_out = _PARENTS if prefix else {"timer"}
    return [
        (
            field.name,
            prefix + field.name,
            field.default if field.default_factory is NODEFAULT else field.default_factory(),
        )
        for field in msgspec.structs.fields(of)
        if field.name not in left_out
    ]


def _add_own_fields(record: VendorTimer, other: VendorTimer, found: dict[str, object]) -> None:
    """Add the fields that only the first record's type has, also at their default, unless they are blank."""
    for name in _only_in(type(record), type(other)):
        value = getattr(record, name)
        if value:
            found[name] = value


@cache
def _only_in(of: type[VendorTimer], other: type[VendorTimer]) -> list[str]:
    return [name for name in of.__struct_fields__ if name not in other.__struct_fields__]


def _shown(field: str, value: object) -> object:
    """Return a value in the form that a `Difference` has."""
    if type(value) is not int:
        return value
    if field in ("timer.worked", "timer.break"):
        return seconds(value)
    return format_instant(value) if field.endswith("_at") else value
