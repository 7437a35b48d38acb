"""The comparison in constant time alone decides whether a credential or a signature is accepted, for every vendor."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from punchclock import vendors
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import Request
from punchclock.vendors.worksection import Signature
from punchclock.workspaces import demo_workspace

NOW = 1_772_452_800_000_000

#: Vendors with tokens: the name, an operation, its parameters.
READS: dict[str, tuple[str, msgspec.Struct]] = {
    "intervals": ("list_timers", intervals.ListTimers()),
    "worksection": ("get_my_timer", worksection.GetMyTimer()),
    "zoho": ("get_running_timer", zoho.GetRunningTimer()),
}


def accepted(vendor: str, request: Request) -> bool:
    """Whether the demo account accepts the credentials of a request."""
    result = vendors.load(vendor).handle(request, MemoryAccount(demo_workspace()), NOW)
    return result.rejection is None


def read(vendor: str, **credentials: Any) -> Request:  # noqa: ANN401 - a vendor's own credentials
    """A request that reads a timer."""
    operation, parameters = READS[vendor]
    request: Request = vendors.load(vendor).request(operation, parameters, **credentials)
    return request


def signed(signature: Signature, at: int = NOW) -> Request:
    """A call to Worksection's admin API."""
    key = "worksection-admin-key"
    return worksection.request("get_timers", worksection.GetTimers(), key=key, signature=signature, at=at)


def attendance(key: str, secret: str) -> Request:
    """A call to TimeTrack that stops an attendance timer which does not run."""
    stop = timetrack.StopAttendanceTimer(date="2026-03-02T12:00:00Z", username="test")
    return timetrack.request("stop_attendance_timer", stop, key=key, secret=secret)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """The pairs that `hmac.compare_digest` compares from now on."""
    pairs: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def recorded(given: bytes, expected: bytes) -> bool:
        pairs.append((given, expected))
        return compare(given, expected)

    monkeypatch.setattr(hmac, "compare_digest", recorded)
    return pairs


@pytest.mark.parametrize("vendor", READS)
def test_a_token_is_compared_with_every_token(vendor: str, compared: list[tuple[bytes, bytes]]) -> None:
    """The comparisons are the same for the first token, the last one and an unknown one."""
    tokens = [*demo_workspace().credential(vendor).tokens]
    for given, expected in ((tokens[0], True), (tokens[-1], True), (f"{vendor}-token-0", False)):
        compared.clear()
        assert accepted(vendor, read(vendor, token=given)) is expected
        assert compared == [(given.encode(), token.encode()) for token in tokens]


def test_the_key_and_the_secret_are_both_compared(compared: list[tuple[bytes, bytes]]) -> None:
    """A wrong key doesn't spare the comparison of the secret."""
    vendor = vendors.load("timetrack")
    codes = []
    for key, secret in (("timetrack-key", "timetrack-secret"), ("x", "timetrack-secret"), ("timetrack-key", "x")):
        compared.clear()
        result = vendor.handle(attendance(key, secret), MemoryAccount(demo_workspace()), NOW)
        assert result.rejection is not None
        codes.append(result.rejection.status)
        assert compared == [(key.encode(), b"timetrack-key"), (secret.encode(), b"timetrack-secret")]
    assert codes[0] != codes[1] == codes[2]


@pytest.mark.parametrize(
    "call",
    [
        *(lambda vendor=vendor: (vendor, read(vendor, token=f"{vendor}-token-1")) for vendor in READS),
        *(lambda signature=signature: ("worksection", signed(signature)) for signature in Signature),
    ],
)
def test_nothing_else_decides(call: Callable[[], tuple[str, Request]], monkeypatch: pytest.MonkeyPatch) -> None:
    """If the comparison finds every pair different, valid credentials are rejected."""
    vendor, request = call()
    assert accepted(vendor, request)
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: False)
    assert not accepted(vendor, request)


def test_a_signature_of_time_0_is_checked() -> None:
    """A signature made at the Unix time 0 is accepted if its digest is right, and rejected if it is not."""
    right = signed(Signature.HEADER, at=0)
    assert right.headers["authorization"].startswith("Admin 0_")
    assert accepted("worksection", right)
    for wrong in ("Admin 0_", "Admin 0", f"Admin 0_{64 * '0'}", signed(Signature.HEADER).headers["authorization"][:-1]):
        assert not accepted("worksection", msgspec.structs.replace(right, headers={"authorization": wrong}))
