"""The machine as Zoho People has it: start, and then ``timer=stop`` pauses and ``timer=start`` resumes, without end.

Page "Timer API". Its times are whole seconds; a timelog is never stopped for good.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.vendors.dialect import SECOND, Binding, Dialect
from punchclock.vendors.records import UPDATE

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="zoho",
    resolution=SECOND,
    bindings=(
        Binding("start_timer", Event.START),
        Binding("pause_timer", Event.PAUSE),
        Binding("resume_timer", Event.RESUME),
        Binding("add_comment", UPDATE),
        Binding("delete_comment", UPDATE),
    ),
)
