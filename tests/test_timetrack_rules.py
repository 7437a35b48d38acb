"""TimeTrack's rules: what each call requires and rejects, and what a timer shows through its life."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from pages import covers
from punchclock import Event, State, Timer
from punchclock.units import MINUTE, SECOND
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.timetrack import VENDOR, AttendanceTimer
from punchclock.vendors.timetrack.error_codes import INVALID, NO_TIMER, REJECTIONS, reject
from punchclock.vendors.workspace import Person
from timetrack_demo import ATTENDANCE, KEYS, PROJECT, body, demo, error, post, read, start

THREE = "2020-10-23T15:00:00.000Z"
HALF_PAST = "2020-10-23T15:30:00.000Z"
FOUR = "2020-10-23T16:00:00.000Z"


def by_hand(account: MemoryAccount, *, minutes: int = 0, end: str = "", id: str = "900") -> AttendanceTimer:
    """An attendance entry of the user "test" as the web app makes it, from three o'clock on."""
    begin = pc.instant(THREE)
    timer = Timer(State.RUNNING, begin, begin + minutes * MINUTE, 0)
    if end:
        timer = Timer(State.STOPPED, begin, pc.instant(end), pc.instant(end) - begin - minutes * MINUTE)
    return AttendanceTimer(id=id, timer=timer, person=account.workspace.people["5"], manual=True)


# ---- what each call requires ---------------------------------------------------------------------

WHOLE: dict[str, object] = {
    "date": THREE,
    "clientName": "Client 006",
    "projectName": "Project 006_1",
    "username": "test",
}
REQUIRED = [
    (f"{PROJECT}/start", ["date", "clientName", "projectName", "username"]),
    (f"{PROJECT}/pause", ["date", "username"]),
    (f"{PROJECT}/resume", ["date", "username"]),
    (f"{PROJECT}/stop", ["date", "username"]),
    (PROJECT, ["date", "username"]),
    (f"{ATTENDANCE}/start", ["date", "username"]),
    (f"{ATTENDANCE}/stop", ["date", "username"]),
    (ATTENDANCE, ["date"]),
]


@covers(
    "timetrack",
    "Start project timer",
    "Required params to start project timer: date, clientName, projectName, username",
)
@covers("timetrack", "Pause project timer", "Required params to pause project timer: date, username")
@covers("timetrack", "Resume project timer", "Required params to resume project timer: date, username")
@covers("timetrack", "Stop project timer", "Required params to stop project timer: date, username")
@covers("timetrack", "Start attendance timer", "Required params: date, username")
@covers("timetrack", "Stop attendance timer", "Required params: date, username")
@covers("timetrack", "Get attendance timer", "Required params: date.")
@pytest.mark.parametrize(
    ("path", "missing", "blank"),
    [(path, name, blank) for path, required in REQUIRED for name in required for blank in ("absent", "", None)],
)
def test_a_missing_parameter_is_told_by_name(path: str, missing: str, blank: str | None) -> None:
    """Without one of the parameters that the page requires, or with a blank one, the answer is 400 and names it."""
    sent = {name: value for name, value in WHOLE.items() if name != missing}
    if blank != "absent":
        sent[missing] = blank
    status, code, title, detail = error(post(demo(), path, **sent))
    assert (status, code, title) == (400, 15004, "Required parameter is missing")
    assert detail == f"{missing}: a required parameter is missing"


@pytest.mark.parametrize(("path", "required"), REQUIRED)
def test_no_other_parameter_is_required(path: str, required: list[str]) -> None:
    """With what the page requires, and nothing else, each call is answered."""
    account = demo()
    if not path.endswith("start"):
        start(account, THREE)
        post(account, f"{ATTENDANCE}/start", date=THREE, username="test")
    if path.endswith("resume"):
        post(account, f"{PROJECT}/pause", date=THREE, username="test")
    assert post(account, path, **{name: WHOLE[name] for name in required}).response.status == 200


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"username": "nobody"}, "username: there is no user 'nobody'"),
        ({"clientName": "Client 008"}, "clientName: there is no client 'Client 008'"),
        ({"projectName": "Project 008"}, "projectName: Client 006 has no project 'Project 008'"),
        ({"projectName": "Project 007_1"}, "projectName: Client 006 has no project 'Project 007_1'"),
        ({"taskName": "Dream"}, "taskName: Project 006_1 has no task 'Dream'"),
        ({"taskName": "Review"}, "taskName: Project 006_1 has no task 'Review'"),
    ],
)
def test_names_are_looked_up_in_the_account(sent: dict[str, str], detail: str) -> None:
    """An unknown user, client, project or task is 404, and so is one in another client or project."""
    rejected = error(start(demo(), THREE, **sent))
    assert rejected == (404, 15007, "User, client, project or task does not exist", detail)


@pytest.mark.parametrize("path", [path for path, _ in REQUIRED])
def test_an_unknown_user(path: str) -> None:
    """An unknown user is 404 for each call, including calls that only read."""
    assert error(post(demo(), path, **(WHOLE | {"username": "nobody"})))[:2] == (404, 15007)


def test_a_start_with_task_and_note() -> None:
    """Task and note of a start are stored, with the entities that the names refer to."""
    result = start(demo(), THREE, taskName="Design", note="screens")
    content = body(result)
    assert (content["taskName"], content["note"]) == ("Design", "screens")
    record = result.changes[0].record
    assert record.task is not None
    assert record.project is not None
    assert (record.person.id, record.task.id, record.project.id) == ("5", "31", "21")


def test_a_closed_task() -> None:
    """A start on a closed task is rejected."""
    rejected = start(demo(), THREE, clientName="Client 007", projectName="Project 007_1", taskName="Archive")
    assert error(rejected) == (409, 15011, "Task is closed", "taskName: Archive is closed")


# ---- what a project timer goes through -----------------------------------------------------------


def in_state(state: State) -> MemoryAccount:
    """An account whose user "test" has a project timer in this state, since three o'clock."""
    account = demo()
    if state is not State.IDLE:
        start(account, THREE)
    if state is State.PAUSED:
        post(account, f"{PROJECT}/pause", date=THREE, username="test")
    if state is State.STOPPED:
        post(account, f"{PROJECT}/stop", date=THREE, username="test")
    return account


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_the_table_decides_which_events_are_legal(state: State, event: Event) -> None:
    """Each call makes its event if the table allows it; otherwise it is rejected and nothing changes."""
    account = in_state(state)
    before = read(account, PROJECT, f"date={FOUR}&username=test").response
    result = post(account, f"{PROJECT}/{event}", **(WHOLE | {"date": HALF_PAST}))
    if event is Event.START:  # it begins another timer, which a timer that counts is in the way of
        expected = None if state in (State.IDLE, State.STOPPED) else (409, 15009, "Timer is already started")
    elif state is State.IDLE:
        expected = (404, 15008, "Timer does not exist")
    else:
        expected = None if (state, event) in pc.TRANSITIONS else (409, 15010, "Timer is in another state")

    if expected is None:
        (change,) = result.changes
        assert (change.action, change.at) == (event, pc.instant(HALF_PAST))
        assert result.response.status == 200
    else:
        assert error(result)[:3] == expected
        assert read(account, PROJECT, f"date={FOUR}&username=test").response == before


def test_a_change_returns_the_timer_as_a_read_does() -> None:
    """Start, pause, resume and stop return the timer as a read with the same date shows it."""
    account = demo()
    for event in ("start", "pause", "resume", "stop"):
        answered = post(account, f"{PROJECT}/{event}", **(WHOLE | {"date": HALF_PAST}))
        assert answered.response == read(account, PROJECT, f"date={HALF_PAST}&username=test").response


def test_a_read_before_the_first_start() -> None:
    """A read before the first start is 404."""
    rejected = error(read(demo(), PROJECT, f"date={FOUR}&username=test"))
    assert rejected == (404, 15008, "Timer does not exist", "there is no project timer")
    rejected = error(read(demo(), ATTENDANCE, f"date={FOUR}&username=test"))
    assert rejected == (404, 15008, "Timer does not exist", "there is no attendance timer")


def test_a_stopped_timer_is_shown_until_the_next_start() -> None:
    """The current timer is the latest: the stopped one with its final counts, then the new one."""
    account = in_state(State.RUNNING)
    post(account, f"{PROJECT}/stop", date=HALF_PAST, username="test")
    shown = body(read(account, PROJECT, f"date={FOUR}&username=test"))
    assert (shown["stopped"], shown["workedSeconds"], shown["startedAt"]) == (True, 1800, THREE)
    start(account, FOUR, note="again")
    shown = body(read(account, PROJECT, f"date={FOUR}&username=test"))
    assert (shown["playing"], shown["workedSeconds"], shown["startedAt"], shown["note"]) == (True, 0, FOUR, "again")


def test_the_first_stop_wins() -> None:
    """A second stop is rejected and does not change the end."""
    account = in_state(State.RUNNING)
    first = post(account, f"{PROJECT}/stop", date=HALF_PAST, username="test")
    second = post(account, f"{PROJECT}/stop", date=FOUR, username="test")
    assert error(second) == (409, 15010, "Timer is in another state", "cannot stop a timer that is stopped")
    assert body(read(account, PROJECT, f"date={FOUR}&username=test")) == body(first)


@pytest.mark.parametrize("event", ["pause", "stop"])
def test_a_clock_that_was_ahead(event: str) -> None:
    """A timer whose last event is in the future can still be paused and stopped without losing work."""
    account = demo()
    start(account, FOUR)
    assert body(read(account, PROJECT, f"date={THREE}&username=test"))["workedSeconds"] == 0
    result = post(account, f"{PROJECT}/{event}", date=THREE, username="test")
    assert (result.response.status, body(result)["workedSeconds"]) == (200, 0)
    assert result.changes[0].at == pc.instant(FOUR)
    if event == "pause":
        resumed = post(account, f"{PROJECT}/resume", date=THREE, username="test")
        assert (resumed.response.status, body(resumed)["breakSeconds"]) == (200, 0)


def test_users_and_kinds_of_timers_are_independent() -> None:
    """Each user has a project timer and an attendance timer, independent of each other and of other users'."""
    account = demo()
    for name in ("test", "admin"):
        assert start(account, THREE, username=name).response.status == 200
        assert post(account, f"{ATTENDANCE}/start", date=THREE, username=name).response.status == 200
    post(account, f"{PROJECT}/stop", date=HALF_PAST, username="admin")
    assert body(read(account, PROJECT, f"date={FOUR}&username=test"))["workedSeconds"] == 3600
    assert body(read(account, ATTENDANCE, f"date={FOUR}&username=admin"))["workedMinutes"] == 60


def test_an_active_timer_is_the_current_one() -> None:
    """An active timer takes precedence over a later one that is not active, such as one entered afterwards."""
    account = demo()
    counting = by_hand(account, id="901")
    entered = by_hand(account, end=HALF_PAST, id="902")
    account = demo(counting, entered)
    assert body(read(account, ATTENDANCE, f"date={FOUR}&username=test"))["id"] == 901
    ended = post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test")
    assert body(ended)["id"] == 901
    assert body(read(account, ATTENDANCE, f"date={FOUR}&username=test"))["id"] == 902


LIFE = st.lists(
    st.tuples(st.sampled_from(["pause", "resume", "read", "stop", "start"]), st.integers(0, 10_000_000)), max_size=20
)


@given(begin=st.integers(-(10**9), 10**9), life=LIFE)
def test_both_formulas_hold_through_any_life(begin: int, life: list[tuple[str, int]]) -> None:
    """With events at fractions of a second, a timer shows whole seconds that add up and never decrease."""
    account, now = demo(), begin * 1000
    shown = body(start(account, spelt(now)))
    for event, milliseconds in life:
        now += milliseconds * 1000
        path = PROJECT if event == "read" else f"{PROJECT}/{event}"
        result = post(account, path, **(WHOLE | {"date": spelt(now)}))
        if result.rejection is not None:
            continue
        before, shown = shown, body(result)
        assert [shown["playing"], shown["paused"], shown["stopped"]].count(True) == 1
        if event == "start":
            assert (shown["workedSeconds"], shown["breakSeconds"]) == (0, 0)
            continue
        passed = now // SECOND - pc.instant(shown["startedAt"]) // SECOND
        if shown["playing"]:
            assert shown["workedSeconds"] == passed - shown["breakSeconds"]
        elif shown["paused"]:
            assert shown["breakSeconds"] == passed - shown["workedSeconds"]
        assert shown["workedSeconds"] >= before["workedSeconds"]
        assert shown["breakSeconds"] >= before["breakSeconds"]
        if before["playing"]:
            assert shown["breakSeconds"] == before["breakSeconds"]
        if before["paused"]:
            assert shown["workedSeconds"] == before["workedSeconds"]
        if before["stopped"]:
            assert shown == before


def spelt(at: int) -> str:
    """An instant as a client with milliseconds writes it."""
    return pc.to_datetime(at - at % 1000).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


# ---- what an attendance timer goes through -------------------------------------------------------


def test_an_attendance_timer_is_started_and_stopped() -> None:
    """An entry starts without an end and gets one; its minutes are whole and it has no break."""
    account = demo()
    begun = body(post(account, f"{ATTENDANCE}/start", date=THREE, username="test"))
    assert (begun["from"], begun["to"], begun["workedMinutes"], begun["breakMinutes"]) == (THREE, None, 0, 0)
    assert begun["manual"] is False
    got = body(read(account, ATTENDANCE, "date=2020-10-23T15:30:59.999Z&username=test"))
    assert (got["workedMinutes"], got["breakMinutes"]) == (30, 0)
    ended = body(post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test"))
    assert (ended["to"], ended["workedMinutes"], ended["breakMinutes"]) == (FOUR, 60, 0)
    assert body(read(account, ATTENDANCE, "date=2020-10-24T15:00:00Z&username=test")) == ended


def test_one_open_attendance_timer() -> None:
    """A second start is rejected while an entry is open, and a second stop always."""
    account = demo()
    post(account, f"{ATTENDANCE}/start", date=THREE, username="test")
    rejected = error(post(account, f"{ATTENDANCE}/start", date=FOUR, username="test"))
    assert rejected == (409, 15009, "Timer is already started", "the person has a running timer already")
    post(account, f"{ATTENDANCE}/stop", date=HALF_PAST, username="test")
    again = error(post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test"))
    assert again == (409, 15010, "Timer is in another state", "cannot stop a timer that is stopped")
    assert post(account, f"{ATTENDANCE}/start", date=FOUR, username="test").response.status == 200


def test_a_stop_without_an_entry() -> None:
    """Without an entry there is nothing to stop."""
    assert error(post(demo(), f"{ATTENDANCE}/stop", date=FOUR, username="test"))[:2] == (404, 15008)


def test_an_attendance_stop_dated_before_the_start_ends_it_at_the_start() -> None:
    """A clock that was ahead does not trap an entry either."""
    account = demo()
    post(account, f"{ATTENDANCE}/start", date=FOUR, username="test")
    ended = body(post(account, f"{ATTENDANCE}/stop", date=THREE, username="test"))
    assert (ended["from"], ended["to"], ended["workedMinutes"]) == (FOUR, FOUR, 0)


def test_a_get_without_a_user() -> None:
    """Keys do not belong to people, so a get without a user returns the account's current timer with its user."""
    account = demo()
    assert error(read(account, ATTENDANCE, f"date={FOUR}"))[:2] == (404, 15008)
    post(account, f"{ATTENDANCE}/start", date=THREE, username="test")
    post(account, f"{ATTENDANCE}/start", date=THREE, username="admin")
    assert body(read(account, ATTENDANCE, f"date={FOUR}"))["user"] == "admin"
    post(account, f"{ATTENDANCE}/stop", date=FOUR, username="admin")
    assert body(read(account, ATTENDANCE, f"date={FOUR}&username="))["user"] == "test"


@covers(
    "timetrack",
    "Attendance timer",
    "manual | Boolean | Flag to show if entry was created manually or with timer. You can create Attendance entry in "
    "Web-App manually without end timestamp, this is the same as starting the attendance timer. |",
)
def test_an_entry_by_hand_without_an_end_is_a_running_timer() -> None:
    """An open entry made by hand blocks a start, counts, can be stopped, and stays marked as made by hand."""
    account = demo()
    account = demo(by_hand(account, minutes=15))
    assert error(post(account, f"{ATTENDANCE}/start", date=FOUR, username="test"))[:2] == (409, 15009)
    got = body(read(account, ATTENDANCE, f"date={FOUR}&username=test"))
    assert (got["manual"], got["to"], got["workedMinutes"], got["breakMinutes"]) == (True, None, 45, 15)
    ended = body(post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test"))
    assert ended == got | {"to": FOUR}


def test_an_entry_by_hand_counts_from_the_end_of_its_break_on() -> None:
    """A break longer than the elapsed time makes neither the work negative nor the end earlier than the break's."""
    account = demo()
    account = demo(by_hand(account, minutes=45))
    got = body(read(account, ATTENDANCE, f"date={HALF_PAST}&username=test"))
    assert (got["workedMinutes"], got["breakMinutes"]) == (0, 45)
    ended = body(post(account, f"{ATTENDANCE}/stop", date=HALF_PAST, username="test"))
    assert (ended["to"], ended["workedMinutes"], ended["breakMinutes"]) == ("2020-10-23T15:45:00.000Z", 0, 45)


def test_an_entry_by_hand_with_an_end_is_stopped() -> None:
    """A closed entry does not block a start and cannot be stopped."""
    account = demo()
    account = demo(by_hand(account, minutes=10, end=HALF_PAST))
    assert error(post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test"))[:2] == (409, 15010)
    assert post(account, f"{ATTENDANCE}/start", date=FOUR, username="test").response.status == 200


@pytest.mark.parametrize("ending", ["", "Start", "End"])
def test_names_of_coordinates(ending: str) -> None:
    """Start and stop accept coordinates under the object's names or without ``Start`` or ``End``; they are optional."""
    account = demo()
    there = {f"latitude{ending}": 52.5, f"longitude{ending}": "13.4"}
    begun = body(post(account, f"{ATTENDANCE}/start", date=THREE, username="test", **there))
    ended = body(post(account, f"{ATTENDANCE}/stop", date=FOUR, username="test", **there))
    # The other call's name is an unknown parameter.
    at_start = (None, None) if ending == "End" else (52.5, 13.4)
    at_end = (None, None) if ending == "Start" else (52.5, 13.4)
    assert (begun["latitudeStart"], begun["longitudeStart"]) == at_start
    assert (begun["latitudeEnd"], begun["longitudeEnd"]) == (None, None)
    assert (ended["latitudeStart"], ended["longitudeStart"]) == at_start
    assert (ended["latitudeEnd"], ended["longitudeEnd"]) == at_end


@pytest.mark.parametrize("call", ["start", "stop"])
@pytest.mark.parametrize(
    ("place", "code", "field"),
    [
        ({"latitude": 90.5, "longitude": 0}, 15006, "latitude"),
        ({"latitude": 0, "longitude": -180.5}, 15006, "longitude"),
        ({"latitude": "north", "longitude": 0}, 15006, "latitude"),
        ({"latitude": "nan", "longitude": 0}, 15006, "latitude"),
        ({"latitude": "-inf", "longitude": 0}, 15006, "latitude"),
        ({"latitude": True, "longitude": 0}, 15006, "latitude"),
        ({"latitude": 10**30, "longitude": 0}, 15006, "latitude"),
        ({"latitude": [52.5], "longitude": 0}, 15006, "latitude"),
        ({"latitude": 52.5}, 15004, "longitude"),
        ({"longitude": 13.4}, 15004, "latitude"),
        ({"latitude": 1, "longitude": 1, "latitudeStart": 1, "latitudeEnd": 1}, 15005, "latitude"),
        ({"latitude": 1, "longitude": 1, "longitudeStart": 1, "longitudeEnd": 1}, 15005, "longitude"),
    ],
)
def test_invalid_coordinates(call: str, place: dict[str, Any], code: int, field: str) -> None:
    """Half a pair, values out of range, texts, and a coordinate under two names are rejected with the field's name."""
    account = demo()
    if call == "stop":
        post(account, f"{ATTENDANCE}/start", date=THREE, username="test")
    rejected = error(post(account, f"{ATTENDANCE}/{call}", date=FOUR, username="test", **place))
    assert rejected[:2] == (400, code)
    assert rejected[3].startswith(f"{field}: ")


# ---- the errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_an_error(rule: Rule) -> None:
    """For each shared rule TimeTrack has an error with an HTTP status of 400 to 599 and a code."""
    rejection = reject(RuleViolation(rule, "field"), None)
    assert 400 <= rejection.status < 600
    assert 15000 <= rejection.vendor_code < 15020
    assert rejection.message


def test_codes_are_unique() -> None:
    """No two rules share a code, except those for invalid parameters."""
    codes = [code for _, code, _ in REJECTIONS.values()]
    assert len(set(codes)) == len(codes)
    assert 15006 not in codes
    assert reject(RuleViolation(Rule.TYPE, "date"), None).vendor_code == 15006


def test_the_errors_are_documented() -> None:
    """The table of errors in the docs matches the code."""
    page = Path(__file__).parents[1] / "docs" / "vendors" / "timetrack.md"
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (.+) \|$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    answered = {*REJECTIONS.values(), NO_TIMER, INVALID}
    assert [(int(status), int(code), title) for status, code, title in rows] == sorted(
        answered, key=lambda rejection: rejection[1]
    )


def test_the_caller_is_the_account() -> None:
    """The caller of a call is the account: a person without an id."""
    assert VENDOR.authenticate(Request(method="GET", path=PROJECT, headers=KEYS), {}, demo()) == Person()
