"""The rivals, one in each file: the same life of a timer, as users of each library write it.

Each is at its best: a machine that can be built once for all timers is built outside the measurement.
"""

from __future__ import annotations

from collections.abc import Callable

from punchclock import Timer

#: The instants of the start, the pause, the resume, the second pause and the stop.
Instants = tuple[int, int, int, int, int]

#: Lives the given number of lives at five instants, and returns the work.
Life = Callable[[int, Instants], int]


def nothing(timer: Timer, now: int) -> None:
    """Accept the arguments of `punchclock.worked_at` and do nothing: the least that a call can cost."""
