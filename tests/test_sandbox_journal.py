"""The journal has every call and no credential, and the event log in it replays to the same timers."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

import punchclock as pc
from punchclock import vendors
from punchclock.eventlog import TimerLog, parse_line
from punchclock.sandbox import Effect, Fault, Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.vendors.calls import Request
from punchclock.workspaces import demo_workspace
from sandbox_calls import CALLS, NOON, call, send, stored_timers
from strategies import examples

TIMER = "/timer"
ZOHO = "/people/api/timetracker/timer"


def basic(token: str) -> dict[str, str]:
    """Intervals' credentials."""
    return {"authorization": "Basic " + base64.b64encode(f"{token}:X".encode()).decode()}


def entries(sandbox: Sandbox) -> list[JournalEntry]:
    """The journal."""
    return list(sandbox.journal())


def lines(sandbox: Sandbox, path: str) -> list[Any]:
    """Return the lines of a response in JSON Lines."""
    return [json.loads(line) for line in sandbox.handle("GET", f"/_punchclock/{path}")[2].splitlines()]


# ---- what it tells -------------------------------------------------------------------------------


def test_an_entry_has_the_whole_call() -> None:
    """An entry has the request, the response, the instant and the change, and a number from 1."""
    sandbox = Sandbox(clock=NOON)
    send(sandbox, call("intervals", "create_timer", name="draft"))
    (entry,) = entries(sandbox)
    assert (entry.number, entry.at, entry.vendor, entry.operation) == (1, pc.instant(NOON), "intervals", "create_timer")
    assert (entry.method, entry.path, entry.parameters) == ("POST", "/timer/", {"personid": 3, "name": "draft"})
    assert entry.headers == {"accept": "application/json", "content-type": "application/json"}
    assert (entry.status, json.loads(entry.response)["timer"]["id"]) == (201, 1001)
    (change,) = entry.changes
    assert (change.action, change.at, change.kind, change.id) == ("start", pc.instant(NOON), "timer", "1001")
    assert (change.timer, change.user, change.note) == (pc.start(pc.instant(NOON)), "resource", "draft")


def test_the_journal_has_every_call() -> None:
    """Reads, rejections and unknown paths are in the journal in order, but not in the event log."""
    sandbox = Sandbox(clock=NOON)
    send(sandbox, call("intervals", "list_timers"))
    send(sandbox, call("intervals", "get_timer", id="7"))
    sandbox.handle("GET", "/nobody/knows/1/this")
    assert [(entry.number, entry.vendor, entry.operation, entry.path, entry.status) for entry in entries(sandbox)] == [
        (1, "intervals", "list_timers", "/timer/", 200),
        (2, "intervals", "get_timer", "/timer/7/", 404),
        (3, "", "", "/***/***/1/***", 404),
    ]
    assert list(sandbox.event_log()) == []
    assert [entry.number for entry in sandbox.journal(after=2)] == [3]


def test_the_event_log_has_the_format_of_replay() -> None:
    """Starts, pauses, amendments and discards have their labels; other changes are left out."""
    sandbox = Sandbox(clock=NOON)
    send(sandbox, call("intervals", "create_timer", taskid=31))
    sandbox.clock.advance(90_000_000)
    send(sandbox, call("intervals", "update_timer"))
    send(sandbox, call("intervals", "update_timer", time=60))
    send(sandbox, call("intervals", "update_timer", time=60, name="renamed"))
    send(sandbox, call("intervals", "delete_timer"))
    labels = {"user": "resource", "task": "Design", "project": "Project 006_1", "client": "Client 006"}
    assert lines(sandbox, "journal/events") == [
        {"timer": "intervals/timer/1001", "event": "start", "at": "2026-03-02T12:00:00Z", **labels},
        {"timer": "intervals/timer/1001", "event": "pause", "at": "2026-03-02T12:01:30Z", **labels},
        {
            "timer": "intervals/timer/1001",
            "event": "amend",
            "at": "2026-03-02T12:01:30Z",
            "worked_seconds": 60,
            "since": "2026-03-02T12:01:30Z",
            **labels,
        },
        {
            "timer": "intervals/timer/1001",
            "event": "discard",
            "at": "2026-03-02T12:01:30Z",
            **labels,
            "note": "renamed",
        },
    ]
    assert [change["action"] for entry in lines(sandbox, "journal") for change in entry.get("changes", [])] == [
        "start",
        "pause",
        "amend",
        "update",
        "discard",
    ]


def test_long_texts_are_truncated() -> None:
    """A long parameter is truncated in the journal, but not in the timer or its event log."""
    sandbox = Sandbox(clock=NOON)
    comment = "ß" * 30_000
    send(sandbox, call("worksection", "start_my_timer"))
    send(sandbox, call("worksection", "stop_my_timer", comment=comment))
    entry = entries(sandbox)[-1]
    assert entry.parameters["comment"] == "ß" * 2000 + "…"
    assert entry.changes[0].note == comment
    assert list(sandbox.event_log())[-1].decode().count("ß") == 30_000


# ---- replay --------------------------------------------------------------------------------------

STARTS = st.sampled_from([None, "2026-03-02 11:30:00", "2026-03-02 12:00:30", "2026-03-02 13:00:00"])
TIMES = st.sampled_from([None, 0, 0.25, 90, 1e6])


def steps(calls: list[tuple[str, str]]) -> st.SearchStrategy[list[Any]]:
    """Draw calls of some operations, most of them by one person, while the clock advances and is set back."""
    return st.lists(
        st.one_of(
            st.tuples(st.just("advance"), st.integers(0, 600_000_000)),
            st.tuples(st.just("set back"), st.integers(0, 90_000_000)),
            *3
            * [
                st.tuples(
                    st.just("call"),
                    st.sampled_from(calls),
                    st.sampled_from([3, 3, 5]),
                    st.integers(0, 3),
                    st.fixed_dictionaries({}, optional={"starttime": STARTS, "time": TIMES}),
                    st.integers(0, 59).map(lambda minute: f"2026-03-02T12:{minute:02}:00Z"),
                )
            ],
        ),
        min_size=15,
        max_size=40,
    )


CHANGING = {
    name: sorted({(name, move.operation) for move in vendors.load(name).dialect.bindings}) for name in vendors.names()
}


def take(
    sandbox: Sandbox, operation: tuple[str, str], person: int, place: int, fields: dict[str, Any], date: str
) -> None:
    """Send a call for one of the records, with the drawn parameters that it accepts."""
    names = CALLS[operation]
    ids = [view.id for view in sandbox.timers() if view.vendor == operation[0]] or ["1001"]
    id = ids[-1 - place % len(ids)]
    drawn: dict[str, Any] = {"date": date} if "date" in names else {}
    drawn |= {name: id for name in ("id", "timeLogId") if name in names}
    match operation:
        case ("worksection", "stop_timer"):
            drawn["timer"] = id
        case ("zoho", "start_timer"):
            drawn["user"] = str(person)
        case ("zoho", "delete_comment"):
            drawn["commentId"] = str(int(id) + 2)
        case ("intervals", "create_timer"):
            drawn |= fields | {"personid": person}
        case ("intervals", "update_timer"):
            drawn |= {"starttime": UNSET, "time": UNSET} | fields
    send(sandbox, call(*operation, person, **drawn))


def test_replay_gives_the_same_timers() -> None:
    """The event log of any calls to any vendor replays to exactly the stored timers."""
    seen: set[tuple[str, str]] = set()

    @given(st.sampled_from([sorted(CALLS), *CHANGING.values()]).flatmap(steps))
    @settings(max_examples=examples(150))
    def law(drawn_steps: list[Any]) -> None:
        sandbox = Sandbox(clock=NOON)
        for step in drawn_steps:
            match step:
                case ("advance", duration):
                    sandbox.clock.advance(duration)
                case ("set back", duration):
                    sandbox.clock.freeze(sandbox.clock.now() - duration)
                case (_, *drawn):
                    take(sandbox, *drawn)
        log: TimerLog[None] = TimerLog()
        for line in sandbox.event_log():
            log.apply(parse_line(line))
        assert {name: record.timer for name, record in log.records.items()} == stored_timers(sandbox)
        seen.update((entry.vendor, change.action) for entry in sandbox.journal() for change in entry.changes)

    law()
    moves = {(name, move.action) for name in vendors.names() for move in vendors.load(name).dialect.bindings}
    if examples(150) == 150:  # the fast profile draws too few calls to expect this
        assert len(seen) > 0.5 * len(moves), "the calls that were drawn hardly did anything"


# ---- secrets -------------------------------------------------------------------------------------

RIGHT = (
    "intervals-token-1",
    "timetrack-key",
    "timetrack-secret",
    "worksection-admin-key",
    "worksection-token-1",
    "zoho-token-1",
)
WRONG = "hunter2-of-somebody"


def every_place(secret: str) -> list[Request]:
    """Return requests with a secret in every place that a client can choose, to every vendor."""
    pair = {
        "authtoken": secret,
        "access_token": secret,
        "hash": secret,
        "apikey": secret,
        "X-TimeTrack-Api-Key": secret,
    }
    form = urlencode(pair)
    xml = f"<timer><authtoken>{secret}</authtoken><hash>{secret}</hash></timer>"
    part = f'--b\r\nContent-Disposition: form-data; name="authtoken"\r\n\r\n{secret}\r\n--b--\r\n'
    bodies = [
        ("application/json", json.dumps(pair)),
        ("application/json", json.dumps({"nested": pair, "list": [secret]})),
        ("application/json", f'{{"authtoken": "{secret}"'),
        ("application/json", f'{{"authtoken": "{secret}", "authtoken": "{secret}"}}'),
        ("application/json", f'"{secret}"'),
        ("application/x-www-form-urlencoded", form),
        ("application/x-www-form-urlencoded", f"{secret}=%zz&%ff={secret}"),
        ("multipart/form-data; boundary=b", part),
        ("application/xml", xml),
        ("application/xml", f"<timer><a>{secret}</timer>"),
        ("application/xml", f"<timer>&{secret};</timer>"),
        ("text/plain", secret),
        ("", form),
    ]
    headers = [
        basic(secret),
        {"authorization": f"Bearer {secret}"},
        {"authorization": f"Zoho-oauthtoken {secret}"},
        {"authorization": secret},
        {"x-timetrack-api-key": secret, "x-timetrack-api-secret": secret},
        {"cookie": f"session={secret}", "x-anything": secret, "proxy-authorization": f"Basic {secret}"},
    ]
    paths = [TIMER, "/api/v2/ext/attendance_timer", "/api/admin/v2", "/api/oauth2", ZOHO]
    found = []
    for path in paths:
        found += [Request(method="GET", path=path, query=form), Request(method="GET", path=f"{path}/{secret}")]
        found += [Request(method="GET", path=f"{path}/{secret}/x", headers={"accept": "application/xml"})]
        found += [Request(method="POST", path=path, headers=each) for each in headers]
        found += [
            Request(
                method="POST",
                path=path,
                headers={"content-type": media, **basic("intervals-token-1")},
                body=body.encode(),
            )
            for media, body in bodies
        ]
    return [
        *found,
        Request(method="GET", path=f"/{secret}"),
        Request(method="GET", path=f"/elsewhere/{secret}", query=form),
    ]


def spellings(secret: str) -> list[str]:
    """Return a secret in its own form and in that of HTTP Basic."""
    return [secret, base64.b64encode(f"{secret}:X".encode()).decode().rstrip("="), secret[:12]]


@pytest.mark.parametrize("secret", [*RIGHT, WRONG])
def test_no_secret_is_in_the_journal(secret: str) -> None:
    """No credential, valid or not, is in the journal or the event log, wherever a client sent it."""
    sandbox = Sandbox(clock=NOON)
    for request in every_place(secret):
        send(sandbox, request)
    written = sandbox.handle("GET", "/_punchclock/journal")[2].decode()
    assert written.count("\n") == len(every_place(secret))
    for spelling in spellings(secret)[:2]:
        assert spelling not in written
    if secret == WRONG:  # not even a piece of it, as an error might quote
        assert secret[:8] not in written
    assert "***" in written


@pytest.mark.parametrize("secret", RIGHT)
def test_the_accounts_secrets_are_replaced_in_every_text(secret: str) -> None:
    """A credential of the account is also replaced in texts such as a note."""
    sandbox = Sandbox(clock=NOON)
    send(sandbox, call("intervals", "create_timer", name=f"my {secret}"))
    headers = {**basic("intervals-token-1"), "user-agent": f"client/{secret}"}
    sandbox.handle("GET", TIMER, {secret: "1"}, headers)
    written = sandbox.handle("GET", "/_punchclock/journal")[2] + sandbox.handle("GET", "/_punchclock/journal/events")[2]
    assert secret.encode() not in written
    assert b'"note":"my ***"' in written


def test_a_short_secret_is_not_replaced() -> None:
    """A credential of less than four characters is not replaced, because it is part of many texts."""
    workspace = demo_workspace()
    tokens = {"intervals": msgspec.structs.replace(workspace.credential("intervals"), tokens={"3": "3"})}
    sandbox = Sandbox(msgspec.structs.replace(workspace, credentials=tokens), clock=NOON)
    sandbox.handle("POST", TIMER, "", {**basic("3"), "content-type": "application/json"}, b'{"personid":3}')
    assert entries(sandbox)[0].parameters == {"personid": 3}


@pytest.mark.parametrize("secret", [RIGHT[0], WRONG])
def test_no_secret_is_logged(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    """The server's log has no query, no header, and only the documented segments of a path."""
    caplog.set_level(logging.DEBUG)
    with Sandbox(clock=NOON) as sandbox, sandbox.serve() as server, httpx.Client(base_url=server.url) as client:
        for request in every_place(secret):
            url = httpx.URL(server.url).copy_with(raw_path=f"{request.path}?{request.query}".encode())
            client.request(request.method, url, headers=dict(request.headers), content=request.body)
    ours = [record for record in caplog.records if record.name.startswith(("punchclock", "uvicorn"))]
    assert len(ours) > 100
    for record in ours:
        assert all(spelling not in record.getMessage() for spelling in spellings(secret))


def test_a_text_that_utf_8_cannot_encode_is_escaped() -> None:
    """Characters that UTF-8 can't encode are escaped, so every call fits the journal."""
    sandbox = Sandbox(clock=NOON)
    headers = {**basic("intervals-token-1"), "user-agent": "\ud800", "content-type": "application/json"}
    sandbox.handle("GÉT\ud800", "/timer/\ud800", "a=\ud800", headers, b'{"name":"\xed\xa0\x80"}')
    sandbox.handle("POST", TIMER, "", headers, rb'{"personid":3,"name":"\ud800"}')
    assert len(lines(sandbox, "journal")) == 2


# ---- what was answered ---------------------------------------------------------------------------


def test_an_entry_names_its_faults() -> None:
    """An entry names the faults that hit the call, and has the response that was sent."""
    sandbox = Sandbox(clock=NOON)
    sandbox.faults.add(Fault(effect=Effect.MALFORMED, nth=1))
    sandbox.faults.add(Fault(effect=Effect.DROP, nth=2))
    sandbox.faults.add(Fault(effect=Effect.TIMEOUT, nth=3))
    for _ in range(3):
        try:
            send(sandbox, call("intervals", "create_timer"))
        except pc.PunchclockError:
            continue
    malformed, dropped, timed_out = entries(sandbox)
    assert (malformed.faults, malformed.status, len(malformed.changes)) == (("malformed",), 201, 1)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(malformed.response)
    assert (dropped.faults, dropped.status, dropped.response, dropped.changes) == (("drop",), 0, "", ())
    assert (timed_out.faults, timed_out.status, timed_out.response) == (("timeout",), 0, "")
    assert [change.action for change in timed_out.changes] == ["start"]
