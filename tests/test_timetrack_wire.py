"""TimeTrack's payloads: both objects written and read, the formulas, the timestamps."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import punchclock as pc
from pages import covers
from punchclock import State, Timer
from punchclock.calendar import Disambiguation
from punchclock.units import DAY, MINUTE, SECOND
from punchclock.vendors import MalformedPayload
from punchclock.vendors.errors import NotRepresentable
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer, parse, serialize
from punchclock.vendors.timetrack.local import read_local_timestamp, write_local_timestamp
from punchclock.vendors.timetrack.wire import read_timestamp, write_timestamp
from punchclock.vendors.workspace import Client, Person, Project, Task
from strategies import LAST, instants, timers

THREE = pc.instant("2020-10-23T15:00:00Z")


def before_the_last_year(states: tuple[State, ...]) -> st.SearchStrategy[Timer]:
    """Timers that can be looked at for another year."""
    return timers(states=states).filter(lambda timer: timer.since <= LAST - 366 * DAY)


begun = before_the_last_year((State.RUNNING, State.PAUSED, State.STOPPED))

PROJECT: dict[str, Any] = {
    "username": "test",
    "startedAt": "2020-10-23T15:00:00.000Z",
    "workedSeconds": 1800,
    "breakSeconds": 600,
    "playing": True,
    "stopped": False,
    "paused": False,
    "clientName": "Client 006",
    "projectName": "Project 006_1",
    "taskName": "Design",
    "note": "screens",
}
ATTENDANCE: dict[str, Any] = {
    "id": 7,
    "user": "test",
    "latitudeStart": 52.5,
    "longitudeStart": 13.4,
    "latitudeEnd": None,
    "longitudeEnd": None,
    "from": "2020-10-23T15:00:00.000Z",
    "to": None,
    "workedMinutes": 30,
    "breakMinutes": 15,
    "manual": True,
    "notes": "by hand",
}


def decoded(payload: bytes) -> dict[str, Any]:
    """The object in a payload."""
    return msgspec.json.decode(payload, type=dict[str, Any])


def project_timer(timer: Timer) -> ProjectTimer:
    """The record of a timer on the task "Design"."""
    client = Client(id="11", name="Client 006")
    project = Project(id="21", name="Project 006_1", client=client)
    task = Task(id="31", name="Design", project=project)
    person = Person(id="5", name="test")
    return ProjectTimer(id="1", timer=timer, person=person, client=client, project=project, task=task, note="screens")


def whole_seconds(timer: Timer) -> Timer:
    """The timer, all its instants and durations cut to whole seconds: as the calls of this vendor make it."""
    started_at = timer.started_at // SECOND
    worked = timer.worked // SECOND
    rested = (timer.since - timer.started_at - timer.worked) // SECOND
    return Timer(timer.state, started_at * SECOND, (started_at + worked + rested) * SECOND, worked * SECOND)


# ---- the project timer object --------------------------------------------------------------------


@covers("timetrack", "Project timer", "Project timer object has following params:")
@covers("timetrack", "Project timer", "username | Text | Username |")
@covers("timetrack", "Project timer", "startedAt | Text | Start Timestamp |")
@covers("timetrack", "Project timer", "clientName | Text | Client name |")
@covers("timetrack", "Project timer", "projectName | Text | Project name |")
@covers("timetrack", "Project timer", "taskName | Text | Task name |")
@covers("timetrack", "Project timer", "note | Text | Notes |")
def test_a_project_timer_has_the_eleven_fields_in_the_order_of_the_page() -> None:
    """A project timer is written with the page's field names, types and order."""
    timer = Timer(State.RUNNING, THREE, THREE + 2400 * SECOND, 1800 * SECOND)
    written = decoded(serialize(project_timer(timer), timer.since))
    assert written == PROJECT
    assert list(written) == list(PROJECT)


def test_unset_names_are_null() -> None:
    """Unset names are null; a note is always a string."""
    bare = ProjectTimer(timer=pc.start(THREE), person=Person(name="test"))
    written = decoded(serialize(bare, THREE))
    assert [written[name] for name in ("clientName", "projectName", "taskName", "note")] == [None, None, None, ""]


def test_timers_are_immutable() -> None:
    """A timer cannot be changed, and its coordinates are keyword-only."""
    for record in (ProjectTimer(timer=pc.start(THREE)), AttendanceTimer(timer=pc.start(THREE))):
        with pytest.raises(AttributeError, match="immutable"):
            record.note = "another"  # type: ignore[misc]  # which is what is tested
        assert record.note == ""
    made_of: Any = AttendanceTimer
    with pytest.raises(TypeError, match="positional"):
        made_of(52.5, 13.4, timer=pc.start(THREE))


@covers("timetrack", "Project timer", "playing | Boolean | flag true or false |")
@covers("timetrack", "Project timer", "stopped | Boolean | flag true or false |")
@covers("timetrack", "Project timer", "paused | Boolean | flag true or false |")
@pytest.mark.parametrize(
    ("state", "flag"), [(State.RUNNING, "playing"), (State.PAUSED, "paused"), (State.STOPPED, "stopped")]
)
def test_exactly_one_flag_is_true(state: State, flag: str) -> None:
    """Exactly one of playing, paused and stopped is true, and it is read back as the same state."""
    payload = serialize(project_timer(Timer(state, THREE, THREE, 0)), THREE)
    written = decoded(payload)
    assert {name for name in ("playing", "stopped", "paused") if written[name]} == {flag}
    assert all(isinstance(written[name], bool) for name in ("playing", "stopped", "paused"))
    assert parse(payload, THREE).timer.state is state


@covers(
    "timetrack",
    "Project timer",
    "workedSeconds | Integer | Last saved work duration in seconds. If current timer state is Playing / Running, "
    "then you need to calculate work duration yourself with: Difference between now and startedAt – breakSeconds = "
    "workedSeconds |",
)
@covers(
    "timetrack",
    "Project timer",
    "breakSeconds | Integer | Last saved break duration in seconds. If current timer state is Paused / Break, then "
    "you need to calculate break duration yourself with: Difference between now and startedAt – workedSeconds = "
    "breakSeconds |",
)
@given(begun, st.integers(0, 10**13))
def test_both_formulas_hold_on_every_payload_in_whole_seconds(timer: Timer, later: int) -> None:
    """Work and break add up to the time between the payload's own timestamps, for any timer."""
    now = timer.since + later
    written = decoded(serialize(ProjectTimer(timer=timer), now))
    worked, rested = written["workedSeconds"], written["breakSeconds"]
    end = timer.since if timer.state is State.STOPPED else now
    assert worked + rested == end // SECOND - pc.instant(written["startedAt"]) // SECOND
    assert worked >= 0
    assert rested >= 0


@given(begun, st.integers(0, 10**13))
@example(Timer(State.RUNNING, THREE, THREE + 1_200_000, 600_000), 0)
@example(Timer(State.PAUSED, THREE, THREE + 1_200_000, 600_000), 0)
def test_what_stands_is_the_side_that_is_floored(timer: Timer, later: int) -> None:
    """While a timer runs its break is constant, and while it is paused its work, even with fractions of a second.

    So the payload's standing side is the record's own, cut to a whole unit, and never jumps between two reads.
    """
    now = timer.since + later
    written = decoded(serialize(ProjectTimer(timer=timer), now))
    entry = decoded(serialize(AttendanceTimer(timer=timer), now))
    if timer.state is State.PAUSED:
        assert (written["workedSeconds"], entry["workedMinutes"]) == (timer.worked // SECOND, timer.worked // MINUTE)
    else:
        rested = pc.break_at(timer, timer.since)
        assert (written["breakSeconds"], entry["breakMinutes"]) == (rested // SECOND, rested // MINUTE)


@given(begun, st.integers(0, 10**13))
def test_a_timer_in_whole_seconds_is_written_without_loss(timer: Timer, later: int) -> None:
    """Calls create timers in whole seconds, and both counts of such a timer are exact."""
    timer = whole_seconds(timer)
    now = timer.since + later // SECOND * SECOND
    written = decoded(serialize(ProjectTimer(timer=timer), now))
    assert written["workedSeconds"] * SECOND == pc.worked_at(timer, now)
    assert written["breakSeconds"] * SECOND == pc.break_at(timer, now)


def test_a_read_before_the_last_event() -> None:
    """An earlier ``now`` neither fails nor shows less than the work already done."""
    timer = Timer(State.PAUSED, THREE, THREE + 90 * SECOND, 60 * SECOND)
    assert serialize(project_timer(timer), THREE - 1) == serialize(project_timer(timer), timer.since)


def test_a_client_that_polls_once_can_show_a_running_clock() -> None:
    """A parsed timer keeps counting by the page's formulas: work while playing, break while paused."""
    later = THREE + 4000 * SECOND
    playing = parse(PROJECT, THREE).timer
    assert pc.worked_at(playing, later) == later - playing.started_at - 600 * SECOND
    assert pc.break_at(playing, later) == 600 * SECOND
    paused = parse(PROJECT | {"playing": False, "paused": True}, THREE).timer
    assert pc.break_at(paused, later) == later - paused.started_at - 1800 * SECOND
    assert pc.worked_at(paused, later) == 1800 * SECOND
    stopped = parse(PROJECT | {"playing": False, "stopped": True}, THREE).timer
    assert (pc.worked_at(stopped, later), pc.break_at(stopped, later)) == (1800 * SECOND, 600 * SECOND)


@given(begun, st.integers(0, 10**13))
def test_a_project_timer_reads_back(timer: Timer, later: int) -> None:
    """A timer in whole seconds is read back unchanged at the instant of writing, except for its id."""
    timer = whole_seconds(timer)
    now = timer.since + later // SECOND * SECOND
    payload = serialize(project_timer(timer), now)
    counted = timer
    if timer.state is not State.STOPPED:
        counted = Timer(timer.state, timer.started_at, now, pc.worked_at(timer, now))
    client = Client(name="Client 006")
    project = Project(name="Project 006_1", client=client)
    assert parse(payload, now) == ProjectTimer(
        timer=counted,
        person=Person(name="test"),
        client=client,
        project=project,
        task=Task(name="Design", project=project),
        note="screens",
    )
    assert serialize(project_timer(counted), now) == payload


@pytest.mark.parametrize(
    "given_payload", [PROJECT, msgspec.json.encode(PROJECT), msgspec.json.encode(PROJECT).decode()]
)
def test_a_payload_may_be_decoded_already(given_payload: object) -> None:
    """Bytes, text and decoded values are read the same."""
    assert parse(given_payload, 0) == parse(msgspec.json.encode(PROJECT), 0)


@pytest.mark.parametrize(("true", "false"), [(True, False), (1, 0), ("true", "false"), ("1", "0"), (True, None)])
def test_flags_are_read_in_every_spelling(true: object, false: object) -> None:
    """Flags are true and false or 1 and 0; a missing flag is false."""
    payload = PROJECT | {"playing": false, "stopped": false, "paused": true}
    assert parse(payload, 0).timer.state is State.PAUSED
    manual = parse(ATTENDANCE | {"manual": true}, 0)
    assert isinstance(manual, AttendanceTimer)
    assert manual.manual


def test_numbers_may_be_strings() -> None:
    """A number in quotes is read as the number."""
    assert parse(PROJECT | {"workedSeconds": "1800", "breakSeconds": "600"}, 0) == parse(PROJECT, 0)
    assert parse(ATTENDANCE | {"id": "7", "breakMinutes": "15", "longitudeStart": "13.4"}, 0) == parse(ATTENDANCE, 0)


def test_blanks_are_absent() -> None:
    """A coordinate may be a blank string, as in an open entry; a count may not."""
    for form in (lambda payload: payload, msgspec.json.encode):
        blank = form(ATTENDANCE | {"to": "", "latitudeEnd": "", "longitudeEnd": "", "notes": ""})
        assert parse(blank, 0) == parse(ATTENDANCE | {"to": None, "notes": None}, 0)
        with pytest.raises(MalformedPayload) as caught:
            parse(form(PROJECT | {"workedSeconds": ""}), 0)
        assert (caught.value.path, caught.value.reason) == ("$.workedSeconds", "required")


def test_optional_fields() -> None:
    """Names, notes, coordinates and ids may be missing, and unknown fields may be present."""
    least = {"startedAt": "2020-10-23T15:00:00Z", "workedSeconds": 0, "breakSeconds": 0, "paused": 1, "colour": "red"}
    assert parse(least, 0) == ProjectTimer(timer=Timer(State.PAUSED, THREE, THREE, 0))
    assert parse({"from": "2020-10-23T15:00:00Z"}, 0) == AttendanceTimer(timer=pc.start(THREE))


# ---- the attendance timer object -----------------------------------------------------------------


@covers("timetrack", "Attendance timer", "Attendance timer object has following params:")
@covers("timetrack", "Attendance timer", "id | Integer | ID |")
@covers("timetrack", "Attendance timer", "user | Text | Username |")
@covers("timetrack", "Attendance timer", "latitudeStart | Number | Start GPS coordinates – Latitude |")
@covers("timetrack", "Attendance timer", "longitudeStart | Number | Start GPS coordinates – Longitude |")
@covers("timetrack", "Attendance timer", "latitudeEnd | Number | Stop GPS coordinates – Latitude |")
@covers("timetrack", "Attendance timer", "latitudeEnd | Number | Stop GPS coordinates – Longitude |")
@covers("timetrack", "Attendance timer", "from | Text | Start Timestamp |")
@covers("timetrack", "Attendance timer", "to | Text | End Timestamp |")
@covers("timetrack", "Attendance timer", "notes | Text | Notes |")
def test_an_attendance_timer_has_the_twelve_fields_in_the_order_of_the_page() -> None:
    """An attendance timer is written with the page's fields in order; the second latitudeEnd is longitudeEnd."""
    record = AttendanceTimer(
        id="7",
        timer=Timer(State.STOPPED, THREE, THREE + 46 * MINUTE, 31 * MINUTE),
        person=Person(id="5", name="test"),
        latitude_start=52.5,
        longitude_start=13.4,
        latitude_end=52.6,
        longitude_end=13.3,
        note="to the client",
    )
    written = decoded(serialize(record, record.timer.since + MINUTE))
    assert written == {
        "id": 7,
        "user": "test",
        "latitudeStart": 52.5,
        "longitudeStart": 13.4,
        "latitudeEnd": 52.6,
        "longitudeEnd": 13.3,
        "from": "2020-10-23T15:00:00.000Z",
        "to": "2020-10-23T15:46:00.000Z",
        "workedMinutes": 31,
        "breakMinutes": 15,
        "manual": False,
        "notes": "to the client",
    }
    assert list(written) == list(ATTENDANCE)


@covers("timetrack", "Attendance timer", "workedMinutes | Integer | Duration in minutes |")
@covers("timetrack", "Attendance timer", "breakMinutes | Integer | Break duration in minutes |")
@given(begun, st.integers(0, 10**13))
def test_minutes_add_up(timer: Timer, later: int) -> None:
    """Worked and break minutes add up to the whole minutes between the payload's own timestamps."""
    now = timer.since + later
    written = decoded(serialize(AttendanceTimer(timer=timer), now))
    end = pc.instant(written["to"]) if written["to"] else now // SECOND * SECOND
    assert written["workedMinutes"] + written["breakMinutes"] == (end - pc.instant(written["from"])) // MINUTE
    assert written["workedMinutes"] >= 0
    assert written["breakMinutes"] >= 0


@given(
    started=st.integers(-(10**9), 10**10),
    break_minutes=st.integers(0, 600),
    steps=st.lists(st.integers(0, 5000), min_size=1, max_size=10),
)
def test_minutes_never_decrease(started: int, break_minutes: int, steps: list[int]) -> None:
    """Through the life of an entry the minutes of work never decrease and those of break are constant."""
    started_at = started * SECOND
    timer = Timer(State.RUNNING, started_at, started_at + break_minutes * MINUTE, 0)
    now, before = started_at, 0
    for step in steps:
        now += step * SECOND
        written = decoded(serialize(AttendanceTimer(timer=timer), now))
        assert written["breakMinutes"] == break_minutes
        assert written["workedMinutes"] >= before
        before = written["workedMinutes"]
    stopped = AttendanceTimer(timer=pc.stop(timer, pc.not_before(timer, now)))
    assert decoded(serialize(stopped, now))["workedMinutes"] == before


@given(
    timer=before_the_last_year((State.RUNNING, State.STOPPED)),
    break_minutes=st.integers(0, 600),
    place=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    manual=st.booleans(),
)
def test_an_attendance_timer_reads_back(
    timer: Timer, break_minutes: int, place: tuple[float, float] | None, *, manual: bool
) -> None:
    """An entry in whole seconds with a break of whole minutes reads back as itself, at any later instant."""
    timer = whole_seconds(timer)
    rested = break_minutes * MINUTE
    if timer.state is State.RUNNING:  # it was never paused, so its work began after the break that it was made with
        timer = Timer(timer.state, timer.started_at, timer.started_at + rested, 0)
    else:
        worked = timer.since - timer.started_at
        timer = Timer(timer.state, timer.started_at, timer.since + rested, worked)
    latitude, longitude = place or (None, None)
    record = AttendanceTimer(
        id="7",
        timer=timer,
        person=Person(name="test"),
        latitude_start=latitude,
        longitude_start=longitude,
        latitude_end=latitude,
        longitude_end=longitude,
        manual=manual,
        note="here",
    )
    assert parse(serialize(record, timer.since + 17 * MINUTE), timer.since) == record


def test_an_entry_that_has_no_id_yet_is_written_with_0() -> None:
    """The id is a number, and no entry has the id 0."""
    assert decoded(serialize(AttendanceTimer(timer=pc.start(THREE)), THREE))["id"] == 0


def test_an_entry_with_another_id() -> None:
    """An entry whose id is not a number cannot be written and raises a named error."""
    with pytest.raises(NotRepresentable, match="timetrack cannot show this timer: the id 'abc' is not a number"):
        serialize(AttendanceTimer(id="abc", timer=pc.start(THREE)), THREE)


@pytest.mark.parametrize(("latitude", "longitude"), [(90, 180), (-90, -180), (0, 0), (89.5, -179.5)])
def test_extreme_coordinates(latitude: float, longitude: float) -> None:
    """The poles and the 180th meridian are accepted."""
    places = {"latitudeStart": latitude, "longitudeStart": longitude}
    read = parse(ATTENDANCE | places | {"latitudeEnd": latitude, "longitudeEnd": longitude}, 0)
    assert isinstance(read, AttendanceTimer)
    assert (read.latitude_start, read.longitude_start) == (latitude, longitude)
    assert (read.latitude_end, read.longitude_end) == (latitude, longitude)


@pytest.mark.parametrize(
    ("to", "minutes", "worked"),
    [
        ("2020-10-23T15:00:00Z", 0, 0),
        ("2020-10-23T15:00:00Z", None, 0),
        ("2020-10-23T15:15:00Z", 15, 0),
        ("2020-10-23T15:15:01Z", 15, 1),
        ("2020-10-23T15:01:00Z", None, 60),
    ],
)
def test_an_entry_without_work(to: str, minutes: int | None, worked: int) -> None:
    """An entry may end when it starts, or be all break; its work is the rest, to the second."""
    read = parse(ATTENDANCE | {"to": to, "breakMinutes": minutes}, 0)
    assert read.timer == Timer(State.STOPPED, THREE, pc.instant(to), worked * SECOND)


def test_timers_reach_to_the_end_of_the_calendar() -> None:
    """The last second of the year 9999 can be written, worked until and rested until."""
    shown = {"startedAt": "9999-12-31T23:59:58.999999Z", "workedSeconds": 1, "breakSeconds": 0}
    assert parse(PROJECT | shown, 0).timer == Timer(State.RUNNING, LAST - SECOND, LAST, SECOND)
    shown = {"startedAt": "9999-12-31T23:59:58.999999Z", "workedSeconds": 0, "breakSeconds": 1}
    assert parse(PROJECT | shown, 0).timer == Timer(State.RUNNING, LAST - SECOND, LAST, 0)
    entry = parse({"from": "9999-12-31T23:58:59.999999Z", "breakMinutes": 1}, 0)
    assert entry.timer == Timer(State.RUNNING, LAST - MINUTE, LAST, 0)


# ---- malformed payloads --------------------------------------------------------------------------

HOSTILE: list[tuple[object, str]] = [
    (b"", "$"),
    (b"{", "$"),
    (b"\xff\xfe", "$"),
    (b'{"note": "\xff"}', "$"),
    (b"[" * 100_000, "$"),
    (b"null", "$"),
    (b"[]", "$"),
    (b"{}", "$"),
    (None, "$"),
    (object(), "$"),
    ({1: 2}, "$"),
    (PROJECT | ATTENDANCE, "$"),
    (PROJECT | {"playing": False}, "$"),
    (PROJECT | {"paused": True}, "$"),
    (PROJECT | {"playing": True, "stopped": True, "paused": True}, "$"),
    (PROJECT | {"playing": "yes"}, "$.playing"),
    (PROJECT | {"playing": 2}, "$.playing"),
    (PROJECT | {"workedSeconds": None}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": -1}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": 0.5}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": math.nan}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": math.inf}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": 10**12}, "$.workedSeconds"),
    (PROJECT | {"workedSeconds": 10**400}, "$.workedSeconds"),
    (PROJECT | {"startedAt": "9999-12-31T23:59:59Z", "workedSeconds": 1, "breakSeconds": 0}, "$.workedSeconds"),
    (PROJECT | {"startedAt": "9999-12-31T23:59:59Z", "workedSeconds": 0, "breakSeconds": 1}, "$.breakSeconds"),
    (PROJECT | {"breakSeconds": 10**5000}, "$.breakSeconds"),
    (PROJECT | {"breakSeconds": None}, "$.breakSeconds"),
    (PROJECT | {"breakSeconds": "many"}, "$.breakSeconds"),
    (PROJECT | {"breakSeconds": [1]}, "$.breakSeconds"),
    (PROJECT | {"startedAt": 5}, "$.startedAt"),
    (PROJECT | {"startedAt": ""}, "$"),
    (PROJECT | {"startedAt": "2020-10-23T15:00:00"}, "$.startedAt"),
    (PROJECT | {"startedAt": "2020-10-23T15:00:00+02:00"}, "$.startedAt"),
    (PROJECT | {"startedAt": "2020-02-30T15:00:00Z"}, "$.startedAt"),
    (PROJECT | {"startedAt": "2020-10-23T24:00:00Z"}, "$.startedAt"),
    (PROJECT | {"startedAt": "2020-10-23T15:00:00Z" * 100_000}, "$.startedAt"),
    (PROJECT | {"note": {}}, "$.note"),
    (ATTENDANCE | {"from": "today"}, "$.from"),
    (ATTENDANCE | {"to": "tomorrow"}, "$.to"),
    (ATTENDANCE | {"to": "2020-10-23T14:59:59Z"}, "$.to"),
    (ATTENDANCE | {"to": "2020-10-23T15:14:59Z"}, "$.breakMinutes"),
    (ATTENDANCE | {"to": "2020-10-23T15:00:00.5Z", "breakMinutes": 1}, "$.breakMinutes"),
    (ATTENDANCE | {"to": "2020-10-23T14:59:59.999999Z", "breakMinutes": 0}, "$.to"),
    (ATTENDANCE | {"from": "9999-12-31T23:59:00Z", "breakMinutes": 1}, "$.breakMinutes"),
    (ATTENDANCE | {"breakMinutes": 10**12}, "$.breakMinutes"),
    (ATTENDANCE | {"breakMinutes": -1}, "$.breakMinutes"),
    (ATTENDANCE | {"latitudeStart": 90.1}, "$.latitudeStart"),
    (ATTENDANCE | {"latitudeStart": -90.1}, "$.latitudeStart"),
    (ATTENDANCE | {"longitudeStart": 180.1}, "$.longitudeStart"),
    (ATTENDANCE | {"longitudeStart": -180.1}, "$.longitudeStart"),
    (ATTENDANCE | {"latitudeStart": math.nan}, "$.latitudeStart"),
    (ATTENDANCE | {"longitudeEnd": math.inf}, "$.longitudeEnd"),
    (ATTENDANCE | {"id": -1}, "$.id"),
    (ATTENDANCE | {"id": 2**63}, "$.id"),
    (ATTENDANCE | {"id": True}, "$.id"),
]


@pytest.mark.parametrize(("payload", "path"), HOSTILE, ids=range(len(HOSTILE)))
def test_malformed_payloads(payload: object, path: str) -> None:
    """A payload that is not a timer object is malformed; the error has vendor, path, value and reason."""
    with pytest.raises(MalformedPayload) as rejected:
        parse(payload, 0)
    assert rejected.value.vendor == "timetrack"
    assert rejected.value.path == path
    assert rejected.value.reason
    assert len(str(rejected.value)) < 1000


@given(
    st.dictionaries(
        st.sampled_from([*PROJECT, *ATTENDANCE, "other"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text()
        | st.sampled_from(["2020-10-23T15:00:00.000Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
        | st.lists(st.none()),
    ).map(lambda fields: fields | {"startedAt": "2020-10-23T15:00:00Z"} if "from" not in fields else fields)
    | st.binary()
)
def test_parse_returns_or_rejects(payload: object) -> None:
    """`parse` raises only `MalformedPayload`, and a parsed timer can be written again."""
    try:
        record = parse(payload, 0)
    except MalformedPayload:
        return
    written = serialize(record, 0)
    assert parse(written, 0) == parse(serialize(parse(written, 0), 0), 0)


# ---- timestamps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2020-10-23T14:30:00Z", "2020-10-23T14:30:00.000Z"])
def test_both_spellings_of_a_timestamp_are_read_and_one_is_written(text: str) -> None:
    """Timestamps are read with and without the fraction and written with it, as on the page."""
    assert write_timestamp(read_timestamp(text)) == "2020-10-23T14:30:00.000Z"


@given(instants)
def test_a_timestamp_is_written_to_the_second(at: int) -> None:
    """Timestamps are floored to the second, before 1970 as well."""
    assert read_timestamp(write_timestamp(at)) == at - at % SECOND


@pytest.mark.parametrize(("fraction", "microseconds"), [("25", 250_000), ("999", 999_000), ("000001", 1)])
def test_a_fraction_of_a_second_is_read(fraction: str, microseconds: int) -> None:
    """Fractions of a second are read exactly; only calls floor them."""
    assert read_timestamp(f"2020-10-23T15:00:00.{fraction}Z") == THREE + microseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "2020-10-23 15:00:00Z",
        "2020-10-23T15:00Z",
        "2020-W43-5T15:00:00.000Z",
        "2020-02-30T15:00:00.000Z",
        "2020-02-30T15:00:00Z",
        "2020-10-23T15:00:00",
        "2020-10-23T15:00:00.000",
        "2020-10-23T15:00:000.000Z",
        "2020-10-23T15:00:0.000Z",
        "2020-10-23T15:00:00Zulu",
        "2020-10-23T15:00:00zz",
        "2020-10-23T15:00:00+00:00",
        "2020-10-23T15:00:00-00:00",
    ],
)
def test_other_timestamps_are_rejected(text: str) -> None:
    """Only the page's form is read; the error contains the text unchanged."""
    with pytest.raises(pc.InvalidInstant) as rejected:
        read_timestamp(text)
    assert rejected.value.value == text


@covers(
    "timetrack",
    "Read project timer",
    "This date must be in same timezone like you are currently, we will use it on server to calculate workedDuration "
    "and breakDuration.",
)
def test_local_times_that_end_in_z() -> None:
    """Two local times differ by the elapsed time, except across a change of the offset."""
    zone = "Europe/Berlin"
    five = pc.instant("2020-10-23T17:00:00+02:00")
    assert write_local_timestamp(five, zone) == "2020-10-23T17:00:00.000Z"
    assert read_local_timestamp("2020-10-23T17:00:00Z", zone, disambiguation=Disambiguation.REJECT) == five

    def passed(start: str, end: str) -> int:
        """Minutes between two instants, as the server counts them from what the client's clock showed."""
        shown = [write_local_timestamp(pc.instant(text), zone) for text in (start, end)]
        payload = PROJECT | {"startedAt": shown[0], "workedSeconds": 0, "breakSeconds": 0}
        return pc.elapsed_at(parse(payload, 0).timer, read_timestamp(shown[1])) // MINUTE

    assert passed("2020-10-23T15:00:00Z", "2020-10-23T16:00:00Z") == 60
    # In the night in which the clock went back, three hours passed but the local times differ by two.
    assert passed("2020-10-24T23:30:00Z", "2020-10-25T02:30:00Z") == 120


def test_ambiguous_and_missing_local_times() -> None:
    """A local time that occurs twice or never is read or rejected as ``disambiguation`` says."""
    twice, zone = "2020-10-25T02:30:00.000Z", "Europe/Berlin"
    earlier = read_local_timestamp(twice, zone, disambiguation=Disambiguation.EARLIER)
    later = read_local_timestamp(twice, zone, disambiguation=Disambiguation.LATER)
    assert later - earlier == 60 * MINUTE
    assert write_local_timestamp(earlier, zone) == write_local_timestamp(later, zone) == twice
    with pytest.raises(pc.AmbiguousLocalTime):
        read_local_timestamp(twice, zone, disambiguation=Disambiguation.REJECT)


@given(
    st.integers(0, pc.instant("2100-01-01T00:00:00Z") // SECOND),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_local_timestamps_read_back(second: int, zone: str) -> None:
    """A local time is read back as its instant; if it occurs twice, under one of the two policies."""
    at = second * SECOND
    text = write_local_timestamp(at, zone)
    assert at in {
        read_local_timestamp(text, zone, disambiguation=policy)
        for policy in (Disambiguation.EARLIER, Disambiguation.LATER)
    }
