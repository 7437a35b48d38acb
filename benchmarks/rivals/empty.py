"""A function that does nothing: the least that a call can cost."""

from __future__ import annotations

from punchclock import Timer

__all__ = ["nothing"]


def nothing(timer: Timer, now: int) -> None:
    """Take the arguments of `punchclock.worked_at` and do nothing."""
