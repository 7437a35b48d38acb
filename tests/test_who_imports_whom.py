"""Who may import whom: the parts of this repository depend on each other in one direction.

punchclock imports nothing else here. The benchmarks and the evidence import only punchclock. Tests share helper modules
(the files in tests/ that are not test files); only the tests of the evidence import it. The scripts of the docs import
the benchmarks' results and one helper, ``pages``; only their own tests import them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
SCRIPTS = {path.stem for path in (ROOT / "docs" / "scripts").glob("*.py")}
TEST_FILES = {path.stem for path in TESTS.glob("test_*.py")}
HELPERS = {path.stem for path in TESTS.glob("*.py")} - TEST_FILES
#: The helpers for real servers, which the evidence kills, too.
SERVERS = {"databases", "serving"}
LOCAL = {"punchclock", "benchmarks", "evidence"} | SCRIPTS | TEST_FILES | HELPERS


def allowed(path: Path) -> set[str]:
    """Return the local modules that a file may import."""
    part = path.relative_to(ROOT).parts
    if part[0] == "src":
        return {"punchclock"}
    if part[0] == "benchmarks":
        return {"punchclock", "benchmarks"}
    if part[:2] == ("tests", "evidence"):
        return {"punchclock", "evidence"} | SERVERS
    if part[0] == "docs":
        return {"punchclock", "benchmarks", "pages"} | SCRIPTS
    if path.stem.startswith("test_evidence_") or path.stem == "test_sandbox_crashes":
        return {"punchclock", "evidence"} | HELPERS
    if path.stem in {"test_generated", "test_supported", "test_trace_walk"}:
        return {"punchclock"} | SCRIPTS | HELPERS
    return {"punchclock"} | HELPERS


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level name of every module that a file imports, also by name at run time."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function in {"import_module", "importorskip", "__import__"}:
                yield str(node.args[0].value).partition(".")[0]


FILES = sorted(
    path for folder in ("src", "benchmarks", "tests", "docs/scripts") for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_direction(path: Path) -> None:
    """A file imports no local module but those that its part of the repository may import."""
    assert set(imported(path)) & LOCAL <= allowed(path)


def test_an_import_is_found(tmp_path: Path) -> None:
    """Imports are found in every form, so that the test above can fail."""
    path = tmp_path / "sample.py"
    path.write_text("import a.b\nfrom c.d import e\nf('x')\npytest.importorskip('g.h')\n", encoding="utf-8")
    assert set(imported(path)) == {"a", "c", "g"}
