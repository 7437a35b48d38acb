"""The store in a database: SQLite in a file, or PostgreSQL by URL, through SQLAlchemy Core.

A transition is decided and stored in one transaction that nobody else writes beside: SQLite's ``BEGIN
IMMEDIATE``, PostgreSQL's advisory lock. It is durable when the reply goes out: SQLite writes ahead and syncs.
Journal entries of calls that changed nothing are gathered in memory and go with the next change. They may be
lost in a crash, and the oldest of them where the database is gone for long; changes never.

A record's row holds what it is looked up by, and the rest as JSON; people and work are kept as ids and come from
the world. Schema versions are in migrations/.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar, cast

import msgspec
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql, sqlite

from punchclock import vendors
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import StoreUnavailable, Transaction
from punchclock.vendors.account import Account, Page, Query
from punchclock.vendors.records import Change, Record
from punchclock.vendors.world import Client, Job, Person, Project, Task, World

__all__ = ["SqlStore"]

R = TypeVar("R", bound=Record)

_metadata: Final = sa.MetaData()

_records: Final = sa.Table(
    "records",
    _metadata,
    sa.Column("vendor", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("task", sa.Text, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("work_date", sa.Text, nullable=False),
    sa.Column("updated_on", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)
_journal: Final = sa.Table(
    "journal",
    _metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)
_counter: Final = sa.Table("counter", _metadata, sa.Column("last_id", sa.BigInteger, nullable=False))

#: Any number will do that no other program locks in the same database: "punchclk" in ASCII.
_LOCK: Final = 0x70756E6368636C6B
#: How many journal entries of calls that changed nothing are gathered before they go to the database by themselves …
_GATHERED: Final = 500
#: … and how many are kept at most while it cannot take them; then the oldest give way.
_KEPT: Final = 20 * _GATHERED

_encode: Final = msgspec.json.Encoder().encode
_entries: Final = msgspec.json.Decoder(JournalEntry)


class SqlStore:
    """A store in a database. Safe for threads, and for several servers on one database.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``.
        world: what the account is set up with.
        patience: how long a call waits for a database that is busy, in seconds.

    Raises:
        StoreUnavailable: the database cannot be opened, or its schema is one that this version does not know.
    """

    def __init__(self, url: str, world: World, *, patience: float = 10) -> None:
        self._world = world
        self._patience = patience
        self._lock = threading.Lock()
        self._notes: list[JournalEntry] = []
        self._gathering = threading.Lock()
        self._decoders = {of: msgspec.json.Decoder(of) for name in vendors.names() for of in vendors.load(name).RECORDS}
        self._engine = _engine(url, patience)
        self._sqlite = self._engine.dialect.name == "sqlite"
        try:
            with self._writing_connection() as connection:
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
                yield _SqlAccount(connection, self._world, self._decoders)
            connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction, kept when it ends without an exception; durable when this returns."""
        notes: list[JournalEntry] = []
        try:
            with self._writing_connection() as connection:
                transaction = _SqlTransaction(connection, self._world, self._decoders)
                yield transaction
                if transaction.entries:  # a call that changed nothing after all costs no write
                    notes = self._take_notes()
                    _write_journal(connection, notes + transaction.entries)
        except BaseException:
            self._give_back(notes)
            raise

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
            query = sa.select(_journal).where(_journal.c.number > last).order_by(_journal.c.number).limit(1000)
            with _unavailable(), self._engine.connect() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield _read(_entries, row.document).numbered(row.number)
            last = rows[-1].number

    def reset(self) -> None:
        """Forget every timer and the whole journal; ids begin anew."""
        with self._writing_connection() as connection:
            connection.execute(sa.delete(_records))
            connection.execute(sa.delete(_journal))
            connection.execute(sa.update(_counter).values(last_id=1000))
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
            with self._writing_connection() as connection:
                notes = self._take_notes()
                _write_journal(connection, notes)
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

    @contextmanager
    def _writing_connection(self) -> Iterator[sa.Connection]:
        """A connection in a transaction that nobody else writes beside."""
        with _unavailable(), self._alone(), self._engine.connect() as connection:
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


class _SqlAccount:
    """An account as one connection sees it."""

    def __init__(
        self, connection: sa.Connection, world: World, decoders: dict[type[Record], msgspec.json.Decoder[Any]]
    ) -> None:
        self._connection = connection
        self._world = world
        self._decoders = decoders

    @property
    def world(self) -> World:
        """What the account is set up with."""
        return self._world

    def get(self, of: type[R], id: str) -> R | None:
        """The record of this type with this id."""
        row = self._connection.execute(_ONE, {"v": of.vendor, "k": of.kind, "i": id}).one_or_none()
        return None if row is None else self._record(of, row)

    def find(self, query: Query[R]) -> Page[R]:
        """The records that match, oldest first unless the query says otherwise."""
        matching = _matching(query)
        order = [_records.c.updated_on, _records.c.number] if query.by_update else [_records.c.number]
        rows = self._connection.execute(
            sa.select(*_RECORD_COLUMNS)
            .where(*matching)
            .order_by(*(column.desc() if query.descending else column for column in order))
            .offset(query.offset or None)
            .limit(query.limit)
        ).all()
        total = query.offset + len(rows)
        if (query.limit is not None and len(rows) == query.limit) or (query.offset and not rows):
            count = sa.select(sa.func.count()).select_from(_records).where(*matching)
            total = self._connection.execute(count).scalar_one()
        return Page(tuple(self._record(query.of, row) for row in rows), total)

    def new_id(self) -> int:
        """A number that no record of this account bears yet."""
        return self._last_id() + 1

    def _last_id(self) -> int:
        return cast("int", self._connection.execute(sa.select(_counter.c.last_id)).scalar_one())

    def _record(self, of: type[R], row: Any) -> R:  # noqa: ANN401 a row's type is its query's
        world = self._world
        record: R = _read(self._decoders[of], row.document)
        return replace(
            record,
            person=world.people.get(row.person) or Person(id=row.person),
            client=_known(world.clients, row.client, Client),
            project=_known(world.projects, row.project, Project),
            task=_known(world.tasks, row.task, Task),
            job=_known(world.jobs, row.job, Job),
        )


class _SqlTransaction(_SqlAccount):
    """An account that can be written to, on a connection that holds the lock."""

    def __init__(
        self, connection: sa.Connection, world: World, decoders: dict[type[Record], msgspec.json.Decoder[Any]]
    ) -> None:
        super().__init__(connection, world, decoders)
        self.entries: list[JournalEntry] = []

    def apply(self, changes: Iterable[Change[Record]]) -> None:
        """Keep what a call changed: of each record, what it is in the end."""
        final = {(change.record.vendor, change.record.kind, change.record.id): change for change in changes}
        for (vendor, kind, id), change in final.items():
            if change.removes:
                mine = (_records.c.vendor == vendor, _records.c.kind == kind, _records.c.id == id)
                self._connection.execute(sa.delete(_records).where(*mine))
        if rows := [_row(change.record) for change in final.values() if not change.removes]:
            self._connection.execute(_upsert(self._connection), rows)
        last = max((change.record.last_number for change in final.values()), default=0)
        raised = sa.update(_counter).where(_counter.c.last_id < last).values(last_id=last)
        self._connection.execute(raised)

    def append(self, entry: JournalEntry) -> None:
        """Keep an entry of the journal."""
        self.entries.append(entry)


_RECORD_COLUMNS: Final = tuple(_records.c[name] for name in ("document", "person", "client", "project", "task", "job"))
_ONE: Final = sa.select(*_RECORD_COLUMNS).where(
    _records.c.vendor == sa.bindparam("v"), _records.c.kind == sa.bindparam("k"), _records.c.id == sa.bindparam("i")
)
_E = TypeVar("_E")


def _read(decoder: msgspec.json.Decoder[_E], document: str) -> _E:
    try:
        return decoder.decode(document)
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"the database holds what this version of punchclock cannot read: {error}") from None


def _known(among: Any, id: str, of: type[_E]) -> _E | None:  # noqa: ANN401 a mapping by id of ``of``
    """What the world has under an id; the bare id where it no longer has it."""
    return (among.get(id) or of(id=id)) if id else None  # type: ignore[call-arg]


def _row(record: Record) -> dict[str, object]:
    rest = replace(record, person=Person(), client=None, project=None, task=None, job=None)
    return {
        "vendor": record.vendor,
        "kind": record.kind,
        "id": record.id,
        "number": record.number,
        "person": record.person.id,
        "client": record.client.id if record.client else "",
        "project": record.project.id if record.project else "",
        "task": record.task.id if record.task else "",
        "job": record.job.id if record.job else "",
        "state": record.timer.state.value,
        "work_date": str(record.work_date or ""),
        "updated_on": str(record.updated_on or ""),
        "document": _encode(rest).decode(),
    }


def _write_journal(connection: sa.Connection, entries: list[JournalEntry]) -> None:
    if entries:
        connection.execute(sa.insert(_journal), [{"document": _encode(entry).decode()} for entry in entries])


def _matching(query: Query[R]) -> list[sa.ColumnElement[bool]]:
    c = _records.c
    conditions = [c.vendor == query.of.vendor, c.kind == query.of.kind]
    for column, wanted in (
        (c.person, query.people),
        (c.task, query.tasks),
        (c.project, query.projects),
        (c.client, query.clients),
        (c.job, query.jobs),
        (c.state, None if query.states is None else tuple(state.value for state in query.states)),
    ):
        if wanted is not None:
            conditions.append(column == wanted[0] if len(wanted) == 1 else column.in_(wanted))
    if query.with_task is not None:
        conditions.append(c.task != "" if query.with_task else c.task == "")
    if query.work_date is not None:
        conditions.append(c.work_date == str(query.work_date))
    return conditions


def _upsert(connection: sa.Connection) -> Any:  # noqa: ANN401 each dialect has its own insert
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(_records)
    kept = {column.name: statement.excluded[column.name] for column in _records.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=["vendor", "kind", "id"], set_=kept)


def _engine(url: str, patience: float = 10) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # what it says may show a part of a password
        raise StoreUnavailable("no database URL; sqlite:///FILE and postgresql://… are") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        if "connect_timeout" not in parsed.query:
            parsed = parsed.update_query_dict({"connect_timeout": str(max(2, round(patience)))})
    elif backend != "sqlite":
        raise StoreUnavailable(f"{backend} is not served; SQLite (sqlite:///FILE) and PostgreSQL (postgresql://…) are")
    # Every transaction here begins and ends by its own words, so the driver is to begin none.
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_size": 32, "max_overflow": 0}
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreUnavailable("SQLite needs a file: sqlite:///FILE; memory: is a store that needs none")
        parsed = parsed.set(drivername="sqlite")
        options["connect_args"] = {"timeout": patience}
    else:
        options["pool_pre_ping"] = True
    try:
        engine = sa.create_engine(parsed, **options)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreUnavailable(f"an option of the database URL cannot be read: {error}") from None
    sa.event.listen(engine, "connect", _durable if backend == "sqlite" else _patient(patience))
    return engine


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401 sqlite3's own
    """Write ahead, so that readers wait for nobody; sync before a commit returns."""
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _patient(patience: float) -> Callable[[Any, object], None]:
    """Wait for another server's lock no longer than that."""

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 psycopg's own
        connection.execute(f"SET lock_timeout = {max(1, round(patience * 1000))}")

    return set_up


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
    """Roll back on an exception, and tell of that one: a database that ended the transaction refuses to once more."""
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
