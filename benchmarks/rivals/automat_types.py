"""automat by its newer door, TypeMachineBuilder: one machine, and a light instance for each life."""

from __future__ import annotations

from typing import Protocol

from automat import TypeMachineBuilder

from benchmarks.rivals import Instants
from benchmarks.rivals.sums import Sums

__all__ = ["life"]


class Timer(Protocol):
    """The inputs."""

    def start(self, now: int) -> None: ...
    def pause(self, now: int) -> None: ...
    def resume(self, now: int) -> None: ...
    def stop(self, now: int) -> None: ...


builder = TypeMachineBuilder(Timer, Sums)
idle = builder.state("idle")
running = builder.state("running")
paused = builder.state("paused")
stopped = builder.state("stopped")


@idle.upon(Timer.start).to(running)
def _start(_: Timer, sums: Sums, now: int) -> None:
    sums.begin(now)


@running.upon(Timer.pause).to(paused)
def _pause(_: Timer, sums: Sums, now: int) -> None:
    sums.work(now)


@paused.upon(Timer.resume).to(running)
def _resume(_: Timer, sums: Sums, now: int) -> None:
    sums.rest(now)


@running.upon(Timer.stop).to(stopped)
def _stop_work(_: Timer, sums: Sums, now: int) -> None:
    sums.work(now)


@paused.upon(Timer.stop).to(stopped)
def _stop_break(_: Timer, sums: Sums, now: int) -> None:
    sums.rest(now)


machine = builder.build()


def life(repeat: int, instants: Instants) -> int:
    """Start, pause, resume, pause, stop."""
    t0, t1, t2, t3, t4 = instants
    sums = Sums()
    for _ in range(repeat):
        sums = Sums()
        timer = machine(sums)
        timer.start(t0)
        timer.pause(t1)
        timer.resume(t2)
        timer.pause(t3)
        timer.stop(t4)
    return sums.worked
