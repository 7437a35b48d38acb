"""Event logs: the JSON Lines format, from the bytes of a line to an entry, and the book of timers that entries drive.

Pure: nothing here opens a file or prints. What days and totals need is in `punchclock.eventlog.totals`; the
history of *one* timer, without a file format, in `punchclock.history`.

The format
----------

One JSON object a line, in UTF-8; a byte order mark at the head of a line is skipped::

    {"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z", "user": "anna"}

``timer``
    The timer's name: a text that is not empty.
``event``
    ``start``, ``pause``, ``resume`` or ``stop``; or a correction, ``amend`` or ``discard``.
``at``
    When it happened: a text of RFC 3339, exactly as strict as `punchclock.instant`.
``user``, ``task``, ``project``, ``client``, ``note``
    Texts, each optional. They are properties of the timer: the last value given stands for all of it.
``meta``
    Any object, optional. It is ignored.
``worked_seconds``, ``since``
    With ``amend`` only, and then both: so much work, a number of seconds with at most six decimals, had
    been done at that instant.

Any other key, a key given twice, a ``null``, a value of another type: the line is malformed. A line that is
malformed, or whose event the timer's state does not allow, is rejected and changes nothing, its labels included.

A correction's ``at`` is only when it was said. It is not compared with the timer's last instant, since a
record that a wrong clock has spoilt is just what has to be corrected. A discarded timer is gone, and its
name is free: the next ``start`` of that name begins another timer.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final, Generic, Protocol, TypeVar, overload

import msgspec
from msgspec import UNSET, Raw, UnsetType

from punchclock.decoding import DECODE_ERRORS, decode_error_location, doubled_key
from punchclock.errors import InvalidInstant, MalformedLine, UnknownTimer, safe_repr
from punchclock.instants import format_instant, parse_instant, to_datetime
from punchclock.machine import Correction, Event
from punchclock.timer import IDLE, Timer, amend, transition

__all__ = [
    "MAX_LINE",
    "Entry",
    "Labels",
    "LogTimer",
    "TimelineObserver",
    "TimerLog",
    "format_line",
    "parse_line",
    "seconds",
]

#: The longest line, in bytes, its end of line included. A reader need not hold more than one byte beyond it.
MAX_LINE: Final = 1 << 20

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_MICROSECOND: Final = Decimal("0.000001")
_EXACT: Final = Context(prec=40, traps=[InvalidOperation])  # not the thread's own, which anybody may have changed
#: More than the years 1 to 9999 hold: beyond it, digits are not worth counting.
_MAX_SECONDS: Final = 10**12


class Labels(msgspec.Struct, kw_only=True, gc=False):
    """What a log says of a timer besides its times; ``UNSET`` is what it does not say."""

    user: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Entry(msgspec.Struct, gc=False):
    """One line of a log, checked.

    Attributes:
        timer: the timer's name.
        event: what happened.
        at: when, an instant in microseconds.
        labels: what the line says of the timer.
        worked: with ``amend`` only: the work done up to ``since``, in microseconds.
        since: with ``amend`` only: an instant in microseconds.
    """

    timer: str
    event: Event | Correction
    at: int
    labels: Labels
    worked: int = 0
    since: int = 0


class _Line(Labels, forbid_unknown_fields=True, gc=False):
    """A line as it is written."""

    timer: str
    event: str
    at: str
    meta: dict[str, Any] | UnsetType = UNSET
    worked_seconds: Raw | UnsetType = UNSET
    since: str | UnsetType = UNSET


class _Written(msgspec.Struct):
    """The order in which a line is written."""

    timer: str
    event: str
    at: str
    worked_seconds: int | Decimal | UnsetType = UNSET
    since: str | UnsetType = UNSET
    user: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class _Name(msgspec.Struct):
    """What is looked for in a line that is malformed elsewhere."""

    timer: str


_decode_name: Final = msgspec.json.Decoder(_Name).decode
_decode: Final = msgspec.json.Decoder(_Line).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_EVENTS: Final[dict[str, Event | Correction]] = {each.value: each for kind in (Event, Correction) for each in kind}

#: Texts up to this length are worth keeping once.
_SHORT: Final = 200
_AMEND: Final = Correction.AMEND  # looked up once: it is asked for in every line


def parse_line(line: bytes) -> Entry:
    """The entry that a line of a log holds; its end of line may be there or not.

    Raises:
        MalformedLine: the line is not exactly what the head of this module describes.
    """
    if len(line) > MAX_LINE:
        raise MalformedLine("$", f"longer than {MAX_LINE} bytes")
    try:
        written = _decode(line)
    except DECODE_ERRORS:
        if line.startswith(_BYTE_ORDER_MARK):
            return parse_line(line.removeprefix(_BYTE_ORDER_MARK))
        raise _undecodable(line) from None
    timer = written.timer
    event = _EVENTS.get(written.event)
    if event is None:
        known = ", ".join(_EVENTS)
        raise MalformedLine("$.event", f"unknown event {safe_repr(written.event)}; there are {known}", timer=timer)
    if not timer:
        raise MalformedLine("$.timer", "empty", timer=timer)
    try:
        at = parse_instant(written.at)
    except InvalidInstant as error:
        raise MalformedLine("$.at", str(error), timer=timer) from error
    user, task, project, client, note = written.user, written.task, written.project, written.client, written.note
    keys = (user is not UNSET) + (task is not UNSET) + (project is not UNSET) + (client is not UNSET)
    keys += 3 + (note is not UNSET)
    # A key has one colon and an instant two or three, so a line without another colon has each key once.
    if line.count(b":") != keys + (2 if written.at[-1] in "Zz" else 3):
        _reject_doubled_key(line, written, keys)
    labels = Labels(user=user, task=task, project=project, client=client, note=note)
    if event is _AMEND:
        return _amendment(written, at, labels)
    if written.worked_seconds is not UNSET or written.since is not UNSET:
        surplus = "since" if written.worked_seconds is UNSET else "worked_seconds"
        raise MalformedLine(f"$.{surplus}", f"only amend has this key, not {event}", timer=timer)
    return Entry(timer, event, at, labels)


def format_line(entry: Entry) -> bytes:
    """The line that `parse_line` reads back as the entry, with its end of line.

    Raises:
        InstantOutOfRange: an instant outside the years 1 to 9999.
    """
    labels = entry.labels
    written = _Written(
        entry.timer,
        entry.event.value,
        format_instant(entry.at),
        user=labels.user,
        task=labels.task,
        project=labels.project,
        client=labels.client,
        note=labels.note,
    )
    if entry.event is Correction.AMEND:
        written.worked_seconds = seconds(entry.worked)
        written.since = format_instant(entry.since)
    return _encode(written) + b"\n"


def seconds(duration: int) -> int | Decimal:
    """A duration in microseconds as the number of seconds that a log says, without loss: whole, or a decimal."""
    whole, rest = divmod(duration, 1_000_000)
    return whole if rest == 0 else Decimal(f"{whole}.{rest:06}".rstrip("0"))


class TimelineObserver(Protocol):
    """Whoever wants to know a timer's past, and not only where it stands. A `TimerLog` tells it each step, in order."""

    def moved(self, before: Timer, at: int) -> None:
        """The timer was ``before`` until ``at``, and then something happened."""

    def amended(self, timer: Timer) -> None:
        """The past is no more what it was: it is what this record of the timer says."""

    def discarded(self) -> None:
        """The timer is gone."""


H = TypeVar("H", bound=TimelineObserver | None)


class LogTimer(Labels, Generic[H], kw_only=True, gc=False):
    """A timer in a book, with its labels.

    Attributes:
        name: the timer's name.
        timer: where it stands.
        history: what follows its past, if anything does.
    """

    name: str
    timer: Timer
    history: H


def _untold(_started_at: int, /) -> None:
    """No history: nobody follows the past."""


class TimerLog(Generic[H]):
    """The timers that a log drives, by name, in order of first appearance.

    Args:
        history: makes what follows a new timer's past, given the instant of its start; without it, nothing does.
            What it makes must not hold the book: the garbage collector does not look into records.
        until: entries later than this instant are left out.

    Attributes:
        records: the timers that are there, by name.
        last: the latest instant of an entry that was accepted; ``None`` before the first.
        left_out: how many entries were later than ``until``.
    """

    @overload
    def __init__(self: TimerLog[None], *, until: int | None = None) -> None: ...
    @overload
    def __init__(self, *, history: Callable[[int], H], until: int | None = None) -> None: ...
    def __init__(self, *, history: Callable[[int], Any] = _untold, until: int | None = None) -> None:
        self.records: dict[str, LogTimer[H]] = {}
        self.last: int | None = None
        self.left_out = 0
        self._until = until
        self._history = history

    def apply(self, entry: Entry) -> None:
        """Do what an entry says, or reject it and change nothing.

        Raises:
            IllegalTransition: the timer's state does not allow the event.
            ClockWentBackwards: an event before the timer's last instant.
            UnknownTimer: a correction of a timer that is not there.
            InstantOutOfRange: an amendment that moves the start out of the years 1 to 9999.
        """
        at = entry.at
        if self._until is not None and at > self._until:
            self.left_out += 1
            return
        event = entry.event
        record = self.records.get(entry.timer)
        if isinstance(event, Correction):
            self._correct(record, entry)
        elif record is None:
            timer = transition(IDLE, event, at)
            record = self.records[entry.timer] = LogTimer(name=entry.timer, timer=timer, history=self._history(at))
            _relabel(record, entry.labels)
        else:
            before = record.timer
            record.timer = transition(before, event, at)
            if record.history is not None:
                record.history.moved(before, at)
            _relabel(record, entry.labels)
        if self.last is None or at > self.last:
            self.last = at

    def _correct(self, record: LogTimer[H] | None, entry: Entry) -> None:
        if record is None:
            raise UnknownTimer(entry.timer, event=entry.event, at=entry.at)
        if entry.event is Correction.DISCARD:
            del self.records[entry.timer]
            if record.history is not None:
                record.history.discarded()
            return
        amended = amend(record.timer, worked=entry.worked, since=entry.since)
        to_datetime(amended.started_at)  # what cannot be shown is rejected here, where the line can still be named
        record.timer = amended
        if record.history is not None:
            record.history.amended(amended)
        _relabel(record, entry.labels)


def _relabel(record: LogTimer[H], labels: Labels) -> None:
    """Put down what a line says. Texts that many timers share are kept once."""
    if labels.user is not UNSET:
        record.user = _shared(labels.user)
    if labels.task is not UNSET:
        record.task = _shared(labels.task)
    if labels.project is not UNSET:
        record.project = _shared(labels.project)
    if labels.client is not UNSET:
        record.client = _shared(labels.client)
    if labels.note is not UNSET:
        record.note = labels.note


def _shared(text: str) -> str:
    """The text, as one object for all timers that have it."""
    return text if len(text) > _SHORT else _kept(text)


@functools.lru_cache(maxsize=4096)  # not ``sys.intern``, which in Python 3.12 forgets nothing
def _kept(text: str) -> str:
    return text


def _reject_doubled_key(line: bytes, written: _Line, keys: int) -> None:
    keys += (written.worked_seconds is not UNSET) + (written.since is not UNSET)
    if written.meta is not UNSET:
        keys += 1 + len(written.meta)
    if (key := doubled_key(line, keys)) is not None:
        raise MalformedLine("$", f"key given twice: {safe_repr(key)}", timer=written.timer)


def _amendment(written: _Line, at: int, labels: Labels) -> Entry:
    timer = written.timer
    if written.worked_seconds is UNSET or written.since is UNSET:
        missing = "worked_seconds" if written.worked_seconds is UNSET else "since"
        raise MalformedLine("$", f"amend is missing `{missing}`", timer=timer)
    worked = _microseconds(written.worked_seconds, timer)
    try:
        since = parse_instant(written.since)
    except InvalidInstant as error:
        raise MalformedLine("$.since", str(error), timer=timer) from error
    return Entry(timer, Correction.AMEND, at, labels, worked, since)


def _microseconds(number: Raw, timer: str) -> int:
    """The duration that a JSON number of seconds is, exactly: no float comes in between."""
    text = bytes(number).decode(errors="replace")  # taken as it stands, so nobody has looked whether it is UTF-8
    try:
        value = Decimal(text, _EXACT)
    except InvalidOperation:  # JSON, but no number; or a number with an exponent beyond all numbers
        raise MalformedLine("$.worked_seconds", f"not a number of seconds: {safe_repr(text)}", timer=timer) from None
    if not 0 <= value <= _MAX_SECONDS:
        raise MalformedLine("$.worked_seconds", f"{safe_repr(text)} is not in 0 to {_MAX_SECONDS} seconds", timer=timer)
    rounded = value.quantize(_MICROSECOND, context=_EXACT)
    if rounded != value:
        raise MalformedLine("$.worked_seconds", f"{safe_repr(text)} is finer than a microsecond", timer=timer)
    return int(rounded.scaleb(6, _EXACT))


def _undecodable(line: bytes) -> MalformedLine:
    """Say why a line is no entry, and which timer it is about as far as that can be made out."""
    if not line.strip():
        return MalformedLine("$", "empty line")
    path, reason, _ = decode_error_location(line, _Line)
    return MalformedLine(path, reason, timer=_timer_of(line))


def _timer_of(line: bytes) -> str | None:
    try:
        return _decode_name(line).timer
    except DECODE_ERRORS:
        return None
