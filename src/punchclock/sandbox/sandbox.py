"""The sandbox in this process: one entry point to the vendors, the control plane and the health check.

One instance is one isolated account. `Sandbox.handle` takes a request directly, `Sandbox.transport` through httpx, and
`Sandbox.serve` through a real server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self, Unpack
from urllib.parse import urlencode

from punchclock.sandbox.backend import Backend, Options
from punchclock.sandbox.callers import Callers
from punchclock.sandbox.control import HttpResponse, control, in_one_piece, is_control, is_health
from punchclock.sandbox.server import Serving, application
from punchclock.sandbox.steps import Steps, run
from punchclock.sandbox.transport import SandboxTransport
from punchclock.vendors.calls import Request
from punchclock.vendors.workspace import Workspace


class Sandbox(Backend):
    """One account at every vendor. A context manager that closes its store.

    Args:
        workspace: see `Backend`.
        control_token: the token that the control plane requires as ``Authorization: Bearer …``; if empty, none.
        options: see `Backend`.
    """

    def __init__(
        self, workspace: Workspace | None = None, *, control_token: str = "", **options: Unpack[Options]
    ) -> None:
        super().__init__(workspace, **options)
        self._control_token = control_token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def handle(
        self,
        method: str,
        path: str,
        query: str | Mapping[str, object] = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = b"",
    ) -> tuple[int, dict[str, str], bytes]:
        """Return the status, the headers and the body of the response to an HTTP request.

        Args:
            method: the HTTP method.
            path: the path of a vendor, of the control plane, or ``/healthz``; without the query.
            query: the raw query string, or its parameters.
            headers: names in any case.
            body: bytes, text, or nothing.

        Raises:
            ConnectionDropped: a fault prevents the response.
        """
        return in_one_piece(run(self.handle_in_steps(method, path, query, headers, body)))

    def handle_in_steps(
        self,
        method: str,
        path: str,
        query: str | Mapping[str, object] = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = b"",
    ) -> Steps[HttpResponse]:
        """Like `handle`, but yield each delay in seconds, and return a long body as an iterator of its parts.

        The iterator raises `StoreUnavailable` if the store can't be read to the end.
        """
        request = Request(
            method=method.upper(),
            path=path,
            query=query.removeprefix("?") if isinstance(query, str) else urlencode(query, doseq=True),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body.encode() if isinstance(body, str) else (body or b""),
        )
        if is_control(path):
            return control(self, request, self._control_token)
        if is_health(path):
            return self.health()
        response = yield from self.dispatch_in_steps(request)
        return response.status, dict(response.headers), response.body

    def transport(self) -> SandboxTransport:
        """Return a transport for ``httpx.Client`` and ``httpx.AsyncClient``, which needs no socket."""
        return SandboxTransport(self.handle_in_steps)

    def serve(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        allow_hosts: Iterable[str] = (),
        allow_origins: Iterable[str] = (),
    ) -> Serving:
        """Return a context manager that runs a real server in a thread: ``with sandbox.serve() as server:``.

        The server is at ``server.url``. The ``with`` raises `ServingFailed` if the address or port is not available.

        Args:
            port: the port; 0 chooses a free one.
            host: the address to listen on.
            allow_hosts: further names of this server, such as ``sandbox.example``; ``*`` allows all.
            allow_origins: origins whose web pages can call the vendors, such as ``http://app.example:3000``; ``*``
                allows all.

        Raises:
            InvalidCaller: a value is not a host name, or not an origin.
        """
        callers = Callers.of(host, allow_hosts, allow_origins)
        return Serving(application(self.handle_in_steps, callers=callers), host, port)
