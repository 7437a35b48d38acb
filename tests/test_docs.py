"""The samples in the README and the docs: each runs, and prints what the page shows."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser
from sybil.typing import Parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: The pages whose samples need other libraries' tables: pandas, Polars and DuckDB.
SLOW = {ROOT / "docs" / "columns.md"}

#: The kinds of fenced blocks: samples, which are run, and texts, which are not.
SAMPLES = {"console", "pycon", "python"}
TEXTS = {"json", "mermaid", "sh", "text", "toml"}


class SessionParser(PythonCodeBlockParser):
    """Blocks of an interactive session, marked ``pycon`` for its colours."""

    def __init__(self) -> None:
        super().__init__(doctest_optionflags=doctest.ELLIPSIS)
        self.codeblock_parser = CodeBlockParser("pycon", PythonEvaluator())


def run_console(example: Example) -> str | None:
    """Run each ``$ punchclock …`` of a block, and compare its output with the lines below it."""
    for command, expected in commands(example.parsed):
        output = printed(command)
        if trimmed(output) != trimmed(expected):
            return f"$ {command}\nExpected:\n{expected}\nPrinted:\n{output}\n(`make generate` updates it)"
    return None


def commands(block: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with the text below it."""
    head, *blocks = re.split(r"^\$ ", block, flags=re.MULTILINE)
    assert not head.strip(), "a console block begins with a command"
    pairs = [(command, text) for command, _, text in (each.partition("\n") for each in blocks)]
    assert all("punchclock" in command for command, _ in pairs), "a block that is not run must be marked sh"
    return pairs


def printed(command: str) -> str:
    """Return what a command prints on both streams, in the project's folder and at a terminal's width."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "COLUMNS": "82", "PYTHONWARNINGS": "error"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    ).stdout


def rewrite(page: Path) -> None:
    """Update the output of the commands of a page."""

    def block(match: re.Match[str]) -> str:
        lines = [line for command, _ in commands(match[1]) for line in (f"$ {command}", *trimmed(printed(command)))]
        return "\n".join(["```console", *lines, "```"])

    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"^```console\n(.*?)^```$", block, text, flags=re.MULTILINE | re.DOTALL), encoding="utf-8")


def trimmed(text: str) -> list[str]:
    """Return the lines without trailing white space."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow) if page in SLOW else page for page in PAGES],
    ids=[str(page.relative_to(ROOT)) for page in PAGES],
)
def test_samples_print_what_the_page_shows(page: Path) -> None:
    """Every sample of a page runs, in order and in one namespace, and prints what is below it."""
    parsers: list[Parser] = [PythonCodeBlockParser(), SessionParser(), CodeBlockParser("console", run_console)]
    for example in Document.parse(str(page), *parsers):
        example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_sample_escapes(page: Path) -> None:
    """Every fenced block has a known kind, so that no sample is skipped by mistake."""
    fences = re.findall(r"^ *```+ *(.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    openings = [re.split(r"[ {]", fence)[0] for fence in fences[::2]]
    assert set(openings) <= SAMPLES | TEXTS
    assert set(fences[1::2]) <= {""}


def test_a_wrong_sample_is_noticed(tmp_path: Path) -> None:
    """A sample that prints something else fails, so the tests above can fail."""
    page = tmp_path / "page.md"
    for block in ("pycon\n>>> 1 + 1\n3", "python\nassert 1 + 1 == 3", "console\n$ echo punchclock\nsomething else"):
        page.write_text(f"```{block}\n```\n", encoding="utf-8")
        with pytest.raises(AssertionError):
            test_samples_print_what_the_page_shows(page)


def test_there_are_samples() -> None:
    """The README has samples that the parsers find."""
    document = Document.parse(str(ROOT / "README.md"), SessionParser(), CodeBlockParser("console", run_console))
    assert len(list(document)) > 5


if __name__ == "__main__":
    for each in PAGES:
        rewrite(each)
