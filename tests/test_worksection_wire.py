"""Worksection's payloads: the page's two samples, rows read and written, hostile payloads."""

from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from pages import covers
from punchclock import InstantOutOfRange, InvalidInstant, State, Timer, instant, pause, start, stop
from punchclock.units import HOUR, SECOND
from punchclock.vendors import MalformedPayload
from punchclock.vendors.worksection import WorksectionTimer, parse, serialize
from punchclock.vendors.worksection.local import read_local, write_local
from punchclock.vendors.worksection.wire import parse_timers
from punchclock.vendors.workspace import Person, Project, Task

BERLIN = "Europe/Berlin"
START = instant("2021-01-01T12:23:40Z")

#: The task of the page's samples, whose placeholders are used as values.
TASK = Task(
    id="TASK_ID",
    name="TASK_NAME",
    project=Project(id="PROJECT_ID", name="PROJECT_NAME"),
    priority=1,
    author=Person(id="USER_ID", email="USER_EMAIL", name="USER_NAME"),
    assignee=Person(id="USER_ID", email="USER_EMAIL", name="USER_NAME"),
    text="TASK_TEXT",
    added_at=instant("2021-01-01T08:11:00Z"),
    starts_on=date(2021, 1, 1),
    ends_on=date(2021, 1, 2),
    ends_at="18:00",
    max_time=20,
    max_money=500,
    tags={"51": "TAG_NAME_1", "52": "TAG_NAME_2"},
)
RECORD = WorksectionTimer(
    id="TIMER_ID",
    timer=start(START),
    person=Person(id="USER_ID", email="USER_EMAIL", name="USER_NAME"),
    project=TASK.project,
    task=TASK,
)


@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    '{ "status": "ok", "data": [ { "id": "TIMER_ID", "time": "HH:II:SS", "date_started": "YYYY—MM—DD HH:II", '
    '"user_from": { "id": "USER_ID", "email": "USER_EMAIL", "name": "USER_NAME" }, "task": { "id": "TASK_ID", '
    '"name": "TASK_NAME", "page": "/project/PROJECT_ID/TASK_ID/", "status": "active", "priority": "1", "user_from": '
    '{ "email": "USER_EMAIL", "name": "USER_NAME" }, "user_to": { "email": "USER_EMAIL", "name": "USER_NAME" }, '
    '"project": { "id": "PROJECT_ID", "name": "PROJECT_NAME", "page": "/project/PROJECT_ID/" }, "text": "TASK_TEXT", '
    '"date_added": "YYYY—MM—DD HH:II", "date_start": "YYYY—MM—DD", "date_end": "YYYY—MM—DD", "time_end": "HH:II", '
    '"max_time": 20, "max_money": 500, "tags": { "TAG_ID": "TAG_NAME_1", "TAG_ID": "TAG_NAME_2" } } }, { "id": '
    '"TIMER_ID", "time": "HH:II:SS", ... ... ... } ] }',
)
def test_the_sample_of_get_timers() -> None:
    """The row of `get_timers` has the fields of the page's sample in the same order."""
    assert serialize(RECORD, START + 673 * SECOND, BERLIN).decode() == json.dumps(
        {
            "status": "ok",
            "data": [
                {
                    "id": "TIMER_ID",
                    "time": "00:11:13",
                    "date_started": "2021-01-01 13:23",
                    "user_from": {"id": "USER_ID", "email": "USER_EMAIL", "name": "USER_NAME"},
                    "task": {
                        "id": "TASK_ID",
                        "name": "TASK_NAME",
                        "page": "/project/PROJECT_ID/TASK_ID/",
                        "status": "active",
                        "priority": "1",
                        "user_from": {"email": "USER_EMAIL", "name": "USER_NAME"},
                        "user_to": {"email": "USER_EMAIL", "name": "USER_NAME"},
                        "project": {"id": "PROJECT_ID", "name": "PROJECT_NAME", "page": "/project/PROJECT_ID/"},
                        "text": "TASK_TEXT",
                        "date_added": "2021-01-01 09:11",
                        "date_start": "2021-01-01",
                        "date_end": "2021-01-02",
                        "time_end": "18:00",
                        "max_time": 20,
                        "max_money": 500,
                        "tags": {"51": "TAG_NAME_1", "52": "TAG_NAME_2"},
                    },
                }
            ],
        },
        separators=(",", ":"),
    )


@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    '{ "status": "ok", "data": [ { "time": TIMER_VALUE, "date_started": "YYYY—MM—DD HH:II", "task": { "id": "TASK_ID", '
    '"name": "TASK_NAME", "page": "/project/PROJECT_ID/TASK_ID/", "status": "active", "priority": "1", "user_from": '
    '{ "id": "USER_ID", "email": "USER_EMAIL", "name": "USER_NAME" }, "user_to": { "id": "USER_ID", "email": '
    '"USER_EMAIL", "name": "USER_NAME" }, "project": { "id": "PROJECT_ID", "name": "PROJECT_NAME", "page": '
    '"/project/PROJECT_ID/" }, "date_added": "YYYY—MM—DD HH:II" } } ] }',
)
def test_the_sample_of_get_my_timer() -> None:
    """The row of `get_my_timer` follows the page's sample; ``time`` is a bare number, so it is in whole seconds."""
    user = {"id": "USER_ID", "email": "USER_EMAIL", "name": "USER_NAME"}
    assert serialize(RECORD, START + 4360 * SECOND, BERLIN, mine=True).decode() == json.dumps(
        {
            "status": "ok",
            "data": [
                {
                    "time": 4360,
                    "date_started": "2021-01-01 13:23",
                    "task": {
                        "id": "TASK_ID",
                        "name": "TASK_NAME",
                        "page": "/project/PROJECT_ID/TASK_ID/",
                        "status": "active",
                        "priority": "1",
                        "user_from": user,
                        "user_to": user,
                        "project": {"id": "PROJECT_ID", "name": "PROJECT_NAME", "page": "/project/PROJECT_ID/"},
                        "date_added": "2021-01-01 09:11",
                    },
                }
            ],
        },
        separators=(",", ":"),
    )


def test_timers_are_immutable() -> None:
    """A timer cannot be changed; calls return a new one."""
    with pytest.raises(AttributeError, match="immutable"):
        RECORD.note = "another"  # type: ignore[misc]  # which is what is tested
    assert RECORD.note == ""


def row(record: WorksectionTimer, now: int = START, *, mine: bool = False) -> dict[str, Any]:
    """Return the row that `serialize` writes."""
    (found,) = json.loads(serialize(record, now, BERLIN, mine=mine))["data"]
    assert isinstance(found, dict)
    return found


@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "time — timer value (at the moment of sending the request)",
)
def test_time_has_any_number_of_hours() -> None:
    """A time grows past 24 and past 99 hours and is floored to the second."""
    assert row(RECORD, START + 443_045 * SECOND + 999_999)["time"] == "123:04:05"
    assert row(RECORD, START + 443_045 * SECOND + 999_999, mine=True)["time"] == 443_045
    assert row(RECORD, START)["time"] == "00:00:00"


def test_a_clock_that_was_ahead() -> None:
    """Before its start a timer shows no time, since reading clamps."""
    assert row(RECORD, START - SECOND)["time"] == "00:00:00"
    assert row(RECORD, START - SECOND, mine=True)["time"] == 0


@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "date_started — timer start date and time",
)
@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "date_started — timer start date and time",
)
def test_the_start_is_local_and_to_the_minute() -> None:
    """The start is in local time, to the minute, across midnight and both changes of the offset."""
    assert write_local(instant("2026-03-28T23:59:59Z"), BERLIN) == "2026-03-29 00:59"
    assert write_local(instant("2026-03-29T00:59:59Z"), BERLIN) == "2026-03-29 01:59"
    assert write_local(instant("2026-03-29T01:00:00Z"), BERLIN) == "2026-03-29 03:00"
    assert write_local(instant("2026-10-25T00:30:00Z"), BERLIN) == "2026-10-25 02:30"
    assert write_local(instant("2026-10-25T01:30:00Z"), BERLIN) == "2026-10-25 02:30"


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-03-02T18:14:59.999999Z", "2026-03-02 23:59"),
        ("2026-03-02T18:15:00Z", "2026-03-03 00:00"),
        ("2026-03-02T18:15:59Z", "2026-03-03 00:00"),
        ("2026-03-02T18:16:00Z", "2026-03-03 00:01"),
        ("1969-12-31T18:30:00Z", "1970-01-01 00:00"),
        ("1969-12-30T18:29:59Z", "1969-12-30 23:59"),
        ("1955-07-01T12:00:00Z", "1955-07-01 17:30"),
    ],
)
def test_a_day_may_begin_within_an_hour_of_utc(text: str, local: str) -> None:
    """Kathmandu is at +05:45, and was at +05:30 until 1986: days change at local midnight, before 1970 as well."""
    assert write_local(instant(text), "Asia/Kathmandu") == local
    assert read_local(local, "Asia/Kathmandu") == instant(text) // (60 * SECOND) * (60 * SECOND)


@pytest.mark.parametrize(
    ("text", "zone", "meant"),
    [
        ("2018-11-04 10:00", "America/Sao_Paulo", "2018-11-04T12:00:00Z"),
        ("2018-11-04 00:30", "America/Sao_Paulo", "2018-11-04T02:30:00Z"),
        ("2011-12-30 10:00", "Pacific/Apia", "2011-12-29T20:00:00Z"),
        ("2011-12-31 10:00", "Pacific/Apia", "2011-12-30T20:00:00Z"),
    ],
)
def test_a_day_without_a_midnight(text: str, zone: str, meant: str) -> None:
    """On a day whose midnight is skipped, or that is skipped itself, a time is the earlier of its two readings."""
    assert read_local(text, zone) == instant(meant)


def test_local_time_at_the_ends_of_the_calendar() -> None:
    """If the zone's calendar does not have the year, the time is shown in UTC."""
    assert write_local(instant("9999-12-31T23:59:59Z"), BERLIN) == "9999-12-31 23:59"
    assert write_local(instant("0001-01-01T00:00:00Z"), "America/New_York") == "0001-01-01 00:00"


def test_an_ambiguous_local_time_is_the_earlier_one() -> None:
    """A local time that occurs twice is read as the earlier instant."""
    assert read_local("2026-10-25 02:30", BERLIN) == instant("2026-10-25T00:30:00Z")
    assert read_local("2026-03-29 02:30", BERLIN) == instant("2026-03-29T00:30:00Z")


@pytest.mark.parametrize(("text", "zone"), [("0001-01-01 00:30", BERLIN), ("9999-12-31 23:30", "America/New_York")])
def test_a_local_time_beyond_the_calendar(text: str, zone: str) -> None:
    """A local time whose instant is outside the years 1 to 9999 is rejected."""
    with pytest.raises(InstantOutOfRange):
        read_local(text, zone)


@pytest.mark.parametrize("text", ["2021-02-30 10:00", "2021-01-01 24:00", "2021-01-01", "2021—01—01 13:23", "", "٢٠٢١"])
def test_invalid_local_times(text: str) -> None:
    """Dates that do not exist and other forms are rejected; the page's long dashes are typesetting."""
    with pytest.raises(InvalidInstant):
        read_local(text, BERLIN)


@covers(
    "worksection",
    "Getting the list of active timers through API: get_timers",
    "task — dataset on a project and task, where the timer is running (see get_task method for details on returned "
    "parameters meaning)",
)
@covers(
    "worksection",
    "Getting the authorized user active timer through API: get_my_timer",
    "task — dataset on a project and task, where the timer is running (see get_task method for details on returned "
    "parameters meaning)",
)
def test_unset_fields_of_a_task_are_omitted() -> None:
    """A bare task has no optional fields, and a task without assignee has the vendor's placeholder."""
    bare = WorksectionTimer(
        id="7", timer=start(START), task=Task(id="31", name="T", project=Project(id="21", name="P"), closed=True)
    )
    expected = {
        "id": "31",
        "name": "T",
        "page": "/project/21/31/",
        "status": "done",
        "user_to": {"email": "NOONE", "name": "Executive isn't assigned"},
        "project": {"id": "21", "name": "P", "page": "/project/21/"},
    }
    assert row(bare)["task"] == expected
    expected["user_to"] = {"id": "1", "email": "NOONE", "name": "Executive isn't assigned"}
    assert row(bare, mine=True)["task"] == expected


def test_whole_estimates_have_no_decimals() -> None:
    """20 hours are ``20`` and two and a half are ``2.5``."""
    task = Task(id="1", max_time=2.5, max_money=0.0)
    assert b'"max_time":2.5,"max_money":0}' in serialize(WorksectionTimer(timer=start(START), task=task), START)
    task = Task(id="1", max_time=20.0, max_money=1e15 - 1)
    written = serialize(WorksectionTimer(timer=start(START), task=task), START)
    assert b'"max_time":20,"max_money":999999999999999}' in written


def test_a_timer_without_task() -> None:
    """A timer without a task is written without one and read back the same."""
    record = WorksectionTimer(id="7", timer=start(START), person=RECORD.person)
    assert set(row(record)) == {"id", "time", "date_started", "user_from"}
    assert set(row(record, mine=True)) == {"time", "date_started"}
    assert parse(serialize(record, START), START) == record


@pytest.mark.parametrize(
    ("task", "page", "project"),
    [
        (Task(id="31"), None, None),
        (Task(id="31", project=Project(name="P")), None, {"name": "P"}),
        (Task(name="T", project=Project(id="21")), None, {"id": "21", "name": "", "page": "/project/21/"}),
        (Task(name="T", project=Project()), None, {"name": ""}),
        (
            Task(id="31", project=Project(id="21")),
            "/project/21/31/",
            {"id": "21", "name": "", "page": "/project/21/"},
        ),
    ],
)
def test_the_page_of_a_task(task: Task, page: str | None, project: object) -> None:
    """A page contains the ids of project and task: without one of them it is omitted. No ``/project///``."""
    shown = row(WorksectionTimer(id="7", timer=start(START), task=task))["task"]
    assert (shown.get("page"), shown.get("project")) == (page, project)
    assert shown.get("id") == (task.id or None)


def test_a_timer_without_ids() -> None:
    """What a record lacks is omitted: the timer's id, the user, the user's id and e-mail."""
    assert set(row(WorksectionTimer(timer=start(START)))) == {"time", "date_started"}
    shown = row(WorksectionTimer(timer=start(START), person=Person(name="anna")))
    assert shown["user_from"] == {"name": "anna"}


def test_a_paused_or_stopped_timer_is_shown_as_running() -> None:
    """Worksection shows only running timers: others are shown as a running timer with the same work."""
    paused = pause(start(START), START + 60 * SECOND)
    for timer in (paused, stop(paused, START + 90 * SECOND)):
        record = WorksectionTimer(id="7", timer=timer, person=RECORD.person, task=TASK)
        now = START + 600 * SECOND
        assert row(record, now)["time"] == "00:01:00"
        assert parse(serialize(record, now, BERLIN), now, BERLIN).timer == start(now - 60 * SECOND)


instants_of_a_century = st.integers(instant("1970-01-02T00:00:00Z"), instant("2070-01-01T00:00:00Z"))
texts = st.text(st.characters(codec="utf-8"), max_size=20)
people = st.builds(Person, id=texts, name=texts, email=texts.filter(lambda text: text not in ("NOONE", "ANY")))


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """A task as an account has one: added on a whole minute that local clocks show once."""
    added = draw(instants_of_a_century.map(lambda at: at - at % HOUR))
    return Task(
        id=draw(texts),
        name=draw(texts),
        project=Project(id=draw(texts), name=draw(texts)),
        closed=draw(st.booleans()),
        priority=draw(st.none() | st.integers(0, 10)),
        author=draw(st.none() | people),
        assignee=draw(st.none() | people),
        text=draw(texts),
        added_at=draw(st.just(None) | st.just(added)),
        starts_on=draw(st.none() | st.dates()),
        ends_on=draw(st.none() | st.dates()),
        ends_at=draw(st.sampled_from(["", "00:00", "23:59"])),
        max_time=draw(st.none() | st.integers(0, 10_000).map(lambda quarters: quarters / 4)),
        max_money=draw(st.none() | st.integers(0, 10**9).map(float)),
        tags=draw(st.dictionaries(texts, texts, max_size=3)),
    )


@given(tasks(), people, instants_of_a_century, st.integers(0, 10**14), st.integers(0, SECOND - 1))
def test_round_trip_of_get_timers(task: Task, who: Person, at: int, age: int, fraction: int) -> None:
    """``parse`` reverses ``serialize`` for a running timer in whole seconds; people in tasks have no ids."""
    at -= at % SECOND
    now = at + age - age % SECOND + fraction
    record = WorksectionTimer(id="7", timer=start(at), person=who, project=task.project, task=task)
    read = parse(serialize(record, now, "UTC"), now, "UTC")
    assert read.timer == record.timer
    assert (read.id, read.person, read.project) == (record.id, record.person, record.project)
    assert read.task == _without_ids(task)


@given(tasks(), instants_of_a_century, st.integers(0, 10**14))
def test_round_trip_of_get_my_timer(task: Task, at: int, age: int) -> None:
    """``parse`` reverses ``serialize`` for `get_my_timer`: the timer, and the task's fields up to ``date_added``."""
    at -= at % SECOND
    record = WorksectionTimer(id="7", timer=start(at), task=task)
    read = parse(serialize(record, at + age, "UTC", mine=True), at + age, "UTC")
    assert read.timer == record.timer
    assert read.task == Task(
        id=task.id,
        name=task.name,
        project=task.project,
        closed=task.closed,
        priority=task.priority,
        author=task.author,
        assignee=task.assignee,
        added_at=task.added_at,
    )


def _without_ids(task: Task) -> Task:
    def bare(person: Person | None) -> Person | None:
        return person and Person(name=person.name, email=person.email)

    return replace(task, author=bare(task.author), assignee=bare(task.assignee))


@pytest.mark.parametrize("time", ["01:12:40", 4360, "4360"])
def test_every_spelling_of_a_time(time: str | int) -> None:
    """A time is ``HH:MM:SS`` or seconds, and the timer started that long before now."""
    read = parse({"time": time}, START)
    assert read.timer == Timer(State.RUNNING, START - 4360 * SECOND, START - 4360 * SECOND, 0)


def test_seconds_have_at_most_17_digits() -> None:
    """Leading zeros count; a longer text is not a number of seconds."""
    assert parse({"time": "5".zfill(17)}, START).timer == start(START - 5 * SECOND)
    with pytest.raises(MalformedPayload, match="neither HH:MM:SS nor a number of seconds"):
        parse({"time": "5".zfill(18)}, START)


def test_an_error_response_is_not_a_timer() -> None:
    """The reason is the message of the rejection, or a text of ours if it has none."""
    for message, reason in (("Timer not found", "Timer not found"), ("", "an error, not a timer")):
        with pytest.raises(MalformedPayload) as rejected:
            parse({"status": "error", "message": message}, START)
        assert (rejected.value.path, rejected.value.reason) == ("$.status", reason)


def test_the_saved_response_of_the_vendor() -> None:
    """`get_my_timer` may return an object instead of a list, and "Anyone" is not a person."""
    payload = b"""{"status":"ok","data":{"time":4360,"date_started":"2021-01-01 12:00","task":{"id":"330090","name":
    "Worksection implementation","page":"/project/6622/330090/","status":"active","priority":"8","user_from":
    {"id":"3993","email":"henry@ws.test","name":"Henry"},"user_to":{"id":"2","email":"ANY","name":"Anyone"},
    "project":{"id":"6622","name":"Performance"},"date_added":"2021-01-01 11:00"}}}"""
    read = parse(payload, START, BERLIN)
    assert read.task == Task(
        id="330090",
        name="Worksection implementation",
        project=Project(id="6622", name="Performance"),
        priority=8,
        author=Person(id="3993", email="henry@ws.test", name="Henry"),
        added_at=instant("2021-01-01T10:00:00Z"),
    )
    assert read.id == ""
    assert read.person == Person()


@pytest.mark.parametrize("form", ["bare", "object", "list", "bytes", "text"])
def test_rows_are_read_bare_and_enveloped(form: str) -> None:
    """A row is read with or without an envelope, from bytes, text or decoded values."""
    plain: dict[str, object] = {"id": 2918, "time": "00:11:13", "date_started": None, "user_from": None, "task": None}
    payload: object = {
        "bare": plain,
        "object": {"status": "ok", "data": plain},
        "list": {"status": "ok", "data": [plain]},
        "bytes": json.dumps(plain).encode(),
        "text": json.dumps(plain),
    }[form]
    read = parse(payload, START)
    assert (read.id, read.timer) == ("2918", start(START - 673 * SECOND))


def test_lists_of_timers() -> None:
    """All rows of a list are read in order; an empty list has no timers; `parse` requires exactly one."""
    payload = {"status": "ok", "data": [{"id": "2918", "time": "00:11:13"}, {"id": "2914", "time": "01:12:45"}]}
    assert [timer.id for timer in parse_timers(payload, START)] == ["2918", "2914"]
    assert parse_timers(b'{"status":"ok","data":[]}', START) == []
    for many in (payload, {"status": "ok", "data": []}):
        with pytest.raises(MalformedPayload) as rejected:
            parse(many, START)
        assert rejected.value.path == "$.data"


def test_loose_fields_are_read() -> None:
    """Numbers may be strings and strings numbers; nulls and PHP's empty array for no tags are accepted."""
    payload = {
        "time": 0,
        "task": {"id": 31, "priority": 3, "max_time": "2.5", "max_money": "", "tags": [], "text": None, "date_end": ""},
    }
    assert parse(payload, START).task == Task(id="31", priority=3, max_time=2.5)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"max_time": 0}, Task(max_time=0.0)),
        ({"max_money": 999_999_999_999_999}, Task(max_money=999_999_999_999_999.0)),
        ({"priority": "999999999"}, Task(priority=999_999_999)),
        ({"priority": ""}, Task()),
        ({"time_end": ""}, Task()),
        ({"date_start": "0001-01-01"}, Task(starts_on=date(1, 1, 1))),
    ],
)
def test_the_limits_of_numbers(written: dict[str, object], expected: Task) -> None:
    """An estimate has up to fifteen digits, a priority up to nine; blank means unset."""
    assert parse({"time": 0, "task": written}, START).task == expected


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b"", "$"),
        (b"[]", "$"),
        (b"\xff", "$"),
        (b'{"status":"error","status_code":7,"message":"Timer not found"}', "$.status"),
        (b'{"status":"ok"}', "$.time"),
        (b'{"status":"ok","data":{}}', "$.data.time"),
        (b'{"status":"ok","data":[{"time":1},{}]}', "$.data[1].time"),
        (b'{"status":"ok","data":null}', "$.data"),
        (b'{"time":null}', "$.time"),
        (b'{"time":true}', "$.time"),
        (b'{"time":-1}', "$.time"),
        (b'{"time":1.5}', "$.time"),
        (b'{"time":"-1"}', "$.time"),
        (b'{"time":"1:2:3"}', "$.time"),
        (b'{"time":"08:60:00"}', "$.time"),
        (b'{"time":"NaN"}', "$.time"),
        (b'{"time":99999999999999999999}', "$.time"),
        (b'{"time":1e400}', "$.time"),
        (b'{"time":99999999999999999}', "$.time"),
        (b'{"time":"999999999999999:00:00"}', "$.time"),
        (b'{"time":1,"id":[]}', "$.id"),
        (b'{"time":1,"date_started":"2021-02-30 10:00"}', "$.date_started"),
        (b'{"time":1,"date_started":"yesterday"}', "$.date_started"),
        (b'{"time":1,"user_from":"me"}', "$.user_from"),
        (b'{"time":1,"task":{"priority":"high"}}', "$.task.priority"),
        (b'{"time":1,"task":{"date_added":"2021-13-01 10:00"}}', "$.task.date_added"),
        (b'{"time":1,"task":{"date_start":"2021-02-30"}}', "$.task.date_start"),
        (b'{"time":1,"task":{"date_end":"20210201"}}', "$.task.date_end"),
        (b'{"time":1,"task":{"date_end":"2021"}}', "$.task.date_end"),
        (b'{"time":1,"task":{"date_end":"2021-02"}}', "$.task.date_end"),
        (b'{"time":1,"task":{"date_end":"2021-02-011"}}', "$.task.date_end"),
        (b'{"time":1,"task":{"time_end":"24:00"}}', "$.task.time_end"),
        (b'{"time":1,"task":{"date_end":"2021-W05-1"}}', "$.task.date_end"),
        (b'{"time":1,"task":{"priority":"1111111111"}}', "$.task.priority"),
        (b'{"time":1,"task":{"max_time":"many"}}', "$.task.max_time"),
        (b'{"time":1,"task":{"max_time":"nan"}}', "$.task.max_time"),
        (b'{"time":1,"task":{"max_time":1e300}}', "$.task.max_time"),
        (b'{"time":1,"task":{"max_time":1000000000000000}}', "$.task.max_time"),
        (b'{"time":1,"task":{"max_time":-0.5}}', "$.task.max_time"),
        (b'{"time":1,"task":{"max_money":-1}}', "$.task.max_money"),
        (b'{"time":1,"task":{"tags":["a"]}}', "$.task.tags"),
        (b'{"time":1,"task":{"tags":{"1":2}}}', "$.task.tags[...]"),
        (b'{"x":' + b"[" * 100_000, "$"),
        ({"time": 10**5000}, "$.time"),  # which Python does not even write as a text
        ({"time": 1, "id": 10**5000}, "$.id"),
        ({"time": 1, "task": {"priority": 10**5000}}, "$.task.priority"),
        ({"time": 1, "task": {"max_time": 10**5000}}, "$.task.max_time"),
    ],
)
def test_malformed_payloads(payload: object, path: str) -> None:
    """A payload that is not a row is rejected with vendor, path, value and reason."""
    with pytest.raises(MalformedPayload) as rejected:
        parse(payload, START, BERLIN)
    assert rejected.value.vendor == "worksection"
    assert rejected.value.path == path
    assert rejected.value.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
fields = st.sampled_from(["id", "time", "date_started", "user_from", "task", "data", "status", "message"])


@given(st.dictionaries(fields, json_values) | json_values | st.binary(max_size=60))
@example({"time": 0, "date_started": "0001-01-01 00:00"})
@example({"time": 0, "date_started": "9999-12-31 23:59"})
def test_parse_returns_or_rejects(payload: object) -> None:
    """Any value is either a timer or a `MalformedPayload`."""
    with contextlib.suppress(MalformedPayload):
        read = parse(payload, START, "America/New_York")
        assert read.timer.state is State.RUNNING
        assert read.timer.started_at <= START


def test_a_day_of_25_hours() -> None:
    """A timer that is read a day later, over a change of the offset, shows 25 hours."""
    at = instant("2026-10-24T12:00:00Z")
    later = read_local("2026-10-25 14:00", BERLIN)
    assert later - at == timedelta(hours=25) // timedelta(microseconds=1)
    record = WorksectionTimer(id="1", timer=start(at), task=TASK)
    assert row(record, later)["time"] == "25:00:00"
