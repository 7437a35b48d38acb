"""Histories by example: replayed into a timer, unrolled into segments, rejected where they break a rule."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from punchclock import (
    IDLE,
    ClockWentBackwards,
    Event,
    IllegalTransition,
    InvalidInstant,
    Kind,
    Segment,
    State,
    Timer,
    instant,
    pause,
    replay,
    start,
    timeline,
)

START, PAUSE, RESUME, STOP = Event

#: Two segments of work with a break between them, and one that ends the day.
DAY = [(START, 100), (PAUSE, 160), (RESUME, 180), (PAUSE, 200), (STOP, 250)]

FOLDS: list[Callable[[list[tuple[Event, int]]], object]] = [replay, timeline]


def test_replay_folds_a_history_into_a_timer() -> None:
    """The timer holds the sums; the events are not needed any more."""
    assert replay(DAY) == Timer(State.STOPPED, started_at=100, since=250, worked=80)


def test_nothing_happened_to_a_timer_without_events() -> None:
    """An empty history leaves the timer that has not begun, or the one it was given."""
    assert replay([]) == IDLE
    assert replay([], start(5)) == start(5)
    assert timeline([]) == []
    assert timeline([], until=10) == []


def test_replay_goes_on_from_a_timer() -> None:
    """What was saved yesterday is continued today."""
    assert replay([(RESUME, 180), (STOP, 200)], pause(start(100), 160)) == Timer(State.STOPPED, 100, 200, 80)


def test_a_history_may_be_read_only_once() -> None:
    """Any iterable will do, so a log need not fit into memory."""
    assert replay(iter(DAY)) == replay(DAY)
    assert timeline(iter(DAY)) == timeline(DAY)


def test_timeline_unrolls_a_history_into_segments() -> None:
    """Each segment of work and of break, half-open, in order."""
    assert timeline(DAY) == [
        Segment(Kind.WORK, 100, 160),
        Segment(Kind.BREAK, 160, 180),
        Segment(Kind.WORK, 180, 200),
        Segment(Kind.BREAK, 200, 250),
    ]


def test_a_timeline_ends_at_the_last_event_without_until() -> None:
    """``until`` ends the segment of a running timer; without it, that segment is omitted."""
    assert timeline([(START, 100)]) == []
    assert timeline([(START, 100)], until=130) == [Segment(Kind.WORK, 100, 130)]
    assert timeline([(START, 100), (PAUSE, 120)], until=130) == [
        Segment(Kind.WORK, 100, 120),
        Segment(Kind.BREAK, 120, 130),
    ]


def test_a_stopped_timer_does_not_grow() -> None:
    """``until`` long after the stop adds nothing."""
    assert timeline(DAY, until=9_999) == timeline(DAY)


def test_a_pause_of_no_length_leaves_no_trace() -> None:
    """A pause and a resume at one instant do not cut the work in two."""
    assert timeline([(START, 0), (PAUSE, 5), (RESUME, 5), (STOP, 9)]) == [Segment(Kind.WORK, 0, 9)]


def test_a_resume_of_no_length_leaves_no_trace() -> None:
    """Nor does it cut a break."""
    assert timeline([(START, 0), (PAUSE, 5), (RESUME, 7), (PAUSE, 7), (STOP, 9)]) == [
        Segment(Kind.WORK, 0, 5),
        Segment(Kind.BREAK, 5, 9),
    ]


def test_a_life_of_no_length_has_no_segments() -> None:
    """Everything at one instant is a good history of nothing."""
    assert timeline([(START, 5), (PAUSE, 5), (RESUME, 5), (STOP, 5)], until=5) == []


def test_a_timeline_may_begin_before_1970() -> None:
    """Zero is an instant like any other."""
    assert timeline([(START, -5), (PAUSE, 0), (STOP, 5)]) == [Segment(Kind.WORK, -5, 0), Segment(Kind.BREAK, 0, 5)]


def test_the_timeline_of_a_continued_timer_begins_where_it_was_left() -> None:
    """Only what comes after the timer's last instant is in it."""
    assert timeline([(RESUME, 180)], timer=pause(start(100), 160), until=190) == [
        Segment(Kind.BREAK, 160, 180),
        Segment(Kind.WORK, 180, 190),
    ]


@pytest.mark.parametrize("fold", FOLDS)
def test_an_illegal_event_is_rejected_with_its_place(fold: Callable[[list[tuple[Event, int]]], object]) -> None:
    """The error of the third event counts from zero, as lists do."""
    with pytest.raises(IllegalTransition) as caught:
        fold([(START, 0), (PAUSE, 5), (PAUSE, 6), (STOP, 7)])
    assert (caught.value.index, caught.value.state, caught.value.event, caught.value.at) == (2, "paused", "pause", 6)


@pytest.mark.parametrize("fold", FOLDS)
def test_an_instant_out_of_order_is_rejected_with_its_place(fold: Callable[[list[tuple[Event, int]]], object]) -> None:
    """A log is in order of time; one that is not was put together wrongly."""
    with pytest.raises(ClockWentBackwards) as caught:
        fold([(START, 10), (PAUSE, 9)])
    assert (caught.value.index, caught.value.at, caught.value.since) == (1, 9, 10)


@pytest.mark.parametrize("at", [True, 6.0, None, "6"], ids=repr)
@pytest.mark.parametrize("fold", FOLDS)
def test_an_invalid_instant_is_rejected_with_its_index(
    fold: Callable[[list[tuple[Event, int]]], object], at: int
) -> None:
    """The type of the instant is checked before the event."""
    for event in Event:
        with pytest.raises(InvalidInstant) as caught:
            fold([(START, 0), (PAUSE, 5), (event, at), (STOP, 7)])
        assert (caught.value.index, caught.value.value) == (2, at)


@pytest.mark.parametrize("until", [True, 300.0, "300", False], ids=repr)
@pytest.mark.parametrize("history", [[], [(START, 100)], DAY], ids=["idle", "running", "stopped"])
def test_a_timeline_ends_at_an_instant(history: list[tuple[Event, int]], until: int) -> None:
    """``until`` is an instant too; it belongs to no event, so the error bears no index."""
    with pytest.raises(InvalidInstant) as caught:
        timeline(history, until=until)
    assert (caught.value.index, caught.value.value) == (None, until)


@pytest.mark.parametrize("fold", FOLDS)
def test_an_error_of_the_history_itself_passes_through(fold: Callable[[Iterator[tuple[Event, int]]], object]) -> None:
    """An exception of the iterable itself does not get an index."""
    texts = [(START, "2026-03-02T08:00:00Z"), (STOP, "tomorrow")]
    with pytest.raises(InvalidInstant) as caught:
        fold((event, instant(text)) for event, text in texts)
    assert caught.value.index is None


@pytest.mark.parametrize("history", [[(START, 100)], DAY], ids=["running", "stopped"])
def test_a_timeline_cannot_end_before_the_last_event(history: list[tuple[Event, int]]) -> None:
    """Part of what is known would be missing from it."""
    with pytest.raises(ClockWentBackwards) as caught:
        timeline(history, until=99)
    assert caught.value.index is None


def test_a_segment_is_a_value() -> None:
    """It cannot be changed, and equal ones are one key."""
    segment = Segment(Kind.WORK, 0, 5)
    assert {segment: 1} == {Segment(Kind.WORK, 0, 5): 1}
    with pytest.raises(AttributeError, match="immutable"):
        segment.end = 6  # type: ignore[misc]


def test_the_garbage_collector_does_not_follow_segments() -> None:
    """Nor does a segment hold anything that could hold it."""
    assert not gc.is_tracked(Segment(Kind.WORK, 0, 1))
