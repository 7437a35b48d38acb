"""Measuring in interleaved pairs: one sample of ours, one of the rival's, over and over.

On a machine that other programs use, two figures taken one after the other differ by whatever else
went on. Taken turn by turn they share it, and the median of the ratios, pair by pair, is steady. What is
counted is the time of our own thread, so that one which has to wait for a processor does not seem slow.
(pyperf, the usual choice, runs each benchmark to its end before the next begins.)
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

import msgspec

__all__ = ["Case", "Row", "against", "ratio_row"]

SAMPLE_NS = 4_000_000

#: Runs a case so many times and returns what it computed, so that rivals can be held to one result.
Case = Callable[[int], object]


class Row(msgspec.Struct, frozen=True):
    """One line of the table.

    Attributes:
        case: what is measured.
        rival: what it is measured against.
        ours: nanoseconds that we take, median of the samples.
        theirs: nanoseconds that the rival takes.
        ratio: median over the pairs of ours / theirs, or of theirs / ours where ``faster``.
        target: what the ratio is held to: at most that, or at least that where ``faster``.
        faster: whether we claim to be so many times faster, not at most so many times slower.
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
    """Measure two implementations of one case that runs in this process.

    Args:
        case: what is measured.
        rival: what it is measured against.
        ours: our implementation.
        theirs: the rival's.
        target: what the ratio is held to.
        faster: whether the ratio is theirs / ours.
        calls: how often one run of an implementation does what is measured.
        pairs: how many pairs of samples are taken.

    Raises:
        AssertionError: the two do not compute the same, so there is nothing to compare.
    """
    if ours(1) != theirs(1):
        raise AssertionError(f"{case}: {rival} computes {theirs(1)}, we compute {ours(1)}")
    counts = _runs(ours), _runs(theirs)
    samples = [(_sample(ours, counts[0]) / calls, _sample(theirs, counts[1]) / calls) for _ in range(pairs)]
    return ratio_row(case, rival, samples, target=target, faster=faster)


def ratio_row(case: str, rival: str, samples: list[tuple[float, float]], *, target: float, faster: bool) -> Row:
    """The line that pairs of samples make, each ``(ours, theirs)`` in nanoseconds for one run of the case."""
    return Row(
        case,
        rival,
        median(ours for ours, _ in samples),
        median(theirs for _, theirs in samples),
        median(theirs / ours if faster else ours / theirs for ours, theirs in samples),
        target,
        faster,
    )


def _runs(case: Case) -> int:
    """How often a case must run for one sample to be long against the clock's own resolution."""
    count = 1
    while (spent := _sample(case, count) * count) < SAMPLE_NS:
        count = max(count * 2, int(count * SAMPLE_NS / max(spent, 1)))
    return count


def _sample(case: Case, count: int) -> float:
    """Nanoseconds that one run of a case takes, over ``count`` of them, without the collector's pauses."""
    gc.collect()
    gc.disable()
    begin = time.thread_time_ns()
    case(count)
    end = time.thread_time_ns()
    gc.enable()
    return (end - begin) / count
