"""The peers, each in its own file: the same life of a timer, written as the peer's own users write it.

Each is at its best: a machine that can be built once for all timers is, and no time is taken for it.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Instants", "Life"]

#: Of the start, the pause, the resume, the second pause and the stop.
Instants = tuple[int, int, int, int, int]

#: What every file here offers: a life at five instants, lived so many times; it returns the work.
Life = Callable[[int, Instants], int]
