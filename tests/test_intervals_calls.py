"""Intervals' calls: each sentence of its page, each rule with its code, hostile requests, and the client's side."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import punchclock as pc
from intervals_demo import JSON, NOW, WORKSPACE, XML, Harness, basic, body_of, rejected
from pages import covers
from punchclock import Event, State, Timer
from punchclock.machine import Correction
from punchclock.units import DAY, HOUR, MINUTE, SECOND
from punchclock.vendors import MalformedPayload, Rejection
from punchclock.vendors.account import Page
from punchclock.vendors.calls import Limit, Request
from punchclock.vendors.errors import UnknownOperation
from punchclock.vendors.intervals import (
    DIALECT,
    OPERATIONS,
    VENDOR,
    DeleteTimer,
    GetTimer,
    IntervalsTimer,
    ListTimers,
    WriteTimer,
    example,
    handle,
    parse,
    read_response,
    request,
    validate,
)
from punchclock.vendors.records import UPDATE
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Credential
from strategies import examples

OPENING = "Intervals API Resource: timer"
METHODS = "Allowed HTTP Methods"
FILTERS = "Allowed Filters"
SETTABLE = "Settable Fields for PUT and POST Requests"

VALIDATION = (400, 18)
PERMISSIONS = (403, 10)


@pytest.fixture
def harness() -> Harness:
    """An account without timers."""
    return Harness()


def stored(harness: Harness, **fields: Any) -> int:  # noqa: ANN401 - as JSON has them
    """The id of a new timer of person 3."""
    id: int = harness.timer("POST", "/timer/", {"personid": 3} | fields, person=1)["id"]
    return id


# ---- the opening ---------------------------------------------------------------------------------


@covers(
    "intervals",
    OPENING,
    "Timers are tricky business, complicated not just by the fact that there are two types of them"
    " (task timers and general timers).",
)
@covers(
    "intervals",
    SETTABLE,
    "taskid no integer The ID of the task this timer is associated with. If left blank, this timer will be a General"
    " Timer",
)
def test_two_types_of_timers(harness: Harness) -> None:
    """With a task it is a task timer; without one, or with a blank one, a general timer."""
    assert harness.timer("POST", "/timer/", {"personid": 3, "taskid": 31})["taskid"] == 31
    record = harness.record(1001)
    assert record.task is not None
    assert record.project is not None
    assert record.client is not None
    assert (record.task.name, record.project.name, record.client.name) == ("Design", "Project 006_1", "Client 006")
    for blank in ({}, {"taskid": None}, {"taskid": ""}):
        assert harness.timer("POST", "/timer/", {"personid": 3} | blank)["taskid"] is None
    assert harness.timer("PUT", "/timer/1001/", {"taskid": ""})["taskid"] is None
    record = harness.record(1001)
    assert (record.task, record.project, record.client) == (None, None, None)


@covers("intervals", OPENING, "Executive users don't have access to them, and all time must be stored in UTC.")
@covers("intervals", METHODS, "GETAdministrator, Manager, Resource")
@covers("intervals", METHODS, "DELETEAdministrator, Manager, Resource")
@covers("intervals", METHODS, "POSTAdministrator, Manager, Resource")
@covers("intervals", METHODS, "PUTAdministrator, Manager, Resource")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/timer/", None),
        ("GET", "/timer/1001/", None),
        ("POST", "/timer/", {"personid": 4}),
        ("PUT", "/timer/1001/", {"time": 60}),
        ("DELETE", "/timer/1001/", None),
    ],
)
def test_groups_and_methods(harness: Harness, method: str, path: str, body: object) -> None:
    """Administrators, managers and resources have access to each method; executives to none."""
    stored(harness)
    assert rejected(harness.send(method, path, body, person=4)) == (*PERMISSIONS, "")
    for person in (1, 2, 3):
        own = {"personid": person} if method == "POST" else body
        assert (
            validate(
                Request(
                    method=method,
                    path=path,
                    headers=basic(person) | JSON,
                    body=msgspec.json.encode(own) if own else b"",
                ),
                harness.account,
                NOW,
            )
            is None
        )


@covers("intervals", OPENING, "Executive users don't have access to them, and all time must be stored in UTC.")
def test_all_time_is_in_utc(harness: Harness) -> None:
    """``starttime`` is read and written in UTC, though the account's zone is Berlin."""
    assert harness.timer("POST", "/timer/", {"personid": 3})["starttime"] == "2026-03-02 08:00:00"
    harness.timer("PUT", "/timer/1001/", {"starttime": "2026-03-02 07:00:00"})
    assert harness.record(1001).timer.since == pc.instant("2026-03-02T07:00:00Z")


@covers("intervals", OPENING, "For task timers, a user cannot have more than one timer for a particular task.")
def test_one_timer_per_task(harness: Harness) -> None:
    """A person's second timer for a task is rejected, created or moved there; general timers are not limited."""
    stored(harness, taskid=31)
    assert rejected(harness.send("POST", "/timer/", {"personid": 3, "taskid": 31})) == (*VALIDATION, "")
    stored(harness, taskid=32)
    stored(harness)
    stored(harness)
    for path in ("/timer/1002/", "/timer/1003/"):
        assert rejected(harness.send("PUT", path, {"taskid": 31})) == (*VALIDATION, "")
    assert harness.timer("PUT", "/timer/1001/", {"taskid": 31, "name": "again"})["name"] == "again"
    other = harness.timer("POST", "/timer/", {"personid": 5, "taskid": 31}, person=1)["id"]
    assert rejected(harness.send("PUT", f"/timer/{other}/", {"personid": 3}, person=1)) == (*VALIDATION, "")


@covers("intervals", OPENING, "To start a timer: set the starttime field to the current time in UTC.")
def test_start(harness: Harness) -> None:
    """A timer created with a ``starttime`` runs since then."""
    result = harness.send("POST", "/timer/", {"personid": 3, "starttime": "2026-03-02 07:59:30"})
    assert [change.action for change in result.changes] == [Event.START]
    started = NOW - 30 * SECOND
    assert harness.record(1001).timer == Timer(State.RUNNING, started, started, 0)
    assert body_of(result)["timer"]["timelapsed"] == 30.0


@covers(
    "intervals",
    OPENING,
    "To pause a timer: calculate the amount of time lapsed between the starttime and now, and sum that value with the"
    " value in the time field (i.e. time = time + (now - starttime)).",
)
@covers("intervals", OPENING, "Then nullify the starttime field.")
@pytest.mark.parametrize("blank", [None, ""])
def test_pause(harness: Harness, blank: object) -> None:
    """A client's total and a blank ``starttime`` are a pause of the machine, to the microsecond if the clocks agree."""
    stored(harness, time=30)
    result = harness.send("PUT", "/timer/1001/", {"time": 30 + 90, "starttime": blank}, now=NOW + 90 * SECOND)
    assert [change.action for change in result.changes] == [Event.PAUSE]
    assert harness.record(1001).timer == Timer(State.PAUSED, NOW - 30 * SECOND, NOW + 90 * SECOND, 120 * SECOND)


def test_a_pause_with_another_total_is_amended(harness: Harness) -> None:
    """If the client calculated another total, it is stored: a pause, and an amendment for the difference."""
    stored(harness)
    result = harness.send("PUT", "/timer/1001/", {"time": 88, "starttime": ""}, now=NOW + 90 * SECOND)
    assert [change.action for change in result.changes] == [Event.PAUSE, Correction.AMEND]
    assert harness.record(1001).timer == Timer(State.PAUSED, NOW, NOW + 90 * SECOND, 88 * SECOND)
    harness = Harness()
    stored(harness)
    harness.send("PUT", "/timer/1001/", {"time": 95, "starttime": ""}, now=NOW + 90 * SECOND)
    assert harness.record(1001).timer == Timer(State.PAUSED, NOW - 5 * SECOND, NOW + 90 * SECOND, 95 * SECOND)


def test_a_pause_without_a_total_keeps_the_time(harness: Harness) -> None:
    """The client calculates the total: blanking only ``starttime`` does not change ``time``."""
    stored(harness, time=30)
    assert harness.timer("PUT", "/timer/1001/", {"starttime": ""}, now=NOW + HOUR)["time"] == 30.0
    assert harness.record(1001).timer == Timer(State.PAUSED, NOW - 30 * SECOND, NOW + HOUR, 30 * SECOND)


@covers("intervals", OPENING, "To resume a timer: set the starttime field to the current time in UTC.")
@covers("intervals", OPENING, "Leave the existing value in the time field.")
def test_resume(harness: Harness) -> None:
    """Setting ``starttime`` on a paused timer is a resume of the machine; its work does not change."""
    stored(harness, time=60, starttime="")
    result = harness.send("PUT", "/timer/1001/", {"starttime": "2026-03-02 08:05:00"}, now=NOW + 5 * MINUTE)
    assert [change.action for change in result.changes] == [Event.RESUME]
    assert harness.record(1001).timer == Timer(State.RUNNING, NOW - MINUTE, NOW + 5 * MINUTE, MINUTE)
    assert body_of(result)["timer"]["time"] == 60.0


def test_a_resume_by_a_whole_second_clock(harness: Harness) -> None:
    """A client that sends the second of the pause is a fraction early: the timer is resumed, then amended."""
    stored(harness, time=60, starttime="")
    harness.send("PUT", "/timer/1001/", {"starttime": "2026-03-02 08:05:00"}, now=NOW + 5 * MINUTE)
    at = NOW + 6 * MINUTE + 400_000
    harness.send("PUT", "/timer/1001/", {"starttime": "", "time": 120.4}, now=at)
    assert harness.record(1001).timer.since == at
    result = harness.send("PUT", "/timer/1001/", {"starttime": "2026-03-02 08:06:00"}, now=at + 1)
    assert [change.action for change in result.changes] == [Event.RESUME, Correction.AMEND]
    timer = harness.record(1001).timer
    assert (timer.since, timer.worked) == (NOW + 6 * MINUTE, 120_400_000)
    assert timer.started_at <= timer.since - timer.worked


# ---- the list ------------------------------------------------------------------------------------


@pytest.fixture
def full() -> Harness:
    """Task timers 1001 (person 3, task 31), 1002 (3, 33), 1003 (5, 31); general ones 1004 (3) and 1005 (2)."""
    harness = Harness()
    for offset, fields in enumerate(
        (
            {"personid": 3, "taskid": 31, "lastupdate": "2026-03-02"},
            {"personid": 3, "taskid": 33, "lastupdate": "2026-02-27"},
            {"personid": 5, "taskid": 31, "lastupdate": "2026-03-02"},
            {"personid": 3, "lastupdate": "2026-03-01"},
            {"personid": 2},
        )
    ):
        harness.timer("POST", "/timer/", fields, person=1, now=NOW - DAY * offset)
    return harness


@covers("intervals", FILTERS, "To retrieve the entire list of this resource:")
@covers("intervals", FILTERS, "GET /timer/")
def test_the_list(full: Harness) -> None:
    """The list has everybody's task timers, in the envelope of every list."""
    body = body_of(full.send("GET", "/timer/", person=1))
    assert list(body) == ["personid", "status", "code", "listcount", "timer"]
    assert [body[name] for name in ("personid", "status", "code", "listcount")] == [1, "OK", 200, 3]
    assert [timer["id"] for timer in body["timer"]] == [1001, 1002, 1003]
    assert full.ids() == full.ids(person=2)
    assert list(body["timer"][0]) == [
        "id",
        "taskid",
        "personid",
        "starttime",
        "time",
        "timelapsed",
        "name",
        "lastupdate",
        "isrunning",
        "totaltime",
    ]


def test_a_resource_sees_its_own_timers(full: Harness) -> None:
    """A resource has no access to other people's timers: it cannot list, get, write or delete them."""
    assert full.ids(person=3) == [1001, 1002]
    assert full.ids("personid=3,3&gettimerinfo=t", person=3) == [1001, 1002, 1004]
    assert rejected(full.send("GET", "/timer/", query="personid=5")) == (*PERMISSIONS, "personid")
    assert rejected(full.send("GET", "/timer/", query="personid=3,5")) == (*PERMISSIONS, "personid")
    assert rejected(full.send("GET", "/timer/1003/")) == (*PERMISSIONS, "")
    assert rejected(full.send("PUT", "/timer/1003/", {"time": 5})) == (*PERMISSIONS, "")
    assert rejected(full.send("DELETE", "/timer/1003/")) == (*PERMISSIONS, "")
    assert rejected(full.send("POST", "/timer/", {"personid": 5})) == (*PERMISSIONS, "")
    assert rejected(full.send("PUT", "/timer/1001/", {"personid": 5})) == (*PERMISSIONS, "")


@covers(
    "intervals",
    FILTERS,
    "generaltimers no boolean Ordinarily, the list returns a list of active task timers. Appending this to your request"
    " returns the list of General Timers. Setting this to true returns the list of General Timers.",
)
def test_generaltimers(full: Harness) -> None:
    """A bare parameter counts as set."""
    for query in ("generaltimers", "generaltimers=", "generaltimers=true", "generaltimers=t", "generaltimers=1"):
        assert full.ids(query) == [1004, 1005], query
    for query in ("", "generaltimers=false", "generaltimers=f", "generaltimers=0", "generaltimers=no"):
        assert full.ids(query) == [1001, 1002, 1003], query
    assert rejected(full.send("GET", "/timer/", query="generaltimers=maybe")) == (*VALIDATION, "generaltimers")


@covers(
    "intervals",
    FILTERS,
    "gettimerinfo no boolean Setting this to true combines the list to return both general timers AND task timers in"
    " one request, and returns extra task information for task timers.",
)
def test_gettimerinfo(full: Harness) -> None:
    """The list has both types of timers, and for task timers the task, its project and its client."""
    timers = body_of(full.send("GET", "/timer/", query="gettimerinfo=true", person=1))["timer"]
    assert [timer["id"] for timer in timers] == [1001, 1002, 1003, 1004, 1005]
    information = [[timer[name] for name in ("task", "projectid", "project", "clientid", "client")] for timer in timers]
    assert information[1] == ["Review", 22, "Project 007_1", 12, "Client 007"]
    assert information[3] == [None] * 5
    assert full.ids("gettimerinfo&generaltimers=f") == [1001, 1002, 1003, 1004, 1005]
    assert full.ids("gettimerinfo=f&generaltimers") == [1004, 1005]


@covers("intervals", FILTERS, "taskid no integer")
@covers("intervals", FILTERS, "personid no integer")
@covers("intervals", FILTERS, "projectid no integer")
@covers("intervals", FILTERS, "clientid no integer")
@covers("intervals", FILTERS, "To filter the list based on certain parameters:")
@covers("intervals", FILTERS, "GET /timer/?clientid={value}")
@covers("intervals", FILTERS, "Note: You can string together multiple filters.")
@covers("intervals", FILTERS, '1 Indicates that multiple values are allowed, in CSV format (e.g. "3,5,11,19").')
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("taskid=31", [1001, 1003]),
        ("taskid=33", [1002]),
        ("taskid=31,33", [1001, 1002, 1003]),
        ("taskid=99", []),
        ("taskid=31," + "9" * 19, [1001, 1003]),
        ("taskid=", [1001, 1002, 1003]),
        ("personid=5", [1003]),
        ("personid=3,5,11,19", [1001, 1002, 1003]),
        ("personid=3%2C5", [1001, 1002, 1003]),
        ("personid=+3,+05", [1001, 1002, 1003]),
        ("personid=" + "9" * 200, []),
        ("projectid=21", [1001, 1003]),
        ("projectid=22", [1002]),
        ("clientid=12", [1002]),
        ("clientid=11,12", [1001, 1002, 1003]),
        ("clientid=11&personid=3", [1001]),
        ("clientid=11&personid=5&taskid=33", []),
        ("generaltimers&personid=2", [1005]),
        ("generaltimers&taskid=31", []),
    ],
)
def test_filters(full: Harness, query: str, ids: list[int]) -> None:
    """Each filter takes one or several ids; a timer must match all filters."""
    body = body_of(full.send("GET", "/timer/", query=query, person=1))
    assert [timer["id"] for timer in body["timer"]] == ids
    assert body["listcount"] == len(ids)


@covers("intervals", FILTERS, "sortfield no string Sort the list by any of the following fields: lastupdate")
@covers(
    "intervals",
    FILTERS,
    'sortdir no string Sets the sort direction of the returned list. Must be either "ASC" or "DESC".',
)
def test_sorting(full: Harness) -> None:
    """Timers are sorted by the date of the last start or stop; with equal dates, or without a sort field, by age."""
    assert full.ids("sortfield=lastupdate") == [1002, 1001, 1003]
    assert full.ids("sortfield=lastupdate&sortdir=ASC") == [1002, 1001, 1003]
    assert full.ids("sortfield=lastupdate&sortdir=DESC") == [1003, 1001, 1002]
    assert full.ids("sortdir=DESC") == [1003, 1002, 1001]
    full.timer("PUT", "/timer/1003/", {"lastupdate": None}, person=1)
    assert full.ids("sortfield=lastupdate") == [1003, 1002, 1001]
    assert rejected(full.send("GET", "/timer/", query="sortfield=name")) == (*VALIDATION, "sortfield")
    assert rejected(full.send("GET", "/timer/", query="sortdir=desc")) == (*VALIDATION, "sortdir")


@covers("intervals", FILTERS, "offset no integer Return timers starting from the nth timer.")
@covers("intervals", FILTERS, "limit no integer 10 Sets a limit to the amount of timers returned in the response.")
def test_pages(harness: Harness) -> None:
    """A page has ten timers if no limit is set; ``listcount`` counts all matching timers."""
    ids = [stored(harness) for _ in range(12)]
    assert harness.ids("generaltimers") == ids[:10]
    assert harness.ids("generaltimers&offset=10") == ids[10:]
    assert harness.ids("generaltimers&offset=0&limit=3") == ids[:3]
    assert harness.ids("generaltimers&offset=2&limit=3") == ids[2:5]
    assert harness.ids("generaltimers&offset=12") == []
    assert harness.ids(f"generaltimers&offset={2**53 - 1}") == []
    assert harness.ids(f"generaltimers&limit={2**53 - 1}") == ids
    assert body_of(harness.send("GET", "/timer/", query="generaltimers&limit=1", person=1))["listcount"] == 12
    for query in ("limit=0", "limit=-1", "limit=ten", f"limit={2**53}", f"limit={10**30}", "limit=1.5"):
        assert rejected(harness.send("GET", "/timer/", query=query)) == (*VALIDATION, "limit"), query
    for query in ("offset=-1", f"offset={2**53}", "offset=NaN"):
        assert rejected(harness.send("GET", "/timer/", query=query)) == (*VALIDATION, "offset"), query


# ---- one timer -----------------------------------------------------------------------------------


@covers("intervals", SETTABLE, "To retrieve one member resource:")
@covers("intervals", SETTABLE, "GET /timer/{id}/")
@covers("intervals", SETTABLE, "Assuming no errors, the server will respond with 200 OK and the object requested.")
def test_get_one(harness: Harness) -> None:
    """A get returns 200 and one element in its envelope; a trailing slash makes no difference."""
    stored(harness, taskid=31)
    for path in ("/timer/1001/", "/timer/1001"):
        result = harness.send("GET", path, now=NOW + MINUTE)
        assert result.response.status == 200
        body = body_of(result)
        assert list(body) == ["personid", "status", "code", "timer"]
        assert (body["timer"]["id"], body["timer"]["totaltime"]) == (1001, 60.0)
    assert rejected(harness.send("GET", "/timer/7/")) == (404, 14, "id")


@covers("intervals", SETTABLE, "To delete a particular member resource:")
@covers("intervals", SETTABLE, "DELETE /timer/{id}/")
@covers("intervals", SETTABLE, "Assuming no errors, the server will respond with 200 OK.")
def test_delete_one(harness: Harness) -> None:
    """A deletion returns 200 and removes the timer; a second deletion finds nothing."""
    stored(harness)
    result = harness.send("DELETE", "/timer/1001/")
    assert result.response.status == 200
    assert body_of(result) == {"personid": 3, "status": "OK", "code": 200}
    assert [change.action for change in result.changes] == [Correction.DISCARD]
    assert rejected(harness.send("DELETE", "/timer/1001/")) == (404, 14, "id")
    assert rejected(harness.send("GET", "/timer/1001/")) == (404, 14, "id")


@covers("intervals", SETTABLE, "To create a new member resource:")
@covers("intervals", SETTABLE, 'POST /timer/ "personid": value')
@covers(
    "intervals",
    SETTABLE,
    "Assuming no errors, the server will respond with 201 Created and the newly-created element. This will allow you to"
    " get the id of the item you just created and verify the field values. Note: Only required fields were listed here."
    " The entire list of possible fields is above.",
)
@covers("intervals", SETTABLE, "personid yes integer The ID of the person this timer is associated with.")
def test_create(harness: Harness) -> None:
    """A creation returns 201 and the new element with its id; only ``personid`` is required."""
    result = harness.send("POST", "/timer/", {"personid": 3})
    assert result.response.status == 201
    body = body_of(result)
    assert (body["code"], body["timer"]["id"], body["timer"]["personid"]) == (201, 1001, 3)
    assert harness.timer("POST", "/timer", {"personid": "3", "id": ""})["id"] == 1002
    for fields in ({}, {"personid": None}, {"personid": ""}, {"time": 5}):
        assert rejected(harness.send("POST", "/timer/", fields)) == (*VALIDATION, "personid")
    assert rejected(harness.send("POST", "/timer/", {"personid": 9})) == (*VALIDATION, "personid")
    assert rejected(harness.send("POST", "/timer/", {"personid": 3, "taskid": 9})) == (*VALIDATION, "taskid")


@covers(
    "intervals",
    SETTABLE,
    "starttime no datetime REQUIRED IF time field is blank. Setting this field indicates that a timer is running. If"
    " missing, server time will be used when creating a new timer.",
)
@covers("intervals", SETTABLE, "time no double REQUIRED IF starttime field is blank.")
@pytest.mark.parametrize(
    ("fields", "timer"),
    [
        ({}, Timer(State.RUNNING, NOW, NOW, 0)),
        ({"time": None}, Timer(State.RUNNING, NOW, NOW, 0)),
        ({"time": 90.5}, Timer(State.RUNNING, NOW - 90_500_000, NOW, 90_500_000)),
        ({"starttime": "2026-03-02 07:59:00"}, Timer(State.RUNNING, NOW - MINUTE, NOW - MINUTE, 0)),
        (
            {"starttime": "2026-03-02 07:59:00", "time": "60"},
            Timer(State.RUNNING, NOW - 2 * MINUTE, NOW - MINUTE, MINUTE),
        ),
        ({"starttime": "2026-03-02 09:00:00"}, Timer(State.RUNNING, NOW + HOUR, NOW + HOUR, 0)),
        ({"starttime": None, "time": 60}, Timer(State.PAUSED, NOW - MINUTE, NOW, MINUTE)),
        ({"starttime": "", "time": 0}, Timer(State.PAUSED, NOW, NOW, 0)),
    ],
)
def test_starttime_and_time_of_a_new_timer(harness: Harness, fields: dict[str, object], timer: Timer) -> None:
    """A new timer runs since ``starttime``, or since now if it is missing; it is paused if ``starttime`` is blank."""
    stored(harness, **fields)
    assert harness.record(1001).timer == timer


@covers("intervals", SETTABLE, "time no double REQUIRED IF starttime field is blank.")
@pytest.mark.parametrize("blank", [None, ""])
def test_time_is_required_where_starttime_is_blank(harness: Harness, blank: object) -> None:
    """A timer without both fields is rejected, whether it is created or updated."""
    nothing = {"starttime": blank}
    assert rejected(harness.send("POST", "/timer/", {"personid": 3} | nothing)) == (*VALIDATION, "time")
    assert rejected(harness.send("POST", "/timer/", {"personid": 3, "time": ""} | nothing)) == (*VALIDATION, "time")
    stored(harness)
    assert rejected(harness.send("PUT", "/timer/1001/", nothing, now=NOW + HOUR)) == (*VALIDATION, "time")
    assert rejected(harness.send("PUT", "/timer/1001/", nothing | {"time": blank})) == (*VALIDATION, "time")
    harness.send("PUT", "/timer/1001/", nothing | {"time": 60})
    assert rejected(harness.send("PUT", "/timer/1001/", {"time": blank})) == (*VALIDATION, "time")
    assert harness.timer("PUT", "/timer/1001/", nothing)["time"] == 60.0


@covers(
    "intervals",
    SETTABLE,
    "timelapsed no double Time elapsed since timer was started. This field is ready only.",
)
def test_read_only_fields_are_ignored(harness: Harness) -> None:
    """A client may send the whole element back; read-only fields are ignored, whatever they contain."""
    stored(harness, taskid=31, name="as it was")
    element = harness.timer("GET", "/timer/1001/", now=NOW + 90 * SECOND + 400_000)
    assert element["timelapsed"] == 90.4
    listed = harness.send("GET", "/timer/", query="gettimerinfo", now=NOW + 90 * SECOND + 400_000)
    (with_info,) = body_of(listed)["timer"]
    assert with_info == element | {
        field: with_info[field] for field in ("task", "projectid", "project", "clientid", "client")
    }
    for sent in (element, element | {"timelapsed": "x", "isrunning": [], "totaltime": None}, with_info):
        result = harness.send("PUT", "/timer/1001/", sent, now=NOW + 90 * SECOND + 400_000)
        assert body_of(result)["timer"] == element
        assert not result.changes


def test_a_starttime_sent_back_changes_nothing(harness: Harness) -> None:
    """``starttime`` is written in whole seconds: sent back unchanged, it is not a correction."""
    harness.send("POST", "/timer/", {"personid": 3}, now=NOW + 700_000)
    assert not harness.send("PUT", "/timer/1001/", {"starttime": "2026-03-02 08:00:00"}).changes
    result = harness.send("PUT", "/timer/1001/", {"starttime": "2026-03-02 07:50:00"})
    assert [change.action for change in result.changes] == [Correction.AMEND]
    assert harness.record(1001).timer == Timer(State.RUNNING, NOW - 10 * MINUTE, NOW - 10 * MINUTE, 0)


def test_a_starttime_moves_a_running_timer(harness: Harness) -> None:
    """``starttime`` moves the start of the running segment back or forward; the work before it does not change."""
    stored(harness, time=60)
    for written, moved in (
        ("2026-03-02 07:59:59", -SECOND),
        ("2026-03-02 08:00:01", SECOND),
        ("2026-03-02 06:00:00", -2 * HOUR),
        ("2026-03-02 09:30:00", HOUR + HOUR // 2),
    ):
        result = harness.send("PUT", "/timer/1001/", {"starttime": written}, now=NOW + 2 * HOUR)
        assert [change.action for change in result.changes] == [Correction.AMEND]
        timer = harness.record(1001).timer
        assert (timer.state, timer.since, timer.worked) == (State.RUNNING, NOW + moved, MINUTE)
        assert body_of(result)["timer"]["starttime"] == written


def test_a_time_sent_alone_is_a_correction(harness: Harness) -> None:
    """``time`` of a running timer is its work until ``starttime``; of a paused one, all its work."""
    stored(harness)
    result = harness.send("PUT", "/timer/1001/", {"time": 600}, now=NOW + MINUTE)
    assert [change.action for change in result.changes] == [Correction.AMEND]
    assert harness.record(1001).timer == Timer(State.RUNNING, NOW - 10 * MINUTE, NOW, 10 * MINUTE)
    assert body_of(result)["timer"]["totaltime"] == 660.0
    assert harness.timer("PUT", "/timer/1001/", {"time": ""}, now=NOW + MINUTE)["time"] == 0.0
    harness.send("PUT", "/timer/1001/", {"time": 30, "starttime": ""}, now=NOW + MINUTE)
    harness.send("PUT", "/timer/1001/", {"time": 20}, now=NOW + HOUR)
    assert harness.record(1001).timer.worked == 20 * SECOND
    assert harness.record(1001).timer.since == NOW + MINUTE


def test_a_clock_ahead_does_not_trap_a_timer(harness: Harness) -> None:
    """A timer started in the future can be paused now, with no work."""
    stored(harness, starttime="2026-03-02 09:00:00")
    assert harness.timer("PUT", "/timer/1001/", {"starttime": "", "time": 0})["time"] == 0.0
    assert harness.record(1001).timer == Timer(State.PAUSED, NOW + HOUR, NOW + HOUR, 0)


@covers("intervals", SETTABLE, "name no string (255) A description you want to apply to the timer.")
@covers("intervals", SETTABLE, "string (xxx) indicates a string with a maximum length of xxx characters.")
def test_name(harness: Harness) -> None:
    """A name has at most 255 characters, whatever their size in bytes; null makes it blank."""
    assert harness.timer("POST", "/timer/", {"personid": 3, "name": "ü" * 255})["name"] == "ü" * 255
    for name in ("x" * 256, "x" * 10**6):
        assert rejected(harness.send("POST", "/timer/", {"personid": 3, "name": name})) == (*VALIDATION, "name")
        assert rejected(harness.send("PUT", "/timer/1001/", {"name": name})) == (*VALIDATION, "name")
    result = harness.send("PUT", "/timer/1001/", {"name": None})
    assert [change.action for change in result.changes] == [UPDATE]
    assert harness.record(1001).note == ""
    assert harness.timer("PUT", "/timer/1001/", {"name": "line\n\ttwo"})["name"] == "line\n\ttwo"


@covers("intervals", FILTERS, "2 This field accepts HTML, but certain HTML elements may be stripped out.")
def test_a_name_accepts_html(harness: Harness) -> None:
    """HTML is stored unchanged, except for active elements."""
    name = "<b>Bold</b> &amp; <script>alert(1)</script>free"
    assert harness.timer("POST", "/timer/", {"personid": 3, "name": name})["name"] == "<b>Bold</b> &amp; free"


@covers("intervals", SETTABLE, "lastupdate no date The date on which the timer was last started or stopped")
def test_lastupdate(harness: Harness) -> None:
    """It is the UTC day of the last start, pause or resume, or a date that is sent; corrections do not change it."""
    late = pc.instant("2026-03-02T23:30:00Z")  # the 3rd in Berlin
    assert harness.timer("POST", "/timer/", {"personid": 3}, now=late)["lastupdate"] == "2026-03-02"
    for body, days, expected in (
        ({"time": 60}, 1, "2026-03-02"),
        ({"name": "x"}, 2, "2026-03-02"),
        ({"starttime": "", "time": 60}, 3, "2026-03-05"),
        ({"time": 70}, 4, "2026-03-05"),
        ({"starttime": "2026-03-07 00:00:00"}, 5, "2026-03-07"),
        ({"lastupdate": "2026-01-01"}, 6, "2026-01-01"),
        ({"starttime": "", "time": 1, "lastupdate": "2026-01-02"}, 7, "2026-01-02"),
        ({"lastupdate": ""}, 8, None),
    ):
        assert harness.timer("PUT", "/timer/1001/", body, now=late + days * DAY)["lastupdate"] == expected, body
    for wrong in ("2026-02-30", "yesterday", 5, True):
        assert rejected(harness.send("PUT", "/timer/1001/", {"lastupdate": wrong})) == (*VALIDATION, "lastupdate")


@covers("intervals", SETTABLE, "To update a member resource:")
@covers("intervals", SETTABLE, 'PUT /timer/{id}/ "taskid": value, "time": value')
@covers(
    "intervals",
    SETTABLE,
    "Assuming no errors, the server will respond with 202 Accepted and the entire element. This will allow you to"
    " verify the field values.",
)
def test_update(harness: Harness) -> None:
    """An update returns 202 and the whole element; fields that are not sent do not change."""
    stored(harness, name="stays")
    result = harness.send("PUT", "/timer/1001/", {"taskid": 32, "time": 60.25})
    assert result.response.status == 202
    element = body_of(result)["timer"]
    assert (element["taskid"], element["time"], element["name"], element["personid"]) == (32, 60.25, "stays", 3)
    assert harness.timer("PUT", "/timer/1001/", {"personid": 5}, person=1)["personid"] == 5
    assert rejected(harness.send("PUT", "/timer/1001/", {"personid": ""}, person=1)) == (*VALIDATION, "personid")
    assert rejected(harness.send("PUT", "/timer/77/", {"time": 5})) == (404, 14, "id")


def test_a_post_with_an_id_updates(harness: Harness) -> None:
    """The id may be in the path or in the body; a PUT without an id is rejected."""
    stored(harness)
    for path, body in (
        ("/timer/", {"id": 1001}),
        ("/timer", {"id": "1001"}),
        ("/timer/1001", {}),
        ("/timer/1001/", {"id": 1001}),
    ):
        result = harness.send("POST", path, body | {"name": path})
        assert (result.response.status, result.operation) == (202, "update_timer")
        assert body_of(result)["timer"]["name"] == path
    assert rejected(harness.send("PUT", "/timer/", {"time": 5})) == (*VALIDATION, "id")
    assert rejected(harness.send("PUT", "/timer/1001/", {"id": 1002, "time": 5})) == (*VALIDATION, "id")


def test_a_timer_starts_within_the_calendar(harness: Harness) -> None:
    """Work cannot reach back before the year 1."""
    assert rejected(harness.send("POST", "/timer/", {"personid": 3, "time": 9e10})) == (*VALIDATION, "time")
    stored(harness)
    assert rejected(harness.send("PUT", "/timer/1001/", {"time": 9e10})) == (*VALIDATION, "time")
    assert harness.record(1001).timer == Timer(State.RUNNING, NOW, NOW, 0)


# ---- rejections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic \xff\xe4",
        "Basic " + base64.b64encode(b"\xff:X").decode(),
        "Basic " + base64.b64encode(b":intervals-token-3").decode(),
        "Basic " + base64.b64encode(b"intervals-token-9:X").decode(),
        "Basic " + base64.b64encode(b"intervals-token-").decode(),
        basic(3)["authorization"].replace("Basic aW50", "Basic aW*50"),
        basic(3)["authorization"] + "\n",
        "Bearer intervals-token-3",
        basic(3)["authorization"].replace("Basic", "Digest"),
    ],
)
def test_wrong_credentials(harness: Harness, authorization: str | None) -> None:
    """Missing or unknown credentials get 401 before anything else is checked."""
    headers = JSON if authorization is None else JSON | {"authorization": authorization}
    result = handle(Request(method="BREW", path="/timer/7", query="pot", headers=headers), harness.account, NOW)
    assert rejected(result) == (401, 9, "")


def test_any_password_will_do(harness: Harness) -> None:
    """The token is the user name; the scheme is read in any case."""
    for credentials in (basic(3, ""), basic(3, "X"), basic(3, "a:b:c")):
        for headers in (credentials, {"authorization": credentials["authorization"].replace("Basic", "bAsIc")}):
            assert handle(Request(method="GET", path="/timer", headers=headers), harness.account, NOW).rejection is None


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/timers/", (400, 13)),
        ("GET", "/timer/1001/start", (400, 13)),
        ("GET", "/", (400, 13)),
        ("GET", "", (400, 13)),
        ("GET", "/\ud800", (400, 13)),
        ("DELETE", "/timer/", (400, 16)),
        ("PATCH", "/timer/1001/", (400, 16)),
        ("", "/timer/", (400, 16)),
        ("GET", "/timer/\x00", (400, 18)),
        ("GET", "/timer/abc", (404, 14)),
        ("GET", "/timer/-1", (404, 14)),
        ("GET", f"/timer/{'9' * 5000}", (404, 14)),
    ],
)
def test_unknown_paths_and_methods(harness: Harness, method: str, path: str, expected: tuple[int, int]) -> None:
    """The code says whether the resource type, the method or the resource is unknown."""
    assert rejected(harness.send(method, path))[:2] == expected


def test_an_unknown_path_needs_no_credentials(harness: Harness) -> None:
    """An unknown path is rejected before the credentials are checked."""
    assert rejected(handle(Request(method="GET", path="/miletsone"), harness.account, NOW)) == (400, 13, "")


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("statusid=3", None, (400, 17, "statusid")),
        ("\ud800=3", None, (400, 17, "\\ud800")),
        ("x" * 1000, None, (400, 17, "x" * 200 + "…")),
        ("personid=3&personid=3", None, (*VALIDATION, "personid")),
        ("personid=3", {"personid": 3}, (*VALIDATION, "personid")),
        ("personid=three", None, (*VALIDATION, "personid")),
        ("personid=1,,2", None, (*VALIDATION, "personid")),
        ("personid=-1", None, (*VALIDATION, "personid")),
        ("personid=1.5", None, (*VALIDATION, "personid")),
        ("personid=%D9%A1", None, (*VALIDATION, "personid")),
        ("personid=" + "9" * 201, None, (*VALIDATION, "personid")),
        ("personid=" + "9" * 5000, None, (*VALIDATION, "personid")),
        ("taskid=%00", None, (*VALIDATION, "taskid")),
        ("taskid=%ff", None, (*VALIDATION, "")),
        ("&".join(f"a{number}=1" for number in range(200)), None, (*VALIDATION, "")),
    ],
)
def test_hostile_queries(harness: Harness, query: str, body: object, expected: tuple[int, int, str]) -> None:
    """Unknown, duplicate, malformed and huge parameters are rejected."""
    assert rejected(harness.send("GET", "/timer/", body, query=query, person=1)) == expected


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/timer/", "statusid=3", None),
        ("GET", "/timer/1001/", "statusid=3", None),
        ("DELETE", "/timer/1001/", "statusid=3", None),
        ("POST", "/timer/", "", {"personid": 3, "statusid": 3}),
        ("PUT", "/timer/1001/", "", {"statusid": 3}),
        ("PUT", "/timer/1001/", "statusid=3", {"time": 60}),
    ],
)
def test_an_unknown_parameter(harness: Harness, method: str, path: str, query: str, body: object) -> None:
    """Every call rejects a parameter that it does not have, by name, and nothing is done."""
    stored(harness)
    assert rejected(harness.send(method, path, body, query=query)) == (400, 17, "statusid")
    assert harness.record(1001).timer == pc.start(NOW)


WRONG: dict[str, list[object]] = {
    "personid": [True, 1.5, 1e300, "3a", " 3", "\u0663", -3, 2**53, 10**30, [], {}, "", None],
    "taskid": [False, 31.5, "x", -1, 2**53, 10**400, [31], {"id": 31}],
    "starttime": [
        5,
        True,
        [],
        "now",
        "2026-03-02",
        "2026-03-02T08:00:00Z",
        "2026-02-30 08:00:00",
        "2026-03-02 24:00:00",
        "2026-03-02 08:00:60",
        "0000-01-01 00:00:00",
        "10000-01-01 00:00:00",
        "x" * 10**6,
    ],
    "time": [True, [], "soon", -1, -0.001, "nan", "inf", "-inf", "1e400", 1e300, 10**30, 1e12],
    "name": [5, True, [], {}, "\x00", "a\x1bb", "\x7f", "\ufffe", "x" * 256],
    "lastupdate": [5, [], "02.03.2026", "2026-13-01", "0000-00-00"],
    "id": [[], {}, 1.5, True],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_wrong_types_and_values(harness: Harness, field: str, value: object) -> None:
    """Each field rejects invalid values, in a creation and an update, with the field's name."""
    stored(harness)
    sent = {"personid": 3, field: value}
    assert rejected(harness.send("POST", "/timer/", sent)) == (*VALIDATION, field)
    if field != "id":
        assert rejected(harness.send("PUT", "/timer/1001/", sent)) == (*VALIDATION, field)
    assert harness.record(1001).timer == pc.start(NOW)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", JSON),
        (b"[]", JSON),
        (b"7", JSON),
        (b"null", JSON),
        (b'{"personid": NaN}', JSON),
        (b'{"personid": Infinity}', JSON),
        (b'{"time": 1e400}', JSON),
        (b'{"personid": 3, "time": ' + b"9" * 5000 + b"}", JSON),
        (b'{"name": "\xff"}', JSON),
        (b'{"name": "\\ud800"}', JSON),
        (b'{"name": ' + b"[" * 100_000, JSON),
        (b"personid=3", {"content-type": "application/x-www-form-urlencoded"}),
        (b"<timer>", XML),
        (b"<timer", XML),
        (b"{}", XML),
        (b"<timer>\xff</timer>", XML),
        (b"<timer>&nbsp;</timer>", XML),
        (b"<?xml version='1.0' encoding='klingon'?><timer/>", XML),
        (b"<?xml version='1.0' encoding='utf-7'?><timer/>", XML),
        (b"<!DOCTYPE timer><timer/>", XML),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><timer><name>&b;</name></timer>', XML),
        (
            b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
            + b"".join(b"<!ENTITY %c '%s'>" % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(10))
            + b"]><timer><name>&k;</name></timer>",
            XML,
        ),
    ],
)
def test_an_unreadable_body(harness: Harness, body: bytes, headers: dict[str, str]) -> None:
    """Malformed JSON and XML, invalid bytes, and a document type with entities are validation errors."""
    result = harness.send("POST", "/timer/", body, headers=headers)
    assert rejected(result) == (*VALIDATION, "")


@pytest.mark.parametrize(
    ("body", "headers", "field"),
    [
        (b'{"personid": 3, "personid": 5}', JSON, "personid"),
        (b'{"personid": 3, "starttime": "2026-03-02 08:00:00", "time": {"a": 1, "a": 2}}', JSON, "a"),
        (b"<timer><personid>3</personid><personid>5</personid></timer>", XML, "personid"),
        (b"<timer><personid>3</personid><name><b>x</b></name></timer>", XML, "name"),
        (b"<timer><personid>3</personid><taskid> </taskid></timer>", XML, "taskid"),
    ],
)
def test_a_duplicate_field(harness: Harness, body: bytes, headers: dict[str, str], field: str) -> None:
    """A duplicate field is rejected, and so are elements inside a field."""
    assert rejected(harness.send("POST", "/timer/", body, headers=headers)) == (*VALIDATION, field)


def test_rejections_by_the_server() -> None:
    """Rejections that a server makes before a call is decided have a code, too."""
    call = Request(method="GET", path="/timer/")
    for rule, expected in (
        (Rule.QUOTA, (400, 11, "Maximum number of daily API requests exceeded")),
        (Rule.TOO_FAST, (400, 12, "Requests too fast")),
        (Rule.UNAVAILABLE, (502, 20, "Service offline")),
        (Rule.TOO_LARGE, (400, 18, "Validation error")),
    ):
        rejection = VENDOR.reject(call, RuleViolation(rule)).rejection
        assert rejection is not None
        assert (rejection.status, rejection.vendor_code, rejection.message) == expected


def test_an_error_in_xml(harness: Harness) -> None:
    """The same rejection is returned in the requested format."""
    result = harness.send("GET", "/timer/7/", headers=XML)
    assert result.response.headers["content-type"] == "application/xml; charset=utf-8"
    assert result.response.body == (
        b"<?xml version='1.0' encoding='UTF-8'?>\n<intervals><status>Error</status><code>404</code>"
        b"<error><code>14</code><message>Resource requested does not exist</message>"
        b"<verbose>id: there is no timer 7</verbose></error></intervals>"
    )


# ---- JSON and XML --------------------------------------------------------------------------------


@pytest.mark.parametrize("media", ["application/xml", "text/xml; charset=utf-8", "Application/XML"])
def test_xml_in_and_out(harness: Harness, media: str) -> None:
    """A body in XML is read like one in JSON, with its media type in any case; an empty element is blank."""
    result = harness.send(
        "POST",
        "/timer/",
        b"<timer><personid>3</personid><taskid>31</taskid><starttime/><time>90.5</time><name>a &lt; b</name></timer>",
        headers={"accept": "application/xml", "content-type": media},
    )
    assert result.response.status == 201
    record = harness.record(1001)
    assert (record.timer.state, record.timer.worked, record.note) == (State.PAUSED, 90_500_000, "a < b")
    assert parse(result.response.body, NOW).task is not None
    for query, elements in (("", b"<listcount>1</listcount><timer>"), ("generaltimers", b"<listcount>0</listcount></")):
        assert elements in harness.send("GET", "/timer/", query=query, headers=XML).response.body


@pytest.mark.parametrize(
    ("headers", "xml"),
    [
        ({}, False),
        ({"accept": "*/*"}, False),
        ({"accept": "application/xml"}, True),
        ({"accept": "text/xml; q=1"}, True),
        ({"accept": "application/json, application/xml;q=0.5"}, False),
        ({"accept": "application/xml, application/json"}, True),
        ({"content-type": "application/xml"}, True),
        ({"accept": "*/*", "content-type": "APPLICATION/XML"}, True),
        ({"accept": "application/json", "content-type": "application/xml"}, False),
        ({"accept": "text/html", "content-type": "text/plain"}, False),
    ],
)
def test_the_format_of_a_response(harness: Harness, headers: dict[str, str], *, xml: bool) -> None:
    """It follows ``Accept``, then ``Content-Type``, and is JSON if neither is sent. An absent body needs no format."""
    stored(harness)
    answered = handle(
        Request(method="GET", path="/timer/1001", headers=basic(3) | headers), harness.account, NOW
    ).response
    assert answered.status == 200
    assert answered.body.startswith(b"<") is xml


# ---- the client's side ---------------------------------------------------------------------------


@pytest.mark.parametrize("xml", [False, True])
def test_round_trip_of_each_call(harness: Harness, *, xml: bool) -> None:
    """`handle` accepts what `request` sends, and `read_response` reads what `handle` returns."""

    def call(operation: str, parameters: msgspec.Struct, now: int) -> Any:  # noqa: ANN401 - the operation's own type
        sent = request(operation, parameters, token="intervals-token-3", xml=xml)
        result = handle(sent, harness.account, now)
        assert result.operation == operation
        harness.account.apply(result.changes)
        return read_response(operation, result.response.status, result.response.headers, result.response.body, now=now)

    created = call("create_timer", WriteTimer(personid=3, taskid=31, name="<ü> & co"), NOW)
    assert isinstance(created, IntervalsTimer)
    assert (created.id, created.timer, created.note) == ("1001", pc.start(NOW), "<ü> & co")
    paused = call("update_timer", WriteTimer(id="1001", starttime=None, time=90), NOW + 90 * SECOND)
    assert paused.timer == Timer(State.PAUSED, NOW, NOW + 90 * SECOND, 90 * SECOND)
    day = dt.date(2026, 3, 1)
    assert call("update_timer", WriteTimer(id=1001, lastupdate=day, taskid=None), NOW).updated_on == day
    assert call("get_timer", GetTimer(id="1001"), NOW).timer.worked == 90 * SECOND
    call("create_timer", WriteTimer(personid=3, taskid=31), NOW)
    everything = call("list_timers", ListTimers(gettimerinfo=True, limit=1, sortdir="DESC", taskid="31,32"), NOW)
    assert isinstance(everything, Page)
    assert [(record.id, record.task.name) for record in everything.records] == [("1002", "Design")]
    assert everything.total == 1
    assert call("list_timers", ListTimers(generaltimers=False, personid=3), NOW).total == 1
    both = call("list_timers", ListTimers(gettimerinfo=True), NOW)
    assert [record.id for record in both.records] == ["1001", "1002"]
    assert call("list_timers", ListTimers(taskid=33), NOW) == Page((), 0)
    assert call("delete_timer", DeleteTimer(id="1001"), NOW) is None
    with pytest.raises(Rejection) as caught:
        call("get_timer", GetTimer(id="1001"), NOW)
    rejection = caught.value
    assert (rejection.status, rejection.vendor_code, rejection.message) == (
        404,
        14,
        "Resource requested does not exist",
    )
    assert "there is no timer 1001" in str(rejection)


def test_a_request_is_ready_to_be_sent() -> None:
    """A request has method, path, query, headers and body for any HTTP library."""
    call = request("list_timers", ListTimers(clientid="11,12", generaltimers=True), token="t")
    assert call == Request(
        method="GET",
        path="/timer/",
        query="generaltimers=true&clientid=11%2C12",
        headers={"authorization": "Basic dDpY", "accept": "application/json"},
    )
    written = request("update_timer", WriteTimer(id="a/b", starttime=None), token="t")
    assert (written.method, written.path, written.body) == ("PUT", "/timer/a%2Fb/", b'{"starttime":null}')
    assert written.headers["content-type"] == "application/json"
    with pytest.raises(RuleViolation, match="id"):
        request("update_timer", WriteTimer(time=5), token="t")
    with pytest.raises(UnknownOperation) as caught:
        request("stop_timer", GetTimer(id="1"), token="t")
    assert caught.value.known == ("list_timers", "get_timer", "delete_timer", "create_timer", "update_timer")


@pytest.mark.parametrize("parameters", [row.request for row in OPERATIONS])
def test_parameters_are_given_by_name(parameters: Any) -> None:  # noqa: ANN401 - a request type
    """Request types accept keyword arguments only, so that ids cannot be confused."""
    assert parameters(id="1001") if "id" in parameters.__struct_fields__ else parameters(taskid="31")
    with pytest.raises(TypeError, match="positional"):
        parameters("1001")


def test_an_example_is_somebodys_who_may() -> None:
    """The example call is made by the first person with access; there is none if only executives have a token.

    A token of somebody who is not in the workspace opens nothing.
    """
    credentials = {"intervals": Credential(tokens={"x": "999", "e": "4", "r": "3"})}
    call = example(msgspec.structs.replace(WORKSPACE, credentials=credentials), NOW)
    assert call is not None
    assert call.body == b'{"personid":3}'
    credentials = {"intervals": Credential(tokens={"e": "4"})}
    assert example(msgspec.structs.replace(WORKSPACE, credentials=credentials), NOW) is None


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (502, b"<html><body>Bad gateway<br></body></html>", 1),
        (500, b"", 1),
        (500, b"{}", 1),
        (400, b'{"error": "no"}', 1),
        (400, b'{"error": {"code": "18", "message": "no"}}', 18),
    ],
)
def test_a_rejection_without_a_readable_body(status: int, body: bytes, code: int) -> None:
    """An error status is a rejection, whatever the body is."""
    with pytest.raises(Rejection) as caught:
        read_response("get_timer", status, {}, body, now=NOW)
    assert (caught.value.status, caught.value.vendor_code) == (status, code)


@pytest.mark.parametrize("status", [200, 204, 399])
def test_a_status_below_400_is_a_success(status: int) -> None:
    """All rejections of the vendor have a status from 400; a deletion has nothing else to read."""
    assert read_response("delete_timer", status, {}, b"", now=NOW) is None


@pytest.mark.parametrize(
    ("operation", "body", "path"),
    [
        ("get_timer", b"{}", "$.starttime"),
        ("list_timers", b"{}", "$"),
        ("list_timers", b'{"listcount": "1", "timer": "x"}', "$.timer"),
        ("list_timers", b'{"listcount": 1, "timer": [{"personid": 3}]}', "$.timer[0].starttime"),
        (
            "list_timers",
            b'{"listcount": 1, "timer": [{"personid": 3, "time": 0, "starttime": "x"}]}',
            "$.timer[0].starttime",
        ),
    ],
)
def test_a_malformed_success(operation: str, body: bytes, path: str) -> None:
    """A response whose body is not as documented raises an error with the path of the field."""
    with pytest.raises(MalformedPayload) as caught:
        read_response(operation, 200, {}, body, now=NOW)
    assert caught.value.path == path


# ---- whatever is sent ----------------------------------------------------------------------------

FIELDS = [*WriteTimer.__struct_fields__, *ListTimers.__struct_fields__, "nonsense"]
texts = st.text(max_size=12) | st.sampled_from(
    ["1001", "1002", "3", "5", "31", "3,5", "t", "2026-03-02 08:00:00", "2026-03-01", "90.5", "lastupdate", "DESC", ""]
)
values: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers(-3, 1003) | st.integers() | st.floats() | texts | st.sampled_from([[], {}])
)
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5)
# What is nearly right is likelier to come far.
likely: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "personid": st.sampled_from([3, "3", 5, 9, None]),
        "taskid": st.sampled_from([31, 32, None, "", 99]),
        "starttime": st.sampled_from(
            [None, "", "2026-03-02 08:00:00", "2026-03-02 07:00:00", "9999-12-31 23:59:59", "x"]
        ),
        "time": st.sampled_from([None, "", 0, 60, 90.5, "1e11", -1]),
        "name": texts,
        "lastupdate": st.sampled_from(["2026-03-02", None, "x"]),
    },
)


def as_xml(content: dict[str, object]) -> bytes:
    """The nearest that XML has, wrong or not."""
    return f"<timer>{''.join(f'<{name}>{value}</{name}>' for name, value in content.items())}</timer>".encode(
        "utf-8", "replace"
    )


bodies = (
    st.binary(max_size=30)
    | (likely | objects).map(lambda content: b"" if not content else msgspec.json.encode(content))
    | (likely | objects).map(as_xml)
)
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    path=st.sampled_from(["/timer", "/timer/", "/timer/1001", "/timer/1002/", "/timer/x", "/timers"]) | texts,
    query=st.just("") | texts | objects.map(lambda sent: urlencode(sent, errors="replace")),
    headers=st.builds(
        lambda person, headers: headers | (basic(person) if person else {}),
        st.integers(0, 5),
        st.sampled_from(
            [JSON, XML, {}, {"content-type": "application/xml"}, {"accept": "\xff", "authorization": "\xff"}]
        ),
    ),
    body=bodies,
)


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(sent=st.lists(requests, min_size=1, max_size=4), at=st.integers(NOW, NOW + DAY))
def test_any_request_gets_a_documented_response(sent: list[Request], at: int) -> None:
    """The response has a documented shape, its changes are in the dialect, and only a success changes anything."""
    harness = Harness()
    stored(harness, taskid=31)
    statuses = {
        "list_timers": 200,
        "get_timer": 200,
        "delete_timer": 200,
        "create_timer": 201,
        "update_timer": 202,
    }
    moves = {(move.operation, move.action) for move in DIALECT.bindings}
    for each in sent:
        result = handle(each, harness.account, at)
        answered = result.response
        if result.rejection is not None:
            assert not result.changes
            assert answered.status in {400, 401, 403, 404}
            with pytest.raises(Rejection) as caught:
                read_response("get_timer", answered.status, answered.headers, answered.body, now=at)
            assert caught.value.vendor_code in {9, 10, 13, 14, 16, 17, 18}
            continue
        assert answered.status == statuses[result.operation]
        read = read_response(result.operation, answered.status, answered.headers, answered.body, now=at)
        kinds: dict[str, type] = {"list_timers": Page, "delete_timer": type(None)}
        assert isinstance(read, kinds.get(result.operation, IntervalsTimer))
        for change in result.changes:
            assert (result.operation, change.action) in moves
            timer = change.record.timer
            assert (
                pc.restore(state=timer.state, started_at=timer.started_at, since=timer.since, worked=timer.worked)
                == timer
            )
        harness.account.apply(result.changes)


def test_the_published_limits() -> None:
    """The vendor's help page allows 100 calls a minute and 6000 a day."""
    assert VENDOR.rate_limit == Limit(calls=100, per_seconds=60)
    assert VENDOR.quota == Limit(calls=6000, per_seconds=24 * 60 * 60)


def test_the_table() -> None:
    """There are five calls on two paths, each with the methods that the page allows."""
    assert [(row.name, row.methods, row.path) for row in OPERATIONS] == [
        ("list_timers", ("GET",), "/timer"),
        ("get_timer", ("GET",), "/timer/{id}"),
        ("delete_timer", ("DELETE",), "/timer/{id}"),
        ("create_timer", ("POST",), "/timer"),
        ("update_timer", ("PUT", "POST"), "/timer/{id}"),
    ]
