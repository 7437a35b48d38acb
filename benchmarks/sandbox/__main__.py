"""Requests a second and their times, by store and by how many timers are stored; moto's server beside it.

PostgreSQL is measured where ``PUNCHCLOCK_TEST_POSTGRESQL`` names a server; moto comes with the dependency group
``load``. ``--save`` keeps the figures.
"""

from __future__ import annotations

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import msgspec

import punchclock as pc
from benchmarks.__main__ import machine
from benchmarks.report import markdown
from benchmarks.sandbox.load import Load, Sent, measure
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store, Transaction
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import Change
from punchclock.worlds import demo_world

SECONDS = 4.0
NOW = pc.instant("2026-03-02T08:00:00Z")
AUTH = {"authorization": "Basic " + base64.b64encode(b"intervals-token-5:x").decode()}
JSON = {**AUTH, "content-type": "application/json"}

#: The calls that are measured, by name; each is one cycle of requests of one person.
CYCLES = {
    "read one": [Sent("GET", "/timer/1001", AUTH)],
    "start": [Sent("POST", "/timer", JSON, '{"personid": 5, "name": "{n}"}')],
    "list 10, newest first": [Sent("GET", "/timer?gettimerinfo=1&sortfield=lastupdate&sortdir=DESC", AUTH)],
    "currently running": [
        Sent("GET", "/people/api/timetracker/getcurrentlyrunningtimer?authtoken=zoho-token-5", {}),
    ],
}

#: A call of moto's that is comparable: one item is put into a table that is kept in memory.
MOTO = Sent(
    "POST",
    "/",
    {
        "authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
        "Signature=0",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.PutItem",
    },
    '{"TableName": "timers", "Item": {"id": {"S": "{n}"}, "state": {"S": "running"}}}',
)


class Row(msgspec.Struct, frozen=True):
    """One line: a server, how many timers it has, a call, and its load."""

    server: str
    stored: int
    call: str
    load: Load


class Results(msgspec.Struct, frozen=True):
    """One run, and what it ran on."""

    machine: str
    start_in_process_us: float
    rows: list[Row]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox", description=__doc__)
    parser.add_argument("--save", action="store_true", help="keep the figures in results.json beside this file")
    parser.add_argument("--sizes", default="10000,1000000", help="how many timers are stored, for each measure")
    arguments = parser.parse_args()
    rows = [row for size in map(int, arguments.sizes.split(",")) for row in _sandboxes(size)]
    with _moto() as port:
        rows.append(Row("moto", 0, "put one item", measure(port, [MOTO], SECONDS)))
    results = Results(machine(), _in_process(), rows)
    print(text(results))
    if arguments.save:
        path = Path(__file__).with_name("results.json")
        path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def text(results: Results) -> str:
    """The figures as a table; each start against moto's rate in the same run."""
    moto = next(row.load.rate for row in results.rows if row.server == "moto")
    heads = ("server", "timers stored", "call", "a second", "median", "99 %", "against moto")
    lines = [
        (
            row.server,
            f"{row.stored:,}" if row.stored else "",
            row.call,
            f"{row.load.rate:,.0f}",
            f"{row.load.median_ms:.2f} ms",
            f"{row.load.p99_ms:.2f} ms",
            f"{row.load.rate / moto:.1f} ×",
        )
        for row in results.rows
    ]
    table = markdown(heads, lines)
    return f"{results.machine}\n\n{table}\n\nA start in process, without HTTP: {results.start_in_process_us:.0f} µs"


def _sandboxes(size: int) -> Iterator[Row]:
    world = demo_world()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stores: dict[str, Store] = {"memory": MemoryStore(world), "SQLite": SqlStore(f"sqlite:///{folder}/it", world)}
        if server := os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL"):
            stores["PostgreSQL"] = SqlStore(server, world)
        for name, store in stores.items():
            _fill(store, size)
            with Sandbox(world, store=store) as sandbox, sandbox.serve() as served:
                _run_zoho(sandbox)
                for call, cycle in CYCLES.items():
                    yield Row(name, size, call, measure(int(served.url.rpartition(":")[2]), cycle, SECONDS))
                sandbox.reset()


def _fill(store: Store, size: int) -> None:
    """Put so many timers into a store; each hundredth is the measured person's, as in a company of a hundred."""
    store.reset()
    world = demo_world()
    stopped = pc.stop(pc.start(NOW), NOW + 3_600_000_000)
    for begin in range(1001, 1001 + size, 10_000):
        records = [
            IntervalsTimer(
                id=str(id),
                timer=stopped,
                person=world.people["5" if id % 100 == 1 else "3"],
                updated_on=date(2026, 3, 2),
            )
            for id in range(begin, min(begin + 10_000, 1001 + size))
        ]
        store.write(partial(Transaction.apply, changes=[Change(pc.Event.STOP, NOW, record) for record in records]))


def _run_zoho(sandbox: Sandbox) -> None:
    query = "authtoken=zoho-token-5&user=5&jobId=41&workDate=2026-03-02&timer=start&billingStatus=billable"
    status, _, body = sandbox.handle("POST", "/people/api/timetracker/timer", query)
    if status != 200:
        raise AssertionError(body)


def _in_process() -> float:
    """Microseconds of `Sandbox.handle` for a start, in memory: the median."""
    times = []
    with Sandbox() as sandbox:
        for _ in range(3000):
            began = time.perf_counter()
            sandbox.handle("POST", "/timer", "", JSON, b'{"personid": 5}')
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1e6


@contextmanager
def _moto() -> Iterator[int]:
    """Moto's server with an empty table."""
    port = 18_765
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            made = {
                "TableName": "timers",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            }
            headers = {**MOTO.headers, "x-amz-target": "DynamoDB_20120810.CreateTable"}
            for _ in range(600):
                try:
                    httpx.post(f"http://127.0.0.1:{port}/", json=made, headers=headers).raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield port
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
