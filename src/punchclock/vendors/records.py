"""Records and changes: a timer with the fields that a vendor stores with it, and what a call does to it.

A record holds one `punchclock.Timer` and the fields that more than one vendor has. Fields of one vendor are in the
subclass in that vendor's folder. A record that an account keeps is complete; a record parsed from a payload has only
the fields that the payload reports, and the others are at their defaults.
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


class VendorTimer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A vendor's timer.

    Attributes:
        id: its id, ``""`` if the payload has none.
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
    def number(self) -> int:
        """The id as a number. Ids are assigned in rising order, so records are ordered by age.

        Raises:
            NotRepresentable: the id is not a number.
        """
        return id_number(self.vendor, self.id)

    @property
    def last_number(self) -> int:
        """The highest id, as a number, of this record and the entries nested in it.

        Raises:
            NotRepresentable: an id is not a number.
        """
        return self.number


def id_number(vendor: str, id: str) -> int:
    """Return an id as a number, for a vendor whose ids are numbers.

    Raises:
        NotRepresentable: it is not a number. (The type of a record allows any text.)
    """
    try:
        return int(id)
    except ValueError:
        raise NotRepresentable(vendor, f"the id {safe_repr(id)} is not a number") from None


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
