"""Values for fields of a record, by the fields' names: which there are, and how they are checked."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from punchclock import instant, start
from punchclock.vendors.errors import InvalidField
from punchclock.vendors.field_values import FieldValues
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task
from punchclock.vendors.zoho import BillingStatus, ZohoTimer

RECORD = ProjectTimer(timer=start(instant("2026-03-02T08:00:00Z")), person=Person(name="anna"))

#: The fields that every record has.
COMMON = [
    "client.id", "client.name", "id", "job.active", "job.completed", "job.estimate", "job.id", "job.name", "note",
    "person.email", "person.employee_id", "person.id", "person.name", "person.role", "project.id", "project.name",
    "task.closed", "task.ends_at", "task.ends_on", "task.id", "task.max_money", "task.max_time", "task.name",
    "task.priority", "task.starts_on", "task.text", "updated_on", "work_date",
]  # fmt: skip


def known(*types: type[VendorTimer]) -> list[str]:
    """The fields that an error names."""
    with pytest.raises(InvalidField) as unknown:
        FieldValues({"person.ids": "3"}, types)
    assert unknown.value.field == "person.ids"
    return unknown.value.reason.removeprefix("unknown; the fields are ").split(", ")


def test_the_known_fields() -> None:
    """An unknown field is an error that names the known ones: all texts, numbers, dates and truth values."""
    assert known(IntervalsTimer) == COMMON
    assert known(IntervalsTimer, ZohoTimer) == sorted([*COMMON, "billing_status", "timer_id", "work_item"])
    more = ["latitude_end", "latitude_start", "longitude_end", "longitude_start", "manual"]
    assert known(AttendanceTimer) == sorted([*COMMON, *more])


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        ({}, {}),
        ({"id": "492688000000821095"}, {"id": "492688000000821095"}),
        ({"person.id": "3"}, {"person": Person(id="3", name="anna")}),
        ({"person.id": 3, "person.name": "ben"}, {"person": Person(id="3", name="ben")}),
        ({"task.id": "31", "task.closed": "true"}, {"task": Task(id="31", closed=True)}),
        ({"task.starts_on": "2026-03-02"}, {"task": Task(starts_on=date(2026, 3, 2))}),
        ({"task.starts_on": date(2026, 3, 2)}, {"task": Task(starts_on=date(2026, 3, 2))}),
        ({"task.max_time": "1.5", "task.priority": 2}, {"task": Task(max_time=1.5, priority=2)}),
        ({"job.id": "41"}, {"job": Job(id="41")}),
        ({"work_date": "2026-03-02", "note": "a = b"}, {"work_date": date(2026, 3, 2), "note": "a = b"}),
        (
            {"client.id": "11", "project.id": "21", "task.id": "31", "job.id": "41"},
            {
                "client": Client(id="11"),
                "project": Project(id="21", client=Client(id="11")),
                "task": Task(id="31", project=Project(id="21", client=Client(id="11"))),
                "job": Job(id="41", project=Project(id="21", client=Client(id="11"))),
            },
        ),
        ({"billing_status": "nonbillable"}, {}),
    ],
)  # fmt: skip
def test_values(values: dict[str, object], changes: dict[str, object]) -> None:
    """A text is read as the field's type; entities belong together; a field that a record lacks is left out."""
    given = FieldValues(values, [ProjectTimer, ZohoTimer])
    assert given.names == values.keys()
    assert given.applied(RECORD) == replace(RECORD, **changes)


def test_the_fields_of_another_record() -> None:
    """Only the fields that the other record does not have are given values."""
    given = FieldValues({"billing_status": "nonbillable", "note": "x"}, [ZohoTimer])
    zoho = ZohoTimer(timer=RECORD.timer)
    assert given.applied(zoho, beside=RECORD) == replace(zoho, billing_status=BillingStatus.NONBILLABLE)
    assert given.applied(RECORD, beside=RECORD) == RECORD


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("person.id", "", "it has no value"),
        ("note", "a\x1bb", "its value has control characters"),
        ("work_date", "yesterday", "expected a date"),
        ("work_date", 5, ""),
        ("task.max_time", "much", ""),
        ("manual", "perhaps", ""),
        ("person.role", "king", ""),
        ("note", None, ""),
        ("note", 1.5, ""),
        ("person", "3", "unknown"),
        ("timer", "3", "unknown"),
        ("timer.worked", "3", "unknown"),
        ("task.project.id", "3", "unknown"),
        ("task.added_at", "3", "unknown"),
        ("", "3", "unknown"),
    ],
)
def test_values_that_are_not_valid(field: str, value: object, reason: str) -> None:
    """Each is a named error with the field and the reason, in one line."""
    with pytest.raises(InvalidField) as invalid:
        FieldValues({field: value}, [AttendanceTimer])
    assert invalid.value.field == field
    assert reason in invalid.value.reason
    assert str(invalid.value) == f"{field}: {invalid.value.reason}"
