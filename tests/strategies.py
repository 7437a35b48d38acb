"""Hypothesis strategies that several tests share: instants, timers, and histories legal and illegal."""

from __future__ import annotations

import datetime as dt
import enum

from hypothesis import settings
from hypothesis import strategies as st

from punchclock import IDLE, TRANSITIONS, Event, State, Timer

History = list[tuple[Event, int]]


def examples(full: int) -> int:
    """Scale a number of examples, which is meant for the full profile of conftest.py, to the profile in use."""
    return max(1, full * settings().max_examples // 100)


FIRST = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z, the first instant that a ``datetime`` can show."""

LAST = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z, the last one."""

#: Any instant, before 1970 as well as after; the small ones make it likely that two are equal.
instants = st.integers(-3, 3) | st.integers(FIRST, LAST)


class Seconds(int):
    """An integer of a program's own type."""


class Port(enum.IntEnum):
    """An integer that is a name for something else."""

    HTTP = 80


#: What is not exactly an ``int``, though most of it compares with integers and can be subtracted from them.
not_instants = (
    st.booleans()
    | st.floats()
    | st.fractions()
    | st.decimals()
    | st.complex_numbers()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.dates()
    | st.timedeltas()
    | st.none()
    | st.text()
    | st.binary()
    | st.builds(Seconds, instants)
    | st.sampled_from(Port)
    | st.lists(instants)
)

#: How long something lasts. Nothing at all is as likely as a moment or a month.
gaps = st.just(0) | st.integers(0, 3) | st.integers(0, 31 * 86_400_000_000)


@st.composite
def timers(draw: st.DrawFn, states: tuple[State, ...] = tuple(State)) -> Timer:
    """A timer that keeps the invariant ``0 <= worked <= since - started_at``."""
    state = draw(st.sampled_from(states))
    if state is State.IDLE:
        return IDLE
    started_at, worked, rested = draw(instants), draw(gaps), draw(gaps)
    return Timer(state, started_at, started_at + worked + rested, worked)


#: Timers that have begun.
begun = timers(states=(State.RUNNING, State.PAUSED, State.STOPPED))

#: Timers that still count.
active = timers(states=(State.RUNNING, State.PAUSED))


@st.composite
def legal_histories(draw: st.DrawFn, min_size: int = 0, max_size: int = 12) -> History:
    """Return a legal history; its instants never decrease and are often equal."""
    history: History = []
    state, at = State.IDLE, draw(instants)
    for _ in range(draw(st.integers(min_size, max_size))):
        legal = [event for event in Event if (state, event) in TRANSITIONS]
        if not legal:
            break
        # STOP ends a walk, so it is drawn last and seldom: most histories shall be long.
        event = draw(st.sampled_from([*legal, *(each for each in legal if each is not Event.STOP)]))
        history.append((event, at))
        state = TRANSITIONS[state, event]
        at += draw(gaps)
    return history


#: Histories of anything at any time: most are illegal.
histories = legal_histories() | st.lists(st.tuples(st.sampled_from(Event), instants), max_size=8)
