"""The sandbox behind a real server: an ASGI application of Starlette, run by uvicorn.

Nothing is decided here. A request is read, up to a bound; the control plane is kept to this machine; and a
fault that drops the connection really drops it. The access log names no query, because queries bear secrets.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from punchclock.errors import PunchclockError
from punchclock.sandbox.backend import MAX_BODY
from punchclock.sandbox.control import PREFIX
from punchclock.sandbox.faults import ConnectionDropped

__all__ = ["Serving", "ServingFailed", "application", "server"]

Handle = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, dict[str, str], bytes]]

access_log: Final = logging.getLogger("punchclock.access")

#: How long a stop waits for the requests that are being answered, in seconds.
_GRACE: Final = 10


class ServingFailed(PunchclockError):
    """The server cannot begin, for instance because the port is taken."""

    code = "serving-failed"


def application(handle: Handle, *, control_from_anywhere: bool = False) -> Starlette:
    """The sandbox as an ASGI application.

    Args:
        handle: the door of a sandbox, `Sandbox.handle`.
        control_from_anywhere: answer the control plane to other machines too; give it a token then.
    """
    return Starlette(routes=[Mount("/", app=_endpoint(handle, control_from_anywhere=control_from_anywhere))])


def _endpoint(handle: Handle, *, control_from_anywhere: bool) -> ASGIApp:
    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request(scope, receive)
        try:
            response = await _respond(handle, request, control_from_anywhere=control_from_anywhere)
        except ClientDisconnect:
            return
        except ConnectionDropped:
            _log(request, 0, began)
            drop = scope.get("state", {}).get("drop")
            if drop is None:  # a server that is not ours: the best that is left is to say nothing
                return
            drop(scope["client"])
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await response(scope, receive, send)
        _log(request, response.status_code, began)

    return endpoint


async def _respond(handle: Handle, request: Request, *, control_from_anywhere: bool) -> Response:
    path = request.scope["path"]
    if path.startswith(PREFIX) and not control_from_anywhere and not _is_local(request):
        return Response('{"error":{"code":"forbidden","message":"the control plane answers this machine only"}}', 403)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:  # so much, and no more is read: what is too large is refused behind this door
            break
    query = request.scope["query_string"].decode("latin-1")
    status, headers, content = await run_in_threadpool(
        handle, request.method, path, query, dict(request.headers), body
    )
    return Response(content, status, headers)


def _is_local(request: Request) -> bool:
    """Whether this machine itself is asking, and not a web page that it shows (which names its origin or host)."""
    client = request.client
    if client is None or not _is_loopback(client.host):
        return False
    origin = request.headers.get("origin")
    named = [request.headers.get("host", "")] if origin is None else [request.headers.get("host", ""), origin]
    return all(_is_loopback(urlsplit(name if "//" in name else f"//{name}").hostname or "") for name in named)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _log(request: Request, status: int, began: float) -> None:
    took = (time.perf_counter() - began) * 1000
    who = request.client.host if request.client else "-"
    access_log.info('%s "%s %s" %s %.1fms', who, request.method, request.scope["path"], status or "dropped", took)


def server(app: Starlette) -> uvicorn.Server:
    """A server for the application, which can drop a connection without a word."""
    transports: dict[tuple[str, int], asyncio.Transport] = {}

    class Droppable(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # which one it is depends on what is installed
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._punchclock_peer = transport.get_extra_info("peername")[:2]
            transports[self._punchclock_peer] = transport

        def connection_lost(self, error: Exception | None) -> None:
            transports.pop(self._punchclock_peer, None)
            super().connection_lost(error)

    def drop(client: tuple[str, int]) -> None:
        transport = transports.get(client)
        if transport is not None:
            transport.abort()

    async def droppable(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["drop"] = drop
        await app(scope, receive, send)

    return uvicorn.Server(
        uvicorn.Config(
            droppable,
            http=Droppable,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
    )


class Serving:
    """A server in a thread, for as long as its ``with`` lasts.

    Args:
        app: what is served.
        host: the address to listen on.
        port: the port; 0 takes a free one.

    Attributes:
        url: where it is, ``http://127.0.0.1:PORT``.
    """

    def __init__(self, app: Starlette, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = server(app)
        self._socket = listen(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise ServingFailed("the server ended before it began")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ServingFailed: the address or the port cannot be had.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ServingFailed(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
