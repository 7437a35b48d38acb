"""Worksection's calls, from request to response and back, in every documented form and every form that clients use."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest

from pages import covers
from punchclock import Event, State, Timer, start
from punchclock.machine import Correction
from punchclock.units import SECOND
from punchclock.vendors import MalformedPayload, Rejection
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import CallResult, Limit, Request
from punchclock.vendors.errors import UnknownOperation
from punchclock.vendors.worksection import (
    DIALECT,
    OPERATIONS,
    VENDOR,
    DeleteMyTimer,
    GetMyTimer,
    GetTimers,
    Signature,
    StartMyTimer,
    StopMyTimer,
    StopTimer,
    WorksectionTimer,
    example,
    handle,
    read_response,
    request,
    validate,
)
from punchclock.workspaces import demo_workspace
from worksection_demo import (
    FORM,
    JSON,
    KEY,
    MULTIPART,
    NOW,
    TOKEN,
    account,
    admin_call,
    md5,
    multipart,
    running,
    shouted,
    user_call,
)

OK = {"status": "ok"}


def body_of(result: CallResult) -> Any:  # noqa: ANN401 - what JSON holds
    """Return the body of a response, which is JSON in UTF-8 with HTTP status 200."""
    assert result.response.status == 200
    assert result.response.headers == {"content-type": "application/json; charset=utf-8"}
    return json.loads(result.response.body)


# ---- get_timers ----------------------------------------------------------------------------------


@covers("worksection", "Getting the list of active timers through API: get_timers", "?action=get_timers")
@covers("worksection", "Getting the list of active timers through API: get_timers", "Returns running timers info")
@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "*their ID, start time, timer value and who started them",
)
@covers("worksection", "Getting the list of active timers through API: get_timers", "id — timer ID")
@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "user_from — info on who started the timer",
)
@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "If the request succeeds, the response will contain ok status and the following data:",
)
def test_get_timers() -> None:
    """All running timers of the account are listed, the latest first, with their users; stopped ones are not."""
    stopped = WorksectionTimer(id="1001", timer=Timer(State.STOPPED, NOW, NOW, 0), person=demo_workspace().people["3"])
    stored = account(stopped, running(id="1002"), running(person="5", task="32", id="1003", at=NOW + 60 * SECOND))
    result = handle(request("get_timers", GetTimers(), key=KEY), stored, NOW + 3600 * SECOND)
    body = body_of(result)
    assert body["status"] == "ok"
    assert [(each["id"], each["time"], each["date_started"], each["user_from"]) for each in body["data"]] == [
        ("1003", "00:59:00", "2026-03-02 09:01", {"id": "5", "email": "test@demo.test", "name": "test"}),
        ("1002", "01:00:00", "2026-03-02 09:00", {"id": "3", "email": "resource@demo.test", "name": "resource"}),
    ]
    assert result.changes == ()
    read = read_response("get_timers", 200, {}, result.response.body, now=NOW + 3600 * SECOND, zone="Europe/Berlin")
    assert isinstance(read, list)
    assert [(each.id, each.timer) for each in read] == [("1003", start(NOW + 60 * SECOND)), ("1002", start(NOW))]
    assert read[1].task == msgspec.structs.replace(
        demo_workspace().tasks["31"],
        project=msgspec.structs.replace(demo_workspace().projects["21"], client=None),
        author=msgspec.structs.replace(demo_workspace().people["2"], id="", role=None),
        assignee=msgspec.structs.replace(demo_workspace().people["3"], id="", role=None),
    )


def test_no_timers() -> None:
    """The list is empty if no timer is running."""
    result = handle(request("get_timers", GetTimers(), key=KEY), account(), NOW)
    assert body_of(result) == {"status": "ok", "data": []}
    assert read_response("get_timers", 200, {}, result.response.body, now=NOW) == []


# ---- stop_timer ----------------------------------------------------------------------------------


@covers("worksection", "Stopping the timer through API: stop_timer", "?action=stop_timer&timer=TIMER_ID")
@covers("worksection", "Stopping the timer through API: stop_timer", "Stops and saves selected running timer")
@covers(
    "worksection",
    "Stopping the timer through API: stop_timer",
    "timer — timer ID (can be obtained through get_timers method)",
)
@covers(
    "worksection",
    "Stopping the timer through API: stop_timer",
    "If the request succeeds, the response will contain ok status",
)
@covers("worksection", "Stopping the timer through API: stop_timer", '{ "status": "ok" }')
@pytest.mark.parametrize("timer", ["1002", 1002])
def test_stop_timer(timer: str | int) -> None:
    """A timer of any user is stopped by its id, and the stopped timer is the saved entry."""
    stored = account(running(id="1001"), running(person="5", id="1002"))
    result = handle(request("stop_timer", StopTimer(timer=timer), key=KEY), stored, NOW + 90 * SECOND + 999_999)
    assert body_of(result) == OK
    (change,) = result.changes
    assert (change.action, change.at) == (Event.STOP, NOW + 90 * SECOND)
    assert change.record.timer == Timer(State.STOPPED, NOW, NOW + 90 * SECOND, 90 * SECOND)
    stored.apply(result.changes)
    assert stored.get(WorksectionTimer, "1002") == change.record
    assert [
        each["id"] for each in body_of(handle(request("get_timers", GetTimers(), key=KEY), stored, NOW))["data"]
    ] == ["1001"]
    assert read_response("stop_timer", 200, {}, result.response.body, now=NOW) is None


# ---- get_my_timer --------------------------------------------------------------------------------


@covers("worksection", "Getting the authorized user active timer through API: get_my_timer", "?action=get_my_timer")
@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "Returns authorized user (oauth2) active timer",
)
@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "time — timer value (at the moment of sending the request)",
)
@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "If the request succeeds, the response will contain ok status and the following data:",
)
def test_get_my_timer() -> None:
    """The caller's own timer is shown at the time of the call, and no other user's."""
    stored = account(running(person="5", id="1001"), running(id="1002"))
    for now, time in ((NOW, 0), (NOW + 4360 * SECOND + 1, 4360)):
        result = handle(user_call("action=get_my_timer"), stored, now)
        (shown,) = body_of(result)["data"]
        assert (shown["time"], shown["date_started"], shown["task"]["id"]) == (time, "2026-03-02 09:00", "31")
        read = read_response("get_my_timer", 200, {}, result.response.body, now=now)
        assert isinstance(read, WorksectionTimer)
        assert read.timer == start(NOW)
        assert result.changes == ()


def test_of_two_timers_of_one_user_the_latest_counts() -> None:
    """If an account contains two running timers of a user, the latest one is the user's timer."""
    stored = account(running(id="1001"), running(id="1002", task="32", at=NOW + 60 * SECOND))
    (shown,) = body_of(handle(user_call("action=get_my_timer"), stored, NOW + 90 * SECOND))["data"]
    assert (shown["time"], shown["task"]["id"]) == (30, "32")
    (change,) = handle(user_call("action=stop_my_timer"), stored, NOW + 90 * SECOND).changes
    assert change.record.id == "1002"


def test_an_idle_user_has_an_empty_list() -> None:
    """Without a running timer the data is an empty list, which the vendor's client reads as no timer."""
    result = handle(request("get_my_timer", GetMyTimer(), token=TOKEN), account(running(person="5")), NOW)
    assert result.response.body == b'{"status":"ok","data":[]}'
    assert read_response("get_my_timer", 200, {}, result.response.body, now=NOW) is None


# ---- start_my_timer ------------------------------------------------------------------------------


@covers(
    "worksection",
    "Starting the authorized user timer through API: start_my_timer",
    "?action=start_my_timer&id_task=TASK_ID",
)
@covers(
    "worksection",
    "Starting the authorized user timer through API: start_my_timer",
    "Starts authorized user (oauth2) timer in selected task",
)
@covers("worksection", "Starting the authorized user timer through API: start_my_timer", "id_task — task ID")
@covers(
    "worksection",
    "Starting the authorized user timer through API: start_my_timer",
    "If the request succeeds, the response will contain ok status:",
)
@covers("worksection", "Starting the authorized user timer through API: start_my_timer", '{ "status": "ok" }')
def test_start_my_timer() -> None:
    """A timer starts for the caller at the second of the call, even if other users have running timers."""
    stored = account(running(person="5", id="1001"))
    result = handle(user_call("action=start_my_timer&id_task=31"), stored, NOW + 999_999)
    assert body_of(result) == OK
    (change,) = result.changes
    assert (change.action, change.at) == (Event.START, NOW)
    assert change.record == running(id="1002")
    assert read_response("start_my_timer", 200, {}, result.response.body, now=NOW) is None


def test_a_start_after_a_stop() -> None:
    """After a stop the next timer starts with a new id, so work with breaks becomes a series of timers."""
    stored = account()
    for number, (begin, end) in enumerate([(0, 60), (90, 100)]):
        for now, call in (
            (begin, request("start_my_timer", StartMyTimer(id_task="31"), token=TOKEN)),
            (end, request("stop_my_timer", StopMyTimer(), token=TOKEN)),
        ):
            result = handle(call, stored, NOW + now * SECOND)
            assert body_of(result) == OK
            stored.apply(result.changes)
        saved = stored.get(WorksectionTimer, str(1001 + number))
        assert saved is not None
        assert saved.timer.worked == (end - begin) * SECOND


# ---- stop_my_timer -------------------------------------------------------------------------------


@covers("worksection", "Stopping the authorized user active timer through API: stop_my_timer", "?action=stop_my_timer")
@covers(
    "worksection",
    "Stopping the authorized user active timer through API: stop_my_timer",
    "Stops and saves authorized user (oauth2) active timer",
)
@covers("worksection", "Stopping the authorized user active timer through API: stop_my_timer", "Optional parameters:")
@covers(
    "worksection", "Stopping the authorized user active timer through API: stop_my_timer", "comment — timer log comment"
)
@covers(
    "worksection",
    "Stopping the authorized user active timer through API: stop_my_timer",
    "If the request succeeds, the response will contain ok status:",
)
@covers("worksection", "Stopping the authorized user active timer through API: stop_my_timer", '{ "status": "ok" }')
@pytest.mark.parametrize("comment", ["", "Done & dusted: 100 %+ \N{SNOWMAN}\nline two"])
def test_stop_my_timer(comment: str) -> None:
    """The caller's timer is stopped and saved, with an optional comment."""
    stored = account(running(person="5", id="1001"), running(id="1002"))
    result = handle(request("stop_my_timer", StopMyTimer(comment=comment), token=TOKEN), stored, NOW + 90 * SECOND)
    assert body_of(result) == OK
    (change,) = result.changes
    assert change.action is Event.STOP
    assert change.record == msgspec.structs.replace(
        running(id="1002"), timer=Timer(State.STOPPED, NOW, NOW + 90 * SECOND, 90 * SECOND), note=comment
    )
    assert read_response("stop_my_timer", 200, {}, result.response.body, now=NOW) is None


def test_a_stop_before_the_start_ends_the_timer() -> None:
    """A clock that was ahead never traps a timer: it ends with the work that it has."""
    result = handle(user_call("action=stop_my_timer"), account(running()), NOW - 60 * SECOND)
    assert body_of(result) == OK
    assert result.changes[0].record.timer == Timer(State.STOPPED, NOW, NOW, 0)


# ---- delete_my_timer -----------------------------------------------------------------------------


def test_delete_my_timer() -> None:
    """The caller's running timer is removed and not saved."""
    stored = account(running())
    result = handle(request("delete_my_timer", DeleteMyTimer(), token=TOKEN), stored, NOW + SECOND)
    assert body_of(result) == OK
    (change,) = result.changes
    assert (change.action, change.record) == (Correction.DISCARD, running())
    stored.apply(result.changes)
    assert stored.get(WorksectionTimer, "1001") is None
    assert read_response("delete_my_timer", 200, {}, result.response.body, now=NOW) is None


# ---- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "headers", "body"),
    [
        ("action=stop_my_timer&comment=So%20so+%E2%9C%93", {}, b""),
        ("action=stop_my_timer", FORM, b"comment=So%20so+%E2%9C%93"),
        ("", FORM, b"action=stop_my_timer&comment=So%20so+%E2%9C%93"),
        ("action=stop_my_timer", FORM, "comment=So so ✓".encode()),
        ("action=stop_my_timer", shouted(FORM), b"comment=So%20so+%E2%9C%93"),
        ("action=stop_my_timer", JSON, '{"comment":"So so ✓"}'.encode()),
        ("", JSON, b'{"action":"stop_my_timer","comment":"So so \\u2713","more":[1]}'),
        ("action=stop_my_timer", {}, '{"comment":"So so ✓"}'.encode()),
        ("", MULTIPART, multipart({"action": "stop_my_timer", "comment": "So so ✓"})),
        ("", shouted(MULTIPART), multipart({"action": "stop_my_timer", "comment": "So so ✓"})),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters_in_query_form_and_json(query: str, headers: dict[str, str], body: bytes, method: str) -> None:
    """Parameters are read from the query, a form of either kind or a JSON body, by GET and by POST.

    Case does not matter in a media type, and a form may contain text without percent-encoding, as curl sends it.
    """
    call = user_call(query, headers=headers, body=body, method=method)
    result = handle(call, account(running()), NOW)
    assert body_of(result) == OK
    assert result.changes[0].record.note == "So so ✓"


@pytest.mark.parametrize("headers", [FORM, JSON, MULTIPART, {}])
def test_a_body_may_be_absent(headers: dict[str, str]) -> None:
    """An absent body has no parameters, whatever the content type is."""
    call = user_call("action=stop_my_timer", headers=headers, method="POST")
    assert body_of(handle(call, account(running()), NOW)) == OK


@pytest.mark.parametrize("path", ["/api/oauth2", "/api/oauth2/"])
def test_a_trailing_slash_is_optional(path: str) -> None:
    """The vendor's clients write the path with and without a slash."""
    call = msgspec.structs.replace(user_call("action=get_my_timer"), path=path)
    assert body_of(handle(call, account(), NOW)) == {"status": "ok", "data": []}


# ---- credentials ---------------------------------------------------------------------------------


@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "method available only for access token",
)
@covers(
    "worksection",
    "Starting the authorized user timer through API: start_my_timer",
    "method available only for access token",
)
@covers(
    "worksection",
    "Stopping the authorized user active timer through API: stop_my_timer",
    "method available only for access token",
)
@pytest.mark.parametrize("action", ["get_my_timer", "start_my_timer", "stop_my_timer", "delete_my_timer"])
def test_my_calls_need_a_token(action: str) -> None:
    """The ``my`` calls accept a token, in header or parameter, and reject the account's key."""
    signed = admin_call(f"action={action}&id_task=32&hash={md5(action + KEY)}")
    assert body_of(handle(signed, account(running(person="1")), NOW)) == {
        "status": "error",
        "status_code": 0,
        "message": "Action is invalid",
        "message_details": f"{action} is available only for access token",
    }
    stored = account() if action == "start_my_timer" else account(running())
    for call in (
        user_call(f"action={action}&id_task=31"),
        Request(method="GET", path="/api/oauth2", query=f"action={action}&id_task=31&access_token={TOKEN}"),
        Request(
            method="POST",
            path="/api/oauth2",
            headers=FORM,
            body=f"action={action}&id_task=31&access_token={TOKEN}".encode(),
        ),
        user_call(f"action={action}&id_task=31", headers={"authorization": f"bearer {TOKEN}"}),
    ):
        assert body_of(handle(call, stored, NOW))["status"] == "ok"


@pytest.mark.parametrize("action", ["get_timers", "stop_timer"])
def test_the_other_calls_need_the_key(action: str) -> None:
    """The calls of the admin API reject a token."""
    result = handle(user_call(f"action={action}&timer=1001"), account(running()), NOW)
    assert body_of(result) == {
        "status": "error",
        "status_code": 0,
        "message": "Action is invalid",
        "message_details": f"{action} is available only for admin token",
    }


@pytest.mark.parametrize(
    "call",
    [
        Request(method="GET", path="/api/oauth2", query="action=get_my_timer"),
        Request(method="GET", path="/api/oauth2", query="action=get_my_timer&access_token=worksection-token-9"),
        Request(method="POST", path="/api/oauth2", headers=JSON, body=b'{"access_token":["worksection-token-3"]}'),
        user_call("action=get_my_timer", headers={"authorization": "Bearer"}),
        user_call("action=get_my_timer", headers={"authorization": "Bearer worksection-admin-key"}),
        user_call("action=get_my_timer", headers={"authorization": "Bearer \udcff"}),
        user_call(f"action=get_my_timer&access_token={TOKEN}", headers={"authorization": "Bearer old"}),
        user_call(f"action=get_my_timer&hash={md5('get_my_timer' + KEY)}", headers={"authorization": ""}),
        user_call("action=nothing", headers={"authorization": "Bearer old"}),
    ],
)
def test_an_unknown_token(call: Request) -> None:
    """A missing or unknown token gets HTTP 401, whatever else is sent; the header takes precedence."""
    result = handle(call, account(running()), NOW)
    assert result.response.status == 401
    body = {"status": "error", "status_code": 401, "message": "Access token is invalid"}
    assert json.loads(result.response.body) == body
    assert result.changes == ()
    with pytest.raises(Rejection) as rejected:
        read_response("get_my_timer", 401, {}, result.response.body, now=NOW)
    assert (rejected.value.status, rejected.value.vendor_code) == (401, 401)


def hmac_header(action: str, unix: str, key: str = KEY) -> dict[str, str]:
    """Return the header that the vendor's client sends."""
    digest = hmac.new(key.encode(), f"{action}:{unix}".encode(), hashlib.sha256).hexdigest()
    return {"authorization": f"Admin {unix}_{digest}"}


SIGNED = {
    "page, action and key": admin_call(
        f"action=stop_timer&timer=1001&page=/project/21/31/&hash={md5('/project/21/31/stop_timer' + KEY)}"
    ),
    "action and key": admin_call(f"action=stop_timer&timer=1001&hash={md5('stop_timer' + KEY)}"),
    "action and key in a form": admin_call(
        "", headers=FORM, body=f"action=stop_timer&timer=1001&hash={md5('stop_timer' + KEY)}".encode(), method="POST"
    ),
    "action and key as PHP posts them": admin_call(
        "",
        headers=MULTIPART,
        body=multipart({"action": "stop_timer", "timer": "1001", "hash": md5("stop_timer" + KEY)}),
        method="POST",
    ),
    "query string": admin_call(
        f"action=stop_timer&timer=1001&hash={md5('action=stop_timer&timer=1001' + KEY)}",
    ),
    "query string in any order and encoding": admin_call(
        f"hash={md5('timer=1001&page=%2fproject%2f21%2f&action=stop_timer' + KEY)}"
        "&timer=1001&page=%2fproject%2f21%2f&action=stop_timer"
    ),
    "query string of query and form": admin_call(
        f"action=stop_timer&hash={md5('action=stop_timer&timer=1001&x=' + KEY)}",
        headers=FORM,
        body=b"timer=1001&x=",
        method="POST",
    ),
    "query string of query and a form as curl sends it": admin_call(
        f"action=stop_timer&hash={md5('action=stop_timer&timer=1001&page=ü' + KEY)}",
        headers=shouted(FORM),
        body="timer=1001&page=ü".encode(),
        method="POST",
    ),
    "query string of query and JSON": admin_call(
        f"action=stop_timer&hash={md5('action=stop_timer&timer=1001&page=%2Fproject%2F21%2F' + KEY)}",
        headers=JSON,
        body=b'{"timer":1001,"page":"/project/21/"}',
        method="POST",
    ),
    "action and key beside another scheme": admin_call(
        f"action=stop_timer&timer=1001&hash={md5('stop_timer' + KEY)}", headers={"authorization": "Basic dXNlcjpY"}
    ),
    "header": admin_call("action=stop_timer&timer=1001", headers=hmac_header("stop_timer", "1767225600")),
    "header of any time": admin_call("action=stop_timer&timer=1001", headers=hmac_header("stop_timer", "0")),
}


@pytest.mark.parametrize("how", SIGNED)
def test_every_way_to_sign(how: str) -> None:
    """Both hashes and the header are accepted, in every form in which parameters are sent."""
    assert body_of(handle(SIGNED[how], account(running()), NOW)) == OK


@pytest.mark.parametrize(
    "call",
    [
        admin_call("action=get_timers"),
        admin_call("action=get_timers&hash="),
        admin_call(f"action=get_timers&hash={md5('stop_timer' + KEY)}"),
        admin_call(f"action=get_timers&page=/project/21/&hash={md5('get_timers' + KEY)}"),
        admin_call(f"action=get_timers&hash={md5('get_timers')}"),
        admin_call(f"action=get_timers&hash={md5('get_timers' + KEY).upper()}"),
        admin_call(f"action=get_timers&timer=2&hash={md5('action=get_timers&timer=1' + KEY)}"),
        admin_call("action=get_timers&hash=%ED%95%9C"),
        admin_call("action=get_timers", headers=hmac_header("stop_timer", "1767225600")),
        admin_call("action=get_timers", headers=hmac_header("get_timers", "1767225600", "another")),
        admin_call("action=get_timers", headers=hmac_header("get_timers", "")),
        admin_call("action=get_timers", headers=hmac_header("get_timers", "١٢")),
        admin_call("action=get_timers", headers={"authorization": "Admin"}),
        admin_call("action=get_timers", headers={"authorization": "Admin 1_"}),
        admin_call("action=get_timers", headers={"authorization": f"Admin {KEY}"}),
        admin_call("action=get_timers", headers={"authorization": f"Bearer {TOKEN}"}),
        admin_call(f"action=get_timers&access_token={TOKEN}"),
        admin_call("action=get_timers&page=\udcff&hash=x"),
        admin_call("action=nothing&hash=x"),
    ],
)
def test_a_missing_or_wrong_signature(call: Request) -> None:
    """A call that is not signed with the key gets the documented code."""
    assert body_of(handle(call, account(), NOW)) == {
        "status": "error",
        "status_code": 2,
        "message": "Action hash is missed or invalid",
    }


def test_hashes_on_a_fips_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes are created even if MD5 is disabled for security purposes, as under FIPS."""
    md5_of_the_library = hashlib.md5

    def under_fips(data: bytes, *, usedforsecurity: bool = True) -> Any:  # noqa: ANN401 - as hashlib has it
        if usedforsecurity:
            raise ValueError("disabled for FIPS")
        return md5_of_the_library(data, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "md5", under_fips)
    for how in ("page, action and key", "query string"):
        assert body_of(handle(SIGNED[how], account(running()), NOW)) == OK


def test_a_workspace_without_key_is_closed() -> None:
    """If the account has no key, an empty key is rejected."""
    closed = MemoryAccount(msgspec.structs.replace(demo_workspace(), credentials={}))
    for call in (
        admin_call(f"action=get_timers&hash={md5('get_timers')}"),
        admin_call("action=get_timers", headers=hmac_header("get_timers", "1", "")),
    ):
        assert body_of(handle(call, closed, NOW))["status_code"] == 2
    assert handle(user_call("action=get_my_timer&access_token="), closed, NOW).response.status == 401


# ---- the client's side ---------------------------------------------------------------------------

ASKED = [
    ("get_timers", GetTimers()),
    ("stop_timer", StopTimer(timer="1001")),
    ("get_my_timer", GetMyTimer()),
    ("start_my_timer", StartMyTimer(id_task="32")),
    ("stop_my_timer", StopMyTimer(comment="So so")),
    ("delete_my_timer", DeleteMyTimer()),
]


@pytest.mark.parametrize(("operation", "parameters"), ASKED)
@pytest.mark.parametrize("signature", Signature)
def test_round_trip_of_each_call(operation: str, parameters: msgspec.Struct, signature: Signature) -> None:
    """`handle` accepts each call of `request`, however it is signed, and `read_response` reads the response."""
    stored = account() if operation == "start_my_timer" else account(running())
    call = request(operation, parameters, token=TOKEN, key=KEY, signature=signature, at=NOW)
    result = handle(call, stored, NOW)
    assert result.rejection is None
    assert result.operation == operation
    assert validate(call, stored, NOW) is None
    read_response(operation, result.response.status, result.response.headers, result.response.body, now=NOW)
    assert bool(result.changes) == (operation not in ("get_timers", "get_my_timer"))


def test_the_form_of_an_outgoing_call() -> None:
    """A call that reads is a GET; a call that changes is a POST with its parameters in a form."""
    assert request("get_my_timer", GetMyTimer(), token=TOKEN) == Request(
        method="GET",
        path="/api/oauth2/",
        query="action=get_my_timer",
        headers={"accept": "application/json", "authorization": f"Bearer {TOKEN}"},
    )
    assert request("stop_timer", StopTimer(timer=7), key="k") == Request(
        method="POST",
        path="/api/admin/v2/",
        query=f"action=stop_timer&hash={md5('stop_timerk')}",
        headers={"accept": "application/json", "content-type": "application/x-www-form-urlencoded"},
        body=b"timer=7",
    )
    headers = {"accept": "application/json", "authorization": f"Bearer {TOKEN}"}
    for parameters in (StopMyTimer(), DeleteMyTimer()):  # with nothing to say a call has no form
        name = "stop_my_timer" if isinstance(parameters, StopMyTimer) else "delete_my_timer"
        bare = Request(method="POST", path="/api/oauth2/", query=f"action={name}", headers=headers)
        assert request(name, parameters, token=TOKEN) == bare


def test_the_signatures_of_an_outgoing_call() -> None:
    """The hash is in the query and covers the action or all parameters; the header contains its time."""
    forms = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
    assert request("stop_timer", StopTimer(timer=7), key="k", signature=Signature.QUERY) == Request(
        method="POST",
        path="/api/admin/v2/",
        query=f"action=stop_timer&hash={md5('action=stop_timer&timer=7k')}",
        headers=forms,
        body=b"timer=7",
    )
    for at, unix in ((NOW, str(NOW // SECOND)), (NOW + 999_999, str(NOW // SECOND)), (0, "0")):
        signed = request("get_timers", GetTimers(), key=KEY, signature=Signature.HEADER, at=at)
        assert (signed.query, signed.headers["authorization"]) == (
            "action=get_timers",
            hmac_header("get_timers", unix)["authorization"],
        )
    timeless = request("get_timers", GetTimers(), key=KEY, signature=Signature.HEADER)
    assert timeless.headers["authorization"] == hmac_header("get_timers", "0")["authorization"]


@pytest.mark.parametrize("parameters", [row.request for row in OPERATIONS])
def test_parameters_are_given_by_name(parameters: Any) -> None:  # noqa: ANN401 - a request type
    """Request types accept keyword arguments only, so that ids cannot be confused."""
    with pytest.raises(TypeError, match="positional"):
        parameters("31")


def test_an_unknown_operation() -> None:
    """A call that Worksection does not have raises an error on the client's side."""
    with pytest.raises(UnknownOperation):
        request("pause_timer", GetTimers(), key=KEY)
    with pytest.raises(UnknownOperation):
        read_response("pause_timer", 200, {}, b'{"status":"ok"}', now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "code", "message", "detail"),
    [
        (200, b'{"status":"error","status_code":7,"message":"Timer not found"}', 7, "Timer not found", ""),
        (
            200,
            b'{"status":"error","status_code":"10","message":"Field is required","message_details":"id_task"}',
            10,
            "Field is required",
            "id_task",
        ),
        (
            401,
            b'{"error":"not_authorized","errorDescription":"Access token is expired"}',
            401,
            "Access token is expired",
            "",
        ),
        (401, b'{"status":"error","message":"Access token is expired"}', 401, "Access token is expired", ""),
        (500, b"{}", 500, "", ""),
        (400, b'{"status":"ok"}', 400, "", ""),
        (401, b'{"status":"ok"}', 401, "", ""),
        (200, b'{"status":"queued","message":"Later"}', 200, "Later", ""),
        (200, b"{}", 200, "", ""),
    ],
)
def test_a_rejection_is_read(status: int, body: bytes, code: int, message: str, detail: str) -> None:
    """An error in any form that the vendor's clients know becomes a typed rejection."""
    with pytest.raises(Rejection) as rejected:
        read_response("stop_timer", status, {}, body, now=NOW)
    rejection = rejected.value
    assert (rejection.vendor, rejection.status, rejection.vendor_code) == ("worksection", status, code)
    assert (rejection.message, rejection.detail) == (message, detail)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"status":1}'])
def test_a_response_without_envelope(body: bytes) -> None:
    """Without the vendor's envelope a response is malformed or, with an error status, a rejection without a message."""
    with pytest.raises(MalformedPayload):
        read_response("get_timers", 200, {}, body, now=NOW)
    with pytest.raises(MalformedPayload):
        read_response("get_timers", 399, {}, body, now=NOW)
    for status in (400, 401, 502):
        with pytest.raises(Rejection) as rejected:
            read_response("get_timers", status, {}, body, now=NOW)
        assert (rejected.value.status, rejected.value.vendor_code) == (status, status)


@pytest.mark.parametrize("status", [200, 201, 399])
def test_a_success(status: int) -> None:
    """A body with status ``ok`` is a success if the HTTP status is below 400."""
    assert read_response("stop_timer", status, {}, b'{"status":"ok"}', now=NOW) is None


def test_the_example() -> None:
    """There is an example call if the account has a token."""
    call = example(demo_workspace(), NOW)
    assert call is not None
    assert body_of(handle(call, account(), NOW)) == {"status": "ok", "data": []}
    assert example(msgspec.structs.replace(demo_workspace(), credentials={}), NOW) is None


# ---- the table -----------------------------------------------------------------------------------


def test_the_dialect() -> None:
    """Worksection starts and stops timers, has no pause, and has a resolution of a second."""
    assert DIALECT.resolution == SECOND
    assert DIALECT.events == {Event.START, Event.STOP}
    assert dict(DIALECT.transitions) == {
        (State.IDLE, "start_my_timer"): State.RUNNING,
        (State.RUNNING, "stop_timer"): State.STOPPED,
        (State.RUNNING, "stop_my_timer"): State.STOPPED,
    }
    assert {move.operation for move in DIALECT.bindings} <= {operation.name for operation in OPERATIONS}


def test_the_published_limit() -> None:
    """The vendor's API page allows one request a second."""
    assert VENDOR.rate_limit == Limit(calls=1, per_seconds=1)
    assert VENDOR.quota is None


def test_the_table() -> None:
    """Each call accepts GET and POST and is chosen by its action on one of the two APIs."""
    assert [operation.name for operation in OPERATIONS] == [name for name, _ in ASKED]
    for operation in OPERATIONS:
        assert set(operation.methods) == {"GET", "POST"}
        assert operation.discriminator == {"action": operation.name}
        assert operation.path == ("/api/oauth2" if "my" in operation.name else "/api/admin/v2")
