"""An account in a database: the statements that read and change it. Both databases take the same SQL.

A row of ``records`` has the columns that queries filter and sort by, and the rest of the record as JSON. People,
clients, projects, tasks and jobs are stored as ids; their details come from the workspace. ``counts`` has the number of
records per person, client, project and task, so that counting does not get slower as the history grows.

Whatever is read is checked, because a file can be damaged and another program can change it: a value of another type is
`StoreUnavailable`.

Connections and transactions are in sql.py; the schema is in migrations/.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, Final, TypeVar

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from punchclock.decoding import DECODE_ERRORS
from punchclock.machine import Correction
from punchclock.mismatch import decode_error_location
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import StoreUnavailable
from punchclock.vendors.account import Page, Query
from punchclock.vendors.records import Change, VendorTimer, check_changes, last_number
from punchclock.vendors.workspace import Client, Job, Person, Project, Task, Workspace

R = TypeVar("R", bound=VendorTimer)
E = TypeVar("E")

Natural = Annotated[int, msgspec.Meta(ge=0)]

#: The largest number of journal entries that are read at a time, and the number of bytes after which a page ends.
_PAGE: Final = 100
_PAGE_BYTES: Final = 1 << 17

_KEY: Final = ("vendor", "kind", "id")
_GROUP: Final = ("person", "client", "project", "task")
_COLUMNS: Final = (*_KEY, "number", *_GROUP, "job", "state", "work_date", "updated_on", "document")
_COUNTED: Final = ("vendor", "kind", *_GROUP)

#: The columns of a record as they are read, and of a journal entry.
_Record = tuple[str, str, str, str, str, str]
_Entry = tuple[Natural, str]

_encode: Final = msgspec.json.Encoder().encode
_entries: Final = msgspec.json.Decoder(JournalEntry)
_statement: Final = lru_cache(maxsize=512)(sa.text)  # parsing a statement takes longer than running it


def _upsert(table: str, key: Sequence[str], columns: Sequence[str], update: str, **assigned: str) -> sa.TextClause:
    values = ", ".join(assigned.get(name, f":{name}") for name in columns)
    names, keys = ", ".join(columns), ", ".join(key)
    return sa.text(f"INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT ({keys}) DO UPDATE SET {update}")  # noqa: S608 names from here


_BY_KEY: Final = " AND ".join(f"{name} = :{name}" for name in _KEY)
_READ: Final = "SELECT document, person, client, project, task, job FROM records WHERE "
_READ_LAST_ID: Final = sa.text("SELECT last_id FROM counter")
_READ_JOURNAL: Final = sa.text("SELECT number, document FROM journal WHERE number > :after ORDER BY number LIMIT :most")
# The order of insertion, within the records of a vendor and a kind; an update keeps it.
_NEXT_NUMBER: Final = "(SELECT coalesce(max(number), 0) + 1 FROM records WHERE vendor = :vendor AND kind = :kind)"
_UPDATED: Final = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[4:])
_WRITE: Final = _upsert("records", _KEY, _COLUMNS, _UPDATED, number=_NEXT_NUMBER)
_DELETE: Final = sa.text(f"DELETE FROM records WHERE {_BY_KEY}")  # noqa: S608 names from here
_COUNT: Final = _upsert("counts", _COUNTED, (*_COUNTED, "records"), "records = counts.records + excluded.records")
_READ_ATTEMPT: Final = sa.text("SELECT attempt FROM attempts WHERE server = :server")
_WRITE_LAST_ID: Final = sa.text("UPDATE counter SET last_id = :last_id")
_WRITE_JOURNAL: Final = sa.text(
    "INSERT INTO journal (number, document) SELECT coalesce(max(number), 0) + 1, :document FROM journal"
)


class SqlAccount:
    """The account, as one transaction sees it."""

    def __init__(self, connection: sa.Connection, workspace: Workspace, decoders: Mapping[type, Any]) -> None:
        self._connection = connection
        self.workspace = workspace
        self._decoders = decoders
        self._last_id = 0  # 0: not read yet

    def get(self, of: type[R], id: str) -> R | None:
        """Return the record of this type with this id."""
        key = {"vendor": of.vendor, "kind": of.kind, "id": id}
        row = self._connection.execute(_statement(_READ + _BY_KEY), key).one_or_none()
        return None if row is None else self._record(of, row)

    def find(self, query: Query[R]) -> Page[R]:
        """Return the records that match, the oldest first unless the query orders them otherwise."""
        where, values = _where(query)
        condition = " AND ".join(where.values())
        order = ["updated_on", "number"] if query.by_update else ["number"]
        ordered = ", ".join(f"{column} DESC" for column in order) if query.descending else ", ".join(order)
        # SQLite has no OFFSET without a LIMIT.
        window = {"most": (1 << 63) - 1 if query.limit is None else query.limit, "skipped": query.offset}
        found = _statement(f"{_READ}{condition} ORDER BY {ordered} LIMIT :most OFFSET :skipped")
        rows = self._connection.execute(found, values | window).all()
        total = query.offset + len(rows)
        if len(rows) == query.limit or (query.offset and not rows):
            counted = where.keys() <= set(_COUNTED)
            of_all = "CAST(coalesce(sum(records), 0) AS BIGINT) FROM counts" if counted else "count(*) FROM records"
            counted_rows = self._connection.execute(_statement(f"SELECT {of_all} WHERE {condition}"), values)
            total = _checked(counted_rows.scalar_one(), Natural)
        return Page(tuple(self._record(query.of, row) for row in rows), total)

    def new_id(self) -> int:
        """Return a number that no record of this account has had yet."""
        self._last_id = self._last_id or _checked(self._connection.execute(_READ_LAST_ID).scalar_one(), Natural)
        return self._last_id + 1

    def write(self, changes: Sequence[Change[VendorTimer]]) -> None:
        """Store changes; of several changes of one record, the last one counts.

        Raises:
            InconsistentChange: a change is not what its action does; nothing is stored.
        """
        last_id = self.new_id() - 1

        def stored(record: VendorTimer) -> VendorTimer | None:
            # The counter is above every shorter number that a record has, so a higher one needs no look.
            is_new = len(record.id) < 19 and last_number(last_id, (record.id,)) > last_id
            return None if is_new else self.get(type(record), record.id)

        before = check_changes(changes, stored)
        deleted, after = [], before.copy()
        for change in changes:
            record = change.record
            if change.action is Correction.DISCARD:
                after[type(record), record.id] = None
                deleted.append({"vendor": record.vendor, "kind": record.kind, "id": record.id})
            else:
                after[type(record), record.id] = record
        counts: Counter[tuple[str, ...]] = Counter()
        for records, by in ((before, -1), (after, 1)):
            for record in filter(None, records.values()):
                counts[record.vendor, record.kind, *_group(record)] += by
        written = [_row(record) for record in after.values() if record is not None]
        changed = [dict(zip((*_COUNTED, "records"), (*group, by), strict=True)) for group, by in counts.items() if by]
        for statement, rows in ((_DELETE, deleted), (_WRITE, written), (_COUNT, changed)):
            if rows:
                self._connection.execute(statement, rows)
        for change in changes:
            self._last_id = last_number(self._last_id, change.record.ids)
        if self._last_id > last_id:
            self._connection.execute(_WRITE_LAST_ID, {"last_id": self._last_id})

    def _record(self, of: type[R], row: Any) -> R:  # noqa: ANN401 the row of a query
        workspace = self.workspace
        document, person, client, project, task, job = _checked(tuple(row), _Record)
        record: R = _decode(self._decoders[of], document)
        return replace(
            record,
            person=workspace.people.get(person) or Person(id=person),
            client=_entity(workspace.clients, client, Client),
            project=_entity(workspace.projects, project, Project),
            task=_entity(workspace.tasks, task, Task),
            job=_entity(workspace.jobs, job, Job),
        )


def read_journal(connection: sa.Connection, after: int) -> list[JournalEntry]:
    """Return the next journal entries: few, so that a slow reader of the journal holds little memory."""
    found: list[JournalEntry] = []
    size = 0
    with connection.execute(_READ_JOURNAL, {"after": after, "most": _PAGE}) as rows:
        for row in rows:
            number, document = _checked(tuple(row), _Entry)
            found.append(replace(_decode(_entries, document), number=number))
            size += len(document)
            if size >= _PAGE_BYTES:
                break
    return found


def write_journal(connection: sa.Connection, entries: Sequence[JournalEntry]) -> None:
    """Append journal entries and number them."""
    if entries:
        connection.execute(_WRITE_JOURNAL, [{"document": _encode(entry).decode()} for entry in entries])


def read_attempt(connection: sa.Connection, server: str) -> int | None:
    """Return the number of the latest committed transaction of a server that has stored one."""
    attempt: int | None = _checked(connection.execute(_READ_ATTEMPT, {"server": server}).scalar(), Natural | None)
    return attempt


def write_attempt(connection: sa.Connection, server: str, attempt: int) -> None:
    """Store the number of a server's transaction, in this transaction. ``server`` is a hexadecimal number."""
    driver: Any = connection.connection.driver_connection  # every change pays for this, and SQLAlchemy is slower
    driver.execute(
        f"INSERT INTO attempts (server, attempt) VALUES ('{server}', {attempt})"  # noqa: S608 two numbers
        " ON CONFLICT (server) DO UPDATE SET attempt = excluded.attempt"
    ).close()


def delete_all(connection: sa.Connection) -> None:
    """Delete every record and the whole journal, and start the ids again."""
    for table in ("records", "counts", "journal", "attempts"):
        connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 names from here
    connection.execute(_WRITE_LAST_ID, {"last_id": 1000})


def _where(query: Query[Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the conditions of a query, by column, and the values that they name."""
    where = {"vendor": "vendor = :vendor", "kind": "kind = :kind"}
    values: dict[str, Any] = {"vendor": query.of.vendor, "kind": query.of.kind}
    for column, wanted in (
        ("person", query.people),
        ("task", query.tasks),
        ("project", query.projects),
        ("client", query.clients),
        ("job", query.jobs),
        ("state", query.states),
        ("work_date", None if query.work_date is None else (str(query.work_date),)),
    ):
        if wanted is not None:
            named = {f"{column}_{place}": str(each) for place, each in enumerate(wanted)}
            values |= named
            names = ", ".join(f":{name}" for name in named)
            where[column] = f"{column} = {names}" if len(named) == 1 else f"{column} IN ({names or 'NULL'})"
    if query.with_task is not None:  # '>' rather than '<>', so that the database can use an index
        has_task = "task > ''" if query.with_task else "task = ''"
        where["task"] = f"{where['task']} AND {has_task}" if "task" in where else has_task
    return where, values


def _group(record: VendorTimer) -> tuple[str, ...]:
    """Return the ids of a record's person, client, project and task."""
    return (
        record.person.id,
        record.client.id if record.client else "",
        record.project.id if record.project else "",
        record.task.id if record.task else "",
    )


def _row(record: VendorTimer) -> dict[str, Any]:
    """Return the row of a record."""
    rest = replace(record, person=Person(), client=None, project=None, task=None, job=None)
    return {
        "vendor": record.vendor,
        "kind": record.kind,
        "id": record.id,
        **dict(zip(_GROUP, _group(record), strict=True)),
        "job": record.job.id if record.job else "",
        "state": record.timer.state.value,
        "work_date": str(record.work_date or ""),
        "updated_on": str(record.updated_on or ""),
        "document": _encode(rest).decode(),
    }


def _checked(value: object, of: Any) -> Any:  # noqa: ANN401 - of the type that is given
    """Return a value from the database, if it has the type that this program writes."""
    try:
        return msgspec.convert(value, of)
    except DECODE_ERRORS:
        _, reason, _ = decode_error_location((value,), tuple[of])  # in a tuple, because a text alone is read as JSON
        raise StoreUnavailable(f"the database holds a value that punchclock did not write: {reason}") from None


def _decode(decoder: msgspec.json.Decoder[E], document: str) -> E:
    try:
        return decoder.decode(document)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(document, decoder.type)
        raise StoreUnavailable(
            f"the database holds a document that this version of punchclock cannot read: {path}: {reason}"
        ) from None


def _entity(entities: Mapping[str, E], id: str, of: type[E]) -> E | None:
    """Return the workspace's entity with this id; if it no longer has one, an entity with only the id."""
    return (entities.get(id) or of(id=id)) if id else None  # type: ignore[call-arg]
