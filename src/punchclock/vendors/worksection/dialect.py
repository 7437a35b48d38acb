"""The machine as Worksection has it: a timer runs from its start to its stop, which saves it, and there is no pause.

Page "Timers". It writes timer values to the second, so its workspace has instants to the second. The nearest life of a
timer that pauses is a row of timers, one for each segment of work: stop is its pause, another start its resume.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.vendors.dialect import SECOND, Binding, Dialect

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="worksection",
    resolution=SECOND,
    bindings=(
        Binding("stop_timer", Event.STOP),
        Binding("start_my_timer", Event.START),
        Binding("stop_my_timer", Event.STOP),
        Binding("delete_my_timer", Correction.DISCARD),
    ),
)
