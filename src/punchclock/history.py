"""Histories: a list of events folded into a timer, or unrolled into segments of work and break.

A history is any iterable of ``(event, instant)`` pairs of *one* timer. Files that hold the events of
many timers are in `punchclock.eventlog`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from punchclock.errors import PunchclockError
from punchclock.machine import COUNTS_AS, Event, Kind
from punchclock.timer import IDLE, Timer, elapsed_at, transition

__all__ = ["Segment", "replay", "timeline"]


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A segment of time of one kind, half-open: ``[start, end)``, both instants in microseconds."""

    kind: Kind
    start: int
    end: int


def replay(history: Iterable[tuple[Event, int]], timer: Timer = IDLE) -> Timer:
    """Step through a history, from ``timer`` on.

    Raises:
        IllegalTransition: an event that the table does not allow.
        ClockWentBackwards: an instant before the one ahead of it. In both, ``index`` says which.
    """
    for index, (event, at) in enumerate(history):
        try:
            timer = transition(timer, event, at)
        except PunchclockError as error:
            error.index = index
            raise
    return timer


def timeline(history: Iterable[tuple[Event, int]], *, until: int | None = None, timer: Timer = IDLE) -> list[Segment]:
    """The segments of work and break of a history, in order.

    They are as long as they can be: none is empty, each touches the one before it where the timer ran
    on, and neighbours differ in kind; a pause and a resume at one instant leave no trace. ``until``
    closes the segment of a timer that is still running or paused; without it that segment ends at the
    last event and so is left out. Where the history continues a ``timer``, its segments begin at that
    timer's last instant.

    Raises:
        IllegalTransition: an event that the table does not allow.
        ClockWentBackwards: an instant before the one ahead of it, or ``until`` before the last.
    """
    segments: list[Segment] = []
    for index, (event, at) in enumerate(history):
        try:
            after = transition(timer, event, at)
        except PunchclockError as error:
            error.index = index
            raise
        _append(segments, timer, at)
        timer = after
    if until is not None:
        elapsed_at(timer, until)  # rejects an ``until`` that is before the last event
        _append(segments, timer, until)
    return segments


def _append(segments: list[Segment], timer: Timer, end: int) -> None:
    """Add what ``timer`` counted from its last instant to ``end``, grown onto a like neighbour."""
    kind = COUNTS_AS.get(timer.state)
    start = timer.since
    if kind is None or start == end:
        return
    if segments and segments[-1].kind is kind:  # they touch: between start and stop every instant counts
        start = segments.pop().start
    segments.append(Segment(kind, start, end))
