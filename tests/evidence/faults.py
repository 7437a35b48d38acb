"""Faults at every call of a database: each statement and each message fails once, in every way, in a short scenario.

With SQLite the n-th statement reports an error, before or after it took effect; afterwards the database answers again,
or it doesn't until the call is over; or the disk is full. With PostgreSQL a relay between the store and a real server
cuts the connection before or after the n-th message of either side, delays it, or relays nothing more. After each call
the invariants of the simulation are checked; at the end, every call has to be in the journal once.

``PUNCHCLOCK_TEST_POSTGRESQL`` is the URL of a server in which databases may be created.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import sqlalchemy as sa

from databases import new_database
from evidence.claims import Budget, Claim, NotShown, Refuted
from evidence.simulation import Ask, Deliver, Simulation, quiet
from punchclock.sandbox.faults import ConnectionDropped, Effect
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import StoreUnavailable
from punchclock.units import SECOND
from punchclock.vendors.calls import Request, Response
from punchclock.workspaces import demo_workspace

_TIMEOUT: Final = 0.3  # of a store in a file, in seconds
_NETWORK_TIMEOUT: Final = 1.0  # of a store on a server
_UNKNOWN: Final = 504
_MOST: Final = 200  # statements or messages of one call
_FULL: Final = 5  # repetitions of each call on a full disk

#: The scenario: a start of each vendor, and then the change after which the next start succeeds.
_CALLS: Final = (
    ("intervals", "create_timer", ""),
    ("intervals", "update_timer", "starttime blanked"),
    ("timetrack", "start_project_timer", ""),
    ("timetrack", "stop_project_timer", ""),
    ("worksection", "start_my_timer", ""),
    ("worksection", "stop_my_timer", ""),
    ("zoho", "start_timer", ""),
    ("zoho", "pause_timer", ""),
)


class Way(NamedTuple):
    """A way to fail.

    Attributes:
        name: its name, for the results.
        after: whether the statement or the message has its effect first.
        gone: whether nothing else gets through until the call is over.
        delay: the seconds by which a message is late; then nothing fails.
        by_server: whether the server's messages fail, not the client's.
        full: whether instead of an error the disk is full during the whole call.
    """

    name: str
    after: bool
    gone: bool = False
    delay: float = 0
    by_server: bool = False
    full: bool = False


class Faulty(Protocol):
    """A connection that can fail."""

    fired: bool

    def arm(self, number: int, way: Way) -> None:
        """Fail at the n-th statement or message from now, from 1."""

    def disarm(self) -> None:
        """Work again."""


class _Scenario(Simulation):
    """A simulation in which the database fails during a call.

    Args:
        store: the store.
        faulty: its connection.
    """

    def __init__(self, store: SqlStore, faulty: Faulty) -> None:
        super().__init__(demo_workspace(), store, lambda same: same, overlaps=False)
        self.faulty = faulty
        self.sent = 0
        self.way: Way | None = None
        self.number = 0
        self._dispatch, self.backend.dispatch = self.backend.dispatch, self._disturbed  # type: ignore[method-assign]

    def run(self, way: Way, calls: int, step: int) -> None:
        """Take the first calls of the scenario, with a failure at each of their statements or messages, or some.

        Raises:
            Refuted: an invariant is broken, or an outcome is unknown although the database could be asked.
        """
        for place, call in enumerate(_CALLS[:calls]):
            for number in range(1, _MOST, step):
                try:
                    self._call(_CALLS[place ^ 1])  # so that the call succeeds each time
                    self.way, self.number = way, number
                    self._call(call)
                    self.way = None
                    if self.pending:
                        self.take(Deliver(-1))  # a device that got no response repeats its request
                        self.pending.clear()
                except Refuted as error:
                    raise Refuted(f"{way.name} {number} of {call[1]}: {error}") from error
                except StoreUnavailable as error:
                    raise Refuted(f"{way.name} {number} of {call[1]}: still unavailable: {error}") from error
                if not self.faulty.fired:
                    break
        journalled = Counter(entry.path for entry in self.store.journal() if not entry.vendor)
        if journalled != {f"/{number}": 1 for number in range(1, self.sent + 1)}:
            wrong = {path: count for path, count in journalled.items() if count != 1}
            raise Refuted(f"{way.name}: {self.sent} read-only calls, {journalled.total()} journalled; {wrong}")

    def _call(self, call: tuple[str, str, str]) -> None:
        self.clock.advance(SECOND)
        self.take(Ask(*call, person="3", record=0, skew=0))
        self.take(Deliver(-1))

    def _disturbed(self, request: Request) -> Response:
        """Send a request, with a failure; an entry for the journal waits in memory at that time."""
        self.sent += 1
        self._dispatch(Request(method="GET", path=f"/{self.sent}"))
        way = self.way
        if way is None:
            return self._dispatch(request)
        self.faulty.arm(self.number, way)
        begun = time.monotonic()
        try:
            response = self._dispatch(request)
        finally:
            self.faulty.disarm()
        self.happened["failures"] += self.faulty.fired
        self.happened["stored all the same"] += self.faulty.fired and not way.delay and response.status < 300
        if time.monotonic() - begun > 30:
            raise Refuted(f"the call took {time.monotonic() - begun:.1f} seconds")
        if response.status == _UNKNOWN:
            self.happened["unknown outcomes"] += 1
            if not way.gone:
                raise Refuted("the outcome is unknown, although the database can be asked")
            raise ConnectionDropped(Effect.TIMEOUT)
        return response


# ---- SQLite ------------------------------------------------------------------------------------------


class _FaultyFile:
    """The statements of sqlite3 in this process; the n-th one fails."""

    def __init__(self) -> None:
        self.fired = self.full = False
        self._left = 0
        self._way = Way("", after=False)

    def arm(self, number: int, way: Way) -> None:
        """Fail at the n-th statement from now, from 1."""
        self.full = way.full
        self.fired, self._left, self._way = way.full and number <= _FULL, 0 if way.full else number, way

    def disarm(self) -> None:
        """Work again."""
        self._left, self.full = 0, False

    def run(self, statement: str, execute: Callable[[], Any]) -> Any:  # noqa: ANN401 as sqlite3
        """Execute a statement, or fail."""
        if statement == "ROLLBACK" or not self._left:
            return execute()
        if self.fired:
            if self._way.gone:
                raise sqlite3.OperationalError("disk I/O error")
            return execute()
        if self._left > 1:
            self._left -= 1
            return execute()
        self.fired = True
        if self._way.after:
            execute()
        raise sqlite3.OperationalError("disk I/O error")


@contextmanager
def _faulty_file() -> Iterator[_FaultyFile]:
    """Let every new connection to a SQLite file fail on demand."""
    faulty = _FaultyFile()

    class Cursor(sqlite3.Cursor):
        def execute(self, statement: str, *rest: Any) -> Any:  # noqa: ANN401 as sqlite3
            if statement == "BEGIN IMMEDIATE":  # SQLite takes the present size if the limit is below it
                super().execute(f"PRAGMA max_page_count = {1 if faulty.full else 1 << 30}")
            return faulty.run(statement, lambda: super(Cursor, self).execute(statement, *rest))

        def executemany(self, statement: str, *rest: Any) -> Any:  # noqa: ANN401 as sqlite3
            return faulty.run(statement, lambda: super(Cursor, self).executemany(statement, *rest))

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:  # noqa: ANN401 as sqlite3
            return super().cursor(factory)

        def execute(self, statement: str, *rest: Any) -> Any:  # noqa: ANN401 as sqlite3
            return self.cursor().execute(statement, *rest)

    driver: Any = sqlite3.dbapi2
    connect = driver.connect
    driver.connect = lambda *args, **options: connect(*args, factory=Connection, **options)
    try:
        yield faulty
    finally:
        driver.connect = connect


WAYS_OF_FILES: Final = (
    Way("statement fails", after=False),
    Way("statement fails after its effect", after=True),
    Way("file goes before statement", after=False, gone=True),
    Way("file goes after statement", after=True, gone=True),
    Way("disk is full", after=False, full=True),
)


def files(_budget: Budget) -> str:
    """Let each statement of SQLite fail, in each way, and then the disk be full."""
    happened: Counter[str] = Counter()
    for way in WAYS_OF_FILES:
        with _folder() as folder, _faulty_file() as faulty:
            happened += _run(f"sqlite:///{folder / 'x.sqlite3'}", faulty, way)
    return _size("statements", len(WAYS_OF_FILES), happened)


# ---- PostgreSQL --------------------------------------------------------------------------------------

WAYS_OF_NETWORKS: Final = tuple(
    Way(f"{name} {'server' if by_server else 'client'}'s message", after, gone, delay, by_server)
    for by_server in (False, True)
    for name, after, gone, delay in (
        ("cut before", False, False, 0.0),
        ("cut after", True, False, 0.0),
        ("cut for good after", True, True, 0.0),
        ("delayed", True, False, 0.02),
        ("silent from", False, True, 0.0),
    )
)


class _Relay:
    """Relays the messages of both sides; the n-th message of one side is cut, late, or the last one.

    Args:
        url: the URL of the real server.
        whole: count every message; otherwise only the last one of what a side sends before it waits.
    """

    def __init__(self, url: str, *, whole: bool) -> None:
        target = sa.make_url(url)
        self._target = (target.host or "127.0.0.1", target.port or 5432)
        self._whole = whole
        self._listening = socket.create_server(("127.0.0.1", 0))
        through = target.set(host="127.0.0.1", port=self._listening.getsockname()[1])
        # Without these, a connection begins with bytes that are not messages of the protocol.
        through = through.update_query_dict({"sslmode": "disable", "gssencmode": "disable"})
        self.url = through.render_as_string(hide_password=False)
        self.fired = False
        self._left = 0
        self._way = Way("", after=False)
        self._changing = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, number: int, way: Way) -> None:
        """Fail at the n-th message from now, from 1."""
        with self._changing:
            self.fired, self._left, self._way = False, number, way

    def disarm(self) -> None:
        """Work again, with new connections."""
        with self._changing:
            self._left = 0
            if self.fired and self._way.gone:
                self._end(self._open)

    def close(self) -> None:
        """End every connection."""
        self._end({self._listening, *self._open})
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._target)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open |= {client, server}
                threading.Thread(target=self._connect, args=(client, server), daemon=True).start()

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        """Relay both ways. Only then close: a socket's number can be another connection's at once."""
        back = threading.Thread(target=self._relay, args=(True, server, client), daemon=True)
        back.start()
        self._relay(False, client, server)
        back.join()
        self._open -= {client, server}
        client.close()
        server.close()

    def _relay(self, by_server: bool, one: socket.socket, other: socket.socket) -> None:
        buffer, started = b"", by_server
        with suppress(OSError):
            while data := one.recv(1 << 16):
                buffer += data
                messages, buffer, started = _messages(buffer, started)
                for message in messages:
                    if not self._pass(by_server, message, other):
                        break
                else:
                    continue
                break
            # What was relayed arrives: a close would discard it if the other side has sent something meanwhile.
            other.shutdown(socket.SHUT_WR)
            one.shutdown(socket.SHUT_RDWR)
            return
        self._end({one, other})

    def _pass(self, by_server: bool, message: bytes, other: socket.socket) -> bool:
        """Relay a message, or fail; return whether the connection goes on."""
        with self._changing:
            way, armed = self._way, self._left > 0
            if armed and self.fired and way.gone:
                return not way.after  # silent, or cut for good
            counts = self._whole or message[:1] in (b"Z" if by_server else b"QS")
            if not armed or self.fired or way.by_server is not by_server or not counts:
                fails = False
            else:
                fails = self._left == 1
                self._left -= not fails
            self.fired |= fails
        if fails and way.delay:
            time.sleep(way.delay)
        if not fails or way.after:
            other.sendall(message)
        return not fails or bool(way.delay) or (way.gone and not way.after)

    def _end(self, sockets: set[socket.socket]) -> None:
        for each in set(sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _messages(buffer: bytes, started: bool) -> tuple[list[bytes], bytes, bool]:
    """Split what was received into messages and the rest; the client's first message has no type."""
    found = []
    while len(buffer) >= 5:
        size = int.from_bytes(buffer[1:5] if started else buffer[:4], "big") + started
        if len(buffer) < size:
            break
        found.append(buffer[:size])
        buffer, started = buffer[size:], True
    return found, buffer, started


def networks(budget: Budget) -> str:
    """Disturb each message between the store and a real PostgreSQL server, in each way."""
    happened: Counter[str] = Counter()
    for way in WAYS_OF_NETWORKS:
        with _database() as url:
            relay = _Relay(url, whole=budget.every_message)
            try:
                # A call waits for a server that is gone, so the short budget tries that with one call.
                calls = len(_CALLS) if budget.every_message else 1 if way.gone else 2
                step = 6 if way.gone and not (way.after or budget.every_message) else 1
                happened += _run(relay.url, relay, way, calls, step)
            finally:
                relay.close()
    return _size("messages" if budget.every_message else "exchanges", len(WAYS_OF_NETWORKS), happened)


@contextmanager
def _database() -> Iterator[str]:
    """The URL of a new database on the server that the environment names.

    Raises:
        NotShown: it names none.
    """
    server = os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL", "")
    if not server:
        raise NotShown("PUNCHCLOCK_TEST_POSTGRESQL names no server")
    with new_database(server) as url:
        yield url


# ---- both --------------------------------------------------------------------------------------------


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder:
        yield Path(folder)


def _run(url: str, faulty: Faulty, way: Way, calls: int = len(_CALLS), step: int = 1) -> Counter[str]:
    """Run the scenario in one way, and return what happened."""
    with quiet():
        timeout = _TIMEOUT if url.startswith("sqlite") else _NETWORK_TIMEOUT
        store = SqlStore(url, demo_workspace(), timeout=timeout)
        try:
            scenario = _Scenario(store, faulty)
            scenario.run(way, calls, step)
        finally:
            faulty.disarm()
            store.close()
    return scenario.happened


def _size(what: str, ways: int, happened: Counter[str]) -> str:
    if not happened["failures"] or not happened["stored all the same"] + happened["unknown outcomes"]:
        raise Refuted(f"too little happened: {dict(happened)}")
    return (
        f"{happened['failures']} {what} in {ways} ways, {happened['calls']} calls: {happened['accepted']} changed"
        f" something, {happened['unknown outcomes']} with an unknown outcome"
    )


CLAIMS: Final = (
    Claim(
        "whichever statement of SQLite fails, before or after its effect, or on a full disk, an accepted call is "
        "stored, a rejected one changes nothing, and every call is in the journal once",
        files,
    ),
    Claim(
        "the same for PostgreSQL, whichever message of the connection is cut, late or lost",
        networks,
    ),
)
