"""The generated parts of the docs: diagrams and tables from the code, results of benchmarks and evidence.

``python docs/scripts/generate_docs.py`` writes them to ``docs/generated``, where they are committed. mkdocs loads this
file as a hook; the docs do not build while a generated file is stale.

The scripts here import punchclock, the results of the benchmarks, and tests/pages.py; nothing imports the scripts but
their own tests.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "scripts"), str(ROOT / "tests")]  # mkdocs loads only this file

from benchmarks import results as costs  # noqa: E402
from benchmarks.sandbox import results as load  # noqa: E402

from control_docs import control_pages  # noqa: E402
from diagram import svg  # noqa: E402
from evidence_docs import evidence_table  # noqa: E402
from punchclock.diagrams import markdown_table, mermaid  # noqa: E402
from punchclock.machine import TRANSITIONS  # noqa: E402
from vendor_docs import vendor_pages  # noqa: E402

GENERATED = ROOT / "docs" / "generated"


def generated() -> dict[str, str]:
    """Return the content of each generated file, by its name."""
    return {
        "machine.svg": svg(TRANSITIONS, "The states of a timer and the events between them"),
        "machine-table.md": markdown_table(TRANSITIONS),
        "machine-mermaid.md": f"```mermaid\n{mermaid(TRANSITIONS)}```\n",
        "benchmarks.md": costs.text(msgspec.json.decode(costs.RESULTS.read_bytes(), type=costs.Results)),
        "sandbox-load.md": load.text(msgspec.json.decode(load.RESULTS.read_bytes(), type=load.Results)),
        "evidence.md": evidence_table(),
        **vendor_pages(),
        **control_pages(),
    }


def on_pre_build(config: MkDocsConfig) -> None:
    """Stop the build if a generated file is stale; mkdocs calls this."""
    del config
    stale = [name for name, content in generated().items() if _written(name) != content]
    if stale:
        raise PluginError(f"stale in docs/generated: {', '.join(stale)}; `make generate` updates them")


def main() -> None:
    """Write the files that are missing or stale."""
    GENERATED.mkdir(exist_ok=True)
    for name, content in generated().items():
        if _written(name) != content:
            (GENERATED / name).write_text(content, encoding="utf-8")
            print(f"docs/generated/{name}")


def _written(name: str) -> str | None:
    path = GENERATED / name
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main()
