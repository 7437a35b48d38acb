"""TimeTrack's calls: as the page shows them, as clients send them, hostile requests, and the client's side."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import punchclock as pc
from pages import covers
from punchclock import Event, State
from punchclock.units import SECOND
from punchclock.vendors import MalformedPayload, Rejection, timetrack
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import Operation, Request
from punchclock.vendors.errors import UnknownOperation
from punchclock.vendors.timetrack import (
    DIALECT,
    OPERATIONS,
    AttendanceTimer,
    GetAttendanceTimer,
    ProjectTimer,
    ProjectTimerOf,
    StartAttendanceTimer,
    StartProjectTimer,
    StopAttendanceTimer,
    parse,
)
from punchclock.vendors.workspace import Credential
from strategies import examples
from timetrack_demo import (
    ATTENDANCE,
    KEYS,
    PROJECT,
    SERVER_TIME,
    body,
    demo,
    error,
    make_request,
    post,
    read,
    send,
    start,
)

PAGE = tomllib.loads((Path(__file__).parent / "pages" / "timetrack.toml").read_text(encoding="utf-8"))["sentence"]
COMMANDS = [sentence["text"] for sentence in PAGE if sentence["text"].startswith("curl ")]

THREE = "2020-10-23T15:00:00.000Z"
FOUR = "2020-10-23T16:00:00.000Z"

# ---- the table -----------------------------------------------------------------------------------


@covers("timetrack", "Timer", "With timer endpoint you can:")
@covers("timetrack", "Timer", "Read current project timer")
@covers("timetrack", "Timer", "Start project timer")
@covers("timetrack", "Timer", "Pause project timer")
@covers("timetrack", "Timer", "Resume project timer")
@covers("timetrack", "Timer", "Stop project timer")
@covers("timetrack", "Timer", "Read current attendance timer")
@covers("timetrack", "Timer", "Start attendance timer")
@covers("timetrack", "Timer", "Stop attendance timer")
def test_there_is_a_call_for_each_listed_action() -> None:
    """The table has the page's eight calls in the page's order, one for each action that the page lists."""
    listed = [each["text"] for each in PAGE if each["heading"] == "Timer"][1:]
    assert [operation.name for operation in OPERATIONS] == [
        re.sub("^read_current_attendance", "get_attendance", text.lower().replace(" ", "_")).replace("_current", "")
        for text in listed
    ]


def test_every_event_is_a_call_of_the_table() -> None:
    """The dialect binds only existing calls; calls that read change nothing."""
    moving = {move.operation for move in DIALECT.bindings}
    assert moving == {operation.name for operation in OPERATIONS} - {"read_project_timer", "get_attendance_timer"}
    assert DIALECT.events == set(Event)
    assert DIALECT.resolution == SECOND


def test_every_path_has_two_spellings() -> None:
    """The documented path is the one in the page's commands; it is also accepted with or without ``timers/``."""
    timers, bare = "/api/v2/ext/timers", "/api/v2/ext"
    assert [(each.path, *each.aliases) for each in OPERATIONS] == [
        (f"{timers}/project_timer", f"{bare}/project_timer"),
        (f"{timers}/project_timer/start", f"{bare}/project_timer/start"),
        (f"{timers}/project_timer/pause", f"{bare}/project_timer/pause"),
        (f"{timers}/project_timer/resume", f"{bare}/project_timer/resume"),
        (f"{timers}/project_timer/stop", f"{bare}/project_timer/stop"),
        (f"{bare}/attendance_timer", f"{timers}/attendance_timer"),
        (f"{bare}/attendance_timer/start", f"{timers}/attendance_timer/start"),
        (f"{bare}/attendance_timer/stop", f"{timers}/attendance_timer/stop"),
    ]


# ---- as the page shows them ----------------------------------------------------------------------


def as_curl_sends_it(command: str) -> Request:
    """The request that a command of the page is. With ``-d`` and without ``-X`` curl sends a POST."""
    command = command.translate(str.maketrans("“”‘’", "\"\"''")).replace("TOKEN>‘", "TOKEN>'")
    address = re.search(r'"https://[^/]+(/[^"?]+)\??([^"]*)"', command)
    sent = re.search(r"-d \$'(.*)'$", command)
    assert address is not None
    assert sent is not None
    named = dict(re.findall(r"-H '([^:]+): ([^']+)['‘]", command.replace("‘", "'")))
    assert set(named) == {"Content-Type", "X-TimeTrack-Api-Secret", "X-TimeTrack-Api-Key"}
    headers = {name.lower(): value for name, value in named.items()}
    headers |= {"x-timetrack-api-secret": "timetrack-secret", "x-timetrack-api-key": "timetrack-key"}
    return Request(method="POST", path=address[1], query=address[2], headers=headers, body=sent[1].encode())


@covers(
    "timetrack",
    "Read project timer",
    "curl “https://testaccount.timetrackenterprise.com/api/v2/ext/timers/project_timer"
    "?username=test&date=2020-10-23T16:00:00.000Z” "
    "-H ‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H "
    "‘X-TimeTrack-Api-Key: <API_KEY>‘ -d $'{}’",
)
@covers(
    "timetrack",
    "Start project timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/timers/project_timer/start” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “username”: “test”, “clientName”: “Client 006”, “projectName”: “Project 006_1”, “date”: "
    "“2020-10-23T15:00:00.000Z” }’",
)
@covers(
    "timetrack",
    "Pause project timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/timers/project_timer/pause” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “date”: “2020-10-23T15:30:00.000Z”, “username”: “test” }’",
)
@covers(
    "timetrack",
    "Resume project timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/timers/project_timer/resume” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “date”: “2020-10-23T15:30:00.000Z”, “username”: “test” }’",
)
@covers(
    "timetrack",
    "Stop project timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/timers/project_timer/stop” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “date”: “2020-10-23T15:30:00.000Z”, “username”: “test” }’",
)
@covers(
    "timetrack",
    "Get attendance timer",
    "curl “https://testaccount.timetrackenterprise.com/api/v2/ext/attendance_timer"
    "?username=test&date=2020-10-23T16:00:00.000Z” "
    "-H ‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H "
    "‘X-TimeTrack-Api-Key: <API_KEY>‘ -d $'{}’",
)
@covers(
    "timetrack",
    "Start attendance timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/attendance_timer/start” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “username”: “test”, “date”: “2020-10-23T15:00:00.000Z” }’",
)
@covers(
    "timetrack",
    "Stop attendance timer",
    "curl -X “POST” “https://testaccount.timetrackenterprise.com/api/v2/ext/attendance_timer/stop” -H "
    "‘Content-Type: application/json’ -H ‘X-TimeTrack-Api-Secret: <API_SECRET_TOKEN>‘ -H ‘X-TimeTrack-Api-Key: "
    "<API_KEY>‘ -d $'{ “username”: “test”, “date”: “2020-10-23T15:00:00.000Z” }’",
)
def test_the_commands_of_the_page() -> None:
    """The page's curl commands, sent in order, are its calls, and each returns the timer."""
    account = demo()
    read_it, *commands = [as_curl_sends_it(command) for command in COMMANDS]
    assert len(commands) == 7

    assert error(send(account, read_it))[0] == 404  # nothing has been started yet
    shown = []
    for command in [*commands[:1], read_it, *commands[1:4]]:
        result = send(account, command)
        assert result.response.status == 200
        content = body(result)
        flag = next(name for name in ("playing", "paused", "stopped") if content[name])
        shown.append((result.operation, flag, content["workedSeconds"], content["breakSeconds"]))
        assert (content["username"], content["clientName"]) == ("test", "Client 006")
        assert (content["projectName"], content["startedAt"]) == ("Project 006_1", THREE)
    assert shown == [
        ("start_project_timer", "playing", 0, 0),
        ("read_project_timer", "playing", 3600, 0),
        ("pause_project_timer", "paused", 1800, 0),
        ("resume_project_timer", "playing", 1800, 0),
        ("stop_project_timer", "stopped", 1800, 0),
    ]

    get_it, begin, end = commands[4:]
    assert error(send(account, get_it))[0] == 404
    begun, got, ended = (body(send(account, each)) for each in (begin, get_it, end))
    assert (begun["user"], begun["from"], begun["to"], begun["workedMinutes"]) == ("test", THREE, None, 0)
    assert (got["id"], got["workedMinutes"]) == (begun["id"], 60)
    assert (ended["id"], ended["to"], ended["workedMinutes"]) == (begun["id"], THREE, 0)


# ---- as clients send them ------------------------------------------------------------------------

SPELLINGS = [
    (operation, path, method)
    for operation in OPERATIONS
    for path in (operation.path, *operation.aliases, f"{operation.path}/")
    for method in operation.methods
]


@pytest.mark.parametrize(("operation", "path", "method"), SPELLINGS, ids=[f"{each[2]} {each[1]}" for each in SPELLINGS])
def test_every_spelling_of_a_path_is_the_same_call(operation: Operation, path: str, method: str) -> None:
    """Paths work with and without ``timers/`` and a trailing slash; calls that read accept GET and POST."""
    account = demo()
    if "start" not in operation.name:
        start(account, THREE)
        post(account, f"{ATTENDANCE}/start", date=THREE, username="test")
    if "resume" in operation.name:
        post(account, f"{PROJECT}/pause", date=THREE, username="test")
    query = urlencode({"date": FOUR, "username": "test", "clientName": "Client 006", "projectName": "Project 006_1"})
    result = send(account, Request(method=method, path=path, query=query, headers=KEYS))
    assert (result.response.status, result.operation) == (200, operation.name)
    assert result.response.headers == {"content-type": "application/json"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "get", ""])
def test_other_methods_are_rejected(operation: Operation, method: str) -> None:
    """A method that a call does not accept gets 405, including GET for a call that changes something."""
    rejected = send(demo(), Request(method=method, path=operation.path, headers=KEYS))
    assert error(rejected)[:3] == (405, 15003, "Method not allowed")
    if "GET" not in operation.methods:
        assert error(read(demo(), operation.path, ""))[0] == 405


@pytest.mark.parametrize(
    "path", ["", "/", "/api/v2/ext", f"{PROJECT}/begin", f"{ATTENDANCE}/pause", "/api/v2/ext/clients", "/\x00", "//"]
)
def test_other_paths_are_rejected(path: str) -> None:
    """An unknown path gets 404 in the vendor's shape."""
    status, code, title, detail = error(read(demo(), path, ""))
    assert (status, code, title) == (404, 15002, "Resource does not exist")
    assert detail.startswith("there is no call at")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-timetrack-api-key": "timetrack-key"},
        {"x-timetrack-api-secret": "timetrack-secret"},
        KEYS | {"x-timetrack-api-key": "timetrack-secret"},
        KEYS | {"x-timetrack-api-secret": ""},
        KEYS | {"x-timetrack-api-secret": "\udcff"},
    ],
)
def test_both_credentials_are_needed(headers: dict[str, str]) -> None:
    """Without the account's key and secret a call is rejected and changes nothing."""
    example = {"username": "test", "clientName": "Client 006", "projectName": "Project 006_1", "date": THREE}
    request = Request(method="POST", path=f"{PROJECT}/start", headers=headers, body=msgspec.json.encode(example))
    rejected = error(send(demo(), request))
    assert rejected[:3] == (401, 15001, "API key or API secret is missing or wrong")


def test_an_account_without_a_key_is_closed() -> None:
    """If the account has no key, an empty key is rejected."""
    workspace = msgspec.structs.replace(demo().workspace, credentials={})
    request = Request(method="GET", path=ATTENDANCE, query=f"date={THREE}")
    assert error(send(MemoryAccount(workspace), request))[0] == 401


@covers(
    "timetrack",
    "Read project timer",
    "IMPORTANT: For each request you have to pass the local timestamp in order to get the right duration.",
)
def test_the_date_of_a_request_is_its_now() -> None:
    """Each call counts up to its own date, floored to the second; the server's clock is not used."""
    account = demo()
    start(account, "2020-10-23T15:00:00.900Z")
    content = body(read(account, PROJECT, "username=test&date=2020-10-23T15:00:02.100Z"))
    assert (content["startedAt"], content["workedSeconds"]) == (THREE, 2)
    paused = body(post(account, f"{PROJECT}/pause", username="test", date="2020-10-23T15:00:03.999Z"))
    assert paused["workedSeconds"] == 3


def test_parameters_may_stand_in_the_query_of_any_call() -> None:
    """Parameters are read from the query and from the body, together."""
    account = demo()
    request = Request(
        method="POST",
        path=f"{PROJECT}/start",
        query=f"date={THREE}&username=test",
        headers=KEYS,
        body=b'{"clientName": "Client 006", "projectName": "Project 006_1", "unheard": [1]}',
    )
    assert send(account, request).response.status == 200


# ---- the client's side ---------------------------------------------------------------------------

CALLS: list[tuple[str, msgspec.Struct]] = [
    (
        "start_project_timer",
        StartProjectTimer(
            date=THREE,
            username="test",
            client_name="Client 006",
            project_name="Project 006_1",
            task_name="Design",
            note="screens & more, 100 %",
        ),
    ),
    ("read_project_timer", ProjectTimerOf(date=FOUR, username="test")),
    ("pause_project_timer", ProjectTimerOf(date=FOUR, username="test")),
    ("resume_project_timer", ProjectTimerOf(date=FOUR, username="test")),
    ("stop_project_timer", ProjectTimerOf(date=FOUR, username="test")),
    ("start_attendance_timer", StartAttendanceTimer(date=THREE, username="test", latitude=1.5, longitude=-2.5)),
    ("get_attendance_timer", GetAttendanceTimer(date=FOUR)),
    ("stop_attendance_timer", StopAttendanceTimer(date=FOUR, username="test", latitude_end=1.0, longitude_end=2.0)),
]


def test_the_form_of_an_outgoing_call() -> None:
    """A call that reads is a GET with its parameters in the query, one that changes a POST with them in a JSON body.

    What is not given is not sent.
    """
    headers = {"content-type": "application/json"} | KEYS
    asked_for = make_request("read_project_timer", ProjectTimerOf(date=THREE, username="test"))
    path, query = PROJECT, f"date={quote(THREE)}&username=test"
    assert asked_for == Request(method="GET", path=path, query=query, headers=headers)
    asked_for = make_request("get_attendance_timer", GetAttendanceTimer(date=THREE))
    assert asked_for == Request(method="GET", path=ATTENDANCE, query=f"date={quote(THREE)}", headers=headers)
    least: list[tuple[str, msgspec.Struct, str, dict[str, str]]] = [
        ("pause_project_timer", ProjectTimerOf(date=THREE, username="test"), f"{PROJECT}/pause", {}),
        (
            "start_project_timer",
            StartProjectTimer(date=THREE, username="test", client_name="Client 006", project_name="Project 006_1"),
            f"{PROJECT}/start",
            {"clientName": "Client 006", "projectName": "Project 006_1"},
        ),
        ("start_attendance_timer", StartAttendanceTimer(date=THREE, username="test"), f"{ATTENDANCE}/start", {}),
        ("stop_attendance_timer", StopAttendanceTimer(date=THREE, username="test"), f"{ATTENDANCE}/stop", {}),
    ]
    for name, parameters, path, more in least:
        asked_for = make_request(name, parameters)
        assert asked_for == Request(method="POST", path=path, headers=headers, body=asked_for.body)
        assert msgspec.json.decode(asked_for.body) == {"date": THREE, "username": "test"} | more


@pytest.mark.parametrize(
    "parameters", dict.fromkeys(each.request for each in OPERATIONS), ids=lambda each: each.__name__
)
def test_parameters_are_given_by_name(parameters: Any) -> None:  # noqa: ANN401 - a request type
    """Request types accept keyword arguments only, so that texts cannot be confused."""
    with pytest.raises(TypeError, match="positional"):
        parameters(THREE)


def test_round_trip_of_each_call() -> None:
    """The client's side reads the server's response to each call as the stored timer."""
    account = demo()
    for name, parameters in CALLS:
        request = make_request(name, parameters)
        assert timetrack.validate(request, account, SERVER_TIME) is None
        result = send(account, request)
        assert result.operation == name
        response = result.response
        record = timetrack.read_response(name, response.status, response.headers, response.body, now=pc.instant(FOUR))
        (stored,) = account.find(Query(of=type(record))).records
        assert record.timer.state is stored.timer.state
        assert pc.worked_at(record.timer, pc.instant(FOUR)) == pc.worked_at(stored.timer, pc.instant(FOUR))
        assert (record.person.name, record.note) == (stored.person.name, stored.note)
        if isinstance(record, AttendanceTimer) and isinstance(stored, AttendanceTimer):
            assert record == msgspec.structs.replace(stored, person=record.person)
    assert {name for name, _ in CALLS} == {operation.name for operation in OPERATIONS}


def test_a_response_is_read_without_its_time() -> None:
    """A timer's object is complete, so it is read the same without the instant of the response."""
    account = demo()
    response = start(account, THREE).response
    parsed = timetrack.read_response("start_project_timer", response.status, response.headers, response.body)
    assert parsed == timetrack.read_response(
        "start_project_timer", response.status, response.headers, response.body, now=5
    )
    assert parsed.timer == pc.start(pc.instant(THREE))


def test_a_rejection_is_read() -> None:
    """A rejection reaches the client as a typed error with the vendor's status, code, title and detail."""
    account = demo()
    request = make_request("pause_project_timer", ProjectTimerOf(date=THREE, username="nobody"))
    foreseen = timetrack.validate(request, account, SERVER_TIME)
    response = send(account, request).response
    with pytest.raises(Rejection) as rejected:
        timetrack.read_response("pause_project_timer", response.status, response.headers, response.body, now=0)
    assert foreseen is not None
    parsed = rejected.value
    assert (parsed.vendor, parsed.status, parsed.vendor_code) == ("timetrack", 404, 15007)
    assert (parsed.message, parsed.detail) == (foreseen.message, foreseen.detail)
    assert parsed.detail == "username: there is no user 'nobody'"


def test_the_vendors_own_example_of_an_error_is_read() -> None:
    """The error object on the vendor's API page is a rejection, and so is an empty one."""
    example = (
        b'{"errors": [{"title": "TimeEntry exist but it is deleted", "status": 404, "code": 15020, "detail": null}]}'
    )
    with pytest.raises(Rejection) as rejected:
        timetrack.read_response("read_project_timer", 404, {}, example, now=0)
    assert (rejected.value.vendor_code, rejected.value.message) == (15020, "TimeEntry exist but it is deleted")
    with pytest.raises(Rejection) as silent:
        timetrack.read_response("read_project_timer", 500, {}, b'{"errors": []}', now=0)
    assert (silent.value.status, silent.value.vendor_code, silent.value.message) == (500, 0, "")


def test_the_first_of_several_errors_is_read() -> None:
    """Of a list of errors the first is used; its numbers may be strings, and its texts may be missing."""
    first = {"title": "Too late", "status": "409", "code": "15021", "detail": "it ended"}
    for errors, code, message, detail in (
        ([first, {"title": "Too early", "code": 15022}], 15021, "Too late", "it ended"),
        ([{"code": 15022}], 15022, "", ""),
    ):
        with pytest.raises(Rejection) as rejected:
            timetrack.read_response("read_project_timer", 409, {}, msgspec.json.encode({"errors": errors}), now=0)
        assert (rejected.value.status, rejected.value.vendor_code) == (409, code)
        assert (rejected.value.message, rejected.value.detail) == (message, detail)


def test_a_rejection_is_a_status_from_400_on() -> None:
    """Below 400 the body is a timer; from 400 the response is a rejection, whatever the body is."""
    timer = start(demo(), THREE).response.body
    for status in (200, 201, 399):
        assert timetrack.read_response("start_project_timer", status, {}, timer, now=0).timer.state is State.RUNNING
    for status in (400, 401):
        with pytest.raises(Rejection) as rejected:
            timetrack.read_response("start_project_timer", status, {}, timer, now=0)
        assert rejected.value.status == status


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"\xff", b'{"errors": 5}'])
def test_a_response_of_a_proxy(content: bytes) -> None:
    """A page of a proxy is malformed; with an error status it is a rejection without a message."""
    with pytest.raises(MalformedPayload):
        timetrack.read_response("read_project_timer", 200, {}, content, now=0)
    with pytest.raises(Rejection) as rejected:
        timetrack.read_response("read_project_timer", 502, {}, content, now=0)
    assert (rejected.value.status, rejected.value.vendor_code, rejected.value.message) == (502, 0, "")


def test_an_unknown_operation() -> None:
    """An unknown call raises an error that lists the known calls."""
    with pytest.raises(UnknownOperation) as unknown:
        make_request("erase_timer", ProjectTimerOf(date=THREE, username="test"))
    assert unknown.value.known == tuple(operation.name for operation in OPERATIONS)


def test_an_example_needs_a_key_a_person_and_a_client_s_project() -> None:
    """There is an example call only if the account has everything that it names."""
    workspace = demo().workspace
    assert timetrack.example(workspace, SERVER_TIME) is not None
    ours = {"21": msgspec.structs.replace(workspace.projects["21"], client=None)}
    lacks: list[dict[str, Any]] = [
        {"credentials": {}},
        {"credentials": {"timetrack": Credential(secret="timetrack-secret")}},
        {"people": {}},
        {"projects": {}},
        {"projects": ours},
    ]
    for lacking in lacks:
        assert timetrack.example(msgspec.structs.replace(workspace, **lacking), SERVER_TIME) is None
    clients = msgspec.structs.replace(workspace, projects=ours | {"22": workspace.projects["22"]})
    asked_for = timetrack.example(clients, SERVER_TIME)
    assert asked_for is not None
    assert body(send(MemoryAccount(clients), asked_for))["projectName"] == "Project 007_1"


# ---- hostile requests ----------------------------------------------------------------------------

LONG = "x" * 1_000_000

HOSTILE: list[tuple[str, bytes, int, int]] = [
    # query, body, status, code
    ("", b"{", 400, 15000),
    ("", b"\xff", 400, 15000),
    ("", b"[]", 400, 15000),
    ("", b"null", 400, 15000),
    ("", b"[" * 100_000, 400, 15000),
    ("", b'{"date": NaN}', 400, 15000),
    ("", b"<date>2020</date>", 400, 15000),
    ("", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 400, 15000),
    ("date=%FF", b"", 400, 15000),
    ("&".join(f"p{number}=1" for number in range(200)), b"", 400, 15000),
    ("date=1&date=2", b"", 400, 15005),
    ("date=1", b'{"date": "1"}', 400, 15005),
    ("", b"", 400, 15004),
    ("date=&username=test", b"", 400, 15004),
    ("username=test", b'{"date": null}', 400, 15004),
    (f"date={THREE}", b"", 400, 15004),
    ("username=test", b'{"date": 1603465200}', 400, 15006),
    ("username=test", b'{"date": 1e400}', 400, 15000),
    ("username=test", b'{"date": true}', 400, 15006),
    ("username=test", b'{"date": ["2020-10-23T15:00:00Z"]}', 400, 15006),
    ("username=test", b'{"date": {}}', 400, 15006),
    (f"date={THREE}", b'{"username": 5}', 400, 15006),
    (f"date={THREE}", b'{"username": -1e300}', 400, 15006),
    (f"date={THREE}", b'{"username": "te\\u0000st"}', 400, 15006),
    (f"date={THREE}", b'{"username": "te\\ud800st"}', 400, 15000),
    ("username=test&date=2020-02-30T15:00:00Z", b"", 400, 15006),
    ("username=test&date=2020-10-23T25:00:00Z", b"", 400, 15006),
    ("username=test&date=2020-10-23", b"", 400, 15006),
    ("username=test&date=2020-10-23T15:00:00", b"", 400, 15006),
    ("username=test&date=2020-10-23T15:00:00%2B02:00", b"", 400, 15006),
    ("username=test&date=-2020-10-23T15:00:00Z", b"", 400, 15006),
    (f"username=test&date={'9' * 256}", b"", 400, 15006),
    (f"username=test&date={LONG}", b"", 400, 15006),
    (f"username={'x' * 256}&date={THREE}", b"", 404, 15007),
    (f"username={LONG}&date={THREE}", b"", 404, 15007),
    (f"username=TEST&date={THREE}", b"", 404, 15007),
    (f"username={quote('Ώ')}&date={THREE}", b"", 404, 15007),
]


@pytest.mark.parametrize(("query", "content", "status", "code"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_requests_get_an_error_of_the_vendor(query: str, content: bytes, status: int, code: int) -> None:
    """Any invalid request gets the vendor's error with its code, in a short body, and changes nothing."""
    account = demo()
    start(account, THREE)
    before = account.find(Query(of=ProjectTimer))
    request = Request(method="POST", path=f"{PROJECT}/stop", query=query, headers=KEYS, body=content)
    result = send(account, request)
    assert error(result)[:2] == (status, code)
    assert len(result.response.body) < 1000
    assert account.find(Query(of=ProjectTimer)) == before


def test_a_note_of_any_length() -> None:
    """The page does not limit the length of a note; a long one is stored unchanged, with its line breaks."""
    account = demo()
    for note in ("x" * 256, LONG, "line\nline\ttab", "<script>&amp;\u2028 Ω"):
        assert body(start(account, THREE, note=note))["note"] == note
        post(account, f"{PROJECT}/stop", date=THREE, username="test")


texts = (
    st.text(max_size=20)
    | st.sampled_from(["test", "admin", "nobody", "Client 006", "Client 007", "Project 006_1", "Design", "Archive"])
    | st.sampled_from([THREE, "2020-10-23T15:59:59.999Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
    | st.sampled_from(["", "90", "-181", "nan", "1e999"])
)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Any] = texts | st.none() | st.booleans() | numbers | st.lists(texts)
names = st.sampled_from(
    sorted({field.encode_name for each in OPERATIONS for field in msgspec.structs.fields(each.request)} | {"id", "now"})
)
usual = st.fixed_dictionaries(
    {
        "date": st.sampled_from([THREE, FOUR, "2020-10-23T15:30:00Z", "2020-10-23T15:30:30.500Z"]),
        "username": st.sampled_from(["test", "admin"]),
        "clientName": st.just("Client 006"),
        "projectName": st.just("Project 006_1"),
    }
)
parameters = (
    usual
    | st.dictionaries(names, values)
    | st.tuples(usual, st.dictionaries(names, values, max_size=2)).map(lambda both: {**both[0], **both[1]})
)
requests = st.builds(
    Request,
    method=st.sampled_from(["POST", "POST", "GET", "PUT", ""]),
    path=st.sampled_from([path for each in OPERATIONS for path in (each.path, *each.aliases)]) | st.text(max_size=30),
    query=st.just("") | st.dictionaries(names, texts, max_size=3).map(urlencode) | st.text(max_size=30),
    headers=st.just(KEYS) | st.dictionaries(st.sampled_from([*KEYS, "content-type"]), st.text(max_size=20)),
    body=parameters.map(msgspec.json.encode) | st.binary(max_size=50),
)


@settings(max_examples=examples(300))
@given(st.lists(requests, max_size=12))
def test_any_request_gets_a_documented_response(sent: list[Request]) -> None:
    """The response is a timer object or an error object, and only the former changes anything."""
    account = demo()
    for request in sent:
        result = send(account, request)
        status = result.response.status
        if status == 200:
            assert result.rejection is None
            assert parse(result.response.body, 0).timer.state is not State.IDLE
            assert len(result.changes) == (0 if result.operation.startswith(("read_", "get_")) else 1)
        else:
            assert error(result)[0] in {400, 401, 404, 405, 409}
            assert str(timetrack.validate(request, account, SERVER_TIME)) == str(result.rejection)
