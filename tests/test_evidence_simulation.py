"""The simulation and the models: a store, a handler or a function that is wrong is caught, by a short history.

The evidence is the project's, not the package's: where the built wheel is tested it is absent, and nothing here runs.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module

import msgspec
import pytest

from evidence_copies import breaks, broken
from punchclock import vendors

pytest.importorskip("evidence")

from evidence import model, simulation
from evidence.claims import SHORT, Refuted

TINY = msgspec.structs.replace(SHORT, simulation_seeds=3, model_examples=12)


#: A transaction that is half kept although it came to grief.
HALF_KEPT = """try:
            yield transaction
        except Exception:
            self._account.apply(transaction.changes)
            raise"""


def caught(seeds: int = 12) -> str:
    """What the simulation says of the first seed that fails."""
    with pytest.raises(Refuted) as refuted:
        simulation.seeds(1, seeds)
    return str(refuted.value)


def test_the_simulation_holds() -> None:
    """Some seeds go through, in memory and over a database, and their figures are told."""
    for claim in simulation.CLAIMS:
        assert "simulated years" in claim.check(TINY)


def test_what_goes_wrong_does_happen() -> None:
    """Over some seeds there is every kind of mishap, and yet calls that are accepted."""
    happened: Counter[str] = Counter()
    for seed in range(10):
        happened += simulation.simulated(simulation.history_of(seed)).happened
    kinds = {"accepted", "calls", "crashes", "duplicated", "faults", "replies lost", "reordered", "restarts"}
    assert {kind for kind, count in happened.items() if count > 3} == kinds


def test_a_seed_replays_exactly() -> None:
    """Of one seed there is one history, and it leaves one journal."""
    runs = [simulation.simulated(simulation.history_of(7)) for _ in range(2)]
    one, other = (list(run.backend.journal()) for run in runs)
    assert one == other
    assert simulation.history_of(7) != simulation.history_of(8)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new", "said"),
    [
        ("store.MemoryStore", "writing", "self._account.apply(transaction.changes)", "pass", "stored: "),
        ("store.MemoryStore", "writing", "yield transaction", HALF_KEPT, "stored: "),
        ("backend.Backend", "_decided", "transaction.apply(outcome.changes)", "pass", "stored: "),
        ("backend.Backend", "_decided", "transaction.append(", "print('' and ", "answered 20.*and nothing is stored"),
    ],
    ids=["a commit that keeps nothing", "a crash that keeps half", "a backend that stores nothing", "no journal"],
)  # fmt: skip
def test_a_wrong_store_is_caught(
    owner: str, name: str, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store, or its caller, that loses or invents something is caught, and the history that shows it is short."""
    module, _, kind = owner.partition(".")
    breaks(monkeypatch, getattr(import_module(f"punchclock.sandbox.{module}"), kind), name, old, new)
    message = caught()
    assert re.search(said, message)
    assert message.count("Ask(") <= 2
    assert message.count("Deliver(") <= 2


@pytest.mark.parametrize(
    ("vendor", "operation", "old", "new", "said"),
    [
        ("worksection", "start_my_timer", "none_running(", "print('' and ", "timers that count"),
        ("zoho", "start_timer", "none_running(", "print('' and ", "timers that count"),
        ("zoho", "pause_timer", "(change,)", "()", "nothing is stored"),
        ("timetrack", "start_project_timer", "none_running(", "print('' and ", "timers that count"),
        ("intervals", "update_timer", "changes.append(stepped(record, Event.RESUME, since))",
         "changes.append(Change(Event.RESUME, since, record))", "open at|replayed"),
    ],
)  # fmt: skip
def test_a_wrong_handler_is_caught(
    vendor: str, operation: str, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor's rule that is not kept is caught, whoever else behaves."""
    handlers = import_module(f"punchclock.vendors.{vendor}.handlers")
    calls = import_module(f"punchclock.vendors.{vendor}.calls")
    copy = broken(getattr(handlers, operation), old, new)
    rows = tuple(
        msgspec.structs.replace(row, handler=copy) if row.name == operation else row for row in calls.OPERATIONS
    )
    monkeypatch.setattr(calls, "VENDOR", msgspec.structs.replace(calls.VENDOR, operations=rows))
    assert re.search(said, caught())


def test_a_clock_that_is_not_clamped_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that counts at another instant than it says is caught by the ledger."""
    calls = import_module("punchclock.vendors.calls")
    copy = broken(calls.stepped, "Change(event, at,", "Change(event, at + 1,")
    for vendor in vendors.names():
        monkeypatch.setattr(import_module(f"punchclock.vendors.{vendor}.handlers"), "stepped", copy)
    assert re.search("the ledger has|replayed", caught())


def test_models_hold() -> None:
    """Some runs of either machine go through."""
    for claim in model.CLAIMS:
        assert "runs" in claim.check(TINY)


def test_a_model_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is off by a microsecond, in the functions alone, sets them apart from all the others."""
    breaks(monkeypatch, model, "transition", "return Timer(target, now, now, 0)", "return Timer(target, now, now, 1)")
    with pytest.raises(Refuted, match="the model"):
        model.run(model.Machines, 30)


def test_a_saved_form_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not read as it was written is noticed."""
    idle = '{"version":1,"state":"idle","started_at":0,"since":0,"worked":0}'
    monkeypatch.setattr(model, "dumps", lambda _: idle)
    with pytest.raises(Refuted, match="saved and read"):
        model.run(model.Machines, 30)
