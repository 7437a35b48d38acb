"""The bounds of what the sandbox shows and keeps: its log, its journal and the number of a journal entry."""

from __future__ import annotations

import pytest

from punchclock.sandbox import Sandbox
from punchclock.sandbox.control import is_endpoint
from sandbox_calls import NOON


def test_only_documented_paths_are_endpoints() -> None:
    """A path of the control plane without a call there, which may contain a credential, is not an endpoint."""
    assert is_endpoint("/_punchclock/clock")
    assert is_endpoint("/_punchclock/journal/events/")
    assert not is_endpoint("/_punchclock/zoho-token-1")
    assert not is_endpoint("/_punchclock/clock/zoho-token-1")


@pytest.mark.parametrize(
    ("after", "status"),
    [("0", 200), ("9" * 18, 200), ("9" * 19, 400), ("9" * 20, 400), ("-1", 400), ("1.5", 400), ("²", 400)],
)
def test_the_number_of_an_entry_fits_a_database(after: str, status: int) -> None:
    """``after`` has at most 18 digits, so that it fits the 64 bits of every database."""
    assert Sandbox(clock=NOON).handle("GET", "/_punchclock/journal", f"after={after}")[0] == status


def test_a_request_that_is_too_large_is_shortened_in_the_journal() -> None:
    """The journal keeps the first 20 characters of a method and the first 200 of a header."""
    sandbox = Sandbox(clock=NOON)
    accept = "application/json;" + "q" * 300
    status, _, _ = sandbox.handle("M" * 30, "/timer/", headers={"accept": accept}, body=b"x" * (1 << 19))
    (entry,) = sandbox.journal()
    assert status == entry.status >= 400
    assert entry.method == "M" * 20
    assert entry.headers["accept"] == accept[:200]
