"""The machine as Worksection has it: a timer runs from its start to its stop, which saves it, and there is no pause.

Page "Timers". It writes timer values to the second, so its world has instants to the second. The nearest life of a
timer that pauses is a row of timers, one for each stretch of work: stop is its pause, another start its resume.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.vendors.dialect import SECOND, Dialect, Move

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="worksection",
    tick=SECOND,
    moves=(
        Move("stop_timer", Event.STOP),
        Move("start_my_timer", Event.START),
        Move("stop_my_timer", Event.STOP),
        Move("delete_my_timer", Correction.DISCARD),
    ),
)
