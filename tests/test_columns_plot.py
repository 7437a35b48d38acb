"""The picture of who worked when: the contents of its SVG, and its formats."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import punchclock as pc
from punchclock.calendar import find_zone
from punchclock.columns.plot import Row, plot
from punchclock.units import HOUR

MONDAY = pc.instant("2026-03-23T08:00:00Z")
BERLIN = find_zone("Europe/Berlin")


def work(start: float, hours: float) -> pc.Segment:
    """Return a segment of work that starts this many hours after Monday morning."""
    begin = MONDAY + int(start * HOUR)
    return pc.Segment(pc.Kind.WORK, begin, begin + int(hours * HOUR))


def rest(start: float, hours: float) -> pc.Segment:
    """Return a segment of break."""
    same = work(start, hours)
    return pc.Segment(pc.Kind.BREAK, same.start, same.end)


WEEK = [
    Row("anna", [work(0, 3), rest(3, 0.5), work(3.5, 4), work(0, 0)], []),
    Row("ben", [work(24, 8), work(26, 2), work(130, 2)], [MONDAY + 132 * HOUR]),
    Row("nobody", [], []),
]


def svg(rows: list[Row], target: Path) -> str:
    """Return the text of the picture; matplotlib writes each label as a comment before its outlines."""
    plot(rows, BERLIN, target)
    return target.read_text(encoding="utf-8")


def test_a_picture_names_people_days_and_hours(tmp_path: Path) -> None:
    """Every row has a label and its work, every day a name; the legend explains the colours and marks."""
    text = svg(WEEK, tmp_path / "week.svg")
    for word in (
        "anna",
        "7:00:00",
        "ben",
        "12:00:00",
        "nobody",
        "Mon 23 Mar",
        "Sat 28 Mar",
        "work",
        "break",
        "not ended",
    ):
        assert f"<!-- {word} -->" in text or f"<!-- 0{word} -->" in text, word
    assert text.count("#00796b") > text.count("#ffb74d") > 0


def test_open_segments_are_explained_only_if_there_are_any(tmp_path: Path) -> None:
    """The legend explains the mark of an open segment only if there is one."""
    text = svg(WEEK[:1], tmp_path / "day.svg")
    assert "not ended" not in text
    assert "#d84315" not in text


def test_the_same_rows_give_the_same_file(tmp_path: Path) -> None:
    """The file has no date and no random names, so that it can be kept under version control."""
    assert svg(WEEK, tmp_path / "one.svg") == svg(WEEK, tmp_path / "two.svg")
    for name in ("one.png", "two.png"):
        plot(WEEK, BERLIN, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


def test_a_long_time_has_fewer_labels(tmp_path: Path) -> None:
    """Beyond two weeks, only some of the days are named, and noon is not marked."""
    text = svg([Row("anna", [work(0, 1), work(24 * 90, 1)], [])], tmp_path / "quarter.svg")
    assert "12:00 -->" not in text
    assert 2 < text.count(" Apr -->") < 10


def test_a_timer_without_any_time_is_drawn(tmp_path: Path) -> None:
    """A timer that has just started at midnight has a picture of that day only."""
    midnight = pc.instant("2026-03-23T00:00:00+01:00")
    row = Row("anna", [pc.Segment(pc.Kind.WORK, midnight, midnight)], [midnight])
    text = svg([row], tmp_path / "midnight.svg")
    assert "Mon 23 Mar -->" in text
    assert "Sun 22 Mar -->" not in text


def test_one_wrong_year_costs_nothing(tmp_path: Path) -> None:
    """Over 9,999 years only a few dates are drawn, with their years, also where the zone has no date."""
    first, last = pc.instant("0001-01-01T00:00:00Z"), pc.instant("9999-12-31T23:59:59.999999Z")
    for name in ("America/St_Johns", "Pacific/Kiritimati"):
        target = tmp_path / "ages.svg"
        plot([Row("anna", [pc.Segment(pc.Kind.WORK, first, last)], [])], find_zone(name), target)
        text = target.read_text(encoding="utf-8")
        assert "<!-- 0001-01-01 -->" in text
        assert "<!-- 9999-12-31 -->" in text
        assert text.count("-->") < 40
        assert "12:00 -->" not in text


def test_no_rows_give_an_empty_picture(tmp_path: Path) -> None:
    """The file is written also without rows."""
    assert svg([], tmp_path / "none.svg").startswith("<?xml")


def test_a_picture_is_png_or_svg(tmp_path: Path) -> None:
    """The error for another suffix lists the valid ones."""
    with pytest.raises(pc.UnknownFormat, match=r"use one of the suffixes .png, .svg"):
        plot(WEEK, BERLIN, tmp_path / "week.jpg")


def test_a_missing_matplotlib_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib, the error names the extra to install."""
    monkeypatch.delitem(sys.modules, "punchclock.columns.plot")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(pc.MissingExtra, match=r"a plot needs an extra: pip install 'punchclock\[columns\]'"):
        importlib.import_module("punchclock.columns.plot")
