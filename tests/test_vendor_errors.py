"""What can go wrong between a program and a vendor: the errors, their texts and their facts."""

from __future__ import annotations

import copy
import pickle

import pytest

from punchclock import PunchclockError
from punchclock.vendors import errors
from punchclock.vendors.errors import (
    MalformedPayload,
    NotRepresentable,
    Rejection,
    UnknownEntity,
    UnknownOperation,
    UnknownVendor,
    clipped,
)
from punchclock.vendors.rules import Rule, RuleViolation

#: An error of each kind with its text.
TEXTS: list[tuple[PunchclockError, str]] = [
    (MalformedPayload("zoho", "$.a", {"a": 1}, "not a number"), "zoho: $.a: not a number (got {'a': 1})"),
    (Rejection("zoho", 400, 7038, "Permission denied", "user", "more"), "zoho: 7038 Permission denied (more)"),
    (Rejection("zoho", 400, 7038, "Permission denied"), "zoho: 7038 Permission denied"),
    (RuleViolation(Rule.LENGTH, "name", "4 characters"), "name: 4 characters"),
    (RuleViolation(Rule.LENGTH, "name"), "name: the text is too long"),
    (RuleViolation(Rule.LENGTH), "the text is too long"),
    (UnknownVendor("toggl", ("intervals", "zoho")), "no vendor 'toggl'; there are intervals, zoho"),
    (UnknownOperation("zoho", "stop", ("start", "pause")), "zoho has no call 'stop'; there are start, pause"),
    (UnknownEntity("task", "Design"), "there is no task 'Design'"),
    (UnknownEntity("task", "Design", 2), "there are 2 tasks 'Design'"),
    (NotRepresentable("zoho", "an id that is no number"), "zoho cannot show this timer: an id that is no number"),
]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_what_an_error_says(error: PunchclockError, text: str) -> None:
    """One line for a person: where, what and why."""
    assert str(error) == text


@pytest.mark.parametrize("error", [error for error, _ in TEXTS], ids=lambda error: type(error).__name__)
def test_errors_cross_processes(error: PunchclockError) -> None:
    """Pickled or copied, an error is whole: its text, its code and its facts."""
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert type(other) is type(error)
        assert (str(other), other.code, other.__dict__) == (str(error), error.code, error.__dict__)


def test_codes_tell_kinds_apart() -> None:
    """Every kind of error has a code of its own."""
    kinds = {type(error) for error, _ in TEXTS}
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_what_a_stranger_sent_is_cut() -> None:
    """An error's text fits a line and can be written, whatever was sent; the value itself is there, whole."""
    huge = "x" * 10**6
    for error in (
        MalformedPayload("zoho", f"$.{huge}", huge, huge),
        Rejection("zoho", 400, 1, huge, huge, huge),
        RuleViolation(Rule.UNKNOWN, huge, huge),
        UnknownVendor(huge, ()),
        UnknownOperation("zoho", huge, ()),
        UnknownEntity("task", huge),
    ):
        assert len(str(error)) < 1000
    assert MalformedPayload("zoho", "$", huge, "no").value == huge
    assert MalformedPayload("zoho", "$", 10**5000, "no").value == 10**5000
    assert clipped("\ud800") == "\\ud800"
    assert clipped("x" * 200) == "x" * 200
    assert clipped("x" * 201) == "x" * 200 + "…"


def test_all_errors_are_named() -> None:
    """Each kind is in the module's ``__all__``."""
    classes = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = {kind.__name__ for kind in classes if kind.__module__ == errors.__name__}
    assert "Rejection" in kinds
    assert kinds <= set(errors.__all__)
