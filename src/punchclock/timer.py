"""The timer: an immutable record of four fields, and the pure functions on it.

This module contains all arithmetic of work and break. It uses integers of UTC microseconds, so nothing is rounded and
changes of local clocks have no effect. `punchclock.machine` decides which events are legal; `punchclock.history`
handles sequences of events.

Every function first rejects an instant whose type is not exactly ``int`` (`InvalidInstant`). The functions trust
the fields of the timer; `restore` checks them.

Every function preserves one invariant: ``0 <= worked <= since - started_at``. The break is not stored; it is the
rest: ``since - started_at - worked``.
"""

from __future__ import annotations

from typing import Final

import msgspec

from punchclock.errors import (
    NOT_AN_INSTANT,
    ClockWentBackwards,
    IllegalTransition,
    InconsistentTimer,
    InvalidInstant,
    PunchclockError,
    safe_repr,
)
from punchclock.machine import TRANSITIONS, Event, State, targets

__all__ = [
    "IDLE",
    "Timer",
    "amend",
    "break_at",
    "elapsed_at",
    "not_before",
    "pause",
    "restore",
    "resume",
    "start",
    "stop",
    "transition",
    "worked_at",
]


class Timer(msgspec.Struct, frozen=True, gc=False):
    """An immutable timer. The constructor checks nothing; use `restore` for untrusted values.

    Attributes:
        state: the state of the machine.
        started_at: the instant of the start, in microseconds since 1970-01-01T00:00:00Z.
        since: the instant of the last transition or amendment.
        worked: the work done up to ``since``, in microseconds.
    """

    state: State
    started_at: int
    since: int
    worked: int


#: The timer that has not started. Its two zero instants are placeholders: no function compares ``now`` with them.
IDLE: Final = Timer(State.IDLE, 0, 0, 0)

# The functions below read these module-level names, which is faster than attributes of the enums. They compare states
# with ``==``: a state may be the text of one, as a database returns it, and equal timers must give equal answers. Each
# of the last three maps the states in which its event is legal to the next state.
_IDLE: Final = State.IDLE
_RUNNING: Final = State.RUNNING
_PAUSED: Final = State.PAUSED
_ACTIVE: Final = (_RUNNING, _PAUSED)
_STARTED: Final = targets(Event.START)[_IDLE]
_PAUSE: Final = targets(Event.PAUSE)
_RESUME: Final = targets(Event.RESUME)
_STOP: Final = targets(Event.STOP)


def start(now: int) -> Timer:
    """Return a new timer that runs from ``now``.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
    """
    if type(now) is not int:
        raise _rejection(IDLE, Event.START, now)
    return Timer(_STARTED, now, now, 0)


def pause(timer: Timer, now: int) -> Timer:
    """Return the timer with its work ended and a break begun: ``worked`` grows by ``now - since``.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: the timer is not running.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    target = _PAUSE.get(timer.state)
    since = timer.since
    if type(now) is not int or target is None or now < since:
        raise _rejection(timer, Event.PAUSE, now)
    return Timer(target, timer.started_at, now, timer.worked + (now - since))


def resume(timer: Timer, now: int) -> Timer:
    """Return the timer with its break ended and work begun.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: the timer is not paused.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    target = _RESUME.get(timer.state)
    if type(now) is not int or target is None or now < timer.since:
        raise _rejection(timer, Event.RESUME, now)
    return Timer(target, timer.started_at, now, timer.worked)


def stop(timer: Timer, now: int) -> Timer:
    """Return the timer, stopped from work or from a break.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: the timer is neither running nor paused.
        ClockWentBackwards: ``now`` is before the timer's last instant; ``stop(t, not_before(t, now))`` avoids this.
    """
    state = timer.state
    target = _STOP.get(state)
    since = timer.since
    if type(now) is not int or target is None or now < since:
        raise _rejection(timer, Event.STOP, now)
    if state == _RUNNING:
        return Timer(target, timer.started_at, now, timer.worked + (now - since))
    return Timer(target, timer.started_at, now, timer.worked)


def transition(timer: Timer, event: Event, now: int) -> Timer:
    """Return the timer after ``event`` at ``now``: the same as `start`, `pause`, `resume` or `stop`.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: ``event`` is not legal in the timer's state.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    target = TRANSITIONS.get((state, event))
    if type(now) is not int or target is None:
        raise _rejection(timer, event, now)
    if state == _IDLE:
        return Timer(target, now, now, 0)
    since = timer.since
    if now < since:
        raise _rejection(timer, event, now)
    if state == _RUNNING:
        return Timer(target, timer.started_at, now, timer.worked + (now - since))
    return Timer(target, timer.started_at, now, timer.worked)


def worked_at(timer: Timer, now: int) -> int:
    """Return the work done up to ``now``, in microseconds: 0 for ``IDLE``, constant after the stop.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    if type(now) is not int or (now < timer.since and timer.state != _IDLE):
        raise _rejection(timer, None, now)
    if timer.state == _RUNNING:
        return timer.worked + (now - timer.since)
    return timer.worked


def break_at(timer: Timer, now: int) -> int:
    """Return the break taken up to ``now``, in microseconds: 0 for ``IDLE``, constant after the stop.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    if type(now) is not int or (now < timer.since and state != _IDLE):
        raise _rejection(timer, None, now)
    if state == _PAUSED:
        return now - timer.started_at - timer.worked
    return timer.since - timer.started_at - timer.worked


def elapsed_at(timer: Timer, now: int) -> int:
    """Return the time from the start to ``now``, in microseconds: always ``worked_at + break_at``.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    if type(now) is not int or (now < timer.since and state != _IDLE):
        raise _rejection(timer, None, now)
    if state in _ACTIVE:
        return now - timer.started_at
    return timer.since - timer.started_at


def not_before(timer: Timer, now: int) -> int:
    """Return ``now``, or the timer's last instant if ``now`` is before it.

    For callers that must not fail when a clock is set back: a program that lists timers, or one that must stop a timer.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
    """
    if type(now) is not int:
        raise _rejection(timer, None, now)
    if now < timer.since and timer.state != _IDLE:
        return timer.since
    return now


def amend(timer: Timer, *, worked: int, since: int) -> Timer:
    """Return the corrected timer: ``worked`` microseconds of work up to the instant ``since``.

    The state does not change. ``started_at`` changes only if the work does not fit between it and ``since``; then it
    becomes ``since - worked``. So ``amend(start(now), worked=time, since=now)`` creates a timer with recorded time
    and an unknown start.

    Raises:
        InvalidInstant: ``since`` is not exactly an ``int``.
        InconsistentTimer: ``worked`` is not exactly an ``int``, or is negative, or the timer is idle.
    """
    if type(since) is not int:
        raise _rejection(timer, None, since)
    if timer.state == _IDLE:
        raise InconsistentTimer("state", str(timer.state), "an idle timer cannot be amended")
    _check_integers(worked=worked)
    if worked < 0:
        raise InconsistentTimer("worked", worked, "it must not be negative")
    earliest = since - worked
    started_at = timer.started_at
    return Timer(timer.state, earliest if earliest < started_at else started_at, since, worked)


def restore(*, state: State | str, started_at: int, since: int, worked: int) -> Timer:
    """Return a timer made from untrusted values, such as those of a database.

    Args:
        state: a `State` or its text (``"running"`` …).
        started_at: the instant of the start.
        since: the instant of the last transition or amendment.
        worked: the work up to ``since``, in microseconds.

    Raises:
        InconsistentTimer: a value has the wrong type, or is not zero for an idle timer, or the values violate
            ``0 <= worked <= since - started_at``.
    """
    try:
        known = State(state)
    except ValueError:
        raise InconsistentTimer("state", state, f"not a state; the states are {', '.join(State)}") from None
    _check_integers(started_at=started_at, since=since, worked=worked)
    if known == _IDLE:
        for field, value in (("started_at", started_at), ("since", since), ("worked", worked)):
            if value != 0:
                raise InconsistentTimer(field, value, "it must be 0 for an idle timer")
    if worked < 0:
        raise InconsistentTimer("worked", worked, "it must not be negative")
    if since < started_at:
        raise InconsistentTimer("since", since, f"it is before the start, {safe_repr(started_at)}")
    if worked > since - started_at:
        raise InconsistentTimer(
            "worked", worked, f"it is more than the time since the start, {safe_repr(since - started_at)}"
        )
    return Timer(known, started_at, since, worked)


def _check_integers(**fields: int) -> None:
    """Reject values whose type is not exactly ``int``."""
    for field, value in fields.items():
        if type(value) is not int:
            raise InconsistentTimer(field, value, "the type must be exactly int, in microseconds")


def _rejection(timer: Timer, event: Event | None, at: int) -> PunchclockError:
    """Return the error for ``event`` at ``at`` (``None`` for a reading): the first of three that applies.

    1. The instant is not exactly an ``int``. A ``bool`` or a float could be compared and subtracted without an error,
       but the result would be wrong. The functions check the type inline, since a call would double their time.
    2. The event is not legal in the timer's state.
    3. The instant is before the timer's last one.
    """
    if type(at) is not int:
        return InvalidInstant(at, NOT_AN_INSTANT)
    if event is not None and (timer.state, event) not in TRANSITIONS:
        return IllegalTransition(state=timer.state, event=event, at=at)
    return ClockWentBackwards(state=timer.state, event=event, at=at, since=timer.since)
