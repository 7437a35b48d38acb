"""The store's database: its URL, its connections, and deadlines. Every error of a database becomes `StoreUnavailable`.

What SQLite and PostgreSQL do in their own ways is in sqlite.py and postgresql.py. The store is in sql.py.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import sqlalchemy as sa

from punchclock.sandbox.store import StoreUnavailable

#: The number of transactions that may be open at the same time.
_CONNECTIONS: Final = 32

#: The longest wait where no deadline is set, in seconds.
_LONGEST: Final = 60.0

#: The time at which the database must have answered the current thread, as `time.monotonic` counts.
DEADLINE: Final[ContextVar[float]] = ContextVar("DEADLINE", default=float("inf"))


class Database:
    """The connections to a database.

    Args:
        url: SQLAlchemy's URL, with the driver.
        timeout: the longest time that a transaction waits, in seconds.
        options: options of the driver.

    Attributes:
        timeout: as given.
    """

    def __init__(self, url: sa.URL, timeout: float, options: Mapping[str, Any]) -> None:
        self.timeout = timeout
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        self._secrets = _secrets(url)
        try:
            # One more connection than transactions: SQLite keeps one. AUTOCOMMIT, because the store begins and ends its
            # transactions itself.
            self.engine = sa.create_engine(
                url, isolation_level="AUTOCOMMIT", pool_size=_CONNECTIONS + 1, max_overflow=0, **options
            )
        except (sa.exc.ArgumentError, ValueError) as error:
            raise StoreUnavailable(f"an option of the database URL is not valid: {self._shown(error)}") from None
        self._errors = (sa.exc.SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error, UnicodeDecodeError, OSError)
        sa.event.listen(self.engine, "connect", self._connected)

    @abstractmethod
    def begin(self, connection: sa.Connection, *, write: bool) -> str:
        """Return the statement that opens a consistent view, or a transaction without other writers.

        The statement waits for other writers until `DEADLINE`.
        """

    @abstractmethod
    def set_up(self, connection: Any) -> None:  # noqa: ANN401 the driver's connection
        """Apply the settings that the store depends on to a new connection, and check that they are in effect."""

    def check(self) -> None:
        """Check, before each transaction, that the connections still lead to the database that was opened."""

    def accept(self, connection: sa.Connection) -> None:
        """Check a database before its schema is created or migrated."""

    def examine(self) -> None:
        """Check a database that has its schema, when a store opens it."""

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    @contextmanager
    def connection(self, deadline: float) -> Iterator[sa.Connection]:
        """Take a connection for one transaction.

        Args:
            deadline: when the database must have answered every statement, as `time.monotonic` counts.

        Raises:
            StoreUnavailable: it can't be reached, has not answered in time, or reports any other error.
        """
        if not self._free.acquire(timeout=max(0, deadline - time.monotonic())):
            raise StoreUnavailable(f"other calls have used every connection for {self.timeout} seconds")
        token = DEADLINE.set(deadline)
        try:
            with self.named_errors():
                self.check()
                with self.engine.connect() as connection:
                    yield connection
        finally:
            DEADLINE.reset(token)
            self._free.release()

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Raise every error of the database as `StoreUnavailable`."""
        try:
            yield
        except self._errors as error:
            raise StoreUnavailable(self._shown(getattr(error, "orig", None) or error)) from error

    def _connected(self, connection: Any, _record: object) -> None:  # noqa: ANN401 the driver's connection
        try:
            self.set_up(connection)
        except BaseException:
            connection.close()  # SQLAlchemy would leave it open
            raise

    def _shown(self, error: BaseException) -> str:
        """Return an error's text without passwords."""
        text = str(error)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def milliseconds_left() -> int:
    """Return the time until `DEADLINE`; at least 1 ms, because 0 means no limit to both databases."""
    left = min(DEADLINE.get() - time.monotonic(), _LONGEST)
    return max(1, round(left * 1000))


def open_database(url: str, timeout: float) -> Database:
    """Return the database that a URL names.

    Raises:
        StoreUnavailable: the URL is not valid.
    """
    from punchclock.sandbox.postgresql import PostgresqlDatabase  # noqa: PLC0415 - imports its driver
    from punchclock.sandbox.sqlite import SqliteDatabase  # noqa: PLC0415 - uses this module

    parsed = _parsed(url)
    of = SqliteDatabase if parsed.get_backend_name() == "sqlite" else PostgresqlDatabase
    return of(parsed, timeout)


def shown_url(url: str) -> str:
    """Return a valid URL with only what can't be a credential: the kind, host, port and name of the database."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:///{parsed.database}{'?durable=full' if parsed.query else ''}"
    return sa.URL.create("postgresql", None, None, parsed.host, parsed.port, parsed.database).render_as_string()


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # its message may contain a part of the password
        raise StoreUnavailable("not a database URL; use sqlite:///FILE or postgresql://…") from None
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise StoreUnavailable(f"{backend} is not supported; use sqlite:///FILE or postgresql://…")
    # An @ anywhere else belongs to a password with special characters. SQLAlchemy takes a part of it for the host, the
    # port or the database, which are shown.
    login, _, rest = url.partition("://")[2].partition("@")
    if backend == "postgresql" and (
        "@" in rest or (rest and {"/", "?"} & set(login)) or "=" in (parsed.database or "")
    ):
        raise StoreUnavailable("not a database URL; in a user, a password or an option, write @ as %40 and / as %2F")
    return parsed


def _secrets(url: sa.URL) -> list[str]:
    """Return the passwords in a URL, the longest first, because one can be a part of another."""
    found = {str(url.password or "")}
    for name, value in url.query.items():
        if "password" in name.lower():
            found.update([value] if isinstance(value, str) else value)
    return sorted(found - {""}, key=len, reverse=True)
