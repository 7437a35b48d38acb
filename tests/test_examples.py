"""The example logs: a realistic week, and bad lines of every kind with their errors."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from pathlib import Path

import pytest

from punchclock import Event, PunchclockError, State, format_duration, instant, totals
from punchclock.calendar import split_by_day
from punchclock.eventlog import TimerLog, parse_line
from punchclock.eventlog.totals import DailyAccumulator, Days
from punchclock.machine import Correction

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
WEEK = (EXAMPLES / "week.jsonl").read_bytes().splitlines()
BAD = (EXAMPLES / "bad.jsonl").read_bytes().splitlines()


def read(zone: str) -> TimerLog[DailyAccumulator]:
    """Return the week, accumulated by days of a zone."""
    days = Days(zone)
    log = TimerLog(new_observer=lambda at: DailyAccumulator(days, at))
    for line in WEEK:
        log.apply(parse_line(line))
    return log


@pytest.fixture(scope="module")
def week() -> TimerLog[DailyAccumulator]:
    """The week in the zone in which it was lived."""
    return read("Europe/Berlin")


def by_day(log: TimerLog[DailyAccumulator], zone: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Work and break by user and date, as texts."""
    until = log.last or 0
    timelines = [(str(each.user), None, each.observer.segments(each.timer, until)) for each in log.records.values()]
    return {
        (str(row.user), row.date.isoformat()): (format_duration(row.worked), format_duration(row.break_))
        for row in totals(timelines, zone)
    }


# The week


def test_the_week_has_what_weeks_have(week: TimerLog[DailyAccumulator]) -> None:
    """At least eight timers of three users, breaks, corrections, one that still runs, instants with several offsets."""
    entries = [parse_line(line) for line in WEEK]
    offsets = {json.loads(line)["at"][-6:] for line in WEEK}
    assert len(week.records) >= 8
    assert len({record.user for record in week.records.values()}) == 3
    assert {entry.event for entry in entries} == {*Event, *Correction}
    assert {"+01:00", "+02:00", "-04:00"} < offsets
    assert any(offset.endswith("Z") for offset in offsets)
    assert [name for name, each in week.records.items() if each.timer.state is State.RUNNING] == ["T13"]
    assert [name for name, each in week.records.items() if each.timer.state is State.PAUSED] == ["T12"]


def test_the_week_s_events_are_interleaved_and_some_coincide() -> None:
    """Neither does a timer's life come in one piece, nor has each instant one event."""
    entries = [parse_line(line) for line in WEEK]
    changes = sum(one.timer != two.timer for one, two in pairwise(entries))
    assert changes > len({entry.timer for entry in entries})
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    together = [(one, two) for one, two in pairwise(entries) if one.at == two.at]
    assert any(one.timer == two.timer for one, two in together)
    assert any(one.timer != two.timer for one, two in together)


def test_the_week_crosses_midnight_and_a_change_of_clocks(week: TimerLog[DailyAccumulator]) -> None:
    """A shift that lies on two dates, and one in the night of 23 hours: what passed is what counts."""
    shift, night = week.records["T6"].timer, week.records["T11"].timer
    assert len(split_by_day(shift.started_at, shift.since, "Europe/Berlin")) == 2
    assert (night.since - night.started_at) // 3_600_000_000 == 8
    assert (night.started_at, night.since) == (
        instant("2026-03-28T21:00:00+01:00"),
        instant("2026-03-29T06:00:00+02:00"),
    )


def test_the_week_by_user_and_day(week: TimerLog[DailyAccumulator]) -> None:
    """Counted by hand."""
    assert by_day(week, "Europe/Berlin") == {
        ("manager", "2026-03-23"): ("06:37:38", "01:02:22"),
        ("manager", "2026-03-24"): ("09:25:00", "00:40:00"),
        ("manager", "2026-03-25"): ("07:30:00", "00:30:00"),
        ("manager", "2026-03-27"): ("05:15:00", "01:15:00"),
        ("manager", "2026-03-29"): ("01:30:00", "01:30:00"),
        ("resource", "2026-03-23"): ("07:45:00", "00:45:00"),
        ("resource", "2026-03-25"): ("02:00:00", "00:00:00"),
        ("resource", "2026-03-26"): ("05:15:00", "00:45:00"),
        ("resource", "2026-03-28"): ("03:00:00", "00:00:00"),
        ("resource", "2026-03-29"): ("04:15:00", "00:45:00"),
        ("test", "2026-03-24"): ("08:00:00", "00:44:59"),
        ("test", "2026-03-26"): ("08:29:00", "01:00:00"),
        ("test", "2026-03-29"): ("03:20:00", "00:40:00"),
    }


def test_the_week_elsewhere_has_other_days_and_the_same_sums(week: TimerLog[DailyAccumulator]) -> None:
    """Days are the zone's; time is not."""
    sums, dates = set(), {}
    for zone in ("UTC", "Europe/Berlin", "Pacific/Auckland"):
        log = read(zone)
        until = log.last or 0
        rows = totals([(None, None, each.observer.segments(each.timer, until)) for each in log.records.values()], zone)
        sums.add((sum(row.worked for row in rows), sum(row.break_ for row in rows)))
        dates[zone] = {row.date for row in rows}
    assert len(sums) == 1
    assert dates["Pacific/Auckland"] - dates["UTC"] == {dt.date(2026, 3, 30)}
    assert week.last == instant("2026-03-29T20:00:00+02:00")


# The bad lines

#: The error of each line of the file, by its number: the code, and a part of the text.
ANSWERS = {
    2: ("malformed-line", "unknown event 'strat'"),
    3: ("malformed-line", "the key `at` is missing"),
    4: ("malformed-line", "the key `timer` is missing"),
    5: ("malformed-line", "$.timer: expected a string, got an integer"),
    6: ("malformed-line", "$.at: expected a string, got an integer"),
    7: ("malformed-line", "$.user: expected a string, got null"),
    8: ("malformed-line", "$.meta: expected an object, got a string"),
    9: ("malformed-line", "unknown key 'colour'"),
    10: ("malformed-line", "not valid JSON (byte "),
    11: ("malformed-line", "not valid JSON (byte "),
    12: ("malformed-line", "expected an object, got an array"),
    13: ("malformed-line", "not UTF-8"),
    14: ("malformed-line", "empty line"),
    15: ("malformed-line", "empty line"),
    16: ("malformed-line", "$.timer: empty"),
    17: ("malformed-line", "$.at: '2026-03-02T08:05:00' is not a valid instant: it has no UTC offset"),
    18: ("malformed-line", "$.at: '2026-03-02 08:05' is not a valid instant: not RFC 3339"),
    19: ("malformed-line", "no such date or time"),
    20: ("malformed-line", "no such date or time"),
    21: ("malformed-line", "'10000-03-02T08:05:00Z' is not a valid instant: not RFC 3339"),
    22: ("malformed-line", "outside the years 1 to 9999"),
    23: ("illegal-transition", "cannot resume a timer that is running"),
    24: ("clock-went-backwards", "cannot pause a running timer"),
    25: ("illegal-transition", "cannot pause a timer that is idle"),
    26: ("malformed-line", "$.worked_seconds: only amend has this key, not pause"),
    27: ("malformed-line", "$.since: only amend has this key, not stop"),
    28: ("malformed-line", "amend is missing `since`"),
    29: ("malformed-line", "amend is missing `worked_seconds`"),
    30: ("malformed-line", "not a number of seconds"),
    31: ("malformed-line", "'-1' is not in 0 to"),
    32: ("malformed-line", "finer than a microsecond"),
    33: ("malformed-line", "'1e999' is not in 0 to"),
    34: ("malformed-line", "$.since: '2026-03-02T08:05:00' is not a valid instant"),
    35: ("instant-out-of-range", "outside the years 1 to 9999"),
    36: ("unknown-timer", "cannot amend timer 'T2'"),
    37: ("unknown-timer", "cannot discard timer 'T2'"),
    38: ("illegal-transition", "cannot start a timer that is running"),
    40: ("illegal-transition", "cannot stop a timer that is stopped"),
    41: ("illegal-transition", "cannot pause a timer that is stopped"),
}


def rejections(lines: list[bytes]) -> tuple[TimerLog[None], dict[int, PunchclockError]]:
    """Return the log after some lines, and the errors of rejected lines, by number."""
    log = TimerLog()
    errors: dict[int, PunchclockError] = {}
    for number, line in enumerate(lines, 1):
        try:
            log.apply(parse_line(line))
        except PunchclockError as error:
            errors[number] = error
    return log, errors


def test_every_bad_line_answers_what_is_wrong_with_it() -> None:
    """With a code for a program and a text for a person."""
    _, errors = rejections(BAD)
    assert {number: error.code for number, error in errors.items()} == {n: code for n, (code, _) in ANSWERS.items()}
    for number, (_, words) in ANSWERS.items():
        assert words in str(errors[number])


def test_bad_lines_change_nothing() -> None:
    """The file gives what its good lines alone give."""
    log, errors = rejections(BAD)
    good, none = rejections([line for number, line in enumerate(BAD, 1) if number not in ANSWERS])
    assert none == {}
    assert log.records == good.records
    assert (log.last, len(errors)) == (good.last, len(ANSWERS))
