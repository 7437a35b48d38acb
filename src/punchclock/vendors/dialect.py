"""Dialects: a vendor's state machine, as a map of its calls onto the shared transition table.

A dialect has no rules of its own about what may follow what. It binds a call, with a flag, to an event; whether the
event is legal is decided by `punchclock.machine.TRANSITIONS`. Calls that are not events (corrections, updates) are
bound to their actions as well.

Every instant is floored to the dialect's resolution before the transition. Flooring two durations afterwards instead
would break ``worked + break = elapsed`` by one unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from punchclock.errors import InvalidTransitionTable
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.vendors.records import UPDATE, Action


class Binding(msgspec.Struct, frozen=True):
    """A call bound to one action that it can perform on a timer.

    Attributes:
        operation: the call's name in the vendor's ``OPERATIONS``.
        action: the event, the correction, or `UPDATE`.
        flag: describes which part of the call selects this action; empty if the call has only one action.
    """

    operation: str
    action: Action
    flag: str = ""


class Dialect(msgspec.Struct, frozen=True):
    """A vendor's state machine, checked on construction.

    Attributes:
        vendor: the vendor's name.
        resolution: the resolution of its instants, in microseconds.
        bindings: the actions of its calls, in the order of the vendor's documentation.

    Raises:
        InvalidTransitionTable: two bindings have the same operation and flag, a binding has an invalid action, an event
            cannot be reached through other bindings, no call starts a timer, or the resolution is below 1.
    """

    vendor: str
    resolution: int
    bindings: tuple[Binding, ...]

    def __post_init__(self) -> None:
        seen = set()
        for binding in self.bindings:
            if (binding.operation, binding.flag) in seen:
                raise InvalidTransitionTable(binding, "duplicate: the operation with this flag is already bound")
            seen.add((binding.operation, binding.flag))
            if not isinstance(binding.action, (Event, Correction)) and binding.action != UPDATE:
                raise InvalidTransitionTable(
                    binding, "dangling: the action must be an event, a correction or an update"
                )
        reachable = {label for _, label in self.transitions}
        for binding in self.bindings:
            if isinstance(binding.action, Event) and _label(binding) not in reachable:
                raise InvalidTransitionTable(binding, "unreachable: no other call leads to a state that allows it")
        if Event.START not in self.events:
            raise InvalidTransitionTable(self.vendor, "unreachable: no call starts a timer")
        if self.resolution < 1:
            raise InvalidTransitionTable(self.vendor, "the resolution must be at least one microsecond")

    @property
    def events(self) -> frozenset[Event]:
        """The events that the vendor's calls are bound to."""
        return frozenset(binding.action for binding in self.bindings if isinstance(binding.action, Event))

    @property
    def transitions(self) -> Mapping[tuple[State, str], State]:
        """The part of the transition table that this vendor's calls can reach: (state, call) → next state."""
        reachable: dict[tuple[State, str], State] = {}
        reached = {State.IDLE}
        while True:
            found = {
                (source, _label(binding)): target
                for (source, event), target in TRANSITIONS.items()
                for binding in self.bindings
                if binding.action is event and source in reached
            }
            if found == reachable:
                return MappingProxyType(reachable)
            reachable = found
            reached |= set(found.values())

    def floor(self, instant: int) -> int:
        """Return the instant, or a duration, floored to the resolution."""
        return instant - instant % self.resolution


def _label(binding: Binding) -> str:
    return f"{binding.operation} ({binding.flag})" if binding.flag else binding.operation
