"""Zoho People's payloads: the page's samples, seconds of the day, comments, dates, and round trips."""

from __future__ import annotations

import math
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from pages import covers
from punchclock import State, Timer
from punchclock.calendar import seconds_of_day
from punchclock.units import HOUR, SECOND
from punchclock.vendors import MalformedPayload
from punchclock.vendors.workspace import Job, Person
from punchclock.vendors.zoho import BillingStatus, Comment, ZohoTimer, parse, serialize
from punchclock.vendors.zoho.dates import InvalidDate, UnknownDateFormat, check_format, read_date, write_date
from punchclock.vendors.zoho.wire import comment_element, read_comment
from zoho_demo import NINE, ZONE, sentences

RUNNING = "Get currently running timer API"

#: The start of the segment that both samples show: 60001 seconds of the day, which is 16:40:01 local time.
SEGMENT = pc.instant("2019-04-06T14:40:01Z")

SAMPLE = ZohoTimer(
    id="492688000000821095",
    timer=Timer(State.RUNNING, SEGMENT - 14_495 * SECOND, SEGMENT, 14_495 * SECOND),
    person=Person(id="492688000000142191", name="Christine Spalding"),
    job=Job(id="492688000000790013", name="UI designing"),
    work_date=date(2019, 4, 6),
    timer_id="492688000000820013",
)


def canonical(document: str | bytes) -> str:
    """A document without what XML leaves to the writer."""
    text = document.decode() if isinstance(document, bytes) else document
    return ET.canonicalize(text, strip_text=True)


def result_of(payload: bytes) -> dict[str, Any]:
    """The running timer in a payload."""
    result: dict[str, Any] = msgspec.json.decode(payload)["response"]["result"]
    return result


# ---- the samples ---------------------------------------------------------------------------------


@covers(
    "zoho",
    "Get currently running timer API",
    '"message": "Running Timer information fetched successfully", "uri": '
    '"/api/timetracker/getcurrentlyrunningtimer", "status": 0',
)
@covers(
    "zoho",
    "Get currently running timer API",
    '{ "response": { "result": { "jobName": "UI designing", "date": 60574, "hours": 241, '
    '"erecno": "492688000000142191", "diff": 573, "billingStatus": "billable", "timerId": '
    '"492688000000820013", "jobId": "492688000000790013", "workDate": "2019-04-06", '
    '"totaltime": 14495, "isRunning": true, "timelogId": "492688000000821095", "fromTime": '
    '60001, "taskName": "", "jobIsActive": true, "employeename": "Christine Spalding", '
    '"isCompleted": 0 }, "message": "Running Timer information fetched successfully", "uri": '
    '"/api/timetracker/getcurrentlyrunningtimer", "status": 0 } }',
)
def test_the_json_sample_is_written_from_a_record() -> None:
    """573 seconds into the segment `serialize` writes the page's JSON sample, with the same order and types."""
    (sample,) = sentences(RUNNING, '{ "response": { "result": { "jobName"')
    written = serialize(SAMPLE, SEGMENT + 573 * SECOND, ZONE)
    assert msgspec.json.format(written, indent=0) == msgspec.json.format(sample.encode(), indent=0)


@covers(
    "zoho",
    "Get currently running timer API",
    '<?xml version="1.0" encoding="UTF-8"?> <response '
    'uri="/api/timetracker/getcurrentlyrunningtimer"> <status>0</status> <message>Running '
    "Timer information fetched successfully</message> <result> <timer> <date>60635</date> "
    "<hours>241</hours> <jobName>UI designing</jobName> <erecno>492688000000142191</erecno> "
    "<diff>634</diff> <billingStatus>billable</billingStatus> "
    "<timerId>492688000000820013</timerId> <jobId>492688000000790013</jobId> "
    "<workDate>2019-04-06</workDate> <totaltime>14495</totaltime> <isRunning>true</isRunning> "
    "<timelogId>492688000000821095</timelogId> <fromTime>60001</fromTime> "
    "<taskName></taskName> <jobIsActive>true</jobIsActive> <employeename>amutha</employeename> "
    "<isCompleted>0</isCompleted> </timer> </result> </response>",
)
def test_the_xml_sample_is_written_from_the_same_record() -> None:
    """61 seconds later it writes the page's XML sample: another order, a ``uri`` attribute, a ``timer`` element."""
    (sample,) = sentences(RUNNING, "<?xml")
    renamed = replace(SAMPLE, person=replace(SAMPLE.person, name="amutha"))  # the page's only other difference
    written = serialize(renamed, SEGMENT + 634 * SECOND, ZONE, xml=True)
    assert written.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert canonical(written) == canonical(sample)


def test_both_samples_read_back_as_one_record() -> None:
    """The two samples, 61 seconds apart, contain the same timer."""
    (as_json,) = sentences(RUNNING, '{ "response": { "result": { "jobName"')
    (as_xml,) = sentences(RUNNING, "<?xml")
    assert parse(as_json, SEGMENT + 573 * SECOND, ZONE) == SAMPLE
    read = parse(as_xml, SEGMENT + 634 * SECOND, ZONE)
    assert read == replace(SAMPLE, person=replace(SAMPLE.person, name="amutha"))


@covers("zoho", "Get currently running timer API", '"date": < current time (in secs) >,')
@covers("zoho", "Get currently running timer API", '"hours": < hours in mins >,')
@covers(
    "zoho",
    "Get currently running timer API",
    '"diff": < difference (in secs) between timer start time & current time >,',
)
@covers(
    "zoho",
    "Get currently running timer API",
    '"totaltime": < total hours(in sec) logged for the timelog whose timer is running >,',
)
@covers("zoho", "Get currently running timer API", '"fromTime": < running timer\'s start time in sec >,')
def test_what_the_three_numbers_mean() -> None:
    """``totaltime`` is the work before the segment, ``hours`` its whole minutes, and ``diff`` the segment's length."""
    for elapsed in (0, 1, 573, 634, 3_599):
        result = result_of(serialize(SAMPLE, SEGMENT + elapsed * SECOND, ZONE))
        assert (result["totaltime"], result["hours"]) == (14_495, 241)
        assert (result["date"], result["fromTime"], result["diff"]) == (60_001 + elapsed, 60_001, elapsed)
        worked = pc.worked_at(SAMPLE.timer, SEGMENT + elapsed * SECOND)
        assert worked == (result["totaltime"] + result["diff"]) * SECOND


@covers("zoho", "Get currently running timer API", '"jobName": < job name >')
@covers("zoho", "Get currently running timer API", '"erecno": < erecno >,')
@covers("zoho", "Get currently running timer API", '"billingStatus": < billable | nonbillable >')
@covers("zoho", "Get currently running timer API", '"timerId": < currently running timer\'s id >,')
@covers("zoho", "Get currently running timer API", '"jobId": < jobId >,')
@covers("zoho", "Get currently running timer API", '"workDate": < date in yyyy-mm-dd >,')
@covers("zoho", "Get currently running timer API", '"isRunning": true,')
@covers("zoho", "Get currently running timer API", '"timelogId": < timelog id containing the running timer >,')
@covers("zoho", "Get currently running timer API", '"taskName": < workitem >,')
@covers("zoho", "Get currently running timer API", '"employeename": < employee name >,')
def test_every_field_of_the_running_timer() -> None:
    """Each field has the meaning that the page gives it."""
    record = replace(
        SAMPLE,
        job=Job(id="42", name="Testing", active=False, completed=True),
        billing_status=BillingStatus.NONBILLABLE,
        work_item="Login page",
    )
    result = result_of(serialize(record, SEGMENT, ZONE, date_format="dd-MMM-yyyy"))
    assert result == {
        "jobName": "Testing",
        "date": 60_001,
        "hours": 241,
        "erecno": "492688000000142191",
        "diff": 0,
        "billingStatus": "nonbillable",
        "timerId": "492688000000820013",
        "jobId": "42",
        "workDate": "06-Apr-2019",
        "totaltime": 14_495,
        "isRunning": True,
        "timelogId": "492688000000821095",
        "fromTime": 60_001,
        "taskName": "Login page",
        "jobIsActive": False,
        "employeename": "Christine Spalding",
        "isCompleted": 1,
    }
    assert result_of(serialize(record, SEGMENT, ZONE))["workDate"] == "2019-04-06"


@covers(
    "zoho",
    "Get currently running timer API",
    '"result": { (Note: This key exists only when there is a timer running currently)',
)
@pytest.mark.parametrize("state", [State.PAUSED, State.STOPPED, State.IDLE])
def test_a_timer_that_is_not_running_has_no_result(state: State) -> None:
    """Without a running timer the key is absent, in JSON and in XML; the rest does not change."""
    record = replace(SAMPLE, timer=replace(SAMPLE.timer, state=state))
    body = msgspec.json.decode(serialize(record, SEGMENT, ZONE))["response"]
    assert body == {
        "message": "Running Timer information fetched successfully",
        "uri": "/api/timetracker/getcurrentlyrunningtimer",
        "status": 0,
    }
    assert b"<result" not in serialize(record, SEGMENT, ZONE, xml=True)
    for xml in (False, True):
        with pytest.raises(MalformedPayload, match="no timer is running"):
            parse(serialize(record, SEGMENT, ZONE, xml=xml), SEGMENT, ZONE)


def test_unset_fields_are_blank() -> None:
    """Without a job and a work date their fields are blank, and they are read back as ``None``."""
    record = ZohoTimer(timer=pc.start(NINE))
    result = result_of(serialize(record, NINE))
    assert (result["jobId"], result["jobName"], result["workDate"], result["jobIsActive"]) == ("", "", "", True)
    assert parse(serialize(record, NINE), NINE) == record


def test_a_read_before_the_last_event() -> None:
    """Reading clamps: no number is ever negative."""
    assert serialize(SAMPLE, SEGMENT - HOUR, ZONE) == serialize(SAMPLE, SEGMENT, ZONE)


def test_fractions_of_a_second_are_floored() -> None:
    """For a timer with fractions ``date`` less ``fromTime`` is still ``diff``, since all instants are floored."""
    record = ZohoTimer(timer=pc.start(NINE + 900_000))
    result = result_of(serialize(record, NINE + 2_100_000, ZONE))
    assert result["date"] - result["fromTime"] == result["diff"] == 2


# ---- seconds of the day --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("began", "now", "from_time", "shown", "diff"),
    [
        # Over midnight the two start again from 0; diff does not.
        ("2026-03-02T23:59:00+01:00", "2026-03-03T00:01:00+01:00", 86_340, 60, 120),
        ("2026-03-02T12:00:00+01:00", "2026-03-04T12:00:00+01:00", 43_200, 43_200, 172_800),
        # The clock goes forward at 02:00: two on its face are one that has passed.
        ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", 5_400, 12_600, 3_600),
        # The clock goes back at 03:00: none on its face is one that has passed.
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 9_000, 9_000, 3_600),
        ("2026-10-25T02:45:00+02:00", "2026-10-25T02:15:00+01:00", 9_900, 8_100, 1_800),
    ],
)
def test_midnight_and_clock_changes(began: str, now: str, from_time: int, shown: int, diff: int) -> None:
    """``date`` and ``fromTime`` are local times and ``diff`` is elapsed time; all three are read back."""
    since, at = pc.instant(began), pc.instant(now)
    record = replace(SAMPLE, timer=Timer(State.RUNNING, since - HOUR, since, HOUR))
    payload = serialize(record, at, ZONE)
    result = result_of(payload)
    assert (result["fromTime"], result["date"], result["diff"]) == (from_time, shown, diff)
    assert parse(payload, at, ZONE) == record


@pytest.mark.parametrize("seconds_off", [-40_000, -3_600, -61, -2, 0, 2, 61, 3_599, 40_000])
def test_the_clock_of_the_client_does_not_matter(seconds_off: int) -> None:
    """The response contains its time: a client whose clock is hours off reads the same start."""
    payload = serialize(SAMPLE, SEGMENT + 573 * SECOND, ZONE)
    for fraction in (0, 1, 999_999):
        assert parse(payload, SEGMENT + (573 + seconds_off) * SECOND + fraction, ZONE) == SAMPLE


@pytest.mark.parametrize(
    ("answered", "read_at"),
    [
        ("2026-03-29T00:59:59Z", "2026-03-29T01:00:30Z"),  # forward in between
        ("2026-03-29T01:00:30Z", "2026-03-29T00:59:59Z"),
        ("2026-10-25T00:59:00Z", "2026-10-25T01:01:00Z"),  # back in between; the first of two like times
        ("2026-10-25T01:30:00Z", "2026-10-25T01:50:00Z"),  # the second of two
        ("2026-10-25T00:30:00Z", "2026-10-25T00:50:00Z"),  # the first of two
        ("2026-03-02T22:59:59Z", "2026-03-02T23:00:01Z"),  # midnight in between
        ("2026-03-29T21:51:40Z", "2026-03-29T22:20:06Z"),  # midnight in between, after a day of 23 hours
        ("2026-10-24T22:10:00Z", "2026-10-24T21:40:00Z"),  # midnight in between, before a day of 25 hours
    ],
)
def test_a_late_response_is_read_over_clock_changes(answered: str, read_at: str) -> None:
    """Of the instants with the local time ``date``, the one nearest to the client's clock is used."""
    at = pc.instant(answered)
    record = replace(SAMPLE, timer=pc.start(at - 10 * SECOND))
    assert parse(serialize(record, at, ZONE), pc.instant(read_at), ZONE).timer == record.timer


@given(
    now=st.integers(0, 4 * 10**9),
    seconds=st.integers(0, 86_399),
    zone=st.sampled_from([ZONE, "UTC", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Asia/Kolkata"]),
)
@example(now=pc.instant("2026-03-29T00:45:00Z") // SECOND, seconds=9_000, zone=ZONE)  # 02:30, which is skipped
@example(now=pc.instant("2026-03-29T22:20:06Z") // SECOND, seconds=85_900, zone=ZONE)  # a day of 23 hours
def test_no_instant_nearer_shows_the_same_time(now: int, seconds: int, zone: str) -> None:
    """The start is ``diff`` before an instant with the local time ``date``, and no such instant is nearer to now."""
    at = now * SECOND
    payload = {"date": seconds, "diff": 0, "totaltime": 0}
    found = parse(payload, at, zone).timer.since
    assert seconds_of_day(found, zone) == seconds
    distance = abs(found - at)
    for step in (1800, 3600, 5400, 82_800, 84_600, 86_400, 88_200, 90_000):
        for other in (found - step * SECOND, found + step * SECOND):
            assert seconds_of_day(other, zone) != seconds or abs(other - at) >= distance


# ---- reading back --------------------------------------------------------------------------------

texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), max_size=20)
ids = st.text("0123456789f", min_size=1, max_size=20)


@st.composite
def running(draw: st.DrawFn) -> ZohoTimer:
    """A timer that a payload contains completely: running, in whole seconds, no break, only the page's fields."""
    since = draw(st.integers(-(10**9), 10**10)) * SECOND
    worked = draw(st.integers(0, 10**7)) * SECOND
    job = draw(st.none() | st.builds(Job, id=ids, name=texts, active=st.booleans(), completed=st.booleans()))
    return ZohoTimer(
        id=draw(ids),
        timer=Timer(State.RUNNING, since - worked, since, worked),
        person=Person(id=draw(ids), name=draw(texts)),
        job=job,
        work_date=draw(st.none() | st.dates()),
        timer_id=draw(ids),
        billing_status=draw(st.sampled_from(BillingStatus)),
        work_item=draw(texts),
    )


@given(
    record=running(),
    later=st.integers(0, 10**8),
    zone=st.sampled_from([ZONE, "UTC", "Asia/Kolkata", "America/St_Johns"]),
    xml=st.booleans(),
    date_format=st.sampled_from(["yyyy-MM-dd", "dd-MMM-yyyy", "MM/dd/yyyy", "MMMM dd, yyyy"]),
)
def test_round_trip(record: ZohoTimer, later: int, zone: str, date_format: str, *, xml: bool) -> None:
    """A running timer is read back without loss, in JSON and in XML, in any date format."""
    now = record.timer.since + later * SECOND
    payload = serialize(record, now, zone, xml=xml, date_format=date_format)
    assert parse(payload, now, zone, date_format=date_format) == record


RESULT = result_of(serialize(SAMPLE, SEGMENT + 573 * SECOND, ZONE))
AS_XML = "".join(f"<{key}>{str(value).replace('True', 'true')}</{key}>" for key, value in RESULT.items())


@pytest.mark.parametrize(
    "payload",
    [
        RESULT,
        msgspec.json.encode(RESULT),
        msgspec.json.encode(RESULT).decode(),
        {"response": {"result": RESULT}},
        {"response": {"result": {**RESULT, "surprise": [1]}, "status": "0"}},
        {name: str(value) for name, value in RESULT.items()} | {"isRunning": "true", "jobIsActive": "true"},
        {**RESULT, "erecno": 492688000000142191, "jobId": 492688000000790013, "billingStatus": "Billable"},
        {**RESULT, "isCompleted": False, "jobIsActive": None, "taskName": None},
        f"<timer>{AS_XML}</timer>",
        f"<result><timer>{AS_XML}</timer></result>".encode(),
    ],
)
def test_bare_decoded_and_loosely_typed_payloads_are_read(payload: object) -> None:
    """With or without envelope, decoded or not, with numbers as strings: the timer is the same."""
    assert parse(payload, SEGMENT + 573 * SECOND, ZONE) == SAMPLE


def test_optional_fields() -> None:
    """``date``, ``diff`` and ``totaltime`` are enough."""
    read = parse({"date": 0, "diff": 60, "totaltime": 30}, NINE)
    assert read == ZohoTimer(timer=Timer(State.RUNNING, read.timer.since - 30 * SECOND, read.timer.since, 30 * SECOND))


def test_a_job_has_an_id_or_a_name() -> None:
    """Either one makes a job; without both there is none."""
    numbers = {"date": 0, "diff": 60, "totaltime": 30}
    assert parse({**numbers, "jobId": "42"}, NINE).job == Job(id="42")
    assert parse({**numbers, "jobName": "Testing"}, NINE).job == Job(name="Testing")
    assert parse({**numbers, "jobId": "", "jobName": "", "isCompleted": 1}, NINE).job is None


def test_timelogs_and_comments_are_immutable() -> None:
    """They cannot be changed, and their fields are keyword-only."""
    comment = Comment(id="9", at=NINE, text="Done")
    record = replace(SAMPLE, comments=(comment,))
    for stored in (record, comment):
        assert {stored, replace(stored)} == {stored}
        with pytest.raises(AttributeError, match="immutable"):
            stored.id = "10"  # type: ignore[misc]  # which is what is tested
    with pytest.raises(TypeError, match="positional"):
        Comment("9", NINE, "Done")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        ZohoTimer("9", timer=SAMPLE.timer)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"date": 86_400}, "$.response.result.date"),
        ({"date": -1}, "$.response.result.date"),
        ({"date": None}, "$.response.result.date"),
        ({"date": "noon"}, "$.response.result.date"),
        ({"diff": -1}, "$.response.result.diff"),
        ({"diff": 10**12}, "$.response.result.diff"),
        ({"diff": 10**11}, "$.response.result.diff"),
        ({"diff": 1.5}, "$.response.result.diff"),
        ({"totaltime": -1}, "$.response.result.totaltime"),
        ({"totaltime": 10**30}, "$.response.result.totaltime"),
        ({"totaltime": [1]}, "$.response.result.totaltime"),
        ({"isRunning": False}, "$.response.result.isRunning"),
        ({"billingStatus": "perhaps"}, "$.response.result.billingStatus"),
        ({"workDate": "06-04-2019"}, "$.response.result.workDate"),
        ({"workDate": "2019-02-29"}, "$.response.result.workDate"),
        ({"jobName": 5}, "$.response.result.jobName"),
        ({"timelogId": {}}, "$.response.result.timelogId"),
        ({"timelogId": 10**5000}, "$.response.result.timelogId"),
        ({"isCompleted": "maybe"}, "$.response.result.isCompleted"),
    ],
)
def test_malformed_fields(change: dict[str, object], path: str) -> None:
    """The error has the path, the value and the reason."""
    with pytest.raises(MalformedPayload) as caught:
        parse({"response": {"result": {**RESULT, **change}}}, SEGMENT, ZONE)
    assert (caught.value.vendor, caught.value.path) == ("zoho", path)
    assert caught.value.reason


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", "\ud800", "<\ud800>", b"<", b"<a", b"<a/>",
        b"<response><status>0</status></response>", b"<response><status>0</status><result/></response>",
        b"<response><status>0</status><result>text</result></response>",
        b'<!DOCTYPE a [<!ENTITY b "boom">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><timer><date>&c;</date></timer>',
        None, 5, [], {}, {"response": None}, {"response": {"result": None}}, {"response": {"result": []}},
        {"response": {"errors": {}, "status": 1}}, {"date": math.nan, "diff": 0, "totaltime": 0},
        {"date": math.inf, "diff": 0, "totaltime": 0}, b"[" * 100_000, b"<a>" * 10_000, {"date": 1, "diff": 2},
    ],
)  # fmt: skip
def test_malformed_payloads(payload: object) -> None:
    """Any other payload raises the same type of error."""
    with pytest.raises(MalformedPayload):
        parse(payload, NINE, ZONE)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RESULT, "response", "result"]), inner)
    ),
    max_leaves=10,
)


NUMBERS = ("date", "diff", "totaltime")
results = st.fixed_dictionaries(
    dict.fromkeys(NUMBERS, values | st.integers(0, 10**6)),
    optional={name: values for name in RESULT if name not in NUMBERS},
)


@given(values | results | results.map(lambda result: {"response": {"result": result}}) | st.binary(max_size=30))
@example({"date": 0, "diff": 999_999_999_999, "totaltime": 0})
def test_parse_returns_or_rejects(payload: object) -> None:
    """Any value is a timer or a `MalformedPayload`, and a parsed timer can be written again."""
    try:
        record = parse(payload, NINE, ZONE)
    except MalformedPayload:
        return
    assert pc.restore(**msgspec.structs.asdict(record.timer)) == record.timer
    serialize(record, NINE, ZONE)


def test_a_start_before_the_calendar() -> None:
    """A response at the first instant of year 1 would start before it: the payload is malformed."""
    first = pc.instant("0001-01-01T00:00:00Z")
    for diff, totaltime in ((0, 60), (60, 0), (59, 1)):
        read = parse({"date": 60, "diff": diff, "totaltime": totaltime}, first + 60 * SECOND)
        assert read.timer.started_at == first
        for field, value in (("diff", 61), ("totaltime", 61 - diff)):
            payload = {"date": 60, "diff": diff, "totaltime": totaltime} | {field: value}
            with pytest.raises(MalformedPayload, match="before the year 1") as caught:
                parse(payload, first + 60 * SECOND)
            assert (caught.value.path, caught.value.value) == (f"$.{field}", value)
    with pytest.raises(MalformedPayload, match="years 1 to 9999"):
        parse({"date": 40_000, "diff": 0, "totaltime": 0}, first)


def test_another_date_format_must_be_given() -> None:
    """A payload does not contain its date format; an unknown format raises an error of its own."""
    payload = serialize(SAMPLE, SEGMENT, ZONE, date_format="dd/MM/yyyy")
    assert parse(payload, SEGMENT, ZONE, date_format="dd/MM/yyyy") == SAMPLE
    with pytest.raises(MalformedPayload, match="not a date as in yyyy-MM-dd"):
        parse(payload, SEGMENT, ZONE)
    with pytest.raises(UnknownDateFormat):
        parse(payload, SEGMENT, ZONE, date_format="d/m/y")
    with pytest.raises(UnknownDateFormat):
        serialize(SAMPLE, SEGMENT, ZONE, date_format="d/m/y")


# ---- comments ------------------------------------------------------------------------------------


def test_the_time_of_a_comment_is_written_as_the_page_writes_it() -> None:
    """It has day, month, year, a comma with spaces around it, and 24 hours, in the account's zone."""
    made = Comment(id="7", at=pc.instant("2019-04-06T15:22:28Z"), text="Complete security testing")
    shown = comment_element(made, ZONE)
    assert (shown.comment_id, shown.comment) == ("7", "Complete security testing")
    assert shown.created_time == "06-04-2019 , 17:22:28"
    assert comment_element(made, "UTC").created_time == "06-04-2019 , 15:22:28"
    assert read_comment("7", shown.created_time, shown.comment, ZONE) == made


@given(second=st.integers(-(10**10), 10**11), zone=st.sampled_from([ZONE, "UTC", "Asia/Kolkata"]))
def test_the_time_of_a_comment_reads_back(second: int, zone: str) -> None:
    """It is read back to the second; of two instants with the same local time, the earlier is read."""
    made = Comment(id="7", at=second * SECOND, text="")
    shown = comment_element(made, zone)
    read = read_comment("7", shown.created_time, "", zone)
    assert comment_element(read, zone) == shown
    assert read.at == made.at or made.at - read.at == HOUR


@pytest.mark.parametrize(
    "written",
    ["", "06-04-2019", "06-04-2019 17:22:28", "06-04-2019 , 24:00:00", "31-02-2019 , 10:00:00", "6-4-2019 , 10:00:00",
     "06-04-2019 , 17:60:00", "2019-04-06 , 17:22:28", "01-01-0001 , 00:00:00"],
)  # fmt: skip
def test_another_time_of_a_comment_is_malformed(written: str) -> None:
    """The error names the field."""
    with pytest.raises(MalformedPayload) as caught:
        read_comment("7", written, "", ZONE)
    assert (caught.value.path, caught.value.value) == ("$.response.result.createdTime", written)


# ---- dates ---------------------------------------------------------------------------------------

FORMATS = {
    "yyyy-MM-dd": "2026-05-04",
    "dd-MM-yyyy": "04-05-2026",
    "MM-dd-yyyy": "05-04-2026",
    "dd-MMM-yyyy": "04-May-2026",
    "dd/MM/yyyy": "04/05/2026",
    "MM/dd/yyyy": "05/04/2026",
    "yyyy/MM/dd": "2026/05/04",
    "dd.MM.yyyy": "04.05.2026",
    "dd MMMM yyyy": "04 May 2026",
    "MMM dd, yyyy": "May 04, 2026",
    "yyyyMMdd": "20260504",
}


@covers("zoho", "Start timer API", "dateFormat<dateFormat><company's date format>Specify the date format.")
@pytest.mark.parametrize("date_format", FORMATS)
def test_date_formats(date_format: str) -> None:
    """Dates are written in each format and read back in any case of a month's name."""
    day = date(2026, 5, 4)
    check_format(date_format)
    assert write_date(day, date_format) == FORMATS[date_format]
    assert read_date(FORMATS[date_format], date_format) == day
    assert read_date(FORMATS[date_format].upper(), date_format) == day


@given(day=st.dates(), date_format=st.sampled_from(list(FORMATS)))
def test_a_date_reads_back_in_every_format(day: date, date_format: str) -> None:
    """Reading reverses writing, from year 1 to year 9999."""
    assert read_date(write_date(day, date_format), date_format) == day


@pytest.mark.parametrize(
    "date_format",
    ["", "foo", "yyyy", "yyyy-MM", "yy-MM-dd", "yyyy-MM-MM", "dd-dd-yyyy", "MM-MMM-yyyy", "yyyy-mm-dd", "YYYY-MM-DD",
     "yyyy-MM-dd HH:mm", "yyyy(.*)MM-dd", "{yyyy}-MM-dd", "yyyy-MM-dd\n", "d-M-yyyy", "x" * 10**6],
)  # fmt: skip
def test_invalid_date_formats(date_format: str) -> None:
    """A format has year, month and day once, unambiguously; it is never used as a regular expression."""
    for use in (lambda: check_format(date_format), lambda: read_date("2026-05-04", date_format)):
        with pytest.raises(UnknownDateFormat) as caught:
            use()
        assert caught.value.date_format == date_format
        assert len(str(caught.value)) < 200
    with pytest.raises(UnknownDateFormat):
        write_date(date(2026, 5, 4), date_format)


@pytest.mark.parametrize(
    ("text", "date_format", "fits"),
    [
        ("2026-02-29", "yyyy-MM-dd", True),
        ("2026-13-01", "yyyy-MM-dd", True),
        ("0000-01-01", "yyyy-MM-dd", True),
        ("31-Jun-2026", "dd-MMM-yyyy", True),
        ("2026-02-09", "yyyy/MM/dd", False),
        ("2026-02-09", "dd-MM-yyyy", False),
        ("20260209", "yyyy-MM-dd", False),
        ("2026-W06-1", "yyyy-MM-dd", False),
        ("2026-2-09", "yyyy-MM-dd", False),
        ("2026-02-09 ", "yyyy-MM-dd", False),
        ("2026-02-09\n", "yyyy-MM-dd", False),
        ("٢٠٢٦-02-09", "yyyy-MM-dd", False),
        ("09-Mai-2026", "dd-MMM-yyyy", False),
        ("09-Jun-2026", "dd-MMMM-yyyy", False),
        ("09.05-2026", "dd.MM.yyyy", False),
        ("1" * 10**6, "yyyyMMdd", False),
    ],
)
def test_invalid_dates(text: str, date_format: str, *, fits: bool) -> None:
    """A text in the right form without such a day is distinguished from a text in another form."""
    with pytest.raises(InvalidDate) as caught:
        read_date(text, date_format)
    assert (caught.value.text, caught.value.date_format, caught.value.fits) == (text, date_format, fits)
    assert ("no such day" in str(caught.value)) == fits


def test_the_ids_of_a_record() -> None:
    """Those of the timelog, its timer and its comments, in the order in which they were assigned."""
    record = ZohoTimer(id="5", timer=pc.start(NINE), timer_id="6", comments=(Comment(id="9", at=NINE, text=""),))
    assert record.ids == ("5", "6", "9")
