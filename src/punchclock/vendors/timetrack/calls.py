"""The calls of the two timers: how requests and responses are read and written, and the table of operations.

Source: page "Timer", with the error object of the vendor's API page. The handlers are in handlers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from punchclock.machine import State
from punchclock.vendors.account import Account
from punchclock.vendors.calls import Call, HandlerResult, Operation, ReadResponse, Request, Response, Vendor
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.rules import Rule, RuleViolation, secrets_equal
from punchclock.vendors.timetrack.dialect import DIALECT
from punchclock.vendors.timetrack.error_codes import reject
from punchclock.vendors.timetrack.handlers import (
    GetAttendanceTimer,
    ProjectTimerOf,
    StartAttendanceTimer,
    StartProjectTimer,
    StopAttendanceTimer,
    get_attendance_timer,
    pause_project_timer,
    read_project_timer,
    resume_project_timer,
    start_attendance_timer,
    start_project_timer,
    stop_attendance_timer,
    stop_project_timer,
)
from punchclock.vendors.timetrack.wire import AttendanceTimer, ProjectTimer, parse, serialize, write_timestamp
from punchclock.vendors.wire import decode_payload, merged, read_form, read_json, write_json
from punchclock.vendors.workspace import Person, Workspace

# ---- requests and responses ----------------------------------------------------------------------


def _read(request: Request) -> dict[str, object]:
    """The parameters of query and body, without those that are blank or null."""
    sent = merged(read_form(request.query), read_json(request.body))
    return {name: value for name, value in sent.items() if value is not None and value != ""}


def _authenticate(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """Key and secret belong to the account, not to a person."""
    credential = account.workspace.credential("timetrack")
    key = secrets_equal(request.headers.get("x-timetrack-api-key", ""), credential.key)
    secret = secrets_equal(request.headers.get("x-timetrack-api-secret", ""), credential.secret)
    if not (key and secret and credential.key):
        raise RuleViolation(Rule.CREDENTIALS)
    return Person()


_JSON: Final = {"content-type": "application/json"}


def _write(request: Request, call: Call[Any], answer: HandlerResult) -> Response:
    return Response(answer.status, _JSON, write_json(answer.payload))


def _write_rejection(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    error = _Error(rejection.message, rejection.status, rejection.vendor_code, rejection.detail)
    return Response(rejection.status, _JSON, write_json(_Errors([error])))


class _Error(msgspec.Struct):
    title: str = ""
    status: int = 0
    code: int = 0
    detail: str | None = ""


class _Errors(msgspec.Struct):
    errors: list[_Error] = []


# ---- the client's side ---------------------------------------------------------------------------

_errors_decoder: Final = msgspec.json.Decoder(_Errors, strict=False)


def _read_rejection(response: Response) -> Rejection | None:
    if response.status < 400:
        return None
    try:
        errors = decode_payload("timetrack", response.body, _errors_decoder).errors
    except MalformedPayload:  # such as a proxy's page: the status alone reports the rejection
        errors = []
    first = errors[0] if errors else _Error()
    return Rejection("timetrack", response.status, first.code, first.title, detail=first.detail or "")


# ---- the table -----------------------------------------------------------------------------------

# One edition of the page has "/timers/", another does not, and for the attendance timer the page never has it; both
# paths are accepted for both.
_PROJECT: Final = ("/api/v2/ext/timers/project_timer", "/api/v2/ext/project_timer")
_ATTENDANCE: Final = ("/api/v2/ext/attendance_timer", "/api/v2/ext/timers/attendance_timer")

# The page's curl commands for reading have a body and no method, so curl sends a POST.
_READ: Final = ("GET", "POST")
_CHANGE: Final = ("POST",)

#: Every operation of the page, in its order.
_OPERATIONS: Final = (
    Operation(
        name="read_project_timer",
        methods=_READ,
        path=_PROJECT[0],
        aliases=_PROJECT[1:],
        request=ProjectTimerOf,
        handler=read_project_timer,
        reader=parse,
    ),
    Operation(
        name="start_project_timer",
        methods=_CHANGE,
        path=f"{_PROJECT[0]}/start",
        aliases=(f"{_PROJECT[1]}/start",),
        request=StartProjectTimer,
        handler=start_project_timer,
        reader=parse,
    ),
    Operation(
        name="pause_project_timer",
        methods=_CHANGE,
        path=f"{_PROJECT[0]}/pause",
        aliases=(f"{_PROJECT[1]}/pause",),
        request=ProjectTimerOf,
        handler=pause_project_timer,
        reader=parse,
    ),
    Operation(
        name="resume_project_timer",
        methods=_CHANGE,
        path=f"{_PROJECT[0]}/resume",
        aliases=(f"{_PROJECT[1]}/resume",),
        request=ProjectTimerOf,
        handler=resume_project_timer,
        reader=parse,
    ),
    Operation(
        name="stop_project_timer",
        methods=_CHANGE,
        path=f"{_PROJECT[0]}/stop",
        aliases=(f"{_PROJECT[1]}/stop",),
        request=ProjectTimerOf,
        handler=stop_project_timer,
        reader=parse,
    ),
    Operation(
        name="get_attendance_timer",
        methods=_READ,
        path=_ATTENDANCE[0],
        aliases=_ATTENDANCE[1:],
        request=GetAttendanceTimer,
        handler=get_attendance_timer,
        reader=parse,
    ),
    Operation(
        name="start_attendance_timer",
        methods=_CHANGE,
        path=f"{_ATTENDANCE[0]}/start",
        aliases=(f"{_ATTENDANCE[1]}/start",),
        request=StartAttendanceTimer,
        handler=start_attendance_timer,
        reader=parse,
    ),
    Operation(
        name="stop_attendance_timer",
        methods=_CHANGE,
        path=f"{_ATTENDANCE[0]}/stop",
        aliases=(f"{_ATTENDANCE[1]}/stop",),
        request=StopAttendanceTimer,
        handler=stop_attendance_timer,
        reader=parse,
    ),
)


def request(operation: str, parameters: msgspec.Struct, *, key: str, secret: str) -> Request:
    """Return an outgoing call, ready for any HTTP library.

    Args:
        operation: the name of the operation.
        parameters: an instance of the operation's request type.
        key: the account's API key.
        secret: the account's API secret.

    Raises:
        UnknownOperation: TimeTrack has no such operation.
    """
    row = VENDOR.operation(operation)
    sent = msgspec.to_builtins(parameters)
    headers = {"content-type": "application/json", "x-timetrack-api-secret": secret, "x-timetrack-api-key": key}
    method, query, body = row.methods[0], "", b""
    if method == "GET":
        query = urlencode(sent)
    else:
        body = write_json(sent)
    return Request(method=method, path=row.path, query=query, headers=headers, body=body)


def example(workspace: Workspace, now: int) -> Request | None:
    """Return a call that starts a timer, which succeeds once, or ``None`` without credentials, project or person."""
    credential = workspace.credential("timetrack")
    project = next((project for project in workspace.projects.values() if project.client is not None), None)
    person = next(iter(workspace.people.values()), None)
    if not (credential.key and project and project.client and person):
        return None
    sent = StartProjectTimer(
        date=write_timestamp(now),
        client_name=project.client.name,
        project_name=project.name,
        username=person.name,
    )
    return request("start_project_timer", sent, key=credential.key, secret=credential.secret)


VENDOR: Final[Vendor[ProjectTimer | AttendanceTimer]] = Vendor(
    name="timetrack",
    title="TimeTrack",
    operations=_OPERATIONS,
    dialect=DIALECT,
    timer_types=(ProjectTimer, AttendanceTimer),
    shown_states=frozenset({State.RUNNING, State.PAUSED, State.STOPPED}),
    parse=parse,
    serialize=serialize,
    required=("person.name",),  # page: every call on a project timer requires the user name
    request=request,
    example=example,
    read_parameters=_read,
    authenticate=_authenticate,
    to_rejection=reject,
    write_response=_write,
    write_rejection=_write_rejection,
    read_rejection=_read_rejection,
    needs_date=False,  # a response is complete without its instant
)

# The names that every vendor's package has, as bindings of its `VENDOR`.
OPERATIONS: Final = VENDOR.operations
handle: Final = VENDOR.handle
validate: Final = VENDOR.validate
read_response: Final[ReadResponse[ProjectTimer | AttendanceTimer]] = VENDOR.read_response
