"""The account: what a vendor's rules are decided against; a world, and the timers in it.

`Account` is the small protocol through which a vendor's calls read it. They never write: they return
changes, and whoever keeps the account stores them. `MemoryAccount` keeps them in memory and is enough for
tests and for embedding; accounts in databases belong to the sandbox.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import date
from itertools import chain
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
        #: By person and state, so that who is asked what runs now need not go through what has ever run.
        self._of_person: dict[tuple[type[Record], str, State], dict[str, Record]] = {}
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
        found = [cast("R", record) for record in self._candidates(query) if _matches(record, query)]
        key = _by_update if query.by_update else _by_age
        if query.limit is None:
            found.sort(key=key, reverse=query.descending)
            return Page(tuple(found[query.offset :]), len(found))
        first = heapq.nlargest if query.descending else heapq.nsmallest
        return Page(tuple(first(query.offset + query.limit, found, key=key)[query.offset :]), len(found))

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

    def _candidates(self, query: Query[R]) -> Iterable[Record]:
        """The records among which all that match are, as few as the indexes allow."""
        if query.people is None:
            return self._records.get(query.of, {}).values()
        states = tuple(State) if query.states is None else query.states
        keys = [(query.of, person, state) for person in set(query.people) for state in set(states)]
        return chain.from_iterable(self._of_person.get(key, {}).values() for key in keys)

    def _put(self, record: Record) -> None:
        kept = self._records.setdefault(type(record), {})
        if (before := kept.get(record.id)) is not None:
            del self._of_person[_key(before)][record.id]
        kept[record.id] = record
        self._of_person.setdefault(_key(record), {})[record.id] = record
        self._last_id = max(self._last_id, record.last_number)

    def _drop(self, record: Record) -> None:
        before = self._records[type(record)].pop(record.id)
        del self._of_person[_key(before)][record.id]


def _key(record: Record) -> tuple[type[Record], str, State]:
    return type(record), record.person.id, record.timer.state


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
