"""A change is checked against its action where it is stored, so that the journal replays to what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import punchclock as pc
from changes import creating
from databases import DATABASES, database_url
from punchclock import Event, vendors
from punchclock.machine import Correction
from punchclock.sandbox import Sandbox
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.calls import HandlerResult, Vendor
from punchclock.vendors.errors import InconsistentChange
from punchclock.vendors.records import UPDATE, Change, VendorTimer
from punchclock.workspaces import demo_workspace
from sandbox_calls import CALLS, NOON, call, send

WORKSPACE = demo_workspace()
NOW = pc.instant("2026-03-02T08:00:00Z")
HOUR = 3_600_000_000
LATER = NOW + HOUR

#: A type of record that every store can keep.
(OF, *_) = vendors.load(vendors.names()[0]).timer_types


def record(timer: pc.Timer, id: str = "1001", note: str = "") -> VendorTimer:
    """A record with this timer."""
    made: VendorTimer = OF(id=id, timer=timer, person=WORKSPACE.people["5"], note=note)
    return made


RUNNING = pc.start(NOW)
PAUSED = pc.pause(RUNNING, LATER)
STOPPED = pc.stop(RUNNING, LATER)
AMENDED = pc.amend(RUNNING, worked=5 * HOUR, since=LATER)


@pytest.fixture(params=["memory", *DATABASES])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store of every kind."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield MemoryStore(WORKSPACE)
            return
        opened = SqlStore(stack.enter_context(database_url(request.param, tmp_path)), WORKSPACE)
        stack.callback(opened.close)
        yield opened


def change(store: Store, *changes: Change[VendorTimer]) -> None:
    """Store changes and a journal entry in one transaction."""
    with store.transaction() as transaction:
        transaction.changes.extend(changes)
        transaction.entries.append(JournalEntry(at=NOW, method="POST", path="/", status=200))


def content(store: Store) -> tuple[list[VendorTimer], int, int]:
    """Return the records of a store, its next id and the number of its journal entries."""
    with store.reading() as account:
        return list(account.find(Query(of=OF)).records), account.new_id(), len(list(store.journal()))


CONSISTENT = [
    [],
    [Change(UPDATE, LATER, record(RUNNING, note="renamed"))],
    [Change(Event.PAUSE, LATER, record(PAUSED, note="renamed"))],
    [Change(Event.STOP, LATER, record(STOPPED))],
    [Change(Correction.AMEND, NOW, record(AMENDED))],
    [Change(Correction.DISCARD, LATER, record(RUNNING))],
    [Change(Event.PAUSE, LATER, record(PAUSED)), Change(Correction.DISCARD, LATER, record(PAUSED))],
    [Change(Correction.DISCARD, LATER, record(RUNNING)), Change(Event.START, LATER, record(pc.start(LATER)))],
    [
        Change(Event.PAUSE, LATER, record(PAUSED)),
        Change(Event.RESUME, LATER, record(pc.resume(PAUSED, LATER))),
        Change(Event.START, LATER, record(pc.start(LATER), "1002")),
        Change(UPDATE, LATER, record(pc.resume(PAUSED, LATER), note="renamed")),
    ],
]


@pytest.mark.parametrize("changes", CONSISTENT)
def test_consistent_changes_are_stored(store: Store, changes: list[Change[VendorTimer]]) -> None:
    """Each action on a running timer; several changes of one record follow each other."""
    change(store, *creating(record(RUNNING)))
    change(store, *changes)
    expected = {"1001": record(RUNNING)}
    for each in changes:
        expected[each.record.id] = each.record
        if each.action is Correction.DISCARD:
            del expected[each.record.id]
    records, _, entries = content(store)
    assert (records, entries) == ([*expected.values()], 2)


INCONSISTENT: list[tuple[list[Change[VendorTimer]], str]] = [
    # "stored a finished entry as one start, and its journal replayed to something else"
    ([Change(Event.START, LATER, record(STOPPED, "1002"))], "it leads to"),
    ([Change(Event.START, LATER, record(RUNNING, "1002"))], "it leads to"),
    ([Change(Event.START, NOW, record(RUNNING))], "cannot start a timer that is running"),
    ([Change(Event.PAUSE, LATER, record(STOPPED))], "it leads to"),
    ([Change(Event.PAUSE, LATER + 1, record(PAUSED))], "it leads to"),
    ([Change(Event.PAUSE, NOW - 1, record(PAUSED))], "1 µs before"),
    ([Change(Event.RESUME, LATER, record(pc.start(LATER)))], "cannot resume a timer that is running"),
    ([Change(Event.STOP, LATER, record(STOPPED, "1002"))], "cannot stop a timer that is idle"),
    ([Change(UPDATE, LATER, record(PAUSED))], "it leads to"),
    ([Change(UPDATE, LATER, record(RUNNING, "1002"))], "no such record is stored"),
    ([Change(Correction.AMEND, NOW, record(STOPPED))], "it leads to"),
    ([Change(Correction.AMEND, NOW, record(replace(AMENDED, started_at=NOW - 9 * HOUR)))], "it leads to"),
    ([Change(Correction.AMEND, NOW, record(replace(RUNNING, worked=-1)))], "must not be negative"),
    ([Change(Correction.AMEND, NOW, record(AMENDED, "1002"))], "no such record is stored"),
    ([Change(Correction.DISCARD, NOW, record(RUNNING, "1002"))], "no such record is stored"),
    ([Change(Correction.DISCARD, NOW, record(PAUSED))], "the stored record is another"),
    ([Change(Correction.DISCARD, NOW, record(RUNNING, note="other"))], "the stored record is another"),
    ([Change(Event.START, NOW, record(RUNNING, ""))], "the record has no id"),
    (
        [
            Change(Event.PAUSE, LATER, record(PAUSED)),
            Change(Event.STOP, LATER + 1, record(pc.stop(RUNNING, LATER + 1))),
        ],
        "it leads to",
    ),
    (
        [Change(Correction.DISCARD, NOW, record(RUNNING)), Change(UPDATE, NOW, record(RUNNING))],
        "no such record is stored",
    ),
    (
        [Change(Event.START, NOW, record(RUNNING, "1002")), Change(Event.START, NOW, record(RUNNING, "1002"))],
        "cannot start a timer that is running",
    ),
]


@pytest.mark.parametrize(("changes", "reason"), INCONSISTENT)
def test_an_inconsistent_change_stores_nothing(store: Store, changes: list[Change[VendorTimer]], reason: str) -> None:
    """The error names the vendor, the timer and the action; changes of the same call are not stored either."""
    change(store, *creating(record(RUNNING)))
    before = content(store)
    with pytest.raises(InconsistentChange) as caught:
        change(store, Change(Event.START, LATER, record(pc.start(LATER), "1005")), *changes)
    assert reason in caught.value.reason
    last = changes[-1]
    assert (caught.value.vendor, caught.value.id) == (OF.vendor, last.record.id)
    assert caught.value.action == str(last.action)
    assert content(store) == before
    change(store, *creating(record(RUNNING, "1002")))
    assert [each.id for each in content(store)[0]] == ["1001", "1002"]


def test_a_wrong_handler_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished entry that a vendor reports as a start is an error of the call, and the sandbox stays as it was."""
    vendor: Vendor[Any] = vendors.load("worksection")
    right = vendor.operation("start_my_timer")

    def start_finished(call: Any) -> HandlerResult:  # noqa: ANN401 - a call of any type
        result = right.handler(call)
        (made,) = result.changes
        stopped = pc.stop(made.record.timer, made.at + HOUR)
        return replace(result, changes=(replace(made, record=replace(made.record, timer=stopped)),))

    rows = tuple(replace(row, handler=start_finished) if row is right else row for row in vendor.operations)
    wrong = replace(vendor, operations=rows)
    monkeypatch.setattr(vendors, "load", lambda _: wrong)
    sandbox = Sandbox(clock=NOON)
    monkeypatch.undo()
    with pytest.raises(InconsistentChange, match="worksection: the change 'start' of timer '1001' is inconsistent"):
        send(sandbox, call("worksection", "start_my_timer"))
    assert sandbox.timers() == []
    assert list(sandbox.journal()) == []


ANY = [pc.IDLE, RUNNING, PAUSED, STOPPED, AMENDED, pc.resume(PAUSED, LATER), pc.start(LATER)]
ACTIONS = st.sampled_from([*Event, *Correction, UPDATE])
CHANGES = st.builds(
    Change, ACTIONS, st.sampled_from([NOW, LATER]), st.builds(record, st.sampled_from(ANY), st.sampled_from(["7", "8"]))
)


@given(st.lists(CHANGES, max_size=12))
def test_what_is_stored_is_what_happened(changes: list[Change[VendorTimer]]) -> None:
    """Whatever changes are offered, the accepted ones replay, action by action, to the timers that are stored."""
    account, replayed = MemoryAccount(WORKSPACE), dict[str, pc.Timer]()
    for each in changes:
        try:
            account.apply([each])
        except InconsistentChange:
            continue
        id, timer = each.record.id, each.record.timer
        if isinstance(each.action, Event):
            replayed[id] = pc.transition(replayed.get(id, pc.IDLE), each.action, each.at)
        elif each.action is Correction.AMEND:
            replayed[id] = pc.amend(replayed[id], worked=timer.worked, since=timer.since)
        elif each.action is Correction.DISCARD:
            del replayed[id]
    assert replayed == {each.id: each.timer for each in account.find(Query(of=OF)).records}


@pytest.mark.parametrize("name", vendors.names())
def test_every_call_of_every_vendor_is_consistent(name: str) -> None:
    """Every call of a vendor, in every order of two after each other, stores changes that fit their actions."""
    calls = [operation for vendor, operation in CALLS if vendor == name]
    stored = set()
    for first in calls:
        sandbox = Sandbox(clock=NOON)
        for operation in (first, *calls, *reversed(calls), *calls):
            send(sandbox, call(name, operation))
            sandbox.clock.advance(HOUR // 60)
        stored |= {change.action for entry in sandbox.journal() for change in entry.changes}
    assert {"start"} < stored
