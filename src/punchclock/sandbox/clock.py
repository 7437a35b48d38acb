"""The sandbox's clock: real, frozen, or moved by hand.

In real time it never goes backwards: where the system's clock is set back, it stands until that has
caught up. Only a hand can set it back, and `Clock.freeze` says when one did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from punchclock.clock import now as system_now
from punchclock.errors import PunchclockError

__all__ = ["Clock", "ClockIsRunning"]


class ClockIsRunning(PunchclockError):
    """A clock that runs by itself cannot be moved by hand; freeze it first."""

    code = "clock-is-running"

    def __init__(self) -> None:
        super().__init__("only a frozen clock can be advanced; freeze it first")


class Clock:
    """A clock of one sandbox. Safe for threads.

    Args:
        frozen_at: the instant at which it stands; ``None`` lets it run.
        system: what it runs by.
    """

    def __init__(self, frozen_at: int | None = None, system: Callable[[], int] = system_now) -> None:
        self._system = system
        self._frozen_at = frozen_at
        self._last_shown = frozen_at
        self._lock = threading.Lock()

    @property
    def frozen(self) -> bool:
        """Whether it stands."""
        return self._frozen_at is not None

    def now(self) -> int:
        """The instant that it shows."""
        with self._lock:
            return self._now()

    def freeze(self, at: int) -> bool:
        """Stand at an instant. Whether that is before what the clock has shown: then it went backwards."""
        with self._lock:
            backwards = self._last_shown is not None and at < self._last_shown
            self._frozen_at = self._last_shown = at
            return backwards

    def advance(self, duration: int) -> int:
        """Move a frozen clock on by a duration of at least 0; the instant that it shows then.

        Raises:
            ClockIsRunning: it is not frozen.
        """
        with self._lock:
            if self._frozen_at is None:
                raise ClockIsRunning
            self._frozen_at += duration
            return self._now()

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
