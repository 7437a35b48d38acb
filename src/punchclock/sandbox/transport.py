"""The sandbox behind httpx: ``httpx.Client(transport=sandbox.transport())`` calls it without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio.to_thread
import httpx

from punchclock.sandbox.faults import ConnectionDropped, Effect

Handle = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, dict[str, str], bytes]]


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for ``httpx.Client`` and ``httpx.AsyncClient``.

    A connection that a fault drops raises httpx's ``RemoteProtocolError``; a response that a fault withholds raises
    ``ReadTimeout``.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.Client``."""
        return self._respond(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.AsyncClient``, in a thread."""
        return await anyio.to_thread.run_sync(self._respond, request, await request.aread())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        try:
            status, headers, content = self._handle(
                request.method, request.url.path, request.url.query.decode("ascii"), request.headers, body
            )
        except ConnectionDropped as error:
            if error.effect is Effect.TIMEOUT:
                raise httpx.ReadTimeout(str(error), request=request) from error
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        return httpx.Response(status, headers=headers, content=content, request=request)
