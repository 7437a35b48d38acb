"""Simulation: users, devices, network, server and store in one thread, from one seed; and all that goes wrong.

A seed gives a *history*, a list of steps that are plain data: the clock goes on, a device asks for something, the
network delivers one of the requests that are under way (any of them, perhaps leaving a copy behind), the server
crashes before it has stored or before it has answered, a fault is injected, the server is started anew. A device asks
about what it last saw and by its own clock, which is off; a response that is lost makes it ask again.

After every delivery the invariants are checked, against a ledger that is kept from the journal and knows nothing of the
core. A history that fails is cut down until no step can be left out of it any more, and printed. Its seed replays
exactly: ``PYTHONPATH=tests python -m evidence.simulation SEED [--database]`` takes every step again, and cuts it down
again.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import combinations
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa

from evidence.claims import Claim, Refuted
from evidence.clients import MORNING, Client, every
from punchclock.eventlog import TimerLog, parse_line
from punchclock.machine import Correction, Event, State
from punchclock.sandbox.backend import Backend
from punchclock.sandbox.clock import Clock
from punchclock.sandbox.faults import ConnectionDropped, Effect, Fault
from punchclock.sandbox.journal import JournalChange, JournalEntry, event_log
from punchclock.sandbox.sql import SqlStore
from punchclock.sandbox.store import MemoryStore, Store, StoreUnavailable, Transaction
from punchclock.timer import Timer
from punchclock.vendors.account import Account, Query
from punchclock.vendors.calls import Request, Response
from punchclock.vendors.errors import MalformedPayload, Rejection
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

__all__ = ["CLAIMS", "Simulation", "Step", "failure", "history_of", "shortest", "simulated"]

_T = TypeVar("_T")

_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_STEPS: Final = 400
_FEW: Final = 24  # steps, of which every pair can be tried
_YEAR: Final = 365.25 * 24 * _HOUR

#: Vendors whose calls count by the server's clock alone; at the others a client says when, and may say it wrong.
_BY_THE_SERVER: Final = frozenset({"worksection", "zoho"})


#: What befalls a server: it ends once it has decided, or has written but not committed, or has not answered yet; or it
#: finds its store gone.
Crash = Literal["", "before commit", "at commit", "after commit", "store gone"]
_CRASHES: Final[tuple[Crash, ...]] = ("before commit", "at commit", "after commit", "store gone")


class Advance(msgspec.Struct, frozen=True):
    """Time passes, in microseconds."""

    by: int


class Ask(msgspec.Struct, frozen=True):
    """A device sends a request: which move of which vendor, about which of the person's records, by what clock."""

    vendor: str
    operation: str
    flag: str
    person: str
    record: int
    skew: int


class Deliver(msgspec.Struct, frozen=True):
    """A request arrives; ``copy`` leaves another under way, and ``crash`` is what befalls the server."""

    which: int
    copy: bool = False
    crash: Crash = ""


class Inject(msgspec.Struct, frozen=True):
    """A fault of the sandbox's own, from now on."""

    fault: Fault


class Restart(msgspec.Struct, frozen=True):
    """The server ends and another opens the same store; the faults are forgotten."""


Step = Advance | Ask | Deliver | Inject | Restart


class _Crashed(Exception):
    """The server is gone, and with it what it had not stored."""


class _Crashing:
    """A store whose next transaction may come to grief."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.crash = ""

    def reading(self) -> AbstractContextManager[Account]:
        return self.store.reading()

    def write(self, decide: Callable[[Transaction], _T]) -> _T:
        crash, self.crash = self.crash, ""
        if crash == "store gone":
            raise StoreUnavailable("simulated")

        def decide_or_crash(transaction: Transaction) -> _T:
            decided = decide(transaction)
            if crash == "before commit" or (crash == "at commit" and isinstance(self.store, MemoryStore)):
                raise _Crashed
            return decided

        with _ending_at_commit() if crash == "at commit" else nullcontext():
            decided = self.store.write(decide_or_crash)
        if crash == "after commit":
            raise _Crashed
        return decided

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
    """The server ends when all is written to the database and nothing is committed."""
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


class _Key(NamedTuple):
    """A timer of an account."""

    vendor: str
    kind: str
    id: str


class _Tally:
    """What somebody who writes down each event knows of a timer: segments of work, and since when one is open."""

    def __init__(self, at: int) -> None:
        self.work = 0
        self.open: int | None = at
        self.ended = False

    def close(self, at: int) -> None:
        if self.open is not None:
            if at < self.open:
                raise Refuted(f"a segment of work from {self.open} to {at}")
            self.work += at - self.open
        self.open = None


class Simulation:
    """One history, step by step.

    Args:
        workspace: what the account is set up with.
        store: where it is kept.
        reopened: closes a store, and gives it as the next server finds it.
        overlaps: whether two segments of one person's work may overlap at a vendor that counts by its own clock,
            since that clock is made to be off.
    """

    def __init__(
        self, workspace: Workspace, store: Store, reopened: Callable[[Store], Store], *, overlaps: bool
    ) -> None:
        self.workspace = workspace
        self.clock = Clock(MORNING)
        self.store = _Crashing(store)
        self.reopened = reopened
        self.backend = Backend(workspace, clock=self.clock, store=self.store, sleep=lambda seconds: None)
        self.overlaps = overlaps
        self.under_way: list[tuple[Client, str, Request]] = []
        self.counts: dict[_Key, _Tally] = {}
        self.book = TimerLog()
        self.last_entry = 0
        self.last_end: dict[tuple[str, str], int] = {}
        self.happened: Counter[str] = Counter()

    def take(self, step: Step) -> None:
        """One step.

        Raises:
            Refuted: an invariant does not hold any more.
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
        asked = client.moves[step.operation, step.flag]
        person = self.workspace.people[step.person]
        with self.store.reading() as account:
            query = Query(of=asked.of, people=(person.id,), descending=True, limit=3)
            seen = account.find(query).records
        record = seen[step.record % len(seen)] if seen else None
        self.under_way.append((client, step.operation, asked.ask(person, record, self.clock.now(step.skew))))

    def _deliver(self, step: Deliver) -> None:
        if not self.under_way:
            return
        place = step.which % len(self.under_way)
        client, operation, request = self.under_way[place]
        if place:
            self.happened["reordered"] += 1
        if step.copy:
            self.happened["duplicated"] += 1
        else:
            del self.under_way[place]
        before = self._timers()
        self.store.crash = step.crash
        response: Response | None = None
        try:
            response = self.backend.answer(request)
        except _Crashed:
            self.happened["crashes"] += 1
        except ConnectionDropped:
            self.happened["responses lost"] += 1
        self.store.crash = ""
        self.happened["calls"] += 1
        if response is None and len(self.under_way) < 20:
            self.under_way.append((client, operation, request))  # the device asks again
        entries = list(self.store.journal(self.last_entry))
        self.last_entry = entries[-1].number if entries else self.last_entry
        self.happened["faults"] += sum(len(entry.faults) for entry in entries)
        changes = [change for entry in entries for change in entry.changes]
        if step.crash in ("before commit", "at commit") and response is None and changes:
            raise Refuted(f"a crash before the commit, and {changes} is in the journal")
        self._answered(client, operation, request, response, entries)
        self._stored(before, entries)
        for entry in entries:
            for change in entry.changes:
                self._counted(entry.vendor, change)
        self._replayed(entries)
        self._one_running()

    # ---- the invariants --------------------------------------------------------------------------

    def _answered(
        self,
        client: Client,
        operation: str,
        request: Request,
        response: Response | None,
        entries: Sequence[JournalEntry],
    ) -> None:
        """What was answered is stored: a yes to a move has its change in the journal, a no has none."""
        if response is None:
            return
        changes = [change for entry in entries for change in entry.changes]
        try:
            client.module.read_response(
                operation, response.status, response.headers, response.body, now=self.clock.now()
            )
        except Rejection as rejection:
            if changes:
                raise Refuted(f"{operation}: answered {rejection}, and stored {changes}") from None
        except MalformedPayload:
            pass  # broken off on its way
        else:
            self.happened["accepted"] += bool(changes)
            if not changes and operation != "update_timer":  # which may say what is so already
                raise Refuted(f"{operation}: answered {response.status}, and nothing is stored")

    def _stored(self, before: dict[_Key, Timer], entries: Sequence[JournalEntry]) -> None:
        """What the journal says is what the store has, and nothing else has changed; what is stopped stays so."""
        expected = dict(before)
        for entry in entries:
            for change in entry.changes:
                key = _Key(entry.vendor, change.kind, change.id)
                expected[key] = change.timer
                if change.action == Correction.DISCARD:
                    del expected[key]
        after = self._timers()
        if after != expected:
            raise Refuted(f"stored: {_different(after, expected)}")
        for key, timer in before.items():
            if timer.state is State.STOPPED and after.get(key) != timer:
                raise Refuted(f"{key} was stopped as {timer}, and is {after.get(key)}")

    def _counted(self, vendor: str, change: JournalChange) -> None:
        """No second of work is lost or counted twice: the ledger's sums, segment by segment, are the timer's."""
        key = _Key(vendor, change.kind, change.id)
        if change.action == Correction.DISCARD:
            del self.counts[key]
            return
        if change.action == Event.START:
            if key in self.counts:
                raise Refuted(f"{key} is started twice")
            self.counts[key] = _Tally(change.at)
            self._begins(vendor, change)
        count = self.counts[key]
        if count.ended and change.action != "update":
            raise Refuted(f"{key} was stopped, and then comes {change.action}")
        if change.action == Correction.AMEND:
            count.work = change.timer.worked
            count.open = change.timer.since if change.timer.state is State.RUNNING else None
        elif change.action == Event.RESUME:
            count.open = change.at
            self._begins(vendor, change)
        elif change.action in (Event.PAUSE, Event.STOP):
            count.close(change.at)
            count.ended = change.action == Event.STOP
            self.last_end[vendor, change.user] = max(change.at, self.last_end.get((vendor, change.user), change.at))
        if change.timer.worked != count.work:
            raise Refuted(f"{key} after {change.action}: {change.timer.worked} µs of work, the ledger has {count.work}")
        if (change.timer.state is State.RUNNING) != (count.open is not None):
            raise Refuted(f"{key} after {change.action}: {change.timer}, the ledger's segment is open at {count.open}")

    def _begins(self, vendor: str, change: JournalChange) -> None:
        """At a vendor that counts by its own clock, a person's segments of work follow one another."""
        if vendor in _BY_THE_SERVER and not self.overlaps:
            last = self.last_end.get((vendor, change.user))
            if last is not None and change.at < last:
                raise Refuted(f"{vendor}: {change.user} worked until {last}, and once more from {change.at}")

    def _replayed(self, entries: Sequence[JournalEntry]) -> None:
        """The journal's event log, written and read, gives the timers that are stored."""
        for line in event_log(entries):
            self.book.apply(parse_line(line))
        told = {name: record.timer for name, record in self.book.records.items()}
        stored = {"/".join(key): timer for key, timer in self._timers().items()}
        if told != stored:
            raise Refuted(f"the event log replayed: {_different(told, stored)}")

    def _one_running(self) -> None:
        """One timer a person that counts, of each kind, or one a person and task, where the vendor says so."""
        with self.store.reading() as account:
            for client in every():
                for of in client.module.RECORDS if client.one_per_task else ():
                    kept = account.find(Query(of=of)).records
                    tasks = Counter((record.person.id, record.task.id) for record in kept if record.task)
                    if any(count > 1 for count in tasks.values()):
                        raise Refuted(f"{client.name}: {dict(tasks)} timers, by person and task")
                for of in client.module.RECORDS if client.one_running else ():
                    states = tuple(client.one_running)
                    counts = Counter(record.person.id for record in account.find(Query(of=of, states=states)).records)
                    if any(count > 1 for count in counts.values()):
                        raise Refuted(f"{client.name}: {dict(counts)} timers that count, by person")

    def _timers(self) -> dict[_Key, Timer]:
        with self.store.reading() as account:
            found: list[VendorTimer] = []
            for client in every():
                for of in client.module.RECORDS:
                    found.extend(account.find(Query(of=of)).records)
        return {_Key(record.vendor, record.kind, record.id): record.timer for record in found}


def _different(one: Mapping[Any, Timer], other: Mapping[Any, Timer]) -> str:
    keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
    return "; ".join(f"{key}: {one.get(key)}, not {other.get(key)}" for key in keys)


# ---- histories -----------------------------------------------------------------------------------


def history_of(seed: int, steps: int = _STEPS) -> list[Step]:
    """The history of a seed; of one seed it is always the same."""
    chance = random.Random(seed)
    people = ("1", "2", "3", "5")
    skews = {(person, device): chance.randint(-300, 300) * _SECOND for person in people for device in (0, 1)}
    moves = [(client.name, move.operation, move.flag) for client in every() for move in client.dialect.bindings]
    history: list[Step] = []
    while len(history) < steps:
        match chance.choices(("advance", "ask", "deliver", "fault", "restart"), (25, 35, 35, 3, 2))[0]:
            case "advance":
                history.append(Advance(_pause(chance)))
            case "ask":
                person, device = chance.choice(people), chance.randint(0, 1)
                history.append(
                    Ask(*chance.choice(moves), person, chance.choice((0, 0, 0, 1, 2)), skews[person, device])
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
    return chance.randint(0, longest * _SECOND)


def _crash(chance: random.Random) -> Crash:
    return chance.choice(_CRASHES) if chance.random() < 0.06 else ""


def _fault(chance: random.Random, *, skewed: bool) -> Fault:
    effects = [Effect.DROP, Effect.TIMEOUT, Effect.REJECT, Effect.MALFORMED]
    effect = Effect.SKEW if skewed and chance.random() < 0.5 else chance.choice(effects)
    seconds = chance.choice((-1, 1)) * chance.randint(1, 7200) if effect is Effect.SKEW else 0
    return Fault(effect=effect, probability=0.3, times=chance.randint(1, 10), seconds=seconds)


def simulated(history: Sequence[Step], database: Path | None = None) -> Simulation:
    """Take every step of a history, over a store in memory or over a database in a file that is not there yet.

    Raises:
        Refuted: an invariant broke, or anything broke down, and after which step.
    """
    workspace = demo_workspace()

    def opened() -> Store:
        return MemoryStore(workspace) if database is None else SqlStore(f"sqlite:///{database}", workspace)

    def reopened(store: Store) -> Store:
        if database is None:
            return store  # which lasts as long as the process that is simulated
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
    """A history that fails, cut down and made plain until it would fail no more without any one or two of its steps.

    Two, for what is asked for is delivered by another step.
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
            plain = [*kept[:place], _plainer(step), *kept[place + 1 :]]
            if plain != kept and failure(plain, database=database):
                kept = plain
    return kept


def _plainer(step: Step) -> Step:
    match step:
        case Advance():
            return Advance(_SECOND)
        case Ask():
            return msgspec.structs.replace(step, record=0, skew=0)
        case Deliver():
            return Deliver(-1, crash=step.crash)
        case Inject(fault):
            return Inject(msgspec.structs.replace(fault, probability=None))  # where chance is, no step can be left out
        case _:
            return step


def failure(history: Sequence[Step], *, database: bool) -> Refuted | None:
    """Why a history fails, if it does; each time over a store of its own."""
    with tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder:
        try:
            simulated(history, Path(folder, "simulated.sqlite") if database else None)
        except Refuted as error:
            return error
    return None


def _told(seed: int, history: Sequence[Step], first: Refuted, *, database: bool) -> Refuted:
    """The failure of a seed, and what replays it, with its shortest history."""
    if database and failure(history, database=False):
        database = False  # it needs none, and is cut down faster without
    short = shortest(history, database=database)
    last = failure(short, database=database) or first
    command = f"PYTHONPATH=tests python -m evidence.simulation {seed}{' --database' if database else ''}"
    return Refuted(f"seed {seed} (`{command}`): {last}; the shortest history: {'; '.join(map(str, short))}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log of a sandbox whose store is gone: that is what we simulate."""
    log = logging.getLogger("punchclock.sandbox")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def seeds(first: int, count: int, *, database: bool = False) -> str:
    """So many simulations, each with a store of its own.

    Raises:
        Refuted: one failed; with its seed and its shortest history.
    """
    happened: Counter[str] = Counter()
    begun, passed = time.perf_counter(), 0
    with _quiet(), tempfile.TemporaryDirectory(prefix="punchclock-evidence-") as folder:
        for seed in range(first, first + count):
            history = history_of(seed)
            try:
                simulation = simulated(history, Path(folder, f"{seed}.sqlite") if database else None)
            except Refuted as error:
                raise _told(seed, history, error, database=database) from error
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
        "whatever goes wrong around the sandbox, no work is lost or counted twice, one timer runs, the first stop "
        "wins, what was answered is stored, and the journal replays to it",
        lambda budget: seeds(1, budget.simulation_seeds),
    ),
    Claim(
        "the same over a database",
        lambda budget: seeds(100_000, max(2, budget.simulation_seeds // 30), database=True),
    ),
)


def main(arguments: list[str] | None = None) -> int:
    """Replay seeds; status 1 where one fails, with its shortest history."""
    parser = argparse.ArgumentParser(
        prog="PYTHONPATH=tests python -m evidence.simulation", description="Replay a seed."
    )
    parser.add_argument("seed", type=int, nargs="+")
    parser.add_argument("--database", action="store_true", help="over a database, not in memory")
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
