"""automat, by `TypeMachineBuilder`: one machine, and a light instance for each life."""

from __future__ import annotations

from typing import Protocol

from automat import TypeMachineBuilder

from benchmarks.rivals import Instants
from benchmarks.rivals.sums import Sums


class _Inputs(Protocol):
    """The inputs of the machine."""

    def start(self, now: int) -> None: ...
    def pause(self, now: int) -> None: ...
    def resume(self, now: int) -> None: ...
    def stop(self, now: int) -> None: ...


builder = TypeMachineBuilder(_Inputs, Sums)
idle = builder.state("idle")
running = builder.state("running")
paused = builder.state("paused")
stopped = builder.state("stopped")

idle.upon(_Inputs.start).to(running)(lambda _, sums, now: sums.begin(now))
running.upon(_Inputs.pause).to(paused)(lambda _, sums, now: sums.work(now))
paused.upon(_Inputs.resume).to(running)(lambda _, sums, now: sums.rest(now))
running.upon(_Inputs.stop).to(stopped)(lambda _, sums, now: sums.work(now))
paused.upon(_Inputs.stop).to(stopped)(lambda _, sums, now: sums.rest(now))

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
