"""Observers of a replayed log that keep what the timeline and the picture show of each timer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from punchclock.cli.histogram import Histogram
from punchclock.eventlog.totals import DailyAccumulator, Days
from punchclock.history import Segment
from punchclock.machine import COUNTS_AS, Kind
from punchclock.timer import Timer

#: The maximum number of timers in the timeline.
MAX_DRAWN: Final = 30


class DrawnTimeline(DailyAccumulator):
    """The past of a timer that the timeline shows."""

    __slots__ = ("_release", "histogram")

    def __init__(self, days: Days, started_at: int, release: Callable[[], None]) -> None:
        super().__init__(days, started_at)
        self.histogram = Histogram(started_at)
        self._release = release

    def moved(self, before: Timer, at: int) -> None:
        """Add the time up to an event."""
        super().moved(before, at)
        self.histogram.add(COUNTS_AS[before.state], before.since, at)

    def amended(self, timer: Timer) -> None:
        """Replace the past by that of the corrected timer."""
        super().amended(timer)
        self.histogram = Histogram(timer.started_at)
        for segment in _past_of(timer):
            self.histogram.add(segment.kind, segment.start, segment.end)

    def discarded(self) -> None:
        """Release the row of the timer."""
        self._release()


class PlottedTimeline(DrawnTimeline):
    """The past of a timer that both the timeline and the picture show; the picture needs all segments."""

    __slots__ = ("past",)

    def __init__(self, days: Days, started_at: int, release: Callable[[], None]) -> None:
        super().__init__(days, started_at, release)
        self.past: list[Segment] = []

    def moved(self, before: Timer, at: int) -> None:
        """Add the time up to an event."""
        super().moved(before, at)
        self.past.append(Segment(COUNTS_AS[before.state], before.since, at))

    def amended(self, timer: Timer) -> None:
        """Replace the past by that of the corrected timer."""
        super().amended(timer)
        self.past = _past_of(timer)


class Timelines:
    """A factory of observers for new timers: a `DrawnTimeline` while the timeline has free rows.

    Attributes:
        free_rows: the number of timers that the timeline can still show.
        plotted: whether a picture is requested, which shows every timer.
    """

    def __init__(self, days: Days, *, plotted: bool) -> None:
        self.free_rows = MAX_DRAWN
        self.plotted = plotted
        self._days = days

    def __call__(self, started_at: int) -> DailyAccumulator:
        """Return the observer of a timer that starts at an instant."""
        if self.plotted:
            return PlottedTimeline(self._days, started_at, self._release)
        if self.free_rows == 0:
            return DailyAccumulator(self._days, started_at)
        self.free_rows -= 1
        return DrawnTimeline(self._days, started_at, self._release)

    def _release(self) -> None:
        self.free_rows += 1


def _past_of(timer: Timer) -> list[Segment]:
    """Return the past of an amended timer: the break before the work, as in `DailyAccumulator`."""
    begin = timer.since - timer.worked
    return [Segment(Kind.BREAK, timer.started_at, begin), Segment(Kind.WORK, begin, timer.since)]
