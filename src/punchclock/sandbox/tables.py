"""What a database keeps and what it is asked: the tables, their rows, and the statements.

A record's row holds what it is looked up by, and the rest as JSON; people and work are kept as ids and come from
the workspace. How many records there are of whom and on what is tallied beside them, so that to count them is not to
read them. Each statement is built once; building one takes longer than running it.

Who asks, and in which transaction, is in sql.py. The same tables by versions, and their indexes, are in migrations/.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, cast

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql, sqlite

from punchclock.decoding import DECODE_ERRORS, decode_error_location
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.store import StoreUnavailable
from punchclock.vendors.account import Query
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Person

__all__ = [
    "Decoders",
    "Key",
    "Place",
    "Row",
    "counter",
    "counts",
    "decoded",
    "find",
    "journal",
    "key",
    "metadata",
    "place",
    "read_journal",
    "read_last_id",
    "read_one",
    "read_place",
    "records",
    "row",
    "write",
    "write_journal",
    "write_last_id",
]

_E = TypeVar("_E")

metadata: Final = sa.MetaData()

records: Final = sa.Table(
    "records",
    metadata,
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
counts: Final = sa.Table(
    "counts",
    metadata,
    sa.Column("vendor", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("records", sa.BigInteger, nullable=False),
)
journal: Final = sa.Table(
    "journal",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)
counter: Final = sa.Table("counter", metadata, sa.Column("last_id", sa.BigInteger, nullable=False))

_encode: Final = msgspec.json.Encoder().encode
_entries: Final = msgspec.json.Decoder(JournalEntry)

Row = dict[str, Any]
Decoders = Mapping[type[VendorTimer], msgspec.json.Decoder[Any]]


class Key(NamedTuple):
    """What tells a record from all others."""

    vendor: str
    kind: str
    id: str


class Place(NamedTuple):
    """What a record is tallied under, besides its vendor and its kind."""

    person: str
    client: str
    project: str
    task: str


# ---- rows ----------------------------------------------------------------------------------------


def key(record: VendorTimer) -> Key:
    """The record's key."""
    return Key(record.vendor, record.kind, record.id)


def row(record: VendorTimer) -> Row:
    """The record as its row."""
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


def place(row: Row) -> Place:
    """What a row is tallied under."""
    return Place(row["person"], row["client"], row["project"], row["task"])


def decoded(decoder: msgspec.json.Decoder[_E], document: str) -> _E:
    """What a document says.

    Raises:
        StoreUnavailable: another version has written it, and this one cannot read it.
    """
    try:
        return decoder.decode(document)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(document, decoder.type)
        raise StoreUnavailable(
            f"the database holds a document that this version of punchclock cannot read: {path}: {reason}"
        ) from None


# ---- what is read --------------------------------------------------------------------------------

_COLUMNS: Final = tuple(records.c[name] for name in ("document", "person", "client", "project", "task", "job"))
_BY_KEY: Final = tuple(records.c[name] == sa.bindparam(f"{name}_") for name in Key._fields)
_ONE: Final = sa.select(*_COLUMNS).where(*_BY_KEY)
_PLACE: Final = sa.select(*(records.c[name] for name in Place._fields)).where(*_BY_KEY)
_LAST_ID: Final = sa.select(counter.c.last_id)
_AFTER: Final = (
    sa.select(journal).where(journal.c.number > sa.bindparam("after")).order_by(journal.c.number).limit(1000)
)


def read_one(connection: sa.Connection, of: type[VendorTimer], id: str) -> Any:  # noqa: ANN401 a row's type is its query's
    """The row of one record, or ``None``."""
    return connection.execute(_ONE, {"vendor_": of.vendor, "kind_": of.kind, "id_": id}).one_or_none()


def read_place(connection: sa.Connection, key: Key) -> Place | None:
    """What a stored record is tallied under; ``None`` for one that is not there."""
    found = connection.execute(_PLACE, {f"{name}_": each for name, each in key._asdict().items()}).one_or_none()
    return None if found is None else Place(*found)


def read_last_id(connection: sa.Connection) -> int:
    """The highest number that was ever given to anything."""
    return cast("int", connection.execute(_LAST_ID).scalar_one())


def read_journal(connection: sa.Connection, after: int) -> list[JournalEntry]:
    """The next entries of the journal, so many that they can be held in memory."""
    rows = connection.execute(_AFTER, {"after": after})
    return [decoded(_entries, row.document).numbered(row.number) for row in rows]


def find(connection: sa.Connection, query: Query[Any]) -> tuple[Sequence[Any], int]:
    """The rows that match a query, and how many do in all."""
    conditions, values = _conditions(query)
    limited = query.limit is not None
    statement = _finding(conditions, by_update=query.by_update, descending=query.descending, limited=limited)
    window = {"skipped": query.offset, "most": query.limit} if limited else {"skipped": query.offset}
    rows = connection.execute(statement, {**values, **window}).all()
    total = query.offset + len(rows)
    if (limited and len(rows) == query.limit) or (query.offset and not rows):
        total = connection.execute(_counting(conditions), values).scalar_one()
    return rows, total


#: A column, how it is compared (``=``, ``in``, or ``>``), and the name of the value.
_Condition = tuple[str, str, str]


def _conditions(query: Query[Any]) -> tuple[tuple[_Condition, ...], dict[str, Any]]:
    """What a query asks for, apart from the values; and the values."""
    conditions: list[_Condition] = [("vendor", "=", "vendor_"), ("kind", "=", "kind_")]
    values: dict[str, Any] = {"vendor_": query.of.vendor, "kind_": query.of.kind}
    for column, wanted in (
        ("person", query.people),
        ("task", query.tasks),
        ("project", query.projects),
        ("client", query.clients),
        ("job", query.jobs),
        ("state", query.states),
    ):
        if wanted is not None:
            conditions.append((column, "=" if len(wanted) == 1 else "in", f"{column}_"))
            texts = [str(each) for each in wanted]
            values[f"{column}_"] = texts[0] if len(texts) == 1 else texts
    if query.with_task is not None:  # to be more than nothing is to be something; and an index has it in order
        conditions.append(("task", ">" if query.with_task else "=", "nothing"))
        values["nothing"] = ""
    if query.work_date is not None:
        conditions.append(("work_date", "=", "work_date_"))
        values["work_date_"] = str(query.work_date)
    return tuple(conditions), values


def _where(table: sa.Table, conditions: tuple[_Condition, ...]) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for column, comparison, name in conditions:
        if comparison == "in":
            found.append(table.c[column].in_(sa.bindparam(name, expanding=True)))
        elif comparison == ">":
            found.append(table.c[column] > sa.bindparam(name))
        else:
            found.append(table.c[column] == sa.bindparam(name))
    return found


@cache
def _finding(conditions: tuple[_Condition, ...], *, by_update: bool, descending: bool, limited: bool) -> sa.Select[Any]:
    order = [records.c.updated_on, records.c.number] if by_update else [records.c.number]
    statement = (
        sa.select(*_COLUMNS)
        .where(*_where(records, conditions))
        .order_by(*(column.desc() if descending else column for column in order))
        .offset(sa.bindparam("skipped", type_=sa.BigInteger))
    )
    return statement.limit(sa.bindparam("most", type_=sa.BigInteger)) if limited else statement


@cache
def _counting(conditions: tuple[_Condition, ...]) -> sa.Select[Any]:
    """How many records match: what was tallied where it can be, or else all by an index."""
    if all(column in counts.c for column, _, _ in conditions):
        counted = sa.cast(sa.func.coalesce(sa.func.sum(counts.c.records), 0), sa.BigInteger)
        return sa.select(counted).where(*_where(counts, conditions))
    return sa.select(sa.func.count()).select_from(records).where(*_where(records, conditions))


# ---- what is written -----------------------------------------------------------------------------


def write(connection: sa.Connection, rows: Mapping[Key, Row | None], counted: Mapping[tuple[str, ...], int]) -> None:
    """Write rows, ``None`` for one that is gone, and what more or less is to be tallied for it."""
    insert = _INSERTS[connection.dialect.name]
    gone = [{f"{name}_": each for name, each in key._asdict().items()} for key, row in rows.items() if row is None]
    if gone:
        connection.execute(_DELETE, gone)
    if kept := [row for row in rows.values() if row is not None]:
        connection.execute(insert.record, kept)
    names = counts.c.keys()
    if changed := [dict(zip(names, (*where, by), strict=True)) for where, by in counted.items() if by]:
        connection.execute(insert.upsert_counts, changed)


def write_last_id(connection: sa.Connection, last_id: int) -> None:
    """Write the highest number that was ever given to anything."""
    connection.execute(_RAISE, {"last": last_id})


def write_journal(connection: sa.Connection, entries: Sequence[JournalEntry]) -> None:
    """Write entries of the journal, numbered after the last."""
    if entries:
        connection.execute(_NOTE, [{"document": _encode(entry).decode()} for entry in entries])


class _Inserts(NamedTuple):
    """Each dialect has its own insert that updates what is there."""

    record: sa.Insert
    upsert_counts: sa.Insert


def _inserts(insert: Any) -> _Inserts:  # noqa: ANN401 a dialect's own function
    record = insert(records)
    kept = {column.name: record.excluded[column.name] for column in records.columns if not column.primary_key}
    upsert_counts = insert(counts)
    raised = {"records": counts.c.records + upsert_counts.excluded.records}
    return _Inserts(
        record.on_conflict_do_update(index_elements=list(records.primary_key), set_=kept),
        upsert_counts.on_conflict_do_update(index_elements=list(counts.primary_key), set_=raised),
    )


_INSERTS: Final = {"sqlite": _inserts(sqlite.insert), "postgresql": _inserts(postgresql.insert)}
_DELETE: Final = sa.delete(records).where(*_BY_KEY)
_RAISE: Final = sa.update(counter).values(last_id=sa.bindparam("last"))
_NOTE: Final = sa.insert(journal)
