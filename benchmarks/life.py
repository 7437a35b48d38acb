"""A full life of a timer: start, pause, resume, pause, stop."""

from __future__ import annotations

import punchclock as pc
from benchmarks.pairs import Case, Row, against
from benchmarks.rivals import Life, automat, inline, statemachine, transitions
from punchclock import IDLE, pause, resume, start, stop

#: 08:00 to 16:30 with two breaks, the second of which lasts to the end.
INSTANTS = (1772438400000000, 1772452800000000, 1772454600000000, 1772467200000000, 1772469000000000)


def life(repeat: int) -> int:
    """Call functions that are imported by name, as in a hot loop."""
    t0, t1, t2, t3, t4 = INSTANTS
    timer = IDLE
    for _ in range(repeat):
        timer = start(t0)
        timer = pause(timer, t1)
        timer = resume(timer, t2)
        timer = pause(timer, t3)
        timer = stop(timer, t4)
    return timer.worked


def life_by_attribute(repeat: int) -> int:
    """Look up each function in the package at each call, as most programs do."""
    t0, t1, t2, t3, t4 = INSTANTS
    timer = pc.IDLE
    for _ in range(repeat):
        timer = pc.start(t0)
        timer = pc.pause(timer, t1)
        timer = pc.resume(timer, t2)
        timer = pc.pause(timer, t3)
        timer = pc.stop(timer, t4)
    return timer.worked


def rows() -> list[Row]:
    """Compare with the same sums inline, and with the libraries that one would otherwise use."""

    def row(
        rival: str, theirs: Life, target: float, *, faster: bool, ours: Case = life, case: str = "a full life"
    ) -> Row:
        return against(case, rival, ours, lambda repeat: theirs(repeat, INSTANTS), target=target, faster=faster)

    by_attribute = "a full life, by `pc.start` …"
    return [
        row("the same sums inline", inline.life, 3.4, faster=False),
        row("the same sums inline", inline.life, 3.4, faster=False, ours=life_by_attribute, case=by_attribute),
        row("transitions", transitions.life, 40, faster=True),
        row("automat", automat.life, 20, faster=True),
        row("python-statemachine", statemachine.life, 300, faster=True),
    ]
