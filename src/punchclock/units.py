"""Units of time as integers of microseconds: the only place that defines them."""

from __future__ import annotations

from typing import Final

MICROSECOND: Final = 1
MILLISECOND: Final = 1_000 * MICROSECOND
SECOND: Final = 1_000 * MILLISECOND
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
