"""Dialects: what is checked when one is built, which part of the machine it walks, and its tick."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import Event, InvalidTable, State
from punchclock.machine import Correction
from punchclock.vendors.dialect import MICROSECOND, SECOND, Dialect, Move
from punchclock.vendors.records import UPDATE
from strategies import instants


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ((Move("go", Event.START), Move("go", Correction.DISCARD)), "duplicate"),
        ((Move("go", Event.START), Move("on", "pause")), "dangling"),  # type: ignore[arg-type]
        ((Move("go", Correction.DISCARD),), "no call starts"),
        ((Move("go", Event.START), Move("on", Event.RESUME)), "unreachable"),
        ((Move("stop", Event.STOP),), "unreachable"),
        ((), "no call starts"),
    ],
)
def test_a_dialect_is_checked_when_it_is_built(moves: tuple[Move, ...], reason: str) -> None:
    """A move that is there twice, is nothing, or can never be made; or no start at all."""
    with pytest.raises(InvalidTable, match=reason):
        Dialect("toy", SECOND, moves)


def test_a_tick_is_at_least_a_microsecond() -> None:
    """There is nothing finer to floor to."""
    with pytest.raises(InvalidTable, match="tick"):
        Dialect("toy", 0, (Move("go", Event.START),))


def test_a_dialect_walks_its_part_of_the_table() -> None:
    """A call is drawn where it is legal and can be reached; corrections are not drawn."""
    dialect = Dialect(
        "toy",
        SECOND,
        (
            Move("write", Event.START, "no id"),
            Move("write", Event.STOP, "with an end"),
            Move("write", Correction.AMEND, "with a sum"),
            Move("rename", UPDATE),
            Move("delete", Correction.DISCARD),
        ),
    )
    assert dialect.events == {Event.START, Event.STOP}
    assert dict(dialect.transitions) == {
        (State.IDLE, "write (no id)"): State.RUNNING,
        (State.RUNNING, "write (with an end)"): State.STOPPED,
    }


@given(at=instants, tick=st.sampled_from([MICROSECOND, SECOND, 60 * SECOND]))
def test_a_tick_floors(at: int, tick: int) -> None:
    """An instant becomes the whole tick at or before it, before 1970 as well."""
    floored = Dialect("toy", tick, (Move("go", Event.START),)).floor(at)
    assert floored % tick == 0
    assert 0 <= at - floored < tick
