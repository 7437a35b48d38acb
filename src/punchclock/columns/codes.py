"""The machine as small integers: states and events numbered, and the table turned into lookups.

Nothing is decided here. Every array is computed from `punchclock.machine` when this module is loaded, so a row
that is added to the table is a row here. Arrow and NumPy see states and events by these numbers only.

One property is asked of the table: an event leads to one state, whatever state it came from. Then the state
before an event is known from the event ahead of it alone, which is what lets a log be checked in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from punchclock.errors import ClockWentBackwards, IllegalTransition, InstantOutOfRange, InvalidTransitionTable
from punchclock.machine import COUNTS_AS, TRANSITIONS, Event, Kind, State

__all__ = [
    "ACCEPTED",
    "AFTER",
    "BETWEEN",
    "BREAK",
    "CLOCK_WENT_BACKWARDS",
    "CODES",
    "COUNTS_BREAK",
    "COUNTS_WORK",
    "EVENTS",
    "EVENT_BITS",
    "IDLE",
    "ILLEGAL",
    "KINDS",
    "KIND_OF",
    "LEGAL",
    "NULL",
    "OUT_OF_RANGE",
    "REASONS",
    "STARTING",
    "STATES",
    "STOPPED",
    "UNKNOWN",
    "WORK",
    "Codes",
    "Flags",
    "Ints",
    "reason_of",
    "target_states",
]

Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

STATES: Final = tuple(State)
EVENTS: Final = tuple(Event)
KINDS: Final = tuple(Kind)

IDLE: Final = STATES.index(State.IDLE)
STOPPED: Final = STATES.index(State.STOPPED)
WORK: Final = KINDS.index(Kind.WORK)
BREAK: Final = KINDS.index(Kind.BREAK)

#: What becomes of a row: it is accepted, or it is rejected, and why.
ACCEPTED: Final = 0
ILLEGAL: Final = 1
CLOCK_WENT_BACKWARDS: Final = 2

#: The bits of an event's code.
EVENT_BITS: Final = 3

#: The codes of rows that are no event at all; they follow those of the events.
NULL: Final = len(EVENTS)
UNKNOWN: Final = NULL + 1
OUT_OF_RANGE: Final = NULL + 2

#: How many codes there are room for.
CODES: Final = 1 << EVENT_BITS

#: The reasons in words. Those of rows that are no event follow in the order of their codes.
REASONS: Final = (
    IllegalTransition.code,
    ClockWentBackwards.code,
    "null-value",
    "unknown-event",
    InstantOutOfRange.code,
)


@overload
def reason_of(fault: int) -> int: ...
@overload
def reason_of(fault: Codes) -> Codes: ...
def reason_of(fault: int | Codes) -> int | Codes:
    """What becomes of a row that is no event, from the code that it has in an event's place."""
    return fault - NULL + CLOCK_WENT_BACKWARDS + 1


def target_states(table: Mapping[tuple[State, Event], State]) -> dict[Event, State]:
    """The one state that each event leads to.

    Raises:
        InvalidTransitionTable: an event leads to one state from here and to another from there.
    """
    found: dict[Event, State] = {}
    for (source, event), target in table.items():
        if found.setdefault(event, target) is not target:
            raise InvalidTransitionTable(
                (source, event, target), f"{event} leads to {found[event]} too; columns need one target"
            )
    return found


_TARGETS: Final = target_states(TRANSITIONS)

#: The state after an event that was accepted. A row that is no event is never accepted; its entry is never read.
AFTER: Final[Codes] = np.array(
    [STATES.index(_TARGETS[event]) for event in EVENTS] + [IDLE] * (CODES - len(EVENTS)), dtype=np.uint8
)

#: Whether the table answers an event, by state and event.
LEGAL: Final[Flags] = np.zeros((len(STATES), CODES), dtype=np.bool_)
for _source, _event in TRANSITIONS:
    LEGAL[STATES.index(_source), EVENTS.index(_event)] = True

#: What time spent in a state counts as: a number of `KINDS`, or -1.
KIND_OF: Final[npt.NDArray[np.int8]] = np.array(
    [KINDS.index(COUNTS_AS[state]) if state in COUNTS_AS else -1 for state in STATES], dtype=np.int8
)

#: Which states count as work, as break, and as either.
COUNTS_WORK: Final = tuple(state for state in range(len(STATES)) if KIND_OF[state] == WORK)
COUNTS_BREAK: Final = tuple(state for state in range(len(STATES)) if KIND_OF[state] == BREAK)

#: The events that a timer can begin with.
STARTING: Final = tuple(event for event in range(len(EVENTS)) if LEGAL[IDLE, event])

#: For each state that a timer goes on from: the events that lead to it, those that it answers, and whether its time is
#: work. With `LEGAL` for a timer's first event, that is the whole table.
BETWEEN: Final = tuple(
    (leading, answered, KIND_OF[state] == WORK)
    for state in range(len(STATES))
    if (leading := tuple(event for event in range(len(EVENTS)) if AFTER[event] == state))
    and (answered := tuple(event for event in range(len(EVENTS)) if LEGAL[state, event]))
)
