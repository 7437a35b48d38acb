"""Records and changes: a timer with what a vendor writes around it, and what a call did to it.

A record holds one `punchclock.Timer` and the fields that more than one vendor has. What a vendor has
alone is in the subclass in that vendor's folder. A record is complete when an account keeps it; one
that was parsed from a payload knows only what the payload says, and the rest is left at its default.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Final, Generic, Literal, TypeVar

import msgspec

from punchclock.errors import safe_repr
from punchclock.machine import Correction, Event
from punchclock.timer import Timer
from punchclock.vendors.errors import NotRepresentable
from punchclock.vendors.workspace import Client, Job, Person, Project, Task

__all__ = ["UPDATE", "Action", "Change", "VendorTimer", "id_number"]


class VendorTimer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vendor's timer.

    Attributes:
        id: its id, ``""`` where the payload names none.
        timer: state, start, last instant and work, in whole ticks of the dialect.
        person: whose it is.
        work_date: the day that it is booked on, where the vendor books on one.
        updated_on: the day of the last event, where the vendor says it.
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
    def number(self) -> int:
        """The id as a number: ids are given out in rising order, so it tells the record's age.

        Raises:
            NotRepresentable: it is none.
        """
        return id_number(self.vendor, self.id)

    @property
    def last_number(self) -> int:
        """The highest number that anything in this record bears.

        Raises:
            NotRepresentable: an id is none.
        """
        return self.number


def id_number(vendor: str, id: str) -> int:
    """An id as the number that it is at the vendor.

    Raises:
        NotRepresentable: it is none; a record may have been made with any text.
    """
    try:
        return int(id)
    except ValueError:
        raise NotRepresentable(vendor, f"the id {safe_repr(id)} is no number") from None


#: What a call does that is neither event nor correction: something around the timer is changed, the timer is not.
UPDATE: Final = "update"

#: Everything that a call can do to a record.
Action = Event | Correction | Literal["update"]


R_co = TypeVar("R_co", bound=VendorTimer, covariant=True)


class Change(msgspec.Struct, Generic[R_co], frozen=True):
    """One thing that a call did, for the account's keeper to store, in order.

    Attributes:
        action: the event, the correction, or `UPDATE`.
        at: the instant at which it counts.
        record: the record afterwards; for a discard, as it was.
    """

    action: Action
    at: int
    record: R_co

    @property
    def removes(self) -> bool:
        """Whether the record is gone now."""
        return self.action is Correction.DISCARD
