"""The machine as Intervals has it: ``starttime`` set is running, blank is paused, and there is no stop.

Page "Intervals API Resource: timer", opening paragraphs. Its ``time`` is a double of seconds, so its workspace
has instants to the microsecond, although it writes them to the second.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.vendors.dialect import MICROSECOND, Binding, Dialect
from punchclock.vendors.records import UPDATE

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="intervals",
    resolution=MICROSECOND,
    bindings=(
        Binding("create_timer", Event.START),
        Binding("create_timer", Correction.AMEND, "time given"),
        Binding("create_timer", Event.PAUSE, "starttime blank"),
        Binding("update_timer", Event.PAUSE, "starttime blanked"),
        Binding("update_timer", Event.RESUME, "starttime set"),
        Binding("update_timer", Correction.AMEND, "time or starttime replaced"),
        Binding("update_timer", UPDATE, "task, person or name replaced"),
        Binding("delete_timer", Correction.DISCARD),
    ),
)
