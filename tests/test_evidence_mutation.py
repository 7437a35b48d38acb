"""Mutation: the mutants are mistakes, the runner tells those that are noticed from those that are not.

The evidence is the project's, not the package's: where the built wheel is tested it is absent, and nothing here runs.
"""

from __future__ import annotations

import ast
import inspect

import msgspec
import pytest

import punchclock.rounding

pytest.importorskip("evidence")
pytest.importorskip("cosmic_ray")

from evidence import mutation
from evidence.claims import SHORT, Refuted
from evidence.mutation import Mutant, Tally


def _rounding(before: str, after: str) -> Mutant:
    found = [each for each in mutation.mutants_of("rounding.py") if (each.before, each.after) == (before, after)]
    assert len(found) == 1
    return found[0]


def test_a_mutant_is_one_mistake() -> None:
    """Every mutant compiles, differs from all others, and says where it stands and what it changes."""
    mutants = mutation.mutants_of("rounding.py")
    assert len({each.source for each in mutants}) == len({each.key for each in mutants}) == len(mutants) > 20
    for mutant in mutants:
        ast.parse(mutant.source)
        assert mutant.before != mutant.after
        assert mutant.where in {"round_duration", "_check_integers"}
    nearest = _rounding("up = 2 * rest >= step", "up = 2 * rest > step")
    assert str(nearest) == "rounding.py, round_duration: 'up = 2 * rest >= step' as 'up = 2 * rest > step'"


def test_the_runner_tells_them_apart() -> None:
    """A mistake is noticed, a change that does nothing survives, and what never ends counts as noticed."""
    tests = ("test_rounding",)
    noticed = _rounding("up = 2 * rest >= step", "up = 2 * rest > step")
    same = msgspec.structs.replace(noticed, source=inspect.getsource(punchclock.rounding) + "# same\n")
    endless = msgspec.structs.replace(noticed, source="while True:\n    pass\n")
    with mutation.Runner.opened() as runner:
        assert runner.run(tests, 120)[0] == "0"
        assert not runner.survives(noticed, tests, 120)
        assert runner.run(tests, 120)[0] == "0", "the original stands again"
        assert not runner.survives(endless, tests, 2)
        assert runner.survives(same, tests, 120)


def test_tests_that_fail_anyway_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tests fail without any mistake, nothing is counted as killed."""
    monkeypatch.setattr(mutation, "_PROFILE", "\nraise RuntimeError('broken')\n")
    with pytest.raises(Refuted, match="fail without any mistake"):
        mutation.try_out({"rounding.py": ("test_rounding",)}, 1)


def test_equivalents_are_mutants_that_there_are() -> None:
    """Each mutant that is listed as equivalent is still one of its module's, and has a reason."""
    listed = mutation.equivalents()
    for module in {key[0] for key in listed}:
        there = {each.key for each in mutation.mutants_of(module)}
        assert {key for key in listed if key[0] == module} <= there
    assert all(len(reason) > 20 for reason in listed.values())


def test_a_survivor_refutes_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """One survivor that is not listed is enough in the core; of the vendors' mutants five in a hundred may survive."""
    survivor = Mutant("rounding.py", "round_duration", "a", "b")
    few = Tally(module="rounding.py", sources="", mutants=24, killed=23, equivalent=0, survivors=[survivor])
    monkeypatch.setattr(mutation, "try_out", lambda *_: [few])
    with pytest.raises(Refuted, match=r"1 survive: rounding\.py, round_duration: 'a' as 'b'"):
        mutation.core(SHORT)
    assert mutation.vendors(SHORT).startswith("sample: 24 mutants, 23 killed, 0 equivalent, 1 left")
    many = msgspec.structs.replace(few, killed=18, survivors=[survivor] * 6)
    monkeypatch.setattr(mutation, "try_out", lambda *_: [many])
    with pytest.raises(Refuted, match="6 of 24 survive"):
        mutation.vendors(SHORT)
