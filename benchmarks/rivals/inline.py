"""No library: the same arithmetic on local variables, with one tuple built at each step and no checks."""

from __future__ import annotations

from benchmarks.rivals import Instants


def life(repeat: int, instants: Instants) -> int:
    """Start, pause, resume, pause, stop."""
    t0, t1, t2, t3, t4 = instants
    timer = ("idle", 0, 0, 0)
    for _ in range(repeat):
        state = "running"
        started_at = since = t0
        worked = 0
        timer = (state, started_at, since, worked)
        state = "paused"
        worked += t1 - since
        since = t1
        timer = (state, started_at, since, worked)
        state = "running"
        since = t2
        timer = (state, started_at, since, worked)
        state = "paused"
        worked += t3 - since
        since = t3
        timer = (state, started_at, since, worked)
        state = "stopped"
        since = t4
        timer = (state, started_at, since, worked)
    return timer[3]
