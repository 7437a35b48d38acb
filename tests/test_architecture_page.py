"""The steps that docs/architecture.md names exist in the code, under the names that the page gives."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import punchclock

SOURCE = Path(punchclock.__file__).parent
PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
STEPS = re.findall(r"`([\w/]+\.py):([\w.]+)`", PAGE)


def defined_in(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """The qualified names of the functions and classes that a module defines."""
    names = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            names |= defined_in(node.body, f"{node.name}.")
    return names


def test_the_page_names_steps() -> None:
    """Both walks are on the page, so that a change of its form doesn't leave the test below without cases."""
    assert len(STEPS) > 35


@pytest.mark.parametrize(("file", "name"), STEPS, ids=[f"{file}:{name}" for file, name in STEPS])
def test_a_step_exists(file: str, name: str) -> None:
    """A reader finds each step in the file that the page names."""
    assert name in defined_in(ast.parse((SOURCE / file).read_text(encoding="utf-8")).body)


def test_the_files_to_look_into_exist() -> None:
    """Each file on the page exists; NAME is any vendor."""
    section = PAGE.partition("## Where to look")[2]
    files = re.findall(r"`([\w/]+\.py)`", section)
    assert len(files) > 8
    assert [file for file in files if not (SOURCE / file.replace("NAME", "zoho")).exists()] == []
