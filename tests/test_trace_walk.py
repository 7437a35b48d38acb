"""The walks of docs/architecture.md: the tracer counts right, and the page shows what the code does now.

The walks run `punchclock.cli` and `punchclock.sandbox`, so these tests need both extras.
"""

from __future__ import annotations

import pytest

from punchclock import Event, start, transition

pytest.importorskip("trace_walk")  # the scripts are the project's, not the package's

from trace_walk import PAGE, WALKS, Step, drawn, switches, traced


def test_a_walk_is_the_calls_in_order() -> None:
    """Each call of a function of punchclock is a step; what calls it from outside is not."""
    steps = traced(lambda: transition(start(0), Event.PAUSE, 1))
    assert steps == [Step("timer.py", "start"), Step("timer.py", "transition")]


def test_a_switch_is_a_call_in_another_file() -> None:
    """Calls that stay in a file are no switches; each return to a file that was left is one."""
    first, second, other = Step("a.py", "f"), Step("a.py", "g"), Step("b.py", "f")
    assert switches([]) == 0
    assert switches([first, second, first]) == 0
    assert switches([first, other, second, other]) == 3


def test_a_stay_is_a_row() -> None:
    """A row names a file, a function that is called there and the first line of its docstring."""
    lines = drawn([Step("timer.py", "start"), Step("clock.py", "now"), Step("timer.py", "start")]).splitlines()
    assert lines[0] == "This walk has 2 file switches."
    assert [line.split(" | ")[1] for line in lines[4:]] == ["`timer.py:start`", "`clock.py:now`", "`timer.py:start`"]


@pytest.mark.parametrize("name", WALKS)
def test_the_page_shows_the_walk(name: str) -> None:
    """The page is up to date; otherwise run ``python docs/scripts/trace_walk.py --write``."""
    shown = PAGE.read_text(encoding="utf-8").partition(f"<!-- walk: {name} -->")[2]
    assert shown.partition("<!-- end of walk -->")[0] == f"\n\n{drawn(WALKS[name]())}\n\n"
