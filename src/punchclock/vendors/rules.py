"""The rules that vendors share, each written once.

A rule that does not hold raises `RuleViolation`, which names the rule and the parameter. What a vendor answers
then (its status, its code, its words) is in the vendor's own folder, in its table from `Rule` to answer.
Whether an *event* is legal is no rule here: that is `punchclock.machine.TRANSITIONS`.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from enum import StrEnum

from punchclock.errors import PunchclockError
from punchclock.machine import State
from punchclock.vendors.account import Account, Query
from punchclock.vendors.errors import clipped
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.workspace import Credential, Person, Role, Workspace

__all__ = [
    "Rule",
    "RuleViolation",
    "at_most",
    "has_role",
    "none_running",
    "not_blank",
    "one_per_task",
    "own_or_privileged",
    "person_of_token",
    "secrets_equal",
]


class Rule(StrEnum):
    """What can be broken."""

    CREDENTIALS = "the credentials are missing or wrong"
    ROLE = "the person's role does not allow it"
    FOREIGN = "it belongs to another person"
    PATH = "there is no such call"
    METHOD = "the call does not take this method"
    MALFORMED = "the request cannot be read"
    REQUIRED = "a required parameter is missing"
    UNKNOWN = "the call has no such parameter"
    DUPLICATE = "the parameter is given twice"
    TYPE = "the parameter has the wrong type or form"
    VALUE = "the parameter has a value that is not allowed"
    LENGTH = "the text is too long"
    NOT_FOUND = "there is no such thing"
    CLOSED = "the task is closed"
    ONE_RUNNING = "the person has a running timer already"
    ONE_PER_TASK = "the person has a timer for this task already"
    STATE = "the timer's state does not allow it"
    DISABLED = "timers are switched off in the settings"
    DAY_OFF = "the day is no day of work"
    ATTENDANCE_HOURS = "more than the hours of attendance of a day"
    BILLABLE_HOURS = "more than the billable hours of a day"
    ESTIMATE = "more than the job was planned to take"
    TOO_LARGE = "the request is too large"
    TOO_FAST = "the calls come too fast"
    QUOTA = "the calls of the day are used up"
    UNAVAILABLE = "the service is not available now"


class RuleViolation(PunchclockError):
    """A rule that does not hold.

    Attributes:
        rule: which.
        field: the parameter at fault, ``""`` where it is none.
        detail: more about it, for a vendor that has a place for more.
    """

    code = "rule-violation"

    def __init__(self, rule: Rule, field: str = "", detail: str = "") -> None:
        field, detail = clipped(field), clipped(detail or rule.value)
        super().__init__(f"{field}: {detail}" if field else detail)
        self.rule = rule
        self.field = field
        self.detail = detail


def secrets_equal(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they agree."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


def person_of_token(token: str, credential: Credential, workspace: Workspace) -> Person:
    """Whose token this is; every token is compared, so that the time tells nothing. One that is blank is nobody's.

    Raises:
        RuleViolation: ``CREDENTIALS``, nobody's.
    """
    owner = None
    for known, person in credential.tokens.items():
        if secrets_equal(token, known):
            owner = person
    if not token or owner is None or owner not in workspace.people:
        raise RuleViolation(Rule.CREDENTIALS)
    return workspace.people[owner]


def has_role(person: Person, allowed: Collection[Role]) -> None:
    """The person has one of these roles.

    Raises:
        RuleViolation: ``ROLE``.
    """
    if person.role not in allowed:
        raise RuleViolation(Rule.ROLE)


def own_or_privileged(owner: Person, caller: Person, privileged: Collection[Role], field: str = "") -> None:
    """What is touched is the caller's own, or the caller's role reaches other people's.

    Raises:
        RuleViolation: ``FOREIGN``.
    """
    if owner.id != caller.id and caller.role not in privileged:
        raise RuleViolation(Rule.FOREIGN, field)


def none_running(account: Account, of: type[VendorTimer], person: Person, states: tuple[State, ...]) -> None:
    """The person has no timer of this kind in one of these states.

    Raises:
        RuleViolation: ``ONE_RUNNING``.
    """
    if account.find(Query(of=of, people=(person.id,), states=states)).records:
        raise RuleViolation(Rule.ONE_RUNNING)


def one_per_task(account: Account, record: VendorTimer) -> None:
    """The record's person has no other timer for the record's task.

    Raises:
        RuleViolation: ``ONE_PER_TASK``.
    """
    if record.task is not None:
        query = Query(of=type(record), people=(record.person.id,), tasks=(record.task.id,))
        if any(other.id != record.id for other in account.find(query).records):
            raise RuleViolation(Rule.ONE_PER_TASK)


def at_most(length: int, field: str, text: str) -> None:
    """The text has at most ``length`` characters.

    Raises:
        RuleViolation: ``LENGTH``.
    """
    if len(text) > length:
        raise RuleViolation(Rule.LENGTH, field, f"{len(text)} characters, at most {length} are allowed")


def not_blank(field: str, value: object) -> None:
    """The parameter is there and says something.

    Raises:
        RuleViolation: ``REQUIRED``.
    """
    if value is None or value == "":
        raise RuleViolation(Rule.REQUIRED, field)
