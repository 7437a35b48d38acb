"""python-statemachine: a new machine for each life, since a final state cannot be left."""

from __future__ import annotations

from statemachine import State, StateMachine

from benchmarks.rivals import Instants
from benchmarks.rivals.sums import Sums


class Timer(Sums, StateMachine):
    """The machine, with the arithmetic as its actions."""

    idle = State(initial=True)
    running = State()
    paused = State()
    stopped = State(final=True)

    start = idle.to(running, on="begin")
    pause = running.to(paused, on="work")
    resume = paused.to(running, on="rest")
    stop = running.to(stopped, on="work") | paused.to(stopped, on="rest")


def life(repeat: int, instants: Instants) -> int:
    """Start, pause, resume, pause, stop."""
    t0, t1, t2, t3, t4 = instants
    worked = 0
    for _ in range(repeat):
        timer = Timer()
        timer.start(now=t0)
        timer.pause(now=t1)
        timer.resume(now=t2)
        timer.pause(now=t3)
        timer.stop(now=t4)
        worked = timer.worked
    return worked
