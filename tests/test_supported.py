"""The versions that pyproject.toml promises: CI derives from them what it tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

supported = pytest.importorskip("supported")  # the scripts are the project's, not the package's

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The ``project`` table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def test_the_oldest_python_is_the_one_required(project: dict[str, Any]) -> None:
    """The classifiers begin with the version that ``requires-python`` allows, and none is left out after it."""
    versions = supported.pythons(project)
    first, *_ = (int(version.removeprefix("3.")) for version in versions)
    assert project["requires-python"] == f">={versions[0]}"
    assert versions == [f"3.{first + each}" for each in range(len(versions))]


def test_every_dependency_has_its_lowest_version(project: dict[str, Any]) -> None:
    """Each direct dependency of the package is pinned, those of the extras too, and those of the evidence are not."""
    names = {Requirement(pin).name for pin in supported.lowest(project)}
    assert {"msgspec", "pendulum", "click", "pyarrow", "sqlalchemy", "psycopg"} <= names
    assert not names & {"punchclock", "z3-solver", "atheris"}
    assert "msgspec==" + str(_bound(project["dependencies"][0])) in supported.lowest(project)


def _bound(requirement: str) -> str:
    match = re.fullmatch(r"msgspec>=([0-9.]+)", requirement)
    assert match is not None
    return match[1]


def test_markers_and_extras() -> None:
    """A marker stays with its pin, a dependency's own extra is left off, and one bound may stand in two extras."""
    table = {
        "name": "mine",
        "dependencies": ["one>=1.5"],
        "optional-dependencies": {
            "first": ["two[binary]>=2,<4; python_version < '3.13'", "two>=3; python_version >= '3.13'", "mine[second]"],
            "second": ["one>=1.5"],
            "evidence": ["three"],
        },
    }
    assert supported.lowest(table) == [
        "one==1.5",
        'two==2; python_version < "3.13"',
        'two==3; python_version >= "3.13"',
    ]


@pytest.mark.parametrize("extra", [["one"], ["one<3"], ["one>=2"]])
def test_a_bound_that_is_missing_or_contradicts_another(extra: list[str]) -> None:
    """A dependency without a lower bound, or with two, is an error: the lowest version would be anyone's guess."""
    table = {"name": "mine", "dependencies": ["one>=1"], "optional-dependencies": {"more": extra}}
    with pytest.raises(ValueError, match=r"one.* lower bound"):
        supported.lowest(table)


def test_the_pinned_set_names_versions_only() -> None:
    """constraints.txt pins exact versions, one a line; no URL, no path, no editable project."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", pin) for pin in pins)
    assert len(pins) > 50


def test_everything_named_is_pinned(project: dict[str, Any]) -> None:
    """Whatever an extra, a group or the build asks for has its version in constraints.txt, within the range asked."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    named = [*project["dependencies"], *table["build-system"]["requires"]]
    named += [text for extra in project["optional-dependencies"].values() for text in extra]
    named += [text for group in table["dependency-groups"].values() for text in group if isinstance(text, str)]
    for requirement in map(Requirement, named):
        if requirement.name != project["name"]:
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement
