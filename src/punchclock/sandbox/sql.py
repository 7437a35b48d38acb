"""The store in a database: SQLite in a file, or PostgreSQL by URL, through SQLAlchemy Core.

A change is decided and stored in one transaction that nobody else writes beside: SQLite's ``BEGIN IMMEDIATE``,
PostgreSQL's advisory lock. It is durable when the response goes out: SQLite writes ahead and syncs. A sync takes longer
than a decision, so whoever waits meanwhile is decided together with others, one after another in one transaction,
and is answered once it is committed. Nobody waits for company: one call alone is a group of one.

Journal entries of calls that changed nothing are gathered in memory and go with the next change. They may be
lost in a crash, and the oldest of them where the database is gone for long; changes never.

What is asked and written is in tables.py, the schema's versions in migrations/.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Generic, TypeVar

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from msgspec.structs import replace

from punchclock import vendors
from punchclock.sandbox import tables
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import StoreUnavailable, Transaction
from punchclock.sandbox.tables import Decoders, Key, Place, Row
from punchclock.vendors.account import Account, Page, Query
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

__all__ = ["SqlStore"]

R = TypeVar("R", bound=VendorTimer)
T = TypeVar("T")
_E = TypeVar("_E")

#: Any number will do that no other program locks in the same database: "punchclk" in ASCII.
_LOCK: Final = 0x70756E6368636C6B
#: How many journal entries of calls that changed nothing are gathered before they go to the database by themselves …
_GATHERED: Final = 500
#: … and how many are kept at most while it cannot take them; then the oldest give way.
_KEPT: Final = 20 * _GATHERED

#: How many calls are decided in one transaction at most; whoever comes after them need not wait for ever.
_TOGETHER: Final = 64


class SqlStore:
    """A store in a database. Safe for threads, and for several servers on one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``.
        workspace: what the account is set up with.
        timeout: how long a call waits for a database that is busy, in seconds.

    Raises:
        StoreUnavailable: the database cannot be opened, or its schema is one that this version does not know.
    """

    def __init__(self, url: str, workspace: Workspace, *, timeout: float = 10) -> None:
        self._workspace = workspace
        self._patience = timeout
        self._lock = threading.Lock()
        self._notes: list[JournalEntry] = []
        self._line: list[_Call[Any]] = []
        self._gathering = threading.Lock()
        self._decoders = {of: msgspec.json.Decoder(of) for name in vendors.names() for of in vendors.load(name).RECORDS}
        self._engine = _engine(url, timeout)
        self._sqlite = self._engine.dialect.name == "sqlite"
        try:
            with self._transaction() as connection:
                _migrate(connection)
        except StoreUnavailable:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """The account as it is when it is first read, to read."""
        with _unavailable(), self._engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with _rolled_back(connection):
                yield _SqlAccount(connection, self._workspace, self._decoders)
            connection.exec_driver_sql("ROLLBACK")

    def write(self, decide: Callable[[Transaction], T]) -> T:
        """Let a call decide, and keep what it gives its transaction; durable when this returns."""
        call = _Call(decide)
        with self._gathering:
            self._line.append(call)
        try:
            with self._alone():
                while not call.taken:  # as a rule: not at all, somebody has taken it along; or once
                    self._decide_together()
        except BaseException as error:
            if self._left_the_line(call) or not isinstance(error, StoreUnavailable):
                raise
            with self._lock:  # it was taken along: what became of it is known when they are done
                pass
        return call.answer()

    def note(self, entry: JournalEntry) -> None:
        """Keep a journal entry of a call that changed nothing; it goes to the database with the next change."""
        with self._gathering:
            self._notes.append(entry)
            full = len(self._notes) % _GATHERED == 0  # so that a database that is gone is not asked at every call
            if len(self._notes) > _KEPT:
                del self._notes[:_GATHERED]
        if full:
            self._flush()

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """The entries of the journal with a number above ``after``, in order."""
        self._flush()
        last = after
        while True:  # in pages, so that a long journal is never held as a whole
            with _unavailable(), self._engine.connect() as connection:
                entries = tables.read_journal(connection, last)
            if not entries:
                return
            yield from entries
            last = entries[-1].number

    def reset(self) -> None:
        """Forget every timer and the whole journal; ids begin anew."""
        with self._alone(), self._transaction() as connection:
            for table in (tables.records, tables.counts, tables.journal):
                connection.execute(sa.delete(table))
            connection.execute(sa.update(tables.counter).values(last_id=1000))
            if not self._sqlite:  # SQLite numbers anew by itself
                connection.exec_driver_sql("ALTER SEQUENCE journal_number_seq RESTART")
        self._take_notes()

    def close(self) -> None:
        """Write what is gathered, and let go of the database."""
        try:
            self._flush()
        finally:
            self._engine.dispose()

    def _flush(self) -> None:
        """Write what is gathered."""
        notes: list[JournalEntry] = []
        try:
            with self._alone(), self._transaction() as connection:
                notes = self._take_notes()
                tables.write_journal(connection, notes)
        except BaseException:
            self._give_back(notes)
            raise

    def _take_notes(self) -> list[JournalEntry]:
        with self._gathering:
            notes, self._notes = self._notes, []
            return notes

    def _give_back(self, notes: list[JournalEntry]) -> None:
        with self._gathering:
            self._notes = (notes + self._notes)[-_KEPT:]

    def _decide_together(self) -> None:
        """Let all who wait decide, in one transaction."""
        group: list[_Call[Any]] = []
        notes: list[JournalEntry] = []
        try:
            with self._transaction() as connection:
                account = _Shared(connection, self._workspace, self._decoders)
                while calls := self._next(_TOGETHER - len(group)):
                    group += calls
                    for call in calls:
                        call.decide_on(account)
                account.write()
                if account.entries:  # calls that changed nothing after all cost no write
                    notes = self._take_notes()
                    tables.write_journal(connection, notes + account.entries)
        except BaseException as error:
            self._give_back(notes)
            for call in group:
                call.error = StoreUnavailable(str(error))
            raise

    def _next(self, most: int) -> list[_Call[Any]]:
        """The first so many of those who wait; they are taken along from now on."""
        with self._gathering:
            calls, self._line = self._line[:most], self._line[most:]
            for call in calls:
                call.taken = True
            return calls

    def _left_the_line(self, call: _Call[Any]) -> bool:
        """Whether a call that gives up could still leave the line: nobody had taken it along."""
        with self._gathering:
            if not call.taken:
                self._line.remove(call)
            return not call.taken

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that no other server writes beside."""
        with _unavailable(), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
            with _rolled_back(connection):
                if not self._sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield connection
                connection.exec_driver_sql("COMMIT")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Before all other threads; none waits for ever behind one that waits for the database."""
        if not self._lock.acquire(timeout=self._patience):
            raise StoreUnavailable(f"others have been writing for {self._patience} seconds")
        try:
            yield
        finally:
            self._lock.release()


class _Call(Generic[T]):
    """A call in line, and what became of it."""

    outcome: T

    def __init__(self, decide: Callable[[Transaction], T]) -> None:
        self._decide = decide
        self.taken = False
        self.error: Exception | None = None

    def decide_on(self, account: _Shared) -> None:
        """Decide. What goes wrong in deciding is this call's own; what goes wrong in the database is everybody's."""
        try:
            transaction = Transaction(account)
            self.outcome = self._decide(transaction)
            account.keep(transaction)
        except sa.exc.SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, it is for whoever called
            self.error = error

    def answer(self) -> T:
        """What was decided, or why nothing was."""
        if self.error is not None:
            raise self.error
        return self.outcome


class _SqlAccount:
    """An account as one connection sees it."""

    def __init__(self, connection: sa.Connection, workspace: Workspace, decoders: Decoders) -> None:
        self._connection = connection
        self._workspace = workspace
        self._decoders = decoders

    @property
    def workspace(self) -> Workspace:
        """What the account is set up with."""
        return self._workspace

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""
        row = tables.read_one(self._connection, of, id)
        return None if row is None else self._record(of, row)

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""
        rows, total = tables.find(self._connection, query)
        return Page(tuple(self._record(query.of, row) for row in rows), total)

    def new_id(self) -> int:
        """A number that no record of this account bears yet."""
        return tables.read_last_id(self._connection) + 1

    def _record(self, of: type[R], row: Any) -> R:  # noqa: ANN401 a row's type is its query's
        workspace = self._workspace
        record: R = tables.decoded(self._decoders[of], row.document)
        return replace(
            record,
            person=workspace.people.get(row.person) or Person(id=row.person),
            client=_known(workspace.clients, row.client, Client),
            project=_known(workspace.projects, row.project, Project),
            task=_known(workspace.tasks, row.task, Task),
            job=_known(workspace.jobs, row.job, Job),
        )


class _Shared(_SqlAccount):
    """An account that several calls are decided on, on a connection that holds the lock: each sees those before it.

    What they change is written when it is next asked for, or in the end; as a rule that is one statement for all.
    """

    def __init__(self, connection: sa.Connection, workspace: Workspace, decoders: Decoders) -> None:
        super().__init__(connection, workspace, decoders)
        self.entries: list[JournalEntry] = []
        self._stored_last_id = self._last_id = tables.read_last_id(connection)
        self._unwritten: dict[Key, Row | None] = {}
        #: What each record that was looked at or written is tallied under; ``None`` for one that is gone.
        self._places: dict[Key, Place | None] = {}

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""
        self.write()
        return super().get(of, id)

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""
        self.write()
        return super().find(query)

    def new_id(self) -> int:
        """A number that no record of this account bears yet."""
        return self._last_id + 1

    def keep(self, transaction: Transaction) -> None:
        """Keep what a call gave its transaction: of each record, what it is in the end."""
        rows = {tables.key(change.record): change for change in transaction.changes}
        # Whatever cannot be written down fails here, before anything is kept.
        self._unwritten |= {key: None if last.removes else tables.row(last.record) for key, last in rows.items()}
        self._last_id = max(self._last_id, *(change.record.last_number for change in transaction.changes), 0)
        self.entries += transaction.entries

    def write(self) -> None:
        """Write what has been kept since the last time."""
        if not self._unwritten:
            return
        counts: Counter[tuple[str, ...]] = Counter()
        for key, row in self._unwritten.items():
            before, after = self._place(key), None if row is None else tables.place(row)
            if before != after:
                counts.update({(*key[:2], *each): by for each, by in ((before, -1), (after, 1)) if each is not None})
            self._places[key] = after
        tables.write(self._connection, self._unwritten, counts)
        if self._last_id > self._stored_last_id:
            tables.write_last_id(self._connection, self._last_id)
            self._stored_last_id = self._last_id
        self._unwritten = {}

    def _place(self, key: Key) -> Place | None:
        """What a record is tallied under so far; one with a number above all that were given is new."""
        if key not in self._places:
            is_new = int(key.id) > self._stored_last_id
            self._places[key] = None if is_new else tables.read_place(self._connection, key)
        return self._places[key]


def _known(among: Any, id: str, of: type[_E]) -> _E | None:  # noqa: ANN401 a mapping by id of ``of``
    """What the workspace has under an id; the bare id where it no longer has it."""
    return (among.get(id) or of(id=id)) if id else None  # type: ignore[call-arg]


def _engine(url: str, timeout: float = 10) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # what it says may show a part of a password
        raise StoreUnavailable("no database URL; sqlite:///FILE and postgresql://… are") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        if "connect_timeout" not in parsed.query:
            parsed = parsed.update_query_dict({"connect_timeout": str(max(2, round(timeout)))})
    elif backend != "sqlite":
        raise StoreUnavailable(f"{backend} is not served; SQLite (sqlite:///FILE) and PostgreSQL (postgresql://…) are")
    # Every transaction here begins and ends by its own words, so the driver is to begin none.
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_size": 32, "max_overflow": 0}
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreUnavailable("SQLite needs a file: sqlite:///FILE; memory: is a store that needs none")
        parsed = parsed.set(drivername="sqlite")
        options["connect_args"] = {"timeout": timeout}
    else:
        options["pool_pre_ping"] = True
    try:
        engine = sa.create_engine(parsed, **options)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreUnavailable(f"an option of the database URL cannot be read: {error}") from None
    if backend == "sqlite":  # write ahead, so that readers never wait; sync before a commit returns
        configure = _configure("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
    else:  # wait for another server's lock no longer than the timeout
        configure = _configure(f"SET lock_timeout = {max(1, round(timeout * 1000))}")
    sa.event.listen(engine, "connect", configure)
    return engine


def _configure(*statements: str) -> Callable[[Any, object], None]:
    """Run statements on each new connection. One that rejects them is closed here; SQLAlchemy would leave it open."""

    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 sqlite3's or psycopg's own
        try:
            for statement in statements:
                connection.execute(statement).close()
        except BaseException:
            connection.close()
            raise

    return configure


def _migrate(connection: sa.Connection) -> None:
    """Bring the schema to this version's."""
    config = Config()
    config.set_main_option("script_location", "punchclock.sandbox:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreUnavailable(f"the database was written by another version of punchclock: {error}") from None


@contextmanager
def _rolled_back(connection: sa.Connection) -> Iterator[None]:
    """Roll back on an exception, and tell of that one: a database that ended the transaction rejects to once more."""
    try:
        yield
    except BaseException:
        with suppress(sa.exc.SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise


@contextmanager
def _unavailable() -> Iterator[None]:
    """What the database says no with, as the one error that a sandbox answers in its vendors' words."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error
