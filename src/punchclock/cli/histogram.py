"""The past of a timer in a fixed number of bins, which become wider as the past grows; `drawing` draws it."""

from __future__ import annotations

from punchclock.machine import Kind


class Histogram:
    """Work and break of one timer, in bins of equal width from its start on.

    The memory is constant: when an instant is beyond the last bin, pairs of bins are merged. Once 512 microseconds
    have passed, at least half of the bins are used, so the width of a bin is at most a 256th of the whole.
    """

    BINS = 512

    __slots__ = ("_bins", "_width", "end", "start")

    def __init__(self, start: int) -> None:
        #: The timer's start and the end of its last segment, in microseconds.
        self.start = start
        self.end = start
        self._width = 1
        self._bins = {Kind.WORK: [0] * self.BINS, Kind.BREAK: [0] * self.BINS}

    def add(self, kind: Kind, start: int, end: int) -> None:
        """Add a segment that begins at the end of the last one."""
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
        """Return work and break, in microseconds, of ``count`` columns of equal width over the span ``[start, end)``.

        The content of a bin is distributed evenly, so the error of a column is about the width of a bin.
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
        if self.end == self.start:  # the bins are empty; each amendment creates an empty histogram
            return
        for kind, bins in self._bins.items():
            pairs = [bins[index] + bins[index + 1] for index in range(0, self.BINS, 2)]
            self._bins[kind] = pairs + [0] * (self.BINS - len(pairs))
