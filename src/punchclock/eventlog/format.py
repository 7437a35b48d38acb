"""The line format of event logs: JSON Lines, parsed to entries and written from them.

Pure: this module opens no file. `punchclock.eventlog.timers` applies entries to timers.

The format
----------

Each line is a JSON object in UTF-8; one byte order mark at the start of a line is skipped::

    {"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z", "user": "anna"}

``timer``
    The timer's name: a text that is not empty.
``event``
    ``start``, ``pause``, ``resume`` or ``stop``; or a correction, ``amend`` or ``discard``.
``at``
    The instant of the event: an RFC 3339 text, as for `punchclock.instant`.
``user``, ``task``, ``project``, ``client``, ``note``
    Optional texts. They describe the timer, not the event: the last value given applies to all its time.
``meta``
    Any object, optional. It is ignored.
``worked_seconds``, ``since``
    Required with ``amend`` and not allowed otherwise: the work up to the instant ``since``, a number of seconds with at
    most six decimals.

A line with another key, a key given twice, a ``null`` or a value of another type is malformed. A malformed line, and a
line whose event is not legal in the timer's state, is rejected and changes nothing, not even labels.

The ``at`` of a correction is the instant at which the correction was made. It is not compared with the timer's last
instant, because that may be the very error to correct. A discarded timer is removed and its name is free: the next
``start`` with this name begins a new timer.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from punchclock.decoding import DECODE_ERRORS, Undecodable, duplicate_key
from punchclock.errors import InvalidInstant, MalformedLine, safe_repr
from punchclock.instants import format_instant, parse_instant
from punchclock.machine import Correction, Event
from punchclock.mismatch import decode_error_location
from punchclock.units import SECOND

#: The maximum length of a line in bytes, including its end of line. A reader needs to read at most one byte more.
MAX_LINE: Final = 1 << 20

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PRECISION: Final = Decimal("0.000001")
_EXACT: Final = Context(prec=40, traps=[InvalidOperation])  # independent of the thread's context
#: The limit of ``worked_seconds``: longer than the years 1 to 9999.
_MAX_SECONDS: Final = 10**12


class Labels(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The texts that a log assigns to a timer; ``UNSET`` where it assigns none."""

    user: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class Entry(msgspec.Struct, gc=False):
    """A valid line of a log.

    Attributes:
        timer: the timer's name.
        event: the event or correction.
        at: its instant, in microseconds.
        labels: the labels in the line.
        worked: the work up to ``since``, in microseconds; only with ``amend``.
        since: an instant in microseconds; only with ``amend``.
    """

    timer: str
    event: Event | Correction
    at: int
    labels: Labels
    worked: int = 0
    since: int = 0


class _Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The keys of a line."""

    timer: str
    event: str
    at: str
    user: str | UnsetType = UNSET
    task: str | UnsetType = UNSET
    project: str | UnsetType = UNSET
    client: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    meta: dict[str, Any] | UnsetType = UNSET
    worked_seconds: Raw | UnsetType = UNSET
    since: str | UnsetType = UNSET


class _Written(msgspec.Struct):
    """The keys that `format_line` writes, in order."""

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
    """The only key that is read from a malformed line."""

    timer: str


_decode_name: Final = msgspec.json.Decoder(_Name).decode
_decode: Final = msgspec.json.Decoder(_Line).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_EVENTS: Final[dict[str, Event | Correction]] = {each.value: each for kind in (Event, Correction) for each in kind}
_NO_LABELS: Final = Labels()
_AMEND: Final = Correction.AMEND  # a global name is faster than an attribute


def parse_line(line: bytes) -> Entry:
    """Return the entry of a line, given with or without its end of line.

    Raises:
        MalformedLine: the line violates the format that is described at the top of this module.
    """
    if len(line) > MAX_LINE:
        raise MalformedLine("$", f"longer than {MAX_LINE} bytes")
    try:
        decoded = _decode(line)
    except DECODE_ERRORS:
        line, decoded = _decode_without_mark(line)
    timer = decoded.timer
    event = _EVENTS.get(decoded.event)
    if event is None or not timer:
        raise _invalid_event(decoded)
    try:
        at = parse_instant(decoded.at)
    except InvalidInstant as error:
        raise MalformedLine("$.at", str(error), timer=timer) from error
    # Each key and each text is in two quotes; escaped quotes only add to the count. So if a line has exactly the quotes
    # that the keys found in it need, no key is there twice. Three keys with a text each have twelve.
    quotes = line.count(b'"')
    if quotes == 12 and event is not _AMEND:
        return Entry(timer, event, at, _NO_LABELS)
    user, task, project, client, note = decoded.user, decoded.task, decoded.project, decoded.client, decoded.note
    keys = 3 + (user is not UNSET) + (task is not UNSET) + (project is not UNSET) + (client is not UNSET)
    keys += note is not UNSET
    if quotes != 4 * keys + (6 if event is _AMEND else 0):  # ``since`` has a text, ``worked_seconds`` a number
        _reject_duplicate_key(line, decoded, keys)
    labels = Labels(user=user, task=task, project=project, client=client, note=note)
    if event is _AMEND:
        return _amendment(decoded, at, labels)
    if decoded.worked_seconds is not UNSET or decoded.since is not UNSET:
        surplus = "since" if decoded.worked_seconds is UNSET else "worked_seconds"
        raise MalformedLine(f"$.{surplus}", f"only amend has this key, not {event}", timer=timer)
    return Entry(timer, event, at, labels)


def format_line(entry: Entry) -> bytes:
    """Return the line of an entry, with its end of line; `parse_line` returns an equal entry.

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
    """Return a duration in microseconds as a number of seconds, without loss: an integer or a decimal."""
    whole, rest = divmod(duration, SECOND)
    return whole if rest == 0 else Decimal(f"{whole}.{rest:06}".rstrip("0"))


def _invalid_event(decoded: _Line) -> MalformedLine:
    if decoded.event in _EVENTS:
        return MalformedLine("$.timer", "empty", timer=decoded.timer)
    reason = f"unknown event {safe_repr(decoded.event)}; the events are {', '.join(_EVENTS)}"
    return MalformedLine("$.event", reason, timer=decoded.timer)


def _reject_duplicate_key(line: bytes, decoded: _Line, keys: int) -> None:
    keys += (decoded.worked_seconds is not UNSET) + (decoded.since is not UNSET)
    if decoded.meta is not UNSET:
        keys += 1 + len(decoded.meta)
    try:
        key = duplicate_key(line, keys)
    except Undecodable as error:
        raise MalformedLine("$", str(error), timer=decoded.timer) from None
    if key is not None:
        raise MalformedLine("$", f"key given twice: {safe_repr(key)}", timer=decoded.timer)


def _amendment(decoded: _Line, at: int, labels: Labels) -> Entry:
    timer = decoded.timer
    if decoded.worked_seconds is UNSET or decoded.since is UNSET:
        missing = "worked_seconds" if decoded.worked_seconds is UNSET else "since"
        raise MalformedLine("$", f"amend is missing `{missing}`", timer=timer)
    worked = _microseconds(decoded.worked_seconds, timer)
    try:
        since = parse_instant(decoded.since)
    except InvalidInstant as error:
        raise MalformedLine("$.since", str(error), timer=timer) from error
    return Entry(timer, Correction.AMEND, at, labels, worked, since)


def _microseconds(number: Raw, timer: str) -> int:
    """Return the duration of a JSON number of seconds, exactly, without going through a float."""
    text = bytes(number).decode(errors="replace")  # msgspec does not check the encoding of a Raw
    try:
        value = Decimal(text, _EXACT)
    except InvalidOperation:  # JSON other than a number, or a number with an enormous exponent
        raise MalformedLine("$.worked_seconds", f"not a number of seconds: {safe_repr(text)}", timer=timer) from None
    if not 0 <= value <= _MAX_SECONDS:
        raise MalformedLine("$.worked_seconds", f"{safe_repr(text)} is not in 0 to {_MAX_SECONDS} seconds", timer=timer)
    rounded = value.quantize(_PRECISION, context=_EXACT)
    if rounded != value:
        raise MalformedLine("$.worked_seconds", f"{safe_repr(text)} is finer than a microsecond", timer=timer)
    return int(rounded.scaleb(6, _EXACT))


def _decode_without_mark(line: bytes) -> tuple[bytes, _Line]:
    """Return a line without its byte order mark, and its keys. A second mark is malformed."""
    unmarked = line.removeprefix(_BYTE_ORDER_MARK)
    try:
        if unmarked is not line:
            return unmarked, _decode(unmarked)
    except DECODE_ERRORS:
        pass  # reported below
    raise _undecodable(unmarked) from None


def _undecodable(line: bytes) -> MalformedLine:
    """Return the error for a line that cannot be decoded, with the name of its timer if that is readable."""
    if not line.strip():
        return MalformedLine("$", "empty line")
    path, reason, _ = decode_error_location(line, _Line)
    try:
        timer = _decode_name(line).timer
    except DECODE_ERRORS:
        timer = None
    return MalformedLine(path, reason, timer=timer)
