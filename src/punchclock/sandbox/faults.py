"""Faults: deliberate failures of chosen calls. The probabilities are seeded, so that a run can be repeated.

This module decides which calls a fault hits. backend.py applies the effect.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from punchclock import vendors
from punchclock.decoding import DECODE_ERRORS
from punchclock.errors import PunchclockError, safe_repr
from punchclock.mismatch import decode_error_location
from punchclock.units import SECOND
from punchclock.vendors.calls import Limit, Route


class Effect(StrEnum):
    """The effect of a fault on a call that it hits."""

    REJECT = "reject"  # the vendor's rejection, with any status, code and message; nothing is decided
    LATENCY = "latency"  # the response is late
    DROP = "drop"  # the connection is closed before anything is decided
    TIMEOUT = "timeout"  # the change is stored, but no response is sent
    MALFORMED = "malformed"  # the response's body is truncated
    SKEW = "skew"  # the server's clock is wrong during the call
    RATE_LIMIT = "rate_limit"  # calls beyond a number in a short time get the vendor's "too fast"
    QUOTA = "quota"  # calls beyond a number in a period, usually a day, get the vendor's "used up"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault and the calls that it hits: all that match, or fewer with ``nth``, ``probability`` or ``times``.

    A rate limit and a quota count the calls that match, by the sandbox's clock, and hit those above the limit. For a
    vendor that publishes limits (`VENDOR.rate_limit` and `VENDOR.quota`), these are the defaults.

    Attributes:
        effect: its effect.
        vendor: only calls to this vendor.
        operation: only calls with this name, as in the vendor's ``OPERATIONS``.
        nth: only the nth call that matches, counted from 1.
        probability: each call that matches, with this probability.
        times: the largest number of calls that it hits.
        status: with ``reject``: the HTTP status.
        vendor_code: with ``reject``: the vendor's error code.
        message: with ``reject``: the vendor's message.
        seconds: with ``latency``: the delay; with ``timeout``: the time until the connection is closed; with ``skew``:
            the error of the clock, negative if it is slow.
        calls: with ``rate_limit`` and ``quota``: the number of calls that are allowed …
        per_seconds: … in this many seconds. A rate limit counts the last ``per_seconds``; the periods of a quota begin
            at midnight UTC and at multiples of ``per_seconds`` after it.
        lock_seconds: with ``rate_limit``: the time for which every call is rejected after one call too many.
    """

    effect: Effect
    vendor: str | None = None
    operation: str | None = None
    nth: Annotated[int, Meta(ge=1)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    status: Annotated[int, Meta(ge=200, le=599)] = 500
    vendor_code: int = 1
    message: Annotated[str, Meta(max_length=1000)] = "Injected fault"
    seconds: Annotated[float, Meta(ge=-1e9, le=1e9)] = 0.0
    calls: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    per_seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    lock_seconds: Annotated[float, Meta(ge=0, le=1e9)] = 0.0

    @property
    def skew(self) -> int:
        """The error of the clock, in microseconds."""
        return _microseconds(self.seconds) if self.effect is Effect.SKEW else 0


#: The effects that only hit calls above a limit.
LIMITS: Final = frozenset({Effect.RATE_LIMIT, Effect.QUOTA})


class FaultReport(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, the number of calls that matched it, and the number of calls that it hit."""

    fault: Fault
    matched: int
    fired: int


class InvalidFault(PunchclockError):
    """A fault that can never hit a call.

    Attributes:
        field: the field that is wrong.
        reason: what is wrong with it.
    """

    code = "invalid-fault"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ConnectionDropped(PunchclockError):
    """The connection ends without a response. Over HTTP it is closed.

    Attributes:
        effect: the effect of the fault, ``DROP`` or ``TIMEOUT``.
        stored: whether a change was stored first.
    """

    code = "connection-dropped"

    def __init__(self, effect: Effect, *, stored: bool = False) -> None:
        super().__init__("the connection was dropped " + ("after the change was stored" if stored else "at once"))
        self.effect = effect
        self.stored = stored


class _ActiveFault:
    """A fault with its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self.allowed: deque[int] = deque()  # the instants of the calls that a limit allowed
        self.locked_until: int | None = None

    def hits(self, vendor: str, operation: str, now: int, chance: random.Random) -> bool:
        """Return whether the fault hits a call, and count the call if it matches."""
        fault = self.fault
        if fault.vendor not in (None, vendor) or fault.operation not in (None, operation):
            return False
        self.matched += 1
        if fault.times is not None and self.fired >= fault.times:
            return False
        if fault.nth is not None and self.matched != fault.nth:
            return False
        if fault.probability is not None and chance.random() >= fault.probability:
            return False
        if fault.calls is not None and fault.per_seconds is not None and self._allows(fault.calls, now):
            return False
        self.fired += 1
        return True

    def _allows(self, calls: int, now: int) -> bool:
        """Return whether a limit allows a call at ``now``, and count it if so."""
        if self.locked_until is not None and now < self.locked_until:
            return False
        period = _microseconds(self.fault.per_seconds or 0)
        # Only calls after this instant count.
        begin = now - period if self.fault.effect is Effect.RATE_LIMIT else now - now % period - 1
        while self.allowed and self.allowed[0] <= begin:
            self.allowed.popleft()
        if len(self.allowed) < calls:
            self.allowed.append(now)
            return True
        if self.fault.lock_seconds:
            self.locked_until = now + _microseconds(self.fault.lock_seconds)
        return False

    def report(self) -> FaultReport:
        """Return the fault and its counts."""
        return FaultReport(fault=self.fault, matched=self.matched, fired=self.fired)


class Faults:
    """The faults of one sandbox. Safe for threads.

    Args:
        seed: the seed of the probabilities.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._active: list[_ActiveFault] = []
        self._random = random.Random(seed)  # noqa: S311 reproducible; not cryptographic

    def add(self, fault: Fault) -> Fault:
        """Inject a fault from now on. Return it with the vendor's published limits filled in.

        Raises:
            InvalidFault: a field is out of its bounds or missing, or the vendor or the operation doesn't exist.
        """
        fault = _checked(fault)
        with self._lock:
            self._active.append(_ActiveFault(fault))
        return fault

    def clear(self) -> list[FaultReport]:
        """Remove every fault, and return their reports. The random numbers start again."""
        with self._lock:
            reports = [active.report() for active in self._active]
            self._active = []
            self._random = random.Random(self._seed)  # noqa: S311 reproducible; not cryptographic
            return reports

    def reports(self) -> list[FaultReport]:
        """Return the injected faults with their counts."""
        with self._lock:
            return [active.report() for active in self._active]

    def matching(self, route: Route, clock: Callable[[], int]) -> Sequence[Fault]:
        """Return the faults that hit a call. Each fault counts the call if it matches."""
        if not self._active:
            return ()
        operation = route.operation.name if route.operation else ""
        with self._lock:
            now = clock()
            return [each.fault for each in self._active if each.hits(route.vendor.name, operation, now, self._random)]


def published(vendor: str) -> dict[Effect, Limit]:
    """Return the limits that a vendor publishes, by the effect that applies them."""
    found = vendors.load(vendor)
    limits = {Effect.RATE_LIMIT: found.rate_limit, Effect.QUOTA: found.quota}
    return {effect: limit for effect, limit in limits.items() if limit is not None}


#: The bounds of ``seconds``, for the effects that delay a client.
_SECONDS: Final = {Effect.LATENCY: (0.001, 60), Effect.TIMEOUT: (0, 60)}


def _checked(fault: Fault) -> Fault:
    """Return the fault, checked and with its limits filled in."""
    plain = msgspec.to_builtins(fault)  # the constructor of a struct checks nothing
    try:
        fault = msgspec.convert(plain, Fault)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(plain, Fault)
        raise InvalidFault(path.removeprefix("$."), reason) from None
    if fault.vendor is not None and fault.vendor not in vendors.names():
        raise InvalidFault("vendor", f"unknown vendor {safe_repr(fault.vendor)}; use {', '.join(vendors.names())}")
    if fault.operation is not None:
        served = vendors.names() if fault.vendor is None else (fault.vendor,)
        known = [operation.name for name in served for operation in vendors.load(name).operations]
        if fault.operation not in known:
            raise InvalidFault("operation", f"unknown operation {safe_repr(fault.operation)}; use {', '.join(known)}")
    if fault.effect in LIMITS:
        return _with_limit(fault)
    if fault.calls is not None or fault.per_seconds is not None:
        raise InvalidFault("calls", f"{fault.effect} is not a limit; use rate_limit or quota")
    least, most = _SECONDS.get(fault.effect, (-1e9, 1e9))
    if not least <= fault.seconds <= most:
        raise InvalidFault("seconds", f"{fault.effect} needs {least} to {most} seconds")
    if fault.effect is Effect.SKEW and fault.skew == 0:
        raise InvalidFault("seconds", "skew needs a number of seconds other than 0")
    return fault


def _with_limit(fault: Fault) -> Fault:
    """Return the fault with its own limit, or with the one that its vendor publishes."""
    limit = None if fault.vendor is None else published(fault.vendor).get(fault.effect)
    if fault.calls is None and fault.per_seconds is None and limit is not None:
        return replace(fault, calls=limit.calls, per_seconds=limit.per_seconds, lock_seconds=limit.lock_seconds)
    if fault.calls is None or fault.per_seconds is None:
        raise InvalidFault("calls", f"{fault.effect} needs calls and per_seconds, or a vendor that publishes them")
    if _microseconds(fault.per_seconds) == 0:
        raise InvalidFault("per_seconds", "must be at least a microsecond")
    return fault


def _microseconds(seconds: float) -> int:
    return round(seconds * SECOND)
