"""Resources: a real server that has run out of descriptors or threads, and gets them back.

The server runs in a process of its own, with a limit for its descriptors and with deadlines of a second. Clients attack
it that send nothing, send slowly, stop in the middle, or never read. They keep their connections: the server has to
give them up.
"""

from __future__ import annotations

import base64
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from evidence.claims import Budget, Claim, Refuted

#: The descriptors that the server can open.
LIMIT: Final = 128
#: Descriptors that the connections leave for the database and the rest of the server.
SPARE: Final = 24
#: Connections in one attack.
EACH: Final = 150
#: How long a response can take, and how long the descriptors can take to come back, in seconds.
_PATIENCE: Final = 20.0
#: The size of the log, without the lines of answered requests, in bytes.
_LOG: Final = 2000

_BASIC: Final = base64.b64encode(b"intervals-token-5:x").decode()
_HEALTH: Final = "GET /healthz HTTP/1.1\r\nhost: x\r\n"
_START: Final = (
    f"POST /timer HTTP/1.1\r\nhost: x\r\nauthorization: Basic {_BASIC}\r\ncontent-type: application/json\r\n"
)
_READ: Final = f"GET /timer HTTP/1.1\r\nhost: x\r\nauthorization: Basic {_BASIC}\r\nconnection: close\r\n\r\n"
_JOURNAL: Final = "GET /_punchclock/journal HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
_ACCESS: Final = re.compile(r'"[A-Z]+ \S+" \w+ [\d.]+ms$')

#: The server. Two signals begin and end a time in which no thread can start, because its stack would be too large.
_PROGRAM: Final = """
import resource, signal, sys, threading
from punchclock.cli import run
from punchclock.sandbox import connections, server
resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))
resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))
connections.HEAD_TIMEOUT = connections.IDLE_TIMEOUT = connections.WRITE_TIMEOUT = server.BODY_TIMEOUT = 1
signal.signal(signal.SIGUSR1, lambda *_: threading.stack_size(1 << 34))
signal.signal(signal.SIGUSR2, lambda *_: threading.stack_size(0))
{planted}
sys.exit(run(["serve", "--port", "0", "--database", "memory:"]))
"""


class Attacked(NamedTuple):
    """The server under attack."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def connect(self, sent: str = "") -> socket.socket:
        """Open a connection with small buffers, and send the beginning of a request."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(_PATIENCE)
        try:
            connection.connect(("127.0.0.1", self.port))
            connection.sendall(sent.encode())
        except ConnectionError:  # it has been replaced already
            pass
        return connection

    def status(self, sent: str) -> int:
        """Send a request, and return the status of the response; 0 if there is none."""
        with closing(self.connect(sent)) as connection:
            try:
                return int(connection.recv(4096)[9:12] or b"0")
            except ConnectionError:
                return 0

    def healthy(self) -> float:
        """Return how long the health check takes.

        Raises:
            Refuted: it is not a success.
        """
        began = time.perf_counter()
        try:
            status = self.status(f"{_HEALTH}connection: close\r\n\r\n")
        except TimeoutError:
            raise Refuted(f"the health check gets no response in {_PATIENCE:g} s") from None
        if status != 200:
            raise Refuted(f"the health check gets {status or 'no status'}")
        return time.perf_counter() - began

    def descriptors(self) -> int:
        """Return the number of descriptors that the server has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def check_log(self) -> None:
        """Check the log, without the lines of answered requests.

        Raises:
            Refuted: the log is long, or has a traceback.
        """
        lines = [line for line in self.log.read_text(encoding="utf-8").splitlines() if not _ACCESS.search(line)]
        size = sum(map(len, lines))
        if size > _LOG or any("Traceback" in line for line in lines):
            raise Refuted(f"the log has {size} characters beside the requests: {' / '.join(lines[:5])[:300]}")


@contextmanager
def attacked(planted: str = "") -> Iterator[Attacked]:
    """Run the server, with a planted mistake, until the ``with`` block ends."""
    program = _PROGRAM.format(limit=LIMIT, planted=planted)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, stderr=file, encoding="utf-8"
            )
        try:
            greeting = ""
            for line in process.stdout or ():
                greeting += line
                if line.startswith("Press Ctrl-C"):
                    break
            found = re.search(r"http://127\.0\.0\.1:(\d+)", greeting)
            if found is None:
                raise Refuted(f"the server does not start: {log.read_text(encoding='utf-8')[-500:]}")
            yield Attacked(process, int(found[1]), log)
        finally:
            process.kill()
            process.communicate()


# ---- descriptors ---------------------------------------------------------------------------------


def _fill_journal(server: Attacked) -> None:
    """Make the journal larger than the buffers of a connection."""
    with closing(server.connect()) as connection:
        for _ in range(400):
            connection.sendall(_READ.replace("connection: close\r\n", "").encode())
            if not connection.recv(4096):
                raise Refuted("a read is not answered")


def no_descriptor_left(budget: Budget, planted: str = "") -> str:
    """Attack the server with more connections than it has descriptors, of each kind.

    Raises:
        Refuted: the health check fails, descriptors do not come back, too few stay free, or the log is long.
    """
    slowest, most, opened = 0.0, 0, 0
    #: What each client sends, and whether it then sends single bytes.
    ways = (
        ("", False),
        (_HEALTH, True),
        (f"{_START}content-length: 99\r\n\r\n{{", True),
        (f"{_HEALTH}\r\n", False),
        (_JOURNAL * 3, False),
    )
    with attacked(planted) as server:
        _fill_journal(server)
        server.healthy()
        time.sleep(1.5)  # until idle connections are closed
        before = server.descriptors()
        for sent, slowly in ways * budget.attack_rounds:
            with ExitStack() as stack:
                kept: list[socket.socket] = []
                for _ in range(EACH):
                    kept.append(stack.enter_context(closing(server.connect(sent))))
                    most = max(most, server.descriptors())
                opened += len(kept)
                deadline = time.monotonic() + _PATIENCE
                while (now := server.descriptors()) > before:
                    if time.monotonic() > deadline:
                        raise Refuted(f"{now} descriptors are open after {_PATIENCE:g} s, not {before}: {sent[:40]!r}")
                    slowest = max(slowest, server.healthy())
                    if slowly:
                        _send_a_byte(kept)
                    time.sleep(0.1)
            server.check_log()
        if most > LIMIT - SPARE:
            raise Refuted(f"{most} of {LIMIT} descriptors are used")
    return (
        f"{opened} connections in {len(ways)} ways to a server with {LIMIT} descriptors: at most {most} used, "
        f"{before} after; the slowest health check took {slowest:.1f} s"
    )


def _send_a_byte(connections: list[socket.socket]) -> None:
    for connection in connections:
        try:
            connection.send(b"x", socket.MSG_DONTWAIT)
        except OSError:  # it is closed, or its buffer is full
            continue


# ---- threads -------------------------------------------------------------------------------------


def no_thread_left(budget: Budget, planted: str = "") -> str:
    """Call the server while it can't start threads, before and after it has some.

    Raises:
        Refuted: a call gets no response or an unexpected one, or the log is long.
    """
    answered = refused = 0
    with attacked(planted) as server, ThreadPoolExecutor(40) as pool:
        for _ in range(budget.attack_rounds * 2):
            server.process.send_signal(signal.SIGUSR1)
            time.sleep(0.1)
            statuses = list(pool.map(server.status, [_READ, f"{_HEALTH}connection: close\r\n\r\n"] * 20))
            if unexpected := set(statuses) - {200, 503}:
                raise Refuted(f"without threads, calls get {sorted(unexpected)}")
            answered += statuses.count(200)
            refused += statuses.count(503)
            server.process.send_signal(signal.SIGUSR2)
            time.sleep(0.1)
            server.healthy()
            if status := set(pool.map(server.status, [_READ] * 40)) - {200}:
                raise Refuted(f"when threads can start again, calls get {sorted(status)}")
        server.check_log()
    if not answered + refused:
        raise Refuted("no call was sent")
    return f"{answered + refused} calls at once to a server without threads: {answered} answered, {refused} refused"


CLAIMS: Final = (
    Claim(
        "without free descriptors the server answers, and gets them back from clients that stall", no_descriptor_left
    ),
    Claim("without free threads the server answers or refuses every call", no_thread_left),
)
