"""Event logs: files with the events of many timers.

format.py   the line format: bytes to entries and back
timers.py   entries applied to timers
totals.py   work and break by user, local day and project
"""

from __future__ import annotations

from punchclock.eventlog.format import MAX_LINE, Entry, Labels, format_line, parse_line, seconds
from punchclock.eventlog.timers import AnyLogTimer, LogTimer, TimelineObserver, TimerLog

__all__ = [
    "MAX_LINE",
    "AnyLogTimer",
    "Entry",
    "Labels",
    "LogTimer",
    "TimelineObserver",
    "TimerLog",
    "format_line",
    "parse_line",
    "seconds",
]
