"""Dialects: a vendor's own machine, as a map of its calls onto the one transition table.

A dialect has no rules of its own about what may follow what. It says which call, with which flag,
*is* which event; whether that event is legal is the table's answer. Corrections (amend, discard,
update) are listed beside the events, because they are what a call can do and no event.

Its *tick* is the resolution to which the vendor's world floors every instant at the door, before the
transition. Flooring two durations afterwards instead would break ``worked + break = elapsed`` by a tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from punchclock.errors import InvalidTable
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.vendors.records import UPDATE, Verb

__all__ = ["MICROSECOND", "SECOND", "Dialect", "Move"]

MICROSECOND = 1
SECOND = 1_000_000


class Move(msgspec.Struct, frozen=True):
    """One thing that a call can do to a timer.

    Attributes:
        operation: the call's name in the vendor's ``OPERATIONS``.
        verb: the event that it is, or the correction, or `UPDATE`.
        flag: what in the call makes it this one, in words; empty where the call does only one thing.
    """

    operation: str
    verb: Verb
    flag: str = ""


class Dialect(msgspec.Struct, frozen=True):
    """A vendor's machine. Checked when built.

    Attributes:
        vendor: whose it is.
        tick: the resolution of its instants, in microseconds.
        moves: what its calls can do, in the order of its page.

    Raises:
        InvalidTable: two moves with one operation and flag, a move that is nothing that can be done to a record,
            an event that no other moves lead to.
    """

    vendor: str
    tick: int
    moves: tuple[Move, ...]

    def __post_init__(self) -> None:
        seen = set()
        for move in self.moves:
            if (move.operation, move.flag) in seen:
                raise InvalidTable(move, "duplicate: the operation with this flag does something already")
            seen.add((move.operation, move.flag))
            if not isinstance(move.verb, (Event, Correction)) and move.verb != UPDATE:
                raise InvalidTable(move, "dangling: it is no event, no correction and no update")
        walked = {label for _, label in self.transitions}
        for move in self.moves:
            if isinstance(move.verb, Event) and _label(move) not in walked:
                raise InvalidTable(move, "unreachable: no other call leads to where it is legal")
        if Event.START not in self.events:
            raise InvalidTable(self.vendor, "unreachable: no call starts a timer")
        if self.tick < 1:
            raise InvalidTable(self.vendor, "a tick is at least one microsecond")

    @property
    def events(self) -> frozenset[Event]:
        """The events that the vendor's calls can make."""
        return frozenset(move.verb for move in self.moves if isinstance(move.verb, Event))

    @property
    def transitions(self) -> Mapping[tuple[State, str], State]:
        """The part of the one table that this vendor's calls can walk: (state, call) → next state."""
        walked: dict[tuple[State, str], State] = {}
        reached = {State.IDLE}
        while True:
            found = {
                (source, _label(move)): target
                for (source, event), target in TRANSITIONS.items()
                for move in self.moves
                if move.verb is event and source in reached
            }
            if found == walked:
                return MappingProxyType(walked)
            walked = found
            reached |= set(found.values())

    def floor(self, instant: int) -> int:
        """The instant as this vendor's world knows it: the whole tick at or before it."""
        return instant - instant % self.tick


def _label(move: Move) -> str:
    return f"{move.operation} ({move.flag})" if move.flag else move.operation
