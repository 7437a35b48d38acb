"""Operations: a vendor's documented calls, what their handlers receive and return, and the HTTP messages around them.

A call's way from request to response is in `punchclock.vendors.calls`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from punchclock.machine import Event
from punchclock.timer import not_before, transition
from punchclock.vendors.account import Account
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import Change, VendorTimer
from punchclock.vendors.workspace import Person

P = TypeVar("P")
R = TypeVar("R", bound=VendorTimer)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request, independent of any server and any HTTP library.

    Attributes:
        method: in capitals.
        path: without query; a trailing slash makes no difference.
        query: the raw query string, percent-encoded, without ``?``.
        headers: by name in lower case.
        body: the bytes, empty if there is no body.
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
    """The input of a handler.

    Attributes:
        operation: the row of the vendor's table.
        parameters: the parameters, as the operation's request type.
        account: the account that the handler reads.
        caller: the person that the credentials belong to; one without an id if they belong to the account as a whole.
        now: the server's instant, floored to the dialect's resolution.
        request: the request itself, for its signature and its response format.
    """

    operation: Operation
    parameters: P
    account: Account
    caller: Person
    now: int
    request: Request


class HandlerResult(msgspec.Struct, frozen=True):
    """The result of a handler: the response's payload, and the changes."""

    payload: Any
    changes: tuple[Change[VendorTimer], ...] = ()
    status: int = 200


class CallResult(msgspec.Struct, frozen=True):
    """The result of a whole call: the response and the changes to store, or a rejection without changes.

    ``operation`` is the operation's name, ``""`` where it is not known.
    """

    response: Response
    changes: tuple[Change[VendorTimer], ...] = ()
    rejection: Rejection | None = None
    operation: str = ""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One documented call; a row of a vendor's ``OPERATIONS``.

    Attributes:
        name: the project's name for it.
        methods: the HTTP methods that it accepts.
        path: its documented path, with parameters as ``{id}``.
        aliases: other spellings of the path that are in use.
        discriminator: parameters that distinguish it from other calls on its path, with the value that each must have;
            ``""`` requires the parameter to be absent or blank. The first row that fits a request is used.
        request: the type of its parameters.
        handler: executes it; raises `RuleViolation`, `Rejection` or `punchclock.IllegalTransition`.
        reader: for clients: reads the body of a successful response, given its instant and the time zone.
        may_change: whether the dialect binds the operation to any action, so that it may change a timer; set by
            `Vendor`.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    aliases: tuple[str, ...] = ()
    discriminator: Mapping[str, str] = {}
    request: type[msgspec.Struct]
    handler: Callable[[Call[Any]], HandlerResult]
    reader: Callable[..., Any]
    may_change: bool = False


class Limit(msgspec.Struct, frozen=True):
    """A published limit: ``calls`` in ``per_seconds``; one more locks the caller out for ``lock_seconds``."""

    calls: int
    per_seconds: int
    lock_seconds: int = 0


def apply_event(record: R, event: Event, at: int) -> Change[R]:
    """Return the change that ``event`` makes to a record's timer.

    If the clock was set back, an instant before the timer's last one is treated as that one. Otherwise the timer would
    reject every event until the clock catches up.

    Raises:
        IllegalTransition: the event is not allowed in the timer's state.
    """
    at = not_before(record.timer, at)
    timer = transition(record.timer, event, at)
    return Change(event, at, msgspec.structs.replace(record, timer=timer))
