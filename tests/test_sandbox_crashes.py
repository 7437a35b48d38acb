"""A killed server keeps every answered change, and no partial one.

``PUNCHCLOCK_KILLS`` is the number of kills for each database.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import punchclock as pc
from databases import DATABASES, database_url
from punchclock.eventlog import TimerLog, parse_line

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("PUNCHCLOCK_KILLS", "3"))
AUTH = httpx.BasicAuth("intervals-token-1", "x")


@contextmanager
def serving(database: str, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run ``punchclock serve`` in its own process, wait until it is ready, and kill it at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "punchclock", "serve", "--port", str(port), "--database", database]
    url = f"http://127.0.0.1:{port}"
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            for _ in range(1200):
                try:
                    httpx.get(f"{url}/healthz", timeout=1).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.05)
            yield process, url
        finally:
            process.kill()


class Worker(threading.Thread):
    """A client that starts, pauses, resumes and discards timers until the connection breaks.

    ``answered`` has the answered state of each timer; ``asked`` is the call without an answer when the server died.
    """

    def __init__(self, url: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.chance = random.Random(seed)  # noqa: S311 reproducible; not cryptographic
        self.answered: dict[str, str] = {}
        self.asked: tuple[str, str] | None = None
        self.answers = 0

    def run(self) -> None:
        """Work."""
        with httpx.Client(base_url=self.url, auth=AUTH, timeout=10) as client:
            try:
                while True:
                    self.asked = None
                    self._one(client)
                    self.answers += 1
            except httpx.HTTPError:
                pass

    def _one(self, client: httpx.Client) -> None:
        id = self.chance.choice(["", *self.answered])
        state = self.answered.get(id, "gone")
        if not id:
            self.asked = ("", "running")
            response = client.post("/timer/", json={"personid": 1}).raise_for_status()
            self.answered[str(response.json()["timer"]["id"])] = "running"
        elif state == "running":
            self.asked = (id, "paused")
            client.put(f"/timer/{id}/", json={"starttime": "", "time": 60}).raise_for_status()
            self.answered[id] = "paused"
        elif state == "paused" and self.chance.random() < 0.5:
            self.asked = (id, "running")
            now = pc.format_instant(pc.now())[:19].replace("T", " ")
            client.put(f"/timer/{id}/", json={"starttime": now}).raise_for_status()
            self.answered[id] = "running"
        elif state == "paused":
            self.asked = (id, "gone")
            client.delete(f"/timer/{id}/").raise_for_status()
            self.answered[id] = "gone"


def kill_at_work(process: subprocess.Popen[bytes], url: str, seed: int) -> list[Worker]:
    """Kill the server after four clients have had some answers, and return the clients."""
    workers = [Worker(url, seed * 4 + each) for each in range(4)]
    for worker in workers:
        worker.start()
    enough = random.Random(seed).randint(1, 40)  # noqa: S311 as above
    deadline = time.monotonic() + 30
    while sum(worker.answers for worker in workers) < enough and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    for worker in workers:
        worker.join()
    return workers


def check(url: str, expected: dict[str, set[str]]) -> None:
    """Each timer has its last answered or requested state, and the one that the journal replays to."""
    shown = {each["id"]: each for each in httpx.get(f"{url}/_punchclock/timers").json()}
    for id, states in expected.items():
        assert shown.get(id, {"state": "gone"})["state"] in states
    log = TimerLog()
    for line in httpx.get(f"{url}/_punchclock/journal/events").content.splitlines():
        log.apply(parse_line(line))
    explained = {name.rpartition("/")[2]: record.timer for name, record in log.records.items()}
    assert {id: (timer.state.value, pc.format_instant(timer.since)) for id, timer in explained.items()} == {
        id: (each["state"], each["since"]) for id, each in shown.items()
    }


@pytest.mark.parametrize("kind", DATABASES)
def test_a_kill_loses_no_answered_change(kind: str, tmp_path: Path) -> None:
    """After each of several kills, the server has every answered change, and no partial one."""
    expected: dict[str, set[str]] = {}
    answers = 0
    with database_url(kind, tmp_path) as database:
        for seed in range(KILLS):
            with serving(database, tmp_path / "log") as (process, url):
                check(url, expected)
                workers = kill_at_work(process, url, seed)
            for worker in workers:
                answers += worker.answers
                expected |= {id: {state} for id, state in worker.answered.items()}
                if worker.asked is not None and worker.asked[0]:
                    expected[worker.asked[0]].add(worker.asked[1])
        with serving(database, tmp_path / "log") as (_, url):
            check(url, expected)
    assert answers >= KILLS
