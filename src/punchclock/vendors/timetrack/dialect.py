"""The machine as TimeTrack has it: the project timer walks all of it, the attendance timer starts and stops.

Page "Timer". Its counts are whole seconds, so its workspace has instants to the second: every ``date`` is
floored to one before it moves a timer. That is what keeps both of the page's formulas exact in seconds.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.vendors.dialect import SECOND, Binding, Dialect

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="timetrack",
    resolution=SECOND,
    bindings=(
        Binding("start_project_timer", Event.START),
        Binding("pause_project_timer", Event.PAUSE),
        Binding("resume_project_timer", Event.RESUME),
        Binding("stop_project_timer", Event.STOP),
        Binding("start_attendance_timer", Event.START),
        Binding("stop_attendance_timer", Event.STOP),
    ),
)
