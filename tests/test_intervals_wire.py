"""Intervals' payload: the ``timer`` element written and read, in JSON and XML."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from intervals_demo import NOW, WORKSPACE
from pages import covers
from punchclock import State, Timer
from punchclock.errors import InstantOutOfRange, InvalidInstant
from punchclock.units import HOUR, MINUTE, SECOND
from punchclock.vendors import MalformedPayload
from punchclock.vendors.errors import NotRepresentable
from punchclock.vendors.intervals import IntervalsTimer, parse, serialize
from punchclock.vendors.intervals.wire import info_element, read_timestamp, serialize_details, write_timestamp
from punchclock.vendors.wire import write_json
from punchclock.vendors.workspace import Client, Person, Project, Task
from strategies import FIRST, LAST

OPENING = "Intervals API Resource: timer"
SETTABLE = "Settable Fields for PUT and POST Requests"

RUNNING = IntervalsTimer(
    id="1001",
    timer=Timer(State.RUNNING, NOW - 2 * HOUR, NOW - 90 * SECOND, HOUR),
    person=WORKSPACE.people["3"],
    client=WORKSPACE.clients["11"],
    project=WORKSPACE.projects["21"],
    task=WORKSPACE.tasks["31"],
    note="Draw the screens",
    updated_on=dt.date(2026, 3, 2),
)
PAUSED = IntervalsTimer(
    id="1002", timer=Timer(State.PAUSED, NOW - HOUR, NOW - MINUTE, 90 * SECOND + 500_000), person=WORKSPACE.people["5"]
)

ELEMENT: dict[str, Any] = {
    "id": 1001,
    "taskid": 31,
    "personid": 3,
    "starttime": "2026-03-02 07:58:30",
    "time": 3600.0,
    "timelapsed": 90.0,
    "name": "Draw the screens",
    "lastupdate": "2026-03-02",
    "isrunning": "t",
    "totaltime": 3690.0,
}


@covers("intervals", OPENING, "Timers rely on two fields: time (number of seconds) and starttime (timestamp).")
@covers("intervals", OPENING, "If starttime is not blank, it indicates the timer is running.")
@covers(
    "intervals",
    SETTABLE,
    "timelapsed no double Time elapsed since timer was started. This field is ready only.",
)
def test_a_running_timer_is_written() -> None:
    """A running timer has its ``starttime`` in UTC; ``timelapsed`` is the work since then, in addition to ``time``."""
    written = serialize(RUNNING, NOW)
    assert list(msgspec.json.decode(written).items()) == list(ELEMENT.items())
    assert b'"time":3600.0,"timelapsed":90.0' in written


@covers(
    "intervals",
    OPENING,
    "Whenever starttime is blank, it indicates that it's paused, and time contains amount of seconds recorded.",
)
def test_a_paused_timer_is_written() -> None:
    """A paused timer has no ``starttime``; ``time`` has all its seconds, and ``timelapsed`` is 0."""
    for now in (NOW, NOW + HOUR):
        assert list(msgspec.json.decode(serialize(PAUSED, now)).items()) == [
            ("id", 1002),
            ("taskid", None),
            ("personid", 5),
            ("starttime", None),
            ("time", 90.5),
            ("timelapsed", 0.0),
            ("name", ""),
            ("lastupdate", None),
            ("isrunning", "f"),
            ("totaltime", 90.5),
        ]


def test_timers_are_immutable() -> None:
    """A timer cannot be changed; calls return a new one."""
    with pytest.raises(AttributeError, match="immutable"):
        RUNNING.note = "another"  # type: ignore[misc]  # which is what is tested
    assert RUNNING.note == "Draw the screens"


def test_a_timer_without_an_id() -> None:
    """An id that a record lacks is omitted, without ``"id":0``; 0 is read as no id."""
    written = msgspec.json.decode(serialize(IntervalsTimer(timer=pc.start(NOW), task=Task(name="T")), NOW))
    assert not {"id", "personid"} & written.keys()
    assert written["taskid"] is None
    for id in ({}, {"id": 0}):
        assert parse(written | {"personid": 3} | id, NOW).id == ""


def test_the_details_of_a_timer() -> None:
    """They are the fields of ``gettimerinfo``, for a record that has any of them; names are read without an id."""
    client = Client(name="C")
    project = Project(name="P", client=client)
    task = Task(name="T", project=project)
    plain = IntervalsTimer(id="7", timer=pc.start(NOW), person=Person(id="3"))
    assert serialize_details(plain, NOW) == serialize(plain, NOW)
    for record in (
        replace(plain, client=client),
        replace(plain, client=client, project=project),
        replace(plain, client=client, project=project, task=task),
        replace(plain, task=Task(id="31")),
    ):
        written = serialize_details(record, NOW)
        assert {"task", "projectid", "project", "clientid", "client"} <= msgspec.json.decode(written).keys()
        assert parse(written, NOW) == record
    assert msgspec.json.decode(serialize_details(replace(plain, task=Task(id="31")), NOW))["task"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"id": "abc"},
        {"person": Person(id="abc")},
        {"task": Task(id="abc")},
        {"project": Project(id="abc")},
        {"client": Client(id="abc")},
    ],
)
def test_ids_are_numbers(change: dict[str, Any]) -> None:
    """A timer with an id that is not a number, its own or an entity's, cannot be written and raises a named error."""
    with pytest.raises(NotRepresentable, match="intervals cannot show this timer: the id 'abc' is not a number"):
        info_element(msgspec.structs.replace(RUNNING, **change), NOW)


def test_task_information_follows_the_element() -> None:
    """The element of ``gettimerinfo`` is the element followed by task, project and client."""
    information = {
        "task": "Design",
        "projectid": 21,
        "project": "Project 006_1",
        "clientid": 11,
        "client": "Client 006",
    }
    written = msgspec.json.decode(write_json(info_element(RUNNING, NOW)))
    assert list(written.items()) == list((ELEMENT | information).items())
    general = msgspec.json.decode(write_json(info_element(PAUSED, NOW)))
    assert {general[name] for name in information} == {None}
    record = parse(written, NOW)
    assert record.client == Client(id="11", name="Client 006")
    assert record.project == Project(id="21", name="Project 006_1", client=record.client)
    assert record.task == Task(id="31", name="Design", project=record.project)


def test_the_element_as_xml() -> None:
    """In XML the fields are elements in the same order; blank ones are empty."""
    assert serialize(RUNNING, NOW, xml=True) == (
        b"<?xml version='1.0' encoding='UTF-8'?>\n"
        b"<timer><id>1001</id><taskid>31</taskid><personid>3</personid><starttime>2026-03-02 07:58:30</starttime>"
        b"<time>3600.0</time><timelapsed>90.0</timelapsed><name>Draw the screens</name>"
        b"<lastupdate>2026-03-02</lastupdate><isrunning>t</isrunning><totaltime>3690.0</totaltime></timer>"
    )
    assert b"<taskid /><personid>5</personid><starttime /><time>90.5</time>" in serialize(PAUSED, NOW, xml=True)


def test_characters_that_xml_does_not_allow() -> None:
    """Characters in a name that XML does not allow are replaced, so the document stays well-formed."""
    record = msgspec.structs.replace(PAUSED, note="a\x00b\x1f<c>&\ud800")
    assert parse(serialize(record, NOW, xml=True), NOW).note == "a�b�<c>&�"


def test_a_read_before_the_last_event() -> None:
    """Reading never fails: before the timer's last event nothing has elapsed."""
    assert msgspec.json.decode(serialize(RUNNING, NOW - HOUR))["timelapsed"] == 0.0


@given(now=st.integers(FIRST, LAST), since=st.integers(FIRST, LAST), worked=st.integers(0, 2**50), lapsed=st.booleans())
def test_totaltime_is_time_and_timelapsed(now: int, since: int, worked: int, *, lapsed: bool) -> None:
    """``totaltime = time + timelapsed``, whatever the instants."""
    state = State.RUNNING if lapsed else State.PAUSED
    record = IntervalsTimer(id="1", timer=Timer(state, since - worked, since, worked), person=Person(id="3"))
    written = msgspec.json.decode(serialize(record, now))
    assert written["time"] == worked / SECOND
    assert written["timelapsed"] == (max(now - since, 0) / SECOND if lapsed else 0)
    assert written["totaltime"] == pytest.approx(written["time"] + written["timelapsed"])


canonical = st.builds(
    lambda running, second, worked, id, task, note, day: IntervalsTimer(
        id=id,
        timer=Timer(State.RUNNING if running else State.PAUSED, second * SECOND - worked, second * SECOND, worked),
        person=Person(id="3"),
        task=Task(id=task) if task else None,
        note=note,
        updated_on=day,
    ),
    running=st.booleans(),
    second=st.integers(-30_000_000_000, 250_000_000_000),
    worked=st.integers(0, 2**50),
    id=st.integers(0, 10**15).map(lambda number: str(number or "")),
    task=st.none() | st.integers(1, 10**15).map(str),
    note=st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20),
    day=st.none() | st.dates(),
)


@given(record=canonical, xml=st.booleans())
def test_round_trip(record: IntervalsTimer, *, xml: bool) -> None:
    """``parse`` reverses ``serialize`` for timers without break, in whole seconds, and paused at ``now``."""
    now = record.timer.since
    assert parse(serialize(record, now, xml=xml), now) == record


@given(record=canonical, later=st.integers(0, 10**12))
def test_a_running_timer_is_read_at_any_time(record: IntervalsTimer, later: int) -> None:
    """A running timer's element contains its instants; a paused one counts as paused when it is read."""
    read = parse(serialize(record, record.timer.since + later), record.timer.since + later)
    if record.timer.state is State.RUNNING:
        assert read == record
    else:
        assert read.timer.worked == record.timer.worked
        assert read.timer.since == record.timer.since + later


@pytest.mark.parametrize(
    "payload",
    [
        ELEMENT,
        {"timer": ELEMENT},
        {"personid": 3, "status": "OK", "code": 200, "timer": ELEMENT},
        msgspec.json.encode(ELEMENT),
        msgspec.json.encode({"timer": ELEMENT}),
        msgspec.json.encode(ELEMENT).decode(),
        serialize(RUNNING, NOW, xml=True),
        serialize(RUNNING, NOW, xml=True).decode().partition("\n")[2],
        b"\n  " + serialize(RUNNING, NOW, xml=True).partition(b"\n")[2],
        b"<intervals><status>OK</status>%b</intervals>" % serialize(RUNNING, NOW, xml=True).partition(b"\n")[2],
        ELEMENT | {"id": "1001", "taskid": "31", "personid": "3", "time": "3600.0", "timelapsed": "90", "new": {}},
        ELEMENT | {"time": 3600, "starttime": "2026-03-02T07:58:30", "projectid": None, "clientid": ""},
    ],
)
def test_reading_is_tolerant(payload: object) -> None:
    """With or without envelope, bytes, text or decoded, JSON or XML, numbers as strings, unknown fields."""
    assert parse(payload, NOW) == IntervalsTimer(
        id="1001",
        timer=Timer(State.RUNNING, NOW - 90 * SECOND - HOUR, NOW - 90 * SECOND, HOUR),
        person=Person(id="3"),
        task=Task(id="31"),
        note="Draw the screens",
        updated_on=dt.date(2026, 3, 2),
    )


def test_optional_fields() -> None:
    """The person, ``starttime`` and ``time`` are enough; other fields may be missing."""
    least = {"personid": 3, "starttime": None, "time": 60}
    assert parse(least, NOW) == IntervalsTimer(
        timer=Timer(State.PAUSED, NOW - MINUTE, NOW, MINUTE), person=Person(id="3")
    )


@pytest.mark.parametrize("blank", [None, "", 0, "0"])
def test_a_timer_without_a_task_is_a_general_timer(blank: object) -> None:
    """Null, a missing field and 0 all mean no task."""
    assert parse(ELEMENT | {"taskid": blank}, NOW).task is None


@pytest.mark.parametrize("blank", [None, ""])
def test_blank_is_null_or_empty(blank: object) -> None:
    """A paused timer's ``starttime`` is null in JSON and empty in XML, and so may ``time`` be."""
    timer = parse(ELEMENT | {"starttime": blank}, NOW).timer
    assert timer == Timer(State.PAUSED, NOW - HOUR, NOW, HOUR)
    assert parse(ELEMENT | {"time": blank}, NOW).timer.worked == 0


HUGE = 10**400

MALFORMED: list[tuple[object, str, object]] = [
    (b"", "$", b""),
    (b"{", "$", b"{"),
    (b"\xff", "$", b"\xff"),
    (b'{"id":"\xff"}', "$", b'{"id":"\xff"}'),
    (b"[]", "$", []),
    (b"null", "$", None),
    (17, "$", 17),
    (object, "$", object),
    (b"{" * 100_000, "$", b"{" * 100_000),
    (b'{"a":' * 100_000, "$", b'{"a":' * 100_000),
    ("\ud800", "$", "\ud800"),
    (b"<timer>", "$", b"<timer>"),
    (b"<timer/>", "$.starttime", None),
    (b"<timer>text</timer>", "$.starttime", None),
    ({"status": "Error", "code": 400, "error": {"code": 18}}, "$.starttime", None),
    ({"timer": []}, "$.timer", {"timer": []}),
    ({"timer": [ELEMENT, ELEMENT]}, "$.timer", {"timer": [ELEMENT, ELEMENT]}),
    ({"timer": [ELEMENT | {"time": -1}]}, "$.timer[0].time", None),
    ({"timer": [ELEMENT | {"personid": None}]}, "$.timer[0].personid", None),
    (b"<a>" * 200_000 + b"</a>" * 200_000, "$", b"<a>" * 200_000 + b"</a>" * 200_000),
    (b"<?xml version='1.0' encoding='klingon'?><timer/>", "$", b"<?xml version='1.0' encoding='klingon'?><timer/>"),
    ({"timer": 5}, "$.timer", 5),
    ({"timer": ELEMENT | {"personid": 1.5}}, "$.timer.personid", 1.5),
    ({"timer": ELEMENT | {"personid": None}}, "$.timer.personid", None),
    (ELEMENT | {"personid": None}, "$.personid", None),
    (ELEMENT | {"personid": 0}, "$.personid", 0),
    (ELEMENT | {"personid": -3}, "$.personid", -3),
    (ELEMENT | {"personid": "0"}, "$.personid", "0"),
    (ELEMENT | {"personid": ""}, "$.personid", ""),
    (ELEMENT | {"id": 2**63}, "$.id", 2**63),
    (ELEMENT | {"id": HUGE}, "$.id", HUGE),
    (ELEMENT | {"taskid": [31]}, "$.taskid", [31]),
    (ELEMENT | {"projectid": -1}, "$.projectid", -1),
    (ELEMENT | {"clientid": True}, "$.clientid", True),
    (ELEMENT | {"time": -1}, "$.time", -1.0),
    (ELEMENT | {"time": "soon"}, "$.time", "soon"),
    (ELEMENT | {"time": float("inf")}, "$.time", float("inf")),
    (ELEMENT | {"time": "1e12"}, "$.time", "1e12"),
    (ELEMENT | {"time": True}, "$.time", True),
    (ELEMENT | {"starttime": "yesterday"}, "$.starttime", "yesterday"),
    (ELEMENT | {"starttime": "2026-02-30 10:00:00"}, "$.starttime", "2026-02-30 10:00:00"),
    (ELEMENT | {"starttime": "0001-01-01 00:30:00"}, "$.time", 3600.0),
    (ELEMENT | {"starttime": 5}, "$.starttime", dt.datetime(1970, 1, 1, 0, 0, 5, tzinfo=dt.UTC)),
    (ELEMENT | {"lastupdate": "20260302"}, "$.lastupdate", "20260302"),
    (ELEMENT | {"lastupdate": "2026-W10-1"}, "$.lastupdate", "2026-W10-1"),
    (ELEMENT | {"lastupdate": "2026-02-30"}, "$.lastupdate", "2026-02-30"),
    (ELEMENT | {"lastupdate": "2026-03-02 25:00:00"}, "$.lastupdate", "2026-03-02 25:00:00"),
    (ELEMENT | {"name": 5}, "$.name", 5),
]


@pytest.mark.parametrize(("payload", "path", "value"), MALFORMED)
def test_malformed_payloads(payload: object, path: str, value: object) -> None:
    """The error has the vendor, the path of the field, its value and the reason."""
    with pytest.raises(MalformedPayload) as caught:
        parse(payload, NOW)
    error = caught.value
    assert (error.vendor, error.path) == ("intervals", path)
    assert error.reason
    assert len(str(error)) < 600
    if value is not None:
        assert error.value == value


@pytest.mark.parametrize("missing", ["starttime", "time"])
def test_both_fields_of_a_timer_are_required(missing: str) -> None:
    """A timer requires ``starttime`` and ``time``, though they may be blank."""
    with pytest.raises(MalformedPayload, match="required") as caught:
        parse({name: value for name, value in ELEMENT.items() if name != missing}, NOW)
    assert caught.value.path == f"$.{missing}"


def test_the_one_timer_of_a_list() -> None:
    """A list of one timer is read like the timer itself."""
    assert parse({"listcount": 1, "timer": [ELEMENT]}, NOW) == parse(ELEMENT, NOW)
    blank = ELEMENT | {"starttime": ""}
    assert parse({"listcount": 1, "timer": [blank]}, NOW) == parse(blank, NOW)


def test_xml_entities_are_rejected() -> None:
    """XML with a document type is rejected before any of its entities is expanded."""
    bomb = b"<!DOCTYPE a [" + b"".join(
        b"<!ENTITY %c '%s'>" % (97 + level, b"&%c;" % (96 + level) * 10 if level else b"x" * 100) for level in range(9)
    )
    with pytest.raises(MalformedPayload, match="document type"):
        parse(bomb + b"]><timer>&i;</timer>", NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["timer", "id", "time"]), inner),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from([*ELEMENT, "timer", "projectid", "clientid"]), json_values, max_size=4))
def test_parse_returns_or_rejects(changes: dict[str, object]) -> None:
    """Any payload is a timer that keeps the invariant or a ``MalformedPayload``."""
    try:
        timer = parse(ELEMENT | changes, NOW).timer
    except MalformedPayload:
        return
    assert 0 <= timer.worked <= timer.since - timer.started_at
    pc.to_datetime(timer.started_at)


@given(
    payload=st.binary(max_size=60)
    | st.text(max_size=60)
    | st.text(max_size=60).map(lambda text: f"<timer>{text}</timer>")
)
def test_any_bytes_and_texts(payload: bytes | str) -> None:
    """Bytes and texts that are not a payload raise ``MalformedPayload`` and nothing else."""
    with pytest.raises(MalformedPayload):
        parse(payload, NOW)


@given(at=st.integers(FIRST, LAST))
def test_timestamps_are_whole_seconds(at: int) -> None:
    """A timestamp is an instant floored to the second and is read back as that."""
    assert read_timestamp(write_timestamp(at)) == at - at % SECOND


def test_a_timestamp_outside_the_calendar() -> None:
    """An instant without a date raises a named error."""
    with pytest.raises(InstantOutOfRange):
        write_timestamp(LAST + 1)


@pytest.mark.parametrize(
    "text",
    [
        "2017-01-18T10:30:03",
        "2017-W03-3 10:30:03",
        "2017-01-18 24:00:00",
        "2017-01-18 10:30:03Z",
        "2017-01-18 103003.1",
        "2017-01-18 10:30",
        " 2017-01-18 10:30:3",
        "",
    ],
)
def test_a_timestamp_has_one_form(text: str) -> None:
    """Only ``2017-01-18 10:30:03`` is read, not the other forms that some Python versions accept."""
    with pytest.raises(InvalidInstant, match="not a timestamp as in 2017-01-18 10:30:03"):
        read_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [
        "2017-02-29 10:30:03",
        "2017-00-18 10:30:03",
        "0000-01-18 10:30:03",
        "2017-01-18 25:00:00",
        "2017-01-18 10:60:03",
        "2017-01-18 10:30:60",
        "2017-01-18 10:30:0３",
    ],
)
def test_a_timestamp_that_does_not_exist(text: str) -> None:
    """A date or time in the right form that does not exist is rejected with that reason."""
    with pytest.raises(InvalidInstant, match="no such date or time"):
        read_timestamp(text)


@pytest.mark.parametrize(
    ("time", "worked"), [(0, 0), (90.5, 90_500_000), ("90.5", 90_500_000), (1e-6, 1), (5e9, 5 * 10**15)]
)
def test_seconds_are_read_to_the_microsecond(time: float | str, worked: int) -> None:
    """``time`` is a double; it is rounded to the microsecond."""
    assert parse(ELEMENT | {"time": time}, NOW).timer.worked == worked


@pytest.mark.parametrize("time", [-1, -1e-6, float("nan"), float("inf"), 1.1e11, "x", " ", "nan", "-inf", True, []])
def test_invalid_seconds(time: object) -> None:
    """Negative and infinite values, texts, and more seconds than the calendar has are rejected."""
    with pytest.raises(MalformedPayload) as caught:
        parse(ELEMENT | {"time": time}, NOW)
    assert caught.value.path == "$.time"


def test_a_timer_starts_within_the_calendar() -> None:
    """Work cannot reach back before the year 1."""
    with pytest.raises(MalformedPayload, match="before the year 1"):
        parse(ELEMENT | {"time": 9e10}, NOW)
    assert parse(ELEMENT | {"starttime": "0001-01-01 01:00:00"}, NOW).timer.started_at == FIRST


def test_the_longest_time() -> None:
    """The maximum of ``time`` is 1e11 seconds; a larger value is rejected for that reason, not for the start."""
    late = ELEMENT | {"starttime": "9999-12-31 23:59:59"}
    assert parse(late | {"time": 1e11}, NOW).timer.worked == 10**11 * SECOND
    with pytest.raises(MalformedPayload, match="<= 100000000000") as caught:
        parse(late | {"time": 1e11 + 1}, NOW)
    assert (caught.value.path, caught.value.value) == ("$.time", 1e11 + 1)
