"""The one place that reads a clock.

Nothing else in the package does, and no other module imports it but the shells (command line, server)
and the package's front door.
"""

from __future__ import annotations

import time

__all__ = ["now"]


def now() -> int:
    """The present instant by the system's clock, in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000
