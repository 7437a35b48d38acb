"""Records and changes: a timer with the fields that a vendor stores with it, and what a call does to it.

Every store checks the changes that it is given with `check_changes`, so that what is stored is what happened: the
events and corrections of a record, replayed in order, lead to its timer.

A record holds one `punchclock.Timer` and the fields that more than one vendor has. Fields of one vendor are in the
subclass in that vendor's folder. A record that an account keeps is complete; a record parsed from a payload has only
the fields that the payload reports, and the others are at their defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import ClassVar, Final, Generic, Literal, TypeVar

import msgspec

from punchclock.errors import PunchclockError, safe_repr
from punchclock.machine import Correction, Event
from punchclock.timer import IDLE, Timer, amend, transition
from punchclock.vendors.errors import InconsistentChange, NotRepresentable
from punchclock.vendors.workspace import Client, Job, Person, Project, Task


class VendorTimer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vendor's timer.

    Attributes:
        id: its id, a text of any length; ``""`` if the payload has none.
        timer: state, start, last instant and work, in the dialect's resolution.
        person: its owner.
        work_date: the day that it is booked on, if the vendor books by day.
        updated_on: the day of the last event, if the vendor reports it.
    """

    vendor: ClassVar[str]
    kind: ClassVar[str] = "timer"

    id: str = ""
    timer: Timer
    person: Person = Person()
    client: Client | None = None
    project: Project | None = None
    task: Task | None = None
    job: Job | None = None
    note: str = ""
    work_date: date | None = None
    updated_on: date | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of this record and of the entries nested in it, in the order in which they were assigned."""
        return (self.id,)


def id_number(vendor: str, id: str) -> int:
    """Return an id as a number, for a payload that has a number in its place.

    Raises:
        NotRepresentable: it is not a number, or is one with leading zeros, which a number does not keep.
    """
    if id.isascii() and id.isdecimal() and (id[0] != "0" or id == "0") and len(id) <= _MOST_DIGITS:
        return int(id)
    raise NotRepresentable(vendor, f"the id {safe_repr(id)} is not a number")


_MOST_DIGITS: Final = 4000  # Python converts no more than 4300


def last_number(last: int, ids: Iterable[str]) -> int:
    """Return the number after which an account continues, once it has a record with these ids.

    It rises above every id that is a number of up to 18 digits. Other ids do not matter, because they never equal a
    number that the account assigns. A longer number counts only if it is the next one: then the account assigned it.

    Args:
        last: the number after which it continued before.
        ids: the record's `VendorTimer.ids`.
    """
    for id in ids:
        if len(id) <= 19 and id.isascii() and id.isdecimal():
            number = int(id)
            if number > last and (number < _LIMIT or number == last + 1):
                last = number
    return last


_LIMIT: Final = 10**18


#: The action of a call that changes a record's other fields, but not its timer.
UPDATE: Final = "update"

#: Every action of a call on a record.
Action = Event | Correction | Literal["update"]


R_co = TypeVar("R_co", bound=VendorTimer, covariant=True)


class Change(msgspec.Struct, Generic[R_co], frozen=True):
    """One action of a call, for the account's owner to store; the changes of a call are stored in order.

    Attributes:
        action: the event, the correction, or `UPDATE`.
        at: the instant at which it takes effect.
        record: the record afterwards; for a discard, the record before.
    """

    action: Action
    at: int
    record: R_co


def check_changes(
    changes: Iterable[Change[VendorTimer]], stored: Callable[[VendorTimer], VendorTimer | None]
) -> dict[tuple[type[VendorTimer], str], VendorTimer | None]:
    """Check each change against its action, before any is stored.

    An event must lead from the timer before it to the timer in the record, a correction must be possible, an update
    must leave the timer unchanged, and a discard must have the record that is stored. Of several changes of one
    record, each follows from the one before.

    Args:
        changes: the changes of a call, in order.
        stored: returns the record that is stored under the type and the id of another, or ``None``.

    Returns:
        The records before the changes, by type and id.

    Raises:
        InconsistentChange: a change is not what its action does. This is an error in a vendor's folder.
    """
    before: dict[tuple[type[VendorTimer], str], VendorTimer | None] = {}
    after: dict[tuple[type[VendorTimer], str], VendorTimer | None] = {}
    for change in changes:
        record = change.record
        key = (type(record), record.id)
        if key not in before:
            before[key] = after[key] = stored(record)
        reason = _inconsistency(change, after[key])
        if reason:
            raise InconsistentChange(record.vendor, record.id, str(change.action), reason)
        after[key] = None if change.action is Correction.DISCARD else record
    return before


def _inconsistency(change: Change[VendorTimer], before: VendorTimer | None) -> str:
    """Return why a change is not what its action does to the record, or ``""``."""
    action, record = change.action, change.record
    timer = IDLE if before is None else before.timer
    if not record.id:
        return "the record has no id"
    try:
        if isinstance(action, Event):
            expected = transition(timer, action, change.at)
        elif before is None:
            return "no such record is stored"
        elif action is Correction.AMEND:
            expected = amend(timer, worked=record.timer.worked, since=record.timer.since)
        elif action is Correction.DISCARD and record != before:
            return "the stored record is another"
        else:
            expected = timer
    except PunchclockError as error:
        return str(error)
    return "" if record.timer == expected else f"it leads to {expected}, not to {record.timer}"
