"""The store in a database: SQLite in a file, or PostgreSQL by URL.

A change is decided and stored in one transaction that excludes other writers: SQLite's ``BEGIN IMMEDIATE``,
PostgreSQL's advisory lock. Once a call is answered, its change survives a kill of the process. A power cut can lose the
most recent changes in SQLite, unless the URL ends with ``?durable=full``.

A transaction that stores something also stores its number. If its commit gets no answer, the store looks that number up
under the same lock, when the transaction has ended either way. So a change that is stored is never reported as failed.
If the database can't be reached for that, the result is `OutcomeUnknown`.

The journal entries of read-only calls stay in memory until the next change. A crash can lose them.

The statements are in tables.py, the connections in database.py; the versions of the schema are in migrations/.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Final

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from punchclock import vendors
from punchclock.sandbox.database import open_database
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import OutcomeUnknown, StoreUnavailable, Transaction
from punchclock.sandbox.tables import (
    SqlAccount,
    delete_all,
    read_attempt,
    read_journal,
    write_attempt,
    write_journal,
)
from punchclock.vendors.account import Account
from punchclock.vendors.workspace import Workspace

#: The number of read-only calls after which their journal entries are written, even without a change.
FLUSH_EVERY: Final = 500
#: The maximum number of entries that are kept while the database is unavailable. Beyond it, the oldest are dropped.
MAX_KEPT: Final = 20 * FLUSH_EVERY
#: The longest time that a read-only call waits for other writers to write journal entries, in seconds.
_SHORT: Final = 1.0
#: The time between two attempts to look up an outcome, in seconds.
_PAUSE: Final = 0.1


class SqlStore:
    """A store in a database. Safe for threads, and for several servers on one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``; ``sqlite:///FILE?durable=full`` syncs each change to the disk.
        workspace: the people, the work and the settings of the account.
        timeout: how long a call waits for other writers and for the database, in seconds; and how long it looks for
            the outcome of a commit without an answer.

    Raises:
        StoreUnavailable: the database can't be opened, or this version doesn't know its schema.
    """

    def __init__(self, url: str, workspace: Workspace, *, timeout: float = 10) -> None:
        self._workspace = workspace
        self._timeout = timeout
        self._writing = threading.Lock()
        self._notes: deque[JournalEntry] = deque(maxlen=MAX_KEPT)
        self._noted = count(1)
        self._claimed: list[JournalEntry] = []  # the entries that the writing thread has moved into its transaction
        self._server = uuid.uuid4().hex
        self._attempt = 0  # the number of the latest transaction of this server that stores something
        self._signed = False  # whether the writing thread's transaction has stored its number
        self._committing = False  # whether its commit has begun
        self._unknown: tuple[int, list[JournalEntry]] | None = None  # an attempt without an outcome, and its entries
        self._decoders = {
            of: msgspec.json.Decoder(of) for name in vendors.names() for of in vendors.load(name).timer_types
        }
        self._database = open_database(url, timeout)
        try:
            with self._write() as connection:
                self._database.accept(connection)
                _migrate(connection)
            self._database.examine()
        except StoreUnavailable:
            self._database.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """Open a consistent view of the account, without waiting for writers."""
        with self._begin() as connection:
            yield SqlAccount(connection, self._workspace, self._decoders)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the account for one call that may change it; the changes are stored at the end of the block."""
        with self._write() as connection:
            account = SqlAccount(connection, self._workspace, self._decoders)
            transaction = Transaction(account)
            yield transaction
            if transaction.changes:
                self._sign(connection)
                account.write(transaction.changes)
            if transaction.entries:
                self._write_notes(connection, transaction.entries)

    def note(self, entry: JournalEntry) -> None:
        """Keep the journal entry of a read-only call, and write it with the next change."""
        self._notes.append(entry)
        if next(self._noted) % FLUSH_EVERY == 0:
            self._flush(min(_SHORT, self._timeout))

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Yield the journal entries with a number above ``after``, in order.

        Entries in memory are written first. If other writers prevent that, they are not in the result.
        """
        deadline: float | None = time.monotonic() + self._timeout
        if self._notes or self._claimed or self._unknown:
            with suppress(StoreUnavailable):
                self._flush(min(_SHORT, self._timeout))
        while True:
            with self._begin(deadline) as connection:
                entries = read_journal(connection, after)
            deadline = None  # the next part is read when the client has the one before
            if not entries:
                return
            yield from entries
            after = entries[-1].number

    def reset(self) -> None:
        """Delete every timer and the journal, and start the ids again."""
        with self._write() as connection:
            delete_all(connection)
            self._claim_notes()
            self._sign(connection)

    def close(self) -> None:
        """Write the journal entries that are in memory, and close the connections."""
        try:
            if self._notes or self._claimed or self._unknown:
                self._flush(self._timeout)
        finally:
            self._database.close()

    def _flush(self, timeout: float) -> None:
        with self._write(timeout) as connection:
            self._write_notes(connection)

    def _write_notes(self, connection: sa.Connection, entries: Sequence[JournalEntry] = ()) -> None:
        written = [*self._claim_notes(), *entries]
        if written:
            self._sign(connection)
            write_journal(connection, written)

    def _claim_notes(self) -> list[JournalEntry]:
        """Move the entries in memory into this thread's transaction; if that fails, `_write` moves them back."""
        self._claimed = [self._notes.popleft() for _ in range(len(self._notes))]
        return self._claimed

    def _return_notes(self, entries: list[JournalEntry]) -> None:
        while entries and len(self._notes) < MAX_KEPT:
            self._notes.appendleft(entries.pop())
        entries.clear()

    @contextmanager
    def _write(self, timeout: float | None = None) -> Iterator[sa.Connection]:
        """Open a transaction that excludes all other writers, in this process and in others.

        Raises:
            OutcomeUnknown: the commit got no answer, and the database can't be reached to look up its outcome.
            StoreUnavailable: nothing has changed.
        """
        timeout = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + timeout
        # SQLite polls for its lock, which is slow between threads. This lock wakes the next thread at once.
        if not self._writing.acquire(timeout=timeout):
            raise StoreUnavailable(f"other calls have been writing for {timeout} seconds")
        self._signed = self._committing = False
        try:
            with self._begin(deadline, write=True) as connection:
                self._settle(connection)
                yield connection
            self._claimed.clear()
        except BaseException as error:
            if not (self._committing and self._signed):
                raise
            self._unknown, self._claimed = (self._attempt, self._claimed), []
            if not isinstance(error, StoreUnavailable):  # a signal ends the process
                raise
            self._look_up(error)
        finally:
            self._return_notes(self._claimed)
            self._writing.release()

    def _sign(self, connection: sa.Connection) -> None:
        """Store the number of this transaction, so that its outcome can be looked up."""
        if not self._signed:
            self._signed = True
            self._attempt += 1
            write_attempt(connection, self._server, self._attempt)

    def _look_up(self, error: StoreUnavailable) -> None:
        """Find out what became of a transaction whose commit failed; return if it was committed.

        Raises:
            OutcomeUnknown: the database can't be reached.
            StoreUnavailable: it was not committed.
        """
        deadline = time.monotonic() + self._timeout
        while (committed := self._looked_up(deadline)) is None:
            if time.monotonic() + _PAUSE > deadline:
                raise OutcomeUnknown(f"{error}; the change may or may not be stored") from error
            time.sleep(_PAUSE)
        if not committed:
            raise error

    def _looked_up(self, deadline: float) -> bool | None:
        committed = None
        with suppress(StoreUnavailable), self._begin(deadline, write=True) as connection:
            committed = self._settle(connection)
        return committed

    def _settle(self, connection: sa.Connection) -> bool | None:
        """Return whether the transaction without an outcome was committed; if it was not, keep its entries again.

        This transaction has the lock that the other one had, so the other one has ended.
        """
        if self._unknown is None:
            return None
        attempt, entries = self._unknown
        committed = read_attempt(connection, self._server) == attempt
        self._unknown = None
        if not committed:
            self._return_notes(entries)
        return committed

    @contextmanager
    def _begin(self, deadline: float | None = None, *, write: bool = False) -> Iterator[sa.Connection]:
        """Open a transaction; every error of the database becomes `StoreUnavailable`."""
        deadline = time.monotonic() + self._timeout if deadline is None else deadline
        with self._database.connection(deadline) as connection:
            try:
                connection.exec_driver_sql(self._database.begin(connection, write=write))
                yield connection
                if write:
                    self._committing = True
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                # The database may have ended the transaction already. A lost connection would be opened again.
                with suppress(sa.exc.SQLAlchemyError):
                    if not connection.invalidated:
                        connection.exec_driver_sql("ROLLBACK")
                raise


def _migrate(connection: sa.Connection) -> None:
    """Bring the schema up to this version."""
    config = Config()
    config.set_main_option("script_location", "punchclock.sandbox:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnavailable(f"the database was written by another version of punchclock: {error}") from None
