"""Reading the work done of a running timer."""

from __future__ import annotations

from collections.abc import Callable

import punchclock as pc
from benchmarks.pairs import Case, Row, against

__all__ = ["rows"]

TIMER = pc.start(1772438400000000)
NOW = 1772452800000000


def rows() -> list[Row]:
    """`worked_at` against a function of the same arguments that does nothing."""
    rival = "an empty call with the same arguments"
    return [against("worked_at", rival, _calls(pc.worked_at), _calls(_nothing), target=4, faster=False, calls=10)]


def _nothing(timer: pc.Timer, now: int) -> None:
    """The least that a call can cost."""


def _calls(function: Callable[[pc.Timer, int], object]) -> Case:
    """Ten calls a turn, so that the loop itself counts for little."""

    def case(repeat: int) -> None:
        timer, now = TIMER, NOW
        for _ in range(repeat):
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)
            function(timer, now)

    return case
