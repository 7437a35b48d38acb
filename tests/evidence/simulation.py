"""Simulation: users, devices, network, server, store and their failures, in one thread and from one seed.

A seed determines a *history*, a list of steps as plain data: time passes, a device sends a request, the network
delivers any of the pending requests and may leave a copy, the server crashes before it has stored or answered, a fault
is injected, the server restarts. A device refers to what it last saw and has a clock of its own, which is off; it
repeats a request whose response is lost.

After every delivery the invariants are checked against a ledger, which is kept from the journal and independent of the
core. A history that fails is reduced until no step can be removed, and printed. ``PYTHONPATH=tests python -m
evidence.simulation SEED [--database]`` replays a seed exactly, and reduces its history again.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from evidence.claims import Claim, Refuted
from evidence.clients import MORNING, Client, every
from evidence.invariants import Key, Ledger, check_limits, check_replay, different, stored_timers
from punchclock.eventlog import TimerLog
from punchclock.machine import Correction, State
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.clock import Clock
from punchclock.sandbox.faults import ConnectionDropped, Effect, Fault
from punchclock.sandbox.journal import JournalEntry
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable, Transaction
from punchclock.timer import Timer
from punchclock.units import DAY, SECOND
from punchclock.vendors.account import Account, Query
from punchclock.vendors.calls import Request, Response
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

_STEPS: Final = 400
_FEW: Final = 24  # steps: few enough to try to remove every pair
_YEAR: Final = 365.25 * DAY

#: A failure of the server: it ends after the decision, at the commit or before the answer, or its store is unavailable.
Crash = Literal["", "before commit", "at commit", "after commit", "store gone"]
_CRASHES: Final[tuple[Crash, ...]] = ("before commit", "at commit", "after commit", "store gone")


class Advance(msgspec.Struct, frozen=True):
    """Time passes, in microseconds."""

    by: int


class Ask(msgspec.Struct, frozen=True):
    """A device sends a request: a binding of a vendor, about one of the person's records, by a clock that is off."""

    vendor: str
    operation: str
    flag: str
    person: str
    record: int
    skew: int


class Deliver(msgspec.Struct, frozen=True):
    """A request arrives; ``copy`` leaves another one pending, and ``crash`` is a failure of the server."""

    which: int
    copy: bool = False
    crash: Crash = ""


class Inject(msgspec.Struct, frozen=True):
    """A fault of the sandbox is injected."""

    fault: Fault


class Restart(msgspec.Struct, frozen=True):
    """The server stops and another one opens the same store, without the faults."""


Step = Advance | Ask | Deliver | Inject | Restart


class _Crashed(Exception):
    """The server ended; what it had not stored is lost."""


class _Crashing:
    """A store whose next transaction may fail."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.crash = ""

    def reading(self) -> AbstractContextManager[Account]:
        return self.store.reading()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        crash, self.crash = self.crash, ""
        if crash == "store gone":
            raise StoreUnavailable("simulated")
        with _ending_at_commit() if crash == "at commit" else nullcontext(), self.store.transaction() as transaction:
            yield transaction
            if crash == "before commit" or (crash == "at commit" and isinstance(self.store, MemoryStore)):
                raise _Crashed
        if crash == "after commit":
            raise _Crashed

    def note(self, entry: JournalEntry) -> None:
        self.store.note(entry)

    def journal(self, after: int = 0) -> Iterator[JournalEntry]:
        return self.store.journal(after)

    def reset(self) -> None:
        self.store.reset()

    def close(self) -> None:
        self.store.close()


@contextmanager
def _ending_at_commit() -> Iterator[None]:
    """Let the server end when everything is written to the database and nothing is committed."""
    ended = False

    def end(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal ended
        if statement == "COMMIT" and not ended:
            ended = True
            raise _Crashed

    sa.event.listen(sa.Engine, "before_cursor_execute", end)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", end)


class Simulation:
    """The state of a simulated sandbox and its clients.

    Args:
        workspace: the workspace of the account.
        store: the store of the account.
        reopened: closes a store and returns it as the next server finds it.
        overlaps: whether two segments of one person's work may overlap at a vendor that uses the server's clock,
            because a fault sets that clock wrong.
    """

    def __init__(
        self, workspace: Workspace, store: Store, reopened: Callable[[Store], Store], *, overlaps: bool
    ) -> None:
        self.workspace = workspace
        self.clock = Clock(MORNING)
        self.store = _Crashing(store)
        self.reopened = reopened
        self.backend = Backend(workspace, clock=self.clock, store=self.store, sleep=lambda seconds: None)
        self.pending: list[tuple[Client, str, Request]] = []
        self.ledger = Ledger(overlaps=overlaps)
        self.timer_log = TimerLog()
        self.last_entry = 0
        self.happened: Counter[str] = Counter()

    def take(self, step: Step) -> None:
        """Take one step.

        Raises:
            Refuted: an invariant is broken.
        """
        match step:
            case Advance(by):
                self.clock.advance(by)
            case Ask():
                self._ask(step)
            case Deliver():
                self._deliver(step)
            case Inject(fault):
                self.backend.faults.add(fault)
            case Restart():
                self.happened["restarts"] += 1
                self.store = _Crashing(self.reopened(self.store.store))
                self.backend = Backend(self.workspace, clock=self.clock, store=self.store, sleep=lambda seconds: None)

    def _ask(self, step: Ask) -> None:
        client = next(each for each in every() if each.name == step.vendor)
        call = client.bindings[step.operation, step.flag]
        person = self.workspace.people[step.person]
        with self.store.reading() as account:
            seen = account.find(Query(of=call.of, people=(person.id,), descending=True, limit=3)).records
        record = seen[step.record % len(seen)] if seen else None
        request = client.request(call, person, record, self.clock.now(step.skew))
        self.pending.append((client, step.operation, request))

    def _deliver(self, step: Deliver) -> None:
        if not self.pending:
            return
        place = step.which % len(self.pending)
        client, operation, request = self.pending[place]
        if place:
            self.happened["reordered"] += 1
        if step.copy:
            self.happened["duplicated"] += 1
        else:
            del self.pending[place]
        before = self._timers()
        self.store.crash = step.crash
        response: Response | None = None
        try:
            response = self.backend.dispatch(request)
        except _Crashed:
            self.happened["crashes"] += 1
        except ConnectionDropped:
            self.happened["responses lost"] += 1
        self.store.crash = ""
        self.happened["calls"] += 1
        if response is None and len(self.pending) < 20:
            self.pending.append((client, operation, request))  # the device repeats it
        entries = list(self.store.journal(self.last_entry))
        self.last_entry = entries[-1].number if entries else self.last_entry
        self.happened["faults"] += sum(len(entry.faults) for entry in entries)
        changes = [change for entry in entries for change in entry.changes]
        if step.crash in ("before commit", "at commit") and response is None and changes:
            raise Refuted(f"the server crashed before the commit, but {changes} is in the journal")
        self._answered(client, operation, request, response, entries)
        self._stored(before, entries)
        for entry in entries:
            for change in entry.changes:
                self.ledger.add(entry.vendor, change)
        check_replay(self.timer_log, entries, self._timers())
        with self.store.reading() as account:
            check_limits(account)

    # ---- the invariants --------------------------------------------------------------------------

    def _answered(
        self,
        client: Client,
        operation: str,
        request: Request,
        response: Response | None,
        entries: Sequence[JournalEntry],
    ) -> None:
        """Check that the journal has a change for every accepted call, and none for a rejected one."""
        if response is None:
            return
        changes = [change for entry in entries for change in entry.changes]
        try:
            now = self.clock.now()
            client.vendor.read_response(operation, response.status, response.headers, response.body, now=now)
        except Rejection as rejection:
            if changes:
                raise Refuted(f"{operation}: answered {rejection}, but stored {changes}") from None
        except MalformedPayload:
            pass  # a fault broke the response
        else:
            self.happened["accepted"] += bool(changes)
            if not changes and operation != "update_timer":  # an update may change nothing
                raise Refuted(f"{operation}: answered {response.status}, but nothing is stored")

    def _stored(self, before: dict[Key, Timer], entries: Sequence[JournalEntry]) -> None:
        """Check that the store changed as the journal says and not otherwise, and that stopped timers stay."""
        expected = dict(before)
        for entry in entries:
            for change in entry.changes:
                key = Key(entry.vendor, change.kind, change.id)
                expected[key] = change.timer
                if change.action == Correction.DISCARD:
                    del expected[key]
        after = self._timers()
        if after != expected:
            raise Refuted(f"stored: {different(after, expected)}")
        for key, timer in before.items():
            if timer.state is State.STOPPED and after.get(key) != timer:
                raise Refuted(f"{key} was stopped as {timer}, but is {after.get(key)}")

    def _timers(self) -> dict[Key, Timer]:
        with self.store.reading() as account:
            return stored_timers(account)


# ---- histories -----------------------------------------------------------------------------------


def history_of(seed: int, steps: int = _STEPS) -> list[Step]:
    """Return the history of a seed, which is always the same."""
    chance = random.Random(seed)
    people = ("1", "2", "3", "5")
    skews = {(person, device): chance.randint(-300, 300) * SECOND for person in people for device in (0, 1)}
    bindings = [(one.name, each.operation, each.flag) for one in every() for each in one.vendor.dialect.bindings]
    history: list[Step] = []
    while len(history) < steps:
        match chance.choices(("advance", "ask", "deliver", "fault", "restart"), (25, 35, 35, 3, 2))[0]:
            case "advance":
                history.append(Advance(_pause(chance)))
            case "ask":
                person, device = chance.choice(people), chance.randint(0, 1)
                history.append(
                    Ask(*chance.choice(bindings), person, chance.choice((0, 0, 0, 1, 2)), skews[person, device])
                )
                if chance.random() < 0.6:
                    history.append(Deliver(-1, crash=_crash(chance)))
            case "deliver":
                history.append(Deliver(chance.randrange(8), copy=chance.random() < 0.2, crash=_crash(chance)))
            case "fault":
                history.append(Inject(_fault(chance, skewed=seed % 2 == 1)))
            case _:
                history.append(Restart())
    return history


def _pause(chance: random.Random) -> int:
    longest = chance.choice((1, 60, 3600, 3600, 8 * 3600, 3 * 24 * 3600))
    return chance.randint(0, longest * SECOND)


def _crash(chance: random.Random) -> Crash:
    return chance.choice(_CRASHES) if chance.random() < 0.06 else ""


def _fault(chance: random.Random, *, skewed: bool) -> Fault:
    effects = [Effect.DROP, Effect.TIMEOUT, Effect.REJECT, Effect.MALFORMED]
    effect = Effect.SKEW if skewed and chance.random() < 0.5 else chance.choice(effects)
    seconds = chance.choice((-1, 1)) * chance.randint(1, 7200) if effect is Effect.SKEW else 0
    return Fault(effect=effect, probability=0.3, times=chance.randint(1, 10), seconds=seconds)


def simulated(history: Sequence[Step], database: Path | None = None) -> Simulation:
    """Take every step of a history, over a store in memory or over a database in a new file.

    Raises:
        Refuted: a step broke an invariant or raised an error.
    """
    workspace = demo_workspace()

    def opened() -> Store:
        return MemoryStore(workspace) if database is None else SqlStore(f"sqlite:///{database}", workspace)

    def reopened(store: Store) -> Store:
        if database is None:
            return store  # memory survives the simulated process
        store.close()
        return opened()

    skewed = any(isinstance(step, Inject) and step.fault.effect is Effect.SKEW for step in history)
    simulation = Simulation(workspace, opened(), reopened, overlaps=skewed)
    try:
        for number, step in enumerate(history, 1):
            try:
                simulation.take(step)
            except Refuted as error:
                raise Refuted(f"step {number}, {step}: {error}") from error
            except Exception as error:
                raise Refuted(f"step {number}, {step}: {type(error).__name__}: {error}") from error
        return simulation
    finally:
        if database is not None:
            simulation.store.close()


def shortest(history: Sequence[Step], *, database: bool = False) -> list[Step]:
    """Reduce and simplify a history that fails, until no step and no pair of steps can be removed.

    Pairs, because a request and its delivery are two steps.
    """
    kept = list(history)
    before: list[Step] = []
    while kept != before:
        before = list(kept)
        size = max(1, len(kept) // 2)
        while size:
            place = 0
            while place < len(kept):
                rest = kept[:place] + kept[place + size :]
                if failure(rest, database=database):
                    kept = rest
                else:
                    place += size
            size //= 2
        for pair in combinations(range(len(kept)), 2) if len(kept) <= _FEW else ():
            rest = [step for place, step in enumerate(kept) if place not in pair]
            if failure(rest, database=database):
                kept = rest
                break
        for place, step in enumerate(kept):
            plain = [*kept[:place], _simpler(step), *kept[place + 1 :]]
            if plain != kept and failure(plain, database=database):
                kept = plain
    return kept


def _simpler(step: Step) -> Step:
    match step:
        case Advance():
            return Advance(SECOND)
        case Ask():
            return msgspec.structs.replace(step, record=0, skew=0)
        case Deliver():
            return Deliver(-1, crash=step.crash)
        case Inject(fault):
            return Inject(
                msgspec.structs.replace(fault, probability=None)
            )  # with a probability, no step could be removed
        case _:
            return step


def failure(history: Sequence[Step], *, database: bool) -> Refuted | None:
    """Return the failure of a history, or ``None``; each run has a store of its own."""
    with tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder:
        try:
            simulated(history, Path(folder, "simulated.sqlite") if database else None)
        except Refuted as error:
            return error
    return None


def _report(seed: int, history: Sequence[Step], first: Refuted, *, database: bool) -> Refuted:
    """Return the failure of a seed, with the command that replays it and its shortest history."""
    if database and failure(history, database=False):
        database = False  # memory shows it too, and is faster
    short = shortest(history, database=database)
    last = failure(short, database=database) or first
    command = f"PYTHONPATH=tests python -m evidence.simulation {seed}{' --database' if database else ''}"
    return Refuted(f"seed {seed} (`{command}`): {last}; the shortest history: {'; '.join(map(str, short))}")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the logs about an unavailable store, which is simulated."""
    logs = {log: log.level for log in map(logging.getLogger, ("punchclock.sandbox", "psycopg"))}
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in logs.items():
            log.setLevel(level)


def seeds(first: int, count: int, *, database: bool = False) -> str:
    """Run ``count`` simulations, each with a store of its own.

    Raises:
        Refuted: one failed, with its seed and its shortest history.
    """
    happened: Counter[str] = Counter()
    begun, passed = time.perf_counter(), 0
    with quiet(), tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder:
        for seed in range(first, first + count):
            history = history_of(seed)
            try:
                simulation = simulated(history, Path(folder, f"{seed}.sqlite") if database else None)
            except Refuted as error:
                raise _report(seed, history, error, database=database) from error
            happened += simulation.happened
            passed += simulation.clock.now() - MORNING
    minutes = (time.perf_counter() - begun) / 60
    wrong = sum(happened[what] for what in ("faults", "crashes", "duplicated", "reordered", "restarts"))
    return (
        f"{count} seeds, {count * _STEPS:,} steps, {happened['calls']:,} calls, "
        f"{happened['accepted']:,} of them changed something; "
        f"{passed / _YEAR:.1f} simulated years and {wrong:,} faults ({happened['crashes']:,} crashes, "
        f"{happened['duplicated']:,} duplicates, {happened['reordered']:,} reorderings, "
        f"{happened['restarts']:,} restarts): "
        f"{passed / _YEAR / minutes:.0f} years and {wrong / minutes:,.0f} faults a minute"
    )


CLAIMS: Final = (
    Claim(
        "despite crashes, retries and wrong clocks no work is lost or counted twice, one timer runs, a stopped timer "
        "stays stopped, every accepted call is stored, and the journal replays to the stored timers",
        lambda budget: seeds(1, budget.simulation_seeds),
    ),
    Claim(
        "the same with a database",
        lambda budget: seeds(100_000, max(2, budget.simulation_seeds // 30), database=True),
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Replay seeds; return 1 if one fails, and print its shortest history."""
    parser = argparse.ArgumentParser(
        prog="PYTHONPATH=tests python -m evidence.simulation", description="Replay a seed."
    )
    parser.add_argument("seed", type=int, nargs="+")
    parser.add_argument("--database", action="store_true", help="use a database instead of memory")
    options = parser.parse_args(arguments)
    status = 0
    for seed in options.seed:
        try:
            print(f"seed {seed} holds: {seeds(seed, 1, database=options.database)}")
        except Refuted as error:
            print(error)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
