"""A long journal is sent in parts: memory stays flat, and an incomplete journal never looks complete to a client."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.server import application
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable
from punchclock.workspaces import demo_workspace
from sandbox_calls import BASIC, NOON, call, send
from serving import served

JOURNAL = "/_punchclock/journal"


class FailingStore(MemoryStore):
    """A store whose journal fails after a number of entries."""

    def __init__(self, readable: int) -> None:
        self.readable = readable
        super().__init__(demo_workspace())

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Yield entries until the store fails."""
        for number, entry in enumerate(super().journal(after)):
            if number == self.readable:
                raise StoreUnavailable("the disk is gone")
            yield entry


def filled(store: Store, entries: int = 1000) -> Sandbox:
    """A sandbox with timers of several people, and with so many journal entries; 300 are about 130 KB."""
    sandbox = Sandbox(clock=NOON, store=store)
    start, read = call("intervals", "create_timer"), call("intervals", "list_timers")
    for number in range(entries):
        send(sandbox, start if number % 50 == 0 else read)
    return sandbox


def read(answer: http.client.HTTPResponse) -> bytes:
    """Read the head and the body of a response."""
    answer.begin()
    return answer.read()


def numbers(body: bytes) -> list[int]:
    """The numbers of the entries in a journal."""
    return [json.loads(line)["number"] for line in body.splitlines()]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store in memory, and one in a database."""
    workspace = demo_workspace()
    return MemoryStore(workspace) if request.param == "memory" else SqlStore(f"sqlite:///{tmp_path / 'it'}", workspace)


def test_a_long_journal_comes_in_parts(store: Store) -> None:
    """A long journal is sent in parts and has everything; a short one is sent whole, with its length."""
    with filled(store) as sandbox, sandbox.serve() as server, httpx.Client(base_url=server.url) as client:
        long = client.get(JOURNAL)
        assert (long.status_code, long.headers["transfer-encoding"]) == (200, "chunked")
        assert long.headers["content-type"] == "application/x-ndjson"
        assert len(long.headers.get_list("date")) == 1
        assert numbers(long.content) == list(range(1, 1001))
        assert long.content == sandbox.handle("GET", JOURNAL)[2]
        short = client.get(JOURNAL, params={"after": 998})
        assert (numbers(short.content), int(short.headers["content-length"])) == ([999, 1000], len(short.content))
        assert client.get(f"{JOURNAL}/events").content == b"".join(sandbox.event_log())


def test_a_journal_is_read_page_by_page() -> None:
    """``limit`` bounds the number of entries, so that a client can read a journal in pages with ``after``."""
    sandbox = filled(MemoryStore(demo_workspace()), 30)
    assert numbers(sandbox.handle("GET", JOURNAL, {"limit": 3})[2]) == [1, 2, 3]
    assert numbers(sandbox.handle("GET", JOURNAL, {"after": 28, "limit": 9})[2]) == [29, 30]
    assert sandbox.handle("GET", JOURNAL, {"limit": 0})[2] == b""
    for limit in ("x", "-1", "1" * 30, "²"):
        status, _, body = sandbox.handle("GET", JOURNAL, {"limit": limit})
        assert (status, json.loads(body)["error"]["code"]) == (400, "bad-request")
        assert "limit=" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize("readable", [0, 20])
def test_a_store_that_fails_early_is_a_503(readable: int) -> None:
    """If the store fails before the first part is sent, the response is the rejection."""
    with filled(FailingStore(readable), 30) as sandbox, sandbox.serve() as server:
        answer = httpx.get(server.url + JOURNAL)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store-unavailable")


def test_a_store_that_fails_late_is_a_503_in_process() -> None:
    """In process and through httpx's transport a body is whole, so a late failure is the rejection too."""
    sandbox = filled(FailingStore(900))
    status, _, body = sandbox.handle("GET", JOURNAL)
    assert (status, json.loads(body)["error"]["code"]) == (503, "store-unavailable")
    with httpx.Client(transport=sandbox.transport(), base_url="http://localhost") as client:
        assert client.get(JOURNAL).status_code == 503


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_store_that_fails_late_cuts_the_connection(version: str, caplog: pytest.LogCaptureFixture) -> None:
    """If the store fails between two parts, the client gets an error and no regular end; the log has the reason."""
    caplog.set_level(logging.INFO, "punchclock")
    with filled(FailingStore(900)) as sandbox, sandbox.serve() as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            connection.sendall(f"GET {JOURNAL} HTTP/{version}\r\nhost: localhost\r\n\r\n".encode())
            answer = http.client.HTTPResponse(connection)
            with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
                read(answer)
        assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert "the store is not available: the disk is gone" in caplog.messages
    assert any(f'"GET {JOURNAL}" incomplete' in line for line in caplog.messages)
    assert not [record for record in caplog.records if record.exc_info]


def test_another_server_sees_no_end_of_an_incomplete_body() -> None:
    """An ASGI server without our transport gets no message that ends an incomplete body."""
    sandbox = filled(FailingStore(900))
    sent: list[dict[str, object]] = []

    async def exchange() -> None:
        asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, object]:
            for message in asked:
                return message
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": JOURNAL, "query_string": b"", "headers": []}
        app = application(sandbox.handle_in_steps, control_from_anywhere=True)
        await app(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(exchange())
    assert [message["type"] for message in sent[:2]] == ["http.response.start", "http.response.body"]
    assert all(message.get("more_body", True) for message in sent)


def test_a_client_that_leaves_ends_the_stream() -> None:
    """If a client disconnects in the middle of a journal, the rest is not read."""
    entries = 0

    class CountingStore(MemoryStore):
        """A store that counts the entries that are read."""

        def journal(self, after: int = 0) -> Iterator[JournalEntry]:
            """Count the entries."""
            nonlocal entries
            for entry in super().journal(after):
                entries += 1
                yield entry

    with filled(CountingStore(demo_workspace()), 3000) as sandbox, sandbox.serve() as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            connection.sendall(f"GET {JOURNAL} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            assert connection.recv(100)
        time.sleep(0.5)
        assert 0 < entries < 3000
        began = time.monotonic()
    assert time.monotonic() - began < 5  # the stop waits for no reader


def test_the_journal_in_memory_is_not_copied() -> None:
    """Reading the journal copies nothing; it has the entries of its beginning, also after a reset."""
    sandbox = filled(MemoryStore(demo_workspace()), 50)
    for _ in range(5000):
        sandbox.store.note(next(sandbox.journal(49)))
    tracemalloc.start()
    entries = sandbox.journal()
    assert next(entries).number == 1
    assert tracemalloc.get_traced_memory()[1] < 10_000
    tracemalloc.stop()
    send(sandbox, call("intervals", "list_timers"))
    sandbox.reset()
    assert [entry.number for entry in entries] == list(range(2, 5051))
    assert list(sandbox.journal()) == []
    assert list(sandbox.journal(-1)) == []


def resident(process: int) -> int:
    """The memory of a process, in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) << 10


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("database", ["memory:", "sqlite:///journal.sqlite3"])
def test_slow_readers_hold_little_memory(tmp_path: Path, database: str) -> None:
    """Twenty clients that stop to read in the middle of a journal of 30 MB hold less than 50 MB together."""
    with served(tmp_path, "--database", database) as server:
        address = urlsplit(server.url)
        with httpx.Client(base_url=server.url, headers=BASIC) as client:
            for _ in range(500):
                assert client.post("/timer", json={"personid": 3}).status_code == 201
            for _ in range(250):
                assert client.get("/timer", params={"gettimerinfo": 1, "limit": 500}).status_code == 200
            with client.stream("GET", JOURNAL) as journal:
                assert sum(map(len, journal.iter_raw())) > 30_000_000
        before = resident(server.process.pid)
        with ExitStack() as stack:
            for _ in range(20):
                connection = stack.enter_context(socket.socket())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
                connection.connect((address.hostname or "", address.port or 0))
                connection.sendall(f"GET {JOURNAL} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            time.sleep(2)
            held = resident(server.process.pid) - before
        assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert held < 50_000_000, f"{held / 1e6:.0f} MB"
