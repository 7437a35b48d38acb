"""Every call of every vendor, as its client side sends it, for the tests of the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from punchclock import vendors
from punchclock.sandbox import Sandbox
from punchclock.timer import Timer
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Request

__all__ = [
    "BASIC",
    "CALLS",
    "DEMOS",
    "NOON",
    "READS",
    "STARTS",
    "body_of",
    "call",
    "send",
    "stored_timers",
    "with_credentials",
    "without_credentials",
]

#: Intervals' credentials of person 3.
BASIC: Final = {"authorization": "Basic " + base64.b64encode(b"intervals-token-3:X").decode()}

NOON: Final = "2026-03-02T12:00:00Z"

#: vendor → its module of the tests, ``NAME_demo.py``, with what the tests of all vendors need of it.
DEMOS: Final[Mapping[str, Any]] = {name: import_module(f"{name}_demo") for name in vendors.names()}

#: (vendor, operation) → valid parameters of the call. Ids are those of the first record.
CALLS: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    (name, operation): parameters for name, demo in DEMOS.items() for operation, parameters in demo.CALLS.items()
}

#: vendor → the call that starts a timer.
STARTS: Final[Mapping[str, str]] = {name: demo.START_CALL for name, demo in DEMOS.items()}

#: vendor → a call that reads that timer.
READS: Final[Mapping[str, str]] = {name: demo.READ_CALL for name, demo in DEMOS.items()}

_SECRETS: Final = ("authorization", "x-timetrack-api-key", "x-timetrack-api-secret")


def call(vendor: str, operation: str, person: int = 3, **parameters: object) -> Request:
    """Return a call by a person of the demo workspace; ``parameters`` replace the table's, and `UNSET` omits one."""
    of = vendors.load(vendor)
    row = of.operation(operation)
    named = {name: value for name, value in {**CALLS[vendor, operation], **parameters}.items() if value is not UNSET}
    sent = msgspec.convert(named, row.request, strict=False)
    return of.request(operation, sent, **DEMOS[vendor].credentials(person))


def without_credentials(request: Request) -> Request:
    """Return the call without its credentials."""
    headers = {name: value for name, value in request.headers.items() if name not in _SECRETS}
    query = urlencode([(name, value) for name, value in parse_qsl(request.query) if name != "hash"])
    return replace(request, headers=headers, query=query)


def with_credentials(request: Request, change: Callable[[str], str]) -> Request:
    """Return the call with each credential changed."""
    headers = {name: change(value) if name in _SECRETS else value for name, value in request.headers.items()}
    pairs = parse_qsl(request.query, keep_blank_values=True)
    query = urlencode([(name, change(value) if name == "hash" else value) for name, value in pairs])
    return replace(request, headers=headers, query=query)


def send(sandbox: Sandbox, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Send a call in process."""
    return sandbox.handle(request.method, request.path, request.query, request.headers, request.body)


def body_of(sandbox: Sandbox, vendor: str, operation: str, person: int = 3, **parameters: object) -> Any:  # noqa: ANN401 a body of any shape
    """Send a call, and return the decoded body of its response."""
    return msgspec.json.decode(send(sandbox, call(vendor, operation, person, **parameters))[2])


def stored_timers(sandbox: Sandbox) -> dict[str, Timer]:
    """Return every timer of the sandbox, by its name in the event log."""
    with sandbox.store.reading() as account:
        return {
            f"{record.vendor}/{record.kind}/{record.id}": record.timer
            for name in vendors.names()
            for of in vendors.load(name).timer_types
            for record in account.find(Query(of=of)).records
        }
