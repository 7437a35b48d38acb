"""Load on loopback: several clients, each with one connection, which send one request after another.

The clients run in their own process on the server's machine, so a rate includes the work of both. Only the ratios
between servers are claims.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from itertools import count

import msgspec

CLIENTS = 4


class Sent(msgspec.Struct, frozen=True):
    """A request; ``{n}`` in its body or path becomes a number that is unique in the run."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = ""


class Load(msgspec.Struct, frozen=True):
    """A measurement: responses a second, and the 50th and 99th percentile of the response times in ms."""

    rate: float
    median_ms: float
    p99_ms: float


def measure(port: int, cycle: Sequence[Sent], seconds: float) -> Load:
    """Send a cycle of requests repeatedly, from each client, for a number of seconds.

    Raises:
        AssertionError: a response is not a success.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        times = pool.apply(_clients, (port, list(cycle), seconds))
    times.sort()
    return Load(len(times) / seconds, times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000)


def _clients(port: int, cycle: list[Sent], seconds: float) -> list[float]:
    times: list[list[float]] = [[] for _ in range(CLIENTS)]
    failures: list[str] = []
    numbers = count(1)
    begin = threading.Barrier(CLIENTS)

    def client(mine: list[float]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        begin.wait()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and not failures:
            number = str(next(numbers))
            for sent in cycle:
                began = time.perf_counter()
                body = sent.body.replace("{n}", number)
                connection.request(sent.method, sent.path.replace("{n}", number), body, sent.headers)
                response = connection.getresponse()
                content = response.read()
                mine.append(time.perf_counter() - began)
                if not 200 <= response.status < 300:
                    failures.append(f"{sent.method} {sent.path}: {response.status} {content[:300]!r}")
        connection.close()

    threads = [threading.Thread(target=client, args=(mine,)) for mine in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise AssertionError(failures[0])
    return [each for mine in times for each in mine]
