"""A timer's arithmetic as methods of a plain object, for libraries that call back into one."""

from __future__ import annotations


class Sums:
    """The work, accumulated on pause and on stop."""

    started_at = since = worked = 0

    def begin(self, now: int) -> None:
        """Start the timer."""
        self.started_at = self.since = now
        self.worked = 0

    def work(self, now: int) -> None:
        """End a segment of work."""
        self.worked += now - self.since
        self.since = now

    def rest(self, now: int) -> None:
        """End a break."""
        self.since = now
