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
from punchclock.timer import Timer, break_at, not_before, worked_at
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
    timer = _timer_fields(round_trip.timer, now)
    before = _timer_fields(source.timer, now) | _set_fields(source)
    after = timer | _set_fields(round_trip) | _own_fields(round_trip, source)
    recoverable = after
    if workspace is not None:
        resolved = counterpart(resolve_entities(round_trip, workspace, []), workspace, "job")
        recoverable = timer | _set_fields(resolved)
    shown = set(before)
    for field, value in before.items():
        target = moved.get(field, field)
        shown.add(target)
        if field != target and recoverable.get(target) == value:
            yield Difference(DifferenceKind.MOVED, field, _shown(field, value), target)
        elif recoverable.get(target) == value:
            continue
        elif target in after:
            yield Difference(DifferenceKind.CHANGED, field, _shown(field, value), _shown(target, after[target]))
        else:
            yield Difference(DifferenceKind.DROPPED, field, _shown(field, value))
    for field, value in after.items():
        if field not in shown and field not in assigned:
            yield Difference(DifferenceKind.FILLED, field, after=_shown(field, value))


def has_instants(record: VendorTimer) -> bool:
    """Return whether a record has an instant other than those of its timer."""
    return any(field.endswith("_at") and type(value) is int for field, value in _set_fields(record).items())


def _timer_fields(timer: Timer, now: int) -> dict[str, object]:
    """Return a timer's state, start, work and break at ``now``, by field name."""
    at = not_before(timer, now)
    return {
        "timer.state": timer.state.value,
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


def _own_fields(record: VendorTimer, other: VendorTimer) -> dict[str, object]:
    """Return the fields that only the first record's type has, also at their default, unless they are blank."""
    shared = type(other).__struct_fields__
    own = (name for name in type(record).__struct_fields__ if name not in shared)
    return {name: value for name in own if (value := getattr(record, name))}


def _shown(field: str, value: object) -> object:
    """Return a value in the form that a `Difference` has."""
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
