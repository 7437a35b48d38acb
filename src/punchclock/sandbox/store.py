"""Stores: who keeps an account's timers and its journal. The one in memory is here; databases are in sql.py.

A store hands out the account in two ways. `Store.reading` is a consistent view in which nothing can be
changed. `Store.write` lets a call decide in a transaction: in the meantime nobody else decides, what is decided on
is what is changed, and a call's changes and its journal are kept together or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from punchclock.errors import PunchclockError
from punchclock.sandbox.journal import JournalEntry
from punchclock.vendors.account import Account, MemoryAccount
from punchclock.vendors.records import Change, VendorTimer
from punchclock.vendors.workspace import Workspace

__all__ = ["MemoryStore", "Store", "StoreUnavailable", "Transaction"]

T = TypeVar("T")


class StoreUnavailable(PunchclockError):
    """The store cannot read or keep anything now; nothing has changed."""

    code = "store-unavailable"


class Transaction:
    """What a call decides on: the account as it is, and what the call gives to be kept once it has decided."""

    def __init__(self, account: Account) -> None:
        self.workspace = account.workspace
        self.get = account.get
        self.find = account.find
        self.new_id = account.new_id
        self.changes: list[Change[VendorTimer]] = []
        self.entries: list[JournalEntry] = []

    def apply(self, changes: Iterable[Change[VendorTimer]]) -> None:
        """Keep what a call changed, in order."""
        self.changes.extend(changes)

    def append(self, entry: JournalEntry) -> None:
        """Keep an entry of the journal, numbered after the last."""
        self.entries.append(entry)


class Store(Protocol):
    """Where a sandbox keeps what happened. Safe for threads.

    Whatever is asked of it raises `StoreUnavailable` where it cannot be had now; nothing has changed then.
    """

    def reading(self) -> AbstractContextManager[Account]:
        """The account as it is, to read."""

    def write(self, decide: Callable[[Transaction], T]) -> T:
        """Let a call decide, and keep what it gives its transaction: nothing where it raises, durable on return.

        Others' calls may be decided in the same transaction of the store, before it and after it.

        Raises:
            StoreUnavailable: the store cannot keep it now; nothing has changed.
        """

    def note(self, entry: JournalEntry) -> None:
        """Keep a journal entry of a call that changed nothing; it need not survive a crash."""

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """The entries of the journal with a number above ``after``, in order."""

    def reset(self) -> None:
        """Forget every timer and the whole journal; ids begin anew."""

    def close(self) -> None:
        """Let go of what is held."""


class MemoryStore:
    """A store that lasts as long as its process."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self.reset()

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """The account as it is, to read."""
        with self._lock:
            yield self._account

    def write(self, decide: Callable[[Transaction], T]) -> T:
        """Let a call decide, and keep what it gives its transaction."""
        with self._lock:
            transaction = Transaction(self._account)
            decided = decide(transaction)
            self._account.apply(transaction.changes)
            for entry in transaction.entries:
                self._number(entry)
            return decided

    def note(self, entry: JournalEntry) -> None:
        """Keep a journal entry of a call that changed nothing."""
        with self._lock:
            self._number(entry)

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """The entries of the journal with a number above ``after``, in order."""
        with self._lock:
            return iter(self._entries[max(after, 0) :])

    def reset(self) -> None:
        """Forget every timer and the whole journal; ids begin anew."""
        with self._lock:
            self._account = MemoryAccount(self._workspace)
            self._entries: list[JournalEntry] = []

    def close(self) -> None:
        """Nothing is held."""

    def _number(self, entry: JournalEntry) -> None:
        self._entries.append(entry.numbered(len(self._entries) + 1))
