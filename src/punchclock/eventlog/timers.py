"""The timers of an event log: entries applied to timers by name.

The format of the entries is in `punchclock.eventlog.format`, the history of one timer in `punchclock.history`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, overload

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.errors import UnknownTimer
from punchclock.eventlog.format import Entry, Labels
from punchclock.instants import to_datetime
from punchclock.machine import Correction
from punchclock.timer import IDLE, Timer, amend, transition

#: The maximum length of a text that timers share.
_MAX_SHARED: Final = 200


class TimelineObserver(Protocol):
    """An object that a `TimerLog` notifies of each change of one timer, in order."""

    def moved(self, before: Timer, at: int) -> None:
        """Handle an event at ``at``; the timer was ``before`` until then."""

    def amended(self, timer: Timer) -> None:
        """Handle an amendment; ``timer`` is the corrected timer, which replaces the past."""

    def discarded(self) -> None:
        """Handle the removal of the timer."""


ObserverT_co = TypeVar("ObserverT_co", bound=TimelineObserver | None, covariant=True)


class LogTimer(msgspec.Struct, Generic[ObserverT_co], kw_only=True, gc=False):
    """A timer of a log, with its labels.

    Attributes:
        name: the timer's name.
        timer: the current timer.
        observer: the observer of this timer, or ``None``.
        user: the label ``user``, like the other four; ``UNSET`` if the log does not assign it.
    """

    name: str
    timer: Timer
    observer: ObserverT_co
    user: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


#: A timer of any log, whatever observes it.
AnyLogTimer: TypeAlias = LogTimer[TimelineObserver | None]


def _no_observer(_started_at: int, /) -> None:
    """Return no observer."""


class TimerLog(Generic[ObserverT_co]):
    """The timers of a log, by name, in order of first appearance.

    Args:
        new_observer: returns the observer of a new timer, given the instant of its start; without it, timers have no
            observer. An observer must not refer to the log: the garbage collector does not follow references in
            `LogTimer`.

    Attributes:
        records: the timers, by name.
        last: the latest instant of an accepted entry; ``None`` before the first.
        observed: whether timers have observers.
    """

    @overload
    def __init__(self: TimerLog[None]) -> None: ...
    @overload
    def __init__(self, *, new_observer: Callable[[int], ObserverT_co]) -> None: ...
    def __init__(self, *, new_observer: Callable[[int], Any] = _no_observer) -> None:
        self.records: dict[str, LogTimer[ObserverT_co]] = {}
        self.last: int | None = None
        self.observed = new_observer is not _no_observer
        self._new_observer = new_observer

    def apply(self, entry: Entry) -> None:
        """Apply an entry, or reject it and change nothing.

        Raises:
            IllegalTransition: the event is not legal in the timer's state.
            ClockWentBackwards: the event is before the timer's last instant.
            UnknownTimer: a correction of a timer that does not exist.
            InstantOutOfRange: an amendment that moves the start out of the years 1 to 9999.
        """
        at, event = entry.at, entry.event
        record = self.records.get(entry.timer)
        if isinstance(event, Correction):
            self._correct(record, entry)
        elif record is None:
            _relabel(self.add(entry.timer, transition(IDLE, event, at)), entry.labels)
        else:
            before = record.timer
            record.timer = transition(before, event, at)
            if record.observer is not None:
                record.observer.moved(before, at)
            _relabel(record, entry.labels)
        if self.last is None or at > self.last:
            self.last = at

    def add(self, name: str, timer: Timer) -> LogTimer[ObserverT_co]:
        """Add a timer that has started, and return its record."""
        record = self.records[name] = LogTimer(name=name, timer=timer, observer=self._new_observer(timer.started_at))
        return record

    def _correct(self, record: LogTimer[ObserverT_co] | None, entry: Entry) -> None:
        if record is None:
            raise UnknownTimer(entry.timer, event=entry.event, at=entry.at)
        if entry.event is Correction.DISCARD:
            del self.records[entry.timer]
            if record.observer is not None:
                record.observer.discarded()
            return
        amended = amend(record.timer, worked=entry.worked, since=entry.since)
        to_datetime(amended.started_at)  # rejects a start that cannot be displayed
        record.timer = amended
        if record.observer is not None:
            record.observer.amended(amended)
        _relabel(record, entry.labels)


def _relabel(record: AnyLogTimer, labels: Labels) -> None:
    """Store the labels of an entry."""
    if labels.user is not UNSET:
        record.user = _shared(labels.user)
    if labels.task is not UNSET:
        record.task = _shared(labels.task)
    if labels.project is not UNSET:
        record.project = _shared(labels.project)
    if labels.client is not UNSET:
        record.client = _shared(labels.client)
    if labels.note is not UNSET:
        record.note = labels.note


def _shared(text: str) -> str:
    """Return an equal text that all timers share, since many timers have the same labels."""
    return text if len(text) > _MAX_SHARED else _cached(text)


@functools.lru_cache(maxsize=4096)  # unlike `sys.intern`, whose texts Python 3.12 never frees
def _cached(text: str) -> str:
    return text
