"""The calls of the ``timer`` resource: how requests and responses are read and written, and the table of operations.

Source: page "Intervals API Resource: timer", with the envelope and credentials of the vendor's other pages. The
handlers are in handlers.py.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from punchclock.machine import State
from punchclock.units import DAY, SECOND
from punchclock.vendors.account import Account, Page
from punchclock.vendors.calls import Call, HandlerResult, Limit, Operation, ReadResponse, Request, Response, Vendor
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.intervals.dialect import DIALECT
from punchclock.vendors.intervals.error_codes import reject
from punchclock.vendors.intervals.handlers import (
    DeleteTimer,
    GetTimer,
    ListTimers,
    WriteTimer,
    create_timer,
    delete_timer,
    get_timer,
    list_timers,
    update_timer,
)
from punchclock.vendors.intervals.wire import (
    IntervalsTimer,
    TimerRead,
    parse,
    read_payload,
    record_of,
    serialize,
    serialize_details,
)
from punchclock.vendors.records import id_number
from punchclock.vendors.rules import Rule, RuleViolation, person_of_token, require_not_blank, require_role
from punchclock.vendors.wire import (
    merged,
    read_form,
    read_json,
    read_xml,
    wants_xml,
    write_json,
    write_xml,
    xml_element,
)
from punchclock.vendors.workspace import Person, Role, Workspace

_MAY: Final = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.RESOURCE})  # "Executive users don't have access"


# ---- requests and responses ----------------------------------------------------------------------


def _read(request: Request) -> dict[str, object]:
    """The parameters of query and body. A blank one is null, except for a flag, which "counts as set"."""
    as_xml = "xml" in request.headers.get("content-type", "").lower()
    body = read_xml(request.body) if as_xml else read_json(request.body)
    sent = merged(read_form(request.query), body)
    return {name: None if value == "" and name not in _FLAGS else value for name, value in sent.items()}


_FLAGS: Final = frozenset({"generaltimers", "gettimerinfo"})


def _authenticate(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """HTTP Basic: the API token is the user name; the password is ignored. Executives have no access."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        token, _, _ = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:  # not base64, or not UTF-8 in it
        token = ""
    if scheme.lower() != "basic" or not token:
        raise RuleViolation(Rule.CREDENTIALS)
    workspace = account.workspace
    person = person_of_token(token, workspace.credential("intervals"), workspace)
    require_role(person, _MAY)
    return person


def _response(request: Request, status: int, content: dict[str, Any]) -> Response:
    if wants_xml(request.headers):
        body = write_xml(xml_element("intervals", content))
        return Response(status, {"content-type": "application/xml; charset=utf-8"}, body)
    return Response(status, {"content-type": "application/json"}, write_json(content))


def _write(request: Request, call: Call[Any], answer: HandlerResult) -> Response:
    envelope = {"personid": id_number("intervals", call.caller.id), "status": "OK", "code": answer.status}
    return _response(request, answer.status, envelope | answer.payload)


def _write_rejection(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    error = {"code": rejection.vendor_code, "message": rejection.message, "verbose": rejection.detail}
    return _response(request, rejection.status, {"status": "Error", "code": rejection.status, "error": error})


# ---- the client's side ---------------------------------------------------------------------------


class _ListResponse(msgspec.Struct):
    listcount: int
    timer: list[TimerRead] | TimerRead | None = None  # in XML, one timer is not a list, and an empty list is absent


class _Error(msgspec.Struct, frozen=True):
    code: int = 1  # "General (unknown) error"
    message: str = ""
    verbose: str = ""


class _ErrorResponse(msgspec.Struct):
    error: _Error = _Error()


_list_decoder: Final = msgspec.json.Decoder(_ListResponse, strict=False)
_error_decoder: Final = msgspec.json.Decoder(_ErrorResponse, strict=False)


def _read_list(body: bytes, now: int, zone: str) -> Page[IntervalsTimer]:
    response = read_payload(body, _list_decoder)
    timers = [response.timer] if isinstance(response.timer, TimerRead) else response.timer or ()
    records = [record_of(timer, now, f"$.timer[{index}]") for index, timer in enumerate(timers)]
    return Page(tuple(records), response.listcount)


def _read_one(body: bytes, now: int, zone: str) -> IntervalsTimer:
    return parse(body, now, zone)


def _read_nothing(body: bytes, now: int, zone: str) -> None:
    return None


def _read_rejection(response: Response) -> Rejection | None:
    if response.status < 400:
        return None
    try:
        error = read_payload(response.body, _error_decoder).error
    except MalformedPayload:  # such as a proxy's page: the status alone reports the rejection
        error = _Error()
    return Rejection("intervals", response.status, error.code, error.message, detail=error.verbose)


# ---- the table -----------------------------------------------------------------------------------

#: Every operation of the page, in its order.
_OPERATIONS: Final = (
    Operation(
        name="list_timers",
        methods=("GET",),
        path="/timer",
        request=ListTimers,
        handler=list_timers,
        reader=_read_list,
    ),
    Operation(
        name="get_timer",
        methods=("GET",),
        path="/timer/{id}",
        request=GetTimer,
        handler=get_timer,
        reader=_read_one,
    ),
    Operation(
        name="delete_timer",
        methods=("DELETE",),
        path="/timer/{id}",
        request=DeleteTimer,
        handler=delete_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="create_timer",
        methods=("POST",),
        path="/timer",
        discriminator={"id": ""},
        request=WriteTimer,
        handler=create_timer,
        reader=_read_one,
    ),
    Operation(
        name="update_timer",
        methods=("PUT", "POST"),
        path="/timer/{id}",
        aliases=("/timer",),
        request=WriteTimer,
        handler=update_timer,
        reader=_read_one,
    ),
)


def request(operation: str, parameters: msgspec.Struct, *, token: str, xml: bool = False) -> Request:
    """Return an outgoing call, ready for any HTTP library.

    Args:
        operation: the name of the operation.
        parameters: an instance of the operation's request type.
        token: the API token.
        xml: use XML instead of JSON in request and response.

    Raises:
        UnknownOperation: Intervals has no such operation.
        RuleViolation: ``REQUIRED``, the operation is on one timer and ``id`` is missing.
    """
    row = VENDOR.operation(operation)
    sent = msgspec.to_builtins(parameters)
    method, path = row.methods[0], row.path
    if "{id}" in path:
        id = sent.pop("id", None)
        require_not_blank("id", id)
        path = path.replace("{id}", quote(str(id), safe=""))
    media = "application/xml" if xml else "application/json"
    headers = {"authorization": "Basic " + base64.b64encode(f"{token}:X".encode()).decode(), "accept": media}
    query, body = "", b""
    if method in ("GET", "DELETE"):
        query = urlencode({name: "true" if value is True else value for name, value in sent.items()})
    else:
        headers["content-type"] = media
        body = write_xml(xml_element("timer", sent)) if xml else write_json(sent)
    return Request(method=method, path=f"{path}/", query=query, headers=headers, body=body)


def example(workspace: Workspace, now: int) -> Request | None:
    """Return a call to try, which succeeds however often it is sent, or ``None`` without credentials for one."""
    for token, id in workspace.credential("intervals").tokens.items():
        person = workspace.people.get(id)  # a workspace made in Python may lack the person
        if person is not None and person.role in _MAY and id.isdecimal():
            return request("create_timer", WriteTimer(personid=int(id)), token=token)
    return None


VENDOR: Final[Vendor[IntervalsTimer]] = Vendor(
    name="intervals",
    title="Intervals",
    operations=_OPERATIONS,
    dialect=DIALECT,
    timer_types=(IntervalsTimer,),
    shown_states=frozenset({State.RUNNING, State.PAUSED}),
    parse=parse,
    serialize=serialize,
    required=("person.id",),  # page, "Settable Fields": the only required one
    list_key="timer",
    serialize_details=serialize_details,
    request=request,
    example=example,
    read_parameters=_read,
    authenticate=_authenticate,
    to_rejection=reject,
    write_response=_write,
    write_rejection=_write_rejection,
    read_rejection=_read_rejection,
    rate_limit=Limit(100, 60),  # help page on rate limits: 100 a minute …
    quota=Limit(6000, DAY // SECOND),  # … and 6000 a day
)

# The names that every vendor's package has, as bindings of its `VENDOR`.
OPERATIONS: Final = VENDOR.operations
handle: Final = VENDOR.handle
validate: Final = VENDOR.validate
read_response: Final[ReadResponse[IntervalsTimer | Page[IntervalsTimer] | None]] = VENDOR.read_response
