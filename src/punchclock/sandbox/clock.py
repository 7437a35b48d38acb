"""The sandbox's clock: in real time, or frozen and moved by the test.

If the system clock is set back, the real-time clock pauses until it catches up. Only `Clock.freeze` and `Clock.run` can
set the clock back, and they return whether they did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from punchclock.clock import now as system_now
from punchclock.errors import InvalidDuration, InvalidInstant, PunchclockError
from punchclock.instants import instant

#: The bounds of the clock. Within them, an instant has a valid local day in every time zone.
_FIRST: Final = instant("0002-01-01T00:00:00Z")
_LAST: Final = instant("9998-12-31T23:59:59Z")


class ClockIsRunning(PunchclockError):
    """A clock in real time can't be advanced; freeze it first."""

    code = "clock-is-running"

    def __init__(self) -> None:
        super().__init__("the clock runs in real time; freeze it before you advance it")


class Clock:
    """The clock of one sandbox. Safe for threads.

    Args:
        frozen_at: the instant at which it is frozen, as `punchclock.instant` accepts it or in microseconds; ``None`` is
            real time.
        system: the system clock.

    Raises:
        InvalidInstant: ``frozen_at`` is not an instant in the years 2 to 9998.
    """

    def __init__(self, frozen_at: datetime | str | int | None = None, system: Callable[[], int] = system_now) -> None:
        self._system = system
        self._frozen_at = None if frozen_at is None else _checked(frozen_at)
        self._last_shown = self._frozen_at
        self._lock = threading.Lock()

    @property
    def frozen(self) -> bool:
        """Whether the clock is frozen."""
        return self._frozen_at is not None

    def now(self, skew: int = 0) -> int:
        """Return the clock's instant plus ``skew`` microseconds, within the clock's bounds."""
        with self._lock:
            return max(_FIRST, min(_LAST, self._now() + skew))

    def freeze(self, at: datetime | str | int) -> bool:
        """Freeze the clock at an instant. Return whether that set it back.

        Raises:
            InvalidInstant: ``at`` is not an instant in the years 2 to 9998.
        """
        at = _checked(at)
        with self._lock:
            backwards = self._last_shown is not None and at < self._last_shown
            self._frozen_at = self._last_shown = at
            return backwards

    def advance(self, by: timedelta | int) -> int:
        """Advance a frozen clock, and return its new instant.

        Args:
            by: a duration of at least 0, in microseconds or as a ``timedelta``.

        Raises:
            ClockIsRunning: the clock is not frozen.
            InvalidDuration: the duration is negative; use `freeze` to set the clock back.
            InvalidInstant: the new instant is after the year 9998.
        """
        duration = by // timedelta(microseconds=1) if isinstance(by, timedelta) else by
        if duration < 0:
            raise InvalidDuration(by, "must be at least 0; freeze the clock to set it back")
        with self._lock:
            if self._frozen_at is None:
                raise ClockIsRunning
            self._frozen_at = self._last_shown = _checked(self._frozen_at + duration)
            return self._frozen_at

    def run(self) -> bool:
        """Switch to real time. Return whether that set the clock back."""
        with self._lock:
            present = self._system()
            backwards = self._last_shown is not None and present < self._last_shown
            self._frozen_at, self._last_shown = None, present
            return backwards

    def _now(self) -> int:
        shown = self._system() if self._frozen_at is None else self._frozen_at
        if self._last_shown is not None and shown < self._last_shown:
            return self._last_shown
        self._last_shown = shown
        return shown


def _checked(at: datetime | str | int) -> int:
    found = instant(at)
    if not _FIRST <= found <= _LAST:
        raise InvalidInstant(at, "the sandbox's clock needs an instant in the years 2 to 9998")
    return found
