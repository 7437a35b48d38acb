"""Faults: what goes wrong on purpose, when, and how often. Seeded, so that the same calls fail again.

Which calls a fault hits is decided here; what it does to a call is done in backend.py.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from punchclock import vendors
from punchclock.decoding import DECODE_ERRORS, decode_error_location
from punchclock.errors import PunchclockError, safe_repr
from punchclock.vendors.calls import Limit, Request, operation_of

__all__ = [
    "LIMITS",
    "ConnectionDropped",
    "Effect",
    "Fault",
    "FaultReport",
    "Faults",
    "InvalidFault",
    "published",
]

_SECOND: Final = 1_000_000


class Effect(StrEnum):
    """What a fault does to a call that it hits."""

    REJECT = "reject"  # the vendor's rejection, with any status, code and message; nothing is decided
    LATENCY = "latency"  # the response comes late
    DROP = "drop"  # the connection is dropped before anything is decided
    TIMEOUT = "timeout"  # the change is stored, and the response never comes
    MALFORMED = "malformed"  # the response's body breaks off in the middle
    SKEW = "skew"  # the server's clock is off, for this call
    RATE_LIMIT = "rate_limit"  # calls in a segment of time; what is more gets the vendor's "too fast"
    QUOTA = "quota"  # calls in a period, a day as a rule; what is more gets the vendor's "used up"


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault, and which calls it hits: all that match, unless ``nth`` or ``probability`` says fewer.

    A rate limit and a quota count the calls that match, by the sandbox's clock, and hit what is more. With a
    vendor that publishes its numbers (`VENDOR.rate_limit` and `VENDOR.quota`), those stand where none are given.

    Attributes:
        effect: what it does.
        vendor: only this vendor's calls.
        operation: only calls of this name, as in the vendor's ``OPERATIONS``.
        nth: only the nth call that matches, counted from 1.
        probability: each call that matches, with this probability.
        times: how often at most.
        status: with ``reject``: the HTTP status.
        vendor_code: with ``reject``: the vendor's error code.
        message: with ``reject``: the vendor's text.
        seconds: with ``latency``: how late; with ``timeout``: how long the client waits before the connection
            ends; with ``skew``: how far off, negative for behind.
        calls: with ``rate_limit`` and ``quota``: how many calls …
        per_seconds: … in how many seconds. Those of a rate limit are the last ones, those of a quota begin at
            midnight UTC, or at a multiple of them after it.
        lock_seconds: with ``rate_limit``: for how long everything is rejected once there was one call too many.
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
        """How far off the clock is, in microseconds."""
        return _microseconds(self.seconds) if self.effect is Effect.SKEW else 0


#: The effects that a call too many brings about, and no call else.
LIMITS: Final = frozenset({Effect.RATE_LIMIT, Effect.QUOTA})


class FaultReport(msgspec.Struct, frozen=True, kw_only=True):
    """A fault, how many calls matched it, and how many it hit. One that hit none never fired."""

    fault: Fault
    matched: int
    fired: int


class InvalidFault(PunchclockError):
    """A fault that can never fire as it is written.

    Attributes:
        field: the field at fault.
        reason: what is wrong with it.
    """

    code = "invalid-fault"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ConnectionDropped(PunchclockError):
    """The connection ends without a response; over HTTP it is closed.

    Attributes:
        effect: the fault's, ``DROP`` or ``TIMEOUT``.
        stored: whether what the call changed was stored before.
    """

    code = "connection-dropped"

    def __init__(self, effect: Effect, *, stored: bool = False) -> None:
        super().__init__("the connection was dropped " + ("after the change was stored" if stored else "at once"))
        self.effect = effect
        self.stored = stored


class _Armed:
    """A fault, and its count."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self.counted: deque[int] = deque()  # the instants of the calls that a limit let pass
        self.locked_until: int | None = None

    def hits(self, vendor: str, operation: str, now: int, chance: random.Random) -> bool:
        """Whether the fault hits this call; it is counted."""
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
        if fault.calls is not None and fault.per_seconds is not None and self._lets_pass(fault.calls, now):
            return False
        self.fired += 1
        return True

    def _lets_pass(self, calls: int, now: int) -> bool:
        """Whether a limit has room for a call at ``now``; then it is taken."""
        if self.locked_until is not None and now < self.locked_until:
            return False
        period = _microseconds(self.fault.per_seconds or 0)
        # What counts is later than this: a rate looks back from now, a quota's period has a fixed beginning.
        begin = now - period if self.fault.effect is Effect.RATE_LIMIT else now - now % period - 1
        counted = self.counted
        while counted and counted[0] <= begin:
            counted.popleft()
        if len(counted) < calls:
            counted.append(now)
            return True
        if self.fault.lock_seconds:
            self.locked_until = now + _microseconds(self.fault.lock_seconds)
        return False

    def report(self) -> FaultReport:
        """The fault and its counts as they are."""
        return FaultReport(fault=self.fault, matched=self.matched, fired=self.fired)


class Faults:
    """The faults of one sandbox. Safe for threads.

    Args:
        seed: what the probabilities are drawn from.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._chance = random.Random(seed)  # noqa: S311 chance that can be had again, not secrecy

    def add(self, fault: Fault) -> Fault:
        """Inject a fault from now on; what is injected, with the vendor's published numbers filled in.

        Raises:
            InvalidFault: a field is out of its bounds, or its effect lacks it; an unknown vendor or operation.
        """
        fault = _checked(fault)
        with self._lock:
            self._armed.append(_Armed(fault))
        return fault

    def clear(self) -> list[FaultReport]:
        """Inject no more; what there was, and whether it ever fired. The chances begin anew."""
        with self._lock:
            reports = [armed.report() for armed in self._armed]
            self._armed = []
            self._chance = random.Random(self._seed)  # noqa: S311 as above
            return reports

    def reports(self) -> list[FaultReport]:
        """The faults that are injected, with their counts."""
        with self._lock:
            return [armed.report() for armed in self._armed]

    def hitting(self, vendor: Any, request: Request, now: int) -> Sequence[Fault]:  # noqa: ANN401 a vendor's module
        """The faults that hit a call at the sandbox's instant ``now``; each is counted."""
        if not self._armed:  # as a rule; then nothing more is looked at
            return ()
        name, operation = vendor.VENDOR.name, operation_of(vendor.VENDOR, request)
        with self._lock:
            return [armed.fault for armed in self._armed if armed.hits(name, operation, now, self._chance)]


def _checked(fault: Fault) -> Fault:
    """A fault that can fire, whoever made it."""
    plain = msgspec.to_builtins(fault)
    try:
        fault = msgspec.convert(plain, Fault)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(plain, Fault)
        raise InvalidFault(path.removeprefix("$."), reason) from None
    if fault.vendor is not None and fault.vendor not in vendors.names():
        raise InvalidFault("vendor", f"no vendor {safe_repr(fault.vendor)}; there are {', '.join(vendors.names())}")
    if fault.operation is not None:
        served = vendors.names() if fault.vendor is None else (fault.vendor,)
        known = [row.name for name in served for row in vendors.load(name).OPERATIONS]
        if fault.operation not in known:
            raise InvalidFault("operation", f"no call {safe_repr(fault.operation)}; there are {', '.join(known)}")
    if fault.effect in LIMITS:
        return _with_numbers(fault)
    if fault.calls is not None or fault.per_seconds is not None:
        raise InvalidFault("calls", f"{fault.effect} is no limit")
    least, most = _SECONDS.get(fault.effect, (-1e9, 1e9))
    if not least <= fault.seconds <= most:
        raise InvalidFault("seconds", f"{fault.effect} takes from {least} to {most} seconds")
    if fault.effect is Effect.SKEW and fault.skew == 0:
        raise InvalidFault("seconds", "a skew of nothing")
    return fault


#: What a client can be made to wait: a latency of nothing is none.
_SECONDS: Final = {Effect.LATENCY: (0.001, 60), Effect.TIMEOUT: (0, 60)}


def published(vendor: str) -> dict[Effect, Limit]:
    """The limits that a vendor publishes, by the effect that stands for each."""
    row = vendors.load(vendor).VENDOR
    limits = {Effect.RATE_LIMIT: row.rate_limit, Effect.QUOTA: row.quota}
    return {effect: limit for effect, limit in limits.items() if limit is not None}


def _with_numbers(fault: Fault) -> Fault:
    """A limit with its numbers: its own, or those that its vendor publishes."""
    limit = None if fault.vendor is None else published(fault.vendor).get(fault.effect)
    if fault.calls is None and fault.per_seconds is None and limit is not None:
        return replace(fault, calls=limit.calls, per_seconds=limit.per_seconds, lock_seconds=limit.lock_seconds)
    if fault.calls is None or fault.per_seconds is None:
        raise InvalidFault("calls", f"{fault.effect} needs calls and per_seconds, or a vendor that publishes them")
    if _microseconds(fault.per_seconds) == 0:
        raise InvalidFault("per_seconds", "shorter than a microsecond")
    return fault


def _microseconds(seconds: float) -> int:
    return round(seconds * _SECOND)
