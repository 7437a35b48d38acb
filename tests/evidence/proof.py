"""Proof: the functions of the core, as they are, for all integers; by cases over the table, and induction.

Each proof calls the real function on integers of which nothing is known but what is assumed (symbolic.py). A history
is any sequence of events, so what holds of every step from every timer that keeps the invariant holds of all
histories. The precondition of all is that every instant and every duration is exactly an ``int`` (`of_ints`); what the
functions do with a value of any other type is proved too. What is left out is named where it is: what writes a date.
What cannot pass symbolically, because it is text, is searched by CrossHair (contracts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Final, cast

import punchclock.calendar
import punchclock.eventlog.totals
import punchclock.history
import punchclock.instants
import punchclock.rounding
import punchclock.timer
import punchclock.vendors.intervals.wire
import punchclock.vendors.timetrack.wire
import punchclock.vendors.worksection.wire
import punchclock.vendors.zoho.wire
from evidence import contracts
from evidence.claims import Budget, Claim, Refuted
from evidence.symbolic import Prover, integer, standing_in, type_of
from punchclock import vendors
from punchclock.errors import ClockWentBackwards, IllegalTransition, InconsistentTimer, InvalidInstant, PunchclockError
from punchclock.history import Segment
from punchclock.machine import COUNTS_AS, TRANSITIONS, Event, Kind, State
from punchclock.timer import IDLE, Timer
from punchclock.vendors.dialect import SECOND, Binding, Dialect
from punchclock.vendors.workspace import Person

__all__ = ["CLAIMS", "PROOFS"]

core = punchclock.timer

_BEGUN: Final = tuple(state for state in State if state is not State.IDLE)
_MINUTE: Final = 60 * SECOND


def any_integer(name: str) -> Any:  # noqa: ANN401 - it stands in for an int
    """Any integer, for a function that takes an ``int``."""
    return integer(name)


@contextmanager
def of_ints() -> Iterator[None]:
    """Assume the precondition: every instant and every duration is exactly an ``int``, as the functions check."""
    with (
        standing_in(core, type=type_of),
        standing_in(punchclock.instants, type=type_of),
        standing_in(punchclock.rounding, type=type_of),
    ):
        yield


def any_timer(prover: Prover, state: State, name: str = "") -> Timer:
    """Any timer in a state that keeps the invariant; the idle one is one."""
    if state is State.IDLE:
        return IDLE
    prefix = f"{name}." if name else ""
    fields = (any_integer(f"{prefix}{field}") for field in ("started_at", "since", "worked"))
    timer = Timer(state, *fields)
    prover.assume(0 <= timer.worked, timer.worked <= timer.since - timer.started_at)
    return timer


def attempted(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any function's
    """What a function returns, or the error that it raises."""
    try:
        return function(*args, **kwargs)
    except PunchclockError as error:
        return error


def same(prover: Prover, what: str, one: Any, other: Any) -> None:  # noqa: ANN401 - timers, or errors
    """Two outcomes are the same: timers in every field, errors in kind, place and facts."""
    prover.holds(f"{what}: both are {type(one).__name__}", type(one) is type(other))
    if isinstance(one, Timer):
        prover.holds(
            what,
            one.state is other.state,
            one.started_at == other.started_at,
            one.since == other.since,
            one.worked == other.worked,
        )
    else:
        prover.holds(what, one.index == other.index, one.state is other.state, one.event == other.event)
        prover.holds(what, one.at == other.at)


# ---- the machine ---------------------------------------------------------------------------------


@of_ints()
def step_keeps_the_invariant(prover: Prover) -> None:
    """By cases over state and event: the step is the table's, or it is rejected."""
    for state in State:
        for event in Event:

            def body(prover: Prover, state: State = state, event: Event = event) -> None:
                timer, now = any_timer(prover, state), any_integer("now")
                after = attempted(core.transition, timer, event, now)
                target = TRANSITIONS.get((state, event))
                if target is None:
                    prover.holds("an event that the table lacks is illegal", type(after) is IllegalTransition)
                elif isinstance(after, PunchclockError):
                    prover.holds("else only the clock rejects", type(after) is ClockWentBackwards, now < timer.since)
                    prover.holds("and never a start", event is not Event.START)
                else:
                    prover.holds("the state is the table's", after.state is target)
                    prover.holds("the invariant", 0 <= after.worked, after.worked <= after.since - after.started_at)
                    prover.holds("the step is at now", after.since == now)
                    if event is Event.START:
                        prover.holds("a start begins now", after.started_at == now, after.worked == 0)
                    else:
                        prover.holds("it goes on in time", now >= timer.since, after.started_at == timer.started_at)
                        gained = now - timer.since if COUNTS_AS.get(state) is Kind.WORK else 0
                        prover.holds("running counts, nothing else does", after.worked == timer.worked + gained)

            prover.prove(f"{event} from {state}", body)


@of_ints()
def functions_are_the_transition(prover: Prover) -> None:
    """`start`, `pause`, `resume`, `stop` against `transition`, from every state."""
    for event in (Event.PAUSE, Event.RESUME, Event.STOP):
        for state in State:

            def body(prover: Prover, state: State = state, event: Event = event) -> None:
                timer, now = any_timer(prover, state), any_integer("now")
                function = getattr(core, event.value)
                same(prover, event, attempted(function, timer, now), attempted(core.transition, timer, event, now))

            prover.prove(f"{event} is the transition, from {state}", body)

    def start(prover: Prover) -> None:
        now = any_integer("now")
        same(prover, "start", core.start(now), core.transition(IDLE, Event.START, now))

    prover.prove("start is the transition", start)


@of_ints()
def readings_add_up(prover: Prover) -> None:
    """Work + break = elapsed, none is negative, and all three reject the same instants."""
    for state in State:

        def body(prover: Prover, state: State = state) -> None:
            timer, now = any_timer(prover, state), any_integer("now")
            worked, rested, elapsed = (
                attempted(reading, timer, now) for reading in (core.worked_at, core.break_at, core.elapsed_at)
            )
            if isinstance(worked, PunchclockError):
                rejected = type(worked) is type(rested) is type(elapsed) is ClockWentBackwards
                prover.holds("all are rejected, for the clock", rejected, now < timer.since, state is not State.IDLE)
                return
            prover.holds("none is rejected", not isinstance(rested, PunchclockError))
            prover.holds("none is rejected", not isinstance(elapsed, PunchclockError))
            prover.holds("work + break = elapsed", worked + rested == elapsed)
            prover.holds("none is negative", worked >= 0, rested >= 0, elapsed >= 0)
            if state is State.IDLE:
                prover.holds("nothing of nothing", worked == 0, rested == 0, elapsed == 0)
            else:
                prover.holds("not before the last instant", now >= timer.since)

        prover.prove(f"readings of a timer that is {state}", body)


@of_ints()
def readings_grow(prover: Prover) -> None:
    """Between two instants exactly what the state counts as is added; a step adds nothing and takes nothing away."""
    for state in State:

        def between(prover: Prover, state: State = state) -> None:
            timer, early, late = any_timer(prover, state), any_integer("early"), any_integer("late")
            prover.assume(early <= late)
            if state is not State.IDLE:
                prover.assume(timer.since <= early)
            kind, passed = COUNTS_AS.get(state), late - early
            for reading, kinds in (
                (core.worked_at, (Kind.WORK,)),
                (core.break_at, (Kind.BREAK,)),
                (core.elapsed_at, (Kind.WORK, Kind.BREAK)),
            ):
                grown = reading(timer, late) - reading(timer, early)
                prover.holds(
                    f"{reading.__name__} grows by what passes, or stands", grown == (passed if kind in kinds else 0)
                )

        prover.prove(f"readings of a timer that is {state}, in time", between)
        for event in Event:
            if (state, event) in TRANSITIONS and state is not State.IDLE:

                def across(prover: Prover, state: State = state, event: Event = event) -> None:
                    timer, now = any_timer(prover, state), any_integer("now")
                    prover.assume(timer.since <= now)
                    after = core.transition(timer, event, now)
                    for reading in (core.worked_at, core.break_at, core.elapsed_at):
                        prover.holds("the step itself adds nothing", reading(after, now) == reading(timer, now))

                prover.prove(f"readings across {event} from {state}", across)


@of_ints()
def clamp_never_traps(prover: Prover) -> None:
    """`not_before` gives an instant that no reading and no legal step rejects, and moves no other."""
    for state in State:

        def body(prover: Prover, state: State = state) -> None:
            timer, now = any_timer(prover, state), any_integer("now")
            at = core.not_before(timer, now)
            if state is State.IDLE or now >= timer.since:
                prover.holds("what needs no clamp is left alone", at == now)
            else:
                prover.holds("the last instant, where now is before it", at == timer.since)
            for reading in (core.worked_at, core.break_at, core.elapsed_at):
                prover.holds("a reading", not isinstance(attempted(reading, timer, at), PunchclockError))
            for event in Event:
                if (state, event) in TRANSITIONS:
                    stepped = attempted(core.transition, timer, event, at)
                    prover.holds(f"{event} is never rejected", isinstance(stepped, Timer))

        prover.prove(f"the clamp on a timer that is {state}", body)


@of_ints()
def other_types_are_rejected(prover: Prover) -> None:
    """The precondition's other half: an instant of another type is rejected before anything is compared with it.

    It is a bare object, which cannot be compared, added or subtracted: to try would be another error.
    """
    other: Any = object()
    for state in State:

        def body(prover: Prover, state: State = state) -> None:
            timer = any_timer(prover, state)
            attempts = {
                **{f"{event} as an event": attempted(core.transition, timer, event, other) for event in Event},
                "start": attempted(core.start, other),
                "amend": attempted(core.amend, timer, worked=any_integer("new worked"), since=other),
                "timeline": attempted(punchclock.history.timeline, [], until=other, timer=timer),
            }
            for function in (core.pause, core.resume, core.stop, core.worked_at, core.break_at, core.elapsed_at):
                attempts[function.__name__] = attempted(function, timer, other)
            attempts["not_before"] = attempted(core.not_before, timer, other)
            for what, outcome in attempts.items():
                prover.holds(f"{what} rejects it", type(outcome) is InvalidInstant)
                prover.holds(f"{what} names it", outcome.value is other)

        prover.prove(f"an instant of another type, for a timer that is {state}", body)


# ---- histories -----------------------------------------------------------------------------------


@of_ints()
def replay_is_stepping(prover: Prover) -> None:
    """No event changes nothing; one event is one step; two are one and then the other. The rest is induction."""
    for state in State:

        def one(prover: Prover, state: State = state) -> None:
            timer, at = any_timer(prover, state), any_integer("at")
            same(prover, "no event", punchclock.history.replay([], timer), timer)
            for event in Event:
                stepped = attempted(core.transition, timer, event, at)
                if isinstance(stepped, PunchclockError):
                    stepped.index = 0
                same(prover, "one event", attempted(punchclock.history.replay, [(event, at)], timer), stepped)

        prover.prove(f"replay of one event from {state}", one)
        for first in Event:
            for second in Event:

                def two(prover: Prover, state: State = state, first: Event = first, second: Event = second) -> None:
                    timer = any_timer(prover, state)
                    head, tail = (first, any_integer("at 0")), (second, any_integer("at 1"))
                    whole = attempted(punchclock.history.replay, [head, tail], timer)
                    parts = attempted(core.transition, timer, *head)
                    index = 0
                    if isinstance(parts, Timer):
                        parts, index = attempted(core.transition, parts, *tail), 1
                    if isinstance(parts, PunchclockError):
                        parts.index = index
                    same(prover, "two events", whole, parts)

                prover.prove(f"replay of {first}, {second} from {state}", two)


@of_ints()
def timeline_covers_exactly(prover: Prover) -> None:
    """What a timer counted to its next instant is added to any timeline that leads up to it, and nothing else.

    Any timeline is: none, or one whose last segment, of either kind, touches the timer's last instant. The function
    looks at nothing before that, so this is the step of an induction over all histories.
    """
    for state in State:
        for last in (None, *Kind):

            def body(prover: Prover, state: State = state, last: Kind | None = last) -> None:
                timer, end = any_timer(prover, state), any_integer("end")
                if state is not State.IDLE:
                    prover.assume(timer.since <= end)
                begun = any_integer("begun")
                prover.assume(begun < timer.since)
                before = [] if last is None else [Segment(last, begun, timer.since)]
                segments = list(before)
                punchclock.history._append(segments, timer, end)
                for one, next_ in pairwise(segments):
                    prover.holds("they touch", one.end == next_.start)
                    prover.holds("neighbours differ in kind", one.kind is not next_.kind)
                for each in segments:
                    prover.holds("none is empty", each.start < each.end)
                kind = COUNTS_AS.get(state)
                for counted in Kind:
                    grown = _sum_of(segments, counted) - _sum_of(before, counted)
                    expected = end - timer.since if kind is counted else 0
                    prover.holds(f"{counted} grows by exactly what was counted", grown == expected)

            prover.prove(f"the timeline of a timer that is {state}, after {last}", body)
    for state in _BEGUN:
        for event in (None, *Event):
            if event is not None and (state, event) not in TRANSITIONS:
                continue

            def from_timer(prover: Prover, state: State = state, event: Event | None = event) -> None:
                timer, at, until = any_timer(prover, state), any_integer("at"), any_integer("until")
                prover.assume(timer.since <= at, at <= until)
                history = [] if event is None else [(event, at)]
                after = timer if event is None else core.transition(timer, event, at)
                segments = punchclock.history.timeline(history, until=until, timer=timer)
                for kind, reading in ((Kind.WORK, core.worked_at), (Kind.BREAK, core.break_at)):
                    grown = reading(after, until) - reading(timer, timer.since)
                    prover.holds(f"the segments of {kind} are what the reading says", _sum_of(segments, kind) == grown)

            prover.prove(f"the timeline of {event} from {state}", from_timer)


def _sum_of(segments: list[Segment], kind: Kind) -> int:
    return sum(each.end - each.start for each in segments if each.kind is kind)


def any_midnights(prover: Prover, cuts: int, start: int, end: int) -> list[int]:
    """Midnights anywhere after each other: so many within an interval, and one at its end or after it."""
    midnights = [any_integer(f"midnight {number}") for number in range(cuts + 1)]
    for earlier, later in pairwise([start, *midnights]):
        prover.assume(earlier < later)
    prover.assume(end <= midnights[-1])
    if cuts:
        prover.assume(midnights[-2] < end)
    return midnights


@of_ints()
def split_is_exact(prover: Prover) -> None:
    """Any calendar: midnights anywhere after each other. The pieces are the interval, cut there and nowhere else."""
    calendar = punchclock.calendar

    for cuts in range(4):

        def body(prover: Prover, cuts: int = cuts) -> None:
            start, end = any_integer("start"), any_integer("end")
            prover.assume(start <= end)
            midnights = any_midnights(prover, cuts, start, end)
            ahead = iter(midnights)
            left_out = {
                "find_zone": lambda zone: zone,
                "_offset": lambda at, zone: 0,
                "_wall": lambda at, offset, zone: at,
                "_date": lambda day: day,
                "_end": lambda day, at, offset, zone: (next(ahead), 0),
            }
            with standing_in(calendar, **left_out):
                pieces = calendar.split_by_day(start, end, "any")
            _exact(prover, [(piece.start, piece.end) for piece in pieces], start, end, midnights[:-1])

        prover.prove(f"an interval with {cuts} midnights in it", body)


def totals_are_exact(prover: Prover) -> None:
    """The same of `totals`: whatever the calendar, what a segment has is booked, each part on its own day."""
    summary = punchclock.eventlog.totals
    for cuts in range(4):

        def body(prover: Prover, cuts: int = cuts) -> None:
            start, end = any_integer("start"), any_integer("end")
            prover.assume(start < end)
            midnights = any_midnights(prover, cuts, start, end)
            ahead = iter(enumerate(midnights))

            class AnyDays:
                def __init__(self, zone: object) -> None:
                    pass

                def of(self, at: int) -> tuple[int, int, int]:
                    date, midnight = next(ahead)
                    return date, at, midnight

            with standing_in(summary, Days=AnyDays):
                rows = summary.totals([("a", "b", [Segment(Kind.WORK, start, end)])], "any")
            prover.holds("a row a day", len(rows) == cuts + 1)
            bounds = [start, *midnights[:-1], end]
            for row, earlier, later in zip(rows, bounds, bounds[1:], strict=False):
                prover.holds("each day has its part", row.worked == later - earlier, row.break_ == 0)
            prover.holds("the parts are the whole", sum(row.worked for row in rows) == end - start)

        prover.prove(f"totals of a segment with {cuts} midnights in it", body)


def _exact(prover: Prover, pieces: list[tuple[int, int]], start: int, end: int, cuts: list[int]) -> None:
    if not pieces:
        prover.holds("nothing is cut into nothing", start == end)
        return
    prover.holds("from the start", pieces[0][0] == start)
    prover.holds("to the end", pieces[-1][1] == end)
    prover.holds("cut at each midnight, and nowhere else", len(pieces) == len(cuts) + 1)
    for (_, one), (next_, _), cut in zip(pieces, pieces[1:], cuts, strict=False):
        prover.holds("neighbours touch, at a midnight", one == next_, one == cut)
    for piece_start, piece_end in pieces:
        prover.holds("none is empty", piece_start < piece_end)
    prover.holds("the pieces sum to the whole", sum(late - early for early, late in pieces) == end - start)


# ---- the doors -----------------------------------------------------------------------------------


@of_ints()
def amendment_keeps_the_invariant(prover: Prover) -> None:
    """From every state, by any work and any instant."""
    for state in State:

        def body(prover: Prover, state: State = state) -> None:
            timer, worked, since = any_timer(prover, state), any_integer("new worked"), any_integer("new since")
            amended = attempted(core.amend, timer, worked=worked, since=since)
            if isinstance(amended, PunchclockError):
                prover.holds("rejected by name", type(amended) is InconsistentTimer)
                if state is not State.IDLE:
                    prover.holds("for negative work alone", worked < 0)
                return
            prover.holds("an idle timer is not amended", state is not State.IDLE)
            prover.holds("the state stays", amended.state is state)
            prover.holds("what was said stands", amended.worked == worked, amended.since == since)
            prover.holds("the invariant", 0 <= worked, worked <= since - amended.started_at)
            prover.holds("the start never moves forward", amended.started_at <= timer.started_at)
            if worked <= since - timer.started_at:
                prover.holds("it stays where the work fits", amended.started_at == timer.started_at)
            else:
                prover.holds("or moves back just far enough", amended.started_at == since - worked)

        prover.prove(f"amend from {state}", body)


@of_ints()
def restore_is_the_invariant(prover: Prover) -> None:
    """`restore` takes exactly the timers that there can be."""
    for state in State:

        def body(prover: Prover, state: State = state) -> None:
            started_at, since, worked = (any_integer(name) for name in ("started_at", "since", "worked"))
            restored = attempted(core.restore, state=state, started_at=started_at, since=since, worked=worked)
            consistent = 0 <= worked
            if consistent:
                consistent = worked <= since - started_at
            if consistent and state is State.IDLE:
                for field in (started_at, since, worked):
                    consistent = consistent and field == 0
            if isinstance(restored, Timer):
                prover.holds("what is taken is consistent", bool(consistent))
                same(prover, "it is taken as it is", restored, Timer(state, started_at, since, worked))
            else:
                prover.holds("what is consistent is taken", not consistent)
                prover.holds("rejected by name", type(restored) is InconsistentTimer)

        prover.prove(f"restore of {state}", body)


@of_ints()
def rounding_is_lawful(prover: Prover) -> None:
    """For every duration and every step."""
    rounding = punchclock.rounding
    for mode in rounding.Rounding:

        def body(prover: Prover, mode: punchclock.rounding.Rounding = mode) -> None:
            duration, step, count = any_integer("duration"), any_integer("step"), any_integer("count")
            prover.assume(duration >= 0, step >= 1)
            rounded = rounding.round_duration(duration, step, mode)
            prover.holds("by less than a step", -step < rounded - duration, rounded - duration < step)
            prover.holds("never below nothing", rounded >= 0)
            if mode is rounding.Rounding.UP:
                prover.holds("up", rounded >= duration)
            elif mode is rounding.Rounding.DOWN:
                prover.holds("down", rounded <= duration)
            else:
                error = rounded - duration
                prover.holds("by half a step at most", -step <= 2 * error, 2 * error <= step)
            if mode is rounding.Rounding.NEAREST:
                prover.holds("half goes up", 2 * (duration - rounded) < step)
            prover.assume(count >= 0)
            boundary = count * step
            prover.holds("boundaries stay", rounding.round_duration(boundary, step, mode) == boundary)

        prover.prove(f"rounding {mode}", body)

        def again(prover: Prover, mode: punchclock.rounding.Rounding = mode) -> None:
            duration, step = any_integer("duration"), any_integer("step")
            prover.assume(duration >= 0, step >= 1)
            once = rounding.round_duration(duration, step, mode)
            prover.holds("twice is once", rounding.round_duration(once, step, mode) == once)

        prover.prove(f"rounding {mode} twice", again)

        def order(prover: Prover, mode: punchclock.rounding.Rounding = mode) -> None:
            less, more = any_integer("less"), any_integer("more")
            prover.assume(0 <= less, less <= more)
            step = 15 * _MINUTE  # the order for every step at once is beyond z3
            less, more = (rounding.round_duration(each, step, mode) for each in (less, more))
            prover.holds("the order is kept, at a quarter of an hour", less <= more)

        prover.prove(f"rounding {mode} keeps the order", order)


# ---- the vendors ---------------------------------------------------------------------------------


def floor_is_lawful(prover: Prover) -> None:
    """Of every tick: floor is idempotent, at most a tick below, and keeps the order."""

    def body(prover: Prover) -> None:
        at, tick, count = (any_integer(name) for name in ("at", "tick", "count"))
        prover.assume(tick >= 1)
        dialect = Dialect("any", tick, (Binding("start", Event.START),))
        floored = dialect.floor(at)
        prover.holds("less than a tick below", floored <= at, at < floored + tick)
        whole = count * tick
        prover.holds("whole ticks stay", dialect.floor(whole) == whole)

    def again(prover: Prover) -> None:
        at, tick = any_integer("at"), any_integer("tick")
        prover.assume(tick >= 1)
        dialect = Dialect("any", tick, (Binding("start", Event.START),))
        once = dialect.floor(at)
        prover.holds("twice is once", dialect.floor(once) == once)

    prover.prove("any tick", body)
    prover.prove("any tick, twice", again)
    for name in vendors.names():
        dialect = vendors.load(name).DIALECT

        def order(prover: Prover, dialect: Dialect = dialect) -> None:
            at, later = any_integer("at"), any_integer("later")
            prover.assume(at <= later)
            prover.holds("the order is kept", dialect.floor(at) <= dialect.floor(later))

        prover.prove(f"the tick of {name}", order)


def whole_ticks(prover: Prover, state: State, tick: int) -> Timer:
    """Any timer in whole ticks that keeps the invariant."""
    if state is State.IDLE:
        return IDLE
    started_at, rested, worked = (any_integer(f"{field} in ticks") for field in ("started_at", "rested", "worked"))
    prover.assume(rested >= 0, worked >= 0)
    return Timer(state, started_at * tick, (started_at + rested + worked) * tick, worked * tick)


@of_ints()
def floored_steps_stay_whole(prover: Prover) -> None:
    """Floored at the door, a step leads from whole ticks to whole ticks: so no later rounding can break a sum."""
    for name in vendors.names():
        dialect = vendors.load(name).DIALECT
        for state, event in TRANSITIONS:

            def body(prover: Prover, dialect: Dialect = dialect, state: State = state, event: Event = event) -> None:
                timer, now = whole_ticks(prover, state, dialect.resolution), any_integer("now")
                at = core.not_before(timer, dialect.floor(now))
                after = core.transition(timer, event, at)
                for field in (after.started_at, after.since, after.worked):
                    prover.holds("whole ticks", field % dialect.resolution == 0)
                worked, rested = core.worked_at(after, at), core.break_at(after, at)
                prover.holds("whole readings", worked % dialect.resolution == 0, rested % dialect.resolution == 0)

            prover.prove(f"{name}: {event} from {state}", body)


@of_ints()
def formulas_agree(prover: Prover) -> None:
    """Each vendor's own counting, on timers in whole seconds, against the readings of the core.

    TimeTrack: ``worked = (now - started) - break`` while it plays, ``break = (now - started) - worked`` while it is
    paused. Intervals: ``time + timelapsed``. Zoho: ``totaltime + diff``. Worksection, where nothing pauses:
    ``now - started``. Left out: what writes a date or a duration, and, for Intervals, that its quotients are floats.
    """
    timetrack = punchclock.vendors.timetrack.wire
    for state in _BEGUN:
        for unit in (SECOND, _MINUTE):

            def timetrack_body(prover: Prover, state: State = state, unit: int = unit) -> None:
                timer, ticks = whole_ticks(prover, state, SECOND), any_integer("now in ticks")
                now = ticks * SECOND
                worked, rested = timetrack._counted(timer, now, unit)
                at = core.not_before(timer, now)
                prover.holds("work + break = elapsed", worked + rested == core.elapsed_at(timer, at) // unit)
                if unit == SECOND:
                    prover.holds("work", worked * SECOND == core.worked_at(timer, at))
                    prover.holds("break", rested * SECOND == core.break_at(timer, at))
                elif state is State.PAUSED:
                    prover.holds("work stands, and is floored", worked == core.worked_at(timer, at) // unit)
                else:
                    prover.holds("break stands, and is floored", rested == core.break_at(timer, at) // unit)

            prover.prove(f"TimeTrack, {state}, in units of {unit} µs", timetrack_body)

    intervals = punchclock.vendors.intervals.wire
    for state in (State.RUNNING, State.PAUSED):

        def intervals_body(prover: Prover, state: State = state) -> None:
            timer, now = any_timer(prover, state), any_integer("now")
            record = intervals.IntervalsTimer(timer=timer)
            with standing_in(intervals, write_timestamp=lambda at: at):
                element = intervals.element(record, now)
            total = core.worked_at(timer, core.not_before(timer, now))
            told = cast("Any", element)
            prover.holds("totaltime = time + timelapsed", told.time + told.timelapsed == told.totaltime)
            prover.holds("totaltime is the work", told.totaltime == cast("Any", total) / SECOND)
            if state is State.RUNNING:
                prover.holds("starttime is when time was taken", told.starttime == timer.since)

        prover.prove(f"Intervals, {state}", intervals_body)

    zoho = punchclock.vendors.zoho.wire

    def zoho_body(prover: Prover) -> None:
        timer, ticks = whole_ticks(prover, State.RUNNING, SECOND), any_integer("now in ticks")
        now = ticks * SECOND
        record = zoho.ZohoTimer(timer=timer, person=Person(id="1"))
        with standing_in(zoho, seconds_of_day=lambda at, zone: at):
            element = zoho.element(record, now, "UTC")
        total = core.worked_at(timer, core.not_before(timer, now))
        prover.holds("totaltime + diff is the work", (element.totaltime + element.diff) * SECOND == total)

    prover.prove("Zoho People, running", zoho_body)

    worksection = punchclock.vendors.worksection.wire

    def worksection_body(prover: Prover) -> None:
        timer, now = core.start(any_integer("started_at")), any_integer("now")
        record = worksection.WorksectionTimer(timer=timer, person=Person(id="1"))
        with standing_in(worksection, write_local=lambda at, zone: at, format_duration=lambda duration: duration):
            told, mine = (
                cast("Any", each(record, now, "UTC")) for each in (worksection.element, worksection.my_element)
            )
        total = core.worked_at(timer, core.not_before(timer, now))
        prover.holds("the work is what passed since the start", told.time == total)
        prover.holds("and is shown to its owner in whole seconds", mine.time == total // SECOND)
        for each in (told, mine):
            prover.holds("and the start is told", each.date_started == timer.started_at)
        prover.holds("now - started, or nothing", told.time == (now - timer.since if now >= timer.since else 0))

    prover.prove("Worksection, running", worksection_body)


#: Every proof: what it claims, and what walks through it.
PROOFS: Final[dict[str, Callable[[Prover], None]]] = {
    "every step keeps 0 ≤ worked ≤ since − started_at, and is in the table, or is rejected": step_keeps_the_invariant,
    "an instant that is not exactly an int is rejected first, before anything is compared": other_types_are_rejected,
    "start, pause, resume and stop are transition": functions_are_the_transition,
    "worked + break = elapsed, none of them negative": readings_add_up,
    "readings grow by what passes or stand still; a step adds nothing": readings_grow,
    "not_before gives an instant that never traps a timer": clamp_never_traps,
    "a replay is the steps, one after another, and fails where they fail": replay_is_stepping,
    "a timeline's segments touch, and sum to the readings": timeline_covers_exactly,
    "an interval cut at any midnights is whole: split_by_day (up to 3 cuts at a time)": split_is_exact,
    "a segment cut at any midnights is booked whole: totals (up to 3 cuts at a time)": totals_are_exact,
    "an amendment keeps the invariant and moves the start no further than it must": amendment_keeps_the_invariant,
    "restore takes exactly the timers that keep the invariant": restore_is_the_invariant,
    "rounding is idempotent, off by less than a step (half, to the nearest), and leaves boundaries": rounding_is_lawful,
    "a dialect's floor is idempotent, less than a tick below, and keeps the order": floor_is_lawful,
    "floored at the door, every step leads from whole ticks to whole ticks": floored_steps_stay_whole,
    "the vendors' formulas are the readings, exact in whole seconds": formulas_agree,
}


def _proved(proof: Callable[[Prover], None]) -> Callable[[Budget], str]:
    def check(budget: Budget) -> str:
        prover = Prover()
        proof(prover)
        if not prover.obligations:
            raise Refuted("nothing was proved")
        return f"all integers that are exactly an int: {prover.obligations} statements on {prover.paths} paths, z3"

    return check


#: In the order of the table.
CLAIMS: Final = (
    *(Claim(text, _proved(proof)) for text, proof in PROOFS.items()),
    *contracts.CLAIMS,
)
