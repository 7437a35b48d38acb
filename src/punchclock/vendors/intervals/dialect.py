"""The machine as Intervals has it: ``starttime`` set is running, blank is paused, and there is no stop.

Page "Intervals API Resource: timer", opening paragraphs. Its ``time`` is a double of seconds, so its world
has instants to the microsecond, although it writes them to the second.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.vendors.dialect import MICROSECOND, Dialect, Move
from punchclock.vendors.records import UPDATE

__all__ = ["DIALECT"]

DIALECT = Dialect(
    vendor="intervals",
    tick=MICROSECOND,
    moves=(
        Move("create_timer", Event.START),
        Move("create_timer", Correction.AMEND, "time given"),
        Move("create_timer", Event.PAUSE, "starttime blank"),
        Move("update_timer", Event.PAUSE, "starttime blanked"),
        Move("update_timer", Event.RESUME, "starttime set"),
        Move("update_timer", Correction.AMEND, "time or starttime replaced"),
        Move("update_timer", UPDATE, "task, person or name replaced"),
        Move("delete_timer", Correction.DISCARD),
    ),
)
