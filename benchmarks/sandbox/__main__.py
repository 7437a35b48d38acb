"""Requests a second and response times, by store and by number of timers; compared with moto's server.

PostgreSQL is measured if ``PUNCHCLOCK_TEST_POSTGRESQL`` names a server. moto is in the dependency group ``load``.
``--save`` saves the results.
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

import httpx
import msgspec

import punchclock as pc
from benchmarks.machine import machine
from benchmarks.sandbox.load import Sent, measure
from benchmarks.sandbox.results import PEER, RESULTS, Results, Row, text
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store
from punchclock.units import HOUR
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import Change
from punchclock.workspaces import demo_workspace

SECONDS = 4.0
NOW = pc.instant("2026-03-02T08:00:00Z")
AUTH = {"authorization": "Basic " + base64.b64encode(b"intervals-token-5:x").decode()}
JSON = {**AUTH, "content-type": "application/json"}

#: The measured calls, by name; each is a cycle of one person's requests.
CYCLES = {
    "read one": [Sent("GET", "/timer/1001", AUTH)],
    "start": [Sent("POST", "/timer", JSON, '{"personid": 5, "name": "{n}"}')],
    "list 10, newest first": [Sent("GET", "/timer?gettimerinfo=1&sortfield=lastupdate&sortdir=DESC", AUTH)],
    "currently running": [
        Sent("GET", "/people/api/timetracker/getcurrentlyrunningtimer?authtoken=zoho-token-5", {}),
    ],
}

#: A comparable call of moto: it puts one item into a table in memory.
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


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox", description=__doc__)
    parser.add_argument("--save", action="store_true", help="save the results in results.json beside this file")
    parser.add_argument("--sizes", default="10000,1000000", help="the numbers of stored timers")
    arguments = parser.parse_args()
    rows = [_peer()]  # and after each size, because the machine's speed varies
    for size in map(int, arguments.sizes.split(",")):
        rows += [*_sandboxes(size), _peer()]
    results = Results(machine(), _in_process(), rows)
    print(text(results), end="")
    if arguments.save:
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def _peer() -> Row:
    with _moto() as port:
        return Row(PEER, 0, "put one item", measure(port, [MOTO], SECONDS))


def _sandboxes(size: int) -> Iterator[Row]:
    workspace = demo_workspace()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stores: dict[str, Store] = {
            "memory": MemoryStore(workspace),
            "SQLite": SqlStore(f"sqlite:///{folder}/it", workspace),
        }
        if server := os.environ.get("PUNCHCLOCK_TEST_POSTGRESQL"):
            stores["PostgreSQL"] = SqlStore(server, workspace)
        for name, store in stores.items():
            _fill(store, size)
            with Sandbox(workspace, store=store) as sandbox, sandbox.serve() as served:
                _run_zoho(sandbox)
                for call, cycle in CYCLES.items():
                    yield Row(name, size, call, measure(int(served.url.rpartition(":")[2]), cycle, SECONDS))
                sandbox.reset()


def _fill(store: Store, size: int) -> None:
    """Store ``size`` timers; each hundredth belongs to the measured person, as in a company of a hundred."""
    store.reset()
    workspace = demo_workspace()
    stopped = pc.stop(pc.start(NOW), NOW + HOUR)
    for begin in range(1001, 1001 + size, 10_000):
        records = [
            IntervalsTimer(
                id=str(id),
                timer=stopped,
                person=workspace.people["5" if id % 100 == 1 else "3"],
                updated_on=date(2026, 3, 2),
            )
            for id in range(begin, min(begin + 10_000, 1001 + size))
        ]
        with store.transaction() as transaction:
            transaction.changes.extend(Change(pc.Event.STOP, NOW, record) for record in records)


def _run_zoho(sandbox: Sandbox) -> None:
    query = "authtoken=zoho-token-5&user=5&jobId=41&workDate=2026-03-02&timer=start&billingStatus=billable"
    status, _, body = sandbox.handle("POST", "/people/api/timetracker/timer", query)
    if status != 200:
        raise AssertionError(body)


def _in_process() -> float:
    """Return the median time of a start with `Sandbox.handle` in memory, in microseconds."""
    times = []
    with Sandbox() as sandbox:
        for _ in range(3000):
            began = time.perf_counter()
            sandbox.handle("POST", "/timer", "", JSON, b'{"personid": 5}')
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2] * 1e6


@contextmanager
def _moto() -> Iterator[int]:
    """Run moto's server with an empty table."""
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
