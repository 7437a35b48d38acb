"""The control plane: its responses, exact, and its rejections, by code."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import jsonschema
import pytest
from openapi_spec_validator import validate

import punchclock as pc
from punchclock.sandbox import Sandbox
from punchclock.sandbox.backend import MAX_BODY
from punchclock.sandbox.control import ENDPOINTS, openapi
from punchclock.sandbox.store import StoreUnavailable
from sandbox_calls import NOON, call, send


@pytest.fixture
def sandbox() -> Sandbox:
    """A sandbox at noon."""
    return Sandbox(clock=NOON)


def ask(sandbox: Sandbox, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Send a call, and return the status and the content of the response."""
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    status, found, content = sandbox.handle(method, f"/_punchclock/{path}", "", headers, sent)
    assert found["content-type"] == "application/json"
    return status, json.loads(content)


def error(answer: tuple[int, Any]) -> tuple[int, str]:
    """Return the status and the code of a rejection, after a check of its shape."""
    status, content = answer
    assert list(content) == ["error"]
    assert list(content["error"]) == ["code", "message"]
    assert content["error"]["message"]
    return status, content["error"]["code"]


# ---- the clock -----------------------------------------------------------------------------------


def test_the_clock_is_read(sandbox: Sandbox) -> None:
    """``GET clock`` shows the instant and whether the clock is frozen."""
    assert ask(sandbox, "GET", "clock") == (200, {"now": "2026-03-02T12:00:00Z", "frozen": True})
    _, running = ask(Sandbox(), "GET", "clock")
    assert abs(pc.instant(running["now"]) - pc.now()) < 10_000_000
    assert running["frozen"] is False


def test_the_clock_is_set(sandbox: Sandbox) -> None:
    """``PUT clock`` answers 200 and the clock, and reports that it was set back."""
    for sent, now in (
        ({"now": "2026-03-02T08:00:00Z"}, "2026-03-02T08:00:00Z"),
        ({"advance_seconds": 90}, "2026-03-02T08:01:30Z"),
        ({"advance_seconds": 0.000001}, "2026-03-02T08:01:30.000001Z"),
        ({"now": "2026-03-02T10:00:00+01:00"}, "2026-03-02T09:00:00Z"),
    ):
        status, shown = ask(sandbox, "PUT", "clock", sent)
        back = {"went_backwards": True} if now == "2026-03-02T08:00:00Z" else {}
        assert (status, shown) == (200, {"now": now, "frozen": True} | back)
    assert ask(sandbox, "GET", "clock") == (200, {"now": "2026-03-02T09:00:00Z", "frozen": True})
    status, shown = ask(sandbox, "PUT", "clock", {"real": True})
    assert (status, shown["frozen"], sandbox.clock.frozen) == (200, False, False)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"now": "noon"}, (400, "invalid-instant")),
        ({"now": "2026-03-02T08:00:00"}, (400, "naive-datetime")),
        ({"now": "9999-12-31T00:00:00Z"}, (400, "invalid-instant")),
        ({"now": None}, (400, "bad-request")),
        ({"now": 5}, (400, "bad-request")),
        ({"advance_seconds": -1}, (400, "bad-request")),
        ({"advance_seconds": "90"}, (400, "bad-request")),
        ({"advance_seconds": 1e13}, (400, "bad-request")),
        ({"advance_seconds": 1e12}, (400, "instant-out-of-range")),
        ({"real": False}, (400, "bad-request")),
        ({}, (400, "bad-request")),
        ({"now": "2026-03-02T08:00:00Z", "real": True}, (400, "bad-request")),
        ({"then": 1}, (400, "bad-request")),
        ([], (400, "bad-request")),
        (b"", (400, "bad-request")),
        (b"\xff", (400, "bad-request")),
        (b"[" * 100_000, (400, "bad-request")),
    ],
    ids=str,
)
def test_a_bad_clock_is_rejected(sandbox: Sandbox, sent: object, expected: tuple[int, str]) -> None:
    """A request that isn't valid is rejected by code, and the clock doesn't change."""
    assert error(ask(sandbox, "PUT", "clock", sent)) == expected
    assert ask(sandbox, "GET", "clock")[1] == {"now": "2026-03-02T12:00:00Z", "frozen": True}


def test_a_running_clock_is_not_advanced() -> None:
    """Advancing a clock in real time is a conflict."""
    assert error(ask(Sandbox(), "PUT", "clock", {"advance_seconds": 1})) == (409, "clock-is-running")


# ---- timers, journal, workspace ----------------------------------------------------------------------


def test_timers_of_all_vendors_have_one_form(sandbox: Sandbox) -> None:
    """``GET timers`` lists every timer, also a stopped one, in one form and without loss."""
    send(sandbox, call("intervals", "create_timer"))
    send(sandbox, call("timetrack", "start_project_timer", date="2026-03-02T11:00:00Z"))
    send(sandbox, call("worksection", "start_my_timer"))
    send(sandbox, call("zoho", "start_timer"))
    sandbox.clock.advance(90_500_000)
    send(sandbox, call("worksection", "stop_my_timer"))
    send(sandbox, call("zoho", "pause_timer", timeLogId="1004"))
    sandbox.clock.advance(30_000_000)
    status, shown = ask(sandbox, "GET", "timers")
    assert status == 200
    assert [tuple(each.values()) for each in shown] == [
        ("intervals", "timer", "1001", "resource", "running", NOON, NOON, 120.5, 0),
        (
            "timetrack",
            "project_timer",
            "1002",
            "test",
            "running",
            "2026-03-02T11:00:00Z",
            "2026-03-02T11:00:00Z",
            3720.5,
            0,
        ),
        ("worksection", "timer", "1003", "resource", "stopped", NOON, "2026-03-02T12:01:30Z", 90, 0),
        ("zoho", "timer", "1004", "resource", "paused", NOON, "2026-03-02T12:01:30Z", 90, 30.5),
    ]
    assert list(shown[0]) == [
        "vendor",
        "kind",
        "id",
        "user",
        "state",
        "started_at",
        "since",
        "worked_seconds",
        "break_seconds",
    ]


def test_a_timer_from_the_future_is_shown(sandbox: Sandbox) -> None:
    """After the clock was set back, a timer is shown as of its last change."""
    send(sandbox, call("intervals", "create_timer"))
    sandbox.clock.freeze("2026-03-02T08:00:00Z")
    (shown,) = ask(sandbox, "GET", "timers")[1]
    assert (shown["started_at"], shown["worked_seconds"]) == (NOON, 0)


def test_the_journal_can_be_followed(sandbox: Sandbox) -> None:
    """``GET journal`` is JSON Lines after a given number."""
    for _ in range(3):
        send(sandbox, call("intervals", "list_timers"))
    status, headers, body = sandbox.handle("GET", "/_punchclock/journal", "after=1")
    assert (status, headers["content-type"]) == (200, "application/x-ndjson")
    assert [json.loads(line)["number"] for line in body.splitlines()] == [2, 3]
    assert sandbox.handle("GET", "/_punchclock/journal", {"after": 3})[2] == b""
    for after in ("x", "-1", "1" * 30, "²"):
        status, _, body = sandbox.handle("GET", "/_punchclock/journal", {"after": after})
        assert error((status, json.loads(body))) == (400, "bad-request")


def test_the_event_log_is_json_lines(sandbox: Sandbox) -> None:
    """``GET journal/events`` has one line for each event, as replay reads it."""
    send(sandbox, call("intervals", "create_timer"))
    status, headers, body = sandbox.handle("GET", "/_punchclock/journal/events")
    assert (status, headers["content-type"], body.count(b"\n")) == (200, "application/x-ndjson", 1)
    assert json.loads(body)["event"] == "start"


def test_the_workspace_has_no_credentials(sandbox: Sandbox) -> None:
    """``GET workspace`` has the people and the work, but no credential."""
    status, workspace = ask(sandbox, "GET", "workspace")
    assert (status, workspace["name"], workspace["people"]["5"]["name"]) == (200, "demo", "test")
    assert "token" not in json.dumps(workspace)
    assert set(workspace) == set(sandbox.workspace.__struct_fields__) - {"credentials"}


def test_reset_deletes_everything(sandbox: Sandbox) -> None:
    """``POST reset`` deletes timers, journal and faults and starts the ids again; the clock stays."""
    first = send(sandbox, call("intervals", "create_timer"))
    assert ask(sandbox, "POST", "faults", {"effect": "drop", "vendor": "zoho"})[0] == 201
    assert ask(sandbox, "POST", "reset") == (200, {"now": NOON, "frozen": True})
    assert ask(sandbox, "GET", "timers") == (200, [])
    assert ask(sandbox, "GET", "faults") == (200, [])
    assert sandbox.handle("GET", "/_punchclock/journal")[2] == b""
    assert send(sandbox, call("intervals", "create_timer")) == first


# ---- faults --------------------------------------------------------------------------------------


def test_faults_are_injected_and_counted(sandbox: Sandbox) -> None:
    """``POST faults`` injects, ``GET`` counts, and ``DELETE`` removes them and lists those that never fired."""
    assert ask(sandbox, "POST", "faults", {"effect": "reject", "status": 503, "vendor": "intervals"})[0] == 201
    never = {"effect": "rate_limit", "vendor": "zoho", "calls": 20, "per_seconds": 60.0, "lock_seconds": 300.0}
    assert ask(sandbox, "POST", "faults", {"effect": "rate_limit", "vendor": "zoho"}) == (201, never)
    assert send(sandbox, call("intervals", "list_timers"))[0] == 503
    _, counted = ask(sandbox, "GET", "faults")
    assert [(each["matched"], each["fired"]) for each in counted] == [(1, 1), (0, 0)]
    assert ask(sandbox, "DELETE", "faults") == (200, {"removed": counted, "never_fired": [never]})
    assert send(sandbox, call("intervals", "list_timers"))[0] == 200


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"effect": "explode"}, "bad-request"),
        ({"effect": "drop", "nht": 1}, "bad-request"),
        ({"effect": "drop", "nth": 0}, "bad-request"),
        ({"effect": "drop", "vendor": "nonsense"}, "invalid-fault"),
        ({"effect": "rate_limit"}, "invalid-fault"),
        ({}, "bad-request"),
    ],
    ids=str,
)
def test_a_bad_fault_is_rejected(sandbox: Sandbox, sent: object, code: str) -> None:
    """A misspelt or impossible fault is rejected by code, and not injected."""
    assert error(ask(sandbox, "POST", "faults", sent)) == (400, code)
    assert sandbox.faults.reports() == []


# ---- paths and access ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted({each.path for each in ENDPOINTS}))
def test_a_trailing_slash_is_optional(sandbox: Sandbox, path: str) -> None:
    """Every path answers with and without a trailing slash; other methods get 405."""
    method = next(each.method for each in ENDPOINTS if each.path == path)
    assert sandbox.handle(method, f"/_punchclock/{path}/") == sandbox.handle(method, f"/_punchclock/{path}")
    assert sandbox.handle(method, f"/_punchclock/{path}")[0] in (200, 201, 400)
    assert error(ask(sandbox, "PATCH", path)) == (405, "method-not-allowed")


@pytest.mark.parametrize("path", ["/_punchclock", "/_punchclock/", "/_punchclock/nothing", "/_punchclock/clock/x"])
def test_an_unknown_path_lists_the_known_ones(sandbox: Sandbox, path: str) -> None:
    """An unknown path gets 404 with the known paths."""
    status, _, body = sandbox.handle("GET", path)
    assert error((status, json.loads(body))) == (404, "not-found")
    assert "journal/events" in json.loads(body)["error"]["message"]


def test_a_path_with_a_longer_prefix_is_not_control(sandbox: Sandbox) -> None:
    """A path that only begins with the same letters doesn't belong to the control plane."""
    assert sandbox.handle("GET", "/_punchclocks")[0] == 404
    assert len(list(sandbox.journal())) == 1


def test_a_token_is_required() -> None:
    """With a control token every call requires it."""
    sandbox = Sandbox(clock=NOON, control_token="key-of-the-clock")
    for headers in (
        {},
        {"authorization": "Bearer key"},
        {"authorization": "key-of-the-clock"},
        {"authorization": "\ud800"},
    ):
        assert error(ask(sandbox, "PUT", "clock", {"advance_seconds": 1}, **headers)) == (401, "unauthorized")
        assert error(ask(sandbox, "GET", "nothing", **headers)) == (401, "unauthorized")
    assert sandbox.clock.now() == pc.instant(NOON)
    for scheme in ("Bearer", "bearer"):
        assert ask(sandbox, "GET", "clock", authorization=f"{scheme} key-of-the-clock")[0] == 200
    assert send(sandbox, call("intervals", "list_timers"))[0] == 200


def test_a_rejection_does_not_repeat_a_large_body(sandbox: Sandbox) -> None:
    """An unknown key is truncated in the message."""
    status, _, body = sandbox.handle("PUT", "/_punchclock/clock", body=json.dumps({"x" * 100_000: 1}))
    assert status == 400
    assert b"unknown key 'xxx" in body
    assert len(body) < 400


def test_a_large_body_is_rejected(sandbox: Sandbox) -> None:
    """A body above the bound is rejected."""
    assert error(ask(sandbox, "PUT", "clock", b" " * MAX_BODY + b"1")) == (413, "too-large")


def test_an_unavailable_store_is_a_503(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the store can't be read, the timers and the health check answer 503; the clock still answers."""

    def reject() -> NoReturn:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(sandbox.store, "reading", reject)
    assert error(ask(sandbox, "GET", "timers")) == (503, "store-unavailable")
    assert sandbox.handle("GET", "/healthz")[0] == 503
    assert ask(sandbox, "GET", "clock")[0] == 200


def test_health_is_200(sandbox: Sandbox) -> None:
    """``/healthz`` answers 200 while the sandbox can serve."""
    assert sandbox.handle("GET", "/healthz") == (200, {"content-type": "application/json"}, b'{"status":"ok"}')
    assert sandbox.handle("GET", "/healthz/")[0] == 200


# ---- its description -----------------------------------------------------------------------------


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the components of its document."""
    return {"components": document["components"]} | schema


def test_the_description_names_every_call(sandbox: Sandbox) -> None:
    """The OpenAPI document has exactly the calls of the control plane."""
    status, document = ask(sandbox, "GET", "openapi.json")
    assert (status, document) == (200, json.loads(json.dumps(openapi())))
    validate(document)
    named = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert named == {(each.method, f"/_punchclock/{each.path}") for each in ENDPOINTS}


def test_responses_fit_their_schemas(sandbox: Sandbox) -> None:
    """Each response, also a rejection, fits the schema in the OpenAPI document."""
    send(sandbox, call("intervals", "create_timer"))
    send(sandbox, call("intervals", "update_timer"))
    sandbox.handle("POST", "/_punchclock/faults", "", {}, b'{"effect":"drop","nth":9}')
    document = openapi()
    for endpoint in ENDPOINTS:
        described = document["paths"][f"/_punchclock/{endpoint.path}"][endpoint.method.lower()]
        bodies = [json.dumps(example).encode() for example in endpoint.examples] or [b""]
        if endpoint.path != "reset":
            for body in bodies:
                status, headers, content = sandbox.handle(
                    endpoint.method, f"/_punchclock/{endpoint.path}", "", {}, body
                )
                schema = described["responses"][str(status)]["content"][headers["content-type"]]["schema"]
                lines = content.splitlines() if "ndjson" in headers["content-type"] else [content]
                assert lines
                for line in lines:
                    jsonschema.validate(json.loads(line), resolved(document, schema))
        for body in bodies if endpoint.body else ():
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(json.loads(body), resolved(document, schema))
    rejected = ask(sandbox, "GET", "nothing")[1]
    jsonschema.validate(rejected, resolved(document, {"$ref": "#/components/schemas/Failure"}))
