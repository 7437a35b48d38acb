"""A timer's past in a fixed number of bins, which widen as the past grows.

Pure; `punchclock.cli.drawing` draws it.
"""

from __future__ import annotations

from punchclock.machine import Kind

__all__ = ["Histogram"]


class Histogram:
    """Work and break of one timer by bins of equal width, from its start on.

    The memory that it takes does not depend on how much happened or how long it lasted: when an instant lies
    beyond the last bin, pairs of bins become one. From the 512th microsecond on at least half of the bins are in
    use, so that none is wider than a 256th of what they show.
    """

    BINS = 512

    __slots__ = ("_bins", "_width", "end", "start")

    def __init__(self, start: int) -> None:
        #: The timer's start and the end of its last segment, instants in microseconds.
        self.start = start
        self.end = start
        self._width = 1
        self._bins = {Kind.WORK: [0] * self.BINS, Kind.BREAK: [0] * self.BINS}

    def add(self, kind: Kind, start: int, end: int) -> None:
        """Add a segment that begins where the last one ended."""
        while end > self.start + self.BINS * self._width:
            self._widen()
        bins, width = self._bins[kind], self._width
        self.end = end
        while start < end:
            index = (start - self.start) // width
            edge = min(self.start + (index + 1) * width, end)
            bins[index] += edge - start
            start = edge

    def columns(self, start: int, end: int, count: int) -> list[tuple[float, float]]:
        """Work and break, in microseconds, by ``count`` columns of equal width that span ``[start, end)``.

        What a bin holds is spread evenly over it, so a column is right to about the width of a bin.
        """
        columns = [[0.0, 0.0] for _ in range(count)]
        span = end - start
        for index in range(self.BINS):
            held = [self._bins[kind][index] for kind in (Kind.WORK, Kind.BREAK)]
            if not any(held):
                continue
            low = self.start + index * self._width
            high = min(low + self._width, self.end)
            for at in range((low - start) * count // span, -((start - high) * count // span)):
                overlap = min(high * count, start * count + (at + 1) * span) - max(
                    low * count, start * count + at * span
                )
                share = overlap / ((high - low) * count)
                for which in (0, 1):
                    columns[at][which] += held[which] * share
        return [(work, rest) for work, rest in columns]

    def _widen(self) -> None:
        self._width *= 2
        if self.end == self.start:  # nothing is in them yet: a timer that is corrected often begins as often anew
            return
        for kind, bins in self._bins.items():
            pairs = [bins[index] + bins[index + 1] for index in range(0, self.BINS, 2)]
            self._bins[kind] = pairs + [0] * (self.BINS - len(pairs))
