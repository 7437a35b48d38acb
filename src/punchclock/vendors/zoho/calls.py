"""The calls of the timer page: how requests and responses are read and written, and the table of operations.

Source: page "Timer API"; the ``Authorization`` header is how the vendor's clients send their token today. The handlers
are in handlers.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, UnsetType

from punchclock.machine import State
from punchclock.vendors.account import Account
from punchclock.vendors.calls import Call, HandlerResult, Limit, Operation, ReadResponse, Request, Response, Vendor
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.rules import person_of_token
from punchclock.vendors.wire import Id, decode_payload, merged, read_form, read_json, read_multipart, wants_xml
from punchclock.vendors.workspace import Person, Workspace
from punchclock.vendors.zoho.dialect import DIALECT
from punchclock.vendors.zoho.envelope import ErrorEnvelope, Problem, Success, plain_response, write_response
from punchclock.vendors.zoho.error_codes import LISTED, reject
from punchclock.vendors.zoho.handlers import (
    AddComment,
    DeleteComment,
    GetComments,
    GetRunningTimer,
    PauseTimer,
    ResumeTimer,
    StartTimer,
    add_comment,
    delete_comment,
    get_comments,
    get_running_timer,
    pause_timer,
    resume_timer,
    start_timer,
)
from punchclock.vendors.zoho.wire import Comment, ZohoTimer, parse, parse_running, read_comment, serialize

# ---- requests and responses ----------------------------------------------------------------------


def _read(request: Request) -> dict[str, object]:
    """The parameters of the query and of a form or JSON body, without those that are blank or null."""
    media = request.headers.get("content-type", "")
    if "multipart/form-data" in media.lower():
        body = read_multipart(media, request.body)
    elif "json" in media.lower() or (not media and request.body.lstrip().startswith(b"{")):
        body = {name: _text(value) for name, value in read_json(request.body).items()}
    else:
        body = read_form(request.body)
    sent = merged(read_form(request.query), body)
    return {name: value for name, value in sent.items() if value is not None and value != ""}


def _text(value: object) -> object:
    """The text of an id that JSON sends as a number."""
    return str(value) if type(value) is int and abs(value) < 2**64 else value


def _authenticate(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """The owner of the token in the ``Authorization`` header, or else in the parameter ``authtoken``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("zoho-oauthtoken", "bearer"):
        token = str(sent.get("authtoken", ""))
    workspace = account.workspace
    return person_of_token(token.strip(), workspace.credential("zoho"), workspace)


def _wants_xml(request: Request) -> bool:
    """Whether ``Accept`` lists XML before JSON, or the query or a form has ``format=xml``."""
    return (
        wants_xml({"accept": request.headers.get("accept", "")})
        or _FORMAT_XML(request.query.encode("utf-8", "replace")) is not None
        or _FORMAT_XML(request.body) is not None
    )


_FORMAT_XML: Final = re.compile(rb"(?:^|&)format=xml(?:&|$)").search


def _response(request: Request, status: int, content: Success | ErrorEnvelope, path: str) -> Response:
    """The response with this content; the envelope reports the path of the call without its first segment."""
    xml = _wants_xml(request)
    media = "application/xml" if xml else "application/json"
    body = write_response(content, path.removeprefix("/people"), xml=xml)
    return Response(status, {"content-type": f"{media};charset=UTF-8"}, body)


def _write(request: Request, call: Call[Any], answer: HandlerResult) -> Response:
    return _response(request, answer.status, answer.payload, call.operation.path)


def _write_rejection(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    """Several calls share one path; if the operation is not known, the envelope reports the path, or the root."""
    problem = Problem(rejection.vendor_code, rejection.message)
    listed = operation is not None and operation.name in LISTED
    path = operation.path if operation else _TIMER if request.path.strip("/") == _TIMER.strip("/") else _ROOT
    envelope = ErrorEnvelope(rejection.detail, [problem] if listed else problem)
    return _response(request, rejection.status, envelope, path)


# ---- the client's side ---------------------------------------------------------------------------


class _Body(msgspec.Struct):
    """The fields of every response."""

    message: str = ""
    status: int = 0
    errors: Problem | list[Problem] | UnsetType = UNSET


class _IdRead(msgspec.Struct, rename="camel"):
    time_log_id: Id | str = ""
    comment_id: Id | str = ""


class _CommentRead(msgspec.Struct, rename="camel"):
    comment_id: Id | str
    created_time: str
    comment: str


B = TypeVar("B")


class _Ids(msgspec.Struct):
    result: list[_IdRead] | _IdRead


class _Comments(msgspec.Struct):
    result: list[_CommentRead] | _CommentRead = []


class _Envelope(msgspec.Struct, Generic[B]):
    response: B


_body_decoder: Final = msgspec.json.Decoder(_Envelope[_Body], strict=False)
_ids_decoder: Final = msgspec.json.Decoder(_Envelope[_Ids])
_comments_decoder: Final = msgspec.json.Decoder(_Envelope[_Comments])


def _read_id(body: bytes, now: int, zone: str, **_form: str) -> str:
    """The id of the new timelog or comment."""
    result = decode_payload("zoho", plain_response(body), _ids_decoder).response.result
    first = next(iter(result), _IdRead()) if isinstance(result, list) else result
    id = str(first.time_log_id or first.comment_id)
    if not id:
        raise MalformedPayload("zoho", "$.response.result", body, "it has no id")
    return id


def _read_comments(body: bytes, now: int, zone: str, **_form: str) -> list[Comment]:
    result = decode_payload("zoho", plain_response(body), _comments_decoder).response.result
    read = result if isinstance(result, list) else [result]
    return [read_comment(str(each.comment_id), each.created_time, each.comment, zone) for each in read]


def _read_nothing(body: bytes, now: int, zone: str, **_form: str) -> None:
    return None


def _read_rejection(response: Response) -> Rejection | None:
    """The body decides whether the response is a rejection; the status decides only if the body cannot be read."""
    try:
        body = decode_payload("zoho", plain_response(response.body), _body_decoder).response
    except MalformedPayload:
        if response.status < 400:
            raise
        body = _Body()  # such as a proxy's page
    if body.errors is UNSET and body.status == 0 and response.status < 400:
        return None
    errors = body.errors if isinstance(body.errors, list) else [] if body.errors is UNSET else [body.errors]
    first = next(iter(errors), Problem(0, body.message))
    return Rejection("zoho", response.status, first.code, first.message, detail=body.message)


# ---- the table -----------------------------------------------------------------------------------

_ROOT: Final = "/people/api/timetracker"
_TIMER: Final = f"{_ROOT}/timer"

# The page shows only URLs; clients send both methods, and mostly POST for changes.
_READ_METHODS: Final = ("GET", "POST")
_CHANGE_METHODS: Final = ("POST", "GET")

#: Every operation of the page, in its order, except that "stop" comes first: it shares its path with two others, and
#: ``timer`` identifies it; ``timeLogId`` distinguishes the other two.
_OPERATIONS: Final = (
    Operation(
        name="pause_timer",
        methods=_CHANGE_METHODS,
        path=_TIMER,
        discriminator={"timer": "stop"},
        request=PauseTimer,
        handler=pause_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="start_timer",
        methods=_CHANGE_METHODS,
        path=_TIMER,
        discriminator={"timeLogId": ""},
        request=StartTimer,
        handler=start_timer,
        reader=_read_id,
    ),
    Operation(
        name="resume_timer",
        methods=_CHANGE_METHODS,
        path=_TIMER,
        request=ResumeTimer,
        handler=resume_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="get_running_timer",
        methods=_READ_METHODS,
        path=f"{_ROOT}/getcurrentlyrunningtimer",
        request=GetRunningTimer,
        handler=get_running_timer,
        reader=parse_running,
    ),
    Operation(
        name="get_comments",
        methods=_READ_METHODS,
        path=f"{_ROOT}/getcomments",
        request=GetComments,
        handler=get_comments,
        reader=_read_comments,
    ),
    Operation(
        name="add_comment",
        methods=_CHANGE_METHODS,
        path=f"{_ROOT}/addcomment",
        aliases=("/api/timetracker/addcomment",),  # the page's own URL of this call
        request=AddComment,
        handler=add_comment,
        reader=_read_id,
    ),
    Operation(
        name="delete_comment",
        methods=_CHANGE_METHODS,
        path=f"{_ROOT}/deletecomment",
        request=DeleteComment,
        handler=delete_comment,
        reader=_read_nothing,
    ),
)


def request(operation: str, parameters: msgspec.Struct, *, token: str, xml: bool = False) -> Request:
    """Return an outgoing call, ready for any HTTP library.

    Args:
        operation: the name of the operation.
        parameters: an instance of the operation's request type.
        token: the person's token. It is sent in a header, which servers do not log.
        xml: request the response in XML.

    Raises:
        UnknownOperation: Zoho People has no such operation.
    """
    row = VENDOR.operation(operation)
    headers = {
        "authorization": f"Zoho-oauthtoken {token}",
        "accept": "application/xml" if xml else "application/json",
    }
    query = urlencode(msgspec.to_builtins(parameters))
    return Request(method=row.methods[0], path=row.path, query=query, headers=headers)


def example(workspace: Workspace, now: int) -> Request | None:
    """Return a call to try, which succeeds however often it is sent, or ``None`` without credentials for one."""
    for token in workspace.credential("zoho").tokens:
        return request("get_running_timer", GetRunningTimer(), token=token)
    return None


VENDOR: Final[Vendor[ZohoTimer]] = Vendor(
    name="zoho",
    title="Zoho People",
    operations=_OPERATIONS,
    dialect=DIALECT,
    timer_types=(ZohoTimer,),
    shown_states=frozenset({State.RUNNING}),
    parse=parse,
    serialize=serialize,
    required=("person.id", "job.id"),  # page, "Start timer API": user and jobId are mandatory
    works_on="job",
    local_times=True,
    request=request,
    example=example,
    read_parameters=_read,
    authenticate=_authenticate,
    to_rejection=reject,
    write_response=_write,
    write_rejection=_write_rejection,
    read_rejection=_read_rejection,
    rate_limit=Limit(20, 60, 300),  # foot of the timer pages: "Threshold Limit: 20 requests | Lock period: 5 minutes"
)

# The names that every vendor's package has, as bindings of its `VENDOR`.
OPERATIONS: Final = VENDOR.operations
handle: Final = VENDOR.handle
validate: Final = VENDOR.validate
read_response: Final[ReadResponse[ZohoTimer | list[Comment] | str | None]] = VENDOR.read_response
