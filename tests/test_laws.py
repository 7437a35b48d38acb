"""The laws: what holds of every timer and every history, whatever the events and instants.

Each is a sentence of the contract, stated once. Examples of the same functions are in test_timer.py and
test_history.py.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import (
    IDLE,
    TRANSITIONS,
    ClockWentBackwards,
    Event,
    IllegalTransition,
    InvalidInstant,
    Kind,
    PunchclockError,
    Segment,
    State,
    Timer,
    amend,
    break_at,
    elapsed_at,
    not_before,
    pause,
    replay,
    restore,
    resume,
    start,
    stop,
    timeline,
    transition,
    worked_at,
)
from punchclock.machine import COUNTS_AS
from strategies import History, active, begun, gaps, histories, instants, legal_histories, not_instants, timers

begun_histories = legal_histories(min_size=1)


def last_instant(history: History) -> int:
    """When the last event of a history happened; 0 of an empty one, as of ``IDLE``."""
    return history[-1][1] if history else 0


def keeps_the_invariant(timer: Timer) -> bool:
    """The law that one timer alone must keep."""
    return 0 <= timer.worked <= timer.since - timer.started_at


# Work, break and elapsed time


@given(timers(), gaps)
def test_worked_and_break_are_the_elapsed_time(timer: Timer, gap: int) -> None:
    """Every microsecond since the start is either work or break."""
    now = timer.since + gap
    assert worked_at(timer, now) + break_at(timer, now) == elapsed_at(timer, now)


@given(timers(), gaps)
def test_nothing_is_ever_negative(timer: Timer, gap: int) -> None:
    """No reading of any timer at any time is below zero."""
    now = timer.since + gap
    assert min(worked_at(timer, now), break_at(timer, now), elapsed_at(timer, now)) >= 0


@given(timers(), gaps, gaps)
def test_nothing_ever_shrinks(timer: Timer, gap: int, more: int) -> None:
    """Work and break never decrease as now increases."""
    now = timer.since + gap
    later = now + more
    assert worked_at(timer, later) >= worked_at(timer, now)
    assert break_at(timer, later) >= break_at(timer, now)


@given(timers(), gaps, gaps)
def test_only_the_kind_of_the_state_grows(timer: Timer, gap: int, more: int) -> None:
    """Time that passes goes to the kind that `COUNTS_AS` names for the state, all of it, and to nothing else."""
    now = timer.since + gap
    later = now + more
    grown = {
        Kind.WORK: worked_at(timer, later) - worked_at(timer, now),
        Kind.BREAK: break_at(timer, later) - break_at(timer, now),
    }
    assert grown == {kind: more if COUNTS_AS.get(timer.state) is kind else 0 for kind in Kind}


@given(begun, st.sampled_from(Event), gaps)
def test_a_transition_moves_no_reading(timer: Timer, event: Event, gap: int) -> None:
    """At the instant of an event, the timer reads the same before it and after it."""
    now = timer.since + gap
    if (timer.state, event) in TRANSITIONS:
        after = transition(timer, event, now)
        assert worked_at(after, now) == worked_at(timer, now)
        assert break_at(after, now) == break_at(timer, now)


# The functions and the table


@given(timers(), st.sampled_from(Event), gaps)
def test_fast_functions_transition_and_table_agree(timer: Timer, event: Event, gap: int) -> None:
    """Three ways to take a step are one: same timer, or same rejection."""
    now = timer.since + gap
    fast = {Event.START: lambda _, now: start(now), Event.PAUSE: pause, Event.RESUME: resume, Event.STOP: stop}[event]
    target = TRANSITIONS.get((timer.state, event))
    if target is None:
        with pytest.raises(IllegalTransition):
            transition(timer, event, now)
        if event is not Event.START:  # `start` takes no timer, so it has none to reject
            with pytest.raises(IllegalTransition):
                fast(timer, now)
    else:
        assert fast(timer, now) == transition(timer, event, now)
        assert transition(timer, event, now).state is target


@given(timers(), st.sampled_from(Event), instants)
def test_a_step_is_taken_whole_or_not_at_all(timer: Timer, event: Event, now: int) -> None:
    """The table and the clock alone decide; a rejection is one of two errors, and the timer stays as it was."""
    before = restore(state=timer.state, started_at=timer.started_at, since=timer.since, worked=timer.worked)
    legal = (timer.state, event) in TRANSITIONS
    on_time = timer.state is State.IDLE or now >= timer.since
    if legal and on_time:
        after = transition(timer, event, now)
        assert (after.state, after.since) == (TRANSITIONS[timer.state, event], now)
    else:
        with pytest.raises(ClockWentBackwards if legal else IllegalTransition):
            transition(timer, event, now)
    assert timer == before


@given(timers(), st.sampled_from(Event), gaps)
def test_every_step_keeps_the_invariant(timer: Timer, event: Event, gap: int) -> None:
    """``0 <= worked <= since - started_at`` before means the same after."""
    if (timer.state, event) in TRANSITIONS:
        assert keeps_the_invariant(transition(timer, event, timer.since + gap))


@given(begun, gaps, instants)
def test_amend_keeps_invariant_and_state(timer: Timer, worked: int, since: int) -> None:
    """Every correction that is not negative returns a timer in the same state."""
    after = amend(timer, worked=worked, since=since)
    assert keeps_the_invariant(after)
    assert after.state is timer.state


@given(active, instants)
def test_not_before_always_lets_a_timer_end(timer: Timer, now: int) -> None:
    """A clock that is wrong by any amount traps no timer, and takes nothing from it."""
    ended = stop(timer, not_before(timer, now))
    assert ended.state is State.STOPPED
    assert keeps_the_invariant(ended)
    assert ended.worked >= timer.worked


OfAnInstant = dict[str, Callable[[Timer, Any], object]]


def by_event(event: Event) -> OfAnInstant:
    """The functions that are given the event as a value."""
    return {
        f"transition, {event}": lambda timer, now: transition(timer, event, now),
        f"replay, {event}": lambda timer, now: replay([(event, now)], timer),
        f"timeline, {event}": lambda timer, now: timeline([(event, now)], timer=timer),
    }


#: Every step and every reading of the core, as a function of a timer and an instant.
OF_AN_INSTANT: Final[OfAnInstant] = {
    **{function.__name__: function for function in (pause, resume, stop, worked_at, break_at, elapsed_at, not_before)},
    **{name: function for event in Event for name, function in by_event(event).items()},
    "start": lambda _, now: start(now),
    "amend": lambda timer, now: amend(timer, worked=0, since=now),
}


@pytest.mark.parametrize("function", OF_AN_INSTANT)
@given(timers(), not_instants)
def test_other_types_are_not_instants(function: str, timer: Timer, wrong: object) -> None:
    """Whatever the state, a value of another type is rejected with its own error, and the timer stays as it was."""
    before = Timer(timer.state, timer.started_at, timer.since, timer.worked)
    with pytest.raises(InvalidInstant) as caught:
        OF_AN_INSTANT[function](timer, wrong)
    assert type(caught.value) is InvalidInstant
    assert caught.value.value is wrong
    assert timer == before


@given(histories, st.data(), not_instants)
def test_a_history_is_rejected_at_the_first_value_that_is_not_an_instant(
    history: History, data: st.DataObject, wrong: object
) -> None:
    """`replay` and `timeline` name its place, unless an event ahead of it was rejected already."""
    place = data.draw(st.integers(0, len(history)))
    spoilt: list[Any] = [*history[:place], (data.draw(st.sampled_from(Event)), wrong), *history[place:]]
    earlier = first_rejection(history[:place])
    for fold in (replay, timeline):
        with pytest.raises(PunchclockError) as caught:
            fold(spoilt)
        assert (caught.value.index, type(caught.value)) == (earlier or (place, InvalidInstant))


@given(timers(), not_instants)
def test_until_is_an_instant(timer: Timer, wrong: object) -> None:
    """A timeline is closed at an instant, or at none."""
    if wrong is not None:
        with pytest.raises(InvalidInstant) as caught:
            timeline([], timer=timer, until=wrong)  # type: ignore[arg-type]
        assert caught.value.value is wrong
        assert caught.value.index is None


# Histories


@given(legal_histories())
def test_replaying_is_stepping(history: History) -> None:
    """Replaying a history is the same as applying its events one by one."""
    timer = IDLE
    for event, at in history:
        timer = transition(timer, event, at)
    assert replay(history) == timer
    assert replay(iter(history)) == timer
    assert keeps_the_invariant(timer)


@given(legal_histories(), st.data())
def test_a_history_can_be_split_anywhere(history: History, data: st.DataObject) -> None:
    """To stop reading and go on later gives the same timer, and the same segments."""
    cut = data.draw(st.integers(0, len(history)))
    halfway = replay(history[:cut])
    assert replay(history[cut:], halfway) == replay(history)

    between = timeline(history[:cut]) + timeline(history[cut:], timer=halfway)
    assert joined(between) == timeline(history)


@given(begun_histories, instants, gaps)
def test_shifting_every_instant_shifts_nothing_else(history: History, shift: int, gap: int) -> None:
    """Only differences of instants count: the same week a year later is the same work."""
    moved = [(event, at + shift) for event, at in history]
    before, after = replay(history), replay(moved)
    assert after == Timer(before.state, before.started_at + shift, before.since + shift, before.worked)

    now = before.since + gap
    for reading in (worked_at, break_at, elapsed_at):
        assert reading(after, now + shift) == reading(before, now)
    assert timeline(moved, until=now + shift) == [
        Segment(segment.kind, segment.start + shift, segment.end + shift) for segment in timeline(history, until=now)
    ]


def accumulate_on_pause(history: History, now: int) -> int:
    """Work as some vendors count it: ``time = time + (now - starttime)`` whenever the clock stops."""
    time, starttime = 0, None
    for event, at in [*history, (None, now)]:
        if starttime is not None:
            time += at - starttime
        starttime = at if event in (Event.START, Event.RESUME) else None
    return time


def deduct_the_break(history: History, now: int) -> int:
    """Work as the other vendors count it: ``now - started - break``, where now is the end of what has ended."""
    started = history[0][1]
    pauses = [at for event, at in history if event is Event.PAUSE]
    resumes = [at for event, at in history if event is Event.RESUME]
    if history[-1][0] is Event.STOP:
        now = history[-1][1]
    if len(resumes) < len(pauses):
        resumes.append(now)
    return now - started - (sum(resumes) - sum(pauses))


@given(begun_histories, gaps)
def test_both_vendor_formulas_agree_with_the_timer(history: History, gap: int) -> None:
    """Accumulate on pause, or deduct the break from the whole: two readings of one record."""
    now = last_instant(history) + gap
    worked = worked_at(replay(history), now)
    assert worked == accumulate_on_pause(history, now)
    assert worked == deduct_the_break(history, now)


@given(begun_histories, st.data())
def test_transitions_at_one_instant_add_nothing(history: History, data: st.DataObject) -> None:
    """Any number of pauses and resumes tapped at one instant leaves every total and every segment as it was."""
    cut = data.draw(st.integers(1, len(history)))
    taps = data.draw(st.integers(1, 5))
    state, at = replay(history[:cut]).state, history[cut - 1][1]
    if state is State.RUNNING:
        tapped = [(Event.PAUSE, at), (Event.RESUME, at)] * taps
    elif state is State.PAUSED:
        tapped = [(Event.RESUME, at), (Event.PAUSE, at)] * taps
    else:
        tapped = []
    assert replay([*history[:cut], *tapped, *history[cut:]]) == replay(history)
    assert timeline([*history[:cut], *tapped, *history[cut:]]) == timeline(history)


def first_rejection(history: History) -> tuple[int, type[PunchclockError]] | None:
    """Where a history breaks a rule, and which: found by the table and the clock alone, without a timer."""
    state, since = State.IDLE, None
    for index, (event, at) in enumerate(history):
        if (state, event) not in TRANSITIONS:
            return index, IllegalTransition
        if since is not None and at < since:
            return index, ClockWentBackwards
        state, since = TRANSITIONS[state, event], at
    return None


@given(histories)
def test_a_rejected_event_says_where_it_is_and_changes_nothing(history: History) -> None:
    """The first event that breaks a rule is rejected with its ``index``; all before it makes a good timer."""
    rejection = first_rejection(history)
    if rejection is None:
        assert keeps_the_invariant(replay(history))
        return
    index, error = rejection
    for fold in (replay, timeline):
        with pytest.raises(error) as caught:
            fold(history)
        assert caught.value.index == index
    good = replay(history[:index])
    with pytest.raises(error):
        transition(good, *history[index])
    assert good == replay(history[:index])


# Timelines


def joined(segments: list[Segment]) -> list[Segment]:
    """Segments of one kind that touch made one."""
    whole: list[Segment] = []
    for segment in segments:
        if whole and (whole[-1].kind, whole[-1].end) == (segment.kind, segment.start):
            segment = Segment(segment.kind, whole.pop().start, segment.end)  # noqa: PLW2901 (it grows)
        whole.append(segment)
    return whole


def length(segments: list[Segment], kind: Kind) -> int:
    """How long the segments of a kind are together."""
    return sum(segment.end - segment.start for segment in segments if segment.kind is kind)


@given(legal_histories(), gaps)
def test_a_timeline_sums_to_the_readings(history: History, gap: int) -> None:
    """The segments of work are the work, those of break the break."""
    now = last_instant(history) + gap
    timer, segments = replay(history), timeline(history, until=now)
    assert length(segments, Kind.WORK) == worked_at(timer, now)
    assert length(segments, Kind.BREAK) == break_at(timer, now)


@given(legal_histories(), gaps)
def test_segmentes_are_ordered_half_open_and_as_long_as_can_be(history: History, gap: int) -> None:
    """They are adjacent and not empty, and neighbours differ in kind."""
    segments = timeline(history, until=last_instant(history) + gap)
    assert all(segment.start < segment.end for segment in segments)
    for one, following in pairwise(segments):
        assert one.end == following.start
        assert one.kind is not following.kind
    if segments:
        assert segments[0].start == history[0][1]
        assert segments[-1].end <= last_instant(history) + gap


@given(begun_histories, gaps)
def test_until_closes_what_still_counts(history: History, gap: int) -> None:
    """Without ``until`` the timeline ends at the last event; with it, at ``until`` unless the timer was stopped."""
    now = last_instant(history) + gap
    timer = replay(history)
    open_end = [Segment(COUNTS_AS[timer.state], timer.since, now)] if timer.state in COUNTS_AS and gap else []
    assert timeline(history, until=now) == joined([*timeline(history), *open_end])


@given(begun, gaps)
def test_the_timeline_of_a_timer_begins_at_its_last_instant(timer: Timer, gap: int) -> None:
    """What a timer did before is in its record as sums, and no longer as segments."""
    now = timer.since + gap
    segments = timeline([], timer=timer, until=now)
    assert length(segments, Kind.WORK) == worked_at(timer, now) - worked_at(timer, timer.since)
    assert length(segments, Kind.BREAK) == break_at(timer, now) - break_at(timer, timer.since)
