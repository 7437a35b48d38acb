"""The journal: every call with its request, its response, what it changed and when; and the event log in it.

The event log is the part of the journal that ``punchclock replay`` reads: what a client did here, replayed by
the core, gives the same timers.

No secret gets into it, right or wrong, wherever a client has put it. What is kept is only what is known to be
none: headers that carry no credentials, the parameters that the vendors' calls document, the documented words
and the numbers of a path. Of everything else there is the name, and ``***``. Above that, the workspace's own
credentials are blotted out of every text, a note among them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from punchclock import vendors
from punchclock.eventlog import Entry, Labels, format_line
from punchclock.machine import Correction, Event
from punchclock.timer import Timer
from punchclock.vendors.calls import CallResult, Request, Response
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import UPDATE, Change, VendorTimer
from punchclock.vendors.rules import RuleViolation
from punchclock.vendors.workspace import Workspace

__all__ = ["JournalChange", "JournalEntry", "event_log", "journal_entry", "secrets_of", "shown_path"]

_KEPT_HEADERS: Final = ("accept", "content-type", "user-agent")
_KEPT_TYPES: Final = (str, int, float, bool, type(None))
_BLOTTED: Final = "***"
_LONGEST: Final = 2000  # characters of a parameter or a header
_SHORTEST: Final = 4  # a shorter secret is none, and would be found in half of all texts


class JournalChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change that a call made.

    Attributes:
        action: the event, or ``amend``, ``discard``, ``update``.
        at: the instant at which it counts.
        kind: which of the vendor's kinds of record.
        id: the record's id.
        timer: the timer afterwards; for a discard, as it was.
    """

    action: str
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
        method, path, headers: of the request, without its secrets.
        parameters: what its query and its body said, as the vendor reads them, without its secrets.
        unreadable: whether they could not be read.
        status, response: what was answered; a status of 0 is no answer at all.
        changes: what it changed.
        faults: the faults that were injected.
    """

    number: int = 0
    at: int
    vendor: str = ""
    operation: str = ""
    method: str
    path: str
    headers: dict[str, str] = {}
    parameters: dict[str, str | int | float | bool | None] = {}
    unreadable: bool = False
    status: int
    response: str = ""
    changes: tuple[JournalChange, ...] = ()
    faults: tuple[str, ...] = ()

    def numbered(self, number: int) -> JournalEntry:
        """The entry in its place."""
        return replace(self, number=number)


def journal_entry(
    request: Request,
    outcome: CallResult,
    *,
    at: int,
    vendor: ModuleType | None,
    secrets: Collection[str],
    faults: Iterable[str] = (),
) -> JournalEntry:
    """The journal's entry for a call.

    Args:
        request: what came in.
        outcome: what was decided, with the response that went out.
        at: the instant at which it was decided.
        vendor: whose call; ``None`` where the path is nobody's.
        secrets: what must not stand in it, from `secrets_of`.
        faults: the effects of the faults that hit it.
    """
    path = shown_path(request.path)
    parameters, unreadable = _parameters(vendor, request) if vendor else ({}, False)
    response = outcome.response
    if vendor and outcome.rejection and response.body and (unreadable or _BLOTTED in path):
        response = _without_detail(vendor, request, outcome.rejection)
    return JournalEntry(
        at=at,
        vendor=vendor.VENDOR.name if vendor else "",
        operation=outcome.operation,
        method=_clean(request.method[:20], secrets),
        path=_clean(path, secrets),
        headers={name: _clean(request.headers[name], secrets) for name in _KEPT_HEADERS if name in request.headers},
        parameters={
            _clean(name, secrets): _clean(value, secrets) if isinstance(value, str) else value
            for name, value in parameters.items()
        },
        unreadable=unreadable,
        status=outcome.response.status,
        response=_clean(response.body.decode("utf-8", "backslashreplace"), secrets, longest=None),
        changes=tuple(_change(change, secrets) for change in outcome.changes),
        faults=tuple(faults),
    )


def secrets_of(workspace: Workspace) -> tuple[str, ...]:
    """The credentials of a workspace, longest first, so that one within another leaves nothing."""
    found = {
        secret
        for credential in workspace.credentials.values()
        for secret in (credential.key, credential.secret, *credential.tokens)
    }
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))


def shown_path(path: str) -> str:
    """A path as it may be written down: the words of documented paths, numbers, and ``***`` for the rest."""
    known = _words()
    return "/".join(segment if segment in known or _is_number(segment) else _BLOTTED for segment in path.split("/"))


def event_log(entries: Iterable[JournalEntry]) -> Iterator[bytes]:
    """The lines of the event log: starts, pauses, resumes, stops, amendments and discards, in order."""
    for entry in entries:
        for change in entry.changes:
            if change.action != UPDATE:
                yield format_line(_log_entry(entry.vendor, change))


def _parameters(vendor: ModuleType, request: Request) -> tuple[dict[str, str | int | float | bool | None], bool]:
    """The parameters as the vendor reads them, those blotted out that no call of its documents; or that it cannot."""
    try:
        sent = vendor.VENDOR.read(request)
    except RuleViolation:
        return {}, True
    known = _documented(vendor)
    return {
        name: value if name in known and isinstance(value, _KEPT_TYPES) else _BLOTTED for name, value in sent.items()
    }, False


def _without_detail(vendor: ModuleType, request: Request, rejection: Rejection) -> Response:
    """A rejection without its detail, which may repeat what was sent."""
    bare = Rejection(rejection.vendor, rejection.status, rejection.vendor_code, rejection.message)
    written: Response = vendor.VENDOR.write_rejection(request, bare, None)
    return written


@cache
def _words() -> frozenset[str]:
    """What documented paths are made of."""
    rows = [row for name in vendors.names() for row in vendors.load(name).OPERATIONS]
    words = {word for row in rows for path in (row.path, *row.aliases) for word in path.split("/")}
    return frozenset(words | {"_punchclock", "healthz"})


@cache
def _documented(vendor: ModuleType) -> frozenset[str]:
    """The parameters that a vendor's calls document."""
    rows = vendor.OPERATIONS
    return frozenset(name for row in rows for name in (*row.request.__struct_encode_fields__, *row.discriminator))


def _is_number(segment: str) -> bool:
    return segment.isascii() and segment.isdecimal() and len(segment) < 20


def _clean(text: str, secrets: Collection[str], longest: int | None = _LONGEST) -> str:
    """A stranger's text without the secrets and without what UTF-8 cannot hold, cut to a length."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, _BLOTTED)
    if longest is not None and len(text) > longest:
        text = f"{text[:longest]}…"
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _change(change: Change[VendorTimer], secrets: Collection[str]) -> JournalChange:
    record = change.record
    return JournalChange(
        action=str(change.action),
        at=change.at,
        kind=record.kind,
        id=record.id,
        timer=record.timer,
        user=record.person.name,
        task=record.task.name if record.task else (record.job.name if record.job else ""),
        project=record.project.name if record.project else "",
        client=record.client.name if record.client else "",
        note=_clean(record.note, secrets, longest=None),
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
    if change.action == Correction.AMEND:
        timer = change.timer
        return Entry(name, Correction.AMEND, change.at, labels, timer.worked, timer.since)
    if change.action == Correction.DISCARD:
        return Entry(name, Correction.DISCARD, change.at, labels)
    return Entry(name, Event(change.action), change.at, labels)
