"""The sandbox over HTTP: an ASGI application, and a server that runs it in a thread.

Calls are not decided here. This module limits how much of a request is read, rejects callers that are not allowed, and
closes the connection if a fault drops it. The access log has no query and no header, because these contain credentials.
Who is allowed is in callers.py; the bounds on connections are in connections.py.
"""

from __future__ import annotations

import asyncio
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
from urllib.parse import unquote

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from punchclock.errors import PunchclockError
from punchclock.sandbox.backend import MAX_BODY
from punchclock.sandbox.callers import Callers, is_local
from punchclock.sandbox.connections import SEND_BUFFER, server
from punchclock.sandbox.control import HttpResponse, failed, is_control, is_endpoint, is_health
from punchclock.sandbox.faults import ConnectionDropped
from punchclock.sandbox.journal import shown_path
from punchclock.sandbox.steps import Steps, run_async
from punchclock.sandbox.store import StoreUnavailable

Handle = Callable[[str, str, str, Mapping[str, str], bytes], Steps[HttpResponse]]

_log_of_errors: Final = logging.getLogger("punchclock.sandbox")
_access_log: Final = logging.getLogger("punchclock.access")

#: Request-body timeout, in seconds.
BODY_TIMEOUT: Final = 10
#: The numbers of threads for the calls to the control plane and for the health check. Vendors' calls have anyio's 40
#: threads. So if all of those wait for a locked database, the others still answer.
CONTROL_THREADS: Final = 8
HEALTH_THREADS: Final = 2
#: How many characters of a path the access log contains, before credentials are replaced.
_MOST_LOGGED: Final = 200
#: Statuses whose responses have no body.
_WITHOUT_BODY: Final = (204, 304)


class ServingFailed(PunchclockError):
    """The server can't start, for example because the port is in use."""

    code = "serving-failed"


# ---- the application -----------------------------------------------------------------------------


def application(handle: Handle, *, control_from_anywhere: bool = False, callers: Callers | None = None) -> ASGIApp:
    """Return the sandbox as an ASGI application.

    Args:
        handle: `Sandbox.handle_in_steps`.
        control_from_anywhere: whether other machines can use the control plane; it then needs a token.
        callers: the host names and origins that are allowed in addition to the server's own.
    """
    return _endpoint(handle, callers or Callers(), control_from_anywhere=control_from_anywhere)


def _endpoint(handle: Handle, callers: Callers, *, control_from_anywhere: bool) -> ASGIApp:
    threads = _Threads()

    async def respond(request: Request) -> Response:
        try:
            return await _respond(handle, request, threads, control_from_anywhere=control_from_anywhere)
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            return _failed(503, "no-thread", "the server can't start another thread now; try again later")

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request(_with_path(scope), receive)
        try:
            response = _early_response(request, callers)
            if response is None:
                response = await respond(request)
            _complete_headers(request, response, callers)
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


def _complete_headers(request: Request, response: Response, callers: Callers) -> None:
    # A vendor's response has a date already; all others get this machine's.
    response.headers.setdefault("date", formatdate(usegmt=True))
    if callers.origins:
        response.headers.update(callers.headers(request))
    if _is_crowded(request):
        response.headers["connection"] = "close"


def _with_path(scope: Scope) -> Scope:
    """Return the scope with the path of its target. The target can also be a URL, with this server's name."""
    if scope["path"].startswith("/"):
        return scope
    scheme, separator, rest = (scope.get("raw_path") or b"").decode("latin-1").partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return scope
    authority, _, path = rest.partition("/")
    # The name in the target counts as another ``Host``: both must be this server's.
    headers = [*scope["headers"], (b"host", authority.encode("latin-1"))]
    return {**scope, "path": unquote(f"/{path}"), "headers": headers}


def _early_response(request: Request, callers: Callers) -> Response | None:
    """Return the response to a request that the sandbox does not get, or None if it gets it."""
    path = request.scope["path"]
    names = {name for name, _ in request.scope["headers"]}
    if b"content-length" in names and b"transfer-encoding" in names:
        # A proxy may read the other length, and send what is left as another client's request.
        message = "a request with Content-Length can't have Transfer-Encoding"
        return _failed(400, "two-lengths", message, connection="close")
    if is_control(path) or is_health(path):
        return None
    if _is_crowded(request):
        return _failed(503, "too-many-connections", "the server has too many connections; try again later")
    if rejection := callers.rejection(request):
        return _failed(403, "forbidden", rejection)
    return Response(status_code=204) if callers.is_preflight(request) else None


def _failed(status: int, code: str, message: str, **headers: str) -> Response:
    status, found, content = failed(status, code, message)
    return Response(content, status, {**found, **headers})


def _is_crowded(request: Request) -> bool:
    """Return whether the connection is one of those beyond the maximum."""
    return bool(request.scope.get("state", {}).get("crowded"))


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
    if is_control(path) and not control_from_anywhere and not is_local(request):
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
    if transport is not None:  # set by our server; another one closes the connection in its own way
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


def _log(request: Request, status: str, began: float) -> None:
    milliseconds = (time.perf_counter() - began) * 1000
    client = request.client.host if request.client else "-"
    path = request.scope["path"]
    shown = path if is_control(path) and is_endpoint(path) else shown_path(path[:_MOST_LOGGED])
    _access_log.info('%s "%s %s" %s %.1fms', client, request.method[:20], shown, status, milliseconds)


# ---- the server ----------------------------------------------------------------------------------


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

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
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
        # Otherwise the system takes megabytes of a response, and it looks for long as if a slow client read nothing.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    except (OSError, UnicodeError) as error:
        raise ServingFailed(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}") from None
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
