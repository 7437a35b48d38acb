"""The sandbox in process, through httpx and over HTTP: the same requests get the same responses."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import pytest

import punchclock as pc
from punchclock import vendors
from punchclock.sandbox import Clock, ConnectionDropped, Effect, Fault, Sandbox
from punchclock.sandbox import server as server_module
from punchclock.sandbox.backend import MAX_BODY, MAX_HEADERS, MAX_QUERY
from punchclock.sandbox.server import MAX_HEAD, ServingFailed, application
from punchclock.sandbox.store import MemoryStore, StoreUnavailable, Transaction
from punchclock.vendors.account import Account
from punchclock.workspaces import demo_workspace
from sandbox_calls import BASIC, CALLS, NOON, READS, STARTS, body_of, call, send, stored_timers

TASK = b'{"personid": 3, "taskid": 31}'


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at noon."""
    with Sandbox(clock=NOON) as found:
        yield found


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    """The URL of the sandbox."""
    with sandbox.serve() as server:
        yield server.url


# ---- in process ----------------------------------------------------------------------------------


def test_sandboxes_are_isolated() -> None:
    """Sandboxes share no timers, clock or faults."""
    one, other = Sandbox(clock=NOON), Sandbox(clock="2026-03-03T08:00:00Z")
    send(one, call("intervals", "create_timer"))
    one.faults.add(Fault(effect=Effect.DROP, nth=9))
    assert (len(one.timers()), len(other.timers())) == (1, 0)
    assert other.faults.reports() == []
    assert other.clock.now() - one.clock.now() == 20 * 3600 * 1_000_000


def test_the_same_calls_give_the_same_ids() -> None:
    """Two sandboxes answer the same calls with the same bytes."""
    answers = []
    for _ in range(2):
        sandbox = Sandbox(clock=NOON)
        answers.append([send(sandbox, call(*each)) for each in [*CALLS, *reversed(list(CALLS))]])
        answers[-1].append(sandbox.handle("GET", "/_punchclock/journal"))
    assert answers[0] == answers[1]


def test_a_call_has_several_forms(sandbox: Sandbox) -> None:
    """A query as text or parameters, headers in any case, and a body as bytes or text are the same call."""
    expected = sandbox.handle("GET", "/timer", "limit=3", BASIC)
    assert expected[0] == 200
    assert sandbox.handle("get", "/timer/", "?limit=3", {"AUTHORIZATION": BASIC["authorization"]}, None) == expected
    assert sandbox.handle("GET", "/timer", {"limit": 3}, BASIC, "") == expected
    created = sandbox.handle("POST", "/timer", "", BASIC, '{"personid": 3}')
    assert json.loads(created[2])["timer"]["id"] == 1001


@pytest.mark.parametrize("path", ["/", "/nothing", "", "timer-s", "/v2/timer", "/_punch"])
def test_an_unknown_path_gets_404(sandbox: Sandbox, path: str) -> None:
    """A path that belongs to no vendor gets 404, and is in the journal."""
    status, headers, body = sandbox.handle("GET", path)
    assert (status, headers["content-type"]) == (404, "application/json")
    assert "error" in json.loads(body)
    assert len(list(sandbox.journal())) == 1


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_trailing_slash_is_optional(vendor: str) -> None:
    """Every path of every call answers with and without a trailing slash."""
    for operation in [name for each, name in CALLS if each == vendor]:
        request = call(vendor, operation)
        answers = []
        for path in (request.path.rstrip("/"), request.path.rstrip("/") + "/"):
            sandbox = Sandbox(clock=NOON)
            send(sandbox, call(vendor, STARTS[vendor]))
            answers.append(sandbox.handle(request.method, path, request.query, request.headers, request.body))
            assert list(sandbox.journal())[-1].operation == operation
        assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "media", ["application/json", "application/xml", "text/plain", "multipart/form-data", "nonsense"]
)
def test_a_body_is_optional(media: str) -> None:
    """A call that needs no body works without one, whatever its ``Content-Type``."""
    for vendor, operation in [*READS.items(), ("intervals", "list_timers"), ("worksection", "get_timers")]:
        sandbox = Sandbox(clock=NOON)
        send(sandbox, call(vendor, STARTS[vendor]))
        request = call(vendor, operation)
        query, body = request.query, request.body
        if vendor == "timetrack":
            query, body = "username=test&date=2026-03-02T12:00:00Z", b""
        headers = {**request.headers, "content-type": media, "accept": "application/json"}
        status, _, content = sandbox.handle(request.method, request.path, query, headers, body)
        assert (status, json.loads(content).get("status") in (None, "OK", "ok")) == (200, True), (vendor, content)


@pytest.mark.parametrize("vendor", vendors.names())
def test_json_is_the_default(sandbox: Sandbox, vendor: str) -> None:
    """Without ``Accept`` and ``Content-Type``, request and response are JSON."""
    request = call(vendor, STARTS[vendor])
    headers = {name: value for name, value in request.headers.items() if name not in ("accept", "content-type")}
    body = request.body if request.body[:1] in (b"{", b"") else b'{"id_task": 31}'
    status, found, content = sandbox.handle(request.method, request.path, request.query, headers, body)
    assert status in (200, 201)
    assert found["content-type"].startswith("application/json")
    assert json.loads(content)
    assert len(sandbox.timers()) == 1


@pytest.mark.parametrize("vendor", vendors.names())
def test_an_unavailable_store_is_the_vendors_5xx(
    sandbox: Sandbox, vendor: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the store fails, the response is the vendor's; the database's message is only logged."""

    def fail() -> None:
        raise StoreUnavailable("host db-7 said no")

    monkeypatch.setattr(sandbox.store, "transaction", fail)
    status, headers, body = send(sandbox, call(vendor, STARTS[vendor]))
    assert status >= 500
    with pytest.raises(vendors.Rejection) as caught:
        vendors.load(vendor).read_response(STARTS[vendor], status, headers, body, now=0)
    assert caught.value.status == status
    assert b"db-7" not in body
    assert "db-7" in caplog.text
    assert sandbox.timers() == []


def test_a_read_succeeds_without_the_journal(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A read is answered if its journal entry can't be written; the log reports it."""

    def reject(entry: object) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(sandbox.store, "note", reject)
    assert send(sandbox, call("intervals", "list_timers"))[0] == 200
    assert "disk full" in caplog.text


class WatchedStore(MemoryStore):
    """A store that records how it is used."""

    def __init__(self) -> None:
        self.uses: list[str] = []
        super().__init__(demo_workspace())

    @contextmanager
    def reading(self) -> Iterator[Account]:
        """Record a read-only view."""
        self.uses.append("reading")
        with super().reading() as account:
            yield account

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Record a transaction."""
        self.uses.append("transaction")
        with super().transaction() as transaction:
            yield transaction


@pytest.mark.parametrize(
    ("method", "operation", "use"),
    [
        ("GET", "start_my_timer", "transaction"),
        ("POST", "start_my_timer", "transaction"),
        ("GET", "get_my_timer", "reading"),
        ("POST", "get_my_timer", "reading"),
    ],
)
def test_a_call_is_decided_once(method: str, operation: str, use: str) -> None:
    """A call reads the clock once, and is decided in one transaction if it can change a timer, or on one view."""
    instants: list[int] = []

    def system() -> int:
        instants.append(pc.instant(NOON))
        return instants[-1]

    sandbox = Sandbox(clock=Clock(system=system), store=(store := WatchedStore()))
    request = call("worksection", operation)
    assert sandbox.handle(method, request.path, request.query, request.headers, request.body)[0] == 200
    assert store.uses == [use]
    assert len(instants) == 1
    assert [each.operation for each in sandbox.journal()] == [operation]


def test_many_threads_start_one_timer(sandbox: Sandbox) -> None:
    """Of 64 simultaneous starts by one person exactly one succeeds."""
    barrier = threading.Barrier(64)

    def start(_: int) -> str:
        barrier.wait()
        return str(body_of(sandbox, "worksection", "start_my_timer").get("message", "ok"))

    with ThreadPoolExecutor(64) as pool:
        answers = Counter(pool.map(start, range(64)))
    assert answers == {"ok": 1, "Timer is already started": 63}
    assert [entry.number for entry in sandbox.journal()] == list(range(1, 65))


# ---- behind httpx --------------------------------------------------------------------------------


def test_httpx_needs_no_socket(sandbox: Sandbox) -> None:
    """A client with the transport sends real requests and gets real responses."""
    with httpx.Client(transport=sandbox.transport(), base_url="https://api.myintervals.com") as client:
        created = client.post("/timer/", json={"personid": 3, "taskid": 31}, headers=BASIC)
        assert (created.status_code, created.json()["timer"]["id"]) == (201, 1001)
        listed = client.get("/timer", params={"limit": 1}, auth=("intervals-token-3", "X"))
        assert listed.json()["listcount"] == 1
        assert client.put("https://sandbox.test/_punchclock/clock", json={"advance_seconds": 90}).status_code == 200
    assert sandbox.timers()[0].worked_seconds == 90


def test_httpx_calls_it_asynchronously(sandbox: Sandbox) -> None:
    """An async client gets a response to each of several simultaneous calls."""

    async def ask() -> list[int]:
        transport = sandbox.transport()
        async with httpx.AsyncClient(transport=transport, base_url="https://api.myintervals.com") as client:
            posts = [client.post("/timer/", json={"personid": 3}, headers=BASIC) for _ in range(20)]
            answers = await asyncio.gather(*posts)
        return sorted(answer.json()["timer"]["id"] for answer in answers)

    assert asyncio.run(ask()) == list(range(1001, 1021))


@pytest.mark.parametrize(("effect", "error"), [("drop", httpx.RemoteProtocolError), ("timeout", httpx.ReadTimeout)])
def test_httpx_raises_its_own_errors(sandbox: Sandbox, effect: str, error: type[httpx.TransportError]) -> None:
    """A fault that drops or withholds a response raises httpx's own error, sync and async."""
    sandbox.faults.add(Fault(effect=Effect(effect)))
    with httpx.Client(transport=sandbox.transport(), base_url="https://api.test") as client, pytest.raises(error):
        client.post("/timer/", json={"personid": 3, "taskid": 31}, headers=BASIC)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=sandbox.transport(), base_url="https://api.test") as client:
            await client.post("/timer/", json={"personid": 3, "taskid": 31}, headers=BASIC)

    with pytest.raises(error):
        asyncio.run(ask())
    assert len(sandbox.timers()) == (1 if effect == "timeout" else 0)


# ---- over HTTP -----------------------------------------------------------------------------------


def test_the_server_answers_as_the_sandbox_does(sandbox: Sandbox, url: str) -> None:
    """Every call of every vendor gets the same response over HTTP and in process."""
    twin = Sandbox(clock=NOON)
    with httpx.Client(base_url=url) as client:
        for vendor, operation in CALLS:
            request = call(vendor, operation)
            address = f"{request.path}?{request.query}" if request.query else request.path
            answer = client.request(request.method, address, headers=dict(request.headers), content=request.body)
            status, headers, body = send(twin, request)
            assert (answer.status_code, answer.content) == (status, body)
            assert answer.headers["content-type"] == headers["content-type"]
            assert answer.headers.get_list("date") == [headers["date"]] == ["Mon, 02 Mar 2026 12:00:00 GMT"]
        assert client.get("/healthz").json() == {"status": "ok"}
    assert stored_timers(sandbox) == stored_timers(twin)


@pytest.mark.parametrize("vendor", [name for name in vendors.names() if vendors.load(name).needs_date])
def test_a_response_is_dated_by_the_sandboxs_clock(sandbox: Sandbox, url: str, vendor: str) -> None:
    """A client that reads a response at its ``Date`` gets the right timer."""
    send(sandbox, call(vendor, STARTS[vendor]))
    sandbox.clock.advance(90 * 1_000_000)
    read = READS[vendor]
    request = call(vendor, read)
    with httpx.Client(base_url=url) as client:
        answer = client.request(request.method, f"{request.path}?{request.query}", headers=dict(request.headers))
    in_process = send(sandbox, request)
    for status, headers, body in ((answer.status_code, answer.headers, answer.content), in_process):
        record = vendors.load(vendor).read_response(read, status, headers, body, zone="Europe/Berlin")
        assert record.timer == pc.start(pc.instant(NOON))


def test_other_responses_have_the_real_date(url: str) -> None:
    """Every response has one ``Date``; outside of the vendors it is the real one."""
    with httpx.Client(base_url=url) as client:
        for path in ("/healthz", "/nothing", "/_punchclock/clock"):
            (date,) = client.get(path).headers.get_list("date")
            assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60


def test_one_sandbox_has_several_servers(sandbox: Sandbox) -> None:
    """Servers of one sandbox share its account, have their own ports, and end separately."""
    with sandbox.serve() as one, sandbox.serve() as other:
        assert one.url != other.url
        httpx.post(f"{one.url}/timer", json={"personid": 3, "taskid": 31}, headers=BASIC)
        assert httpx.get(f"{other.url}/timer", headers=BASIC).json()["listcount"] == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(one.url)


def test_a_server_on_ipv6(sandbox: Sandbox) -> None:
    """An IPv6 address is in brackets in the URL, and its control plane is local."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        with sandbox.serve(host="::1") as server:
            assert server.url.startswith("http://[::1]:")
            assert httpx.get(f"{server.url}/_punchclock/clock").status_code == 200
    except ServingFailed as error:
        pytest.skip(f"this machine has no IPv6: {error}")


@pytest.mark.parametrize("host", ["203.0.113.7", "nobody.invalid", "x" * 300])
def test_an_unavailable_address_is_an_error(sandbox: Sandbox, host: str) -> None:
    """The error names the address or port that is not available."""
    with pytest.raises(ServingFailed) as caught, sandbox.serve(host=host):
        pass
    assert f"cannot listen on {host}:0" in str(caught.value)
    with sandbox.serve() as server, pytest.raises(ServingFailed, match="cannot listen"):
        sandbox.serve(port=urlsplit(server.url).port or 0).__enter__()


def test_a_server_that_is_stopped_at_once_frees_its_port(sandbox: Sandbox) -> None:
    """A server that is stopped before it has started closes its socket, so the port can be used again."""
    with sandbox.serve() as first:
        port = urlsplit(first.url).port or 0
    with sandbox.serve(port=port) as second:
        assert second.url == first.url
    gc.collect()  # an open socket is a ResourceWarning, and so an error


def test_a_stop_waits_for_requests_in_progress(sandbox: Sandbox) -> None:
    """A request in progress at a stop is answered, and its change stored."""
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=0.6))
    answers = []
    with sandbox.serve() as server:
        url = server.url

        def ask() -> None:
            answers.append(httpx.post(f"{url}/timer", json={"personid": 3, "taskid": 31}, headers=BASIC))

        thread = threading.Thread(target=ask)
        thread.start()
        while not sandbox.faults.reports()[0].fired:
            time.sleep(0.01)
    thread.join()
    assert [answer.status_code for answer in answers] == [201]
    assert len(sandbox.timers()) == 1


@pytest.mark.parametrize("effect", ["drop", "timeout"])
def test_a_dropped_connection_is_closed(sandbox: Sandbox, url: str, effect: str) -> None:
    """Over HTTP the connection is closed without a response; the next one works."""
    sandbox.faults.add(Fault(effect=Effect(effect), nth=1))
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/timer", TASK, {**BASIC, "content-type": "application/json"})
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        connection.getresponse()
    assert httpx.get(f"{url}/timer", headers=BASIC).json()["listcount"] == (1 if effect == "timeout" else 0)


def test_another_server_gets_no_response(sandbox: Sandbox) -> None:
    """An ASGI server without our transport gets no response to a dropped call."""
    sandbox.faults.add(Fault(effect=Effect.DROP))
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in BASIC.items()]
    scope = {"type": "http", "method": "GET", "path": "/timer", "query_string": b"", "headers": headers}
    asyncio.run(application(sandbox.handle)(scope, receive, send))
    assert sent == []


def test_a_client_that_hangs_up_changes_nothing(sandbox: Sandbox, url: str) -> None:
    """A request whose body is incomplete is not decided."""
    with socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 0)) as connection:
        head = (
            f"POST /timer HTTP/1.1\r\nhost: x\r\nauthorization: {BASIC['authorization']}\r\ncontent-length: 99\r\n\r\n"
        )
        connection.sendall(head.encode() + b'{"personid"')
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert list(sandbox.journal()) == []


def test_a_slow_body_gets_408(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that takes too long gets 408, and the connection is closed."""
    monkeypatch.setattr(server_module, "BODY_TIMEOUT", 0.05)
    with sandbox.serve() as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            connection.sendall(b"POST /timer HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert list(sandbox.journal()) == []


# ---- bounds --------------------------------------------------------------------------------------


def sizes(vendor: str) -> dict[str, tuple[str, str, dict[str, str], bytes]]:
    """Requests that are too large, by the part that is."""
    request = call(vendor, STARTS[vendor])
    headers = dict(request.headers)
    large = "x" * (MAX_HEADERS + 1)
    return {
        "body": (request.path, request.query, headers, b" " * (MAX_BODY + 1)),
        "query": (request.path, "q=" + "x" * MAX_QUERY, headers, b""),
        "headers": (request.path, request.query, {**headers, "x-large": large}, request.body),
        "names": (
            request.path,
            request.query,
            {**headers, **{f"x-{n}-{'x' * 60}": "" for n in range(1200)}},
            request.body,
        ),
        "path": (f"{request.path}/{'x' * MAX_QUERY}", request.query, headers, request.body),
        "huge query": (request.path, "q=" + "x" * (MAX_HEAD - 2000), headers, b""),
        "huge headers": (request.path, request.query, {**headers, "x-large": "x" * (MAX_HEAD - 2000)}, request.body),
    }


@pytest.mark.parametrize("way", sizes("intervals"))
@pytest.mark.parametrize("vendor", vendors.names())
def test_a_large_request_is_the_vendors_rejection(vendor: str, way: str) -> None:
    """A body, query, path or header beyond its bound gets the vendor's rejection, in process and over HTTP."""
    path, query, headers, body = sizes(vendor)[way]
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server:
        in_process = sandbox.handle("POST", path, query, headers, body)
        # Not httpx, which itself rejects to send an address of this length; nor http.client's limit of 100 headers,
        # which is one of responses.
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
        connection.request("POST", f"{path}?{query}", body, headers)
        answer = connection.getresponse()
        over_http = answer.status, dict(answer.headers), answer.read()
        connection.close()
        # What is too large for the sandbox, too large for the parser, and then fine on the next connection.
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        for status, found, content in (in_process, over_http):
            named = {name.lower(): value for name, value in found.items()}
            with pytest.raises(vendors.Rejection) as caught:
                vendors.load(vendor).read_response(STARTS[vendor], status, named, content, now=0)
            assert caught.value.vendor == vendor
        assert in_process[0] == over_http[0]
        assert sandbox.timers() == []
        assert len(list(sandbox.journal())) == 2


def test_the_largest_body_is_accepted(sandbox: Sandbox, url: str) -> None:
    """A body of exactly the bound is read and decided."""
    body = b'{"personid": 3, "name": "x"' + b" " * (MAX_BODY - 28) + b"}"
    assert len(body) == MAX_BODY
    assert httpx.post(f"{url}/timer", content=body, headers=BASIC).status_code == 201
    assert sandbox.handle("POST", "/timer", "", BASIC, body)[0] == 201


@pytest.mark.parametrize("line", [b"x-same: y\r\n", b"x" * 100])
def test_a_head_beyond_the_bound_gets_400(sandbox: Sandbox, url: str, line: bytes) -> None:
    """A request line with headers beyond the bound gets a 400 that names the bound, and the connection is closed."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    with socket.create_connection(address, timeout=20) as connection:
        head = b"GET /timer HTTP/1.1\r\nhost: here\r\n" + line * (MAX_HEAD // len(line) + 1)
        connection.sendall(head[: MAX_HEAD + 1])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 400
        assert f"more than {MAX_HEAD} bytes" in answer.read().decode()
        assert connection.recv(1) == b""
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert list(sandbox.journal()) == []


def test_the_first_of_two_headers_counts(url: str) -> None:
    """A repeated header is ignored, and thousands of headers are accepted."""
    headers = [("authorization", BASIC["authorization"]), ("authorization", "Basic bm9ib2R5Og==")]
    headers += [(f"x-{number}", "") for number in range(5000)]
    assert httpx.get(f"{url}/timer", headers=headers).status_code == 200
    assert httpx.get(f"{url}/timer", headers=[headers[1], headers[0]]).status_code == 401


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(
    sandbox: Sandbox, url: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault's status 204 or 304 has no body, and the connection still works."""
    sandbox.faults.add(Fault(effect=Effect.REJECT, status=status, times=1))
    with httpx.Client() as client:
        answer = client.get(f"{url}/timer", headers=BASIC)
        assert (answer.status_code, answer.content) == (status, b"")
        assert client.get(f"{url}/timer", headers=BASIC).status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_invalid_http_gets_400(sandbox: Sandbox, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that aren't an HTTP request get a plain 400 and no journal entry."""
    address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
    for sent in (b"nonsense\r\n\r\n", b"\x00" * 400_000, b"GET noslash" + b"x" * 400_000):
        with socket.create_connection(address) as connection:
            connection.sendall(sent)
            assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert list(sandbox.journal()) == []
    assert all("nonsense" not in record.getMessage() for record in caplog.records)


# ---- who may control -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"origin": "http://127.0.0.1:3000"}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"host": "sandbox.example"}, 403),
        ({"host": "localhost.evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "[::1"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_web_pages_do_not_reach_the_control_plane(
    sandbox: Sandbox, url: str, headers: dict[str, str], status: int
) -> None:
    """A request with another ``Host`` or ``Origin`` is rejected before anything happens."""
    answer = httpx.put(f"{url}/_punchclock/clock", json={"advance_seconds": 1}, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert (sandbox.clock.now() == pc.instant(NOON)) is (status == 403)


@pytest.mark.parametrize(
    ("client", "anywhere", "status"),
    [
        (("127.0.0.1", 5), False, 200),
        (("::1", 5), False, 200),
        (("192.0.2.7", 5), False, 403),
        (None, False, 403),
        (("testclient", 5), False, 403),
        (("192.0.2.7", 5), True, 200),
    ],
)
def test_other_machines_need_permission_for_control(
    sandbox: Sandbox, client: tuple[str, int] | None, anywhere: bool, status: int
) -> None:
    """Only this machine reaches the control plane by default; the vendors' calls are open to all."""
    app = application(sandbox.handle, control_from_anywhere=anywhere)
    transport = httpx.ASGITransport(app, client=client or ("", 0))
    if client is None:

        async def nameless(scope: dict[str, object], receive: object, send: object) -> None:
            await app({**scope, "client": None}, receive, send)  # type: ignore[arg-type]

        transport = httpx.ASGITransport(nameless)  # type: ignore[arg-type]

    async def ask(path: str) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return (await http.get(path, headers=BASIC)).status_code

    assert asyncio.run(ask("/_punchclock/clock")) == status
    assert asyncio.run(ask("/timer")) == 200
    assert asyncio.run(ask("/healthz")) == 200


def test_the_access_log(sandbox: Sandbox, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each request has a line with the client, the method, the documented path, the status and the time."""
    caplog.set_level(logging.INFO, "punchclock.access")
    sandbox.faults.add(Fault(effect=Effect.DROP, vendor="zoho"))
    for path in ("/timer/7?limit=1", "/timer/secret", "/_punchclock/journal/events", "/_punchclock/x"):
        httpx.get(url + path)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/people/api/timetracker/getcomments")
    while len(caplog.records) < 5:
        time.sleep(0.01)
    lines = [record.getMessage().rpartition(" ")[0] for record in caplog.records if record.name == "punchclock.access"]
    assert lines == [
        '127.0.0.1 "GET /timer/7" 401',
        '127.0.0.1 "GET /timer/***" 401',
        '127.0.0.1 "GET /_punchclock/journal/events" 200',
        '127.0.0.1 "GET /_punchclock/***" 404',
        '127.0.0.1 "GET /people/api/timetracker/getcomments" dropped',
    ]


def test_a_drop_is_an_exception_in_process(sandbox: Sandbox) -> None:
    """In process a dropped connection is an exception that reports whether a change was stored."""
    sandbox.faults.add(Fault(effect=Effect.TIMEOUT))
    with pytest.raises(ConnectionDropped, match="after the change was stored"):
        send(sandbox, call("intervals", "create_timer"))
