"""The sandbox over HTTP: an ASGI application of Starlette, run by uvicorn.

Calls are not decided here. This module limits how much of a request is read, restricts the control plane to this
machine, and closes the connection if a fault drops it. The access log has no query and no header, because these contain
credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import uvicorn
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from punchclock.errors import PunchclockError
from punchclock.sandbox.backend import MAX_BODY, MAX_HEADERS, MAX_QUERY
from punchclock.sandbox.control import HttpResponse, failed, is_control, is_endpoint, is_health
from punchclock.sandbox.faults import ConnectionDropped
from punchclock.sandbox.journal import shown_path
from punchclock.sandbox.steps import Steps, run_async
from punchclock.sandbox.store import StoreUnavailable

Handle = Callable[[str, str, str, Mapping[str, str], bytes], Steps[HttpResponse]]

_log_of_errors: Final = logging.getLogger("punchclock.sandbox")
_access_log: Final = logging.getLogger("punchclock.access")

#: How long a stop waits for the requests in progress, in seconds.
SHUTDOWN_TIMEOUT: Final = 30
#: Request-body timeout, in seconds.
BODY_TIMEOUT: Final = 10
#: The maximum size of a request line with its headers, in bytes. It is above the sum of the sandbox's own limits, so
#: most requests that are too large still reach the vendor, which rejects them in its own form.
MAX_HEAD: Final = 2 * (MAX_QUERY + MAX_HEADERS)
#: The numbers of threads for the calls to the control plane and for the health check. Vendors' calls have anyio's 40
#: threads. So if all of those wait for a locked database, the others still answer.
CONTROL_THREADS: Final = 8
HEALTH_THREADS: Final = 2
#: Statuses whose responses have no body.
_WITHOUT_BODY: Final = (204, 304)


class ServingFailed(PunchclockError):
    """The server can't start, for example because the port is in use."""

    code = "serving-failed"


# ---- the application -----------------------------------------------------------------------------


def application(handle: Handle, *, control_from_anywhere: bool = False) -> Starlette:
    """Return the sandbox as an ASGI application.

    Args:
        handle: `Sandbox.handle_in_steps`.
        control_from_anywhere: whether other machines can use the control plane; it then needs a token.
    """
    return Starlette(routes=[Mount("/", app=_endpoint(handle, control_from_anywhere=control_from_anywhere))])


def _endpoint(handle: Handle, *, control_from_anywhere: bool) -> ASGIApp:
    threads = _Threads()

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request(scope, receive)
        try:
            response = await _respond(handle, request, threads, control_from_anywhere=control_from_anywhere)
            # A vendor's response has a date already; all others get this machine's.
            response.headers.setdefault("date", formatdate(usegmt=True))
            await response(scope, receive, send)
        except ClientDisconnect:
            return
        except ConnectionDropped:
            _log(request, "dropped", began)
            await _disconnect(request)
            return
        except StoreUnavailable as error:  # in the middle of a long body
            _log_of_errors.error("the store is not available: %s", error)
            _log(request, "incomplete", began)
            await _disconnect(request, reset=True)
            return
        _log(request, str(response.status_code), began)

    return endpoint


class _Threads:
    """The limits of the numbers of threads, for one application."""

    def __init__(self) -> None:
        self._control = CapacityLimiter(CONTROL_THREADS)
        self._health = CapacityLimiter(HEALTH_THREADS)

    def limiter(self, path: str) -> CapacityLimiter | None:
        """Return the limiter of the calls to a path; ``None`` is anyio's own."""
        if is_control(path):
            return self._control
        return self._health if is_health(path) else None


async def _respond(handle: Handle, request: Request, threads: _Threads, *, control_from_anywhere: bool) -> Response:
    path = request.scope["path"]
    if is_control(path) and not control_from_anywhere and not _is_local(request):
        status, headers, content = failed(403, "forbidden", "the control plane is only available on this machine")
        return Response(content, status, headers)
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            body = await _body(request)
    except TimeoutError:
        return Response(status_code=408, headers={"connection": "close"})
    query = request.scope["query_string"].decode("latin-1")
    steps = handle(request.method, path, query, _headers(request), body)
    limiter = threads.limiter(path)
    status, headers, found = await run_async(steps, partial(_wait, request), limiter)
    if isinstance(found, bytes):
        return Response(b"" if status in _WITHOUT_BODY else found, status, headers)
    return StreamingResponse(_parts(found, limiter), status, headers)


async def _wait(request: Request, seconds: float) -> None:
    """Wait for a number of seconds, or until the client disconnects."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            # The body has been read, so the next message is usually the end of the connection.
            while (await request.receive())["type"] != "http.disconnect":
                pass


async def _parts(parts: Iterator[bytes], limiter: CapacityLimiter | None) -> AsyncIterator[bytes]:
    """Yield the parts of a body, each read in a thread when the client has accepted the one before."""
    while part := await to_thread.run_sync(next, parts, b"", limiter=limiter):
        yield part


async def _disconnect(request: Request, *, reset: bool = False) -> None:
    """Close the connection at once.

    Args:
        request: the request in progress.
        reset: whether the client must see an error. To a client of HTTP/1.0 an ordinary close is the end of a body.
    """
    transport = request.scope.get("state", {}).get("transport")
    if transport is not None:  # set by `_Protocol`; another server closes the connection in its own way
        if reset:  # the option is set on a duplicate, because uvloop's sockets have no options
            with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await request.receive()  # the body has been read, so this waits until the connection is closed


def _headers(request: Request) -> dict[str, str]:
    """Return the headers by name. If a name occurs twice, the first value counts."""
    # ``dict(request.headers)`` searches all headers for each of them, which is slow for thousands.
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return headers


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_BODY + 1 - len(body)]
        if len(body) > MAX_BODY:  # enough for the sandbox to reject it
            break
    return bytes(body)


def _is_local(request: Request) -> bool:
    """Return whether a program on this machine sent the request, and not a web page in its browser."""
    client = request.client
    if client is None or not _is_loopback(client.host):
        return False
    # A web page's request carries the page's own host or origin; both must be this machine.
    names = [request.headers.get("host", ""), *request.headers.getlist("origin")]
    return all(_is_loopback(_hostname(name)) for name in names)


def _hostname(name: str) -> str:
    """Return the host in a ``Host`` or an ``Origin`` header."""
    try:
        return urlsplit(name if "//" in name else f"//{name}").hostname or ""
    except ValueError:  # the brackets contain no address
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _log(request: Request, status: str, began: float) -> None:
    milliseconds = (time.perf_counter() - began) * 1000
    client = request.client.host if request.client else "-"
    path = request.scope["path"]
    shown = path if is_control(path) and is_endpoint(path) else shown_path(path)
    _access_log.info('%s "%s %s" %s %.1fms', client, request.method[:20], shown, status, milliseconds)


# ---- the server ----------------------------------------------------------------------------------


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1. h11, because uvicorn's other parser has no bound on the size of a head."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the application the transport, so that a fault can close the connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def send_400_response(self, msg: str) -> None:
        """Send status 400, and name the limit if the head is too large."""
        head, _ = self.conn.trailing_data
        too_large = f"The request line and the headers have more than {MAX_HEAD} bytes."
        super().send_400_response(too_large if len(head) > MAX_HEAD else msg)


def server(app: Starlette) -> uvicorn.Server:
    """Return a server for the application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            h11_max_incomplete_event_size=MAX_HEAD,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # a vendor's response has the date of the sandbox's clock
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        )
    )


class Serving:
    """A server in a thread, as a context manager.

    Args:
        app: the application.
        host: the address to listen on.
        port: the port; 0 chooses a free one.

    Attributes:
        url: ``http://127.0.0.1:PORT``, inside the ``with`` block.
    """

    url: str

    def __init__(self, app: Starlette, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port

    def __enter__(self) -> Self:
        """Start the server.

        Raises:
            ServingFailed: the address or the port is not available.
        """
        self._listening = listen(self._host, self._port)
        self.url = url_of(self._listening)
        self._server = server(self._app)
        # A daemon, so that an interrupted test run ends.
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],), daemon=True)
        self._thread.start()
        return self  # the socket already listens, so an early call waits until the thread is ready

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()  # uvicorn leaves it open if it is stopped before it starts


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ServingFailed: the address or the port is not available.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Head and body of a response are two packets. Without this option the second one waits up to 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, UnicodeError) as error:
        raise ServingFailed(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}") from None
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
