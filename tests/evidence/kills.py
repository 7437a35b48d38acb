"""Kills: two servers on one database, eight clients at once over all vendors; a server is killed at a random moment.

Each client calls at random, about the same few people as the others, and goes to either server. After a number of
answers that the seed determines, one server is killed, sometimes both; the other has to go on answering. Then the
clients stop, the invariants are checked against the database, and another server takes the killed one's place, often
while the clients work.

Every call has its own ``User-Agent``, which the journal keeps, so that a call and its entry are known to belong
together. A seed determines the calls and after how many answers which server is killed; the operating system
determines the rest. ``PYTHONPATH=tests python -m evidence.kills SEED [--kills N] [--postgresql]`` runs a seed.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from databases import database_url
from evidence.claims import Budget, Claim, Refuted
from evidence.clients import Client, ClientCall, every
from evidence.invariants import Ledger, check_limits, check_replay, stored_records
from punchclock import now
from punchclock.eventlog import TimerLog, parse_line
from punchclock.instants import format_instant
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.vendors.account import Account, Query
from punchclock.vendors.calls import Request
from punchclock.vendors.errors import Rejection
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace
from serving import Served, served

CLIENTS: Final = 8
_PEOPLE: Final = ("1", "2", "3", "5")
_PATIENCE: Final = 30  # seconds in which the servers must have answered some calls
_BOTH: Final = 0.2  # how often both servers are killed
_GOES_ON: Final = 10  # calls that the other server answers after a kill


class Call(NamedTuple):
    """A call, and its response if there was one.

    Attributes:
        tag: its ``User-Agent``.
        client: the vendor's client.
        operation: the vendor's operation.
        sent: whether the request may have reached a server.
        status, body: of the response; the status is 0 if there was none.
    """

    tag: str
    client: Client
    operation: str
    sent: bool
    status: int = 0
    body: bytes = b""

    def accepted(self) -> bool:
        """Return whether the vendor's own reading of the response is that the call succeeded."""
        try:
            self.client.vendor.read_response(self.operation, self.status, {}, self.body, now=now())
        except Rejection:
            return False
        return True


class Caller(threading.Thread):
    """A client that calls until it is told to stop.

    Args:
        name: the beginning of its tags.
        chance: what it calls.
        store: where it sees which records there are.
        urls: the URLs of the servers; one that is killed is removed.
        stopped: set when it has to stop.
    """

    def __init__(
        self, name: str, chance: random.Random, store: SqlStore, urls: list[str], stopped: threading.Event
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.calls: list[Call] = []
        self.answers = 0
        self._chance, self._store, self._urls, self._stopped = chance, store, urls, stopped
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def run(self) -> None:
        """Call."""
        while not self._stopped.is_set():
            client, call, request = self.choose()
            urls = tuple(self._urls)
            if not urls:
                break
            self.calls.append(self._sent(client, call, request, self._chance.choice(urls)))
            self.answers += self.calls[-1].status > 0
        for connection in self._connections.values():
            connection.close()

    def choose(self) -> tuple[Client, ClientCall, Request]:
        """Return the next call, about one of the newest records of one of the people, and its request."""
        client = self._chance.choice(every())
        call = self._chance.choice((*client.bindings.values(), *client.reads.values()))
        person = demo_workspace().people[self._chance.choice(_PEOPLE)]
        with self._store.reading() as account:
            seen = account.find(Query(of=call.of, people=(person.id,), descending=True, limit=3)).records
        return client, call, client.request(call, person, self._chance.choice(seen) if seen else None, now())

    def _sent(self, client: Client, call: ClientCall, request: Request, url: str) -> Call:
        tag = f"{self.name}-{len(self.calls)}"
        target = f"{request.path}?{request.query}" if request.query else request.path
        connection = self._connections.get(url)
        if connection is None:
            connection = self._connections[url] = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
        sent = False
        try:
            if connection.sock is None:
                connection.connect()
            sent = True
            connection.request(request.method, target, request.body or None, {**request.headers, "User-Agent": tag})
            response = connection.getresponse()
            return Call(tag, client, call.operation, sent, response.status, response.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            return Call(tag, client, call.operation, sent)


class Kills:
    """Two servers on a database, their clients, and what the clients were answered.

    Args:
        database: the URL of a new database.
        folder: the folder in which the servers run.
        seed: determines the calls and the kills.
        damage: called with the URL after every kill; a test of this file breaks the database there.
    """

    def __init__(
        self, database: str, folder: Path, seed: int, damage: Callable[[str], None] = lambda database: None
    ) -> None:
        self.happened: Counter[str] = Counter()
        self._database, self._folder, self._seed, self._damage = database, folder, seed, damage
        self._chance = random.Random(seed)
        self._urls: list[str] = []
        self._last_entry = 0
        self._tags: set[str] = set()
        self._ids: set[int] = set()
        self._comments: dict[str, set[str]] = {}
        self._log: TimerLog[Any] = TimerLog()
        self._ledger = Ledger(overlaps=False)

    def run(self, kills: int) -> None:
        """Kill at least so many times, and check the invariants after each.

        Raises:
            Refuted: one is broken.
        """
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:

            def start() -> Future[Served]:
                return pool.submit(lambda: stack.enter_context(served(self._folder, "--database", self._database)))

            servers = [each.result() for each in (start(), start())]
            while self.happened["kills"] < kills:
                try:
                    servers = self._round(servers, start)
                except Refuted as error:
                    raise Refuted(f"seed {self._seed}, kill {self.happened['kills']}: {error}") from error
            self._over_http(servers[0].url)

    def _round(self, servers: list[Served], start: Callable[[], Future[Served]]) -> list[Served]:
        """Let the clients work, kill, and check. Return the servers of the next round."""
        self._urls[:] = [each.url for each in servers]
        killed = servers if self._chance.random() < _BOTH else [self._chance.choice(servers)]
        with self._opened() as store, self._calling(store) as callers:
            _wait(callers, self._chance.randint(CLIENTS, 12 * CLIENTS), "before the kill")
            time.sleep(self._chance.uniform(0, 0.005))
            for each in killed:
                each.process.send_signal(signal.SIGKILL)
            for each in killed:
                self._urls.remove(each.url)
            if self._urls:
                new = [start()]
                _wait(callers, _GOES_ON, "by the other server, after the kill")
        self.happened["kills"] += len(killed)
        self._damage(self._database)
        if not self._urls:
            new = [start(), start()]
        started = [each.result() for each in new]
        with self._opened() as store:
            self._check([call for caller in callers for call in caller.calls], store)
        return [*(each for each in servers if each not in killed), *started]

    @contextmanager
    def _opened(self) -> Iterator[SqlStore]:
        store = SqlStore(self._database, demo_workspace(), timeout=_PATIENCE)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def _calling(self, store: SqlStore) -> Iterator[list[Caller]]:
        """Let the clients call, and stop them."""
        number, stopped = self.happened["kills"] + 1, threading.Event()
        callers = [
            Caller(f"{number}-{each}", random.Random(f"{self._seed} {number} {each}"), store, self._urls, stopped)
            for each in range(CLIENTS)
        ]
        for caller in callers:
            caller.start()
        try:
            yield callers
        finally:
            stopped.set()
            for caller in callers:
                caller.join()

    # ---- the invariants --------------------------------------------------------------------------

    def _check(self, calls: list[Call], store: SqlStore) -> None:
        """Check that the database has every answered change, an unanswered one as a whole or not at all, and no other.

        Raises:
            Refuted: it does not.
        """
        entries = list(store.journal(self._last_entry))
        numbers = [entry.number for entry in entries]
        if numbers != list(range(self._last_entry + 1, self._last_entry + 1 + len(entries))):
            raise Refuted(f"the journal after entry {self._last_entry} has the numbers {numbers}")
        self._last_entry += len(entries)
        by_tag = {entry.headers.get("user-agent", ""): entry for entry in entries}
        twice = [tag for tag, count in Counter(each.headers.get("user-agent") for each in entries).items() if count > 1]
        if twice or self._tags & by_tag.keys():
            raise Refuted(f"stored twice: {twice or self._tags & by_tag.keys()}")
        self._tags |= by_tag.keys()
        for call in calls:
            self._answered(call, by_tag.get(call.tag))
        for entry in entries:
            self.happened["changes"] += len(entry.changes)
            for change in entry.changes:
                self._ledger.add(entry.vendor, change)
            self._numbered(entry)
        with store.reading() as account:
            self._stored(account, entries)

    def _answered(self, call: Call, entry: JournalEntry | None) -> None:
        """Compare the answer to a call with its entry in the journal."""
        self.happened["calls"] += 1
        changes = () if entry is None else entry.changes
        if not call.status:
            self.happened["unanswered"] += 1
            self.happened["unanswered but stored"] += bool(changes)
            if entry is not None and not call.sent:
                raise Refuted(f"{call.tag}: never sent, but stored as {entry}")
            return
        accepted = call.accepted()
        if changes and not accepted:
            raise Refuted(f"{call.tag}: {call.operation} was answered {call.body!r}, but {changes} are stored")
        if accepted and not changes and (call.client.name, call.operation) in _changing():
            raise Refuted(f"{call.tag}: {call.operation} was answered {call.body!r}, but nothing is stored")
        if changes:
            assert entry is not None
            self.happened["answered changes"] += 1
            self.happened[f"changes by {call.client.name}"] += 1
            if (entry.status, entry.response.encode()) != (call.status, call.body):
                raise Refuted(f"{call.tag}: answered {call.body!r}, but stored as {entry.response}")

    def _numbered(self, entry: JournalEntry) -> None:
        """Check that an id is given once, to timers and comments alike, and keep the comments."""
        ids = [change.id for change in entry.changes if change.action == "start"]
        if entry.operation == "add_comment" and entry.changes:
            zoho = next(client.vendor for client in every() if client.name == "zoho")
            comment = zoho.read_response("add_comment", entry.status, {}, entry.response.encode(), now=entry.at)
            ids.append(comment)
            self._comments.setdefault(entry.changes[0].id, set()).add(comment)
        elif entry.operation == "delete_comment" and entry.changes:
            self._comments[entry.changes[0].id].discard(str(entry.parameters["commentId"]))
        for id in map(int, ids):
            if id in self._ids:
                raise Refuted(f"the id {id} is given twice: {entry}")
            self._ids.add(id)

    def _stored(self, account: Account, entries: list[JournalEntry]) -> None:
        """Check that the records are those of the journal, with their comments, and are counted right."""
        records = stored_records(account)
        check_replay(self._log, entries, {key: record.timer for key, record in records.items()})
        check_limits(account)
        if account.new_id() <= max(self._ids, default=0):
            raise Refuted(f"the next id is {account.new_id()}, which is not above {max(self._ids)}")
        for of in {type(record) for record in records.values()}:
            counted = account.find(Query(of=of, limit=1)).total
            if counted != sum(1 for record in records.values() if type(record) is of):
                raise Refuted(f"{counted} records of {of.__name__} are counted")
        for key, record in records.items():
            if isinstance(record, ZohoTimer):
                comments = {comment.id for comment in record.comments}
                if comments != self._comments.get(key.id, set()):
                    raise Refuted(f"{key} has the comments {comments}, the journal {self._comments.get(key.id)}")
        self.happened["timers"] = len(records)

    def _over_http(self, url: str) -> None:
        """Check that a server reports the timers, and that its event log replays to them.

        Raises:
            Refuted: it does not.
        """
        log: TimerLog[Any] = TimerLog()
        for line in httpx.get(f"{url}/_punchclock/journal/events", timeout=_PATIENCE).raise_for_status().iter_lines():
            log.apply(parse_line(line.encode()))
        shown = {
            "/".join((each["vendor"], each["kind"], each["id"])): (each["state"], each["since"])
            for each in httpx.get(f"{url}/_punchclock/timers", timeout=_PATIENCE).raise_for_status().json()
        }
        explained = {
            name: (one.timer.state.value, format_instant(one.timer.since)) for name, one in log.records.items()
        }
        if shown != explained:
            raise Refuted(f"seed {self._seed}: the server shows {shown.items() - explained.items()} otherwise")


def _changing() -> set[tuple[str, str]]:
    """Return the vendors' operations that always change something if they succeed; an update may change nothing."""
    bindings = {(client.name, operation) for client in every() for operation, _ in client.bindings}
    return bindings - {("intervals", "update_timer")}


def _wait(callers: list[Caller], more: int, when: str) -> None:
    """Wait until so many more calls are answered.

    Raises:
        Refuted: they are not.
    """
    before, deadline = sum(caller.answers for caller in callers), time.monotonic() + _PATIENCE
    while (answers := sum(caller.answers for caller in callers) - before) < more:
        if time.monotonic() > deadline:
            raise Refuted(f"{answers} of {more} calls are answered {when}")
        time.sleep(0.002)


def run(kind: str, kills: int, seed: int) -> Counter[str]:
    """Kill servers on a new database, in a folder of their own, and return what happened.

    Raises:
        Refuted: an invariant is broken.
    """
    with (
        tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder,
        database_url(kind, Path(folder)) as database,
    ):
        tried = Kills(database, Path(folder), seed)
        tried.run(kills)
    return tried.happened


def survived(budget: Budget) -> str:
    """Kill servers on SQLite, and on PostgreSQL where the tests have a server.

    Raises:
        Refuted: an invariant is broken.
    """
    tried = {"SQLite": run("sqlite", budget.kills, 1)}
    if os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL"):
        tried["PostgreSQL"] = run("postgresql", budget.kills, 2)
    return "; ".join(
        f"{name}: {happened['kills']:,} kills of one of two servers or both, {CLIENTS} clients, "
        f"{happened['calls']:,} calls, {happened['answered changes']:,} answered and stored changes, "
        f"{happened['unanswered']:,} unanswered calls, {happened['unanswered but stored']:,} of them stored"
        for name, happened in tried.items()
    ) + ("" if len(tried) == 2 else "; without PostgreSQL: PUNCHCLOCK_TEST_POSTGRESQL names no server")


CLAIMS: Final = (
    Claim(
        "whenever a server is killed, every answered change is stored once, no unanswered one is stored in part, ids "
        "are unique, the vendors' limits hold, the journal replays to the timers, and the other server goes on",
        survived,
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Run seeds; return 1 if an invariant is broken, and print which."""
    parser = argparse.ArgumentParser(prog="PYTHONPATH=tests python -m evidence.kills", description="Run a seed.")
    parser.add_argument("seed", type=int, nargs="+")
    parser.add_argument("--kills", type=int, default=10, help="how often a server is killed")
    parser.add_argument("--postgresql", action="store_true", help="use PUNCHCLOCK_TEST_POSTGRESQL instead of SQLite")
    options = parser.parse_args(arguments)
    status = 0
    for seed in options.seed:
        try:
            happened = run("postgresql" if options.postgresql else "sqlite", options.kills, seed)
            print(f"seed {seed} holds: {', '.join(f'{count:,} {what}' for what, count in happened.items())}")
        except Refuted as error:
            print(error)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
