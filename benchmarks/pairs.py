"""Measurement in interleaved pairs: one sample of ours, one of the rival's, many times.

On a busy machine, two measurements taken one after the other differ by whatever else was running. Interleaved samples
share that, and the median of the ratios, pair by pair, is stable. Only the time of the measuring thread counts, so that
waiting for a processor does not. (pyperf, the usual choice, finishes one benchmark before it starts the next.)
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

import msgspec

#: The least duration of a sample, in nanoseconds: long compared with the clock's resolution.
SAMPLE = 4_000_000

#: Runs a case the given number of times and returns what it computed, to be compared with the rival's result.
Case = Callable[[int], object]


class Row(msgspec.Struct, frozen=True):
    """One comparison, in nanoseconds; a row of the table.

    Attributes:
        ratio: ours / theirs, or theirs / ours if ``faster``.
        target: the most that the ratio may be, or the least if ``faster``.
        faster: whether we claim to be faster by this factor, rather than slower by at most this factor.
    """

    case: str
    rival: str
    ours: float
    theirs: float
    ratio: float
    target: float
    faster: bool

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target if self.faster else self.ratio <= self.target


def against(
    case: str, rival: str, ours: Case, theirs: Case, *, target: float, faster: bool, calls: int = 1, pairs: int = 101
) -> Row:
    """Compare two implementations of one case that run in this process; one run of them is ``calls`` calls.

    Raises:
        AssertionError: the two compute different results, so that a comparison is meaningless.
    """
    if ours(1) != theirs(1):
        raise AssertionError(f"{case}: {rival} computes {theirs(1)}, we compute {ours(1)}")
    counts = _repeats(ours), _repeats(theirs)
    samples = [(_sample(ours, counts[0]) / calls, _sample(theirs, counts[1]) / calls) for _ in range(pairs)]
    return ratio_row(case, rival, samples, target=target, faster=faster)


def ratio_row(case: str, rival: str, samples: list[tuple[float, float]], *, target: float, faster: bool) -> Row:
    """Return the row for pairs of samples, each ``(ours, theirs)`` in nanoseconds."""
    ours, theirs = (median(column) for column in zip(*samples, strict=True))
    ratio = median(theirs / ours if faster else ours / theirs for ours, theirs in samples)
    return Row(case, rival, ours, theirs, ratio, target, faster)


def _repeats(case: Case) -> int:
    """Return how often a case must run to take as long as a sample."""
    count = 1
    while (spent := _sample(case, count) * count) < SAMPLE:
        count = max(count * 2, int(count * SAMPLE / max(spent, 1)))
    return count


def _sample(case: Case, count: int) -> float:
    """Return the nanoseconds of one of ``count`` runs, without garbage collection."""
    gc.collect()
    gc.disable()
    begin = time.thread_time_ns()
    case(count)
    end = time.thread_time_ns()
    gc.enable()
    return (end - begin) / count
