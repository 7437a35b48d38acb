"""transitions: one machine with one model, which is reset between lives."""

from __future__ import annotations

from collections.abc import Callable

from transitions import Machine

from benchmarks.rivals import Instants
from benchmarks.rivals.sums import Sums


class Timer(Sums):
    """The model, to which the machine adds its triggers."""

    start: Callable[[int], bool]
    pause: Callable[[int], bool]
    resume: Callable[[int], bool]
    stop: Callable[[int], bool]


def life(repeat: int, instants: Instants) -> int:
    """Start, pause, resume, pause, stop."""
    t0, t1, t2, t3, t4 = instants
    for _ in range(repeat):
        timer.start(t0)
        timer.pause(t1)
        timer.resume(t2)
        timer.pause(t3)
        timer.stop(t4)
        machine.set_state("idle")
    return timer.worked


timer = Timer()
machine = Machine(
    timer,
    states=["idle", "running", "paused", "stopped"],
    initial="idle",
    auto_transitions=False,
    transitions=[
        {"trigger": "start", "source": "idle", "dest": "running", "before": "begin"},
        {"trigger": "pause", "source": "running", "dest": "paused", "before": "work"},
        {"trigger": "resume", "source": "paused", "dest": "running", "before": "rest"},
        {"trigger": "stop", "source": "running", "dest": "stopped", "before": "work"},
        {"trigger": "stop", "source": "paused", "dest": "stopped", "before": "rest"},
    ],
)
