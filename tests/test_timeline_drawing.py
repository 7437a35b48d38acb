"""The timeline in characters: the strips that it is drawn from, the rows, the axis, at any width and any span."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import Event, Kind, Segment, State, instant
from punchclock.calendar import find_zone
from punchclock.cli.drawing import Row, draw
from punchclock.cli.histogram import Histogram
from punchclock.history import timeline
from strategies import FIRST, LAST, legal_histories

HOUR = 3_600_000_000
BERLIN = find_zone("Europe/Berlin")
MONDAY = instant("2026-03-02T08:00:00+01:00")


def strip(segments: list[Segment]) -> Histogram:
    """A strip of these."""
    made = Histogram(segments[0].start)
    for segment in segments:
        made.add(segment.kind, segment.start, segment.end)
    return made


def days(pattern: str, start: int = MONDAY, each: int = HOUR) -> Histogram:
    """A strip of work (w) and break (b), so long each."""
    kinds = {"w": Kind.WORK, "b": Kind.BREAK}
    return strip([Segment(kinds[k], start + at * each, start + (at + 1) * each) for at, k in enumerate(pattern)])


def lines(*rows: Row, width: int = 80, plain: bool = True, zone: dt.tzinfo = BERLIN) -> list[str]:
    """What is drawn, as texts."""
    return [line.plain for line in draw(rows, zone, width=width, plain=plain)]


# Strips


@given(legal_histories(min_size=2), st.integers(1, 50))
def test_a_strip_loses_nothing(history: list[tuple[Event, int]], count: int) -> None:
    """Whatever it was widened to: in any number of columns, work and break are those of the segments."""
    segments = timeline(history)
    if not segments:
        return
    made = strip(segments)
    start, end = segments[0].start, segments[-1].end
    columns = made.columns(start, end, count)
    for kind, which in ((Kind.WORK, 0), (Kind.BREAK, 1)):
        wanted = sum(each.end - each.start for each in segments if each.kind is kind)
        assert sum(column[which] for column in columns) == pytest.approx(wanted)
    assert len(columns) == count
    assert (made.start, made.end) == (start, end)


def test_a_column_is_right_to_a_bin() -> None:
    """An hour of break in a day of work is where it was, and nowhere else."""
    columns = days("wwwwwbww").columns(MONDAY, MONDAY + 8 * HOUR, 8)
    shares = [rest / (work + rest) for work, rest in columns]
    assert shares[5] > 0.99
    assert max(shares[:5] + shares[6:]) < 0.01


def test_a_strip_does_not_grow() -> None:
    """A year of pauses takes the memory of one."""
    made = Histogram(MONDAY)
    for hour in range(365 * 24):
        made.add(Kind.WORK if hour % 2 else Kind.BREAK, MONDAY + hour * HOUR, MONDAY + (hour + 1) * HOUR)
    assert {len(bins) for bins in made._bins.values()} == {Histogram.BINS}  # noqa: SLF001 - memory is what this is about
    assert sum(map(sum, made._bins.values())) == 365 * 24 * HOUR  # noqa: SLF001
    assert made._width * Histogram.BINS <= 2 * 365 * 24 * HOUR  # noqa: SLF001


def test_a_strip_within_a_longer_axis_leaves_the_rest_empty() -> None:
    """Before its start and after its end there is neither work nor break."""
    columns = days("wb").columns(MONDAY - 2 * HOUR, MONDAY + 6 * HOUR, 8)
    assert [bool(work + rest) for work, rest in columns] == [False, False, True, True, False, False, False, False]


# Rows


def test_work_break_and_the_running_end_are_told_apart_in_plain_characters() -> None:
    """One sign each, and one for what is both; a timer that has ended has no sign at its end."""
    axis, stopped, running, paused, legend, scale = lines(
        Row("T1", days("wwwwbwww"), State.STOPPED),
        Row("T2", days("wwbbwwww"), State.RUNNING),
        Row("T3", days("wwwwwwbb"), State.PAUSED),
        width=3 + 16,
    )
    assert axis == "   |08:00  |12:00  "[: len(axis)]
    assert stopped == "T1 ########--######"
    assert running == "T2 ####----#######>"
    assert paused == "T3 ############---)"
    assert " ".join(legend.split()) == "# work - break + both > still running ) still on a break"
    assert scale.strip() == "a column is 00:30:00"


def test_a_column_of_work_and_break_is_both() -> None:
    """From a quarter of it to three quarters."""
    for pattern, sign in (("bbbbbbbw", "-"), ("bbbwbwbw", "+"), ("wbwbwbwb", "+"), ("wwwwwwwb", "#")):
        row = Row("T", days(pattern * 8, each=HOUR // 8), State.STOPPED)
        assert lines(row, width=2 + 8)[1] == "T " + sign * 8


def test_signs_on_a_terminal_have_colours() -> None:
    """Work, break, both, the open end: each its own glyph and its own style."""
    row = Row("T1", days("wwwwbbbb" + "wb" * 4), State.RUNNING)
    drawn = list(draw([row], BERLIN, width=3 + 8, plain=False))[1]
    assert drawn.plain == "T1 ██░░▒▒▒▶"
    styles = {drawn.plain[span.start]: span.style for span in drawn.spans}
    assert len(set(styles.values())) == 4


def test_a_terminal_line_is_ascii_where_it_has_to_be() -> None:
    """Plain means plain."""
    assert all(line.isascii() for line in lines(Row("T1", days("wbw"), State.PAUSED)))


def test_the_end_is_drawn_where_the_timer_was_left() -> None:
    """A stopped timer in the middle of the axis leaves the rest to the guides."""
    early, late = Row("A", days("ww"), State.STOPPED), Row("B", days("wwwwwwww"), State.RUNNING)
    _, first, second, *_ = lines(early, late, width=2 + 32)
    assert first.rstrip(" .") == "A " + "#" * 8
    assert second == "B " + "#" * 31 + ">"


def test_a_timer_without_any_time_is_drawn() -> None:
    """One that has just begun is its running end, alone on its axis or not."""
    just = Row("T1", Histogram(MONDAY), State.RUNNING)
    assert lines(just)[1] == "T1 >"
    assert lines(Row("T1", Histogram(MONDAY), State.STOPPED))[1].rstrip(" .|") == "T1"
    assert lines(Row("T2", days("wwww"), State.STOPPED), just, width=3 + 8)[2].startswith("T1 >")


def test_a_long_label_is_cut_and_says_so() -> None:
    """So that there is room for the timeline."""
    drawn = lines(Row("a timer with a very long name", days("ww"), State.STOPPED), width=40)[1]
    assert drawn == "a timer w~ " + "#" * 29


def test_labels_are_as_wide_as_they_look() -> None:
    """East Asian letters take two cells."""
    wide, narrow = Row("時計", days("ww"), State.STOPPED), Row("T", days("ww"), State.STOPPED)
    _, first, second, *_ = lines(wide, narrow, width=20)
    assert first == "時計 " + "#" * 15
    assert second == "T    " + "#" * 15


# The axis


@pytest.mark.parametrize(
    ("end", "labels"),
    [
        ("2026-03-02T08:00:07+01:00", ["08:00", "08:00:01", "08:00:02"]),
        ("2026-03-02T08:30:00+01:00", ["08:00", "08:05", "08:10"]),
        ("2026-03-02T17:00:00+01:00", ["08:00", "09:00", "10:00"]),
        ("2026-03-04T17:00:00+01:00", ["12:00", "Tue 3 Mar", "12:00"]),
        ("2026-03-08T17:00:00+01:00", ["Tue 3 Mar", "Wed 4 Mar", "Thu 5 Mar"]),
        ("2026-03-30T17:00:00+02:00", ["Mon 2 Mar", "Mon 9 Mar", "Mon 16 Mar"]),
        ("2026-12-30T17:00:00+01:00", ["Mar", "Apr", "May"]),
        ("2034-03-02T08:00:00+01:00", ["2026", "2027", "2028"]),
        ("9999-12-31T00:00:00+00:00", ["3000", "4000", "5000"]),
    ],
)
def test_the_axis_has_the_finest_labels_that_have_room(end: str, labels: list[str]) -> None:
    """Seconds, minutes, hours, days, weeks, months, years, by how much time there is to show."""
    axis = lines(Row("T1", strip([Segment(Kind.WORK, MONDAY, instant(end))]), State.STOPPED))[0]
    assert [each.strip() for each in axis.split("|")[1:4]] == labels


def test_ticks_of_days_stand_at_local_midnights() -> None:
    """Where the clock is changed, and where midnight does not exist and the day begins at one o'clock."""
    start = instant("2018-11-03T00:00:00-03:00")
    row = Row("T", strip([Segment(Kind.WORK, start, start + 119 * HOUR)]), State.STOPPED)
    axis = lines(row, zone=find_zone("America/Sao_Paulo"), width=2 + 119)[0]
    assert [match.start() - 2 for match in re.finditer(r"\|\w\w\w", axis)] == [0, 24, 47, 71, 95]


def test_ticks_of_hours_stand_at_full_hours_of_the_clock_after_a_change_too() -> None:
    """In the night of 25 hours, ticks of every second hour come three hours apart once."""
    start = instant("2026-10-25T00:00:00+02:00")
    row = Row("T", strip([Segment(Kind.WORK, start, start + 9 * HOUR)]), State.STOPPED)
    axis = lines(row, width=2 + 54)[0]
    assert axis == "  |Sun 25 Oct |02:00            |04:00      |06:00      |"[: len(axis)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_all_of_time_can_be_drawn(zone: str) -> None:
    """From the first instant to the last, in zones that have no date for them."""
    row = Row("T", strip([Segment(Kind.WORK, FIRST, LAST)]), State.RUNNING)
    axis, drawn, *_ = lines(row, zone=find_zone(zone))
    assert "|5000" in axis
    assert drawn == "T " + "#" * 77 + ">"


def test_the_first_hour_of_all_can_be_drawn() -> None:
    """Nothing is before it, not even the evening of another day."""
    row = Row("T", strip([Segment(Kind.WORK, FIRST, FIRST + HOUR)]), State.STOPPED)
    assert lines(row, zone=dt.UTC, width=40)[0] == "  |Mon 1 Jan         |00:30"


def test_the_first_days_of_all_can_be_drawn_where_the_first_has_no_midnight() -> None:
    """In Tokyo it began nine hours before the first instant that there is."""
    row = Row("T", strip([Segment(Kind.WORK, FIRST, FIRST + 120 * HOUR)]), State.STOPPED)
    axis = lines(row, zone=find_zone("Asia/Tokyo"), width=62)[0]
    assert [each.strip() for each in axis.split("|")] == ["", "Tue 2 Jan", "Wed 3 Jan", "Thu 4 Jan", "Fri 5 Jan", ""]


@given(st.integers(FIRST, LAST), st.integers(0, 62), st.integers(20, 200), st.booleans())
def test_anything_fits_any_width(start: int, magnitude: int, width: int, plain: bool) -> None:
    """No line is longer than it may be, and labels do not touch."""
    end = min(start + 2**magnitude, LAST)
    row = Row("T1 anna", strip([Segment(Kind.BREAK, start, max(end, start))]), State.PAUSED)
    axis, drawn, legend, scale = draw([row], BERLIN, width=width, plain=plain)
    assert axis.cell_len <= width
    assert drawn.cell_len <= width
    assert legend.cell_len <= max(width, 60)  # its words need as much
    assert scale.cell_len <= max(width, 40)
    assert "||" not in axis.plain
