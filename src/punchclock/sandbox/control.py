"""The control plane: the calls under ``/_punchclock/``. No vendor has such paths.

The table at the end of the file defines them: dispatch, rejected methods and the OpenAPI document all use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punchclock.decoding import DECODE_ERRORS
from punchclock.errors import PunchclockError
from punchclock.instants import format_instant
from punchclock.mismatch import decode_error_location
from punchclock.sandbox.backend import MAX_BODY, Backend, TimerView
from punchclock.sandbox.clock import ClockIsRunning
from punchclock.sandbox.faults import Fault, FaultReport
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.openapi import Endpoint, Lines, description
from punchclock.sandbox.store import StoreUnavailable
from punchclock.units import SECOND
from punchclock.vendors.calls import Request
from punchclock.vendors.rules import secrets_equal

PREFIX: Final = "/_punchclock"

T = TypeVar("T")

#: A response: its status, its headers, and its body, in parts if it is long.
HttpResponse = tuple[int, dict[str, str], bytes | Iterator[bytes]]
_Whole = tuple[int, dict[str, str], bytes]

#: The least size of a part of a long body, in bytes.
_PART: Final = 1 << 16
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class SetClock(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Exactly one of: freeze at an instant (``now``), advance a frozen clock, or run in real time (``real``: true)."""

    now: str | UnsetType = UNSET
    advance_seconds: Annotated[float, Meta(ge=0, le=1e12)] | UnsetType = UNSET
    real: bool | UnsetType = UNSET


class ClockView(msgspec.Struct, omit_defaults=True):
    """The clock's instant, whether it is frozen, and whether this call has set it back."""

    now: str
    frozen: bool
    went_backwards: bool | UnsetType = UNSET


class RemovedFaults(msgspec.Struct):
    """The removed faults, and those among them that hit no call."""

    removed: list[FaultReport]
    never_fired: list[Fault]


class Problem(msgspec.Struct):
    """The error in a request. ``code`` is stable."""

    code: str
    message: str


class Failure(msgspec.Struct):
    """A rejection. Nothing has changed."""

    error: Problem


class _Rejected(PunchclockError):
    """A request to the control plane is not valid. Nothing has changed."""

    code = "bad-request"


def is_control(path: str) -> bool:
    """Return whether a path belongs to the control plane."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def is_health(path: str) -> bool:
    """Return whether a path is that of the health check."""
    return path.rstrip("/") == "/healthz"


def _route_of(path: str) -> str:
    """Return a path without the control plane's prefix."""
    return path.removeprefix(PREFIX).strip("/")


def is_endpoint(path: str) -> bool:
    """Return whether the control plane has a call at this path."""
    return any(each.path == _route_of(path) for each in ENDPOINTS)


def control(backend: Backend, request: Request, token: str = "") -> HttpResponse:
    """Return the response to a call to the control plane.

    Args:
        backend: the sandbox to control.
        request: the request; its path has the prefix, and its body is JSON or empty.
        token: the token that ``Authorization: Bearer …`` must contain; if empty, none is required.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and not (scheme.lower() == "bearer" and secrets_equal(given, token)):
        return failed(401, "unauthorized", "the control plane requires its token as Authorization: Bearer TOKEN")
    if len(request.body) > MAX_BODY:
        return failed(413, "too-large", f"the body has more than {MAX_BODY} bytes")
    route = _route_of(request.path)
    methods = {each.method: each.handler for each in ENDPOINTS if each.path == route}
    if not methods:
        paths = ", ".join(dict.fromkeys(each.path for each in ENDPOINTS))
        return failed(404, "not-found", f"unknown path {route[:100]!r}; use {paths}")
    handler = methods.get(request.method)
    if handler is None:
        return failed(405, "method-not-allowed", f"{route} accepts {' and '.join(methods)}")
    try:
        return handler(backend, request)
    except ClockIsRunning as error:
        return failed(409, error.code, str(error))
    except StoreUnavailable as error:
        return _unavailable(error)
    except PunchclockError as error:
        return failed(400, error.code, str(error))


def failed(status: int, code: str, message: str) -> _Whole:
    """Return the response of a rejection."""
    return _json(status, Failure(Problem(code, message)))


def in_one_piece(response: HttpResponse) -> _Whole:
    """Return a response with its body in one piece; a 503 if the store can't be read to the end."""
    status, headers, content = response
    try:
        return status, headers, content if isinstance(content, bytes) else b"".join(content)
    except StoreUnavailable as error:
        return _unavailable(error)


def _unavailable(error: StoreUnavailable) -> _Whole:
    return failed(503, error.code, str(error))


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the control plane."""
    return description(PREFIX, ENDPOINTS, Failure)


def _reset(backend: Backend, request: Request) -> HttpResponse:
    backend.reset()
    return _clock(backend)


def _get_clock(backend: Backend, request: Request) -> HttpResponse:
    return _clock(backend)


def _put_clock(backend: Backend, request: Request) -> HttpResponse:
    wanted = _read(request.body, SetClock)
    given = [name for name in wanted.__struct_fields__ if getattr(wanted, name) is not UNSET]
    if len(given) != 1 or wanted.real is False:
        raise _Rejected('send exactly one of {"now": …}, {"advance_seconds": …} and {"real": true}')
    if isinstance(wanted.now, str):
        return _clock(backend, went_backwards=backend.clock.freeze(wanted.now))
    if isinstance(wanted.advance_seconds, (int, float)):
        backend.clock.advance(round(wanted.advance_seconds * SECOND))
        return _clock(backend)
    return _clock(backend, went_backwards=backend.clock.run())


def _clock(backend: Backend, *, went_backwards: bool = False) -> HttpResponse:
    shown = ClockView(format_instant(backend.clock.now()), backend.clock.frozen)
    if went_backwards:
        shown.went_backwards = True
    return _json(200, shown)


def _get_timers(backend: Backend, request: Request) -> HttpResponse:
    return _json(200, backend.timers())


def _get_journal(backend: Backend, request: Request) -> HttpResponse:
    query = parse_qs(request.query)
    after, limit = (_number(name, query[name][-1]) if name in query else None for name in ("after", "limit"))
    return _lines(_encode(entry) + b"\n" for entry in islice(backend.journal(after or 0), limit))


def _number(name: str, given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise _Rejected(f"{name}={given[:40]!r} is not a whole number of at least 0")
    return int(given)


def _get_events(backend: Backend, request: Request) -> HttpResponse:
    return _lines(backend.event_log())


def _get_faults(backend: Backend, request: Request) -> HttpResponse:
    return _json(200, backend.faults.reports())


def _post_faults(backend: Backend, request: Request) -> HttpResponse:
    return _json(201, backend.faults.add(_read(request.body, Fault)))


def _delete_faults(backend: Backend, request: Request) -> HttpResponse:
    reports = backend.faults.clear()
    return _json(200, RemovedFaults(reports, [report.fault for report in reports if not report.fired]))


def _get_workspace(backend: Backend, request: Request) -> HttpResponse:
    workspace = backend.workspace
    return _json(200, {name: getattr(workspace, name) for name in workspace.__struct_fields__ if name != "credentials"})


def _get_openapi(backend: Backend, request: Request) -> HttpResponse:
    return _json(200, openapi())


def _read(body: bytes, into: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=into)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(body, into)
        raise _Rejected(reason if path == "$" else f"{path}: {reason}") from None


def _json(status: int, content: object) -> _Whole:
    return status, {"content-type": "application/json"}, _encode(content)


def _lines(lines: Iterable[bytes]) -> HttpResponse:
    parts = _parts(lines)
    first, second = next(parts, b""), next(parts, b"")  # an error of the store here is a rejection
    return 200, {"content-type": "application/x-ndjson"}, chain((first, second), parts) if second else first


def _parts(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines to parts of at least `_PART` bytes; the last one may be smaller."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        part.append(line)
        size += len(line)
        if size >= _PART:
            yield b"".join(part)
            part, size = [], 0
    if part:
        yield b"".join(part)


Handler = Callable[[Backend, Request], HttpResponse]

#: Every call of the control plane. A trailing slash is optional.
ENDPOINTS: Final[tuple[Endpoint[Handler], ...]] = (
    Endpoint(
        method="POST",
        path="reset",
        handler=_reset,
        summary="Delete every timer, the journal and the faults; start the ids again",
        details="The clock does not change; the response shows it.",
        response=ClockView,
    ),
    Endpoint(
        method="GET",
        path="clock",
        handler=_get_clock,
        summary="Read the clock",
        response=ClockView,
    ),
    Endpoint(
        method="PUT",
        path="clock",
        handler=_put_clock,
        summary="Freeze the clock, advance it, or switch to real time",
        details="`went_backwards` reports that the clock was set back. Advancing needs a frozen clock (else 409).",
        body=SetClock,
        examples=({"now": "2026-03-02T08:00:00Z"}, {"advance_seconds": 90}, {"real": True}),
        response=ClockView,
    ),
    Endpoint(
        method="GET",
        path="timers",
        handler=_get_timers,
        summary="List every timer of every vendor, in one form",
        details="As of now; ordered by vendor and kind, the oldest first.",
        response=list[TimerView],
    ),
    Endpoint(
        method="GET",
        path="journal",
        handler=_get_journal,
        summary="List every call: its request, its response and its changes",
        details="JSON Lines, oldest first. Instants and durations are in microseconds. No line contains a credential.",
        query={"after": "only entries with a number above this one", "limit": "at most this number of entries"},
        response=Lines[JournalEntry],
    ),
    Endpoint(
        method="GET",
        path="journal/events",
        handler=_get_events,
        summary="Read the event log in the journal, as `punchclock replay` reads it",
        details="Starts, pauses, resumes, stops, amendments and discards. A timer's name is VENDOR/KIND/ID.",
        response=Lines[dict[str, Any]],
    ),
    Endpoint(
        method="GET",
        path="faults",
        handler=_get_faults,
        summary="List the injected faults, and the number of calls that each one hit",
        response=list[FaultReport],
    ),
    Endpoint(
        method="POST",
        path="faults",
        handler=_post_faults,
        summary="Inject a fault from now on",
        details="The response is the fault, with its vendor's published limits filled in.",
        body=Fault,
        examples=(
            {"effect": "timeout", "vendor": "intervals", "operation": "create_timer", "nth": 1},
            {"effect": "reject", "vendor": "timetrack", "status": 503, "vendor_code": 1, "probability": 0.1},
            {"effect": "rate_limit", "vendor": "zoho"},
        ),
        response=Fault,
        status=201,
    ),
    Endpoint(
        method="DELETE",
        path="faults",
        handler=_delete_faults,
        summary="Remove every fault, and list those that hit no call",
        response=RemovedFaults,
    ),
    Endpoint(
        method="GET",
        path="workspace",
        handler=_get_workspace,
        summary="Read the workspace, without its credentials",
        response=dict[str, Any],
    ),
    Endpoint(
        method="GET",
        path="openapi.json",
        handler=_get_openapi,
        summary="Read this document",
        response=dict[str, Any],
    ),
)
