"""The backend: one account at every vendor, behind whatever door. Isolated, thread-safe, no globals.

Here a call is routed to its vendor, decided, stored and written down. What the vendors answer is decided
in `punchclock.vendors`; who keeps it, in store.py; what goes wrong on purpose, in faults.py; the control
plane, in control.py; the doors (in process, httpx, HTTP), in sandbox.py, transport.py and server.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from functools import lru_cache
from types import ModuleType
from typing import Final, TypedDict

import msgspec
from msgspec.structs import replace

from punchclock import vendors
from punchclock.eventlog import seconds
from punchclock.instants import format_instant, to_datetime
from punchclock.machine import State
from punchclock.sandbox.clock import Clock
from punchclock.sandbox.faults import LIMITS, ConnectionDropped, Effect, Fault, Faults
from punchclock.sandbox.journal import JournalEntry, event_log, journal_entry, secrets_of
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable
from punchclock.timer import break_at, not_before, worked_at
from punchclock.vendors.account import Query
from punchclock.vendors.calls import CallResult, Request, Response, match_length, reject, route_prefixes
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

__all__ = ["MAX_BODY", "MAX_HEADERS", "MAX_QUERY", "Backend", "Options", "TimerView"]

#: The longest that is read of a request, in bytes; what is longer is rejected in the vendor's words.
MAX_BODY: Final = 1 << 18
MAX_HEADERS: Final = 1 << 16
MAX_QUERY: Final = 1 << 16

_NO_RESPONSE: Final = Response(0, {}, b"")
_NOBODYS: Final = Response(404, {"content-type": "application/json"}, b'{"error":"no vendor answers at this path"}')

_log: Final = logging.getLogger("punchclock.sandbox")


class TimerView(msgspec.Struct, frozen=True, kw_only=True):
    """A timer as the control plane shows it, the same for every vendor: RFC 3339 in UTC, seconds without loss."""

    vendor: str
    kind: str
    id: str
    user: str
    state: State
    started_at: str
    since: str
    worked_seconds: int | Decimal
    break_seconds: int | Decimal


class Options(TypedDict, total=False):
    """The keyword arguments of `Backend`."""

    clock: Clock | datetime | str | int | None
    store: Store | None
    seed: int
    sleep: Callable[[float], None]


class Backend:
    """An account at all vendors, in this process.

    Args:
        workspace: what the account is set up with; the demo workspace where none is given.
        clock: the instant at which it stands, as `punchclock.instant` takes it, or a clock of your own; one that
            runs where none is given.
        store: where its timers are kept; in memory where none is given.
        seed: what the probabilities of its faults are drawn from.
        sleep: how a late response waits.
    """

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        clock: Clock | datetime | str | int | None = None,
        store: Store | None = None,
        seed: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.workspace = demo_workspace() if workspace is None else workspace
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.store: Store = MemoryStore(self.workspace) if store is None else store
        self.faults = Faults(seed)
        self._sleep = sleep
        self._secrets = secrets_of(self.workspace)
        self._vendors = tuple(vendors.load(name) for name in vendors.names())
        self._near: dict[str, list[ModuleType]] = {}
        for vendor in self._vendors:
            for root in route_prefixes(vendor.VENDOR):
                self._near.setdefault(root, []).append(vendor)

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def reset(self) -> None:
        """Forget every timer, the journal and the faults. The clock stays as it is.

        Raises:
            StoreUnavailable: the store cannot forget now; nothing has changed.
        """
        self.store.reset()
        self.faults.clear()

    def health(self) -> tuple[int, dict[str, str], bytes]:
        """Whether it can serve: 200 where the store answers, 503 where it does not."""
        try:
            with self.store.reading() as account:
                account.new_id()
        except StoreUnavailable:
            return 503, {"content-type": "application/json"}, b'{"status":"store unavailable"}'
        return 200, {"content-type": "application/json"}, b'{"status":"ok"}'

    def timers(self) -> list[TimerView]:
        """Every timer as of now, by vendor and kind, the oldest first. It never fails for one of them: it clamps.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        now = self.clock.now()
        with self.store.reading() as account:
            return [
                _view(record, now)
                for vendor in self._vendors
                for of in vendor.RECORDS
                for record in account.find(Query(of=of)).records
            ]

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Every call with a number above ``after``, in order.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        return self.store.journal(after)

    def event_log(self) -> Iterator[bytes]:
        """What happened to the timers, as lines that ``punchclock replay`` reads.

        Raises:
            StoreUnavailable: the store cannot be read now.
        """
        return event_log(self.journal())

    def answer(self, request: Request) -> Response:
        """A whole HTTP call: decided, stored, written down, answered; with 404 where no vendor has the path.

        Raises:
            ConnectionDropped: a fault says that there is no answer.
        """
        large = _too_large(request)
        if large is not None:
            request = _cut(request)
        near = self._near.get(request.path.strip("/").partition("/")[0], ())
        vendor = max(near, key=lambda each: match_length(each.VENDOR, request.path), default=None)
        if vendor is None:
            self._note(request, CallResult(_NOBODYS), self.clock.now(), None)
            return _NOBODYS
        if large is not None:
            outcome, now = reject(vendor.VENDOR, request, large), self.clock.now()
            self._note(request, outcome, now, vendor)
            return _dated(outcome.response, now)
        return self._call(vendor, request)

    def _call(self, vendor: ModuleType, request: Request) -> Response:
        """The call, with what is meant to go wrong around it."""
        faults = self.faults.hitting(vendor, request, self.clock.now())
        effects = {fault.effect for fault in faults}
        self._wait(faults, Effect.LATENCY)
        if Effect.DROP in effects:
            self._note(request, CallResult(_NO_RESPONSE), self.clock.now(), vendor, faults)
            raise ConnectionDropped(Effect.DROP)
        try:
            outcome, now = self._decided(vendor, request, faults)
        except StoreUnavailable as error:
            # What a database says may name hosts and files: that is for the log, not for whoever called.
            _log.error("the store is not available: %s", error)
            outcome, now = reject(vendor.VENDOR, request, RuleViolation(Rule.UNAVAILABLE)), self.clock.now()
            return _dated(outcome.response, now)
        if Effect.TIMEOUT in effects:
            self._wait(faults, Effect.TIMEOUT)
            raise ConnectionDropped(Effect.TIMEOUT, stored=bool(outcome.changes))
        return _dated(outcome.response, now)

    def _wait(self, faults: Sequence[Fault], effect: Effect) -> None:
        seconds = sum(fault.seconds for fault in faults if fault.effect is effect)
        if seconds:
            self._sleep(seconds)

    def _decided(self, vendor: ModuleType, request: Request, faults: Sequence[Fault]) -> tuple[CallResult, int]:
        """Decide, and keep what changes; what a fault rejects is not decided at all. The outcome, and its instant.

        A GET is decided on what is there, so that it waits for nobody. What may change something, and a GET that
        turns out to, is decided in a transaction, on just what it changes.
        """
        skew = sum(fault.skew for fault in faults)
        now = self.clock.now(skew)
        rejected = _rejected(vendor, request, faults)
        if rejected is not None:
            outcome = apply_response_faults(rejected, faults)
        else:
            if request.method == "GET":
                with self.store.reading() as account:
                    outcome = apply_response_faults(vendor.handle(request, account, now), faults)
            if request.method != "GET" or outcome.changes:
                with self.store.transaction() as transaction:
                    now = self.clock.now(skew)
                    outcome = apply_response_faults(vendor.handle(request, transaction, now), faults)
                    if outcome.changes:
                        transaction.apply(outcome.changes)
                        transaction.append(self._entry(request, outcome, now, vendor, faults))
        if not outcome.changes:
            self._note(request, outcome, now, vendor, faults)
        return outcome, now

    def _note(
        self, request: Request, outcome: CallResult, at: int, vendor: ModuleType | None, faults: Sequence[Fault] = ()
    ) -> None:
        """Write down a call that changed nothing. That it cannot be written down is no reason to fail it."""
        try:
            self.store.note(self._entry(request, outcome, at, vendor, faults))
        except StoreUnavailable as error:
            _log.error("the store is not available: %s", error)

    def _entry(
        self, request: Request, outcome: CallResult, at: int, vendor: ModuleType | None, faults: Sequence[Fault]
    ) -> JournalEntry:
        effects = [fault.effect.value for fault in faults]
        return journal_entry(request, outcome, at=at, vendor=vendor, secrets=self._secrets, faults=effects)


def _rejected(vendor: ModuleType, request: Request, faults: Sequence[Fault]) -> CallResult | None:
    """The rejection of a call that no handler gets to see, because a fault says so."""
    for fault in faults:
        if fault.effect is Effect.REJECT:
            rejection = Rejection(vendor.VENDOR.name, fault.status, fault.vendor_code, fault.message)
            return reject(vendor.VENDOR, request, rejection)
        if fault.effect in LIMITS:
            rule = Rule.TOO_FAST if fault.effect is Effect.RATE_LIMIT else Rule.QUOTA
            return reject(vendor.VENDOR, request, RuleViolation(rule))
    return None


def apply_response_faults(outcome: CallResult, faults: Sequence[Fault]) -> CallResult:
    """The outcome with the response that goes out: whole, broken off, or none."""
    if not faults:
        return outcome
    effects = {fault.effect for fault in faults}
    if Effect.TIMEOUT in effects:
        return replace(outcome, response=_NO_RESPONSE)
    if Effect.MALFORMED in effects:
        body = outcome.response.body
        return replace(outcome, response=replace(outcome.response, body=body[: len(body) // 2]))
    return outcome


def _dated(response: Response, at: int) -> Response:
    """Return the response with its ``Date``: the instant of the decision, by the sandbox's clock."""
    return replace(response, headers={**response.headers, "date": _http_date(at // 1_000_000)})


@lru_cache(maxsize=64)  # many responses fall into one second, and a frozen clock shows but few
def _http_date(second: int) -> str:
    return format_datetime(to_datetime(second * 1_000_000), usegmt=True)


def _too_large(request: Request) -> RuleViolation | None:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    for what, size, most in (
        ("body", len(request.body), MAX_BODY),
        ("query", len(request.query), MAX_QUERY),
        ("path", len(request.path), MAX_QUERY),
        ("headers", headers, MAX_HEADERS),
    ):
        if size > most:
            return RuleViolation(Rule.TOO_LARGE, detail=f"{what}: more than {most} bytes")
    return None


def _cut(request: Request) -> Request:
    """What is still looked at of a request that is too large: enough to reject it in its vendor's words and form."""
    headers = {name: request.headers.get(name, "")[:200] for name in ("accept", "content-type")}
    return Request(method=request.method[:20], path=request.path[:200], headers=headers)


def _view(record: VendorTimer, now: int) -> TimerView:
    timer = record.timer
    at = not_before(timer, now)
    return TimerView(
        vendor=record.vendor,
        kind=record.kind,
        id=record.id,
        user=record.person.name,
        state=timer.state,
        started_at=format_instant(timer.started_at),
        since=format_instant(timer.since),
        worked_seconds=seconds(worked_at(timer, at)),
        break_seconds=seconds(break_at(timer, at)),
    )
