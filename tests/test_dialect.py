"""Dialects: the checks on construction, the reachable part of the machine, and the resolution."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import Event, InvalidTransitionTable, State
from punchclock.machine import Correction
from punchclock.units import MICROSECOND, SECOND
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.records import UPDATE
from strategies import instants


@pytest.mark.parametrize(
    ("bindings", "reason"),
    [
        ((Binding("go", Event.START), Binding("go", Correction.DISCARD)), "duplicate"),
        ((Binding("go", Event.START), Binding("on", "pause")), "dangling"),  # type: ignore[arg-type]
        ((Binding("go", Correction.DISCARD),), "no call starts"),
        ((Binding("go", Event.START), Binding("on", Event.RESUME)), "unreachable"),
        ((Binding("stop", Event.STOP),), "unreachable"),
        ((), "no call starts"),
    ],
)
def test_a_dialect_is_checked_on_construction(bindings: tuple[Binding, ...], reason: str) -> None:
    """Duplicate, dangling and unreachable bindings are rejected, and a dialect without a start."""
    with pytest.raises(InvalidTransitionTable, match=reason):
        Dialect("toy", SECOND, bindings)


def test_the_resolution_is_at_least_a_microsecond() -> None:
    """An instant has no finer resolution."""
    with pytest.raises(InvalidTransitionTable, match="resolution"):
        Dialect("toy", 0, (Binding("go", Event.START),))


def test_a_dialect_has_its_part_of_the_table() -> None:
    """A dialect's transitions are those that its calls can reach; corrections are not among them."""
    dialect = Dialect(
        "toy",
        SECOND,
        (
            Binding("write", Event.START, "no id"),
            Binding("write", Event.STOP, "with an end"),
            Binding("write", Correction.AMEND, "with a sum"),
            Binding("rename", UPDATE),
            Binding("delete", Correction.DISCARD),
        ),
    )
    assert dialect.events == {Event.START, Event.STOP}
    assert dict(dialect.transitions) == {
        (State.IDLE, "write (no id)"): State.RUNNING,
        (State.RUNNING, "write (with an end)"): State.STOPPED,
    }


def test_a_dialect_is_immutable() -> None:
    """A dialect stays as it was checked."""
    dialect = Dialect("toy", SECOND, (Binding("go", Event.START),))
    with pytest.raises(AttributeError):
        dialect.resolution = 0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        dialect.bindings[0].action = Event.RESUME  # type: ignore[misc]
    with pytest.raises(TypeError):
        dialect.transitions[State.RUNNING, "go"] = State.RUNNING  # type: ignore[index]


def test_resolutions_are_in_microseconds() -> None:
    """A resolution of a second floors to millions; the finest resolution leaves every instant as it is."""
    bindings = (Binding("go", Event.START),)
    assert [Dialect("toy", SECOND, bindings).floor(at) for at in (-1, 0, 999_999, 1_000_000)] == [
        -1_000_000,
        0,
        0,
        SECOND,
    ]
    assert [Dialect("toy", MICROSECOND, bindings).floor(at) for at in (-1, 0, 1)] == [-1, 0, 1]


@given(at=instants, resolution=st.sampled_from([MICROSECOND, SECOND, 60 * SECOND]))
def test_flooring(at: int, resolution: int) -> None:
    """An instant becomes the multiple of the resolution at or before it, before 1970 as well."""
    floored = Dialect("toy", resolution, (Binding("go", Event.START),)).floor(at)
    assert floored % resolution == 0
    assert 0 <= at - floored < resolution
