"""The generated parts of the docs: the diagram shows the table, and a stale file stops the build.

They are the docs' tools, not the package's: where the built wheel is tested they are absent, and nothing here runs.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from pages import sentences
from punchclock import TRANSITIONS, Event, State, vendors

DOCS = Path(__file__).parents[1] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def generate_docs() -> ModuleType:
    """The script that mkdocs loads as a hook."""
    pytest.importorskip("mkdocs")
    script: ModuleType = pytest.importorskip("generate_docs")
    return script


@pytest.fixture
def diagram() -> ModuleType:
    """The module that draws."""
    module: ModuleType = pytest.importorskip("diagram")
    return module


@pytest.fixture
def vendor_pages() -> dict[str, str]:
    """The generated parts of the vendors' pages."""
    pytest.importorskip("mkdocs")
    made: dict[str, str] = pytest.importorskip("vendor_docs").vendor_pages()
    return made


def drawn(svg: str) -> tuple[list[str], int]:
    """The texts of a diagram, its title left out, and the number of its arrows."""
    root = ET.fromstring(svg)  # noqa: S314 - our own
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    return texts, sum(path.get("class") == "arrow" for path in root.iter(f"{SVG}path"))


def test_diagram_shows_every_state_and_transition(diagram: ModuleType) -> None:
    """Each state has a box, each transition a labelled arrow, and there is one more arrow, from the dot to idle."""
    texts, arrows = drawn(diagram.svg(TRANSITIONS, "The machine"))
    assert [text for text in texts if text in tuple(State)] == list(State)
    assert sorted(text for text in texts if text in tuple(Event)) == sorted(event for _, event in TRANSITIONS)
    assert arrows == len(TRANSITIONS) + 1


def test_diagram_of_another_table(diagram: ModuleType) -> None:
    """States that a table does not speak of are not drawn; labels between the same two states share an arrow."""
    table = {(State.IDLE, "add <a & b>"): State.RUNNING, (State.IDLE, "start"): State.RUNNING}
    texts, arrows = drawn(diagram.svg(table, "Another"))
    assert "add <a & b>" in texts
    assert "start" in texts
    assert [text for text in texts if text in tuple(State)] == ["idle", "running"]
    assert arrows == 2


def test_stale_file_stops_the_build(generate_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook lets fresh files pass, and names one that differs from what would be written now, or is missing."""
    monkeypatch.setattr(generate_docs, "GENERATED", tmp_path)
    generate_docs.main()
    generate_docs.on_pre_build(None)
    (tmp_path / "machine.svg").write_text("an older drawing", encoding="utf-8")
    (tmp_path / "benchmarks.md").unlink()
    with pytest.raises(Exception, match=r"stale in docs/generated: machine\.svg, benchmarks\.md;"):
        generate_docs.on_pre_build(None)


@pytest.mark.parametrize("vendor", vendors.names())
def test_each_vendors_page_shows_what_is_made_for_it(vendor: str, vendor_pages: dict[str, str]) -> None:
    """Its calls, the diagram of its machine, and a line for each sentence of its page with the tests that quote it."""
    page = (DOCS / "vendors" / f"{vendor}.md").read_text(encoding="utf-8")
    assert page.endswith(f'\n--8<-- "generated/{vendor}.md"\n')
    part = vendor_pages[f"{vendor}.md"]
    assert all(f"| `{row.name}` |" in part for row in vendors.load(vendor).OPERATIONS)
    covered = part.partition("| heading | sentence | tests |\n| --- | --- | --- |\n")[2].splitlines()
    assert len(covered) == sum(not sentence.aside for sentence in sentences(vendor))
    assert all(f"test_{vendor}_" in line for line in covered)
    texts, arrows = drawn(vendor_pages[f"{vendor}.svg"])
    transitions = vendors.load(vendor).DIALECT.transitions
    assert {label for _, label in transitions} <= set(texts)
    assert arrows == len({(source, target) for (source, _), target in transitions.items()}) + 1


def test_vendors_side_by_side(vendor_pages: dict[str, str]) -> None:
    """Which call is which event, and which field of a payload tells of which part of the record."""
    events = dict(line.split(" | ", 1) for line in vendor_pages["vendor-events.md"].splitlines()[2:])
    assert list(events)[:4] == [f"| **{event}**" for event in Event]
    assert events["| **start**"].startswith("`create_timer` | `start_project_timer`")
    fields = [line.split(" | ") for line in vendor_pages["vendor-fields.md"].splitlines()[2:]]
    intervals = {part.removeprefix("| "): told for part, told, *_ in fields}
    assert intervals["`timer.worked`"] == "`time`, `totaltime`"
    assert intervals["`timer.since`"] == "`starttime`, `timelapsed`, `totaltime`"
    assert intervals["`note`"] == "`name`"
