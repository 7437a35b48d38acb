"""punchclock: timers as one explicit state machine over UTC microseconds.

The names in ``__all__`` are the whole public core. `calendar` and `chart` need more than msgspec, so they
load at first use.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from punchclock import rounding
from punchclock.clock import now
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import (
    AmbiguousLocalTime,
    ClockWentBackwards,
    GuardRejected,
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
    TooManyPieces,
    UnknownFormat,
    UnknownTimer,
    UnknownZone,
)
from punchclock.history import Segment, replay, timeline
from punchclock.instants import format_instant, instant, to_datetime
from punchclock.lazy import lazy_module
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
    from punchclock.eventlog.totals import Total
else:
    calendar = lazy_module("punchclock.calendar", __path__)  # imports pendulum
    chart = lazy_module("punchclock.chart", __path__)  # imports python-statemachine

__all__ = [
    "IDLE",
    "TRANSITIONS",
    "AmbiguousLocalTime",
    "ClockWentBackwards",
    "Event",
    "GuardRejected",
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
    "TooManyPieces",
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


def totals(timelines: Iterable[tuple[str | None, str | None, Iterable[Segment]]], zone: str | dt.tzinfo) -> list[Total]:
    """Return work and break by user, local day and project; see `punchclock.eventlog.totals.totals`."""
    from punchclock.eventlog.totals import totals  # noqa: PLC0415 - it imports pendulum

    return totals(timelines, zone)
