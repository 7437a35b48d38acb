"""The journal: every call with its request, its reply, what it changed and when; and the event log in it.

An entry holds no secret: of the headers only those that cannot carry one are kept, and parameters that do
carry one are blotted out, wherever they stand. The event log is the part of the journal that
``punchclock replay`` reads: what a client did here, replayed by the core, gives the same timers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from punchclock.log import Entry, Labels, format_line
from punchclock.machine import Correction, Event
from punchclock.timer import Timer
from punchclock.vendors.calls import Outcome, Request
from punchclock.vendors.records import UPDATE, Change, Record

__all__ = ["JournalChange", "JournalEntry", "event_log", "journal_entry"]

_KEPT_HEADERS: Final = ("accept", "content-type", "user-agent")
_SECRETS: Final = "authtoken|access_token|hash|token|api_key|secret"
_IN_QUERY: Final = re.compile(rf"(?i)(^|[&?\n])({_SECRETS})=[^&\s]*")
_IN_JSON: Final = re.compile(rf'(?i)("(?:{_SECRETS})"\s*:\s*)"(?:[^"\\]|\\.)*"')
_BLOTTED: Final = "***"


class JournalChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change that a call made.

    Attributes:
        verb: the event, or ``amend``, ``discard``, ``update``.
        at: the instant at which it counts.
        kind: which of the vendor's kinds of record.
        id: the record's id.
        timer: the timer afterwards; for a discard, as it was.
    """

    verb: str
    at: int
    kind: str
    id: str
    timer: Timer
    user: str = ""
    task: str = ""
    project: str = ""
    client: str = ""
    note: str = ""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call.

    Attributes:
        number: its place in the journal, from 1.
        at: the sandbox's instant when it was decided.
        vendor: whose call; ``""`` where the path is nobody's.
        operation: the call's name, ``""`` where it is none.
        method, path, query, headers, body: the request, without its secrets.
        status, reply: what was answered; a status of 0 is no answer at all.
        changes: what it changed.
        faults: the faults that were injected.
    """

    number: int = 0
    at: int
    vendor: str = ""
    operation: str = ""
    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = {}
    body: str = ""
    status: int
    reply: str = ""
    changes: tuple[JournalChange, ...] = ()
    faults: tuple[str, ...] = ()

    def numbered(self, number: int) -> JournalEntry:
        """The entry in its place."""
        return replace(self, number=number)


def journal_entry(
    request: Request, outcome: Outcome, *, at: int, vendor: str = "", operation: str = "", faults: Iterable[str] = ()
) -> JournalEntry:
    """The journal's entry for a call."""
    return JournalEntry(
        at=at,
        vendor=vendor,
        operation=operation,
        method=request.method,
        path=request.path,
        query=_without_secrets(request.query),
        headers={name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers},
        body=_without_secrets(request.body.decode("utf-8", "backslashreplace")),
        status=outcome.reply.status,
        reply=outcome.reply.body.decode("utf-8", "backslashreplace"),
        changes=tuple(_change(change) for change in outcome.changes),
        faults=tuple(faults),
    )


def event_log(entries: Iterable[JournalEntry]) -> Iterator[bytes]:
    """The lines of the event log: starts, pauses, resumes, stops, amendments and discards, in order."""
    for entry in entries:
        for change in entry.changes:
            if change.verb != UPDATE:
                yield format_line(_log_entry(entry.vendor, change))


def _change(change: Change[Record]) -> JournalChange:
    record = change.record
    return JournalChange(
        verb=str(change.verb),
        at=change.at,
        kind=record.kind,
        id=record.id,
        timer=record.timer,
        user=record.person.name,
        task=record.task.name if record.task else (record.job.name if record.job else ""),
        project=record.project.name if record.project else "",
        client=record.client.name if record.client else "",
        note=record.note,
    )


def _log_entry(vendor: str, change: JournalChange) -> Entry:
    labels = Labels(
        user=change.user or UNSET,
        task=change.task or UNSET,
        project=change.project or UNSET,
        client=change.client or UNSET,
        note=change.note or UNSET,
    )
    name = f"{vendor}/{change.kind}/{change.id}"
    if change.verb == Correction.AMEND:
        timer = change.timer
        return Entry(name, Correction.AMEND, change.at, labels, timer.worked, timer.since)
    if change.verb == Correction.DISCARD:
        return Entry(name, Correction.DISCARD, change.at, labels)
    return Entry(name, Event(change.verb), change.at, labels)


def _without_secrets(text: str) -> str:
    return _IN_JSON.sub(rf'\1"{_BLOTTED}"', _IN_QUERY.sub(rf"\1\2={_BLOTTED}", text))
