"""Over HTTP every path reaches the sandbox, is logged without secrets, and ambiguous requests are rejected."""

from __future__ import annotations

import ast
import hmac
import http.client
import inspect
import json
import logging
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from punchclock.sandbox import Sandbox, control
from sandbox_calls import BASIC, NOON

AUTH = f"authorization: {BASIC['authorization']}\r\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at noon whose control plane needs a token."""
    with Sandbox(clock=NOON, control_token="hush-hush") as found:
        yield found


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    """The URL of the sandbox."""
    with sandbox.serve() as server:
        yield server.url


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The access log."""
    caplog.set_level(logging.INFO, "punchclock.access")
    return caplog


def lines(log: pytest.LogCaptureFixture, number: int = 1) -> list[str]:
    """Wait for some lines of the access log, and return them without client and time."""
    deadline = time.monotonic() + 10
    while True:
        found = [each.getMessage() for each in log.records if each.name == "punchclock.access"]
        if len(found) >= number or time.monotonic() > deadline:
            return [line.partition(" ")[2].rpartition(" ")[0] for line in found]
        time.sleep(0.01)


def exchange(url: str, sent: str) -> bytes:
    """Send text, and return everything until the server closes the connection."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(sent.encode())
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


# ---- targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/a%0Ab", "/***"),
        ("/timer/7%0A", "/timer/***"),
        ("/%0a/timer", "/***/timer"),
        ("/timer%0d%0aGET", "/***"),
        ("*", "***"),
        ("nothing:80", "***"),
        ("ftp://127.0.0.1/timer", "***//***/timer"),
        ("http://127.0.0.1", "/"),
        ("http://127.0.0.1/nothing", "/***"),
    ],
)
def test_every_path_reaches_the_sandbox(
    sandbox: Sandbox, url: str, target: str, shown: str, log: pytest.LogCaptureFixture
) -> None:
    """A path in any form gets the sandbox's 404, a line in the log, and an entry in the journal."""
    answer = exchange(url, f"GET {target} HTTP/1.1\r\nhost: x\r\n{AUTH}connection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert "error" in json.loads(body)
    assert lines(log) == [f'"GET {shown}" 404']
    assert [entry.path for entry in sandbox.journal()] == [shown]


def test_a_long_path_does_not_fill_the_log(url: str, log: pytest.LogCaptureFixture) -> None:
    """The log contains the beginning of a path; credentials in it are replaced."""
    exchange(url, f"GET /timer/{'a/' * 20_000} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    [line] = lines(log)
    assert line.startswith('"GET /timer/***/***/')
    assert len(line) < 1000


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/timer", "HTTP://localhost/timer/", "https://punchclock/%74imer"]
)
def test_a_target_can_be_a_url(sandbox: Sandbox, url: str, target: str, log: pytest.LogCaptureFixture) -> None:
    """A request whose target is a URL is the call at its path, with its query."""
    target = target.format(port=urlsplit(url).port)
    answer = exchange(url, f"GET {target}?limit=3 HTTP/1.1\r\nhost: 127.0.0.1\r\n{AUTH}connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["listcount"] == 0
    assert [(entry.operation, entry.parameters) for entry in sandbox.journal()] == [("list_timers", {"limit": "3"})]
    assert lines(log)[0].startswith('"GET /timer')


@pytest.mark.parametrize("path", ["/timer", "/_punchclock/clock"])
@pytest.mark.parametrize(("target", "host"), [("evil.example", "127.0.0.1"), ("127.0.0.1", "evil.example")])
def test_both_names_have_to_be_this_servers(sandbox: Sandbox, url: str, path: str, target: str, host: str) -> None:
    """If the target has a name, both this name and ``Host`` have to be this server's."""
    sent = f"GET http://{target}{path} HTTP/1.1\r\nhost: {host}\r\n{AUTH}connection: close\r\n\r\n"
    assert exchange(url, sent).startswith(b"HTTP/1.1 403 ")
    assert list(sandbox.journal()) == []


def test_a_line_break_in_a_target_is_not_http(sandbox: Sandbox, url: str) -> None:
    """A line break as such ends the request line, so the request gets 400."""
    assert exchange(url, f"GET /timer\n/7 HTTP/1.1\r\nhost: x\r\n{AUTH}\r\n").startswith(b"HTTP/1.1 400 ")
    assert list(sandbox.journal()) == []


# ---- lengths -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lengths",
    [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "Transfer-Encoding: Chunked\r\nContent-Length: 0\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: -1\r\n",
        "transfer-encoding: identity\r\n",
    ],
)
@pytest.mark.parametrize("path", ["/timer", "/_punchclock/reset", "/healthz"])
def test_a_request_with_two_lengths_is_rejected(sandbox: Sandbox, url: str, path: str, lengths: str) -> None:
    """A body whose end is ambiguous gets 400 or 501, and nothing after it is read as a request."""
    smuggled = f"DELETE /_punchclock/faults HTTP/1.1\r\nhost: x\r\n\r\nGET /timer HTTP/1.1\r\nhost: x\r\n{AUTH}\r\n"
    answer = exchange(url, f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{AUTH}{lengths}\r\n0\r\n\r\n{smuggled}")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer.lower()
    assert list(sandbox.journal()) == []


def test_one_length_is_enough(url: str) -> None:
    """A body with chunks, or with a length that is given twice, is accepted."""
    begin = f"POST /timer HTTP/1.1\r\nhost: x\r\n{AUTH}connection: close\r\ncontent-type: application/json\r\n"
    chunked = exchange(url, f'{begin}transfer-encoding: chunked\r\n\r\n10\r\n{{"personid": 3 }}\r\n0\r\n\r\n')
    assert chunked.startswith(b"HTTP/1.1 201 ")
    twice = "content-length: 28\r\ncontent-length: 28\r\n"
    assert exchange(url, f'{begin}{twice}\r\n{{"personid": 3, "name": "x"}}').startswith(b"HTTP/1.1 201 ")


# ---- connections ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "header", "stays"),
    [
        ("1.1", "", True),
        ("1.1", "connection: close\r\n", False),
        ("1.1", "Connection: Close\r\n", False),
        ("1.1", "connection: te, close\r\n", False),
        ("1.0", "", False),
    ],
)
def test_a_connection_stays_open_unless_the_client_closes_it(url: str, version: str, header: str, stays: bool) -> None:
    """HTTP/1.1 keeps the connection; after ``Connection: close`` and in HTTP/1.0 it ends with the response."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=3) as connection:
        connection.sendall(f"GET /timer HTTP/{version}\r\nhost: x\r\n{AUTH}{header}\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        assert json.loads(answer.read())["listcount"] == 0
        if stays:
            connection.sendall(f"GET /timer HTTP/1.1\r\nhost: x\r\n{AUTH}\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        else:
            assert connection.recv(100) == b""


# ---- secrets -------------------------------------------------------------------------------------


def test_the_access_log_has_no_secret(url: str, log: pytest.LogCaptureFixture) -> None:
    """No line of the access log has a query, a header, a body, or an unknown part of a path."""
    secrets = {"authorization": "Bearer hush-1", "x-timetrack-api-key": "hush-2", "cookie": "hush-3"}
    paths = ["/timer/hush-4?x=hush-5", "/api/v2/hush-6", "/_punchclock/hush-7?hush-8", "/_punchclock/clock?hush-9"]
    paths += ["/people/api/timetracker/timer?authtoken=hush-10", "/hush-11", "/timer?hush-12", "http://hush-13/hush-14"]
    for path in paths:
        exchange(
            url,
            f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 7\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in secrets.items())
            + "\r\nhush-15",
        )
    assert len(lines(log, len(paths))) == len(paths)
    assert "hush" not in log.text
    assert "?" not in "".join(lines(log))


@pytest.mark.parametrize(("given", "status"), [("hush-hush", 200), ("hush-husH", 401), ("hush", 401), ("x", 401)])
def test_the_control_token_is_compared_in_constant_time(
    url: str, given: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole token is compared by `hmac.compare_digest`, in every call that gives one."""
    compared = []
    original = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append({one, other})
        return original(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    headers = {"authorization": f"Bearer {given}"}
    assert httpx.get(f"{url}/_punchclock/clock", headers=headers).status_code == status
    assert compared == [{given.encode(), b"hush-hush"}]


def test_the_control_token_is_compared_in_no_other_way() -> None:
    """The code of the control plane has no comparison with the token but the one in constant time."""
    names = {"token", "given"}
    for node in ast.walk(ast.parse(inspect.getsource(control.control))):
        if isinstance(node, ast.Compare):
            assert not names & {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}, ast.unparse(node)
