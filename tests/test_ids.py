"""Ids are texts of any length, in payloads, records, workspaces, stores and conversions; records are ordered by age."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from changes import creating
from databases import DATABASES, database_url
from punchclock import vendors
from punchclock.eventlog import TimerLog, parse_line
from punchclock.machine import Correction
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store
from punchclock.vendors import timetrack, zoho
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import Request
from punchclock.vendors.errors import MalformedPayload, NotRepresentable
from punchclock.vendors.from_log import payload_of
from punchclock.vendors.records import UPDATE, Change, VendorTimer, id_number, last_number
from punchclock.vendors.timetrack import AttendanceTimer
from punchclock.vendors.workspace import Workspace
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace, parse_workspace
from sandbox_calls import CALLS, NOON, call, send
from strategies import examples
from toy_vendor import ToyTimer, record

DEMO = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")

#: An id of Zoho People. A program that reads a JSON number as a double ends with ...040 instead of ...037.
LONG = "413124000000070037"
IDS = [LONG, "E-7 ä", "0", "007", "9" * 200, "1" + "0" * 30, "-5", "4926880000f008190", "\N{ARABIC-INDIC DIGIT SEVEN}"]


@pytest.fixture(params=["memory", *DATABASES])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Workspace], Store]]:
    """Open a store of the kind, for a workspace."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield MemoryStore
            return
        url = stack.enter_context(database_url(request.param, tmp_path))

        def opened(workspace: Workspace) -> Store:
            store = SqlStore(url, workspace)
            stack.callback(store.close)
            return store

        yield opened


def change(store: Store, *changes: Change[VendorTimer]) -> None:
    """Store changes in one transaction."""
    with store.transaction() as transaction:
        transaction.changes.extend(changes)


def timelog(id: str, timer: pc.Timer | None = None, **more: Any) -> ZohoTimer:  # noqa: ANN401 - fields of any type
    """A timelog of person 3, running since 08:00."""
    return ZohoTimer(id=id, timer=timer or pc.start(NOW), person=DEMO.people["3"], job=DEMO.jobs["41"], **more)


def found(store: Store, **query: Any) -> list[str]:  # noqa: ANN401 - filters of any type
    """Return the ids that a query finds."""
    with store.reading() as account:
        return [each.id for each in account.find(Query(of=ZohoTimer, **query)).records]


# ---- stores ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_a_store_keeps_any_id(open_store: Callable[[Workspace], Store], id: str) -> None:
    """A record is found under its id, changed and discarded."""
    store = open_store(DEMO)
    first = timelog(id, timer_id=f"{id}1", comments=(zoho.Comment(id=f"{id}2", at=NOW, text="half way"),))
    change(store, *creating(first))
    with store.reading() as account:
        assert account.get(ZohoTimer, id) == first
        assert account.get(ZohoTimer, f"{id} ") is None
    change(store, Change(UPDATE, NOW, replace(first, note="renamed")))
    with store.reading() as account:
        assert account.get(ZohoTimer, id) == replace(first, note="renamed")
    change(store, Change(Correction.DISCARD, NOW, replace(first, note="renamed")))
    assert found(store) == []


def test_age_is_the_order_of_insertion(open_store: Callable[[Workspace], Store]) -> None:
    """A record's age does not depend on its id, and an update keeps it; one that returns is the youngest."""
    store = open_store(DEMO)
    records = [timelog(id) for id in ("9", "B", "10", LONG, "A", "2")]
    for each in records:
        change(store, *creating(each))
    order = ["9", "B", "10", LONG, "A", "2"]
    assert found(store) == order
    paused = replace(records[1], timer=pc.pause(pc.start(NOW), NOW))
    change(store, Change(pc.Event.PAUSE, NOW, paused), Change(UPDATE, NOW, replace(records[0], note="renamed")))
    assert found(store) == order
    assert found(store, descending=True) == order[::-1]
    assert found(store, people=("3",)) == order
    assert found(store, by_update=True, offset=1, limit=2) == order[1:3]
    change(store, Change(Correction.DISCARD, NOW, records[2]), *creating(records[2]))
    assert found(store) == ["9", "B", LONG, "A", "2", "10"]


texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)
numbers = st.integers(0, 10**25).map(str) | st.integers(990, 1010).map(str)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=st.lists(texts | numbers, unique=True, max_size=12), later=st.data())
def test_every_store_orders_and_numbers_alike(
    open_store: Callable[[Workspace], Store], ids: list[str], later: st.DataObject
) -> None:
    """After any records, the order is that of insertion, and a new id is one that no record has."""
    store = open_store(DEMO)
    store.reset()
    for id in ids:
        change(store, *creating(timelog(id)))
    for _ in range(3):
        with store.reading() as account:
            new = str(account.new_id())
        assert new not in ids
        ids = [*ids, new]
        change(store, *creating(timelog(new)))
    assert found(store) == ids
    updated = later.draw(st.sampled_from(ids))
    change(store, Change(UPDATE, NOW, timelog(updated, note="renamed")))
    assert found(store) == ids


# ---- the counter -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "ids", "expected"),
    [
        (1000, ["7"], 1000),
        (1000, ["1001"], 1001),
        (1000, ["1005", "1002", "1009"], 1009),
        (1000, ["0001005"], 1005),
        (1000, [LONG], int(LONG)),
        (1000, ["9" * 18], 10**18 - 1),
        (1000, ["1" + "0" * 18, "9" * 200, "E1005", "", " 1005", "1_005", "-1005"], 1000),
        (1000, ["\N{ARABIC-INDIC DIGIT SEVEN}" * 5], 1000),
        (10**18 - 1, [str(10**18), str(10**18 + 1)], 10**18 + 1),
        (10**18 - 1, [str(10**18 + 1)], 10**18 - 1),
    ],
)
def test_the_counter_of_ids(last: int, ids: list[str], expected: int) -> None:
    """It rises above numbers of up to 18 digits, and above longer ones only if it assigned them itself."""
    assert last_number(last, ids) == expected


def test_ids_of_nested_entries_count(open_store: Callable[[Workspace], Store]) -> None:
    """A new id is above those of a timelog's timer and comments, also after a discard."""
    store = open_store(DEMO)
    nested = timelog("7", timer_id="2000", comments=(zoho.Comment(id="3000", at=NOW, text=""),))
    change(store, *creating(nested), Change(Correction.DISCARD, NOW, nested))
    with store.reading() as account:
        assert account.new_id() == 3001


def test_the_counter_of_given_records() -> None:
    """An account that is made with records continues above them, whatever other ids they have."""
    assert MemoryAccount(DEMO, [record(7, "3"), ToyTimer(id="E", timer=pc.start(NOW))]).new_id() == 1001
    assert MemoryAccount(DEMO, [ToyTimer(id=LONG, timer=pc.start(NOW))]).new_id() == int(LONG) + 1


# ---- workspaces ------------------------------------------------------------------------------------

TOML = f"""
name = "long ids"

[[people]]
id = "{LONG}"
name = "anna"
role = "manager"

[[people]]
id = "p/2"
name = "ben"
role = "resource"

[[jobs]]
id = "413124000000067005"
name = "UI designing"

[[tasks]]
id = "T-1"
name = "Design"
assignee = "{LONG}"
author = "p/2"

[credentials.zoho.tokens]
of-anna = "{LONG}"

[credentials.intervals.tokens]
of-ben = "p/2"
"""


@pytest.mark.parametrize("form", ["toml", "json"])
def test_a_workspace_has_any_id(form: Any) -> None:  # noqa: ANN401 - a literal
    """The ids of people, jobs and tasks, and the owners of tokens, are texts in both formats."""
    text = TOML.encode() if form == "toml" else json.dumps(tomllib.loads(TOML)).encode()
    workspace = parse_workspace(text, form)
    assert [*workspace.people] == [LONG, "p/2"]
    assert workspace.jobs["413124000000067005"].id == "413124000000067005"
    assert workspace.tasks["T-1"].assignee == workspace.people[LONG]
    assert workspace.credential("zoho").tokens == {"of-anna": LONG}
    assert workspace.credential("intervals").tokens == {"of-ben": "p/2"}


def test_a_sandbox_of_long_ids(open_store: Callable[[Workspace], Store]) -> None:
    """A person and a job with 18 digits: the timer starts, and every response and the next call have all digits."""
    workspace = parse_workspace(TOML.encode(), "toml")
    sandbox = Sandbox(workspace, clock=NOON, store=open_store(workspace))
    start = zoho.request(
        "start_timer",
        zoho.StartTimer(
            user=LONG, job_id="413124000000067005", work_date="2026-03-02", billing_status="billable", timer="start"
        ),
        token="of-anna",
    )
    status, _, body = send(sandbox, start)
    assert status == 200, body
    running = zoho.request("get_running_timer", zoho.GetRunningTimer(), token="of-anna")
    shown = msgspec.json.decode(send(sandbox, running)[2])["response"]["result"]
    assert (shown["erecno"], shown["jobId"]) == (LONG, "413124000000067005")


# ---- requests --------------------------------------------------------------------------------------


def _pause(query: str = "", body: bytes = b"", media: str = "") -> Request:
    headers = {"authorization": "Zoho-oauthtoken zoho-token-3"} | ({"content-type": media} if media else {})
    return Request(method="POST", path="/people/api/timetracker/timer", query=query, headers=headers, body=body)


@pytest.mark.parametrize(
    "request_",
    [
        _pause(f"timeLogId={LONG}&timer=stop"),
        _pause(body=f"timeLogId={LONG}&timer=stop".encode(), media="application/x-www-form-urlencoded"),
        _pause(body=f'{{"timeLogId":"{LONG}","timer":"stop"}}'.encode(), media="application/json"),
    ],
)
def test_a_parameter_has_all_digits(open_store: Callable[[Workspace], Store], request_: Request) -> None:
    """The timelog with 18 digits is found, not the one that differs in the last digit."""
    store = open_store(DEMO)
    other = f"{LONG[:-1]}8"
    change(store, *creating(timelog(LONG)), *creating(timelog(other)))
    sandbox = Sandbox(DEMO, clock="2026-03-02T09:00:00Z", store=store)
    status, _, body = send(sandbox, request_)
    assert status == 200, body
    assert found(store, states=(pc.State.PAUSED,)) == [LONG]
    assert found(store, states=(pc.State.RUNNING,)) == [other]


BAD = ["", "0", "-5", "x", LONG, "1" + "0" * 30, "9" * 5000, "1.5", "1e3", "null", "a,b", "'; --", "\N{SNOWMAN}"]


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_foreign_id_changes_nothing(vendor: str) -> None:
    """Every id parameter of every call with an id that no record has: the vendor's own refusal, and no change."""
    sandbox = Sandbox(clock=NOON)
    for operation in [operation for name, operation in CALLS if name == vendor]:
        for name, value in CALLS[vendor, operation].items():
            if name.lower().endswith("id") or name in ("timer", "id_task"):
                for bad in BAD:
                    request = call(vendor, operation)
                    sent = str(value), quote(bad, safe="")
                    as_json = json.dumps(value).encode(), json.dumps(bad).encode()
                    as_form = sent[0].encode(), sent[1].encode()
                    hostile = replace(
                        request,
                        path=request.path.replace(*sent),
                        query=request.query.replace(*sent),
                        body=request.body.replace(*(as_json if request.body.startswith(b"{") else as_form)),
                    )
                    assert hostile != request
                    status = send(sandbox, hostile)[0]
                    assert status < 500, (operation, name, bad)
    assert [entry for entry in sandbox.journal() if entry.changes] == []


# ---- payloads and conversions ----------------------------------------------------------------------


def _running(id: object) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads(zoho.serialize(timelog("1"), NOW, DEMO.zone))
    sample["response"]["result"] |= {"timelogId": id, "timerId": id, "jobId": id, "erecno": id}
    return sample


#: A timelog with a long id in every place.
LONG_TIMELOG = replace(
    timelog(LONG, timer_id=LONG), person=replace(DEMO.people["3"], id=LONG), job=replace(DEMO.jobs["41"], id=LONG)
)


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(_running(LONG)).encode(),
        json.dumps(_running(int(LONG))).encode(),
        _running(int(LONG)),
        zoho.serialize(LONG_TIMELOG, NOW, DEMO.zone),
        zoho.serialize(LONG_TIMELOG, NOW, DEMO.zone, xml=True),
    ],
)
def test_a_payload_has_all_digits(payload: object) -> None:
    """JSON texts, JSON numbers beyond 2**53, decoded numbers and XML are read with all 18 digits."""
    read = zoho.parse(payload, NOW, DEMO.zone)
    assert read.job is not None
    assert (read.id, read.timer_id, read.job.id, read.person.id) == (LONG, LONG, LONG, LONG)


def test_a_number_beyond_64_bits_is_rejected() -> None:
    """Few programs read such a JSON number exactly; the same digits as a text are accepted."""
    with pytest.raises(MalformedPayload, match="and <= 9223372036854775807"):
        zoho.parse(_running(10**30), NOW, DEMO.zone)
    assert zoho.parse(_running(str(10**30)), NOW, DEMO.zone).id == str(10**30)


@pytest.mark.parametrize("target", vendors.names())
def test_a_conversion_keeps_the_digits(target: str) -> None:
    """From Zoho People to a vendor that shows an id, the payload has all 18 digits."""
    sample = _running("1")
    sample["response"]["result"] |= {"timelogId": LONG, "jobId": "41", "erecno": "3"}
    made = vendors.convert(sample, source="zoho", target=target, now=NOW, workspace=DEMO)
    if vendors.load(target).parse(made.payload, NOW, DEMO.zone).id:
        assert LONG.encode() in made.payload
    else:
        assert [each.before for each in made.differences if each.field == "id"] == [LONG]


@pytest.mark.parametrize("id", IDS)
def test_the_journal_keeps_the_id(id: str) -> None:
    """A timer of the journal's event log is shown with its own id, whatever that is."""
    sandbox = Sandbox(DEMO, clock=NOON)
    change(sandbox.store, *creating(timelog(id)))
    log: TimerLog[None] = TimerLog()
    line = {"timer": f"zoho/timer/{id}", "event": "start", "at": NOON, "user": "resource", "task": "UI designing"}
    log.apply(parse_line(json.dumps(line).encode()))
    (timer,) = log.records.values()
    at = pc.instant(NOON)
    payload = payload_of(vendors.load("zoho"), timer, 1, now=at, workspace=DEMO, zone=DEMO.zone)
    assert zoho.parse(payload, at, DEMO.zone).id == id


@pytest.mark.parametrize("id", ["0", "7", LONG, "1" + "0" * 30, "9" * 4000])
def test_a_json_number_has_all_digits(id: str) -> None:
    """TimeTrack's attendance entry has a number as its id, which is written exactly, however long it is."""
    assert id_number("timetrack", id) == int(id)
    entry = AttendanceTimer(id=id, timer=pc.start(NOW), person=DEMO.people["5"])
    assert f'"id":{id},'.encode() in timetrack.serialize(entry, NOW)


@pytest.mark.parametrize("id", ["007", "E7", "-7", "1_0", " 7", "1.5", "9" * 5000, "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_a_text_is_not_a_json_number(id: str) -> None:
    """Where the wire has only a number, a text that the number would not keep is an error with a name.

    A call that would have to show it is rejected.
    """
    entry = AttendanceTimer(id=id, timer=pc.start(NOW), person=DEMO.people["5"])
    with pytest.raises(NotRepresentable, match=r"timetrack cannot show this timer: the id .* is not a number"):
        timetrack.serialize(entry, NOW)
    account = MemoryAccount(DEMO, [entry])
    result = timetrack.handle(call("timetrack", "get_attendance_timer"), account, NOW)
    assert result.rejection is not None
    assert "is not a number" in result.rejection.detail
