"""Calls: from an HTTP request to a vendor's response and the changes behind it, with no effect anywhere.

A vendor is one table of `Operation` rows and a few functions (`Vendor`); `answer` is the one way through
them, the same for every vendor: floor the instant to the dialect's tick, find the row, read the parameters,
know the caller, let the row's handler decide, write the response. Nothing here knows what any vendor's
parameters mean. How bytes become parameters is in `punchclock.vendors.wire`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import takewhile
from typing import Any, Final, Generic, TypeVar

import msgspec

from punchclock.errors import IllegalTransition, InstantOutOfRange, InvalidInstant
from punchclock.instants import instant
from punchclock.machine import Event
from punchclock.timer import not_before, transition
from punchclock.vendors.account import Account
from punchclock.vendors.dialect import Dialect
from punchclock.vendors.errors import MalformedPayload, Rejection, UnknownOperation
from punchclock.vendors.records import Change, VendorTimer
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.wire import convert_parameters
from punchclock.vendors.workspace import Person

__all__ = [
    "Call",
    "CallResult",
    "HandlerResult",
    "Limit",
    "Operation",
    "Request",
    "Response",
    "Vendor",
    "answer",
    "apply_event",
    "match_length",
    "operation_named",
    "operation_of",
    "read_vendor_response",
    "reject",
    "route_prefixes",
]

P = TypeVar("P")
R = TypeVar("R", bound=VendorTimer)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request, as any server has it and any HTTP library sends it.

    Attributes:
        method: in capitals.
        path: without query; a trailing slash makes no difference.
        query: the raw query string, percent-encoded, without ``?``.
        headers: by name in lower case.
        body: the bytes, empty for none.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True):
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Call(msgspec.Struct, Generic[P], frozen=True):
    """What a handler decides on.

    Attributes:
        operation: the row of the vendor's table.
        parameters: what was sent, typed.
        account: what is decided against.
        caller: whose credentials came with it; a person without an id where they are the account's own.
        now: the server's instant, in whole ticks of the dialect.
        request: the request itself, for its signature and the form that it wants its answer in.
    """

    operation: Operation
    parameters: P
    account: Account
    caller: Person
    now: int
    request: Request


class HandlerResult(msgspec.Struct, frozen=True):
    """What a handler decided: what to write back, and what has changed."""

    payload: Any
    changes: tuple[Change[VendorTimer], ...] = ()
    status: int = 200


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One documented call; a row of a vendor's ``OPERATIONS``.

    Attributes:
        name: what the project calls it.
        methods: the HTTP methods that it takes.
        path: its documented path, with parameters as ``{id}``.
        aliases: other spellings of the path that are in use.
        discriminator: what tells it from other calls on its path: parameter → the value it must have, ``""`` for
            "must be absent or blank". Of several rows that fit a request, the first is taken.
        request: the type of its parameters.
        handler: decides it; raises `RuleViolation` or `Rejection`, or an illegal event of the machine.
        reader: the client's side: what the body of a successful response says, read at an instant in a zone.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    aliases: tuple[str, ...] = ()
    discriminator: Mapping[str, str] = {}
    request: type[msgspec.Struct]
    handler: Callable[[Call[Any]], HandlerResult]
    reader: Callable[..., Any]


class CallResult(msgspec.Struct, frozen=True):
    """A whole call: the response, and what to store; or the rejection, and nothing to store.

    ``operation`` is the name of the call that it was, ``""`` where that could not be known.
    """

    response: Response
    changes: tuple[Change[VendorTimer], ...] = ()
    rejection: Rejection | None = None
    operation: str = ""


class Limit(msgspec.Struct, frozen=True):
    """How many calls a vendor takes in a segment of time, as it publishes it.

    Attributes:
        calls: so many …
        per_seconds: … in so many seconds.
        lock_seconds: for how long everything is rejected once there was one too many.
    """

    calls: int
    per_seconds: int
    lock_seconds: int = 0


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor: its table, and how it reads, recognises, rejects and writes.

    Attributes:
        name: the folder's.
        title: what the vendor calls itself.
        operations: its documented calls.
        dialect: its machine.
        record: what a timer that comes from elsewhere becomes here; each field of its own has a default.
        read: the parameters in query and body, as they stand.
        authenticate: who is calling; raises `RuleViolation` for nobody.
        reject: the vendor's own words for a broken rule, in this call (``None`` where it is not known which).
        write: the response that carries an answer.
        write_rejection: the response that carries a rejection.
        read_rejection: the client's side of that; ``None`` for a response that carries none.
        rate_limit: how many calls it takes in a short time; none that is published where ``None``.
        quota: how many it takes in a long one, such as a day.
    """

    name: str
    title: str
    operations: Sequence[Operation]
    dialect: Dialect
    record: type[VendorTimer]
    read: Callable[[Request], Mapping[str, object]]
    authenticate: Callable[[Request, Mapping[str, object], Account], Person]
    reject: Callable[[RuleViolation, Operation | None], Rejection]
    write: Callable[[Request, Call[Any], HandlerResult], Response]
    write_rejection: Callable[[Request, Rejection, Operation | None], Response]
    read_rejection: Callable[[Response], Rejection | None]
    rate_limit: Limit | None = None
    quota: Limit | None = None


def answer(vendor: Vendor, request: Request, account: Account, now: int) -> CallResult:
    """The whole call: whatever the request is, the outcome is the vendor's response.

    Args:
        vendor: whose call.
        request: what came in.
        account: what it is decided against; it is only read.
        now: the server's instant, in microseconds.
    """
    operation: Operation | None = None
    try:
        rows = _on_path(vendor.operations, request.path)
        if len(rows) == 1:  # known before anything can be rejected, so that the rejection is this call's own
            [(operation, _)] = rows
        sent = vendor.read(request)
        caller = vendor.authenticate(request, sent, account)
        operation, in_path = _row(rows, request.method, sent)
        call: Call[Any] = Call(
            operation,
            convert_parameters(_together(sent, in_path), operation.request),
            account,
            caller,
            vendor.dialect.floor(now),
            request,
        )
        decided = operation.handler(call)
        return CallResult(vendor.write(request, call, decided), decided.changes, operation=operation.name)
    except (RuleViolation, Rejection) as rejected:
        return reject(vendor, request, rejected, operation)
    except IllegalTransition as illegal:
        return reject(vendor, request, RuleViolation(Rule.STATE, detail=str(illegal)), operation)
    except InstantOutOfRange as beyond:  # no clock in the account's zone can show it
        return reject(vendor, request, RuleViolation(Rule.UNAVAILABLE, detail=str(beyond)), operation)


def reject(
    vendor: Vendor, request: Request, why: RuleViolation | Rejection, operation: Operation | None = None
) -> CallResult:
    """The outcome of a call that is rejected: the vendor's own words for the broken rule, and no change."""
    rejection = vendor.reject(why, operation) if isinstance(why, RuleViolation) else why
    name = operation.name if operation else ""
    return CallResult(vendor.write_rejection(request, rejection, operation), rejection=rejection, operation=name)


def operation_of(vendor: Vendor, request: Request) -> str:
    """The name of the call that a request is, ``""`` where it is none."""
    try:
        return _row(_on_path(vendor.operations, request.path), request.method, vendor.read(request))[0].name
    except RuleViolation:
        return ""


def match_length(vendor: Vendor, path: str) -> int:
    """How far into a path a call of this vendor leads: the segments that they share from the first on.

    Of several vendors the one that reaches furthest answers, be it with a rejection; 0 is no vendor's path.
    """
    segments = _segments(path)
    return max(_shared(_template(each), segments) for row in vendor.operations for each in (row.path, *row.aliases))


def route_prefixes(vendor: Vendor) -> frozenset[str]:
    """The first segments of this vendor's paths: where `reach` is worth asking."""
    return frozenset(_template(each)[0] for row in vendor.operations for each in (row.path, *row.aliases))


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


_template: Final = cache(_segments)  # of a vendor's own paths, which are few and come again and again


def _shared(template: Sequence[str], segments: Sequence[str]) -> int:
    pairs = zip(template, segments, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1] or pair[0].startswith("{"), pairs)))


def read_vendor_response(
    vendor: Vendor, operation: str, response: Response, now: int | None, zone: str, **form: str
) -> Any:  # noqa: ANN401 a row's own type
    """The client's side of `answer`: what a response to a call says; ``form`` is what else its reader has to know.

    Where the caller gives no instant, it is the one of the response's ``Date`` header.

    Raises:
        UnknownOperation: the vendor has no such call.
        Rejection: the vendor rejected.
        MalformedPayload: the body is not what the vendor documents; or no instant is given, and no ``Date`` header.
    """
    row = operation_named(vendor, operation)
    rejection = vendor.read_rejection(response)
    if rejection is not None:
        raise rejection
    return row.reader(response.body, _date(vendor, response) if now is None else now, zone, **form)


def _date(vendor: Vendor, response: Response) -> int:
    """The instant of a response's ``Date`` header, in whole seconds."""
    date = next((value for name, value in response.headers.items() if name.lower() == "date"), "")
    try:
        return instant(parsedate_to_datetime(date))
    except (ValueError, InvalidInstant):
        reason = "a response without its instant: give now=, or the Date header that came with it"
        raise MalformedPayload(vendor.name, "$", date, reason) from None


def operation_named(vendor: Vendor, name: str) -> Operation:
    """The row of a vendor's table with this name.

    Raises:
        UnknownOperation: there is none.
    """
    for operation in vendor.operations:
        if operation.name == name:
            return operation
    raise UnknownOperation(vendor.name, name, tuple(operation.name for operation in vendor.operations))


def apply_event(record: R, event: Event, at: int) -> Change[R]:
    """The change that ``event`` makes to a record's timer.

    A clock that was once ahead never traps a timer: an instant before the timer's last one counts as that one.

    Raises:
        IllegalTransition: the table does not allow it.
    """
    at = not_before(record.timer, at)
    timer = transition(record.timer, event, at)
    return Change(event, at, msgspec.structs.replace(record, timer=timer))


def _on_path(operations: Sequence[Operation], path: str) -> list[tuple[Operation, dict[str, object]]]:
    """The rows that answer on this path, each with the parameters that stand in the path."""
    segments = _segments(path)
    rows = []
    for operation in operations:
        for template in (operation.path, *operation.aliases):
            in_path = _match(_template(template), segments)
            if in_path is not None:
                rows.append((operation, in_path))
                break
    if not rows:
        raise RuleViolation(Rule.PATH, detail=f"nothing answers at {path}")
    return rows


def _match(template: Sequence[str], segments: Sequence[str]) -> dict[str, object] | None:
    if len(template) != len(segments):
        return None
    found: dict[str, object] = {}
    for expected, segment in zip(template, segments, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            found[expected[1:-1]] = segment
        elif expected != segment:
            return None
    return found


def _together(sent: Mapping[str, object], in_path: Mapping[str, object]) -> dict[str, object]:
    """What was sent and what stands in the path: the path says what is meant, and nothing may say otherwise."""
    for name, value in in_path.items():
        if str(sent.get(name) or value) != value:
            raise RuleViolation(Rule.DUPLICATE, name, "the path says otherwise")
    return {**sent, **in_path}


def _row(
    rows: Sequence[tuple[Operation, dict[str, object]]], method: str, sent: Mapping[str, object]
) -> tuple[Operation, dict[str, object]]:
    """The row that is meant: first by method, then by the parameters that tell calls on one path apart."""
    taking = [row for row in rows if method in row[0].methods]
    if not taking:
        raise RuleViolation(Rule.METHOD, detail=f"{method} is not taken here")
    for operation, in_path in taking:
        if all(str(sent.get(name) or "") == value for name, value in operation.discriminator.items()):
            return operation, in_path
    return taking[-1]
