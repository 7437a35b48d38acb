"""Faults: what goes wrong on purpose, when, and how often. Seeded, so that the same calls fail again.

Which calls a fault hits is decided here; what it does to a call is done by the sandbox (`Sandbox.handle`).
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from punchclock import vendors
from punchclock.errors import PunchclockError

__all__ = ["ConnectionDropped", "Effect", "Fault", "FaultReport", "Faults", "InvalidFault"]

_SECOND: Final = 1_000_000


class Effect(StrEnum):
    """What a fault does to a call that it hits."""

    REJECT = "reject"  # the vendor's refusal, with any status, code and message; nothing is decided
    LATENCY = "latency"  # the reply comes late
    DROP = "drop"  # the connection is dropped before anything is decided
    TIMEOUT = "timeout"  # the change is stored, and the reply never comes
    MALFORMED = "malformed"  # the reply's body breaks off in the middle
    SKEW = "skew"  # the server's clock is off, for this call
    RATE_LIMIT = "rate_limit"  # so many calls in so many seconds; what is more gets the vendor's own answer


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault, and which calls it hits: all that match, unless ``nth`` or ``probability`` says fewer.

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
        seconds: with ``latency``: how late; with ``skew``: how far off, negative for behind.
        calls: with ``rate_limit``: how many calls …
        per_seconds: … in how many seconds of the sandbox's clock.
    """

    effect: Effect
    vendor: str | None = None
    operation: str | None = None
    nth: Annotated[int, Meta(ge=1)] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    status: Annotated[int, Meta(ge=200, le=599)] = 500
    vendor_code: int = 1
    message: str = "Injected fault"
    seconds: Annotated[float, Meta(ge=-1e9, le=1e9)] = 0.0
    calls: Annotated[int, Meta(ge=1)] | None = None
    per_seconds: Annotated[float, Meta(gt=0, le=1e9)] | None = None

    @property
    def skew(self) -> int:
        """How far off the clock is, in microseconds."""
        return round(self.seconds * _SECOND) if self.effect is Effect.SKEW else 0


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
    """The connection ends without a reply; over HTTP it is closed.

    Attributes:
        stored: whether what the call changed was stored before.
    """

    code = "connection-dropped"

    def __init__(self, *, stored: bool) -> None:
        super().__init__("the connection was dropped " + ("after the change was stored" if stored else "at once"))
        self.stored = stored


class _Armed:
    """A fault, and its count."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.matched = 0
        self.fired = 0
        self.window: deque[int] = deque()


class Faults:
    """The faults of one sandbox. Safe for threads.

    Args:
        seed: what the probabilities are drawn from.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._random = random.Random(seed)  # noqa: S311 chance that can be had again, not secrecy

    def add(self, fault: Fault) -> None:
        """Inject a fault from now on.

        Raises:
            InvalidFault: an unknown vendor or operation, or a field that its effect lacks.
        """
        if fault.vendor is not None and fault.vendor not in vendors.names():
            raise InvalidFault("vendor", f"no vendor {fault.vendor!r}; there are {', '.join(vendors.names())}")
        if fault.operation is not None:
            served = vendors.names() if fault.vendor is None else (fault.vendor,)
            known = [row.name for name in served for row in vendors.load(name).OPERATIONS]
            if fault.operation not in known:
                raise InvalidFault("operation", f"no call {fault.operation!r}; there are {', '.join(known)}")
        if fault.effect is Effect.RATE_LIMIT and (fault.calls is None or fault.per_seconds is None):
            raise InvalidFault("calls", "a rate limit needs calls and per_seconds")
        if fault.effect in (Effect.LATENCY, Effect.SKEW) and fault.seconds == 0:
            raise InvalidFault("seconds", f"{fault.effect} needs seconds")
        if fault.effect is Effect.LATENCY and not 0 < fault.seconds <= 60:
            raise InvalidFault("seconds", "a latency is more than 0 and at most 60 seconds")
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> list[FaultReport]:
        """Inject no more; what there was, and whether it ever fired. The chances begin anew."""
        with self._lock:
            reports = self._reports()
            self._armed = []
            self._random = random.Random(self._seed)  # noqa: S311 as above
            return reports

    def reports(self) -> list[FaultReport]:
        """The faults that are injected, with their counts."""
        with self._lock:
            return self._reports()

    def hitting(self, vendor: str, operation: str, now: int) -> Sequence[Fault]:
        """The faults that hit a call at the sandbox's instant ``now``; each is counted."""
        with self._lock:
            return [armed.fault for armed in self._armed if _hits(armed, vendor, operation, now, self._random)]

    def _reports(self) -> list[FaultReport]:
        return [FaultReport(fault=each.fault, matched=each.matched, fired=each.fired) for each in self._armed]


def _hits(armed: _Armed, vendor: str, operation: str, now: int, chance: random.Random) -> bool:
    fault = armed.fault
    if fault.vendor not in (None, vendor) or fault.operation not in (None, operation):
        return False
    armed.matched += 1
    if fault.times is not None and armed.fired >= fault.times:
        return False
    if fault.nth is not None and armed.matched != fault.nth:
        return False
    if fault.probability is not None and chance.random() >= fault.probability:
        return False
    if fault.calls is not None and fault.per_seconds is not None:
        begin = now - round(fault.per_seconds * _SECOND)
        while armed.window and armed.window[0] <= begin:
            armed.window.popleft()
        if len(armed.window) < fault.calls:
            armed.window.append(now)
            return False
    armed.fired += 1
    return True
