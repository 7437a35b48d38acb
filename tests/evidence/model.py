"""Model: everything that claims to be the same machine, driven by the same random commands, against one model.

The model is `punchclock.transition`, which proof.py and exhaustion.py check. The first test compares it with the chart
of python-statemachine, the columns, an event log and the saved form; the second with each vendor's ``handle`` over an
account in memory, and with the sandbox over its stores. After every command all must be in the same state. Hypothesis
draws the commands, and shrinks a failure to the shortest ones.
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
from evidence.clients import MORNING, Client, ClientCall, check_changes, every
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
from punchclock.units import SECOND
from punchclock.vendors.account import MemoryAccount, Query
from punchclock.vendors.dialect import Binding
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.worksection import WorksectionTimer
from punchclock.workspaces import demo_workspace

_FIELDS: Final = ("state", "started_at", "since", "worked")

events = st.sampled_from(Event)
#: Microseconds between two commands: often 0, sometimes negative.
steps = st.just(0) | st.integers(-3, 3) | st.integers(-5 * SECOND, 5 * SECOND) | st.integers(0, 1500 * SECOND)


def _require(what: str, condition: object) -> None:
    if not condition:
        raise Refuted(what)


class Machines(RuleBasedStateMachine):
    """The model, the chart, the columns (step by step, and the whole log at once), an event log, and the saved form."""

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
        self.timer_log = TimerLog()

    @rule(event=events, by=steps)
    def happen(self, event: Event, by: int) -> None:
        """Apply one event, legal or not, at an instant that may be too early."""
        self.tried["events"] += 1
        self.now += by
        rejection = ""
        try:
            self.model = transition(self.model, event, self.now)
        except PunchclockError as error:
            rejection = error.code
        try:
            self.chart.send(event.value, now=self.now)
            _require("the chart accepts what the model rejects", not rejection)
        except PunchclockError as error:
            _require(f"the chart rejects with {error.code}, the model with {rejection}", error.code == rejection)
        applied = columns.transition(self.table, event, self.now)
        codes = applied.rejected["reason"].to_pylist()
        _require(f"the columns reject with {codes}, the model with {rejection}", codes == [rejection] * bool(rejection))
        self.table = applied.timers
        self.log.append((event, self.now))
        self.error_codes += [rejection] if rejection else []
        self._write(Entry("T", event, self.now, Labels()), rejection)

    @rule(worked=st.integers(-1, 3) | st.integers(0, 10_000 * SECOND), by=steps)
    def correct(self, worked: int, by: int) -> None:
        """Amend the timer; the chart and the columns continue from the amended one."""
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
        """Write a line of an event log, read it, and apply it."""
        read = parse_line(format_line(entry))
        try:
            self.timer_log.apply(read)
            _require("the event log accepts what the model rejects", not rejection)
        except PunchclockError as error:
            _require(f"the event log rejects with {error.code}, the model with {rejection}", error.code == rejection)

    @rule(by=steps)
    def read(self, by: int) -> None:
        """Compare all readings, now, later or too early."""
        self.tried["readings"] += 1
        at = self.now + by
        for ours, theirs in (
            (worked_at, columns.worked_at),
            (break_at, columns.break_at),
            (elapsed_at, columns.elapsed_at),
            (not_before, columns.not_before),
        ):
            expected, found = _reading(ours, self.model, at), _reading(theirs, self.table, at)
            _require(f"{ours.__name__}: the columns read {found}, the model {expected}", found == expected)

    @invariant()
    def all_agree(self) -> None:
        """Require the same four fields everywhere."""
        model = self.model
        _require(f"the chart is at {self.chart.timer}, the model at {model}", self.chart.timer == model)
        _require(f"{self.chart.configuration} is not {model.state}", self.chart.current_state_value is model.state)
        _require(f"the columns are at {self.table}, the model at {model}", _timer(self.table) == model)
        record = self.timer_log.records.get("T")
        _require(f"the event log is at {record}, the model at {model}", (record.timer if record else IDLE) == model)
        _require(f"{model} is not the same once it is saved and read", loads(dumps(model)) == model)

    @invariant()
    def the_whole_log_at_once_is_the_same(self) -> None:
        """Require the same of the columns' replay of everything since the last amendment, rejections included."""
        names, instants = [event.value for event, _ in self.log], [at for _, at in self.log]
        log = pa.table(
            {
                "timer": pa.array([1] * len(self.log), pa.int64()),
                "event": pa.array(names, pa.string()),
                "at": pa.array(instants, pa.int64()),
            }
        )
        replayed = columns.replay(log, _table(self.carried))
        _require(f"the columns replay the log as {replayed.timers}", _timer(replayed.timers) == self.model)
        _require("the columns reject other rows", replayed.rejected["reason"].to_pylist() == self.error_codes)


def _reading(reading: Any, timers: Any, at: int) -> object:  # noqa: ANN401 - of a timer or of columns
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


_BINDINGS: Final = [(client, binding) for client in every() for binding in client.vendor.dialect.bindings]
_CORRECTIONS: Final = [
    (client, binding)
    for client, binding in _BINDINGS
    if not isinstance(binding.action, Event) and binding.operation != "create_timer"
]


class Vendors(RuleBasedStateMachine):
    """Every vendor's bindings: the model, the vendor's ``handle``, and the sandbox over each of its stores."""

    tried: ClassVar[Counter[str]] = Counter()
    folder: ClassVar[Path]
    store: ClassVar[SqlStore]

    @initialize()
    def open(self) -> None:
        """Open an account without timers at every vendor."""
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
            (client.name, call.of): [] for client in every() for call in client.bindings.values()
        }

    @rule(event=events, by=steps)
    def happen(self, event: Event, by: int) -> None:
        """Apply the event at every vendor that has it, to the person's latest timer of each type."""
        self.now = max(MORNING, self.now + by - by % SECOND)  # Intervals writes seconds; the dialects floor the rest
        for client, binding in _BINDINGS:
            if binding.action is event and not (binding.operation == "create_timer" and binding.flag):
                self._apply(client, binding, event)

    @rule(by=st.integers(0, SECOND - 1), event=st.sampled_from([Event.PAUSE, Event.STOP]))
    def within_a_second(self, by: int, event: Event) -> None:
        """Apply an event within a second, which counts from its start, at every vendor with that resolution."""
        before, self.now = self.now, self.now + by
        for client, binding in _BINDINGS:
            if binding.action is event and client.vendor.dialect.resolution == SECOND:
                self._apply(client, binding, event)
        self.now = before

    @rule(corrected=st.sampled_from(_CORRECTIONS))
    def correct(self, corrected: tuple[Client, Binding]) -> None:
        """Make a call that is no event: a timer is amended, discarded or updated."""
        client, binding = corrected
        call = client.bindings[binding.operation, binding.flag]
        timers = self.models[client.name, call.of]
        self._call(client, call)
        if timers and timers[-1].state in call.succeeds:
            self.tried["corrections"] += 1
            if binding.action is Correction.DISCARD:
                timers.pop()
            elif binding.action is Correction.AMEND and call.worked is not None:
                timers[-1] = amend(timers[-1], worked=call.worked, since=timers[-1].since)

    def _apply(self, client: Client, binding: Binding, event: Event) -> None:
        call = client.bindings[binding.operation, binding.flag]
        self._call(client, call)
        self._model(client, call.of, event)

    def _call(self, client: Client, call: ClientCall) -> None:
        """Send one request to ``handle`` and to each sandbox; require the same response, which the sandbox dates."""
        self.tried["calls"] += 1
        found = self.account.find(Query(of=call.of, people=(self.person.id,), descending=True, limit=1)).records
        request = client.request(call, self.person, found[0] if found else None, self.now)
        result = client.vendor.handle(request, self.account, self.now)
        check_changes(f"{client.name}: {call.operation}", client, self.account, result)
        self.account.apply(result.changes)
        self.clock.freeze(self.now)
        dated = {**result.response.headers, "date": formatdate(self.now // SECOND, usegmt=True)}
        expected = msgspec.structs.replace(result.response, headers=dated)
        for name, backend in self.backends.items():
            response = backend.dispatch(request)
            _require(f"{call.operation}: the sandbox over {name} answers {response}", response == expected)

    def _model(self, client: Client, of: type[VendorTimer], event: Event) -> None:
        """Apply the event to the model, if the vendor's rule about several timers allows it."""
        timers = self.models[client.name, of]
        now = client.vendor.dialect.floor(self.now)
        if event is Event.START:
            if not any(timer.state in client.one_running for timer in timers):
                timers.append(start(now))
        elif timers and (timers[-1].state, event) in TRANSITIONS:
            others = () if event is not Event.RESUME else timers[:-1]
            if not any(timer.state in client.one_running for timer in others):
                timers[-1] = transition(timers[-1], event, not_before(timers[-1], now))
        if client.name == "intervals" and event is Event.RESUME and timers:
            # The call sets a starttime: also of a running timer, also before the timer's last instant.
            timers[-1] = amend(timers[-1], worked=timers[-1].worked, since=now)

    @precondition(lambda self: self.models["worksection", WorksectionTimer])
    @rule()
    def restart(self) -> None:
        """Stop the server and open the database with another one."""
        self.tried["restarts"] += 1
        self.store.close()
        type(self).store = opened(self.folder)
        self.backends["SQLite"] = Backend(self.workspace, clock=self.clock, store=self.store)

    @invariant()
    def all_agree(self) -> None:
        """Require the model's timers in the account and in each store."""
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
    """Open the database in a folder."""
    return SqlStore(f"sqlite:///{folder / 'evidence.sqlite'}", demo_workspace())


def run(machine: type[RuleBasedStateMachine], examples: int) -> None:
    """Let Hypothesis make a number of runs of a machine, the same ones every time.

    Raises:
        Exception: the error of a command or an invariant, after the shortest commands that cause it.
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
    return _counts(Machines.tried)


def _vendors(budget: Budget) -> str:
    Vendors.tried.clear()
    Vendors.folder = Path(tempfile.mkdtemp(prefix="punchclock-evidence-"))
    Vendors.store = opened(Vendors.folder)
    try:
        run(Vendors, max(1, budget.model_examples // 6))
    finally:
        Vendors.store.close()
        shutil.rmtree(Vendors.folder)
    return _counts(Vendors.tried)


def _counts(tried: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in tried.items())


CLAIMS: Final = (
    Claim("the functions, the chart, the columns, an event log and the saved form always agree", _machines),
    Claim("each vendor's handle, and the sandbox over memory and SQLite, always agree with the core", _vendors),
)
