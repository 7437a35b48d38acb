"""A call that waits holds no thread: others are answered at once, and a client that disconnects ends its wait."""

from __future__ import annotations

import asyncio
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from databases import connected
from punchclock.sandbox import ConnectionDropped, Effect, Fault, Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.steps import Steps, run, run_async
from punchclock.workspaces import demo_workspace
from sandbox_calls import BASIC, NOON, call, stored_timers

#: More calls than anyio has threads.
MANY = 60


def sent(url: str, vendor: str, operation: str) -> socket.socket:
    """Send a call, and return its connection; the response is not read."""
    request = call(vendor, operation)
    path = f"{request.path}?{request.query}" if request.query else request.path
    lines = [f"{request.method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(request.body)}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "content-length"]
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=30)
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + request.body)
    return connection


def until(condition: Callable[[], object], seconds: float = 10) -> float:
    """Wait until a condition holds; return how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "the condition did not hold in time"
        time.sleep(0.01)
    return time.monotonic() - began


@contextmanager
def many_sent(url: str, vendor: str, operation: str, count: int = MANY) -> Iterator[None]:
    """Send calls whose responses are not read, and close their connections at the end."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(sent(url, vendor, operation))
        yield


def answered_at_once(url: str, method: str, path: str) -> int:
    """Return the status of a call that is answered within a second."""
    began = time.monotonic()
    status = httpx.request(method, f"{url}{path}", headers=BASIC, timeout=20).status_code
    assert time.monotonic() - began < 1, f"{method} {path} was late"
    return status


@pytest.mark.parametrize("effect", [Effect.LATENCY, Effect.TIMEOUT])
def test_late_calls_leave_room_for_others(effect: Effect) -> None:
    """While more calls wait than there are threads, health, control and ordinary calls are answered at once."""
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server:
        sandbox.faults.add(Fault(effect=effect, vendor="zoho", seconds=20))
        with many_sent(server.url, "zoho", "get_running_timer"):
            until(lambda: sandbox.faults.reports()[0].fired == MANY)
            assert answered_at_once(server.url, "GET", "/healthz") == 200
            assert answered_at_once(server.url, "GET", "/timer") == 200
            assert answered_at_once(server.url, "GET", "/_punchclock/journal") == 200
            assert answered_at_once(server.url, "DELETE", "/_punchclock/faults") == 200


def test_a_locked_database_leaves_room_for_health_and_control(tmp_path: Path) -> None:
    """While every thread of the vendors' calls waits for a locked database, health and control are answered."""
    url = f"sqlite:///{tmp_path / 'locked'}"
    store = SqlStore(url, demo_workspace())
    with Sandbox(clock=NOON, store=store) as sandbox, sandbox.serve() as server, connected(url) as other:
        sandbox.faults.add(Fault(effect=Effect.SKEW, seconds=1, vendor="zoho"))
        other.exec_driver_sql("BEGIN IMMEDIATE")
        with many_sent(server.url, "zoho", "start_timer"):
            until(lambda: sandbox.faults.reports()[0].fired >= 40)
            assert answered_at_once(server.url, "GET", "/healthz") == 200
            assert answered_at_once(server.url, "GET", "/_punchclock/timers") == 200
            assert answered_at_once(server.url, "DELETE", "/_punchclock/faults") == 200
            other.exec_driver_sql("ROLLBACK")
            until(lambda: stored_timers(sandbox))


def test_a_client_that_disconnects_ends_its_wait() -> None:
    """If the client disconnects during the delay, the call is processed at once; so a retry finds its change."""
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server:
        sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=60, nth=1))
        with sent(server.url, "worksection", "start_my_timer"):
            until(lambda: sandbox.faults.reports()[0].fired)
            assert stored_timers(sandbox) == {}
        until(lambda: stored_timers(sandbox))
        began = time.monotonic()
    assert time.monotonic() - began < 5  # the stop waits for no call


def test_a_removed_fault_does_not_end_a_wait() -> None:
    """A call that waits finishes its wait when its fault is removed."""
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server:
        sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=1))
        with sent(server.url, "intervals", "list_timers") as connection:
            until(lambda: sandbox.faults.reports()[0].fired)
            sandbox.faults.clear()
            began = time.monotonic()
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200
            assert time.monotonic() - began > 0.5
        assert answered_at_once(server.url, "GET", "/timer") == 200


def test_an_async_client_waits_in_the_event_loop() -> None:
    """Through httpx's async client more calls than threads wait at the same time, and the event loop goes on."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=1))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.05)
            ticks += 1

    async def ask() -> list[int]:
        ticking = asyncio.create_task(tick())
        async with httpx.AsyncClient(transport=sandbox.transport(), base_url="https://api.test") as client:
            answers = await asyncio.gather(*(client.get("/timer", headers=BASIC) for _ in range(3 * MANY)))
        ticking.cancel()
        return [answer.status_code for answer in answers]

    began = time.monotonic()
    assert asyncio.run(ask()) == [200] * 3 * MANY
    assert time.monotonic() - began < 4  # 40 threads would take 5 seconds
    assert ticks > 5


def test_a_cancelled_async_call_is_not_processed() -> None:
    """If a program cancels an async call during its delay, nothing is decided."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=30))

    async def ask() -> None:
        async with httpx.AsyncClient(transport=sandbox.transport(), base_url="https://api.test") as client:
            request = client.post("/timer", json={"personid": 3}, headers=BASIC)
            await asyncio.wait_for(request, 0.2)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(ask())
    assert sandbox.faults.reports()[0].fired == 1
    assert (sandbox.timers(), list(sandbox.journal())) == ([], [])


def test_a_given_sleep_replaces_the_wait() -> None:
    """A sandbox with a function that sleeps calls it for each delay: in process, through httpx and over HTTP."""
    slept: list[float] = []
    with Sandbox(clock=NOON, sleep=slept.append) as sandbox, sandbox.serve() as server:
        sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=50))
        assert sandbox.handle("GET", "/timer", "", BASIC)[0] == 200

        async def ask() -> int:
            async with httpx.AsyncClient(transport=sandbox.transport(), base_url="https://api.test") as client:
                return (await client.get("/timer", headers=BASIC)).status_code

        assert asyncio.run(ask()) == 200
        assert answered_at_once(server.url, "GET", "/timer") == 200
    assert slept == [50, 50, 50]


def test_a_delay_in_process_is_slept(monkeypatch: pytest.MonkeyPatch) -> None:
    """In process a call sleeps for the sum of its delays, before the decision and after it."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=2))
    sandbox.faults.add(Fault(effect=Effect.LATENCY, seconds=3))
    sandbox.faults.add(Fault(effect=Effect.TIMEOUT, seconds=7))
    with pytest.raises(ConnectionDropped):
        sandbox.handle("GET", "/timer", "", BASIC)
    assert slept == [5, 7]


def test_no_call_waits_with_a_transaction_open() -> None:
    """A delay of a timeout comes after the transaction, so another call can change the account meanwhile."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.TIMEOUT, nth=1, seconds=9))
    request = call("worksection", "start_my_timer")
    steps = sandbox.dispatch_in_steps(request)
    assert next(steps) == 9
    assert run(sandbox.dispatch_in_steps(request)).body == (
        b'{"status":"error","status_code":6,"message":"Timer is already started"}'
    )
    with pytest.raises(ConnectionDropped):
        next(steps)


def test_steps_end_with_their_driver() -> None:
    """If the wait is cancelled or fails, the steps are closed."""
    ended: list[str] = []

    def steps() -> Steps[None]:
        try:
            yield 1.5
        finally:
            ended.append("closed")

    async def fail(seconds: float) -> None:
        raise ValueError(seconds)

    with pytest.raises(ValueError, match="1\\.5"):
        asyncio.run(run_async(steps(), fail))
    assert ended == ["closed"]
