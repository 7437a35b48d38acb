"""Tables drawn as text: `punchclock.diagrams`."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock.diagrams import markdown_table, mermaid
from punchclock.machine import Event, State

#: What a vendor's dialect gives: the same states, the vendor's calls for events.
CALLS = {
    (State.IDLE, "start_my_timer"): State.RUNNING,
    (State.RUNNING, "stop_my_timer"): State.STOPPED,
    (State.RUNNING, "stop_timer (by a manager)"): State.STOPPED,
}


def test_the_machine_as_mermaid() -> None:
    """The whole text for the one table, edges sorted."""
    assert mermaid(pc.TRANSITIONS) == (
        "stateDiagram-v2\n"
        "    [*] --> idle\n"
        "    idle --> running : start\n"
        "    running --> paused : pause\n"
        "    running --> stopped : stop\n"
        "    paused --> running : resume\n"
        "    paused --> stopped : stop\n"
        "    stopped --> [*]\n"
    )


def test_the_machine_as_markdown() -> None:
    """The whole text for the one table: rows and columns in the order of the enumerations."""
    assert markdown_table(pc.TRANSITIONS) == (
        "| state | `start` | `pause` | `resume` | `stop` |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `idle` | `running` | – | – | – |\n"
        "| `running` | – | `paused` | – | `stopped` |\n"
        "| `paused` | – | – | `running` | `stopped` |\n"
        "| `stopped` | – | – | – | – |\n"
    )


def test_a_dialect_is_drawn_with_its_own_labels() -> None:
    """Only the states that its calls reach are drawn, and each call has its line and its column."""
    assert mermaid(CALLS) == (
        "stateDiagram-v2\n"
        "    [*] --> idle\n"
        "    idle --> running : start_my_timer\n"
        "    running --> stopped : stop_my_timer\n"
        "    running --> stopped : stop_timer (by a manager)\n"
        "    stopped --> [*]\n"
    )
    assert markdown_table(CALLS) == (
        "| state | `start_my_timer` | `stop_my_timer` | `stop_timer (by a manager)` |\n"
        "| --- | --- | --- | --- |\n"
        "| `idle` | `running` | – | – |\n"
        "| `running` | – | `stopped` | `stopped` |\n"
        "| `stopped` | – | – | – |\n"
    )


def test_labels_cannot_break_out() -> None:
    """Colons, semicolons, line feeds and HTML in a label are not Mermaid's; pipes and backticks not Markdown's."""
    label = "a:b;c|d`e\n<i>#"
    table = {(State.IDLE, label): State.RUNNING}
    assert "idle --> running : a#58;b#59;c#124;d#96;e#10;#60;i#62;#35;\n" in mermaid(table)
    assert markdown_table(table).splitlines()[0] == "| state | `a:b;c\\|d'e <i>#` |"


tables = st.dictionaries(st.tuples(st.sampled_from(State), st.text(max_size=8)), st.sampled_from(State), max_size=12)


@given(tables)
def test_the_order_of_the_table_does_not_move_an_edge(table: dict[tuple[State, str], State]) -> None:
    """One line a transition, and the same text however the table was put together."""
    text = mermaid(table)
    assert mermaid(dict(reversed(table.items()))) == text
    assert len(re.findall(r"^    \w+ --> \w+ : .*$", text, flags=re.MULTILINE)) == len(table)


@given(tables)
def test_the_markdown_table_has_a_cell_for_every_pair(table: dict[tuple[State, str], State]) -> None:
    """As many filled cells as transitions, and no row is longer than another."""
    lines = markdown_table(table).split("\n")
    assert lines.pop() == ""
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in lines}
    assert len(widths) == 1
    filled = sum(cell.strip() != "–" for line in lines[2:] for cell in re.split(r"(?<!\\)\|", line)[2:-1])
    assert filled == len(table)


def test_events_of_the_core_keep_their_order_among_other_labels() -> None:
    """Columns of the core's events come first, in their order; the rest as they appear."""
    table = {
        (State.RUNNING, "discard"): State.IDLE,
        (State.RUNNING, str(Event.STOP)): State.STOPPED,
        (State.IDLE, str(Event.START)): State.RUNNING,
    }
    assert markdown_table(table).splitlines()[0] == "| state | `start` | `stop` | `discard` |"
