"""Reading the work done of a running timer."""

from __future__ import annotations

from collections.abc import Callable

import punchclock as pc
from benchmarks.pairs import Case, Row, against
from benchmarks.rivals import empty

__all__ = ["rows"]

TIMER = pc.start(1772438400000000)
NOW = 1772452800000000


def rows() -> list[Row]:
    """`worked_at` against a function of the same arguments that does nothing, in both forms of the call."""
    rival = "an empty call with the same arguments"
    return [
        against("worked_at", rival, _calls(pc.worked_at), _calls(empty.nothing), target=4, faster=False, calls=10),
        against(
            "`pc.worked_at`",
            "an empty call, looked up in a module too",
            _calls_by_attribute,
            _empty_calls_by_attribute,
            target=4,
            faster=False,
            calls=10,
        ),
    ]


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


def _calls_by_attribute(repeat: int) -> None:
    """Ten calls a turn, each looked up in the package."""
    timer, now = TIMER, NOW
    for _ in range(repeat):
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)
        pc.worked_at(timer, now)


def _empty_calls_by_attribute(repeat: int) -> None:
    """Ten empty calls a turn, each looked up in a module."""
    timer, now = TIMER, NOW
    for _ in range(repeat):
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
        empty.nothing(timer, now)
