"""Rounding of durations for reports and invoices. It never touches a timer or an instant."""

from __future__ import annotations

from enum import StrEnum

from punchclock.errors import InvalidDuration, InvalidRounding

__all__ = ["Rounding", "round_duration"]


class Rounding(StrEnum):
    """Which multiple of the step is taken when a duration lies between two."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"  # half goes up
    HALF_EVEN = "half_even"


def round_duration(duration: int, step: int, mode: Rounding | str) -> int:
    """A duration rounded to a multiple of ``step``, both in microseconds.

    A duration that is a multiple already stays as it is, in every mode; so rounding twice is rounding
    once.

    Args:
        duration: what to round; at least 0.
        step: the unit to round to; at least 1.
        mode: ``up``, ``down``, ``nearest`` (half goes up) or ``half_even`` (half goes to the even multiple).

    Raises:
        InvalidDuration: a negative duration, or no integer at all.
        InvalidRounding: a step below 1 or of no integer, or an unknown mode.
    """
    _check_integers(duration, step)
    if duration < 0:
        raise InvalidDuration(duration, "it is negative")
    if step < 1:
        raise InvalidRounding("step", step, "a step is at least one microsecond")
    count, rest = divmod(duration, step)
    if mode == Rounding.UP:
        up = rest > 0
    elif mode == Rounding.DOWN:
        up = False
    elif mode == Rounding.NEAREST:
        up = 2 * rest >= step
    elif mode == Rounding.HALF_EVEN:
        up = 2 * rest > step or (2 * rest == step and count % 2 == 1)
    else:
        raise InvalidRounding("mode", mode, f"there are {', '.join(Rounding)}")
    return (count + 1) * step if up else count * step


def _check_integers(duration: int, step: int) -> None:
    """Reject floats, truth values and texts: what is given here may come from a form or a configuration."""
    if type(duration) is not int:
        raise InvalidDuration(duration, "not an integer of microseconds")
    if type(step) is not int:
        raise InvalidRounding("step", step, "not an integer of microseconds")
