"""The sandbox, as a test or a program has it: vendors, control plane and health at one door, in this process.

One instance is one isolated account. `Sandbox.handle` is the door itself; `Sandbox.transport` puts httpx in
front of it, and `Sandbox.serve` a real server.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Self, Unpack
from urllib.parse import urlencode

from punchclock.sandbox.backend import Backend, Options
from punchclock.sandbox.control import control, is_control
from punchclock.sandbox.server import Serving, application
from punchclock.sandbox.transport import SandboxTransport
from punchclock.vendors.calls import Request
from punchclock.vendors.workspace import Workspace

__all__ = ["Sandbox"]


class Sandbox(Backend):
    """One account at every vendor; see `Backend` for what it is made of. A context manager: it closes its store.

    Args:
        workspace: as `Backend`.
        control_token: what the control plane wants as ``Authorization: Bearer …``; nothing where it is empty.
        options: as `Backend`.
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
        """A whole HTTP call: to a vendor, to the control plane, or to ``/healthz``.

        Args:
            method: the HTTP method.
            path: without its query.
            query: the raw query string, or its parameters.
            headers: in any case.
            body: bytes, text, or nothing.

        Raises:
            ConnectionDropped: a fault says that there is no answer.
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
        if path.rstrip("/") == "/healthz":
            return self.health()
        response = self.answer(request)
        return response.status, dict(response.headers), response.body

    def transport(self) -> SandboxTransport:
        """A transport for ``httpx.Client`` and ``httpx.AsyncClient``: the sandbox without a socket."""
        return SandboxTransport(self.handle)

    def serve(self, port: int = 0, host: str = "127.0.0.1") -> Serving:
        """A real server in a thread, for as long as ``with sandbox.serve() as server:`` lasts; it is at ``server.url``.

        Args:
            port: the port; 0 takes a free one.
            host: the address to listen on.

        Raises:
            ServingFailed: at the ``with``, where the address or the port cannot be had.
        """
        return Serving(application(self.handle), host, port)
