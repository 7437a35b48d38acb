"""The system clock. No other module reads it; only `punchclock`, its command line and its sandbox import it."""

from __future__ import annotations

import time

__all__ = ["now"]


def now() -> int:
    """Return the current instant by the system clock, in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000
