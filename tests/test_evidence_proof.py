"""The proofs: each holds for the function as it is, and refutes a copy with one mistake.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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
from evidence_copies import breaks, broken
from punchclock import InvalidInstant, State, Timer
from punchclock.vendors.dialect import Dialect

pytest.importorskip("z3")
pytest.importorskip("evidence")

import z3

from evidence import proof
from evidence.claims import SHORT, Refuted
from evidence.symbolic import Integer, Prover, any_integer

pytestmark = pytest.mark.slow

core = punchclock.timer
totals = punchclock.eventlog.totals
_SUM: Any = totals._Sum  # noqa: SLF001 - the part of `totals` that adds
history = punchclock.history
intervals = punchclock.vendors.intervals.wire
timetrack = punchclock.vendors.timetrack.wire
worksection = punchclock.vendors.worksection.wire
zoho = punchclock.vendors.zoho.wire

#: A proof, the function that it is about, and one mistake that it has to refute.
BROKEN: list[tuple[Callable[[Prover], None], Any, str, str, str]] = [
    (proof.step_keeps_the_invariant, core, "transition", "now < since", "now > since"),
    (proof.step_keeps_the_invariant, core, "transition", "+ (now - since)", "+ (now - since) + 1"),
    (proof.step_keeps_the_invariant, core, "transition", "Timer(target, now, now, 0)", "Timer(target, now, now, 1)"),
    (proof.step_keeps_the_invariant, core, "transition", "state == _RUNNING", "state == _PAUSED"),
    (proof.functions_are_the_transition, core, "start", "now, now, 0", "now, now, now"),
    (proof.functions_are_the_transition, core, "pause", "now < since", "now <= since"),
    (proof.functions_are_the_transition, core, "resume", "now < timer.since", "now < timer.started_at"),
    (proof.functions_are_the_transition, core, "stop", "+ (now - since)", "+ now"),
    (proof.readings_add_up, core, "worked_at", "now < timer.since", "now < timer.since - 1"),
    (proof.readings_add_up, core, "break_at", "now - timer.started_at", "now - timer.since"),
    (proof.readings_add_up, core, "elapsed_at", "state in _ACTIVE", "state == _RUNNING"),
    (proof.readings_grow, core, "worked_at", "+ (now - timer.since)", "+ (now - timer.since) // 2"),
    (proof.readings_grow, core, "break_at", "return timer.since", "return now"),
    (proof.readings_grow, core, "elapsed_at", "return timer.since", "return now"),
    (proof.clamp_never_traps, core, "not_before", "return timer.since", "return timer.since - 1"),
    (proof.clamp_never_traps, core, "not_before", "now < timer.since", "now <= timer.since + 1"),
    (proof.other_types_are_rejected, core, "start", "type(now) is not int", "isinstance(now, int)"),
    (proof.other_types_are_rejected, core, "pause", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "resume", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "stop", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "transition", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "worked_at", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "break_at", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "elapsed_at", "type(now) is not int or ", ""),
    (proof.other_types_are_rejected, core, "not_before", "type(now) is not int", "False"),
    (proof.other_types_are_rejected, core, "amend", "type(since) is not int", "False"),
    (proof.other_types_are_rejected, history, "timeline", "elapsed_at(timer, until)", "timer"),
    (proof.replay_is_stepping, history, "replay", "error.index = index", "error.index = 0"),
    (
        proof.replay_is_stepping,
        history,
        "replay",
        "transition(timer, event, at)",
        "transition(timer, event, timer.since)",
    ),
    (proof.timeline_covers_exactly, history, "_append", "start == end", "start >= end - 1"),
    (proof.timeline_covers_exactly, history, "_append", "segments[-1].kind is kind", "False"),
    (proof.timeline_covers_exactly, history, "_append", "start = segments.pop().start", "segments.pop()"),
    (
        proof.timeline_covers_exactly,
        history,
        "timeline",
        "_append(segments, timer, at)",
        "_append(segments, after, at)",
    ),
    (proof.split_is_exact, punchclock.calendar, "split_by_day", "min(midnight, end)", "midnight"),
    (proof.split_is_exact, punchclock.calendar, "split_by_day", "start < end", "start <= end"),
    (proof.totals_are_exact, _SUM, "add", "min(cut, end) - start", "end - start"),
    (proof.totals_are_exact, _SUM, "add", "end <= cut", "end < cut"),
    (proof.totals_are_exact, _SUM, "add", "start >= end", "start > end"),
    (proof.totals_are_exact, _SUM, "add", "end - last", "end - cut"),
    (proof.totals_are_exact, _SUM, "add", "cut < last", "cut + 1 < last"),
    (proof.totals_are_exact, _SUM, "_covered", "count + change", "change"),
    (proof.totals_are_exact, _SUM, "rows", "count * (cut - at)", "bool(count) * (cut - at)"),
    (proof.totals_are_exact, _SUM, "rows", "count * (cut - at)", "count * (end - at)"),
    (proof.totals_are_exact, _SUM, "rows", "at < end", "at <= end"),
    (proof.totals_are_exact, _SUM, "pieces", "(end - start)", "(end - start - 1)"),
    (proof.totals_are_exact, totals, "totals", "pieces > limit", "pieces >= limit"),
    (proof.amendment_keeps_the_invariant, core, "amend", "earliest < started_at", "earliest > started_at"),
    (proof.amendment_keeps_the_invariant, core, "amend", "worked < 0", "worked < -1"),
    (proof.restore_is_the_invariant, core, "restore", "worked > since - started_at", "worked > since"),
    (proof.restore_is_the_invariant, core, "restore", "since < started_at", "since <= started_at"),
    (proof.restore_is_the_invariant, core, "restore", "value != 0", "value > 0"),
    (proof.rounding_is_lawful, punchclock.rounding, "round_duration", "rest > 0", "rest >= 0"),
    (proof.rounding_is_lawful, punchclock.rounding, "round_duration", "up = 2 * rest >= step", "up = 2 * rest > step"),
    (proof.rounding_is_lawful, punchclock.rounding, "round_duration", "up = 2 * rest > step", "up = rest > step"),
    (proof.rounding_is_lawful, punchclock.rounding, "round_duration", "else count * step", "else duration"),
    (
        proof.floor_is_lawful,
        Dialect,
        "floor",
        "instant % self.resolution",
        "instant % self.resolution - self.resolution",
    ),
    (proof.floored_steps_stay_whole, Dialect, "floor", "instant - instant % self.resolution", "instant"),
    (proof.formulas_agree, timetrack, "_counted", "elapsed - worked", "elapsed - worked + 1"),
    (proof.formulas_agree, timetrack, "_counted", "State.PAUSED", "State.RUNNING"),
    (proof.formulas_agree, intervals, "element", "total - timer.worked", "total - timer.since"),
    (proof.formulas_agree, zoho, "element", "total = timer.worked", "total = 1 + timer.worked"),
    (proof.formulas_agree, worksection, "element", "_worked(record, now)", "_worked(record, now + 1)"),
    (proof.formulas_agree, worksection, "my_element", "_worked(record, now)", "(now - record.timer.since)"),
    (proof.formulas_agree, worksection, "my_element", "record.timer.started_at", "now"),
]


@pytest.mark.parametrize("claim", proof.PROOFS, ids=lambda claim: claim)
def test_every_proof_goes_through(claim: str) -> None:
    """Every proof succeeds, and proves at least one statement."""
    prover = Prover()
    proof.PROOFS[claim](prover)
    assert prover.obligations > 0


@pytest.mark.parametrize(
    ("walk", "owner", "name", "old", "new"), BROKEN, ids=[f"{each[2]}: {each[3]} → {each[4]}" for each in BROKEN]
)
def test_every_proof_can_fail(
    walk: Callable[[Prover], None], owner: object, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the function with one mistake is refuted, with integers as a counter-example."""
    breaks(monkeypatch, owner, name, old, new)
    with pytest.raises(Refuted, match=r"not for|Error"):
        walk(Prover())


def test_no_proof_is_without_its_broken_copy() -> None:
    """Every proof has a broken copy in the list above."""
    assert {walk for walk, *_ in BROKEN} == set(proof.PROOFS.values())


def test_a_broken_copy_is_broken_in_one_place() -> None:
    """A broken copy differs from the function only in the mistake; a mistake that changes nothing is an error."""
    copy = broken(core.start, "now, now, 0", "now, now, 7")
    assert copy(3) == Timer(State.RUNNING, 3, 3, 7)
    with pytest.raises(AssertionError, match="occurs 0 times"):
        broken(core.start, "no such text", "")


def test_the_precondition_of_the_proofs_is_that_an_unknown_is_an_int() -> None:
    """During a proof, and only then, the functions' own check accepts an unknown as an ``int``, and nothing else."""
    unknown: Any = any_integer("now")
    with proof.of_ints():
        assert core.start(unknown).since is unknown
        for other in (True, 0.5, None, object()):
            with pytest.raises(InvalidInstant):
                core.start(other)  # type: ignore[arg-type]
    with pytest.raises(InvalidInstant):
        core.start(unknown)
    assert not {"type"} & {*vars(core), *vars(punchclock.instants), *vars(punchclock.rounding)}


def test_a_proof_of_nothing_is_no_proof() -> None:
    """A proof whose assumptions no integers meet is an error."""
    prover = Prover()

    with pytest.raises(Refuted, match="no integers meet"):

        @prover.prove("nothing")
        def _() -> None:
            prover.assume(any_integer("x") < 0, any_integer("x") > 0)
            prover.holds("anything", any_integer("x") == 1)


def test_what_z3_cannot_tell_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that z3 cannot decide in time does not hold, and its paths count as possible."""
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)

    prover = Prover()

    with pytest.raises(Refuted, match="z3 cannot tell"):

        @prover.prove("undecided")
        def _() -> None:
            x = any_integer("x")
            prover.assume(x > 1)
            prover.holds("more than nothing", x > 0)

    seen = set()

    prover = Prover()

    @prover.prove("undecided")
    def _() -> None:
        seen.add(bool(any_integer("x") == any_integer("x") + 1))

    assert seen == {True, False}


def test_every_path_is_walked() -> None:
    """A mistake on one of eight paths is found, with integers that lead there."""
    prover = Prover()

    with pytest.raises(Refuted, match="x = "):

        @prover.prove("eight paths")
        def _() -> None:
            x, y, z = any_integer("x"), any_integer("y"), any_integer("z")
            found = [bool(each > 5) for each in (x, y, z)]
            prover.holds("not all three", found != [True, True, False])


@pytest.mark.parametrize("divisor", [1, 3, 60, -7])
def test_division_is_python_s(divisor: int) -> None:
    """Quotient and remainder by a number, of either sign, are Python's."""
    prover = Prover()

    @prover.prove("division")
    def _() -> None:
        x = any_integer("x")
        prover.assume(x >= -20, x <= 20)
        quotient, remainder = divmod(x, divisor)
        for dividend in range(-20, 21):
            if x == dividend:
                prover.holds("quotient", quotient == dividend // divisor)
                prover.holds("remainder", remainder == dividend % divisor)

    assert prover.obligations == 2 * 41


def test_division_by_any_integer_is_python_s() -> None:
    """With an unknown divisor, whole multiples are exact and the remainder is smaller than the divisor."""
    prover = Prover()

    @prover.prove("division")
    def _() -> None:
        x, y = any_integer("x"), any_integer("y")
        if y == 0:
            with pytest.raises(ZeroDivisionError):
                divmod(x, y)
            return
        assert isinstance(x * y, Integer)
        prover.holds("a multiple", (x * y + 2 * y) // y == x + 2, (x * y) % y == 0)
        rest = x % y
        prover.holds("the rest has the divisor's sign", (rest >= 0) if y > 0 else (rest <= 0))
        prover.holds("and is smaller", (rest < y) if y > 0 else (rest > y))


def test_an_unknown_cannot_become_a_number() -> None:
    """If code needs the value of an integer, the proof stops instead of continuing with a wrong one."""
    prover = Prover()

    with pytest.raises(Refuted, match="no single value"):

        @prover.prove("a loop")
        def _() -> None:
            range(any_integer("x"))


def test_contracts_can_fail() -> None:
    """CrossHair refutes a wrong contract, and reports a function without one."""
    contracts = pytest.importorskip("evidence.contracts")

    def double(number: int) -> int:
        """Return twice the number.

        post: __return__ > number
        """
        return 2 * number

    with pytest.raises(Refuted, match="false when calling"):
        contracts.searched(double, 5)
    with pytest.raises(Refuted, match="no contract"):
        contracts.searched(broken, 1)
    assert contracts.searched(contracts.rejecting, 1) in ("every path", "no counter-example in 1 s")
    assert SHORT.crosshair_seconds > 0
