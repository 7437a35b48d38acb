"""Calls: from an HTTP request to a vendor's response and its changes, without side effects.

A `Vendor` holds one vendor's data and functions: its table of `Operation` rows, its dialect, and how it reads,
authenticates, rejects and writes. Every call goes through the vendor's methods: `Vendor.route` finds the operation and
reads the parameters, `Vendor.decide` authenticates the caller, runs the operation's handler and writes the response.
How bytes become parameters is in `punchclock.vendors.wire`; what the parameters mean is in each vendor's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar, cast

import msgspec
from msgspec.structs import force_setattr, replace

from punchclock.errors import IllegalTransition, InstantOutOfRange, InvalidInstant
from punchclock.instants import instant
from punchclock.machine import State
from punchclock.vendors.account import Account
from punchclock.vendors.dialect import Dialect
from punchclock.vendors.entities import WorksOn
from punchclock.vendors.errors import MalformedPayload, NotRepresentable, Rejection, UnknownOperation
from punchclock.vendors.operations import (
    Call,
    CallResult,
    HandlerResult,
    Limit,
    Operation,
    Request,
    Response,
    apply_event,
)
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.wire import convert_parameters
from punchclock.vendors.workspace import Person, Workspace

__all__ = [
    "Call",
    "CallResult",
    "HandlerResult",
    "Limit",
    "Operation",
    "Request",
    "Response",
    "Route",
    "Vendor",
    "apply_event",
]

R = TypeVar("R", bound=VendorTimer)
R_co = TypeVar("R_co", bound=VendorTimer, covariant=True)
R_contra = TypeVar("R_contra", bound=VendorTimer, contravariant=True)
T_co = TypeVar("T_co", covariant=True)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A request with its operation and its parameters, each determined once.

    Attributes:
        vendor: the vendor that routed it.
        request: the request.
        operation: the operation that the request selects, or ``None``.
        only_operation: the operation on this path, if there is exactly one. A rejection names it even if the method,
            the credentials or the parameters have not been checked yet.
        parameters: the parameters in query and body, as sent; ``None`` if they cannot be read.
        path_parameters: the parameters in the path.
        violation: the rule that the request violates before any handler runs, or ``None``.
    """

    vendor: Vendor[Any]
    request: Request
    operation: Operation | None
    only_operation: Operation | None
    parameters: Mapping[str, object] | None
    path_parameters: Mapping[str, object]
    violation: RuleViolation | None


class Parse(Protocol[R_co]):
    """Read a payload as a record."""

    def __call__(self, payload: object, now: int, zone: str = "UTC") -> R_co: ...


class Serialize(Protocol[R_contra]):
    """Write a record as a payload."""

    def __call__(self, record: R_contra, now: int, zone: str = "UTC") -> bytes: ...


class MakeRequest(Protocol):
    """Make an outgoing call; the credentials differ from vendor to vendor."""

    def __call__(self, operation: str, parameters: msgspec.Struct, *args: Any, **credentials: Any) -> Request: ...  # noqa: ANN401


class ReadResponse(Protocol[T_co]):
    """`Vendor.read_response` with the types that one vendor's readers return."""

    def __call__(
        self,
        operation: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now: int | None = None,
        zone: str = "UTC",
        **form: str,
    ) -> T_co: ...


class Vendor(msgspec.Struct, Generic[R], frozen=True, kw_only=True, eq=False, dict=True):
    """A vendor: its data and functions, and the methods that process a call with them.

    Attributes:
        name: the folder's name.
        title: the vendor's own name.
        operations: its documented calls.
        dialect: its state machine.
        timer_types: the types of record that an account keeps for it. A timer from another vendor or a log becomes a
            record of the first type, so all fields that only this type has need defaults.
        shown_states: the states that ``serialize`` can show.
        parse: reads a payload as a record; raises `MalformedPayload`.
        serialize: writes a record as the vendor's payload.
        request: makes an outgoing call.
        example: returns a call to try in a workspace, or ``None`` if the workspace has no credentials for one.
        read_parameters: reads the parameters in query and body; raises `RuleViolation`.
        authenticate: returns the caller; raises `RuleViolation` if the credentials are wrong.
        to_rejection: translates a rule violation in an operation (``None`` if unknown) into the vendor's rejection.
        write_response: writes the response of a handled call.
        write_rejection: writes the response of a rejected call.
        read_rejection: the client's side of ``write_rejection``; ``None`` for a response that is not a rejection.
        needs_date: whether a response can only be read together with the instant at which it was sent.
        required: the fields without which it shows no timer, as ``person.id``.
        works_on: the field of its record for what a timer works on.
        local_times: whether ``serialize`` writes local times, for which it needs the zone.
        list_key: the key of the list in a payload with several timers, if the vendor has one.
        serialize_details: writes more of a record than ``serialize``, as one of its calls does, if there is one.
        rate_limit: the published limit for a short time, if there is one.
        quota: the published limit for a long time, such as a day.
    """

    name: str
    title: str
    operations: Sequence[Operation]
    dialect: Dialect
    timer_types: tuple[type[R], ...]
    shown_states: frozenset[State]
    parse: Parse[R]
    serialize: Serialize[R]
    request: MakeRequest
    example: Callable[[Workspace, int], Request | None]
    read_parameters: Callable[[Request], Mapping[str, object]]
    authenticate: Callable[[Request, Mapping[str, object], Account], Person]
    to_rejection: Callable[[RuleViolation, Operation | None], Rejection]
    write_response: Callable[[Request, Call[Any], HandlerResult], Response]
    write_rejection: Callable[[Request, Rejection, Operation | None], Response]
    read_rejection: Callable[[Response], Rejection | None]
    needs_date: bool = True
    required: tuple[str, ...] = ()
    works_on: WorksOn = "task"
    local_times: bool = False
    list_key: str = ""
    serialize_details: Serialize[R] | None = None
    rate_limit: Limit | None = None
    quota: Limit | None = None

    def __post_init__(self) -> None:
        bound = {binding.operation for binding in self.dialect.bindings}
        rows = tuple(replace(row, may_change=row.name in bound) for row in self.operations)
        force_setattr(self, "operations", rows)

    @cached_property
    def _templates(self) -> tuple[tuple[Operation, tuple[tuple[str, ...], ...]], ...]:
        """Each operation with its paths, split into segments."""
        return tuple((row, tuple(_segments(path) for path in (row.path, *row.aliases))) for row in self.operations)

    def match_length(self, path: str) -> int:
        """Return the largest number of leading segments of ``path`` that match one of this vendor's paths.

        The vendor with the longest match responds, even if only with a rejection. 0 means that no segment matches.
        """
        segments = _segments(path)
        return max(_shared(template, segments) for _, templates in self._templates for template in templates)

    def operation(self, name: str) -> Operation:
        """Return the operation with this name.

        Raises:
            UnknownOperation: the vendor has no such operation.
        """
        for row in self.operations:
            if row.name == name:
                return row
        raise UnknownOperation(self.name, name, tuple(row.name for row in self.operations))

    def route(self, request: Request) -> Route:
        """Find the operation of a request and read its parameters."""
        rows = self._on_path(request.path)
        operation: Operation | None = None
        in_path: Mapping[str, object] = {}
        sent: Mapping[str, object] | None = None
        violation: RuleViolation | None = None
        try:
            sent = self.read_parameters(request)
        except RuleViolation as unreadable:
            violation = unreadable.with_traceback(None)  # the route outlives this frame
        if not rows:
            violation = RuleViolation(Rule.PATH, detail=f"there is no call at {request.path}")
        elif sent is not None:
            row = _select(rows, request.method, sent)
            if row is None:
                violation = RuleViolation(Rule.METHOD, detail=f"this path does not accept {request.method}")
            else:
                operation, in_path = row
                violation = _contradiction(sent, in_path)
        return Route(
            vendor=self,
            request=request,
            operation=operation,
            only_operation=rows[0][0] if len(rows) == 1 else None,
            parameters=sent,
            path_parameters=in_path,
            violation=violation,
        )

    def decide(self, route: Route, account: Account, now: int) -> CallResult:
        """Decide a routed call; every request leads to one of the vendor's responses.

        Args:
            route: the request, routed by this vendor.
            account: the account that the call reads; it is not changed.
            now: the server's instant, in microseconds.
        """
        request, violation, known = route.request, route.violation, route.only_operation
        if violation is not None and (route.parameters is None or violation.rule is Rule.PATH):
            return self.reject(request, violation, known)  # whatever the credentials are
        sent = route.parameters or {}
        try:
            caller = self.authenticate(request, sent, account)
            known = route.operation or known
            if violation is not None:
                return self.reject(request, violation, known)
            operation = cast("Operation", known)  # without a violation there is one
            parameters = convert_parameters({**sent, **route.path_parameters}, operation.request)
            call: Call[Any] = Call(operation, parameters, account, caller, self.dialect.floor(now), request)
            result = operation.handler(call)
            return CallResult(self.write_response(request, call, result), result.changes, operation=operation.name)
        except (RuleViolation, Rejection) as rejected:
            return self.reject(request, rejected, known)
        except IllegalTransition as illegal:
            return self.reject(request, RuleViolation(Rule.STATE, detail=str(illegal)), known)
        # An instant outside the calendar's years, in UTC or in the account's zone; an id that the payload cannot hold.
        except (InstantOutOfRange, NotRepresentable) as beyond:
            return self.reject(request, RuleViolation(Rule.UNAVAILABLE, detail=str(beyond)), known)

    def handle(self, request: Request, account: Account, now: int) -> CallResult:
        """Return the response to a request and the changes for the account's owner to store; nothing is stored here."""
        return self.decide(self.route(request), account, now)

    def validate(self, request: Request, account: Account, now: int) -> Rejection | None:
        """Return the rejection that the vendor would answer with, or ``None``."""
        return self.handle(request, account, now).rejection

    def reject(
        self, request: Request | Route, why: RuleViolation | Rejection, operation: Operation | None = None
    ) -> CallResult:
        """Return the result of a rejected call: the vendor's own message and no changes.

        Args:
            request: the request, routed or not.
            why: the violated rule, or the rejection itself.
            operation: the operation that the rejection names, if it is known.
        """
        if isinstance(request, Route):
            request = request.request
        rejection = self.to_rejection(why, operation) if isinstance(why, RuleViolation) else why
        response = self.write_rejection(request, rejection, operation)
        return CallResult(response, rejection=rejection, operation=operation.name if operation else "")

    def read_response(
        self,
        operation: str,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now: int | None = None,
        zone: str = "UTC",
        **form: str,
    ) -> Any:  # noqa: ANN401 - what the operation's reader returns
        """Read the vendor's response to a call, and return the result of the operation's reader.

        Args:
            operation: the name of the operation that was called.
            status: the HTTP status.
            headers: the headers, in any case.
            body: the body.
            now: the instant of the response; if absent, that of its ``Date`` header.
            zone: the account's time zone.
            form: further arguments for the operation's reader, such as Zoho People's ``date_format``.

        Raises:
            UnknownOperation: the vendor has no such operation.
            Rejection: the vendor rejected the call.
            MalformedPayload: the body is not as documented, or there is neither ``now`` nor a ``Date`` header.
        """
        row = self.operation(operation)
        response = Response(status, headers, body)
        rejection = self.read_rejection(response)
        if rejection is not None:
            raise rejection
        if now is None:
            now = self._date(response) if self.needs_date else 0
        return row.reader(body, now, zone, **form)

    def _date(self, response: Response) -> int:
        """Return the instant of a response's ``Date`` header, in whole seconds."""
        date = next((value for name, value in response.headers.items() if name.lower() == "date"), "")
        try:
            return instant(parsedate_to_datetime(date))
        except (ValueError, InvalidInstant):
            reason = "the instant of the response is not known; pass now=, or the Date header that came with it"
            raise MalformedPayload(self.name, "$", date, reason) from None

    def _on_path(self, path: str) -> list[_Row]:
        """Return the operations on a path, each with its path parameters."""
        segments = _segments(path)
        rows: list[_Row] = []
        for operation, templates in self._templates:
            for template in templates:
                in_path = _match(template, segments)
                if in_path is not None:
                    rows.append((operation, in_path))
                    break
        return rows


_Row = tuple[Operation, dict[str, object]]


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/"))


def _shared(template: Sequence[str], segments: Sequence[str]) -> int:
    """Return the number of leading segments that match."""
    count = 0
    for expected, segment in zip(template, segments, strict=False):
        if expected != segment and not expected.startswith("{"):
            break
        count += 1
    return count


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


def _select(rows: Sequence[_Row], method: str, sent: Mapping[str, object]) -> _Row | None:
    """Return the first row that accepts the method and whose discriminator matches; else the last with the method."""
    accepting = [row for row in rows if method in row[0].methods]
    for row in accepting:
        if all(str(sent.get(name) or "") == value for name, value in row[0].discriminator.items()):
            return row
    return accepting[-1] if accepting else None


def _contradiction(sent: Mapping[str, object], in_path: Mapping[str, object]) -> RuleViolation | None:
    """Return a violation if a parameter differs from the path parameter with the same name."""
    for name, value in in_path.items():
        if str(sent.get(name) or value) != value:
            return RuleViolation(Rule.DUPLICATE, name, "it differs from the value in the path")
    return None
