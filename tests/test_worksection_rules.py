"""Worksection's rejections: each rule with its code and message, and hostile requests."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pages import covers
from punchclock import State, Timer
from punchclock.units import SECOND
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.worksection import OPERATIONS, VENDOR, WorksectionTimer, handle, validate
from punchclock.vendors.workspace import Task
from punchclock.workspaces import demo_workspace
from worksection_demo import FORM, JSON, KEY, MULTIPART, NOW, TOKEN, account, admin_call, md5, running, user_call


def rejection(call: Request, stored: MemoryAccount, now: int = NOW) -> object:
    """The body of a rejection, which has HTTP status 200 and changes nothing."""
    result = handle(call, stored, now)
    assert result.response.status == 200
    assert result.changes == ()
    assert result.rejection is not None
    assert str(validate(call, stored, now)) == str(result.rejection)
    return json.loads(result.response.body)


def error(code: int, message: str, details: str | None = None) -> dict[str, object]:
    """An error as Worksection writes it, in its order."""
    body: dict[str, object] = {"status": "error", "status_code": code, "message": message}
    return body if details is None else body | {"message_details": details}


def signed(query: str, action: str) -> Request:
    """A call to the admin API with the account's key."""
    return admin_call(f"{query}&hash={md5(action + KEY)}")


STOPPED = WorksectionTimer(
    id="1001", timer=Timer(State.STOPPED, NOW - 60 * SECOND, NOW, 60 * SECOND), person=demo_workspace().people["3"]
)


def test_one_timer_a_user() -> None:
    """A second start is rejected with code 6, whatever the task."""
    stored = account(running())
    for task in ("31", "32"):
        assert rejection(user_call(f"action=start_my_timer&id_task={task}"), stored) == error(
            6, "Timer is already started"
        )


@pytest.mark.parametrize("action", ["stop_my_timer", "delete_my_timer"])
def test_nothing_to_stop(action: str) -> None:
    """If the caller has no running timer, there is none to stop or delete: code 7."""
    for stored in (account(), account(running(person="5")), account(STOPPED)):
        assert rejection(user_call(f"action={action}&comment=x"), stored) == error(7, "Timer is not started")


@pytest.mark.parametrize("timer", ["9999", "0", "-1", "abc", "1001.0", "1e3", "%00", "9" * 5000, "x" * 256])
def test_an_unknown_timer(timer: str) -> None:
    """An id without a running timer is not found: code 7 with the other message."""
    assert rejection(signed(f"action=stop_timer&timer={timer}", "stop_timer"), account(running())) == error(
        7, "Timer not found"
    )


def test_the_first_stop_wins() -> None:
    """A stopped timer is not found a second time, and the saved entry does not change."""
    assert rejection(signed("action=stop_timer&timer=1001", "stop_timer"), account(STOPPED)) == error(
        7, "Timer not found"
    )


@pytest.mark.parametrize(
    "body", [b'{"timer":[1001]}', b'{"timer":{"id":1001}}', b'{"timer":true}', b'{"timer":1001.5}']
)
def test_a_timer_of_the_wrong_type(body: bytes) -> None:
    """A value that is not an id is not found."""
    call = replace(signed("action=stop_timer", "stop_timer"), headers=JSON, body=body)
    assert rejection(call, account(running())) == error(7, "Timer not found")


@pytest.mark.parametrize("task", ["35", "0", "-31", "abc", "31.0", "%01", "٣١", "9" * 5000, "x" * 256])
def test_an_unknown_task(task: str) -> None:
    """A task that does not exist is invalid: code 5."""
    call = user_call(f"action=start_my_timer&id_task={quote(task, safe='%')}")
    assert rejection(call, account()) == error(5, "Task is invalid")


@pytest.mark.parametrize("body", [b'{"id_task":[31]}', b'{"id_task":{}}', b'{"id_task":true}', b'{"id_task":1e400}'])
def test_a_task_of_the_wrong_type(body: bytes) -> None:
    """A value that is not an id is not a task; a number that JSON readers reject makes the request invalid."""
    code = 10 if b"e" in body and b"true" not in body else 5
    found = rejection(user_call("action=start_my_timer", headers=JSON, body=body), account())
    assert isinstance(found, dict)
    assert found["status_code"] == code


def test_a_closed_task() -> None:
    """A timer cannot start on a closed task: code 8. A running timer can still be stopped after its task was closed."""
    assert rejection(user_call("action=start_my_timer&id_task=34"), account()) == error(8, "Task is closed")
    stored = account(running(task="34"))
    assert handle(user_call("action=stop_my_timer"), stored, NOW).rejection is None


def test_a_task_without_project() -> None:
    """At Worksection each task belongs to a project; for a task without one the project is invalid: code 4."""
    workspace = demo_workspace()
    stored = MemoryAccount(replace(workspace, tasks={"31": Task(id="31", name="Design")}))
    assert rejection(user_call("action=start_my_timer&id_task=31"), stored) == error(4, "Project is invalid")


@covers("worksection", "Stopping the timer through API: stop_timer", "Required parameters:")
@pytest.mark.parametrize("timer", ["", "&timer", "&timer="])
def test_stop_timer_requires_a_timer(timer: str) -> None:
    """If ``timer`` is absent or blank, it is required: code 10 with the field's name."""
    call = signed(f"action=stop_timer{timer}", "stop_timer")
    assert rejection(call, account(running())) == error(10, "Field is required", "timer")


@covers("worksection", "Starting the authorized user timer through API: start_my_timer", "Required parameters:")
@pytest.mark.parametrize("body", [b"", b"{}", b'{"id_task":null}', b'{"id_task":""}', b'{"task":31}'])
def test_start_my_timer_requires_a_task(body: bytes) -> None:
    """If ``id_task`` is absent, null or blank, it is required: code 10 with the field's name."""
    call = user_call("action=start_my_timer", headers=JSON, body=body)
    assert rejection(call, account()) == error(10, "Field is required", "id_task")


@pytest.mark.parametrize("query", ["", "action", "action=", "id_task=31"])
def test_an_action_is_required(query: str) -> None:
    """Without an action there is no call: code 1 on either API."""
    assert rejection(user_call(query), account()) == error(1, "Action is required")
    assert rejection(admin_call(query), account()) == error(1, "Action is required")


@pytest.mark.parametrize("action", ["pause_my_timer", "GET_MY_TIMER", " get_my_timer", "get_tasks", "x" * 1_000_000])
def test_an_unknown_action(action: str) -> None:
    """An action that the API does not have is invalid: code 0. A long one is shortened in the message."""
    details = f"there is no action {action[:100]}"
    assert rejection(user_call(f"action={quote(action)}"), account()) == error(0, "Action is invalid", details)
    assert rejection(signed(f"action={quote(action)}", action), account()) == error(0, "Action is invalid", details)


@pytest.mark.parametrize("path", ["/", "", "/api", "/api/admin", "/api/admin/v1", "/api/oauth2/timers"])
def test_an_unknown_path(path: str) -> None:
    """Other paths are rejected."""
    call = replace(user_call("action=get_my_timer"), path=path)
    assert rejection(call, account()) == error(0, "Action is invalid", f"there is no call at {path}")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", ""])
def test_an_unknown_method(method: str) -> None:
    """Only GET and POST are accepted."""
    call = user_call("action=get_my_timer", method=method)
    assert rejection(call, account()) == error(0, "Action is invalid", f"this path does not accept {method}")


@pytest.mark.parametrize(
    ("query", "headers", "body", "details"),
    [
        ("action=stop_my_timer&action=stop_my_timer", {}, b"", "action: the parameter is given twice"),
        ("action=stop_my_timer&comment=a", FORM, b"comment=b", "comment: the parameter is given twice"),
        ("action=stop_my_timer&comment=a", JSON, b'{"comment":"a"}', "comment: the parameter is given twice"),
        ("action=stop_my_timer&comment=a%00b", {}, b"", "comment: it holds control characters"),
        ("action=stop_my_timer&comment=%7F", {}, b"", "comment: it holds control characters"),
        ("action=stop_my_timer", JSON, b'{"comment":["a"]}', "comment: expected a string, got an array"),
        ("action=stop_my_timer", JSON, b'{"comment":1}', "comment: expected a string, got an integer"),
    ],
)
def test_an_invalid_parameter(query: str, headers: dict[str, str], body: bytes, details: str) -> None:
    """A duplicate, a wrong type and control characters are code 10 with the field and the reason."""
    call = user_call(query, headers=headers, body=body)
    assert rejection(call, account(running())) == error(10, "Field is invalid", details)


@pytest.mark.parametrize(
    ("query", "headers", "body"),
    [
        ("action=stop_my_timer&comment=%FF", {}, b""),
        ("action=stop_my_timer", FORM, b"comment=\xff"),
        ("action=stop_my_timer", JSON, b'{"comment":"\xff"}'),
        ("action=stop_my_timer", JSON, b'{"comment":'),
        ("action=stop_my_timer", JSON, b'["comment"]'),
        ("action=stop_my_timer", JSON, b'{"comment":NaN}'),
        ("action=stop_my_timer", JSON, b'{"comment":' + b"[" * 100_000),
        ("action=stop_my_timer", {"content-type": "application/xml"}, b"<!DOCTYPE a [<!ENTITY b 'b'>]><a>&b;</a>"),
        ("action=stop_my_timer", MULTIPART, b"no form"),
        ("action=stop_my_timer", {"content-type": "multipart/form-data"}, b"--x\r\n\r\n"),
        ("action=stop_my_timer", {"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nnameless\r\n--x--"),
        (
            "action=stop_my_timer",
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="comment"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("&".join(f"p{number}=1" for number in range(101)), {}, b""),
        (
            "action=stop_my_timer",
            {"content-type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="p"\r\n\r\n1\r\n' * 101 + b"--x--\r\n",
        ),
    ],
)
def test_an_unreadable_request(query: str, headers: dict[str, str], body: bytes) -> None:
    """Invalid UTF-8, JSON or forms and too many parameters are code 10, and change nothing."""
    found = rejection(user_call(query, headers=headers, body=body), account(running()))
    assert isinstance(found, dict)
    assert list(found) == ["status", "status_code", "message", "message_details"]
    assert (found["status_code"], found["message"]) == (10, "Field is invalid")


@pytest.mark.parametrize("comment", ["x" * 256, "x" * 1_000_000, "tab\tand\r\nlines", "😀"])
def test_a_comment_of_any_length(comment: str) -> None:
    """The page does not limit the length of a comment."""
    call = user_call("action=stop_my_timer", headers=JSON, body=json.dumps({"comment": comment}).encode())
    assert handle(call, account(running()), NOW).changes[0].record.note == comment


def test_unknown_parameters_are_ignored() -> None:
    """Clients send parameters that a call does not have: a page, a refresh token, a hash."""
    call = user_call("action=start_my_timer&id_task=31&page=/project/21/31/&refresh_token=x&hash=y&comment[]=%00")
    assert handle(call, account(), NOW).rejection is None


@pytest.mark.parametrize(
    ("rule", "status", "message"),
    [
        (Rule.TOO_LARGE, 413, "Request is too large"),
        (Rule.TOO_FAST, 429, "Too many requests"),
        (Rule.QUOTA, 429, "Too many requests"),
        (Rule.UNAVAILABLE, 503, "Service is not available"),
    ],
)
def test_rejections_by_the_server(rule: Rule, status: int, message: str) -> None:
    """Rejections that a server makes before a call is decided have an HTTP status and the shape of an error."""
    response = VENDOR.reject(user_call("action=get_my_timer"), RuleViolation(rule)).response
    assert (response.status, json.loads(response.body)) == (status, error(status, message))


# ---- anything at all -----------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = (
    st.sampled_from(["31", "34", "1001", "1002", "", "0", "-1", "NaN", "1e999", KEY, TOKEN])
    | texts
    | st.integers()
    | st.floats()
    | st.none()
    | st.booleans()
    | st.lists(st.integers(), max_size=2)
)
names = st.sampled_from(["action", "id_task", "timer", "comment", "page", "hash", "access_token"]) | texts
actions = st.sampled_from([operation.name for operation in OPERATIONS])
bodies = (
    st.binary(max_size=80)
    | st.dictionaries(names, values, max_size=4).map(lambda sent: json.dumps(sent).encode())
    | st.dictionaries(names, texts, max_size=4).map(
        lambda sent: "&".join(f"{quote(name)}={quote(value)}" for name, value in sent.items()).encode()
    )
)
media = st.sampled_from(
    [FORM, JSON, MULTIPART, {}, {"content-type": "multipart/form-data; boundary=\udc00"}]
) | texts.map(lambda text: {"content-type": text})


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request to either API: half of them well signed, with anything for parameters."""
    action = draw(actions)
    mine = draw(st.booleans())
    sent = {"action": action} | draw(st.dictionaries(names, texts, max_size=3))
    headers = dict(draw(media))
    if draw(st.booleans()):
        if mine:
            headers["authorization"] = f"Bearer {TOKEN}"
        else:
            sent["hash"] = md5(f"{sent.get('page', '')}{sent['action']}{KEY}")
    return Request(
        method=draw(st.sampled_from(["GET", "POST", "PUT", ""])),
        path="/api/oauth2" if mine else "/api/admin/v2",
        query=draw(st.just("&".join(f"{quote(name)}={quote(value)}" for name, value in sent.items())) | texts),
        headers=headers,
        body=draw(st.just(b"") | bodies),
    )


@given(requests(), st.booleans(), st.sampled_from([NOW - 10**15, NOW, NOW + 10**15]))
def test_any_request_gets_a_documented_response(call: Request, runs: bool, now: int) -> None:
    """The response always has a documented shape, and only a success changes anything."""
    stored = account(running(), STOPPED) if runs else account()
    before = stored.get(WorksectionTimer, "1001")
    result = handle(call, stored, now)
    body = json.loads(result.response.body)
    assert stored.get(WorksectionTimer, "1001") == before
    if result.rejection is None:
        assert result.response.status == 200
        assert body["status"] == "ok"
        assert set(body) <= {"status", "data"}
    else:
        assert result.changes == ()
        assert result.response.status in (200, 401)
        assert [*body][:3] == ["status", "status_code", "message"]
        assert set(body) <= {"status", "status_code", "message", "message_details"}
        assert isinstance(body["status_code"], int)
        assert body["message"]
    stored.apply(result.changes)
