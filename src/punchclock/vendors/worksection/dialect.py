"""Worksection's dialect: a timer runs from its start to its stop, which saves it; there is no pause.

Source: page "Timers". Worksection writes timer values in seconds, so its resolution is a second. Work with breaks
becomes a series of timers, one for each segment of work: the pause is a stop, the resume is another start.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.units import SECOND
from punchclock.vendors.dialect import Binding, Dialect

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
