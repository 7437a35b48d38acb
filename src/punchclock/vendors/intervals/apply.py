"""Applying a timer: converting a paused timer to a time entry.

Source: page "Intervals API Resource: timer", "To apply a timer". A timer's ``time`` is in seconds; the ``time``
resource takes decimal hours and rejects long decimals as "too precise". So the duration is rounded here, to a multiple
of a hundredth of an hour.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from punchclock.errors import InvalidRounding
from punchclock.instants import to_datetime
from punchclock.machine import State
from punchclock.rounding import Rounding, round_duration
from punchclock.units import HOUR
from punchclock.vendors.intervals.wire import IntervalsTimer
from punchclock.vendors.records import id_number
from punchclock.vendors.rules import Rule, RuleViolation, require_not_blank

#: The finest step, in microseconds: 36 seconds.
HUNDREDTH_OF_AN_HOUR: Final = HOUR // 100


class TimeEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time entry to send to the ``time`` resource; ``time`` is in hours, with at most two decimals."""

    personid: int
    date: date
    time: float
    taskid: int | None = None
    description: str = ""


def apply(
    record: IntervalsTimer, *, step: int = HUNDREDTH_OF_AN_HOUR, mode: Rounding | str = Rounding.NEAREST
) -> TimeEntry:
    """Return the time entry for a paused timer, dated by the UTC day of its pause.

    Args:
        record: the timer; it is not changed. To delete it, make a separate call.
        step: the rounding step in microseconds, a multiple of `HUNDREDTH_OF_AN_HOUR`.
        mode: the rounding mode.

    Raises:
        RuleViolation: ``STATE``: the timer is not paused ("A timer must be paused before it can be applied");
            ``REQUIRED``: the timer has no owner.
        InvalidRounding: the step is not a multiple of a hundredth of an hour, or the mode is unknown.
        NotRepresentable: an id is not a number.
    """
    if record.timer.state is not State.PAUSED:
        raise RuleViolation(Rule.STATE, "starttime", "a timer must be paused before it can be applied")
    if step % HUNDREDTH_OF_AN_HOUR != 0:
        raise InvalidRounding("step", step, "too precise: not a multiple of a hundredth of an hour")
    require_not_blank("personid", record.person.id)
    rounded = round_duration(record.timer.worked, step, mode)
    return TimeEntry(
        personid=id_number("intervals", record.person.id),
        date=to_datetime(record.timer.since).date(),
        time=rounded // HUNDREDTH_OF_AN_HOUR / 100,
        taskid=id_number("intervals", record.task.id) if record.task else None,
        description=record.note,
    )
