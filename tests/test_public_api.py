"""The public core, used as in a program, so that ``mypy --strict`` checks the types that users see.

mypy checks each ``assert_type``, which does nothing at run time; the tests check the plain assertions.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import assert_type

import pytest

import punchclock as pc

#: Names that modules of the core export for the rest of the package only.
INTERNAL = {"COUNTS_AS", "FIRST", "LAST", "Correction", "build_table", "check_instant", "parse_instant", "targets"}

CORE = ["clock", "durations", "errors", "history", "instants", "machine", "serialization", "timer"]

CONTRACT = """
    IDLE TRANSITIONS State Event Kind Timer Segment PunchclockError
    instant to_datetime now NaiveDatetime
    start pause resume stop transition replay timeline worked_at break_at elapsed_at
    restore amend not_before dumps loads totals format_duration parse_duration
    InconsistentTimer ClockWentBackwards IllegalTransition
    calendar chart rounding
"""


def test_steps_and_readings_are_typed() -> None:
    """Steps return timers, readings return integers."""
    timer = assert_type(pc.start(0), pc.Timer)
    timer = assert_type(pc.pause(timer, 10), pc.Timer)
    timer = assert_type(pc.resume(timer, 15), pc.Timer)
    timer = assert_type(pc.transition(timer, pc.Event.PAUSE, 20), pc.Timer)
    timer = assert_type(pc.stop(timer, 30), pc.Timer)
    assert assert_type(pc.worked_at(timer, 30), int) == 15
    assert assert_type(pc.break_at(timer, 30), int) == 15
    assert assert_type(pc.elapsed_at(timer, 30), int) == 30
    assert assert_type(pc.not_before(timer, 20), int) == 30
    assert assert_type(pc.amend(timer, worked=5, since=30), pc.Timer).worked == 5
    assert assert_type(pc.transition(pc.IDLE, pc.Event.START, 0), pc.Timer) == pc.start(0)


def test_the_fields_of_a_timer_are_typed() -> None:
    """A state and three integers."""
    timer = pc.Timer(state=pc.State.RUNNING, started_at=0, since=10, worked=5)
    assert assert_type(timer.state, pc.State) is pc.State.RUNNING
    assert [assert_type(timer.started_at, int), assert_type(timer.since, int), timer.worked] == [0, 10, 5]


def test_histories_are_typed() -> None:
    """A history of pairs becomes a timer or segments."""
    history = [(pc.Event.START, 0), (pc.Event.PAUSE, 10)]
    assert assert_type(pc.replay(history), pc.Timer).worked == 10
    assert assert_type(pc.replay([(pc.Event.RESUME, 20)], pc.replay(history)), pc.Timer).since == 20
    [work, rest] = assert_type(pc.timeline(history, until=15), list[pc.Segment])
    assert assert_type(work.kind, pc.Kind) is pc.Kind.WORK
    assert (assert_type(rest.start, int), assert_type(rest.end, int)) == (10, 15)


def test_the_table_is_typed() -> None:
    """The table is an immutable mapping."""
    table = assert_type(pc.TRANSITIONS, Mapping[tuple[pc.State, pc.Event], pc.State])
    assert assert_type(table[pc.State.IDLE, pc.Event.START], pc.State) is pc.State.RUNNING


def test_conversions_are_typed() -> None:
    """Values, saved forms, instants and durations."""
    timer = assert_type(pc.restore(state="running", started_at=0, since=10, worked=5), pc.Timer)
    saved = assert_type(pc.dumps(timer), str)
    assert assert_type(pc.loads(saved), pc.Timer) == pc.loads(saved.encode()) == timer
    assert assert_type(pc.instant("1970-01-01T00:00:01Z"), int) == 1_000_000
    assert pc.instant(dt.datetime.fromtimestamp(1, dt.UTC)) == pc.instant(1_000_000)
    assert assert_type(pc.to_datetime(0), dt.datetime) == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert assert_type(pc.now(), int) > 0
    assert assert_type(pc.format_duration(3_600_000_000), str) == "01:00:00"
    assert assert_type(pc.parse_duration("01:00:00"), int) == 3_600_000_000


def test_days_rounding_and_totals_are_typed() -> None:
    """Also the modules that load at first use: local days, totals, the chart."""
    [(date, begin, end)] = pc.calendar.split_by_day(0, 10, "Europe/Berlin")
    assert (assert_type(date, dt.date), assert_type(begin, int), assert_type(end, int)) == (dt.date(1970, 1, 1), 0, 10)
    assert assert_type(pc.calendar.work_date(0, "UTC"), dt.date) == date
    assert assert_type(pc.calendar.seconds_of_day(0, "UTC"), int) == 0
    assert assert_type(pc.rounding.round_duration(7, 5, "up"), int) == 10
    assert pc.rounding.round_duration(7, 5, pc.rounding.Rounding.DOWN) == 5
    [total] = pc.totals([("anna", None, [pc.Segment(pc.Kind.WORK, 0, 10)])], "UTC")
    assert assert_type(total.worked, int) == 10
    assert assert_type(pc.chart.TimerMachine(pc.start(0)).timer, pc.Timer) == pc.start(0)


def test_the_attributes_of_errors_are_typed() -> None:
    """A program reads the attributes, not the text."""
    with pytest.raises(pc.IllegalTransition) as illegal:
        pc.resume(pc.start(0), 5)
    assert (assert_type(illegal.value.state, str), assert_type(illegal.value.at, int)) == (pc.State.RUNNING, 5)
    with pytest.raises(pc.ClockWentBackwards) as backwards:
        pc.worked_at(pc.start(5), 0)
    assert (assert_type(backwards.value.event, str | None), assert_type(backwards.value.since, int)) == (None, 5)
    with pytest.raises(pc.PunchclockError) as malformed:
        pc.loads("")
    assert assert_type(malformed.value.code, str) == "malformed-timer"
    assert assert_type(malformed.value.index, int | None) is None


# Completeness


def test_every_name_of_the_contract_is_public() -> None:
    """The names of the contract are in ``__all__``."""
    assert set(CONTRACT.split()) <= set(pc.__all__)


def test_every_public_name_exists() -> None:
    """Each name in ``__all__`` exists and is unique."""
    assert len(set(pc.__all__)) == len(pc.__all__)
    for name in pc.__all__:
        assert getattr(pc, name) is not None


@pytest.mark.parametrize("module", CORE)
def test_exports_of_the_core_are_public(module: str) -> None:
    """A name in ``__all__`` of a core module is in ``__all__`` of the package, unless it is in INTERNAL."""
    assert set(import_module(f"punchclock.{module}").__all__) - INTERNAL <= set(pc.__all__)


def test_all_public_names_are_listed() -> None:
    """Other names in the package are modules, begin with an underscore, or come from its own imports."""
    held = {name for name, value in vars(pc).items() if not isinstance(value, ModuleType) and not name.startswith("_")}
    assert held - set(pc.__all__) == {"Iterable", "TYPE_CHECKING", "annotations", "lazy_module"}


@pytest.mark.parametrize("name", [name for name in pc.__all__ if callable(getattr(pc, name))])
def test_every_public_name_is_documented(name: str) -> None:
    """Each has a docstring; each argument and result has a type."""
    thing = getattr(pc, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        signature = inspect.signature(thing)
        assert signature.return_annotation is not signature.empty
        assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())


def test_the_version_is_a_version() -> None:
    """It has three numbers."""
    assert len([int(part) for part in pc.__version__.split(".")]) == 3
