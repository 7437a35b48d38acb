"""Intervals' dialect: a timer with a ``starttime`` is running, one without is paused; there is no stop.

Source: page "Intervals API Resource: timer", opening paragraphs. ``time`` is a double of seconds, so the resolution is
a microsecond, although Intervals writes timestamps in whole seconds.
"""

from __future__ import annotations

from punchclock.machine import Correction, Event
from punchclock.units import MICROSECOND
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.records import UPDATE

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
