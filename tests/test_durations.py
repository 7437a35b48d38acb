"""Durations as text: ``123:04:05``, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import InvalidDuration, PunchclockError, format_duration, parse_duration

SECOND = 1_000_000
HOUR = 3_600 * SECOND
TOO_LONG = 10**15 * HOUR


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "00:00:00"),
        (1, "00:00:00"),
        (SECOND - 1, "00:00:00"),
        (SECOND, "00:00:01"),
        (60 * SECOND - 1, "00:00:59"),
        (60 * SECOND, "00:01:00"),
        (HOUR - 1, "00:59:59"),
        (HOUR, "01:00:00"),
        (25 * HOUR, "25:00:00"),
        (123 * HOUR + 245 * SECOND, "123:04:05"),
        (2**63 - 1, "2562047788:00:54"),
        (TOO_LONG - 1, "999999999999999:59:59"),
    ],
)
def test_a_duration_is_hours_minutes_and_seconds(duration: int, text: str) -> None:
    """Hours take as many digits as they need, and what is less than a second has not passed yet."""
    assert format_duration(duration) == text
    assert parse_duration(text) == duration - duration % SECOND


@given(st.integers(0, TOO_LONG - 1))
def test_format_cuts_to_the_second_and_parse_gives_it_back(duration: int) -> None:
    """Written and read, a duration has lost its part of a second and nothing else."""
    assert parse_duration(format_duration(duration)) == duration // SECOND * SECOND


@given(st.from_regex(r"[0-9]{1,15}:[0-5][0-9]:[0-5][0-9]", fullmatch=True))
def test_parse_and_format_gives_the_text_back(text: str) -> None:
    """Read and written, a text keeps its value; only leading zeros may go."""
    hours, rest = text.split(":", 1)
    assert format_duration(parse_duration(text)) == f"{int(hours):02}:{rest}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "08:30",
        "08:30:00.5",
        "08:60:00",
        "08:30:60",
        "-08:30:00",
        "+08:30:00",
        " 08:30:00",
        "08:30:00\n",
        "8:3:0",
        ":30:00",
        "0x8:30:00",
        "1_0:30:00",
        "٠٨:٣٠:٠٠",
        "\N{FULLWIDTH DIGIT EIGHT}:30:00",
        "1234567890123456:00:00",
        "9" * 100_000 + ":00:00",
        "\ud800",
        b"08:30:00",
        None,
        8,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_parse_rejects_everything_else(text: str) -> None:
    """Hours, minutes and seconds, in plain digits: anything more or less is a guess."""
    with pytest.raises(InvalidDuration) as caught:
        parse_duration(text)
    assert caught.value.value is text
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (-1, "negative"),
        (-(10**5_000), "negative"),
        (TOO_LONG, "fifteen digits"),
        (10**5_000, "fifteen digits"),
        (90.0 * SECOND, "must be exactly int"),
        (float("nan"), "must be exactly int"),
        (True, "must be exactly int"),
        ("00:00:05", "must be exactly int"),
        (None, "must be exactly int"),
    ],
    ids=lambda value: f"{value:.3e}" if isinstance(value, float) else type(value).__name__,
)
def test_format_rejects_invalid_durations(duration: int, reason: str) -> None:
    """Nothing negative, nothing that could not be read back, and nothing but an integer of microseconds."""
    with pytest.raises(InvalidDuration, match=reason) as caught:
        format_duration(duration)
    assert caught.value.value is duration


@given(st.text() | st.from_regex(r"[0-9]+:[0-9]+:[0-9]+", fullmatch=True))
def test_no_text_makes_parse_fail_otherwise(text: str) -> None:
    """A text is a duration or raises `InvalidDuration`."""
    try:
        assert parse_duration(text) >= 0
    except PunchclockError as error:
        assert type(error) is InvalidDuration  # noqa: PT017 (either outcome is good)
