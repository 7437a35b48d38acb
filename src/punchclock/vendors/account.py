"""The account that a vendor checks its rules against: a workspace, and the timers in it.

Calls read an account through the small protocol `Account`. They never write: they return changes, and the account's
owner stores them. `MemoryAccount` keeps its timers in memory, which is enough for tests and for embedding; accounts in
databases belong to the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from operator import itemgetter
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec

from punchclock.machine import Correction, State
from punchclock.vendors.records import Change, VendorTimer, check_changes, last_number
from punchclock.vendors.workspace import Client, Job, Project, Task, Workspace

__all__ = ["Account", "MemoryAccount", "Page", "Query"]


R = TypeVar("R", bound=VendorTimer)


class Query(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """The records to find; a filter that is ``None`` matches every record.

    Attributes:
        of: the type of the records: one vendor, one kind.
        people: only records of the people with these ids; ``tasks``, ``projects``, ``clients`` and ``jobs`` likewise.
        with_task: only timers that have a task (``True``) or have none (``False``).
        states: only timers in one of these states.
        work_date: only timers booked on this day.
        by_update: order by the day of the last event, and by age within a day; otherwise by age alone.
        descending: reverse the order.
        offset: the number of records to skip.
        limit: the highest number of records to return.
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
    """The result of a query: the requested records, and how many match in total."""

    records: tuple[R, ...]
    total: int


class Account(Protocol):
    """What a vendor's calls read. They never write: they return changes for the account's owner to store."""

    @property
    def workspace(self) -> Workspace:
        """The account's people, projects and settings."""

    def get(self, of: type[R], id: str) -> R | None:
        """Return the record of this type with this id."""

    def find(self, query: Query[R]) -> Page[R]:
        """Return the records that match, oldest first unless the query orders them otherwise.

        The age of a record is its place in the order in which the records were inserted; an update keeps it.
        """

    def new_id(self) -> int:
        """Return a number that no record of this account has yet. It stays the same until a change is stored."""


class MemoryAccount:
    """An account that keeps its timers in memory. Not thread-safe; the sandbox's store is.

    The records are indexed by person and state. Every start checks whether the person has a running timer; with the
    index, this check does not get slower as stopped timers accumulate.
    """

    def __init__(self, workspace: Workspace, records: Iterable[VendorTimer] = ()) -> None:
        self.workspace = workspace
        self._records: dict[type[VendorTimer], dict[str, _Aged]] = {}
        self._index: dict[tuple[type[VendorTimer], str, State], dict[str, _Aged]] = {}
        self._last_age = 0
        self._last_id = 1000
        for record in records:
            self._last_id = last_number(self._last_id, record.ids)
            self._put(record)

    def get(self, of: type[R], id: str) -> R | None:
        """Return the record of this type with this id."""
        found = self._records.get(of, {}).get(id)
        return None if found is None else cast("R", found[1])

    def find(self, query: Query[R]) -> Page[R]:
        """Return the records that match, oldest first unless the query orders them otherwise."""
        found = self._candidates(query)
        entities = {"task": query.tasks, "project": query.projects, "client": query.clients, "job": query.jobs}
        for name, ids in entities.items():
            if ids is not None:
                found = [aged for aged in found if _id(getattr(aged[1], name)) in ids]
        if query.with_task is not None:
            found = [aged for aged in found if (aged[1].task is not None) == query.with_task]
        if query.work_date is not None:
            found = [aged for aged in found if aged[1].work_date == query.work_date]
        found.sort(key=_by_update if query.by_update else _by_age, reverse=query.descending)
        end = None if query.limit is None else query.offset + query.limit
        return Page(tuple(cast("R", record) for _, record in found[query.offset : end]), len(found))

    def new_id(self) -> int:
        """Return a number that no record of this account has yet."""
        return self._last_id + 1

    def apply(self, changes: Iterable[Change[VendorTimer]]) -> None:
        """Store the changes of a call.

        Raises:
            InconsistentChange: a change is not what its action does; nothing is stored.
        """
        changes = tuple(changes)
        check_changes(changes, lambda record: self.get(type(record), record.id))
        for change in changes:
            self._last_id = last_number(self._last_id, change.record.ids)
            if change.action is Correction.DISCARD:
                self._drop(change.record)
            else:
                self._put(change.record)

    def _candidates(self, query: Query[R]) -> list[_Aged]:
        """Return the records of the query's type, people and states, each with its age."""
        of, people, states = query.of, query.people, query.states
        if people is None and states is None:
            return [*self._records.get(of, {}).values()]
        wanted = set(State if states is None else states)
        if people is None:
            keys = [key for key in self._index if key[0] is of and key[2] in wanted]
        else:
            keys = [(of, person, state) for person in set(people) for state in wanted]
        return [aged for key in keys for aged in self._index.get(key, {}).values()]

    def _put(self, record: VendorTimer) -> None:
        records = self._records.setdefault(type(record), {})
        before = records.get(record.id)
        if before is None:
            self._last_age += 1
            aged = (self._last_age, record)
        else:
            del self._index[_key(before[1])][record.id]
            aged = (before[0], record)
        records[record.id] = self._index.setdefault(_key(record), {})[record.id] = aged

    def _drop(self, record: VendorTimer) -> None:
        _, before = self._records[type(record)].pop(record.id)
        del self._index[_key(before)][record.id]


#: A record with its place in the order in which the records were inserted.
_Aged = tuple[int, VendorTimer]


def _key(record: VendorTimer) -> tuple[type[VendorTimer], str, State]:
    return type(record), record.person.id, record.timer.state


def _id(entity: Client | Project | Task | Job | None) -> str:
    return "" if entity is None else entity.id


_by_age: Callable[[_Aged], Any] = itemgetter(0)


def _by_update(aged: _Aged) -> tuple[date, int]:
    age, record = aged
    return record.updated_on or date.min, age
