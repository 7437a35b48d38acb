"""The state machine: states, events and the transition table.

Only this module decides whether an event is legal. `punchclock.timer` takes its rules from the table; the chart, the
diagrams, the docs, `punchclock.columns` and the proofs are derived from it or checked against it. Time and
arithmetic are not part of this module.

Theory of operation
-------------------

A timer is in one of four states. An ``IDLE`` timer has not started; a ``RUNNING`` timer counts time as work; a
``PAUSED`` timer counts time as break; a ``STOPPED`` timer counts nothing any more.

Four events change the state. ``START`` begins work, ``PAUSE`` ends work and begins a break, ``RESUME`` ends the break
and begins work, ``STOP`` ends the timer, from work and from a break::

                    pause
    IDLE ──start──▶ RUNNING ◀──────▶ PAUSED
                       │     resume     │
                     stop             stop
                       └──▶ STOPPED ◀───┘

All other events are *illegal*: they are rejected and change nothing. No event leads out of ``STOPPED``, so a timer
stops only once. A `Correction` is not an event and does not change the state.

`build_table` checks that the table has at most one row for each pair of state and event, that every state is reachable
from ``IDLE``, and that every event is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from punchclock.errors import InvalidTransitionTable

__all__ = ["COUNTS_AS", "TRANSITIONS", "Correction", "Event", "Kind", "State", "build_table", "targets"]


class State(StrEnum):
    """The state of a timer."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Event(StrEnum):
    """An event of a timer."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Correction(StrEnum):
    """A change of a recorded timer that is not an event, so the table does not contain it."""

    AMEND = "amend"  # replaces the work and the last instant
    DISCARD = "discard"  # removes the timer


class Kind(StrEnum):
    """The kind of a segment of time."""

    WORK = "work"
    BREAK = "break"


def build_table(rows: Iterable[tuple[State, Event, State]]) -> Mapping[tuple[State, Event], State]:
    """Return the transition table of rows ``(state, event, next state)``.

    Raises:
        InvalidTransitionTable: two rows have the same state and event; a row is not a `State`, an `Event` and a
            `State`; a state cannot be reached from ``IDLE``; an event is never used.
    """
    table: dict[tuple[State, Event], State] = {}
    for row in rows:
        match row:
            case (State() as source, Event() as event, State() as target):
                if (source, event) in table:
                    raise InvalidTransitionTable(row, "duplicate: an earlier row has the same state and event")
                table[source, event] = target
            case _:
                raise InvalidTransitionTable(row, "dangling: a row must be a State, an Event and a State")

    reached = {State.IDLE}
    frontier = [State.IDLE]
    while frontier:
        here = frontier.pop()
        ahead = {target for (source, _), target in table.items() if source is here} - reached
        reached |= ahead
        frontier.extend(ahead)
    for state in State:
        if state not in reached:
            raise InvalidTransitionTable(state, "unreachable: no events lead to this state from idle")
    used = {event for _, event in table}
    for event in Event:
        if event not in used:
            raise InvalidTransitionTable(event, "dangling: no row has this event")
    return MappingProxyType(table)


#: The transition table: (state, event) → next state. A pair that is not in it is illegal.
TRANSITIONS: Final = build_table(
    [
        (State.IDLE, Event.START, State.RUNNING),
        (State.RUNNING, Event.PAUSE, State.PAUSED),
        (State.RUNNING, Event.STOP, State.STOPPED),
        (State.PAUSED, Event.RESUME, State.RUNNING),
        (State.PAUSED, Event.STOP, State.STOPPED),
    ]
)

#: The kind of the time spent in a state; time in other states does not count.
COUNTS_AS: Final[Mapping[State, Kind]] = MappingProxyType({State.RUNNING: Kind.WORK, State.PAUSED: Kind.BREAK})


def targets(event: Event) -> dict[State, State]:
    """Return the next state for each state in which ``event`` is legal."""
    return {source: target for (source, each), target in TRANSITIONS.items() if each is event}
