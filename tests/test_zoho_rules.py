"""Zoho People's rules: every message and error code of the page, and when it is returned."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from pages import covers
from punchclock import Event, State, Timer
from punchclock.timer import worked_at
from punchclock.units import HOUR, SECOND
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Holiday, Job, Leave, Project, Settings
from punchclock.vendors.zoho import DIALECT, OPERATIONS, BillingStatus, ZohoTimer
from punchclock.vendors.zoho.error_codes import ERRORS, MESSAGES, reject
from zoho_demo import NINE, ROOT, START, account, body_of, get, rejected, send, start, timelog

WRONG_VALUE = (8001, "Wrong value for parameter")

NO_START = "Error in adding timelog"
NO_PAUSE = "Error in pausing the timer"
NO_RESUME = "Error in restarting the timer"


# ---- start ---------------------------------------------------------------------------------------


@covers("zoho", "Start timer API", "*jobId<jobId><Mandatory>Specify jobId for which timer needs to be started")
@covers(
    "zoho",
    "Start timer API",
    "*workDate<date in yyyy-MM-dd/company dateformat><Mandatory>Specify the work date for when "
    "timelog needs to be added",
)
@covers(
    "zoho",
    "Start timer API",
    "*billingStatus<billable | non billable | non-billable | nonbillable| all | 0 | 1 | "
    "-1><Mandatory>Specify the billable status",
)
@covers("zoho", "Start timer API", "*timerstart<Mandatory>Specify value 'start'")
@covers("zoho", "Start timer API", "Error in adding timelog")
@covers("zoho", "Start timer API", "8000No parameter specified")
@pytest.mark.parametrize("missing", ["user", "jobId", "workDate", "billingStatus", "timer"])
@pytest.mark.parametrize("blank", [False, True])
def test_a_start_needs_its_mandatory_parameters(missing: str, *, blank: bool) -> None:
    """An absent and a blank parameter get the same message."""
    sent = {name: value for name, value in START.items() if name != missing} | ({missing: ""} if blank else {})
    assert rejected(get(account(), "timer", NINE, **sent)) == (NO_START, 8000, "No parameter specified")


@covers(
    "zoho",
    "Start timer API",
    "*user< ERECNO | Email-ID | Employee-ID ><Mandatory>Specify the current user's value",
)
@pytest.mark.parametrize("user", ["3", "resource@demo.test", "Resource@Demo.Test", "E-17"])
def test_the_user_is_named_in_three_ways(user: str) -> None:
    """ERECNO, e-mail address and employee id identify the user, who must be the owner of the token."""
    workspace = account().workspace
    people = {**workspace.people, "3": replace(workspace.people["3"], employee_id="E-17")}
    stored = MemoryAccount(replace(workspace, people=people))
    assert timelog(stored, start(stored, user=user)).person.id == "3"


@covers("zoho", "Start timer API", "Logged-in user alone can start timer")
@covers("zoho", "Start timer API", "7038Permission denied")
@pytest.mark.parametrize("user", ["2", "manager@demo.test"])
def test_a_start_for_another_user(user: str) -> None:
    """Even an administrator is rejected, before a running timer is checked."""
    stored = account()
    start(stored, person=1)
    for person in (1, 3):
        answer = rejected(get(stored, "timer", NINE, person, **{**START, "user": user}))
        assert answer == ("Logged-in user alone can start timer", 7038, "Permission denied")


@covers("zoho", "Start timer API", "8001Wrong value for parameter")
@pytest.mark.parametrize(
    "change",
    [
        {"user": "nobody"},
        {"user": "99"},
        {"jobId": "99"},
        {"jobId": "-1"},
        {"jobId": "41 "},
        {"projectId": "22"},
        {"projectId": "99"},
        {"billingStatus": "perhaps"},
        {"billingStatus": "2"},
        {"timer": "begin"},
        {"timer": "Start"},
        {"dateFormat": "nonsense"},
        {"workDate": "2026-02-30"},
        {"workDate": "2026-13-01"},
        {"workDate": "30-02-2026", "dateFormat": "dd-MM-yyyy"},
        {"description": "x" * 251},
        {"workItem": "x" * 501},
        {"description": "a\x00b"},
        {"workItem": "\x1b[31m"},
    ],
)
def test_a_wrong_value_in_a_start(change: dict[str, str]) -> None:
    """The message for timers does not name the parameter."""
    assert rejected(get(account(), "timer", NINE, **{**START, **change})) == (NO_START, *WRONG_VALUE)


@covers(
    "zoho",
    "Start timer API",
    "*workDate<date in yyyy-MM-dd/company dateformat><Mandatory>Specify the work date for when "
    "timelog needs to be added",
)
@covers("zoho", "Start timer API", "dateFormat<dateFormat><company's date format>Specify the date format.")
@covers("zoho", "Start timer API", "8002Wrong format for parameter")
@pytest.mark.parametrize(
    ("work_date", "date_format", "company", "booked"),
    [
        ("2026-03-02", "", "yyyy-MM-dd", True),
        ("2026-03-02", "", "dd-MM-yyyy", True),  # yyyy-MM-dd is accepted besides the company's own format
        ("02-03-2026", "", "dd-MM-yyyy", True),
        ("02-Mar-2026", "", "dd-MMM-yyyy", True),
        ("03/02/2026", "", "MM/dd/yyyy", True),
        ("02/03/2026", "dd/MM/yyyy", "MM/dd/yyyy", True),  # what the call names goes first, and alone
        ("2026-03-02", "", "nonsense", True),
        ("02-03-2026", "", "nonsense", False),
        ("2026-03-02", "dd-MM-yyyy", "yyyy-MM-dd", False),
        ("02-03-2026", "", "yyyy-MM-dd", False),
        ("02/03/2026", "", "dd-MM-yyyy", False),
        ("today", "", "yyyy-MM-dd", False),
        ("20260302", "", "yyyy-MM-dd", False),
    ],
)
def test_the_work_date_and_its_format(work_date: str, date_format: str, company: str, *, booked: bool) -> None:
    """It is in the call's ``dateFormat``, or in the company's or yyyy-MM-dd; another form gets another code."""
    stored = account(settings=Settings(date_format=company))
    result = get(stored, "timer", NINE, **{**START, "workDate": work_date, "dateFormat": date_format})
    if booked:
        assert timelog(stored, body_of(result)["result"][0]["timeLogId"]).work_date == date(2026, 3, 2)
    else:
        assert rejected(result) == (NO_START, 8002, "Wrong format for parameter")


def test_a_parameter_of_another_type_has_a_wrong_format() -> None:
    """In a JSON body a number is accepted as an id; any other type is rejected."""
    for value, fits in ((41, True), (41.5, False), ([41], False), ({"id": 41}, False), (True, False)):
        body = msgspec.json.encode({**START, "jobId": value})
        call = Request(method="POST", path=f"{ROOT}/timer", query="authtoken=zoho-token-3", body=body)
        result = send(account(), call, NINE)
        if fits:
            assert result.response.status == 200
        else:
            assert rejected(result) == (NO_START, 8002, "Wrong format for parameter")


@covers(
    "zoho",
    "Start timer API",
    "projectId< projectId>allSpecify the project Id based on which timer needs to be started",
)
@pytest.mark.parametrize("project", ["all", "", "21"])
def test_the_job_must_be_in_the_project(project: str) -> None:
    """The default, "all", accepts any project."""
    stored = account()
    record = timelog(stored, start(stored, projectId=project))
    assert record.job == stored.workspace.jobs["41"]
    assert record.project == stored.workspace.projects["21"]
    assert record.client == stored.workspace.clients["11"]


def test_a_job_without_project_or_client() -> None:
    """Then the timelog has none either, and only the project "all" accepts the job."""
    jobs = (Job(id="43", name="Loose"), Job(id="44", name="Ours", project=Project(id="23", name="Inside")))
    stored = account(jobs=jobs)
    assert rejected(get(stored, "timer", NINE, **{**START, "jobId": "43", "projectId": "21"}))[1] == 8001
    loose = timelog(stored, start(stored, jobId="43"))
    assert (loose.project, loose.client) == (None, None)
    ours = timelog(stored, start(stored, person=5, jobId="44", projectId="23"))
    assert (ours.project, ours.client) == (Project(id="23", name="Inside"), None)


@covers("zoho", "Start timer API", "7038Permission denied")
@pytest.mark.parametrize("job", [Job(id="43", name="Old", active=False), Job(id="43", name="Done", completed=True)])
def test_a_closed_job(job: Job) -> None:
    """A start for a job that is completed or not active is rejected for everybody."""
    result = get(account(jobs=(job,)), "timer", NINE, 1, **{**START, "user": "1", "jobId": "43"})
    assert rejected(result) == (NO_START, 7038, "Permission denied")


@covers(
    "zoho",
    "Start timer API",
    "*billingStatus<billable | non billable | non-billable | nonbillable| all | 0 | 1 | "
    "-1><Mandatory>Specify the billable status",
)
@pytest.mark.parametrize(
    ("sent", "kept_as"),
    [
        ("billable", "billable"),
        ("Billable", "billable"),
        ("1", "billable"),
        ("all", "billable"),
        ("-1", "billable"),
        ("non billable", "nonbillable"),
        ("Non-Billable", "nonbillable"),
        ("nonbillable", "nonbillable"),
        ("NonBillable", "nonbillable"),
        ("0", "nonbillable"),
    ],
)
def test_every_spelling_of_the_billing_status(sent: str, kept_as: str) -> None:
    """Case does not matter; "all" and -1, which are not a status of one timelog, count as billable."""
    stored = account()
    start(stored, billingStatus=sent)
    assert body_of(get(stored, "getcurrentlyrunningtimer", NINE))["result"]["billingStatus"] == kept_as


@covers("zoho", "Start timer API", "description<description>-Specify the description(maximum length is 250)")
@covers("zoho", "Start timer API", "workItem< workItem>-Specify the workitem (maximum length is 500)")
def test_the_maximum_length_of_texts() -> None:
    """250 characters of description and 500 of work item are stored, whatever they are."""
    stored = account()
    record = timelog(stored, start(stored, description="ü" * 250, workItem="<b>&" * 125))
    assert (record.note, record.work_item) == ("ü" * 250, "<b>&" * 125)
    xml = get(stored, "getcurrentlyrunningtimer", NINE, format="xml").response.body
    assert b"&lt;b&gt;&amp;" in xml


@covers("zoho", "Start timer API", "8005Timer is disabled in Settings. Contact your Administrator")
def test_no_start_while_timers_are_disabled() -> None:
    """The setting is checked before all other rules."""
    stored = account(settings=Settings(timer_enabled=False))
    expected = (NO_START, 8005, "Timer is disabled in Settings. Contact your Administrator")
    assert rejected(get(stored, "timer", NINE, **START)) == expected
    assert rejected(get(stored, "timer", NINE, **{**START, "user": "2", "workDate": "2026-03-01"})) == expected


OFF = Settings(
    holidays=(Holiday(date=date(2026, 3, 3)),),
    leaves=(Leave(person="3", first=date(2026, 3, 4), last=date(2026, 3, 5)),),
)


@covers("zoho", "Start timer API", "8008Cannot log time during Weekend/Holidays/Leave")
@pytest.mark.parametrize("work_date", ["2026-03-01", "2026-02-28", "2026-03-03", "2026-03-04", "2026-03-05"])
def test_no_start_on_a_day_off(work_date: str) -> None:
    """The work date must not be on a weekend, on a holiday, or from the first to the last day of a leave."""
    expected = (NO_START, 8008, "Cannot log time during Weekend/Holidays/Leave")
    assert rejected(get(account(settings=OFF), "timer", NINE, **{**START, "workDate": work_date})) == expected


def test_the_order_of_checks_of_a_start() -> None:
    """A day off has a code of its own, so it is checked before a running timer, but after the user."""
    stored = account(settings=OFF)
    start(stored)
    expected = (NO_START, 8008, "Cannot log time during Weekend/Holidays/Leave")
    assert rejected(get(stored, "timer", NINE, **{**START, "workDate": "2026-03-03"})) == expected
    stranger = get(stored, "timer", NINE, **{**START, "workDate": "2026-03-03", "user": "5"})
    assert rejected(stranger) == ("Logged-in user alone can start timer", 7038, "Permission denied")


@pytest.mark.parametrize(
    ("work_date", "person"), [("2026-03-02", 3), ("2026-03-06", 3), ("2026-03-04", 5), ("2026-03-04", 2)]
)
def test_days_of_work(work_date: str, person: int) -> None:
    """A leave concerns one person, and the settings define the days of work."""
    start(account(settings=OFF), person=person, workDate=work_date)
    start(account(settings=replace(OFF, work_days=(7,))), workDate="2026-03-01")


def test_one_running_timer_per_user() -> None:
    """A second start is rejected while a timer is running; paused timers and those of other users do not matter."""
    stored = account()
    first = start(stored)
    assert rejected(get(stored, "timer", NINE, **START)) == (NO_START, *WRONG_VALUE)
    start(stored, person=5)
    get(stored, "timer", NINE + HOUR, timeLogId=first, timer="stop")
    second = start(stored, NINE + HOUR)
    assert second != first
    resumed = get(stored, "timer", NINE + HOUR, timeLogId=first, timer="start")
    assert rejected(resumed) == (NO_RESUME, *WRONG_VALUE)


# ---- pause and resume ----------------------------------------------------------------------------


@covers(
    "zoho",
    "Pause/Resume timer API",
    "*timer<start/stop><Mandatory>Specify the start to resume the timer or stop to pause the timer of the timelog",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer Paused successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    '{ "response": { "message": "Timer resumed successfully", "uri": "/api/timetracker/timer", "status": 0 } }',
)
def test_a_life_of_a_timer() -> None:
    """``stop`` pauses and ``start`` resumes, each with its own message; a gap is a break, not work."""
    stored = account()
    id = start(stored, NINE)
    paused = get(stored, "timer", NINE + HOUR, timeLogId=id, timer="stop")
    assert body_of(paused) == {"message": "Timer Paused successfully", "uri": "/api/timetracker/timer", "status": 0}
    resumed = get(stored, "timer", NINE + 3 * HOUR, timeLogId=id, timer="start")
    assert body_of(resumed) == {"message": "Timer resumed successfully", "uri": "/api/timetracker/timer", "status": 0}
    assert [change.action for change in (*paused.changes, *resumed.changes)] == [Event.PAUSE, Event.RESUME]
    timer = timelog(stored, id).timer
    assert pc.worked_at(timer, NINE + 4 * HOUR) == 2 * HOUR
    assert pc.break_at(timer, NINE + 4 * HOUR) == 2 * HOUR


@covers("zoho", "Pause/Resume timer API", "*timeLogId< timeLogId ><Mandatory>Specify the timelog id")
@covers("zoho", "Pause/Resume timer API", "Error in pausing the timer")
@covers("zoho", "Pause/Resume timer API", "Error in restarting the timer")
@covers("zoho", "Pause/Resume timer API", "8000No parameter specified")
@pytest.mark.parametrize(("timer", "message"), [("stop", NO_PAUSE), ("start", NO_START)])
def test_a_pause_needs_a_timelog(timer: str, message: str) -> None:
    """Without ``timeLogId``, ``stop`` is an incomplete pause and ``start`` an incomplete new timer."""
    assert rejected(get(account(), "timer", NINE, timer=timer)) == (message, 8000, "No parameter specified")
    assert rejected(get(account(), "timer", NINE, timer=timer, timeLogId="")) == (
        message,
        8000,
        "No parameter specified",
    )


def test_a_resume_needs_the_timer_parameter() -> None:
    """A call with only a timelog is rejected."""
    stored = account()
    id = start(stored)
    assert rejected(get(stored, "timer", NINE, timeLogId=id)) == (NO_RESUME, 8000, "No parameter specified")


@covers("zoho", "Pause/Resume timer API", "Error in pausing the timer")
@covers("zoho", "Pause/Resume timer API", "Error in restarting the timer")
@covers("zoho", "Pause/Resume timer API", "8001Wrong value for parameter")
@pytest.mark.parametrize(("timer", "message"), [("stop", NO_PAUSE), ("start", NO_RESUME), ("pause", NO_RESUME)])
def test_a_wrong_value_in_a_pause_or_resume(timer: str, message: str) -> None:
    """An unknown timelog and an unknown value of ``timer`` are rejected."""
    for id in ("1", "-1", "f00", "9" * 40):
        assert rejected(get(account(), "timer", NINE, timeLogId=id, timer=timer)) == (message, *WRONG_VALUE)


@covers("zoho", "Pause/Resume timer API", "8001Wrong value for parameter")
@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.STOPPED])
@pytest.mark.parametrize(
    ("timer", "event", "message"), [("stop", Event.PAUSE, NO_PAUSE), ("start", Event.RESUME, NO_RESUME)]
)
def test_the_table_decides_which_events_are_legal(state: State, timer: str, event: Event, message: str) -> None:
    """A pause of a paused timer and a resume of a running one are wrong values and change nothing."""
    record = ZohoTimer(id="7", timer=replace(pc.start(NINE), state=state), person=account().workspace.people["3"])
    stored = account(record)
    result = get(stored, "timer", NINE, timeLogId="7", timer=timer)
    if (state, event) in pc.TRANSITIONS:
        assert result.response.status == 200
        assert timelog(stored, "7").timer.state is pc.TRANSITIONS[state, event]
    else:
        assert rejected(result) == (message, *WRONG_VALUE)
        assert timelog(stored, "7") == record


@covers("zoho", "Pause/Resume timer API", "Error in starting timer.Logged-in user alone can start timer")
@covers("zoho", "Pause/Resume timer API", "Error in pausing timer.Logged-in user alone can start timer")
@pytest.mark.parametrize(
    ("timer", "message"),
    [
        ("stop", "Error in pausing timer.Logged-in user alone can start timer"),
        ("start", "Error in starting timer.Logged-in user alone can start timer"),
    ],
)
def test_no_access_to_timers_of_other_users(timer: str, message: str) -> None:
    """Even administrators and managers are rejected, in every state of the timer."""
    stored = account()
    id = start(stored)
    for person in (1, 2, 5):
        assert rejected(get(stored, "timer", NINE, person, timeLogId=id, timer=timer)) == (message, *WRONG_VALUE)


@covers("zoho", "Pause/Resume timer API", "8005Timer is disabled in Settings. Contact your Administrator")
def test_a_pause_while_timers_are_disabled() -> None:
    """The setting never traps a running timer: it can be paused, but not resumed."""
    stored = account()
    id = start(stored)
    stored = account(timelog(stored, id), settings=Settings(timer_enabled=False))
    assert get(stored, "timer", NINE + HOUR, timeLogId=id, timer="stop").response.status == 200
    expected = (NO_RESUME, 8005, "Timer is disabled in Settings. Contact your Administrator")
    assert rejected(get(stored, "timer", NINE + HOUR, timeLogId=id, timer="start")) == expected


@covers("zoho", "Pause/Resume timer API", "8008Cannot log time during Weekend/Holidays/Leave")
def test_a_pause_on_a_day_off() -> None:
    """On a day that has become a holiday a timer can be paused, but not resumed."""
    stored = account()
    id = start(stored)
    stored = account(timelog(stored, id), settings=Settings(holidays=(Holiday(date=date(2026, 3, 2)),)))
    assert get(stored, "timer", NINE + HOUR, timeLogId=id, timer="stop").response.status == 200
    expected = (NO_RESUME, 8008, "Cannot log time during Weekend/Holidays/Leave")
    assert rejected(get(stored, "timer", NINE + HOUR, timeLogId=id, timer="start")) == expected


@pytest.mark.parametrize("running", [False, True])
def test_the_order_of_checks_of_a_resume(*, running: bool) -> None:
    """If a resume breaks several rules, the day off is reported."""
    stored = account()
    friday = pc.instant("2026-03-06T08:00:00Z")
    id = start(stored, friday, workDate="2026-03-06")
    get(stored, "timer", friday + HOUR, timeLogId=id, timer="stop")
    if running:
        start(stored, friday + HOUR, workDate="2026-03-06")
    expected = (NO_RESUME, 8008, "Cannot log time during Weekend/Holidays/Leave")
    assert rejected(get(stored, "timer", friday + 24 * HOUR, timeLogId=id, timer="start")) == expected
    assert rejected(get(stored, "timer", friday + 72 * HOUR, timeLogId=id, timer="start")) == (NO_RESUME, *WRONG_VALUE)


def test_a_resume_checks_the_work_date() -> None:
    """Work done on Saturday but booked on Friday is started and resumed on Saturday."""
    stored = account()
    saturday = pc.instant("2026-03-07T08:00:00Z")
    id = start(stored, saturday, workDate="2026-03-06")
    get(stored, "timer", saturday + HOUR, timeLogId=id, timer="stop")
    assert get(stored, "timer", saturday + 2 * HOUR, timeLogId=id, timer="start").response.status == 200


@pytest.mark.parametrize(
    ("resumed", "allowed"),
    [("2026-03-02T22:59:59Z", True), ("2026-03-02T23:00:00Z", False), ("2026-03-03T08:00:00Z", False)],
)
def test_a_timer_is_resumed_on_the_day_of_its_start(resumed: str, *, allowed: bool) -> None:
    """The product's FAQ: "for only current day", which ends at midnight in the account's zone; a pause has no limit."""
    stored = account()
    id = start(stored)
    get(stored, "timer", NINE + HOUR, timeLogId=id, timer="stop")
    result = get(stored, "timer", pc.instant(resumed), timeLogId=id, timer="start")
    if allowed:
        assert result.response.status == 200
        assert get(stored, "timer", NINE + 40 * HOUR, timeLogId=id, timer="stop").response.status == 200
    else:
        assert rejected(result) == (NO_RESUME, *WRONG_VALUE)


def test_a_resume_on_a_date_that_occurs_twice() -> None:
    """In St. John's the clock went from 00:01 on Sunday back to 23:01 on Saturday: a timer of Sunday has to wait."""
    stored = MemoryAccount(replace(account(settings=Settings(work_days=(6, 7))).workspace, zone="America/St_Johns"))
    id = start(stored, pc.instant("2006-10-29T00:00:20-02:30"), workDate="2006-10-29")
    get(stored, "timer", pc.instant("2006-10-29T00:00:40-02:30"), timeLogId=id, timer="stop")
    saturday = get(stored, "timer", pc.instant("2006-10-28T23:30:00-03:30"), timeLogId=id, timer="start")
    assert rejected(saturday) == (NO_RESUME, *WRONG_VALUE)
    assert (
        get(stored, "timer", pc.instant("2006-10-29T00:00:00-03:30"), timeLogId=id, timer="start").response.status
        == 200
    )


@pytest.mark.parametrize("timer", ["stop", "start"])
def test_a_clock_that_was_ahead(timer: str) -> None:
    """An instant before the timer's last event is replaced by that event's."""
    state = State.RUNNING if timer == "stop" else State.PAUSED
    record = ZohoTimer(id="7", timer=replace(pc.start(NINE), state=state), person=account().workspace.people["3"])
    stored = account(record)
    assert get(stored, "timer", NINE - HOUR, timeLogId="7", timer=timer).response.status == 200
    assert timelog(stored, "7").timer.since == NINE


def test_an_instant_without_a_local_date() -> None:
    """In the last hour of 9999 Berlin has no date: calls are rejected as unavailable, except a pause."""
    stored = account()
    last = pc.instant("9999-12-31T23:30:00Z")
    id = start(stored, last)
    shown = get(stored, "getcurrentlyrunningtimer", last)
    assert shown.response.status == 503
    assert rejected(shown)[1:] == (503, "The service is not available")
    assert get(stored, "timer", NINE, timeLogId=id, timer="stop").response.status == 200
    resumed = get(stored, "timer", NINE, timeLogId=id, timer="start")
    assert rejected(resumed) == (NO_RESUME, 503, "The service is not available")
    assert timelog(stored, id).timer == replace(pc.start(last), state=State.PAUSED)


def test_every_instant_is_floored_before_the_transition() -> None:
    """With half seconds of work and break, whole seconds are stored, and they add up to the elapsed time."""
    stored = account()
    id = start(stored, NINE + 900_000)
    for half in range(1, 8):
        word = "stop" if half % 2 else "start"
        get(stored, "timer", NINE + 900_000 + half * 500_000, timeLogId=id, timer=word)
    timer = timelog(stored, id).timer
    assert (timer.started_at, timer.since, timer.worked) == (NINE, NINE + 4 * SECOND, 4 * SECOND)


# ---- the three limits ----------------------------------------------------------------------------

ATTENDANCE = "Cannot log time beyond attendance hours"
STARTING = "Error in adding/modifying Timelog.Logged Hours is greater than "
PAUSING = "Error in pausing the Timer.Logged Hours is greater than "
RESUMING = "Error in restarting the Timer.Logged Hours is greater than "
BILLABLE = "maximum billable hours allowed per day"
ESTIMATED = "Estimated hours"

LIMITS = [
    (Settings(attendance_hours=2), "41", (ATTENDANCE, ATTENDANCE, ATTENDANCE)),
    (Settings(max_billable_hours=2), "41", (STARTING + BILLABLE, PAUSING + BILLABLE, RESUMING + BILLABLE)),
    (Settings(), "43", (STARTING + ESTIMATED, PAUSING + ESTIMATED, RESUMING + ESTIMATED)),
]
SHORT = Job(id="43", name="Short", estimate=2)


@covers("zoho", "Start timer API", "Cannot log time beyond attendance hours")
@covers(
    "zoho",
    "Start timer API",
    "Error in adding/modifying Timelog.Logged Hours is greater than maximum billable hours allowed per day",
)
@covers("zoho", "Start timer API", "Error in adding/modifying Timelog.Logged Hours is greater than Estimated hours")
@covers("zoho", "Pause/Resume timer API", "Cannot log time beyond attendance hours")
@covers(
    "zoho",
    "Pause/Resume timer API",
    "Error in restarting the Timer.Logged Hours is greater than maximum billable hours allowed per day",
)
@covers(
    "zoho",
    "Pause/Resume timer API",
    "Error in pausing the Timer.Logged Hours is greater than maximum billable hours allowed per day",
)
@covers("zoho", "Pause/Resume timer API", "Error in restarting the Timer.Logged Hours is greater than Estimated hours")
@covers("zoho", "Pause/Resume timer API", "Error in pausing the Timer.Logged Hours is greater than Estimated hours")
@pytest.mark.parametrize(("settings", "job", "messages"), LIMITS)
def test_the_three_limits(settings: Settings, job: str, messages: tuple[str, str, str]) -> None:
    """Two hours may be logged, to the second. Then starts, resumes and pauses with more work are rejected."""
    starting, pausing, resuming = messages
    stored = account(settings=settings, jobs=(SHORT,))
    id = start(stored, NINE, jobId=job)
    late = get(stored, "timer", NINE + 2 * HOUR + SECOND, timeLogId=id, timer="stop")
    assert rejected(late) == (pausing, *WRONG_VALUE)
    assert timelog(stored, id).timer.state is State.RUNNING

    assert get(stored, "timer", NINE + 2 * HOUR, timeLogId=id, timer="stop").response.status == 200
    assert rejected(get(stored, "timer", NINE + 3 * HOUR, timeLogId=id, timer="start")) == (resuming, *WRONG_VALUE)
    assert rejected(get(stored, "timer", NINE + 3 * HOUR, **{**START, "jobId": job})) == (starting, *WRONG_VALUE)


@pytest.mark.parametrize(("settings", "job", "messages"), LIMITS)
def test_one_second_below_a_limit(settings: Settings, job: str, messages: tuple[str, str, str]) -> None:
    """With one second left before the limit, one more second can be logged."""
    stored = account(settings=settings, jobs=(SHORT,))
    id = start(stored, NINE, jobId=job)
    begun = NINE + 2 * HOUR - SECOND
    for word, at in (("stop", begun), ("start", begun), ("stop", begun + SECOND)):
        assert get(stored, "timer", at, timeLogId=id, timer=word).response.status == 200
    assert rejected(get(stored, "timer", begun + SECOND, **{**START, "jobId": job}))[0] == messages[0]


@pytest.mark.parametrize(("settings", "job", "messages"), LIMITS)
def test_limits_are_exact_to_the_microsecond(settings: Settings, job: str, messages: tuple[str, str, str]) -> None:
    """Timelogs from other sources may contain fractions of a second, and these count."""
    workspace = account(jobs=(SHORT,)).workspace
    for fraction, within in ((0, True), (1, False)):
        timer = Timer(State.RUNNING, NINE - HOUR, NINE, fraction)
        record = ZohoTimer(
            id="7", timer=timer, person=workspace.people["3"], job=workspace.jobs[job], work_date=date(2026, 3, 2)
        )
        paused = get(
            account(record, settings=settings, jobs=(SHORT,)), "timer", NINE + 2 * HOUR, timeLogId="7", timer="stop"
        )
        assert (paused.response.status == 200) == within
        if not within:
            assert rejected(paused) == (messages[1], *WRONG_VALUE)


def test_hours_of_a_day_are_per_person_and_work_date() -> None:
    """Timelogs of a day add up; those of another work date or person do not count, whatever the local date is."""
    stored = account(settings=Settings(attendance_hours=2, work_days=(1, 2, 3, 4, 5, 6, 7)))
    for person, work_date in ((3, "2026-03-02"), (3, "2026-03-03"), (5, "2026-03-02")):
        id = start(stored, NINE, person, workDate=work_date)
        get(stored, "timer", NINE + HOUR, person, timeLogId=id, timer="stop")
    id = start(stored, NINE + HOUR)
    assert rejected(get(stored, "timer", NINE + 2 * HOUR + SECOND, timeLogId=id, timer="stop"))[0] == ATTENDANCE
    assert get(stored, "timer", NINE + 2 * HOUR, timeLogId=id, timer="stop").response.status == 200
    start(stored, NINE + 2 * HOUR, workDate="2026-03-03")


def test_only_billable_hours_count_as_billable() -> None:
    """Work that is not billable does not count towards the billable hours and is not limited by them."""
    stored = account(settings=Settings(max_billable_hours=2))
    free = start(stored, NINE, billingStatus="nonbillable")
    assert get(stored, "timer", NINE + 5 * HOUR, timeLogId=free, timer="stop").response.status == 200
    billed = start(stored, NINE + 5 * HOUR)
    get(stored, "timer", NINE + 7 * HOUR, timeLogId=billed, timer="stop")
    assert rejected(get(stored, "timer", NINE + 7 * HOUR, **START))[0] == STARTING + BILLABLE
    assert get(stored, "timer", NINE + 7 * HOUR, timeLogId=free, timer="start").response.status == 200
    assert timelog(stored, free).billing_status is BillingStatus.NONBILLABLE


def test_everybodys_hours_count_against_the_estimate() -> None:
    """This includes the hours of running timers: an estimate is for the whole job."""
    stored = account()
    first = start(stored, NINE, jobId="42")
    start(stored, NINE, person=5, jobId="42")
    id = start(stored, NINE + HOUR, person=2, jobId="42")
    over = get(stored, "timer", NINE + 3 * HOUR + SECOND, 2, timeLogId=id, timer="stop")
    assert rejected(over)[0] == PAUSING + ESTIMATED  # 3 + 3 + 2 hours
    assert get(stored, "timer", NINE + 3 * HOUR, timeLogId=first, timer="stop").response.status == 200
    start(stored, NINE + 30 * HOUR, jobId="41", workDate="2026-03-03")  # another job has its own


# ---- comments ------------------------------------------------------------------------------------

COMMENT_CALLS = [
    ("getcomments", {"timeLogId": "1001"}, "Error in getting comments"),
    ("addcomment", {"timeLogId": "1001", "comment": "Hello"}, "Error in adding comments"),
    ("deletecomment", {"commentId": "1003"}, "Error in deleting comment"),
]


@covers("zoho", "Get comments for timer API", "*timeLogId<timeLogId><Mandatory>Specify the timeLogId")
@covers("zoho", "Get comments for timer API", "8000No <param_name> specified")
@covers("zoho", "Add comment for timer API", "*timeLogId<timeLogId><Mandatory>Specify the timeLogId")
@covers("zoho", "Add comment for timer API", "*comment<comment><Mandatory>Specify the comment")
@covers("zoho", "Add comment for timer API", "8000No <param_name> specified")
@covers("zoho", "Delete comment for timer API", "*commentId<commentId><Mandatory>Specify the commentId to delete")
@covers("zoho", "Delete comment for timer API", "8000No <param_name> specified")
@pytest.mark.parametrize(("call", "sent", "message"), COMMENT_CALLS)
def test_a_missing_parameter_of_a_comment_call(call: str, sent: dict[str, str], message: str) -> None:
    """Each mandatory parameter is named."""
    for missing in sent:
        given_ = {name: value for name, value in sent.items() if name != missing}
        assert rejected(get(account(), call, NINE, **given_)) == (message, 8000, f"No {missing} specified")


@covers("zoho", "Get comments for timer API", "8001Wrong value for <param_name>")
@covers("zoho", "Add comment for timer API", "8001Wrong value for <param_name>")
@covers("zoho", "Delete comment for timer API", "8001Wrong value for <param_name>")
@pytest.mark.parametrize(("call", "sent", "message"), COMMENT_CALLS)
def test_a_wrong_value_in_a_comment_call(call: str, sent: dict[str, str], message: str) -> None:
    """An unknown timelog or comment and that of another user are rejected alike, even for an administrator."""
    name = next(iter(sent))
    expected = (message, 8001, f"Wrong value for {name}")
    assert rejected(get(account(), call, NINE, **sent)) == expected

    stored = account()
    assert start(stored) == "1001"
    assert get(stored, "addcomment", NINE, timeLogId="1001", comment="Mine").response.status == 200
    for person in (1, 5):
        assert rejected(get(stored, call, NINE, person, **sent)) == expected
    assert get(stored, call, NINE, **sent).response.status == 200


def test_control_characters_in_a_comment() -> None:
    """A comment with control characters is a wrong value."""
    stored = account()
    id = start(stored)
    answer = rejected(get(stored, "addcomment", NINE, timeLogId=id, comment="\x07"))
    assert answer == ("Error in adding comments", 8001, "Wrong value for comment")


@covers("zoho", "Add comment for timer API", "This API is used to add comments for the running timer .")
@covers("zoho", "Add comment for timer API", "8005Comments can be added only when the timer is running")
def test_comments_are_added_only_while_the_timer_runs() -> None:
    """Comments of a paused timer can be read and deleted, but not added."""
    stored = account()
    id = start(stored)
    get(stored, "addcomment", NINE, timeLogId=id, comment="Hello")
    get(stored, "timer", NINE + HOUR, timeLogId=id, timer="stop")
    expected = ("Error in adding comments", 8005, "Comments can be added only when the timer is running")
    assert rejected(get(stored, "addcomment", NINE + HOUR, timeLogId=id, comment="Late")) == expected
    (comment,) = body_of(get(stored, "getcomments", NINE + HOUR, timeLogId=id))["result"]
    assert comment["comment"] == "Hello"
    get(stored, "deletecomment", NINE + HOUR, commentId=comment["commentId"])
    assert body_of(get(stored, "getcomments", NINE + HOUR, timeLogId=id))["result"] == []


def test_comments_are_ordered_and_do_not_change_the_timer() -> None:
    """They are listed oldest first, each with its own time and a unique id."""
    stored = account()
    other, id = start(stored, person=5), start(stored)
    before = timelog(stored, id)
    added = [
        body_of(get(stored, "addcomment", NINE + n * HOUR, timeLogId=id, comment=f"No. {n}"))["result"][0]["commentId"]
        for n in range(3)
    ]
    assert len({*added, id, other, before.timer_id}) == 6
    get(stored, "deletecomment", NINE, commentId=added[1])
    shown = body_of(get(stored, "getcomments", NINE, timeLogId=id))["result"]
    assert [each["commentId"] for each in shown] == [added[0], added[2]]
    assert [each["createdTime"] for each in shown] == ["02-03-2026 , 09:00:00", "02-03-2026 , 11:00:00"]
    assert replace(timelog(stored, id), comments=()) == before
    again = body_of(get(stored, "addcomment", NINE, timeLogId=id, comment="New"))["result"][0]["commentId"]
    assert again not in {*added, id, other}


# ---- the running timer ---------------------------------------------------------------------------


@covers("zoho", "Get currently running timer API", "This API is used to get the currently running timer.")
def test_the_running_timer_is_the_callers_own() -> None:
    """Each user sees only their own running timer, and no paused one."""
    stored = account()
    mine, theirs = start(stored), start(stored, person=5, jobId="42")
    shown = [body_of(get(stored, "getcurrentlyrunningtimer", NINE, person)).get("result") for person in (3, 5, 1)]
    assert [each and (each["timelogId"], each["employeename"], each["jobName"]) for each in shown] == [
        (mine, "resource", "UI designing"),
        (theirs, "test", "Testing"),
        None,
    ]
    get(stored, "timer", NINE, timeLogId=mine, timer="stop")
    assert "result" not in body_of(get(stored, "getcurrentlyrunningtimer", NINE))


def test_the_date_format_of_the_running_timer() -> None:
    """It is yyyy-MM-dd by default, whatever the company's is; an invalid format is a wrong value."""
    stored = account(settings=Settings(date_format="MM/dd/yyyy"))
    call = "getcurrentlyrunningtimer"
    expected = ("Error in fetching Running Timer information", *WRONG_VALUE)
    assert rejected(get(stored, call, NINE, dateFormat="nonsense")) == expected
    start(stored)
    assert rejected(get(stored, call, NINE, dateFormat="nonsense")) == expected
    assert body_of(get(stored, call, NINE))["result"]["workDate"] == "2026-03-02"
    assert body_of(get(stored, call, NINE, dateFormat="dd-MMM-yyyy"))["result"]["workDate"] == "02-Mar-2026"


LIFE = st.lists(
    st.tuples(st.sampled_from(["stop", "start", "getcurrentlyrunningtimer", "addcomment"]), st.integers(0, 4_000)),
    max_size=15,
)


@given(life=LIFE, begin=st.integers(0, 10_000_000))
def test_the_running_timer_through_any_life(life: list[tuple[str, int]], begin: int) -> None:
    """At every step of any life within a day the response agrees with the machine."""
    stored = account(settings=Settings(work_days=(1, 2, 3, 4, 5, 6, 7)))
    at = NINE + begin
    id = start(stored, at)
    timer = pc.start(at - at % SECOND)
    for call, gap in life:
        at += gap * 250_000
        floored = at - at % SECOND
        if call in ("stop", "start"):
            event = Event.PAUSE if call == "stop" else Event.RESUME
            legal = (timer.state, event) in pc.TRANSITIONS
            assert (get(stored, "timer", at, timeLogId=id, timer=call).response.status == 200) == legal
            timer = pc.transition(timer, event, floored) if legal else timer
        elif call == "addcomment":
            get(stored, call, at, timeLogId=id, comment="Still here")
        else:
            result = body_of(get(stored, call, at)).get("result")
            assert (result is not None) == (timer.state is State.RUNNING)
            if result is not None:
                assert (result["totaltime"] + result["diff"]) * SECOND == worked_at(timer, floored)
        assert timelog(stored, id).timer == timer


# ---- the tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation", [*OPERATIONS, None], ids=lambda operation: operation.name if operation else "none"
)
@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_an_error_in_every_call(operation: object, rule: Rule) -> None:
    """For each rule and call there are two messages, a code and an error status."""
    row = next((each for each in OPERATIONS if each is operation), None)
    for field in ("", "timeLogId", "{}", "\x00"):
        rejection = reject(RuleViolation(rule, field), row)
        assert rejection.message
        assert rejection.detail
        assert "{" not in rejection.message
        assert 400 <= rejection.status < 600
        assert rejection.vendor_code > 0


@pytest.mark.parametrize(
    ("rule", "status", "code", "message"),
    [
        (Rule.CREDENTIALS, 401, 7202, "Invalid Authtoken"),
        (Rule.PATH, 404, 404, "The call does not exist"),
        (Rule.METHOD, 405, 405, "The call does not accept this method"),
        (Rule.TOO_LARGE, 413, 413, "The request is too large"),
        (Rule.TOO_FAST, 429, 429, "Too many requests"),
        (Rule.QUOTA, 429, 429, "The daily quota is used up"),
        (Rule.UNAVAILABLE, 503, 503, "The service is not available"),
    ],
)
def test_rejections_before_the_call_is_known(rule: Rule, status: int, code: int, message: str) -> None:
    """For every call the code is HTTP's own, except for an invalid token."""
    for row in (*OPERATIONS, None):
        rejection = reject(RuleViolation(rule), row)
        assert (rejection.status, rejection.vendor_code, rejection.message) == (status, code, message)
        assert rejection.detail == (MESSAGES[row.name][None] if row else message)


def test_every_call_has_its_messages() -> None:
    """The tables of messages and errors have exactly the existing calls, and the dialect binds only existing calls."""
    names = {operation.name for operation in OPERATIONS}
    assert set(MESSAGES) == set(ERRORS) == names
    assert {move.operation for move in DIALECT.bindings} <= names
    assert DIALECT.events == {Event.START, Event.PAUSE, Event.RESUME}
    assert DIALECT.resolution == SECOND
