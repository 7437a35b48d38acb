"""TimeTrack's dialect: the project timer uses the whole machine, the attendance timer only starts and stops.

Source: page "Timer". TimeTrack counts whole seconds, so its resolution is a second: every ``date`` is floored to a
second before it changes a timer. This keeps both of the page's formulas exact in seconds.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.units import SECOND
from punchclock.vendors.dialect import Binding, Dialect

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
