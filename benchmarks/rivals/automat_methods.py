"""automat by its older door, MethodicalMachine: the machine is the class, an object lives a life."""
# mypy: allow-untyped-calls, allow-untyped-decorators
# That door of automat has no types.

from __future__ import annotations

from automat import MethodicalMachine

from benchmarks.rivals import Instants

__all__ = ["life"]


class Timer:
    """The machine, with the sums as its outputs."""

    machine = MethodicalMachine()

    def __init__(self) -> None:
        self.since = 0
        self.worked = 0

    @machine.state(initial=True)
    def idle(self) -> None:
        """Not begun."""

    @machine.state()
    def running(self) -> None:
        """At work."""

    @machine.state()
    def paused(self) -> None:
        """On a break."""

    @machine.state()
    def stopped(self) -> None:
        """Ended."""

    @machine.input()
    def start(self, now: int) -> None:
        """The timer starts."""

    @machine.input()
    def pause(self, now: int) -> None:
        """A break begins."""

    @machine.input()
    def resume(self, now: int) -> None:
        """A break ends."""

    @machine.input()
    def stop(self, now: int) -> None:
        """The timer ends."""

    @machine.output()
    def begin(self, now: int) -> None:
        """Take the start."""
        self.since = now
        self.worked = 0

    @machine.output()
    def work(self, now: int) -> None:
        """Add a segment of work."""
        self.worked += now - self.since
        self.since = now

    @machine.output()
    def rest(self, now: int) -> None:
        """Pass over a break."""
        self.since = now

    idle.upon(start, running, [begin])
    running.upon(pause, paused, [work])
    paused.upon(resume, running, [rest])
    running.upon(stop, stopped, [work])
    paused.upon(stop, stopped, [rest])


def life(repeat: int, instants: Instants) -> int:
    """Start, pause, resume, pause, stop."""
    t0, t1, t2, t3, t4 = instants
    timer = Timer()
    for _ in range(repeat):
        timer = Timer()
        timer.start(t0)
        timer.pause(t1)
        timer.resume(t2)
        timer.pause(t3)
        timer.stop(t4)
    return timer.worked
