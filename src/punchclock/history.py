"""Histories: events of one timer, replayed to a timer or to its segments of work and break.

A history is an iterable of ``(event, instant)`` pairs. `punchclock.eventlog` handles files with events of many timers.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from punchclock.errors import PunchclockError
from punchclock.machine import COUNTS_AS, Event, Kind
from punchclock.timer import IDLE, Timer, elapsed_at, transition

__all__ = ["Segment", "replay", "timeline"]


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A span ``[start, end)`` of one kind; both instants are in microseconds."""

    kind: Kind
    start: int
    end: int


def replay(history: Iterable[tuple[Event, int]], timer: Timer = IDLE) -> Timer:
    """Return the timer after a history that continues ``timer``.

    Raises:
        IllegalTransition: an event that is not legal; ``index`` is its position.
        ClockWentBackwards: an instant before the previous one; ``index`` is its position.
    """
    for index, (event, at) in enumerate(history):
        try:
            timer = transition(timer, event, at)
        except PunchclockError as error:
            error.index = index
            raise
    return timer


def timeline(history: Iterable[tuple[Event, int]], *, until: int | None = None, timer: Timer = IDLE) -> list[Segment]:
    """Return the segments of work and break of a history, in order.

    Segments are maximal and not empty: adjacent segments differ in kind, so a pause and a resume at the same instant
    have no effect.

    Args:
        history: the events.
        until: the end of the last segment, if the timer is still running or paused; without it, that segment is
            omitted.
        timer: the timer that the history continues; the segments begin at its last instant.

    Raises:
        IllegalTransition: an event that is not legal; ``index`` is its position.
        ClockWentBackwards: an instant before the previous one, or ``until`` before the last instant.
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
    """Add the time from the timer's last instant to ``end``; extend the last segment if it has the same kind."""
    kind = COUNTS_AS.get(timer.state)
    start = timer.since
    if kind is None or start == end:
        return
    if segments and segments[-1].kind is kind:  # adjacent, since all time from start to stop counts
        start = segments.pop().start
    segments.append(Segment(kind, start, end))
