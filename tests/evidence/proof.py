"""Proof: laws of the core's real functions for all integers, by cases over the table and by induction.

Each proof calls the function itself on symbolic integers (symbolic.py), of which only the stated assumptions are known.
A history is any sequence of events, so a law of every step from every timer that keeps the invariant is a law of all
histories. All proofs assume that every instant and every duration is exactly an ``int`` (`of_ints`); a proof of its own
covers values of other types. Code that is not arithmetic, such as writing a date, is excluded; each exclusion is
listed. Functions on text cannot run symbolically; CrossHair searches for counter-examples of those (contracts.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise, product
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
from evidence.symbolic import Integer, Prover, any_integer, standing_in, type_of
from punchclock import vendors
from punchclock.errors import (
    ClockWentBackwards,
    IllegalTransition,
    InconsistentTimer,
    InvalidInstant,
    PunchclockError,
    TooManyPieces,
)
from punchclock.history import Segment
from punchclock.machine import COUNTS_AS, TRANSITIONS, Event, Kind, State
from punchclock.rounding import Rounding
from punchclock.timer import IDLE, Timer
from punchclock.units import DAY, MINUTE, SECOND
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.workspace import Person

core = punchclock.timer

_BEGUN: Final = tuple(state for state in State if state is not State.IDLE)


@contextmanager
def of_ints() -> Iterator[None]:
    """Assume that every instant and every duration is exactly an ``int``, which the functions check."""
    with (
        standing_in(core, type=type_of),
        standing_in(punchclock.instants, type=type_of),
        standing_in(punchclock.rounding, type=type_of),
    ):
        yield


def any_timer(prover: Prover, state: State) -> Timer:
    """Return any timer in a state that keeps the invariant."""
    if state is State.IDLE:
        return IDLE
    timer = Timer(state, *(any_integer(field) for field in ("started_at", "since", "worked")))
    prover.assume(0 <= timer.worked, timer.worked <= timer.since - timer.started_at)
    return timer


def attempted(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any function's
    """Return what a function returns, or the error that it raises."""
    try:
        return function(*args, **kwargs)
    except PunchclockError as error:
        return error


def same(prover: Prover, what: str, one: Any, other: Any) -> None:  # noqa: ANN401 - timers, or errors
    """Prove that two results are the same: timers in every field, errors in type and attributes."""
    prover.holds(f"{what}: both are {type(one).__name__}", type(one) is type(other))
    if isinstance(one, Timer):
        prover.holds(what, one.state is other.state, one.started_at == other.started_at)
        prover.holds(what, one.since == other.since, one.worked == other.worked)
    else:
        prover.holds(what, one.index == other.index, one.state is other.state, one.event == other.event)
        prover.holds(what, one.at == other.at)


# ---- the machine ---------------------------------------------------------------------------------


@of_ints()
def step_keeps_the_invariant(prover: Prover) -> None:
    """Prove by cases over state and event that the step is the table's, or is rejected."""

    @prover.cases("{1} from {0}", product(State, Event))
    def _(state: State, event: Event) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        after = attempted(core.transition, timer, event, now)
        target = TRANSITIONS.get((state, event))
        if target is None:
            prover.holds("an event that is not in the table is illegal", type(after) is IllegalTransition)
        elif isinstance(after, PunchclockError):
            prover.holds(
                "otherwise only the clock causes a rejection",
                type(after) is ClockWentBackwards,
                now < timer.since,
            )
            prover.holds("a start is never rejected", event is not Event.START)
        else:
            prover.holds("the state is the table's", after.state is target)
            prover.holds("the invariant", 0 <= after.worked, after.worked <= after.since - after.started_at)
            prover.holds("since is now", after.since == now)
            if event is Event.START:
                prover.holds("a start begins now", after.started_at == now, after.worked == 0)
            else:
                prover.holds("time moves forward", now >= timer.since, after.started_at == timer.started_at)
                gained = now - timer.since if COUNTS_AS.get(state) is Kind.WORK else 0
                prover.holds("only a running timer gains work", after.worked == timer.worked + gained)


@of_ints()
def functions_are_the_transition(prover: Prover) -> None:
    """Prove that `start`, `pause`, `resume` and `stop` equal `transition`, from every state."""

    @prover.cases("{} is the transition, from {}", product((Event.PAUSE, Event.RESUME, Event.STOP), State))
    def _(event: Event, state: State) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        function = getattr(core, event.value)
        same(prover, event, attempted(function, timer, now), attempted(core.transition, timer, event, now))

    @prover.prove("start is the transition")
    def _() -> None:
        now = any_integer("now")
        same(prover, "start", core.start(now), core.transition(IDLE, Event.START, now))


@of_ints()
def readings_add_up(prover: Prover) -> None:
    """Prove that work + break = elapsed, that none is negative, and that all three reject the same instants."""

    @prover.cases("readings of a timer that is {}", State)
    def _(state: State) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        worked, rested, elapsed = (
            attempted(reading, timer, now) for reading in (core.worked_at, core.break_at, core.elapsed_at)
        )
        if isinstance(worked, PunchclockError):
            rejected = type(worked) is type(rested) is type(elapsed) is ClockWentBackwards
            prover.holds("all are rejected, because of the clock", rejected, now < timer.since, state is not State.IDLE)
            return
        errors = (isinstance(rested, PunchclockError), isinstance(elapsed, PunchclockError))
        prover.holds("the others are not rejected", errors == (False, False))
        prover.holds("work + break = elapsed", worked + rested == elapsed)
        prover.holds("none is negative", worked >= 0, rested >= 0, elapsed >= 0)
        if state is State.IDLE:
            prover.holds("an idle timer has no time", worked == 0, rested == 0, elapsed == 0)
        else:
            prover.holds("now is not before the last instant", now >= timer.since)


@of_ints()
def readings_grow(prover: Prover) -> None:
    """Prove that between two instants only the state's own kind grows, and that a step changes no reading."""

    @prover.cases("readings of a timer that is {}, in time", State)
    def _(state: State) -> None:
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
                f"{reading.__name__} grows by the time that passes, or not at all",
                grown == (passed if kind in kinds else 0),
            )

    @prover.cases("readings across {1} from {0}", (each for each in TRANSITIONS if each[0] is not State.IDLE))
    def _(state: State, event: Event) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        prover.assume(timer.since <= now)
        after = core.transition(timer, event, now)
        for reading in (core.worked_at, core.break_at, core.elapsed_at):
            prover.holds("the step changes no reading", reading(after, now) == reading(timer, now))


@of_ints()
def clamp_never_traps(prover: Prover) -> None:
    """Prove that no reading and no legal step rejects what `not_before` returns, and that it clamps only if needed."""

    @prover.cases("the clamp on a timer that is {}", State)
    def _(state: State) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        at = core.not_before(timer, now)
        if state is State.IDLE or now >= timer.since:
            prover.holds("a valid instant is returned as it is", at == now)
        else:
            prover.holds("an earlier one becomes the last instant", at == timer.since)
        for reading in (core.worked_at, core.break_at, core.elapsed_at):
            prover.holds("no reading is rejected", not isinstance(attempted(reading, timer, at), PunchclockError))
        for event in Event:
            if (state, event) in TRANSITIONS:
                after = attempted(core.transition, timer, event, at)
                prover.holds(f"{event} is never rejected", isinstance(after, Timer))


@of_ints()
def other_types_are_rejected(prover: Prover) -> None:
    """Prove that an instant that is not an ``int`` is rejected before anything is compared with it.

    The instant is a bare object, which cannot be compared, added or subtracted: trying would raise another error.
    """
    other: Any = object()

    @prover.cases("an instant of another type, for a timer that is {}", State)
    def _(state: State) -> None:
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


# ---- histories -----------------------------------------------------------------------------------


@of_ints()
def replay_is_stepping(prover: Prover) -> None:
    """Prove `replay` of no event, of one and of two: it is the steps in order. The rest is induction."""

    @prover.cases("replay of one event from {}", State)
    def _(state: State) -> None:
        timer, at = any_timer(prover, state), any_integer("at")
        same(prover, "no event", punchclock.history.replay([], timer), timer)
        for event in Event:
            stepped = attempted(core.transition, timer, event, at)
            if isinstance(stepped, PunchclockError):
                stepped.index = 0
            same(prover, "one event", attempted(punchclock.history.replay, [(event, at)], timer), stepped)

    @prover.cases("replay of {}, {} from {}", product(Event, Event, State))
    def _(first: Event, second: Event, state: State) -> None:
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


@of_ints()
def timeline_covers_exactly(prover: Prover) -> None:
    """Prove that a timeline grows by exactly what the timer counts until its next instant.

    The timeline before is empty, or its last segment, of either kind, ends at the timer's last instant. The function
    reads nothing before that, so this is the step of an induction over all histories.
    """

    @prover.cases("the timeline of a timer that is {}, after {}", product(State, (None, *Kind)))
    def _(state: State, last: Kind | None) -> None:
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

    legal = [step for step in product(_BEGUN, (None, *Event)) if step[1] is None or step in TRANSITIONS]

    @prover.cases("the timeline of {1} from {0}", legal)
    def _(state: State, event: Event | None) -> None:
        timer, at, until = any_timer(prover, state), any_integer("at"), any_integer("until")
        prover.assume(timer.since <= at, at <= until)
        history = [] if event is None else [(event, at)]
        after = timer if event is None else core.transition(timer, event, at)
        segments = punchclock.history.timeline(history, until=until, timer=timer)
        for kind, reading in ((Kind.WORK, core.worked_at), (Kind.BREAK, core.break_at)):
            grown = reading(after, until) - reading(timer, timer.since)
            prover.holds(f"the segments of {kind} are what the reading says", _sum_of(segments, kind) == grown)


def _sum_of(segments: list[Segment], kind: Kind) -> int:
    return sum(each.end - each.start for each in segments if each.kind is kind)


def any_midnights(prover: Prover, cuts: int, start: int, end: int) -> list[int]:
    """Return increasing midnights: ``cuts`` of them within a span, and one at its end or later."""
    midnights = [any_integer(f"midnight {number}") for number in range(cuts + 1)]
    for earlier, later in pairwise([start, *midnights]):
        prover.assume(earlier < later)
    prover.assume(end <= midnights[-1])
    if cuts:
        prover.assume(midnights[-2] < end)
    return midnights


@of_ints()
def split_is_exact(prover: Prover) -> None:
    """Prove that `split_by_day` cuts a span at its midnights and nowhere else, whatever the calendar."""
    calendar = punchclock.calendar

    @prover.cases("a span with {} midnights in it", range(4))
    def _(cuts: int) -> None:
        start, end = any_integer("start"), any_integer("end")
        prover.assume(start <= end)
        midnights = any_midnights(prover, cuts, start, end)
        ahead = iter(midnights)
        excluded = {
            "find_zone": lambda zone: zone,
            "_offset": lambda at, zone: 0,
            "_wall": lambda at, offset, zone: at,
            "_date": lambda day: day,
            "_end": lambda day, at, offset, zone: (next(ahead), 0),
        }
        with standing_in(calendar, **excluded):
            pieces = calendar.split_by_day(start, end, "any")
        _exact(prover, [(piece.start, piece.end) for piece in pieces], start, end, midnights[:-1])


def totals_are_exact(prover: Prover) -> None:
    """Prove that `totals` books each part of segments on its own day, and all of it, whatever the calendar.

    One segment ends at most three midnights after its start; another is anywhere in these days, so that any days
    between are counted once or twice. Then any number of segments cover the whole days, which are multiplied.
    """
    module = punchclock.eventlog.totals

    @prover.cases("totals of a segment with {} midnights in it", range(4))
    def _(cuts: int) -> None:
        start, end, limit = any_integer("start"), any_integer("end"), any_integer("limit")
        prover.assume(start < end)
        bounds = _any_days(prover, cuts, start, end)
        rows = _totals(bounds, [Segment(Kind.WORK, start, end)], limit)
        whole = (bounds[-2] - bounds[1]) // DAY if cuts > 1 else 0
        if isinstance(rows, TooManyPieces):
            prover.holds("only for more whole days than the limit", whole > limit, rows.count == whole)
            return
        prover.holds("never more whole days than the limit", whole <= limit)
        prover.holds("one row for each day", [row.date for row in rows] == [*range(cuts + 1)])
        parts = [start, *bounds[1:-1], end]
        for row, earlier, later in zip(rows, parts, parts[1:], strict=False):
            prover.holds("each day has its own part", row.worked == later - earlier, row.break_ == 0)
        prover.holds("the parts are the whole", sum(row.worked for row in rows) == end - start)

    @prover.cases("totals of a segment with {} midnights in it, and of one of {}", product(range(4), Kind))
    def _(cuts: int, kind: Kind) -> None:
        start, end, early, late = (any_integer(name) for name in ("start", "end", "early", "late"))
        prover.assume(start < end)
        bounds = _any_days(prover, cuts, start, end)
        prover.assume(bounds[0] <= early, early <= late, late <= bounds[-1])
        segments = [Segment(Kind.WORK, start, end), Segment(kind, early, late)]
        rows = {row.date: row for row in _totals(bounds, segments, bounds[-1] - bounds[0])}
        for day, (begin, finish) in enumerate(pairwise(bounds)):
            expected: dict[Kind, Any] = dict.fromkeys(Kind, 0)
            for each in segments:
                first, last = max(each.start, begin), min(each.end, finish)
                if first < last:
                    expected[each.kind] += last - first
            prover.holds("a row for each day with time", (day in rows) is any(bool(each) for each in expected.values()))
            if day in rows:
                row = rows[day]
                prover.holds("each day has its own part of both", row.worked == expected[Kind.WORK])
                prover.holds("each day has its own part of both", row.break_ == expected[Kind.BREAK])

    @prover.cases("{} whole days, and then {} that fewer or more segments cover", product(range(1, 3), range(3)))
    def _(before: int, after: int) -> None:
        counts = [[any_integer(f"{kind} {place}") for kind in Kind] for place in range(2)]
        prover.assume(*(count >= 0 for both in counts for count in both))
        bounds = [any_integer(f"midnight {number}") for number in range(before + after + 1)]
        prover.assume(*(one < next_ for one, next_ in pairwise(bounds)))
        held = module._Sum()
        changes = [counts[0], [b - a for a, b in zip(*counts, strict=True)], [-count for count in counts[1]]]
        for at, change in zip((bounds[0], bounds[before], bounds[-1]), changes, strict=True):
            kept = held._bounds.setdefault(at, [0, 0])
            kept[:] = [one + more for one, more in zip(kept, change, strict=True)]
        with standing_in(module, sorted=_sorted_unknowns):
            rows = dict(held.rows(cast("Any", _AnyDays(bounds))))
        for day, (begin, finish) in enumerate(pairwise(bounds)):
            worked, rested = rows.get(cast("Any", day), (0, 0))
            by = counts[day >= before]
            prover.holds("a whole day counts once for each segment", worked == by[0] * (finish - begin))
            prover.holds("and so does a break", rested == by[1] * (finish - begin))


class _AnyDays:
    """Days of any calendar: each is between two of its bounds, and has its number as the date."""

    LENGTHS: Final = punchclock.eventlog.totals.Days.LENGTHS
    period: Final = punchclock.eventlog.totals.Period.DAY

    def __init__(self, bounds: list[Any]) -> None:
        self.bounds = bounds

    def of(self, at: int) -> tuple[int, int, int]:
        if at >= self.bounds[0]:
            for date, (begin, end) in enumerate(pairwise(self.bounds)):
                if at < end:
                    return date, begin, end
        raise LookupError("an instant outside the segments is looked up")


def _any_days(prover: Prover, cuts: int, start: Any, end: Any) -> list[Any]:  # noqa: ANN401 - unknown integers
    """Return the bounds of any days from that of ``start`` to that of the instant before ``end``."""
    first = any_integer("first midnight")
    prover.assume(first <= start)
    return [first, *any_midnights(prover, cuts, start, end)]


def _totals(bounds: list[Any], segments: list[Segment], limit: Any) -> Any:  # noqa: ANN401 - totals, or an error
    module = punchclock.eventlog.totals
    with standing_in(module, Days=lambda *_: _AnyDays(bounds), sorted=_sorted_unknowns):
        return attempted(module.totals, [("a", "b", segments)], "any", limit=limit)


def _sorted_unknowns(keys: Iterable[Any]) -> list[Any]:
    """Return the sorted keys of a dictionary, which compares its keys only if all are unknown (`Integer.__hash__`)."""
    every = list(keys)
    if not all(isinstance(key, Integer) for key in every):
        raise Refuted("a dictionary has keys of which only some are unknown")
    return sorted(every)


def _exact(prover: Prover, pieces: list[tuple[int, int]], start: int, end: int, cuts: list[int]) -> None:
    if not pieces:
        prover.holds("only an empty span has no pieces", start == end)
        return
    prover.holds("the first piece begins at the start", pieces[0][0] == start)
    prover.holds("the last piece ends at the end", pieces[-1][1] == end)
    prover.holds("cut at each midnight, and nowhere else", len(pieces) == len(cuts) + 1)
    for (_, one), (next_, _), cut in zip(pieces, pieces[1:], cuts, strict=False):
        prover.holds("neighbours touch, at a midnight", one == next_, one == cut)
    for piece_start, piece_end in pieces:
        prover.holds("none is empty", piece_start < piece_end)
    prover.holds("the pieces sum to the whole", sum(late - early for early, late in pieces) == end - start)


# ---- values from outside -------------------------------------------------------------------------


@of_ints()
def amendment_keeps_the_invariant(prover: Prover) -> None:
    """Prove what `amend` does from every state, with any work and any instant."""

    @prover.cases("amend from {}", State)
    def _(state: State) -> None:
        timer, worked, since = any_timer(prover, state), any_integer("new worked"), any_integer("new since")
        amended = attempted(core.amend, timer, worked=worked, since=since)
        if isinstance(amended, PunchclockError):
            prover.holds("rejected by name", type(amended) is InconsistentTimer)
            if state is not State.IDLE:
                prover.holds("only negative work is rejected", worked < 0)
            return
        prover.holds("an idle timer cannot be amended", state is not State.IDLE)
        prover.holds("the state stays", amended.state is state)
        prover.holds("worked and since are as given", amended.worked == worked, amended.since == since)
        prover.holds("the invariant", 0 <= worked, worked <= since - amended.started_at)
        prover.holds("the start never moves forward", amended.started_at <= timer.started_at)
        if worked <= since - timer.started_at:
            prover.holds("it stays if the work fits", amended.started_at == timer.started_at)
        else:
            prover.holds("otherwise it moves back just far enough", amended.started_at == since - worked)


@of_ints()
def restore_is_the_invariant(prover: Prover) -> None:
    """Prove that `restore` accepts exactly the timers that keep the invariant."""

    @prover.cases("restore of {}", State)
    def _(state: State) -> None:
        started_at, since, worked = (any_integer(name) for name in ("started_at", "since", "worked"))
        restored = attempted(core.restore, state=state, started_at=started_at, since=since, worked=worked)
        consistent = 0 <= worked
        if consistent:
            consistent = worked <= since - started_at
        if consistent and state is State.IDLE:
            for field in (started_at, since, worked):
                consistent = consistent and field == 0
        if isinstance(restored, Timer):
            prover.holds("an accepted timer is consistent", bool(consistent))
            same(prover, "it is returned unchanged", restored, Timer(state, started_at, since, worked))
        else:
            prover.holds("a consistent timer is accepted", not consistent)
            prover.holds("rejected by name", type(restored) is InconsistentTimer)


@of_ints()
def rounding_is_lawful(prover: Prover) -> None:
    """Prove the laws of rounding for every duration and every step."""
    rounding = punchclock.rounding

    @prover.cases("rounding {}", Rounding)
    def _(mode: Rounding) -> None:
        duration, step, count = any_integer("duration"), any_integer("step"), any_integer("count")
        prover.assume(duration >= 0, step >= 1)
        rounded = rounding.round_duration(duration, step, mode)
        prover.holds("the error is less than a step", -step < rounded - duration, rounded - duration < step)
        prover.holds("the result is not negative", rounded >= 0)
        if mode is Rounding.UP:
            prover.holds("up", rounded >= duration)
        elif mode is Rounding.DOWN:
            prover.holds("down", rounded <= duration)
        else:
            error = rounded - duration
            prover.holds("the error is at most half a step", -step <= 2 * error, 2 * error <= step)
        if mode is Rounding.NEAREST:
            prover.holds("half goes up", 2 * (duration - rounded) < step)
        prover.assume(count >= 0)
        boundary = count * step
        prover.holds("boundaries stay as they are", rounding.round_duration(boundary, step, mode) == boundary)

    @prover.cases("rounding {} twice", Rounding)
    def _(mode: Rounding) -> None:
        duration, step = any_integer("duration"), any_integer("step")
        prover.assume(duration >= 0, step >= 1)
        once = rounding.round_duration(duration, step, mode)
        prover.holds("twice is the same as once", rounding.round_duration(once, step, mode) == once)

    @prover.cases("rounding {} keeps the order", Rounding)
    def _(mode: Rounding) -> None:
        less, more = any_integer("less"), any_integer("more")
        prover.assume(0 <= less, less <= more)
        step = 15 * MINUTE  # the order for every step at once is beyond z3
        less, more = (rounding.round_duration(each, step, mode) for each in (less, more))
        prover.holds("the order is kept, at a quarter of an hour", less <= more)


# ---- the vendors ---------------------------------------------------------------------------------


def floor_is_lawful(prover: Prover) -> None:
    """Prove for every resolution that `floor` is idempotent, exact to the resolution, and keeps the order."""

    @prover.prove("any resolution")
    def _() -> None:
        at, unit, count = (any_integer(name) for name in ("at", "unit", "count"))
        prover.assume(unit >= 1)
        dialect = Dialect("any", unit, (Binding("start", Event.START),))
        floored = dialect.floor(at)
        prover.holds("less than a unit below", floored <= at, at < floored + unit)
        prover.holds("whole units stay", dialect.floor(count * unit) == count * unit)

    @prover.prove("any resolution, twice")
    def _() -> None:
        at, unit = any_integer("at"), any_integer("unit")
        prover.assume(unit >= 1)
        dialect = Dialect("any", unit, (Binding("start", Event.START),))
        once = dialect.floor(at)
        prover.holds("twice is the same as once", dialect.floor(once) == once)

    @prover.cases("the resolution of {}", vendors.names())
    def _(name: str) -> None:
        dialect = vendors.load(name).dialect
        at, later = any_integer("at"), any_integer("later")
        prover.assume(at <= later)
        prover.holds("the order is kept", dialect.floor(at) <= dialect.floor(later))


def whole_units(prover: Prover, state: State, unit: int) -> Timer:
    """Return any timer in whole units that keeps the invariant."""
    if state is State.IDLE:
        return IDLE
    started_at, rested, worked = (any_integer(f"{field} in units") for field in ("started_at", "rested", "worked"))
    prover.assume(rested >= 0, worked >= 0)
    return Timer(state, started_at * unit, (started_at + rested + worked) * unit, worked * unit)


@of_ints()
def floored_steps_stay_whole(prover: Prover) -> None:
    """Prove that a floored step leads from whole units to whole units, so that no later rounding can break a sum."""

    @prover.cases("{0}: {1[1]} from {1[0]}", product(vendors.names(), TRANSITIONS))
    def _(name: str, step: tuple[State, Event]) -> None:
        dialect, (state, event) = vendors.load(name).dialect, step
        timer, now = whole_units(prover, state, dialect.resolution), any_integer("now")
        at = core.not_before(timer, dialect.floor(now))
        after = core.transition(timer, event, at)
        for field in (after.started_at, after.since, after.worked):
            prover.holds("whole units", field % dialect.resolution == 0)
        worked, rested = core.worked_at(after, at), core.break_at(after, at)
        prover.holds("whole readings", worked % dialect.resolution == 0, rested % dialect.resolution == 0)


@of_ints()
def formulas_agree(prover: Prover) -> None:
    """Prove that each vendor's own arithmetic, on timers in whole seconds, equals the readings of the core.

    TimeTrack: ``worked = (now - started) - break`` while the timer runs, ``break = (now - started) - worked`` while it
    is paused. Intervals: ``time + timelapsed``. Zoho: ``totaltime + diff``. Worksection, which has no pause: ``now -
    started``. Excluded: writing dates and durations; for Intervals also the rounding of its floats.
    """
    timetrack = punchclock.vendors.timetrack.wire

    @prover.cases("TimeTrack, {}, in units of {} µs", product(_BEGUN, (SECOND, MINUTE)))
    def _(state: State, unit: int) -> None:
        timer, units = whole_units(prover, state, SECOND), any_integer("now in units")
        now = units * SECOND
        worked, rested = timetrack._counted(timer, now, unit)
        at = core.not_before(timer, now)
        prover.holds("work + break = elapsed", worked + rested == core.elapsed_at(timer, at) // unit)
        if unit == SECOND:
            prover.holds("work", worked * SECOND == core.worked_at(timer, at))
            prover.holds("break", rested * SECOND == core.break_at(timer, at))
        elif state is State.PAUSED:
            prover.holds("work is constant, and floored", worked == core.worked_at(timer, at) // unit)
        else:
            prover.holds("break is constant, and floored", rested == core.break_at(timer, at) // unit)

    intervals = punchclock.vendors.intervals.wire

    @prover.cases("Intervals, {}", (State.RUNNING, State.PAUSED))
    def _(state: State) -> None:
        timer, now = any_timer(prover, state), any_integer("now")
        record = intervals.IntervalsTimer(timer=timer)
        with standing_in(intervals, write_timestamp=lambda at: at):
            element = intervals.element(record, now)
        total = core.worked_at(timer, core.not_before(timer, now))
        shown = cast("Any", element)
        prover.holds("totaltime = time + timelapsed", shown.time + shown.timelapsed == shown.totaltime)
        prover.holds("totaltime is the work", shown.totaltime == cast("Any", total) / SECOND)
        if state is State.RUNNING:
            prover.holds("starttime is the instant at which time was taken", shown.starttime == timer.since)

    zoho = punchclock.vendors.zoho.wire

    @prover.prove("Zoho People, running")
    def _() -> None:
        timer, units = whole_units(prover, State.RUNNING, SECOND), any_integer("now in units")
        now = units * SECOND
        record = zoho.ZohoTimer(timer=timer, person=Person(id="1"))
        with standing_in(zoho, seconds_of_day=lambda at, zone: at):
            element = zoho.element(record, now, "UTC")
        total = core.worked_at(timer, core.not_before(timer, now))
        prover.holds("totaltime + diff is the work", (element.totaltime + element.diff) * SECOND == total)

    worksection = punchclock.vendors.worksection.wire

    @prover.prove("Worksection, running")
    def _() -> None:
        timer, now = core.start(any_integer("started_at")), any_integer("now")
        record = worksection.WorksectionTimer(timer=timer, person=Person(id="1"))
        with standing_in(worksection, write_local=lambda at, zone: at, format_duration=lambda duration: duration):
            public, own = (
                cast("Any", each(record, now, "UTC")) for each in (worksection.element, worksection.my_element)
            )
        total = core.worked_at(timer, core.not_before(timer, now))
        prover.holds("the work is the time since the start", public.time == total)
        prover.holds("its owner sees it in whole seconds", own.time == total // SECOND)
        for each in (public, own):
            prover.holds("the start is shown", each.date_started == timer.started_at)
        prover.holds("now - started, but not negative", public.time == (now - timer.since if now >= timer.since else 0))


#: Every proof by its claim.
PROOFS: Final[dict[str, Callable[[Prover], None]]] = {
    "every step is in the table and keeps 0 ≤ worked ≤ since − started_at, or is rejected": step_keeps_the_invariant,
    "an instant that is not exactly an int is rejected before anything is compared": other_types_are_rejected,
    "start, pause, resume and stop are transition": functions_are_the_transition,
    "worked + break = elapsed, none of them negative": readings_add_up,
    "readings grow by the time that passes or not at all; a step changes none": readings_grow,
    "no reading and no legal step rejects the instant that not_before returns": clamp_never_traps,
    "a replay is the steps in order, and fails where they fail": replay_is_stepping,
    "a timeline's segments touch, and sum to the readings": timeline_covers_exactly,
    "split_by_day cuts a span at any midnights and loses nothing (up to 3 cuts)": split_is_exact,
    "totals books all of a segment on its days, and multiplies whole days (up to 3 midnights)": totals_are_exact,
    "an amendment keeps the invariant and moves the start no further than it must": amendment_keeps_the_invariant,
    "restore accepts exactly the timers that keep the invariant": restore_is_the_invariant,
    "rounding is idempotent, off by less than a step (half, to the nearest), and leaves boundaries": rounding_is_lawful,
    "a dialect's floor is idempotent, exact to its resolution, and keeps the order": floor_is_lawful,
    "every floored step leads from whole units to whole units": floored_steps_stay_whole,
    "the vendors' formulas equal the readings, exactly in whole seconds": formulas_agree,
}


def _check(proof: Callable[[Prover], None]) -> Callable[[Budget], str]:
    def check(budget: Budget) -> str:
        prover = Prover()
        proof(prover)
        if not prover.obligations:
            raise Refuted("nothing was proved")
        return f"all integers that are exactly an int: {prover.obligations} statements on {prover.paths} paths, z3"

    return check


CLAIMS: Final = (
    *(Claim(text, _check(proof)) for text, proof in PROOFS.items()),
    *contracts.CLAIMS,
)
