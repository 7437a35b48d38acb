"""What an import loads, and which way imports run: the core stands on the standard library and msgspec alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import punchclock

SOURCE = Path(punchclock.__file__).parent

#: Each module of the core, with the modules of punchclock that it stands on and the others that it may.
CORE = {
    "errors": (set(), {"datetime"}),
    "machine": ({"errors"}, {"collections", "enum", "types"}),
    "timer": ({"errors", "machine"}, {"msgspec"}),
    "history": ({"errors", "machine", "timer"}, {"collections", "msgspec"}),
    "instants": ({"errors"}, {"datetime", "functools", "re"}),
    "durations": ({"errors"}, {"re"}),
    "rounding": ({"errors"}, {"enum"}),
    "decoding": ({"errors"}, {"collections", "datetime", "enum", "functools", "json", "math", "msgspec", "types"}),
    "serialization": ({"decoding", "errors", "timer"}, {"msgspec"}),
    "clock": (set(), {"time"}),
}

#: The layers, and those that each may stand on besides itself. What is no layer by its own name is of the core.
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

#: Names by which Python reads a clock or the machine's own zone, or touches the workspace.
IMPURE = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "open", "print", "environ"}


def run(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the words that it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a statement loads, beyond those that every interpreter of this environment has."""
    listing = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    return run(f"{statement}; {listing}") - run(listing)


def test_importing_punchclock_loads_msgspec_and_nothing_else() -> None:
    """No pendulum, no python-statemachine, no click, no rich: what is not needed for timers waits."""
    loaded = loaded_by("import punchclock")
    assert {"punchclock", "msgspec"} <= loaded
    assert not loaded & {"pendulum", "statemachine", "click", "rich"}
    assert loaded - loaded_by("import msgspec") - sys.stdlib_module_names == {"punchclock"}


def test_importing_punchclock_loads_no_heavy_standard_module() -> None:
    """Half of what an import costs is often what the standard library brings along."""
    heavy = {"asyncio", "argparse", "inspect", "json", "logging", "pathlib", "socket", "subprocess", "zoneinfo"}
    assert not loaded_by("import punchclock") & (heavy - loaded_by("import msgspec"))


def test_using_a_timer_loads_nothing_more() -> None:
    """Nothing is put off to the first call, where it would cost a user the wait."""
    life = "import punchclock as pc; pc.loads(pc.dumps(pc.stop(pc.pause(pc.start(0), 5), 9)))"
    assert loaded_by(life) == loaded_by("import punchclock")


@pytest.mark.parametrize(
    ("name", "brings"), [("calendar", "pendulum"), ("chart", "statemachine"), ("totals", "pendulum")]
)
def test_what_is_heavy_loads_when_it_is_used(name: str, brings: str) -> None:
    """The calendar, the chart and the totals are there as soon as they are named, and not before."""
    assert brings in loaded_by(f"import punchclock; punchclock.{name}")
    assert brings in loaded_by(f"from punchclock import {name}")


@pytest.mark.parametrize("name", ["calendar", "chart", "totals"])
def test_a_lazy_name_is_the_thing_itself(name: str) -> None:
    """Asked for in this process, each is found, and found again."""
    assert getattr(punchclock, name) is getattr(punchclock, name)
    assert getattr(punchclock, name).__name__.removeprefix("punchclock.") == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy door opens for what is behind it and for nothing else."""
    with pytest.raises(AttributeError, match="module 'punchclock' has no attribute 'clocks'"):
        _ = punchclock.clocks


@pytest.mark.parametrize("module", CORE)
def test_imports_of_the_core_run_one_way(module: str) -> None:
    """Each module stands on those it is said to stand on, so no circle and no shell can creep in."""
    ours, others = CORE[module]
    tree = ast.parse((SOURCE / f"{module}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    tops = {name.partition(".")[0] for name in imported} - {"__future__", "typing", "punchclock"}
    assert {name.removeprefix("punchclock.") for name in imported if name.startswith("punchclock")} == set(ours)
    assert tops <= others


def layer(path: str) -> str:
    """The layer of a file, or of a module's path in the package."""
    name = path.partition("/")[0].removesuffix(".py")
    return name if name in LAYERS else "core"


def imported_layers(tree: ast.AST) -> set[str]:
    """The layers that a file imports from, at its top or later on."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "punchclock":
            inner = (node.module or "").removeprefix("punchclock").removeprefix(".").replace(".", "/")
            if inner:
                found.add(layer(inner))
            else:  # from the front door: a module, or a name of the package's own
                modules = [alias.name for alias in node.names if (SOURCE / alias.name).with_suffix(".py").exists()]
                modules += [alias.name for alias in node.names if (SOURCE / alias.name).is_dir()]
                found |= {layer(name) for name in modules}
                found |= {"__init__"} if len(modules) < len(node.names) else set()
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.partition(".")[0] == "punchclock"]
    return found


@pytest.mark.parametrize("file", FILES)
def test_imports_between_layers_run_one_way(file: str) -> None:
    """Core, vendors, sandbox, commands: each file stands on its own layer and on those below, and on no other."""
    here = layer(file)
    imported = imported_layers(ast.parse((SOURCE / file).read_text(encoding="utf-8")))
    assert imported <= LAYERS[here] | {here}


def test_an_import_against_the_way_is_noticed() -> None:
    """Whether it is at the top or inside, by a module's own name or from the front door."""
    assert imported_layers(ast.parse("from punchclock.workspaces import load_workspace")) == {"workspaces"}
    assert imported_layers(ast.parse("def f():\n from punchclock import sandbox")) == {"sandbox"}
    assert imported_layers(ast.parse("from punchclock import __version__, eventlog")) == {"__init__", "core"}


def test_the_layers_have_no_circle() -> None:
    """Each stands on layers that are named ahead of it, and every file is in one."""
    names = list(LAYERS)
    assert all(names.index(below) < names.index(name) for name in names for below in LAYERS[name])
    assert {layer(file) for file in FILES} == set(names)


@pytest.mark.parametrize("file", [file for file in FILES if layer(file) in {"core", "vendors"}])
def test_core_and_vendors_read_no_clock_and_touch_no_workspace(file: str) -> None:
    """Every instant is an argument: nothing is called that would ask for one, or write anything."""
    tree = ast.parse((SOURCE / file).read_text(encoding="utf-8"))
    called = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & IMPURE


def test_the_docs_show_the_layers() -> None:
    """The table in docs/architecture.md is the one above: each layer, and what it may import."""
    page = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Which layer may import which")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, flags=re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", allowed)) for name, allowed in rows} == LAYERS
