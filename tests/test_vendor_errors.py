"""What can go wrong between a program and a vendor: the errors, their texts and their facts."""

from __future__ import annotations

import copy
import pickle

import pytest

from punchclock import PunchclockError
from punchclock.vendors.errors import (
    Inexpressible,
    MalformedPayload,
    Rejection,
    UnknownEntity,
    UnknownOperation,
    UnknownVendor,
    clipped,
)
from punchclock.vendors.rules import Broken, Rule

ERRORS: list[PunchclockError] = [
    MalformedPayload("zoho", "$.a", {"a": "x" * 500}, "not a number"),
    Rejection("zoho", 400, 7038, "Permission denied", "user", "more"),
    Broken(Rule.LENGTH, "name", "too long"),
    UnknownVendor("toggl", ("zoho",)),
    UnknownOperation("zoho", "stop", ("start",)),
    UnknownEntity("task", "Design", 2),
    Inexpressible("zoho", "an id that is no number"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_processes(error: PunchclockError) -> None:
    """Pickled or copied, an error is whole: its text, its code and its facts."""
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert type(other) is type(error)
        assert (str(other), other.code, other.__dict__) == (str(error), error.code, error.__dict__)
    assert len({each.code for each in ERRORS}) == len(ERRORS)


def test_what_a_stranger_sent_is_cut() -> None:
    """An error's text fits a line and can be written, whatever was sent; the value itself is there, whole."""
    huge = "x" * 10**6
    for error in (
        MalformedPayload("zoho", f"$.{huge}", huge, huge),
        Rejection("zoho", 400, 1, huge, huge, huge),
        Broken(Rule.UNKNOWN, huge, huge),
        UnknownVendor(huge, ()),
        UnknownOperation("zoho", huge, ()),
        UnknownEntity("task", huge),
    ):
        assert len(str(error)) < 1000
    assert MalformedPayload("zoho", "$", huge, "no").value == huge
    assert MalformedPayload("zoho", "$", 10**5000, "no").value == 10**5000
    assert clipped("\ud800") == "\\ud800"
    assert clipped("x" * 201) == "x" * 200 + "…"
    assert str(Broken(Rule.ROLE)) == Rule.ROLE.value
