"""The control plane: what ``/_punchclock/`` answers, apart from any wire. No vendor has such paths.

POST reset · GET, PUT clock · GET timers · GET journal · GET journal/events · GET, POST, DELETE faults · GET world
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import UNSET, Meta, UnsetType

from punchclock.errors import PunchclockError
from punchclock.instants import format_instant, instant
from punchclock.sandbox.backend import MAX_BODY, Backend
from punchclock.sandbox.clock import ClockIsRunning
from punchclock.sandbox.faults import Fault
from punchclock.sandbox.store import StoreUnavailable
from punchclock.vendors.calls import Request

__all__ = ["PREFIX", "control"]

PREFIX: Final = "/_punchclock"

T = TypeVar("T")
_Reply = tuple[int, dict[str, str], bytes]
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class _SetClock(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Exactly one of three: stand at an instant, move on, run."""

    now: str | UnsetType = UNSET
    advance_seconds: Annotated[float, Meta(ge=0, le=1e11)] | UnsetType = UNSET
    real: bool | UnsetType = UNSET


class _Refused(PunchclockError):
    """A request to the control plane that makes no sense; nothing has changed."""

    code = "bad-request"

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def control(backend: Backend, request: Request, token: str = "") -> _Reply:
    """A whole call to the control plane.

    Args:
        backend: what is controlled.
        request: its path with the prefix; its body JSON, or nothing.
        token: what ``Authorization: Bearer …`` must bear; nothing where it is empty.
    """
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return _failed(401, "unauthorized", "this control plane wants Authorization: Bearer and its token")
    if len(request.body) > MAX_BODY:
        return _failed(413, "too-large", f"a body has at most {MAX_BODY} bytes")
    route = request.path.removeprefix(PREFIX).strip("/")
    methods = _ROUTES.get(route)
    if methods is None:
        return _failed(404, "not-found", f"there is no {route[:100]!r} here; there are {', '.join(_ROUTES)}")
    handler = methods.get(request.method)
    if handler is None:
        return _failed(405, "method-not-allowed", f"{route} takes {' and '.join(methods)}")
    try:
        return handler(backend, request)
    except _Refused as refused:
        return _failed(refused.status, refused.code, str(refused))
    except ClockIsRunning as error:
        return _failed(409, error.code, str(error))
    except StoreUnavailable as error:
        return _failed(503, error.code, str(error))
    except PunchclockError as error:
        return _failed(400, error.code, str(error))


def _reset(backend: Backend, request: Request) -> _Reply:
    backend.reset()
    return _clock(backend)


def _get_clock(backend: Backend, request: Request) -> _Reply:
    return _clock(backend)


def _put_clock(backend: Backend, request: Request) -> _Reply:
    wanted = _read(request.body, _SetClock)
    given = [name for name in wanted.__struct_fields__ if getattr(wanted, name) is not UNSET]
    if len(given) != 1 or wanted.real is False:
        raise _Refused(400, 'one of {"now": …}, {"advance_seconds": …} and {"real": true}')
    if isinstance(wanted.now, str):
        return _clock(backend, went_backwards=backend.clock.freeze(instant(wanted.now)))
    if isinstance(wanted.advance_seconds, (int, float)):
        backend.clock.advance(round(wanted.advance_seconds * 1_000_000))
        return _clock(backend)
    return _clock(backend, went_backwards=backend.clock.run())


def _clock(backend: Backend, *, went_backwards: bool = False) -> _Reply:
    shown: dict[str, Any] = {"now": format_instant(backend.clock.now()), "frozen": backend.clock.frozen}
    return _json(200, shown | ({"went_backwards": True} if went_backwards else {}))


def _get_timers(backend: Backend, request: Request) -> _Reply:
    return _json(200, backend.timers())


def _get_journal(backend: Backend, request: Request) -> _Reply:
    after = parse_qs(request.query).get("after", ["0"])[-1]
    if not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise _Refused(400, f"after = {after[:40]!r} is not the number of an entry")
    return _lines(_encode(entry) + b"\n" for entry in backend.journal(int(after)))


def _get_events(backend: Backend, request: Request) -> _Reply:
    return _lines(backend.event_log())


def _get_faults(backend: Backend, request: Request) -> _Reply:
    return _json(200, backend.faults.reports())


def _post_faults(backend: Backend, request: Request) -> _Reply:
    fault = _read(request.body, Fault)
    backend.faults.add(fault)
    return _json(201, fault)


def _delete_faults(backend: Backend, request: Request) -> _Reply:
    reports = backend.faults.clear()
    never = [report.fault for report in reports if not report.fired]
    return _json(200, {"removed": reports, "never_fired": never})


def _get_world(backend: Backend, request: Request) -> _Reply:
    """The world without its credentials: no secret leaves through the control plane."""
    world = backend.world
    return _json(200, {name: getattr(world, name) for name in world.__struct_fields__ if name != "credentials"})


_Handler = Callable[[Backend, Request], _Reply]
_ROUTES: Final[Mapping[str, Mapping[str, _Handler]]] = {
    "reset": {"POST": _reset},
    "clock": {"GET": _get_clock, "PUT": _put_clock},
    "timers": {"GET": _get_timers},
    "journal": {"GET": _get_journal},
    "journal/events": {"GET": _get_events},
    "faults": {"GET": _get_faults, "POST": _post_faults, "DELETE": _delete_faults},
    "world": {"GET": _get_world},
}


def _read(body: bytes, into: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=into)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _Refused(400, str(error)) from None


def _json(status: int, content: object) -> _Reply:
    return status, {"content-type": "application/json"}, _encode(content)


def _lines(lines: Iterable[bytes]) -> _Reply:
    return 200, {"content-type": "application/x-ndjson"}, b"".join(lines)


def _failed(status: int, code: str, message: str) -> _Reply:
    return _json(status, {"error": {"code": code, "message": message}})
