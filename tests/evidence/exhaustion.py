"""Exhaustion: every word of events up to a length, against an oracle that counts milliseconds one by one.

A word is a sequence of events, each with a step of the clock: back, none, or forward. Words are not walked one by one.
Instead, for each *place* (a timer, the oracle's count, an instant of the clock) the number of words that lead to it is
counted. This covers every word at the cost of every place, for this reason:

The place that a word's first events lead to decides what the rest of the word does. The machine and the oracle receive
only the timer or the count, the event and the instant. These are immutable values of integers and one state, and
neither function keeps anything between two calls. So two words that meet at a place, and continue with the same events
and steps of the clock, lead to the same places and pass or fail the same checks. Equal integers are interchangeable,
but in Python ``1 == 1.0 == True``; therefore the numbers of each place are checked to be of type ``int``.

The oracle knows nothing of punchclock: it has rules of its own, written as text, and does not subtract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, product
from typing import Final, NamedTuple

from evidence import clients
from evidence.claims import Budget, Claim, Refuted
from punchclock import history, machine, timer
from punchclock.errors import ClockWentBackwards, IllegalTransition, PunchclockError
from punchclock.machine import TRANSITIONS, Event, Kind, State
from punchclock.timer import IDLE, Timer
from punchclock.units import MILLISECOND, SECOND

#: The rules a second time; what is not listed is illegal.
_RULES: Final = """
idle start running
running pause paused
running stop stopped
paused resume running
paused stop stopped
"""
_NEXT: Final = {(here, event): there for here, event, there in (line.split() for line in _RULES.split("\n") if line)}

_COUNTED: Final = {"running": Kind.WORK, "paused": Kind.BREAK}

_STEPS: Final = (-2, 0, 3)  # milliseconds of the clock between two events


class Oracle(NamedTuple):
    """A timer that is kept by counting: one stroke for each millisecond."""

    state: str = "idle"
    last: int = 0
    work: int = 0
    rest: int = 0

    def after(self, event: str, at: int) -> Oracle | None:
        """Return the count after an event, or ``None`` if the event is illegal."""
        there = _NEXT.get((self.state, event))
        if there is None:
            return None
        if self.state == "idle":
            return Oracle(there, at)
        counted = self.until(at)
        return None if counted is None else counted._replace(state=there)

    def until(self, at: int) -> Oracle | None:
        """Return the count at an instant, or ``None`` if that has already passed."""
        work, rest, now = self.work, self.rest, self.last
        if at < now:
            return None
        while now < at:
            now += 1
            if self.state == "running":
                work += 1
            if self.state == "paused":
                rest += 1
        return Oracle(self.state, at, work, rest)


class _Place(NamedTuple):
    """A timer, a count, and the instant of the clock in milliseconds: what words lead to."""

    timer: Timer
    oracle: Oracle
    clock: int

    def __hash__(self) -> int:
        return hash((self.oracle, self.clock))


class _Tried:
    """The number of words and places that were tried."""

    def __init__(self) -> None:
        self.words = 0
        self.places = 0

    def __str__(self) -> str:
        return f"{self.words:,} words, by way of {self.places:,} places"


def every_word(length: int) -> _Tried:
    """Walk every word up to a length: any event after any other, each with every step of the clock."""
    tried = _Tried()
    here: Counter[_Place] = Counter({_Place(IDLE, Oracle(), 0): 1})
    for _ in range(length):
        there: Counter[_Place] = Counter()
        for place, words in here.items():
            for event in Event:
                for by in _STEPS:
                    there[step(place, event, by)] += words
        tried.words += there.total()
        tried.places += len(there)
        here = there
    return tried


def legal_words(length: int) -> Iterator[tuple[Event, ...]]:
    """Yield every legal word up to a length, by the oracle's rules."""
    frontier: list[tuple[tuple[Event, ...], str]] = [((), "idle")]
    while frontier:
        word, state = frontier.pop()
        yield word
        if len(word) < length:
            for event in Event:
                there = _NEXT.get((state, event.value))
                if there is not None:
                    frontier.append(((*word, event), there))


def step(place: _Place, event: Event, by: int) -> _Place:
    """Apply an event to the timer and to the count, and compare every reading and the type of error.

    Raises:
        Refuted: they differ.
    """
    clock = place.clock + by
    at = clock * MILLISECOND
    count = place.oracle.after(event.value, clock)
    error: PunchclockError | None = None
    try:
        after = timer.transition(place.timer, event, at)
    except PunchclockError as rejected:
        after, error = place.timer, rejected
    what = f"{event} at {clock} ms on {place.timer}, counted as {place.oracle}"
    if (count is None) != (error is not None):
        raise Refuted(f"{what}: {error or after}, but the count is {count}")
    if error is not None:
        known = (place.oracle.state, event.value) in _NEXT
        if type(error) is not (ClockWentBackwards if known else IllegalTransition):
            raise Refuted(f"{what}: {error!r}")
        count = place.oracle
    if event is not Event.START or place.timer is IDLE:  # start() takes no timer
        alone = _result(getattr(timer, event.value), place.timer, at)
        if (alone if isinstance(alone, Timer) else type(alone)) != (after if error is None else type(error)):
            raise Refuted(f"{what}: {event}() returns {alone}, transition() {after}")
    _compare(what, after, count or place.oracle, clock)
    return _Place(after, count or place.oracle, clock)


def _result(function: Callable[..., Timer], before: Timer, at: int) -> Timer | PunchclockError:
    try:
        return function(at) if function is timer.start else function(before, at)
    except PunchclockError as error:
        return error


def _compare(what: str, after: Timer, count: Oracle, clock: int) -> None:
    """Compare all three readings with the count, at the clock's instant and a little later."""
    if after.state.value != count.state:
        raise Refuted(f"{what}: {after.state}, but the count is {count.state}")
    if not type(after.started_at) is type(after.since) is type(after.worked) is int:
        raise Refuted(f"{what}: {after} has numbers that are not integers")
    for instant in (clock, clock + 2):
        counted = count if count.state == "idle" else count.until(instant)
        expected = None if counted is None else (counted.work, counted.rest, counted.work + counted.rest)
        try:
            found: tuple[int, ...] | None = tuple(
                reading(after, instant * MILLISECOND) for reading in (timer.worked_at, timer.break_at, timer.elapsed_at)
            )
        except ClockWentBackwards:
            found = None
        if found != (None if expected is None else tuple(each * MILLISECOND for each in expected)):
            raise Refuted(f"{what}: read as {found} at {instant} ms, but the count is {expected} ms")


def words_of_any_events(budget: Budget) -> str:
    """Check every word, legal or illegal, with every step of the clock."""
    if set(machine.Event) != {event for _, event in TRANSITIONS}:
        raise Refuted("the words lack an event")
    tried = every_word(budget.word_length)
    return f"{tried}: all of length 1 to {budget.word_length}, the clock 2 ms back, still or 3 ms forward at each event"


def legal_words_with_one_illegal_event(budget: Budget) -> str:
    """Check that an event that is illegal, by the table or by the clock, changes nothing anywhere in any legal word.

    So the rest of the word leads to the same timer as without the illegal event.
    """
    length, steps = 20, (0, 3)
    words = tries = places = 0
    for word in legal_words(length):
        words += 1
        here: Counter[_Place] = Counter({_Place(IDLE, Oracle(), 0): 1})
        for event in (*word, None):
            for place, count in here.items():
                for wrong, by in _illegal_here(place):
                    after = step(place, wrong, by)
                    if after[:2] != place[:2]:
                        raise Refuted(f"{wrong} changed {place.timer} into {after.timer}")
                    tries += count
            if event is not None:
                there: Counter[_Place] = Counter()
                for place, count in here.items():
                    for by in steps:
                        there[step(place, event, by)] += count
                here = there
                places += len(here)
    return (
        f"{words} legal words up to length {length}, the clock still or forward at each step; "
        f"{tries:,} words with one illegal event, by way of {places:,} places"
    )


def _illegal_here(place: _Place) -> Iterator[tuple[Event, int]]:
    for event in Event:
        if (place.oracle.state, event.value) not in _NEXT:
            yield event, 1
        elif place.oracle.state != "idle":
            yield event, -1


def histories_at_once(budget: Budget) -> str:
    """Check `replay` and `timeline` on every legal word, the clock still or forward at each step."""
    words = 0
    for word in legal_words(11):
        for events in _with_clocks(word):
            words += 1
            count = Oracle()
            for event, at in events:
                count = _counted(count, event, at)
            ended = history.replay(events)
            _compare(f"{events}, replayed", ended, count, count.last)
            until = (events[-1][1] if events else 0) + 2 * MILLISECOND
            _strokes(events, history.timeline(events, until=until), until)
            try:
                early = history.timeline(events, until=events[-1][1] - 1) if events else None
            except ClockWentBackwards:
                early = None
            if early is not None:
                raise Refuted(f"{events}: the timeline that ends before the last event is {early}")
    return f"{words:,} histories: every legal word up to length 11, the clock still or forward at each step"


def _counted(count: Oracle, event: Event, at: int) -> Oracle:
    counted = count.after(event.value, at // MILLISECOND)
    if counted is None:
        raise Refuted(f"{event} at {at} is illegal for the count {count}")
    return counted


def _strokes(events: list[tuple[Event, int]], segments: list[history.Segment], until: int) -> None:
    """Check millisecond by millisecond that the segments are what the count counts, and nothing else."""
    for one, following in pairwise(segments):
        if one.end != following.start or one.kind is following.kind:
            raise Refuted(f"{events}: {one} and {following}")
    covered = {at: segment.kind for segment in segments for at in range(segment.start, segment.end, MILLISECOND)}
    counted, state, ahead = {}, "idle", list(events)
    for at in range(0, until, MILLISECOND):
        while ahead and ahead[0][1] <= at:
            state = _NEXT[state, ahead.pop(0)[0].value]
        if state in _COUNTED:
            counted[at] = _COUNTED[state]
    if covered != counted or any(segment.start >= segment.end for segment in segments):
        raise Refuted(f"{events}: {segments}, but counted as {counted}")


def _with_clocks(word: Iterable[Event]) -> Iterator[list[tuple[Event, int]]]:
    histories: list[list[tuple[Event, int]]] = [[]]
    for event in word:
        histories = [
            [*events, (event, (events[-1][1] if events else 0) + by * MILLISECOND)]
            for events in histories
            for by in ((0, 3) if events else (0,))
        ]
    yield from histories


def dialects(budget: Budget) -> str:
    """Check every operation of every vendor, on a timer in every state, through the vendor's own ``handle``.

    A binding that the table allows makes exactly its event or correction, at the dialect's instant; any other is
    rejected and changes nothing. An operation without a binding changes nothing, and shows what the core reads. A clock
    that is behind the timer's last instant causes no rejection.
    """
    calls = 0
    for client in clients.every():
        bindings = client.vendor.dialect.bindings
        if unmatched := {(binding.operation, binding.flag) for binding in bindings} ^ client.bindings.keys():
            raise Refuted(f"{client.name}: dialect and client differ in {unmatched}")
        operations = {operation.name for operation in client.vendor.operations}
        if difference := operations ^ ({operation for operation, _ in client.bindings} | set(client.reads)):
            raise Refuted(f"{client.name}: vendor and client differ in {', '.join(sorted(difference))}")
        for state, later in product(State, (-700 * SECOND, 0, 1, 5 * SECOND // 2)):
            for binding in bindings:
                clients.check_binding(client, binding, state, later)
            for operation in client.reads:
                clients.check_read(client, operation, state, later)
            calls += len(bindings) + len(client.reads)
    return f"{calls} calls: every state × operation × flag of {len(clients.every())} dialects, at 4 instants each"


CLAIMS: Final = (
    Claim("every word of events gives the times that counting milliseconds gives", words_of_any_events),
    Claim("an illegal event anywhere in any legal word changes nothing", legal_words_with_one_illegal_event),
    Claim("replay and timeline of every legal history equal the count, millisecond by millisecond", histories_at_once),
    Claim("every binding of every vendor acts as the table says, and every read shows what the core reads", dialects),
)
