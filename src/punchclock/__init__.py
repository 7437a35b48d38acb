"""punchclock: timers as one explicit state machine over UTC microseconds.

The names below are the whole public core. What needs more than msgspec (calendars, the chart) is a
submodule that loads when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from punchclock import rounding
from punchclock.clock import now
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import (
    AmbiguousLocalTime,
    ClockWentBackwards,
    GuardRefused,
    IllegalTransition,
    InconsistentTimer,
    InstantOutOfRange,
    InvalidColumns,
    InvalidDuration,
    InvalidInstant,
    InvalidLocalTime,
    InvalidRounding,
    InvalidSpan,
    InvalidTransitionTable,
    MalformedLine,
    MalformedTimer,
    MissingExtra,
    MissingLocalTime,
    NaiveDatetime,
    PunchclockError,
    UnknownFormat,
    UnknownTimer,
    UnknownZone,
)
from punchclock.history import Segment, replay, timeline
from punchclock.instants import format_instant, instant, to_datetime
from punchclock.machine import TRANSITIONS, Event, Kind, State
from punchclock.serialization import dumps, loads
from punchclock.timer import (
    IDLE,
    Timer,
    amend,
    break_at,
    elapsed_at,
    not_before,
    pause,
    restore,
    resume,
    start,
    stop,
    transition,
    worked_at,
)

if TYPE_CHECKING:
    from punchclock import calendar, chart
    from punchclock.eventlog.totals import totals

__all__ = [
    "IDLE",
    "TRANSITIONS",
    "AmbiguousLocalTime",
    "ClockWentBackwards",
    "Event",
    "GuardRefused",
    "IllegalTransition",
    "InconsistentTimer",
    "InstantOutOfRange",
    "InvalidColumns",
    "InvalidDuration",
    "InvalidInstant",
    "InvalidLocalTime",
    "InvalidRounding",
    "InvalidSpan",
    "InvalidTransitionTable",
    "Kind",
    "MalformedLine",
    "MalformedTimer",
    "MissingExtra",
    "MissingLocalTime",
    "NaiveDatetime",
    "PunchclockError",
    "Segment",
    "State",
    "Timer",
    "UnknownFormat",
    "UnknownTimer",
    "UnknownZone",
    "amend",
    "break_at",
    "calendar",
    "chart",
    "dumps",
    "elapsed_at",
    "format_duration",
    "format_instant",
    "instant",
    "loads",
    "not_before",
    "now",
    "parse_duration",
    "pause",
    "replay",
    "restore",
    "resume",
    "rounding",
    "start",
    "stop",
    "timeline",
    "to_datetime",
    "totals",
    "transition",
    "worked_at",
]

__version__ = "0.1.0"

_LAZY = ("calendar", "chart")


def __getattr__(name: str) -> object:
    """Load what is too heavy for every importer: it needs zones, or python-statemachine."""
    if name in _LAZY:
        return importlib.import_module(f"punchclock.{name}")
    if name == "totals":
        return importlib.import_module("punchclock.eventlog.totals").totals
    raise AttributeError(f"module 'punchclock' has no attribute {name!r}")
