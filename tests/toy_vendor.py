"""A fifth vendor's timers in the demo workspace, and expected rule violations; for the tests of the shared files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import punchclock as pc
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.workspaces import demo_workspace

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")


class ToyTimer(VendorTimer, frozen=True):
    """The record of a fifth vendor, with only what the tests need."""

    vendor = "toy"


def record(id: int, person: str, task: str | None = None, **more: object) -> ToyTimer:
    """Return a record with entities of the demo workspace."""
    at = WORKSPACE.tasks[task] if task else None
    fields: dict[str, object] = {
        "id": str(id),
        "timer": pc.start(NOW),
        "person": WORKSPACE.people[person],
        "task": at,
        "project": at.project if at else None,
        "client": at.project.client if at and at.project else None,
    }
    return ToyTimer(**fields | more)  # type: ignore[arg-type]


RECORDS = (
    record(1002, "3", "31", updated_on=dt.date(2026, 3, 2)),
    record(1001, "3", updated_on=dt.date(2026, 3, 3), job=WORKSPACE.jobs["41"]),
    record(1004, "5", "33", timer=pc.pause(pc.start(NOW), NOW), work_date=dt.date(2026, 3, 2)),
    record(1003, "5", "31", updated_on=dt.date(2026, 3, 2)),
)


@contextmanager
def broken(rule: Rule, field: str = "") -> Iterator[None]:
    """Expect a violation of the rule, for this parameter."""
    with pytest.raises(RuleViolation) as caught:
        yield
    assert (caught.value.rule, caught.value.field) == (rule, field)
