"""The generated parts of the docs: the diagram shows the table, and a stale file stops the build.

They are the docs' tools, not the package's: where the built wheel is tested they are absent, and nothing here runs.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from punchclock import TRANSITIONS, Event, State

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
