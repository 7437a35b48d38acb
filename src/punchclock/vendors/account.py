"""The account that a vendor checks its rules against: a workspace, and the timers in it.

Calls read an account through the small protocol `Account`. They never write: they return changes, and the account's
owner stores them. `MemoryAccount` keeps its timers in memory, which is enough for tests and for embedding; accounts in
databases belong to the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from punchclock.machine import Correction, State
from punchclock.vendors.records import Change, VendorTimer
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
        """Return the records that match, oldest first unless the query orders them otherwise."""

    def new_id(self) -> int:
        """Return a number that no record of this account has yet. It stays the same until a change is stored."""


class MemoryAccount:
    """An account that keeps its timers in memory. Not thread-safe; the sandbox's store is.

    The records are indexed by person and state. Every start checks whether the person has a running timer; with the
    index, this check does not get slower as stopped timers accumulate.
    """

    def __init__(self, workspace: Workspace, records: Iterable[VendorTimer] = ()) -> None:
        self.workspace = workspace
        self._records: dict[type[VendorTimer], dict[str, VendorTimer]] = {}
        self._index: dict[tuple[type[VendorTimer], str, State], dict[str, VendorTimer]] = {}
        self._last_id = 1000
        for record in records:
            self._put(record)

    def get(self, of: type[R], id: str) -> R | None:
        """Return the record of this type with this id."""
        return cast("R | None", self._records.get(of, {}).get(id))

    def find(self, query: Query[R]) -> Page[R]:
        """Return the records that match, oldest first unless the query orders them otherwise."""
        found = self._candidates(query)
        entities = {"task": query.tasks, "project": query.projects, "client": query.clients, "job": query.jobs}
        for name, ids in entities.items():
            if ids is not None:
                found = [record for record in found if _id(getattr(record, name)) in ids]
        if query.with_task is not None:
            found = [record for record in found if (record.task is not None) == query.with_task]
        if query.work_date is not None:
            found = [record for record in found if record.work_date == query.work_date]
        found.sort(key=_by_update if query.by_update else _by_age, reverse=query.descending)
        end = None if query.limit is None else query.offset + query.limit
        return Page(tuple(found[query.offset : end]), len(found))

    def new_id(self) -> int:
        """Return a number that no record of this account has yet."""
        return self._last_id + 1

    def apply(self, changes: Iterable[Change[VendorTimer]]) -> None:
        """Store the changes of a call."""
        for change in changes:
            if change.action is Correction.DISCARD:
                self._drop(change.record)
            else:
                self._put(change.record)

    def _candidates(self, query: Query[R]) -> list[R]:
        """Return the records of the query's type, people and states."""
        of, people, states = query.of, query.people, query.states
        if people is None and states is None:
            return cast("list[R]", [*self._records.get(of, {}).values()])
        wanted = set(State if states is None else states)
        if people is None:
            keys = [key for key in self._index if key[0] is of and key[2] in wanted]
        else:
            keys = [(of, person, state) for person in set(people) for state in wanted]
        return cast("list[R]", [record for key in keys for record in self._index.get(key, {}).values()])

    def _put(self, record: VendorTimer) -> None:
        last = max(self._last_id, record.last_number)  # first: if an id is not a number, nothing is stored
        records = self._records.setdefault(type(record), {})
        if record.id in records:
            self._unindex(records[record.id])
        records[record.id] = record
        self._index.setdefault(_key(record), {})[record.id] = record
        self._last_id = last

    def _drop(self, record: VendorTimer) -> None:
        self._unindex(self._records[type(record)].pop(record.id))

    def _unindex(self, record: VendorTimer) -> None:
        del self._index[_key(record)][record.id]


def _key(record: VendorTimer) -> tuple[type[VendorTimer], str, State]:
    return type(record), record.person.id, record.timer.state


def _id(entity: Client | Project | Task | Job | None) -> str:
    return "" if entity is None else entity.id


def _by_age(record: VendorTimer) -> int:
    return int(record.id)  # `_put` has checked that it is a number


def _by_update(record: VendorTimer) -> tuple[date, int]:
    return record.updated_on or date.min, int(record.id)
