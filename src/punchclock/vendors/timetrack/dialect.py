"""The machine as TimeTrack has it: the project timer walks all of it, the attendance timer starts and stops.

Page "Timer". Its counts are whole seconds, so its world has instants to the second: every ``date`` is
floored to one before it moves a timer. That is what keeps both of the page's formulas exact in seconds.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.vendors.dialect import SECOND, Dialect, Move

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="timetrack",
    tick=SECOND,
    moves=(
        Move("start_project_timer", Event.START),
        Move("pause_project_timer", Event.PAUSE),
        Move("resume_project_timer", Event.RESUME),
        Move("stop_project_timer", Event.STOP),
        Move("start_attendance_timer", Event.START),
        Move("stop_attendance_timer", Event.STOP),
    ),
)
