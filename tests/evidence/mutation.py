"""Mutation: the sources with one small mistake each; the tests have to notice every one that changes what is done.

The mistakes are cosmic-ray's: another operator or comparison, a condition turned round, a number off by one, ``and``
for ``or``, a loop that does not run, a decorator or a ``not`` that is missing. Left out are those that only restate
another one of the same place, and those that only touch annotations. The runner is our own: for each core of the
machine a copy of the project in a folder of its own, a process that has loaded the libraries already and forks for
each mutant, and that mutant's own test files only, one after another, until the first that fails. A mutant that runs
for much longer than the original counts as noticed.

Mutants that do the same as the original are listed in ``equivalent_mutants.toml``, each with the reason. The short
budget tries a sample and rests on the last whole run, which is kept in ``mutants.json``.
``PYTHONPATH=tests python -m evidence.mutation MODULE…`` tries whole modules alone and keeps what it finds; with
``--left`` it tries again what survived.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Self

import msgspec

from evidence.claims import Budget, Claim, Refuted

__all__ = ["CLAIMS", "CORE", "VENDOR_LAYER", "Mutant", "Runner", "Tally", "equivalents", "mutants_of", "try_out"]

_ROOT: Final = Path(__file__).parents[2]
_KEPT: Final = Path(__file__).with_name("mutants.json")
_EQUIVALENTS: Final = Path(__file__).with_name("equivalent_mutants.toml")
_SAMPLE: Final = 24  # mutants that the short budget tries
_SAMPLED: Final = 6  # modules that the short budget draws them from
_CREDIBLE: Final = 3  # survivors in a sample; with 95 % killed, more are found once in 400 samples

#: A module below ``src/punchclock``, and the test files that its mutants have to pass by; the quickest first.
CORE: Final[Mapping[str, tuple[str, ...]]] = {
    "machine.py": ("test_machine",),
    "timer.py": ("test_timer", "test_history", "test_laws"),
    "history.py": ("test_history", "test_laws"),
    "instants.py": ("test_instants",),
    "clock.py": ("test_clock",),
    "durations.py": ("test_durations",),
    "serialization.py": ("test_serialization",),
    "rounding.py": ("test_rounding",),
    "errors.py": ("test_errors",),
    "calendar.py": ("test_calendar",),
    "eventlog/": ("test_eventlog",),
    "eventlog/totals.py": ("test_totals",),
    "chart.py": ("test_chart",),
    "diagrams.py": ("test_diagrams",),
    "workspaces.py": ("test_workspaces",),
}

_OF_VENDORS: Final = {
    "intervals": ("test_intervals_apply", "test_intervals_calls", "test_intervals_wire", "test_intervals_html"),
    "timetrack": ("test_timetrack_rules", "test_timetrack_calls", "test_timetrack_wire"),
    "worksection": ("test_worksection_rules", "test_worksection_calls", "test_worksection_wire"),
    "zoho": ("test_zoho_rules", "test_zoho_calls", "test_zoho_wire"),
}
_OF_ALL: Final = (
    "test_vendor_shape",
    *(each for tests in _OF_VENDORS.values() for each in tests),
    "test_four_vendors",
    "test_vendor_responses",
)
_OF_FILES: Final = {
    "account": ("test_account",),
    "calls": ("test_vendor_calls", "test_vendor_responses"),
    "conversion": ("test_convert", "test_four_vendors"),
    "dialect": ("test_dialect",),
    "errors": ("test_vendor_errors",),
    "from_log": ("test_replay_as",),
    "records": ("test_account",),
    "rules": ("test_vendor_rules", "test_vendor_errors"),
    "wire": ("test_vendor_wire",),
    "workspace": ("test_vendor_workspace", "test_workspaces"),
}


def _vendor_layer() -> dict[str, tuple[str, ...]]:
    """Every module of it; a vendor's own tests come before those that hold all four."""
    folder = _ROOT / "src" / "punchclock" / "vendors"
    layer = {}
    for path in sorted(folder.rglob("*.py"), key=lambda path: (len(path.parts), path)):
        inner = path.relative_to(folder)
        own = _OF_VENDORS.get(inner.parts[0], _OF_FILES.get(inner.stem, ()))
        layer[f"vendors/{inner.as_posix()}"] = tuple(dict.fromkeys((*own, *_OF_ALL)))
    return layer


VENDOR_LAYER: Final[Mapping[str, tuple[str, ...]]] = _vendor_layer()

#: Of cosmic-ray's operators. Bars are left out: in these sources they only join types.
_OPERATORS: Final = (
    *(
        f"core/ReplaceBinaryOperator_{pair}"
        for pair in (
            "Add_Sub",
            "Sub_Add",
            "Mul_FloorDiv",
            "Mul_Add",
            "Div_Mul",
            "FloorDiv_Mul",
            "FloorDiv_Mod",
            "Mod_FloorDiv",
            "Mod_Mul",
            "Pow_Mul",
            "BitAnd_BitOr",
        )
    ),
    *(
        f"core/ReplaceComparisonOperator_{pair}"
        for pair in (
            "Eq_NotEq",
            "NotEq_Eq",
            "Is_IsNot",
            "IsNot_Is",
            "Lt_LtE",
            "Lt_GtE",
            "LtE_Lt",
            "LtE_Gt",
            "Gt_GtE",
            "Gt_LtE",
            "GtE_Gt",
            "GtE_Lt",
            "Eq_GtE",
            "Eq_LtE",
        )
    ),
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/ReplaceUnaryOperator_Delete_USub",
    "core/AddNot",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceBreakWithContinue",
    "core/ReplaceContinueWithBreak",
    "core/ExceptionReplacer",
    "core/NumberReplacer",
    "core/RemoveDecorator",
    "core/ZeroIterationForLoop",
)


class Mutant(msgspec.Struct, frozen=True):
    """A source with one mistake.

    Attributes:
        module: below ``src/punchclock``.
        where: the function or class that it stands in, ``""`` for none.
        before: the lines as they are, without their indentation.
        after: the lines with the mistake.
        source: the whole module with it; not part of what is kept.
    """

    module: str
    where: str
    before: str
    after: str
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is known by."""
        return self.module, self.where, self.before, self.after

    def __str__(self) -> str:
        return f"{self.module}, {self.where or 'at its top'}: {self.before!r} as {self.after!r}"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the mutants of a module.

    Attributes:
        module: below ``src/punchclock``.
        sources: a digest of the module and its tests, as they were then.
        mutants: how many were tried.
        killed: how many the tests noticed.
        equivalent: how many of the others are listed as doing the same.
        survivors: all that are neither.
    """

    module: str
    sources: str
    mutants: int
    killed: int
    equivalent: int
    survivors: list[Mutant]


# ---- what there is to try ------------------------------------------------------------------------


def mutants_of(module: str) -> list[Mutant]:
    """Every mutant of a module that Python can compile, each once, statement by statement."""
    original = (_ROOT / "src" / "punchclock" / module).read_text(encoding="utf-8")
    lines = original.splitlines(keepends=True)
    starts = [_first_line(node) - 1 for node in ast.parse(original).body]
    found: dict[str, Mutant] = {}
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):  # to read the whole for each takes minutes
        statement = "".join(lines[start:end])
        for mistaken in _mistaken(statement):
            source = "".join(lines[:start]) + mistaken + "".join(lines[end:])
            found.setdefault(source, _mutant(module, statement, mistaken, source))
    return list(found.values())


def _mistaken(statement: str) -> Iterator[str]:
    """A statement with each mistake that Python can compile and that changes more than annotations."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    plain = ast.dump(_unannotated(statement))
    for name in _OPERATORS:
        operator = get_operator(name)()
        for occurrence in itertools.count():
            try:
                mistaken = mutate_code(statement, operator, occurrence)
            except AttributeError:  # an exception with a dotted name is beyond cosmic-ray
                continue
            if mistaken is None:
                break
            try:
                if ast.dump(_unannotated(mistaken)) != plain:
                    yield mistaken
            except SyntaxError:
                continue


def _unannotated(source: str) -> ast.AST:
    """The tree without annotations of functions and variables: they are never evaluated. Those of a class are."""

    class Bare(ast.NodeTransformer):
        def visit_arg(self, node: ast.arg) -> ast.arg:
            node.annotation = None
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            node.returns = None
            return self.generic_visit(node)

    return Bare().visit(ast.parse(source))  # type: ignore[no-any-return]


def _mutant(module: str, statement: str, mistaken: str, source: str) -> Mutant:
    old, new = statement.splitlines(), mistaken.splitlines()
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    changes = [change for change in matcher.get_opcodes() if change[0] != "equal"]
    first, last = changes[0], changes[-1]
    before = "\n".join(line.strip() for line in old[first[1] : last[2]])
    after = "\n".join(line.strip() for line in new[first[3] : last[4]])
    return Mutant(module, _where(statement, first[1] + 1), before, after, source)


def _where(statement: str, line: int) -> str:
    """The innermost function or class around a line."""
    around = [
        node
        for node in ast.walk(ast.parse(statement))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _first_line(node) <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno).name if around else ""


def _first_line(node: ast.stmt) -> int:
    """Where it begins; a decorator is a part of it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(each.lineno for each in decorators)])


def equivalents() -> dict[tuple[str, str, str, str], str]:
    """The mutants that do what the original does, each with the reason."""
    listed = tomllib.loads(_EQUIVALENTS.read_text(encoding="utf-8")).get("mutant", [])
    return {(each["module"], each["where"], each["before"], each["after"]): each["reason"] for each in listed}


# ---- how it is tried -----------------------------------------------------------------------------

#: The process that forks. What is under test is loaded after the fork only. Bytecode is kept of the first run of all,
#: before any mistake: a mutant and its original may be of one size and one second, and then it would be mistaken.
_SERVER: Final = """
import os, sys, time
import hypothesis, hypothesis.strategies, msgspec, pendulum, pytest, statemachine, defusedxml.ElementTree
options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--no-header", "--tb=no"]
options += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
for line in sys.stdin:
    first, seconds, *files = line.split()
    begun, child = time.monotonic(), os.fork()
    if child == 0:
        os.setsid()
        sys.dont_write_bytecode = first != "first"
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1); os.dup2(silent, 2)
        os._exit(int(pytest.main([*options, *files])))
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done or time.monotonic() - begun > float(seconds):
            break
        time.sleep(0.01)
    if not done:
        os.killpg(child, 9)
        os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status) if done else "late", time.monotonic() - begun, flush=True)
"""

#: No chance, and no health check that a busy machine could fail: what fails is the mutant.
_PROFILE: Final = """

from hypothesis import HealthCheck

settings.register_profile("mutants", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("mutants")
"""


class Runner:
    """A copy of the project in which mutants are tried, and the process that does so."""

    def __init__(self, folder: Path, server: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._server = server
        self._seconds: dict[str, float] = {}  # how long a test file takes as it is

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Self]:
        """A runner, whose copy and process are gone afterwards."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for part in ("src", "tests", "docs"):
                shutil.copytree(_ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(_ROOT / "pyproject.toml", folder)
            with (folder / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
                conftest.write(_PROFILE)
            environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
            with subprocess.Popen(
                [sys.executable, "-c", _SERVER],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as server:
                try:
                    yield cls(folder, server)
                finally:
                    server.kill()

    def run(self, file: str, seconds: float, *, first: bool = False) -> tuple[str, float]:
        """How pytest ended on a test file, ``late`` for not in time, and how long it took."""
        stdin, stdout = self._server.stdin, self._server.stdout
        if stdin is None or stdout is None:
            raise Refuted("the process that tries mutants has no pipes")
        stdin.write(f"{'first' if first else 'later'} {seconds:g} tests/{file}.py\n")
        stdin.flush()
        ended, _, took = stdout.readline().partition(" ")
        if not took:
            raise Refuted("the process that tries mutants has ended")
        return ended, float(took)

    def survives(self, mutant: Mutant, files: Iterable[str]) -> bool:
        """Whether the tests pass with the mutant in the place of its module.

        Raises:
            Refuted: the tests fail as it is, without any mistake.
        """
        return all(self._passes(mutant, file) for file in files)

    def _passes(self, mutant: Mutant, file: str) -> bool:
        if file not in self._seconds:
            ended, took = self.run(file, 600, first=True)
            if ended != "0":
                raise Refuted(f"{file} fails without any mistake: {ended}")
            self._seconds[file] = took
        path = self._folder / "src" / "punchclock" / mutant.module
        original, written = path.read_text(encoding="utf-8"), path.stat().st_mtime_ns
        path.write_text(mutant.source, encoding="utf-8")
        try:
            ended, _ = self.run(file, 10 + 5 * self._seconds[file])
        finally:
            path.write_text(original, encoding="utf-8")
            os.utime(path, ns=(written, written))  # older than any mutant: bytecode is known by its second
        return ended == "0"


def try_out(
    modules: Mapping[str, tuple[str, ...]], sample: int | None = None, only: Container[Mutant] | None = None
) -> Iterator[Tally]:
    """Try the mutants of modules, or a sample of them all, or only some, against their tests: a count a module.

    Raises:
        Refuted: the tests fail as it is, without any mistake.
    """
    chosen = {module: mutants_of(module) for module in modules}
    sources = {module: _digest(module, files) for module, files in modules.items()}
    if only is not None:
        chosen = {module: [each for each in mutants if _kept_as(each) in only] for module, mutants in chosen.items()}
    if sample is not None:
        every = [mutant for mutants in chosen.values() for mutant in mutants]
        keys = {mutant.source for mutant in random.Random(1).sample(every, min(sample, len(every)))}
        chosen = {module: [each for each in mutants if each.source in keys] for module, mutants in chosen.items()}
    same = equivalents()
    with ExitStack() as stack:
        idle: SimpleQueue[Runner] = SimpleQueue()
        workers = os.cpu_count() or 1
        for _ in range(workers):
            idle.put(stack.enter_context(Runner.opened()))

        def survives(mutant: Mutant) -> bool:
            runner = idle.get()
            try:
                return runner.survives(mutant, modules[mutant.module])
            finally:
                idle.put(runner)

        pool = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(pool.shutdown, cancel_futures=True)
        answers = {module: pool.map(survives, mutants) for module, mutants in chosen.items()}
        for module, answer in answers.items():
            mutants = chosen[module]
            left = [each for each, stands in zip(mutants, answer, strict=True) if stands]
            survivors = [_kept_as(each) for each in left if each.key not in same]
            yield Tally(
                module=module,
                sources=sources[module],
                mutants=len(mutants),
                killed=len(mutants) - len(left),
                equivalent=len(left) - len(survivors),
                survivors=survivors,
            )


def _kept_as(mutant: Mutant) -> Mutant:
    return msgspec.structs.replace(mutant, source="")


def _digest(module: str, files: Iterable[str]) -> str:
    paths = [_ROOT / "src" / "punchclock" / module, *(_ROOT / "tests" / f"{file}.py" for file in files)]
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


# ---- the claims ----------------------------------------------------------------------------------


def core(budget: Budget) -> str:
    """No mutant of the core survives that is not listed as equivalent."""
    return _held(budget, CORE, 0)


def vendors(budget: Budget) -> str:
    """At least 95 of 100 mutants of the vendor layer are noticed."""
    return _held(budget, VENDOR_LAYER, 0.05)


def _held(budget: Budget, modules: Mapping[str, tuple[str, ...]], share: float) -> str:
    """What was tried, where no more than this share of all mutants is left.

    The short budget rests on the last whole run, and tries a sample beside it, of modules that were changed since if
    there are any: that may not speak against the share.
    """
    if budget.mutants:
        whole = []
        for count in try_out(modules):
            keep([count])
            whole.append(count)
        _refute(whole, share * _mutants(whole))
        return _said(whole)
    whole = [count for count in kept() if count.module in modules]
    missing = [module for module in modules if module not in {count.module for count in whole}]
    if missing:
        raise Refuted(f"no whole run of {', '.join(missing)}")
    _refute(whole, share * _mutants(whole))
    changed = [count.module for count in whole if count.sources != _digest(count.module, modules[count.module])]
    sampled = random.Random(1).sample(changed or [*modules], min(_SAMPLED, len(changed or modules)))
    sample = list(try_out({module: modules[module] for module in sampled}, _SAMPLE))
    _refute(sample, _CREDIBLE if share else 0)
    since = f"; changed since, or their tests: {', '.join(changed)}" if changed else ""
    return f"last whole run: {_said(whole)}{since}; sample: {_said(sample)}"


def _refute(counts: list[Tally], allowed: float) -> None:
    survivors = [str(each) for count in counts for each in count.survivors]
    if len(survivors) > allowed:
        raise Refuted(f"{len(survivors)} of {_mutants(counts)} survive: {'; '.join(survivors)}")


def _mutants(counts: list[Tally]) -> int:
    return sum(count.mutants for count in counts)


def _said(counts: list[Tally]) -> str:
    mutants, killed, equivalent = (
        sum(getattr(count, field) for count in counts) for field in ("mutants", "killed", "equivalent")
    )
    left = mutants - killed - equivalent
    return f"{mutants:,} mutants, {killed:,} killed, {equivalent} equivalent, {left} left"


def kept() -> list[Tally]:
    """The counts of the last whole run of each module."""
    return msgspec.json.decode(_KEPT.read_bytes(), type=list[Tally]) if _KEPT.exists() else []


def keep(counts: Iterable[Tally]) -> None:
    """Keep the counts of whole modules, beside those of modules that were not tried."""
    order = {module: place for place, module in enumerate((*CORE, *VENDOR_LAYER))}
    whole = {count.module: count for count in (*kept(), *counts) if count.module in order}
    inside = sorted(whole.values(), key=lambda count: order[count.module])
    _KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(inside), indent=2) + b"\n")


CLAIMS: Final = (
    Claim("the core's tests notice every mistake that changes what it does", core),
    Claim("the vendors' tests notice 95 of 100 mistakes in their layer", vendors),
)


def main(arguments: list[str]) -> int:
    """Try whole modules, tell which mutants survive, and keep the counts; status 1 where one does.

    With ``--left`` only those are tried again that survived the last whole run, and nothing is kept.
    """
    every = {**CORE, **VENDOR_LAYER}
    parser = argparse.ArgumentParser(
        prog="PYTHONPATH=tests python -m evidence.mutation", description="Try the mutants of modules."
    )
    parser.add_argument("modules", nargs="+", metavar="MODULE", choices=[*every], help="below src/punchclock")
    parser.add_argument("--left", action="store_true", help="only what survived the last time; nothing is kept")
    options = parser.parse_args(arguments)
    only = [each for count in kept() for each in count.survivors] if options.left else None
    left = 0
    for count in try_out({module: every[module] for module in options.modules}, only=only):
        if not options.left:
            keep([count])
        left += len(count.survivors)
        print(f"{count.module}: {_said([count])}", *(f"    {each}" for each in count.survivors), sep="\n", flush=True)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
