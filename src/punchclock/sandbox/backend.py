"""The backend: one account at every vendor. It is isolated and thread-safe, and uses no globals.

A call is routed to its vendor, decided, stored and written to the journal here. The vendors decide in
`punchclock.vendors`. Stores are in store.py, faults in faults.py, the control plane in control.py; the entry points (in
process, httpx, HTTP) are in sandbox.py, transport.py and server.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from functools import lru_cache
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
from punchclock.sandbox.steps import Steps, run
from punchclock.sandbox.store import MemoryStore, OutcomeUnknown, Store, StoreUnavailable
from punchclock.timer import break_at, not_before, worked_at
from punchclock.units import SECOND
from punchclock.vendors.account import Account, Query
from punchclock.vendors.calls import CallResult, Request, Response, Route
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

#: Maximum sizes of the parts of a request, in bytes. The vendor rejects a larger request.
MAX_BODY: Final = 1 << 18
MAX_HEADERS: Final = 1 << 16
MAX_QUERY: Final = 1 << 16

_NO_RESPONSE: Final = Response(0, {}, b"")
_NOT_FOUND: Final = Response(404, {"content-type": "application/json"}, b'{"error":"no vendor answers at this path"}')

_log: Final = logging.getLogger("punchclock.sandbox")


class TimerView(msgspec.Struct, frozen=True, kw_only=True):
    """A timer in the control plane, in one form for every vendor. Instants are RFC 3339 in UTC; seconds are exact."""

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
    sleep: Callable[[float], None] | None


class Backend:
    """One account at all vendors, in this process.

    Args:
        workspace: the people, the work and the settings; by default the demo workspace.
        clock: a clock, or the instant at which to freeze one, as `punchclock.instant` accepts it; by default a clock
            in real time.
        store: the store of its timers; by default one in memory.
        seed: the seed of the faults' probabilities.
        sleep: the function that delays a late response, in the call's thread; by default the call really waits.
    """

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        clock: Clock | datetime | str | int | None = None,
        store: Store | None = None,
        seed: int = 0,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.workspace = demo_workspace() if workspace is None else workspace
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.store: Store = MemoryStore(self.workspace) if store is None else store
        self.faults = Faults(seed)
        self._sleep = sleep
        self._secrets = secrets_of(self.workspace)
        self._vendors = tuple(vendors.load(name) for name in vendors.names())

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def reset(self) -> None:
        """Delete every timer, the journal and the faults. The clock doesn't change.

        Raises:
            StoreUnavailable: the store can't be written now; nothing has changed.
        """
        self.store.reset()
        self.faults.clear()

    def health(self) -> tuple[int, dict[str, str], bytes]:
        """Return 200 if the store can be read, and 503 otherwise."""
        try:
            with self.store.reading() as account:
                account.new_id()
        except StoreUnavailable:
            return 503, {"content-type": "application/json"}, b'{"status":"store unavailable"}'
        return 200, {"content-type": "application/json"}, b'{"status":"ok"}'

    def timers(self) -> list[TimerView]:
        """Return every timer as of now, by vendor and kind, the oldest first.

        If the clock is behind a timer, the timer is shown as of its last change.

        Raises:
            StoreUnavailable: the store can't be read now.
        """
        now = self.clock.now()
        with self.store.reading() as account:
            return [
                _view(record, now)
                for vendor in self._vendors
                for of in vendor.timer_types
                for record in account.find(Query(of=of)).records
            ]

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Return the journal entries with a number above ``after``, in order.

        Raises:
            StoreUnavailable: the store can't be read now.
        """
        return self.store.journal(after)

    def event_log(self) -> Iterator[bytes]:
        """Return the events of all timers, as lines that ``punchclock replay`` reads.

        Raises:
            StoreUnavailable: the store can't be read now.
        """
        return event_log(self.journal())

    def dispatch(self, request: Request) -> Response:
        """Return the response to a vendor's call, or 404 if the path belongs to no vendor.

        The call is written to the journal.

        Raises:
            ConnectionDropped: a fault prevents the response.
        """
        return run(self.dispatch_in_steps(request))

    def dispatch_in_steps(self, request: Request) -> Steps[Response]:
        """Like `dispatch`, but yield each delay in seconds instead of sleeping."""
        too_large = _too_large(request)
        if too_large is not None:
            request = _shortened(request)
        lengths = [each.match_length(request.path) for each in self._vendors]
        longest = max(lengths)
        if longest == 0:
            self._note(request, None, CallResult(_NOT_FOUND), self.clock.now())
            return _NOT_FOUND
        vendor = self._vendors[lengths.index(longest)]
        route = vendor.route(request)
        if too_large is not None:
            result, now = vendor.reject(route, too_large), self.clock.now()
            self._note(request, route, result, now)
            return _dated(result.response, now)
        return (yield from self._call(route))

    def _call(self, route: Route) -> Steps[Response]:
        """Return the response to a routed call; the faults that match it take effect."""
        faults = self.faults.matching(route, self.clock.now)
        effects = {fault.effect for fault in faults}
        yield from self._delay(faults, Effect.LATENCY)
        if Effect.DROP in effects:
            self._note(route.request, route, CallResult(_NO_RESPONSE), self.clock.now(), faults)
            raise ConnectionDropped(Effect.DROP)
        try:
            result, now = self._decide(route, faults)
        except OutcomeUnknown as error:
            _log.error("the outcome of a change is not known: %s", error)
            code = route.vendor.to_rejection(RuleViolation(Rule.UNAVAILABLE), None).vendor_code
            unknown = Rejection(route.vendor.name, 504, code, "The change may or may not be stored")
            return _dated(route.vendor.reject(route, unknown).response, self.clock.now())
        except StoreUnavailable as error:
            # The database's message can name hosts and files, so it goes to the log and not to the client.
            _log.error("the store is not available: %s", error)
            result = route.vendor.reject(route, RuleViolation(Rule.UNAVAILABLE))
            return _dated(result.response, self.clock.now())
        if Effect.TIMEOUT in effects:
            yield from self._delay(faults, Effect.TIMEOUT)
            raise ConnectionDropped(Effect.TIMEOUT, stored=bool(result.changes))
        return _dated(result.response, now)

    def _delay(self, faults: Sequence[Fault], effect: Effect) -> Steps[None]:
        """Wait for the sum of the delays of one effect. No lock and no transaction is open meanwhile."""
        delay = sum(fault.seconds for fault in faults if fault.effect is effect)
        if delay and self._sleep is not None:
            self._sleep(delay)
        elif delay:
            yield delay

    def _decide(self, route: Route, faults: Sequence[Fault]) -> tuple[CallResult, int]:
        """Decide a call, store its changes and write it to the journal. Return the result and its instant.

        A call that can change a timer is decided in a transaction. Any other call is decided on a read-only view, so it
        doesn't wait for writers.
        """
        skew = sum(fault.skew for fault in faults)

        def decide(account: Account) -> tuple[CallResult, int]:
            now = self.clock.now(skew)
            return apply_response_faults(route.vendor.decide(route, account, now), faults), now

        rejected = _injected_rejection(route, faults)
        if rejected is not None:
            result, now = apply_response_faults(rejected, faults), self.clock.now(skew)
        elif route.operation is not None and route.operation.may_change:
            with self.store.transaction() as transaction:
                result, now = decide(transaction)
                if result.changes:
                    transaction.changes.extend(result.changes)
                    transaction.entries.append(self._entry(route.request, route, result, now, faults))
        else:
            with self.store.reading() as account:
                result, now = decide(account)
        if not result.changes:
            self._note(route.request, route, result, now, faults)
        return result, now

    def _note(
        self, request: Request, route: Route | None, result: CallResult, at: int, faults: Sequence[Fault] = ()
    ) -> None:
        """Write a call that changed nothing to the journal. If this fails, the call still succeeds."""
        try:
            self.store.note(self._entry(request, route, result, at, faults))
        except StoreUnavailable as error:
            _log.error("the store is not available: %s", error)

    def _entry(
        self, request: Request, route: Route | None, result: CallResult, at: int, faults: Sequence[Fault]
    ) -> JournalEntry:
        effects = [fault.effect.value for fault in faults]
        return journal_entry(request, route, result, at=at, secrets=self._secrets, faults=effects)


def apply_response_faults(result: CallResult, faults: Sequence[Fault]) -> CallResult:
    """Return the result with its response as it is sent: unchanged, truncated, or empty."""
    effects = {fault.effect for fault in faults}
    if Effect.TIMEOUT in effects:
        return replace(result, response=_NO_RESPONSE)
    if Effect.MALFORMED in effects:
        body = result.response.body
        return replace(result, response=replace(result.response, body=body[: len(body) // 2]))
    return result


def _injected_rejection(route: Route, faults: Sequence[Fault]) -> CallResult | None:
    """Return the rejection that a fault injects before the call is decided."""
    for fault in faults:
        if fault.effect is Effect.REJECT:
            rejection = Rejection(route.vendor.name, fault.status, fault.vendor_code, fault.message)
            return route.vendor.reject(route, rejection)
        if fault.effect in LIMITS:
            rule = Rule.TOO_FAST if fault.effect is Effect.RATE_LIMIT else Rule.QUOTA
            return route.vendor.reject(route, RuleViolation(rule))
    return None


def _dated(response: Response, at: int) -> Response:
    """Return the response with a ``Date`` header: the instant of the decision, by the sandbox's clock."""
    return replace(response, headers={**response.headers, "date": _http_date(at // SECOND)})


@lru_cache(maxsize=64)  # many responses have the same second
def _http_date(second: int) -> str:
    return format_datetime(to_datetime(second * SECOND), usegmt=True)


def _too_large(request: Request) -> RuleViolation | None:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    for part, size, bound in (
        ("body", len(request.body), MAX_BODY),
        ("query", len(request.query), MAX_QUERY),
        ("path", len(request.path), MAX_QUERY),
        ("headers", headers, MAX_HEADERS),
    ):
        if size > bound:
            return RuleViolation(Rule.TOO_LARGE, detail=f"{part}: more than {bound} bytes")
    return None


def _shortened(request: Request) -> Request:
    """Return as much of a request as its vendor needs to reject it in the right form."""
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
