"""Permissions: no call without credentials, and none that touches another person's timer."""

from __future__ import annotations

import ast
import base64
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from punchclock import vendors
from punchclock.sandbox import Sandbox
from punchclock.sandbox.control import control
from punchclock.vendors import worksection
from punchclock.vendors.calls import Request
from punchclock.vendors.rules import secrets_equal
from sandbox_calls import CALLS, NOON, call, send, stored_timers, with_credentials, without_credentials

EVERY_CALL = sorted(CALLS)

#: Each API's response to unknown credentials: the status, and a part of the body.
INTERVALS = (401, {"status": "Error", "code": 401, "error": {"code": 9, "message": "Invalid auth"}})
TIMETRACK = (401, {"errors": [{"status": 401, "code": 15001}]})
WORKSECTION_ADMIN = (200, {"status": "error", "status_code": 2, "message": "Action hash is missed or invalid"})
WORKSECTION_USER = (401, {"status": "error"})
ZOHO = (401, {"response": {"status": 1}})


def expected(request: Request) -> tuple[int, Any]:
    """Return the rejection of unknown credentials for a request, by its path."""
    for path, rejection in (
        ("/timer", INTERVALS),
        ("/api/v2/ext", TIMETRACK),
        ("/api/admin", WORKSECTION_ADMIN),
        ("/api/oauth2", WORKSECTION_USER),
        ("/people", ZOHO),
    ):
        if request.path.startswith(path):
            return rejection
    raise AssertionError(request.path)


def holds(actual: object, wanted: object) -> bool:
    """Return whether a body contains the wanted fields; it may have more."""
    if isinstance(wanted, dict):
        here = actual if isinstance(actual, dict) else {}
        return all(name in here and holds(here[name], value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(actual, list) and len(actual) == len(wanted) and all(map(holds, actual, wanted))
    return bool(actual == wanted)


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox in which person 3, and TimeTrack's "test", have a timer at every vendor."""
    sandbox = Sandbox(clock=NOON)
    for vendor, operation in (
        ("intervals", "create_timer"),
        ("timetrack", "start_project_timer"),
        ("timetrack", "start_attendance_timer"),
        ("worksection", "start_my_timer"),
        ("zoho", "start_timer"),
    ):
        send(sandbox, call(vendor, operation))
    assert len(sandbox.timers()) == 5
    return sandbox


def test_the_table_has_every_call() -> None:
    """The tests cover every call of every vendor."""
    served = {(name, row.name) for name in vendors.names() for row in vendors.load(name).operations}
    assert set(CALLS) == served


def other_vendors(value: str) -> str:
    """Return a valid credential of another vendor, in the form of this one's."""
    if value.startswith("Basic "):
        return "Basic " + base64.b64encode(b"zoho-token-1:X").decode()
    if " " in value:
        return value.split(" ", maxsplit=1)[0] + " intervals-token-1"
    return "worksection-admin-key"


@pytest.mark.parametrize("way", ["none", "wrong", "almost", "blank", "another vendor's"])
@pytest.mark.parametrize(("vendor", "operation"), EVERY_CALL)
def test_unknown_credentials_get_the_vendors_rejection(sandbox: Sandbox, vendor: str, operation: str, way: str) -> None:
    """Missing or wrong credentials get the vendor's own rejection in every call."""
    request = call(vendor, operation)
    changed = {
        "none": lambda: without_credentials(request),
        "wrong": lambda: with_credentials(request, lambda value: value[:6] + "bm9ib2R5" + value[6:]),
        "almost": lambda: with_credentials(request, lambda value: value[:-1]),
        "blank": lambda: with_credentials(request, lambda _: ""),
        "another vendor's": lambda: with_credentials(request, other_vendors),
    }[way]()
    before = stored_timers(sandbox)
    status, headers, body = send(sandbox, changed)
    assert headers["content-type"].startswith("application/json")
    wanted = expected(request)
    assert (status, True) == (wanted[0], holds(msgspec.json.decode(body), wanted[1])), body
    assert stored_timers(sandbox) == before


@pytest.mark.parametrize(("vendor", "operation"), EVERY_CALL)
def test_another_accounts_credentials_are_wrong(vendor: str, operation: str) -> None:
    """The credentials of one account are wrong in another."""
    sandbox = Sandbox(clock=NOON)
    elsewhere = Sandbox(replace(sandbox.workspace, credentials={}), clock=NOON)
    request = call(vendor, operation)
    status, _, body = send(elsewhere, request)
    wanted = expected(request)
    assert (status, True) == (wanted[0], holds(msgspec.json.decode(body), wanted[1])), body


@pytest.mark.parametrize(("vendor", "operation"), EVERY_CALL)
def test_right_credentials_are_accepted(sandbox: Sandbox, vendor: str, operation: str) -> None:
    """The right credentials are accepted in every call, so the tests above are not empty."""
    status, _, body = send(sandbox, call(vendor, operation))
    wanted = expected(call(vendor, operation))
    assert not (status == wanted[0] and holds(msgspec.json.decode(body), wanted[1])), body


@pytest.mark.parametrize(
    ("vendor", "operation", "status"),
    [
        ("intervals", "get_timer", 403),
        ("intervals", "update_timer", 403),
        ("intervals", "delete_timer", 403),
        ("zoho", "pause_timer", 400),
        ("zoho", "resume_timer", 400),
        ("zoho", "get_comments", 400),
        ("zoho", "add_comment", 400),
    ],
)
def test_another_persons_timer_is_rejected(vendor: str, operation: str, status: int) -> None:
    """A call for another person's timer is rejected, and the timer doesn't change."""
    sandbox = Sandbox(clock=NOON)
    starts = {"intervals": "create_timer", "zoho": "start_timer"}
    send(sandbox, call(vendor, starts[vendor], 3))
    before = stored_timers(sandbox)
    assert list(before) == [f"{vendor}/timer/1001"]
    assert send(sandbox, call(vendor, operation, 5))[0] == status
    assert stored_timers(sandbox) == before


def test_a_signature_at_time_zero_is_one() -> None:
    """Worksection's signed header of the Unix time 0 is accepted; one without a time is not."""
    sandbox, key = Sandbox(clock=NOON), "worksection-admin-key"
    request = worksection.VENDOR.request
    signed = request("get_timers", worksection.GetTimers(), key=key, signature=worksection.Signature.HEADER, at=0)
    status, _, body = send(sandbox, signed)
    assert (status, msgspec.json.decode(body)) == (200, {"status": "ok", "data": []})
    timeless = with_credentials(signed, lambda value: value.replace("Admin 0_", "Admin _"))
    wanted = expected(timeless)
    assert holds(msgspec.json.decode(send(sandbox, timeless)[2]), wanted[1])


def called_functions(function: Callable[..., object]) -> set[str]:
    """Return the names of the functions that a function calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls}


def test_secrets_are_compared_in_constant_time() -> None:
    """The control token is compared by the function that compares in constant time, and in no other way.

    A measurement of times can't show this reliably, so the test reads the source.
    """
    assert "compare_digest" in called_functions(secrets_equal)
    assert "secrets_equal" in called_functions(control)
    tree = ast.parse(textwrap.dedent(inspect.getsource(control)))
    compared = [
        name.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for name in ast.walk(node)
        if isinstance(name, ast.Name)
    ]
    assert {"token", "given"}.isdisjoint(compared)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer key-of-the-clock", 200),
        ("Bearer key-of-the-clocK", 401),
        ("Bearer Key-of-the-clock", 401),
        ("Bearer key-of-the-cloc", 401),
        ("Bearer key-of-the-clock ", 401),
        ("Bearer key-of-the-clockk", 401),
        ("Bearer  key-of-the-clock", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Basic key-of-the-clock", 401),
        ("", 401),
    ],
)
def test_the_control_token_is_exact(given: str, status: int) -> None:
    """Only the whole token with the scheme ``Bearer`` is accepted."""
    sandbox = Sandbox(clock=NOON, control_token="key-of-the-clock")
    assert sandbox.handle("GET", "/_punchclock/clock", "", {"authorization": given})[0] == status


def test_a_manager_reaches_other_peoples_timers(sandbox: Sandbox) -> None:
    """Intervals' managers see and change other people's timers; executives have no access."""
    assert send(sandbox, call("intervals", "get_timer", 2))[0] == 200
    assert send(sandbox, call("intervals", "get_timer", 4))[0] == 403


def test_my_timer_is_the_callers(sandbox: Sandbox) -> None:
    """Worksection's calls for "my timer" only stop and discard the caller's timer."""
    before = stored_timers(sandbox)
    for operation in ("stop_my_timer", "delete_my_timer"):
        status, _, body = send(sandbox, call("worksection", operation, 5))
        assert (status, msgspec.json.decode(body)["status"]) == (200, "error")
    assert stored_timers(sandbox) == before


def test_a_start_for_another_person_is_rejected() -> None:
    """A start that names another person is rejected."""
    sandbox = Sandbox(clock=NOON)
    assert send(sandbox, call("intervals", "create_timer", 5, personid=3))[0] == 403
    assert send(sandbox, call("zoho", "start_timer", 5, user="3"))[0] == 400
    assert sandbox.timers() == []
