"""The store in a database: SQLite in a file, or PostgreSQL by URL.

A change is decided and stored in one transaction that excludes other writers: SQLite's ``BEGIN IMMEDIATE``,
PostgreSQL's advisory lock. Once a call is answered, its change survives a kill of the process. A power cut can lose the
most recent changes in SQLite, unless the URL ends with ``?durable=full``.

The journal entries of read-only calls stay in memory until the next change. A crash can lose them.

The statements are in tables.py; the versions of the schema are in migrations/.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from punchclock import vendors
from punchclock.errors import safe_repr
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import StoreUnavailable, Transaction
from punchclock.sandbox.tables import SqlAccount, delete_all, read_journal, write_journal
from punchclock.vendors.account import Account
from punchclock.vendors.workspace import Workspace

#: The number of PostgreSQL's advisory lock, "punchclk" in ASCII; no other program may use it in the same database.
ADVISORY_LOCK: Final = 0x70756E6368636C6B
#: The number of read-only calls after which their journal entries are written, even without a change.
FLUSH_EVERY: Final = 500
#: The maximum number of entries that are kept while the database is unavailable. Beyond it, the oldest are dropped.
MAX_KEPT: Final = 20 * FLUSH_EVERY


class SqlStore:
    """A store in a database. Safe for threads, and for several servers on one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``; ``sqlite:///FILE?durable=full`` syncs each change to the disk.
        workspace: the people, the work and the settings of the account.
        timeout: how long a change waits for other writers, in seconds.

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
        self._decoders = {
            of: msgspec.json.Decoder(of) for name in vendors.names() for of in vendors.load(name).timer_types
        }
        self._engine = _engine(url, timeout)
        if self._engine.dialect.name == "sqlite":
            self._begin_read, self._begin_write = "BEGIN", "BEGIN IMMEDIATE"
        else:
            self._begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            self._begin_write = f"BEGIN; SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        try:
            with self._write() as connection:
                _migrate(connection)
        except StoreUnavailable:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """Open a consistent view of the account, without waiting for writers."""
        with self._begin(self._begin_read) as connection:
            yield SqlAccount(connection, self._workspace, self._decoders)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the account for one call that may change it; the changes are stored at the end of the block."""
        with self._write() as connection:
            account = SqlAccount(connection, self._workspace, self._decoders)
            transaction = Transaction(account)
            yield transaction
            if transaction.changes:
                account.write(transaction.changes)
            if transaction.entries:
                self._write_notes(connection, transaction.entries)

    def note(self, entry: JournalEntry) -> None:
        """Keep the journal entry of a read-only call, and write it with the next change."""
        self._notes.append(entry)
        if next(self._noted) % FLUSH_EVERY == 0:
            self._flush()

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Yield the journal entries with a number above ``after``, in order."""
        self._flush()
        while True:
            with self._begin(self._begin_read) as connection:
                entries = read_journal(connection, after)
            if not entries:
                return
            yield from entries
            after = entries[-1].number

    def reset(self) -> None:
        """Delete every timer and the journal, and start the ids again."""
        with self._write() as connection:
            delete_all(connection)
            self._claim_notes()

    def close(self) -> None:
        """Write the journal entries that are in memory, and close the connections."""
        try:
            self._flush()
        finally:
            self._engine.dispose()

    def _flush(self) -> None:
        with self._write() as connection:  # even with nothing to write: waits for the thread that is writing entries
            self._write_notes(connection)

    def _write_notes(self, connection: sa.Connection, entries: Sequence[JournalEntry] = ()) -> None:
        write_journal(connection, [*self._claim_notes(), *entries])

    def _claim_notes(self) -> list[JournalEntry]:
        """Move the entries in memory into this thread's transaction; if that fails, `_write` moves them back."""
        self._claimed = [self._notes.popleft() for _ in range(len(self._notes))]
        return self._claimed

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        """Open a transaction that excludes all other writers, in this process and in others."""
        # SQLite polls for its lock, which is slow between threads. This lock wakes the next thread at once.
        if not self._writing.acquire(timeout=self._timeout):
            raise StoreUnavailable(f"other calls have been writing for {self._timeout} seconds")
        try:
            with self._begin(self._begin_write) as connection:
                yield connection
            self._claimed.clear()
        finally:
            while self._claimed and len(self._notes) < MAX_KEPT:
                self._notes.appendleft(self._claimed.pop())
            self._writing.release()

    @contextmanager
    def _begin(self, begin: str) -> Iterator[sa.Connection]:
        """Open a transaction; every error of the database becomes `StoreUnavailable`."""
        try:
            with self._engine.connect() as connection:
                try:
                    connection.exec_driver_sql(begin)
                    yield connection
                    connection.exec_driver_sql("COMMIT")
                except BaseException:
                    with suppress(sa.exc.SQLAlchemyError):  # the database may have ended the transaction already
                        connection.exec_driver_sql("ROLLBACK")
                    raise
        except sa.exc.SQLAlchemyError as error:
            raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error


def _engine(url: str, timeout: float) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # its message may contain a part of the password
        raise StoreUnavailable("not a database URL; use sqlite:///FILE or postgresql://…") from None
    options: dict[str, Any] = {}
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreUnavailable("SQLite needs a file: sqlite:///FILE; memory: keeps timers without a database")
        durable = parsed.query.get("durable", "")
        if durable not in ("", "full"):
            raise StoreUnavailable(f"durable={safe_repr(durable)} is not valid; use durable=full or leave it out")
        if unknown := parsed.query.keys() - {"durable"}:
            raise StoreUnavailable(f"{safe_repr(min(unknown))} is not an option of SQLite's URL; durable=full is")
        parsed = parsed.set(drivername="sqlite").difference_update_query(["durable"])
        options["connect_args"] = {"timeout": timeout}
        settings = ["PRAGMA journal_mode = WAL", f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}"]
    elif backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        if "connect_timeout" not in parsed.query:
            parsed = parsed.update_query_dict({"connect_timeout": str(max(2, round(timeout)))})
        options["pool_pre_ping"] = True
        settings = [f"SET lock_timeout = {max(1, round(timeout * 1000))}"]
    else:
        raise StoreUnavailable(f"{backend} is not supported; use sqlite:///FILE or postgresql://…")
    try:
        # AUTOCOMMIT, because this store begins and ends its transactions itself.
        engine = sa.create_engine(parsed, isolation_level="AUTOCOMMIT", pool_size=32, max_overflow=0, **options)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreUnavailable(f"an option of the database URL is not valid: {error}") from None
    sa.event.listen(engine, "connect", partial(_set_up, settings))
    return engine


def _set_up(settings: Sequence[str], connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's connection
    try:
        for setting in settings:
            connection.execute(setting).close()
    except BaseException:
        connection.close()  # SQLAlchemy would leave it open
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
