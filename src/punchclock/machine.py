"""The machine: states, events, and the one table of what may follow what.

Everything that decides whether an event is legal lives in this file and nowhere else. The functions
of `punchclock.timer` take their rules from it; the chart, the diagrams, the docs' tables, the batch
code and the proofs are derived from it or checked against it. Time and arithmetic do not live here.

Theory of operation
-------------------

A timer is in one of four states. ``IDLE`` is the timer that has not begun; ``RUNNING`` counts its
time as work; ``PAUSED`` counts its time as break; ``STOPPED`` counts nothing any more.

Four events move it. ``START`` begins, ``PAUSE`` turns work into break, ``RESUME`` turns break into
work, ``STOP`` ends, out of work or out of a break alike::

                    pause
    IDLE ──start──▶ RUNNING ◀──────▶ PAUSED
                       │     resume     │
                     stop             stop
                       └──▶ STOPPED ◀───┘

An event that a state does not list is *illegal*: it is rejected, and nothing changes. ``STOPPED``
lists no event, so the first stop wins for ever. Correcting a record (`Correction`) is no event: it does
not move the machine.

Two things hold of the table as a whole and are checked when it is built: there is one answer at most
to every (state, event), and every state and event that is declared is reachable from ``IDLE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from punchclock.errors import InvalidTransitionTable

__all__ = ["COUNTS_AS", "TRANSITIONS", "Correction", "Event", "Kind", "State", "build_table", "targets"]


class State(StrEnum):
    """Where a timer can be."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Event(StrEnum):
    """What can happen to a timer."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


class Correction(StrEnum):
    """What is done to the record of a timer and is no event: the table knows nothing of it."""

    AMEND = "amend"  # its work and its last instant are replaced
    DISCARD = "discard"  # it is removed


class Kind(StrEnum):
    """What a segment of time counts as."""

    WORK = "work"
    BREAK = "break"


def build_table(rows: Iterable[tuple[State, Event, State]]) -> Mapping[tuple[State, Event], State]:
    """Make a transition table of rows ``(state, event, next state)``, or reject at once.

    Raises:
        InvalidTransitionTable: two rows answer one (state, event); a row names what is no `State` or `Event`;
            a state cannot be reached from ``IDLE``; an event is never used.
    """
    table: dict[tuple[State, Event], State] = {}
    for row in rows:
        match row:
            case (State() as source, Event() as event, State() as target):
                if (source, event) in table:
                    raise InvalidTransitionTable(row, "duplicate: this state already answers this event")
                table[source, event] = target
            case _:
                raise InvalidTransitionTable(row, "dangling: it is not a State, an Event and a State")

    reached = {State.IDLE}
    frontier = [State.IDLE]
    while frontier:
        here = frontier.pop()
        ahead = {target for (source, _), target in table.items() if source is here} - reached
        reached |= ahead
        frontier.extend(ahead)
    for state in State:
        if state not in reached:
            raise InvalidTransitionTable(state, "unreachable: no event leads here from idle")
    used = {event for _, event in table}
    for event in Event:
        if event not in used:
            raise InvalidTransitionTable(event, "dangling: no state answers this event")
    return MappingProxyType(table)


#: The table: (state, event) → next state. What it does not hold is illegal.
TRANSITIONS: Final = build_table(
    [
        (State.IDLE, Event.START, State.RUNNING),
        (State.RUNNING, Event.PAUSE, State.PAUSED),
        (State.RUNNING, Event.STOP, State.STOPPED),
        (State.PAUSED, Event.RESUME, State.RUNNING),
        (State.PAUSED, Event.STOP, State.STOPPED),
    ]
)

#: What the time spent in a state counts as; a state that is missing here counts nothing.
COUNTS_AS: Final[Mapping[State, Kind]] = MappingProxyType({State.RUNNING: Kind.WORK, State.PAUSED: Kind.BREAK})


def targets(event: Event) -> dict[State, State]:
    """The table's column for one event: state → next state."""
    return {source: target for (source, each), target in TRANSITIONS.items() if each is event}
