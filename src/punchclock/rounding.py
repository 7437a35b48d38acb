"""Rounding of durations, for reports and invoices. Timers and instants are never rounded."""

from __future__ import annotations

from enum import StrEnum

from punchclock.errors import InvalidDuration, InvalidRounding

__all__ = ["Rounding", "round_duration"]


class Rounding(StrEnum):
    """A rounding mode: which of the two nearest multiples of the step replaces a duration between them."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"  # half goes up
    HALF_EVEN = "half_even"


def round_duration(duration: int, step: int, mode: Rounding | str) -> int:
    """Return a duration rounded to a multiple of ``step``, both in microseconds.

    A multiple of ``step`` stays the same in every mode, so rounding a result again has no effect.

    Args:
        duration: the duration; at least 0.
        step: the unit; at least 1.
        mode: ``up``, ``down``, ``nearest`` (half goes up) or ``half_even`` (half goes to the even multiple).

    Raises:
        InvalidDuration: the duration is negative or not exactly an ``int``.
        InvalidRounding: the step is less than 1 or not exactly an ``int``, or the mode is unknown.
    """
    if type(duration) is not int:
        raise InvalidDuration(duration, "the type must be exactly int, in microseconds")
    if type(step) is not int:
        raise InvalidRounding("step", step, "the type must be exactly int, in microseconds")
    if duration < 0:
        raise InvalidDuration(duration, "it is negative")
    if step < 1:
        raise InvalidRounding("step", step, "it must be at least one microsecond")
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
        raise InvalidRounding("mode", mode, f"the modes are {', '.join(Rounding)}")
    return (count + 1) * step if up else count * step
