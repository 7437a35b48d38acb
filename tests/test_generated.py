"""The generated parts of the docs: the diagram shows the table, and a stale file stops the build.

The scripts of the docs are not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import json
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
    """Return the script that mkdocs loads as a hook."""
    pytest.importorskip("mkdocs")
    script: ModuleType = pytest.importorskip("generate_docs")
    return script


@pytest.fixture
def diagram() -> ModuleType:
    """Return the script that draws."""
    module: ModuleType = pytest.importorskip("diagram")
    return module


@pytest.fixture
def vendor_pages() -> dict[str, str]:
    """Return the generated parts of the vendors' pages."""
    pytest.importorskip("mkdocs")
    made: dict[str, str] = pytest.importorskip("vendor_docs").vendor_pages()
    return made


def drawn(svg: str) -> tuple[list[str], int]:
    """Return the texts of a diagram, without its title, and the number of its arrows."""
    root = ET.fromstring(svg)  # noqa: S314 - our own
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    return texts, sum(path.get("class") == "arrow" for path in root.iter(f"{SVG}path"))


def test_diagram_shows_every_state_and_transition(diagram: ModuleType) -> None:
    """Each state has a box and each transition a labelled arrow; one more arrow leads from the dot to idle."""
    texts, arrows = drawn(diagram.svg(TRANSITIONS, "The machine"))
    assert [text for text in texts if text in tuple(State)] == list(State)
    assert sorted(text for text in texts if text in tuple(Event)) == sorted(event for _, event in TRANSITIONS)
    assert arrows == len(TRANSITIONS) + 1


def test_diagram_of_another_table(diagram: ModuleType) -> None:
    """States that are not in the table are not drawn; labels between the same two states share an arrow."""
    table = {(State.IDLE, "add <a & b>"): State.RUNNING, (State.IDLE, "start"): State.RUNNING}
    texts, arrows = drawn(diagram.svg(table, "Another"))
    assert "add <a & b>" in texts
    assert "start" in texts
    assert [text for text in texts if text in tuple(State)] == ["idle", "running"]
    assert arrows == 2


def test_stale_file_stops_the_build(generate_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook accepts fresh files, and names a file that is stale or missing."""
    monkeypatch.setattr(generate_docs, "GENERATED", tmp_path)
    generate_docs.main()
    generate_docs.on_pre_build(None)
    (tmp_path / "machine.svg").write_text("an older drawing", encoding="utf-8")
    (tmp_path / "benchmarks.md").unlink()
    with pytest.raises(Exception, match=r"stale in docs/generated: machine\.svg, benchmarks\.md;"):
        generate_docs.on_pre_build(None)


@pytest.mark.parametrize("vendor", vendors.names())
def test_each_vendors_page_has_its_generated_part(vendor: str, vendor_pages: dict[str, str]) -> None:
    """It has the calls, the diagram of the machine, and a line for each sentence of the page with its tests."""
    page = (DOCS / "vendors" / f"{vendor}.md").read_text(encoding="utf-8")
    assert page.endswith(f'\n--8<-- "generated/{vendor}.md"\n')
    part = vendor_pages[f"{vendor}.md"]
    assert all(f"| `{row.name}` |" in part for row in vendors.load(vendor).operations)
    covered = part.partition("| heading | sentence | tests |\n| --- | --- | --- |\n")[2].splitlines()
    assert len(covered) == sum(not sentence.aside for sentence in sentences(vendor))
    assert all(f"test_{vendor}_" in line for line in covered)
    texts, arrows = drawn(vendor_pages[f"{vendor}.svg"])
    transitions = vendors.load(vendor).dialect.transitions
    assert {label for _, label in transitions} <= set(texts)
    assert arrows == len({(source, target) for (source, _), target in transitions.items()}) + 1


def test_vendors_side_by_side(vendor_pages: dict[str, str]) -> None:
    """The tables show which call is which event, and which payload fields show a part of the record."""
    events = dict(line.split(" | ", 1) for line in vendor_pages["vendor-events.md"].splitlines()[2:])
    assert list(events)[:4] == [f"| **{event}**" for event in Event]
    assert events["| **start**"].startswith("`create_timer` | `start_project_timer`")
    fields = [line.split(" | ") for line in vendor_pages["vendor-fields.md"].splitlines()[2:]]
    intervals = {part.removeprefix("| "): shown for part, shown, *_ in fields}
    assert intervals["`timer.worked`"] == "`time`, `totaltime`"
    assert intervals["`timer.since`"] == "`starttime`, `timelapsed`, `totaltime`"
    assert intervals["`note`"] == "`name`"


def test_the_table_of_the_evidence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each claim is a row with the command that checks it; durations have a suitable unit; other results are marked."""
    script = pytest.importorskip("evidence_docs")
    row = {"claim": "a|b", "means": "proof", "budget": "long", "size": "all", "status": "holds", "finding": ""}
    failed = row | {"budget": "short", "status": "fails", "finding": "1 + 1 | 3"}
    missing = row | {"status": "not shown", "finding": "never run"}
    rows = [row | {"seconds": 1.25}, row | {"seconds": 240.0}, failed | {"seconds": 9000.0}, missing | {"seconds": 0}]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"version": "1", "machine": "a machine", "rows": rows}), encoding="utf-8")
    monkeypatch.setattr(script, "RESULTS", path)
    head, _, first, second, third, fourth, _, *ending = script.evidence_table().splitlines()
    assert head == "| claim | command | tried | result | time |"
    assert first == r"| a\|b | `PYTHONPATH=tests python -m evidence proof --long` | all | holds | 1.2 s |"
    assert second.endswith("| 4.0 min |")
    assert third == (r"| a\|b | `PYTHONPATH=tests python -m evidence proof` | all | **fails**: 1 + 1 \| 3 | 2.5 h |")
    assert fourth.endswith("| **not shown**: never run | 0.0 s |")
    assert ending == ["4 claims, 2 of them hold; 2.6 h in all.", "punchclock 1 on a machine."]
