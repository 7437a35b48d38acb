"""Batches of a table applied to a `punchclock.eventlog.TimerLog`, with the same result as line by line.

A `TimerLog` has more than the four fields of its timers: labels, observers of a timer's past, rejections with their
reasons. Most timers of a batch need none of this row by row: they are folded, and only the result is stored. The others
are stepped through entry by entry: those with a rejected row, and those that the caller wants to see step by step.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from punchclock.columns.arrow import value_type, whole_column, words_of
from punchclock.columns.codes import (
    ACCEPTED,
    AFTER,
    EVENTS,
    IDLE,
    KIND_OF,
    NULL,
    OUT_OF_RANGE,
    STATES,
    UNKNOWN,
    WORK,
    Codes,
    Flags,
    Ints,
)
from punchclock.columns.folding import fold
from punchclock.columns.grouping import Groups, group
from punchclock.columns.segments import days_of
from punchclock.columns.tables import Fields, Log, read_log
from punchclock.columns.text_formats import LABELS
from punchclock.errors import InstantOutOfRange, MalformedLine, PunchclockError, safe_repr
from punchclock.eventlog import AnyLogTimer, Entry, Labels, TimelineObserver, TimerLog
from punchclock.instants import FIRST, LAST
from punchclock.timer import IDLE as IDLE_TIMER
from punchclock.timer import Timer
from punchclock.units import DAY

#: A column of labels: its name, its distinct words, and for each row the index of its word, or -1 for no label.
_Label: TypeAlias = tuple[str, list[str | None], Ints]


class RejectedRow(NamedTuple):
    """A rejected row.

    Attributes:
        row: its number in the batch, counted from 0.
        timer: the timer's name, if the row has one.
        error: the reason.
    """

    row: int
    timer: str | None
    error: PunchclockError


def apply_batch(
    timers: TimerLog[TimelineObserver | None],
    batch: pa.Table,
    *,
    until: int | None = None,
    ignored: Callable[[int], object] = int,  # has no effect
    zone: dt.tzinfo = dt.UTC,
    step: Callable[[AnyLogTimer], bool] | None = None,
    step_new: int = 0,
) -> Iterator[RejectedRow]:
    """Apply the rows of a batch to a `TimerLog`.

    Args:
        timers: the timers of the log so far. The observer of a folded timer is called only for steps over a change of
            date.
        batch: part of a log, as for `punchclock.columns.replay`, with any of the columns `LABELS`.
        until: entries later than this instant are ignored.
        ignored: called with the number of ignored entries.
        zone: time zone of these dates.
        step: returns whether a timer must be stepped through; without it, only timers with rejected rows are.
        step_new: how many of the batch's new timers are stepped through, from the first on.

    Yields:
        The rejected rows, in order.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
    """
    log = _reject_unnamed(_reject_undatable(read_log(batch)))
    rows = np.arange(len(log.events))
    if until is not None:
        late = (log.at > until) & (log.events < NULL)
        ignored(int(np.count_nonzero(late)))
        rows = np.flatnonzero(~late)
        log = log._replace(timers=log.timers.take(pa.array(rows)), events=log.events[rows], at=log.at[rows])
    labels = _labels(batch, rows)

    groups = group(log)
    names = groups.names.cast(pa.string()).to_pylist()
    known = [timers.records.get(name) for name in names]
    before = _fields(known)
    after, status = fold(groups.events, groups.at, groups.offsets, before)
    stepped = _to_step(groups, status, names, known, step, step_new)
    folded = np.flatnonzero(~stepped)
    crossings = {} if not timers.observed else _crossings(groups, before, ~stepped, zone)
    last_labels = [(name, words, _last(indices, groups).tolist()) for name, words, indices in labels]
    if folded.size:
        stops = np.append(groups.offsets[1:], len(groups.at)) - 1
        latest = int(groups.at[stops[folded]].max())
        timers.last = latest if timers.last is None else max(latest, timers.last)

    # In the order of the rows, so that timers are added and rejections are yielded as if all were stepped through.
    folded_timers = _timers(after.take(folded))
    entries = _rows_of(groups, stepped, len(rows))
    turns = np.argsort(np.concatenate((groups.first_rows[folded], entries)), kind="stable").tolist()
    parse = _row_parser(log, batch, rows, labels)
    for turn in turns:
        if turn >= len(folded):
            row = int(entries[turn - len(folded)])
            rejection = _apply(timers, parse, row)
            if rejection is not None:
                yield RejectedRow(int(rows[row]), *rejection)
            continue
        number, timer = int(folded[turn]), folded_timers[turn]
        record = known[number]
        if record is None:
            record = timers.add(names[number], timer)
        record.timer = timer
        _observe(record.observer, crossings.get(number, ()))
        for name, words, indices in last_labels:
            if indices[number] >= 0:
                setattr(record, name, words[indices[number]])


def _observe(observer: TimelineObserver | None, steps: Iterable[tuple[Timer, int]]) -> None:
    if observer is not None:
        for before, at in steps:
            observer.moved(before, at)


def _reject_undatable(log: Log) -> Log:
    """Mark rows with an instant outside the years 1 to 9999 as out of range: the output shows dates."""
    if not log.at.size or (log.at.min() >= FIRST and log.at.max() <= LAST):
        return log
    outside = ((log.at < FIRST) | (log.at > LAST)) & (log.events < NULL)
    return log._replace(events=np.where(outside, np.uint8(OUT_OF_RANGE), log.events))


def _reject_unnamed(log: Log) -> Log:
    """Mark rows with an empty name as invalid, whatever their instant, as `punchclock.eventlog.parse_line` does."""
    if pa.types.is_integer(value_type(log.timers.type)):
        return log
    names, indices = words_of(log.timers, "timer")
    if "" not in names:
        return log
    return log._replace(events=np.where(indices == names.index(""), np.uint8(NULL), log.events))


def _labels(batch: pa.Table, rows: Ints) -> list[_Label]:
    """Return the columns of labels that the batch has, for these rows."""
    labels = []
    for name in LABELS:
        if name in batch.column_names:
            words, indices = words_of(whole_column(batch, name), name)
            missing = np.array([word is None for word in words], dtype=np.bool_)
            found = indices[rows].astype(np.int64)
            labels.append((name, words, np.where(missing[found], -1, found)))
    return labels


def _last(indices: Ints, groups: Groups) -> Ints:
    """Return the last label of each timer, or -1."""
    if not groups.offsets.size:
        return groups.offsets
    indices = indices if groups.rows is None else indices[groups.rows]
    last = np.maximum.reduceat(np.where(indices >= 0, np.arange(len(indices)), -1), groups.offsets)
    return np.where(last >= 0, indices[last], -1)


def _fields(records: Sequence[AnyLogTimer | None]) -> Fields:
    """Return the fields of timers; ``None`` is an idle timer."""
    timers = [IDLE_TIMER if record is None else record.timer for record in records]
    return Fields(
        np.array([STATES.index(timer.state) for timer in timers], dtype=np.uint8),
        np.array([timer.started_at for timer in timers], dtype=np.int64),
        np.array([timer.since for timer in timers], dtype=np.int64),
        np.array([timer.worked for timer in timers], dtype=np.int64),
    )


def _timers(fields: Fields) -> list[Timer]:
    """Return timers with these fields."""
    rows = zip(*(column.tolist() for column in fields), strict=True)
    return [Timer(STATES[state], started_at, since, worked) for state, started_at, since, worked in rows]


def _to_step(
    groups: Groups,
    status: Codes | None,
    names: Sequence[str],
    known: Sequence[AnyLogTimer | None],
    step: Callable[[AnyLogTimer], bool] | None,
    step_new: int,
) -> Flags:
    """Return which timers must be stepped through."""
    stepped = np.zeros(len(names), dtype=np.bool_)
    if status is not None:
        stepped |= np.logical_or.reduceat(status != ACCEPTED, groups.offsets)
    for number, record in enumerate(known):
        if record is not None and step is not None and step(record):
            stepped[number] = True
    new = np.flatnonzero(~stepped & np.array([record is None for record in known], dtype=np.bool_))
    stepped[new[np.argsort(groups.first_rows[new])[:step_new]]] = True
    return stepped


def _rows_of(groups: Groups, which: Flags, count: int) -> Ints:
    """Return the rows of these timers, and those without a timer, in order."""
    found = np.ones(count, dtype=np.bool_)
    of_timers = np.repeat(which, np.diff(groups.offsets, append=len(groups.events)))
    found[slice(None) if groups.rows is None else groups.rows] = of_timers
    return np.flatnonzero(found)


def _crossings(groups: Groups, before: Fields, which: Flags, zone: dt.tzinfo) -> dict[int, list[tuple[Timer, int]]]:
    """Return for these timers the steps over a change of date: the timer before the step, and the step's instant."""
    offsets, at = groups.offsets, groups.at
    if not offsets.size:
        return {}
    owner = np.repeat(np.arange(len(offsets)), np.diff(offsets, append=len(at)))
    begun = before.state != IDLE
    state, since = np.empty_like(groups.events), np.empty_like(at)
    state[1:], since[1:] = AFTER.take(groups.events[:-1]), at[:-1]
    state[offsets], since[offsets] = before.state, np.where(begun, before.since, at[offsets])

    rows = np.flatnonzero(which[owner] & (at > since))
    # A step of more than two days is a crossing. The days of the others are as many as the steps, or fewer.
    is_long = at[rows] - since[rows] > 2 * DAY
    short = rows[~is_long]
    try:
        _, changes, _ = days_of(since[short], at[short], zone)
    except InstantOutOfRange:  # the zone has no date for some instant: treat every step as a crossing
        pass
    else:
        short = short[np.searchsorted(changes, since[short]) < np.searchsorted(changes, at[short])]
    rows = np.sort(np.concatenate((rows[is_long], short)))

    work = np.where(KIND_OF.take(state) == WORK, at - since, 0)
    sums = np.cumsum(work) - work
    worked = sums - np.repeat(sums[offsets] - before.worked, np.diff(offsets, append=len(at)))
    started_at = np.where(begun, before.started_at, at[offsets])
    steps: dict[int, list[tuple[Timer, int]]] = {}
    owners = owner[rows]
    earlier = _timers(Fields(state[rows], started_at[owners], since[rows], worked[rows]))
    for number, timer, end in zip(owners.tolist(), earlier, at[rows].tolist(), strict=True):
        steps.setdefault(number, []).append((timer, end))
    return steps


def _row_parser(log: Log, batch: pa.Table, rows: Ints, labels: list[_Label]) -> Callable[[int], Entry]:
    """Return a function that reads one row as an entry, as strictly as `punchclock.eventlog.parse_line`."""

    def parse(row: int) -> Entry:
        timer = log.timers[row].as_py()
        name = None if timer is None else str(timer)
        if not name:
            raise MalformedLine("$.timer", "empty", timer=name)
        at, code = int(log.at[row]), int(log.events[row])
        if code == UNKNOWN:
            word = safe_repr(batch.column("event")[int(rows[row])].as_py())
            raise MalformedLine("$.event", f"unknown event {word}; the events are {', '.join(EVENTS)}", timer=name)
        if code == OUT_OF_RANGE:
            raise MalformedLine("$.at", str(InstantOutOfRange(at)), timer=name)
        if code >= NULL:
            key = "at" if batch.column("event")[int(rows[row])].is_valid else "event"
            raise MalformedLine(f"$.{key}", "null or unreadable", timer=name)
        values = {key: words[indices[row]] for key, words, indices in labels if indices[row] >= 0}
        return Entry(name, EVENTS[code], at, Labels(**values))

    return parse


def _apply(
    timers: TimerLog[TimelineObserver | None], parse: Callable[[int], Entry], row: int
) -> tuple[str | None, PunchclockError] | None:
    """Apply one row; return the timer's name and the error if the row is rejected."""
    try:
        entry = parse(row)
    except MalformedLine as error:
        return error.timer, error
    try:
        timers.apply(entry)
    except PunchclockError as error:
        return entry.timer, error
    return None
