"""The connections of the HTTP server: uvicorn with bounds on their number and on the time that a client can take.

uvicorn accepts connections without a bound and waits for heads and for slow readers without a limit, so here it gets
its own accept loop and deadlines. What a request is answered with is in server.py.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from punchclock.sandbox.backend import MAX_HEADERS, MAX_QUERY

#: The maximum size of a request line with its headers, in bytes. It is above the sum of the sandbox's own limits, so
#: most requests that are too large still reach the vendor, which rejects them in its own form.
MAX_HEAD: Final = 2 * (MAX_QUERY + MAX_HEADERS)
#: The maximum number of connections; fewer if the process can open few descriptors.
MAX_CONNECTIONS: Final = 512
#: Connections beyond the maximum that are still accepted, for the health check and the control plane.
RESERVED_CONNECTIONS: Final = 16

#: How long a request line with its headers can take, in seconds, from the connection or from its first byte.
HEAD_TIMEOUT: Final = 10.0
#: How long a connection without a request stays open after a response, in seconds.
IDLE_TIMEOUT: Final = 5
#: How long a client can take to read `LEAST_READ` bytes of a response, in seconds.
WRITE_TIMEOUT: Final = 30.0
LEAST_READ: Final = 1 << 14
#: How much of a response the system buffers for each connection, in bytes.
SEND_BUFFER: Final = 1 << 16
#: How long a stop waits for the requests in progress, in seconds.
SHUTDOWN_TIMEOUT: Final = 30

#: How long a connection can wait for its client before another one can replace it, in seconds.
_GRACE: Final = 0.1
#: How often the deadlines are checked, in seconds.
_CHECK_EVERY: Final = 0.5
#: How long the accept loop waits if it can't accept a connection, in seconds.
_RETRY_AFTER: Final = 0.05
#: A shortage is logged again only if there was none for this long, in seconds.
_QUIET: Final = 60.0
_TIMED_OUT: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_log: Final = logging.getLogger("punchclock.server")


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, with deadlines. h11, because uvicorn's other parser has no bound on the size of a head.

    Args:
        config: uvicorn's configuration.
        server_state: uvicorn's state of the server.
        crowded: whether there is only room for the health check and the control plane.
    """

    def __init__(self, config: uvicorn.Config, server_state: ServerState, *, crowded: bool) -> None:
        super().__init__(config, server_state, {"crowded": crowded})
        self._idle = False
        self._waiting_since = self.loop.time()
        self._unsent = 0
        self._unsent_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the application the transport, so that a fault can close the connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def data_received(self, data: bytes) -> None:
        """Read bytes of the client; the first ones after a response begin a head."""
        if self._idle:
            self._idle, self._waiting_since = False, self.loop.time()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._idle, self._waiting_since = True, self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        """Continue a response, because the client has read most of what was sent."""
        self._unsent_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Send status 400, and name the limit if the head is too large."""
        head, _ = self.conn.trailing_data
        too_large = f"The request line and the headers have more than {MAX_HEAD} bytes."
        super().send_400_response(too_large if len(head) > MAX_HEAD else msg)

    def check_deadlines(self) -> None:
        """Close the connection if the client takes too long to send a head or to read a response."""
        now = self.loop.time()
        unsent = self.transport.get_write_buffer_size()
        if not unsent:
            self._unsent_since = None
        elif self._unsent_since is None or unsent <= self._unsent - LEAST_READ:
            self._unsent, self._unsent_since = unsent, now
        elif now - self._unsent_since > WRITE_TIMEOUT:
            self.transport.abort()
        late = self._waits_for_head and not self._idle and now - self._waiting_since > HEAD_TIMEOUT
        if late and not self.transport.is_closing():
            if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
                self.transport.write(_TIMED_OUT)
            self.transport.close()

    def precedence(self) -> tuple[int, float] | None:
        """Return how soon this connection gives way to a new one: the lowest first; None if it never does.

        A connection without a complete head gives way first, then one without a complete body, then one whose client
        does not read. A request that is being answered never does.
        """
        if self._waits_for_head and not self.transport.get_write_buffer_size():
            return 0, self._waiting_since
        if not self._waits_for_head and self.cycle.more_body:
            return 1, self._waiting_since
        if self._unsent_since is not None and self.loop.time() - self._unsent_since > 2 * _CHECK_EVERY:
            return 2, self._unsent_since
        return None

    @property
    def _waits_for_head(self) -> bool:
        # The rest of a body whose request is answered already counts as the next head.
        return self.cycle is None or self.cycle.response_complete


class Server(uvicorn.Server):
    """uvicorn's server, with a bound on the number of connections.

    When the bound is reached, a new connection replaces one that waits for its client. If there is none, a few more
    connections are accepted for the health check and the control plane, and further ones wait.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections."""
        await super().startup(sockets=[])  # so that uvicorn doesn't accept them itself
        self._most = most_connections()
        self._reported: dict[str, float] = {}
        self._accepting = [asyncio.create_task(self._accept(each)) for each in sockets or []]
        self._checking = asyncio.create_task(self._check_deadlines())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept connections, and wait for the requests in progress."""
        for each in self._accepting:
            each.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        await super().shutdown(sockets)
        self._checking.cancel()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        listening.settimeout(0)
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
            except ConnectionError:  # the client has gone already
                continue
            except OSError as error:
                self._report("no connection can be accepted (%s); those that wait for their client are closed", error)
                self._replace()
                await asyncio.sleep(_RETRY_AFTER)
                continue
            try:
                await self._make_room()
                await loop.connect_accepted_socket(self.connect, accepted)
            except OSError as error:
                self._report("a connection can't be served (%s)", error)
                accepted.close()
            except asyncio.CancelledError:
                accepted.close()
                raise

    def connect(self) -> Protocol:
        """Return the protocol of a new connection."""
        return Protocol(self.config, self.server_state, crowded=len(self.server_state.connections) >= self._most)

    async def _make_room(self) -> None:
        reserved = min(RESERVED_CONNECTIONS, self._most // 4)
        while (beyond := len(self.server_state.connections) - self._most) >= 0:
            self._report("%s connections are open; new ones replace those that wait for their client", self._most)
            if self._replace():
                await asyncio.sleep(0)  # until the replaced connection is closed
            elif beyond >= reserved or any(each.precedence() for each in self._protocols()):
                await asyncio.sleep(_RETRY_AFTER)
            else:
                break

    def _replace(self) -> bool:
        """Close the connection that gives way first, and return whether there is one."""
        latest = asyncio.get_running_loop().time() - _GRACE
        waiting = {each: found for each in self._protocols() if (found := each.precedence()) and found[1] < latest}
        if waiting:
            min(waiting, key=waiting.__getitem__).transport.abort()
        return bool(waiting)

    def _protocols(self) -> list[Protocol]:
        return [each for each in self.server_state.connections if isinstance(each, Protocol)]

    async def _check_deadlines(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_EVERY)
            for each in self._protocols():
                each.check_deadlines()

    def _report(self, message: str, detail: object) -> None:
        """Log a shortage once, however long it lasts."""
        now = asyncio.get_running_loop().time()
        if now - self._reported.get(message, -_QUIET) >= _QUIET:
            _log.warning(message, detail)
        self._reported[message] = now


def server(app: ASGIApp) -> Server:
    """Return a server for the application."""
    return Server(
        uvicorn.Config(
            app,
            http=H11Protocol,  # replaced by `Protocol`, which `Server` creates
            h11_max_incomplete_event_size=MAX_HEAD,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # otherwise a forged header could pass for this machine
            server_header=False,
            date_header=False,  # a vendor's response has the date of the sandbox's clock
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        )
    )


def most_connections() -> int:
    """Return the maximum number of connections: at most half of the descriptors that the process can open."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return MAX_CONNECTIONS
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if limit == resource.RLIM_INFINITY else max(1, min(MAX_CONNECTIONS, limit // 2))
