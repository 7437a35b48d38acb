"""PostgreSQL: the settings that durability and deadlines rest on, and connections that don't wait for ever.

The store is in sql.py; connections and deadlines are in database.py.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Generator
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from punchclock.sandbox.database import DEADLINE, Database, milliseconds_left

#: The number of PostgreSQL's advisory lock, "punchclk" in ASCII; no other program may use it in the same database.
ADVISORY_LOCK: Final = 0x70756E6368636C6B

#: How long after the deadline the server's own error is awaited, in seconds.
_GRACE: Final = 0.5

_log: Final = logging.getLogger("punchclock.sandbox")


class _Connection(psycopg.Connection[Any]):
    """A connection that is closed if the server has not answered at `DEADLINE`, whether or not TCP still works."""

    def wait(self, gen: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 as the base class
        deadline = DEADLINE.get() + _GRACE
        try:
            return super().wait(_until(deadline, gen), *args, **options)
        finally:
            if time.monotonic() > deadline and self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                self.close()


class PostgresqlDatabase(Database):
    """A PostgreSQL database.

    Args:
        url: ``postgresql://…``; options of libpq in its query replace this module's.
        timeout: the longest time that a transaction waits, in seconds.
    """

    def __init__(self, url: sa.URL, timeout: float) -> None:
        self._settings = _settings(timeout)
        defaults = {
            "connect_timeout": str(max(2, math.ceil(timeout))),
            "tcp_user_timeout": str(math.ceil(timeout * 1000)),
            "keepalives_idle": str(max(1, round(timeout / 2))),
            "keepalives_interval": "1",
            "keepalives_count": "3",
        }
        url = url.set(drivername="postgresql+psycopg", query={**defaults, **url.query})
        super().__init__(url, timeout, {"pool_pre_ping": True})
        sa.event.listen(self.engine, "do_connect", _connect)

    def begin(self, connection: sa.Connection, *, write: bool) -> str:
        """Return the statement that opens a transaction, with the advisory lock if it writes.

        The levels don't depend on the defaults of the role and the database. A write must see what was committed before
        it got the lock; with REPEATABLE READ it would see the state from before it waited.
        """
        if not write:
            return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return (
            f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = {milliseconds_left()};"
            f" SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"
        )

    def set_up(self, connection: Any) -> None:  # noqa: ANN401 psycopg's connection
        """Apply the settings; the role or the database may have others."""
        connection.execute(self._settings).close()

    def examine(self) -> None:
        """Warn if the server doesn't sync its files: the store can't change that."""
        with self.named_errors(), self.engine.connect() as connection:
            for name in ("fsync", "full_page_writes"):
                if connection.exec_driver_sql(f"SHOW {name}").scalar_one() != "on":
                    _log.warning(
                        "PostgreSQL runs with %s = off: a power cut can lose changes or damage the database", name
                    )


def _settings(timeout: float) -> str:
    """Return the statement that sets up a session."""
    longest = max(1, math.ceil(timeout * 1000))
    return (
        # Otherwise a transaction of a server that is gone would hold the lock until TCP gives up, after hours.
        f"SET idle_in_transaction_session_timeout = {longest + 1000}; SET tcp_user_timeout = {longest};"
        # Longer than the wait for the lock, so that the error names the lock.
        f" SET statement_timeout = {longest + round(_GRACE * 1000)}; SET lock_timeout = {longest};"
        # Any other value is at least as durable.
        " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


def _connect(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> _Connection:
    """Connect until the deadline; libpq counts whole seconds, at least two. After the deadline, do not connect.

    Raises:
        psycopg.OperationalError: the server can't be reached, or the deadline has passed.
    """
    if time.monotonic() > DEADLINE.get():  # a kept connection that did not answer has used up the time
        raise psycopg.OperationalError("PostgreSQL has not answered in time")
    left = math.ceil(milliseconds_left() / 1000) if DEADLINE.get() < math.inf else math.inf
    given = int(options["connect_timeout"])
    return _Connection.connect(*arguments, **{**options, "connect_timeout": max(2, min(given, left))})


def _until(deadline: float, work: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Delegate to a generator of psycopg until the deadline; without an event, psycopg resumes it ten times a second.

    Raises:
        psycopg.OperationalError: the deadline has passed.
    """
    try:
        wanted = next(work)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise psycopg.OperationalError("PostgreSQL has not answered in time")
            wanted = work.send(ready)
    except StopIteration as end:
        return end.value
