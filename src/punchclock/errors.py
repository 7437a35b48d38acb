"""The errors of the core, and helpers that make any value fit one line of an error text.

The text of an error says what is wrong, where and why; the attributes hold the same facts for a program. ``code``
identifies the kind of error and never changes; texts may. The vendors, workspace files and the sandbox define their own
errors, all derived from `PunchclockError`.

Constructors are written out, not generated: mypy and the docs read their signatures, and the import stays fast.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

__all__ = [
    "AmbiguousLocalTime", "ClockWentBackwards", "GuardRejected", "IllegalTransition", "InconsistentTimer",
    "InstantOutOfRange", "InvalidColumns", "InvalidDuration", "InvalidInstant", "InvalidLocalTime", "InvalidRounding",
    "InvalidSpan", "InvalidTransitionTable", "MalformedLine", "MalformedTimer", "MissingExtra", "MissingLocalTime",
    "NaiveDatetime", "PunchclockError", "TooManyPieces", "UnknownFormat", "UnknownTimer", "UnknownZone",
]  # fmt: skip


class PunchclockError(Exception):
    """The base class of all errors of punchclock.

    Attributes:
        code: the kind of error, for a program to compare.
        index: the position in a log at which the error arose, counted from 0; ``None`` outside a log.
    """

    code: ClassVar[str] = "punchclock-error"
    index: int | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # The default calls ``__init__`` with the text alone, which fails for every class below.
        return type(self).__new__, (type(self), *self.args), self.__dict__


class InvalidTransitionTable(PunchclockError):
    """A transition table with a duplicate, dangling or unreachable entry.

    Attributes:
        entry: the row, state or event at fault.
        reason: what is wrong with it.
    """

    code = "invalid-transition-table"

    def __init__(self, entry: object, reason: str) -> None:
        super().__init__(f"{entry}: {reason}")
        self.entry, self.reason = entry, reason


class IllegalTransition(PunchclockError):
    """An event that is not legal in the timer's state. The timer does not change.

    Attributes:
        state: the timer's state.
        event: the rejected event.
        at: the instant of the event, in microseconds.
    """

    code = "illegal-transition"

    def __init__(self, *, state: str, event: str, at: int) -> None:
        super().__init__(f"cannot {_word(event)} a timer that is {_word(state)}")
        self.state, self.event, self.at = state, event, at


class ClockWentBackwards(PunchclockError):
    """An instant before the timer's last one. `punchclock.not_before` clamps an instant instead.

    Attributes:
        state: the timer's state.
        event: the rejected event; ``None`` for a reading.
        at: the given instant, in microseconds.
        since: the earliest instant that the timer accepts, in microseconds.
    """

    code = "clock-went-backwards"

    def __init__(self, *, state: str, event: str | None, at: int, since: int) -> None:
        distance = f"that is {safe_repr(since - at)} µs before {safe_repr(since)}, its last instant"
        super().__init__(f"cannot {event or 'read'} a {_word(state)} timer at {safe_repr(at)}: {distance}")
        self.state, self.event, self.at, self.since = state, event, at, since


class GuardRejected(PunchclockError):
    """A legal event that a guard of `punchclock.chart.TimerMachine` rejected. The timer does not change.

    Attributes:
        state: the timer's state.
        event: the rejected event.
        at: the instant of the event, in microseconds.
    """

    code = "guard-rejected"

    def __init__(self, *, state: str, event: str, at: int) -> None:
        super().__init__(f"a guard rejected the event {event} of a timer that is {state}")
        self.state, self.event, self.at = state, event, at


class InconsistentTimer(PunchclockError):
    """Values that no timer can have.

    Attributes:
        field: the field at fault: ``state``, ``started_at``, ``since`` or ``worked``.
        value: its value.
        reason: the violated rule.
    """

    code = "inconsistent-timer"

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} = {safe_repr(value)}: {reason}")
        self.field, self.value, self.reason = field, value, reason


class MalformedTimer(PunchclockError):
    """Bytes or text that are not the saved form of a timer.

    Attributes:
        path: the place in the document, such as ``$.since``; ``$`` is the whole document.
        reason: what is wrong there.
    """

    code = "malformed-timer"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"not a saved timer: {path}: {reason}")
        self.path, self.reason = path, reason


class MalformedLine(PunchclockError):
    """A line of an event log that violates the format. It changes no timer.

    Attributes:
        path: the place in the line, such as ``$.at``; ``$`` is the whole line.
        reason: what is wrong there.
        timer: the name of the line's timer; ``None`` if it cannot be read.
    """

    code = "malformed-line"

    def __init__(self, path: str, reason: str, *, timer: str | None = None) -> None:
        super().__init__(reason if path == "$" else f"{path}: {reason}")
        self.path, self.reason, self.timer = path, reason, timer


class InvalidColumns(PunchclockError):
    """A table whose columns are not those of a log or of timers. ``index`` is the row at fault, if there is one.

    Attributes:
        column: the column at fault; ``None`` if it is the whole table.
        reason: what is wrong with it.
    """

    code = "invalid-columns"

    def __init__(self, column: str | None, reason: str, *, index: int | None = None) -> None:
        at_row = "" if index is None else f" in row {index}"
        super().__init__(f"{'not a table' if column is None else f'column {column}'}{at_row}: {reason}")
        self.column, self.reason, self.index = column, reason, index


class UnknownTimer(PunchclockError):
    """A correction of a timer that does not exist.

    Attributes:
        timer: the name of the timer.
        event: the rejected correction: ``amend`` or ``discard``.
        at: the instant of the correction, in microseconds.
    """

    code = "unknown-timer"

    def __init__(self, timer: str, *, event: str, at: int) -> None:
        super().__init__(f"cannot {event} timer {safe_repr(timer)}: no timer has this name")
        self.timer, self.event, self.at = timer, event, at


#: The reason of `InvalidInstant` for a value whose type is not exactly ``int``.
NOT_AN_INSTANT: Final = (
    "the type must be exactly int, in microseconds since 1970-01-01T00:00:00Z; "
    "punchclock.instant converts an aware datetime or an RFC 3339 text"
)


class InvalidInstant(PunchclockError):
    """A value that does not identify one instant.

    Attributes:
        value: the given value.
        reason: why it is rejected.
    """

    code = "invalid-instant"

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is not a valid instant: {reason}")
        self.value, self.reason = value, reason


class NaiveDatetime(InvalidInstant):
    """A date and time without a zone or an offset, which does not identify an instant."""

    code = "naive-datetime"

    def __init__(self, value: object) -> None:
        super().__init__(value, "it has no UTC offset; add Z or an offset such as +01:00")


class InstantOutOfRange(InvalidInstant):
    """An instant outside the years 1 to 9999, in UTC or in the requested zone; ``datetime`` cannot represent it."""

    code = "instant-out-of-range"

    def __init__(self, value: object, zone: str = "UTC") -> None:
        super().__init__(value, f"it is outside the years 1 to 9999 in {zone}")


class InvalidSpan(PunchclockError):
    """A span that ends before it starts.

    Attributes:
        start: the start, in microseconds.
        end: the end, in microseconds.
    """

    code = "invalid-span"

    def __init__(self, start: int, end: int) -> None:
        span = f"[{safe_repr(start)}, {safe_repr(end)})"
        super().__init__(f"{span} is not a valid span: it ends {safe_repr(start - end)} µs before it starts")
        self.start, self.end = start, end


class TooManyPieces(PunchclockError):
    """Segments so long that their parts by day, month or year would need more time and memory than the caller allows.

    Attributes:
        count: the number of whole days, months or years within the segments, about.
        limit: how many are allowed.
    """

    code = "too-many-pieces"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"the segments contain {count:,} whole days or longer periods; the limit is {limit:,}")
        self.count, self.limit = count, limit


class UnknownFormat(PunchclockError):
    """A file name whose suffix does not identify a format.

    Attributes:
        name: the file's name.
        reason: why it is rejected.
    """

    code = "unknown-format"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"cannot tell the format of {safe_repr(name)}: {reason}")
        self.name, self.reason = name, reason


class UnknownZone(PunchclockError):
    """A value that does not identify a time zone.

    Attributes:
        zone: the given value.
        reason: why it is rejected.
    """

    code = "unknown-zone"

    def __init__(self, zone: object, reason: str) -> None:
        super().__init__(f"{safe_repr(zone)} is not a known time zone: {reason}")
        self.zone, self.reason = zone, reason


class InvalidLocalTime(PunchclockError):
    """A date and time of day that do not identify one instant in their zone.

    Attributes:
        date: the local date.
        seconds: the time on the clock, in seconds since 00:00:00.
        zone: the zone's name.
        reason: why it is rejected.
    """

    code = "invalid-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, reason: str) -> None:
        super().__init__(f"{safe_repr(seconds)} s into {date.isoformat()} in {zone}: {reason}")
        self.date, self.seconds, self.zone, self.reason = date, seconds, zone, reason


class AmbiguousLocalTime(InvalidLocalTime):
    """A local time that the clock shows twice, because it was set back.

    Attributes:
        earlier: the first instant at which the clock shows it, in microseconds.
        later: the second one.
    """

    code = "ambiguous-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, *, earlier: int, later: int) -> None:
        super().__init__(date, seconds, zone, "the clock shows this time twice")
        self.earlier, self.later = earlier, later


class MissingLocalTime(InvalidLocalTime):
    """A local time that the clock never shows, because it was set forward.

    Attributes:
        earlier: the instant that the offset after the change gives, in microseconds.
        later: the instant that the offset before the change gives.
    """

    code = "missing-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, *, earlier: int, later: int) -> None:
        super().__init__(date, seconds, zone, "the clock skips this time")
        self.earlier, self.later = earlier, later


class InvalidDuration(PunchclockError):
    """A value that is not a valid duration.

    Attributes:
        value: the given value.
        reason: why it is rejected.
    """

    code = "invalid-duration"

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is not a valid duration: {reason}")
        self.value, self.reason = value, reason


class InvalidRounding(PunchclockError):
    """An invalid step or mode for rounding.

    Attributes:
        parameter: the parameter at fault: ``step`` or ``mode``.
        value: its value.
        reason: why it is rejected.
    """

    code = "invalid-rounding"

    def __init__(self, parameter: str, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is not a valid rounding {parameter}: {reason}")
        self.parameter, self.value, self.reason = parameter, value, reason


class MissingExtra(PunchclockError, ImportError):
    """A part of punchclock whose optional dependencies are not installed.

    Attributes:
        extra: the extra that installs them.
    """

    code = "missing-extra"

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs an extra: pip install 'punchclock[{extra}]'")
        self.extra = extra


def _word(value: object) -> object:
    """Return a state or an event unchanged, and any other value as `safe_repr`."""
    return value if isinstance(value, str) and value.isidentifier() and len(value) <= 60 else safe_repr(value)


def safe_repr(value: object) -> str:
    """Return ``repr(value)``, truncated to fit a line; it succeeds for every value."""
    if isinstance(value, (str, bytes)) and len(value) > 60:
        return f"{value[:60]!r}… ({len(value)} long)"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    try:
        return truncate(repr(value))
    except Exception:  # noqa: BLE001 - a foreign ``__repr__`` may raise anything, and must not hide the error itself
        return f"a value of type {type(value).__name__}"


def truncate(text: str) -> str:
    """Return a text, cut after 200 characters."""
    return text if len(text) <= 200 else f"{text[:200]}…"
