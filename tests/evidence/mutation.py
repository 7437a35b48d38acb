"""Mutation: the sources with one small mistake each; the tests must fail for every mistake that changes behaviour.

cosmic-ray makes the mistakes and runs the tests: another operator or comparison, a negated condition, a number off by
one, ``and`` for ``or``, a loop that does not run, a decorator or a ``not`` that is missing. A mutant that Python cannot
compile, that only touches annotations or that equals another one is not tried. Each mutant is tried in a copy of the
project, against the test files of its module; a run that takes much longer than with the original counts as killed.

Mutants that behave like the original are listed in ``equivalent_mutants.toml``, each with the reason; the operators and
the tests of each module are in ``mutation.toml``. A whole run takes hours: ``make mutation`` tries every mutant of the
core and the vendors, and saves the counts in ``mutants.json``. The claims rest on these counts and on a sample that is
tried anew; they are not shown while a module has no whole run, or it or its tests have changed since.
``PYTHONPATH=tests python -m evidence.mutation MODULE…`` runs single modules.

The tests of the sandbox, the columns and the commands are slower, so the claim about them rests on a random sample of
their mutants. ``PYTHONPATH=tests python -m evidence.mutation --sample`` takes it, of the modules whose part of it is
missing or no longer present, and saves it in ``sampled_mutants.json``. What survives in it is listed in
``surviving_mutants.toml``, each mutant with the reason why no test notices it.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from evidence.claims import Budget, Claim, NotShown, Refuted

_ROOT: Final = Path(__file__).parents[2]
_SOURCES: Final = Path("src", "punchclock")
_SAVED: Final = Path(__file__).with_name("mutants.json")
SAMPLED: Final = Path(__file__).with_name("sampled_mutants.json")
_EQUIVALENTS: Final = Path(__file__).with_name("equivalent_mutants.toml")
_SURVIVORS: Final = Path(__file__).with_name("surviving_mutants.toml")
_SAMPLED_MODULES: Final = 6
_NOTICED: Final = 0.9  # the share of the sandbox's, the columns' and the commands' mutants that the tests must kill
_CREDIBLE: Final = 2  # survivors in a sample of 12: where 95 % are killed, more are found once in 50 samples
#: Held while mutants are made. Python 3.11 counts the depth of syntax trees for all threads together, so two threads
#: that parse at the same time can fail with "AST constructor recursion depth mismatch".
_parsing: Final = threading.Lock()
#: The options of pytest with which every run tries the same examples, and those with which there are few of them.
_EVERY_RUN_ALIKE: Final = "--hypothesis-profile ci"
_FEW_EXAMPLES: Final = "--hypothesis-profile fast --hypothesis-seed 0"
_CONFIGURATION: Final = tomllib.loads(Path(__file__).with_name("mutation.toml").read_text(encoding="utf-8"))
#: The sample has one in so many mutants of each module, chosen with the seed.
ONE_IN: Final[int] = _CONFIGURATION["sample"]["one-in"]
SEED: Final[int] = _CONFIGURATION["sample"]["seed"]


def core_modules() -> dict[str, tuple[str, ...]]:
    """Return every module of the core, as a path below ``src/punchclock``, with the names of its test files."""
    folder = _ROOT / _SOURCES
    paths = sorted([*folder.glob("*.py"), *folder.glob("eventlog/*.py")])
    return {
        path.relative_to(folder).as_posix(): _existing(_CONFIGURATION["tests"].get(path.stem, [f"test_{path.stem}"]))
        for path in paths
        if path.stem not in _CONFIGURATION["not-tried"]
    }


def vendor_modules() -> dict[str, tuple[str, ...]]:
    """Return every module of the vendor layer with its test files; the most specific test files come first."""
    folder = _ROOT / _SOURCES / "vendors"
    modules = {}
    for path in sorted(folder.rglob("*.py"), key=lambda path: (len(path.parts), path)):
        inner = path.relative_to(folder)
        if len(inner.parts) > 1:
            own = [f"test_{inner.parts[0]}_*"]
        else:
            own = _CONFIGURATION["tests"].get(inner.stem, [f"test_{inner.stem}", f"test_vendor_{inner.stem}"])
        modules[f"vendors/{inner.as_posix()}"] = _existing((*own, *_CONFIGURATION["tests-of-vendors"]))
    return modules


def application_modules() -> dict[str, tuple[str, ...]]:
    """Return every module of the sandbox, the columns and the commands with its test files, the most direct first."""
    modules = {}
    for part, tests in _CONFIGURATION["application"].items():
        for path in sorted((_ROOT / _SOURCES / part).glob("*.py")):
            modules[f"{part}/{path.name}"] = _existing(tests.get(path.stem, tests["other"]), without=("test_evidence",))
    return modules


def _existing(
    patterns: Iterable[str], without: tuple[str, ...] = ("test_sandbox", "test_columns", "test_evidence")
) -> tuple[str, ...]:
    """Return the test files that match, each once, without those whose names start with one of ``without``."""
    found = (path.stem for pattern in patterns for path in sorted((_ROOT / "tests").glob(f"{pattern}.py")))
    return tuple(dict.fromkeys(name for name in found if not name.startswith(without)))


class Mutant(msgspec.Struct, frozen=True):
    """A module with one mistake.

    Attributes:
        module: path below ``src/punchclock``.
        where: the innermost function or class around the mistake; empty at the top level.
        before: the original lines, without their indentation.
        after: the lines with the mistake.
        source: the whole module with the mistake; not saved.
    """

    module: str
    where: str
    before: str
    after: str
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the mutant in the list of equivalents."""
        return self.module, self.where, self.before, self.after

    def __str__(self) -> str:
        return f"{self.module}, {self.where or 'top level'}: {self.before!r} as {self.after!r}"


class Tally(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of the mutants of one module, or of a sample of them.

    Attributes:
        module: path below ``src/punchclock``.
        sources: digest of the module and its tests at the time of the run.
        mutants: how many were tried.
        killed: how many made a test fail.
        equivalent: how many of the others are listed as equivalent.
        survivors: the rest.
        population: of a sample, the number of mutants of which it is one.
        seed: of a sample, the seed that chose it.
    """

    module: str
    sources: str
    mutants: int
    killed: int
    equivalent: int
    survivors: list[Mutant]
    population: int = 0
    seed: int = 0


# ---- the mutants ---------------------------------------------------------------------------------


def mutants_of(module: str) -> list[Mutant]:
    """Return every mutant of a module, each once.

    Top-level statements are mutated one by one: parsing the whole module for each mutant would take minutes.
    """
    original = (_ROOT / _SOURCES / module).read_text(encoding="utf-8")
    lines = original.splitlines(keepends=True)
    starts = [_first_line(node) - 1 for node in ast.parse(original).body]
    found: dict[str, Mutant] = {}
    for start, end in itertools.pairwise([*starts, len(lines)]):
        statement = "".join(lines[start:end])
        for mistaken in _mistaken(statement):
            source = "".join([*lines[:start], mistaken, *lines[end:]])
            found.setdefault(source, _mutant(module, statement, mistaken, source))
    return list(found.values())


def _mistaken(statement: str) -> Iterator[str]:
    """Yield a statement with each mistake that Python can compile and that changes more than annotations.

    Each mistake parses the statement again, so the places where an operator applies are counted first.
    """
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    plain = _without_annotations(statement)
    nodes = list(ast_nodes(get_ast(statement)))
    for name in _CONFIGURATION["operators"]:
        operator = get_operator(name)()
        for occurrence in range(sum(1 for node in nodes for _ in operator.mutation_positions(node))):
            try:
                mistaken = mutate_code(statement, operator, occurrence)
                if mistaken is not None and _without_annotations(mistaken) != plain:
                    yield mistaken
            except (AttributeError, SyntaxError):  # cosmic-ray cannot replace an exception with a dotted name
                continue


def _without_annotations(source: str) -> str:
    """Return the syntax tree without the annotations of functions: they are never evaluated."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(tree)


def _mutant(module: str, statement: str, mistaken: str, source: str) -> Mutant:
    old, new = statement.splitlines(), mistaken.splitlines()
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    before, after = ("\n".join(line.strip() for line in lines[head : len(lines) - tail]) for lines in (old, new))
    around = [
        node
        for node in ast.walk(ast.parse(statement))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _first_line(node) <= head + 1 <= (node.end_lineno or 0)
    ]
    where = max(around, key=lambda node: node.lineno).name if around else ""
    return Mutant(module, where, before, after, source)


def _first_line(node: ast.stmt) -> int:
    """Return the first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def equivalents() -> dict[tuple[str, str, str, str], str]:
    """Return the mutants that behave like the original, each with the reason."""
    return _listed(_EQUIVALENTS)


def reasons() -> dict[tuple[str, str, str, str], str]:
    """Return the mutants that survive in the sample, each with the reason why no test notices it."""
    return _listed(_SURVIVORS)


def _listed(file: Path) -> dict[tuple[str, str, str, str], str]:
    listed = tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", [])
    return {(each["module"], each["where"], each["before"], each["after"]): each["reason"] for each in listed}


# ---- the run -------------------------------------------------------------------------------------


class Project(NamedTuple):
    """A copy of the project in which some tests pass, the seconds of each file of them, and the options of pytest."""

    folder: Path
    seconds: Mapping[str, float]
    options: str

    def timeout(self, files: Iterable[str]) -> float:
        """Return how many seconds a run of test files may take."""
        return 10 + 5 * sum(self.seconds[file] for file in files)


@contextmanager
def _copied(root: Path) -> Iterator[Path]:
    """Copy the project, without its bytecode, or a copy of it, with the bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("src", "tests", "docs"):
            ignored = shutil.ignore_patterns("__pycache__") if root == _ROOT else None
            shutil.copytree(root / part, Path(folder, part), ignore=ignored)
        shutil.copy(root / "pyproject.toml", folder)
        yield Path(folder)


@contextmanager
def passing(files: Iterable[str], options: str = _EVERY_RUN_ALIKE) -> Iterator[Project]:
    """Copy the project and run test files in the copy, which also writes the bytecode of everything.

    Raises:
        Refuted: the tests fail without any mistake.
    """
    with _copied(_ROOT) as folder:

        def passed(file: str) -> float:
            begun = time.monotonic()
            command = ["sh", "-c", _pytest(folder, [file], options)]
            first = subprocess.run(command, capture_output=True, check=False, text=True)
            if first.returncode:
                raise Refuted(f"the tests fail without any mistake: {first.stdout[-300:]}{first.stderr[-300:]}")
            return time.monotonic() - begun

        names = tuple(files)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            seconds = dict(zip(names, pool.map(passed, names), strict=True))
        yield Project(folder, seconds, options)


def tally(
    module: str,
    files: tuple[str, ...],
    chosen: Callable[[list[Mutant]], list[Mutant]] = list,
    project: Project | None = None,
) -> Tally:
    """Try the mutants of a module, or those that ``chosen`` picks, in a copy of a project in which its tests pass.

    Raises:
        Refuted: the tests fail without any mistake.
    """
    from cosmic_ray.testing import run_tests
    from cosmic_ray.work_item import TestOutcome

    with _parsing:
        mutants = chosen(mutants_of(module))
    left = []
    with nullcontext(project) if project else passing(files) as checked, _copied(checked.folder) as folder:
        path, command = folder / _SOURCES / module, f"sh -c '{_pytest(folder, files, checked.options)}'"
        for mutant in mutants:
            path.write_text(mutant.source, encoding="utf-8")
            if run_tests(command, checked.timeout(files))[0] is not TestOutcome.KILLED:
                left.append(mutant)
    known = equivalents()
    survivors = [msgspec.structs.replace(each, source="") for each in left if each.key not in known]
    return Tally(
        module=module,
        sources=digest(module, files),
        mutants=len(mutants),
        killed=len(mutants) - len(left),
        equivalent=len(left) - len(survivors),
        survivors=survivors,
    )


def _pytest(folder: Path, files: Iterable[str], options: str) -> str:
    options = f"-x -q -p no:cacheprovider -p _hypothesis_pytestplugin {options} --no-header --tb=no"
    tests = " ".join(f"tests/{file}.py" for file in files)
    unmeasured = "COVERAGE_PROCESS_CONFIG= COVERAGE_PROCESS_START="  # the copy is not what coverage measures
    variables = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 PYTHONPATH={folder}/src {unmeasured}"
    return f"cd {folder}; {variables} exec {sys.executable} -m pytest {options} {tests}"


def digest(module: str, files: Iterable[str]) -> str:
    """Return a hash of a module and its tests."""
    paths = [_ROOT / _SOURCES / module, *(_ROOT / "tests" / f"{file}.py" for file in files)]
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def sample_of(modules: Mapping[str, tuple[str, ...]], size: int) -> list[Tally]:
    """Try about ``size`` mutants of a few modules, the same ones in every run."""
    chance = random.Random(1)
    picked = chance.sample([*modules], min(_SAMPLED_MODULES, len(modules)))
    share = -(-size // len(picked))

    def chosen(mutants: list[Mutant]) -> list[Mutant]:
        return random.Random(1).sample(mutants, min(share, len(mutants)))

    files = dict.fromkeys(file for module in picked for file in modules[module])
    with passing(files) as project, ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda module: tally(module, modules[module], chosen, project), picked))


def taken(module: str, files: tuple[str, ...], project: Project, few: int | None = None) -> Tally:
    """Try the sample of a module's mutants, or only a ``few`` of it.

    Its size is the same share of every module, at least one mutant.
    """
    population = 0

    def chosen(mutants: list[Mutant]) -> list[Mutant]:
        nonlocal population
        population = len(mutants)
        return random.Random(f"{SEED} {module}").sample(mutants, -(-len(mutants) // ONE_IN))[:few]

    return msgspec.structs.replace(tally(module, files, chosen, project), population=population, seed=SEED)


def interval(killed: int, tried: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of the share of mutants that are killed, from a sample (Wilson's)."""
    if not tried:
        return 0.0, 1.0
    z, share = 1.96, killed / tried
    middle, wide = share + z * z / (2 * tried), z * math.sqrt((share * (1 - share) + z * z / (4 * tried)) / tried)
    return (middle - wide) / (1 + z * z / tried), (middle + wide) / (1 + z * z / tried)


# ---- the claims ----------------------------------------------------------------------------------


def core(budget: Budget) -> str:
    """Check that no mutant of the core survives that is not listed as equivalent."""
    return _check(budget, core_modules(), 0)


def vendors(budget: Budget) -> str:
    """Check that the tests kill at least 95 of 100 mutants of the vendor layer."""
    return _check(budget, vendor_modules(), 0.05)


def application(budget: Budget) -> str:
    """Hold the saved sample of the sandbox, the columns and the commands to its share, and try a part of it anew.

    Raises:
        Refuted: too few mutants are killed, a survivor has no reason, or one survives that was killed.
        NotShown: a module has no part in the sample, or it or its tests have changed since; or the sample is too small
            to tell whether as many are killed of all mutants.
    """
    modules = application_modules()
    present = sampled(modules)
    tried = sum(each.mutants - each.equivalent for each in present)
    killed = sum(each.killed for each in present)
    low, high = interval(killed, tried)
    if tried and killed / tried < _NOTICED:
        raise Refuted(f"{killed} of {tried} mutants are killed")
    known = {survivor.key for each in present for survivor in each.survivors}
    if unexplained := known - reasons().keys():
        raise Refuted(f"no reason is listed for the survivor {'; '.join(map(str, sorted(unexplained)))}")
    again = _again(modules, present, budget.mutants)
    if new := [str(each) for tally in again for each in tally.survivors if each.key not in known]:
        raise Refuted(f"killed before, but not now: {'; '.join(new)}")
    report = (
        f"a sample of the {sum(each.population for each in present):,} mutants of {len(present)} modules: "
        f"{_summary(present)}; with 95 % confidence, the tests kill {low:.1%} to {high:.1%} of all that are not "
        f"equivalent; tried anew: {_summary(again)}"
    )
    if without := sorted(modules.keys() - {each.module for each in present}):
        raise NotShown(f"{report}; no sample (`--sample`) of the present {', '.join(without)}")
    if low < _NOTICED:
        raise NotShown(f"{report}; this sample is too small to show {_NOTICED:.0%}")
    return report


def sampled(modules: Mapping[str, tuple[str, ...]]) -> list[Tally]:
    """Return the saved sample of those modules that have not changed since, with the present seed."""
    return [
        each
        for each in saved(SAMPLED)
        if each.module in modules and each.sources == digest(each.module, modules[each.module]) and each.seed == SEED
    ]


def _again(modules: Mapping[str, tuple[str, ...]], present: list[Tally], size: int) -> list[Tally]:
    """Try about ``size`` mutants of the sample anew, of a few modules, the same ones in every run."""
    candidates = [each.module for each in present if each.mutants]
    picked = random.Random(1).sample(candidates, min(_SAMPLED_MODULES, len(candidates)))
    if not picked:  # nothing to copy the project for
        return []
    return list(_sampling(modules, picked, -(-size // max(1, len(picked)))))


def _sampling(modules: Mapping[str, tuple[str, ...]], wanted: Sequence[str], few: int | None = None) -> Iterator[Tally]:
    """Try the sample of the wanted modules, or a few of each, in one copy of the project; yield each module's."""
    files = dict.fromkeys(file for module in wanted for file in modules[module])
    with passing(files, _FEW_EXAMPLES) as project, ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda module: taken(module, modules[module], project, few), wanted)


def _whole_runs(modules: Mapping[str, tuple[str, ...]], wanted: Sequence[str]) -> Iterator[Tally]:
    """Try every mutant of the wanted modules; yield each module's."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda module: tally(module, modules[module]), wanted)


def _check(budget: Budget, modules: Mapping[str, tuple[str, ...]], share: float) -> str:
    """Hold the saved counts to the share of survivors, and a sample beside them, of other modules if there are any.

    Raises:
        Refuted: too many mutants survive.
        NotShown: a module has no whole run, or it or its tests have changed since.
    """
    present = {digest(module, files) for module, files in modules.items()}
    whole = [each for each in saved() if each.module in modules and each.sources in present]
    _refute(whole, share * sum(each.mutants for each in whole))
    without = sorted(modules.keys() - {each.module for each in whole})
    sample = sample_of({module: modules[module] for module in without or modules}, budget.mutants)
    _refute(sample, _CREDIBLE if share else 0)
    tried = f"whole runs of {len(whole)} modules: {_summary(whole)}; sample: {_summary(sample)}"
    if without:
        raise NotShown(f"{tried}; no whole run (`make mutation`) of the present {', '.join(without)}")
    return tried


def _refute(tallies: list[Tally], allowed: float) -> None:
    survivors = [str(survivor) for each in tallies for survivor in each.survivors]
    if len(survivors) > allowed:
        raise Refuted(f"{len(survivors)} of {sum(each.mutants for each in tallies)} survive: {'; '.join(survivors)}")


def _summary(tallies: list[Tally]) -> str:
    mutants, killed, equivalent = (
        sum(getattr(each, field) for each in tallies) for field in ("mutants", "killed", "equivalent")
    )
    return f"{mutants:,} mutants, {killed:,} killed, {equivalent} equivalent, {mutants - killed - equivalent} left"


def saved(file: Path | None = None) -> list[Tally]:
    """Return the counts of the last whole run of each module, or those of the sample."""
    file = _SAVED if file is None else file
    return msgspec.json.decode(file.read_bytes(), type=list[Tally]) if file.exists() else []


def save(tallies: Iterable[Tally], *, sample: bool = False) -> None:
    """Save the counts of modules, one a line; modules that are not given keep theirs, those that are gone go."""
    file = SAMPLED if sample else _SAVED
    order = [*application_modules()] if sample else [*core_modules(), *vendor_modules()]
    whole = {each.module: each for each in (*saved(file), *tallies) if each.module in order}
    lines = b",\n".join(msgspec.json.encode(whole[module]) for module in order if module in whole)
    file.write_bytes(b"[\n" + lines + b"\n]\n")


CLAIMS: Final = (
    Claim("the core's tests notice every mistake that changes what it does", core),
    Claim("the vendors' tests notice 95 of 100 mistakes in their layer", vendors),
    Claim("the tests of the sandbox, the columns and the commands notice 90 of 100 mistakes in a sample", application),
)


def main(arguments: list[str] | None = None) -> int:
    """Run whole modules or the sample; print the survivors and save the counts. Return 1 if any mutant survives.

    In the sample, survivors that are listed with a reason are expected.
    """
    parser = argparse.ArgumentParser(prog="PYTHONPATH=tests python -m evidence.mutation", description=main.__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="path below src/punchclock; default: all")
    parser.add_argument("--sample", action="store_true", help="try the sample, by default where it is not present")
    options = parser.parse_args(arguments)
    modules = application_modules() if options.sample else core_modules() | vendor_modules()
    present = {each.module for each in sampled(modules)} if options.sample else set()
    wanted = options.modules or [module for module in modules if module not in present]
    if unknown := set(wanted) - modules.keys():
        parser.error(f"unknown modules: {', '.join(sorted(unknown))}; known: {', '.join(modules)}")
    survived = 0
    for each in (_sampling if options.sample else _whole_runs)(modules, wanted):
        save([each], sample=options.sample)  # at once: a run of hours may be interrupted
        survived += sum(1 for one in each.survivors if not options.sample or one.key not in reasons())
        print(f"{each.module}: {_summary([each])}", *(f"    {one}" for one in each.survivors), sep="\n", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
