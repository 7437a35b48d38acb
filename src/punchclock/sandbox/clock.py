"""The sandbox's clock: real, frozen, or moved by hand.

In real time it never goes backwards: where the system's clock is set back, it stands until that has
caught up. Only a hand can set it back, and `Clock.freeze` says when one did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from punchclock.clock import now as system_now
from punchclock.errors import InvalidDuration, InvalidInstant, PunchclockError
from punchclock.instants import instant

__all__ = ["Clock", "ClockIsRunning"]

#: What it can show, years 2 to 9998: a day in any zone, and what a vendor reckons from it, can still be said.
_FIRST: Final = instant("0002-01-01T00:00:00Z")
_LAST: Final = instant("9998-12-31T23:59:59Z")


class ClockIsRunning(PunchclockError):
    """A clock that runs by itself cannot be moved by hand; freeze it first."""

    code = "clock-is-running"

    def __init__(self) -> None:
        super().__init__("only a frozen clock can be advanced; freeze it first")


class Clock:
    """A clock of one sandbox. Safe for threads.

    Args:
        frozen_at: the instant at which it stands, as `punchclock.instant` takes it or in microseconds; ``None``
            lets it run.
        system: what it runs by.

    Raises:
        InvalidInstant: not an instant, or one outside the years 2 to 9998.
    """

    def __init__(self, frozen_at: datetime | str | int | None = None, system: Callable[[], int] = system_now) -> None:
        self._system = system
        self._frozen_at = None if frozen_at is None else _checked(frozen_at)
        self._last_shown = self._frozen_at
        self._lock = threading.Lock()

    @property
    def frozen(self) -> bool:
        """Whether it stands."""
        return self._frozen_at is not None

    def now(self, skew: int = 0) -> int:
        """The instant that it shows; ``skew`` microseconds from it, as far as it can show that."""
        with self._lock:
            return max(_FIRST, min(_LAST, self._now() + skew))

    def freeze(self, at: datetime | str | int) -> bool:
        """Stand at an instant. Whether that is before what the clock has shown: then it went backwards.

        Raises:
            InvalidInstant: not an instant, or one outside the years 2 to 9998.
        """
        at = _checked(at)
        with self._lock:
            backwards = self._last_shown is not None and at < self._last_shown
            self._frozen_at = self._last_shown = at
            return backwards

    def advance(self, by: timedelta | int) -> int:
        """Binding a frozen clock on, by a duration of at least 0 in microseconds; the instant that it shows then.

        Raises:
            ClockIsRunning: it is not frozen.
            InvalidDuration: backwards; only `freeze` does that.
            InvalidInstant: beyond the year 9998.
        """
        duration = by // timedelta(microseconds=1) if isinstance(by, timedelta) else by
        if duration < 0:
            raise InvalidDuration(by, "a clock is moved on; to set it back, freeze it")
        with self._lock:
            if self._frozen_at is None:
                raise ClockIsRunning
            self._frozen_at = self._last_shown = _checked(self._frozen_at + duration)
            return self._frozen_at

    def run(self) -> bool:
        """Let it run by the system's clock. Whether that is before what the clock has shown."""
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
        raise InvalidInstant(at, "the sandbox's clock shows the years 2 to 9998")
    return found
