"""The store: keeps an account's timers and its journal. This module has the protocol, and the store in memory.

A store gives access to the account in two ways. `Store.reading` is a consistent, read-only view. `Store.transaction`
is for one call that may change something: no other such call runs at the same time, and the call's changes and its
journal entry are stored together or not at all. The store in a database is in sql.py.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from msgspec.structs import replace

from punchclock.errors import PunchclockError
from punchclock.sandbox.journal import JournalEntry
from punchclock.vendors.account import Account, MemoryAccount
from punchclock.vendors.records import Change, VendorTimer
from punchclock.vendors.workspace import Workspace


class StoreUnavailable(PunchclockError):
    """The store can't be read or written now. Nothing has changed, except perhaps for an `OutcomeUnknown`."""

    code = "store-unavailable"


class OutcomeUnknown(StoreUnavailable):
    """The store did not answer the commit of a change. The change is either stored as a whole or not at all."""

    code = "outcome-unknown"


class Transaction:
    """The account as one call sees it, and the changes and entries to store when the transaction ends.

    Attributes:
        changes: the call's changes, in order.
        entries: its journal entries.
    """

    def __init__(self, account: Account) -> None:
        self.workspace = account.workspace
        self.get = account.get
        self.find = account.find
        self.new_id = account.new_id
        self.changes: list[Change[VendorTimer]] = []
        self.entries: list[JournalEntry] = []


class Store(Protocol):
    """The timers and the journal of a sandbox. Safe for threads.

    Every method raises `StoreUnavailable` if the store can't be read or written; nothing has changed then. A method
    that changes something raises `OutcomeUnknown` if the change may or may not be stored.
    """

    def reading(self) -> AbstractContextManager[Account]:
        """Open a consistent, read-only view of the account."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open the account for one call that may change it.

        The changes are stored at the end of the block, unless the block raises.
        """

    def note(self, entry: JournalEntry) -> None:
        """Keep the journal entry of a call that changed nothing. A crash may lose it."""

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Yield the journal entries with a number above ``after``, in order.

        It holds a part of the journal at a time, and no lock and no transaction between two entries.
        """

    def reset(self) -> None:
        """Delete every timer and the journal, and start the ids again."""

    def close(self) -> None:
        """Release the store's resources."""


class MemoryStore:
    """A store in memory; its content is lost when the process ends."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self.reset()

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """Open a consistent, read-only view of the account."""
        with self._lock:
            yield self._account

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the account for one call that may change it; the changes are stored at the end of the block."""
        with self._lock:
            transaction = Transaction(self._account)
            yield transaction
            self._account.apply(transaction.changes)
            for entry in transaction.entries:
                self.note(entry)

    def note(self, entry: JournalEntry) -> None:
        """Append a journal entry."""
        with self._lock:
            self._entries.append(replace(entry, number=len(self._entries) + 1))

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Yield the journal entries with a number above ``after``, in order."""
        entries = self._entries  # a reset replaces the list
        return map(entries.__getitem__, range(max(after, 0), len(entries)))

    def reset(self) -> None:
        """Delete every timer and the journal, and start the ids again."""
        with self._lock:
            self._account = MemoryAccount(self._workspace)
            self._entries: list[JournalEntry] = []

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
