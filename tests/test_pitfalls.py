"""Where other trackers' timers went wrong: each report as a check that the library passes and the naive way fails.

A check takes the thing under test as an argument. It is run twice: on punchclock, which passes, and on the mistake
of the report, written down beside it as an implementation that is as short as it is tempting. If the mistake ever
passed, the check would prove nothing; so that is asserted too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from punchclock import (
    ClockWentBackwards,
    Event,
    IllegalTransition,
    PunchclockError,
    Segment,
    State,
    Timer,
    break_at,
    dumps,
    elapsed_at,
    format_duration,
    instant,
    loads,
    not_before,
    parse_duration,
    pause,
    replay,
    start,
    stop,
    timeline,
    worked_at,
)
from punchclock.calendar import split_by_day
from punchclock.rounding import round_duration

START, PAUSE, RESUME, STOP = Event

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

History = list[tuple[Event, int]]
Total = Callable[[History, int], int]
"""The work in a history up to an instant."""

Subject = TypeVar("Subject")


def holds_here_and_not_there(check: Callable[[Subject], None], *, right: Subject, naive: Subject) -> None:
    """The check accepts what is right and catches the mistake that it is there for."""
    check(right)
    with pytest.raises(AssertionError):
        check(naive)


def total(history: History, now: int) -> int:
    """Work as punchclock counts it."""
    return worked_at(replay(history), now)


# Totals


def test_taps_faster_than_a_tick_lose_nothing() -> None:
    """A pause shorter than a tick, tapped fast, confused the total (Knowinnovation/kitime#26)."""

    def check(total: Total) -> None:
        taps = [(event, at) for at in range(1, 1_000) for event in (PAUSE, RESUME)]  # two taps at each microsecond
        assert total([(START, 0), *taps], SECOND) == SECOND
        slow = [tap for k in range(10) for tap in ((PAUSE, k * SECOND + 400_000), (RESUME, k * SECOND + 500_000))]
        assert total([(START, 0), *slow], 10 * SECOND) == 9 * SECOND

    def whole_seconds(history: History, now: int) -> int:
        """Each segment is cut to the tick of the display before it is added."""
        ends = [at for _, at in history[1:]] + [now]
        return sum(
            (end - begin) // SECOND * SECOND
            for (event, begin), end in zip(history, ends, strict=True)
            if event is not PAUSE
        )

    holds_here_and_not_there(check, right=total, naive=whole_seconds)


def test_a_timer_counts_from_its_own_start() -> None:
    """A timer counted from program start, not from its own start (CodeMouse92/Timecard#23)."""

    def check(total: Total) -> None:
        assert total([(START, 5 * MINUTE)], 6 * MINUTE) == MINUTE

    program_start = 0

    def since_program_start(_: History, now: int) -> int:
        """The origin of time is a global of the program."""
        return now - program_start

    holds_here_and_not_there(check, right=total, naive=since_program_start)


def test_a_pause_longer_than_the_work_leaves_the_work() -> None:
    """A pause longer than the logged time made the total negative (caktus/django-timepiece#734)."""

    def check(total: Total) -> None:
        assert total([(START, 0), (PAUSE, 10 * MINUTE)], 3 * HOUR) == 10 * MINUTE

    def logged_time_less_the_pause(history: History, now: int) -> int:
        """The pause is subtracted from time that never contained it."""
        started, paused = history[0][1], history[-1][1]
        return (paused - started) - (now - paused)

    holds_here_and_not_there(check, right=total, naive=logged_time_less_the_pause)


def test_a_pause_is_not_work() -> None:
    """Paused time counted as work (super-productivity#3093)."""

    def check(total: Total) -> None:
        assert total([(START, 0), (PAUSE, HOUR), (RESUME, 2 * HOUR), (STOP, 3 * HOUR)], 3 * HOUR) == 2 * HOUR

    def from_start_to_end(history: History, _: int) -> int:
        """A pause stops the display alone."""
        return history[-1][1] - history[0][1]

    holds_here_and_not_there(check, right=total, naive=from_start_to_end)


Report = tuple[int, int, int]
"""Worked, break and elapsed time, as one page shows them."""


def test_one_page_reads_the_clock_once() -> None:
    """Two reads of the clock in one operation disagreed (Watson)."""

    def check(report: Callable[[Timer, Callable[[], int]], Report]) -> None:
        ticks = iter(range(HOUR, 2 * HOUR))
        worked, rested, elapsed = report(start(0), lambda: next(ticks))
        assert worked + rested == elapsed

    def read_once(timer: Timer, clock: Callable[[], int]) -> Report:
        now = clock()
        return worked_at(timer, now), break_at(timer, now), elapsed_at(timer, now)

    def read_each_time(timer: Timer, clock: Callable[[], int]) -> Report:
        """Each figure asks the clock anew, and it has moved on."""
        return clock() - timer.since, 0, clock() - timer.started_at

    holds_here_and_not_there(check, right=read_once, naive=read_each_time)


# Ending a timer

Stop = Callable[[Timer, int], Timer]


def clamped_stop(timer: Timer, now: int) -> Timer:
    """The idiom for a caller whose clock may be wrong."""
    return stop(timer, not_before(timer, now))


def unchecked_stop(timer: Timer, now: int) -> Timer:
    """The end is the reading of the clock."""
    return Timer(State.STOPPED, timer.started_at, now, timer.worked + now - timer.since)


def test_a_clock_ahead_traps_no_timer() -> None:
    """A client clock ahead of the server gave stop < start, a duration of −260, and a timer that never stopped.

    (toggl/toggl_api_docs#213, kimai#2273)
    """
    ahead = start(260 * SECOND)

    def check_the_duration(end: Stop) -> None:
        assert end(ahead, 0).worked >= 0

    def check_the_end(end: Stop) -> None:
        try:
            ended = end(ahead, 0)
        except PunchclockError:
            ended = ahead
        assert ended.state is State.STOPPED

    holds_here_and_not_there(check_the_duration, right=clamped_stop, naive=unchecked_stop)
    holds_here_and_not_there(check_the_end, right=clamped_stop, naive=stop)  # to reject is not enough
    with pytest.raises(ClockWentBackwards) as caught:
        stop(ahead, 0)
    assert (caught.value.at, caught.value.since) == (0, 260 * SECOND)


def test_the_first_stop_wins() -> None:
    """A second stop moved the end of a stopped entry (toggl/track-extension#177, toggl/mobileapp#6220)."""
    stopped = stop(start(0), HOUR)

    def check(end: Stop) -> None:
        try:
            after = end(stopped, 2 * HOUR)
        except IllegalTransition:
            after = stopped
        assert (after.since, after.worked) == (HOUR, HOUR)

    holds_here_and_not_there(check, right=stop, naive=unchecked_stop)
    with pytest.raises(IllegalTransition, match="cannot stop a timer that is stopped"):
        stop(stopped, 2 * HOUR)


def test_no_rule_rejects_a_stop() -> None:
    """A validator rejected to stop a running timer (kimai#4290, kimai#5590)."""
    awkward = {
        "running for ten years": (start(0), 10 * 365 * 24 * HOUR),
        "not one microsecond old": (start(5), 5),
        "begun before 1970": (start(-HOUR), 0),
        "begun in the future": (start(HOUR), 0),
        "on break for a week": (pause(start(0), HOUR), 7 * 24 * HOUR),
    }

    def check(end: Stop) -> None:
        rejected = []
        for name, (timer, now) in awkward.items():
            try:
                end(timer, now)
            except (ValueError, PunchclockError):
                rejected.append(name)
        assert not rejected

    def validating_stop(timer: Timer, now: int) -> Timer:
        """The rules for a good entry are applied to its end, when it is too late to keep them."""
        if not 0 < now - timer.started_at <= 24 * HOUR:
            raise ValueError("an entry is longer than nothing and shorter than a day")
        return clamped_stop(timer, now)

    holds_here_and_not_there(check, right=clamped_stop, naive=validating_stop)


# What is stored


def test_running_is_a_state_and_no_number() -> None:
    """A timer was running where its duration was negative or zero; real entries of no length then looked running.

    (toggldesktop PR 4839, toggl-cli PR 142)
    """

    def check(is_running: Callable[[Timer], bool]) -> None:
        assert is_running(start(5))
        assert is_running(start(0))
        assert is_running(start(-5))
        assert not is_running(stop(start(5), 5))
        assert not is_running(pause(start(5), 5))

    def saved_and_read(timer: Timer) -> bool:
        return loads(dumps(timer)).state is State.RUNNING

    def by_sentinel(timer: Timer) -> bool:
        """The start is kept as a negative duration until the timer stops."""
        duration = -timer.started_at if timer.state is State.RUNNING else timer.worked
        return duration <= 0

    holds_here_and_not_there(check, right=saved_and_read, naive=by_sentinel)


def test_rounding_changes_no_stored_value() -> None:
    """Rounding the stored end overlapped the next start (kimai#599, kimai#4499, kimai#5319)."""
    morning = timeline([(START, 0), (STOP, 52 * MINUTE)])
    next_entry = timeline([(START, 52 * MINUTE), (STOP, 90 * MINUTE)])

    def check(book: Callable[[Segment], tuple[Segment, int]]) -> None:
        (first, billed), (second, _) = book(morning[0]), book(next_entry[0])
        assert billed == HOUR
        assert first.end <= second.start

    def round_the_duration(segment: Segment) -> tuple[Segment, int]:
        return segment, round_duration(segment.end - segment.start, 15 * MINUTE, "up")

    def round_the_end(segment: Segment) -> tuple[Segment, int]:
        """The entry itself is made to fit the bill."""
        end = -(-segment.end // (15 * MINUTE)) * 15 * MINUTE
        return Segment(segment.kind, segment.start, end), end - segment.start

    holds_here_and_not_there(check, right=round_the_duration, naive=round_the_end)


# Days, zones and boundaries


def test_a_clock_change_changes_no_duration() -> None:
    """An entry edited across a DST change moved by an hour (mtierltd/timetracker#103, toggl/track-extension#2292)."""
    berlin = ZoneInfo("Europe/Berlin")

    def check(between: Callable[[dt.datetime, dt.datetime], dt.timedelta]) -> None:
        spring = dt.datetime(2026, 3, 29, 1, 30, tzinfo=berlin), dt.datetime(2026, 3, 29, 3, 30, tzinfo=berlin)
        autumn = dt.datetime(2026, 10, 25, 1, 30, tzinfo=berlin), dt.datetime(2026, 10, 25, 3, 30, tzinfo=berlin)
        assert between(*spring) == dt.timedelta(hours=1)
        assert between(*autumn) == dt.timedelta(hours=3)

    def by_instants(begin: dt.datetime, end: dt.datetime) -> dt.timedelta:
        timer = stop(start(instant(begin)), instant(end))
        return dt.timedelta(microseconds=timer.worked)

    def by_the_wall_clock(begin: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Python subtracts what the clock on the wall shows, if both are in one zone."""
        return end - begin

    holds_here_and_not_there(check, right=by_instants, naive=by_the_wall_clock)


Days = dict[dt.date, int]
"""How long the pieces are that fall on each local date."""

Split = Callable[[int, int, str], Days]


def exact_split(begin: int, end: int, zone: str) -> Days:
    """Each piece of a segment on its own local date."""
    days: Days = {}
    for date, since, until in split_by_day(begin, end, zone):
        days[date] = days.get(date, 0) + until - since
    return days


def test_the_day_of_a_clock_change_is_as_long_as_it_is() -> None:
    """A clock-change day lost an hour or scaled 25/24 (timetagger#441, kimai#2844)."""

    def check(split: Split) -> None:
        begin, end = instant("2026-10-23T22:00:00Z"), instant("2026-10-25T23:00:00Z")
        assert split(begin, end, "Europe/Berlin") == {
            dt.date(2026, 10, 24): 24 * HOUR,
            dt.date(2026, 10, 25): 25 * HOUR,
        }

    def days_of_24_hours(begin: int, end: int, zone: str) -> Days:
        """The offset is asked for once, and a day is 24 hours."""
        at = dt.datetime.fromtimestamp(begin / SECOND, ZoneInfo(zone))
        days: Days = {}
        while begin < end:
            days[at.date()] = min(24 * HOUR, end - begin)
            begin, at = begin + 24 * HOUR, at + dt.timedelta(hours=24)
        return days

    holds_here_and_not_there(check, right=exact_split, naive=days_of_24_hours)


def test_time_past_midnight_is_the_next_day_s() -> None:
    """All time past midnight booked on the start day (kimai#4882, kimai#4239)."""

    def check(split: Split) -> None:
        begin, end = instant("2026-03-02T21:00:00Z"), instant("2026-03-03T05:00:00Z")
        assert split(begin, end, "Europe/Berlin") == {dt.date(2026, 3, 2): 2 * HOUR, dt.date(2026, 3, 3): 6 * HOUR}

    def on_the_start_day(begin: int, end: int, zone: str) -> Days:
        """An entry has one date."""
        return {dt.datetime.fromtimestamp(begin / SECOND, ZoneInfo(zone)).date(): end - begin}

    holds_here_and_not_there(check, right=exact_split, naive=on_the_start_day)


def test_adjacent_spans_do_not_overlap() -> None:
    """Touching intervals reported as overlapping (kimai#2033)."""
    history = [(START, 0), (PAUSE, HOUR), (STOP, 2 * HOUR)]
    work, rest = timeline(history)

    def check(contains: Callable[[Segment, int], bool]) -> None:
        for at in (0, HOUR - 1, HOUR, HOUR + 1, 2 * HOUR - 1, 2 * HOUR):
            timer = replay((event, when) for event, when in history if when <= at)
            assert contains(work, at) == (worked_at(timer, at + 1) > worked_at(timer, at))
            assert contains(rest, at) == (break_at(timer, at + 1) > break_at(timer, at))

    def half_open(segment: Segment, at: int) -> bool:
        return segment.start <= at < segment.end

    def closed(segment: Segment, at: int) -> bool:
        """Both ends belong to it, and so to its neighbours."""
        return segment.start <= at <= segment.end

    holds_here_and_not_there(check, right=half_open, naive=closed)


# Rounding and writing


def test_an_exact_boundary_stays_where_it_is() -> None:
    """An exact rounding boundary was rounded up one more step (solidtime#994, solidtime#444)."""

    def check(round_up: Callable[[int, int], int]) -> None:
        assert round_up(46 * MINUTE, 15 * MINUTE) == HOUR
        assert round_up(HOUR, 15 * MINUTE) == HOUR
        assert round_up(0, 15 * MINUTE) == 0

    def by_the_library(duration: int, step: int) -> int:
        return round_duration(duration, step, "up")

    def always_one_more(duration: int, step: int) -> int:
        """Down to a step, and then one up."""
        return (duration // step + 1) * step

    holds_here_and_not_there(check, right=by_the_library, naive=always_one_more)


def test_an_hour_is_shown_as_an_hour() -> None:
    """13:00–14:00 shown as 0:59 (solidtime#1031)."""
    hour = stop(start(instant("2026-03-02T13:00:00Z")), instant("2026-03-02T14:00:00Z"))

    def check(shown: Callable[[Timer], str]) -> None:
        assert shown(hour) == "01:00:00"

    def exactly(timer: Timer) -> str:
        return format_duration(timer.worked)

    def to_the_last_second(timer: Timer) -> str:
        """The end of an entry is the last second that belongs to it."""
        return format_duration(timer.since - SECOND - timer.started_at)

    holds_here_and_not_there(check, right=exactly, naive=to_the_last_second)


def test_more_than_an_hour_keeps_its_hours() -> None:
    """More than an hour on the stopwatch saved only the minutes (titraio/titra#221)."""

    def check(shown: Callable[[int], str]) -> None:
        for hours in (0, 1, 25, 123, 10_000):
            duration = hours * HOUR + 4 * MINUTE + 5 * SECOND
            assert parse_duration(shown(duration)) == duration
        assert shown(123 * HOUR + 245 * SECOND) == "123:04:05"

    def minutes_and_seconds(duration: int) -> str:
        """The stopwatch has two fields."""
        minutes, seconds = divmod(duration // SECOND, 60)
        return f"00:{minutes % 60:02}:{seconds:02}"

    holds_here_and_not_there(check, right=format_duration, naive=minutes_and_seconds)
