"""Who can call the sandbox over HTTP: this machine, programs that use a name of this server, and allowed web pages.

A browser sends requests for any web page that it shows. Such a page has another origin than this server, or, with a
name that its owner points to this machine (DNS rebinding), a host name that doesn't belong to this server.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from punchclock.errors import PunchclockError
from punchclock.sandbox.control import is_control

#: Endings of names that nobody can register for the internet: RFC 6761, 6762, 8375, and ICANN's ``internal``.
_PRIVATE_ENDINGS: Final = (".localhost", ".local", ".internal", ".home.arpa", ".test")
#: Allows every host name, or every origin.
ANY: Final = "*"


class InvalidCaller(PunchclockError):
    """A value that should allow a host name or an origin is neither."""

    code = "invalid-caller"


class Callers(msgspec.Struct, frozen=True):
    """The host names and the origins that are allowed in addition to this server's own.

    Attributes:
        hosts: host names in lower case; ``*`` for all.
        origins: origins in lower case, such as ``https://app.example:3000``; ``*`` for all.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, listening: str, hosts: Iterable[str], origins: Iterable[str]) -> Self:
        """Return the callers that these values allow.

        Args:
            listening: the address or name that the server listens on, which is allowed too.
            hosts: host names, or ``*``.
            origins: origins, or ``*``.

        Raises:
            InvalidCaller: a value is not a host name, or not an origin.
        """
        return cls(frozenset([listening.lower(), *map(_allowed_host, hosts)]), frozenset(map(_allowed_origin, origins)))

    def rejection(self, request: Request) -> str | None:
        """Return why a vendor's call is not accepted, or None if it is."""
        named: dict[bytes, list[str]] = {b"host": [], b"origin": [], b"sec-fetch-site": []}
        for name, value in request.scope["headers"]:  # in one pass, because this is done for each call
            if name in named:
                named[name].append(value.decode("latin-1"))
        hosts, origins, sites = named.values()
        for host in filter(None, hosts):
            if not self._knows(_hostname(host)):
                return f"{_shown(host)} is not a name of this server; {_advice('host', _hostname(host))}"
        if ANY in self.origins:
            return None
        for origin in origins:
            if origin.lower() not in self.origins and not _is_own(origin, hosts):
                return f"a web page of {_shown(origin)} called this server; {_advice('origin', origin)}"
        if not origins and not {"none", "same-origin"}.issuperset(sites):
            return f"a web page of another origin called this server; {_advice('origin', ANY)}"
        return None

    def headers(self, request: Request) -> dict[str, str]:
        """Return the headers of a response that let a web page of an allowed origin read it."""
        origin = request.headers.get("origin", "") if self.origins else ""
        if not origin or not self.origins & {ANY, origin.lower()} or is_control(request.scope["path"]):
            return {}
        headers = {"access-control-allow-origin": origin, "vary": "Origin"}
        if self.is_preflight(request):
            headers["access-control-allow-methods"] = request.headers["access-control-request-method"]
            headers["access-control-allow-headers"] = request.headers.get("access-control-request-headers", "")
        return headers

    def is_preflight(self, request: Request) -> bool:
        """Return whether a browser asks if a web page of an allowed origin can send a request."""
        return bool(self.origins) and request.method == "OPTIONS" and "access-control-request-method" in request.headers

    def _knows(self, name: str) -> bool:
        return ANY in self.hosts or (bool(name) and (name in self.hosts or _is_own_name(name)))


def is_local(request: Request) -> bool:
    """Return whether a program on this machine sent the request, and not a web page in its browser."""
    client = request.client
    if client is None or not _is_loopback(client.host):
        return False
    # A web page's request carries the page's own host or origin; both must be this machine.
    names = [*(request.headers.getlist("host") or [""]), *request.headers.getlist("origin")]
    return all(_is_loopback(_hostname(name)) for name in names)


@lru_cache(maxsize=256)
def _is_own_name(name: str) -> bool:
    """Return whether nobody else can give this name to this machine."""
    return (
        "." not in name or _is_address(name) or name.endswith(_PRIVATE_ENDINGS) or name == socket.gethostname().lower()
    )


def _is_own(origin: str, hosts: Collection[str]) -> bool:
    """Return whether a web page is this server's, or, if this server is called as ``localhost``, this machine's."""
    try:
        netloc = urlsplit(origin.lower()).netloc
    except ValueError:  # the brackets contain no address
        return False
    named = [host.lower() for host in hosts if host]
    local = bool(named) and all(_is_loopback(_hostname(host)) for host in named)
    return bool(netloc) and (netloc in named or (local and _is_loopback(_hostname(origin))))


@lru_cache(maxsize=256)
def _hostname(name: str) -> str:
    """Return the host in a ``Host`` or an ``Origin`` header."""
    try:
        return (urlsplit(name if "//" in name else f"//{name}").hostname or "").removesuffix(".")
    except ValueError:  # the brackets contain no address
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _allowed_host(text: str) -> str:
    host = text if text == ANY else _hostname(text)
    if not host:
        raise InvalidCaller(f"{text[:100]!r} is not a host name; use a name such as sandbox.example, or *")
    return host


def _allowed_origin(text: str) -> str:
    origin = text.lower().removesuffix("/")
    scheme, separator, host = origin.partition("://")
    if origin not in (ANY, "null") and not (scheme and separator and host and host.isascii() and "/" not in host):
        raise InvalidCaller(f"{text[:100]!r} is not an origin; use one such as https://app.example:3000, or *")
    return origin


def _advice(option: str, value: str) -> str:
    return f"to allow it, use punchclock serve --allow-{option} {_shown(value)}, or Sandbox.serve(allow_{option}s=…)"


def _shown(text: str) -> str:
    return repr(text[:100])
