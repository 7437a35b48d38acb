"""python-statemachine: a machine for each life, since one that has ended cannot begin again."""

from __future__ import annotations

from statemachine import State, StateMachine

from benchmarks.rivals import Instants

__all__ = ["life"]


class Timer(StateMachine):
    """The machine, with the sums as its actions."""

    idle = State(initial=True)
    running = State()
    paused = State()
    stopped = State(final=True)

    start = idle.to(running, on="begin")
    pause = running.to(paused, on="work")
    resume = paused.to(running, on="rest")
    stop = running.to(stopped, on="work") | paused.to(stopped, on="rest")

    def __init__(self) -> None:
        self.since = 0
        self.worked = 0
        super().__init__()

    def begin(self, now: int) -> None:
        """The timer starts."""
        self.since = now
        self.worked = 0

    def work(self, now: int) -> None:
        """A segment of work ends."""
        self.worked += now - self.since
        self.since = now

    def rest(self, now: int) -> None:
        """A break ends."""
        self.since = now


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
