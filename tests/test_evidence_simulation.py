"""The simulation and the models: a store, a handler or a function that is wrong is caught, by a short history.

The evidence is the project's, not the package's: where the built wheel is tested it is absent, and nothing here runs.
"""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from evidence_copies import breaks, broken
from punchclock import Event, vendors
from punchclock.machine import Correction

pytest.importorskip("evidence")

from evidence import clients, model, simulation
from evidence.claims import SHORT, Refuted

pytestmark = pytest.mark.slow

TINY = msgspec.structs.replace(SHORT, simulation_seeds=3, model_examples=12)


#: A transaction that is half kept although it came to grief.
HALF_KEPT = """try:
            decided = decide(transaction)
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
    kinds = {"accepted", "calls", "crashes", "duplicated", "faults", "responses lost", "reordered", "restarts"}
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
        ("store.MemoryStore", "write", "self._account.apply(transaction.changes)", "pass", "stored: "),
        ("store.MemoryStore", "write", "decided = decide(transaction)", HALF_KEPT, "stored: "),
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
        ("intervals", "update_timer", "event = stepped(record, Event.RESUME, since)",
         "event = Change(Event.RESUME, since, record)", "open at|replayed"),
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


#: One mistake each of those that the simulation is there for, made in the way that all vendors take a step.
MISTAKES = {
    "a second is lost": (
        "transition(record.timer, event, at)",
        "msgspec.structs.replace(t := transition(record.timer, event, at), worked=max(0, t.worked - 1_000_000))",
    ),
    "a second is counted twice": (
        "transition(record.timer, event, at)",
        "msgspec.structs.replace(t := transition(record.timer, event, at), worked=t.worked + 1_000_000)",
    ),
    "a second stop is taken": (
        "transition(record.timer, event, at)",
        "record.timer if record.timer.state == 'stopped' else transition(record.timer, event, at)",
    ),
    "a clock that is behind traps the timer": ("not_before(record.timer, at)", "at"),
    "it breaks down": ("transition(record.timer, event, at)", "{}[event]"),
}


def cut_down(seeds: int = 12, steps: int = 400, *, database: bool = False) -> list[simulation.Step]:
    """The first history that fails, as short as it can be."""
    for seed in range(1, seeds):
        history = simulation.history_of(seed, steps)
        if fails(history, database=database):
            return simulation.shortest(history, database=database)
    pytest.fail("nothing was caught")


def fails(history: list[simulation.Step], *, database: bool = False) -> bool:
    """Whether a history fails, over a store of its own."""
    return simulation.failure(history, database=database) is not None


def no_step_too_many(history: list[simulation.Step], *, database: bool = False) -> bool:
    """Whether it fails, and would not without any one of its steps."""
    without = (history[:place] + history[place + 1 :] for place in range(len(history)))
    return fails(history, database=database) and not any(fails(each, database=database) for each in without)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_caught_is_told_by_the_shortest_history(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four hundred steps no more are left than it takes to ask for two or three things and to have them done."""
    calls = import_module("punchclock.vendors.calls")
    copy = broken(calls.stepped, *MISTAKES[mistake])
    for vendor in vendors.names():
        monkeypatch.setattr(import_module(f"punchclock.vendors.{vendor}.handlers"), "stepped", copy)
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 6


def test_a_retried_start_that_makes_two_timers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the rule is not kept that one timer runs, one request that is delivered twice is all it takes."""
    for vendor in ("worksection", "zoho", "timetrack"):
        monkeypatch.setattr(import_module(f"punchclock.vendors.{vendor}.handlers"), "none_running", lambda *_: None)
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 4


def test_a_retried_start_that_makes_two_timers_of_one_task_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same where the rule is that there is one timer for a task, whatever it does."""
    monkeypatch.setattr(import_module("punchclock.vendors.intervals.handlers"), "one_per_task", lambda *_: None)
    history = cut_down()
    assert no_step_too_many(history)
    assert len(history) <= 4


@pytest.mark.parametrize(
    ("module", "owner", "name", "old", "new"),
    [
        ("sql", "_Shared", "keep", "last.removes else", "last.removes or last.action == 'pause' else"),
        ("sql", "_rolled_back", "", "ROLLBACK", "COMMIT"),
        ("sql", "SqlStore", "_transaction", '"COMMIT"', '"ROLLBACK"'),
    ],
    ids=["a pause is a discard", "a transaction that is broken off is kept", "nothing is kept"],
)
def test_what_goes_wrong_in_a_database_alone_is_cut_down_there(
    module: str, owner: str, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that keeps something else is caught, by a history that holds in memory."""
    home = import_module(f"punchclock.sandbox.{module}")
    breaks(monkeypatch, getattr(home, owner) if name else home, name or owner, old, new)
    history = cut_down(60, 60, database=True)
    assert no_step_too_many(history, database=True)
    assert not fails(history)
    assert len(history) <= 6


def test_a_seed_is_replayed_by_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What holds is told with its size; what fails with its history and the command, and the status says so."""
    assert simulation.main(["3"]) == 0
    assert capsys.readouterr().out.startswith("seed 3 holds: 1 seeds, 400 steps, ")
    store = import_module("punchclock.sandbox.store").MemoryStore
    breaks(monkeypatch, store, "write", "self._account.apply(transaction.changes)", "pass")
    assert simulation.main(["3"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("seed 3 (`python -m evidence.simulation 3`): step ")
    assert "; the shortest history: Ask(" in said


def test_models_hold() -> None:
    """Some runs of either machine go through."""
    for claim in model.CLAIMS:
        assert "runs" in claim.check(TINY)


def test_a_model_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that is off by a microsecond, in the functions alone, sets them apart from all the others."""
    breaks(monkeypatch, model, "transition", "return Timer(target, now, now, 0)", "return Timer(target, now, now, 1)")
    with pytest.raises(Refuted, match="the model"):
        model.run(model.Machines, 30)


def test_a_store_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A database that discards nothing is set apart from the account, by a start and a discard."""
    sql = import_module("punchclock.sandbox.sql")
    breaks(monkeypatch, sql._Shared, "keep", "None if last.removes else", "")  # noqa: SLF001
    monkeypatch.setattr(model.Vendors, "folder", tmp_path, raising=False)
    monkeypatch.setattr(model.Vendors, "store", model.opened(tmp_path), raising=False)
    machine = model.Vendors()
    machine.open()
    machine.happen(event=Event.START, by=0)
    machine.all_are_one()
    (worksection,) = (client for client in clients.every() if client.name == "worksection")
    (discard,) = (move for move in worksection.dialect.bindings if move.action is Correction.DISCARD)
    machine.correct(move=(worksection, discard))
    with pytest.raises(Refuted, match="worksection: the store SQLite has"):
        machine.all_are_one()
    machine.store.close()


def test_a_saved_form_that_differs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not read as it was written is noticed."""
    idle = '{"version":1,"state":"idle","started_at":0,"since":0,"worked":0}'
    monkeypatch.setattr(model, "dumps", lambda _: idle)
    with pytest.raises(Refuted, match="saved and read"):
        model.run(model.Machines, 30)
