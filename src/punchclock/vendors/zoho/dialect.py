"""Zoho People's dialect: a start, then any number of pauses (``timer=stop``) and resumes (``timer=start``); no stop.

Source: page "Timer API". Its times are in whole seconds, so the resolution is a second.
"""

from __future__ import annotations

from punchclock.machine import Event
from punchclock.units import SECOND
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.records import UPDATE

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
