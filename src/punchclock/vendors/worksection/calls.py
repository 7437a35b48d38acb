"""The calls of both APIs: how requests and responses are read and written, and the table of operations.

Source: page "Timers", with the paths, credentials and envelope of the vendor's pages "Getting Started" and "OAuth". The
handlers are in handlers.py, the signatures of the admin API in signing.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from punchclock.machine import State
from punchclock.units import SECOND
from punchclock.vendors.account import Account
from punchclock.vendors.calls import Call, HandlerResult, Limit, Operation, ReadResponse, Request, Response, Vendor
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.rules import Rule, RuleViolation, person_of_token
from punchclock.vendors.wire import decode_payload, merged, read_form, read_json, read_multipart, write_json
from punchclock.vendors.worksection.dialect import DIALECT
from punchclock.vendors.worksection.error_codes import reject
from punchclock.vendors.worksection.handlers import (
    DeleteMyTimer,
    GetMyTimer,
    GetTimers,
    StartMyTimer,
    StopMyTimer,
    StopTimer,
    delete_my_timer,
    get_my_timer,
    get_timers,
    start_my_timer,
    stop_my_timer,
    stop_timer,
)
from punchclock.vendors.worksection.signing import Signature, header, is_signed, page_hash, query_hash
from punchclock.vendors.worksection.wire import WorksectionTimer, parse, parse_timers, serialize
from punchclock.vendors.workspace import Person, Workspace

_ADMIN: Final = "/api/admin/v2"
_USER: Final = "/api/oauth2"


# ---- requests and responses ----------------------------------------------------------------------


def _read(request: Request) -> dict[str, object]:
    """The parameters of the query and of a form or JSON body, without those that are blank or null."""
    media = request.headers.get("content-type", "")
    if "form-urlencoded" in media.lower():
        body = read_form(request.body)
    elif "multipart/form-data" in media.lower():
        body = read_multipart(media, request.body)
    else:
        body = read_json(request.body)
    sent = merged(read_form(request.query), body)
    return {name: value for name, value in sent.items() if value is not None and value != ""}


def _authenticate(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """Check the admin API's signature or the user API's access token, then that the action belongs to that API.

    The admin API needs the action first, because the signature covers it.
    """
    workspace = account.workspace
    credential = workspace.credential("worksection")
    if request.path.strip("/") == _USER.strip("/"):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = str(sent.get("access_token", ""))
        caller = person_of_token(token, credential, workspace)
        _of_this_api(_action(sent), _USER)
        return caller
    action = _action(sent)
    if not is_signed(request, sent, action, credential.key):
        raise RuleViolation(Rule.CREDENTIALS, "hash")
    _of_this_api(action, _ADMIN)
    return Person()


def _action(sent: Mapping[str, object]) -> str:
    if "action" not in sent:
        raise RuleViolation(Rule.REQUIRED, "action")
    return str(sent["action"])


def _of_this_api(action: str, path: str) -> None:
    row = next((row for row in _OPERATIONS if row.name == action), None)
    if row is None:
        raise RuleViolation(Rule.PATH, "action", f"there is no action {action[:100]}")
    if row.path != path:
        credential = "access token" if row.path == _USER else "admin token"
        raise RuleViolation(Rule.PATH, "action", f"{action} is available only for {credential}")


def _response(status: int, content: dict[str, Any]) -> Response:
    return Response(status, {"content-type": "application/json; charset=utf-8"}, write_json(content))


def _write(request: Request, call: Call[Any], answer: HandlerResult) -> Response:
    return _response(answer.status, {"status": "ok"} | answer.payload)


def _write_rejection(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    error = {"status": "error", "status_code": rejection.vendor_code, "message": rejection.message}
    return _response(rejection.status, error | ({"message_details": rejection.detail} if rejection.detail else {}))


# ---- the client's side ---------------------------------------------------------------------------


class _Envelope(msgspec.Struct):
    """The fields of success and error; the message of a rejected token has two names."""

    status: str = ""
    status_code: int | None = None
    message: str = ""
    message_details: str = ""
    errorDescription: str = ""  # noqa: N815 - as the vendor's client reads it


_envelope_decoder: Final = msgspec.json.Decoder(_Envelope, strict=False)


def _read_my_timer(body: bytes, now: int, zone: str) -> WorksectionTimer | None:
    for timer in parse_timers(body, now, zone):
        return timer
    return None


def _read_nothing(body: bytes, now: int, zone: str) -> None:
    return None


def _read_rejection(response: Response) -> Rejection | None:
    try:
        read = decode_payload("worksection", response.body, _envelope_decoder)
    except MalformedPayload:
        if response.status < 400:
            raise
        read = _Envelope()  # such as a proxy's page
    if response.status < 400 and read.status == "ok":
        return None
    code = response.status if read.status_code is None else read.status_code
    message = read.errorDescription or read.message
    return Rejection("worksection", response.status, code, message, detail=read.message_details)


# ---- the table -----------------------------------------------------------------------------------

#: Every operation of the page, in its order, and the one that only the vendor's clients have.
_OPERATIONS: Final = (
    Operation(
        name="get_timers",
        methods=("GET", "POST"),
        path=_ADMIN,
        discriminator={"action": "get_timers"},
        request=GetTimers,
        handler=get_timers,
        reader=parse_timers,
    ),
    Operation(
        name="stop_timer",
        methods=("POST", "GET"),
        path=_ADMIN,
        discriminator={"action": "stop_timer"},
        request=StopTimer,
        handler=stop_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="get_my_timer",
        methods=("GET", "POST"),
        path=_USER,
        discriminator={"action": "get_my_timer"},
        request=GetMyTimer,
        handler=get_my_timer,
        reader=_read_my_timer,
    ),
    Operation(
        name="start_my_timer",
        methods=("POST", "GET"),
        path=_USER,
        discriminator={"action": "start_my_timer"},
        request=StartMyTimer,
        handler=start_my_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="stop_my_timer",
        methods=("POST", "GET"),
        path=_USER,
        discriminator={"action": "stop_my_timer"},
        request=StopMyTimer,
        handler=stop_my_timer,
        reader=_read_nothing,
    ),
    Operation(
        name="delete_my_timer",
        methods=("POST", "GET"),
        path=_USER,
        discriminator={"action": "delete_my_timer"},
        request=DeleteMyTimer,
        handler=delete_my_timer,
        reader=_read_nothing,
    ),
)


def request(
    operation: str,
    parameters: msgspec.Struct,
    *,
    token: str = "",
    key: str = "",
    signature: Signature = Signature.PAGE,
    at: int = 0,
) -> Request:
    """Return an outgoing call, ready for any HTTP library.

    Args:
        operation: the name of the operation.
        parameters: an instance of the operation's request type.
        token: the access token, for the user API.
        key: the account's key, for the admin API.
        signature: how the call to the admin API is signed.
        at: the instant of signing, which is in the header.

    Raises:
        UnknownOperation: Worksection has no such operation.
    """
    row = VENDOR.operation(operation)
    sent = {name: str(value) for name, value in msgspec.to_builtins(parameters).items()}
    headers = {"accept": "application/json"}
    method, query, body = row.methods[0], urlencode({"action": operation} | sent), b""
    if method == "POST" and sent:
        headers["content-type"] = "application/x-www-form-urlencoded"
        query, body = urlencode({"action": operation}), urlencode(sent).encode()
    if row.path == _USER:
        headers["authorization"] = f"Bearer {token}"
    elif signature is Signature.HEADER:
        headers["authorization"] = header(operation, str(at // SECOND), key)
    elif signature is Signature.QUERY:
        query += "&" + urlencode({"hash": query_hash(urlencode({"action": operation} | sent), key)})
    else:
        query += "&" + urlencode({"hash": page_hash("", operation, key)})
    return Request(method=method, path=f"{row.path}/", query=query, headers=headers, body=body)


def example(workspace: Workspace, now: int) -> Request | None:
    """Return a call to try, which succeeds however often it is sent, or ``None`` without credentials for one."""
    for token in workspace.credential("worksection").tokens:
        return request("get_my_timer", GetMyTimer(), token=token)
    return None


VENDOR: Final[Vendor[WorksectionTimer]] = Vendor(
    name="worksection",
    title="Worksection",
    operations=_OPERATIONS,
    dialect=DIALECT,
    timer_types=(WorksectionTimer,),
    shown_states=frozenset({State.RUNNING}),
    parse=parse,
    serialize=serialize,
    local_times=True,
    list_key="data",
    request=request,
    example=example,
    read_parameters=_read,
    authenticate=_authenticate,
    to_rejection=reject,
    write_response=_write,
    write_rejection=_write_rejection,
    read_rejection=_read_rejection,
    rate_limit=Limit(1, 1),  # API page: one request a second
)

# The names that every vendor's package has, as bindings of its `VENDOR`.
OPERATIONS: Final = VENDOR.operations
handle: Final = VENDOR.handle
validate: Final = VENDOR.validate
read_response: Final[ReadResponse[list[WorksectionTimer] | WorksectionTimer | None]] = VENDOR.read_response
