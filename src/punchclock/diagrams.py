"""Transition tables as text: a Mermaid state diagram and a Markdown table.

Both are functions of the table alone. A vendor's dialect is a table of the same shape, with calls in place of events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from punchclock.machine import Event, State

__all__ = ["markdown_table", "mermaid"]

Label = TypeVar("Label", bound=str)

_STATES: Final = list(State)
_EVENTS: Final = list(Event)


def mermaid(table: Mapping[tuple[State, Label], State]) -> str:
    """Return a ``stateDiagram-v2`` of a table ``(state, event) → next state``; the text ends with a line feed.

    Each transition is a line; the lines are sorted by state, next state and label. An arrow leads from ``[*]`` to
    ``idle``, and one from each final state to ``[*]``.

    Args:
        table: `punchclock.TRANSITIONS`, or a table with other labels for the events; a label is any text.
    """
    edges = sorted(((source, target, label) for (source, label), target in table.items()), key=_place)
    lines = ["stateDiagram-v2", f"    [*] --> {State.IDLE}"]
    lines += [f"    {source} --> {target} : {_entities(label)}" for source, target, label in edges]
    sources = {source for source, _ in table}
    lines += [f"    {state} --> [*]" for state in _states(table) if state not in sources]
    return "\n".join(lines) + "\n"


def markdown_table(table: Mapping[tuple[State, Label], State]) -> str:
    """Return a Markdown table of a table ``(state, event) → next state``; the text ends with a line feed.

    Each state is a row, in the order of `State`; each event is a column, in the order of `Event`, or of first
    appearance for other labels. A dash marks an illegal event.

    Args:
        table: `punchclock.TRANSITIONS`, or a table with other labels for the events; a label is any text.
    """
    labels = sorted(dict.fromkeys(label for _, label in table), key=_rank)
    rows = [["state", *(f"`{_cell(label)}`" for label in labels)], ["---"] * (len(labels) + 1)]
    for state in _states(table):
        targets = [table.get((state, label)) for label in labels]
        rows.append([f"`{state}`", *(f"`{target}`" if target else "–" for target in targets)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _states(table: Mapping[tuple[State, Label], State]) -> list[State]:
    """Return the states in a table, in order."""
    used = {source for source, _ in table} | set(table.values())
    return [state for state in _STATES if state in used]


def _place(edge: tuple[State, State, str]) -> tuple[int, int, str]:
    source, target, label = edge
    return _STATES.index(source), _STATES.index(target), label


def _rank(label: str) -> int:
    return _EVENTS.index(Event(label)) if label in _EVENTS else len(_EVENTS)


def _entities(label: str) -> str:
    """Return a label in which all characters that may be syntax in Mermaid or HTML are character codes."""
    return "".join(each if each.isalnum() or each in " _-/.,=()'" else f"#{ord(each)};" for each in label)


def _cell(label: str) -> str:
    """Return a label without the characters that would end its cell or its code span."""
    return " ".join(label.split()).replace("|", "\\|").replace("`", "'")
