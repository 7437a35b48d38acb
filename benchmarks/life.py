"""A full life: start, pause, resume, pause, stop, and the work that came of it."""

from __future__ import annotations

from benchmarks.pairs import Row, against
from benchmarks.rivals import Life, automat_methods, automat_types, inline, statemachine, transitions
from punchclock import IDLE, pause, resume, start, stop

__all__ = ["INSTANTS", "life", "rows"]

#: 08:00 to 16:30 with two breaks, the second of which lasts to the end.
INSTANTS = (1772438400000000, 1772452800000000, 1772454600000000, 1772467200000000, 1772469000000000)


def life(repeat: int) -> int:
    """As a program with a hot loop writes it: the functions imported by name."""
    t0, t1, t2, t3, t4 = INSTANTS
    timer = IDLE
    for _ in range(repeat):
        timer = start(t0)
        timer = pause(timer, t1)
        timer = resume(timer, t2)
        timer = pause(timer, t3)
        timer = stop(timer, t4)
    return timer.worked


def rows() -> list[Row]:
    """Against the same sums inline, and against the libraries that one would take otherwise."""

    def row(rival: str, theirs: Life, target: float, *, faster: bool) -> Row:
        return against(
            "a full life", rival, life, lambda repeat: theirs(repeat, INSTANTS), target=target, faster=faster
        )

    return [
        row("the same sums inline", inline.life, 3.4, faster=False),
        row("transitions", transitions.life, 40, faster=True),
        row("automat, MethodicalMachine", automat_methods.life, 20, faster=True),
        row("automat, TypeMachineBuilder", automat_types.life, 20, faster=True),
        row("python-statemachine", statemachine.life, 300, faster=True),
    ]
