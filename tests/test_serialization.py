"""The saved form: written in one way, read back exactly, and everything else rejected."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import (
    IDLE,
    InconsistentTimer,
    MalformedTimer,
    State,
    Timer,
    dumps,
    loads,
    pause,
    start,
)
from strategies import instants, timers

SAVED = '{"version":1,"state":"paused","started_at":1000,"since":1600,"worked":600}'

FIELDS: dict[str, Any] = json.loads(SAVED)


def test_the_saved_form_is_the_documented_one() -> None:
    """One line of JSON, its keys in this order: what is in databases stays readable."""
    assert dumps(pause(start(1_000), 1_600)) == SAVED
    assert dumps(IDLE) == '{"version":1,"state":"idle","started_at":0,"since":0,"worked":0}'


@given(timers())
def test_a_saved_timer_is_read_back(timer: Timer) -> None:
    """``loads(dumps(t)) == t``, out of text and out of bytes."""
    assert loads(dumps(timer)) == timer
    assert loads(dumps(timer).encode()) == timer
    assert loads(dumps(timer)).state is timer.state


@given(timers())
def test_any_json_library_can_read_it(timer: Timer) -> None:
    """The form is plain JSON: nothing in it is ours alone."""
    assert json.loads(dumps(timer)) == {
        "version": 1,
        "state": timer.state.value,
        "started_at": timer.started_at,
        "since": timer.since,
        "worked": timer.worked,
    }


@given(timers(), st.permutations(list(FIELDS)), st.sampled_from([None, 2]))
def test_any_json_library_can_write_it(timer: Timer, keys: list[str], indent: int | None) -> None:
    """Keys may come in any order, and white space is free."""
    fields = json.loads(dumps(timer))
    assert loads(json.dumps({key: fields[key] for key in keys}, indent=indent)) == timer


def test_keys_may_be_escaped() -> None:
    """Keys and states may contain JSON escapes."""
    assert loads(SAVED.replace("since", "sin\\u0063e").replace("paused", "paus\\u0065d")) == loads(SAVED)


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_buffers_of_database_drivers_are_read(buffer: type[bytes | bytearray | memoryview]) -> None:
    """Some give a column of bytes back as another kind of buffer."""
    assert loads(buffer(SAVED.encode())) == loads(SAVED)


def change(**fields: object) -> str:
    """The saved form with fields replaced, or left out where they are ``...``."""
    return json.dumps({key: value for key, value in (FIELDS | fields).items() if value is not ...})


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ("", "$", "not valid JSON (byte "),
        ("   ", "$", "not valid JSON (byte "),
        (SAVED[:-1], "$", "not valid JSON (byte "),
        (SAVED + SAVED, "$", "not valid JSON (byte "),
        ("\ufeff" + SAVED, "$", "not valid JSON"),
        ("running", "$", "not valid JSON"),
        ("null", "$", "expected an object, got null"),
        ("[1]", "$", "expected an object, got an array"),
        (b"\xff\xfe", "$", "not UTF-8 (byte 0)"),
        (SAVED.encode("utf-16"), "$", "not UTF-8 (byte 0)"),
        (SAVED.encode().replace(b"paused", b"p\xffused"), "$", "not UTF-8 (byte "),
        (SAVED.replace("paused", "\ud800"), "$", "not UTF-8"),
        (SAVED.replace("paused", "\\ud800"), "$", "does not match the expected form"),
        (None, "$", "expected text or bytes, got None"),
        (5, "$", "expected text or bytes, got 5"),
        (FIELDS, "$", "expected text or bytes, got {"),
        (change(version=...), "$", "the key `version` is missing"),
        (change(version=0), "$.version", "0"),
        (change(version=2), "$.version", "2"),
        (change(version="1"), "$.version", "expected 1, got a string"),
        (change(version=True), "$.version", "expected 1, got a boolean"),
        (change(state=...), "$", "the key `state` is missing"),
        (change(state=None), "$.state", "expected a string, got null"),
        (change(state=2), "$.state", "expected a string, got an integer"),
        (change(since=...), "$", "the key `since` is missing"),
        (change(since=1_600.0), "$.since", "got a float"),
        (change(since="1600"), "$.since", "got a string"),
        (change(since=None), "$.since", "got null"),
        (change(since=2**63), "$.since", ">= -9223372036854775808 and <= 9223372036854775807, got 9223372036854775808"),
        (change(started_at=-(2**63) - 1), "$.started_at", "got -9223372036854775809"),
        (SAVED.replace("1600", "9" * 5_000), "$.since", "out of range"),
        (SAVED.replace("1600", "1e3"), "$.since", "got a float"),
        (SAVED.replace("1600", "NaN"), "$", "not valid JSON"),
        (change(user="anna"), "$", "unknown key 'user'"),
        (change(**{"": 1}), "$", "unknown key ''"),
        (change(**{"x - at `$.since`": 1}), "$", "unknown key 'x - at `$.since`'"),
        (change(**{"two\nlines": 1}), "$", r"unknown key 'two\nlines'"),
        (change(**{"x" * 1_000_000: 1}), "$", "(1000000 long)"),
        (SAVED.replace("}", ',"worked":600}'), "$", "key given twice: 'work"),
        (SAVED.replace("}", ',"worked":0}').encode(), "$", "key given twice: 'work"),
        (SAVED.replace("}", ',"work\\u0065d":0}'), "$", "key given twice: 'work"),
        ("[" * 1_000_000, "$", "nested too deeply"),
        ('{"state":' * 100_000, "$", "nested too deeply"),
        ('{"x":' * 100_000, "$", "nested too deeply"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_other_forms_are_rejected(data: str, path: str, reason: str) -> None:
    """The error contains the place and the reason, in one line of bounded length."""
    with pytest.raises(MalformedTimer) as caught:
        loads(data)
    error = caught.value
    assert error.path == path
    assert reason in error.reason
    assert str(error).encode()
    assert "\n" not in str(error)
    assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (change(state="lunch"), "state"),
        (change(state="PAUSED"), "state"),
        (change(state="a:b"), "state"),
        (change(state="x" * 1_000_000), "state"),
        (change(state="idle"), "started_at"),
        (change(worked=-1), "worked"),
        (change(worked=601), "worked"),
        (change(since=999), "since"),
        (change(started_at=-(2**63), since=2**63 - 1, worked=-(2**63)), "worked"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_well_formed_nonsense_is_rejected(data: str, field: str) -> None:
    """A database can be edited by hand, and then it can hold what no timer can be."""
    with pytest.raises(InconsistentTimer) as caught:
        loads(data)
    assert caught.value.field == field
    assert len(str(caught.value)) < 200


scalars = st.none() | st.booleans() | st.integers() | instants | st.floats() | st.text(max_size=5)


@given(
    st.text()
    | st.binary()
    | st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)).map(json.dumps)
    | st.fixed_dictionaries(
        {
            "version": st.just(1) | scalars,
            "state": st.sampled_from(State) | scalars,
            "started_at": instants | scalars,
            "since": instants | scalars,
            "worked": instants | scalars,
        }
    ).map(json.dumps)
)
def test_nothing_else_ever_escapes(data: str | bytes) -> None:
    """Whatever is in the column: it is a timer that would be saved and read back, or one of two named errors."""
    try:
        timer = loads(data)
    except (MalformedTimer, InconsistentTimer):
        return
    assert loads(dumps(timer)) == timer


@given(st.data())
def test_a_saved_form_cut_or_changed_never_escapes(data: st.DataObject) -> None:
    """A byte lost, added or turned makes a timer or a named error."""
    saved = bytearray(SAVED.encode())
    at = data.draw(st.integers(0, len(saved) - 1))
    saved[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        timer = loads(bytes(saved))
    except (MalformedTimer, InconsistentTimer):
        return
    assert loads(dumps(timer)) == timer


@pytest.mark.parametrize(
    ("timer", "field"),
    [
        (Timer(State.RUNNING, 0, 2**63, 0), "since"),
        (Timer(State.RUNNING, -(2**63) - 1, 0, 0), "started_at"),
        (Timer(State.STOPPED, -(2**63), 2**63 - 1, 2**63), "worked"),
        (Timer(State.RUNNING, 0, 10**5_000, 0), "since"),
    ],
    ids=["since", "started_at", "worked", "huge"],
)
def test_integers_of_more_than_64_bits_are_not_saved(timer: Timer, field: str) -> None:
    """Columns and many JSON parsers would truncate them."""
    with pytest.raises(InconsistentTimer, match="does not fit in 64 bits") as caught:
        dumps(timer)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("timer", "field"),
    [
        (Timer(State.RUNNING, 0, 10, 11), "worked"),
        (Timer(State.RUNNING, 0, 10, -1), "worked"),
        (Timer(State.PAUSED, 10, 0, 0), "since"),
        (Timer(State.IDLE, 0, 10, 0), "since"),
        (Timer(State.RUNNING, 0.5, 10, 0), "started_at"),  # type: ignore[arg-type]
        (Timer(State.RUNNING, 0, since=True, worked=0), "since"),
        (Timer("on", 0, 0, 0), "state"),  # type: ignore[arg-type]
    ],
    ids=["more work than time", "negative work", "backwards", "idle", "float", "truth", "state"],
)
def test_an_inconsistent_timer_is_not_saved(timer: Timer, field: str) -> None:
    """The constructor checks nothing, so `dumps` rejects a timer that `loads` would reject."""
    with pytest.raises(InconsistentTimer) as caught:
        dumps(timer)
    assert caught.value.field == field


def test_all_of_64_bits_is_saved() -> None:
    """Up to the last bit it comes back as it was."""
    timer = Timer(State.STOPPED, -(2**63), 2**63 - 1, 2**63 - 1)
    assert loads(dumps(timer)) == timer
