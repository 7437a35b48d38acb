"""Web pages of other origins and requests to foreign host names are rejected over HTTP, unless they are allowed."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from punchclock.cli import run
from punchclock.sandbox import Sandbox
from punchclock.sandbox.callers import Callers, InvalidCaller
from sandbox_calls import BASIC, NOON
from serving import served

PORT = "{port}"
#: The call of a page that needs no header: a GET with the demo token starts a timer.
START = (
    "/people/api/timetracker/timer?authtoken=zoho-token-5&user=5&jobId=41&workDate=2026-03-02&timer=start"
    "&billingStatus=billable"
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at noon."""
    with Sandbox(clock=NOON) as found:
        yield found


def call(url: str, headers: dict[str, str]) -> httpx.Response:
    """Start a timer with these headers; ``{port}`` in a value is the server's port."""
    port = str(urlsplit(url).port)
    named = {name: value.replace(PORT, port) for name, value in headers.items()}
    return httpx.post(url + START, headers=named)


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:{port}",
        "localhost:{port}",
        "LocalHost",
        "[::1]:{port}",
        "192.0.2.7:8000",
        "punchclock:8000",
        "punchclock",
        "host.docker.internal:8000",
        "punchclock.default.svc.cluster.local",
        "sandbox.test",
        "app.localhost",
        "punchclock.",
        socket.gethostname(),
        "",
    ],
)
def test_a_name_that_nobody_can_register_is_this_servers(sandbox: Sandbox, host: str) -> None:
    """Addresses, names without a dot, names of private networks and this machine's name are accepted."""
    with sandbox.serve() as server:
        assert call(server.url, {"host": host}).status_code == 200
    assert len(sandbox.timers()) == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", "a.b."]
)
@pytest.mark.parametrize("path", [START, "/timer", "/nothing"])
def test_a_foreign_name_is_rejected(sandbox: Sandbox, host: str, path: str) -> None:
    """A request to another name is rejected; the message has the option, and the health check still answers."""
    with sandbox.serve() as server:
        answer = httpx.post(server.url + path, headers={"host": host, **BASIC})
        assert answer.status_code == 403
        error = answer.json()["error"]
        assert error["code"] == "forbidden"
        assert f"{host!r} is not a name of this server" in error["message"]
        assert "--allow-host" in error["message"]
        assert "Sandbox.serve(allow_hosts=…)" in error["message"]
        assert httpx.get(f"{server.url}/healthz", headers={"host": host}).status_code == 200
    assert sandbox.timers() == []
    assert list(sandbox.journal()) == []


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("Sandbox.example", "sandbox.example:8000", 200),
        ("sandbox.example:8000", "sandbox.example", 200),
        ("http://sandbox.example/", "SANDBOX.example.", 200),
        ("sandbox.example", "evil.example", 403),
        ("sandbox.example", "a.sandbox.example", 403),
        ("*", "evil.example", 200),
        ("*", "[::1", 200),
    ],
)
def test_a_name_can_be_allowed(sandbox: Sandbox, allowed: str, host: str, status: int) -> None:
    """An allowed name is accepted with any port, and no other name."""
    with sandbox.serve(allow_hosts=[allowed]) as server:
        assert call(server.url, {"host": host}).status_code == status


def test_the_name_that_it_listens_on_is_allowed() -> None:
    """The name of ``--host`` is one of the server's names."""
    assert Callers.of("Sandbox.Example", (), ()) == Callers(frozenset({"sandbox.example"}), frozenset())


# ---- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:{port}"}, 200),
        ({"origin": "http://localhost:3000"}, 200),  # as for the control plane: a page of this machine
        ({"origin": "http://[::1]:3000"}, 200),
        ({"origin": "http://localhost:3000", "sec-fetch-site": "cross-site"}, 200),
        ({"origin": "http://localhost:3000", "host": "punchclock:8000"}, 403),
        ({"origin": "http://punchclock:8000", "host": "punchclock:8000"}, 200),
        ({"origin": "https://Punchclock", "host": "punchclock"}, 200),
        ({"origin": "http://punchclock:3000", "host": "punchclock:8000"}, 403),
        ({"origin": "http://localhost:3000", "host": ""}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1.evil.example"}, 403),
        ({"origin": "http://[::1"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
    ],
)
def test_other_origins_are_rejected(sandbox: Sandbox, headers: dict[str, str], status: int) -> None:
    """A vendor's call from a web page of another origin is rejected, and changes nothing."""
    with sandbox.serve() as server:
        answer = call(server.url, headers)
    assert answer.status_code == status
    assert len(sandbox.timers()) == (status == 200)
    assert "access-control-allow-origin" not in answer.headers
    if status == 403:
        assert "web page" in answer.json()["error"]["message"]
        assert "--allow-origin" in answer.json()["error"]["message"]


def test_each_origin_counts(sandbox: Sandbox) -> None:
    """If there are several origins, each of them has to be allowed."""
    with sandbox.serve() as server:
        named = [("origin", server.url), ("origin", "https://evil.example")]
        assert httpx.post(server.url + START, headers=named).status_code == 403
    assert sandbox.timers() == []


@pytest.mark.parametrize(
    ("allowed", "origin", "status"),
    [
        ("https://App.example/", "https://app.example", 200),
        ("https://app.example", "https://App.Example", 200),
        ("https://app.example", "https://evil.example", 403),
        ("https://app.example", "http://app.example", 403),
        ("https://app.example", "https://app.example:3000", 403),
        ("https://app.example", None, 403),
        ("null", "null", 200),
        ("*", "https://evil.example", 200),
        ("*", None, 200),
    ],
)
def test_an_origin_can_be_allowed(sandbox: Sandbox, allowed: str, origin: str | None, status: int) -> None:
    """A page of an allowed origin can call the vendors and read the response; no other page can."""
    with sandbox.serve(allow_origins=[allowed]) as server:
        answer = call(server.url, {"sec-fetch-site": "cross-site"} | ({"origin": origin} if origin else {}))
        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (origin if status == 200 else None)
        assert answer.headers.get("vary") == ("Origin" if origin and status == 200 else None)
        control = httpx.get(f"{server.url}/_punchclock/clock", headers={"origin": origin or "https://evil.example"})
        assert control.status_code == 403
        assert "access-control-allow-origin" not in control.headers


def test_a_browser_may_ask_first(sandbox: Sandbox) -> None:
    """A preflight of an allowed origin is answered; one of another origin, or without the option, is not."""
    asked = {
        "origin": "https://app.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization, content-type",
    }
    with sandbox.serve(allow_origins=["https://app.example"]) as server:
        answer = httpx.options(f"{server.url}/timer/1", headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-methods"] == "PUT"
        assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
        rejected = httpx.options(f"{server.url}/timer/1", headers=asked | {"origin": "https://evil.example"})
        assert rejected.status_code == 403
        assert "access-control-allow-methods" not in rejected.headers
    assert list(sandbox.journal()) == []
    with sandbox.serve() as server:
        assert httpx.options(f"{server.url}/timer/1", headers=asked).status_code == 403


# ---- forged headers ------------------------------------------------------------------------------


def test_proxy_headers_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged header doesn't change the client, whatever the environment trusts."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    with served(tmp_path, "--database", "memory:") as server:
        forged = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
        assert httpx.get(f"{server.url}/_punchclock/clock", headers=forged).status_code == 200
        err = server.end(signal.SIGTERM)[2]
    assert '127.0.0.1 "GET /_punchclock/clock" 200' in err
    assert "203.0.113.7" not in err


# ---- options -------------------------------------------------------------------------------------


def test_the_command_allows_names_and_origins(tmp_path: Path) -> None:
    """``--allow-host`` and ``--allow-origin`` can be repeated."""
    options = ["--allow-host=a.example", "--allow-host=b.example"]
    options += ["--allow-origin=https://c.example", "--allow-origin=https://d.example"]
    with served(tmp_path, "--database", "memory:", *options) as server:
        for host, origin, status in (
            ("a.example", "https://c.example", 200),
            ("b.example", "https://d.example", 200),
            ("e.example", "https://d.example", 403),
            ("b.example", "https://e.example", 403),
        ):
            headers = {"host": host, "origin": origin, **BASIC}
            assert httpx.get(f"{server.url}/timer", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("host", ""),
        ("host", "http://"),
        ("host", "[::1"),
        ("origin", ""),
        ("origin", "app.example"),
        ("origin", "https://"),
        ("origin", "https://app.example/page"),
        ("origin", "https://äpp.example"),
    ],
)
def test_a_bad_value_is_a_usage_error(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that is not a host name or an origin is rejected, and the message has an example."""
    assert run(["serve", "--port", "0", "--database", "memory:", f"--allow-{option}", value]) == 2
    assert f"{value!r} is not" in capsys.readouterr().err
    hosts, origins = ([value], []) if option == "host" else ([], [value])
    with pytest.raises(InvalidCaller, match="example") as caught, Sandbox() as sandbox:
        sandbox.serve(allow_hosts=hosts, allow_origins=origins)
    assert caught.value.code == "invalid-caller"


def test_the_error_is_json(sandbox: Sandbox) -> None:
    """The message is valid JSON, whatever the header contains."""
    with sandbox.serve() as server:
        answer = httpx.get(f"{server.url}/timer", headers=[(b"origin", b'x"\\y\x80')])
    assert "\\x80" in json.loads(answer.content)["error"]["message"]
