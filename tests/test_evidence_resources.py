"""Resources: the claims about descriptors and threads are refuted if a bound or a deadline of the server is missing.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import re

import msgspec
import pytest

pytest.importorskip("evidence")

from evidence import resources
from evidence.claims import SHORT, Refuted

pytestmark = pytest.mark.slow

#: A mistake in the server, and how the claim about descriptors is refuted.
MISTAKES = {
    "connections.HEAD_TIMEOUT = 1e9": r"descriptors are open after 8 s|health check gets",
    "connections.WRITE_TIMEOUT = 1e9": "descriptors are open after 8 s",
    "server.BODY_TIMEOUT = 1e9": "descriptors are open after 8 s",
    "connections.most_connections = lambda: 1 << 20": r"\d+ of 128 descriptors are used",
    "connections.Server._report = lambda self, *message: connections._log.warning(*message)": "the log has",
    "connections.IDLE_TIMEOUT = 1e9": "descriptors are open after 8 s",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for eight seconds only."""
    monkeypatch.setattr(resources, "_PATIENCE", 8.0)


@pytest.mark.parametrize("planted", MISTAKES)
def test_a_missing_bound_is_found(planted: str) -> None:
    """Without one of its bounds, the server keeps descriptors, uses too many, or fills the log."""
    with pytest.raises(Refuted, match=MISTAKES[planted]):
        resources.no_descriptor_left(SHORT, planted)


def test_a_traceback_without_threads_is_found() -> None:
    """If the lack of a thread is an error like any other, calls get 500 and the log has tracebacks."""
    planted = "server._failed = None"
    with pytest.raises(Refuted, match=r"without threads, calls get \[500\]|the log has"):
        resources.no_thread_left(SHORT, planted)


def test_a_server_that_does_not_start_is_found() -> None:
    """A server that ends at once is reported with its error."""
    with pytest.raises(Refuted, match=r"does not start: .*planted"):
        resources.no_thread_left(SHORT, "raise SystemExit('planted')")


def test_the_claims_hold() -> None:
    """The server as it is keeps its bounds, in each of several attacks."""
    budget = msgspec.structs.replace(SHORT, attack_rounds=2)
    found = re.match(r"(\d+) connections in 5 ways .* at most (\d+) used", resources.no_descriptor_left(budget))
    assert found is not None
    assert int(found[1]) == 2 * 5 * resources.EACH
    assert resources.LIMIT / 2 < int(found[2]) <= resources.LIMIT - resources.SPARE
    assert re.match(r"160 calls at once to a server without threads: ", resources.no_thread_left(budget))
