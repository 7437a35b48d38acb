"""The backend: one account at every vendor, behind whatever door. Isolated, thread-safe, no globals.

Here a call is routed to its vendor, decided, stored and written down. What the vendors answer is decided
in `punchclock.vendors`; who keeps it, in store.py; what goes wrong on purpose, in faults.py; the control
plane, in control.py; the doors (in process, httpx, HTTP), in sandbox.py, transport.py and server.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from types import ModuleType
from typing import Final, TypedDict

import msgspec
from msgspec.structs import replace

from punchclock import vendors
from punchclock.instants import format_instant, instant
from punchclock.log import seconds
from punchclock.machine import State
from punchclock.sandbox.clock import Clock
from punchclock.sandbox.faults import ConnectionDropped, Effect, Fault, Faults
from punchclock.sandbox.journal import JournalEntry, event_log, journal_entry
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable
from punchclock.timer import break_at, not_before, worked_at
from punchclock.vendors.account import Query
from punchclock.vendors.calls import Outcome, Reply, Request, operation_of, refusal, serves
from punchclock.vendors.errors import Rejection
from punchclock.vendors.records import Record
from punchclock.vendors.rules import Broken, Rule
from punchclock.vendors.world import World
from punchclock.worlds import demo_world

__all__ = ["MAX_BODY", "MAX_HEADERS", "MAX_QUERY", "Backend", "Options", "TimerView"]

#: The longest that is read of a request, in bytes; what is longer is refused in the vendor's words.
MAX_BODY: Final = 1 << 20
MAX_HEADERS: Final = 1 << 16
MAX_QUERY: Final = 1 << 16

_NO_REPLY: Final = Reply(0, {}, b"")


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
        world: what the account is set up with; the demo world where none is given.
        clock: the instant at which it stands, as `punchclock.instant` takes it, or a clock of your own; one that
            runs where none is given.
        store: where its timers are kept; in memory where none is given.
        seed: what the probabilities of its faults are drawn from.
        sleep: how a late reply waits.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: Clock | datetime | str | int | None = None,
        store: Store | None = None,
        seed: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.world = demo_world() if world is None else world
        self.clock = clock if isinstance(clock, Clock) else Clock(None if clock is None else instant(clock))
        self.store: Store = MemoryStore(self.world) if store is None else store
        self.faults = Faults(seed)
        self._sleep = sleep
        self._vendors = tuple(vendors.load(name) for name in vendors.names())

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def reset(self) -> None:
        """Forget every timer, the journal and the faults. The clock stays as it is."""
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
        """Every timer of every vendor, oldest first, as of now. It never fails for one of them: it clamps."""
        now = self.clock.now()
        with self.store.reading() as account:
            return [
                _view(record, now)
                for vendor in self._vendors
                for of in vendor.RECORDS
                for record in account.find(Query(of=of)).records
            ]

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Every call with a number above ``after``, in order."""
        return self.store.journal(after)

    def event_log(self) -> Iterator[bytes]:
        """What happened to the timers, as lines that ``punchclock replay`` reads."""
        return event_log(self.journal())

    def answer(self, request: Request) -> Reply | None:
        """A whole HTTP call to a vendor: decided, stored, written down, answered; ``None`` where no vendor has the path.

        Raises:
            ConnectionDropped: a fault says that there is no answer.
        """
        vendor = next((each for each in self._vendors if serves(each.VENDOR, request.path)), None)
        return None if vendor is None else self._call(vendor, request)

    def _call(self, vendor: ModuleType, request: Request) -> Reply:
        """The call, with what is meant to go wrong around it."""
        operation = operation_of(vendor.VENDOR, request)
        faults = self.faults.hitting(vendor.VENDOR.name, operation, self.clock.now())
        effects = {fault.effect: fault for fault in faults}
        if (latency := effects.get(Effect.LATENCY)) is not None:
            self._sleep(latency.seconds)
        if Effect.DROP in effects:
            outcome = Outcome(_NO_REPLY, operation=operation)
            self.store.note(_entry(vendor, request, outcome, self.clock.now(), faults))
            raise ConnectionDropped(stored=False)
        outcome = self._decided(vendor, request, faults)
        if Effect.TIMEOUT in effects:
            raise ConnectionDropped(stored=bool(outcome.changes))
        if Effect.MALFORMED in effects:
            body = outcome.reply.body
            return replace(outcome.reply, body=body[: len(body) // 2])
        return outcome.reply

    def _decided(self, vendor: ModuleType, request: Request, faults: Sequence[Fault]) -> Outcome:
        """Decide on what is there; where something changes, decide again in a transaction, and keep it.

        So a call that changes nothing waits for nobody, and one that does is decided on what it changes.
        """
        skew = sum(fault.skew for fault in faults)
        try:
            refused = _refused(vendor, request, faults)
            if refused is None:
                now = self.clock.now() + skew
                with self.store.reading() as account:
                    outcome: Outcome = vendor.handle(request, account, now)
                if outcome.changes:
                    with self.store.writing() as transaction:
                        now = self.clock.now() + skew
                        outcome = vendor.handle(request, transaction, now)
                        transaction.apply(outcome.changes)
                        transaction.append(_entry(vendor, request, outcome, now, faults))
                    return outcome
            else:
                outcome, now = refused, self.clock.now()
            self.store.note(_entry(vendor, request, outcome, now, faults))
        except StoreUnavailable as error:
            return refusal(vendor.VENDOR, request, Broken(Rule.UNAVAILABLE, detail=str(error)))
        return outcome


def _refused(vendor: ModuleType, request: Request, faults: Sequence[Fault]) -> Outcome | None:
    """The refusal of a call that no handler gets to see: it is too large, or a fault says so."""
    name = vendor.VENDOR.name
    if (large := _too_large(request)) is not None:
        return refusal(vendor.VENDOR, request, large)
    for fault in faults:
        if fault.effect is Effect.REJECT:
            return refusal(vendor.VENDOR, request, Rejection(name, fault.status, fault.vendor_code, fault.message))
        if fault.effect is Effect.RATE_LIMIT:
            return refusal(vendor.VENDOR, request, Broken(Rule.TOO_FAST))
    return None


def _too_large(request: Request) -> Broken | None:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    for what, size, most in (
        ("body", len(request.body), MAX_BODY),
        ("query", len(request.query), MAX_QUERY),
        ("path", len(request.path), MAX_QUERY),
        ("headers", headers, MAX_HEADERS),
    ):
        if size > most:
            return Broken(Rule.TOO_LARGE, detail=f"the {what} has {size} bytes, at most {most} are read")
    return None


def _entry(vendor: ModuleType, request: Request, outcome: Outcome, at: int, faults: Sequence[Fault]) -> JournalEntry:
    return journal_entry(
        request,
        outcome,
        at=at,
        vendor=vendor.VENDOR.name,
        operation=outcome.operation,
        faults=[fault.effect.value for fault in faults],
    )


def _view(record: Record, now: int) -> TimerView:
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
