"""A fifth vendor's timers in the demo world, and a broken rule; shared by the tests of what all vendors share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import punchclock as pc
from punchclock.vendors.records import Record
from punchclock.vendors.rules import Broken, Rule
from punchclock.worlds import demo_world

WORLD = demo_world()
NOW = pc.instant("2026-03-02T08:00:00Z")


class ToyTimer(Record, frozen=True):
    """The record of a fifth vendor, which is no more than what the tests need."""

    vendor = "toy"


def record(id: int, person: str, task: str | None = None, **more: object) -> ToyTimer:
    """A record of the demo world."""
    at = WORLD.tasks[task] if task else None
    fields: dict[str, object] = {
        "id": str(id),
        "timer": pc.start(NOW),
        "person": WORLD.people[person],
        "task": at,
        "project": at.project if at else None,
        "client": at.project.client if at and at.project else None,
    }
    return ToyTimer(**fields | more)  # type: ignore[arg-type]


RECORDS = (
    record(1002, "3", "31", updated_on=dt.date(2026, 3, 2)),
    record(1001, "3", updated_on=dt.date(2026, 3, 3), job=WORLD.jobs["41"]),
    record(1004, "5", "33", timer=pc.pause(pc.start(NOW), NOW), work_date=dt.date(2026, 3, 2)),
    record(1003, "5", "31", updated_on=dt.date(2026, 3, 2)),
)


@contextmanager
def broken(rule: Rule, field: str = "") -> Iterator[None]:
    """A rule that does not hold, and the parameter at fault."""
    with pytest.raises(Broken) as caught:
        yield
    assert (caught.value.rule, caught.value.field) == (rule, field)
