"""The HTTP server is bounded: the number of connections, and the time that each client can take for its part."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from punchclock.sandbox import Sandbox, connections
from punchclock.sandbox import server as server_module
from punchclock.sandbox.connections import LEAST_READ, MAX_CONNECTIONS, Server, most_connections
from punchclock.sandbox.server import Serving
from punchclock.sandbox.store import MemoryStore, Transaction
from punchclock.workspaces import demo_workspace
from sandbox_calls import BASIC, NOON

HEAD = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"
BODY = b"POST /timer HTTP/1.1\r\nhost: x\r\ncontent-length: 999\r\n\r\n{"

Answer = tuple[int, dict[str, str], bytes]


class Watched(Serving):
    """A server whose connections can be counted."""

    @property
    def connections(self) -> int:
        """The number of connections that the server has."""
        return len(self._server.server_state.connections)

    def stop(self) -> None:
        """Begin to stop."""
        self._server.should_exit = True


@contextmanager
def served(sandbox: Sandbox) -> Iterator[Watched]:
    """Serve a sandbox so that its connections can be counted."""
    serving = sandbox.serve()
    serving.__class__ = Watched
    with serving:
        assert isinstance(serving, Watched)
        yield serving


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of half a second, checked often."""
    for name, seconds in {
        "HEAD_TIMEOUT": 0.5,
        "IDLE_TIMEOUT": 0.5,
        "WRITE_TIMEOUT": 0.5,
        "SHUTDOWN_TIMEOUT": 0.5,
        "_CHECK_EVERY": 0.05,
    }.items():
        monkeypatch.setattr(connections, name, seconds)
    monkeypatch.setattr(server_module, "BODY_TIMEOUT", 0.5)


@pytest.fixture
def url() -> Iterator[str]:
    """The URL of a sandbox at noon."""
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server:
        yield server.url


@contextmanager
def opened(url: str, sent: bytes = b"") -> Iterator[socket.socket]:
    """Open a connection, and send the beginning of a request."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(sent)
        yield connection


def received(connection: socket.socket) -> bytes:
    """Return everything that the server sends until it closes the connection."""
    found = b""
    try:
        while piece := connection.recv(1 << 16):
            found += piece
    except ConnectionResetError:  # the server has closed it with bytes of ours unread
        pass
    return found


def is_open(connection: socket.socket) -> bool:
    """Return whether the server has neither sent anything nor closed the connection."""
    connection.settimeout(0)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def send_slowly(connection: socket.socket, byte: bytes) -> None:
    """Send single bytes for five seconds, or until the server has closed the connection."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        connection.sendall(byte)
        time.sleep(0.02)


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_healthy(connection: socket.socket) -> bool:
    """Read the whole response to the health check, and return whether it is a success."""
    found = connection.recv(4096)
    while not found.endswith(b"}"):
        found += connection.recv(4096)
    return found.startswith(b"HTTP/1.1 200 ")


# ---- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "status"), [(b"", b""), (HEAD, b"HTTP/1.1 408 "), (BODY, b"HTTP/1.1 408 ")])
def test_a_client_that_falls_silent_is_closed(url: str, sent: bytes, status: bytes) -> None:
    """A connection without a complete request is closed; if there is part of one, the response is 408."""
    began = time.monotonic()
    with opened(url, sent) as connection:
        answer = received(connection)
    assert answer[:13] == status
    assert (b"connection: close" in answer) is bool(status)
    assert 0.4 < time.monotonic() - began < 5


@pytest.mark.parametrize("begin", [b"", HEAD, BODY])
def test_single_bytes_gain_no_time(url: str, begin: bytes) -> None:
    """A client that sends its request byte by byte is closed like one that sends nothing."""
    began = time.monotonic()
    with opened(url, begin) as connection:
        with pytest.raises(ConnectionError):
            send_slowly(connection, b"x")
        assert 0.4 < time.monotonic() - began < 5


def test_a_later_head_is_timed_from_its_first_byte(url: str) -> None:
    """After a response, the next head has its own time, and single bytes of it gain none."""
    with opened(url, HEAD + b"\r\n") as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.3)
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            send_slowly(connection, b"G")
        assert 0.4 < time.monotonic() - began < 5


def test_an_idle_connection_is_closed(url: str) -> None:
    """After a response, a connection without a further request is closed."""
    with opened(url, HEAD + b"\r\n") as connection:
        began = time.monotonic()
        assert received(connection).startswith(b"HTTP/1.1 200 ")
        assert 0.4 < time.monotonic() - began < 5


def test_a_slow_client_in_time_is_answered(url: str) -> None:
    """A request that arrives in pieces, and in time, is answered."""
    with opened(url) as connection:
        for piece in (HEAD[:9], HEAD[9:], b"\r\n"):
            connection.sendall(piece)
            time.sleep(0.1)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_nobody_reads_is_bounded(url: str) -> None:
    """The rest of a body whose request is rejected already gains no time."""
    head = b"PUT /_punchclock/clock HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 100000\r\n\r\n"
    began = time.monotonic()
    with opened(url, head) as connection, pytest.raises(ConnectionError):
        send_slowly(connection, b"x")
    assert time.monotonic() - began < 5


LARGE = b"x" * (1 << 24)


class Large(Sandbox):
    """A sandbox whose health check is larger than the buffers of a connection."""

    def health(self) -> Answer:
        """Return 16 MiB."""
        return 200, {"content-type": "text/plain"}, LARGE


class Slow(Sandbox):
    """A sandbox whose health check waits."""

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def health(self) -> Answer:
        """Wait for `release`."""
        self.release.wait(20)
        return super().health()


def test_a_client_that_does_not_read_is_closed() -> None:
    """A response that its client does not read is given up, with its memory."""
    with Large() as sandbox, served(sandbox) as serving, opened(serving.url, HEAD + b"\r\n" + HEAD):
        until(lambda: serving.connections == 1)
        until(lambda: serving.connections == 0)
        assert httpx.get(f"{serving.url}/healthz").content == LARGE


def test_a_client_that_reads_too_slowly_is_closed() -> None:
    """Reading a few bytes gains no time."""
    with Large() as sandbox, served(sandbox) as serving, opened(serving.url, HEAD + b"\r\n") as connection:
        until(lambda: serving.connections == 1)
        while serving.connections:
            connection.recv(10)
            time.sleep(0.05)


def test_a_client_that_reads_steadily_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response can take longer than the time limit, if its client keeps reading."""
    monkeypatch.setattr(connections, "WRITE_TIMEOUT", 1)
    with Large() as sandbox, served(sandbox) as serving, opened(serving.url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LEAST_READ)
        connection.sendall(HEAD + b"connection: close\r\n\r\n")
        began = time.monotonic()
        size = 0
        while piece := connection.recv(1 << 20):
            size += len(piece)
            if time.monotonic() < began + 2.5:
                time.sleep(0.01)
        assert size > len(LARGE)
        assert time.monotonic() - began > 2.5


def test_a_stop_has_an_end() -> None:
    """A stop closes requests in progress that take longer than its time."""
    with Slow() as sandbox:
        try:
            with served(sandbox) as serving, opened(serving.url, HEAD + b"\r\n") as connection:
                until(lambda: serving.connections == 1)
                serving.stop()
                began = time.monotonic()
                assert not received(connection).startswith(b"HTTP/1.1 200")
                assert 0.4 < time.monotonic() - began < 5
        finally:
            sandbox.release.set()


# ---- number --------------------------------------------------------------------------------------


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for eight connections, and for a long time."""
    monkeypatch.setattr(connections, "most_connections", lambda: 8)
    for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT", "WRITE_TIMEOUT"):
        monkeypatch.setattr(connections, name, 60)
    monkeypatch.setattr(server_module, "BODY_TIMEOUT", 60)


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize("sent", [b"", HEAD, BODY, HEAD + b"\r\n"], ids=["silent", "head", "body", "idle"])
def test_a_new_connection_replaces_one_that_waits(url: str, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """When all connections wait for their client, new ones are served, and one line of the log reports it."""
    with ExitStack() as stack:
        waiting = [stack.enter_context(opened(url, sent)) for _ in range(40)]
        if sent.endswith(b"\r\n\r\n"):
            assert all(is_healthy(each) for each in waiting)
        for _ in range(5):
            assert httpx.post(f"{url}/timer", json={}, headers=BASIC).status_code in (201, 400)
            assert httpx.get(f"{url}/healthz").status_code == 200
        assert sum(map(is_open, waiting)) <= 10
    reports = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in reports] == ["punchclock.server"]
    assert "8 connections are open" in reports[0].getMessage()


@pytest.mark.usefixtures("eight")
def test_the_oldest_head_gives_way_first(url: str) -> None:
    """A connection without a head gives way before one without a body, and the oldest first."""
    with ExitStack() as stack:
        body = stack.enter_context(opened(url, BODY))
        time.sleep(0.1)
        heads = []
        for _ in range(8):
            heads.append(stack.enter_context(opened(url, HEAD)))
            time.sleep(0.05)
        until(lambda: not is_open(heads[0]))
        assert is_open(body)
        assert all(map(is_open, heads[1:]))


class LockedStore(MemoryStore):
    """A store whose changes wait, as for another writer."""

    def __init__(self) -> None:
        super().__init__(demo_workspace())
        self.release = threading.Event()
        self.waiting = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Wait for `release`."""
        self.waiting += 1
        self.release.wait(20)
        with super().transaction() as transaction:
            yield transaction


@pytest.mark.usefixtures("eight")
def test_a_request_in_progress_does_not_give_way(caplog: pytest.LogCaptureFixture) -> None:
    """If every connection is being answered, only the health check and the control plane get one more."""
    store = LockedStore()
    with Sandbox(clock=NOON, store=store) as sandbox, sandbox.serve() as serving:
        statuses: list[int] = []

        def start(number: int) -> None:
            body = {"personid": 3, "name": f"timer {number}"}
            statuses.append(httpx.post(f"{serving.url}/timer", json=body, headers=BASIC, timeout=30).status_code)

        threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: store.waiting == 8)
            with ExitStack() as stack:
                for _ in range(10):
                    stack.enter_context(opened(serving.url))
                refused = httpx.get(f"{serving.url}/timer", headers=BASIC)
                assert refused.status_code == 503
                assert refused.json()["error"]["code"] == "too-many-connections"
                assert refused.headers["connection"] == "close"
                assert httpx.get(f"{serving.url}/healthz").status_code == 200
                assert httpx.delete(f"{serving.url}/_punchclock/faults").status_code == 200
        finally:
            store.release.set()
            for thread in threads:
                thread.join()
        assert statuses == [201] * 8
        assert httpx.get(f"{serving.url}/timer", headers=BASIC).status_code == 200
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1


@pytest.mark.usefixtures("eight")
def test_a_client_that_does_not_read_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection whose client has not read for a while gives way too."""
    monkeypatch.setattr(connections, "WRITE_TIMEOUT", 60)
    with Large() as sandbox, served(sandbox) as serving, ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(opened(serving.url, HEAD + b"\r\n"))
        until(lambda: serving.connections == 8)
        for _ in range(8):
            assert httpx.get(f"{serving.url}/healthz").content == LARGE


@pytest.mark.usefixtures("eight")
def test_beyond_the_reserve_new_connections_wait() -> None:
    """If even the reserved connections are being answered, a new one waits until one of them ends."""
    with Slow() as sandbox, served(sandbox) as serving, ExitStack() as stack:
        asking = [stack.enter_context(opened(serving.url, HEAD + b"\r\n")) for _ in range(14)]
        until(lambda: serving.connections == 10)
        time.sleep(0.2)
        assert serving.connections == 10
        sandbox.release.set()
        for each in asking:
            assert each.recv(100).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("failing", ["accept", "connect"])
def test_a_lack_of_descriptors_is_logged_once(
    failing: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If no descriptor is free, waiting connections are closed, and one line without a traceback reports it."""
    monkeypatch.setattr(connections, "HEAD_TIMEOUT", 60)
    failures: list[OSError] = [OSError(errno.EMFILE, "Too many open files") for _ in range(5)]
    if failing == "accept":
        failures.append(ConnectionAbortedError())

    class Short(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            if failures and failing == "accept" and waiting:
                raise failures.pop()
            return super().accept()

    def listening(host: str, port: int) -> socket.socket:
        made = socket.create_server((host, port))
        return Short(fileno=made.detach())

    def connect(server: Server) -> connections.Protocol:
        if failures and failing == "connect" and waiting:
            raise failures.pop()
        return made(server)

    waiting: list[socket.socket] = []
    made = Server.connect
    monkeypatch.setattr(server_module, "listen", listening)
    monkeypatch.setattr(Server, "connect", connect)
    with Sandbox(clock=NOON) as sandbox, served(sandbox) as serving, ExitStack() as stack:
        first = stack.enter_context(opened(serving.url))
        until(lambda: serving.connections == 1)
        waiting.append(first)
        until(lambda: not fails(f"{serving.url}/healthz"))
        until(lambda: not failures)
        assert httpx.get(f"{serving.url}/healthz").status_code == 200
        assert is_open(first) is (failing == "connect")
    (report,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Too many open files" in report.getMessage()
    assert report.exc_info is None


def fails(url: str) -> bool:
    """Return whether a request does not succeed."""
    try:
        return httpx.get(url).status_code != 200
    except httpx.TransportError:
        return True


@pytest.mark.parametrize(("limit", "most"), [(128, 64), (1 << 20, MAX_CONNECTIONS), (-1, MAX_CONNECTIONS), (1, 1)])
def test_the_bound_leaves_half_of_the_descriptors(limit: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is half of the descriptors that the process can open, and no more than the maximum."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert most_connections() == most


def test_without_a_limit_the_bound_is_the_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a system without limits, such as Windows, the bound is the maximum."""
    monkeypatch.setitem(__import__("sys").modules, "resource", None)
    assert most_connections() == MAX_CONNECTIONS


# ---- threads -------------------------------------------------------------------------------------


def test_without_a_thread_the_response_is_503(caplog: pytest.LogCaptureFixture) -> None:
    """If no thread can be started, the response is 503 and the log has no traceback; other errors are not hidden."""
    errors = ["another error", "can't start new thread"]

    class Short(Sandbox):
        def health(self) -> Answer:
            raise RuntimeError(errors.pop())

    with Short() as sandbox, sandbox.serve() as serving:
        answer = httpx.get(f"{serving.url}/healthz")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no-thread")
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert httpx.get(f"{serving.url}/healthz").status_code == 500
    assert "another error" in caplog.text
