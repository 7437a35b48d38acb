"""The sums of a timer as methods of a plain object, for the peers that call back into one."""

from __future__ import annotations

__all__ = ["Sums"]


class Sums:
    """Work, accumulated on pause and on stop."""

    def __init__(self) -> None:
        self.started_at = 0
        self.since = 0
        self.worked = 0

    def begin(self, now: int) -> None:
        """The timer starts."""
        self.started_at = now
        self.since = now
        self.worked = 0

    def work(self, now: int) -> None:
        """A segment of work ends."""
        self.worked += now - self.since
        self.since = now

    def rest(self, now: int) -> None:
        """A break ends."""
        self.since = now
