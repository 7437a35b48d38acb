"""Calls in steps: a call that a fault delays yields the seconds to wait, so that its wait holds no thread.

The steps themselves are in backend.py. `run` does them in this thread, `run_async` in an event loop.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import closing
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

R = TypeVar("R")

#: A call in steps: it yields the seconds to wait before the next step, and returns its result.
Steps = Generator[float, None, R]


def run(steps: Steps[R]) -> R:
    """Do the steps in this thread, sleep between them, and return the result."""
    while True:
        done, seconds = _next(steps)
        if done is not None:
            return done[0]
        time.sleep(seconds)


async def run_async(
    steps: Steps[R], wait: Callable[[float], Awaitable[object]], limiter: CapacityLimiter | None = None
) -> R:
    """Do each step in a thread, await ``wait`` between them, and return the result.

    Args:
        steps: the call.
        wait: a coroutine function that waits for a number of seconds.
        limiter: limits the number of threads; by default that of anyio, which has 40.
    """
    with closing(steps):
        while True:
            done, seconds = await anyio.to_thread.run_sync(_next, steps, limiter=limiter)
            if done is not None:
                return done[0]
            await wait(seconds)


def _next(steps: Steps[R]) -> tuple[tuple[R] | None, float]:
    """Do one step. Return the result if it was the last step, and the seconds to wait."""
    # A thread can't pass StopIteration to an event loop.
    try:
        return None, next(steps)
    except StopIteration as ended:
        return (ended.value,), 0
