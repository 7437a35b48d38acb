"""Zoho People's calls: as the page shows them, as clients send them, hostile requests, and the client's side."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from pages import covers
from punchclock import State, Timer
from punchclock.units import HOUR
from punchclock.vendors import MalformedPayload, Rejection, zoho
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import CallResult, Limit, Operation, Request
from punchclock.vendors.errors import UnknownOperation
from punchclock.vendors.workspace import Credential, Job
from punchclock.vendors.zoho import (
    OPERATIONS,
    AddComment,
    Comment,
    DeleteComment,
    GetComments,
    GetRunningTimer,
    PauseTimer,
    ResumeTimer,
    StartTimer,
    ZohoTimer,
)
from strategies import examples
from zoho_demo import (
    NINE,
    PAGE,
    ROOT,
    START,
    ZONE,
    account,
    body_of,
    get,
    make_request,
    rejected,
    send,
    sentences,
    start,
    timelog,
)

HEADINGS = list(dict.fromkeys(sentence["heading"] for sentence in PAGE))[1:]

#: Each call of the page: its heading, the names of its rows in the table, its path.
CALLS = dict(
    zip(
        HEADINGS,
        [
            (("start_timer",), "timer"),
            (("pause_timer", "resume_timer"), "timer"),
            (("get_running_timer",), "getcurrentlyrunningtimer"),
            (("get_comments",), "getcomments"),
            (("add_comment",), "addcomment"),
            (("delete_comment",), "deletecomment"),
        ],
        strict=True,
    )
)


def operation(name: str) -> Operation:
    """The row of the table with this name."""
    return next(row for row in OPERATIONS if row.name == name)


def canonical(document: str | bytes) -> str:
    """A document without what XML leaves to the writer."""
    return ET.canonicalize(document if isinstance(document, str) else document.decode(), strip_text=True)


def tree(document: bytes) -> ET.Element:
    """A response in XML, read by a parser that is not ours."""
    return ET.fromstring(document)  # noqa: S314 what the code under test has written


def paused(id: str, *comments: Comment, person: str = "3", job: Job | None = None) -> ZohoTimer:
    """Return a timelog that was paused at nine."""
    timer = Timer(State.PAUSED, NINE - HOUR, NINE, HOUR)
    return ZohoTimer(id=id, timer=timer, person=account().workspace.people[person], comments=comments, job=job)


def runs(record: ZohoTimer) -> ZohoTimer:
    """Return the same timelog, running since nine."""
    return replace(record, timer=replace(record.timer, state=State.RUNNING))


# ---- the table -----------------------------------------------------------------------------------


@covers(
    "zoho",
    "Timer API",
    "These APIs are used to start a new timer, to resume/pause an existing timer, to get "
    "current running timer, to add comments for the timer, delete comments for the timer and "
    "to get comments for the timer.",
)
@covers("zoho", "Start timer API", "This API is used to start a new timer.")
@covers("zoho", "Pause/Resume timer API", "This API is used to resume/pause an existing timer.")
@covers("zoho", "Get currently running timer API", "This API is used to get the currently running timer.")
@covers("zoho", "Get comments for timer API", "This API is used to get comments for the timer API.")
@covers("zoho", "Add comment for timer API", "This API is used to add comments for the running timer .")
@covers("zoho", "Delete comment for timer API", "This API is used to delete comments of a timer.")
def test_there_is_a_call_for_each_action() -> None:
    """The table has a call for each action on the page and no others."""
    assert {name for names, _ in CALLS.values() for name in names} == {row.name for row in OPERATIONS}
    for names, path in CALLS.values():
        for name in names:
            assert operation(name).path == f"{ROOT}/{path}"


@covers(
    "zoho",
    "Start timer API",
    "http://people.zoho.com/people/api/timetracker/timer?authtoken=<authtoken>&user=<user>&work"
    "Date= <workDate>&jobId=<jobId>&timer=<timer>&workItem= "
    "<workItem>&dateFormat=<dateFormat>&billingStatus=<billingStatus>",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    "http://people.zoho.com/people/api/timetracker/timer?authtoken=<authtoken>&timeLogId=<timeLogId>&timer=<timer>",
)
@covers(
    "zoho",
    "Get currently running timer API",
    "http://people.zoho.com/people/api/timetracker/getcurrentlyrunningtimer?authtoken=<authtoke"
    "n>&dateFormat=<dateFormat>",
)
@covers(
    "zoho",
    "Get comments for timer API",
    "http://people.zoho.com/people/api/timetracker/getcomments?authtoken=<authtoken>&timeLogId=<timeLogId>",
)
@covers(
    "zoho",
    "Add comment for timer API",
    "http://people/api/timetracker/addcomment?authtoken=369d0d85b1e3034dcdc5ba18f0&timeLogId=<t"
    "imelogId>&comment=<comment>",
)
@covers(
    "zoho",
    "Delete comment for timer API",
    "http://people.zoho.com/people/api/timetracker/deletecomment?authtoken=<authtoken>&commentId=<commentId>",
)
@pytest.mark.parametrize("heading", HEADINGS)
def test_the_urls_of_the_page_are_calls_of_the_table(heading: str) -> None:
    """Each URL has the path or an alias of a call and only parameters of that call."""
    url = urlsplit(sentences(heading, "http")[0])
    names, _ = CALLS[heading]
    for row in map(operation, names):
        path = f"/people{url.path}" if url.netloc == "people" else url.path
        assert path == row.path
        assert url.path in (row.path, *row.aliases)
        known = row.request.__struct_encode_fields__
        assert {name for name, _ in parse_qsl(url.query.replace(" ", ""))} - {"authtoken"} <= set(known)


SPELLINGS = [
    (row, path, method)
    for row in OPERATIONS
    for path in (row.path, *row.aliases, f"{row.path}/")
    for method in ("GET", "POST")
]

#: What each call needs, on the account that `ready` makes.
SENT: dict[str, dict[str, str]] = {
    "start_timer": {**START, "user": "5"},
    "pause_timer": {"timeLogId": "20", "timer": "stop"},
    "resume_timer": {"timeLogId": "30", "timer": "start"},
    "get_running_timer": {},
    "get_comments": {"timeLogId": "30"},
    "add_comment": {"timeLogId": "20", "comment": "Hello, workspace & all"},
    "delete_comment": {"commentId": "31"},
}
CALLER = {"start_timer": 5, "resume_timer": 2, "get_comments": 2, "delete_comment": 2}


def ready() -> MemoryAccount:
    """An account in which each of these calls succeeds: 20 runs and is 3's, 30 is paused, has a comment and is 2's."""
    comment = Comment(id="31", at=NINE, text="Done")
    return account(runs(paused("20")), paused("30", comment, person="2"))


@pytest.mark.parametrize(
    ("row", "path", "method"), SPELLINGS, ids=[f"{each[0].name} {each[2]} {each[1]}" for each in SPELLINGS]
)
def test_every_spelling_of_a_path_is_the_same_call(row: Operation, path: str, method: str) -> None:
    """GET and POST, with and without a trailing slash, and the page's own URL of "add comment"."""
    query = urlencode({"authtoken": f"zoho-token-{CALLER.get(row.name, 3)}", **SENT[row.name]})
    result = send(ready(), Request(method=method, path=path, query=query), NINE)
    assert result.response.status == 200
    assert result.operation == row.name
    assert body_of(result)["uri"] == row.path.removeprefix("/people")


FORMS: dict[str, tuple[Callable[[dict[str, str]], str], str]] = {
    "form": (urlencode, "application/x-www-form-urlencoded"),
    "form in capitals": (urlencode, "Application/X-WWW-Form-Urlencoded"),
    "form without a type": (urlencode, ""),
    "json": (lambda sent: msgspec.json.encode(sent).decode(), "application/json; charset=utf-8"),
    "json in capitals": (lambda sent: msgspec.json.encode(sent).decode(), "Application/JSON"),
    "json without a type": (lambda sent: msgspec.json.encode(sent).decode(), ""),
    "multipart": (
        lambda sent: (
            "".join(
                f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in sent.items()
            )
            + "--cut--\r\n"
        ),
        "Multipart/Form-Data; boundary=cut",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row", OPERATIONS, ids=[row.name for row in OPERATIONS])
def test_parameters_in_a_body(row: Operation, form: str) -> None:
    """In a form, JSON or multipart, parameters give the same response and change as in the query."""
    write, media = FORMS[form]
    sent = {"authtoken": f"zoho-token-{CALLER.get(row.name, 3)}", **SENT[row.name]}
    headers = {"content-type": media} if media else {}
    body = write(sent).encode()
    by_body = send(ready(), Request(method="POST", path=row.path, headers=headers, body=body), NINE)
    by_query = send(ready(), Request(method="GET", path=row.path, query=urlencode(sent)), NINE)
    assert by_body == by_query
    assert by_body.response.status == 200


def test_query_and_body_may_share_the_parameters() -> None:
    """The token may be in the query and the rest in the body; nulls and blanks there are ignored."""
    body = msgspec.json.encode({**START, "user": 3, "description": None, "dateFormat": ""})
    call = Request(method="POST", path=f"{ROOT}/timer", query="authtoken=zoho-token-3", body=body)
    assert send(account(), call, NINE).response.status == 200


@pytest.mark.parametrize(
    "media", ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_a_body_may_be_absent_whatever_its_type(media: str) -> None:
    """A content type without a body is accepted."""
    request = replace(make_request("getcurrentlyrunningtimer"), headers={"content-type": media})
    assert send(account(), request, NINE).response.status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "get", "", "x" * 10**6])
@pytest.mark.parametrize("row", OPERATIONS, ids=[row.name for row in OPERATIONS])
def test_other_methods_are_rejected(row: Operation, method: str) -> None:
    """They get 405 in the vendor's shape."""
    for path in (row.path, f"{row.path}/"):
        result = send(account(), Request(method=method, path=path, query="authtoken=zoho-token-3"), NINE)
        assert result.response.status == 405
        assert rejected(result)[1] == 405
        assert body_of(result)["uri"] == row.path.removeprefix("/people")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        ROOT,
        f"{ROOT}/timers",
        f"{ROOT}/timer/5",
        "/people/api",
        "/\x00",
        "/" + "x" * 10**6,
        f"{ROOT}/Timer",
        "/\ud800",
    ],
)
@pytest.mark.parametrize("xml", [False, True])
def test_other_paths_are_rejected(path: str, *, xml: bool) -> None:
    """They get 404, and the response repeats nothing that was sent."""
    result = send(account(), Request(method="GET", path=path, query="format=xml" if xml else ""), NINE)
    assert result.response.status == 404
    assert result.operation == ""
    if xml:
        assert tree(result.response.body).get("uri") == "/api/timetracker"
    else:
        assert body_of(result)["uri"] == "/api/timetracker"
        assert rejected(result)[:2] == ("The call does not exist", 404)


# ---- credentials ---------------------------------------------------------------------------------


@covers("zoho", "Start timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Pause/Resume timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Get currently running timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Get comments for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Add comment for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Delete comment for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("authtoken=zoho-token-3", {}),
        ("", {"authorization": "Zoho-oauthtoken zoho-token-3"}),
        ("", {"authorization": "zoho-oauthtoken  zoho-token-3 "}),
        ("", {"authorization": "Bearer zoho-token-3"}),
        ("authtoken=zoho-token-1", {"authorization": "Bearer zoho-token-3"}),
        ("authtoken=zoho-token-3", {"authorization": "Basic eDp5"}),
    ],
)
def test_the_token_identifies_the_caller(query: str, headers: dict[str, str]) -> None:
    """It is the page's parameter or the header that clients send today; the header takes precedence."""
    stored = account()
    start(stored)
    for path in ("getcurrentlyrunningtimer", "timer"):
        call = Request(method="GET", path=f"{ROOT}/{path}", query=f"{query}&timeLogId=1001&timer=stop", headers=headers)
        assert send(stored, call, NINE).response.status == 200


@covers("zoho", "Start timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Pause/Resume timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Get currently running timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Get comments for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Add comment for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@covers("zoho", "Delete comment for timer API", "*authtoken<authtoken><Mandatory>Specify the authentication token")
@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {}),
        ("authtoken=", {}),
        ("authtoken=zoho-token-9", {}),
        ("authtoken=zoho-token-", {}),
        ("authtoken=" + "x" * 10**6, {}),
        ("authtoken=%00", {}),
        ("", {"authorization": "zoho-token-3"}),
        ("", {"authorization": "Zoho-oauthtoken"}),
        ("", {"authorization": "Token zoho-token-3"}),
        ("authtoken=zoho-token-3", {"authorization": "Bearer wrong"}),
    ],
)
@pytest.mark.parametrize("row", OPERATIONS, ids=[row.name for row in OPERATIONS])
def test_a_missing_or_wrong_token(row: Operation, query: str, headers: dict[str, str]) -> None:
    """It gets the code that clients know for an invalid token, in the shape of the call."""
    call = Request(
        method="GET", path=row.path, query="&".join(filter(None, (query, urlencode(SENT[row.name])))), headers=headers
    )
    result = send(ready(), call, NINE)
    assert result.response.status == 401
    assert rejected(result)[1:] == (7202, "Invalid Authtoken")
    assert body_of(result)["uri"] == row.path.removeprefix("/people")
    assert isinstance(body_of(result)["errors"], list) == (
        row.name in {"get_comments", "add_comment", "delete_comment"}
    )


def test_an_id_may_be_a_number_in_json_up_to_64_bits() -> None:
    """A number up to 64 bits is the same id as its digits; larger ids must be strings."""
    highest = 2**64 - 1
    for value, fits in ((highest, True), (highest + 1, False), (str(highest + 1), True)):
        stored = account(runs(paused(str(value))))
        body = msgspec.json.encode({"timeLogId": value, "timer": "stop"})
        call = Request(method="POST", path=f"{ROOT}/timer", query="authtoken=zoho-token-3", body=body)
        assert (send(stored, call, NINE).response.status == 200) == fits
        assert (timelog(stored, str(value)).timer.state is State.PAUSED) == fits


def test_a_token_of_another_type() -> None:
    """A number, a list or null is not a token."""
    tokens: list[object] = [5, [], None, {}]
    for token in tokens:
        call = Request(method="POST", path=f"{ROOT}/timer", body=msgspec.json.encode({"authtoken": token}))
        assert send(account(), call, NINE).response.status == 401


# ---- the page's own requests and responses -----------------------------------------------------------

TOKENS = ["28ac426a249678c8867a0d93bb373912", "1408d03bff741277ec9465eca625d390", "745bd43eff7a164a02bad52f0011fd35"]


def on_the_page(*records: ZohoTimer) -> MemoryAccount:
    """The account behind the page's samples: its tokens are Charles's, who is person 3, and its job is there."""
    workspace = account(jobs=(Job(id="492688000000806005", name="UI designing"),)).workspace
    charles = replace(workspace.people["3"], email="charles@zohocorp.com")
    credentials = {"zoho": Credential(tokens=dict.fromkeys(TOKENS, "3"))}
    return MemoryAccount(
        replace(workspace, people={**workspace.people, "3": charles}, credentials=credentials), records
    )


def example(heading: str, *, xml: bool = False) -> Request:
    """The example of a call on the page, without the blanks that its typesetting put between the lines."""
    url = urlsplit(sentences(heading, "http")[-1].replace("& ", "&").replace("24967 8c", "249678c"))
    query = url.query.replace(" ", "%20")
    return Request(method="GET", path=url.path, query=query, headers={"accept": "application/xml"} if xml else {})


SAID = Comment(id="492688000000821129", at=pc.instant("2019-04-06T15:22:28Z"), text="Complete security testing")

#: Heading → what the account holds beforehand.
BEFORE: dict[str, tuple[ZohoTimer, ...]] = {
    "Start timer API": (paused("492688000000819008", person="5"),),
    "Pause/Resume timer API": (paused("281496000000264017"),),
    "Get comments for timer API": (paused("177402000000936001", SAID),),
    "Add comment for timer API": (runs(paused("293141000000147001", replace(SAID, id="492688000000822000"))),),
    "Delete comment for timer API": (paused("5", replace(SAID, id="293141000000144053")),),
}


@covers(
    "zoho",
    "Start timer API",
    "http://people.zoho.com/people/api/timetracker/timer?authtoken=28ac426a249678c8867a0d93bb37"
    "3912&user=charles@zohocorp.com& "
    "jobId=492688000000806005&workDate=2019-04-05&timer=start&billingStatus=Billable",
)
@covers(
    "zoho",
    "Start timer API",
    '{ "response": { "result": [ { "timeLogId": "492688000000819009" } ], "message": "Timelog '
    'entry added Successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    "http://people.zoho.com/people/api/timetracker/timer?authtoken=28ac426a24967 "
    "8c8867a0d93bb373912&timeLogId=281496000000264017&timer=start",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer Paused successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@covers(
    "zoho",
    "Get comments for timer API",
    "https://people.zoho.com/people/api/timetracker/getcomments?authtoken=1408d03bff741277ec946"
    "5eca625d390&timeLogId=177402000000936001",
)
@covers(
    "zoho",
    "Get comments for timer API",
    '{ "response": { "result": [ { "commentId": "492688000000821129", "createdTime": '
    '"06-04-2019 , 17:22:28", "comment": "Complete security testing" } ], "message": "Timer '
    'Comments fetched successfully", "uri": "/api/timetracker/getcomments", "status": 0 } }',
)
@covers(
    "zoho",
    "Add comment for timer API",
    "http://people.zoho.com/people/api/timetracker/addcomment?authtoken=745bd43eff7a164a02bad52"
    "f0011fd35&timeLogId=293141000000147001&comment=Complete security testing",
)
@covers(
    "zoho",
    "Add comment for timer API",
    '{ "response": { "result": [ { "commentId": "492688000000822001" } ], "message": "Timer '
    'Comment Added successfully", "uri": "/api/timetracker/addcomment", "status": 0 } }',
)
@covers(
    "zoho",
    "Delete comment for timer API",
    "https://people.zoho.com/people/api/timetracker/deletecomment?authtoken=745bd43eff7a164a02b"
    "ad52f0011fd35&commentId=293141000000144053",
)
@covers(
    "zoho",
    "Delete comment for timer API",
    '{ "response": { "message": "Timer Comments deleted successfully", "uri": '
    '"/api/timetracker/deletecomment", "status": 0 } }',
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer resumed successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer Paused successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@pytest.mark.parametrize("heading", BEFORE)
def test_the_examples_of_the_page_in_json(heading: str) -> None:
    """Each example request gets the page's example response, except that a resume has its own message."""
    sample = sentences(heading, '{ "response"')[-1].encode()
    stored = on_the_page(*BEFORE[heading])
    result = send(stored, example(heading), NINE)
    assert result.response.headers["content-type"] == "application/json;charset=UTF-8"
    if heading == "Pause/Resume timer API":  # the page shows a resume and the response of a pause
        sample = sample.replace(b"Paused", b"resumed")
    assert msgspec.json.format(result.response.body, indent=0) == msgspec.json.format(sample, indent=0)


@covers(
    "zoho",
    "Start timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/timer"> '
    "<status>0</status> <message>Timelog entry added Successfully</message> <result> "
    "<timeLogId>4926880000f00819003</timeLogId> </result> </response>",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/timer"> '
    "<status>0</status> <message>Timer Paused successfully</message> </response>",
)
@covers(
    "zoho",
    "Get comments for timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/getcomments"> '
    "<status>0</status> <message>Timer Comments fetched successfully</message> <result> "
    "<Comment> <commentId>492688000000821129</commentId> <createdTime>06-04-2019 , "
    "17:22:28</createdTime> <comment>Complete security testing</comment> </Comment> </result> "
    "</response>",
)
@covers(
    "zoho",
    "Add comment for timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/addcomment"> '
    "<status>0</status> <message>Timer Comment Added successfully</message> <result> "
    "<commentId>492688000000822001</commentId> </result> </response>",
)
@covers(
    "zoho",
    "Delete comment for timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/deletecomment"> '
    "<status>0</status> <message>Timer Comments deleted successfully</message> </response>",
)
@pytest.mark.parametrize("heading", BEFORE)
def test_the_examples_of_the_page_in_xml(heading: str) -> None:
    """The same in XML, except for an id with a letter: this account creates numbers."""
    (sample,) = sentences(heading, "<?xml")
    stored = on_the_page(*BEFORE[heading])
    result = send(stored, example(heading, xml=True), NINE)
    assert result.response.headers["content-type"] == "application/xml;charset=UTF-8"
    sample = sample.replace("4926880000f00819003", "492688000000819009")
    if heading == "Pause/Resume timer API":
        sample = sample.replace("Paused", "resumed")
    assert canonical(result.response.body) == canonical(sample)


@covers(
    "zoho",
    "Pause/Resume timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response uri="/api/timetracker/timer"> '
    "<status>0</status> <message>Timer Paused successfully</message> </response>",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer Paused successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
def test_the_response_of_a_pause() -> None:
    """The response that the page shows under a resume is that of a pause, in JSON and in XML."""
    heading = "Pause/Resume timer API"
    for xml in (False, True):
        call = example(heading, xml=xml)
        stored = on_the_page(runs(paused("281496000000264017")))
        response = send(
            stored, replace(call, query=call.query.replace("timer=start", "timer=stop")), NINE
        ).response.body
        if xml:
            assert canonical(response) == canonical(sentences(heading, "<?xml")[0])
        else:
            sample = sentences(heading, '{ "response"')[-1].encode()
            assert msgspec.json.format(response, indent=0) == msgspec.json.format(sample, indent=0)


@covers(
    "zoho",
    "Get currently running timer API",
    "http://people.zoho.com/people/api/timetracker/getcurrentlyrunningtimer?authtoken=28ac426a249678c8867a0d93bb373912",
)
def test_the_example_of_the_running_timer() -> None:
    """The response to the page's URL is what `serialize` writes for the timer."""
    record = runs(paused("492688000000821095", job=Job(id="41", name="UI designing")))
    for xml in (False, True):
        response = send(on_the_page(record), example("Get currently running timer API", xml=xml), NINE + HOUR).response
        assert response.body == zoho.serialize(record, NINE + HOUR, ZONE, xml=xml)


def keys(text: str) -> list[str]:
    """The keys in a format of the page, or in a response, in their order."""
    return re.findall(r'"(\w+)":', text)


@covers(
    "zoho",
    "Start timer API",
    '{ "response": { "result": [ { "timeLogId": < timelogId > } ], "message": "Timelog entry '
    'added Successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@covers(
    "zoho",
    "Get comments for timer API",
    '{ "response": { "result": [ { "commentId": < comment id >, "createdTime": < date(in '
    'dd-mm-yyy) , time in( hh:mm:ss 24-hr format) >, "comment": < comment > } ], "message": '
    '"Timer Comments fetched successfully", "uri": "/api/timetracker/getcomments", "status": 0 '
    "} }",
)
@covers(
    "zoho",
    "Add comment for timer API",
    '{ "response": { "result": [ { "commentId": < commentId > } ], "message": "Timer Comment '
    'Added successfully", "uri": "/api/timetracker/addcomment", "status": 0 } }',
)
@covers(
    "zoho",
    "Delete comment for timer API",
    '{ "response": { "message": "Timer Comments deleted successfully", "uri": '
    '"/api/timetracker/deletecomment", "status": 0 } }',
)
@pytest.mark.parametrize("heading", [heading for heading in BEFORE if "Pause" not in heading])
def test_the_formats_of_success(heading: str) -> None:
    """A success has the keys of the page's format in the same order."""
    response = send(on_the_page(*BEFORE[heading]), example(heading), NINE).response
    assert keys(response.body.decode()) == keys(sentences(heading, '{ "response": {')[0])


@covers(
    "zoho",
    "Start timer API",
    '{ "response": { "message": < message >,(NOTE: Refer the table below) "uri": '
    '"/api/timetracker/timer", "errors": { "code": < error_code >, "message": < error_message '
    '> }, "status": 1 } }',
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": < message >,(NOTE: refer the table below) "uri": '
    '"/api/timetracker/timer", "errors": { "code": < error code >, "message": < error message '
    '> }, "status": 1 } }',
)
@covers(
    "zoho",
    "Get comments for timer API",
    '{ "response": { "message": "Error in getting comments", "uri": '
    '"/api/timetracker/getcomments", "errors": [ { "code": < error code >, "message": < error '
    'message > } ], "status": 1 } }',
)
@covers(
    "zoho",
    "Add comment for timer API",
    '{ "response": { "message": "Error in adding comments", "uri": '
    '"/api/timetracker/addcomment", "errors": [ { "code": < error code >, "message": < error '
    'message > } ], "status": 1 } }',
)
@covers(
    "zoho",
    "Delete comment for timer API",
    '{ "response": { "message": "Error in deleting comment", "uri": '
    '"/api/timetracker/deletecomment", "errors": [ { "code": < error code >, "message": < '
    'error message > } ], "status": 1 } }',
)
@pytest.mark.parametrize("heading", BEFORE)
def test_the_formats_of_errors(heading: str) -> None:
    """A rejection has the keys of the page's format; timers have one error, comments a list of them."""
    (form,) = [text for text in sentences(heading, '{ "response": {') if '"errors"' in text]
    stored = on_the_page()
    sent = re.sub("timer=start", "timer=stop", example(heading).query) if "Pause" in heading else example(heading).query
    result = send(stored, replace(example(heading), query=sent.replace("jobId=", "jobId=x")), NINE)
    if heading == "Add comment for timer API":
        assert rejected(result) == ("Error in adding comments", 8001, "Wrong value for timeLogId")
    assert keys(result.response.body.decode()) == keys(form)
    assert isinstance(body_of(result)["errors"], list) == ("[" in form)
    assert body_of(result)["uri"] in form
    assert result.response.status == 400


@pytest.mark.parametrize("heading", BEFORE)
def test_errors_in_xml(heading: str) -> None:
    """The page does not show any: the elements correspond to the JSON keys."""
    outcomes = []
    for xml in (False, True):
        call = example(heading, xml=xml)
        outcomes.append(send(on_the_page(), replace(call, query=call.query.replace("jobId=", "jobId=x")), NINE))
    body = body_of(outcomes[0])
    errors = body["errors"][0] if isinstance(body["errors"], list) else body["errors"]
    root = tree(outcomes[1].response.body)
    assert (root.tag, root.attrib) == ("response", {"uri": body["uri"]})
    assert [child.tag for child in root] == ["status", "message", "errors"]
    assert [root.findtext(path) for path in ("status", "message", "errors/code", "errors/message")] == [
        "1",
        body["message"],
        str(errors["code"]),
        errors["message"],
    ]


@pytest.mark.parametrize(
    ("query", "headers", "body", "xml"),
    [
        ("format=xml", {}, b"", True),
        ("x=1&format=xml&y=2", {}, b"", True),
        ("", {}, b"format=xml", True),
        ("", {"accept": "application/xml"}, b"", True),
        ("", {"accept": "text/xml, */*;q=0.1"}, b"", True),
        ("", {"accept": "Application/XML, application/json"}, b"", True),
        ("", {}, b"", False),
        ("", {"accept": "*/*"}, b"", False),
        ("", {"accept": "application/json, text/plain, */*"}, b"", False),
        ("", {"accept": "application/json, text/json, application/xml, text/xml"}, b"", False),
        ("", {"content-type": "text/xml"}, b"", False),
        ("format=json", {}, b"", False),
        ("xformat=xml", {}, b"", False),
        ("x=format%3Dxml", {}, b"", False),
    ],
)
def test_when_a_response_is_xml(query: str, headers: dict[str, str], body: bytes, *, xml: bool) -> None:
    """``Accept`` ahead of JSON or ``format=xml`` selects XML; the default is JSON."""
    call = Request(
        method="POST",
        path=f"{ROOT}/getcurrentlyrunningtimer",
        query=f"{query}&authtoken=zoho-token-3",
        headers=headers,
        body=body,
    )
    response = send(account(), call, NINE).response
    assert response.status == 200
    assert response.body.startswith(b"<?xml") == xml


# ---- the client's side ---------------------------------------------------------------------------


def ask(
    stored: MemoryAccount, name: str, parameters: msgspec.Struct, at: int, *, xml: bool
) -> ZohoTimer | list[Comment] | str | None:
    """Make a call as a client, and read what came back."""
    request = zoho.request(name, parameters, token="zoho-token-3", xml=xml)
    assert "token" not in request.query
    result = send(stored, request, at)
    assert result.operation == name
    response = result.response
    return zoho.read_response(name, response.status, response.headers, response.body, now=at, zone=ZONE)


@pytest.mark.parametrize("xml", [False, True])
def test_round_trip_of_each_call(*, xml: bool) -> None:
    """Request, decision and response of each call, in JSON and in XML, through the life of a timer."""
    stored = account()
    assert ask(stored, "get_running_timer", GetRunningTimer(), NINE, xml=xml) is None
    begin = StartTimer(
        user="3",
        job_id="41",
        work_date="02-Mar-2026",
        date_format="dd-MMM-yyyy",
        project_id="21",
        billing_status="non billable",
        timer="start",
        description="The first & the last",
        work_item="Größe <1>",
    )
    id = ask(stored, "start_timer", begin, NINE, xml=xml)
    assert isinstance(id, str)
    assert timelog(stored, id).note == "The first & the last"

    assert ask(stored, "get_comments", GetComments(time_log_id=id), NINE, xml=xml) == []
    first = ask(stored, "add_comment", AddComment(time_log_id=id, comment="Ä = <b>&"), NINE, xml=xml)
    second = ask(stored, "add_comment", AddComment(time_log_id=id, comment="Two"), NINE + HOUR, xml=xml)
    assert isinstance(first, str)
    assert isinstance(second, str)
    two = [Comment(id=first, at=NINE, text="Ä = <b>&"), Comment(id=second, at=NINE + HOUR, text="Two")]
    assert ask(stored, "get_comments", GetComments(time_log_id=id), NINE, xml=xml) == two
    assert ask(stored, "delete_comment", DeleteComment(comment_id=first), NINE, xml=xml) is None
    assert ask(stored, "get_comments", GetComments(time_log_id=id), NINE, xml=xml) == two[1:]

    assert ask(stored, "pause_timer", PauseTimer(time_log_id=id, timer="stop"), NINE + HOUR, xml=xml) is None
    assert ask(stored, "get_running_timer", GetRunningTimer(), NINE + HOUR, xml=xml) is None
    assert ask(stored, "resume_timer", ResumeTimer(time_log_id=id, timer="start"), NINE + 2 * HOUR, xml=xml) is None

    seen = ask(stored, "get_running_timer", GetRunningTimer(), NINE + 3 * HOUR, xml=xml)
    held = timelog(stored, id)
    assert isinstance(seen, ZohoTimer)
    assert seen.job is not None
    assert (seen.id, seen.timer_id, seen.work_item, seen.work_date) == (
        id,
        held.timer_id,
        "Größe <1>",
        date(2026, 3, 2),
    )
    assert (seen.billing_status, seen.person.name, seen.job.name) == (held.billing_status, "resource", "UI designing")
    # The page has no field for the break, so the timer that is read has none.
    assert seen.timer == Timer(State.RUNNING, NINE + HOUR, NINE + 2 * HOUR, HOUR)
    assert pc.worked_at(seen.timer, NINE + 4 * HOUR) == pc.worked_at(held.timer, NINE + 4 * HOUR)


METHODS = {"get_running_timer": "GET", "get_comments": "GET"}


@pytest.mark.parametrize("row", OPERATIONS, ids=[row.name for row in OPERATIONS])
def test_what_a_client_sends(row: Operation) -> None:
    """Calls that read are GET and others POST; parameters are keyword-only, and only those given are sent."""
    sent = SENT[row.name]
    call = zoho.request(row.name, msgspec.convert(sent, row.request), token="zoho-token-3")
    assert (call.method, call.path, call.body) == (METHODS.get(row.name, "POST"), row.path, b"")
    assert dict(parse_qsl(call.query)) == sent
    assert call.headers == {"authorization": "Zoho-oauthtoken zoho-token-3", "accept": "application/json"}
    with pytest.raises(TypeError, match="positional"):
        row.request(*("5" for _ in row.request.__struct_fields__))


def test_a_requested_date_format_is_read() -> None:
    """The work date is read in the format that was requested."""
    stored = account()
    start(stored)
    call = zoho.request("get_running_timer", GetRunningTimer(date_format="MMM dd, yyyy"), token="zoho-token-3")
    response = send(stored, call, NINE).response
    assert b'"workDate":"Mar 02, 2026"' in response.body
    read = zoho.read_response(
        "get_running_timer",
        response.status,
        response.headers,
        response.body,
        now=NINE,
        zone=ZONE,
        date_format="MMM dd, yyyy",
    )
    assert isinstance(read, ZohoTimer)
    assert read.work_date == date(2026, 3, 2)


@pytest.mark.parametrize("xml", [False, True])
def test_a_rejection_is_read(*, xml: bool) -> None:
    """A client gets both messages and the code as a typed error, and can validate a call before sending it."""
    stored = account()
    for name, parameters, code, message, own in (
        (
            "pause_timer",
            PauseTimer(time_log_id="5", timer="stop"),
            8001,
            "Wrong value for parameter",
            "Error in pausing the timer",
        ),
        ("get_comments", GetComments(time_log_id="5"), 8001, "Wrong value for timeLogId", "Error in getting comments"),
        ("delete_comment", DeleteComment(comment_id=""), 8000, "No commentId specified", "Error in deleting comment"),
    ):
        with pytest.raises(Rejection) as caught:
            ask(stored, name, parameters, NINE, xml=xml)
        error = caught.value
        assert (error.vendor, error.status, error.vendor_code) == ("zoho", 400, code)
        assert (error.message, error.detail) == (message, own)
        foreseen = zoho.validate(zoho.request(name, parameters, token="zoho-token-3"), stored, NINE)
        assert foreseen is not None
        assert (foreseen.vendor_code, foreseen.message, foreseen.detail) == (code, message, own)
    assert zoho.validate(make_request("getcurrentlyrunningtimer"), stored, NINE) is None


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (
            200,
            b'{"response":{"message":"Error","uri":"/x","errors":{"code":8001,"message":"Wrong"},"status":1}}',
            8001,
            "Wrong",
        ),
        (
            200,
            b'{"response":{"message":"Error","errors":[{"code":"8000","message":"No x"}],"status":"1"}}',
            8000,
            "No x",
        ),
        (401, b'{"response":{"errors":{"code":7202,"message":"Invalid"},"status":1}}', 7202, "Invalid"),
        (400, b'{"response":{"message":"Error","errors":[],"status":1}}', 0, "Error"),
        (200, b'{"response":{"message":"Error","status":1}}', 0, "Error"),
        (500, b'{"response":{}}', 0, ""),
        (400, b'{"response":{}}', 0, ""),
        (200, b'{"response":{"status":-1}}', 0, ""),
        (
            400,
            b'{"response":{"errors":[{"code":8000,"message":"No x"},{"code":8001,"message":"Wrong y"}],"status":1}}',
            8000,
            "No x",
        ),
        (
            200,
            b"<response><status>1</status><message>E</message><errors><code>7</code><message>M</message></errors></response>",
            7,
            "M",
        ),
    ],
)
def test_a_rejection_is_known_by_its_body(status: int, body: bytes, code: int, message: str) -> None:
    """Some clients report errors that come with HTTP 200; the body takes precedence."""
    for row in OPERATIONS:
        with pytest.raises(Rejection) as caught:
            zoho.read_response(row.name, status, {}, body, now=NINE)
        assert (caught.value.status, caught.value.vendor_code, caught.value.message) == (status, code, message)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("start_timer", b'{"response":{"status":0}}'),
        ("start_timer", b'{"response":{"status":0,"result":[]}}'),
        ("start_timer", b'{"response":{"status":0,"result":[{"id":"5"}]}}'),
        ("start_timer", b"<html>Bad gateway</html>"),
        ("pause_timer", b""),
        ("pause_timer", b"OK"),
        ("pause_timer", b'{"status":0}'),
        ("get_running_timer", b'{"response":{"status":0,"result":[]}}'),
        ("get_comments", b'{"response":{"status":0,"result":[{"commentId":"5"}]}}'),
        ("get_comments", b'{"response":{"status":0,"result":[{"commentId":"5","createdTime":"now","comment":""}]}}'),
        ("add_comment", b'{"response":{"status":0,"result":"5"}}'),
        ("delete_comment", b'{"response":[]}'),
    ],
)
def test_a_malformed_response(name: str, body: bytes) -> None:
    """A response without the required content is malformed, not ``None``."""
    with pytest.raises(MalformedPayload):
        zoho.read_response(name, 200, {}, body, now=NINE, zone=ZONE)


@pytest.mark.parametrize("body", [b"", b"Bad gateway", b"<html><body>Bad gateway<br/></body></html>", b"[]", b"<html>"])
def test_an_error_status_without_a_readable_body_is_a_rejection(body: bytes) -> None:
    """A page of a proxy is a rejection without a message if it has an error status, and malformed otherwise."""
    for row in OPERATIONS:
        for status in (400, 401, 502):
            with pytest.raises(Rejection) as caught:
                zoho.read_response(row.name, status, {}, body, now=NINE)
            assert (caught.value.status, caught.value.vendor_code, caught.value.message) == (status, 0, "")
        for status in (200, 399):
            with pytest.raises(MalformedPayload):
                zoho.read_response(row.name, status, {}, body, now=NINE)


def test_tolerant_reading_of_results() -> None:
    """An id may be a number, and a single result may stand for a list of one."""
    assert (
        zoho.read_response("start_timer", 200, {}, b'{"response":{"result":{"timeLogId":5},"status":0}}', now=NINE)
        == "5"
    )
    one = b'{"response":{"result":{"commentId":5,"createdTime":"02-03-2026 , 09:00:00","comment":"Hi"},"status":0}}'
    assert zoho.read_response("get_comments", 200, {}, one, now=NINE, zone=ZONE) == [
        Comment(id="5", at=NINE, text="Hi")
    ]
    none = b'{"response":{"message":"Timer Comments fetched successfully","status":0}}'
    assert zoho.read_response("get_comments", 200, {}, none, now=NINE) == []


@pytest.mark.parametrize("status", [200, 201, 399])
def test_a_body_without_errors_is_a_success(status: int) -> None:
    """A body without errors and without another status is a success if the HTTP status is below 400."""
    for body in (b'{"response":{}}', b'{"response":{"status":0}}', b"<response><status>0</status></response>"):
        assert zoho.read_response("pause_timer", status, {}, body, now=NINE) is None


def test_an_unknown_operation() -> None:
    """Both functions of the client's side raise an error that lists the known calls."""
    with pytest.raises(UnknownOperation):
        zoho.request("stop_timer", GetRunningTimer(), token="x")
    with pytest.raises(UnknownOperation):
        zoho.read_response("stop_timer", 200, {}, b"{}", now=NINE)


def test_the_published_limit_of_calls() -> None:
    """The limit is 20 calls with a lock of five minutes; the page states no period, and a minute is our choice."""
    assert zoho.VENDOR.rate_limit == Limit(calls=20, per_seconds=60, lock_seconds=300)


# ---- hostile requests ------------------------------------------------------------------------------


def documented(request: Request, result: CallResult) -> None:
    """The response has a documented shape, and only a success changes anything."""
    response = result.response
    listed = request.path.strip("/").endswith(("getcomments", "addcomment", "deletecomment"))
    if response.body.startswith(b"<?xml"):
        root = tree(response.body)
        status, message = root.findtext("status"), root.findtext("message")
        assert root.get("uri", "").startswith("/api/timetracker")
        rejection = root.find("errors") is not None
    else:
        body = body_of(result)
        status, message = str(body["status"]), body["message"]
        assert body["uri"].startswith("/api/timetracker")
        rejection = "errors" in body
        if rejection and response.status != 404:
            assert isinstance(body["errors"], list) == listed
    assert message
    assert rejection == (response.status != 200) == (result.rejection is not None)
    assert status == str(int(rejection))
    if rejection:
        assert result.changes == ()


HOSTILE = [
    ("timeLogId=1&timeLogId=1", b"", 400),
    ("timeLogId=1", b"timeLogId=2", 400),
    ("timeLogId=%FF%FE", b"", 400),
    ("timeLogId=\ud800", b"", 400),
    ("\x00=1&\x00=2", b"", 400),
    ("{}=1&{}=2", b"", 400),
    ("&".join(f"p{n}=1" for n in range(200)), b"", 400),
    ("timeLogId=" + "9" * 10**6, b"", 400),
    ("commentId=" + quote("ü" * 256) + "&timeLogId=" + quote("ü" * 256), b"", 400),
    ("timeLogId=NaN&commentId=Infinity", b"", 400),
    ("timeLogId=-1&commentId=-1", b"", 400),
    ("timeLogId=1001%00&commentId=%1b", b"", 400),
    ("", b"\xff\xfe\x00", 400),
    ("", b"{", 400),
    ("", b"[1]", 400),
    ("", b'{"timeLogId":' + b"[" * 100_000, 400),
    ("", b'{"timeLogId":1' + b"0" * 5_000 + b"}", 400),
    ("", b'{"timeLogId":1e999,"commentId":1e999}', 400),
    ("", b'{"timeLogId":[],"commentId":{}}', 400),
    ("", b'{"timeLogId":"\\ud800","commentId":"\\ud800"}', 400),
    ("", b'{"timeLogId":"1","timeLogId":"2"}', 400),
    ("", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "boom">]><a>&b;</a>', 400),
]


@pytest.mark.parametrize(("query", "body", "status"), HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("xml", [False, True])
@pytest.mark.parametrize(
    "row", [row for row in OPERATIONS if row.name != "get_running_timer"], ids=lambda row: row.name
)
def test_hostile_requests_get_an_error_of_the_vendor(
    row: Operation, query: str, body: bytes, status: int, *, xml: bool
) -> None:
    """Duplicate parameters, invalid bytes and numbers, a million characters, and deep JSON are rejected."""
    stored = ready()
    headers = {"authorization": "Bearer zoho-token-3"} | ({"accept": "text/xml"} if xml else {})
    word = {"pause_timer": "timer=stop&", "resume_timer": "timer=start&"}.get(row.name, "")
    request = Request(method="POST", path=row.path, query=word + query, headers=headers, body=body)
    result = send(stored, request, NINE)
    documented(request, result)
    assert result.response.status == status
    assert len(result.response.body) < 1_000


def test_a_comment_of_any_length() -> None:
    """The page does not limit the length of a comment: a million characters are stored and shown."""
    stored = account()
    id = start(stored)
    text = "ü" * 10**6
    body = msgspec.json.encode({"timeLogId": id, "comment": text})
    send(stored, Request(method="POST", path=f"{ROOT}/addcomment", query="authtoken=zoho-token-3", body=body), NINE)
    assert body_of(get(stored, "getcomments", NINE, timeLogId=id))["result"][0]["comment"] == text


def test_unknown_parameters_are_ignored() -> None:
    """Clients send parameters of other calls, and the page does not forbid it."""
    stored = account()
    start(stored, jobName="Software Engineering", surprise="1")


words = st.sampled_from(
    ["", "1001", "1002", "20", "30", "31", "start", "stop", "3", "5", "41", "42", "2026-03-02", "billable", "0", "-1",
     "x" * 600, "\x00", "NaN", "all", "21"]
)  # fmt: skip
names = st.sampled_from(
    sorted({name for row in OPERATIONS for name in row.request.__struct_encode_fields__} | {"format", "authtoken"})
)
usual = st.sampled_from([START, *SENT.values()])
parameters = st.dictionaries(names, words | st.text(max_size=5), max_size=6) | st.builds(
    lambda sent, other: {**sent, **other}, usual, st.dictionaries(names, words, max_size=2)
)
tokens = st.sampled_from(["Bearer zoho-token-2", "Zoho-oauthtoken zoho-token-3", "Bearer zoho-token-5", "Bearer x"])
media = st.sampled_from(["application/json", "multipart/form-data; boundary=x", "a/b"])
values = words | st.integers() | st.none() | st.lists(st.integers(), max_size=1)
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    path=st.sampled_from([row.path for row in OPERATIONS]) | st.text(max_size=5),
    query=parameters.map(lambda sent: urlencode(sent, errors="replace")) | st.text(max_size=20),
    headers=st.fixed_dictionaries(
        {"authorization": tokens},
        optional={"accept": st.sampled_from(["application/xml", "*/*"]), "content-type": media},
    ),
    body=st.just(b"") | st.binary(max_size=20) | st.dictionaries(names, values, max_size=3).map(msgspec.json.encode),
)


EVERY = Query(of=ZohoTimer)


@settings(max_examples=examples(200))
@given(st.lists(requests, max_size=12))
def test_any_request_gets_a_documented_response(sent: list[Request]) -> None:
    """The response has a documented shape, only a success changes anything, and no timer breaks the law."""
    stored = ready()
    at = NINE
    for request in sent:
        at += 750_000
        before = stored.find(EVERY)
        result = send(stored, request, at)
        documented(request, result)
        if not result.changes:
            assert stored.find(EVERY) == before
    for record in stored.find(EVERY).records:
        assert pc.restore(**msgspec.structs.asdict(record.timer)) == record.timer
    for person in ("2", "3", "5"):
        running = [
            each
            for each in stored.find(EVERY).records
            if each.person.id == person and each.timer.state is State.RUNNING
        ]
        assert len(running) <= 1
