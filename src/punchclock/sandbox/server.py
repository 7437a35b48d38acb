"""The sandbox behind a real server: an ASGI application of Starlette, run by uvicorn.

Nothing is decided here. A request is read up to a bound, and what is too large is passed on cut, for its
vendor to reject; the control plane is kept to this machine; and a fault that drops the connection really
drops it. The access log shows no query and no header, since these bear credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import h11
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from punchclock.errors import PunchclockError
from punchclock.sandbox.backend import MAX_BODY, MAX_HEADERS, MAX_QUERY
from punchclock.sandbox.control import failed, is_control, is_endpoint
from punchclock.sandbox.faults import ConnectionDropped
from punchclock.sandbox.journal import shown_path

__all__ = ["Serving", "ServingFailed", "application", "listen", "server", "url_of"]

Handle = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, dict[str, str], bytes]]

_access_log: Final = logging.getLogger("punchclock.access")

#: How long a stop waits for the requests that are being answered, in seconds.
_GRACE: Final = 30
#: How long the body of a request may be on its way, in seconds; with a slower client nobody has timeout.
_SLOWEST: Final = 10
#: How much is read of a request's head, at most: more than the sandbox takes, so that it is the one who rejects.
_MAX_HEAD: Final = MAX_QUERY + MAX_HEADERS + 1
#: How long what a client still sends of a head that is too large is read and thrown away, in seconds.
_LINGER: Final = 2
#: Statuses whose responses end with their head, whatever an injected fault would say in a body.
_WITHOUT_BODY: Final = (204, 304)


class ServingFailed(PunchclockError):
    """The server cannot begin, for instance because the port is taken."""

    code = "serving-failed"


# ---- the application -----------------------------------------------------------------------------


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
            _log(request, "dropped", began)
            drop = scope.get("state", {}).get("drop")
            if drop is not None:  # else it is a server that is not ours, and to say nothing is the best that is left
                await drop(receive)
            return
        # What no vendor has dated, by this machine's clock.
        response.headers.setdefault("date", formatdate(usegmt=True))
        await response(scope, receive, send)
        _log(request, str(response.status_code), began)

    return endpoint


async def _respond(handle: Handle, request: Request, *, control_from_anywhere: bool) -> Response:
    path = request.scope["path"]
    if is_control(path) and not control_from_anywhere and not _is_local(request):
        status, headers, content = failed(403, "forbidden", "the control plane answers this machine only")
        return Response(content, status, headers)
    try:
        async with asyncio.timeout(_SLOWEST):
            body = await _body(request)
    except TimeoutError:
        return Response(status_code=408, headers={"connection": "close"})
    query = request.scope["query_string"].decode("latin-1")
    status, headers, content = await run_in_threadpool(handle, request.method, path, query, _headers(request), body)
    return Response(b"" if status in _WITHOUT_BODY else content, status, headers)


def _headers(request: Request) -> dict[str, str]:
    """The headers by name; of one that comes twice, the first."""
    # Not ``dict(request.headers)``, which looks through all for each: ten thousand would keep everybody waiting.
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return headers


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_BODY + 1 - len(body)]
        if len(body) > MAX_BODY:  # so much, and no more is read: what is too large is rejected behind this door
            break
    return bytes(body)


def _is_local(request: Request) -> bool:
    """Whether this machine itself is asking, and not a web page that it shows (which names its origin or host)."""
    client = request.client
    if client is None or not _is_loopback(client.host):
        return False
    named = [request.headers.get("host", ""), *request.headers.getlist("origin")]
    return all(_is_loopback(_hostname(name)) for name in named)


def _hostname(name: str) -> str:
    """The host that a ``Host`` or an ``Origin`` names."""
    try:
        return urlsplit(name if "//" in name else f"//{name}").hostname or ""
    except ValueError:  # no address between its brackets
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _log(request: Request, ended: str, began: float) -> None:
    took = (time.perf_counter() - began) * 1000
    who = request.client.host if request.client else "-"
    path = request.scope["path"]
    shown = path if is_control(path) and is_endpoint(path) else shown_path(path)
    _access_log.info('%s "%s %s" %s %.1fms', who, request.method[:20], shown, ended, took)


# ---- the server ----------------------------------------------------------------------------------


class _Protocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with two things more: it can drop a connection, and rejects a head politely.

    h11 and not what else uvicorn can run on: it alone holds a bound on the size of a head.
    """

    _deaf = False

    def data_received(self, data: bytes) -> None:
        if not self._deaf:
            super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.scope is not None:
            self.scope.setdefault("state", {})["drop"] = self._drop

    async def _drop(self, receive: Receive) -> None:
        """End the connection without a word, and wait until that is known: the body is read, so nothing else comes."""
        self.transport.abort()
        await receive()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets a plain 400; a head that is too large is passed on, as far as it was read."""
        head, _ = self.conn.trailing_data
        scope = _scope_of(head) if len(head) > _MAX_HEAD else None
        if scope is None:
            super().send_400_response(msg)
            return
        self._deaf = True
        scope.update(type="http", client=self.client, http_version="1.1")
        task = self.loop.create_task(self._reject(scope))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _reject(self, scope: Scope) -> None:
        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"connection", b"close")]
                event: Any = h11.Response(status_code=message["status"], headers=headers)
            else:
                event = h11.Data(data=message["body"])
            self.transport.write(self.conn.send(event) or b"")

        await self.app(scope, nothing, send)
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        # A client that is still sending would lose the answer if the connection were closed under its hands.
        self.transport.write_eof()
        self.loop.call_later(_LINGER, self.transport.close)


def _scope_of(head: bytes) -> Scope | None:
    """What can be made out of the head of a request that was not read to its end."""
    line, _, rest = head.partition(b"\r\n")
    method, _, target = line.partition(b" ")
    path, _, query = target.partition(b" ")[0].partition(b"?")
    if not (method.isalpha() and path.startswith(b"/")):
        return None
    fields = (field.partition(b":") for field in rest.split(b"\r\n"))
    headers = [(name.strip().lower(), value.strip()) for name, _, value in fields]
    return {
        "method": method.decode(),
        "path": unquote(path.decode("latin-1")),
        "query_string": query,
        "headers": [(b"", head), *headers],  # so that this is too large whichever way its parts are counted
    }


def server(app: Starlette) -> uvicorn.Server:
    """A server for the application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Protocol,
            h11_max_incomplete_event_size=_MAX_HEAD,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # a response bears the date of the sandbox's clock
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
        url: where it is, ``http://127.0.0.1:PORT``; from the beginning of the ``with`` on.
    """

    url: str

    def __init__(self, app: Starlette, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = host
        self._port = port

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            ServingFailed: the address or the port cannot be had.
        """
        self._listening = listen(self._host, self._port)
        self.url = url_of(self._listening)
        self._server = server(self._app)
        # A daemon, so that a test run that is broken off ends.
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],), daemon=True)
        self._thread.start()
        return self  # it listens: whoever calls before the thread is ready waits for it

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()  # uvicorn leaves it open where it is stopped before it has begun


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ServingFailed: the address or the port cannot be had.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
        # Head and body of a response are two packets; without this the second waits 40 ms for the first's receipt.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except (OSError, UnicodeError) as error:
        raise ServingFailed(f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or error}") from None
    return listening


def url_of(listening: socket.socket) -> str:
    """Where a socket that listens is to be reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
