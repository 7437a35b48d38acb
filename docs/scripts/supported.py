"""The versions that pyproject.toml promises, as CI tests them: its Pythons, and the lowest of each dependency.

``python docs/scripts/supported.py pythons`` prints the versions of Python in the classifiers, the oldest first.
``python docs/scripts/supported.py lowest`` prints pip constraints that pin each direct dependency of the package,
extras included, to its lower bound. A constraint does not install anything.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def pythons(project: Mapping[str, Any]) -> list[str]:
    """Return the minor versions of Python that the classifiers name, the oldest first."""
    prefix = "Programming Language :: Python :: 3."
    named = [each.removeprefix(prefix) for each in project["classifiers"] if each.startswith(prefix)]
    return [f"3.{minor}" for minor in sorted(map(int, named))]


def lowest(project: Mapping[str, Any], without: Sequence[str] = ("evidence",)) -> list[str]:
    """Return one constraint per direct dependency: its lower bound, under the same environment marker.

    Args:
        project: The ``project`` table of pyproject.toml.
        without: Extras that are not installed from the wheel.

    Raises:
        ValueError: A dependency has no lower bound, or two places give it different ones.
    """
    extras = project["optional-dependencies"]
    texts = [*project["dependencies"], *(text for name in extras if name not in without for text in extras[name])]
    pins: dict[tuple[str, str], str] = {}
    for requirement in map(Requirement, texts):
        if requirement.name == project["name"]:
            continue  # an extra that includes another
        bounds = [each.version for each in requirement.specifier if each.operator == ">="]
        if len(bounds) != 1:
            raise ValueError(f"{requirement} has no single lower bound")
        marker = f"; {requirement.marker}" if requirement.marker else ""
        if pins.setdefault((requirement.name, marker), bounds[0]) != bounds[0]:
            raise ValueError(f"{requirement.name} has two lower bounds: {bounds[0]} and another")
    return [f"{name}=={version}{marker}" for (name, marker), version in sorted(pins.items())]


def main() -> None:
    """Print a table, one entry per line."""
    tables = {"pythons": pythons, "lowest": lowest}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=tables)
    table = parser.parse_args().table
    print(*tables[table](tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]), sep="\n")


if __name__ == "__main__":
    main()
