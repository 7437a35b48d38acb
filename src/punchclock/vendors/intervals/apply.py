"""Applying a timer: the time entry that a paused timer becomes.

Source: page "Intervals API Resource: timer", "To apply a timer". The timer's ``time`` is seconds; the
``time`` resource takes decimal hours and rejects over-long decimals as "too precise". So this is where
a duration is rounded: to hundredths of an hour, or to a coarser step of whole hundredths.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from punchclock.errors import InvalidRounding
from punchclock.instants import to_datetime
from punchclock.machine import State
from punchclock.rounding import Rounding, round_duration
from punchclock.vendors.intervals.wire import IntervalsTimer
from punchclock.vendors.rules import Rule, RuleViolation, not_blank

__all__ = ["HUNDREDTH_OF_AN_HOUR", "TimeEntry", "apply"]

#: The finest step, in microseconds: 36 seconds.
HUNDREDTH_OF_AN_HOUR: Final = 36_000_000


class TimeEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sent to the ``time`` resource; ``time`` is hours, with two decimals at most."""

    personid: int
    date: date
    time: float
    taskid: int | None = None
    description: str = ""


def apply(
    record: IntervalsTimer, *, step: int = HUNDREDTH_OF_AN_HOUR, mode: Rounding | str = Rounding.NEAREST
) -> TimeEntry:
    """The time entry for a paused timer, on the UTC day on which it was paused.

    Args:
        record: the timer; it stays as it is, and deleting it is the caller's next call.
        step: what to round to, in microseconds; a multiple of `HUNDREDTH_OF_AN_HOUR`.
        mode: how to round.

    Raises:
        RuleViolation: ``STATE``, the timer is not paused ("A timer must be paused before it can be applied");
            ``REQUIRED``, it has no owner.
        InvalidRounding: a step that two decimals of an hour cannot hold, or an unknown mode.
    """
    if record.timer.state is not State.PAUSED:
        raise RuleViolation(Rule.STATE, "starttime", "a timer must be paused before it can be applied")
    if step % HUNDREDTH_OF_AN_HOUR != 0:
        raise InvalidRounding("step", step, "too precise: not a multiple of a hundredth of an hour")
    not_blank("personid", record.person.id)
    rounded = round_duration(record.timer.worked, step, mode)
    return TimeEntry(
        personid=int(record.person.id),
        date=to_datetime(record.timer.since).date(),
        time=rounded // HUNDREDTH_OF_AN_HOUR / 100,
        taskid=int(record.task.id) if record.task else None,
        description=record.note,
    )
