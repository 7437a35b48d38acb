"""The vendor's own client against our implementation of its API: all its timer calls, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from worksection import Client
from worksection.exceptions import ResponseException, UnauthorizedException

from punchclock.units import SECOND
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request
from punchclock.vendors.worksection import WorksectionTimer, handle
from worksection_demo import KEY, NOW, TOKEN, account


class Server(ThreadingHTTPServer):
    """An account behind HTTP, with a clock that only the test moves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.account: MemoryAccount = account()
        self.now = NOW

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Passes each request to `handle` and stores what it changed."""

    server: Server

    def do_POST(self) -> None:
        """What the client sends is always a POST."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Request(method="POST", path=path, query=query, headers=headers, body=body)
        result = handle(call, self.server.account, self.server.now)
        self.server.account.apply(result.changes)
        self.send_response(result.response.status)
        for name, value in result.response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(result.response.body)))
        self.end_headers()
        self.wfile.write(result.response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as the base class has it
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for one test."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_the_user_calls(server: Server) -> None:
    """Read without a timer, start, read, stop with a comment, start again, delete."""
    client = Client(server.url).set_access_token(TOKEN)
    assert client.user.timer() is None
    client.user.start_timer(31)
    server.now += 4360 * SECOND
    timer = client.user.timer()
    assert (timer.time, timer.date_started, timer.task.name) == (4360, "2026-03-02 09:00", "Design")
    assert (timer.task.user_from.id, timer.task.project.name) == ("2", "Project 006_1")
    client.user.stop_timer("Done")
    saved = server.account.get(WorksectionTimer, "1001")
    assert saved is not None
    assert (saved.timer.worked, saved.note) == (4360 * SECOND, "Done")
    client.user.start_timer(32)
    client.user.discard_timer()
    assert client.user.timer() is None
    assert server.account.get(WorksectionTimer, "1002") is None


def test_the_admin_calls(server: Server) -> None:
    """List all timers and stop one, signed by the header with the client's own time."""
    client = Client(server.url).set_api_key(KEY)
    assert client.timers.all() == []
    for person in (3, 5):
        Client(server.url).set_access_token(f"worksection-token-{person}").user.start_timer(31)
    server.now += 443_045 * SECOND
    assert [(timer.id, timer.time, timer.user_from.name) for timer in client.timers.all()] == [
        ("1002", "123:04:05", "test"),
        ("1001", "123:04:05", "resource"),
    ]
    assert client.timers.all()[0].task.tags == {"51": "design", "52": "urgent"}
    client.timers.stop(1001)
    assert [timer.id for timer in client.timers.all()] == ["1002"]


def test_the_rejections(server: Server) -> None:
    """The client raises the server's error and recognises a rejected token."""
    user = Client(server.url).set_access_token(TOKEN).user
    with pytest.raises(ResponseException, match="stop_my_timer: Timer is not started"):
        user.stop_timer()
    with pytest.raises(ResponseException, match="start_my_timer: Task is closed"):
        user.start_timer(34)
    user.start_timer(31)
    with pytest.raises(ResponseException, match="start_my_timer: Timer is already started"):
        user.start_timer(31)
    with pytest.raises(ResponseException, match="stop_timer: Timer not found"):
        Client(server.url).set_api_key(KEY).timers.stop(77)
    with pytest.raises(ResponseException, match="Action hash is missed or invalid"):
        Client(server.url).set_api_key("another").timers.all()
    with pytest.raises(UnauthorizedException, match="Access token is invalid"):
        Client(server.url).set_access_token("old").user.timer()
