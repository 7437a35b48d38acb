"""The machine as Zoho People has it: start, and then ``timer=stop`` pauses and ``timer=start`` resumes, without end.

Page "Timer API". Its times are whole seconds; a timelog is never stopped for good.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.vendors.dialect import SECOND, Dialect, Move
from punchclock.vendors.records import UPDATE

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="zoho",
    tick=SECOND,
    moves=(
        Move("start_timer", Event.START),
        Move("pause_timer", Event.PAUSE),
        Move("resume_timer", Event.RESUME),
        Move("add_comment", UPDATE),
        Move("delete_comment", UPDATE),
    ),
)
