"""Exhaustion: every word of events there is, up to a length, against an oracle that counts milliseconds one by one.

A word is a sequence of events, each with a step of the clock: back, none, or forth. Words are not walked one by one
but by where they lead, and counted: of each *place* (a timer, the oracle's count, an instant of the clock) it is known
how many words lead there. That is every word, at the cost of every place, and it leaves none out:

What a word does after its first events is decided by the place that those lead to. For what is called then, of the
machine and of the oracle, is given the timer or the count, the event and the instant, and nothing else; both are
immutable values of integers and one state, and neither function keeps anything between two calls (their modules hold
constants alone). So two words that meet at a place, and go on with the same events and steps of the clock, go on to
the same places and pass or fail the same checks. Of integers it is true that what is equal is the same; but Python has
``1 == 1.0 == True``, so it is checked at each place that its numbers are of the type ``int``.

The oracle knows nothing of punchclock: it has rules of its own, written down as a text, and no subtraction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from evidence import clients
from evidence.claims import Budget, Claim, Refuted
from punchclock import history, machine, timer
from punchclock.errors import ClockWentBackwards, IllegalTransition, PunchclockError
from punchclock.machine import TRANSITIONS, Event, Kind, State
from punchclock.timer import IDLE, Timer

__all__ = ["CLAIMS", "Oracle", "every_word", "legal_words"]

#: The rules once more, in words: what is not said is illegal.
_RULES: Final = """
idle start running
running pause paused
running stop stopped
paused resume running
paused stop stopped
"""
_NEXT: Final = {(here, event): there for here, event, there in (line.split() for line in _RULES.split("\n") if line)}

_COUNTED: Final = {"running": Kind.WORK, "paused": Kind.BREAK}

_MILLISECOND: Final = 1_000
_STEPS: Final = (-2, 0, 3)  # milliseconds: back, not at all, and forth by more than back


class Oracle(NamedTuple):
    """A timer as somebody with a count counts it: a stroke for each millisecond."""

    state: str = "idle"
    last: int = 0
    work: int = 0
    rest: int = 0

    def after(self, event: str, at: int) -> Oracle | None:
        """The count after an event, or ``None`` where it cannot be."""
        there = _NEXT.get((self.state, event))
        if there is None:
            return None
        if self.state == "idle":
            return Oracle(there, at)
        counted = self.until(at)
        return None if counted is None else counted._replace(state=there)

    def until(self, at: int) -> Oracle | None:
        """The count at an instant; ``None`` where that has passed already."""
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
    """Where words lead: the timer, the count, and the instant that the clock shows, in milliseconds."""

    timer: Timer
    oracle: Oracle
    clock: int

    def __hash__(self) -> int:
        return hash((self.oracle, self.clock))


class _Tried:
    """How much was tried."""

    def __init__(self) -> None:
        self.words = 0
        self.places = 0

    def __str__(self) -> str:
        return f"{self.words:,} words, by way of {self.places:,} places"


def every_word(length: int, step: Callable[[_Place, Event, int], _Place]) -> _Tried:
    """Every word up to a length: any event after any other, and at each the clock goes back, stands or goes on."""
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
    """Every legal word up to a length, as the oracle's rules have it."""
    frontier: list[tuple[tuple[Event, ...], str]] = [((), "idle")]
    while frontier:
        word, state = frontier.pop()
        yield word
        if len(word) < length:
            for event in Event:
                there = _NEXT.get((state, event.value))
                if there is not None:
                    frontier.append(((*word, event), there))


def stepped(place: _Place, event: Event, by: int) -> _Place:
    """Both take an event; what they make of it is compared, in every reading and in the kind of error.

    Raises:
        Refuted: they differ.
    """
    clock = place.clock + by
    at = clock * _MILLISECOND
    count = place.oracle.after(event.value, clock)
    error: PunchclockError | None = None
    try:
        after = timer.transition(place.timer, event, at)
    except PunchclockError as rejected:
        after, error = place.timer, rejected
    said = f"{event} at {clock} ms on {place.timer}, counted as {place.oracle}"
    if (count is None) != (error is not None):
        raise Refuted(f"{said}: {error or after}, but by the count {count}")
    if error is not None:
        known = (place.oracle.state, event.value) in _NEXT
        if type(error) is not (ClockWentBackwards if known else IllegalTransition):
            raise Refuted(f"{said}: {error!r}")
        count = place.oracle
    if event is not Event.START or place.timer is IDLE:  # start() knows no timer that is there already
        alone = _named(getattr(timer, event.value), place.timer, at)
        if (alone if isinstance(alone, Timer) else type(alone)) != (after if error is None else type(error)):
            raise Refuted(f"{said}: {event}() makes {alone} of it, transition() {after}")
    _compare(said, after, count or place.oracle, clock)
    return _Place(after, count or place.oracle, clock)


def _named(function: Callable[..., Timer], before: Timer, at: int) -> Timer | PunchclockError:
    try:
        return function(at) if function is timer.start else function(before, at)
    except PunchclockError as error:
        return error


def _compare(said: str, after: Timer, count: Oracle, clock: int) -> None:
    """All three readings, at the clock's instant and a little later, are what the count says."""
    if after.state.value != count.state:
        raise Refuted(f"{said}: {after.state}, but by the count {count.state}")
    if not type(after.started_at) is type(after.since) is type(after.worked) is int:
        raise Refuted(f"{said}: {after} is not of integers")
    for instant in (clock, clock + 2):
        counted = count if count.state == "idle" else count.until(instant)
        expected = None if counted is None else (counted.work, counted.rest, counted.work + counted.rest)
        try:
            found: tuple[int, ...] | None = tuple(
                reading(after, instant * _MILLISECOND)
                for reading in (timer.worked_at, timer.break_at, timer.elapsed_at)
            )
        except ClockWentBackwards:
            found = None
        if found != (None if expected is None else tuple(each * _MILLISECOND for each in expected)):
            raise Refuted(f"{said}: read as {found} at {instant} ms, but the count is {expected} ms")


def words_of_any_events(budget: Budget) -> str:
    """Every word, legal and illegal, whose clock goes back, stands and goes on in any order."""
    if set(machine.Event) != {event for _, event in TRANSITIONS}:
        raise Refuted("the words would lack an event")
    tried = every_word(budget.word_length, stepped)
    return (
        f"{tried}: all of length 1 to {budget.word_length}, each event with the clock 2 ms back, standing, 3 ms forth"
    )


def legal_words_with_one_illegal_event(budget: Budget) -> str:
    """Every legal word, and at each place in it every event that is illegal there, by the table or by the clock.

    The clock stands or goes on at each step. Before and after the illegal event the word is the same; and
    so it ends in the same timer as without it.
    """
    length, steps = 20, (0, 3)
    words = tries = places = 0
    for word in legal_words(length):
        words += 1
        here: Counter[_Place] = Counter({_Place(IDLE, Oracle(), 0): 1})
        for event in (*word, None):
            for place, count in here.items():
                for wrong, by in _illegal_here(place):
                    after = stepped(place, wrong, by)
                    if after[:2] != place[:2]:
                        raise Refuted(f"{wrong} changed {place.timer} into {after.timer}")
                    tries += count
            if event is not None:
                there: Counter[_Place] = Counter()
                for place, count in here.items():
                    for by in steps:
                        there[stepped(place, event, by)] += count
                here = there
                places += len(here)
    return (
        f"{words} legal words up to length {length}, with the clock standing or going on at each step; "
        f"{tries:,} words with one illegal event, by way of {places:,} places"
    )


def _illegal_here(place: _Place) -> Iterator[tuple[Event, int]]:
    for event in Event:
        if (place.oracle.state, event.value) not in _NEXT:
            yield event, 1
        elif place.oracle.state != "idle":
            yield event, -1


def histories_at_once(budget: Budget) -> str:
    """`replay` and `timeline` on whole words: every legal one, its clock standing or going on in every way."""
    words = 0
    for word in legal_words(11):
        for events in _with_clocks(word):
            words += 1
            count = Oracle()
            for event, at in events:
                count = _tallied(count, event, at)
            ended = history.replay(events)
            _compare(f"{events}, replayed", ended, count, count.last)
            until = (events[-1][1] if events else 0) + 2 * _MILLISECOND
            _strokes(events, history.timeline(events, until=until), until)
            if events:
                _rejected_before(events)
    return f"{words:,} histories: every legal word up to length 11, its clock standing or going on at each step"


def _rejected_before(events: list[tuple[Event, int]]) -> None:
    """A timeline cannot end before the last event."""
    try:
        segments = history.timeline(events, until=events[-1][1] - 1)
    except ClockWentBackwards:
        return
    raise Refuted(f"{events}: ended before the last of them, it is {segments}")


def _tallied(count: Oracle, event: Event, at: int) -> Oracle:
    counted = count.after(event.value, at // _MILLISECOND)
    if counted is None:
        raise Refuted(f"{event} at {at}: no such event for the count {count}")
    return counted


def _strokes(events: list[tuple[Event, int]], segments: list[history.Segment], until: int) -> None:
    """Each millisecond is in the segment of what the count counts it as, or in none; and segments are no more."""
    for one, following in pairwise(segments):
        if one.end != following.start or one.kind is following.kind:
            raise Refuted(f"{events}: {one} and {following}")
    covered = {at: segment.kind for segment in segments for at in range(segment.start, segment.end, _MILLISECOND)}
    counted, state, ahead = {}, "idle", list(events)
    for at in range(0, until, _MILLISECOND):
        while ahead and ahead[0][1] <= at:
            state = _NEXT[state, ahead.pop(0)[0].value]
        if state in _COUNTED:
            counted[at] = _COUNTED[state]
    if covered != counted or any(segment.start >= segment.end for segment in segments):
        raise Refuted(f"{events}: {segments}, but by the millisecond {counted}")


def _with_clocks(word: Iterable[Event]) -> Iterator[list[tuple[Event, int]]]:
    histories: list[list[tuple[Event, int]]] = [[]]
    for event in word:
        histories = [
            [*events, (event, (events[-1][1] if events else 0) + by * _MILLISECOND)]
            for events in histories
            for by in ((0, 3) if events else (0,))
        ]
    yield from histories


def dialects(budget: Budget) -> str:
    """Every operation of every vendor, on a timer in every state, through the vendor's own ``handle``.

    An event that the table allows is that event, on that timer, at the dialect's instant; one that it does not is
    rejected and changes nothing. A correction is the correction that the dialect says. No action is another. An
    operation without a binding reads: it changes nothing, and what it tells of a timer is what the core reads. A clock
    that is behind the timer's last instant rejects nothing.
    """
    calls = 0
    for client in clients.every():
        moves = {(move.operation, move.flag) for move in client.dialect.bindings}
        if moves != set(client.moves):
            raise Refuted(f"{client.name}: the dialect has {moves ^ set(client.moves)} and the client has not, or so")
        operations = {operation.name for operation in client.module.OPERATIONS}
        if operations != {operation for operation, _ in moves} | set(client.reads):
            raise Refuted(f"{client.name}: not every one of its operations is tried: {', '.join(sorted(operations))}")
        for state in State:
            for later in (-700_000_000, 0, 1, 2_500_000):
                for move in client.dialect.bindings:
                    calls += 1
                    clients.moved(client, move, state, later)
                for operation in client.reads:
                    calls += 1
                    clients.read(client, operation, state, later)
    return f"{calls} calls: every state × operation × flag of {len(clients.every())} dialects, at 4 instants each"


CLAIMS: Final = (
    Claim("every word of events counts as milliseconds counted one by one", words_of_any_events),
    Claim("an illegal event at any place of any legal word changes nothing", legal_words_with_one_illegal_event),
    Claim("replay and timeline of every legal history count the same, millisecond by millisecond", histories_at_once),
    Claim(
        "every move of every dialect is the table's, and every read the core's, through the vendor's handle", dialects
    ),
)
