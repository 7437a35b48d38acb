"""Tables into a book: what `punchclock.eventlog.TimerLog` makes of a log line by line, made of a batch of rows at once.

A book has more than the four fields: labels, a history for whoever follows the past, complaints with their reasons.
Most timers of a batch need none of this row by row; they are folded, and told to the book as they stand afterwards. The
others are stepped through as ever: those with a row that is rejected, and those whose every step someone wants to see.
So the book is the same as after stepping through all of them, whichever are folded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from punchclock.columns.arrow import Fields, Log, read_log, whole_column, words_of
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
from punchclock.columns.files import LABELS
from punchclock.columns.replay import Groups, fold, group
from punchclock.columns.segments import days_of
from punchclock.errors import InstantOutOfRange, MalformedLine, PunchclockError, safe_repr
from punchclock.eventlog import AnyLogTimer, Entry, Labels, TimelineObserver, TimerLog
from punchclock.instants import FIRST, LAST
from punchclock.timer import IDLE as IDLE_TIMER
from punchclock.timer import Timer

__all__ = ["RejectedRow", "apply_batch"]

#: A column of labels: its name, its words, and the place of each row's among them.
_Label: TypeAlias = tuple[str, list[str | None], Ints]


class RejectedRow(NamedTuple):
    """A row that changed nothing.

    Attributes:
        row: its number in the batch, counted from 0.
        timer: whose it is, if it says so.
        error: why.
    """

    row: int
    timer: str | None
    error: PunchclockError


def apply_batch(
    book: TimerLog[TimelineObserver | None],
    batch: pa.Table,
    *,
    until: int | None = None,
    ignored: Callable[[int], object] = int,
    zone: dt.tzinfo = dt.UTC,
    step: Callable[[AnyLogTimer], bool] | None = None,
    step_new: int = 0,
) -> Iterator[RejectedRow]:
    """Apply a batch of a log to a book.

    Args:
        book: the timers of the log. The observer of a folded timer is notified only of steps over a change of date.
        batch: a log, as for `punchclock.columns.replay`, with any of the columns `LABELS`.
        until: later entries are ignored.
        ignored: called with the number of ignored entries.
        zone: whose dates these are.
        step: whether the timer of a record is to be stepped through; without it, none for its own sake.
        step_new: so many timers that the batch begins are to be stepped through, the first ones.

    Yields:
        The rows that the book rejects, in order.

    Raises:
        InvalidColumns: a column is missing or has the wrong type.
    """
    log = _displayable(read_log(batch))
    rows = np.arange(len(log.events))
    if until is not None:
        late = (log.at > until) & (log.events < NULL)
        ignored(int(np.count_nonzero(late)))
        rows = np.flatnonzero(~late)
        log = log._replace(timers=log.timers.take(pa.array(rows)), events=log.events[rows], at=log.at[rows])
    said = _labels(batch, rows)

    groups = group(log)
    names = groups.names.cast(pa.string()).to_pylist()
    known = [book.records.get(name) for name in names]
    before = _fields(known)
    after, status = fold(groups.events, groups.at, groups.offsets, before)
    singly = _to_step(groups, status, names, known, step, step_new)
    folded = np.flatnonzero(~singly)
    told = {} if not book.observed else _crossings(groups, before, ~singly, zone)
    labels = [(name, words, _last(places, groups).tolist()) for name, words, places in said]
    if folded.size:
        lasts = np.append(groups.offsets[1:], len(groups.at)) - 1
        latest = int(groups.at[lasts[folded]].max())
        book.last = latest if book.last is None else max(latest, book.last)

    # In the order of the rows, so that timers enter the book, and rejections leave it, as if all were stepped through.
    timers = _timers(after.take(folded))
    entries = _rows_of(groups, singly, len(rows))
    turns = np.argsort(np.concatenate((groups.first_rows[folded], entries)), kind="stable").tolist()
    parse = _reader(log, batch, rows, said)
    for turn in turns:
        if turn >= len(folded):
            row = int(entries[turn - len(folded)])
            rejection = _apply(book, parse, row)
            if rejection is not None:
                yield RejectedRow(int(rows[row]), *rejection)
            continue
        number = int(folded[turn])
        record = known[number]
        if record is None:
            record = book.add(names[number], timers[turn])
        record.timer = timers[turn]
        _notify(record, told.get(number, ()))
        for name, words, places in labels:
            if places[number] >= 0:
                setattr(record, name, words[places[number]])


def _notify(record: AnyLogTimer, steps: Iterable[tuple[Timer, int]]) -> None:
    """Notify the observer of a timer of some of its steps."""
    if record.history is not None:
        for timer, at in steps:
            record.history.moved(timer, at)


def _displayable(log: Log) -> Log:
    """The log, in which an instant that no date can name is no event: a person is to read what comes of it."""
    if not log.at.size or (log.at.min() >= FIRST and log.at.max() <= LAST):
        return log
    outside = ((log.at < FIRST) | (log.at > LAST)) & (log.events < NULL)
    return log._replace(events=np.where(outside, np.uint8(OUT_OF_RANGE), log.events))


def _labels(batch: pa.Table, rows: Ints) -> list[_Label]:
    """The columns of labels that there are; a place is negative where a row says nothing."""
    labels = []
    for name in LABELS:
        if name in batch.column_names:
            words, places = words_of(whole_column(batch, name), name)
            nothing = np.array([word is None for word in words], dtype=np.bool_)
            found = places[rows].astype(np.int64)
            labels.append((name, words, np.where(nothing[found], -1, found)))
    return labels


def _last(places: Ints, groups: Groups) -> Ints:
    """What was said last of each timer."""
    if not groups.offsets.size:
        return groups.offsets
    places = places if groups.rows is None else places[groups.rows]
    last = np.maximum.reduceat(np.where(places >= 0, np.arange(len(places)), -1), groups.offsets)
    return np.where(last >= 0, places[last], -1)


def _fields(records: Sequence[AnyLogTimer | None]) -> Fields:
    """Where timers stand; those that are not there have not begun."""
    timers = [IDLE_TIMER if record is None else record.timer for record in records]
    return Fields(
        np.array([STATES.index(timer.state) for timer in timers], dtype=np.uint8),
        np.array([timer.started_at for timer in timers], dtype=np.int64),
        np.array([timer.since for timer in timers], dtype=np.int64),
        np.array([timer.worked for timer in timers], dtype=np.int64),
    )


def _timers(fields: Fields) -> list[Timer]:
    """`_fields`, the way back."""
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
    """Which timers are to be stepped through."""
    singly = np.zeros(len(names), dtype=np.bool_)
    if status is not None:
        singly |= np.logical_or.reduceat(status != ACCEPTED, groups.offsets)
    for number, (name, record) in enumerate(zip(names, known, strict=True)):
        if not name or (record is not None and step is not None and step(record)):
            singly[number] = True
    new = np.flatnonzero(~singly & np.array([record is None for record in known], dtype=np.bool_))
    singly[new[np.argsort(groups.first_rows[new])[:step_new]]] = True
    return singly


def _rows_of(groups: Groups, which: Flags, count: int) -> Ints:
    """The rows of some of the timers, and those of nobody, in order."""
    found = np.ones(count, dtype=np.bool_)
    of_timers = np.repeat(which, np.diff(groups.offsets, append=len(groups.events)))
    found[slice(None) if groups.rows is None else groups.rows] = of_timers
    return np.flatnonzero(found)


def _crossings(groups: Groups, before: Fields, which: Flags, zone: dt.tzinfo) -> dict[int, list[tuple[Timer, int]]]:
    """The steps of some of the timers that lead over a change of date: the timer ahead of each, and the instant."""
    offsets, at = groups.offsets, groups.at
    if not offsets.size:
        return {}
    owner = np.repeat(np.arange(len(offsets)), np.diff(offsets, append=len(at)))
    begun = before.state != IDLE
    state, since = np.empty_like(groups.events), np.empty_like(at)
    state[1:], since[1:] = AFTER.take(groups.events[:-1]), at[:-1]
    state[offsets], since[offsets] = before.state, np.where(begun, before.since, at[offsets])

    long = np.flatnonzero(which[owner] & (at > since))
    try:
        _, changes, _ = days_of(since[long], at[long], zone)
    except InstantOutOfRange:  # an hour beyond the years that have dates in the zone: each step might cross
        pass
    else:
        long = long[np.searchsorted(changes, since[long]) < np.searchsorted(changes, at[long])]

    work = np.where(KIND_OF.take(state) == WORK, at - since, 0)
    sums = np.cumsum(work) - work
    worked = sums - np.repeat(sums[offsets] - before.worked, np.diff(offsets, append=len(at)))
    started_at = np.where(begun, before.started_at, at[offsets])
    steps: dict[int, list[tuple[Timer, int]]] = {}
    owners = owner[long]
    ahead = _timers(Fields(state[long], started_at[owners], since[long], worked[long]))
    for number, timer, end in zip(owners.tolist(), ahead, at[long].tolist(), strict=True):
        steps.setdefault(number, []).append((timer, end))
    return steps


def _reader(log: Log, batch: pa.Table, rows: Ints, labels: list[_Label]) -> Callable[[int], Entry]:
    """What reads one row as an entry, as strictly as `punchclock.eventlog.parse_line` reads a line."""

    def parse(row: int) -> Entry:
        timer = log.timers[row].as_py()
        name = None if timer is None else str(timer)
        if not name:
            raise MalformedLine("$.timer", "empty", timer=name)
        at, code = int(log.at[row]), int(log.events[row])
        if code == UNKNOWN:
            word = safe_repr(batch.column("event")[int(rows[row])].as_py())
            raise MalformedLine("$.event", f"unknown event {word}; there are {', '.join(EVENTS)}", timer=name)
        if code == OUT_OF_RANGE:
            raise MalformedLine("$.at", str(InstantOutOfRange(at)), timer=name)
        if code >= NULL:
            key = "at" if batch.column("event")[int(rows[row])].is_valid else "event"
            raise MalformedLine(f"$.{key}", "null, or not to be read", timer=name)
        said = {key: words[places[row]] for key, words, places in labels if places[row] >= 0}
        return Entry(name, EVENTS[code], at, Labels(**said))

    return parse


def _apply(
    book: TimerLog[TimelineObserver | None], parse: Callable[[int], Entry], row: int
) -> tuple[str | None, PunchclockError] | None:
    try:
        entry = parse(row)
    except MalformedLine as error:
        return error.timer, error
    try:
        book.apply(entry)
    except PunchclockError as error:
        return entry.timer, error
    return None
