"""The table: what it holds, what it rejects to hold, and that it cannot be changed."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import TRANSITIONS, Event, InvalidTransitionTable, Kind, State
from punchclock.machine import COUNTS_AS, build_table, targets

Row = tuple[State, Event, State]

ROWS: list[Row] = [(source, event, target) for (source, event), target in TRANSITIONS.items()]


def test_the_table_is_the_documented_one() -> None:
    """Five transitions are legal, and these they are."""
    assert dict(TRANSITIONS) == {
        (State.IDLE, Event.START): State.RUNNING,
        (State.RUNNING, Event.PAUSE): State.PAUSED,
        (State.RUNNING, Event.STOP): State.STOPPED,
        (State.PAUSED, Event.RESUME): State.RUNNING,
        (State.PAUSED, Event.STOP): State.STOPPED,
    }


def test_names_are_the_words_that_files_use() -> None:
    """A state, an event and a kind are their own lower-case names as text."""
    assert [str(each) for each in (*State, *Event, *Kind)] == (
        ["idle", "running", "paused", "stopped", "start", "pause", "resume", "stop", "work", "break"]
    )


def test_only_running_and_paused_count() -> None:
    """Running counts as work, paused as break, and a timer that is idle or stopped counts nothing."""
    assert dict(COUNTS_AS) == {State.RUNNING: Kind.WORK, State.PAUSED: Kind.BREAK}


def test_stopped_answers_no_event() -> None:
    """The first stop is final: nothing leads out of it."""
    assert not [event for event in Event if (State.STOPPED, event) in TRANSITIONS]


def test_nothing_leads_back_to_idle() -> None:
    """A timer begins once."""
    assert State.IDLE not in TRANSITIONS.values()


@pytest.mark.parametrize("table", [TRANSITIONS, COUNTS_AS], ids=["TRANSITIONS", "COUNTS_AS"])
def test_the_tables_are_read_only(table: dict[object, object]) -> None:
    """The table cannot be changed at run time."""
    with pytest.raises(TypeError, match="does not support item assignment"):
        table[State.STOPPED] = State.RUNNING


@pytest.mark.parametrize("event", Event)
def test_targets_is_the_column_of_an_event(event: Event) -> None:
    """Columns put together are the table."""
    assert targets(event) == {source: target for source, each, target in ROWS if each is event}


def test_a_table_is_built_of_its_rows_in_any_order() -> None:
    """Which row comes first changes nothing."""
    assert build_table(reversed(ROWS)) == TRANSITIONS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
@pytest.mark.parametrize("target", State)
def test_a_second_answer_is_rejected(row: Row, target: State) -> None:
    """A pair of state and event has one row, even if two rows agree."""
    again = (row[0], row[1], target)
    with pytest.raises(InvalidTransitionTable, match="duplicate") as caught:
        build_table([*ROWS, again])
    assert caught.value.entry == again


@pytest.mark.parametrize(
    ("missing", "entry", "reason"),
    [
        ((State.IDLE, Event.START), State.RUNNING, "unreachable"),
        ((State.RUNNING, Event.PAUSE), State.PAUSED, "unreachable"),
        ((State.PAUSED, Event.RESUME), Event.RESUME, "dangling"),
    ],
)
def test_a_table_with_a_hole_is_rejected(missing: tuple[State, Event], entry: State | Event, reason: str) -> None:
    """A state without an incoming event, or an event without a row, is an error."""
    with pytest.raises(InvalidTransitionTable, match=reason) as caught:
        build_table(row for row in ROWS if row[:2] != missing)
    assert caught.value.entry is entry
    assert reason in caught.value.reason


def test_a_state_that_only_it_leads_to_is_unreachable() -> None:
    """A loop beside the machine does not make its states part of it."""
    rows = [
        (State.IDLE, Event.START, State.RUNNING),
        (State.RUNNING, Event.STOP, State.STOPPED),
        (State.PAUSED, Event.PAUSE, State.PAUSED),
        (State.PAUSED, Event.RESUME, State.RUNNING),
    ]
    with pytest.raises(InvalidTransitionTable, match="paused: unreachable"):
        build_table(rows)


@pytest.mark.parametrize(
    "row",
    [
        ("idle", Event.START, State.RUNNING),
        (State.IDLE, "start", State.RUNNING),
        (State.IDLE, Event.START, "running"),
        (State.IDLE, State.RUNNING, Event.START),
        (State.IDLE, Event.START),
        (State.IDLE, Event.START, State.RUNNING, State.RUNNING),
        "abc",
        None,
    ],
    ids=repr,
)
def test_a_row_of_anything_else_is_rejected(row: Row) -> None:
    """A row names a state, an event and a state: not their texts, not fewer, not more."""
    with pytest.raises(InvalidTransitionTable, match="dangling") as caught:
        build_table([*ROWS, row])
    assert caught.value.entry == row


def is_a_machine(rows: Iterable[Row]) -> bool:
    """An independent form of the rule of `build_table`: follow every path with as many steps as there are states."""
    table = list(rows)
    reached = {State.IDLE}
    for _ in State:
        reached |= {target for source, _, target in table if source in reached}
    return (
        len({row[:2] for row in table}) == len(table)
        and reached == set(State)
        and {event for _, event, _ in table} == set(Event)
    )


@given(
    st.lists(st.sampled_from(ROWS), unique=True)
    | st.lists(st.tuples(st.sampled_from(State), st.sampled_from(Event), st.sampled_from(State)))
    | st.permutations(ROWS).map(lambda rows: rows[:-1])
)
def test_exactly_the_machines_are_built(rows: list[Row]) -> None:
    """A table without duplicate, unreachable and dangling entries is built, and every other is rejected."""
    if is_a_machine(rows):
        assert build_table(rows) == {(source, event): target for source, event, target in rows}
    else:
        with pytest.raises(InvalidTransitionTable):
            build_table(rows)
