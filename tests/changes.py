"""The changes with which a call could have created a record, for tests that need records in an account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from punchclock import Event, State, start, transition
from punchclock.machine import Correction
from punchclock.vendors.records import Change, VendorTimer

R = TypeVar("R", bound=VendorTimer)

_INTO = {State.PAUSED: Event.PAUSE, State.STOPPED: Event.STOP}


def creating(*records: R) -> Iterable[Change[R]]:
    """Yield the changes of new records: a start, an event into the record's state, a correction of the rest."""
    for record in records:
        timer = start(record.timer.started_at)
        yield Change(Event.START, timer.since, replace(record, timer=timer))
        event = _INTO.get(record.timer.state)
        if event is not None:
            timer = transition(timer, event, record.timer.since)
            yield Change(event, timer.since, replace(record, timer=timer))
        if timer != record.timer:
            yield Change(Correction.AMEND, record.timer.since, record)
