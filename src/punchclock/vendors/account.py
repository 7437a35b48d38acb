"""The account: what a vendor's rules are decided against; a workspace, and the timers in it.

`Account` is the small protocol through which a vendor's calls read it. They never write: they return
changes, and whoever keeps the account stores them. `MemoryAccount` keeps them in memory and is enough for
tests and for embedding; accounts in databases belong to the sandbox.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

import msgspec

from punchclock.machine import State
from punchclock.vendors.records import Change, VendorTimer
from punchclock.vendors.workspace import Client, Job, Project, Task, Workspace

__all__ = ["Account", "MemoryAccount", "Page", "Query"]


R = TypeVar("R", bound=VendorTimer)


class Query(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """Which records to find; ``None`` is "any".

    Attributes:
        of: the type of the records, which is one vendor's and one kind.
        people: ids of persons; ``tasks``, ``projects``, ``clients`` and ``jobs`` likewise.
        with_task: only timers that have a task (``True``) or have none (``False``).
        states: only timers in one of these.
        work_date: only timers booked on this day.
        by_update: order by the day of the last event, and by age within a day; otherwise by age alone.
        descending: the other way round.
        offset: how many to skip.
        limit: how many to return at most.
    """

    of: type[R]
    people: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    projects: tuple[str, ...] | None = None
    clients: tuple[str, ...] | None = None
    jobs: tuple[str, ...] | None = None
    with_task: bool | None = None
    states: tuple[State, ...] | None = None
    work_date: date | None = None
    by_update: bool = False
    descending: bool = False
    offset: int = 0
    limit: int | None = None


class Page(msgspec.Struct, Generic[R], frozen=True):
    """What a query found: the records asked for, and how many match it in all."""

    records: tuple[R, ...]
    total: int


class Account(Protocol):
    """What a vendor's calls read. They never write: they return changes for the account's keeper."""

    @property
    def workspace(self) -> Workspace:
        """What the account is set up with."""

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""

    def new_id(self) -> int:
        """A number that no record of this account bears yet. Asked twice without a change, it is the same."""


class MemoryAccount:
    """An account that keeps its timers in memory. Not safe for threads; the sandbox's store is.

    A page and its total take no longer with history: the records of a person in a state and on the same work lie
    together, in both orders that can be asked for, and of whom and what there are records is little beside them.
    """

    def __init__(self, workspace: Workspace, records: Iterable[VendorTimer] = ()) -> None:
        self._workspace = workspace
        self._records: dict[type[VendorTimer], dict[str, VendorTimer]] = {}
        self._shelves: dict[_Owner, dict[_Work, _Shelf]] = {}
        self._last_id = 1000
        for record in records:
            self._put(record)

    @property
    def workspace(self) -> Workspace:
        """What the account is set up with."""
        return self._workspace

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""
        return cast("R | None", self._records.get(of, {}).get(id))

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""
        shelves = self._matching(query)
        ordered = [shelf.by_update if query.by_update else shelf.by_age for shelf in shelves]
        places: Iterable[tuple[Any, ...]]
        places = heapq.merge(*map(reversed, ordered), reverse=True) if query.descending else heapq.merge(*ordered)
        of_type = self._records.get(query.of, {})
        found = (cast("R", of_type[place[-1]]) for place in places)
        end = None if query.limit is None else query.offset + query.limit
        if query.work_date is None:
            return Page(tuple(islice(found, query.offset, end)), sum(map(len, ordered)))
        of_day = [record for record in found if record.work_date == query.work_date]
        return Page(tuple(of_day[query.offset : end]), len(of_day))

    def new_id(self) -> int:
        """A number that no record of this account bears yet."""
        return self._last_id + 1

    def apply(self, changes: Iterable[Change[VendorTimer]]) -> None:
        """Store what a call changed."""
        for change in changes:
            if change.removes:
                self._drop(change.record)
            else:
                self._put(change.record)

    def _matching(self, query: Query[R]) -> list[_Shelf]:
        """The shelves on which all that match are, and but for their day nothing else."""
        states = set(State if query.states is None else query.states)
        if query.people is None:
            owners = [owner for owner in self._shelves if owner[0] is query.of and owner[2] in states]
        else:
            owners = [(query.of, person, state) for person in set(query.people) for state in states]
        return [
            shelf
            for owner in owners
            for work, shelf in self._shelves.get(owner, {}).items()
            if (query.tasks is None or work.task in query.tasks)
            and (query.projects is None or work.project in query.projects)
            and (query.clients is None or work.client in query.clients)
            and (query.jobs is None or work.job in query.jobs)
            and (query.with_task is None or query.with_task == (work.task != ""))
        ]

    def _put(self, record: VendorTimer) -> None:
        last = max(self._last_id, record.last_number)  # first: where an id is no number, nothing is kept
        kept = self._records.setdefault(type(record), {})
        if (before := kept.get(record.id)) is not None:
            self._shelf(before).remove(before)
        kept[record.id] = record
        self._shelf(record).add(record)
        self._last_id = last

    def _drop(self, record: VendorTimer) -> None:
        before = self._records[type(record)].pop(record.id)
        self._shelf(before).remove(before)

    def _shelf(self, record: VendorTimer) -> _Shelf:
        shelves = self._shelves.setdefault((type(record), record.person.id, record.timer.state), {})
        work = _Work(_id(record.task), _id(record.project), _id(record.client), _id(record.job))
        if (shelf := shelves.get(work)) is None:
            shelf = shelves[work] = _Shelf()
        return shelf


#: Whose records, and in which state.
_Owner = tuple[type[VendorTimer], str, State]


class _Work(NamedTuple):
    """What records are on: ids, ``""`` for none."""

    task: str
    project: str
    client: str
    job: str


class _Shelf:
    """Where records lie in order: by number, and by the day of their last event; each place ends in the id."""

    def __init__(self) -> None:
        self.by_age: list[tuple[int, str]] = []
        self.by_update: list[tuple[date, int, str]] = []

    def add(self, record: VendorTimer) -> None:
        insort(self.by_age, _by_age(record))
        insort(self.by_update, _by_update(record))

    def remove(self, record: VendorTimer) -> None:
        del self.by_age[bisect_left(self.by_age, _by_age(record))]
        del self.by_update[bisect_left(self.by_update, _by_update(record))]


def _id(entity: Client | Project | Task | Job | None) -> str:
    return "" if entity is None else entity.id


def _by_age(record: VendorTimer) -> tuple[int, str]:
    return record.number, record.id


def _by_update(record: VendorTimer) -> tuple[date, int, str]:
    return record.updated_on or date.min, record.number, record.id
