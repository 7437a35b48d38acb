"""Rounding of durations: `punchclock.rounding`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock.rounding import Rounding, round_duration

MINUTE = 60 * 1_000_000
QUARTER = 15 * MINUTE

modes = st.sampled_from(Rounding)
steps = st.integers(1, 10) | st.sampled_from([MINUTE, QUARTER, 36_000_000]) | st.integers(1, 10**15)
durations = st.integers(0, 10**20)


@st.composite
def near_a_boundary(draw: st.DrawFn) -> tuple[int, int]:
    """A duration and a step, the duration within a few microseconds of a multiple or of the middle between two."""
    step = draw(steps)
    halves = draw(st.integers(0, 10**6))
    return max(0, halves * step // 2 + draw(st.integers(-2, 2))), step


pairs = near_a_boundary() | st.tuples(durations, steps)


@pytest.mark.parametrize(
    ("minutes", "up", "down", "nearest", "half_even"),
    [
        (0, 0, 0, 0, 0),
        (1, 15, 0, 0, 0),
        (7.5, 15, 0, 15, 0),
        (8, 15, 0, 15, 15),
        (15, 15, 15, 15, 15),
        (22, 30, 15, 15, 15),
        (22.5, 30, 15, 30, 30),
        (29, 30, 15, 30, 30),
        (30, 30, 30, 30, 30),
        (37.5, 45, 30, 45, 30),
        (60, 60, 60, 60, 60),
    ],
)
def test_quarters_of_an_hour(minutes: float, up: int, down: int, nearest: int, half_even: int) -> None:
    """Every mode below, in, above the middle of and on a quarter."""
    duration = int(minutes * MINUTE)
    assert round_duration(duration, QUARTER, "up") == up * MINUTE
    assert round_duration(duration, QUARTER, "down") == down * MINUTE
    assert round_duration(duration, QUARTER, "nearest") == nearest * MINUTE
    assert round_duration(duration, QUARTER, "half_even") == half_even * MINUTE


def test_a_microsecond_decides() -> None:
    """Next to a boundary and next to the middle the last microsecond counts."""
    assert round_duration(QUARTER + 1, QUARTER, Rounding.UP) == 2 * QUARTER
    assert round_duration(QUARTER - 1, QUARTER, Rounding.DOWN) == 0
    assert round_duration(QUARTER // 2 - 1, QUARTER, Rounding.NEAREST) == 0
    assert round_duration(QUARTER // 2 + 1, QUARTER, Rounding.HALF_EVEN) == QUARTER


def test_an_odd_step_has_no_middle() -> None:
    """With a step of three microseconds nothing lies halfway, so both nearest modes agree."""
    for mode in (Rounding.NEAREST, Rounding.HALF_EVEN):
        assert [round_duration(duration, 3, mode) for duration in range(7)] == [0, 0, 3, 3, 3, 6, 6]


@given(pairs, modes)
def test_rounding_is_idempotent(pair: tuple[int, int], mode: Rounding) -> None:
    """Rounding twice is rounding once."""
    duration, step = pair
    rounded = round_duration(duration, step, mode)
    assert round_duration(rounded, step, mode) == rounded


@given(st.integers(0, 10**9), steps, modes)
def test_boundaries_stay(count: int, step: int, mode: Rounding) -> None:
    """A multiple of the step is never moved, in no mode."""
    assert round_duration(count * step, step, mode) == count * step


@given(pairs, modes)
def test_the_result_is_a_neighbouring_multiple(pair: tuple[int, int], mode: Rounding) -> None:
    """A whole number of steps, less than one step away, and never negative."""
    duration, step = pair
    rounded = round_duration(duration, step, mode)
    assert rounded % step == 0
    assert abs(rounded - duration) < step
    assert rounded >= 0


@given(pairs)
def test_up_and_down_enclose_and_the_nearest_modes_choose_between_them(pair: tuple[int, int]) -> None:
    """``down <= duration <= up``, and both nearest modes are at most half a step away."""
    duration, step = pair
    up, down = round_duration(duration, step, Rounding.UP), round_duration(duration, step, Rounding.DOWN)
    assert down <= duration <= up
    for mode in (Rounding.NEAREST, Rounding.HALF_EVEN):
        rounded = round_duration(duration, step, mode)
        assert rounded in {up, down}
        assert 2 * abs(rounded - duration) <= step


@given(pairs)
def test_half_even_is_pythons_own_rounding(pair: tuple[int, int]) -> None:
    """Held against the rounding of exact fractions; and ``nearest`` differs from it only halfway, going up."""
    duration, step = pair
    even = round_duration(duration, step, Rounding.HALF_EVEN)
    assert even == round(Fraction(duration, step)) * step
    nearest = round_duration(duration, step, Rounding.NEAREST)
    if nearest != even:
        assert 2 * (duration % step) == step
        assert nearest == even + step


@given(steps, modes, st.data())
def test_more_time_never_rounds_to_less(step: int, mode: Rounding, data: st.DataObject) -> None:
    """Rounding keeps the order of durations."""
    less = data.draw(durations)
    more = less + data.draw(st.integers(0, 3 * step))
    assert round_duration(less, step, mode) <= round_duration(more, step, mode)


@given(pairs, modes)
def test_a_mode_is_named_by_its_text(pair: tuple[int, int], mode: Rounding) -> None:
    """``"up"`` and ``Rounding.UP`` are one."""
    assert round_duration(*pair, mode.value) == round_duration(*pair, mode)


@pytest.mark.parametrize("mode", Rounding)
def test_a_negative_duration_is_rejected(mode: Rounding) -> None:
    """A duration is at least 0."""
    with pytest.raises(pc.InvalidDuration, match="-1 is not a valid duration: it is negative") as caught:
        round_duration(-1, QUARTER, mode)
    assert caught.value.value == -1


@pytest.mark.parametrize("step", [0, -1, -QUARTER])
def test_a_step_that_is_none_is_rejected(step: int) -> None:
    """A step is at least one microsecond; a step of one changes nothing."""
    with pytest.raises(pc.InvalidRounding, match="is not a valid rounding step: it must be at least one") as caught:
        round_duration(QUARTER, step, Rounding.UP)
    assert (caught.value.parameter, caught.value.value, caught.value.code) == ("step", step, "invalid-rounding")
    assert round_duration(12_345, 1, Rounding.UP) == 12_345


@pytest.mark.parametrize("value", [0.25, 900.0, True, "900", None])
def test_other_types_are_rejected(value: Any) -> None:  # noqa: ANN401 - that is what is under test
    """A float of seconds could be mistaken for microseconds."""
    with pytest.raises(pc.InvalidDuration, match="the type must be exactly int"):
        round_duration(value, QUARTER, Rounding.UP)
    with pytest.raises(pc.InvalidRounding, match="the type must be exactly int"):
        round_duration(QUARTER, value, Rounding.UP)


@pytest.mark.parametrize("mode", ["UP", "", "half-even", "floor"])
@pytest.mark.parametrize("duration", [0, 1, QUARTER])
def test_an_unknown_mode_is_rejected(mode: str, duration: int) -> None:
    """Also where every mode would give the same; the error names the modes there are."""
    with pytest.raises(pc.InvalidRounding, match="the modes are up, down, nearest, half_even") as caught:
        round_duration(duration, QUARTER, mode)
    assert (caught.value.parameter, caught.value.value) == ("mode", mode)


@pytest.mark.parametrize("mode", ["", "upwards", "nearly", "nearest ", "half_odd", "zero"])
def test_modes_are_known_by_their_whole_name(mode: str) -> None:
    """Similar texts are not accepted."""
    with pytest.raises(pc.InvalidRounding):
        round_duration(3, 2, mode)
