"""SQLite: its file, the settings that durability rests on, and the check that the file is whole and still the same.

The store is in sql.py; connections and deadlines are in database.py.
"""

from __future__ import annotations

import os
from typing import Any, Final

import sqlalchemy as sa

from punchclock.errors import safe_repr
from punchclock.sandbox.database import Database, milliseconds_left
from punchclock.sandbox.store import StoreUnavailable

#: SQLite's numbers of ``PRAGMA synchronous``.
_NORMAL: Final = 1
_FULL: Final = 2

_Identity = tuple[tuple[int, int], ...]


class SqliteDatabase(Database):
    """A SQLite file.

    Args:
        url: ``sqlite:///FILE``, with ``?durable=full`` to sync each change to the disk.
        timeout: the longest time that a transaction waits, in seconds.
    """

    def __init__(self, url: sa.URL, timeout: float) -> None:
        if url.database in (None, "", ":memory:"):
            raise StoreUnavailable("SQLite needs a file: sqlite:///FILE; memory: keeps timers without a database")
        durable = url.query.get("durable", "")
        if durable not in ("", "full"):
            raise StoreUnavailable(f"durable={safe_repr(durable)} is not valid; use durable=full or leave it out")
        if unknown := url.query.keys() - {"durable"}:
            raise StoreUnavailable(f"{safe_repr(min(unknown))} is not an option of SQLite's URL; durable=full is")
        self._synchronous = _FULL if durable else _NORMAL
        self._path = os.path.abspath(url.database)  # noqa: PTH100 - checked for each transaction, and pathlib is slow
        self._beside = [f"{os.path.realpath(self._path)}-{name}" for name in ("wal", "shm")]
        self._identity: _Identity = ()
        self._size = 0
        self._kept: sa.Connection | None = None
        url = url.set(drivername="sqlite").difference_update_query(["durable"])
        super().__init__(url, timeout, {"connect_args": {"timeout": timeout}})

    def begin(self, connection: sa.Connection, *, write: bool) -> str:
        """Return the statement that opens a transaction, with SQLite's write lock if it writes."""
        _wait_until_deadline(connection.connection.driver_connection)
        return "BEGIN IMMEDIATE" if write else "BEGIN"

    def set_up(self, connection: Any) -> None:  # noqa: ANN401 sqlite3's connection
        """Set the write-ahead log and the level of syncs, and check that SQLite has taken both."""
        _wait_until_deadline(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}").close()
        mode = _value(connection, "PRAGMA journal_mode = WAL")
        level = _value(connection, "PRAGMA synchronous")
        if (mode, level) != ("wal", self._synchronous):
            raise StoreUnavailable(
                f"SQLite uses journal_mode = {mode} and synchronous = {level} for this file, not wal and"
                f" {self._synchronous}; put the file on a local disk"
            )

    def check(self) -> None:
        """Check that the file and the two files beside it are those that were opened.

        If one was deleted or replaced, SQLite would write to a file that nobody can open any more.
        """
        if not self._identity:
            return
        try:
            identity, size = self._files()
        except FileNotFoundError as error:
            raise StoreUnavailable(f"{error.filename} was deleted while it was in use; restart the server") from None
        if identity != self._identity:
            raise StoreUnavailable(f"{self._path} was replaced while it was in use; restart the server")
        if size < self._size:  # only VACUUM makes a file smaller, and damage
            self._quick_check()
        self._size = size

    def accept(self, connection: sa.Connection) -> None:
        """Check that the file belongs to punchclock, or is new."""
        tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
        if tables and "alembic_version" not in tables:
            raise StoreUnavailable(f"{self._path} is a database of another program")

    def examine(self) -> None:
        """Check that the file is whole, and remember which file it is."""
        # Without an open connection, SQLite deletes the two files beside it and makes new ones.
        with self.named_errors():
            self._kept = self.engine.connect()
            self._quick_check()
            self._identity, self._size = self._files()

    def close(self) -> None:
        """Close the connections."""
        if self._kept is not None:
            self._kept.close()
        super().close()

    def _files(self) -> tuple[_Identity, int]:
        found = os.stat(self._path)  # noqa: PTH116 - as above
        beside = [os.stat(path) for path in self._beside]  # noqa: PTH116
        return tuple((each.st_dev, each.st_ino) for each in (found, *beside)), found.st_size

    def _quick_check(self) -> None:
        """Read the whole file with a new connection, which has no pages in memory."""
        connection = self.engine.dialect.loaded_dbapi.connect(self._path, timeout=self.timeout)
        try:
            result = _value(connection, "PRAGMA quick_check(1)")
        finally:
            connection.close()
        if result != "ok":
            found = " ".join(str(result).split())  # SQLite's text has two lines
            raise StoreUnavailable(f"the database file is damaged: {found}")


def _wait_until_deadline(connection: Any) -> None:  # noqa: ANN401 sqlite3's connection
    connection.execute(f"PRAGMA busy_timeout = {milliseconds_left()}").close()


def _value(connection: Any, statement: str) -> object:  # noqa: ANN401 sqlite3's connection
    cursor = connection.execute(statement)
    try:
        return cursor.fetchone()[0]
    finally:
        cursor.close()
