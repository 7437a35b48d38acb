"""Units of time in microseconds. No other module defines any."""

from __future__ import annotations

from typing import Final

MICROSECOND: Final = 1
MILLISECOND: Final = 1_000 * MICROSECOND
SECOND: Final = 1_000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
