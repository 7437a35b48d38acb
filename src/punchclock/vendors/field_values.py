"""Values for fields of a record that a payload does not report, by the fields' names: ``person.id``, ``note``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Any, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from punchclock.decoding import DECODE_ERRORS
from punchclock.mismatch import decode_error_location
from punchclock.vendors.errors import InvalidField
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task

R = TypeVar("R", bound=VendorTimer)

#: A record's entities, by its fields.
_ENTITIES: Mapping[str, type[msgspec.Struct]] = {
    "person": Person, "client": Client, "project": Project, "task": Task, "job": Job,
}  # fmt: skip


class FieldValues:
    """Values for fields, checked against the types of the records that may have them.

    Attributes:
        names: the fields' names.
    """

    def __init__(self, values: Mapping[str, object], types: Iterable[type[VendorTimer]]) -> None:
        """Check the values.

        Raises:
            InvalidField: there is no such field, or the value is not valid for it.
        """
        known = {name: type_ for of in types for name, type_ in _fields(of).items()} if values else {}
        self._values = {name: _checked(name, value, known) for name, value in values.items()}
        self.names = frozenset(self._values)

    def applied(self, record: R, *, beside: VendorTimer | None = None) -> R:
        """Return the record with those of the values for which it has a field.

        Args:
            record: the record.
            beside: a record whose fields are left out.
        """
        if not self._values:
            return record
        others = () if beside is None else type(beside).__struct_fields__
        changes: dict[str, Any] = {}
        for name, value in self._values.items():
            field, _, part = name.partition(".")
            if field in others or field not in type(record).__struct_fields__:
                continue
            if part:
                entity = changes.get(field) or getattr(record, field) or _ENTITIES[field]()
                value = replace(entity, **{part: value})  # noqa: PLW2901 - the entity is the field's value
            changes[field] = value
        return _linked(replace(record, **changes)) if changes else record


def _linked(record: R) -> R:
    """Return the record with its client in its project, and its project in its task and job."""
    project = record.project
    if project and record.client:
        project = replace(project, client=record.client)
    task = replace(record.task, project=project) if record.task and project else record.task
    job = replace(record.job, project=project) if record.job and project else record.job
    return replace(record, project=project, task=task, job=job)


@cache
def _fields(of: type[VendorTimer]) -> Mapping[str, Any]:
    """Return the names and types of the fields of a record that a text can give a value."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(of):
        if field.name in _ENTITIES:
            parts = msgspec.structs.fields(_ENTITIES[field.name])
            found |= {f"{field.name}.{part.name}": part.type for part in parts if _is_plain(part)}
        elif _is_plain(field):
            found[field.name] = field.type
    return found


def _is_plain(field: msgspec.structs.FieldInfo) -> bool:
    """Return whether a field's type is a text, a number, a date or a truth value; instants are left out."""
    parts = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
    types = [each for each in parts if each is not NoneType]
    plain = all(isinstance(each, type) and issubclass(each, (str, bool, int, float, date)) for each in types)
    return plain and not (field.name.endswith("_at") and int in types)


def _checked(name: str, value: object, known: Mapping[str, Any]) -> object:
    if name not in known:
        raise InvalidField(name, f"unknown; the fields are {', '.join(sorted(known))}")
    of = known[name]
    if of is str and type(value) is int:
        value = str(value)  # an id
    if value == "":
        raise InvalidField(name, "it has no value")
    if isinstance(value, str) and not value.isprintable():
        raise InvalidField(name, "its value has control characters")
    try:
        converted: object = msgspec.convert(value, of, strict=False)
    except DECODE_ERRORS:
        reason = decode_error_location([value], GenericAlias(list, of), strict=False).reason
        raise InvalidField(name, reason) from None
    return converted
