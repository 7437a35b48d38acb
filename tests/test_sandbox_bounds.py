"""The bounds of what the sandbox takes, shows and keeps: fields of a fault, its log, and its journal."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import punchclock as pc
from punchclock.sandbox import ConnectionDropped, Effect, Fault, Sandbox
from punchclock.sandbox.control import is_endpoint, openapi
from punchclock.sandbox.faults import InvalidFault
from sandbox_calls import NOON, call, send, stored_timers

LIMIT = {"effect": Effect.RATE_LIMIT, "calls": 1, "per_seconds": 1.0}
REJECT = {"effect": Effect.REJECT}


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


def test_a_number_below_the_first_entry_means_all() -> None:
    """Before the first entry there is nothing to skip, whatever the number."""
    sandbox = Sandbox(clock=NOON)
    for _ in range(3):
        send(sandbox, call("intervals", "list_timers"))
    for after in (0, -1, -2):
        assert [entry.number for entry in sandbox.journal(after)] == [1, 2, 3]


def test_the_server_names_its_time_but_not_its_software() -> None:
    """Every response over HTTP has a ``Date`` in GMT, and none has a ``Server`` header."""
    with Sandbox(clock=NOON).serve() as server:
        for path in ("/healthz", "/timer/", "/_punchclock/clock"):
            response = httpx.get(server.url + path)
            assert response.headers["date"].endswith(" GMT")
            assert "server" not in response.headers


def test_a_parameter_may_have_several_values() -> None:
    """A query that is given as a mapping may have a list of values for a name."""
    status, _, _ = Sandbox(clock=NOON).handle("GET", "/_punchclock/journal", {"after": ["0"]})
    assert status == 200


def test_a_request_that_is_too_large_is_shortened_in_the_journal() -> None:
    """The journal keeps the first 20 characters of a method and the first 200 of a header."""
    sandbox = Sandbox(clock=NOON)
    accept = "application/json;" + "q" * 300
    status, _, _ = sandbox.handle("M" * 30, "/timer/", headers={"accept": accept}, body=b"x" * (1 << 19))
    (entry,) = sandbox.journal()
    assert status == entry.status >= 400
    assert entry.method == "M" * 20
    assert entry.headers["accept"] == accept[:200]


@pytest.mark.parametrize(
    ("fault", "field", "least", "most", "below", "above"),
    [
        (LIMIT, "calls", 1, 1_000_000, 0, 1_000_001),
        (LIMIT, "per_seconds", 1e-6, 1e9, 0, 1e9 + 1),
        (LIMIT, "lock_seconds", 0, 1e9, -1e-6, 1e9 + 1),
        (REJECT, "nth", 1, 1, 0, 0),
        (REJECT, "times", 1, 1, 0, 0),
        (REJECT, "probability", 0, 1, -1e-6, 1.000001),
        (REJECT, "status", 200, 599, 199, 600),
        (REJECT, "message", "", "x" * 1000, "x" * 1001, "x" * 1001),
        (REJECT, "seconds", -1e9, 1e9, -1e9 - 1, 1e9 + 1),
        ({"effect": Effect.SKEW}, "seconds", -1e9, 1e9, -1e9 - 1, 1e9 + 1),
        ({"effect": Effect.LATENCY}, "seconds", 0.001, 60, 0.0009, 60.001),
        ({"effect": Effect.TIMEOUT}, "seconds", 0, 60, -0.001, 60.001),
    ],
)
def test_a_fault_has_bounds(fault: dict[str, Any], field: str, least: Any, most: Any, below: Any, above: Any) -> None:  # noqa: ANN401
    """The least and the greatest value of a field are accepted; one below or above is rejected by name."""
    faults = Sandbox(clock=NOON).faults
    for value in (least, most):
        assert getattr(faults.add(Fault(**fault | {field: value})), field) == value
    for value in (below, above):
        with pytest.raises(InvalidFault) as caught:
            faults.add(Fault(**fault | {field: value}))
        assert caught.value.field == field


def test_only_a_skew_changes_the_clock() -> None:
    """A call that is late, or that another fault hits, is decided at the sandbox's instant, to the microsecond."""
    sandbox = Sandbox(clock=NOON, sleep=lambda _: None)
    for effect in (Effect.LATENCY, Effect.MALFORMED):
        sandbox.faults.add(Fault(effect=effect, seconds=1))
    send(sandbox, call("intervals", "create_timer"))
    (timer,) = stored_timers(sandbox).values()
    assert timer.started_at == pc.instant(NOON)


def test_a_dropped_connection_says_whether_a_change_was_stored() -> None:
    """The error says what became of the change."""
    assert str(ConnectionDropped(Effect.DROP)) == "the connection was dropped at once"
    assert str(ConnectionDropped(Effect.TIMEOUT, stored=True)) == (
        "the connection was dropped after the change was stored"
    )


def test_every_property_of_the_description_is_described() -> None:
    """In the OpenAPI document, each attribute in a docstring describes its property, also of several in one line."""
    schemas = openapi()["components"]["schemas"]
    entry = schemas["JournalEntry"]["properties"]
    for name in ("method", "path", "headers"):
        assert entry[name]["description"] == "of the request, without credentials."
    assert all("description" in each for each in schemas["Fault"]["properties"].values())
