"""The timer: one immutable record of four fields, and the pure functions over it.

All arithmetic of work and break is in this file; it is integer arithmetic on UTC microseconds, so
that nothing is rounded and no clock change can touch it. What may follow what is not decided here
but in `punchclock.machine`; logs of events are in `punchclock.history`.

Every function rejects an instant that is not exactly an ``int`` (`InvalidInstant`), before it looks at anything else.
The fields of a timer are not checked again: that is what `restore` is for.

One law holds of every timer and is kept by every function: ``0 <= worked <= since - started_at``.
The break is never stored. It is what is left: ``since - started_at - worked``.
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
    """A timer. The constructor checks nothing; untrusted values go through `restore`.

    Attributes:
        state: where the machine is.
        started_at: the instant of the start, in microseconds since 1970-01-01T00:00:00Z.
        since: the instant at which ``worked`` was taken, that is, of the last transition or amendment.
        worked: the work done up to ``since``, in microseconds.
    """

    state: State
    started_at: int
    since: int
    worked: int


#: The timer that has not begun: zeros, which no reading and no start looks at.
IDLE: Final = Timer(State.IDLE, 0, 0, 0)

# Looked up once: the hot path reads a module's own names fastest, and each column of the table is
# the whole rule of its event.
_IDLE: Final = State.IDLE
_RUNNING: Final = State.RUNNING
_PAUSED: Final = State.PAUSED
_STARTED: Final = targets(Event.START)[_IDLE]
_PAUSE: Final = targets(Event.PAUSE)
_RESUME: Final = targets(Event.RESUME)
_STOP: Final = targets(Event.STOP)


def start(now: int) -> Timer:
    """A new timer, running from ``now``.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
    """
    if type(now) is not int:
        raise _rejection(IDLE, Event.START, now)
    return Timer(_STARTED, now, now, 0)


def pause(timer: Timer, now: int) -> Timer:
    """Stop counting work and begin counting break: ``time = time + (now - starttime)``.

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
    """Count work again; the time since the pause is break.

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
    """End the timer, out of work or out of a break.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: the timer is not running and not paused; so the first stop wins.
        ClockWentBackwards: ``now`` is before the timer's last instant; ``stop(t, not_before(t, now))``
            always ends it.
    """
    state = timer.state
    target = _STOP.get(state)
    since = timer.since
    if type(now) is not int or target is None or now < since:
        raise _rejection(timer, Event.STOP, now)
    if state is _RUNNING:
        return Timer(target, timer.started_at, now, timer.worked + (now - since))
    return Timer(target, timer.started_at, now, timer.worked)


def transition(timer: Timer, event: Event, now: int) -> Timer:
    """The timer after ``event`` at ``now``: `start`, `pause`, `resume` or `stop`, chosen by value.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        IllegalTransition: the table has no answer to ``event`` in the timer's state.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    target = TRANSITIONS.get((state, event))
    if type(now) is not int or target is None:
        raise _rejection(timer, event, now)
    if state is _IDLE:
        return Timer(target, now, now, 0)
    since = timer.since
    if now < since:
        raise _rejection(timer, event, now)
    if state is _RUNNING:
        return Timer(target, timer.started_at, now, timer.worked + (now - since))
    return Timer(target, timer.started_at, now, timer.worked)


def worked_at(timer: Timer, now: int) -> int:
    """The work done up to ``now``, in microseconds; 0 for ``IDLE``, final once stopped.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    if type(now) is not int or (now < timer.since and timer.state is not _IDLE):
        raise _rejection(timer, None, now)
    if timer.state is _RUNNING:
        return timer.worked + (now - timer.since)
    return timer.worked


def break_at(timer: Timer, now: int) -> int:
    """The break taken up to ``now``, in microseconds; 0 for ``IDLE``, final once stopped.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    if type(now) is not int or (now < timer.since and state is not _IDLE):
        raise _rejection(timer, None, now)
    if state is _PAUSED:
        return now - timer.started_at - timer.worked
    return timer.since - timer.started_at - timer.worked


def elapsed_at(timer: Timer, now: int) -> int:
    """The time from the start up to ``now``, in microseconds: always ``worked_at + break_at``.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``.
        ClockWentBackwards: ``now`` is before the timer's last instant.
    """
    state = timer.state
    if type(now) is not int or (now < timer.since and state is not _IDLE):
        raise _rejection(timer, None, now)
    if state is _RUNNING or state is _PAUSED:
        return now - timer.started_at
    return timer.since - timer.started_at


def not_before(timer: Timer, now: int) -> int:
    """``now``, or the timer's last instant where ``now`` is before it.

    The one idiom for a caller who would rather clamp than fail: a clock that was once ahead must never
    trap a timer, and whatever shows timers must never fail for one of them.

    Raises:
        InvalidInstant: ``now`` is not exactly an ``int``; what is not an instant cannot be clamped.
    """
    if type(now) is not int:
        raise _rejection(timer, None, now)
    if now < timer.since and timer.state is not _IDLE:
        return timer.since
    return now


def amend(timer: Timer, *, worked: int, since: int) -> Timer:
    """The timer corrected: ``worked`` microseconds had been done at the instant ``since``.

    The state stays. ``started_at`` stays too, unless the work would not fit after it: then it moves
    back to ``since - worked``. So a timer with recorded time but no known start begins at
    ``now - time``: ``amend(start(now), worked=time, since=now)``.

    Raises:
        InvalidInstant: ``since`` is not exactly an ``int``.
        InconsistentTimer: ``worked`` is not exactly an ``int`` or is negative, or the timer has not begun.
    """
    if type(since) is not int:
        raise _rejection(timer, None, since)
    if timer.state is _IDLE:
        raise InconsistentTimer("state", timer.state, "a timer that has not begun has nothing to amend")
    _check_integers(worked=worked)
    if worked < 0:
        raise InconsistentTimer("worked", worked, "work is never negative")
    earliest = since - worked
    started_at = timer.started_at
    return Timer(timer.state, earliest if earliest < started_at else started_at, since, worked)


def restore(*, state: State | str, started_at: int, since: int, worked: int) -> Timer:
    """A timer from values that came from elsewhere, checked.

    Args:
        state: a `State` or its text (``"running"`` …).
        started_at: instant of the start.
        since: instant at which ``worked`` was taken.
        worked: work up to ``since``, in microseconds.

    Raises:
        InconsistentTimer: a value has the wrong type, ``0 <= worked <= since - started_at`` does not
            hold, or an idle timer is not all zeros.
    """
    try:
        known = State(state)
    except ValueError:
        raise InconsistentTimer("state", state, f"no state; there are {', '.join(State)}") from None
    _check_integers(started_at=started_at, since=since, worked=worked)
    if known is _IDLE:
        for field, value in (("started_at", started_at), ("since", since), ("worked", worked)):
            if value != 0:
                raise InconsistentTimer(field, value, "an idle timer is all zeros")
    if worked < 0:
        raise InconsistentTimer("worked", worked, "work is never negative")
    if since < started_at:
        raise InconsistentTimer("since", since, f"before the start, {safe_repr(started_at)}")
    if worked > since - started_at:
        raise InconsistentTimer(
            "worked", worked, f"more than has passed since the start, {safe_repr(since - started_at)}"
        )
    return Timer(known, started_at, since, worked)


def _check_integers(**fields: int) -> None:
    """Reject floats, truth values and texts where values come in from elsewhere: `amend` and `restore`."""
    for field, value in fields.items():
        if type(value) is not int:
            raise InconsistentTimer(field, value, "not an integer of microseconds")


def _rejection(timer: Timer, event: Event | None, at: int) -> PunchclockError:
    """Return the error for ``event`` (or for a reading, ``None``) at ``at``: the first of three reasons that applies.

    1. The instant is not exactly an ``int``. A ``bool``, a float or a ``datetime`` would compare and subtract without
       an error, and give a wrong sum. So each function checks the type before it compares or subtracts anything, in
       the condition that it has anyway: a call of its own for the check would cost as much as the rest.
    2. The state does not allow the event.
    3. The instant is before the timer's last one.
    """
    if type(at) is not int:
        return InvalidInstant(at, NOT_AN_INSTANT)
    if event is not None and (timer.state, event) not in TRANSITIONS:
        return IllegalTransition(state=timer.state, event=event, at=at)
    return ClockWentBackwards(state=timer.state, event=event, at=at, since=timer.since)
