"""Reading the work of a running timer."""

from __future__ import annotations

import timeit

import punchclock as pc
from benchmarks import rivals
from benchmarks.pairs import Case, Row, against

TIMER, NOW = pc.start(1772438400000000), 1772452800000000

#: Calls in a row, so that the loop itself costs little.
CALLS = 10


def rows() -> list[Row]:
    """Compare `worked_at` with an empty function, both called by name and looked up in a module at each call."""
    forms = [
        ("worked_at", "an empty call with the same arguments", "worked_at", "nothing"),
        ("`pc.worked_at`", "an empty call, looked up in a module too", "pc.worked_at", "rivals.nothing"),
    ]
    return [
        against(case, rival, _calls(ours), _calls(theirs), target=4, faster=False, calls=CALLS)
        for case, rival, ours, theirs in forms
    ]


def _calls(function: str) -> Case:
    names = {"pc": pc, "rivals": rivals, "TIMER": TIMER, "NOW": NOW}
    setup = "timer, now, worked_at, nothing = TIMER, NOW, pc.worked_at, rivals.nothing"  # local variables of the loop
    loop = timeit.Timer("\n".join([f"{function}(timer, now)"] * CALLS), setup, globals=names)

    def case(repeat: int) -> None:
        loop.timeit(repeat)

    return case
