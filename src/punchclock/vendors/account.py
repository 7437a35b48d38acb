"""The account: what a vendor's rules are decided against; a world, and the timers in it.

`Account` is the small protocol through which a vendor's calls read it. They never write: they return
changes, and whoever keeps the account stores them. `MemoryAccount` keeps them in memory and is enough for
tests and for embedding; accounts in databases belong to the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from punchclock.machine import State
from punchclock.vendors.records import Change, Record
from punchclock.vendors.world import Client, Job, Project, Task, World

__all__ = ["Account", "MemoryAccount", "Page", "Query"]


R = TypeVar("R", bound=Record)


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
    def world(self) -> World:
        """What the account is set up with."""

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""

    def new_id(self) -> int:
        """A number that no record of this account bears yet. Asked twice without a change, it is the same."""


class MemoryAccount:
    """An account that keeps its timers in memory. Not safe for threads; the sandbox's store is."""

    def __init__(self, world: World, records: Iterable[Record] = ()) -> None:
        self._world = world
        self._records: dict[type[Record], dict[str, Record]] = {}
        self._of_person: dict[tuple[type[Record], str], dict[str, Record]] = {}
        self._last_id = 1000
        for record in records:
            self._put(record)

    @property
    def world(self) -> World:
        """What the account is set up with."""
        return self._world

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""
        return cast("R | None", self._records.get(of, {}).get(id))

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""
        if query.people is not None and len(query.people) == 1:
            candidates = self._of_person.get((query.of, query.people[0]), {})
        else:
            candidates = self._records.get(query.of, {})
        found = [cast("R", record) for record in candidates.values() if _matches(record, query)]
        found.sort(key=_by_update if query.by_update else _by_age, reverse=query.descending)
        last = None if query.limit is None else query.offset + query.limit
        return Page(tuple(found[query.offset : last]), len(found))

    def new_id(self) -> int:
        """A number that no record of this account bears yet."""
        return self._last_id + 1

    def apply(self, changes: Iterable[Change[Record]]) -> None:
        """Store what a call changed."""
        for change in changes:
            if change.removes:
                self._drop(change.record)
            else:
                self._put(change.record)

    def _put(self, record: Record) -> None:
        of = type(record)
        before = self._records.setdefault(of, {}).get(record.id)
        if before is not None and before.person.id != record.person.id:
            del self._of_person[of, before.person.id][record.id]
        self._records[of][record.id] = record
        self._of_person.setdefault((of, record.person.id), {})[record.id] = record
        self._last_id = max(self._last_id, record.last_number)

    def _drop(self, record: Record) -> None:
        of = type(record)
        del self._records[of][record.id]
        del self._of_person[of, record.person.id][record.id]


def _matches(record: Record, query: Query[R]) -> bool:
    return (
        (query.people is None or record.person.id in query.people)
        and (query.states is None or record.timer.state in query.states)
        and (query.tasks is None or _id(record.task) in query.tasks)
        and (query.projects is None or _id(record.project) in query.projects)
        and (query.clients is None or _id(record.client) in query.clients)
        and (query.jobs is None or _id(record.job) in query.jobs)
        and (query.with_task is None or query.with_task == (record.task is not None))
        and (query.work_date is None or record.work_date == query.work_date)
    )


def _id(entity: Client | Project | Task | Job | None) -> str:
    return "" if entity is None else entity.id


def _by_age(record: Record) -> int:
    return record.number


def _by_update(record: Record) -> tuple[date, int]:
    return record.updated_on or date.min, record.number
