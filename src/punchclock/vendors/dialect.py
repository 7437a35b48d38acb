"""Dialects: a vendor's own machine, as a map of its calls onto the one transition table.

A dialect has no rules of its own about what may follow what. It says which call, with which flag,
*is* which event; whether that event is legal is the table's answer. Corrections (amend, discard,
update) are listed beside the events, because they are what a call can do and no event.

Its *tick* is the resolution to which the vendor's workspace floors every instant at the door, before the
transition. Flooring two durations afterwards instead would break ``worked + break = elapsed`` by a tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from punchclock.errors import InvalidTransitionTable
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.vendors.records import UPDATE, Action

__all__ = ["MICROSECOND", "SECOND", "Binding", "Dialect"]

MICROSECOND = 1
SECOND = 1_000_000


class Binding(msgspec.Struct, frozen=True):
    """One thing that a call can do to a timer.

    Attributes:
        operation: the call's name in the vendor's ``OPERATIONS``.
        action: the event that it is, or the correction, or `UPDATE`.
        flag: what in the call makes it this one, in words; empty where the call does only one thing.
    """

    operation: str
    action: Action
    flag: str = ""


class Dialect(msgspec.Struct, frozen=True):
    """A vendor's machine. Checked when built.

    Attributes:
        vendor: whose it is.
        tick: the resolution of its instants, in microseconds.
        moves: what its calls can do, in the order of its page.

    Raises:
        InvalidTransitionTable: two bindings with one operation and flag, a binding to something that is not an action,
            an event that no other binding leads to.
    """

    vendor: str
    resolution: int
    bindings: tuple[Binding, ...]

    def __post_init__(self) -> None:
        seen = set()
        for binding in self.bindings:
            if (binding.operation, binding.flag) in seen:
                raise InvalidTransitionTable(binding, "duplicate: the operation with this flag does something already")
            seen.add((binding.operation, binding.flag))
            if not isinstance(binding.action, (Event, Correction)) and binding.action != UPDATE:
                raise InvalidTransitionTable(binding, "dangling: it is no event, no correction and no update")
        walked = {label for _, label in self.transitions}
        for binding in self.bindings:
            if isinstance(binding.action, Event) and _label(binding) not in walked:
                raise InvalidTransitionTable(binding, "unreachable: no other call leads to where it is legal")
        if Event.START not in self.events:
            raise InvalidTransitionTable(self.vendor, "unreachable: no call starts a timer")
        if self.resolution < 1:
            raise InvalidTransitionTable(self.vendor, "a tick is at least one microsecond")

    @property
    def events(self) -> frozenset[Event]:
        """The events that the vendor's calls can make."""
        return frozenset(binding.action for binding in self.bindings if isinstance(binding.action, Event))

    @property
    def transitions(self) -> Mapping[tuple[State, str], State]:
        """The part of the one table that this vendor's calls can walk: (state, call) → next state."""
        walked: dict[tuple[State, str], State] = {}
        reached = {State.IDLE}
        while True:
            found = {
                (source, _label(binding)): target
                for (source, event), target in TRANSITIONS.items()
                for binding in self.bindings
                if binding.action is event and source in reached
            }
            if found == walked:
                return MappingProxyType(walked)
            walked = found
            reached |= set(found.values())

    def floor(self, instant: int) -> int:
        """The instant as this vendor's workspace knows it: the whole tick at or before it."""
        return instant - instant % self.resolution


def _label(binding: Binding) -> str:
    return f"{binding.operation} ({binding.flag})" if binding.flag else binding.operation
