"""Imports: `import punchclock` loads the standard library and msgspec only, and layers import in one direction."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import punchclock

SOURCE = Path(punchclock.__file__).parent

#: The layers, and the layers that each may import. A file that does not belong to a named layer belongs to the core.
LAYERS: dict[str, set[str]] = {
    "core": set(),
    "clock": set(),
    "__init__": {"core", "clock"},
    "vendors": {"core"},
    "columns": {"core"},
    "workspaces": {"core", "vendors"},
    "sandbox": {"core", "clock", "__init__", "vendors", "workspaces"},
    "cli": {"core", "clock", "__init__", "vendors", "workspaces", "columns", "sandbox"},
    "pytest_plugin": {"vendors", "sandbox"},
    "__main__": {"core", "cli"},
}
FILES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))

#: Functions that read a clock or the local time zone, or access the environment or files.
IMPURE = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "open", "print", "environ"}


def run(code: str) -> set[str]:
    """Run code in a new interpreter, and return the words that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a statement loads, without those that every interpreter loads."""
    listing = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return run(f"{statement}; {listing}") - run(listing)


# What an import loads


def test_import_punchclock_loads_only_msgspec() -> None:
    """Other dependencies load when they are used, and so do standard modules that are slow to import."""
    loaded, msgspec = loaded_by("import punchclock"), loaded_by("import msgspec")
    assert loaded - msgspec - sys.stdlib_module_names == {"punchclock"}
    slow = {"asyncio", "argparse", "json", "logging", "pathlib", "socket", "subprocess", "tomllib", "xml", "zoneinfo"}
    assert not (loaded - msgspec) & slow


def test_using_a_timer_loads_nothing_more() -> None:
    """The first call does not import anything."""
    life = "import punchclock as pc; pc.loads(pc.dumps(pc.stop(pc.pause(pc.start(0), 5), 9)))"
    assert loaded_by(life) == loaded_by("import punchclock")


@pytest.mark.parametrize(
    ("use", "dependency"),
    [
        ("punchclock.calendar.work_date", "pendulum"),
        ("punchclock.chart.TimerMachine", "statemachine"),
        ("punchclock.totals([], 'UTC')", "pendulum"),
        ("from punchclock.calendar import find_zone", "pendulum"),
        ("from punchclock import chart; vars(chart)", "statemachine"),
    ],
)
def test_a_lazy_name_loads_its_dependency_at_first_use(use: str, dependency: str) -> None:
    """An import of the module's name does not load it."""
    imports = "import punchclock, punchclock.calendar; from punchclock import calendar, chart, totals; dir(punchclock)"
    assert dependency not in loaded_by(imports)
    assert dependency in loaded_by(f"import punchclock; {use}")


def test_the_namespace_of_the_package_has_no_getattr() -> None:
    """With a module-level ``__getattr__``, CPython looks up every name of a module the slow way."""
    assert not hasattr(punchclock, "__getattr__")
    assert {"calendar", "chart", "totals"} <= set(dir(punchclock))


# The direction of imports


def layer(path: str) -> str:
    """Return the layer of a file, or of a module's path in the package."""
    name = path.partition("/")[0].removesuffix(".py")
    return name if name in LAYERS else "core"


def imported_files(tree: ast.AST, *, nested: bool = True) -> set[str]:
    """Return the files of punchclock that a file imports, at its top level or, if ``nested``, anywhere."""
    found = set()
    for node in ast.walk(tree) if nested else ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "punchclock":
            package = (node.module or "").replace(".", "/").removeprefix("punchclock").removeprefix("/")
            for alias in node.names:
                path = f"{package}/{alias.name}".removeprefix("/")
                candidates = (f"{path}.py", f"{path}/__init__.py", f"{package}.py", f"{package}/__init__.py")
                found.add(next((each for each in candidates if (SOURCE / each).exists()), "__init__.py"))
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.partition(".")[0] == "punchclock"]
    return found


def parsed(file: str) -> ast.AST:
    """Return the syntax tree of a source file."""
    return ast.parse((SOURCE / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES)
def test_imports_between_layers_run_one_way(file: str) -> None:
    """Each file imports only from its own layer and from the layers below."""
    here = layer(file)
    assert {layer(each) for each in imported_files(parsed(file))} <= LAYERS[here] | {here}


def test_imports_in_the_core_have_no_cycle() -> None:
    """So a reader can start with a module that needs no other."""
    core = [file for file in FILES if layer(file) == "core"]
    order = list(TopologicalSorter({file: imported_files(parsed(file), nested=False) for file in core}).static_order())
    assert {"errors.py", "units.py"} <= set(order[: len(order) // 2])


def test_an_import_of_a_higher_layer_is_noticed() -> None:
    """At the top level and in a function, from a module and from the package."""
    for code, file in (
        ("from punchclock.workspaces import load_workspace", "workspaces.py"),
        ("def f():\n from punchclock import sandbox", "sandbox/__init__.py"),
        ("from punchclock import __version__", "__init__.py"),
        ("from punchclock.vendors import calls", "vendors/calls.py"),
    ):
        assert imported_files(ast.parse(code)) == {file}


def test_the_layers_have_no_cycle() -> None:
    """Each imports only layers above it in the table, and each file belongs to a layer."""
    names = list(LAYERS)
    assert all(names.index(below) < names.index(name) for name in names for below in LAYERS[name])
    assert {layer(file) for file in FILES} == set(names)


@pytest.mark.parametrize("file", [file for file in FILES if layer(file) in {"core", "vendors"}])
def test_core_and_vendors_are_pure(file: str) -> None:
    """Instants are arguments: no function of IMPURE is called."""
    tree = parsed(file)
    called = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & IMPURE


def test_the_docs_show_the_layers() -> None:
    """The table in docs/architecture.md is the one above: each layer, and the layers that it may import."""
    page = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Which layer may import which")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", allowed)) for name, allowed in rows} == LAYERS
