"""Mutation: the mutants are mistakes, the runner tells those that are noticed from those that are not.

The evidence is the project's, not the package's: where the built wheel is tested it is absent, and nothing here runs.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import msgspec
import pytest

import punchclock.rounding

pytest.importorskip("evidence")
pytest.importorskip("cosmic_ray")

from evidence import mutation
from evidence.claims import LONG, SHORT, Refuted
from evidence.mutation import Mutant, Tally

pytestmark = pytest.mark.slow


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
        assert not runner.survives(noticed, tests)
        assert runner.run("test_rounding", 120)[0] == "0", "the original stands again"
        assert runner.survives(same, tests)
        assert not runner.survives(endless, tests)
        assert not runner.survives(noticed, ("test_timer", *tests)), "all of its files are asked"


def test_tests_that_fail_anyway_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tests fail without any mistake, nothing is counted as killed."""
    monkeypatch.setattr(mutation, "_PROFILE", "\nraise RuntimeError('broken')\n")
    with pytest.raises(Refuted, match="test_rounding fails without any mistake"):
        list(mutation.try_out({"rounding.py": ("test_rounding",)}, 1))


def test_equivalents_are_mutants_that_there_are() -> None:
    """Each mutant that is listed as equivalent is still one of its module's, and has a reason."""
    listed = mutation.equivalents()
    for module in {key[0] for key in listed}:
        there = {each.key for each in mutation.mutants_of(module)}
        assert {key for key in listed if key[0] == module} <= there
    assert all(len(reason) > 20 for reason in listed.values())


def _tally(module: str, left: int, mutants: int = 24) -> Tally:
    survivor = Mutant(module, "f", "a", "b")
    killed = mutants - left
    return Tally(module=module, sources="", mutants=mutants, killed=killed, equivalent=0, survivors=[survivor] * left)


def _whole(left: int) -> list[Tally]:
    """A whole run with survivors in one module of each layer."""
    left_in = {"rounding.py": left, "vendors/rules.py": left}
    return [_tally(module, left_in.get(module, 0), 4) for module in (*mutation.CORE, *mutation.VENDOR_LAYER)]


def test_a_survivor_refutes_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """One survivor that is not listed is enough in the core; of the vendors' mutants five in a hundred may survive."""
    monkeypatch.setattr(mutation, "keep", lambda _: None)
    for left, size in ((1, 20), (2, 20)):
        monkeypatch.setattr(mutation, "try_out", lambda *_, left=left, size=size: [_tally("rounding.py", left, size)])
        with pytest.raises(Refuted, match=rf"{left} of 20 survive: rounding\.py, f: 'a' as 'b'"):
            mutation.core(LONG)
        if left == 1:
            assert mutation.vendors(LONG) == "20 mutants, 19 killed, 0 equivalent, 1 left"
        else:
            with pytest.raises(Refuted, match="2 of 20 survive"):
                mutation.vendors(LONG)


def test_a_sample_rests_on_a_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The short budget shows nothing of its own: the last whole run must be there and hold, and the sample agree."""
    monkeypatch.setattr(mutation, "try_out", lambda *_: [_tally("rounding.py", 0)])
    monkeypatch.setattr(mutation, "kept", lambda: _whole(0))
    assert mutation.core(SHORT).endswith("sample: 24 mutants, 24 killed, 0 equivalent, 0 left")
    assert "; changed since, or their tests: machine.py, " in mutation.core(SHORT)
    monkeypatch.setattr(mutation, "kept", lambda: [each for each in _whole(0) if each.module != "timer.py"])
    with pytest.raises(Refuted, match=r"no whole run of timer\.py$"):
        mutation.core(SHORT)
    monkeypatch.setattr(mutation, "kept", lambda: _whole(1))
    with pytest.raises(Refuted, match=r"1 of \d+ survive"):
        mutation.core(SHORT)
    assert mutation.vendors(SHORT).startswith("last whole run: ")
    monkeypatch.setattr(mutation, "try_out", lambda *_: [_tally("vendors/rules.py", 4)])
    with pytest.raises(Refuted, match="4 of 24 survive"):
        mutation.vendors(SHORT)


def test_what_is_kept_is_of_whole_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A module tried again replaces its own count; the others stay, in the order of the layers."""
    monkeypatch.setattr(mutation, "_KEPT", tmp_path / "mutants.json")
    mutation.keep([_tally("vendors/rules.py", 1), _tally("timer.py", 1), _tally("gone.py", 1)])
    mutation.keep([_tally("timer.py", 0)])
    assert [(count.module, len(count.survivors)) for count in mutation.kept()] == [
        ("timer.py", 0),
        ("vendors/rules.py", 1),
    ]


def test_modules_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command tries modules by their names, names what survives, and ends with 1 where anything does."""
    monkeypatch.setattr(mutation, "_KEPT", tmp_path / "mutants.json")
    monkeypatch.setattr(mutation, "try_out", lambda modules, **_: [_tally(module, 1) for module in modules])
    assert mutation.main(["clock.py"]) == 1
    assert "    clock.py, f: 'a' as 'b'" in capsys.readouterr().out
    monkeypatch.setattr(mutation, "try_out", lambda modules, **_: [_tally(module, 0) for module in modules])
    assert mutation.main(["clock.py"]) == 0
    assert [count.module for count in mutation.kept()] == ["clock.py"]
    with pytest.raises(SystemExit) as ended:
        mutation.main(["clocks.py"])
    assert ended.value.code == 2
    assert "invalid choice: 'clocks.py'" in capsys.readouterr().err


def test_what_is_left_is_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With ``--left`` only the last survivors are tried, and what is kept stays a whole run's."""
    monkeypatch.setattr(mutation, "_KEPT", tmp_path / "mutants.json")
    first, second, *_ = mutation.mutants_of("clock.py")
    survivor = msgspec.structs.replace(first, source="")
    count = msgspec.structs.replace(_tally("clock.py", 0), survivors=[survivor])
    mutation.keep([count])
    tried: list[Mutant] = []
    monkeypatch.setattr(mutation.Runner, "survives", lambda _runner, mutant, _files: tried.append(mutant))
    assert mutation.main(["clock.py", "--left"]) == 0
    assert tried == [first] != [second]
    assert mutation.kept() == [count]


def test_every_module_of_the_vendor_layer_is_tried() -> None:
    """A fifth vendor's modules are mutated without a word here, and each module names test files that exist."""
    tests = Path(__file__).parent
    assert {"vendors/rules.py", "vendors/zoho/dates.py", "vendors/conversion.py"} <= set(mutation.VENDOR_LAYER)
    for files in (*mutation.CORE.values(), *mutation.VENDOR_LAYER.values()):
        assert files
        assert all((tests / f"{file}.py").exists() for file in files)
