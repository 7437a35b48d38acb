"""Model against machine: one model, and all that claim to be the same machine, driven by the same random commands.

The model is `punchclock.transition`, which proof.py and exhaustion.py have dealt with. Beside it go the chart of
python-statemachine, the columns, the book of an event log and the saved form; and, in the second machine, each
vendor's ``handle`` with an account in memory, and the sandbox over its stores. After every command all of them are in
the same state. Hypothesis draws the commands, and shrinks what fails to the shortest.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
import pyarrow as pa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from evidence.claims import Budget, Claim, Refuted
from evidence.clients import MORNING, Client, every, held_to_the_table
from punchclock import columns
from punchclock.chart import TimerMachine
from punchclock.errors import PunchclockError
from punchclock.eventlog import Entry, Labels, TimerLog, format_line, parse_line
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.clock import Clock
from punchclock.sandbox.sql import SqlStore
from punchclock.serialization import dumps, loads
from punchclock.timer import IDLE, Timer, amend, break_at, elapsed_at, not_before, start, transition, worked_at
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.dialect import Binding
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.worksection import WorksectionTimer
from punchclock.workspaces import demo_workspace

__all__ = ["CLAIMS", "Machines", "Vendors", "run"]

_SECOND: Final = 1_000_000
_FIELDS: Final = ("state", "started_at", "since", "worked")

events = st.sampled_from(Event)
#: How far the clock moves between two commands, in microseconds: often nowhere, at times back.
moves = st.just(0) | st.integers(-3, 3) | st.integers(-5 * _SECOND, 5 * _SECOND) | st.integers(0, 1500 * _SECOND)


def _require(what: str, condition: object) -> None:
    if not condition:
        raise Refuted(what)


class Machines(RuleBasedStateMachine):
    """The model, the chart, the columns (step by step, and the whole log at once), the book, and the saved form."""

    tried: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.tried["runs"] += 1
        self.now = MORNING
        self.model = IDLE
        self.chart = TimerMachine()
        self.table = _table(IDLE)
        self.log: list[tuple[Event, int]] = []
        self.carried = IDLE
        self.error_codes: list[str] = []
        self.book = TimerLog()

    @rule(event=events, by=moves)
    def happen(self, event: Event, by: int) -> None:
        """One event, legal or not, at an instant that may be early."""
        self.tried["events"] += 1
        self.now += by
        rejection = ""
        try:
            self.model = transition(self.model, event, self.now)
        except PunchclockError as error:
            rejection = error.code
        try:
            self.chart.send(event.value, now=self.now)
            _require("the chart takes what the model rejects", not rejection)
        except PunchclockError as error:
            _require(f"the chart rejects for {error.code}, the model for {rejection}", error.code == rejection)
        moved = columns.transition(self.table, event, self.now)
        said = moved.rejected["reason"].to_pylist()
        _require(
            f"the columns reject for {said}, the model for {rejection}", said == ([rejection] if rejection else [])
        )
        self.table = moved.timers
        self.log.append((event, self.now))
        self.error_codes += [rejection] if rejection else []
        self._write(Entry("T", event, self.now, Labels()), rejection)

    @rule(worked=st.integers(-1, 3) | st.integers(0, 10_000 * _SECOND), by=moves)
    def correct(self, worked: int, by: int) -> None:
        """An amendment, which the chart and the columns take up from the record."""
        self.now += by
        self.tried["amendments"] += 1
        rejection = ""
        try:
            self.model = amend(self.model, worked=worked, since=self.now)
        except PunchclockError as error:
            rejection = error.code
        self.chart = TimerMachine(self.model)
        self.table = _table(self.model)
        self.log, self.error_codes, self.carried = [], [], self.model
        if worked >= 0 and self.model.state is not State.IDLE:
            self._write(Entry("T", Correction.AMEND, self.now, Labels(), worked, self.now), rejection)

    def _write(self, entry: Entry, rejection: str) -> None:
        """A line of a log, written, read, and applied."""
        read = parse_line(format_line(entry))
        try:
            self.book.apply(read)
            _require("the book takes what the model rejects", not rejection)
        except PunchclockError as error:
            _require(f"the book rejects for {error.code}, the model for {rejection}", error.code == rejection)

    @rule(by=moves)
    def read(self, by: int) -> None:
        """All readings, now or later or too early."""
        self.tried["readings"] += 1
        at = self.now + by
        for ours, theirs in (
            (worked_at, columns.worked_at),
            (break_at, columns.break_at),
            (elapsed_at, columns.elapsed_at),
            (not_before, columns.not_before),
        ):
            expected, found = _answer(ours, self.model, at), _answer(theirs, self.table, at)
            _require(f"{ours.__name__}: the columns read {found}, the model {expected}", found == expected)

    @invariant()
    def all_are_one(self) -> None:
        """The same four fields everywhere."""
        model = self.model
        _require(f"the chart is at {self.chart.timer}, the model at {model}", self.chart.timer == model)
        _require(f"{self.chart.configuration} is not {model.state}", self.chart.current_state_value is model.state)
        _require(f"the columns are at {self.table}, the model at {model}", _timer(self.table) == model)
        record = self.book.records.get("T")
        _require(f"the book is at {record}, the model at {model}", (record.timer if record else IDLE) == model)
        _require(f"saved and read {model} is another", loads(dumps(model)) == model)

    @invariant()
    def the_whole_log_at_once_is_the_same(self) -> None:
        """The columns' replay of everything since the last amendment, and what it rejects."""
        names, instants = [event.value for event, _ in self.log], [at for _, at in self.log]
        log = pa.table(
            {
                "timer": pa.array([1] * len(self.log), pa.int64()),
                "event": pa.array(names, pa.string()),
                "at": pa.array(instants, pa.int64()),
            }
        )
        replayed = columns.replay(log, _table(self.carried))
        _require(f"replayed at once it is {replayed.timers}", _timer(replayed.timers) == self.model)
        _require("other rows are rejected", replayed.rejected["reason"].to_pylist() == self.error_codes)


def _answer(reading: Any, timers: Any, at: int) -> object:  # noqa: ANN401 - ours or the columns'
    try:
        found = reading(timers, at)
    except PunchclockError as error:
        return error.code
    return int(found if isinstance(found, int) else found[0])


def _table(timer: Timer) -> pa.Table:
    values = (timer.state.value, timer.started_at, timer.since, timer.worked)
    return pa.table({"timer": [1], **{name: [value] for name, value in zip(_FIELDS, values, strict=True)}})


def _timer(table: pa.Table) -> Timer:
    state, *numbers = (table[name].cast(pa.string() if name == "state" else pa.int64())[0].as_py() for name in _FIELDS)
    return Timer(State(state), *numbers)


class Vendors(RuleBasedStateMachine):
    """Every vendor with what its calls can do: the model, its ``handle``, and the sandbox over each of its stores."""

    tried: ClassVar[Counter[str]] = Counter()
    folder: ClassVar[Path]
    store: ClassVar[SqlStore]

    @initialize()
    def open(self) -> None:
        """Accounts without timers, at four vendors."""
        self.tried["runs"] += 1
        self.workspace = demo_workspace()
        self.clock = Clock(MORNING)
        self.account = MemoryAccount(self.workspace)
        self.backends = {
            "memory": Backend(self.workspace, clock=self.clock),
            "SQLite": Backend(self.workspace, clock=self.clock, store=self.store),
        }
        self.backends["SQLite"].reset()
        self.person = self.workspace.people["3"]
        self.now = MORNING
        self.models: dict[tuple[str, type[VendorTimer]], list[Timer]] = {
            (client.name, asked.of): [] for client in every() for asked in client.moves.values()
        }

    @rule(event=events, by=moves)
    def happen(self, event: Event, by: int) -> None:
        """The event at every vendor that has it, on the person's latest timer of each kind."""
        self.now = max(MORNING, self.now + by - by % _SECOND)  # Intervals writes seconds; the dialects floor the rest
        for client in every():
            for move in client.dialect.bindings:
                if move.action is event and not (
                    client.name == "intervals" and "create" in move.operation and move.flag
                ):
                    self._move(client, move.operation, move.flag, event)

    @rule(by=st.integers(0, _SECOND - 1), event=st.sampled_from([Event.PAUSE, Event.STOP]))
    def within_a_second(self, by: int, event: Event) -> None:
        """What happens between two ticks counts as at the tick, at every vendor that ticks."""
        before, self.now = self.now, self.now + by
        for client in every():
            for move in client.dialect.bindings:
                if move.action is event and client.dialect.resolution == _SECOND:
                    self._move(client, move.operation, move.flag, event)
        self.now = before

    @rule(
        move=st.sampled_from(
            [
                (client, move)
                for client in every()
                for move in client.dialect.bindings
                if not isinstance(move.action, Event) and move.operation != "create_timer"
            ]
        )
    )
    def correct(self, move: tuple[Client, Binding]) -> None:
        """What is no event: a timer is amended or discarded, or something else is said of it."""
        client, (operation, action, flag) = move[0], msgspec.structs.astuple(move[1])
        asked = client.moves[operation, flag]
        timers = self.models[client.name, asked.of]
        self._call(client, operation, flag)
        if timers and timers[-1].state in asked.succeeds:
            self.tried["corrections"] += 1
            if action is Correction.DISCARD:
                timers.pop()
            elif action is Correction.AMEND and asked.worked is not None:
                timers[-1] = amend(timers[-1], worked=asked.worked, since=timers[-1].since)

    def _move(self, client: Client, operation: str, flag: str, event: Event) -> None:
        self._call(client, operation, flag)
        self._model(client, client.moves[operation, flag].of, event)

    def _call(self, client: Client, operation: str, flag: str) -> None:
        """One request, to ``handle`` and to each sandbox, which dates the answer: one and the same, and its changes."""
        self.tried["calls"] += 1
        asked = client.moves[operation, flag]
        found = self.account.find(Query(of=asked.of, people=(self.person.id,), descending=True, limit=1)).records
        record = found[0] if found else None
        request = asked.ask(self.person, record, self.now)
        outcome = client.handle(request, self.account, self.now)
        held_to_the_table(f"{client.name}: {operation}", client, self.account, outcome)
        self.account.apply(outcome.changes)
        self.clock.freeze(self.now)
        dated = {**outcome.response.headers, "date": formatdate(self.now // _SECOND, usegmt=True)}
        said = msgspec.structs.replace(outcome.response, headers=dated)
        for name, backend in self.backends.items():
            response = backend.answer(request)
            _require(f"{operation}: the sandbox over {name} answers {response}", response == said)

    def _model(self, client: Client, of: type[VendorTimer], event: Event) -> None:
        """What the core makes of it, where the vendor's one rule about several timers lets it."""
        timers = self.models[client.name, of]
        now = client.dialect.floor(self.now)
        if event is Event.START:
            if not any(timer.state in client.one_running for timer in timers):
                timers.append(start(now))
        elif timers and (timers[-1].state, event) in TRANSITIONS and not self._other_runs(client, timers, event):
            timers[-1] = transition(timers[-1], event, not_before(timers[-1], now))

        if client.name == "intervals" and event is Event.RESUME and timers:
            # What is set there is a starttime, also of a timer that runs, also before its last instant.
            timers[-1] = amend(timers[-1], worked=timers[-1].worked, since=now)

    def _other_runs(self, client: Client, timers: list[Timer], event: Event) -> bool:
        return event is Event.RESUME and any(timer.state in client.one_running for timer in timers[:-1])

    @precondition(lambda self: self.models["worksection", WorksectionTimer])
    @rule()
    def restart(self) -> None:
        """The server ends and another opens the database."""
        self.tried["restarts"] += 1
        self.store.close()
        type(self).store = opened(self.folder)
        self.backends["SQLite"] = Backend(self.workspace, clock=self.clock, store=self.store)

    @invariant()
    def all_are_one(self) -> None:
        """The model's timers, in the account and in each store."""
        if not hasattr(self, "models"):
            return
        for (vendor, of), timers in self.models.items():
            kept = self.account.find(Query(of=of)).records
            found = [record.timer for record in kept]
            _require(f"{vendor}: the account has {found}, the model {timers}", found == timers)
            for name, backend in self.backends.items():
                with backend.store.reading() as account:
                    stored = account.find(Query(of=of)).records
                _require(f"{vendor}: the store {name} has {stored}, the account {kept}", stored == kept)


def opened(folder: Path) -> SqlStore:
    """The database in a folder."""
    return SqlStore(f"sqlite:///{folder / 'evidence.sqlite'}", demo_workspace())


def run(machine: type[RuleBasedStateMachine], examples: int) -> None:
    """Let Hypothesis drive a machine through so many runs, the same ones every time.

    Raises:
        Exception: whatever a command or an invariant raised, after the shortest commands that do it.
    """
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def _machines(budget: Budget) -> str:
    Machines.tried.clear()
    run(Machines, budget.model_examples)
    return _told(Machines.tried)


def _vendors(budget: Budget) -> str:
    Vendors.tried.clear()
    Vendors.folder = Path(tempfile.mkdtemp(prefix="punchclock-evidence-"))
    Vendors.store = opened(Vendors.folder)
    try:
        run(Vendors, max(1, budget.model_examples // 6))
    finally:
        Vendors.store.close()
        shutil.rmtree(Vendors.folder)
    return _told(Vendors.tried)


def _told(tried: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in tried.items())


CLAIMS: Final = (
    Claim("the functions, the chart, the columns, an event log and the saved form are always in one state", _machines),
    Claim("each vendor's handle, and the sandbox over memory and SQLite, are always in the core's state", _vendors),
)
