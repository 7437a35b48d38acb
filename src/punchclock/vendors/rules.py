"""The rules that vendors share, each written once.

A check raises `RuleViolation` with the rule and the parameter. The status, code and message with which a vendor then
answers are in the vendor's folder, in its table of rules. Whether an *event* is legal is not a rule here: that is
decided by `punchclock.machine.TRANSITIONS`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from enum import StrEnum

from punchclock.errors import PunchclockError
from punchclock.machine import State
from punchclock.vendors.account import Account, Query
from punchclock.vendors.errors import safe_text
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Credential, Person, Role, Workspace


class Rule(StrEnum):
    """The rules, each with its default message."""

    CREDENTIALS = "the credentials are missing or wrong"
    ROLE = "the person's role does not allow it"
    FOREIGN = "it belongs to another person"
    PATH = "there is no such call"
    METHOD = "the call does not accept this method"
    MALFORMED = "the request cannot be read"
    REQUIRED = "a required parameter is missing"
    UNKNOWN = "the call has no such parameter"
    DUPLICATE = "the parameter is given twice"
    TYPE = "the parameter has the wrong type or form"
    VALUE = "the parameter has a value that is not allowed"
    LENGTH = "the text is too long"
    NOT_FOUND = "it does not exist"
    CLOSED = "the task is closed"
    ONE_RUNNING = "the person has a running timer already"
    ONE_PER_TASK = "the person has a timer for this task already"
    STATE = "the timer's state does not allow it"
    DISABLED = "timers are disabled in the settings"
    DAY_OFF = "the day is not a work day"
    ATTENDANCE_HOURS = "more than the hours of attendance of a day"
    BILLABLE_HOURS = "more than the billable hours of a day"
    ESTIMATE = "more than the job's estimate"
    TOO_LARGE = "the request is too large"
    TOO_FAST = "too many calls in a short time"
    QUOTA = "the quota of calls is used up"
    UNAVAILABLE = "the service is not available"


class RuleViolation(PunchclockError):
    """A rule that a call violates.

    Attributes:
        rule: the rule.
        field: the invalid parameter, ``""`` if the rule is not about one.
        detail: a longer description, for vendors whose responses have a field for it.
    """

    code = "rule-violation"

    def __init__(self, rule: Rule, field: str = "", detail: str = "") -> None:
        field, detail = safe_text(field), safe_text(detail or rule.value)
        super().__init__(f"{field}: {detail}" if field else detail)
        self.rule = rule
        self.field = field
        self.detail = detail


def secrets_equal(given: str, expected: str) -> bool:
    """Return whether two secrets are equal. The time does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


def person_of_token(token: str, credential: Credential, workspace: Workspace) -> Person:
    """Return the person that a token belongs to. Constant-time lookup; blank tokens never match.

    Raises:
        RuleViolation: ``CREDENTIALS``, the token belongs to no person of the workspace.
    """
    owner = None
    for known, person in credential.tokens.items():
        if secrets_equal(token, known):
            owner = person
    if not token or owner is None or owner not in workspace.people:
        raise RuleViolation(Rule.CREDENTIALS)
    return workspace.people[owner]


def require_role(person: Person, allowed: Collection[Role]) -> None:
    """Check that the person has one of these roles.

    Raises:
        RuleViolation: ``ROLE``.
    """
    if person.role not in allowed:
        raise RuleViolation(Rule.ROLE)


def require_own_or_privileged(owner: Person, caller: Person, privileged: Collection[Role], field: str = "") -> None:
    """Check that the owner is the caller, or that the caller's role is privileged.

    Raises:
        RuleViolation: ``FOREIGN``.
    """
    if owner.id != caller.id and caller.role not in privileged:
        raise RuleViolation(Rule.FOREIGN, field)


def require_none_running(account: Account, of: type[VendorTimer], person: Person, states: tuple[State, ...]) -> None:
    """Check that the person has no timer of this type in one of these states.

    Raises:
        RuleViolation: ``ONE_RUNNING``.
    """
    if account.find(Query(of=of, people=(person.id,), states=states)).records:
        raise RuleViolation(Rule.ONE_RUNNING)


def require_one_per_task(account: Account, record: VendorTimer) -> None:
    """Check that the record's person has no other timer for the record's task.

    Raises:
        RuleViolation: ``ONE_PER_TASK``.
    """
    if record.task is not None:
        query = Query(of=type(record), people=(record.person.id,), tasks=(record.task.id,))
        if any(other.id != record.id for other in account.find(query).records):
            raise RuleViolation(Rule.ONE_PER_TASK)


def require_at_most(length: int, field: str, text: str) -> None:
    """Check that the text has at most ``length`` characters.

    Raises:
        RuleViolation: ``LENGTH``.
    """
    if len(text) > length:
        raise RuleViolation(Rule.LENGTH, field, f"{len(text)} characters, at most {length} are allowed")


def require_not_blank(field: str, value: object) -> None:
    """Check that the parameter is present and not blank.

    Raises:
        RuleViolation: ``REQUIRED``.
    """
    if value is None or value == "":
        raise RuleViolation(Rule.REQUIRED, field)
