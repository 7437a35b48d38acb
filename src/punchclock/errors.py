"""The errors of the core, and how what they quote is made to fit a line.

An error says what went wrong, where and why in its text, and carries the same facts as attributes
for a program to read. ``code`` names the kind and never changes; the wording of the text may.
Errors of the vendors, of workspace files and of the sandbox derive from the same base and live with them.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

__all__ = [
    "AmbiguousLocalTime",
    "ClockWentBackwards",
    "GuardRefused",
    "IllegalTransition",
    "InconsistentTimer",
    "InstantOutOfRange",
    "InvalidColumns",
    "InvalidDuration",
    "InvalidInstant",
    "InvalidLocalTime",
    "InvalidRounding",
    "InvalidSpan",
    "InvalidTransitionTable",
    "MalformedLine",
    "MalformedTimer",
    "MissingExtra",
    "MissingLocalTime",
    "NaiveDatetime",
    "PunchclockError",
    "UnknownFormat",
    "UnknownTimer",
    "UnknownZone",
]


class PunchclockError(Exception):
    """What every error of punchclock derives from.

    Attributes:
        code: the kind of error, one stable word for a program to branch on.
        index: where in a log the error arose, counted from 0; ``None`` outside a log.
    """

    code: ClassVar[str] = "punchclock-error"
    index: int | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # An exception's own way calls ``__init__`` with the text alone, so that none would cross to another process.
        return type(self).__new__, (type(self), *self.args), self.__dict__


class InvalidTransitionTable(PunchclockError):
    """A transition table that is no machine: a duplicate, dangling or unreachable entry.

    Attributes:
        entry: the row, state or event at fault.
        reason: what is wrong with it.
    """

    code = "invalid-transition-table"

    def __init__(self, entry: object, reason: str) -> None:
        super().__init__(f"{entry}: {reason}")
        self.entry = entry
        self.reason = reason


class IllegalTransition(PunchclockError):
    """An event that the timer's state does not allow; the timer stays as it was.

    Attributes:
        state: the state that the timer is in.
        event: the event that was rejected.
        at: the instant that came with it, in microseconds.
    """

    code = "illegal-transition"

    def __init__(self, *, state: str, event: str, at: int) -> None:
        super().__init__(f"cannot {_word(event)} a timer that is {_word(state)}")
        self.state = state
        self.event = event
        self.at = at


class ClockWentBackwards(PunchclockError):
    """An instant before the timer's last one; ``not_before`` is the idiom for whoever would rather clamp.

    Attributes:
        state: the state that the timer is in.
        event: the event that was rejected, or ``None`` where the timer was only read.
        at: the instant that was given, in microseconds.
        since: the earliest instant that the timer accepts, in microseconds.
    """

    code = "clock-went-backwards"

    def __init__(self, *, state: str, event: str | None, at: int, since: int) -> None:
        super().__init__(
            f"cannot {event or 'read'} a {_word(state)} timer at {safe_repr(at)}: "
            f"that is {safe_repr(since - at)} µs before {safe_repr(since)}, its last instant"
        )
        self.state = state
        self.event = event
        self.at = at
        self.since = since


class GuardRefused(PunchclockError):
    """An event that the table allows and a guard of `punchclock.chart.TimerMachine` does not; the timer stays.

    Attributes:
        state: the state that the timer is in.
        event: the event that was rejected.
        at: the instant that came with it, in microseconds.
    """

    code = "guard-refused"

    def __init__(self, *, state: str, event: str, at: int) -> None:
        super().__init__(f"a guard rejected to {event} a timer that is {state}")
        self.state = state
        self.event = event
        self.at = at


class InconsistentTimer(PunchclockError):
    """Values that no timer can have.

    Attributes:
        field: the field at fault (``state``, ``started_at``, ``since`` or ``worked``).
        value: its value.
        reason: the rule that it breaks.
    """

    code = "inconsistent-timer"

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} = {safe_repr(value)}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class MalformedTimer(PunchclockError):
    """Bytes or text that are not the saved form of a timer.

    Attributes:
        path: where in the document, as ``$.since``; ``$`` is the whole of it.
        reason: what is wrong there.
    """

    code = "malformed-timer"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"not a saved timer: {path}: {reason}")
        self.path = path
        self.reason = reason


class MalformedLine(PunchclockError):
    """A line of an event log that the format does not allow; it changes nothing.

    Attributes:
        path: where in the line, as ``$.at``; ``$`` is the whole of it.
        reason: what is wrong there.
        timer: the timer that the line names, or ``None`` where it could not be made out.
    """

    code = "malformed-line"

    def __init__(self, path: str, reason: str, *, timer: str | None = None) -> None:
        super().__init__(reason if path == "$" else f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.timer = timer


class InvalidColumns(PunchclockError):
    """A table whose columns are not those of a log or of timers.

    Attributes:
        column: the column at fault, or ``None`` where it is the whole.
        reason: what is wrong with it. ``index`` says in which row, if in one.
    """

    code = "invalid-columns"

    def __init__(self, column: str | None, reason: str, *, index: int | None = None) -> None:
        at_row = "" if index is None else f" in row {index}"
        super().__init__(f"{'not a table' if column is None else f'column {column}'}{at_row}: {reason}")
        self.column = column
        self.reason = reason
        self.index = index


class UnknownTimer(PunchclockError):
    """A correction of a timer that is not there.

    Attributes:
        timer: the name of the timer.
        event: the correction that was rejected: ``amend`` or ``discard``.
        at: the instant that came with it, in microseconds.
    """

    code = "unknown-timer"

    def __init__(self, timer: str, *, event: str, at: int) -> None:
        super().__init__(f"cannot {event} timer {safe_repr(timer)}: there is none of this name")
        self.timer = timer
        self.event = event
        self.at = at


#: Why a value that is not exactly an ``int`` is not an instant, and what makes one of it.
NOT_AN_INSTANT: Final = (
    "not an integer of microseconds since 1970-01-01T00:00:00Z, and of no other type than int; "
    "punchclock.instant makes one of an aware datetime or an RFC 3339 text"
)


class InvalidInstant(PunchclockError):
    """A value that does not name one instant.

    Attributes:
        value: what was given.
        reason: why it is rejected.
    """

    code = "invalid-instant"

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is no instant: {reason}")
        self.value = value
        self.reason = reason


class NaiveDatetime(InvalidInstant):
    """A date and time without a zone or an offset: which instant it means is anybody's guess."""

    code = "naive-datetime"

    def __init__(self, value: object) -> None:
        super().__init__(value, "it has no UTC offset, and guessing one is how hours get lost")


class InstantOutOfRange(InvalidInstant):
    """An instant outside the years 1 to 9999, in UTC or in the zone that was asked for: no ``datetime`` can show it."""

    code = "instant-out-of-range"

    def __init__(self, value: object, zone: str = "UTC") -> None:
        super().__init__(value, f"it lies outside the years 1 to 9999 in {zone}")


class InvalidSpan(PunchclockError):
    """An interval that ends before it starts.

    Attributes:
        start: the instant of its start, in microseconds.
        end: the instant of its end, in microseconds.
    """

    code = "invalid-span"

    def __init__(self, start: int, end: int) -> None:
        super().__init__(
            f"[{safe_repr(start)}, {safe_repr(end)}) is no interval: "
            f"it ends {safe_repr(start - end)} µs before it starts"
        )
        self.start = start
        self.end = end


class UnknownFormat(PunchclockError):
    """A file whose name does not say in which of the known formats it is.

    Attributes:
        name: the file's name.
        reason: why it is rejected.
    """

    code = "unknown-format"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"cannot tell the format of {safe_repr(name)}: {reason}")
        self.name = name
        self.reason = reason


class UnknownZone(PunchclockError):
    """What names no time zone.

    Attributes:
        zone: what was given.
        reason: why it is rejected.
    """

    code = "unknown-zone"

    def __init__(self, zone: object, reason: str) -> None:
        super().__init__(f"{safe_repr(zone)} is no time zone: {reason}")
        self.zone = zone
        self.reason = reason


class InvalidLocalTime(PunchclockError):
    """A date and time of day that names no one instant in its zone.

    Attributes:
        date: the local date.
        seconds: the time on the clock, in seconds since 00:00:00.
        zone: the zone's name.
        reason: why it is rejected.
    """

    code = "invalid-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, reason: str) -> None:
        super().__init__(f"{safe_repr(seconds)} s into {date.isoformat()} in {zone}: {reason}")
        self.date = date
        self.seconds = seconds
        self.zone = zone
        self.reason = reason


class AmbiguousLocalTime(InvalidLocalTime):
    """A local time that the clock shows twice, because it was put back.

    Attributes:
        earlier: the first instant at which it is shown, in microseconds.
        later: the second.
    """

    code = "ambiguous-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, *, earlier: int, later: int) -> None:
        super().__init__(date, seconds, zone, "the clock shows this time twice")
        self.earlier = earlier
        self.later = later


class MissingLocalTime(InvalidLocalTime):
    """A local time that the clock never shows, because it was put forward.

    Attributes:
        earlier: the instant that it is with the offset from after the change, in microseconds.
        later: the instant that it is with the offset from before the change.
    """

    code = "missing-local-time"

    def __init__(self, date: dt.date, seconds: int, zone: str, *, earlier: int, later: int) -> None:
        super().__init__(date, seconds, zone, "the clock skips this time")
        self.earlier = earlier
        self.later = later


class InvalidDuration(PunchclockError):
    """A duration that cannot be written or read.

    Attributes:
        value: what was given.
        reason: why it is rejected.
    """

    code = "invalid-duration"

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is no duration: {reason}")
        self.value = value
        self.reason = reason


class InvalidRounding(PunchclockError):
    """A rounding that nobody can do.

    Attributes:
        parameter: what is at fault, ``step`` or ``mode``.
        value: what was given.
        reason: why it is rejected.
    """

    code = "invalid-rounding"

    def __init__(self, parameter: str, value: object, reason: str) -> None:
        super().__init__(f"{safe_repr(value)} is no {parameter} of rounding: {reason}")
        self.parameter = parameter
        self.value = value
        self.reason = reason


class MissingExtra(PunchclockError, ImportError):
    """A part of punchclock whose optional dependencies are not installed.

    Attributes:
        extra: the extra that brings them.
    """

    code = "missing-extra"

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} needs an extra: pip install 'punchclock[{extra}]'")
        self.extra = extra


def _word(word: object) -> object:
    """A state or an event as it stands, which is a word; of what is none no more than fits a line."""
    return word if isinstance(word, str) and word.isidentifier() and len(word) <= 60 else safe_repr(word)


def safe_repr(value: object) -> str:
    """``repr`` cut to a length that fits a line, whatever a hostile sender put there."""
    if isinstance(value, (str, bytes)) and len(value) > 60:
        return f"{value[:60]!r}… ({len(value)} long)"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    try:
        return truncate(repr(value))
    except Exception:  # noqa: BLE001 (a stranger's repr may fail in any way, and must not hide what is being said)
        return f"a value of type {type(value).__name__}"


def truncate(text: str) -> str:
    """A text, as much of it as fits a line, with a sign where it goes on."""
    return text if len(text) <= 200 else f"{text[:200]}…"
