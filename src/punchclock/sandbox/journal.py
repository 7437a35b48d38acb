"""The journal: every call with its request, its response and its changes; and the event log in it.

The event log is the part of the journal that ``punchclock replay`` reads; replaying it gives the same timers.

The journal never contains a credential, valid or not, wherever a client sent it. It keeps only what can't be a
credential: three headers, the parameters that the vendors document, and the documented segments and the numbers of a
path. The value of any other parameter, and any other segment, becomes ``***``; any other header is left out. The
workspace's own credentials are also replaced in every text, such as a timer's note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import UNSET

from punchclock import vendors
from punchclock.eventlog import Entry, Labels, format_line
from punchclock.machine import Correction, Event
from punchclock.timer import Timer
from punchclock.vendors.calls import CallResult, Request, Response, Route, Vendor
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import UPDATE, Change, VendorTimer
from punchclock.vendors.workspace import Workspace

_KEPT_HEADERS: Final = ("accept", "content-type", "user-agent")
_KEPT_TYPES: Final = (str, int, float, bool, type(None))
_HIDDEN: Final = "***"
_LONGEST: Final = 2000  # maximum length of a text from the request
_SHORTEST: Final = 4  # minimum length of a credential that is replaced in texts; a shorter one occurs in ordinary words


class JournalChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change by a call.

    Attributes:
        action: the event, or ``amend``, ``discard``, ``update``.
        at: the instant of the change.
        kind: the vendor's kind of record.
        id: the record's id.
        timer: the timer after the change; for a discard, before it.
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
        number: its position in the journal, from 1.
        at: the sandbox's instant of the decision.
        vendor: the vendor; ``""`` if the path belongs to none.
        operation: the name of the call; ``""`` if it isn't known.
        method, path, headers: of the request, without credentials.
        parameters: of its query and its body, as the vendor reads them, without credentials.
        unreadable: whether the parameters couldn't be read.
        status, response: the response; the status is 0 if none was sent.
        changes: the changes by the call.
        faults: the effects of the faults that hit it.
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


def journal_entry(
    request: Request,
    route: Route | None,
    result: CallResult,
    *,
    at: int,
    secrets: Collection[str],
    faults: Iterable[str] = (),
) -> JournalEntry:
    """Return the journal's entry for a call.

    Args:
        request: the request.
        route: the request, routed by its vendor; ``None`` if the path belongs to no vendor.
        result: the decision, with the response that was sent.
        at: the instant of the decision.
        secrets: the credentials to replace, from `secrets_of`.
        faults: the effects of the faults that hit the call.
    """
    path = shown_path(request.path)
    unreadable = route is not None and route.parameters is None
    response = result.response
    if route and result.rejection and response.body and (unreadable or _HIDDEN in path):
        response = _without_detail(route, result.rejection)
    return JournalEntry(
        at=at,
        vendor=route.vendor.name if route else "",
        operation=result.operation,
        method=_clean(request.method[:20], secrets),
        path=_clean(path, secrets),
        headers={name: _clean(request.headers[name], secrets) for name in _KEPT_HEADERS if name in request.headers},
        parameters=_parameters(route, secrets) if route else {},
        unreadable=unreadable,
        status=result.response.status,
        response=_clean(response.body.decode("utf-8", "backslashreplace"), secrets, longest=None),
        changes=tuple(_change(change, secrets) for change in result.changes),
        faults=tuple(faults),
    )


def secrets_of(workspace: Workspace) -> tuple[str, ...]:
    """Return a workspace's credentials, the longest first, because one can be a part of another."""
    found = {
        secret
        for credential in workspace.credentials.values()
        for secret in (credential.key, credential.secret, *credential.tokens)
    }
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))


def shown_path(path: str) -> str:
    """Return a path without credentials: documented segments and numbers stay, others become ``***``."""
    known = _documented_segments()
    return "/".join(segment if segment in known or _is_number(segment) else _HIDDEN for segment in path.split("/"))


def event_log(entries: Iterable[JournalEntry]) -> Iterator[bytes]:
    """Return the lines of the event log: starts, pauses, resumes, stops, amendments and discards, in order."""
    for entry in entries:
        for change in entry.changes:
            if change.action != UPDATE:
                yield format_line(_log_entry(entry.vendor, change))


def _parameters(route: Route, secrets: Collection[str]) -> dict[str, str | int | float | bool | None]:
    """Return the parameters; the value of any that the vendor's calls do not document becomes ``***``."""
    known = _documented_parameters(route.vendor)
    shown: dict[str, str | int | float | bool | None] = {}
    for name, value in (route.parameters or {}).items():
        kept = value if name in known and isinstance(value, _KEPT_TYPES) else _HIDDEN
        shown[_clean(name, secrets)] = _clean(kept, secrets) if isinstance(kept, str) else kept
    return shown


def _without_detail(route: Route, rejection: Rejection) -> Response:
    """Return a rejection's response without its detail, which can repeat what the client sent."""
    bare = Rejection(rejection.vendor, rejection.status, rejection.vendor_code, rejection.message)
    return route.vendor.reject(route, bare).response


@cache
def _documented_segments() -> frozenset[str]:
    """Return the segments of all documented paths."""
    operations = [operation for name in vendors.names() for operation in vendors.load(name).operations]
    paths = [path for operation in operations for path in (operation.path, *operation.aliases)]
    return frozenset({"_punchclock", "healthz"}.union(*(path.split("/") for path in paths)))


@cache
def _documented_parameters(vendor: Vendor[Any]) -> frozenset[str]:
    """Return the names of the parameters that a vendor's calls document."""
    rows = vendor.operations
    return frozenset(name for row in rows for name in (*row.request.__struct_encode_fields__, *row.discriminator))


def _is_number(segment: str) -> bool:
    return segment.isascii() and segment.isdecimal() and len(segment) < 20


def _clean(text: str, secrets: Collection[str], longest: int | None = _LONGEST) -> str:
    """Return a text without the secrets and without characters that UTF-8 can't encode, truncated."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, _HIDDEN)
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
