"""The errors of the vendor layer: their texts and their attributes."""

from __future__ import annotations

import copy
import pickle

import pytest

from punchclock import PunchclockError
from punchclock.vendors import errors
from punchclock.vendors.errors import (
    InvalidField,
    MalformedPayload,
    MissingFields,
    NotRepresentable,
    Rejection,
    StateNotShown,
    UnknownEntity,
    UnknownOperation,
    UnknownVendor,
    safe_text,
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
    (UnknownVendor("nonsense", ("intervals", "zoho")), "unknown vendor 'nonsense'; known vendors: intervals, zoho"),
    (
        UnknownOperation("zoho", "stop", ("start", "pause")),
        "zoho has no operation 'stop'; its operations: start, pause",
    ),
    (UnknownEntity("task", "Design"), "there is no task 'Design'"),
    (UnknownEntity("task", "Design", 2), "there are 2 tasks 'Design'"),
    (NotRepresentable("zoho", "the id is not a number"), "zoho cannot show this timer: the id is not a number"),
    (
        MissingFields("zoho", ("person.id", "job.id")),
        "zoho cannot show this timer: required fields are missing: person.id, job.id",
    ),
    (
        StateNotShown("zoho", "paused", "running", ("running",)),
        "zoho cannot show this timer: it is paused, and zoho shows only running timers",
    ),
    (InvalidField("person.id", "it has no value"), "person.id: it has no value"),
]


@pytest.mark.parametrize(("error", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_the_text_of_an_error(error: PunchclockError, text: str) -> None:
    """One line: where, what and why."""
    assert str(error) == text


@pytest.mark.parametrize("error", [error for error, _ in TEXTS], ids=lambda error: type(error).__name__)
def test_errors_cross_processes(error: PunchclockError) -> None:
    """Pickled or copied, an error keeps its text, its code and its attributes."""
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert type(other) is type(error)
        assert (str(other), other.code, other.__dict__) == (str(error), error.code, error.__dict__)


def test_codes_are_unique() -> None:
    """Every error class has its own code."""
    kinds = {type(error) for error, _ in TEXTS}
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_untrusted_text_is_truncated() -> None:
    """An error's text fits a line and can be encoded, whatever was sent; its attributes keep the whole value."""
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
    assert safe_text("\ud800") == "\\ud800"
    assert safe_text("x" * 200) == "x" * 200
    assert safe_text("x" * 201) == "x" * 200 + "…"


def test_all_errors_are_named() -> None:
    """Each class is in the module's ``__all__``."""
    classes = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = {kind.__name__ for kind in classes if kind.__module__ == errors.__name__}
    assert "Rejection" in kinds
    assert kinds <= set(errors.__all__)
