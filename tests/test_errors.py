"""Errors: one code each, the facts as attributes, a text for a person, and whole on the way to another process."""

from __future__ import annotations

import copy
import datetime as dt
import inspect
import pickle

import pytest

from punchclock import State, errors
from punchclock.errors import (
    AmbiguousLocalTime,
    ClockWentBackwards,
    GuardRejected,
    IllegalTransition,
    InconsistentTimer,
    InstantOutOfRange,
    InvalidColumns,
    InvalidDuration,
    InvalidInstant,
    InvalidLocalTime,
    InvalidRounding,
    InvalidSpan,
    InvalidTransitionTable,
    MalformedLine,
    MalformedTimer,
    MissingExtra,
    MissingLocalTime,
    NaiveDatetime,
    PunchclockError,
    TooManyPieces,
    UnknownFormat,
    UnknownTimer,
    UnknownZone,
)

HUGE = 10**5_000  # more digits than Python converts to text

#: An error of each kind, with its text and the facts that it carries.
EXAMPLES: list[tuple[PunchclockError, str, dict[str, object]]] = [
    (
        InvalidTransitionTable(State.PAUSED, "unreachable"),
        "paused: unreachable",
        {"entry": State.PAUSED, "reason": "unreachable"},
    ),
    (
        IllegalTransition(state="stopped", event="stop", at=5),
        "cannot stop a timer that is stopped",
        {"state": "stopped", "event": "stop", "at": 5},
    ),
    (
        ClockWentBackwards(state="running", event="pause", at=5, since=7),
        "cannot pause a running timer at 5: that is 2 µs before 7, its last instant",
        {"state": "running", "event": "pause", "at": 5, "since": 7},
    ),
    (
        ClockWentBackwards(state="paused", event=None, at=5, since=7),
        "cannot read a paused timer at 5: that is 2 µs before 7, its last instant",
        {"state": "paused", "event": None, "at": 5, "since": 7},
    ),
    (
        InconsistentTimer("worked", -1, "it must not be negative"),
        "worked = -1: it must not be negative",
        {"field": "worked", "value": -1, "reason": "it must not be negative"},
    ),
    (
        MalformedTimer("$.since", "expected an integer, got a string"),
        "not a saved timer: $.since: expected an integer, got a string",
        {"path": "$.since", "reason": "expected an integer, got a string"},
    ),
    (
        InvalidInstant("noon", "not RFC 3339"),
        "'noon' is not a valid instant: not RFC 3339",
        {"value": "noon", "reason": "not RFC 3339"},
    ),
    (
        NaiveDatetime("2026-03-02T08:00:00"),
        "'2026-03-02T08:00:00' is not a valid instant: it has no UTC offset; add Z or an offset such as +01:00",
        {"value": "2026-03-02T08:00:00", "reason": "it has no UTC offset; add Z or an offset such as +01:00"},
    ),
    (
        InstantOutOfRange(2**62),
        "4611686018427387904 is not a valid instant: it is outside the years 1 to 9999 in UTC",
        {"value": 2**62, "reason": "it is outside the years 1 to 9999 in UTC"},
    ),
    (
        InvalidDuration(-1, "it is negative"),
        "-1 is not a valid duration: it is negative",
        {"value": -1, "reason": "it is negative"},
    ),
    (
        MissingExtra("the command line", "cli"),
        "the command line needs an extra: pip install 'punchclock[cli]'",
        {"extra": "cli"},
    ),
    (
        GuardRejected(state="running", event="stop", at=5),
        "a guard rejected the event stop of a timer that is running",
        {"state": "running", "event": "stop", "at": 5},
    ),
    (
        MalformedLine("$.at", "expected a string", timer="T1"),
        "$.at: expected a string",
        {"path": "$.at", "reason": "expected a string", "timer": "T1"},
    ),
    (
        InvalidColumns("at", "no such column"),
        "column at: no such column",
        {"column": "at", "reason": "no such column", "index": None},
    ),
    (
        UnknownTimer("T1", event="discard", at=5),
        "cannot discard timer 'T1': no timer has this name",
        {"timer": "T1", "event": "discard", "at": 5},
    ),
    (
        TooManyPieces(1_972_302, 250_000),
        "the segments contain 1,972,302 whole days or longer periods; the limit is 250,000",
        {"count": 1_972_302, "limit": 250_000},
    ),
    (
        InvalidSpan(7, 5),
        "[7, 5) is not a valid span: it ends 2 µs before it starts",
        {"start": 7, "end": 5},
    ),
    (
        UnknownZone("Mars/Olympus", "no zone of this name"),
        "'Mars/Olympus' is not a known time zone: no zone of this name",
        {"zone": "Mars/Olympus", "reason": "no zone of this name"},
    ),
    (
        InvalidRounding("step", 0, "too small"),
        "0 is not a valid rounding step: too small",
        {"parameter": "step", "value": 0, "reason": "too small"},
    ),
    (
        InvalidLocalTime(dt.date(2026, 3, 2), 86_400, "UTC", "no such time of day"),
        "86400 s into 2026-03-02 in UTC: no such time of day",
        {"date": dt.date(2026, 3, 2), "seconds": 86_400, "zone": "UTC", "reason": "no such time of day"},
    ),
    (
        AmbiguousLocalTime(dt.date(2026, 10, 25), 9_000, "Europe/Berlin", earlier=1, later=2),
        "9000 s into 2026-10-25 in Europe/Berlin: the clock shows this time twice",
        {"date": dt.date(2026, 10, 25), "seconds": 9_000, "zone": "Europe/Berlin", "earlier": 1, "later": 2},
    ),
    (
        MissingLocalTime(dt.date(2026, 3, 29), 9_000, "Europe/Berlin", earlier=1, later=2),
        "9000 s into 2026-03-29 in Europe/Berlin: the clock skips this time",
        {"date": dt.date(2026, 3, 29), "seconds": 9_000, "zone": "Europe/Berlin", "earlier": 1, "later": 2},
    ),
    (
        UnknownFormat("log.xls", "its suffix is none of .csv"),
        "cannot tell the format of 'log.xls': its suffix is none of .csv",
        {"name": "log.xls", "reason": "its suffix is none of .csv"},
    ),
]

each_example = pytest.mark.parametrize(
    ("error", "text", "facts"), EXAMPLES, ids=[type(error).__name__ for error, _, _ in EXAMPLES]
)

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, PunchclockError)]


def test_every_kind_has_an_example() -> None:
    """What holds of the examples holds of all errors; the base class alone is never raised."""
    assert {type(error) for error, _, _ in EXAMPLES} == set(KINDS) - {PunchclockError}


@each_example
def test_an_error_speaks_to_people_and_programs(error: PunchclockError, text: str, facts: dict[str, object]) -> None:
    """The text is one line for a person; the attributes are the same facts for a program."""
    assert str(error) == text
    for name, value in facts.items():
        assert getattr(error, name) == value


@each_example
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_reaches_another_process_whole(
    error: PunchclockError, text: str, facts: dict[str, object], protocol: int
) -> None:
    """An error in a worker arrives with its text, its facts and its place in the log."""
    error = copy.copy(error)
    error.index = 3
    arrived = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 (our own)
    assert type(arrived) is type(error)
    assert str(arrived) == text
    assert vars(arrived) == {**vars(error), **facts, "index": 3}


@each_example
def test_an_error_can_be_copied(error: PunchclockError, text: str, facts: dict[str, object]) -> None:
    """Tools that copy what they caught, as test runners do, get the same error."""
    for copied in (copy.copy(error), copy.deepcopy(error)):
        assert (type(copied), str(copied)) == (type(error), text)
        assert vars(copied).items() >= facts.items()


def test_codes_tell_kinds_apart() -> None:
    """Every kind has a code of its own, in lower case with hyphens, and it belongs to the class."""
    codes = [vars(kind)["code"] for kind in KINDS]
    assert len(set(codes)) == len(KINDS)
    assert all(code.replace("-", "").isalpha() and code.islower() for code in codes)


def test_all_errors_are_named() -> None:
    """Each kind is in the module's ``__all__``, and nothing else is."""
    assert set(errors.__all__) == {kind.__name__ for kind in KINDS}


def test_one_except_clause_catches_all() -> None:
    """Every kind derives from the one base, instants' errors from their own, and a missing extra from ImportError."""
    assert all(issubclass(kind, PunchclockError) for kind in KINDS)
    assert issubclass(NaiveDatetime, InvalidInstant)
    assert issubclass(InstantOutOfRange, InvalidInstant)
    assert issubclass(MissingExtra, ImportError)


class Unspeakable:
    """What fails when it is asked how it looks."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


class Spoken:
    """An object with a given ``repr``."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        """Look so."""
        return self._text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 60, repr("x" * 60)),
        ("x" * 61, f"{'x' * 60!r}… (61 long)"),
        (b"x" * 10**6, f"{b'x' * 60!r}… (1000000 long)"),
        ("a\nb\x1b[31m\ud800", r"'a\nb\x1b[31m\ud800'"),
        (2**200 - 1, str(2**200 - 1)),
        (2**200, "an integer of 201 bits"),
        (HUGE, "an integer of 16610 bits"),
        (-HUGE, "an integer of 16610 bits"),
        ([HUGE], "a value of type list"),
        (Unspeakable(), "a value of type Unspeakable"),
        (Spoken("x" * 200), "x" * 200),
        (Spoken("x" * 201), f"{'x' * 200}…"),
        (list(range(1_000)), f"{str(list(range(1_000)))[:200]}…"),
        (1.5, "1.5"),
        (None, "None"),
    ],
    ids=lambda value: ascii(value)[:20] if isinstance(value, (str, float)) else type(value).__name__,
)
def test_any_value_can_be_shown(value: object, shown: str) -> None:
    """For every value, also a hostile one, the text is one printable line of bounded length."""
    error = InvalidInstant(value, "why")
    assert str(error) == f"{shown} is not a valid instant: why"
    assert str(error).encode()
    assert error.value is value


@pytest.mark.parametrize(
    "error",
    [
        ClockWentBackwards(state="running", event="stop", at=-HUGE, since=HUGE),
        InvalidSpan(HUGE, -HUGE),
        InvalidLocalTime(dt.date(2026, 3, 2), HUGE, "UTC", "no such time of day"),
    ],
    ids=lambda error: error.code,
)
def test_huge_numbers_are_abbreviated(error: PunchclockError) -> None:
    """Numbers with more digits than Python writes out do not turn one error into another."""
    assert "an integer of 16610 bits" in str(error)
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        (State.RUNNING, "running"),
        ("x" * 60, "x" * 60),
        ("x" * 61, f"{'x' * 60!r}… (61 long)"),
        ("a\nb", r"'a\nb'"),
        (HUGE, "an integer of 16610 bits"),
        (None, "None"),
    ],
    ids=["state", "word", "long", "lines", "huge", "none"],
)
def test_invalid_states_and_events_fit_a_line(word: str, shown: str) -> None:
    """A word is unchanged; another value is abbreviated."""
    assert str(IllegalTransition(state=word, event=word, at=0)) == f"cannot {shown} a timer that is {shown}"
    back = ClockWentBackwards(state=word, event=None, at=0, since=1)
    assert str(back) == f"cannot read a {shown} timer at 0: that is 1 µs before 1, its last instant"
