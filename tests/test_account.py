"""The account: finding records, and storing the changes of a call."""

from __future__ import annotations

import datetime as dt
import gc
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from changes import creating
from punchclock import Event, State
from punchclock.machine import Correction
from punchclock.vendors.account import MemoryAccount, Page, Query
from punchclock.vendors.errors import InconsistentChange
from punchclock.vendors.records import UPDATE, Action, Change, VendorTimer
from punchclock.vendors.workspace import Client, Job, Project, Task
from toy_vendor import NOW, RECORDS, WORKSPACE, ToyTimer, record


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (Query(of=ToyTimer), [1001, 1002, 1003, 1004]),
        (Query(of=ToyTimer, descending=True), [1004, 1003, 1002, 1001]),
        (Query(of=ToyTimer, people=("3",)), [1001, 1002]),
        (Query(of=ToyTimer, people=("9",)), []),
        (Query(of=ToyTimer, people=()), []),
        (Query(of=ToyTimer, people=("3", "5")), [1001, 1002, 1003, 1004]),
        (Query(of=ToyTimer, tasks=("31",)), [1002, 1003]),
        (Query(of=ToyTimer, projects=("22", "7")), [1004]),
        (Query(of=ToyTimer, clients=("11",)), [1002, 1003]),
        (Query(of=ToyTimer, jobs=("41",)), [1001]),
        (Query(of=ToyTimer, with_task=False), [1001]),
        (Query(of=ToyTimer, with_task=True, people=("5",)), [1003, 1004]),
        (Query(of=ToyTimer, states=(State.PAUSED, State.STOPPED)), [1004]),
        (Query(of=ToyTimer, work_date=dt.date(2026, 3, 2)), [1004]),
        (Query(of=ToyTimer, by_update=True), [1004, 1002, 1003, 1001]),
        (Query(of=ToyTimer, by_update=True, descending=True), [1001, 1003, 1002, 1004]),
        (Query(of=ToyTimer, offset=1, limit=2), [1002, 1003]),
        (Query(of=ToyTimer, offset=3), [1004]),
        (Query(of=ToyTimer, offset=9, limit=9), []),
        (Query(of=ToyTimer, limit=0), []),
        (Query(of=ToyTimer, offset=1, limit=2, descending=True), [1003, 1002]),
        (Query(of=ToyTimer, limit=3, by_update=True), [1004, 1002, 1003]),
        (Query(of=ToyTimer, people=("3", "5"), states=(State.RUNNING,), with_task=True), [1002, 1003]),
    ],
)
def test_finding_records(query: Query[ToyTimer], ids: list[int]) -> None:
    """Oldest first unless the query says otherwise; each filter alone and in combination; pages of the result."""
    found = MemoryAccount(WORKSPACE, sorted(RECORDS, key=lambda each: each.id)).find(query)
    assert [int(each.id) for each in found.records] == ids
    if query.offset == 0 and query.limit is None:
        assert found.total == len(ids)


def _some(*ids: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(ids), max_size=3).map(tuple)


days = st.sampled_from([None, dt.date(2026, 3, 1), dt.date(2026, 3, 2)])
records = st.builds(
    lambda number, person, task, timer, day, updated: msgspec.structs.replace(
        record(number, person, task), timer=timer, work_date=day, updated_on=updated
    ),
    st.integers(1, 12),
    st.sampled_from("35"),
    st.sampled_from(["", "31", "33"]),
    st.sampled_from([pc.start(NOW), pc.pause(pc.start(NOW), NOW), pc.stop(pc.start(NOW), NOW)]),
    days,
    days,
)
queries = st.builds(
    lambda **wanted: Query(of=ToyTimer, **wanted),
    people=_some("3", "5", "9"),
    tasks=_some("31", "33", "99"),
    projects=_some("21", "22"),
    clients=_some("11", "12"),
    jobs=_some("", "41"),
    with_task=st.none() | st.booleans(),
    states=st.none() | st.lists(st.sampled_from(State), max_size=3).map(tuple),
    work_date=days,
    by_update=st.booleans(),
    descending=st.booleans(),
    offset=st.integers(0, 14),
    limit=st.none() | st.integers(0, 12),
)


#: The action that changes the state of a timer, if there is one.
_NEXT: dict[State, Action] = {State.RUNNING: Event.PAUSE, State.PAUSED: Event.RESUME, State.STOPPED: UPDATE}


def _next(timer: pc.Timer) -> pc.Timer:
    action = _NEXT[timer.state]
    return pc.transition(timer, action, NOW) if isinstance(action, Event) else timer


def _is_among(entity: Client | Project | Task | Job | None, wanted: tuple[str, ...] | None) -> bool:
    return wanted is None or (entity.id if entity else "") in wanted


@given(st.lists(records | records.map(lambda each: each.id)), st.lists(queries, min_size=1, max_size=4))
def test_finding_agrees_with_a_full_scan(steps: list[ToyTimer | str], asked: list[Query[ToyTimer]]) -> None:
    """After any sequence of stores and removals, a query finds what filtering and sorting all records finds.

    A record that is stored again, with another person, state or day, keeps its age.
    """
    account, kept = MemoryAccount(WORKSPACE), dict[str, ToyTimer]()
    for step in steps:
        if isinstance(step, ToyTimer):
            before = kept.get(step.id)
            if before is None:
                account.apply(creating(step))
                kept[step.id] = step
            else:
                kept[step.id] = msgspec.structs.replace(step, timer=_next(before.timer))
                account.apply([Change(_NEXT[before.timer.state], NOW, kept[step.id])])
        elif step in kept:
            account.apply([Change(Correction.DISCARD, NOW, kept.pop(step))])
    for query in asked:
        matching = [
            each
            for each in kept.values()
            if (query.people is None or each.person.id in query.people)
            and (query.states is None or each.timer.state in query.states)
            and (query.work_date is None or each.work_date == query.work_date)
            and (query.with_task is None or (each.task is not None) == query.with_task)
            and _is_among(each.task, query.tasks)
            and _is_among(each.project, query.projects)
            and _is_among(each.client, query.clients)
            and _is_among(each.job, query.jobs)
        ]
        if query.by_update:
            matching.sort(key=lambda each: each.updated_on or dt.date.min)
        if query.descending:
            matching.reverse()
        page = matching[query.offset :] if query.limit is None else matching[query.offset :][: query.limit]
        assert account.find(query) == Page(tuple(page), len(matching))


def test_a_running_timer_is_found_as_fast_with_history() -> None:
    """Among a hundred stopped timers or some thousands, a person's running timer is found in as many steps."""
    query = Query(of=ToyTimer, people=("5",), states=(State.RUNNING,))
    steps = []
    for count in (100, 3000):
        stopped = [record(each, "35"[each % 2], timer=pc.stop(pc.start(NOW), NOW)) for each in range(count)]
        account = MemoryAccount(WORKSPACE, [*stopped, record(count, "5")])
        steps.append(0)

        def step(*_event: object) -> None:
            steps[-1] += 1

        gc.disable()  # so that objects of earlier tests are not collected, and counted, here
        sys.setprofile(step)
        page = account.find(query)
        sys.setprofile(None)
        gc.enable()
        assert page.total == 1
    assert steps[0] == steps[1] > 0


def test_a_page_reports_the_total() -> None:
    """The total counts the matches, not the records on the page."""
    assert [MemoryAccount(WORKSPACE, RECORDS).find(Query(of=ToyTimer, limit=limit)).total for limit in (0, 1, 9)] == [
        4
    ] * 3
    assert MemoryAccount(WORKSPACE).find(Query(of=ToyTimer)) == Page((), 0)


def test_storing_changes() -> None:
    """A change stores or removes a record; its person may change; ids are never reused."""
    account = MemoryAccount(WORKSPACE, sorted(RECORDS, key=lambda each: each.id))
    assert account.workspace is WORKSPACE
    assert account.new_id() == account.new_id() == 1005
    moved = record(1002, "5", "31")
    account.apply([Change(UPDATE, NOW, moved)])
    assert account.get(ToyTimer, "1002") == moved
    assert account.get(VendorTimer, "1002") is None
    assert [int(each.id) for each in account.find(Query(of=ToyTimer, people=("3",))).records] == [1001]
    assert [int(each.id) for each in account.find(Query(of=ToyTimer, people=("5",))).records] == [1002, 1003, 1004]
    account.apply([Change(Event.START, NOW, record(2000, "1")), Change(Correction.DISCARD, NOW, record(2000, "1"))])
    assert account.get(ToyTimer, "2000") is None
    assert account.find(Query(of=ToyTimer, people=("1",))).total == 0
    assert account.new_id() == 2001


def test_the_first_number() -> None:
    """Ids begin at 1001, above those of the demo workspace, or after the highest id of a record."""
    assert MemoryAccount(WORKSPACE).new_id() == 1001
    assert MemoryAccount(WORKSPACE, [record(7, "3")]).new_id() == 1001
    assert MemoryAccount(WORKSPACE, [record(1001, "3")]).new_id() == 1002


def test_records_pages_changes_and_queries_are_immutable() -> None:
    """A caller cannot alter what the account keeps through a record, a page or a change."""
    (first, *_) = RECORDS
    with pytest.raises(AttributeError):
        first.note = "mine"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        VendorTimer(timer=pc.IDLE).note = "mine"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Page((first,), 1).total = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Change(UPDATE, NOW, first).at = 0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Query(of=ToyTimer).limit = 1  # type: ignore[misc]


def test_fields_are_keyword_only() -> None:
    """Records and queries have too many fields for positional arguments."""
    with pytest.raises(TypeError):
        Query(ToyTimer)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        VendorTimer("7", pc.IDLE)  # type: ignore[call-arg]


def test_a_record_is_encoded_without_its_defaults() -> None:
    """The encoded form of a record has only the fields that are set."""
    bare = ToyTimer(id="7", timer=pc.start(NOW))
    assert msgspec.json.decode(msgspec.json.encode(bare)).keys() == {"id", "timer"}
    noted = ToyTimer(id="7", timer=pc.start(NOW), note="A note", person=WORKSPACE.people["3"])
    assert msgspec.json.decode(msgspec.json.encode(noted)).keys() == {"id", "timer", "person", "note"}


def test_a_record_without_an_id_is_rejected() -> None:
    """A record that an account keeps has an id; one without is rejected, and nothing changes."""
    account = MemoryAccount(WORKSPACE, RECORDS)
    wrong = msgspec.structs.replace(record(1005, "5"), id="")
    with pytest.raises(InconsistentChange, match="the record has no id"):
        account.apply([Change(Event.START, NOW, wrong)])
    assert (account.new_id(), len(account.find(Query(of=ToyTimer)).records)) == (1005, 4)
    account.apply([Change(Event.START, NOW, record(1005, "5"))])
    assert (account.new_id(), len(account.find(Query(of=ToyTimer)).records)) == (1006, 5)
