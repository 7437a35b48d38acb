"""States and events as small integers, and the transition table as lookup arrays.

Every array is computed from `punchclock.machine` when this module is loaded; no rule is written down here.

The table must have one property: each event leads to one state, whatever the state before it. Then the state before
an event follows from the preceding event alone, so that a log can be checked in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from punchclock.errors import ClockWentBackwards, IllegalTransition, InstantOutOfRange, InvalidTransitionTable
from punchclock.machine import COUNTS_AS, TRANSITIONS, Event, Kind, State

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

#: The status of a row: accepted, or the reason for its rejection.
ACCEPTED: Final = 0
ILLEGAL: Final = 1
CLOCK_WENT_BACKWARDS: Final = 2

#: The number of bits in an event's code.
EVENT_BITS: Final = 3

#: The codes of rows without a valid event; they follow the events' codes.
NULL: Final = len(EVENTS)
UNKNOWN: Final = NULL + 1
OUT_OF_RANGE: Final = NULL + 2

#: The number of codes that `EVENT_BITS` can hold.
CODES: Final = 1 << EVENT_BITS

#: The reasons by status, from `ILLEGAL` on. Those of rows without a valid event are in the order of their codes.
REASONS: Final = (
    IllegalTransition.code,
    ClockWentBackwards.code,
    "null-value",
    "unknown-event",
    InstantOutOfRange.code,
)


@overload
def status_of(code: int) -> int: ...
@overload
def status_of(code: Codes) -> Codes: ...
def status_of(code: int | Codes) -> int | Codes:
    """Return the status of a row without a valid event, given its code: `NULL`, `UNKNOWN` or `OUT_OF_RANGE`."""
    return code - NULL + CLOCK_WENT_BACKWARDS + 1


def target_states(table: Mapping[tuple[State, Event], State]) -> dict[Event, State]:
    """Return the one state that each event leads to.

    Raises:
        InvalidTransitionTable: an event leads to different states from different states.
    """
    found: dict[Event, State] = {}
    for (source, event), target in table.items():
        if found.setdefault(event, target) is not target:
            raise InvalidTransitionTable(
                (source, event, target), f"{event} leads to {found[event]} too; columns need one target"
            )
    return found


_TARGETS: Final = target_states(TRANSITIONS)

#: The state after an accepted event, by event. The entries after those of the events are never read.
AFTER: Final[Codes] = np.array(
    [STATES.index(_TARGETS[event]) for event in EVENTS] + [IDLE] * (CODES - len(EVENTS)), dtype=np.uint8
)

#: Whether the table allows an event, by state and event.
LEGAL: Final[Flags] = np.zeros((len(STATES), CODES), dtype=np.bool_)
for _source, _event in TRANSITIONS:
    LEGAL[STATES.index(_source), EVENTS.index(_event)] = True

#: The kind that time in a state counts as, by state: an index of `KINDS`, or -1.
KIND_OF: Final[npt.NDArray[np.int8]] = np.array(
    [KINDS.index(COUNTS_AS[state]) if state in COUNTS_AS else -1 for state in STATES], dtype=np.int8
)

#: The states that count as work, and those that count as break.
COUNTS_WORK: Final = tuple(state for state in range(len(STATES)) if KIND_OF[state] == WORK)
COUNTS_BREAK: Final = tuple(state for state in range(len(STATES)) if KIND_OF[state] == BREAK)

#: The events that an idle timer allows.
STARTING: Final = tuple(event for event in range(len(EVENTS)) if LEGAL[IDLE, event])

#: For each state with events before and after it: the events that lead to it, the events that it allows, and whether
#: its time is work. Together with `LEGAL` for a timer's first event, this is the whole table.
BETWEEN: Final = tuple(
    (leading, allowed, KIND_OF[state] == WORK)
    for state in range(len(STATES))
    if (leading := tuple(event for event in range(len(EVENTS)) if AFTER[event] == state))
    and (allowed := tuple(event for event in range(len(EVENTS)) if LEGAL[state, event]))
)
