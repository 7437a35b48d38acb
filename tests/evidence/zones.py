"""Zones: local days and times against the standard library's zoneinfo, in every zone, at every clock change.

Both sides read the same tz database; only the code differs. zoneinfo is used for nothing but the local time at single
instants. The clock changes are found by comparing the offsets of every day from 1970 to 2037, then halving the day.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from evidence.claims import Budget, Claim, Refuted
from punchclock import calendar
from punchclock.calendar import Disambiguation
from punchclock.errors import AmbiguousLocalTime, MissingLocalTime
from punchclock.units import DAY, HOUR, SECOND

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_FIRST: Final = 0
_LAST: Final = (dt.datetime(2038, 1, 1, tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND


@cache
def _zones() -> dict[str, ZoneInfo]:
    """Return every zone of the database, by name."""
    return {name: ZoneInfo(name) for name in sorted(zoneinfo.available_timezones() - {"localtime"})}


def _shown(at: int, zone: ZoneInfo) -> dt.datetime:
    """Return the local time at an instant, according to zoneinfo."""
    return (_EPOCH + at * _MICROSECOND).astimezone(zone)


@cache
def _changes() -> dict[str, tuple[int, ...]]:
    """Return the instants of each zone's clock changes."""
    return {name: tuple(_changes_of(zone)) for name, zone in _zones().items()}


def _changes_of(zone: ZoneInfo) -> Iterator[int]:
    utc = _EPOCH
    day = dt.timedelta(days=1)
    before = utc.astimezone(zone).utcoffset()
    for number in range(_LAST // DAY):
        utc += day
        after = utc.astimezone(zone).utcoffset()
        if after != before:
            low, high = number * DAY // SECOND, (number + 1) * DAY // SECOND
            while high - low > 1:
                middle = (low + high) // 2
                if _shown(middle * SECOND, zone).utcoffset() == before:
                    low = middle
                else:
                    high = middle
            yield high * SECOND
            before = after


def dates_and_times(budget: Budget) -> str:
    """Check `work_date` and `seconds_of_day` around each change and its midnights, to the microsecond."""
    instants = 0
    for name, zone in _zones().items():
        for change in _changes()[name]:
            around = {change + by + more for by in (-DAY, -HOUR, 0, HOUR, DAY) for more in (-1, 0, 1)}
            around |= {midnight + more for midnight in _midnights(change, zone) for more in (-1, 0)}
            for at in around:
                instants += 1
                shown = _shown(at, zone)
                seconds = (shown.hour * 60 + shown.minute) * 60 + shown.second
                found = calendar.work_date(at, name), calendar.seconds_of_day(at, name)
                if found != (shown.date(), seconds):
                    raise Refuted(f"{name} at {at}: {found}, but zoneinfo has {shown}")
    return f"{instants:,} instants at {_size()}"


def _midnights(change: int, zone: ZoneInfo) -> list[int]:
    """Return the local midnights next to a change, by the offset before it and by the offset after it."""
    midnights = []
    for side in (change - 1, change):
        shown = _shown(side, zone)
        into = ((shown.hour * 60 + shown.minute) * 60 + shown.second) * SECOND + shown.microsecond
        midnights += [side - into, side - into + DAY]
    return midnights


def split_days(budget: Budget) -> str:
    """Check that the pieces of `split_by_day` over each change are complete, and that their instants have their date.

    The instants are both ends of every piece, both sides of the change, and some at regular distances between.
    """
    pieces_seen = checked = 0
    step = int(budget.zone_hours * HOUR)
    for name, zone in _zones().items():
        for change in _changes()[name]:
            start, end = change - 30 * HOUR - 17, change + 30 * HOUR + 17
            pieces = calendar.split_by_day(start, end, name)
            what = f"{name}, {start} to {end}: {pieces}"
            if (pieces[0].start, pieces[-1].end) != (start, end):
                raise Refuted(f"{what}: time is missing")
            for one, following in pairwise(pieces):
                if one.end != following.start or one.date == following.date:
                    raise Refuted(f"{what}: neighbours do not touch, or have the same date")
            for piece in pieces:
                pieces_seen += 1
                inside = {piece.start, piece.end - 1, *range(piece.start, piece.end, step)}
                inside |= {at for at in (change - 1, change) if piece.start <= at < piece.end}
                for at in inside:
                    checked += 1
                    if _shown(at, zone).date() != piece.date or piece.start >= piece.end:
                        raise Refuted(f"{what}: {piece.date} contains {at}, which is {_shown(at, zone)}")
    return f"{pieces_seen:,} pieces, {checked:,} instants in them, at {_size()}"


def local_times(budget: Budget) -> str:
    """Check `from_seconds_of_day` around each change against zoneinfo with either fold.

    A local time that occurs twice has two instants, a skipped one has none; then the policies follow the offsets of
    either side, and ``REJECT`` raises.
    """
    times = 0
    for name, zone in _zones().items():
        for change in _changes()[name]:
            before, after = (_shown(at, zone).replace(tzinfo=None) for at in (change - SECOND, change))
            walls = {wall + dt.timedelta(seconds=by) for wall in (before, after) for by in (-3600, -1, 0, 1, 600, 3600)}
            for wall in walls:
                times += 1
                _compare_wall(name, zone, wall)
    return f"{times:,} local times at {_size()}"


def _compare_wall(name: str, zone: ZoneInfo, wall: dt.datetime) -> None:
    date, seconds = wall.date(), (wall.hour * 60 + wall.minute) * 60 + wall.second
    folds = {(wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) - _EPOCH) // _MICROSECOND for fold in (0, 1)}
    meant = {at for at in folds if _shown(at, zone).replace(tzinfo=None) == wall}
    expected: dict[Disambiguation, object] = {
        Disambiguation.EARLIER: min(meant or folds),
        Disambiguation.LATER: max(meant or folds),
    }
    if len(meant) == 1:
        (expected[Disambiguation.REJECT],) = meant
    else:
        expected[Disambiguation.REJECT] = AmbiguousLocalTime if meant else MissingLocalTime
    for policy, answer in expected.items():
        found: object
        try:
            found = calendar.from_seconds_of_day(date, seconds, name, disambiguation=policy)
        except (AmbiguousLocalTime, MissingLocalTime) as error:
            found = type(error)
        if found != answer:
            raise Refuted(f"{name}, {wall}, {policy}: {found}, but zoneinfo has {answer}")


def _size() -> str:
    changes = sum(len(each) for each in _changes().values())
    return f"{changes:,} clock changes from 1970 to 2037, in all {len(_zones())} zones"


CLAIMS: Final = (
    Claim("work_date and seconds_of_day equal zoneinfo's local time", dates_and_times),
    Claim("split_by_day cuts where zoneinfo's date changes, and nowhere else", split_days),
    Claim("from_seconds_of_day returns the instants that zoneinfo has for a local time, or a named error", local_times),
)
