"""The sandbox behind httpx: ``httpx.Client(transport=sandbox.transport())`` calls it without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import anyio
import anyio.to_thread
import httpx

from punchclock.sandbox.control import HttpResponse, in_one_piece
from punchclock.sandbox.faults import ConnectionDropped, Effect
from punchclock.sandbox.steps import Steps, run, run_async

Handle = Callable[[str, str, str, Mapping[str, str], bytes], Steps[HttpResponse]]


class SandboxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for ``httpx.Client`` and ``httpx.AsyncClient``.

    A connection that a fault drops raises httpx's ``RemoteProtocolError``; a response that a fault withholds raises
    ``ReadTimeout``.

    Args:
        handle: `Sandbox.handle_in_steps`.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.Client``."""
        request.read()
        with _errors_of_httpx(request):
            return _response(request, run(self._steps(request)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of ``httpx.AsyncClient``, in threads; a delayed call waits in the event loop."""
        await request.aread()
        with _errors_of_httpx(request):
            found = await run_async(self._steps(request), anyio.sleep)
        return await anyio.to_thread.run_sync(_response, request, found)

    def _steps(self, request: httpx.Request) -> Steps[HttpResponse]:
        query = request.url.query.decode("ascii")
        return self._handle(request.method, request.url.path, query, request.headers, request.content)


@contextmanager
def _errors_of_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except ConnectionDropped as error:
        if error.effect is Effect.TIMEOUT:
            raise httpx.ReadTimeout(str(error), request=request) from error
        raise httpx.RemoteProtocolError(str(error), request=request) from error


def _response(request: httpx.Request, found: HttpResponse) -> httpx.Response:
    status, headers, content = in_one_piece(found)
    return httpx.Response(status, headers=headers, content=content, request=request)
