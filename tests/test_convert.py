"""Conversion by function: what is carried, what is reported, and what needs consent or a value."""

from __future__ import annotations

import itertools
import json
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from punchclock import State, Timer, break_at, instant, not_before, pause, start, vendors, worked_at
from punchclock.vendors import MalformedPayload, UnknownVendor, convert, convert_all, load, names
from punchclock.vendors.conversion import Conversion, Difference, DifferenceKind, as_record_of, render, shown_state
from punchclock.vendors.entities import counterpart, resolve_entities
from punchclock.vendors.errors import InvalidField, MissingFields, NotRepresentable, StateNotShown
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer
from punchclock.vendors.worksection import WorksectionTimer, serialize
from punchclock.vendors.workspace import Job, Person, Task, Workspace
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace
from strategies import examples

SECOND = 1_000_000
WORKSPACE = demo_workspace()
ZONE = WORKSPACE.zone
START = instant("2026-03-02T08:00:00Z")
NOW = START + 3660 * SECOND

RUNNING = Timer(State.RUNNING, START, START + 120 * SECOND, 60 * SECOND)  # a break of a minute, and 3600 s of work now


def payload_of(vendor: str, timer: Timer = RUNNING, now: int = NOW, zone: str = ZONE) -> bytes:
    """A vendor's payload of a timer of person 3 on task 31, or on job 41."""
    record = IntervalsTimer(
        id="7", timer=timer, person=WORKSPACE.people["3"], task=WORKSPACE.tasks["31"], note="A note"
    )
    module = load(vendor)
    resolved = counterpart(resolve_entities(record, WORKSPACE), WORKSPACE, module.works_on)
    return render(module, as_record_of(module, resolved, zone), now, zone, allow_state_change=True, details=True)[0]


def converted(source: str, target: str, timer: Timer = RUNNING, now: int = NOW, **more: Any) -> Conversion:  # noqa: ANN401
    """The conversion of one vendor's payload for another, in the demo workspace."""
    payload = payload_of(source, timer, now)
    return convert(payload, source=source, target=target, now=now, **{"workspace": WORKSPACE} | more)


def lines(conversion: Conversion) -> list[str]:
    """The report."""
    return [str(each) for each in conversion.differences]


# ---- what is carried -----------------------------------------------------------------------------


def test_nothing_is_looked_up_without_a_workspace() -> None:
    """Without a workspace, what the payload tells is carried as told, names and ids alike."""
    payload = {
        "username": "Nobody of the demo workspace",
        "startedAt": "2026-03-02T08:00:00.000Z",
        "workedSeconds": 3600,
        "breakSeconds": 60,
        "playing": True,
        "clientName": "Any client",
        "projectName": "Any project",
        "taskName": "Any task",
        "note": "A note",
    }
    conversion = convert(payload, source="timetrack", target="intervals", now=NOW, values={"person.id": 5})
    assert json.loads(conversion.payload) == {
        "taskid": None,
        "personid": 5,
        "starttime": "2026-03-02 09:01:00",
        "time": 3600.0,
        "timelapsed": 0.0,
        "name": "A note",
        "lastupdate": None,
        "isrunning": "t",
        "totaltime": 3600.0,
        "task": "Any task",
        "projectid": None,
        "project": "Any project",
        "clientid": None,
        "client": "Any client",
    }
    assert conversion.differences == [
        Difference(
            DifferenceKind.CHANGED, "timer.started_at", before="2026-03-02T08:00:00Z", after="2026-03-02T08:01:00Z"
        ),
        Difference(DifferenceKind.CHANGED, "timer.break", before=60, after=0),
        Difference(DifferenceKind.DROPPED, "person.name", before="Nobody of the demo workspace"),
    ]


def test_a_workspace_resolves() -> None:
    """With a workspace, names become ids, and what follows from them is filled; what can be looked up is not lost."""
    conversion = converted("timetrack", "intervals")
    shown = json.loads(conversion.payload)
    assert (shown["personid"], shown["taskid"], shown["projectid"], shown["clientid"]) == (3, 31, 21, 11)
    assert lines(conversion) == [
        "timer.started_at: 2026-03-02T08:00:00Z → 2026-03-02T08:01:00Z",
        "timer.break: 60 → 0",
        "person.id: filled (3)",
        "client.id: filled (11)",
        "project.id: filled (21)",
        "task.id: filled (31)",
    ]


def test_what_the_workspace_lacks_is_kept_and_reported() -> None:
    """An unknown name stays as told, and so does one that the workspace has several times."""
    people = {**WORKSPACE.people, "9": replace(WORKSPACE.people["3"], id="9")}
    workspace = replace(WORKSPACE, people=people, tasks={})
    conversion = converted("timetrack", "worksection", workspace=workspace)
    (row,) = json.loads(conversion.payload)["data"]
    assert (row["user_from"], row["task"]["name"]) == ({"name": "resource"}, "Design")
    assert row["task"]["project"] == {"name": "Project 006_1"}
    assert lines(conversion)[:2] == ["person.name: ambiguous (resource)", "task.name: unknown (Design)"]
    unknown = convert(
        payload_of("intervals"), source="intervals", target="zoho", now=NOW, workspace=replace(WORKSPACE, people={})
    )
    assert lines(unknown)[0] == "person.id: unknown (3)"
    assert json.loads(unknown.payload)["response"]["result"]["erecno"] == "3"
    unknown = converted("worksection", "zoho", workspace=replace(WORKSPACE, people={"1": Person(id="1", name="x")}))
    assert lines(unknown)[0] == "person.id: unknown (3)"


def test_a_job_is_in_the_place_of_a_task() -> None:
    """A Zoho job and the others' task are each other's place, which is reported."""
    conversion = convert(payload_of("zoho"), source="zoho", target="worksection", now=NOW, zone=ZONE)
    assert json.loads(conversion.payload)["data"][0]["task"]["id"] == "41"
    assert {"job.id: 41 → task.id", "job.name: UI designing → task.name"} <= {*lines(conversion)}
    (moved,) = [each for each in conversion.differences if each.field == "job.id"]
    assert moved == Difference(DifferenceKind.MOVED, "job.id", before="41", after="task.id")
    conversion = convert(payload_of("intervals"), source="intervals", target="zoho", now=NOW, zone=ZONE)
    result = json.loads(conversion.payload)["response"]["result"]
    assert (result["jobId"], result["jobName"]) == ("31", "Design")
    assert {"task.id: 31 → job.id", "task.name: Design → job.name"} <= {*lines(conversion)}


def test_the_job_of_a_project() -> None:
    """In a workspace, the job is the one that belongs to the task; if there is none, the task takes its place."""
    assert "job.id: filled (41)" in lines(converted("intervals", "zoho"))
    assert "task.id: dropped (31)" in lines(converted("intervals", "zoho"))
    none = replace(WORKSPACE, jobs={"43": Job(id="43", name="More")})
    assert "task.id: 31 → job.id" in lines(converted("intervals", "zoho", workspace=none))


def test_all_fields_of_a_task() -> None:
    """What Worksection reports about a task is dropped, value for value, if the workspace does not have it."""
    task = WORKSPACE.tasks["31"]
    record = WorksectionTimer(id="7", timer=start(START), person=WORKSPACE.people["3"], task=task, project=task.project)
    payload = load("worksection").serialize(record, NOW, ZONE)
    known = convert(payload, source="worksection", target="intervals", now=NOW, workspace=WORKSPACE)
    assert {each.kind for each in known.differences} == {DifferenceKind.FILLED}
    unknown = convert(payload, source="worksection", target="intervals", now=NOW, zone=ZONE)
    assert {each.kind for each in unknown.differences} == {DifferenceKind.DROPPED}
    assert {each.field: each.before for each in unknown.differences} == {
        "person.name": "resource",
        "person.email": "resource@demo.test",
        "task.priority": 1,
        "task.author.name": "manager",
        "task.author.email": "manager@demo.test",
        "task.assignee.name": "resource",
        "task.assignee.email": "resource@demo.test",
        "task.text": "Draw the screens",
        "task.added_at": "2026-01-12T09:30:00Z",
        "task.starts_on": date(2026, 1, 12),
        "task.ends_on": task.ends_on,
        "task.ends_at": "18:00",
        "task.max_time": 20,
        "task.max_money": 500,
        "task.tags": {"51": "design", "52": "urgent"},
    }


@pytest.mark.parametrize("target", names())
def test_ids(target: str) -> None:
    """Ids of any length are carried as they are; a vendor that shows no id drops it, which is reported."""
    sample = json.loads(payload_of("zoho"))
    result = sample["response"]["result"]
    for id in ("77", "492688000000821095", "9" * 30, "4926880000f00819003", "a/b", "\N{ARABIC-INDIC DIGIT SEVEN}"):
        result["timelogId"] = id
        if target == "intervals" and not (id.isascii() and id.isdecimal() and len(id) < 19):  # it has numbers
            continue
        conversion = convert(sample, source="zoho", target=target, now=NOW, zone=ZONE)
        kept = load(target).parse(conversion.payload, NOW, ZONE).id
        assert kept in (id, "")
        assert (f"id: dropped ({id})" in lines(conversion)) == (not kept)


def test_the_day_that_a_timer_is_booked_on() -> None:
    """Only Zoho People shows it, and whether work is billed: a value that nobody told is reported."""
    assert "work_date: dropped (2026-03-02)" in lines(converted("zoho", "intervals"))
    assert {"work_date: filled (2026-03-02)", "billing_status: filled (billable)"} <= {
        *lines(converted("intervals", "zoho"))
    }


def test_an_attendance_timer() -> None:
    """A timer of another kind becomes one of the vendor's first type, without a task."""
    record = AttendanceTimer(
        id="5", timer=start(START), person=WORKSPACE.people["3"], latitude_start=1.5, longitude_start=2
    )
    payload = load("timetrack").serialize(record, NOW)
    conversion = convert(payload, source="timetrack", target="worksection", now=NOW, zone=ZONE)
    assert "task" not in json.loads(conversion.payload)["data"][0]
    assert lines(conversion) == ["latitude_start: dropped (1.5)", "longitude_start: dropped (2.0)"]


def test_a_record_of_another_vendor() -> None:
    """Common fields are kept; the work date is the day of the start, where the vendor writes local times."""
    record = IntervalsTimer(id="a7", timer=Timer(State.RUNNING, START + 1, START + 1, 0), note="A note")
    made = as_record_of(load("zoho"), record, "Pacific/Auckland")
    assert made == ZohoTimer(id="a7", timer=start(START), note="A note", work_date=date(2026, 3, 2))
    booked = replace(record, work_date=date(2026, 1, 1))
    assert as_record_of(load("zoho"), booked, "UTC").work_date == date(2026, 1, 1)
    assert as_record_of(load("timetrack"), record, "UTC").work_date is None
    worked = replace(record, timer=Timer(State.PAUSED, START - 3_600_000_007, START + 5, 60_000_003))
    floored = Timer(State.PAUSED, START - 3600 * SECOND, START, 60 * SECOND)
    assert as_record_of(load("timetrack"), worked, "UTC").timer == floored


# ---- instants ------------------------------------------------------------------------------------


def test_fractions_of_a_second_are_dropped() -> None:
    """Intervals counts in microseconds; the others floor to seconds, and the difference is reported."""
    conversion = converted("intervals", "timetrack", Timer(State.PAUSED, START, START + 2_500_000, 1_500_000))
    assert "timer.worked: 1.5 → 1" in lines(conversion)


def test_fractions_do_not_become_a_break() -> None:
    """Half a second of work before a whole second starts at a half second, which adds no break when it is floored."""
    conversion = converted("intervals", "timetrack", Timer(State.RUNNING, START - 500_000, START, 500_000))
    assert json.loads(conversion.payload)["breakSeconds"] == 0
    assert not [each for each in conversion.differences if each.field == "timer.break"]


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({"workspace": WORKSPACE}, "09:00"),
        ({"workspace": WORKSPACE, "zone": "Asia/Tokyo"}, "17:00"),
        ({"zone": "Asia/Tokyo"}, "17:00"),
        ({}, "08:00"),
    ],
)
def test_the_zone(more: dict[str, Any], shown: str) -> None:
    """Local times are in the zone that is given or the workspace's; without either in UTC, and that is reported."""
    payload = payload_of("timetrack", start(START))
    conversion = convert(payload, source="timetrack", target="worksection", now=NOW, **more)
    assert json.loads(conversion.payload)["data"][0]["date_started"] == f"2026-03-02 {shown}"
    assert ("zone: filled (UTC)" in lines(conversion)) == (not more)


def test_the_zone_of_a_payload_that_is_read() -> None:
    """A local time that was read as UTC is reported; a target that writes UTC anyway reports nothing about the zone."""
    with_task = json.loads(payload_of("worksection"))
    conversion = convert(with_task, source="worksection", target="intervals", now=NOW)
    assert {"zone: filled (UTC)", "task.added_at: dropped (2026-01-12T10:30:00Z)"} <= {*lines(conversion)}
    del with_task["data"][0]["task"]["date_added"]
    assert "zone" not in lines(convert(with_task, source="worksection", target="intervals", now=NOW))[0]


def test_a_payload_from_a_clock_ahead() -> None:
    """A timer that is shown at an instant before its last event keeps all its work."""
    paused = pause(start(START), START + 60 * SECOND)
    now = START + 30 * SECOND
    for target in ("worksection", "zoho"):
        conversion = converted("timetrack", target, paused, now, allow_state_change=True)
        round_trip = load(target).parse(conversion.payload, now, ZONE).timer
        assert (worked_at(round_trip, now), break_at(round_trip, now)) == (60 * SECOND, 0)


# ---- consent and values --------------------------------------------------------------------------


@pytest.mark.parametrize("target", names())
@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.STOPPED])
def test_a_state_that_the_target_does_not_show(target: str, state: State) -> None:
    """A stopped or paused timer is never written as running without consent; with it, the change is reported."""
    timer = Timer(state, START, START + 120 * SECOND, 60 * SECOND)
    payload = payload_of("timetrack", timer)
    shown = load(target).shown_states
    values = dict.fromkeys(load(target).required, "3")
    if state in shown:
        same = convert(payload, source="timetrack", target=target, now=NOW, values=values)
        assert not [each for each in same.differences if each.field == "timer.state"]
        return
    with pytest.raises(StateNotShown) as rejected:
        convert(payload, source="timetrack", target=target, now=NOW, values=values)
    error = rejected.value
    assert (error.vendor, error.state, {*error.shown}) == (target, state, {*shown})
    changed = convert(payload, source="timetrack", target=target, now=NOW, values=values, allow_state_change=True)
    assert f"timer.state: {state} → {error.nearest}" in lines(changed)
    read = load(target).parse(changed.payload, NOW, "UTC").timer
    assert (read.state, worked_at(read, not_before(read, NOW))) == (error.nearest, 60 * SECOND)


def test_the_nearest_state() -> None:
    """A paused timer becomes stopped rather than running, and a stopped one paused rather than running."""
    vendor = load("timetrack")
    for states, expected in (
        ({State.RUNNING, State.STOPPED}, [State.RUNNING, State.STOPPED, State.STOPPED]),
        ({State.RUNNING, State.PAUSED}, [State.RUNNING, State.PAUSED, State.PAUSED]),
        ({State.RUNNING}, [State.RUNNING, State.RUNNING, State.RUNNING]),
    ):
        made = replace(vendor, shown_states=frozenset(states))
        assert [shown_state(made, state) for state in (State.RUNNING, State.PAUSED, State.STOPPED)] == expected


def test_fields_that_nobody_told() -> None:
    """One error names every required field that the payload does not report; a value for each is enough."""
    record = WorksectionTimer(timer=start(START))
    payload = serialize(record, NOW, ZONE, mine=True)
    for target, fields in (
        ("intervals", ("person.id",)),
        ("timetrack", ("person.name",)),
        ("zoho", ("person.id", "job.id")),
    ):
        with pytest.raises(MissingFields) as missing:
            convert(payload, source="worksection", target=target, now=NOW)
        assert (missing.value.vendor, missing.value.fields) == (target, fields)
        assert isinstance(missing.value, NotRepresentable)
        conversion = convert(payload, source="worksection", target=target, now=NOW, values=dict.fromkeys(fields, "3"))
        read = load(target).parse(conversion.payload, NOW, "UTC")
        assert "3" in (read.person.id, read.person.name)
        assert not [each for each in conversion.differences if each.field in fields]


def test_values_are_resolved_and_placed() -> None:
    """A value counts as told by the payload: it is looked up in the workspace, and has its place at the target."""
    payload = load("timetrack").serialize(ProjectTimer(timer=start(START), person=Person(name="anna")), NOW)
    conversion = convert(
        payload, source="timetrack", target="worksection", now=NOW, workspace=WORKSPACE, values={"task.id": "33"}
    )
    (row,) = json.loads(conversion.payload)["data"]
    assert (row["task"]["name"], row["task"]["project"]["name"]) == ("Review", "Project 007_1")
    values = {"person.id": "6", "task.id": "33", "task.name": "Review", "billing_status": "nonbillable"}
    conversion = convert(payload, source="timetrack", target="zoho", now=NOW, zone=ZONE, values=values)
    result = json.loads(conversion.payload)["response"]["result"]
    assert [result[key] for key in ("erecno", "jobId", "jobName", "billingStatus", "employeename")] == [
        "6", "33", "Review", "nonbillable", "anna",
    ]  # fmt: skip
    assert lines(conversion) == [
        "task.id: 33 → job.id",
        "task.name: Review → job.name",
        "work_date: filled (2026-03-02)",
    ]


def test_values_for_the_same_vendor() -> None:
    """With values, a payload for its own vendor is written anew, as the same kind of timer."""
    record = AttendanceTimer(id="5", timer=start(START), person=Person(name="anna"), manual=True)
    payload = load("timetrack").serialize(record, NOW)
    conversion = convert(payload, source="timetrack", target="timetrack", now=NOW, values={"note": "by hand"})
    assert load("timetrack").parse(conversion.payload, NOW) == replace(record, note="by hand")
    assert conversion.differences == []


def test_a_value_that_is_not_valid() -> None:
    """The values are checked before anything is read."""
    with pytest.raises(InvalidField):
        convert(b"", source="timetrack", target="zoho", now=NOW, values={"person.ids": "3"})


# ---- lists ---------------------------------------------------------------------------------------


def worksection_list(*times: str) -> dict[str, Any]:
    """A response of ``get_timers`` with a row for each time."""
    row = json.loads(payload_of("worksection"))["data"][0]
    return {"status": "ok", "data": [row | {"id": str(10 + i), "time": time} for i, time in enumerate(times)]}


INTERVALS_LIST = {
    "personid": 1,
    "status": "OK",
    "code": 200,
    "listcount": 3,
    "timer": [
        {"id": id, "taskid": 31, "personid": 3, "starttime": None, "time": 60 * id, "name": ""} for id in (1, 2, 3)
    ],
}
INTERVALS_XML = (
    b'<?xml version="1.0"?><intervals><listcount>2</listcount>'
    b"<timer><id>1</id><personid>3</personid><starttime/><time>60</time></timer>"
    b"<timer><id>2</id><personid>3</personid><starttime/><time>120</time></timer></intervals>"
)


@pytest.mark.parametrize(
    ("source", "payload", "works"),
    [
        ("worksection", worksection_list("00:01:00", "00:02:00"), [60, 120]),
        ("worksection", worksection_list("00:01:00"), [60]),
        ("worksection", worksection_list(), []),
        ("intervals", INTERVALS_LIST, [60, 120, 180]),
        ("intervals", INTERVALS_XML, [60, 120]),
        ("timetrack", [json.loads(payload_of("timetrack")), json.loads(payload_of("timetrack"))], [3600, 3600]),
        ("intervals", [], []),
    ],
)
def test_a_list(source: str, payload: Any, works: list[int]) -> None:  # noqa: ANN401
    """A list payload converts to as many payloads: the vendor's own list, or an array of its payloads."""
    forms = [payload] if isinstance(payload, bytes) else [payload, json.dumps(payload), json.dumps(payload).encode()]
    for form in forms:
        conversions = convert_all(form, source=source, target="timetrack", now=NOW, values={"person.name": "anna"})
        timers = [load("timetrack").parse(each.payload, NOW).timer for each in conversions]
        assert [worked_at(timer, not_before(timer, NOW)) // SECOND for timer in timers] == works


def test_a_list_for_its_own_vendor() -> None:
    """Each timer keeps its row and the envelope, field for field."""
    payload = worksection_list("00:01:00", "00:02:00") | {"more": 1}
    conversions = convert_all(json.dumps(payload).encode(), source="worksection", target="worksection", now=NOW)
    assert [json.loads(each.payload) for each in conversions] == [payload | {"data": [row]} for row in payload["data"]]


@pytest.mark.parametrize(
    ("source", "payload", "path"),
    [
        ("worksection", worksection_list("00:01:00", "a", "00:01:00"), "$.data[1].time"),
        ("timetrack", [json.loads(payload_of("timetrack")), {"startedAt": "x"}], "$[1]"),
        ("timetrack", [json.loads(payload_of("timetrack")), 5], "$[1]"),
    ],
)
def test_a_list_with_a_malformed_timer(source: str, payload: object, path: str) -> None:
    """No timer is converted; the error has the position and the path in the list."""
    with pytest.raises(MalformedPayload) as malformed:
        convert_all(payload, source=source, target="intervals", now=NOW)
    assert (malformed.value.path, malformed.value.index) == (path, 1)


def test_a_list_with_a_timer_that_cannot_be_converted() -> None:
    """The error has the position."""
    rows = worksection_list("00:01:00", "00:02:00")
    del rows["data"][1]["user_from"]
    with pytest.raises(MissingFields) as missing:
        convert_all(rows, source="worksection", target="intervals", now=NOW)
    assert missing.value.index == 1
    del rows["data"][0]
    with pytest.raises(MissingFields) as missing:
        convert_all(rows, source="worksection", target="intervals", now=NOW)
    assert missing.value.index is None


def test_one_timer_is_expected() -> None:
    """`convert` rejects a list of several timers, or of none."""
    for payload, count in ((worksection_list(), 0), (worksection_list("00:01:00", "00:02:00"), 2)):
        with pytest.raises(MalformedPayload, match=f"{count} timers where one is expected"):
            convert(payload, source="worksection", target="intervals", now=NOW)


# ---- forms of a payload --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'\xef\xbb\xbf{"a": 1.50,\n "personid": 3, "starttime": null, "time": 1}', b'{"a":1.50,"personid":3,'),
        ('{"personid": 3, "starttime": null, "time": 1e1}', b'{"personid":3,"starttime":null,"time":1e1}'),
        ({"personid": 3, "starttime": None, "time": 1}, b'{"personid":3,"starttime":null,"time":1}'),
        (
            b"<timer><personid>3</personid><starttime/><time>1</time><a>x</a></timer>\n",
            b"<timer><personid>3</personid><starttime/><time>1</time><a>x</a></timer>",
        ),
    ],
)
def test_a_payload_for_its_own_vendor(payload: object, expected: bytes) -> None:
    """It is written as it was sent, JSON in one line, whatever numbers and fields it has."""
    conversion = convert(payload, source="intervals", target="intervals", now=NOW)
    assert conversion.payload.startswith(expected)


@pytest.mark.parametrize("vendor", names())
def test_a_malformed_payload_for_its_own_vendor(vendor: str) -> None:
    """A payload is parsed before it is passed on."""
    for payload in (b"{}", b"[{}]", b"[{}, {}]", b"", b"{", b"5", b"<a/>", b"<a", "\ud800", None, 5, {"data": 5}):
        with pytest.raises(MalformedPayload):
            convert(payload, source=vendor, target=vendor, now=NOW)


def test_a_timer_that_the_target_cannot_show() -> None:
    """Intervals identifies people by number: a person with another id cannot be shown there, which is a named error."""
    payload = load("timetrack").serialize(ProjectTimer(timer=start(START), person=Person(name="anna")), NOW)
    with pytest.raises(NotRepresentable) as rejected:
        convert(payload, source="timetrack", target="intervals", now=NOW, values={"person.id": "anna"})
    assert rejected.value.vendor == "intervals"
    assert "anna" in rejected.value.reason


def test_a_value_that_the_target_does_not_accept() -> None:
    """What the target's own reader rejects is not written."""
    long = load("worksection").serialize(
        WorksectionTimer(timer=start(START), task=Task(id="1", priority=10**9), person=Person(id="3")), NOW
    )
    record = WorksectionTimer(timer=start(START), task=Task(priority=10**9))
    with pytest.raises(NotRepresentable, match=r"worksection cannot show this timer: .*priority"):
        render(load("worksection"), record, NOW, "UTC")
    with pytest.raises(MalformedPayload):
        convert(long, source="worksection", target="worksection", now=NOW)


def test_texts_that_cannot_be_encoded() -> None:
    """A decoded payload may have a text or a value that no payload can hold: a named error, also for its own vendor."""
    payload = json.loads(payload_of("timetrack"))
    with pytest.raises(NotRepresentable, match="UTF-8 cannot encode"):
        convert(payload | {"taskName": "\ud800"}, source="timetrack", target="worksection", now=NOW)
    nested: list[object] = []
    nested.append(nested)
    for value in ("\ud800", object(), nested):
        with pytest.raises(MalformedPayload, match="not JSON"):
            convert(payload | {"more": value}, source="timetrack", target="timetrack", now=NOW)


def test_errors_of_a_conversion() -> None:
    """An unknown vendor and a malformed payload are named errors."""
    with pytest.raises(UnknownVendor):
        convert(b"{}", source="nonsense", target="zoho", now=NOW)
    with pytest.raises(UnknownVendor):
        convert(b"{}", source="zoho", target="nonsense", now=NOW)
    with pytest.raises(MalformedPayload):
        convert(b"{}", source="zoho", target="intervals", now=NOW)


def test_the_package_has_no_other_names() -> None:
    """The two functions are imported on first use; no other name is."""
    assert (vendors.convert, vendors.convert_all) == (convert, convert_all)
    with pytest.raises(AttributeError):
        _ = vendors.nothing


def test_a_difference_is_immutable() -> None:
    """A difference is hashable, and JSON has only what it knows."""
    difference = Difference(DifferenceKind.DROPPED, "note", before="A note")
    assert {difference, Difference(DifferenceKind.DROPPED, "note", before="A note")} == {difference}
    assert msgspec.json.encode(difference) == b'{"kind":"dropped","field":"note","before":"A note"}'
    with pytest.raises(AttributeError):
        difference.before = ""  # type: ignore[misc]


# ---- any timer -----------------------------------------------------------------------------------

timers = st.builds(
    lambda state, at, worked, rested: Timer(state, at, at + worked + rested, worked),
    st.sampled_from([State.RUNNING, State.PAUSED, State.STOPPED]),
    st.integers(START - 10**13, START),
    st.integers(0, 10**11),
    st.integers(0, 10**11),
).map(
    lambda timer: Timer(
        timer.state,
        timer.started_at - timer.started_at % SECOND,
        timer.started_at - timer.started_at % SECOND + (timer.since - timer.started_at) // SECOND * SECOND,
        timer.worked - timer.worked % SECOND,
    )
)


@pytest.mark.parametrize("workspace", [WORKSPACE, None])
@pytest.mark.parametrize(("source", "target"), list(itertools.product(names(), repeat=2)))
@settings(max_examples=examples(15))  # for each of the pairs, with and without a workspace
@given(timer=timers, more=st.integers(0, 10**10))
def test_the_work_is_preserved(source: str, target: str, workspace: Workspace | None, timer: Timer, more: int) -> None:
    """Between any two vendors, in any state, the work at the instant of the payload is the same to the second."""
    now = timer.since + more
    reader, writer = load(source), load(target)
    payload = payload_of(source, timer, now)
    reported: VendorTimer = reader.parse(payload, now, ZONE)
    conversion = convert(
        payload,
        source=source,
        target=target,
        now=now,
        zone=ZONE,
        workspace=workspace,
        values={} if workspace or source == target else dict.fromkeys(writer.required, "3"),
        allow_state_change=True,
    )
    round_trip: VendorTimer = writer.parse(conversion.payload, now, ZONE)
    before, after = not_before(reported.timer, now), not_before(round_trip.timer, now)
    assert abs(worked_at(round_trip.timer, after) - worked_at(reported.timer, before)) < SECOND
    fields = {each.field for each in conversion.differences}
    assert ("timer.state" in fields) == (round_trip.timer.state is not reported.timer.state)
    assert ("timer.break" in fields) == (break_at(reported.timer, before) != break_at(round_trip.timer, after))
