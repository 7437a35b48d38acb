"""The simulation and the models: they catch a wrong store, handler or function, with a short history.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from evidence_copies import breaks, breaks_handler, broken
from punchclock import Event, vendors
from punchclock.machine import Correction

pytest.importorskip("evidence")

from evidence import clients, model, simulation
from evidence.claims import SHORT, Refuted

pytestmark = pytest.mark.slow

TINY = msgspec.structs.replace(SHORT, simulation_seeds=3, model_examples=12)


#: A transaction that is half stored although it failed.
HALF_KEPT = """try:
            yield transaction
        except Exception:
            self._account.apply(transaction.changes)
            raise"""


def caught(seeds: int = 12) -> str:
    """Return the message of the first seed that fails."""
    with pytest.raises(Refuted) as refuted:
        simulation.seeds(1, seeds)
    return str(refuted.value)


def test_the_simulation_holds() -> None:
    """Some seeds hold, in memory and with a database, and their counts are reported."""
    for claim in simulation.CLAIMS:
        assert "simulated years" in claim.check(TINY)


def test_every_kind_of_failure_occurs() -> None:
    """Within a few seeds every kind of failure occurs, and calls are accepted too."""
    happened: Counter[str] = Counter()
    for seed in range(10):
        happened += simulation.simulated(simulation.history_of(seed)).happened
    kinds = {"accepted", "calls", "crashes", "duplicated", "faults", "responses lost", "reordered", "restarts"}
    assert {kind for kind, count in happened.items() if count > 3} == kinds


def test_a_seed_replays_exactly() -> None:
    """A seed always gives the same history and the same journal."""
    runs = [simulation.simulated(simulation.history_of(7)) for _ in range(2)]
    one, other = (list(run.backend.journal()) for run in runs)
    assert one == other
    assert simulation.history_of(7) != simulation.history_of(8)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new", "said"),
    [
        ("store.MemoryStore", "transaction", "self._account.apply(transaction.changes)", "pass", "stored: "),
        ("store.MemoryStore", "transaction", "yield transaction", HALF_KEPT, "stored: "),
        ("backend.Backend", "_decide", "transaction.changes.extend(result.changes)", "pass", "stored: "),
        ("backend.Backend", "_decide", "transaction.entries.append(", "str(", "answered 20.*but nothing is stored"),
    ],
    ids=["a commit stores nothing", "a crash stores half", "a backend stores nothing", "no journal"],
)  # fmt: skip
def test_a_wrong_store_is_caught(
    owner: str, name: str, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store or backend that loses or invents something is caught, by a short history."""
    module, _, kind = owner.partition(".")
    breaks(monkeypatch, getattr(import_module(f"punchclock.sandbox.{module}"), kind), name, old, new)
    message = caught()
    assert re.search(said, message)
    assert message.count("Ask(") <= 2
    assert message.count("Deliver(") <= 2


@pytest.mark.parametrize(
    ("vendor", "operation", "old", "new", "said"),
    [
        ("worksection", "start_my_timer", "require_none_running(", "print('' and ", "running timers, by person"),
        ("zoho", "start_timer", "require_none_running(", "print('' and ", "running timers, by person"),
        ("zoho", "pause_timer", "(change,)", "()", "nothing is stored"),
        ("timetrack", "start_project_timer", "require_none_running(", "print('' and ", "running timers, by person"),
        ("intervals", "update_timer", "event = apply_event(record, Event.RESUME, since)",
         "event = Change(Event.RESUME, since, record)", "is inconsistent"),
    ],
)  # fmt: skip
def test_a_wrong_handler_is_caught(
    vendor: str, operation: str, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor's rule that its handler breaks is caught."""
    breaks_handler(monkeypatch, vendor, operation, old, new)
    assert re.search(said, caught())


def test_a_clock_that_is_not_clamped_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store rejects an event that counts at another instant than it claims."""
    operations = import_module("punchclock.vendors.operations")
    copy = broken(operations.apply_event, "Change(event, at,", "Change(event, at + 1,")
    for vendor in vendors.names():
        monkeypatch.setattr(import_module(f"punchclock.vendors.{vendor}.handlers"), "apply_event", copy)
    assert re.search("is inconsistent", caught())


#: One mistake of each kind that the simulation is for, made in the function that applies every vendor's events.
MISTAKES = {
    "a second is lost": (
        "transition(record.timer, event, at)",
        "msgspec.structs.replace(t := transition(record.timer, event, at), worked=max(0, t.worked - 1_000_000))",
    ),
    "a second is counted twice": (
        "transition(record.timer, event, at)",
        "msgspec.structs.replace(t := transition(record.timer, event, at), worked=t.worked + 1_000_000)",
    ),
    "a second stop is accepted": (
        "transition(record.timer, event, at)",
        "record.timer if record.timer.state == 'stopped' else transition(record.timer, event, at)",
    ),
    "a late clock traps the timer": ("not_before(record.timer, at)", "at"),
    "it crashes": ("transition(record.timer, event, at)", "{}[event]"),
}


def cut_down(seeds: int = 12, steps: int = 400, *, database: bool = False) -> list[simulation.Step]:
    """Return the shortest form of the first history that fails."""
    for seed in range(1, seeds):
        history = simulation.history_of(seed, steps)
        if fails(history, database=database):
            return simulation.shortest(history, database=database)
    pytest.fail("nothing was caught")


def fails(history: list[simulation.Step], *, database: bool = False) -> bool:
    """Return whether a history fails, with a store of its own."""
    return simulation.failure(history, database=database) is not None


def no_step_too_many(history: list[simulation.Step], *, database: bool = False) -> bool:
    """Return whether a history fails, and holds without any one of its steps."""
    without = (history[:place] + history[place + 1 :] for place in range(len(history)))
    return fails(history, database=database) and not any(fails(each, database=database) for each in without)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_with_the_shortest_history(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four hundred steps are reduced to two or three requests and their deliveries."""
    operations = import_module("punchclock.vendors.operations")
    copy = broken(operations.apply_event, *MISTAKES[mistake])
    for vendor in vendors.names():
        monkeypatch.setattr(import_module(f"punchclock.vendors.{vendor}.handlers"), "apply_event", copy)
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 6


def test_a_retried_start_that_makes_two_timers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the rule that one timer runs, one request that is delivered twice is enough to fail."""
    for vendor in ("worksection", "zoho", "timetrack"):
        monkeypatch.setattr(
            import_module(f"punchclock.vendors.{vendor}.handlers"), "require_none_running", lambda *_: None
        )
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 4


def test_a_retried_start_that_makes_two_timers_of_one_task_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the rule that a person has one timer for a task."""
    monkeypatch.setattr(import_module("punchclock.vendors.intervals.handlers"), "require_one_per_task", lambda *_: None)
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 4


@pytest.mark.parametrize(
    ("module", "owner", "name", "old", "new"),
    [
        (
            "tables",
            "SqlAccount",
            "write",
            "if change.action is Correction.DISCARD:",
            "if change.action in ('discard', 'pause'):",
        ),
        ("sql", "SqlStore", "_begin", '"ROLLBACK"', '"COMMIT"'),
        ("sql", "SqlStore", "_begin", '"COMMIT"', '"ROLLBACK"'),
    ],
    ids=["a pause is a discard", "a failed transaction is stored", "nothing is stored"],
)
def test_a_mistake_in_a_database_is_reduced_there(
    module: str, owner: str, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that stores something else is caught, by a history that holds in memory."""
    home = import_module(f"punchclock.sandbox.{module}")
    breaks(monkeypatch, getattr(home, owner) if name else home, name or owner, old, new)
    history = cut_down(60, 60, database=True)
    assert no_step_too_many(history, database=True)
    assert not fails(history)
    assert len(history) <= 6


def test_a_seed_is_replayed_by_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints the counts of a seed that holds, or the shortest history of one that fails."""
    assert simulation.main(["3"]) == 0
    assert capsys.readouterr().out.startswith("seed 3 holds: 1 seeds, 400 steps, ")
    store = import_module("punchclock.sandbox.store").MemoryStore
    breaks(monkeypatch, store, "transaction", "self._account.apply(transaction.changes)", "pass")
    assert simulation.main(["3"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("seed 3 (`PYTHONPATH=tests python -m evidence.simulation 3`): step ")
    assert "; the shortest history: Ask(" in printed


def test_models_hold() -> None:
    """Some runs of both machines hold."""
    for claim in model.CLAIMS:
        assert "runs" in claim.check(TINY)


def test_a_model_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is off by a microsecond, in the functions alone, is noticed."""
    breaks(monkeypatch, model, "transition", "return Timer(target, now, now, 0)", "return Timer(target, now, now, 1)")
    with pytest.raises(Refuted, match="the model"):
        model.run(model.Machines, 30)


def test_a_store_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database that discards nothing is noticed after a start and a discard."""
    tables = import_module("punchclock.sandbox.tables")
    breaks(monkeypatch, tables.SqlAccount, "write", "if change.action is Correction.DISCARD:", "if False:")
    monkeypatch.setattr(model.Vendors, "folder", tmp_path, raising=False)
    monkeypatch.setattr(model.Vendors, "store", model.opened(tmp_path), raising=False)
    machine = model.Vendors()
    machine.open()
    machine.happen(event=Event.START, by=0)
    machine.all_agree()
    (worksection,) = (client for client in clients.every() if client.name == "worksection")
    bindings = worksection.vendor.dialect.bindings
    (discard,) = (binding for binding in bindings if binding.action is Correction.DISCARD)
    machine.correct(corrected=(worksection, discard))
    with pytest.raises(Refuted, match="worksection: the store SQLite has"):
        machine.all_agree()
    machine.store.close()


def test_a_saved_form_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved form that reads as another timer is noticed."""
    idle = '{"version":1,"state":"idle","started_at":0,"since":0,"worked":0}'
    monkeypatch.setattr(model, "dumps", lambda _: idle)
    with pytest.raises(Refuted, match="saved and read"):
        model.run(model.Machines, 30)
