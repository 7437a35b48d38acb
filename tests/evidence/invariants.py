"""What has to hold of an account after every call: its timers, its journal, and a ledger that is kept from the journal.

The ledger is independent of the core. The simulation checks these invariants after each delivery, the kills after each
kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from evidence.claims import Refuted
from evidence.clients import every
from punchclock.eventlog import TimerLog, parse_line
from punchclock.machine import Correction, Event, State
from punchclock.sandbox.journal import JournalChange, JournalEntry, event_log
from punchclock.timer import Timer
from punchclock.vendors.account import Account, Query
from punchclock.vendors.records import VendorTimer

#: Vendors whose calls use the server's clock alone; with the others a client sends an instant, which may be wrong.
_SERVER_CLOCK: Final = frozenset({"worksection", "zoho"})


class Key(NamedTuple):
    """A timer of an account."""

    vendor: str
    kind: str
    id: str


def stored_records(account: Account) -> dict[Key, VendorTimer]:
    """Return every record of an account."""
    types = [of for client in every() for of in client.vendor.timer_types]
    found = [record for of in types for record in account.find(Query(of=of)).records]
    return {Key(record.vendor, record.kind, record.id): record for record in found}


def stored_timers(account: Account) -> dict[Key, Timer]:
    """Return every timer of an account."""
    return {key: record.timer for key, record in stored_records(account).items()}


def check_limits(account: Account) -> None:
    """Check the vendor's limit: one running timer for each person and type, or one for each person and task.

    Raises:
        Refuted: a person has more.
    """
    for client in every():
        for of in client.vendor.timer_types:
            records = account.find(Query(of=of)).records
            running = Counter(one.person.id for one in records if one.timer.state in client.one_running)
            if running and max(running.values()) > 1:
                raise Refuted(f"{client.name}: {dict(running)} running timers, by person")
            tasks = Counter((one.person.id, one.task.id) for one in records if one.task and client.one_per_task)
            if tasks and max(tasks.values()) > 1:
                raise Refuted(f"{client.name}: {dict(tasks)} timers, by person and task")


def check_replay(log: TimerLog[Any], entries: Iterable[JournalEntry], timers: Mapping[Key, Timer]) -> None:
    """Check that the journal's event log, written and read, replays to the stored timers.

    Args:
        log: the replay of the entries before; these are added to it.
        entries: the entries since then.
        timers: the stored timers.

    Raises:
        Refuted: it does not.
    """
    for line in event_log(entries):
        log.apply(parse_line(line))
    replayed = {name: record.timer for name, record in log.records.items()}
    stored = {"/".join(key): timer for key, timer in timers.items()}
    if replayed != stored:
        raise Refuted(f"the event log replayed: {different(replayed, stored)}")


def different(one: Mapping[Any, Timer], other: Mapping[Any, Timer]) -> str:
    """Describe the timers that differ."""
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return "; ".join(f"{key}: {one.get(key)}, not {other.get(key)}" for key in keys)


class _Sums:
    """The ledger of one timer: its work so far, and the start of the open segment."""

    def __init__(self, at: int) -> None:
        self.work = 0
        self.open: int | None = at
        self.ended = False

    def close(self, at: int) -> None:
        if self.open is not None:
            if at < self.open:
                raise Refuted(f"a segment of work ends at {at} before it starts at {self.open}")
            self.work += at - self.open
        self.open = None


class Ledger:
    """The ledger of every timer, from the changes in the journal.

    Args:
        overlaps: whether two segments of one person's work may overlap at a vendor that uses the server's clock,
            because a fault sets that clock wrong.
    """

    def __init__(self, *, overlaps: bool) -> None:
        self.overlaps = overlaps
        self._sums: dict[Key, _Sums] = {}
        self._last_end: dict[tuple[str, str], int] = {}

    def add(self, vendor: str, change: JournalChange) -> None:
        """Add a change; check that no work is lost or counted twice: the timer has the ledger's sum of segments.

        Raises:
            Refuted: the timer has another sum, starts twice, or changes after it is stopped.
        """
        key = Key(vendor, change.kind, change.id)
        if change.action == Correction.DISCARD:
            del self._sums[key]
            return
        if change.action == Event.START:
            if key in self._sums:
                raise Refuted(f"{key} is started twice")
            self._sums[key] = _Sums(change.at)
            self._begins(vendor, change)
        sums = self._sums[key]
        if sums.ended and change.action != "update":
            raise Refuted(f"{key} was stopped, but {change.action} follows")
        if change.action == Correction.AMEND:
            sums.work = change.timer.worked
            sums.open = change.timer.since if change.timer.state is State.RUNNING else None
        elif change.action == Event.RESUME:
            sums.open = change.at
            self._begins(vendor, change)
        elif change.action in (Event.PAUSE, Event.STOP):
            sums.close(change.at)
            sums.ended = change.action == Event.STOP
            last = self._last_end.get((vendor, change.user), change.at)
            self._last_end[vendor, change.user] = max(change.at, last)
        if change.timer.worked != sums.work:
            raise Refuted(f"{key} after {change.action}: {change.timer.worked} µs of work, the ledger has {sums.work}")
        if (change.timer.state is State.RUNNING) != (sums.open is not None):
            raise Refuted(f"{key} after {change.action}: {change.timer}, the ledger's open segment is {sums.open}")

    def _begins(self, vendor: str, change: JournalChange) -> None:
        """Check that a person's segments of work do not overlap, at a vendor that uses the server's clock."""
        if vendor in _SERVER_CLOCK and not self.overlaps:
            last = self._last_end.get((vendor, change.user))
            if last is not None and change.at < last:
                raise Refuted(f"{vendor}: {change.user} worked until {last}, and again from {change.at}")
