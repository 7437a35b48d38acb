"""Mutation: the mutants are mistakes, and a run tells those that the tests notice from the others.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import punchclock.clock
import punchclock.rounding

pytest.importorskip("evidence")
pytest.importorskip("cosmic_ray")

from evidence import mutation
from evidence.claims import SHORT, NotShown, Refuted
from evidence.mutation import Mutant, Tally

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent


def test_a_mutant_is_one_mistake() -> None:
    """Every mutant compiles, differs from all others, and describes its mistake and its place."""
    mutants = mutation.mutants_of("rounding.py")
    assert len({each.source for each in mutants}) == len({each.key for each in mutants}) == len(mutants) > 20
    for mutant in mutants:
        ast.parse(mutant.source)
        assert mutant.before != mutant.after
        assert mutant.where == "round_duration"
    (nearest,) = (each for each in mutants if each.after == "up = 2 * rest > step")
    assert str(nearest) == "rounding.py, round_duration: 'up = 2 * rest >= step' as 'up = 2 * rest > step'"


def test_a_run_tells_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake and an endless run are noticed; an unchanged module survives, or is equivalent if it is listed."""
    original = inspect.getsource(punchclock.clock)
    mistake, *_ = mutation.mutants_of("clock.py")
    survivor = Mutant("clock.py", "", "a", "b", original + "# unchanged\n")
    listed = msgspec.structs.replace(survivor, after="c")
    endless = msgspec.structs.replace(survivor, source="while True:\n    pass\n")
    monkeypatch.setattr(mutation, "mutants_of", lambda _: [mistake, survivor, listed, endless])
    monkeypatch.setattr(mutation, "equivalents", lambda: {listed.key: "it is the same"})
    tally = mutation.tally("clock.py", ("test_clock",))
    assert (tally.mutants, tally.killed, tally.equivalent) == (4, 2, 1)
    assert [each.key for each in tally.survivors] == [survivor.key]


def test_one_thread_at_a_time_parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two modules are parsed at the same time: Python's parser fails by chance if two threads use it at once."""
    parsing: list[str] = []
    most: list[int] = []

    def mutants_of(module: str) -> list[Mutant]:
        parsing.append(module)
        time.sleep(0.05)
        most.append(len(parsing))
        parsing.remove(module)
        return []

    monkeypatch.setattr(mutation, "mutants_of", mutants_of)
    monkeypatch.setattr(mutation, "save", lambda *_, **__: None)
    project = mutation.Project(tmp_path, {}, "")
    monkeypatch.setattr(mutation, "passing", lambda _: contextlib.nullcontext(project))  # without a mutant to try
    monkeypatch.setattr(mutation, "_copied", contextlib.nullcontext)
    assert mutation.main(["clock.py", "units.py", "rounding.py"]) == 0
    assert most == [1, 1, 1]


def test_tests_that_fail_without_a_mistake_refute() -> None:
    """If the tests fail without any mistake, nothing counts as killed."""
    with pytest.raises(Refuted, match="the tests fail without any mistake"):
        mutation.tally("clock.py", ("no_such_test",))


def test_equivalents_exist() -> None:
    """Each mutant that is listed as equivalent is still a mutant of its module, and has a reason."""
    listed = mutation.equivalents()
    for module in {key[0] for key in listed}:
        keys = {each.key for each in mutation.mutants_of(module)}
        assert {key for key in listed if key[0] == module} <= keys
    assert all(len(reason) > 20 for reason in listed.values())


def _tally(module: str, left: int, mutants: int = 24, sources: str = "") -> Tally:
    survivors = [Mutant(module, "f", "a", "b")] * left
    killed = mutants - left
    return Tally(module=module, sources=sources, mutants=mutants, killed=killed, equivalent=0, survivors=survivors)


def _whole(left: int) -> list[Tally]:
    """Return a whole run of the present modules, with survivors in one module of each layer."""
    left_in = {"rounding.py": left, "vendors/rules.py": left}
    modules = mutation.core_modules() | mutation.vendor_modules()
    return [_tally(each, left_in.get(each, 0), 4, mutation.digest(each, files)) for each, files in modules.items()]


def test_the_claims_rest_on_a_whole_run_and_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """No mutant of the core may survive, and five in a hundred of the vendors; the sample must agree."""
    monkeypatch.setattr(mutation, "sample_of", lambda *_: [_tally("rounding.py", 0)])
    monkeypatch.setattr(mutation, "saved", lambda: _whole(0))
    tried = mutation.core(SHORT)
    assert tried.startswith(f"whole runs of {len(mutation.core_modules())} modules: ")
    assert tried.endswith("sample: 24 mutants, 24 killed, 0 equivalent, 0 left")
    monkeypatch.setattr(mutation, "saved", lambda: _whole(1))
    with pytest.raises(Refuted, match=r"1 of \d+ survive: rounding\.py, f: 'a' as 'b'"):
        mutation.core(SHORT)
    assert mutation.vendors(SHORT).startswith("whole runs of ")
    monkeypatch.setattr(mutation, "sample_of", lambda *_: [_tally("vendors/rules.py", 4)])
    with pytest.raises(Refuted, match="4 of 24 survive"):
        mutation.vendors(SHORT)


def test_a_claim_without_a_present_whole_run_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that were never run, or changed since, are listed and sampled; a survivor in the sample still refutes."""
    sampled: list[set[str]] = []
    survivors = 0

    def sample_of(modules: dict[str, tuple[str, ...]], _size: int) -> list[Tally]:
        sampled.append(set(modules))
        return [_tally("timer.py", survivors)]

    monkeypatch.setattr(mutation, "sample_of", sample_of)
    changed = {"clock.py": "another"}
    whole = [
        msgspec.structs.replace(each, sources=changed.get(each.module, each.sources))
        for each in _whole(0)
        if each.module != "timer.py"
    ]
    monkeypatch.setattr(mutation, "saved", lambda: whole)
    with pytest.raises(NotShown, match=r"; no whole run \(`make mutation`\) of the present clock\.py, timer\.py$"):
        mutation.core(SHORT)
    assert sampled == [{"clock.py", "timer.py"}]
    assert mutation.vendors(SHORT)
    survivors = 1
    with pytest.raises(Refuted, match=r"1 of 24 survive: timer\.py"):
        mutation.core(SHORT)


def test_a_sample_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample takes the same mutants of the same few modules, and about as many as it should."""
    tried: list[str] = []

    def tally(module: str, _files: tuple[str, ...], chosen: object, _project: object) -> Tally:
        assert callable(chosen)
        mutants = chosen(mutation.mutants_of(module))
        tried.extend(map(str, mutants))
        return _tally(module, 0, len(mutants))

    monkeypatch.setattr(mutation, "tally", tally)
    monkeypatch.setattr(mutation, "passing", contextlib.nullcontext)
    modules: dict[str, tuple[str, ...]] = {"clock.py": (), "rounding.py": ()}
    runs = [sum(each.mutants for each in mutation.sample_of(modules, 8)) for _ in range(2)]
    assert runs == [8, 8]
    assert sorted(tried[:8]) == sorted(tried[8:])


def test_whole_modules_are_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command replaces the counts of its modules, keeps the others, and exits with 1 if a mutant survives."""
    monkeypatch.setattr(mutation, "_SAVED", tmp_path / "mutants.json")
    mutation.save([_tally("vendors/rules.py", 1), _tally("clock.py", 0), _tally("gone.py", 1)])
    monkeypatch.setattr(mutation, "tally", lambda module, _: _tally(module, 1))
    assert mutation.main(["clock.py"]) == 1
    assert "    clock.py, f: 'a' as 'b'" in capsys.readouterr().out
    assert [(each.module, len(each.survivors)) for each in mutation.saved()] == [
        ("clock.py", 1),
        ("vendors/rules.py", 1),
    ]
    monkeypatch.setattr(mutation, "tally", lambda module, _: _tally(module, 0))
    assert mutation.main(["clock.py"]) == 0
    with pytest.raises(SystemExit) as ended:
        mutation.main(["clocks.py"])
    assert ended.value.code == 2
    assert "unknown modules: clocks.py; known: calendar.py, " in capsys.readouterr().err


def test_every_module_is_tried() -> None:
    """The modules come from the folders, so that a new one is tried too, and each has tests that exist."""
    assert {"timer.py", "eventlog/totals.py"} <= mutation.core_modules().keys()
    vendors = mutation.vendor_modules()
    assert {"vendors/rules.py", "vendors/zoho/dates.py", "vendors/conversion.py"} <= vendors.keys()
    assert vendors["vendors/zoho/dates.py"][0].startswith("test_zoho_")
    application = mutation.application_modules()
    assert {"sandbox/server.py", "columns/arrow.py", "cli/replay.py"} <= application.keys()
    assert application["sandbox/clock.py"][0] == "test_sandbox_clock"
    for files in (*mutation.core_modules().values(), *vendors.values(), *application.values()):
        assert files
        assert all((TESTS / f"{file}.py").exists() for file in files)


def _sample(killed: int, survivors: int, **changed: object) -> list[Tally]:
    """Return the sample of one module, as if it were the only one."""
    files = mutation.application_modules()["sandbox/clock.py"]
    mutants = [Mutant("sandbox/clock.py", "f", "a", str(number)) for number in range(survivors)]
    sample = Tally(
        module="sandbox/clock.py",
        sources=mutation.digest("sandbox/clock.py", files),
        mutants=killed + survivors,
        killed=killed,
        equivalent=0,
        survivors=mutants,
        population=1000,
        seed=mutation.SEED,
    )
    return [msgspec.structs.replace(sample, **changed)]


@pytest.fixture
def of_one_module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that puts the sample of one module in place of the saved one, and what is tried anew."""
    files = mutation.application_modules()["sandbox/clock.py"]
    monkeypatch.setattr(mutation, "application_modules", lambda: {"sandbox/clock.py": files})
    monkeypatch.setattr(mutation, "reasons", lambda: {each.key: "a reason" for each in _sample(0, 20)[0].survivors})

    def put(sample: list[Tally], again: int = 0) -> None:
        monkeypatch.setattr(mutation, "saved", lambda *_: sample)
        monkeypatch.setattr(mutation, "_sampling", lambda *_: iter(_sample(12 - again, again)))

    return put


def test_the_sample_shows_a_share_of_all(of_one_module: Callable[..., None]) -> None:
    """The claim holds if the sample is large enough to say that nine in ten of all mutants are killed."""
    of_one_module(_sample(285, 15))
    assert mutation.application(SHORT) == (
        "a sample of the 1,000 mutants of 1 modules: 300 mutants, 285 killed, 0 equivalent, 15 left; with 95 % "
        "confidence, the tests kill 91.9% to 96.9% of all that are not equivalent; "
        "tried anew: 12 mutants, 12 killed, 0 equivalent, 0 left"
    )
    of_one_module(_sample(57, 3))
    with pytest.raises(NotShown, match=r"kill 86\.3% to 98\.3% .*; this sample is too small to show 90%"):
        mutation.application(SHORT)
    of_one_module(_sample(269, 1, equivalent=30, mutants=300))
    assert "97.9% to 99.9%" in mutation.application(SHORT)


def test_a_sample_with_too_many_survivors_refutes(of_one_module: Callable[..., None]) -> None:
    """So do a survivor without a reason, and one that is not among those of the saved sample."""
    of_one_module(_sample(170, 20))
    with pytest.raises(Refuted, match="170 of 190 mutants are killed"):
        mutation.application(SHORT)
    of_one_module(_sample(500, 21))
    with pytest.raises(Refuted, match=r"no reason is listed for the survivor \('sandbox/clock\.py', 'f', 'a', '20'\)"):
        mutation.application(SHORT)
    of_one_module(_sample(500, 1), again=2)
    with pytest.raises(Refuted, match=r"killed before, but not now: sandbox/clock\.py, f: 'a' as '1'$"):
        mutation.application(SHORT)


@pytest.mark.parametrize("changed", [{"sources": "another"}, {"seed": -1}, {"module": "sandbox/gone.py"}])
def test_a_sample_of_other_sources_shows_nothing(
    changed: dict[str, object], of_one_module: Callable[..., None]
) -> None:
    """A module that changed since, or whose sample has another seed, is listed."""
    of_one_module(_sample(300, 0, **changed))
    with pytest.raises(NotShown, match=r"no sample \(`--sample`\) of the present sandbox/clock\.py$"):
        mutation.application(SHORT)


def test_the_interval_is_wilson_s() -> None:
    """The interval has the values of the literature; without a sample it says nothing."""
    low, high = mutation.interval(90, 100)
    assert (round(low, 4), round(high, 4)) == (0.8256, 0.9448)
    assert mutation.interval(0, 0) == (0, 1)
    low, high = mutation.interval(10, 10)
    assert (round(low, 4), round(high, 4)) == (0.7225, 1)


def test_a_sample_takes_the_same_share_of_each_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same mutants are taken each time; trying a few of them anew takes the first of these."""
    tried: list[list[str]] = []

    def tally(module: str, _files: tuple[str, ...], chosen: object, _project: object) -> Tally:
        assert callable(chosen)
        mutants = chosen(mutation.mutants_of(module))
        tried.append([str(each) for each in mutants])
        return _tally(module, 0, len(mutants))

    monkeypatch.setattr(mutation, "tally", tally)
    monkeypatch.setattr(mutation, "passing", contextlib.nullcontext)
    project = mutation.Project(Path(), {}, "")
    whole, again, few = (mutation.taken("sandbox/clock.py", (), project, few) for few in (None, None, 2))
    population = len(mutation.mutants_of("sandbox/clock.py"))
    assert (whole.population, whole.seed, whole.mutants) == (
        population,
        mutation.SEED,
        -(-population // mutation.ONE_IN),
    )
    assert whole == again
    assert few.mutants == 2
    assert tried[0] == tried[1]
    assert tried[0][:2] == tried[2]


def test_the_sample_is_saved_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default the command tries the modules whose sample is not present; it saves it beside the whole runs."""
    monkeypatch.setattr(mutation, "SAMPLED", tmp_path / "sampled.json")
    monkeypatch.setattr(mutation, "_SAVED", tmp_path / "whole.json")
    modules = ["sandbox/clock.py", "sandbox/store.py"]
    every = mutation.application_modules()
    monkeypatch.setattr(mutation, "application_modules", lambda: {module: every[module] for module in modules})
    asked: list[list[str]] = []

    def sampling(_modules: object, wanted: list[str], _few: int | None = None) -> Iterator[Tally]:
        asked.append(wanted)
        yield from (_tally(each, 1) for each in wanted)

    monkeypatch.setattr(mutation, "_sampling", sampling)
    mutation.save(_sample(10, 0), sample=True)
    assert mutation.main(["--sample"]) == 1
    assert mutation.main(["--sample", "sandbox/clock.py"]) == 1
    assert asked == [["sandbox/store.py"], ["sandbox/clock.py"]]
    assert "    sandbox/store.py, f: 'a' as 'b'" in capsys.readouterr().out
    assert [each.module for each in mutation.saved(tmp_path / "sampled.json")] == modules
    assert not (tmp_path / "whole.json").exists()


def test_every_survivor_of_the_sample_has_a_reason() -> None:
    """Each mutant that survives in the saved sample is listed with a reason, and no other mutant is."""
    survivors = {each.key for tally in mutation.saved(mutation.SAMPLED) for each in tally.survivors}
    assert survivors == mutation.reasons().keys()
    assert all(len(reason) > 20 for reason in mutation.reasons().values())
