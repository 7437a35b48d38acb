"""The clock: the one place where the present instant comes from."""

from __future__ import annotations

import time

import pytest

from punchclock.clock import now


@pytest.mark.parametrize(
    ("nanoseconds", "microseconds"),
    [
        (0, 0),
        (999, 0),
        (1_000, 1),
        (1_772_438_400_123_456_789, 1_772_438_400_123_456),
        (-1, -1),  # a clock that is set to before 1970
    ],
)
def test_the_present_is_the_system_s_in_whole_microseconds(
    nanoseconds: int, microseconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A microsecond that has begun counts from its beginning, before 1970 as well as after."""
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds)
    assert now() == microseconds
